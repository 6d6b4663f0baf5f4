//! Notes that look like language: words by Zipf's law, the same for the same seed.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::Result;
use serde_json::json;

/// Words there are. A person's notes hold a few ten thousand different ones.
const WORDS: usize = 20_000;
/// Bytes at which a text ends; the last word goes over it.
const LENGTH: usize = 297;
/// Different tags.
const TAGS: usize = 40;

/// The commonest words of English, in order.
const COMMON: &str = "the of and to a in is you that it he was for on are as with his they I at be \
this have from or one had by word but not what all were we when your can said there use an each \
which she do how their if will up other about out many then them these so some her would make like \
him into time has look two more write go see number no way could people my than first water been \
call who oil its now find long down day did get come made may part over new sound take only little \
work know place year live me back give most very after thing our just name good sentence man think \
say great where help through much before line right too mean old any same tell boy follow came want \
show also around form three small set put end does another well large must big even such because \
turn here why ask went men read need land different home us move try kind hand picture again change \
off play spell air away animal house point page letter mother answer found study still learn should";

/// A small generator of numbers (xorshift64*), enough for texts.
#[derive(Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The numbers of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Any number.
    pub const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `bound`.
    pub const fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound
    }

    /// From 0 to 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Writes notes.
#[derive(Debug)]
pub struct Texts {
    numbers: Numbers,
    words: Vec<String>,
    /// Sums of the words' weights up to each.
    weights: Vec<f64>,
}

impl Texts {
    /// The texts of this seed.
    pub fn new(seed: u64) -> Self {
        // The words are the same in all notes, whatever the seed of their texts.
        let mut numbers = Numbers::new(7);
        let mut words: Vec<String> = COMMON.split_whitespace().map(str::to_owned).collect();
        while words.len() < WORDS {
            words.push(rare(&mut numbers));
        }
        let mut sum = 0.0;
        let weights = (1..=words.len())
            .map(|rank| {
                sum += 1.0 / rank as f64;
                sum
            })
            .collect();
        Self {
            numbers: Numbers::new(seed),
            words,
            weights,
        }
    }

    /// A word, common ones often.
    pub fn word(&mut self) -> &str {
        let at = self.numbers.part() * self.weights.last().copied().unwrap_or_default();
        let rank = self.weights.partition_point(|sum| *sum < at);
        self.words.get(rank).map_or("the", String::as_str)
    }

    /// About 300 bytes of sentences.
    pub fn text(&mut self) -> String {
        let mut text = String::with_capacity(LENGTH + 16);
        let mut left = 0;
        while text.len() < LENGTH {
            if left == 0 {
                left = 6 + self.numbers.below(12);
                if !text.is_empty() {
                    text.push('.');
                }
            }
            left -= 1;
            if !text.is_empty() {
                text.push(' ');
            }
            let word = self.word();
            text.push_str(word);
        }
        text.push('.');
        text
    }

    /// The word of a rank, 0 for the commonest; the last where there are not so many.
    pub fn ranked(&self, rank: usize) -> &str {
        let word = self.words.get(rank).or_else(|| self.words.last());
        word.map_or("the", String::as_str)
    }

    /// A few words.
    pub fn title(&mut self) -> String {
        let words = 3 + self.numbers.below(3);
        let words: Vec<String> = (0..words).map(|_| self.word().to_owned()).collect();
        words.join(" ")
    }

    /// A tag; some stand on more notes than others.
    pub fn tag(&mut self) -> String {
        let rank = self.numbers.below(TAGS).min(self.numbers.below(TAGS));
        format!("topic{rank}")
    }
}

/// A made-up word of two to four syllables.
fn rare(numbers: &mut Numbers) -> String {
    const HEADS: [&str; 16] = [
        "b", "ch", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "w",
    ];
    const TAILS: [&str; 12] = [
        "a", "e", "i", "o", "u", "an", "en", "er", "in", "ol", "ou", "ing",
    ];
    (0..2 + numbers.below(3))
        .map(|_| [HEADS[numbers.below(16)], TAILS[numbers.below(12)]].concat())
        .collect()
}

/// Writes so many notes as NDJSON for `moot import`.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, notes: usize, seed: u64) -> Result<()> {
    let mut texts = Texts::new(seed);
    let mut out = BufWriter::new(File::create(path)?);
    for _ in 0..notes {
        let note = json!({"text": texts.text(), "tags": [texts.tag()]});
        writeln!(out, "{note}")?;
    }
    Ok(out.flush()?)
}
