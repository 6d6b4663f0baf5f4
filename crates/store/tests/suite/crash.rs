//! Killed at random moments, and a power cut at random moments: what was acknowledged is there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use folkmoot_store::Vault;

use crate::{
    child::{self, Running},
    records::{SMALL, open},
};

/// Rounds of each kind; `FOLKMOOT_CRASH_ROUNDS` asks for more.
fn rounds() -> u32 {
    let asked = std::env::var("FOLKMOOT_CRASH_ROUNDS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(15)
}

/// The model's library, or a loud word where there is no C compiler.
pub(crate) fn library(dir: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/powerloss.c");
    let library = dir.join("powerloss.so");
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]);
    match cc
        .arg(&library)
        .arg(source)
        .args(["-ldl", "-lpthread"])
        .status()
    {
        Ok(status) => {
            assert!(status.success(), "the power-cut model does not compile");
            Some(library)
        }
        Err(error) => {
            say(&format!(
                "SKIPPED: the power-cut and full-disk tests need a C compiler named cc: {error}"
            ));
            None
        }
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test must be heard")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// Waits for some acknowledgements and a random moment more; then kills. Returns the last one.
fn run_and_kill(mut running: Running, round: u32) -> u32 {
    let mut last = running.next("open").expect("the child opens the store");
    // Random enough: the clock's low digits.
    let noise = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .subsec_nanos();
    for _ in 0..(noise / 1_000) % 40 + round % 3 {
        last = running.next("ack").expect("the child writes");
    }
    std::thread::sleep(Duration::from_micros(u64::from(noise % 20_000)));
    running.kill("ack").unwrap_or(last)
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut replayed = 0;
    for round in 0..rounds() {
        let running = Running::start("child::writes_until_killed", dir.path(), &[]);
        let acknowledged = run_and_kill(running, round);
        // Every other time the child meets what the kill left, not what this process mended.
        if round % 2 == 1 && round + 1 < rounds() {
            continue;
        }
        let (vault, report) = open(dir.path());
        assert_eq!(
            (report.damaged, report.rebuilt_projection),
            (Vec::new(), None)
        );
        replayed += report.replayed;
        if let Err(missing) = child::check(&vault, acknowledged) {
            panic!("round {round}: {missing}");
        }
    }
    assert!(
        replayed > 0,
        "no kill left the projection behind: the test proves nothing"
    );
}

/// One power cut: the store moves on to what the model says survived.
fn cut(work: &Path, library: &Path, round: u32, deaf: bool) -> (u32, PathBuf) {
    let from = work.join(format!("{round}"));
    let image = work.join(format!("{}", round + 1));
    copy(&from, &image);
    let switch = work.join("deaf");
    let env = [
        ("LD_PRELOAD", library.to_owned()),
        ("PL_SRC", from.clone()),
        ("PL_DST", image.clone()),
        ("PL_DEAF", switch.clone()),
    ];
    let mut running = Running::start("child::writes_until_killed", &from, &env);
    if deaf {
        running.next("ack").expect("the child writes");
        fs::write(&switch, "").unwrap();
        running.next("ack").expect("the child writes");
    }
    let mut last = 0;
    for _ in 0..10 {
        last = running.next("ack").expect("the child writes");
    }
    std::thread::sleep(Duration::from_micros(u64::from(last % 17) * 700));
    (running.kill("ack").unwrap_or(last), image)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).unwrap();
        }
    }
}

fn workspace() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    // The model compares paths as the system names them.
    let work = dir.path().canonicalize().unwrap();
    fs::create_dir(work.join("0")).unwrap();
    (dir, work)
}

#[test]
fn nothing_acknowledged_is_lost_by_a_power_cut() {
    let (_dir, work) = workspace();
    let Some(library) = library(&work) else {
        return;
    };
    for round in 0..rounds() {
        let (acknowledged, image) = cut(&work, &library, round, false);
        let (vault, report) = Vault::open(&image, SMALL, &mut |_| {}).unwrap();
        assert_eq!(report.damaged, [], "round {round}");
        if let Err(missing) = child::check(&vault, acknowledged) {
            panic!("round {round}: {missing}");
        }
    }
}

/// Proof that the test above can fail: where syncing counts for nothing, notes are lost.
#[test]
fn the_power_cut_model_takes_what_was_not_synced() {
    let (_dir, work) = workspace();
    let Some(library) = library(&work) else {
        return;
    };
    let (acknowledged, image) = cut(&work, &library, 0, true);
    let (vault, _) = Vault::open(&image, SMALL, &mut |_| {}).unwrap();
    assert!(child::check(&vault, acknowledged).is_err());
    assert!(child::count(&vault) > 0, "what was synced before is there");
}
