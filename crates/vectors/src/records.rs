//! The record format of section 10.1.

use anyhow::{Context, Result, ensure};
use folkmoot_record::{Carried, Lane, Signed, Tag, Verified, content::Content, control::Control};
use serde_json::{Value, json};

/// One record with what is expected of it.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    wire: Vec<u8>,
    expect: Value,
}

/// Reads the records of a file's text.
///
/// # Errors
/// It is no JSON, of another format, or a record is not hex.
pub fn records(text: &[u8]) -> Result<Vec<Case>> {
    let file: Value = serde_json::from_slice(text).context("this is no JSON")?;
    ensure!(
        file["format"] == "folkmoot-records-1",
        "the format is {}, not \"folkmoot-records-1\"",
        file["format"]
    );
    let list = file["records"].as_array().context("no `records`")?;
    list.iter()
        .map(|value| {
            let name = value["name"].as_str().context("a record has no name")?;
            let hex = value["hex"].as_str().unwrap_or_default();
            let wire = hex::decode(hex).with_context(|| format!("`{name}` is not hex"))?;
            Ok(Case {
                name: name.to_owned(),
                wire,
                expect: value.clone(),
            })
        })
        .collect()
}

impl Case {
    /// The first field that differs: its name, what is expected, what is found.
    pub fn disagreement(&self) -> Option<String> {
        let said = said(&self.wire);
        let fields = [
            "valid", "reason", "id", "lane", "parked", "body", "header", "wire",
        ];
        fields.into_iter().find_map(|field| {
            let (expected, said) = (self.expect.get(field)?, said.get(field)?);
            if field == "header" {
                return first(expected, said);
            }
            (expected != said).then(|| format!("{field}: expected {expected}, got {said}"))
        })
    }
}

/// The first field of a header that differs.
fn first(expected: &Value, said: &Value) -> Option<String> {
    expected.as_object()?.iter().find_map(|(key, value)| {
        let got = &said[key];
        (value != got).then(|| format!("header {key}: expected {value}, got {got}"))
    })
}

fn said(wire: &[u8]) -> Value {
    let signed = match Signed::parse(wire) {
        Ok(signed) => signed,
        Err(reason) => return json!({ "valid": false, "reason": reason.to_string(), "id": null }),
    };
    let carried = signed.carried();
    match signed.verify() {
        Ok(record) => of(&record, carried),
        Err(reason) => json!({ "valid": false, "reason": reason.to_string(), "id": null }),
    }
}

fn of(record: &Verified, carried: Carried) -> Value {
    let header = record.header();
    let parked = matches!(record.control(), Some(Control::Parked));
    let text = |ids: &[folkmoot_record::RecordId]| -> Vec<String> {
        ids.iter().map(ToString::to_string).collect()
    };
    let refs: Vec<Value> = header
        .refs
        .iter()
        .map(|r| json!([r.rel.0, r.id.to_string()]))
        .collect();
    let body = match (record.control(), carried, record.body()) {
        (Some(_), _, _) => "control",
        (None, Carried::Absent, _) => "absent",
        (None, Carried::Matching, Some(body)) if Content::decode(header.kind, body).is_ok() => "ok",
        (None, Carried::Matching, _) => "unrenderable",
        (None, Carried::Mismatched, _) => "mismatch",
    };
    json!({
        "valid": true,
        "reason": parked.then_some("kind-parked"),
        "parked": parked,
        "id": record.id().to_string(),
        "lane": match header.kind.lane() {
            Lane::Control => json!(0),
            Lane::Content => json!(1),
            Lane::Ballot => Value::Null,
        },
        "body": body,
        "header": {
            "v": 1,
            "cid": header.cid.map(|id| id.to_string()),
            "seat": header.seat.to_string(),
            "dev": header.dev.to_string(),
            "seq": header.seq,
            "prev": header.prev.map(|id| id.to_string()),
            "hlc": header.hlc.raw().to_string(),
            "kind": header.kind.0,
            "cap": header.cap.map(|id| id.to_string()),
            "auth": text(&header.auth),
            "refs": refs,
            "tags": header.tags.iter().map(Tag::as_str).collect::<Vec<_>>(),
            "blen": header.blen,
            "bhash": header.bhash.to_string(),
        },
    })
}
