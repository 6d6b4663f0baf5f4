//! SQLite with FTS5: words in a table of its own that keeps no texts, tags and times in another.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use rusqlite::{Connection, params};

use crate::{
    asks::Ask,
    corpus,
    engine::{Engine, HITS},
};

/// Notes of one transaction.
const BATCH: u32 = 10_000;

pub(crate) struct Sqlite(Connection);

fn connect(folder: &Path) -> Result<Connection> {
    let connection = Connection::open(folder.join("notes.sqlite"))?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
    Ok(connection)
}

/// Builds both tables until the last transaction is committed.
pub(crate) fn build(folder: &Path, notes: &Path) -> Result<Duration> {
    let begun = Instant::now();
    let connection = connect(folder)?;
    connection.execute_batch(
        "CREATE VIRTUAL TABLE notes USING fts5(title, text, content='');
         CREATE TABLE tags(tag TEXT, time INTEGER, note INTEGER, PRIMARY KEY (tag, time, note))
             WITHOUT ROWID;
         BEGIN;",
    )?;
    {
        let mut note_row =
            connection.prepare("INSERT INTO notes(rowid, title, text) VALUES (?1, ?2, ?3)")?;
        let mut tag_row = connection.prepare("INSERT INTO tags VALUES (?1, ?2, ?3)")?;
        corpus::read(notes, |note| {
            note_row.execute(params![note.number, note.title, note.text])?;
            for tag in &note.tags {
                tag_row.execute(params![tag, i64::try_from(note.ms)?, note.number])?;
            }
            if note.number % BATCH == BATCH - 1 {
                connection.execute_batch("COMMIT; BEGIN;")?;
            }
            Ok(())
        })?;
    }
    connection.execute_batch("COMMIT;")?;
    let time = begun.elapsed();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(time)
}

impl Engine for Sqlite {
    fn open(folder: &Path) -> Result<Self> {
        Ok(Self(connect(folder)?))
    }

    fn ask(&mut self, ask: &Ask) -> Result<u64> {
        let each = |words: &[String], between: &str| {
            let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
            words.join(between)
        };
        let said = match ask {
            Ask::Words(words) => each(words, " "),
            Ask::Phrase(words) => format!("\"{}\"", words.join(" ")),
            Ask::Prefix(stem) => format!("\"{stem}\"*"),
            Ask::Any(words) => each(words, " OR "),
            Ask::Tagged(tag, from, to) => {
                return self.tagged(tag, i64::try_from(*from)?, i64::try_from(*to)?);
            }
            Ask::Tag(tag) => return self.tagged(tag, 0, i64::MAX),
        };
        let mut best = self.0.prepare_cached(
            "SELECT rowid FROM notes WHERE notes MATCH ?1 ORDER BY rank LIMIT ?2",
        )?;
        let mut rows = best.query(params![said, i64::try_from(HITS)?])?;
        while rows.next()?.is_some() {}
        let mut count = self
            .0
            .prepare_cached("SELECT count(*) FROM notes WHERE notes MATCH ?1")?;
        let total: i64 = count.query_row(params![said], |row| row.get(0))?;
        Ok(u64::try_from(total)?)
    }
}

impl Sqlite {
    fn tagged(&self, tag: &str, from: i64, to: i64) -> Result<u64> {
        let mut newest = self.0.prepare_cached(
            "SELECT note FROM tags WHERE tag = ?1 AND time >= ?2 AND time < ?3
             ORDER BY time DESC LIMIT ?4",
        )?;
        let mut rows = newest.query(params![tag, from, to, i64::try_from(HITS)?])?;
        while rows.next()?.is_some() {}
        let mut count = self.0.prepare_cached(
            "SELECT count(*) FROM tags WHERE tag = ?1 AND time >= ?2 AND time < ?3",
        )?;
        let total: i64 = count.query_row(params![tag, from, to], |row| row.get(0))?;
        Ok(u64::try_from(total)?)
    }
}
