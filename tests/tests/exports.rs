//! Documents as Markdown: a file each, the same each time, and nothing of others overwritten.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests fail by panicking, and tell their seed"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use folkmoot_tests::home::Home;
use serde_json::json;

fn beside(home: &Home, name: &str) -> PathBuf {
    home.folder().with_file_name(name)
}

fn str(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Every file below a folder, by its place.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let place = path.strip_prefix(folder).unwrap();
                found.insert(place.to_str().unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
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

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    fn text(&mut self, pieces: &[&str], most: usize) -> String {
        let count = 1 + self.below(most);
        (0..count)
            .map(|_| pieces[self.below(pieces.len())])
            .collect()
    }
}

const TITLES: [&str; 16] = [
    "Rota",
    "rota",
    "ROTA",
    "CON",
    "nul.md",
    "a/b",
    "..",
    ".hidden",
    "größe",
    "GRÖSSE",
    "木曜日",
    "🌿 herbs",
    "\"quoted\": {x}",
    "trailing. ",
    "line\nbreak",
    "[[Rota]]",
];
const PIECES: [&str; 14] = [
    "words ",
    "\r\n",
    "\n",
    "---\n",
    "  \n",
    "# head\n",
    "[[Rota|x]]",
    "🌿\u{200d}",
    "\u{feff}",
    "moot: {v: 1}\n",
    "\t",
    "tags: [a]\n",
    "é",
    "\u{2028}",
];
const TAGS: [&str; 5] = ["garden", "soil/worms", "größe", "🌿", "x y"];

#[test]
fn each_document_is_a_file_and_again_the_same() {
    let mut dice = Dice::new("each_document_is_a_file");
    let home = Home::new("ana");
    home.ok(&["id", "--name", "Ana"]);
    home.ok(&["collective", "new", "Garden"]);
    let mut lines = String::new();
    for number in 0..60 {
        let kind = ["note", "note", "task", "link"][dice.below(4)];
        let title = TITLES[dice.below(TITLES.len())];
        let tags: Vec<&str> = (0..dice.below(3))
            .map(|_| TAGS[dice.below(TAGS.len())])
            .collect();
        let text = format!("{number} {}", dice.text(&PIECES, 8));
        let url = (kind == "link").then(|| format!("https://example.org/{number}?a=b#c"));
        let line = json!({"kind": kind, "title": title, "text": text, "tags": tags, "url": url});
        lines.push_str(&format!("{line}\n"));
    }
    let file = beside(&home, "all.ndjson");
    fs::write(&file, &lines).unwrap();
    home.ok(&["import", str(&file)]);
    home.ok(&["import", str(&file), "--in", "Garden"]);
    let edited = home.ok(&["list", "--in", "Garden", "--limit", "1"]);
    if let Some(id) = edited["id"].as_str() {
        home.ok(&["edit", id, "edited\r\n---\n  "]);
    }
    let first = beside(&home, "first");
    let report = home.ok(&["export", "--all", "--to", str(&first)]);
    assert_eq!(report["written"], 120);
    let one = tree(&first);
    // The index, and a file each; no two of them differ in case alone.
    assert_eq!(one.len(), 121);
    let folded: std::collections::BTreeSet<String> =
        one.keys().map(|name| name.to_lowercase()).collect();
    assert_eq!(folded.len(), 121);

    // Once more, into the same folder: nothing is written.
    let again = home.ok(&["export", "--all", "--to", str(&first)]);
    assert_eq!(again["written"], 0);
    assert_eq!(again["unchanged"], 120);
    assert_eq!(tree(&first), one);
}

#[test]
fn what_is_not_of_an_export_is_left_alone() {
    let mut home = Home::new("ana");
    let id = home.note("home", "Seeds");
    home.ok(&["note", "--title", "Rota", "Monday"]);
    let to = beside(&home, "out");
    let mine = to.join("home/Rota.md");
    fs::create_dir_all(mine.parent().unwrap()).unwrap();
    fs::write(&mine, "my own file").unwrap();
    let plan = home.run(&["export", "--all", "--to", str(&to), "--dry-run", "--json"]);
    assert_eq!(plan.code, 1, "{}", plan.err);
    assert_eq!(plan.json()[0]["written"], 1);
    assert_eq!(tree(&to).len(), 1);
    let said = home.run(&["export", "--all", "--to", str(&to)]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert_eq!(fs::read(&mine).unwrap(), b"my own file");
    home.ok(&["export", "--all", "--to", str(&to), "--force"]);
    assert!(fs::read_to_string(&mine).unwrap().contains("Monday"));

    // An edit is written over the old file; one that somebody changed is not.
    home.up();
    home.ok(&["edit", &id, "Seeds and soil"]);
    let done = home.ok(&["export", "--all", "--to", str(&to)]);
    assert_eq!(done["written"], 1);
    let seeds = to.join("home/Seeds.md");
    assert!(fs::read_to_string(&seeds).unwrap().contains("soil"));
    fs::write(&seeds, "changed by hand").unwrap();
    let said = home.run(&["export", "--all", "--to", str(&to)]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert_eq!(fs::read(&seeds).unwrap(), b"changed by hand");

    // One that was changed and imported since has its new head.
    home.ok(&["export", "--all", "--to", str(&to), "--force"]);
    let text = fs::read_to_string(&seeds).unwrap();
    fs::write(&seeds, text.replace("Seeds and soil", "Seeds and sand")).unwrap();
    let done = home.ok(&["import", str(&to)]);
    assert_eq!(
        (&done["changed"], &done["elsewhere"]),
        (&json!(1), &json!(null))
    );
    assert_eq!(
        home.ok(&["export", "--all", "--to", str(&to)])["written"],
        1
    );
    assert!(fs::read_to_string(&seeds).unwrap().contains("sand"));

    // A query, one object a line, and what makes no sense.
    let lines = beside(&home, "rota.ndjson");
    home.run(&["export", "rota", "--as", "ndjson", "--to", str(&lines)])
        .out
        .clear();
    let text = fs::read_to_string(&lines).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("Monday"));
    let other = Home::new("other");
    assert_eq!(other.ok(&["import", str(&lines)])["added"], 1);
    for (args, code) in [
        (vec!["export", "--to", "x"], 2),
        (vec!["export", "--all"], 2),
        (vec!["export", "taag:x", "--to", "x"], 2),
        (vec!["export", "x", "--all", "--to", "x"], 2),
    ] {
        let said = home.run(&args);
        assert_eq!(said.code, code, "{args:?} {}", said.err);
    }
}

/// What there is to export, of every kind, by chance.
fn furnish(home: &Home, dice: &mut Dice) {
    home.ok(&["id", "--name", "Ana"]);
    home.ok(&["collective", "new", "Garden"]);
    let mut lines = String::new();
    for number in 0..40 {
        let kind = ["note", "note", "task", "link", "daily"][dice.below(5)];
        let title = match dice.below(4) {
            0 => None,
            _ => Some(TITLES[dice.below(TITLES.len())]),
        };
        let tags: Vec<&str> = (0..dice.below(3))
            .map(|_| TAGS[dice.below(TAGS.len())])
            .collect();
        let aliases: Vec<String> = (0..dice.below(3))
            .map(|_| format!("{number} {}", dice.text(&PIECES, 2)))
            .collect();
        let properties = ["planet: saturn\n", "a: 1\r\n", "no end", "---\n"][dice.below(4)];
        let line = json!({
            "kind": kind,
            "title": title,
            "text": format!("{}{number}", dice.text(&PIECES, 8)),
            "tags": tags,
            "aliases": aliases,
            "properties": (dice.below(2) == 0).then_some(properties),
            "url": (kind == "link").then(|| format!("https://example.org/{number}?a=b#c")),
            "day": (kind == "daily").then(|| format!("2026-05-{:02}", 1 + dice.below(28))),
            "written": (dice.below(3) == 0).then_some("1998-10-02T08:00:00Z"),
        });
        lines.push_str(&format!("{line}\n"));
    }
    let file = beside(home, "furnish.ndjson");
    fs::write(&file, &lines).unwrap();
    home.ok(&["import", str(&file)]);
    home.ok(&["import", str(&file), "--in", "Garden"]);
    // What lines do not say.
    home.ok(&[
        "task",
        "add",
        "Turn the compost",
        "--due",
        "2026-12-01",
        "--every",
        "weekly",
    ]);
    let task = home.ok(&["task", "add", "Mend the rake", "--in", "Garden"]);
    home.ok(&["task", "done", task["id"].as_str().unwrap()]);
    home.ok(&["symbol", "define", "tree", "It has a trunk."]);
    home.ok(&["symbol", "define", "medlar", "A tree.", "--broader", "tree"]);
    home.ok(&["symbol", "relate", "tree", "--related", "medlar"]);
    let edited = home.ok(&["list", "--in", "Garden", "--limit", "1"]);
    home.ok(&["edit", edited["id"].as_str().unwrap(), "edited\r\n---\n  "]);
}

#[test]
fn exported_imported_exported_has_the_same_bytes() {
    let home = Home::new("ana");
    furnish(&home, &mut Dice::new("exported_imported_exported"));
    let out = |home: &Home, name: &str| {
        let (to, lines) = (beside(home, name), beside(home, &format!("{name}.ndjson")));
        home.ok(&["export", "--all", "--to", str(&to)]);
        let said = home.run(&["export", "--all", "--as", "ndjson", "--to", str(&lines)]);
        assert_eq!(said.code, 0, "{}", said.err);
        (to, lines)
    };
    let (to, lines) = out(&home, "one");
    let (files, text) = (tree(&to), fs::read(&lines).unwrap());
    let many = files.len() as u64 - 1;

    // Where it came from nothing changes, twice.
    for from in [&to, &lines, &to] {
        let done = home.ok(&["import", str(from)]);
        assert_eq!((&done["added"], &done["changed"]), (&json!(0), &json!(0)));
        assert_eq!(done["skipped"], many);
    }
    // Elsewhere all of it is as it was, whichever way it went.
    for (name, from) in [("ben", &to), ("cleo", &lines)] {
        let other = Home::new(name);
        let done = other.ok(&["import", str(from)]);
        assert_eq!(done["added"], many);
        let (there, said) = out(&other, "two");
        assert!(tree(&there) == files, "{name}: files differ");
        assert!(fs::read(&said).unwrap() == text, "{name}: lines differ");
        let shown = other.ok(&["symbol", "show", "medlar"]);
        assert_eq!(shown["broader"][0]["term"], "tree");
        let again = other.ok(&["import", str(from)]);
        assert_eq!((&again["added"], &again["changed"]), (&json!(0), &json!(0)));
        // Also from a bundle of it.
        if name == "ben" {
            let bundle = beside(&other, "all.moot");
            let words = beside(&other, "words");
            let phrase = other.run(&["id", "--phrase"]).out;
            let phrase = phrase.split_whitespace();
            let phrase = phrase.filter(|word| word.bytes().all(|b| b.is_ascii_lowercase()));
            fs::write(&words, phrase.collect::<Vec<_>>().join(" ")).unwrap();
            other.ok(&["export", "--bundle", str(&bundle), "--words-only"]);
            let back = Home::new("back");
            back.ok(&["restore", str(&bundle), "--words", str(&words)]);
            let (there, _) = out(&back, "three");
            assert!(tree(&there) == files, "what was restored differs");
        }
    }
}

#[test]
fn a_page_that_was_rearranged_keeps_what_it_names() {
    let home = Home::new("ana");
    let folder = beside(&home, "files");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("task.md"),
        "---\nmoot:\n  kind: task\n  state: doing\n  due: 2026-12-24\n  repeat: FREQ=WEEKLY\n\
         title: Water\n---\n\nthe beds\n",
    )
    .unwrap();
    fs::write(
        folder.join("day.md"),
        "---\nmoot: {kind: daily, date: 2024-05-01, v: 1}\n---\n\nMay\n",
    )
    .unwrap();
    assert_eq!(home.ok(&["import", str(&folder)])["added"], 2);
    let task = home.ok(&["show", "Water"]);
    assert_eq!(
        task["task"],
        json!({"state": "doing", "due": "2026-12-24", "every": "FREQ=WEEKLY"})
    );
    assert_eq!(home.count("kind:daily"), 1);
    // What a hand changes of them is a version, of what was exported too.
    let text = fs::read_to_string(folder.join("task.md")).unwrap();
    fs::write(
        folder.join("task.md"),
        text.replace("2026-12-24", "2026-12-31"),
    )
    .unwrap();
    assert_eq!(home.ok(&["import", str(&folder)])["changed"], 1);
    assert_eq!(home.ok(&["show", "Water"])["task"]["due"], "2026-12-31");
    let out = beside(&home, "out");
    home.ok(&["export", "kind:task", "--to", str(&out)]);
    let water = out.join("home/Water.md");
    let text = fs::read_to_string(&water).unwrap();
    let text = text.replace("state: \"doing\"", "state: done");
    assert!(text.contains("state: done"), "{text}");
    fs::write(&water, text).unwrap();
    assert_eq!(home.ok(&["import", str(&out)])["changed"], 1);
    assert_eq!(home.ok(&["show", "Water"])["task"]["state"], "done");
    // One that makes no sense is named, and the other stays.
    let text = fs::read_to_string(folder.join("task.md")).unwrap();
    fs::write(folder.join("task.md"), text.replace("doing", "asleep")).unwrap();
    let said = home.run(&["import", str(&folder)]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("asleep"), "{}", said.err);
}

#[test]
fn what_is_in_the_way_of_one_file_ends_nothing() {
    let home = Home::new("ana");
    home.ok(&["note", "--title", "Seeds", "basil"]);
    home.ok(&["note", "--title", "Rota", "Monday"]);
    let to = beside(&home, "out");
    fs::create_dir_all(to.join("home/Rota.md/mine")).unwrap();
    let said = home.run(&["export", "--all", "--to", str(&to), "--json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let report = &said.json()[0];
    assert_eq!(report["written"], 1);
    assert_eq!(report["not_written"][0]["file"], "home/Rota.md");
    assert!(to.join("home/Seeds.md").is_file());
    let said = home.run(&["export", "--all", "--to", str(&to)]);
    assert!(said.err.contains("Rota.md"), "{}", said.err);

    // Nor does a file where a folder belongs.
    home.ok(&["collective", "new", "Garden"]);
    home.ok(&["note", "--title", "Beds", "four", "--in", "Garden"]);
    fs::remove_dir_all(to.join("home/Rota.md")).unwrap();
    fs::write(to.join("Garden"), "a file").unwrap();
    let said = home.run(&["export", "--all", "--to", str(&to), "--json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let report = &said.json()[0];
    assert_eq!(
        (&report["written"], &report["unchanged"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(report["not_written"][0]["file"], "Garden/Beds.md");
}

#[test]
fn what_goes_into_a_collective_that_nobody_named_is_told() {
    let home = Home::new("ana");
    home.ok(&["collective", "new", "Garden"]);
    let id = home.note("Garden", "Seeds");
    let to = beside(&home, "out");
    home.ok(&["export", "--all", "--to", str(&to)]);
    let seeds = to.join("Garden/Seeds.md");
    let text = fs::read_to_string(&seeds).unwrap();
    fs::write(&seeds, text.replace("Seeds\n", "Seeds and sand\n")).unwrap();
    for args in [
        &["import", str(&to), "--dry-run"][..],
        &["import", str(&to)],
    ] {
        let said = home.run(args);
        assert_eq!(said.code, 0, "{}", said.err);
        let all = format!("{}{}", said.out, said.err);
        assert!(all.contains("1 of them in Garden"), "{all}");
    }
    // Taken back, the file as it is brings nothing back.
    home.ok(&["retract", &id]);
    let again = home.ok(&["import", str(&to)]);
    assert_eq!((&again["added"], &again["changed"]), (&json!(0), &json!(0)));
}

#[test]
fn of_versions_side_by_side_one_is_written_and_that_is_said() {
    let home = Home::new("ana");
    let id = home.note("home", "Seeds");
    home.ok(&["note", "--title", "Rota", "Monday"]);
    let version = home.ok(&["edit", &id, "basil"])["version"].clone();
    home.ok(&["edit", &id, "chard", "--on", &id]);
    assert!(version.is_string());
    let to = beside(&home, "out");
    let report = home.ok(&["export", "--all", "--to", str(&to)]);
    assert_eq!(report["unmerged"].as_array().unwrap().len(), 1);
    let said = home.run(&["export", "--all", "--to", str(&to)]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("side by side"), "{}", said.err);
}

#[test]
fn an_id_that_stands_twice_is_refused_wherever_it_stands() {
    let home = Home::new("ana");
    let file = beside(&home, "lines.ndjson");
    // Behind the end of the first batch, and within one.
    for between in [3, 700] {
        let mut lines = String::from("{\"id\": \"a\", \"text\": \"first\"}\n");
        for number in 0..between {
            lines.push_str(&format!("{{\"text\": \"{number}\"}}\n"));
        }
        lines.push_str("{\"id\": \"a\", \"text\": \"second\"}\n");
        fs::write(&file, &lines).unwrap();
        let said = home.run(&["import", str(&file), "--json"]);
        assert_eq!(said.code, 1, "{}", said.err);
        let refused = &said.json()[0]["refused"];
        assert_eq!(refused[0]["source"], format!("line {}", between + 2));
    }
    assert_eq!(home.count("second"), 0);
}
