//! Ranking of items that are not in the index yet, by the formula of the index (BM25), so that
//! both kinds of hits stand in one list.

use std::collections::BTreeMap;

use crate::{ADDED_WEIGHT, ResolvedQuery, Searchable, Text};

/// BM25's bound on how much repeats of a word count.
const K1: f32 = 1.2;
/// BM25's share of the length of the text.
const B: f32 = 0.75;
/// A beginning of a word says less than a word: a fixed score, as the index gives it.
const PREFIX_SCORE: f32 = 1.0;
/// How much a brand new item gains over an old one: half its score.
const RECENCY: f32 = 0.5;
/// The most that a score is multiplied by for being new.
pub const MOST_RECENCY: f32 = 1.0 + RECENCY;
/// The hour counts, so that pages asked for one after the other have the same order.
const HOUR_MS: u64 = 3_600_000;
/// After this long the gain is half of it: about a season.
const HALF_LIFE_MS: f32 = 90.0 * 86_400_000.0;

/// What ranking must know of all items.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statistics {
    /// Number of items.
    pub documents: u64,
    /// Words in an item on average.
    pub average_length: f32,
    /// In how many items each word of the query is found; none where it is missing.
    pub frequency: BTreeMap<String, u64>,
}

/// How well the item fits the words of the query; 0 where it asks for none.
pub fn score(query: &ResolvedQuery, item: &Searchable, known: &Statistics) -> f32 {
    counting(query, item)
        .into_iter()
        .map(|text| points(text, item, known))
        .sum()
}

/// The words of the query that count for an item: those of conditions that hold.
pub fn counting<'q>(query: &'q ResolvedQuery, item: &Searchable) -> Vec<&'q Text> {
    let mut texts = Vec::new();
    item.counting(&query.expr, &mut texts);
    texts
}

/// What one text adds to the score.
pub fn points(text: &Text, item: &Searchable, known: &Statistics) -> f32 {
    let times = item.frequency(text);
    if times == 0 {
        return 0.0;
    }
    let weight = if text.added { ADDED_WEIGHT } else { 1.0 };
    if text.prefix {
        return weight * PREFIX_SCORE;
    }
    let norm = K1 * (1.0 - B + B * item.length() as f32 / known.average_length.max(1.0));
    let rarity: f32 = text.words.iter().map(|word| known.rarity(word)).sum();
    weight * rarity * (1.0 + K1) * times as f32 / (times as f32 + norm)
}

/// A score with the gain of what is new by `now_ms`.
pub fn with_recency(score: f32, ms: u64, now_ms: u64) -> f32 {
    score * recency(ms, now_ms)
}

/// By how much a score is multiplied: 1.5 for what is new by `now_ms`, nearly 1 for what is old.
pub fn recency(ms: u64, now_ms: u64) -> f32 {
    let age = (now_ms - now_ms % HOUR_MS).saturating_sub(ms) as f32;
    1.0 + RECENCY * (-age / HALF_LIFE_MS).exp2()
}

impl Statistics {
    fn rarity(&self, word: &str) -> f32 {
        let found = self.frequency.get(word).copied().unwrap_or(0) as f32;
        let all = (self.documents as f32).max(found);
        (1.0 + (all - found + 0.5) / (found + 0.5)).ln()
    }
}
