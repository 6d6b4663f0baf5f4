//! This person: the home folder, keys, devices, the recovery card.

pub(crate) mod agents;
pub(crate) mod card;
pub(crate) mod devices;
pub(crate) mod home;
pub(crate) mod keyring;
pub(crate) mod passphrase;
pub(crate) mod secrets;
