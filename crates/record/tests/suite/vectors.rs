//! Our vectors of section 10.1: every record of `records.json`.

use crate::corpus::{Case, corpus};
use folkmoot_record::content::Content;
use folkmoot_record::control::Control;
use folkmoot_record::{Carried, Kind, Lane, Reason, Signed, Verified};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn judge(wire: &[u8]) -> (Result<Verified, Reason>, Option<Carried>) {
    match Signed::parse(wire) {
        Ok(signed) => {
            let carried = signed.carried();
            (signed.verify(), Some(carried))
        }
        Err(reason) => (Err(reason), None),
    }
}

fn header_of(record: &Verified) -> BTreeMap<String, Value> {
    let header = record.header();
    let refs: Vec<_> = header
        .refs
        .iter()
        .map(|r| json!([r.rel.0, r.id.to_string()]))
        .collect();
    let tags: Vec<_> = header
        .tags
        .iter()
        .map(folkmoot_record::Tag::as_str)
        .collect();
    let Value::Object(map) = json!({
        "v": 1,
        "cid": header.cid.map(|id| id.to_string()),
        "seat": header.seat.to_string(),
        "dev": header.dev.to_string(),
        "seq": header.seq,
        "prev": header.prev.map(|id| id.to_string()),
        "hlc": header.hlc.raw().to_string(),
        "kind": header.kind.0,
        "cap": header.cap.map(|id| id.to_string()),
        "auth": header.auth.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "refs": refs,
        "tags": tags,
        "blen": header.blen,
        "bhash": header.bhash.to_string(),
    }) else {
        unreachable!()
    };
    map.into_iter().collect()
}

fn body_state(record: &Verified, carried: Option<Carried>) -> &'static str {
    if record.control().is_some() {
        return "control";
    }
    match (carried, record.body()) {
        (Some(Carried::Absent), None) => "absent",
        (Some(Carried::Mismatched), None) => "mismatch",
        (Some(Carried::Matching), Some(body)) => {
            match Content::decode(record.header().kind, body) {
                Ok(_) => "ok",
                Err(_) => "unrenderable",
            }
        }
        (carried, body) => panic!("{carried:?} with body {body:?}"),
    }
}

fn disagreement(case: &Case) -> Option<String> {
    let wire = case.wire();
    let (verdict, carried) = judge(&wire);
    let record = match verdict {
        Err(reason) => {
            let said = (!case.valid, case.reason.as_deref());
            return (said != (true, Some(&reason.to_string()))).then(|| reason.to_string());
        }
        Ok(record) if !case.valid => return Some(format!("accepted as {:?}", record.id())),
        Ok(record) => record,
    };
    let parked = matches!(record.control(), Some(Control::Parked));
    let lane = match record.header().kind.lane() {
        Lane::Control => Some(0),
        Lane::Content => Some(1),
        Lane::Ballot => None,
    };
    let checks = [
        ("id", case.id == Some(record.id().to_string())),
        ("header", case.header == Some(header_of(&record))),
        (
            "body",
            case.body.as_deref() == Some(body_state(&record, carried)),
        ),
        ("parked", case.parked == parked),
        (
            "reason",
            (case.reason.as_deref() == Some("kind-parked")) == parked,
        ),
        ("lane", case.lane == lane),
        (
            "wire",
            carried == Some(Carried::Mismatched) || record.wire() == wire,
        ),
    ];
    let wrong: Vec<_> = checks.iter().filter(|c| !c.1).map(|c| c.0).collect();
    (!wrong.is_empty()).then(|| format!("{wrong:?} of {:?}", record.header()))
}

#[test]
fn every_record_vector_agrees() {
    let corpus = corpus();
    assert_eq!(
        (&corpus.format[..], &corpus.spec[..]),
        ("folkmoot-records-1", "1")
    );
    assert_eq!(corpus.records.len(), 436);
    let wrong: Vec<_> = corpus
        .records
        .iter()
        .filter_map(|case| {
            let said = disagreement(case)?;
            Some(format!(
                "{}: expected {:?}, got {said}",
                case.name, case.reason
            ))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} disagree:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The minimum of section 10.1, so that a thinner file cannot pass unnoticed.
#[test]
fn vectors_cover_each_reason_and_each_kind() {
    let corpus = corpus();
    let mut reasons = BTreeMap::new();
    for case in corpus.records.iter().filter(|case| !case.valid) {
        *reasons.entry(case.reason.clone().unwrap()).or_insert(0) += 1;
    }
    assert_eq!(reasons.len(), 19, "{reasons:?}");
    assert!(reasons.values().all(|count| *count >= 2), "{reasons:?}");
    let kinds: Vec<u16> = corpus
        .records
        .iter()
        .filter(|case| case.valid)
        .filter_map(|case| case.header.as_ref()?.get("kind")?.as_u64())
        .map(|kind| kind.try_into().unwrap())
        .collect();
    let missing: Vec<_> = (0..=u16::MAX)
        .map(Kind)
        .filter(|kind| kind.name().is_some() && !kinds.contains(&kind.0))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn bodies_of_the_vectors_encode_to_themselves() {
    let (mut controls, mut contents) = (0, 0);
    for case in corpus().records.iter().filter(|case| case.valid) {
        let record = judge(&case.wire()).0.unwrap();
        let (kind, body) = (record.header().kind, record.body());
        match (record.control(), body) {
            (Some(Control::Parked), _) | (_, None) => {}
            (Some(control), Some(body)) => {
                assert_eq!(control.encode(), body, "{}", case.name);
                controls += 1;
            }
            (None, Some(body)) => {
                if let Ok(content) = Content::decode(kind, body) {
                    assert_eq!(content.encode(), body, "{}", case.name);
                    contents += 1;
                }
            }
        }
    }
    assert!(controls > 30 && contents > 40, "{controls} {contents}");
}

#[test]
fn stored_records_are_taken_without_their_signatures() {
    for case in corpus().records.iter().filter(|case| case.valid) {
        let signed = Signed::parse(&case.wire()).unwrap();
        let stored = signed.clone().trust_stored().unwrap();
        let verified = signed.verify().unwrap();
        assert_eq!(stored.id(), verified.id());
        assert_eq!(stored.wire(), verified.wire());
        assert_eq!(stored.control(), verified.control());
    }
}

#[test]
fn bodies_come_and_go() {
    let mut seen = 0;
    for case in corpus().records.iter().filter(|case| case.valid) {
        let whole = judge(&case.wire()).0.unwrap();
        let Some(body) = whole.body() else { continue };
        let bare = whole.without_body();
        assert_eq!(bare.id(), whole.id());
        let again = judge(bare.wire()).0.unwrap();
        assert_eq!((again.id(), again.header()), (whole.id(), whole.header()));
        if whole.control().is_some() {
            assert_eq!(
                bare.wire(),
                whole.wire(),
                "control bodies are never dropped"
            );
            continue;
        }
        assert_eq!(bare.body(), None);
        assert_eq!(bare.with_body(body).unwrap().wire(), whole.wire());
        let mut other = body.to_vec();
        other[0] ^= 1;
        assert_eq!(bare.with_body(&other).unwrap_err(), Reason::BodyMismatch);
        assert_eq!(
            bare.with_body(&body[1..]).unwrap_err(),
            Reason::BodyMismatch
        );
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}
