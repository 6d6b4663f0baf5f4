//! Collectives and who is in them: founding, inviting, joining, leaving, members and their names.

pub(crate) mod collective;
pub(crate) mod collectives;
pub(crate) mod depart;
pub(crate) mod found;
pub(crate) mod heard;
pub(crate) mod invite;
pub(crate) mod join;
pub(crate) mod leave;
pub(crate) mod members;
pub(crate) mod names;
pub(crate) mod parting;
pub(crate) mod profiles;
pub(crate) mod who;
