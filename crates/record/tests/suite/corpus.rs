//! The vectors of section 10.1, as kept in the repository.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
pub(crate) struct Corpus {
    pub(crate) format: String,
    pub(crate) spec: String,
    pub(crate) records: Vec<Case>,
}

/// One record with what every build must say about it.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    hex: String,
    pub(crate) valid: bool,
    pub(crate) reason: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) lane: Option<u64>,
    pub(crate) header: Option<BTreeMap<String, serde_json::Value>>,
    pub(crate) body: Option<String>,
    #[serde(default)]
    pub(crate) parked: bool,
}

impl Case {
    pub(crate) fn wire(&self) -> Vec<u8> {
        hex::decode(&self.hex).unwrap()
    }
}

#[expect(
    clippy::disallowed_types,
    reason = "a test reads its vectors from a file"
)]
pub(crate) fn corpus() -> Corpus {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/records.json.zst");
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let json = zstd::decode_all(file).unwrap();
    serde_json::from_slice(&json).unwrap()
}
