//! The scenario format of section 10.2.

use std::collections::BTreeMap;

use folkmoot_record::{CollectiveId, RecordId};
use serde_json::Value;

/// One scenario, with its expectations kept as JSON.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) cid: CollectiveId,
    pub(crate) clock_ms: Option<u64>,
    pub(crate) records: Vec<Vec<u8>>,
    pub(crate) heads: Option<Vec<RecordId>>,
    pub(crate) held_since: Option<BTreeMap<RecordId, u64>>,
    pub(crate) expect: Value,
}

/// Reads a compressed vector file.
pub(crate) fn read(compressed: &[u8]) -> Vec<Scenario> {
    let text = zstd::decode_all(compressed).unwrap();
    let file: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(file["format"], "folkmoot-scenarios-1");
    let scenarios = file["scenarios"].as_array().unwrap();
    scenarios.iter().map(scenario).collect()
}

fn scenario(value: &Value) -> Scenario {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Scenario {
        name: text(&value["name"]),
        cid: text(&value["cid"]).parse().unwrap(),
        clock_ms: value["clock_ms"].as_u64(),
        records: value["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hex| hex::decode(hex.as_str().unwrap()).unwrap())
            .collect(),
        heads: value["heads"]
            .as_array()
            .map(|heads| heads.iter().map(|id| text(id).parse().unwrap()).collect()),
        held_since: value["held_since"].as_object().map(|map| {
            map.iter()
                .map(|(id, ms)| (id.parse().unwrap(), ms.as_u64().unwrap()))
                .collect()
        }),
        expect: value["expect"].clone(),
    }
}
