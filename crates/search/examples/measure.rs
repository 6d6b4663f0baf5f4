#![expect(clippy::print_stdout, reason = "it is a measurement: it prints")]
//! Measures the index over generated notes whose words follow Zipf's law:
//! `cargo run --release -p folkmoot-search --example measure [NOTES]`.

use std::{
    error::Error,
    fs,
    time::{Duration, Instant},
};

use folkmoot_library::{Flag, Flags, Item, NoNames, Query, ResolvedQuery, Zoned};
use folkmoot_record::{CollectiveId, DeviceKey, Hlc, Kind, RecordId, SeatKey, Tag};
use folkmoot_seal::StoreKey;
use folkmoot_search::{Index, Options, Page};
use tantivy::schema::{Schema, TEXT};

type Outcome<T> = Result<T, Box<dyn Error>>;

const VOCABULARY: usize = 50_000;
const TAGS: usize = 200;
const WORDS_A_NOTE: usize = 60;
const BATCH: usize = 1_000;
const ROUNDS: usize = 400;
const NOW_MS: u64 = 1_795_000_000_000;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Draws ranks so that rank n comes 1/n as often as rank 1.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(size: usize) -> Self {
        let mut sum = 0.0;
        let sums = (1..=size).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        Self(sums.collect())
    }

    fn draw(&self, dice: &mut Dice) -> usize {
        let whole = self.0.last().copied().unwrap_or_default();
        let at = dice.share() * whole;
        self.0
            .partition_point(|sum| *sum < at)
            .min(self.0.len() - 1)
    }
}

fn word(rank: usize) -> String {
    const PARTS: [&str; 16] = [
        "ba", "ce", "di", "fo", "gu", "ha", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu",
        "za",
    ];
    let mut left = rank + 16;
    let mut word = String::new();
    while left > 0 {
        word.push_str(PARTS[left % 16]);
        left /= 16;
    }
    word
}

fn note(n: usize, dice: &mut Dice, words: &Zipf, tags: &Zipf) -> Item {
    let length = WORDS_A_NOTE / 2 + dice.below(WORDS_A_NOTE);
    let text: Vec<String> = (0..length).map(|_| word(words.draw(dice))).collect();
    let mut id = [0; 32];
    for part in id.chunks_exact_mut(8) {
        part.copy_from_slice(&dice.next().to_be_bytes());
    }
    let mut own: Vec<Tag> = (0..1 + dice.below(3))
        .filter_map(|_| Tag::new(format!("tag{}", tags.draw(dice))))
        .collect();
    own.sort();
    own.dedup();
    let age = dice.below(3 * 365 * 86_400) as u64 * 1_000;
    Item {
        id: RecordId::from_bytes(id),
        document: RecordId::from_bytes(id),
        cid: CollectiveId::from_bytes([(n % 3) as u8; 32]),
        seat: SeatKey::from_bytes([(n % 10) as u8; 32]),
        dev: DeviceKey::from_bytes([(n % 10) as u8; 32]),
        kind: Kind::NOTE,
        hlc: Hlc::from_raw((NOW_MS - age) << 16).unwrap_or_default(),
        tags: own,
        title: text[..4].join(" "),
        text: text.join(" "),
        url: None,
        also: Vec::new(),
        links: Vec::new(),
        answers: None,
        due: None,
        assignees: Vec::new(),
        flags: Flags::default()
            .with(Flag::Title)
            .with(Flag::Tag)
            .with(Flag::Text),
    }
}

/// `SEALED=1` seals the files.
fn options() -> Options {
    let key = std::env::var_os("SEALED").map(|_| StoreKey::from_bytes([7; 32]));
    Options {
        rebuild: false,
        key,
    }
}

fn main() -> Outcome<()> {
    if let Some(folder) = std::env::args().nth(2) {
        return open(std::path::Path::new(&folder));
    }
    let count: usize = std::env::args().nth(1).map_or(Ok(100_000), |n| n.parse())?;
    let (words, tags) = (Zipf::new(VOCABULARY), Zipf::new(TAGS));
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let items: Vec<Item> = (0..count)
        .map(|n| note(n, &mut dice, &words, &tags))
        .collect();
    let bytes: usize = items
        .iter()
        .map(|item| item.text.len() + item.title.len())
        .sum();
    println!("{count} notes, {:.1} MB of text", bytes as f64 / 1e6);

    let (started, busy) = (Instant::now(), cpu()?);
    let size = bare(&items)?;
    let (time, busy) = (started.elapsed(), cpu()? - busy);
    println!(
        "bare tantivy, title and text:  {time:.2?}, {busy:.2?} of processor, {:.1} MB",
        size as f64 / 1e6
    );

    let folder = std::env::temp_dir().join(format!("folkmoot-measure-{}", std::process::id()));
    let before = rss()?;
    let (mut index, _) = Index::open(&folder, &options())?;
    let (started, busy) = (Instant::now(), cpu()?);
    let mut longest = Duration::ZERO;
    let mut batch = Vec::with_capacity(BATCH);
    let mut left = items.into_iter();
    loop {
        batch.extend(left.by_ref().take(BATCH));
        if batch.is_empty() {
            break;
        }
        let call = Instant::now();
        index.add(batch.drain(..), b"cursor")?;
        longest = longest.max(call.elapsed());
    }
    let added = started.elapsed();
    index.commit()?;
    let (time, busy) = (started.elapsed(), cpu()? - busy);
    drop(left);
    println!(
        "this index, all fields:        {time:.2?}, {busy:.2?} of processor ({added:.2?} until the last was found), {:.1} MB, longest call {longest:.1?}",
        index.size()? as f64 / 1e6
    );
    println!(
        "resident memory: {before} kB before, {} kB after indexing",
        rss()?
    );
    index.close()?;
    let started = Instant::now();
    let (mut index, _) = Index::open(&folder, &options())?;
    println!(
        "opened again in {:.1?}, {} segments hold {} notes, {:.1} MB",
        started.elapsed(),
        segments(&folder)?,
        index.docs(),
        index.size()? as f64 / 1e6
    );

    let draw = |dice: &mut Dice| word(words.draw(dice));
    queries("one word", &index, &mut dice, |dice| draw(dice))?;
    queries("two words", &index, &mut dice, |dice| {
        format!("{} {}", draw(dice), draw(dice))
    })?;
    queries("broad OR", &index, &mut dice, |dice| {
        format!("{} OR {}", word(dice.below(10)), word(dice.below(10)))
    })?;
    queries("phrase", &index, &mut dice, |dice| {
        format!(
            "\"{} {}\"",
            word(words.draw(dice) % 200),
            word(words.draw(dice) % 200)
        )
    })?;
    queries("prefix", &index, &mut dice, |dice| {
        format!("{}*", &draw(dice)[..4])
    })?;
    queries("tag + time", &index, &mut dice, |dice| {
        format!("tag:tag{} since:{}w", tags.draw(dice), 1 + dice.below(50))
    })?;
    queries("word -word tag", &index, &mut dice, |dice| {
        format!("{} -{} tag:tag{}", draw(dice), draw(dice), tags.draw(dice))
    })?;
    queries("everything, newest", &index, &mut dice, |_| String::new())?;

    index.add(
        (0..5_000)
            .map(|n| note(n, &mut dice, &words, &tags))
            .take(4_999),
        b"cursor",
    )?;
    queries("one word, 4,999 not committed", &index, &mut dice, |dice| {
        draw(dice)
    })?;
    let mut times = Vec::new();
    for n in 0..ROUNDS {
        let item = note(n, &mut dice, &words, &tags);
        let query = parse(&item.text)?;
        let started = Instant::now();
        index.add([item], b"cursor")?;
        let found = index.search(&query, Page::first(1))?.total;
        times.push(started.elapsed());
        if found == 0 {
            return Err("what was just added is not found".into());
        }
    }
    print("add one and find it", &mut times, 0);
    println!("resident memory: {} kB", rss()?);
    index.close()?;
    match std::env::var_os("KEEP") {
        Some(_) => println!("left in {}", folder.display()),
        None => fs::remove_dir_all(&folder)?,
    }
    Ok(())
}

/// Opens an index that an earlier run has left (`measure open FOLDER`) and searches it.
fn open(folder: &std::path::Path) -> Outcome<()> {
    let started = Instant::now();
    let (index, opened) = Index::open(folder, &options())?;
    println!(
        "{:.1?} to open, {} notes, {opened:?}",
        started.elapsed(),
        index.docs()
    );
    println!("resident memory: {} kB", rss()?);
    let (words, mut dice) = (Zipf::new(VOCABULARY), Dice(7));
    queries("one word", &index, &mut dice, |dice| word(words.draw(dice)))?;
    println!("resident memory: {} kB", rss()?);
    index.close()?;
    Ok(())
}

/// Tantivy by itself: two text fields, its own words, one commit at the end.
fn bare(items: &[Item]) -> Outcome<u64> {
    let folder = std::env::temp_dir().join(format!("folkmoot-bare-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let mut schema = Schema::builder();
    let (title, text) = (
        schema.add_text_field("title", TEXT),
        schema.add_text_field("text", TEXT),
    );
    let index = tantivy::Index::create_in_dir(&folder, schema.build())?;
    let mut writer = index.writer_with_num_threads(1, 24_000_000)?;
    for item in items {
        writer.add_document(
            tantivy::doc!(title => item.title.as_str(), text => item.text.as_str()),
        )?;
    }
    writer.commit()?;
    let size = index
        .reader()?
        .searcher()
        .space_usage()?
        .total()
        .get_bytes();
    drop(writer);
    fs::remove_dir_all(&folder)?;
    Ok(size)
}

fn parse(source: &str) -> Outcome<ResolvedQuery> {
    let now: Zoned = "2026-11-18T12:00[UTC]".parse()?;
    let words: String = source.split(' ').take(8).collect::<Vec<_>>().join(" ");
    let source = if source.len() > 200 { &words } else { source };
    Ok(Query::parse(source, &now)?.resolve(&NoNames)?)
}

fn queries(
    name: &str,
    index: &Index,
    dice: &mut Dice,
    source: impl Fn(&mut Dice) -> String,
) -> Outcome<()> {
    let mut times = Vec::new();
    let mut hits = 0;
    for _ in 0..ROUNDS {
        let source = source(dice);
        let started = Instant::now();
        let found = index.search(&parse(&source)?, Page::first(20))?;
        times.push(started.elapsed());
        hits += found.total;
    }
    print(name, &mut times, hits / ROUNDS as u64);
    Ok(())
}

fn print(name: &str, times: &mut [Duration], hits: u64) {
    times.sort();
    let at = |share: usize| times[times.len() * share / 100];
    println!(
        "{name:32} median {:8.1?}  p99 {:8.1?}  {hits} hits on average",
        at(50),
        at(99)
    );
}

/// Time that this process spent on processors, which other work on the machine does not stretch.
fn cpu() -> Outcome<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat
        .rsplit_once(')')
        .ok_or("no name in the status of the process")?;
    // User and system time are the 14th and 15th fields, in hundredths of a second.
    let ticks: Vec<u64> = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
}

/// Resident memory of this process in kB.
fn rss() -> Outcome<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = |name| {
        status
            .lines()
            .find_map(|line: &str| line.strip_prefix(name))
            .unwrap_or("?")
    };
    let number = |text: &str| text.trim().trim_end_matches(" kB").to_owned();
    Ok(format!(
        "{} (of it files {})",
        number(line("VmRSS:")),
        number(line("RssFile:"))
    ))
}

fn segments(folder: &std::path::Path) -> Outcome<usize> {
    let files = fs::read_dir(folder.join("files"))?;
    Ok(files
        .filter_map(Result::ok)
        .filter(|file| {
            file.path()
                .extension()
                .is_some_and(|end| end == "fieldnorm")
        })
        .count())
}
