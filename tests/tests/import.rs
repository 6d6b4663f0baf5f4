//! Importing folders of other programs: whole, again, after a kill, and while they change.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use folkmoot_tests::home::{Home, text, until};
use serde_json::Value;

/// The longest that a change of a watched folder may take on a slow, busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes files below a folder, with the folders they lie in.
fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn import(home: &Home, folder: &Path, more: &[&str]) -> Value {
    let mut args = vec!["import", folder.to_str().unwrap()];
    args.extend(more);
    home.ok(&args)
}

fn counts(report: &Value) -> [u64; 4] {
    ["added", "changed", "skipped", "beside"].map(|key| report[key].as_u64().unwrap())
}

fn place(home: &Home, name: &str) -> PathBuf {
    home.folder().with_file_name(name)
}

#[test]
fn a_vault_comes_in_whole_and_again_without_change() {
    let home = Home::new("vault");
    let vault = place(&home, "vault-files");
    write(
        &vault,
        &[
            (".obsidian/app.json", "{}"),
            (
                "Garden/Compost.md",
                "---\naliases: [Muck]\ntags: [garden]\nrating: 5\ncreated: 2019-04-01\n---\n\nSee [[beds/index|the beds]], [who](../Rota.md) and ![[plan.png]]. #soil/worms\n\n```\n#no [[tag]]\n```\n",
            ),
            ("Garden/beds/index.md", "Four beds. ^b1\n"),
            ("Kitchen/index.md", "Jars. [[Compost#^b1]] [[Nowhere]]\n"),
            ("Rota.md", "Ana. [[muck]]\n"),
            ("plan.png", "png"),
            ("board.canvas", "{}"),
        ],
    );
    fs::write(vault.join("latin.md"), b"gr\xf6sse").unwrap();
    let said = home.run(&["import", vault.to_str().unwrap(), "--json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let report = said.json().remove(0);
    assert_eq!(counts(&report), [4, 0, 0, 0]);
    assert_eq!(report["attachments"], serde_json::json!(["plan.png"]));
    assert_eq!(text(&report["unresolved"][0]["text"]), "Nowhere");
    assert_eq!(report["other_kinds"]["canvas"], 1);
    assert_eq!(text(&report["refused"][0]["source"]), "latin.md");
    fs::remove_file(vault.join("latin.md")).unwrap();

    let shown = home.ok(&["show", "muck"]);
    assert_eq!(
        text(&shown["text"]),
        "See [[Garden/beds/index|the beds]], [[Rota|who]] and ![[plan.png]]. #soil/worms\n\n```\n#no [[tag]]\n```"
    );
    assert_eq!(
        text(&shown["properties"]),
        "rating: 5\ncreated: 2019-04-01\n"
    );
    assert_eq!(text(&shown["first_written"]), "2019-04-01T00:00:00Z");
    assert_eq!(shown["linked_from"].as_array().unwrap().len(), 2);
    for (query, found) in [
        ("tag:soil", "1\n"),
        ("links:Rota", "1\n"),
        ("links:Garden/beds/index", "1\n"),
        ("tag:no", "0\n"),
    ] {
        assert_eq!(home.run(&["find", query, "--count"]).out, found, "{query}");
    }

    assert_eq!(counts(&import(&home, &vault, &[])), [0, 0, 4, 0]);
    // A name that is not alone any more changes what links are called, and nothing else.
    fs::write(vault.join("Rota.md"), "Ben. [[muck]]\n").unwrap();
    fs::remove_file(vault.join("Kitchen/index.md")).unwrap();
    let report = import(&home, &vault, &["--dry-run"]);
    assert_eq!(text(&report["gone"][0]["path"]), "Kitchen/index.md");
    let report = import(&home, &vault, &[]);
    assert_eq!(counts(&report)[0], 0);
    assert_eq!(home.run(&["show", "Rota", "--text"]).out, "Ben. [[muck]]\n");
    assert_eq!(home.run(&["find", "jars", "--count"]).out, "1\n");
    assert_eq!(counts(&import(&home, &vault, &[]))[..2], [0, 0]);
}

#[test]
fn a_graph_comes_in_with_its_days() {
    let home = Home::new("graph");
    let graph = place(&home, "graph-files");
    write(
        &graph,
        &[
            (
                "logseq/config.edn",
                "{:journal/page-title-format \"yyyy/MM/dd\"}",
            ),
            ("logseq/bak/pages/old.md", "- no"),
            (
                "journals/2024_05_01.md",
                "- TODO mend [[Garden/Beds]] #tools\n  due:: soon",
            ),
            ("journals/2024_05_02.md", "-\n"),
            (
                "pages/Garden___Beds.md",
                "alias:: Beds\ntags:: garden\n\n- since [[2024/05/01]]",
            ),
        ],
    );
    let report = import(&home, &graph, &[]);
    assert_eq!(counts(&report), [2, 0, 0, 0]);
    assert_eq!(report["blank"], 1);
    assert_eq!(report["unresolved"], serde_json::json!([]));
    let day = home.ok(&["show", "2024/05/01"]);
    assert_eq!(text(&day["item"]["kind"]), "daily");
    assert_eq!(text(&day["item"]["title"]), "2024-05-01");
    assert_eq!(day["linked_from"].as_array().unwrap().len(), 1);
    assert_eq!(home.run(&["find", "links:Beds", "--count"]).out, "0\n");
    assert_eq!(
        home.run(&["find", "links:Garden/Beds tag:tools", "--count"])
            .out,
        "1\n"
    );
    assert_eq!(counts(&import(&home, &graph, &[])), [0, 0, 2, 0]);
}

#[test]
fn an_import_of_a_folder_killed_on_the_way_goes_on() {
    let home = Home::new("killed-folder");
    let folder = place(&home, "files");
    let files = 1_500;
    for n in 0..files {
        let links = format!("number {n}, after [[note {}]]", n / 2);
        write(&folder, &[(&format!("{}/note {n}.md", n % 7), &links)]);
    }
    let mut importer = home
        .command(&["import", folder.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(150));
    // It may have ended already on a fast machine: then the second one has nothing to do.
    drop(importer.kill());
    importer.wait().unwrap();
    let report = import(&home, &folder, &[]);
    let [added, changed, skipped, _] = counts(&report);
    assert_eq!((added + skipped, changed), (files, 0));
    assert_eq!(home.run(&["find", "kind:note", "--count"]).out, "1500\n");
    assert_eq!(counts(&import(&home, &folder, &[])), [0, 0, files, 0]);
}

/// A process that watches, and the lines it prints.
struct Watcher {
    child: Child,
    lines: Receiver<String>,
}

impl Watcher {
    fn start(home: &Home, folder: &Path) -> Self {
        let mut child = home
            .command(&["import", folder.to_str().unwrap(), "--watch", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (give, lines) = channel();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if give.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    fn report(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_watched_folder_is_followed_with_and_without_a_node() {
    for with_node in [false, true] {
        let mut home = Home::new("watched");
        home.note("home", "begun");
        if with_node {
            home.up();
        }
        let folder = place(&home, "watched-files");
        write(&folder, &[("Rota.md", "Ana"), ("Beds.md", "four")]);
        let watcher = Watcher::start(&home, &folder);
        assert_eq!(counts(&watcher.report())[0], 2);
        // As editors save: a new file in the place of the old one.
        write(&folder, &[(".Rota.md.tmp", "Ben")]);
        fs::rename(folder.join(".Rota.md.tmp"), folder.join("Rota.md")).unwrap();
        until(PATIENCE, "the change is there", || {
            home.run(&["show", "Rota", "--text"]).out == "Ben\n"
        });
        fs::remove_file(folder.join("Beds.md")).unwrap();
        write(&folder, &[("Seeds.md", "basil")]);
        until(PATIENCE, "the new one is there", || {
            home.run(&["find", "basil", "--count"]).out == "1\n"
        });
        let mut gone = Vec::new();
        while gone.is_empty() {
            let report = watcher.report();
            gone.extend(
                report["gone"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|g| text(&g["path"])),
            );
        }
        assert_eq!(gone, ["Beds.md"]);
        // What is gone there stays here.
        assert_eq!(home.run(&["show", "Beds", "--text"]).out, "four\n");
    }
}
