//! Which versions of a document are current (section 8.1 of the protocol).
//!
//! A document is a set of records: the first one, and versions that each name the document and
//! what they replace. What is current follows from the set alone, in whatever order it came.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_record::{Header, Hlc, Kind, RecordId, Rel};

/// What a content record is to documents, as far as its header alone shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Of a kind that has no versions: it is read as it stands.
    Alone,
    /// The first record of a document, which is named by its id.
    First,
    /// A version of this document, if its author may write one.
    Version(RecordId),
    /// Of a kind that has versions, but neither a first record nor a version: it names no document,
    /// several of them, or nothing that it replaces. It is not read.
    Stray,
}

/// Whether records of this kind are documents (section 3.4 of the protocol).
pub const fn has_versions(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::NOTE
            | Kind::LINK
            | Kind::FILES
            | Kind::COMMENT
            | Kind::TASK
            | Kind::DAILY
            | Kind::SYMBOL
            | Kind::RITUAL
    )
}

/// What a record is to documents.
pub fn part(header: &Header) -> Part {
    if !has_versions(header.kind) {
        return Part::Alone;
    }
    let mut documents = pointed(header, Rel::DOCUMENT);
    let replaces = pointed(header, Rel::SUPERSEDES).next().is_some();
    match (documents.next(), documents.next(), replaces) {
        (None, _, false) => Part::First,
        (Some(document), None, true) => Part::Version(document),
        _ => Part::Stray,
    }
}

fn pointed(header: &Header, rel: Rel) -> impl Iterator<Item = RecordId> + '_ {
    let of_rel = header.refs.iter().filter(move |r| r.rel == rel);
    of_rel.map(|r| r.id)
}

/// One honoured version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The record.
    pub id: RecordId,
    /// When, by its author's claim.
    pub hlc: Hlc,
    /// What it replaces; nothing where it is the first record.
    pub replaces: BTreeSet<RecordId>,
}

impl Version {
    /// The version that a record is.
    pub fn of(id: RecordId, header: &Header) -> Self {
        Self {
            id,
            hlc: header.hlc,
            replaces: pointed(header, Rel::SUPERSEDES).collect(),
        }
    }
}

/// The honoured versions of one document, the first record included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Versions {
    all: BTreeMap<RecordId, Version>,
}

impl Versions {
    /// Adds one; the order does not matter.
    pub fn insert(&mut self, version: Version) {
        self.all.insert(version.id, version);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them, greatest (hlc, id) first.
    pub fn newest_first(&self) -> Vec<&Version> {
        let mut all: Vec<&Version> = self.all.values().collect();
        all.sort_by_key(|version| std::cmp::Reverse((version.hlc, version.id)));
        all
    }

    /// The current versions: those that no other replaces, greatest (hlc, id) first. The first of
    /// them is shown; where there are several, they stand side by side until a version replaces all.
    pub fn current(&self) -> Vec<RecordId> {
        let replaced: BTreeSet<RecordId> = self
            .all
            .values()
            .flat_map(|version| version.replaces.iter().copied())
            .collect();
        self.newest_first()
            .into_iter()
            .map(|version| version.id)
            .filter(|id| !replaced.contains(id))
            .collect()
    }

    /// What a version replaces, greatest (hlc, id) first, as far as it is held.
    pub fn replaced_by(&self, id: &RecordId) -> Vec<RecordId> {
        let Some(version) = self.all.get(id) else {
            return Vec::new();
        };
        let older = version.replaces.iter();
        let mut older: Vec<&Version> = older.filter_map(|id| self.all.get(id)).collect();
        older.sort_by_key(|version| std::cmp::Reverse((version.hlc, version.id)));
        older.into_iter().map(|version| version.id).collect()
    }

    /// The newest version from which both sides come: what a merge compares them with. `None` where
    /// what they have in common is not held.
    pub fn common(&self, one: &BTreeSet<RecordId>, other: &RecordId) -> Option<RecordId> {
        let mut ours = BTreeSet::new();
        for id in one {
            self.gather(*id, &mut ours);
        }
        let theirs = self.past(other);
        ours.intersection(&theirs)
            .filter_map(|id| self.all.get(id))
            .max_by_key(|version| (version.hlc, version.id))
            .map(|version| version.id)
    }

    /// A version and all that it comes from, as far as that is held.
    pub fn past(&self, id: &RecordId) -> BTreeSet<RecordId> {
        let mut found = BTreeSet::new();
        self.gather(*id, &mut found);
        found
    }

    fn gather(&self, from: RecordId, found: &mut BTreeSet<RecordId>) {
        let mut open = vec![from];
        while let Some(id) = open.pop() {
            if let Some(version) = self.all.get(&id)
                && found.insert(id)
            {
                open.extend(version.replaces.iter().copied());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(n: usize) -> RecordId {
        let mut bytes = [0; 32];
        bytes[0] = u8::try_from(n % 7).unwrap();
        bytes[1..9].copy_from_slice(&(n as u64).to_be_bytes());
        RecordId::from_bytes(bytes)
    }

    fn version(n: usize, replaces: &[usize]) -> Version {
        Version {
            id: id(n),
            hlc: Hlc::from_raw(((n as u64) + 1) << 16).unwrap(),
            replaces: replaces.iter().map(|n| id(*n)).collect(),
        }
    }

    fn versions(all: &[Version]) -> Versions {
        let mut versions = Versions::default();
        for version in all {
            versions.insert(version.clone());
        }
        versions
    }

    #[test]
    fn a_line_of_edits_has_one_current_version() {
        let line = versions(&[version(0, &[]), version(1, &[0]), version(2, &[1])]);
        assert_eq!(line.current(), [id(2)]);
        assert_eq!(line.replaced_by(&id(2)), [id(1)]);
        assert_eq!(line.newest_first().len(), 3);
    }

    #[test]
    fn concurrent_edits_stand_side_by_side_until_they_are_merged() {
        let mut fork = versions(&[version(0, &[]), version(1, &[0]), version(2, &[0])]);
        assert_eq!(fork.current(), [id(2), id(1)]);
        assert_eq!(fork.common(&[id(2)].into(), &id(1)), Some(id(0)));
        // An edit of the one leaves the other where it is.
        fork.insert(version(3, &[1]));
        assert_eq!(fork.current(), [id(3), id(2)]);
        assert_eq!(fork.common(&[id(3)].into(), &id(2)), Some(id(0)));
        fork.insert(version(4, &[2, 3]));
        assert_eq!(fork.current(), [id(4)]);
    }

    #[test]
    fn what_is_missing_makes_no_difference_to_what_is_there() {
        // The version between is not held yet: both ends are current until it comes.
        let mut gap = versions(&[version(0, &[]), version(2, &[1])]);
        assert_eq!(gap.current(), [id(2), id(0)]);
        assert_eq!(gap.common(&[id(0)].into(), &id(2)), None);
        gap.insert(version(1, &[0]));
        assert_eq!(gap.current(), [id(2)]);
    }

    /// Versions that each replace some earlier ones, as records cannot but do.
    fn histories() -> impl Strategy<Value = Vec<Version>> {
        prop::collection::vec(
            prop::collection::vec(any::<prop::sample::Index>(), 1..4),
            0..14,
        )
        .prop_map(|all| {
            let mut made = vec![version(0, &[])];
            for replaces in all {
                let n = made.len();
                let older: Vec<usize> = replaces.iter().map(|at| at.index(n)).collect();
                made.push(version(n, &older));
            }
            made
        })
    }

    proptest! {
        /// Any order of coming, and coming twice, gives the same; the one shown is the greatest of
        /// the current ones, and replacing all of them leaves the new one alone.
        #[test]
        fn what_is_current_follows_from_the_set(
            (all, mixed) in histories().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
        ) {
            let one = versions(&all);
            let mut other = versions(&mixed);
            for version in &all {
                other.insert(version.clone());
            }
            prop_assert_eq!(one.current(), other.current());
            prop_assert_eq!(&one, &other);
            let current = one.current();
            prop_assert!(!current.is_empty());
            let newest = one.newest_first();
            prop_assert_eq!(newest[0].id, current[0], "the newest one of all is never replaced");
            let held: BTreeSet<RecordId> = current.iter().copied().collect();
            for version in &all {
                let replaced = all.iter().any(|other| other.replaces.contains(&version.id));
                prop_assert_eq!(held.contains(&version.id), !replaced);
            }
            let mut merged = one;
            let mut last = version(all.len(), &[]);
            last.replaces = held;
            merged.insert(last.clone());
            prop_assert_eq!(merged.current(), [last.id]);
        }
    }
}
