//! Records that no honest program makes, with the keys of a real home.

use folkmoot_record::{
    Draft, Hlc, Kind, Place, RecordId, Signed, Verified, content::Content, fc::Value,
};
use folkmoot_store::Entry;
use folkmoot_tests::{home::Home, vault::vault};

use crate::traitor::Keys;

/// A note by a device, dated right after the last one that it wrote before it was removed: beside what
/// it wrote honestly, as a branch of its log.
pub(crate) fn backdated(home: &Home, cid: &str, after: &str) -> Verified {
    let beside = |early: &Verified| Place {
        seq: early.header().seq + 1,
        prev: Some(early.id()),
    };
    forged(home, cid, after, beside, "applecart of an old clock")
}

/// A note by a device far above all others in its log, on one that nobody has.
pub(crate) fn far_ahead(home: &Home, cid: &str, after: &str) -> Verified {
    let place = |_: &Verified| Place {
        seq: 4_000_000_000,
        prev: Some(RecordId::from_bytes([7; 32])),
    };
    forged(home, cid, after, place, "applecart far ahead")
}

fn forged(
    home: &Home,
    cid: &str,
    after: &str,
    place: impl Fn(&Verified) -> Place,
    text: &str,
) -> Verified {
    let keys = Keys::of(home.folder(), cid);
    let mut vault = vault(home.folder());
    let read = |id: &RecordId| {
        let wire = vault.get(id).unwrap().unwrap().wire;
        Signed::parse(&wire).unwrap().verify().unwrap()
    };
    let early = read(&after.parse().unwrap());
    let record = Draft {
        cid: Some(keys.cid),
        seat: keys.seat,
        place: place(&early),
        hlc: Hlc::next(early.header().hlc.ms(), [early.header().hlc]),
        kind: Kind::NOTE,
        cap: early.header().cap,
        auth: early.header().auth.clone(),
        refs: Vec::new(),
        tags: Vec::new(),
        body: Content::new([9; 16])
            .with(0, Value::Text(text.to_owned()))
            .encode(),
    }
    .sign(&keys.device)
    .unwrap();
    vault
        .commit(&[Entry::Record(record.clone(), record.header().ms())])
        .unwrap();
    vault.close().unwrap();
    record
}
