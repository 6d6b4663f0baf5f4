//! A real node on a real socket: start, ask, refuse a second one, stop, start again.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/home.rs"]
mod home;

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Output,
};

use home::{Node, ask, moot};
use serde_json::Value;

fn run(home: &Path, words: &[&str]) -> Output {
    moot(home, words).output().unwrap()
}

/// One request by hand: the API can be used without our client.
fn http(socket: &Path, request: &str, body: &str) -> (u16, Value) {
    let mut stream = UnixStream::connect(socket).unwrap();
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn a_node_lives() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");

    let node = Node::start(&home);
    assert_eq!(node.ready["first_start"], true);
    assert_eq!(node.ready["listening"].as_array().unwrap().len(), 1);
    let text = fs::read_to_string(home.join("config.toml")).unwrap();
    assert!(text.contains("# port = 7473"), "{text}");

    let status = &ask(&home, &["status"])[0];
    assert_eq!(status["running"], true);
    assert_eq!(status["pid"], node.child.id());

    let saved = &ask(&home, &["note", "the quince is in flower", "-t", "garden"])[0];
    let id = saved["id"].as_str().unwrap();
    let found = ask(&home, &["find", "quince"]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["id"], id);
    let shown = &ask(&home, &["show", saved["short"].as_str().unwrap()])[0];
    assert_eq!(shown["text"], "the quince is in flower");

    // A second node on this home, and errors with their codes.
    let second = run(&home, &["up"]);
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(told.contains(&node.child.id().to_string()), "{told}");
    assert_eq!(run(&home, &["show", "ffffffffff"]).status.code(), Some(3));
    assert_eq!(run(&home, &["find", "taag:garden"]).status.code(), Some(2));

    // The API by hand.
    let socket = PathBuf::from(node.ready["socket"].as_str().unwrap());
    assert_eq!(http(&socket, "GET /v1/status", "").0, 200);
    let (code, found) = http(&socket, "POST /v1/find", r#"{"query":"quince"}"#);
    assert_eq!((code, &found["found"]["total"]), (200, &Value::from(1)));
    for (request, body, code) in [
        ("POST /v1/find", "{", 400),
        ("POST /v1/nothing", "{}", 400),
        ("GET /v1/find", "", 400),
        ("POST /elsewhere", "{}", 400),
        ("POST /v1/show", r#"{"id":"ffffffffff"}"#, 404),
        ("POST /v1/show", r#"{"ident":"ffffffffff"}"#, 400),
    ] {
        let (got, error) = http(&socket, request, body);
        assert_eq!(got, code, "{request}");
        assert!(error["message"].is_string(), "{request}: {error}");
    }

    // Stopped cleanly it leaves no socket; everything is there without it, and after it.
    node.stop();
    assert!(!socket.exists());
    assert_eq!(ask(&home, &["status"])[0]["running"], false);
    assert_eq!(ask(&home, &["find", "quince"])[0]["id"], id);
    let node = Node::start(&home);
    assert_eq!(node.ready["first_start"], false);
    assert_eq!(ask(&home, &["find", "quince"])[0]["id"], id);
}

#[test]
fn a_killed_node_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let mut node = Node::start(&home);
    let id = ask(&home, &["note", "written before the fall"])[0]["id"].clone();
    node.child.kill().unwrap();
    node.child.wait().unwrap();
    // The socket's file is still there, and so is the lock's.
    assert!(home.join("node.sock").symlink_metadata().is_ok());
    assert_eq!(ask(&home, &["find", "fall"])[0]["id"], id);
    drop(Node::start(&home));
}

#[test]
fn a_port_in_use_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&dir.path().join("home"), &["up", "--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(&port) && told.contains("in use"), "{told}");
}

#[test]
fn sealed_keys_need_their_passphrase() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&path, mode).unwrap();
        path
    };
    let (right, wrong) = (file("right", "pear tree\n"), file("wrong", "plum tree\n"));
    let with = |path: &Path| {
        moot(&home, &["note", "sealed", "--json"])
            .env("MOOT_PASSPHRASE_FILE", path)
            .output()
            .unwrap()
    };
    let first = with(&right);
    assert!(
        first.status.success(),
        "{}",
        String::from_utf8_lossy(&first.stderr)
    );
    assert_eq!(with(&wrong).status.code(), Some(4));
    assert_eq!(run(&home, &["list"]).status.code(), Some(4));
    assert!(with(&right).status.success());
}

#[test]
fn an_import_is_idempotent_and_reports() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let file = dir.path().join("records.ndjson");
    let mut lines: String = (0..1203)
        .map(|i| {
            format!("{{\"title\":\"t{i}\",\"text\":\"text number {i}\",\"tags\":[\"many\"]}}\n")
        })
        .collect();
    lines.push_str("{\"txt\":1}\n");
    fs::write(&file, lines).unwrap();
    let import = |more: &[&str]| {
        let mut words = vec!["import", file.to_str().unwrap(), "--json"];
        words.extend(more);
        let output = run(&home, &words);
        assert_eq!(output.status.code(), Some(1), "a line was bad");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let dry = import(&["--dry-run"]);
    assert_eq!(
        (&dry["added"], &dry["dry_run"]),
        (&Value::from(1203), &Value::from(true))
    );
    let first = import(&[]);
    assert_eq!(
        (&first["added"], &first["skipped"]),
        (&Value::from(1203), &Value::from(0))
    );
    assert_eq!(first["refused"][0]["source"], "line 1204");
    let second = import(&[]);
    assert_eq!(
        (&second["added"], &second["skipped"]),
        (&Value::from(0), &Value::from(1203))
    );
    assert_eq!(
        ask(&home, &["find", "tag:many", "--limit", "1000"]).len(),
        1000
    );
}

#[test]
fn a_program_can_page_through_a_list() {
    let home = tempfile::tempdir().unwrap();
    for text in ["one", "two", "three", "four", "five"] {
        ask(home.path(), &["note", text]);
    }
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut words = vec!["list", "kind:note", "--limit", "2", "--json"];
        if let Some(after) = &after {
            words.extend(["--after", after]);
        }
        let output = run(home.path(), &words);
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let page = lines.pop().unwrap()["page"].clone();
        assert_eq!(page["partial"], false, "{text}");
        seen.extend(lines.iter().map(|line| line["title"].clone()));
        assert!(seen.len() <= 5, "{seen:?}");
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, ["five", "four", "three", "two", "one"]);
}
