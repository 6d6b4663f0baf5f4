//! What comes from others: checked, judged, kept, parked or refused, each within its bounds.

pub(crate) mod checkers;
pub(crate) mod filing;
pub(crate) mod marks;
pub(crate) mod orphans;
pub(crate) mod receive;
pub(crate) mod rejudge;
pub(crate) mod settled;
pub(crate) mod shares;
pub(crate) mod take;
pub(crate) mod unproven;
pub(crate) mod void;
pub(crate) mod waiting;
