//! Forked logs: devices that signed several records for one place (section 4.11, fork siblings).

use folkmoot_record::{DeviceKey, RecordId, SeatKey};

use crate::Accord;

/// A place in a control log that holds more than one valid record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// Whose log.
    pub seat: SeatKey,
    /// Of which device.
    pub dev: DeviceKey,
    /// The place.
    pub seq: u32,
    /// The records in it, in the order in which they came.
    pub records: Vec<RecordId>,
}

impl Accord {
    /// Every place that holds more than one record, by seat, device and place. A fork is no fault of
    /// form: all of its records are valid, and at most 16 of a place are let in.
    pub fn forks(&self) -> impl Iterator<Item = Fork> + '_ {
        let book = &self.intake.book;
        let forked = book.places.iter().filter(|(_, there)| there.len() > 1);
        forked.map(|((seat, dev, seq), there)| Fork {
            seat: *seat,
            dev: *dev,
            seq: *seq,
            records: there.iter().map(|ix| book.graph.node(*ix).id).collect(),
        })
    }
}
