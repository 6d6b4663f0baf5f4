//! Words and tags like one that finds nothing.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_library::{fold, tag_paths};

use crate::{Snapshot, schema::fact, tail::live, translate::after};

/// Most words of a segment that are looked at: about 50 ms. Beyond that a word is not offered.
const MOST_WORDS: usize = 500_000;

/// How many typing errors a word of so many characters may hold.
const fn allowed(length: usize) -> usize {
    match length {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

/// What is near one word.
struct Near {
    word: String,
    length: usize,
    allowed: usize,
    /// Steps to each, and how many have it.
    found: BTreeMap<String, (usize, u64)>,
}

impl Near {
    /// `None` where the word is too short for an error to be told from another word.
    fn new(word: &str) -> Option<Self> {
        let word = fold(word);
        let length = word.chars().count();
        let allowed = allowed(length);
        (allowed > 0).then(|| Self {
            word,
            length,
            allowed,
            found: BTreeMap::new(),
        })
    }

    fn see(&mut self, other: &[u8], often: u64) {
        // In bytes first: each typing error changes at most four.
        if other.len().abs_diff(self.word.len()) > 4 * self.allowed {
            return;
        }
        let Ok(other) = str::from_utf8(other) else {
            return;
        };
        if other.chars().count().abs_diff(self.length) > self.allowed || other == self.word {
            return;
        }
        let steps = strsim::osa_distance(&self.word, other);
        if steps <= self.allowed {
            let entry = self.found.entry(other.to_owned()).or_insert((steps, 0));
            entry.1 += often;
        }
    }

    /// Nearest first, then the more frequent.
    fn best(self, limit: usize) -> Vec<String> {
        let mut found: Vec<_> = self.found.into_iter().collect();
        found.sort_by(|(a, (near_a, often_a)), (b, (near_b, often_b))| {
            near_a.cmp(near_b).then(often_b.cmp(often_a)).then(a.cmp(b))
        });
        found.truncate(limit);
        found.into_iter().map(|(word, _)| word).collect()
    }
}

/// The most similar words.
pub(crate) fn words(snapshot: &Snapshot, word: &str, limit: usize) -> tantivy::Result<Vec<String>> {
    let Some(mut near) = Near::new(word) else {
        return Ok(Vec::new());
    };
    let published = &snapshot.published;
    for reader in published.searcher.segment_readers() {
        let index = reader.inverted_index(published.fields.words)?;
        let mut terms = index.terms().stream()?;
        let mut seen = 0;
        while seen < MOST_WORDS && terms.advance() {
            seen += 1;
            near.see(terms.key(), u64::from(terms.value().doc_freq));
        }
    }
    for item in live(&snapshot.batches).0 {
        item.words().for_each(|word| near.see(word.as_bytes(), 1));
    }
    Ok(near.best(limit))
}

/// The most similar tags.
pub(crate) fn tags(snapshot: &Snapshot, tag: &str, limit: usize) -> tantivy::Result<Vec<String>> {
    let Some(mut near) = Near::new(tag) else {
        return Ok(Vec::new());
    };
    let published = &snapshot.published;
    for reader in published.searcher.segment_readers() {
        let index = reader.inverted_index(published.fields.facts)?;
        let all = index.terms().range().ge([fact::TAG]).lt([fact::TAG + 1]);
        let mut terms = all.into_stream()?;
        let mut seen = 0;
        while seen < MOST_WORDS && terms.advance() {
            seen += 1;
            if let [_, tag @ ..] = terms.key() {
                near.see(tag, u64::from(terms.value().doc_freq));
            }
        }
    }
    for item in live(&snapshot.batches).0 {
        for path in item.tags().iter().flat_map(|tag| tag_paths(tag)) {
            near.see(path.as_bytes(), 1);
        }
    }
    Ok(near.best(limit))
}

/// The tags that begin with a folded stem.
pub(crate) fn tags_beginning(
    snapshot: &Snapshot,
    stem: &str,
    limit: usize,
) -> tantivy::Result<Vec<String>> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let published = &snapshot.published;
    let from = fact::tag(stem);
    for reader in published.searcher.segment_readers() {
        let index = reader.inverted_index(published.fields.facts)?;
        let mut range = index.terms().range().ge(&from);
        if let Some(end) = after(&from) {
            range = range.lt(end);
        }
        let mut terms = range.into_stream()?;
        let mut seen = 0;
        while seen < limit && terms.advance() {
            seen += 1;
            if let [_, tag @ ..] = terms.key()
                && let Ok(tag) = str::from_utf8(tag)
            {
                found.insert(tag.to_owned());
            }
        }
    }
    for item in live(&snapshot.batches).0 {
        let paths = item.tags().iter().flat_map(|tag| tag_paths(tag));
        found.extend(paths.filter(|tag| tag.starts_with(stem)).map(str::to_owned));
    }
    Ok(found.into_iter().take(limit).collect())
}
