//! Damaged files: the home opens, says what happened, and everything that the damage did not hit is
//! there; members bring back what it did.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::Duration,
};

use folkmoot_tests::{
    damage::{flip, flip_byte, last_segment, projections, tear},
    home::{Home, text, until},
    meet::{EQUAL, equal, pair, refused, talk},
    sayings::{ndjson, sayings},
    vault::store_key,
};

/// Real texts in each home.
const SAYINGS: usize = 300;

/// A home with imported texts, and the number of their records.
fn library(name: &'static str) -> (Home, u64) {
    let home = Home::new(name);
    home.note("home", "the first note: quincetree");
    let texts = sayings(SAYINGS);
    let file = home.folder().with_extension("ndjson");
    fs::write(&file, ndjson(&texts)).unwrap();
    let report = home.ok(&["import", file.to_str().unwrap()]);
    assert_eq!(report["added"], SAYINGS);
    let found = home.count("tag:saying");
    (home, found)
}

/// Opens the home once without a node: what that tells, the damage that opening mends included.
fn opened(home: &Home) -> String {
    let said = home.run(&["status"]);
    assert_eq!(said.code, 0, "{}", said.err);
    said.err
}

/// What `status` of the running node warns of.
fn warnings(home: &Home) -> String {
    home.ok(&["status"])["warnings"].to_string()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A copy of a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_torn_tail_is_set_aside_and_members_bring_it_back() {
    let (ana, mut ben) = pair(["ana", "ben"], "commons");
    for (round, bytes) in [1, 7, 16, 90, 700].into_iter().enumerate() {
        for n in 0..4 {
            ben.note("commons", &format!("note {round} {n} of ben: quincetree"));
        }
        equal(&[&ana, &ben], "commons");
        ben.kill();
        tear(ben.folder(), bytes);
        let told = opened(&ben);
        assert!(told.contains("record log"), "{bytes} bytes: {told}");
        // It was never acknowledged, so the index never had it.
        assert!(!told.contains("index"), "{bytes} bytes: {told}");
        ben.up();
        // Ben writes before he has heard of anyone again; nothing of this makes two logs of one.
        let soon = ben.note("commons", &format!("note {round} after: quincetree"));
        equal(&[&ana, &ben], "commons");
        let written = (round as u64 + 1) * 5;
        until(EQUAL, "all notes are there again", || {
            ben.count("quincetree") == written && ana.count("quincetree") == written
        });
        for home in [&ana, &ben] {
            let standing = text(&home.ok(&["show", &soon])["standing"]);
            assert_eq!(standing, "admitted");
        }
        talk(&ana, &ben, "commons", &format!("round{round}"));
    }
    // Once more from the start: nothing is left to say.
    assert_eq!(ben.stop(), 0);
    ben.up();
    assert_eq!(warnings(&ben), "[]");
}

#[test]
fn a_flipped_byte_costs_its_record_at_most() {
    let (mut home, all) = library("flipped");
    let ids: Vec<String> = home
        .all(&["find", "tag:saying", "--limit", "1000"])
        .iter()
        .map(|item| text(&item["id"]))
        .collect();
    assert_eq!(ids.len() as u64, all);
    flip(home.folder(), 0.5);

    // The projection is whole, so the damage is met when the record is read, or when the log is
    // read through.
    home.up();
    let lost: Vec<&String> = ids
        .iter()
        .filter(|id| {
            let said = home.run(&["show", id]);
            if said.code != 0 {
                refused(&said, said.code, &[]);
                assert!([1, 3].contains(&said.code), "{}", said.err);
            }
            said.code != 0
        })
        .collect();
    assert_eq!(lost.len(), 1);
    until(Duration::from_secs(60), "status tells the damage", || {
        warnings(&home).contains("damage")
    });
    home.note("home", "the node lives: plumtree");
    assert_eq!(home.stop(), 0);

    // Without the projection the whole log is read: the same record is missing, and no other.
    for projection in projections(home.folder()) {
        fs::remove_dir_all(projection).unwrap();
    }
    let told = opened(&home);
    assert!(
        told.contains("damaged") && told.contains("the rest is intact"),
        "{told}"
    );
    // It was told to whoever opened first; it is told until somebody puts it away.
    for _ in 0..2 {
        assert!(opened(&home).contains("moot status --seen"));
    }
    home.ok(&["status", "--seen"]);
    assert!(!opened(&home).contains("damage"));
    home.up();
    for id in &ids {
        let code = home.run(&["show", id]).code;
        assert_eq!(code == 0, !lost.contains(&id), "{id}");
    }
    assert_eq!(home.count("quincetree OR plumtree"), 2);
    // What was lost can be imported again.
    let file = home.folder().with_extension("ndjson");
    let again = home.ok(&["import", file.to_str().unwrap()]);
    assert_eq!(
        (&again["added"], &again["skipped"]),
        (&1.into(), &(SAYINGS - 1).into())
    );
    assert_eq!(home.count("tag:saying"), all);
}

#[test]
fn what_a_flipped_byte_took_comes_back_from_a_member() {
    let (ana, mut ben) = pair(["ana", "ben"], "commons");
    let file = ana.folder().with_extension("ndjson");
    fs::write(&file, ndjson(&sayings(SAYINGS))).unwrap();
    ana.ok(&["import", file.to_str().unwrap(), "--in", "commons"]);
    equal(&[&ana, &ben], "commons");
    for part in [0.3, 0.6, 0.9] {
        assert_eq!(ben.stop(), 0);
        flip(ben.folder(), part);
        for projection in projections(ben.folder()) {
            fs::remove_dir_all(projection).unwrap();
        }
        let told = opened(&ben);
        assert!(told.contains("damaged"), "{part}: {told}");
        ben.up();
        equal(&[&ana, &ben], "commons");
        until(EQUAL, "all texts are found again", || {
            ben.count("tag:saying") == SAYINGS as u64
        });
        // Where the bytes hit the id itself, nobody can know that all is back: a person says so.
        ben.ok(&["status", "--seen"]);
        assert_eq!(warnings(&ben).matches("--seen").count(), 0, "{part}");
    }
    talk(&ben, &ana, "commons", "healed");
}

#[test]
fn what_damage_takes_while_the_node_runs_comes_back_from_a_member() {
    let (ana, ben) = pair(["ana", "ben"], "commons");
    let file = ana.folder().with_extension("ndjson");
    fs::write(&file, ndjson(&sayings(SAYINGS))).unwrap();
    ana.ok(&["import", file.to_str().unwrap(), "--in", "commons"]);
    equal(&[&ana, &ben], "commons");
    let ids: Vec<String> = ben
        .all(&["find", "tag:saying", "--limit", "1000"])
        .iter()
        .map(|item| text(&item["id"]))
        .collect();
    // In the middle of the file that the node has open.
    let (path, end) = last_segment(ben.folder());
    let byte = fs::read(&path).unwrap()[end / 2];
    let log = fs::OpenOptions::new().write(true).open(&path).unwrap();
    log.write_all_at(&[byte ^ 0x10], end as u64 / 2).unwrap();
    let unread = |id: &&String| ben.run(&["show", id]).code != 0;
    let lost: Vec<&String> = ids.iter().filter(unread).collect();
    assert_eq!(lost.len(), 1);
    // It is asked for as soon as the node looks after its store, without a restart.
    until(Duration::from_secs(120), "the text is there again", || {
        ben.run(&["show", lost[0]]).code == 0
    });
    until(EQUAL, "all texts are found again", || {
        ben.count("tag:saying") == SAYINGS as u64
    });
    talk(&ben, &ana, "commons", "mended");
}

#[test]
fn a_missing_or_broken_projection_is_built_again() {
    let (mut home, all) = library("projection");
    let before = home.fingerprint("home");
    let store = home.folder().join("store");
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 7] = [
        ("its folder is gone", |store| {
            fs::remove_dir_all(store.join("sled-0")).unwrap_or_default();
            for other in projections(store.parent().unwrap()) {
                fs::remove_dir_all(other).unwrap();
            }
        }),
        ("its folder is empty", |store| {
            for folder in projections(store.parent().unwrap()) {
                fs::remove_dir_all(&folder).unwrap();
                fs::create_dir(&folder).unwrap();
            }
        }),
        ("its folder is a file", |store| {
            for folder in projections(store.parent().unwrap()) {
                fs::remove_dir_all(&folder).unwrap();
                fs::write(&folder, "no folder").unwrap();
            }
        }),
        ("its file is garbage", |store| {
            for folder in projections(store.parent().unwrap()) {
                fs::write(folder.join("db"), vec![0xa7; 100_000]).unwrap();
            }
        }),
        ("its file is cut", |store| {
            for folder in projections(store.parent().unwrap()) {
                let file = fs::OpenOptions::new()
                    .write(true)
                    .open(folder.join("db"))
                    .unwrap();
                let length = file.metadata().unwrap().len();
                file.set_len(length / 3).unwrap();
            }
        }),
        ("its settings are garbage", |store| {
            for folder in projections(store.parent().unwrap()) {
                fs::write(folder.join("conf"), "garbage").unwrap();
            }
        }),
        ("nothing says which one it is", |store| {
            fs::write(store.join("CURRENT"), [0xff; 40]).unwrap();
        }),
    ];
    for (what, harm) in harms {
        harm(&store);
        let said = home.run(&["find", "tag:saying", "--count", "--json"]);
        assert_eq!(said.code, 0, "{what}: {}", said.err);
        assert_eq!(said.json()[0]["total"], all, "{what}: {}", said.err);
        assert_eq!(home.fingerprint("home"), before, "{what}");
        // The same while a node starts, which tells it in `status`.
        harm(&store);
        home.up();
        let told = warnings(&home);
        assert!(
            told.contains("built again") || told == "[]",
            "{what}: {told}"
        );
        assert_eq!(home.fingerprint("home"), before, "{what}");
        assert_eq!(home.count("tag:saying"), all, "{what}");
        assert_eq!(home.stop(), 0, "{what}");
    }
    // The first of them is said for sure.
    harms[0].1(&store);
    let said = home.run(&["list"]);
    assert!(said.err.contains("built again"), "{}", said.err);
}

#[test]
fn a_missing_or_broken_index_is_built_again() {
    let (mut home, all) = library("index");
    home.up();
    assert_eq!(home.stop(), 0);
    let index = home.folder().join("index");
    let kept = home.folder().with_file_name("index.kept");
    copy(&index, &kept);
    let names: Vec<PathBuf> = files(&index)
        .iter()
        .map(|path| path.strip_prefix(&index).unwrap().to_owned())
        .collect();
    assert!(names.len() > 4, "{names:?}");

    let check = |home: &mut Home, what: &str| {
        for node in [false, true] {
            if node {
                home.up();
            }
            for query in ["tag:saying", "quincetree"] {
                let total = if query == "quincetree" { 1 } else { all };
                until(EQUAL, &format!("{what}: {query} finds {total}"), || {
                    home.count(query) == total
                });
            }
        }
        assert_eq!(home.stop(), 0, "{what}");
    };
    fs::remove_dir_all(&index).unwrap();
    check(&mut home, "gone");
    fs::remove_dir_all(&index).unwrap();
    fs::write(&index, "no folder").unwrap();
    let said = home.run(&["find", "quincetree"]);
    if said.code != 0 {
        refused(&said, 1, &["index"]);
        fs::remove_file(&index).unwrap();
    }
    check(&mut home, "a file");

    // Each file in turn: gone, empty, and with a flipped byte in the middle.
    for name in &names {
        for harm in ["gone", "empty", "garbage"] {
            fs::remove_dir_all(&index).unwrap();
            copy(&kept, &index);
            let path = index.join(name);
            let length = fs::metadata(&path).unwrap().len();
            match harm {
                "gone" => fs::remove_file(&path).unwrap(),
                "empty" => fs::write(&path, "").unwrap(),
                _ if length == 0 => continue,
                _ => fs::write(&path, vec![0xa7; usize::try_from(length).unwrap()]).unwrap(),
            }
            let what = format!("{} {harm}", name.display());
            // Met while reading it is built again at once.
            let said = home.run(&["find", "tag:saying", "--count", "--json"]);
            assert!(!said.err.contains("panicked"), "{what}: {}", said.err);
            assert_eq!(said.code, 0, "{what}: {}", said.err);
            assert_eq!(said.json()[0]["total"], all, "{what}: {}", said.err);
        }
    }
    check(&mut home, "after all of it");
}

#[test]
fn an_index_of_another_version_is_built_again() {
    let (mut home, all) = library("older");
    let meta = home.folder().join("index/files/meta.json");
    // The payload of the last commit begins with the version of what is written.
    let key = store_key(home.folder());
    let age = || {
        let sealed = fs::read(&meta).unwrap();
        let text = key.open_value("index", b"meta.json", &sealed).unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        let older = text.replacen("\"payload\": \"", "\"payload\": \"9", 1);
        assert_ne!(older, text);
        let sealed = key.seal_value("index", b"meta.json", older.as_bytes(), &[7; 24]);
        fs::write(&meta, &sealed).unwrap();
    };
    age();
    let said = home.run(&["find", "tag:saying", "--count", "--json"]);
    assert_eq!(said.json()[0]["total"], all, "{}", said.err);
    assert!(said.err.contains("another version"), "{}", said.err);
    age();
    home.up();
    until(EQUAL, "the node has built it again", || {
        home.count("tag:saying") == all && home.ok(&["status"]).get("index_built").is_none()
    });
}

#[test]
fn a_store_of_a_later_version_is_refused_and_left_alone() {
    let (mut home, all) = library("later");
    let path = home.folder().join("store/FORMAT");
    let now = fs::read_to_string(&path).unwrap();
    let body = "folkmoot store 7\nsomething else\n";
    let hash = folkmoot_record::hash::plain(body.as_bytes());
    let check: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let later = format!("{body}check {check}\n");
    fs::write(&path, &later).unwrap();
    let (segment, _) = last_segment(home.folder());
    let log = fs::read(&segment).unwrap();
    for args in [
        &["list"] as &[&str],
        &["note", "never written"],
        &["up", "--listen", "/ip4/127.0.0.1/tcp/0"],
    ] {
        refused(&home.run(args), 1, &["format 7", "newer version"]);
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), later);
    assert_eq!(fs::read(&segment).unwrap(), log);

    // A damaged file of this version is mended from the log's own heads.
    fs::write(&path, &now).unwrap();
    for (what, harm) in [("flipped", 0), ("empty", 1), ("gone", 2)] {
        match harm {
            0 => flip_byte(&path, 30),
            1 => fs::write(&path, "").unwrap(),
            _ => fs::remove_file(&path).unwrap(),
        }
        assert_eq!(home.count("tag:saying"), all, "{what}");
    }
    home.up();
    assert_eq!(home.count("tag:saying"), all);
}

#[test]
fn a_file_in_the_place_of_the_index_is_named() {
    let home = Home::new("filed");
    home.note("home", "before: quincetree");
    let index = home.folder().join("index");
    fs::remove_dir_all(&index).unwrap();
    fs::write(&index, "not an index").unwrap();
    for args in [&["list"] as &[&str], &["up"]] {
        let said = home.run(args);
        refused(&said, 1, &[index.to_str().unwrap(), "next:", "mv "]);
    }
    assert_eq!(fs::read_to_string(&index).unwrap(), "not an index");
    fs::rename(&index, index.with_extension("old")).unwrap();
    assert_eq!(home.count("quincetree"), 1);
}
