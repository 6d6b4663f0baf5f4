//! Every bound of the peer protocol, with its reason.

/// Epochs offered in a hello for each collective: a member nine rotations behind gets in.
pub const EPOCHS_OFFERED: usize = 9;

/// Ids asked for of one peer at one time: one answer fits the unverified budget many times over.
pub const WANTED: usize = 1_024;

/// Frames that the driver may read from a new stream before the first [`crate::Output::Read`].
/// Four item frames keep the checking workers busy while one is on its way.
pub const READ_AHEAD: u32 = 4;

/// Penalty points at which a peer is disconnected and shunned for a time.
pub const BAN_SCORE: u32 = 100;
