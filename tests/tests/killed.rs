//! SIGKILL at random moments: whatever was acknowledged is there afterwards.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#![expect(clippy::print_stderr, reason = "the seed of a failure must be seen")]

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use folkmoot_tests::{
    home::{Home, text, until},
    meet::{EQUAL, equal, invite, join, pair},
    sayings::{ndjson, sayings},
};

/// Rounds of each test; `FOLKMOOT_CRASH_ROUNDS` asks for more.
fn rounds() -> u64 {
    let asked = std::env::var("FOLKMOOT_CRASH_ROUNDS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(8)
}

/// Numbers from a seed, which is printed; `FOLKMOOT_SEED` repeats a run.
struct Dice(u64);

impl Dice {
    fn new(test: &str) -> Self {
        let asked = std::env::var("FOLKMOOT_SEED").ok();
        let seed = asked
            .and_then(|asked| asked.parse().ok())
            .unwrap_or_else(|| {
                std::time::SystemTime::UNIX_EPOCH
                    .elapsed()
                    .map_or(1, |since| u64::from(since.subsec_nanos()))
            });
        eprintln!("{test}: FOLKMOOT_SEED={seed}");
        Self(seed)
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(sent.is_ok_and(|sent| sent.success()));
}

#[test]
fn an_import_killed_at_random_moments_completes_exactly() {
    let mut dice = Dice::new("import");
    let texts = sayings(3_000);
    // How long a whole import takes here, so that the kills fall into it.
    let whole = {
        let home = Home::new("measure");
        home.note("home", "begun");
        let file = home.folder().with_extension("ndjson");
        fs::write(&file, ndjson(&texts)).unwrap();
        let begun = Instant::now();
        home.ok(&["import", file.to_str().unwrap()]);
        begun.elapsed()
    };
    let mut cut_short = 0;
    for round in 0..rounds() {
        let mut home = Home::new("killed");
        let first = home.note("home", "acknowledged before: quincetree");
        let file = home.folder().with_extension("ndjson");
        fs::write(&file, ndjson(&texts)).unwrap();
        let path = file.to_str().unwrap();
        let with_node = round % 2 == 0;
        if with_node {
            home.up();
        }
        // Two kills: one while it imports, one while the import is done again.
        for _ in 0..2 {
            let after = Duration::from_micros(
                dice.below(u64::try_from(whole.as_micros()).unwrap_or(1_000_000)),
            );
            let child = home
                .command(&["import", path, "--json"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let importer = child.id();
            let waiter = thread::spawn(move || child.wait_with_output().unwrap());
            thread::sleep(after);
            if with_node {
                home.kill();
            } else if !waiter.is_finished() {
                send("-KILL", importer);
            }
            let ended = waiter.join().unwrap();
            let counted = if ended.status.success() {
                texts.len() as u64
            } else {
                cut_short += 1;
                0
            };
            if with_node {
                home.up();
            }
            let held = home.count("tag:saying");
            assert!(held >= counted && held <= texts.len() as u64, "{held}");
            assert_eq!(home.count("quincetree"), 1, "round {round}");
            home.ok(&["show", &first]);
        }
        let held = home.count("tag:saying");
        let report = home.ok(&["import", path]);
        assert_eq!(
            (&report["added"], &report["skipped"]),
            (&(texts.len() as u64 - held).into(), &held.into()),
            "round {round}"
        );
        assert_eq!(home.count("tag:saying"), texts.len() as u64);
        let again = home.ok(&["import", path]);
        assert_eq!(again["added"], 0, "round {round}");
        // The same set after one more start, from the log and from the projection.
        let print = home.fingerprint("home");
        if with_node {
            home.kill();
        }
        assert_eq!(home.fingerprint("home"), print, "round {round}");
        assert_eq!(home.count("tag:saying"), texts.len() as u64);
    }
    eprintln!("{cut_short} imports were cut short");
    assert!(cut_short > 0);
}

#[test]
fn notes_that_were_acknowledged_survive_a_kill_and_reach_the_members() {
    let mut dice = Dice::new("notes");
    let (mut ana, mut ben) = pair(["ana", "ben"], "commons");
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..rounds() {
        // Lines come in as they are imported, each batch acknowledged; notes one by one beside it.
        let pid = ana.pid().unwrap();
        let after = Duration::from_millis(dice.below(400));
        let killer = thread::spawn(move || {
            thread::sleep(after);
            send("-KILL", pid);
        });
        for n in 0..200 {
            let words = format!("note {round} {n}: quincetree");
            // Through the node until it dies; the command itself never writes beside a node.
            let mut child = ana
                .command(&["note", &words, "--in", "commons", "--json"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap())
                .read_line(&mut line)
                .unwrap();
            let ended = child.wait().unwrap();
            if ended.success() {
                let said: serde_json::Value = serde_json::from_str(&line).unwrap();
                acknowledged.push(text(&said["id"]));
            }
            if killer.is_finished() {
                break;
            }
        }
        killer.join().unwrap();
        ana.kill();
        // Ben is killed at times as well.
        if dice.below(2) == 0 {
            ben.kill();
            ben.up();
        }
        ana.up();
        for id in &acknowledged {
            assert_eq!(ana.run(&["show", id]).code, 0, "round {round}: {id}");
        }
        let found = ana.count("quincetree");
        assert!(
            found >= acknowledged.len() as u64,
            "round {round}: {found} of {}",
            acknowledged.len()
        );
        for address in ben.addresses() {
            ana.ok(&["peers", "add", &address]);
        }
    }
    assert!(
        acknowledged.len() as u64 >= rounds(),
        "{}",
        acknowledged.len()
    );
    equal(&[&ana, &ben], "commons");
    until(EQUAL, "ben finds them all", || {
        ben.count("quincetree") == ana.count("quincetree")
    });
    // Not one of them stands as a second log of the same device.
    for id in &acknowledged {
        assert_eq!(text(&ben.ok(&["show", id])["standing"]), "admitted");
    }
}

#[test]
fn a_join_killed_at_random_moments_can_be_done_again() {
    let mut dice = Dice::new("join");
    let mut ana = Home::new("ana");
    ana.up();
    ana.ok(&["collective", "new", "commons"]);
    let file = ana.folder().with_extension("ndjson");
    fs::write(&file, ndjson(&sayings(500))).unwrap();
    ana.ok(&["import", file.to_str().unwrap(), "--in", "commons"]);
    // Half as many: after a kill both sides wait a little before they dial again.
    for round in 0..rounds().div_ceil(2) {
        let key = invite(&ana, "commons");
        let mut joiner = Home::new("joiner");
        joiner.up();
        let child = joiner
            .command(&["join", &key, "--json"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let waiter = thread::spawn(move || child.wait_with_output().unwrap());
        thread::sleep(Duration::from_millis(dice.below(250)));
        // One of the two ends dies.
        if round % 2 == 0 {
            joiner.kill();
            drop(waiter.join().unwrap());
            joiner.up();
        } else {
            ana.kill();
            drop(waiter.join().unwrap());
            ana.up();
        }
        // The same key brings the person in, whatever the first try had reached: one use is
        // enough, since the seat is the same.
        let listed = joiner.all(&["collective", "list"]);
        let member = listed
            .iter()
            .any(|one| one["name"] == "commons" && one["state"] == "member");
        let address = ana.addresses().first().cloned().unwrap();
        if member {
            joiner.ok(&["peers", "add", &address]);
        } else {
            let said = joiner.run(&["join", &key, "--peer", &address, "--json"]);
            let late = said.code == 2 && said.err.contains("already a member");
            assert!(
                said.code == 0 || late,
                "round {round}: {}\n{}",
                said.out,
                said.err
            );
        }
        equal(&[&ana, &joiner], "commons");
        let members = ana.all(&["collective", "members", "commons"]);
        assert_eq!(members.len() as u64, round + 2, "round {round}");
        until(EQUAL, "all texts are found", || {
            joiner.count("tag:saying") == 500
        });
    }
    let mut last = Home::new("last");
    last.up();
    join(&last, &invite(&ana, "commons"));
    equal(&[&ana, &last], "commons");
}

/// A new title is undone with all its links, or not at all.
#[test]
fn undoing_a_title_is_done_as_a_whole_or_not_at_all() {
    const LINKS: u64 = 300;
    let mut dice = Dice::new("undo");
    let home = Home::new("undone");
    let mut lines = "{\"title\": \"Bank\", \"text\": \"Basil.\"}\n".to_owned();
    for n in 0..LINKS {
        lines += &format!("{{\"title\": \"Text {n}\", \"text\": \"See [[Bank]] {n}.\"}}\n");
    }
    let file = home.folder().with_extension("ndjson");
    home.note("home", "begun");
    fs::write(&file, lines).unwrap();
    home.ok(&["import", file.to_str().unwrap()]);
    let links = |home: &Home| (home.count("\"see bank\""), home.count("\"see library\""));
    let rename = |home: &Home| home.ok(&["rename", "Bank", "Library"]);
    rename(&home);
    let begun = Instant::now();
    home.ok(&["undo"]);
    let whole = u64::try_from(begun.elapsed().as_micros()).unwrap_or(1_000_000);
    assert_eq!(links(&home), (LINKS, 0));
    for round in 0..rounds() {
        if links(&home) == (LINKS, 0) {
            rename(&home);
        }
        let mut undoing = home
            .command(&["undo", "--json"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_micros(dice.below(whole)));
        // It may have ended by itself.
        drop(undoing.kill());
        undoing.wait().unwrap();
        match links(&home) {
            (LINKS, 0) => home.ok(&["show", "Bank"]),
            (0, LINKS) => home.ok(&["show", "Library"]),
            halves => panic!("round {round}: {halves:?}"),
        };
    }
}
