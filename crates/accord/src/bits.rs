//! Sets of dense record numbers.
//!
//! A Past in a history without much concurrency is nearly everything before the record. So a set
//! is kept as a run of full words and then the words that are not full: a linear history of any
//! length costs a few bytes a record.

/// A set of record numbers. The form is canonical: equal sets compare equal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bits {
    /// How many leading words are all ones.
    full: usize,
    /// The words after them; the first is not all ones, the last is not zero.
    words: Vec<u64>,
}

const WORD: usize = u64::BITS as usize;

impl Bits {
    pub(crate) fn contains(&self, number: u32) -> bool {
        let (word, bit) = (number as usize / WORD, number as usize % WORD);
        word < self.full
            || self
                .words
                .get(word - self.full)
                .is_some_and(|w| w >> bit & 1 == 1)
    }

    pub(crate) fn insert(&mut self, number: u32) {
        let (word, bit) = (number as usize / WORD, number as usize % WORD);
        if word < self.full {
            return;
        }
        let at = word - self.full;
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        self.words[at] |= 1 << bit;
        self.settle();
    }

    /// Adds every member of `other`.
    pub(crate) fn unite(&mut self, other: &Self) {
        if other.full > self.full {
            let gone = (other.full - self.full).min(self.words.len());
            self.words.drain(..gone);
            self.full = other.full;
        }
        let skip = self.full - other.full;
        for (at, word) in other.words.iter().skip(skip).enumerate() {
            match self.words.get_mut(at) {
                Some(own) => *own |= word,
                None => self.words.push(*word),
            }
        }
        self.settle();
    }

    /// Whether every member of this set is in `other`.
    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        if self.full > other.full {
            return (other.full..self.full + self.words.len())
                .all(|w| self.word(w) & !other.word(w) == 0);
        }
        let skip = other.full - self.full;
        self.words
            .iter()
            .enumerate()
            .skip(skip)
            .all(|(at, word)| word & !other.word(self.full + at) == 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.full == 0 && self.words.is_empty()
    }

    /// How many members there are.
    pub(crate) fn len(&self) -> usize {
        self.full * WORD
            + self
                .words
                .iter()
                .map(|w| w.count_ones() as usize)
                .sum::<usize>()
    }

    /// The members, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.full + self.words.len()).flat_map(move |at| {
            let mut word = self.word(at);
            std::iter::from_fn(move || {
                (word != 0).then(|| {
                    let bit = word.trailing_zeros();
                    word &= word - 1;
                    u32::try_from(at * WORD).unwrap_or(u32::MAX) + bit
                })
            })
        })
    }

    fn word(&self, at: usize) -> u64 {
        if at < self.full {
            u64::MAX
        } else {
            self.words.get(at - self.full).copied().unwrap_or(0)
        }
    }

    fn settle(&mut self) {
        let full = self.words.iter().take_while(|w| **w == u64::MAX).count();
        if full > 0 {
            self.words.drain(..full);
            self.full += full;
        }
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }
}

impl FromIterator<u32> for Bits {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut set = Self::default();
        for number in numbers {
            set.insert(number);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Bits;

    fn members() -> impl Strategy<Value = BTreeSet<u32>> {
        // Dense prefixes as well as scattered members: both forms of a word are met.
        (0..400_u32, prop::collection::btree_set(0..500_u32, 0..40))
            .prop_map(|(prefix, more)| (0..prefix).chain(more).collect())
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_set(a in members(), b in members()) {
            let (x, y): (Bits, Bits) = (a.iter().copied().collect(), b.iter().copied().collect());
            prop_assert_eq!(x.iter().collect::<BTreeSet<_>>(), a.clone());
            prop_assert_eq!(x.len(), a.len());
            prop_assert_eq!(x.is_empty(), a.is_empty());
            prop_assert_eq!(x.is_subset(&y), a.is_subset(&b));
            prop_assert!((0..520).all(|n| x.contains(n) == a.contains(&n)));
            let mut both = x.clone();
            both.unite(&y);
            let union: BTreeSet<u32> = a.union(&b).copied().collect();
            prop_assert_eq!(both.iter().collect::<BTreeSet<_>>(), union.clone());
            // One form for one set, however it was made.
            prop_assert_eq!(both, union.into_iter().rev().collect::<Bits>());
        }
    }
}
