//! Shared words: the terms that a collective defined, their other names, and what is broader,
//! narrower, related or the same (sections 3.4 and 8.5 of the protocol).
//!
//! A symbol says what is broader than it; what is narrower is computed from that, never stored.
//! Whoever may write may say anything here: every walk is bounded, and circles do no harm.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use folkmoot_record::{
    CollectiveId, Kind, RecordId, Rel, Verified,
    content::{Content, Value},
};

use crate::{Part, Text, part, words::words};

/// The key of a symbol's other names in its body (section 3.4 of the protocol).
pub const ALIASES: u8 = 16;
/// The key of its status.
pub const STATUS: u8 = 17;
/// Most other names that are written; of more that came from elsewhere the first count.
pub const MOST_ALIASES: usize = 32;
/// Most symbols that are kept at hand: a dictionary beyond that is a library of its own.
pub const MOST_SYMBOLS: usize = 4_096;
/// Most texts that shared words add to one query: each costs a look at the index.
pub const MOST_ADDED: usize = 64;
/// Most symbols that are walked over for one word.
const MOST_WALKED: usize = 64;

/// How a symbol stands, by its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Suggested: it can be linked to, and widens no query.
    Proposed,
    /// In use.
    Adopted,
    /// No longer in use.
    Retired,
}

impl Status {
    /// The number of key 17; what says none is proposed.
    pub const fn number(self) -> u64 {
        match self {
            Self::Proposed => 0,
            Self::Adopted => 1,
            Self::Retired => 2,
        }
    }

    fn of(content: &Content) -> Self {
        match content.uint_at(STATUS) {
            Some(1) => Self::Adopted,
            Some(2) => Self::Retired,
            _ => Self::Proposed,
        }
    }
}

/// One shared word, as its current version says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// The version.
    pub id: RecordId,
    /// The document, by which others point at it.
    pub document: RecordId,
    /// Whose word it is.
    pub cid: CollectiveId,
    /// The term.
    pub term: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// How it stands.
    pub status: Status,
    /// What is broader, as written.
    pub broader: Vec<RecordId>,
    /// What is related.
    pub related: Vec<RecordId>,
    /// What is the same.
    pub same_as: Vec<RecordId>,
}

impl Symbol {
    /// The symbol that a record is; `None` for other kinds, and where no body is held or it does not
    /// fit.
    pub fn of(record: &Verified) -> Option<Self> {
        let header = record.header();
        if header.kind != Kind::SYMBOL {
            return None;
        }
        let content = Content::decode(header.kind, record.body()?).ok()?;
        let of_rel = |rel| {
            let all = header.refs.iter().filter(move |r| r.rel == rel);
            all.map(|r| r.id).collect::<Vec<_>>()
        };
        Some(Self {
            id: record.id(),
            document: match part(header) {
                Part::Version(document) => document,
                Part::Alone | Part::First | Part::Stray => record.id(),
            },
            cid: header.cid?,
            term: content.title()?.to_owned(),
            aliases: aliases(&content),
            status: Status::of(&content),
            broader: of_rel(Rel::BROADER),
            related: of_rel(Rel::RELATED),
            same_as: of_rel(Rel::SAME_AS),
        })
    }

    /// The term and the other names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [self.term.as_str()]
            .into_iter()
            .chain(self.aliases.iter().map(String::as_str))
    }
}

/// The other names in the body of a symbol.
pub fn aliases(content: &Content) -> Vec<String> {
    let Some(Value::Array(values)) = content.map.get(&ALIASES) else {
        return Vec::new();
    };
    let texts = values.iter().filter_map(|value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    });
    texts.take(MOST_ALIASES).collect()
}

/// By what two spellings of a term are one: its words, folded. `Hot-compost` is `hot compost`.
pub fn term_key(term: &str) -> String {
    words(term).join(" ")
}

/// How an added text goes with the term that a query names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Another name of it.
    Alias,
    /// A name of what is said to be the same.
    Same,
    /// A name of what is narrower.
    Narrower,
}

/// A text that a shared word adds to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The collective in whose records alone it is looked for; everywhere if none.
    pub place: Option<CollectiveId>,
    /// As the symbol writes it.
    pub name: String,
    /// Its words.
    pub text: Text,
    /// How it goes with the term.
    pub how: How,
    /// The term.
    pub of: String,
}

/// The shared words that a node knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lexicon {
    symbols: Vec<Symbol>,
    by_key: BTreeMap<String, BTreeSet<usize>>,
    by_id: BTreeMap<RecordId, usize>,
    /// Computed: the inverse of what is broader, within a collective.
    narrower: BTreeMap<usize, BTreeSet<usize>>,
    /// Both ways, within a collective.
    same: BTreeMap<usize, BTreeSet<usize>>,
    everywhere: Option<CollectiveId>,
}

impl Lexicon {
    /// Takes the current versions of symbols, at most [`MOST_SYMBOLS`] of them. The words of the
    /// collective `everywhere`, the person's own, hold in all others too.
    pub fn new(
        symbols: impl IntoIterator<Item = Symbol>,
        everywhere: Option<CollectiveId>,
    ) -> Self {
        let mut symbols: Vec<Symbol> = symbols.into_iter().take(MOST_SYMBOLS).collect();
        symbols.sort_by_key(|symbol| (symbol.cid, symbol.document, symbol.id));
        let mut lexicon = Self {
            everywhere,
            ..Self::default()
        };
        for (at, symbol) in symbols.iter().enumerate() {
            for key in symbol.names().map(term_key).filter(|key| !key.is_empty()) {
                lexicon.by_key.entry(key).or_default().insert(at);
            }
            lexicon.by_id.insert(symbol.id, at);
            lexicon.by_id.insert(symbol.document, at);
        }
        for (at, symbol) in symbols.iter().enumerate() {
            // What one collective says of the words of another does not bear on these.
            let near = |id: &RecordId| {
                let other = *lexicon.by_id.get(id)?;
                let own = symbols.get(other).map(|other| other.cid) == Some(symbol.cid);
                (own && other != at).then_some(other)
            };
            for above in symbol.broader.iter().filter_map(near) {
                lexicon.narrower.entry(above).or_default().insert(at);
            }
            for other in symbol.same_as.iter().filter_map(near) {
                lexicon.same.entry(at).or_default().insert(other);
                lexicon.same.entry(other).or_default().insert(at);
            }
        }
        lexicon.symbols = symbols;
        lexicon
    }

    /// All symbols, by collective and document.
    pub fn all(&self) -> &[Symbol] {
        &self.symbols
    }

    /// A symbol by the id of its document or of its current version.
    pub fn get(&self, id: &RecordId) -> Option<&Symbol> {
        self.symbols.get(*self.by_id.get(id)?)
    }

    /// The symbols of this name in these collectives; those whose term it is, else those of which it
    /// is another name.
    pub fn named(&self, name: &str, place: Option<&CollectiveId>) -> Vec<&Symbol> {
        let key = term_key(name);
        let found: Vec<&Symbol> = self
            .by_key
            .get(&key)
            .into_iter()
            .flatten()
            .filter_map(|at| self.symbols.get(*at))
            .filter(|symbol| place.is_none_or(|place| symbol.cid == *place))
            .collect();
        let terms: Vec<&Symbol> = found
            .iter()
            .filter(|symbol| term_key(&symbol.term) == key)
            .copied()
            .collect();
        if terms.is_empty() { found } else { terms }
    }

    /// The symbol that `:word:` means in a text of a collective: one of its own, else one of the
    /// person's; one in use before others.
    pub fn meant(&self, word: &str, place: &CollectiveId) -> Option<&Symbol> {
        let best = |place: &CollectiveId| {
            let named = self.named(word, Some(place));
            let rank = |status: Status| match status {
                Status::Adopted => 0,
                Status::Proposed => 1,
                Status::Retired => 2,
            };
            named.into_iter().min_by_key(|symbol| rank(symbol.status))
        };
        best(place).or_else(|| best(self.everywhere.as_ref()?))
    }

    /// What says that this symbol is broader than it.
    pub fn narrower(&self, symbol: &Symbol) -> Vec<&Symbol> {
        self.near(&self.narrower, symbol)
    }

    /// What is the same as this symbol, whichever of the two says so.
    pub fn same(&self, symbol: &Symbol) -> Vec<&Symbol> {
        self.near(&self.same, symbol)
    }

    fn near(&self, edges: &BTreeMap<usize, BTreeSet<usize>>, of: &Symbol) -> Vec<&Symbol> {
        let at = self.by_id.get(&of.id);
        let others = at.and_then(|at| edges.get(at)).into_iter().flatten();
        others.filter_map(|at| self.symbols.get(*at)).collect()
    }

    /// Whether nothing widens a query.
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// What shared words in use add to a word of a query, at most `most` texts; and whether there
    /// would be more.
    pub fn added(&self, key: &str, most: usize) -> (Vec<Added>, bool) {
        let named = self.by_key.get(key).into_iter().flatten();
        let mut places: BTreeMap<CollectiveId, Vec<usize>> = BTreeMap::new();
        for at in named {
            if let Some(symbol) = self.in_use(*at) {
                places.entry(symbol.cid).or_default().push(*at);
            }
        }
        let mut added: Vec<Added> = Vec::new();
        let mut cut = false;
        for (place, named) in places {
            let place = (self.everywhere != Some(place)).then_some(place);
            let mut seen = BTreeSet::from([key.to_owned()]);
            for (at, how, of) in self.walk(&named, &mut cut) {
                let Some(symbol) = self.symbols.get(at) else {
                    continue;
                };
                for name in symbol.names() {
                    let Some(text) = Text::phrase(name) else {
                        continue;
                    };
                    if !seen.insert(text.words.join(" ")) {
                        continue;
                    }
                    if added.len() >= most {
                        return (added, true);
                    }
                    added.push(Added {
                        place,
                        name: name.to_owned(),
                        text,
                        how,
                        of: of.to_owned(),
                    });
                }
            }
        }
        (added, cut)
    }

    fn in_use(&self, at: usize) -> Option<&Symbol> {
        let symbol = self.symbols.get(at)?;
        (symbol.status == Status::Adopted).then_some(symbol)
    }

    /// The symbols in use from these on: nearest first, each once, with the term that led there.
    fn walk(&self, from: &[usize], cut: &mut bool) -> Vec<(usize, How, &str)> {
        let mut seen: BTreeSet<usize> = from.iter().copied().collect();
        let mut walked = Vec::new();
        let mut next: VecDeque<(usize, How, &str)> = from
            .iter()
            .filter_map(|at| Some((*at, How::Alias, self.symbols.get(*at)?.term.as_str())))
            .collect();
        while let Some((at, how, of)) = next.pop_front() {
            if walked.len() >= MOST_WALKED {
                *cut = true;
                break;
            }
            walked.push((at, how, of));
            let wider = [
                (&self.same, how.max(How::Same)),
                (&self.narrower, How::Narrower),
            ];
            for (edges, how) in wider {
                for other in edges.get(&at).into_iter().flatten() {
                    if self.in_use(*other).is_some() && seen.insert(*other) {
                        next.push_back((*other, how, of));
                    }
                }
            }
        }
        walked
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(n: u8) -> RecordId {
        RecordId::from_bytes([n; 32])
    }

    fn place(n: u8) -> CollectiveId {
        CollectiveId::from_bytes([n; 32])
    }

    fn symbol(n: u8, cid: u8, term: &str, aliases: &[&str], broader: &[u8]) -> Symbol {
        Symbol {
            id: id(n + 100),
            document: id(n),
            cid: place(cid),
            term: term.to_owned(),
            aliases: aliases.iter().map(|name| (*name).to_owned()).collect(),
            status: Status::Adopted,
            broader: broader.iter().map(|n| id(*n)).collect(),
            related: Vec::new(),
            same_as: Vec::new(),
        }
    }

    fn names(lexicon: &Lexicon, key: &str) -> Vec<String> {
        let (added, cut) = lexicon.added(key, MOST_ADDED);
        assert!(!cut);
        added.into_iter().map(|added| added.name).collect()
    }

    #[test]
    fn a_word_is_widened_by_names_and_by_what_is_narrower() {
        let lexicon = Lexicon::new(
            [
                symbol(1, 1, "Compost", &["Humus", "COMPOST"], &[]),
                symbol(2, 1, "Hot compost", &["thermal"], &[1]),
                // A version stands for its document.
                symbol(3, 1, "Bokashi", &[], &[102]),
                symbol(4, 1, "Soil", &[], &[]),
                symbol(5, 2, "Rot", &[], &[1]),
            ],
            None,
        );
        assert_eq!(
            names(&lexicon, "compost"),
            ["Humus", "Hot compost", "thermal", "Bokashi"]
        );
        assert_eq!(
            names(&lexicon, "humus"),
            ["Compost", "Hot compost", "thermal", "Bokashi"]
        );
        assert_eq!(names(&lexicon, "hot compost"), ["thermal", "Bokashi"]);
        assert!(names(&lexicon, "bokashi").is_empty() && names(&lexicon, "rot").is_empty());
        let (added, _) = lexicon.added("compost", MOST_ADDED);
        assert!(
            added
                .iter()
                .all(|a| a.place == Some(place(1)) && a.of == "Compost")
        );
        assert_eq!(added[0].how, How::Alias);
        assert_eq!(added[1].how, How::Narrower);
        let narrower = lexicon.narrower(lexicon.get(&id(1)).unwrap());
        assert_eq!(
            narrower.iter().map(|s| &s.term).collect::<Vec<_>>(),
            ["Hot compost"]
        );
    }

    #[test]
    fn only_words_in_use_widen_and_the_own_ones_hold_everywhere() {
        let mut proposed = symbol(1, 1, "Compost", &["Humus"], &[]);
        proposed.status = Status::Proposed;
        let mut retired = symbol(3, 2, "Mulch", &[], &[2]);
        retired.status = Status::Retired;
        let own = symbol(2, 2, "Compost", &["Rot"], &[]);
        let lexicon = Lexicon::new([proposed, own, retired], Some(place(2)));
        let (added, _) = lexicon.added("compost", MOST_ADDED);
        assert_eq!(added.len(), 1);
        assert_eq!((added[0].name.as_str(), added[0].place), ("Rot", None));
        // Before others the word that is in use, but the collective's own before the person's.
        assert_eq!(lexicon.meant("compost", &place(1)).unwrap().document, id(1));
        assert_eq!(lexicon.meant("rot", &place(1)).unwrap().document, id(2));
        assert!(lexicon.meant("humus", &place(3)).is_none());
    }

    #[test]
    fn circles_end_and_what_is_the_same_goes_both_ways() {
        let mut a = symbol(1, 1, "a", &[], &[2]);
        a.same_as.push(id(3));
        let lexicon = Lexicon::new(
            [
                a,
                symbol(2, 1, "b", &[], &[1]),
                symbol(3, 1, "c", &[], &[3]),
            ],
            None,
        );
        assert_eq!(names(&lexicon, "a"), ["c", "b"]);
        assert_eq!(names(&lexicon, "c"), ["a", "b"]);
        assert_eq!(lexicon.added("c", 9).0[0].how, How::Same);
        assert_eq!(names(&lexicon, "b"), ["a", "c"]);
    }

    #[test]
    fn what_is_added_is_bounded() {
        let many =
            (0..100).map(|n| symbol(n, 1, &format!("w{n}"), &[], if n == 0 { &[] } else { &[0] }));
        let lexicon = Lexicon::new(many, None);
        let (added, cut) = lexicon.added("w0", 10);
        assert!(cut && added.len() == 10);
        let (added, cut) = lexicon.added("w0", 1_000);
        assert!(cut && added.len() == MOST_WALKED - 1);
    }

    proptest! {
        /// Whatever points at whatever: it ends, adds nothing twice, and never the word itself.
        #[test]
        fn any_lexicon_widens_within_bounds(
            all in prop::collection::vec(
                (0u8..3, "[a-d]{1,2}", prop::collection::vec("[a-d]{1,2}", 0..3),
                 prop::collection::vec(0u8..20, 0..4), prop::collection::vec(0u8..20, 0..3), any::<bool>()),
                0..20,
            ),
            key in "[a-d]{1,2}",
        ) {
            let symbols = all.iter().zip(0u8..).map(|((cid, term, aliases, broader, same, used), n)| {
                let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
                let mut symbol = symbol(n, *cid, term, &aliases, broader);
                symbol.same_as = same.iter().map(|n| id(*n)).collect();
                if !used {
                    symbol.status = Status::Proposed;
                }
                symbol
            });
            let lexicon = Lexicon::new(symbols, Some(place(0)));
            let (added, _) = lexicon.added(&key, MOST_ADDED);
            let mut seen = BTreeSet::new();
            for one in &added {
                prop_assert!(one.text.words.join(" ") != key);
                prop_assert!(seen.insert((one.place, one.text.words.clone())));
                prop_assert!(one.place != Some(place(0)));
            }
            prop_assert!(added.len() <= MOST_ADDED);
        }
    }
}
