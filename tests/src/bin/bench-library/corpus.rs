//! The notes that every engine gets, the same for the same number of them.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result};
use folkmoot_library::Timestamp;
use folkmoot_tests::bench::texts::{Numbers, Texts};
use serde_json::json;

/// Seed of texts, tags and times.
pub(crate) const SEED: u64 = 11;
/// 2023-11-23, in milliseconds since 1970: the notes begin then.
pub(crate) const FIRST_MS: u64 = 1_700_697_600_000;
/// Milliseconds of a day.
pub(crate) const DAY: u64 = 86_400_000;
/// The notes end so much later: three years.
pub(crate) const SPAN: u64 = 3 * 365 * DAY;
/// Notes come about in the order of their times, as from own devices and from others a little later.
const LATE: u64 = 7 * DAY;
/// Notes in one file of texts where there are too many for a file each.
pub(crate) const LINES: usize = 1_000;

/// One note.
#[derive(Debug)]
pub(crate) struct Note<'l> {
    pub(crate) number: u32,
    pub(crate) ms: u64,
    pub(crate) tags: Vec<&'l str>,
    pub(crate) title: &'l str,
    pub(crate) text: &'l str,
}

impl<'l> Note<'l> {
    fn read(number: u32, line: &'l str) -> Option<Self> {
        let mut cells = line.split('\t');
        Some(Self {
            number,
            ms: cells.next()?.parse().ok()?,
            tags: cells.next()?.split(',').collect(),
            title: cells.next()?,
            text: cells.next()?,
        })
    }

    /// When it was written, as text.
    pub(crate) fn written(&self) -> String {
        moment(self.ms)
    }
}

/// A moment as text, in UTC.
pub(crate) fn moment(ms: u64) -> String {
    let ms = i64::try_from(ms).unwrap_or(0);
    Timestamp::from_millisecond(ms)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

/// Writes the notes, one a line: time, tags, title, text.
pub(crate) fn write(path: &Path, notes: usize) -> Result<()> {
    let mut texts = Texts::new(SEED);
    let mut numbers = Numbers::new(SEED + 1);
    let mut out = BufWriter::new(File::create(path)?);
    for at in 0..notes {
        let even = SPAN * at as u64 / notes as u64;
        let ms = FIRST_MS + even.saturating_sub(numbers.next() % LATE);
        let mut tags = texts.tag();
        if numbers.below(2) == 0 {
            let second = texts.tag();
            if second != tags {
                tags = format!("{tags},{second}");
            }
        }
        writeln!(out, "{ms}\t{tags}\t{}\t{}", texts.title(), texts.text())?;
    }
    Ok(out.flush()?)
}

/// Gives every note to `each`.
pub(crate) fn read(path: &Path, mut each: impl FnMut(&Note<'_>) -> Result<()>) -> Result<()> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut line = String::new();
    for number in 0.. {
        line.clear();
        if file.read_line(&mut line)? == 0 {
            break;
        }
        let note = Note::read(number, line.trim_end()).context("a line of the notes is broken")?;
        each(&note)?;
    }
    Ok(())
}

/// Writes them as NDJSON for `moot import`.
pub(crate) fn ndjson(notes: &Path, path: &Path) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    read(notes, |note| {
        let line = json!({
            "title": note.title,
            "text": note.text,
            "tags": note.tags,
            "written": note.written(),
        });
        Ok(writeln!(out, "{line}")?)
    })?;
    Ok(out.flush()?)
}

/// Writes them as files: each in one of its own, title and text on lines of their own, or many in one,
/// each on one line. In folders of a thousand files.
pub(crate) fn files(notes: &Path, folder: &Path, each_alone: bool) -> Result<()> {
    let place = |number: u32| -> Result<_> {
        let inner = folder.join(format!("{:04}", number / 1_000));
        if number.is_multiple_of(1_000) {
            fs::create_dir_all(&inner)?;
        }
        Ok(inner.join(format!("{number:07}.txt")))
    };
    let mut many: Option<BufWriter<File>> = None;
    read(notes, |note| {
        if each_alone {
            return Ok(fs::write(
                place(note.number)?,
                format!("{}\n{}\n", note.title, note.text),
            )?);
        }
        let lines = u32::try_from(LINES)?;
        if note.number.is_multiple_of(lines)
            && let Some(mut full) =
                many.replace(BufWriter::new(File::create(place(note.number / lines)?)?))
        {
            full.flush()?;
        }
        match &mut many {
            Some(out) => Ok(writeln!(out, "{}\t{}", note.title, note.text)?),
            None => Ok(()),
        }
    })?;
    many.map_or(Ok(()), |mut last| Ok(last.flush()?))
}

/// Writes them as letters of a maildir.
pub(crate) fn maildir(notes: &Path, folder: &Path) -> Result<()> {
    for part in ["cur", "new", "tmp"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let cur = folder.join("cur");
    read(notes, |note| {
        let date = Timestamp::from_millisecond(i64::try_from(note.ms)?)?
            .strftime("%a, %d %b %Y %H:%M:%S +0000")
            .to_string();
        let number = note.number;
        let letter = format!(
            "From: a <a@example.org>\nTo: b <b@example.org>\nDate: {date}\nMessage-ID: <{number}@example.org>\nSubject: {}\n\n{}\n",
            note.title, note.text
        );
        Ok(fs::write(cur.join(format!("{number}.bench:2,S")), letter)?)
    })
}
