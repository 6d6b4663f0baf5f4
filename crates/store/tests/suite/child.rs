//! A process of its own that writes to a store until it is killed, or until it is done.
//!
//! It is this test program, started again with one ignored test named; what to do stands in its
//! environment. Without that the ignored tests do nothing.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use folkmoot_store::{Entry, Options, StoreError, Vault};

use crate::{
    laid_open::IN_MEMORY,
    records::{SMALL, cid, note},
    sealed::key,
};

pub(crate) const DIR: &str = "FOLKMOOT_STORE_TEST_DIR";
/// Notes a group, at most: sizes vary, so that groups end at odd places.
const GROUP_MOST: u32 = 23;
const COUNT: &[u8] = b"count";

/// How many notes the store says it has: written in the same group as the notes.
pub(crate) fn count(vault: &Vault) -> u32 {
    let value = vault.local(COUNT).unwrap();
    value.map_or(0, |value| u32::from_le_bytes(value.try_into().unwrap()))
}

pub(crate) fn group(from: u32) -> (u32, Vec<Entry>) {
    let to = from + 1 + from.wrapping_mul(2_654_435_761) % GROUP_MOST;
    let mut entries: Vec<_> = (from..to)
        .map(|seq| Entry::Record(note(1, 1, seq, "written until the end"), 1))
        .collect();
    entries.push(Entry::Local {
        key: COUNT.to_vec(),
        value: Some(to.to_le_bytes().to_vec()),
    });
    (to, entries)
}

/// Every note up to `acknowledged` is there whole, and of the group after it all or nothing.
///
/// The error says what is missing.
pub(crate) fn check(vault: &Vault, acknowledged: u32) -> Result<u32, String> {
    let count = count(vault);
    if count < acknowledged {
        return Err(format!(
            "{acknowledged} notes were acknowledged, {count} are there"
        ));
    }
    if vault.counts(&cid(1)).content != u64::from(count) {
        let content = vault.counts(&cid(1)).content;
        return Err(format!(
            "part of a group: {content} notes for a count of {count}"
        ));
    }
    for seq in 0..count {
        let note = note(1, 1, seq, "written until the end");
        match vault.get(&note.id()) {
            Ok(Some(stored)) if stored.wire == note.wire() => {}
            other => return Err(format!("note {seq}: {other:?}")),
        }
    }
    Ok(count)
}

/// A running child that is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn start(test: &str, dir: &Path, env: &[(&str, PathBuf)]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                test,
                "--exact",
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(DIR, dir)
            .envs(env.iter().map(|(key, value)| (key, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The number in the next line that begins with this word.
    pub(crate) fn next(&mut self, word: &str) -> Option<u32> {
        loop {
            let line = self.lines.next()?.ok()?;
            // The test runner may have begun the line.
            if let Some((_, number)) = line.rsplit_once(word) {
                return number.trim().parse().ok();
            }
        }
    }

    /// SIGKILL. Returns what was acknowledged and not read yet, the last of it.
    pub(crate) fn kill(mut self, word: &str) -> Option<u32> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.next(word)).last()
    }

    pub(crate) fn succeeds(mut self) {
        let rest: Vec<_> = self.lines.by_ref().map_while(Result::ok).collect();
        assert!(
            self.child.wait().unwrap().success(),
            "the child failed: {rest:#?}"
        );
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Says something to the parent at once.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn say(word: &str, number: u32) {
    println!("{word} {number}");
}

#[test]
#[ignore = "started by other tests"]
fn writes_until_killed() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let (mut vault, _) = Vault::open(Path::new(&dir), SMALL, &mut |_| {}).unwrap();
    let mut written = count(&vault);
    say("open", written);
    loop {
        let (to, entries) = group(written);
        vault.commit(&entries).unwrap();
        written = to;
        say("ack", written);
        // Now and then what a quiet moment brings.
        if written.is_multiple_of(7) {
            vault.settle().unwrap();
        }
    }
}

/// Opens a store that lies in the open with a key, and is ended at some moment of that.
#[test]
#[ignore = "started by other tests"]
fn seals_until_it_is_ended() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let options = Options {
        key: key(1),
        ..IN_MEMORY
    };
    let (vault, _) = Vault::open(Path::new(&dir), options, &mut |_| {}).unwrap();
    vault.close().unwrap();
    say("done", 1);
}

fn switch(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os(name).unwrap())
}

#[test]
#[ignore = "started by other tests"]
fn meets_a_full_disk_and_a_broken_one() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let (mut vault, _) = Vault::open(Path::new(&dir), SMALL, &mut |_| {}).unwrap();
    let mut written = 0;
    let mut write = |vault: &mut Vault, rounds: u32| {
        for _ in 0..rounds {
            let (to, entries) = group(written);
            vault.commit(&entries).unwrap();
            written = to;
        }
        written
    };
    for switch in [switch("PL_FULL"), switch("PL_BROKEN")] {
        let held = write(&mut vault, 20);
        let end = vault.cursor();
        std::fs::write(&switch, "").unwrap();
        for round in 0..3 {
            let (_, entries) = group(held);
            match vault.commit(&entries) {
                Err(StoreError::DiskFull | StoreError::Io { .. }) => {}
                other => panic!("round {round} at {}: {other:?}", switch.display()),
            }
            assert_eq!(vault.cursor(), end);
            assert_eq!(check(&vault, held), Ok(held));
        }
        // The projection meets it too; what was stored can still be read.
        drop(vault.settle());
        assert_eq!(check(&vault, held), Ok(held));
        std::fs::remove_file(&switch).unwrap();
        let held = write(&mut vault, 20);
        assert_eq!(check(&vault, held), Ok(held));
        vault.settle().unwrap();
        assert_eq!(check(&vault, held), Ok(held));
    }
    say("done", written_of(&vault));
}

fn written_of(vault: &Vault) -> u32 {
    count(vault)
}
