//! Our own scenarios: rules and edges that the given ones do not reach.
//!
//! Each is built here, says in a word what is meant to become of its records, and is judged by both
//! evaluators in every mode. `UPDATE_GOLDEN=1` writes the file anew.

mod devices;
mod membership;
mod stage;
mod voting;

use std::path::PathBuf;

use folkmoot_record::RecordId;
use folkmoot_vectors::{differences, modes};
use serde_json::{Value, json};

pub(crate) use self::stage::{
    DAY_MS, Person, Stage, adds, device, dlim, drops, grant, invite, proposal, revoke, role,
};
use crate::scenarios::by_the_text;

/// What is meant: label, record, its state (`honoured`, `void:covers`, ...).
type Meant = Vec<(&'static str, RecordId, &'static str)>;

fn all() -> Vec<(&'static str, Stage, Meant)> {
    let mut all = Vec::new();
    all.extend(devices::scenarios());
    all.extend(membership::scenarios());
    all.extend(voting::scenarios());
    all
}

/// The state of a record in an outcome.
fn state(said: &Value, id: &RecordId) -> String {
    let id = id.to_string();
    for map in ["void", "parked"] {
        if let Some(reason) = said[map].get(&id).and_then(Value::as_str) {
            return format!("{map}:{reason}");
        }
    }
    if said["orphan"].get(&id).is_some() {
        return "orphan".to_owned();
    }
    let lists = [
        "honoured",
        "unhonoured",
        "content_honoured",
        "shadowed",
        "quarantined",
        "misfiled",
    ];
    let of = |list: &&&str| {
        let ids = said[**list].as_array();
        ids.is_some_and(|ids| ids.contains(&json!(id)))
    };
    lists
        .iter()
        .find(of)
        .map_or("in no list", |list| list)
        .to_owned()
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test writes its vectors where it is asked to"
)]
fn our_own_scenarios() {
    let mut written = Vec::new();
    for (name, stage, meant) in all() {
        let mut scenario = stage.scenario(name);
        let said = modes(&scenario);
        let mut expect = said[0].1.clone();
        expect.as_object_mut().unwrap().remove("heads");
        for (label, id, wanted) in &meant {
            assert_eq!(&state(&expect, id), wanted, "{name}: {label}");
        }
        scenario.expect = expect.clone();
        let by_text = ("naive evaluator".to_owned(), by_the_text(&scenario));
        for (mode, said) in said.into_iter().chain([by_text]) {
            let found = differences(&expect, &said);
            assert!(found.is_empty(), "{name}, {mode}: {found:#?}");
        }
        let labels: serde_json::Map<String, Value> = meant
            .iter()
            .map(|(label, id, _)| ((*label).to_owned(), json!(id.to_string())))
            .collect();
        written.push(json!({
            "name": name,
            "cid": scenario.cid.to_string(),
            "keys": stage.keys(),
            "labels": labels,
            "records": scenario.records.iter().map(hex::encode).collect::<Vec<_>>(),
            "expect": expect,
        }));
    }
    assert!(written.len() >= 20, "{} scenarios", written.len());
    let file = json!({ "format": "folkmoot-scenarios-1", "spec": "1", "scenarios": written });
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/vectors/scenarios-ours.json.zst");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = serde_json::to_vec(&file).unwrap();
        std::fs::write(&path, zstd::encode_all(text.as_slice(), 19).unwrap()).unwrap();
    }
    let kept = folkmoot_vectors::text(&path).unwrap();
    let kept: Value = serde_json::from_slice(&kept).unwrap();
    assert!(
        kept == file,
        "scenarios-ours.json.zst differs from what is built; if that is meant: UPDATE_GOLDEN=1"
    );
}
