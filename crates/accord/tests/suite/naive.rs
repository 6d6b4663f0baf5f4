//! A second evaluator, written from the text of the specification and for nothing but to be
//! compared: the oracle (section 9).
//!
//! It shares the record types with the real one and nothing else. It is slow on purpose: it works
//! on plain sets of ids, forms Eval of every Past anew, and goes through the strata one by one, where
//! a look-up of something not yet decided panics (P6). Each rule stands beside its section number.

mod devices;
mod epochs;
mod eval;
mod fence;
mod grants;
mod outcome;
mod past;
mod revocations;
mod states;
mod validity;
mod votes;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use folkmoot_record::{CollectiveId, RecordId, Signed, Verified};

pub(crate) use eval::Eval;

/// A set of records, by id.
pub(crate) type Set = BTreeSet<RecordId>;

/// Everything one replica was given of one collective.
#[derive(Debug)]
pub(crate) struct Naive {
    cid: CollectiveId,
    /// The own clock.
    now_ms: u64,
    /// When records were first seen; `None`: no fence.
    held_since: Option<BTreeMap<RecordId, u64>>,
    /// What passed the context-free check, void records included.
    held: BTreeMap<RecordId, Verified>,
    /// What did not, with the reason.
    refused: BTreeMap<RecordId, String>,
    /// What depends on the Past of a record alone is worked out once.
    pasts: RefCell<BTreeMap<RecordId, Rc<Set>>>,
    valid: RefCell<BTreeMap<RecordId, Result<(), &'static str>>>,
    evals: RefCell<BTreeMap<Rc<Set>, Rc<Eval>>>,
}

impl Naive {
    pub(crate) fn new(
        cid: CollectiveId,
        now_ms: u64,
        held_since: Option<BTreeMap<RecordId, u64>>,
    ) -> Self {
        Self {
            cid,
            now_ms,
            held_since,
            held: BTreeMap::new(),
            refused: BTreeMap::new(),
            pasts: RefCell::default(),
            valid: RefCell::default(),
            evals: RefCell::default(),
        }
    }

    /// Takes a record that passed the context-free check.
    pub(crate) fn take(&mut self, record: Verified) {
        let id = record.id();
        if record.header().cid.unwrap_or_else(|| id.into()) == self.cid {
            self.held.insert(id, record);
        }
    }

    /// Takes a record as it is on the wire.
    pub(crate) fn take_wire(&mut self, wire: &[u8]) {
        let signed = Signed::parse(wire).unwrap();
        let id = signed.id();
        match signed.verify() {
            Ok(record) => self.take(record),
            Err(reason) => {
                self.refused.insert(id, reason.to_string());
            }
        }
    }

    /// Eval(S).
    pub(crate) fn now(&self) -> Rc<Eval> {
        let admitted = self.admitted(&self.verdicts());
        self.eval(&Rc::new(admitted))
    }

    fn get(&self, id: &RecordId) -> &Verified {
        &self.held[id]
    }
}
