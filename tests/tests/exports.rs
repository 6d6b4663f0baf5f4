//! Documents as Markdown: a file each, the same each time, and nothing of others overwritten.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

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

struct Dice(u64);

impl Dice {
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
    let seed = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(1, |since| u64::from(since.subsec_nanos()));
    eprintln!("seed {seed}");
    let mut dice = Dice(seed);
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
