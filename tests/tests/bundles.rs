//! Everything in one file: made, checked without a home, brought back on another machine.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::Instant,
};

use folkmoot_tests::{
    damage::flip,
    home::{Home, until},
    meet::{EQUAL, equal, pair},
    sayings::{ndjson, sayings},
};

/// A file beside the home.
fn beside(home: &Home, name: &str) -> PathBuf {
    home.folder().with_file_name(name)
}

/// The words of a home in a file.
fn words(home: &Home) -> PathBuf {
    let path = beside(home, "words");
    let said = home.run(&["id", "--phrase"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let phrase: Vec<&str> = said
        .out
        .split_whitespace()
        .filter(|word| word.bytes().all(|b| b.is_ascii_lowercase()))
        .collect();
    fs::write(&path, phrase.join(" ")).unwrap();
    path
}

fn secret(home: &Home, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = beside(home, name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn str(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A home with texts of every fate.
fn filled(name: &'static str) -> Home {
    let home = Home::new(name);
    home.ok(&["id", "--name", "Ana"]);
    home.ok(&["collective", "new", "garden"]);
    for words in ["Rota: quincetree", "Tools: quincetree"] {
        home.note("garden", words);
    }
    let gone = home.note("home", "taken back: medlartree");
    home.ok(&["retract", &gone]);
    let kept = home.note("home", "first words: quincetree");
    home.ok(&["edit", &kept, "second words: quincetree"]);
    home.ok(&["react", &kept, "🌿"]);
    home.ok(&["search", "save", "quinces", "quincetree"]);
    home
}

fn numbers(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 27)
}

#[test]
fn a_bundle_brings_a_home_back_with_a_new_device() {
    let home = filled("ana");
    let file = beside(&home, "all.moot");
    let written = home.ok(&["export", "--bundle", str(&file)]);
    assert_eq!(written["sealed_by"], "words");
    // One that is there is not overwritten.
    assert_eq!(home.run(&["export", "--bundle", str(&file)]).code, 1);
    // The same store gives the same bytes up to the sealed keys.
    let again = beside(&home, "again.moot");
    home.ok(&["export", "--bundle", str(&again)]);
    let (a, b) = (fs::read(&file).unwrap(), fs::read(&again).unwrap());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    assert!(
        a.len() == b.len() && same > a.len() / 2,
        "{same} of {}",
        a.len()
    );

    let words = words(&home);
    let other = Home::new("other");
    let checked = other.ok(&["verify", str(&file), "--words", str(&words)]);
    assert_eq!(checked["good"], true);
    assert_eq!(checked["records"], written["records"]);
    assert_eq!(checked["keys"]["state"], "opened");
    assert_eq!(checked["collectives"][0]["home"], true);
    assert!(!other.folder().exists(), "checking makes no home");

    let back = other.ok(&["restore", str(&file), "--words", str(&words)]);
    assert_eq!(back["records"], written["records"]);
    assert_eq!(other.count("quincetree"), 3);
    assert_eq!(other.count("medlartree"), 0);
    assert_eq!(other.ok(&["trash"])["title"], home.ok(&["trash"])["title"]);
    assert_eq!(other.count("saved:quinces"), 3);
    let reactions =
        |home: &Home| home.ok(&["show", "second words: quincetree"])["reactions"].clone();
    assert_eq!(reactions(&other), reactions(&home));
    assert!(reactions(&home).to_string().contains("🌿"));
    assert_eq!(other.ok(&["id"])["name"], "Ana");
    assert_eq!(other.ok(&["id"])["seat"], home.ok(&["id"])["seat"]);
    assert_ne!(other.ok(&["id"])["device"], home.ok(&["id"])["device"]);
    // It writes, and so does the first one: neither forks the other's log.
    other.note("garden", "written by the new device");
    home.note("garden", "written by the old device");
    // Its own bundle holds all that the first one held, and is good.
    let second = beside(&other, "second.moot");
    other.ok(&["export", "--bundle", str(&second)]);
    let checked = other.ok(&["verify", str(&second)]);
    assert_eq!(checked["good"], true);
    assert!(checked["records"].as_u64() > written["records"].as_u64());
    // Every record that can be listed is there, under its own id.
    for item in home.all(&["list", "--limit", "50"]) {
        if let Some(id) = item["id"].as_str()
            && item["title"] != "written by the old device"
        {
            other.ok(&["show", id]);
        }
    }

    // A home that is there is never touched.
    let said = other.run(&["restore", str(&file), "--words", str(&words)]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("there is a home"), "{}", said.err);
}

#[test]
fn a_passphrase_opens_it_and_a_wrong_one_does_not() {
    let mut home = filled("ana");
    let file = beside(&home, "all.moot");
    let right = secret(&home, "right", "plum stone soup\n");
    let wrong = secret(&home, "wrong", "peach stone soup\n");
    home.set("MOOT_PASSPHRASE_FILE", &right);
    let written = home.ok(&["export", "--bundle", str(&file)]);
    assert_eq!(written["sealed_by"], "passphrase");
    let mut other = Home::new("other");
    other.set("MOOT_PASSPHRASE_FILE", &wrong);
    assert_eq!(other.run(&["verify", str(&file)]).code, 0);
    assert_eq!(other.run(&["verify", str(&file), "--keys"]).code, 4);
    assert_eq!(other.run(&["restore", str(&file)]).code, 4);
    assert!(!other.folder().join("store").exists());
    other.set("MOOT_PASSPHRASE_FILE", &right);
    let checked = other.ok(&["verify", str(&file), "--keys"]);
    assert_eq!(checked["keys"]["state"], "opened");
    other.ok(&["restore", str(&file)]);
    assert_eq!(other.ok(&["id"])["sealed_by"], "passphrase");
    assert_eq!(other.count("quincetree"), 3);
    // The words of somebody else do not open it.
    let stranger = Home::new("stranger");
    stranger.note("home", "mine");
    let theirs = words(&stranger);
    let said = stranger.run(&["verify", str(&file), "--words", str(&theirs)]);
    assert_eq!(said.code, 4, "{}", said.err);
}

#[test]
fn whatever_is_changed_is_noticed() {
    let home = filled("ana");
    let file = beside(&home, "all.moot");
    home.ok(&["export", "--bundle", str(&file)]);
    let whole = fs::read(&file).unwrap();
    let card = words(&home);
    let control = Home::new("control");
    control.ok(&["restore", str(&file), "--words", str(&card)]);
    let broken = beside(&home, "broken.moot");
    let mut seed = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(1, |since| u64::from(since.subsec_nanos()));
    eprintln!("flips begin at {seed}");
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&broken, bytes).unwrap();
        let said = home.run(&["verify", str(&broken)]);
        assert!(
            matches!(said.code, 1 | 2),
            "{what}: {} {}",
            said.code,
            said.out
        );
        let other = Home::new("other");
        let said = other.run(&["restore", str(&broken), "--words", str(&card)]);
        assert_ne!(said.code, 0, "{what}");
        assert!(
            !other.folder().join("store").exists(),
            "{what}: {}",
            said.err
        );
    };
    for _ in 0..24 {
        let bit = usize::try_from(numbers(&mut seed) % (whole.len() as u64 * 8)).unwrap();
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        refused(&flipped, &format!("bit {bit}"));
    }
    refused(&whole[..whole.len() - 1], "cut by a byte");
    refused(&whole[..whole.len() / 2], "cut in the middle");
    refused(&[&whole[..], b"more"].concat(), "something behind");
    let middle = whole.len() / 2;
    refused(
        &[&whole[..middle - 64], &whole[middle..]].concat(),
        "bytes taken out",
    );
    assert_eq!(home.run(&["verify", str(&beside(&home, "none"))]).code, 3);
}

#[test]
fn damage_that_nobody_met_is_told_and_the_bundle_is_good() {
    let home = filled("ana");
    let sources = beside(&home, "texts.ndjson");
    fs::write(&sources, ndjson(&sayings(300))).unwrap();
    home.ok(&["import", str(&sources)]);
    let before = home.ok(&["export", "--bundle", str(&beside(&home, "before.moot"))]);
    assert_eq!(before["damage"], serde_json::json!([]));
    // In the middle of the imported texts.
    flip(home.folder(), 0.6);
    let file = beside(&home, "all.moot");
    let said = home.run(&["export", "--bundle", str(&file)]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("1 record is lost here"), "{}", said.err);
    let checked = home.ok(&["verify", str(&file)]);
    assert_eq!(checked["good"], true, "{checked}");
    let held = |view: &serde_json::Value| view["records"].as_u64().unwrap();
    assert_eq!(held(&checked) + 1, held(&before));
    // It is told until somebody puts it away, and then it is old news.
    let warned = |home: &Home| home.ok(&["status"])["warnings"].to_string();
    assert!(warned(&home).contains("damage"), "{}", warned(&home));
    home.ok(&["status", "--seen"]);
    let again = home.ok(&["export", "--bundle", str(&beside(&home, "again.moot"))]);
    assert_eq!(again["damage"], serde_json::json!([]));
    assert_eq!(warned(&home), "[]");
}

#[test]
fn a_bundle_of_a_later_format_is_called_one() {
    let home = filled("ana");
    let file = beside(&home, "all.moot");
    home.ok(&["export", "--bundle", str(&file)]);
    let mut bytes = fs::read(&file).unwrap();
    // The version stands behind the sixteen letters.
    bytes[19] = 2;
    fs::write(&file, bytes).unwrap();
    let words = words(&home);
    let other = Home::new("other");
    for args in [
        ["verify", str(&file), "--quiet", "--color=never"].as_slice(),
        &["restore", str(&file), "--words", str(&words)],
    ] {
        let said = other.run(args);
        assert_eq!(said.code, 1, "{}", said.err);
        assert!(said.err.contains("newer moot"), "{}", said.err);
    }
    assert!(!other.folder().exists());
}

#[test]
fn killed_at_any_moment_it_goes_on() {
    let home = filled("ana");
    let sources = beside(&home, "texts.ndjson");
    fs::write(&sources, ndjson(&sayings(1_500))).unwrap();
    home.ok(&["import", str(&sources)]);
    let file = beside(&home, "all.moot");
    let written = home.ok(&["export", "--bundle", str(&file)]);
    let words = words(&home);
    let args = |home: &Home| {
        let mut command = home.command(&["restore", str(&file), "--words", str(&words), "--json"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let whole = {
        let other = Home::new("measure");
        let begun = Instant::now();
        assert!(args(&other).status().unwrap().success());
        begun.elapsed()
    };
    for round in 1..=6_u32 {
        let other = Home::new("killed");
        for _ in 0..2 {
            let mut child = args(&other).spawn().unwrap();
            thread::sleep(whole * round / 7);
            drop(child.kill());
            drop(child.wait());
            if other.folder().join("coming-back").exists() {
                // Nobody may begin a new person in a half home.
                let said = other.run(&["note", "too early"]);
                assert_eq!(said.code, 1, "{}", said.err);
                assert!(said.err.contains("restore"), "{}", said.err);
            }
        }
        let said = other.run(&["restore", str(&file), "--words", str(&words), "--json"]);
        // The last kill may have come too late.
        if said.code != 0 {
            assert!(said.err.contains("there is a home"), "{}", said.err);
        }
        assert!(!other.folder().join("coming-back").exists());
        assert_eq!(other.count("tag:saying"), 1_500);
        assert_eq!(other.count("quincetree"), 3);
        other.note("garden", "it writes");
        let second = beside(&other, "second.moot");
        other.ok(&["export", "--bundle", str(&second)]);
        let checked = other.ok(&["verify", str(&second)]);
        assert!(checked["records"].as_u64() >= written["records"].as_u64());
    }
}

#[test]
fn members_let_the_new_device_in() {
    let (mut ana, mut ben) = pair(["ana", "ben"], "commons");
    ana.note("commons", "from ana: quincetree");
    ben.note("commons", "from ben: quincetree");
    equal(&[&ana, &ben], "commons");
    // While her node runs.
    let file = beside(&ana, "all.moot");
    ana.ok(&["export", "--bundle", str(&file)]);
    let words = words(&ana);
    assert_eq!(ana.stop(), 0);
    let mut back = Home::new("back");
    let said = back.ok(&["restore", str(&file), "--words", str(&words)]);
    let outcome = |name: &str| {
        let all = said["collectives"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["outcome"].clone()
    };
    assert_eq!(outcome("home"), "whole");
    assert_eq!(outcome("commons"), "asking");
    assert_eq!(back.count("quincetree"), 2);
    // Nobody of hers ever dialled ben's node: he tells her where it is.
    let address = ben.addresses().remove(0);
    back.up_with(&["--peer", &address]);
    until(EQUAL, "the new device is let in", || {
        let said = back.run(&["note", "from the new device", "--in", "commons"]);
        said.code == 0
    });
    equal(&[&back, &ben], "commons");
    // The former device is no stranger: it was not lost.
    ana.up_with(&["--peer", &address]);
    ana.note("commons", "the former device writes too");
    equal(&[&ana, &ben, &back], "commons");
    assert!(ben.alive());
}
