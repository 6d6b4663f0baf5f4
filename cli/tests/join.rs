//! Two homes on one machine meet by an invite key, and what one writes the other finds.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/home.rs"]
mod home;

use std::{io::Write, path::Path, process::Stdio};

use home::{Node, ask, moot};
use serde_json::Value;

/// Joins with the key on standard input.
fn join(home: &Path, key: &str) -> (Option<i32>, String, String) {
    let mut child = moot(home, &["join", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{key}").unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Asks until something is found; the test runner's own limit ends it.
fn find(home: &Path, query: &str) -> Value {
    loop {
        if let Some(found) = ask(home, &["find", query]).pop() {
            return found;
        }
    }
}

#[test]
fn a_friend_joins_and_both_find_what_the_other_writes() {
    let dir = tempfile::tempdir().unwrap();
    let (ana, bert) = (dir.path().join("ana"), dir.path().join("bert"));
    ask(&ana, &["collective", "new", "commons"]);
    let before = ask(
        &ana,
        &["note", "planted before you came", "--in", "commons"],
    )
    .remove(0);
    let _ana = Node::start(&ana);
    let bert_node = Node::start(&bert);
    assert_eq!(bert_node.ready["first_start"], true);
    let key = ask(&ana, &["invite", "commons"])[0]["key"]
        .as_str()
        .unwrap()
        .to_owned();

    let (code, progress, told) = join(&bert, &key);
    assert_eq!(code, Some(0), "{told}");
    let progress: Value = serde_json::from_str(&progress).unwrap();
    assert_eq!(progress["finished"], true);
    for step in [
        "key read",
        "member found",
        "membership proven",
        "welcomed",
        "records received",
    ] {
        assert!(told.contains(step), "{step}: {told}");
    }
    assert_eq!(find(&bert, "planted")["id"], before["id"]);

    let from_bert = ask(
        &bert,
        &["note", "hello from the other side", "--in", "commons"],
    )
    .remove(0);
    assert_eq!(find(&ana, "other")["id"], from_bert["id"]);
    let from_ana = ask(&ana, &["note", "welcome here", "--in", "commons"]).remove(0);
    assert_eq!(find(&bert, "welcome")["id"], from_ana["id"]);

    let synced = ask(&bert, &["sync"]).remove(0);
    assert_eq!(synced["complete"], true, "{synced}");
    let members = ask(&ana, &["collective", "members", "commons"]);
    assert_eq!(members.len(), 2);

    // The key again, and keys that are none.
    let (code, _, told) = join(&bert, &key);
    assert_eq!(code, Some(2), "{told}");
    let cut = key.get(..key.len() - 7).unwrap();
    for bad in [cut, "folkmoot:1:", "nonsense"] {
        let (code, _, told) = join(&bert, bad);
        assert_eq!(code, Some(2), "{bad}: {told}");
        assert!(told.contains("hint") || told.contains("next"), "{told}");
    }
    bert_node.stop();
    assert_eq!(ask(&bert, &["find", "welcome"])[0]["id"], from_ana["id"]);
}
