//! Judging content (sections 2.4 and 4.7).

use folkmoot_record::{DeviceKey, RecordId, SeatKey};

/// The content headers that the node holds, as far as cuts ask for them (section 4.5).
pub trait ContentLog {
    /// Where a held, valid content record lies in its log; `None` if it is not held.
    fn place(&self, id: &RecordId) -> Option<ContentPlace>;
}

/// Where a content record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentPlace {
    /// Whose log.
    pub seat: SeatKey,
    /// Of which device.
    pub dev: DeviceKey,
    /// From 0.
    pub seq: u32,
    /// The record it names as the one before it.
    pub prev: Option<RecordId>,
}
