//! The arrows of ARCHITECTURE.md: what each package may use, held against `cargo tree`.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

use folkmoot_tests::place::root;

/// One row of the table.
struct Room {
    folder: String,
    /// `None`: everything.
    may_use: Option<BTreeSet<String>>,
}

/// Reads the table with the heading `| folder |`.
fn table() -> Vec<Room> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rooms: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with("| folder |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let quoted = |cell: &str| -> Vec<String> {
                cell.split('`')
                    .skip(1)
                    .step_by(2)
                    .map(str::to_owned)
                    .collect()
            };
            let may_use = match cells[3] {
                "everything" => None,
                "nothing" => Some(BTreeSet::new()),
                cell => Some(quoted(cell).into_iter().collect()),
            };
            assert!(
                cells[3] == "nothing" || may_use.as_ref().is_none_or(|set| !set.is_empty()),
                "the third cell of `{line}` says neither packages, nor nothing, nor everything"
            );
            Room {
                folder: quoted(cells[1]).concat(),
                may_use,
            }
        })
        .collect();
    assert!(
        rooms.len() > 10,
        "the table of ARCHITECTURE.md was not found"
    );
    rooms
}

fn cargo(args: &[&str]) -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A package of the workspace.
struct Member {
    name: String,
    folder: String,
    /// Names of the packages that it is built from directly, those of tests left out.
    uses: Vec<String>,
}

fn members() -> Vec<Member> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let root = root().canonicalize().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let manifest = Path::new(package["manifest_path"].as_str().unwrap());
            let folder = manifest.parent().unwrap().canonicalize().unwrap();
            let uses = package["dependencies"].as_array().unwrap();
            Member {
                name: package["name"].as_str().unwrap().to_owned(),
                folder: folder
                    .strip_prefix(&root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned(),
                uses: uses
                    .iter()
                    .filter(|used| used["kind"].as_str() != Some("dev"))
                    .map(|used| used["name"].as_str().unwrap().to_owned())
                    .collect(),
            }
        })
        .collect()
}

/// The names of all packages below `package`, itself included; those of tests left out.
fn tree(package: &str) -> BTreeSet<String> {
    let args = [
        "tree",
        "--package",
        package,
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    cargo(&args)
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// `crates/record` is called `record` in the table.
fn short(folder: &str) -> &str {
    folder.strip_prefix("crates/").unwrap_or(folder)
}

#[test]
fn every_package_has_a_row_and_every_row_a_package() {
    let rows: BTreeSet<_> = table().into_iter().map(|room| room.folder).collect();
    let folders: BTreeSet<_> = members().into_iter().map(|member| member.folder).collect();
    assert_eq!(rows, folders);
}

#[test]
fn arrows_run_as_the_table_says() {
    let members = members();
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for room in table() {
        let member = members
            .iter()
            .find(|member| member.folder == room.folder)
            .unwrap();
        for used in &member.uses {
            let Some(below) = members.iter().find(|other| other.name == *used) else {
                continue;
            };
            arrows += 1;
            let allowed = room.may_use.as_ref();
            if !allowed.is_none_or(|set| set.contains(short(&below.folder))) {
                wrong.push(format!("{} uses {}", room.folder, below.folder));
            }
        }
    }
    assert!(arrows > 10, "only {arrows} arrows found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Crates that bring a clock, randomness, IO or async.
const WORLD: [&str; 24] = [
    "async-std",
    "axum",
    "chrono",
    "futures-util",
    "getrandom",
    "hyper",
    "libp2p",
    "memmap2",
    "mio",
    "polling",
    "quinn",
    "rand",
    "reqwest",
    "rustix",
    "rustls",
    "sled",
    "smol",
    "socket2",
    "tantivy",
    "tempfile",
    "time",
    "tokio",
    "tracing-subscriber",
    "ureq",
];

/// Package, and what must not be below it.
const NEVER: [(&str, &[&str]); 10] = [
    ("folkmoot-record", &WORLD),
    ("folkmoot-accord", &WORLD),
    ("folkmoot-seal", &WORLD),
    ("folkmoot-sync", &WORLD),
    ("folkmoot-library", &WORLD),
    ("folkmoot-api", &WORLD),
    (
        "folkmoot-store",
        &["libp2p", "tokio", "hyper", "reqwest", "tantivy"],
    ),
    (
        "folkmoot-search",
        &["libp2p", "tokio", "hyper", "reqwest", "sled"],
    ),
    ("folkmoot-engine", &["libp2p", "axum", "hyper", "reqwest"]),
    (
        "folkmoot-net",
        &["sled", "tantivy", "folkmoot-store", "folkmoot-library"],
    ),
];

#[test]
fn no_room_sees_what_it_must_not() {
    let mut wrong = Vec::new();
    for (package, banned) in NEVER {
        let below = tree(package);
        assert!(below.contains(package), "{package} has no tree");
        for name in below {
            let family = |banned: &str| {
                name == banned || (banned == "libp2p" && name.starts_with("libp2p-"))
            };
            if banned.iter().any(|banned| family(banned)) {
                wrong.push(format!("{package} is built from {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
