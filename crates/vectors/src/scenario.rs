//! The scenario format of section 10.2.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use folkmoot_record::{CollectiveId, RecordId};
use serde_json::Value;

/// One scenario, with its expectations kept as JSON.
#[derive(Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The collective.
    pub cid: CollectiveId,
    /// The own clock, in ms; absent: no quarantine.
    pub clock_ms: Option<u64>,
    /// Records as they are on the wire, in any order.
    pub records: Vec<Vec<u8>>,
    /// To which heads S is cut.
    pub heads: Option<Vec<RecordId>>,
    /// When records were first seen, in ms; absent: no fence.
    pub held_since: Option<BTreeMap<RecordId, u64>>,
    /// What it expects.
    pub expect: Value,
}

/// Reads the scenarios of a file's text.
///
/// # Errors
/// It is no JSON, of another format, or a scenario lacks or misspells a field.
pub fn scenarios(text: &[u8]) -> Result<Vec<Scenario>> {
    let file: Value = serde_json::from_slice(text).context("this is no JSON")?;
    ensure!(
        file["format"] == "folkmoot-scenarios-1",
        "the format is {}, not \"folkmoot-scenarios-1\"",
        file["format"]
    );
    let scenarios = file["scenarios"].as_array().context("no `scenarios`")?;
    let read = |(n, value): (usize, &Value)| {
        scenario(value).with_context(|| {
            let name = value["name"].as_str().unwrap_or("without a name");
            format!("scenario {n}, {name}")
        })
    };
    scenarios.iter().enumerate().map(read).collect()
}

fn text<'a>(value: &'a Value, what: &str) -> Result<&'a str> {
    value.as_str().with_context(|| format!("no `{what}`"))
}

fn id(text: &str) -> Result<RecordId> {
    text.parse()
        .ok()
        .with_context(|| format!("`{text}` is no id"))
}

fn scenario(value: &Value) -> Result<Scenario> {
    let records = value["records"].as_array().context("no `records`")?;
    let records = records
        .iter()
        .map(|record| hex::decode(text(record, "records")?).context("a record is not hex"))
        .collect::<Result<_>>()?;
    let heads = match value["heads"].as_array() {
        Some(heads) => Some(
            heads
                .iter()
                .map(|head| id(text(head, "heads")?))
                .collect::<Result<_>>()?,
        ),
        None => None,
    };
    let mut held_since = None;
    if let Some(map) = value["held_since"].as_object() {
        let mut since = BTreeMap::new();
        for (record, ms) in map {
            let ms = ms.as_u64().context("a time of `held_since` is no number")?;
            since.insert(id(record)?, ms);
        }
        held_since = Some(since);
    }
    Ok(Scenario {
        name: text(&value["name"], "name")?.to_owned(),
        cid: id(text(&value["cid"], "cid")?)?.into(),
        clock_ms: value["clock_ms"].as_u64(),
        records,
        heads,
        held_since,
        expect: value["expect"].clone(),
    })
}
