//! The fixed vectors of section 10.3 that concern records, and the ids of section 3.3.

use crate::corpus::corpus;
use ed25519_dalek::SigningKey;
use folkmoot_record::content::{Content, Value};
use folkmoot_record::control::Control;
use folkmoot_record::{
    CollectiveId, Draft, GrantId, Hlc, Kind, Place, RecordId, Ref, Rel, SeatKey, Signed, Tag,
    effect_id, grant_id_of_effect, grant_id_of_founder, signature,
};

const BODY: &str =
    "55555555555555555555555555555555a2006b48656c6c6f2c206d6f6f74016a746578742f706c61696e";
const BHASH: &str = "a1d822da43e8e18e7c62476a66f006a3925a63d1a2f6d0cb43de21c0d223eeab";
const SEAT: &str = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
const DEV: &str = "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394";
const SIG: &str = "3edff15553f422cab8f4c76cfc6daaa784e84ada0c8f351552328ecb28609e28\
                   62358bfb7d42b571a19ea3a17412f079f9ccedab4fd8add15092ef99dae8eb0c";
const ID: &str = "2d6d1e7f824ad5a760c864d4b4079f206f4a5c78503b3339418379d094e913b1";

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

/// The draft of section 10.3.
pub(crate) fn draft() -> Draft {
    let body = Content::new([0x55; 16])
        .with(0, Value::Text("Hello, moot".into()))
        .with(1, Value::Text("text/plain".into()));
    Draft {
        cid: Some(CollectiveId::from_bytes([0x11; 32])),
        seat: SeatKey::from_bytes(key(1).verifying_key().to_bytes()),
        place: Place {
            seq: 7,
            prev: Some(RecordId::from_bytes([0x44; 32])),
        },
        hlc: Hlc::from_raw(1_800_000_000_000 << 16 | 3).unwrap(),
        kind: Kind::NOTE,
        cap: Some(GrantId::from_bytes([0x22; 32])),
        auth: vec![RecordId::from_bytes([0x33; 32])],
        refs: vec![Ref {
            rel: Rel::REPLY_TO,
            id: RecordId::from_bytes([0x66; 32]),
        }],
        tags: vec![Tag::new("garden").unwrap()],
        body: body.encode(),
    }
}

#[test]
fn the_note_has_these_bytes() {
    let record = draft().sign(&key(2)).unwrap();
    let h = [
        "8f01",
        "5820",
        &"11".repeat(32),
        "5820",
        SEAT,
        "5820",
        DEV,
        "07",
        "5820",
        &"44".repeat(32),
        "1b01a3185c50000003",
        "190100",
        "5820",
        &"22".repeat(32),
        "81",
        "5820",
        &"33".repeat(32),
        "818202",
        "5820",
        &"66".repeat(32),
        "816667617264656e",
        "182a",
        "5820",
        BHASH,
        "f6",
    ]
    .concat();
    assert_eq!(hex::encode(record.header_bytes()), h);
    assert_eq!(record.header_bytes().len(), 302);
    assert_eq!(hex::encode(record.signature()), SIG);
    assert_eq!(record.body().map(hex::encode).as_deref(), Some(BODY));
    assert_eq!(record.header().bhash.to_string(), BHASH);
    assert_eq!(record.id().to_string(), ID);
    assert_eq!(record.wire().len(), 416);
    let parsed = Signed::parse(record.wire()).unwrap().verify().unwrap();
    assert_eq!(parsed.header(), record.header());
    let content = Content::decode(Kind::NOTE, parsed.body().unwrap()).unwrap();
    assert_eq!(content.text(), Some("Hello, moot"));
    assert_eq!(content.media(), Some("text/plain"));
}

#[test]
fn the_redeem_signature_has_these_bytes() {
    const REDEEM: &str = "2d8b4ec00baeb3bf9ee616c86f7d24d4b1661667987da55bb4465a913296009a\
                          f9b4bc24faf1405adc33224e222c147dec70657a5d0c4bd3faf98418110c6d09";
    let inv_pk: [u8; 32] =
        hex::decode("627bb0992fb3d2f7d75095d9ef1bc2b04fc9e16187fac31ba1c587175e07b18f")
            .unwrap()
            .try_into()
            .unwrap();
    let (seat, dev) = (hex::decode(SEAT).unwrap(), hex::decode(DEV).unwrap());
    let data: [&[u8]; 5] = [&[0x11; 32], &[0x77; 32], &seat, &dev, &[0x88; 32]];
    let sig: [u8; 64] = hex::decode(REDEEM).unwrap().try_into().unwrap();
    assert!(signature::verify(&inv_pk, "folkmoot/1 redeem", &data, &sig));
    assert!(!signature::verify(&inv_pk, "folkmoot/1 seat", &data, &sig));
}

/// Computed once with plain BLAKE3 over the joined bytes of section 3.3.
#[test]
fn ids_without_a_record() {
    let cid = CollectiveId::from_bytes([0x11; 32]);
    let proposal = RecordId::from_bytes([0x11; 32]);
    for k in [0_u32, 1, 31, 300] {
        let joined = [&[0x11; 32][..], &k.to_be_bytes()].concat();
        let grant = blake3::derive_key("folkmoot/1 grant id", &joined);
        let effect = blake3::derive_key("folkmoot/1 effect id", &joined);
        assert_eq!(grant_id_of_founder(cid, k).to_bytes(), grant);
        assert_eq!(grant_id_of_effect(proposal, k).to_bytes(), grant);
        assert_eq!(effect_id(proposal, k).to_bytes(), effect);
    }
}

#[test]
fn the_charter_of_the_genesis_hashes_by_its_bytes() {
    let corpus = corpus();
    let genesis = corpus
        .records
        .iter()
        .find(|case| case.name == "genesis")
        .unwrap();
    let record = Signed::parse(&genesis.wire()).unwrap().verify().unwrap();
    let Some(Control::Genesis(body)) = record.control() else {
        panic!("{:?}", record.control());
    };
    let bytes = body.charter.encode();
    let held = record.body().unwrap();
    assert!(held.windows(bytes.len()).any(|window| window == bytes));
    let hash = blake3::derive_key("folkmoot/1 charter", &bytes);
    assert_eq!(body.charter.hash().to_bytes(), hash);
}

#[test]
fn signing_sorts_and_refuses_what_others_would_refuse() {
    use folkmoot_record::Reason;
    let id = |byte: u8| RecordId::from_bytes([byte; 32]);
    let mut messy = draft();
    messy.auth = vec![id(9), id(3), id(9)];
    messy.tags = ["b", "a", "b"].map(|tag| Tag::new(tag).unwrap()).into();
    messy.refs = [(3, 1), (2, 9), (3, 1)]
        .map(|(rel, at)| Ref {
            rel: Rel(rel),
            id: id(at),
        })
        .into();
    let record = messy.sign(&key(2)).unwrap();
    assert_eq!(record.header().auth, [id(3), id(9)]);
    assert_eq!(record.header().tags.len(), 2);
    assert_eq!(record.header().refs.len(), 2);
    Signed::parse(record.wire()).unwrap().verify().unwrap();

    let mut many = draft();
    many.auth = (0..17).map(id).collect();
    assert_eq!(many.sign(&key(2)).unwrap_err(), Reason::HeaderRange);
    let mut rootless = draft();
    rootless.cap = None;
    assert_eq!(rootless.sign(&key(2)).unwrap_err(), Reason::HeaderShape);
    let mut long = draft();
    long.body = vec![0; 65_537];
    assert_eq!(long.sign(&key(2)).unwrap_err(), Reason::TooLarge);
    let mut odd = draft();
    (odd.kind, odd.refs, odd.tags) = (Kind::MERGE, vec![], vec![]);
    assert_eq!(odd.sign(&key(2)).unwrap_err(), Reason::BodyFc);
}
