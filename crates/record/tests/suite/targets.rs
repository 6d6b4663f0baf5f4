//! What the fuzzers run, one function a decoder. Each panics where a promise is broken, and
//! holds for any input at all.

use folkmoot_record::content::Content;
use folkmoot_record::control::Control;
use folkmoot_record::fc::{self, Decoder, Value};
use folkmoot_record::{Carried, Kind, Signed};

/// What the decoder takes is what the encoder writes.
pub(crate) fn fc(input: &[u8]) {
    let checked = fc::check(input);
    match Value::decode(input) {
        Ok(value) => {
            assert_eq!(checked, Ok(()));
            assert_eq!(value.encode(), input);
            let mut decoder = Decoder::new(input).expect("checked above");
            assert_eq!(decoder.skip(), Ok(input));
            assert_eq!(decoder.end(), Ok(()));
        }
        Err(error) => assert_eq!(checked, Err(error)),
    }
}

/// A record that parses keeps its bytes; one that passes does so again, with and without body.
pub(crate) fn record(input: &[u8]) {
    let Ok(signed) = Signed::parse(input) else {
        return;
    };
    let carried = signed.carried();
    let h = signed.header().encode();
    assert!(input.windows(h.len()).any(|window| window == h));
    // Without the signatures, which no fuzzer finds.
    let Ok(record) = signed.trust_stored() else {
        return;
    };
    assert_eq!(record.header_bytes(), h);
    assert!(carried == Carried::Mismatched || record.wire() == input);
    if let (Some(control), Some(body)) = (record.control(), record.body()) {
        assert!(*control == Control::Parked || control.encode() == body);
    }
    let bare = record.without_body();
    let again = Signed::parse(bare.wire()).expect("it parsed before");
    assert_eq!((again.id(), again.header()), (record.id(), record.header()));
}

/// Two bytes of kind, then a body.
pub(crate) fn control(input: &[u8]) {
    let Some((kind, body)) = kind_and_rest(input) else {
        return;
    };
    if let Ok(control) = Control::decode(Kind(kind.0 & 0xff), body)
        && control != Control::Parked
    {
        assert_eq!(control.encode(), body);
    }
}

/// Two bytes of kind, then a body.
pub(crate) fn content(input: &[u8]) {
    let Some((kind, body)) = kind_and_rest(input) else {
        return;
    };
    if let Ok(content) = Content::decode(kind, body) {
        assert_eq!(content.encode(), body);
        assert!(content.attachments().len() <= 32);
    }
}

fn kind_and_rest(input: &[u8]) -> Option<(Kind, &[u8])> {
    let (kind, body) = input.split_first_chunk::<2>()?;
    Some((Kind(u16::from_be_bytes(*kind)), body))
}
