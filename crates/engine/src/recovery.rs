//! Coming back: from words and a card to a home that writes, and what becomes of lost devices.

pub(crate) mod aside;
pub(crate) mod comeback;
pub(crate) mod lost_home;
pub(crate) mod recover;
pub(crate) mod recovering;
pub(crate) mod retire;
