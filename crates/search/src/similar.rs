//! Words like one that finds little.

use std::collections::BTreeMap;

use folkmoot_library::fold;

use crate::writer::Published;

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

/// The most similar words, nearest first, then the more frequent.
pub(crate) fn words(
    published: &Published,
    word: &str,
    limit: usize,
) -> tantivy::Result<Vec<String>> {
    let word = fold(word);
    let length = word.chars().count();
    let allowed = allowed(length);
    let mut found: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    if allowed == 0 {
        return Ok(Vec::new());
    }
    for reader in published.searcher.segment_readers() {
        let index = reader.inverted_index(published.fields.words)?;
        let mut terms = index.terms().stream()?;
        let mut seen = 0;
        while seen < MOST_WORDS && terms.advance() {
            seen += 1;
            // In bytes first: each typing error changes at most four.
            let near = terms.key().len().abs_diff(word.len()) <= 4 * allowed;
            let Some(other) = near.then(|| str::from_utf8(terms.key()).ok()).flatten() else {
                continue;
            };
            if other.chars().count().abs_diff(length) > allowed || other == word {
                continue;
            }
            let steps = strsim::osa_distance(&word, other);
            if steps <= allowed {
                let entry = found.entry(other.to_owned()).or_insert((steps, 0));
                entry.1 += u64::from(terms.value().doc_freq);
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by(|(a, (near_a, often_a)), (b, (near_b, often_b))| {
        near_a.cmp(near_b).then(often_b.cmp(often_a)).then(a.cmp(b))
    });
    found.truncate(limit);
    Ok(found.into_iter().map(|(word, _)| word).collect())
}
