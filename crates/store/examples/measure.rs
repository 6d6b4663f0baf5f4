//! Figures of the store: append rate, disk factor, reopening, memory.
//!
//! `measure write DIR [RECORDS] [GROUP]` fills a new store and ends; with `kill` behind it, without
//! closing. `measure open DIR` opens it again and reads. Run the two in processes of their own, built
//! with `--release`.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program that prints figures"
)]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    CollectiveId, Draft, GrantId, Hlc, Kind, Place, RecordId, SeatKey, Tag, Verified,
    content::{Content, Value},
};
use folkmoot_store::{Direction, Entry, Options, Vault};

const CID: CollectiveId = CollectiveId::from_bytes([1; 32]);
const START_MS: u64 = 1_760_000_000_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["write", dir, rest @ ..] => {
            let number =
                |at: usize, default| rest.get(at).and_then(|n| n.parse().ok()).unwrap_or(default);
            write(
                Path::new(dir),
                number(0, 100_000),
                number(1, 500),
                rest.last() == Some(&"kill"),
            );
        }
        ["open", dir] => open(Path::new(dir)),
        _ => println!("measure write DIR [RECORDS] [GROUP] [kill] | measure open DIR"),
    }
}

/// The defaults; `CACHE_MIB` in the environment sets another cache.
fn options() -> Options {
    let mib: Option<u64> = std::env::var("CACHE_MIB")
        .ok()
        .and_then(|mib| mib.parse().ok());
    let default = Options::default();
    Options {
        cache_bytes: mib.map_or(default.cache_bytes, |mib| mib << 20),
        ..default
    }
}

fn write(dir: &Path, records: u32, group: u32, kill: bool) {
    let (mut vault, _) = Vault::open(dir, options(), &mut |_| {}).expect("opens");
    let key = SigningKey::from_bytes(&[5; 32]);
    let mut prev = None;
    let (mut spent, mut worst, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    let mut seq = 0;
    while seq < records {
        let entries: Vec<Entry> = (seq..records.min(seq + group))
            .map(|seq| {
                let record = note(&key, seq, prev);
                prev = Some(record.id());
                bytes += record.wire().len() as u64;
                Entry::Record(record, START_MS + u64::from(seq))
            })
            .collect();
        seq += group;
        let start = Instant::now();
        vault.commit(&entries).expect("stored");
        let took = start.elapsed();
        spent += took;
        worst = worst.max(took);
    }
    println!(
        "records              {records} of {} bytes",
        bytes / u64::from(records)
    );
    println!(
        "append               {:.0}/s, slowest group {worst:.1?}",
        f64::from(records) / spent.as_secs_f64()
    );
    if kill {
        memory();
        std::process::exit(0);
    }
    let start = Instant::now();
    vault.settle().expect("settles");
    println!("projection caught up {:.1?} later", start.elapsed());
    sizes(&vault, bytes, dir);
    let start = Instant::now();
    vault.close().expect("closes");
    println!("close                {:.1?}", start.elapsed());
    memory();
}

fn open(dir: &Path) {
    let start = Instant::now();
    let (vault, report) = Vault::open(dir, options(), &mut |_| {}).expect("opens");
    println!(
        "open                 {:.1?}, {} entries replayed",
        start.elapsed(),
        report.replayed
    );
    memory();
    let start = Instant::now();
    let ids = vault
        .scan(&CID, 0, u64::MAX, Direction::Forward, None, usize::MAX)
        .expect("scans");
    println!("scan of {}      {:.1?}", ids.len(), start.elapsed());
    let start = Instant::now();
    let mut read = 0;
    for (_, id) in ids.iter().step_by(7) {
        read += usize::from(vault.get(id).expect("reads").is_some());
    }
    println!(
        "get                  {:.0}/s",
        read as f64 / start.elapsed().as_secs_f64()
    );
    let start = Instant::now();
    let mut held = 0;
    for (_, id) in ids.iter().step_by(7) {
        held += usize::from(vault.contains(id).expect("reads"));
    }
    println!(
        "contains             {:.0}/s",
        held as f64 / start.elapsed().as_secs_f64()
    );
    memory();
    sizes(&vault, vault.counts(&CID).bytes, dir);
}

fn sizes(vault: &Vault, bytes: u64, dir: &Path) {
    let total = vault.size_on_disk().expect("sizes");
    let log: u64 = std::fs::read_dir(dir.join("log"))
        .expect("lists")
        .map(|item| {
            item.and_then(|item| item.metadata())
                .map_or(0, |meta| meta.len())
        })
        .sum();
    println!(
        "disk                 {:.1} MB for {:.1} MB of records: {:.2} times; log {:.1} MB",
        total as f64 / 1e6,
        bytes as f64 / 1e6,
        total as f64 / bytes as f64,
        log as f64 / 1e6
    );
}

fn memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status
        .lines()
        .filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"))
    {
        println!("{line}");
    }
}

fn note(key: &SigningKey, seq: u32, prev: Option<RecordId>) -> Verified {
    let text = format!(
        "{seq} {}",
        "something worth keeping, said in a few words; ".repeat(6)
    );
    let content = Content::new([seq as u8; 16]).with(0, Value::Text(text));
    Draft {
        cid: Some(CID),
        seat: SeatKey::from_bytes([2; 32]),
        place: Place { seq, prev },
        hlc: Hlc::from_raw((START_MS + u64::from(seq)) << 16).expect("in range"),
        kind: Kind::NOTE,
        cap: Some(GrantId::from_bytes([3; 32])),
        auth: vec![RecordId::from_bytes([4; 32])],
        refs: Vec::new(),
        tags: Tag::new("garden").into_iter().collect(),
        body: content.encode(),
    }
    .sign(key)
    .expect("signs")
}
