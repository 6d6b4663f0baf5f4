//! The words by which an item is told from others.

use std::collections::BTreeMap;

use folkmoot_library::{Item, Searchable};

use crate::{Snapshot, tail::live};

/// Different words of one item that are looked at: those of a long text's first pages.
const MOST_WORDS: usize = 2_000;
/// A word that stands in more than one of so many items says nothing about any.
const COMMON: u64 = 4;
/// The same where there are so few items that chance puts a word into many.
const COMMON_OF_FEW: u64 = 2;
/// Fewer items than this are few.
const FEW: u64 = 40;

/// The words of the item that stand often in it and seldom elsewhere, but in one other item at least;
/// the most telling first.
pub(crate) fn telling(
    snapshot: &Snapshot,
    item: &Item,
    most: usize,
) -> tantivy::Result<Vec<String>> {
    let own = Searchable::new(item.clone());
    let mut words: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for word in own.words() {
        if words.len() < MOST_WORDS || words.contains_key(word) {
            words.entry(word).or_default().0 += 1;
        }
    }
    let published = &*snapshot.published;
    let searcher = &published.searcher;
    let (waiting, _) = live(&snapshot.batches);
    let items = searcher.num_docs() + waiting.len() as u64;
    for (word, (_, held)) in &mut words {
        *held = searcher.doc_freq(&published.fields.word(word))?;
    }
    for other in &waiting {
        let mut seen: Vec<&str> = other.words().collect();
        seen.sort_unstable();
        seen.dedup();
        for word in seen {
            if let Some((_, held)) = words.get_mut(word) {
                *held += 1;
            }
        }
    }
    let common = if items < FEW { COMMON_OF_FEW } else { COMMON };
    let mut telling: Vec<(f64, &str)> = words
        .into_iter()
        .filter(|(_, (_, held))| *held == 2 || (*held > 2 && *held <= items / common))
        .map(|(word, (often, held))| {
            let (often, held, items) = (often as f64, held as f64, items as f64);
            (often.ln_1p() * (items / held).ln_1p(), word)
        })
        .collect();
    telling.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    telling.truncate(most);
    Ok(telling
        .into_iter()
        .map(|(_, word)| word.to_owned())
        .collect())
}
