//! Random operations with restarts and lost projections, against the plainest model.

use std::collections::BTreeMap;

use folkmoot_record::{Hlc, RecordId, Verified};
use folkmoot_seal::StoreKey;
use folkmoot_store::{Direction, Engine, Entry, Held, Options, Vault};
use proptest::prelude::*;

use crate::{
    records::{SMALL, cid, note},
    sealed::key,
};

/// Records that the operations speak of.
const RECORDS: u32 = 12;

#[derive(Debug, Clone)]
enum Op {
    Record { seq: u32, body: bool },
    Body(u32),
    Erase(u32),
    Mark(u32, u8),
    Local(u8, Option<u8>),
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<Op>),
    Settle,
    Compact,
    Scrub,
    Reopen,
    /// With the projection removed.
    Rebuild,
}

fn op() -> impl Strategy<Value = Op> {
    let seq = 0..RECORDS;
    prop_oneof![
        5 => (seq.clone(), any::<bool>()).prop_map(|(seq, body)| Op::Record { seq, body }),
        2 => seq.clone().prop_map(Op::Body),
        2 => seq.clone().prop_map(Op::Erase),
        1 => (seq, 0..3_u8).prop_map(|(seq, mark)| Op::Mark(seq, mark)),
        2 => (0..4_u8, prop::option::of(any::<u8>())).prop_map(|(key, value)| Op::Local(key, value)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => prop::collection::vec(op(), 1..6).prop_map(Step::Commit),
        1 => Just(Step::Settle),
        2 => Just(Step::Compact),
        1 => Just(Step::Scrub),
        2 => Just(Step::Reopen),
        1 => Just(Step::Rebuild),
    ]
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Model {
    records: BTreeMap<u32, Held>,
    marks: BTreeMap<u32, u8>,
    local: BTreeMap<u8, u8>,
}

impl Model {
    /// Does the operation, or says that the group is refused.
    fn apply(&mut self, op: &Op) -> bool {
        match *op {
            Op::Record { seq, body } => {
                let held = self.records.entry(seq).or_insert(Held::Header);
                if body && *held == Held::Header {
                    *held = Held::Whole;
                }
            }
            Op::Body(seq) => match self.records.get_mut(&seq) {
                None => return false,
                Some(held @ Held::Header) => *held = Held::Whole,
                Some(_) => {}
            },
            Op::Erase(seq) => match self.records.get_mut(&seq) {
                None => return false,
                Some(held) => *held = Held::Erased,
            },
            Op::Mark(seq, mark) => {
                if !self.records.contains_key(&seq) {
                    return false;
                }
                self.marks.insert(seq, mark);
                self.marks.retain(|_, mark| *mark > 0);
            }
            Op::Local(key, value) => match value {
                Some(value) => {
                    self.local.insert(key, value);
                }
                None => {
                    self.local.remove(&key);
                }
            },
        }
        true
    }
}

fn record(seq: u32) -> Verified {
    note(1, 1, seq, &"words ".repeat(seq as usize * 9))
}

fn entry(op: &Op) -> Entry {
    match *op {
        Op::Record { seq, body: true } => Entry::Record(record(seq), 1),
        Op::Record { seq, body: false } => Entry::Record(record(seq).without_body(), 1),
        Op::Body(seq) => Entry::Body {
            id: record(seq).id(),
            bytes: record(seq).body().unwrap().to_vec(),
        },
        Op::Erase(seq) => Entry::Erase {
            id: record(seq).id(),
        },
        Op::Mark(seq, mark) => Entry::Mark {
            id: record(seq).id(),
            mark,
        },
        Op::Local(key, value) => Entry::Local {
            key: vec![key],
            value: value.map(|value| vec![value]),
        },
    }
}

fn check(vault: &Vault, model: &Model) {
    let mut listed: Vec<(Hlc, RecordId)> = Vec::new();
    let mut bytes = 0;
    for seq in 0..RECORDS {
        let record = record(seq);
        let held = model.records.get(&seq).copied().unwrap_or(Held::No);
        assert_eq!(vault.held(&record.id()).unwrap(), held, "record {seq}");
        let stored = vault.get(&record.id()).unwrap().map(|stored| stored.wire);
        let expected = match held {
            Held::No => None,
            Held::Whole => Some(record.wire().to_vec()),
            Held::Header | Held::Erased => Some(record.without_body().wire().to_vec()),
        };
        assert_eq!(stored, expected, "record {seq}");
        bytes += expected.as_ref().map_or(0, Vec::len) as u64;
        listed.extend(expected.map(|_| (record.header().hlc, record.id())));
        assert_eq!(
            vault.mark(&record.id()).unwrap(),
            model.marks.get(&seq).copied().unwrap_or(0)
        );
    }
    let counts = vault.counts(&cid(1));
    assert_eq!(
        (counts.control, counts.content, counts.bytes),
        (0, listed.len() as u64, bytes)
    );
    let last = model.records.keys().max().map(|seq| record(*seq).id());
    assert_eq!(
        vault
            .tip(&cid(1), &crate::records::dev(1))
            .unwrap()
            .map(|tip| tip.id),
        last
    );
    assert_eq!(
        vault
            .scan(&cid(1), 0, u64::MAX, Direction::Forward, None, 99)
            .unwrap(),
        listed
    );
    assert_eq!(vault.marked().unwrap().len(), model.marks.len());
    let local: Vec<_> = model
        .local
        .iter()
        .map(|(key, value)| (vec![*key], vec![*value]))
        .collect();
    assert_eq!(vault.scan_local(b"").unwrap(), local);
}

fn run(engine: Engine, key: Option<StoreKey>, steps: Vec<Step>) {
    let options = Options {
        engine,
        key,
        segment_bytes: 1_500,
        ..SMALL
    };
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let (vault, report) = Vault::open(dir.path(), options.clone(), &mut |_| {}).unwrap();
        assert_eq!((report.torn_tail_cut, report.damaged), (None, Vec::new()));
        vault
    };
    let mut vault = open();
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Commit(ops) => {
                let mut next = model.clone();
                let accepted = ops.iter().all(|op| next.apply(op));
                let entries: Vec<_> = ops.iter().map(entry).collect();
                assert_eq!(vault.commit(&entries).is_ok(), accepted, "{ops:?}");
                if accepted {
                    model = next;
                }
            }
            Step::Settle => vault.settle().unwrap(),
            Step::Compact => {
                vault.compact().unwrap();
            }
            Step::Scrub => assert_eq!(
                vault.scrub(Default::default(), u64::MAX).unwrap(),
                (None, Vec::new())
            ),
            Step::Reopen => {
                drop(vault);
                vault = open();
            }
            Step::Rebuild => {
                drop(vault);
                if engine == Engine::Sled {
                    std::fs::remove_file(dir.path().join("CURRENT")).unwrap();
                }
                vault = open();
            }
        }
        check(&vault, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_vault_over_memory_follows_the_model(
        sealed: bool,
        steps in prop::collection::vec(step(), 1..14),
    ) {
        run(Engine::Memory, sealed.then(|| key(1)).flatten(), steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn a_vault_over_sled_follows_the_model(
        sealed: bool,
        steps in prop::collection::vec(step(), 1..14),
    ) {
        run(Engine::Sled, sealed.then(|| key(1)).flatten(), steps);
    }
}
