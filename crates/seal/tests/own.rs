//! The project's own vectors: bytes that must never change once a node has written them.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[path = "own/values.rs"]
mod values;

const FILE: &str = include_str!("../../../tests/vectors/seal.json");

#[test]
fn the_bytes_have_not_changed() {
    let kept: serde_json::Value = serde_json::from_str(FILE).unwrap();
    let now = values::values();
    for (name, value) in kept.as_object().unwrap() {
        assert_eq!(
            &now[name], value,
            "`{name}` changed; if that is meant: cargo xtask vectors write"
        );
    }
    assert_eq!(now, kept);
}
