//! The event stream with real processes: whoever listens misses nothing, also when the node is killed.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use folkmoot_tests::{
    home::{Home, text, until},
    sayings::{ndjson, sayings},
};
use serde_json::Value;

/// The longest that something may take to be told on a slow, busy machine.
const SOON: Duration = Duration::from_secs(60);

/// A running `moot watch --json`, and what it printed.
struct Watch {
    child: Child,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Watch {
    fn start(home: &Home, args: &[&str]) -> Self {
        let mut child = home
            .command(&[&["watch", "--json"], args].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&told);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap();
                keep.lock().unwrap().push(event);
            }
        });
        Self { child, told }
    }

    fn events(&self) -> Vec<Value> {
        self.told.lock().unwrap().clone()
    }

    /// The records that were told, each once, in the order in which they came.
    fn ids(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let events = self.events();
        let ids = events.iter().map(|event| text(&event["id"]));
        ids.filter(|id| seen.insert(id.clone())).collect()
    }

    /// Ends it as Ctrl-C does; gives its exit code.
    fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Asks the node's socket by hand; the connection stays open.
fn listen(home: &Home, path: &str, header: &str) -> BufReader<UnixStream> {
    let mut stream = UnixStream::connect(home.folder().join("node.sock")).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: node\r\n{header}\r\n").unwrap();
    BufReader::new(stream)
}

/// The status of an answer, and its first lines up to one that begins so.
fn answer(reader: &mut BufReader<UnixStream>, up_to: &str) -> (String, Vec<String>) {
    let mut lines = Vec::new();
    for line in reader.lines().map_while(Result::ok) {
        let last = line.starts_with(up_to);
        lines.push(line);
        if last {
            break;
        }
    }
    (lines[0].clone(), lines)
}

#[test]
fn a_watch_goes_on_when_the_node_was_killed() {
    let mut home = Home::new("watched");
    let before = home.note("home", "before the node");
    home.up();
    let watch = Watch::start(&home, &["--after", "start"]);
    let mut written = vec![before, home.note("home", "with the node")];
    until(SOON, "the first notes are told", || watch.ids() == written);
    home.kill();
    written.push(home.note("home", "while it was away"));
    home.up();
    written.push(home.note("home", "after it came back"));
    until(SOON, "all notes are told", || watch.ids() == written);
    // A node that stops does not wait for whoever listens.
    assert_eq!(home.stop(), 0);
    assert!(!home.log().contains("still running"), "{}", home.log());
    home.up();
    written.push(home.note("home", "after a stop"));
    until(SOON, "the last note is told", || watch.ids() == written);
    assert_eq!(watch.interrupt(), Some(0));
}

#[test]
fn nothing_is_missed_where_the_node_dies_in_an_import() {
    let texts = sayings(1_500);
    let mut home = Home::new("imported");
    home.up();
    let file = home.folder().with_extension("ndjson");
    fs::write(&file, ndjson(&texts)).unwrap();
    let path = file.to_str().unwrap();
    let watch = Watch::start(&home, &["--after", "start", "tag:saying"]);
    for told in [1, 400] {
        let mut import = home
            .command(&["import", path, "--json"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until(SOON, "some are told", || watch.ids().len() >= told);
        home.kill();
        import.wait().unwrap();
        home.up();
    }
    home.ok(&["import", path]);
    until(SOON, "all are told", || watch.ids().len() == texts.len());
    // From any event on the rest is told again, with a node and without one.
    let events = watch.events();
    assert_eq!(watch.interrupt(), Some(0));
    for (at, node) in [(0, true), (700, true), (texts.len() - 1, false)] {
        if !node {
            home.kill();
        }
        let cursor = text(&events[at]["cursor"]);
        let mut whole: Vec<String> = ids(&events[at + 1..]);
        let again = home.all(&["watch", "tag:saying", "--after", &cursor, "--no-wait"]);
        // What was told twice at a kill is told once now.
        let mut seen = BTreeSet::new();
        whole.retain(|id| seen.insert(id.clone()));
        assert_eq!(ids(&again), whole, "after {at}");
    }
}

fn ids(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| text(&event["id"])).collect()
}

#[test]
fn the_stream_can_be_read_without_our_client() {
    let mut home = Home::new("byhand");
    home.up();
    let id = home.note("home", "quince");
    home.note("home", "medlar");
    let mut stream = listen(&home, "/v1/events?after=start&query=quince", "");
    let (status, lines) = answer(&mut stream, "data: ");
    assert!(status.contains("200"), "{status}");
    let header = |name: &str| lines.iter().any(|line| line.to_lowercase() == name);
    assert!(header("content-type: text/event-stream"), "{lines:?}");
    let event: Value = serde_json::from_str(&lines.last().unwrap()["data: ".len()..]).unwrap();
    assert_eq!((&event["v"], &event["what"]), (&1.into(), &"stored".into()));
    assert_eq!(text(&event["id"]), id);
    assert_eq!(text(&event["item"]["title"]), "quince");
    // A browser that comes again has the old address, and says where it was.
    let last = format!("Last-Event-ID: {}\r\n", text(&event["cursor"]));
    let mut stream = listen(&home, "/v1/events?after=start", &last);
    let (_, lines) = answer(&mut stream, "data: ");
    let event: Value = serde_json::from_str(&lines.last().unwrap()["data: ".len()..]).unwrap();
    assert_eq!(text(&event["item"]["title"]), "medlar");
    for wrong in ["query=taag:x", "after=yesterday", "nothing=1"] {
        let mut stream = listen(
            &home,
            &format!("/v1/events?{wrong}"),
            "Connection: close\r\n",
        );
        let (status, _) = answer(&mut stream, "HTTP");
        assert!(status.contains("400"), "{wrong}: {status}");
    }
}

#[test]
fn listeners_that_read_nothing_hold_nobody_up_and_have_a_bound() {
    let mut home = Home::new("crowded");
    home.up();
    let texts = sayings(1_000);
    let file = home.folder().with_extension("ndjson");
    fs::write(&file, ndjson(&texts)).unwrap();
    let mut crowd: Vec<_> = (0..64)
        .map(|_| {
            let mut stream = listen(&home, "/v1/events", "");
            let (status, _) = answer(&mut stream, "id: ");
            assert!(status.contains("200"), "{status}");
            stream
        })
        .collect();
    let mut one_more = listen(&home, "/v1/events", "Connection: close\r\n");
    let mut refusal = String::new();
    one_more.read_to_string(&mut refusal).unwrap();
    assert!(
        refusal.contains("503") && refusal.contains("64"),
        "{refusal}"
    );
    home.ok(&["import", file.to_str().unwrap()]);
    assert_eq!(home.count("tag:saying"), 1_000);
    // Whoever reads later has missed nothing.
    let mut told = 0;
    let mut late = crowd.pop().unwrap();
    for line in late.by_ref().lines().map_while(Result::ok) {
        told += usize::from(line.starts_with("data: "));
        if told == texts.len() {
            break;
        }
    }
    assert_eq!(told, texts.len());
    // Those that go make room.
    drop((crowd, late));
    until(SOON, "there is room again", || {
        let mut stream = listen(&home, "/v1/events", "");
        answer(&mut stream, "HTTP").0.contains("200")
    });
}

#[test]
fn a_watch_says_what_it_needs() {
    let mut home = Home::new("asked");
    home.note("home", "quince");
    let said = home.run(&["watch"]);
    assert_eq!(said.code, 5, "{}", said.err);
    assert!(said.err.contains("moot up"), "{}", said.err);
    home.up();
    let said = home.run(&["watch", "taag:x"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("^^^^"), "{}", said.err);
    let said = home.run(&["watch", "--after", "yesterday"]);
    assert_eq!(said.code, 2, "{}", said.err);
    let said = home.run(&["watch", "--after", "start", "--limit", "1"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("new") && said.out.contains("quince"),
        "{}",
        said.out
    );
}
