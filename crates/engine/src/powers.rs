//! Who may do what: rights, revocations, charters, votes, and why a verdict stands.

pub(crate) mod charter;
pub(crate) mod contracts;
pub(crate) mod cut;
pub(crate) mod eye;
pub(crate) mod govern;
pub(crate) mod grant;
pub(crate) mod limits;
pub(crate) mod misdeeds;
pub(crate) mod reach;
pub(crate) mod readmit;
pub(crate) mod reasons;
pub(crate) mod revoke;
pub(crate) mod scope;
pub(crate) mod trial;
pub(crate) mod why;
