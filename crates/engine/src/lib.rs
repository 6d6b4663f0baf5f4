//! One thread that owns the state: commands in, replies and events out.
//!
//! The engine composes store, accord, seal, library, search and sync. It knows no sockets: the
//! network is attached as a function that carries out [`folkmoot_sync::Output`]s, and what
//! happens comes back by [`Engine::input`].

mod clock;
mod copies;
mod core;
mod damage;
mod errors;
mod exchange;
mod finding;
mod handle;
mod heal;
mod intake;
mod keeping;
mod membership;
mod open;
mod person;
mod powers;
mod publish;
mod recovery;
mod status;
#[cfg(test)]
mod testing;
mod wait;

pub use copies::{
    CopyError,
    backup::{BackedUp, back_up, check_backup},
    bring::{BringBack, BroughtBack, bring_back},
    check::{Checked, KeysChecked, check_bundle, is_bundle, keys_of_bundle},
    collectives::CheckedCollective,
    drill::{Drill, Drilled},
    folder::is_backup,
    keys::Unlock,
    writer::{BundleWriter, Written},
};
pub use handle::Engine;
pub use recovery::recover::{Outcome, Recover, Recovered, recover};

use std::path::PathBuf;

use folkmoot_sync::{Addr, Output, Peer};
use zeroize::Zeroizing;

/// How to open a home.
pub struct Options {
    /// The home folder; made if missing.
    pub home: PathBuf,
    /// The passphrase, where the keys are sealed by one or shall be.
    pub passphrase: Option<Zeroizing<String>>,
    /// Version of the program, for `status`.
    pub version: &'static str,
    /// Whether this process serves a node (`moot up`) or opened the home for one command.
    pub serving: bool,
    /// Whether this node answers recovery doors of other members.
    pub helps: bool,
}

/// Whether this home has keys that a passphrase seals. Where it has none, or they lie open, a
/// passphrase that is given is a new one, and should be asked for twice.
///
/// # Errors
/// Where the key folder cannot be read, or others can.
pub fn keys_are_sealed(home: &std::path::Path) -> Result<bool, OpenError> {
    Ok(person::keyring::Keyring::are_sealed(
        &person::home::Home::new(home.to_owned()),
    )?)
}

/// What opening found and did.
pub struct Opened {
    /// The home was made now.
    pub first_start: bool,
    /// Seed of the transport key, for the network driver.
    pub transport_key: [u8; 32],
    /// Sentences for the person: damage, rebuilds, permissions.
    pub notices: Vec<String>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("home", &self.home)
            .field("serving", &self.serving)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("first_start", &self.first_start)
            .field("notices", &self.notices)
            .finish_non_exhaustive()
    }
}

/// Why a home could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process owns it.
    #[error("the home is in use by process {pid}")]
    Locked {
        /// Its process id; 0 where it is not known.
        pid: u32,
    },
    /// Keys are sealed and no passphrase was given.
    #[error("the keys are sealed by a passphrase")]
    PassphraseNeeded,
    /// The passphrase does not open the keys.
    #[error("the passphrase is wrong")]
    PassphraseWrong,
    /// Anything else; message and next step.
    #[error("{message}")]
    Failed {
        /// What happened and why.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
}

/// Reads an address, with the peer id where it names one; the error is a sentence.
pub type ParseAddress = fn(&str) -> Result<(Option<Peer>, Addr), String>;

/// Reads and writes addresses as text; the engine knows only their bytes.
#[derive(Debug, Clone, Copy)]
pub struct AddressText {
    /// Reads an address.
    pub parse: ParseAddress,
    /// Writes an address.
    pub print: fn(&Addr) -> String,
    /// Writes a peer id.
    pub print_peer: fn(&Peer) -> String,
}

/// The network as the engine sees it.
pub struct Network {
    /// Own peer id.
    pub peer: Peer,
    /// Addresses listened on, each with the peer id: best for others first, loopback last.
    pub listening: Vec<Addr>,
    /// Addresses as text.
    pub text: AddressText,
    /// Carries out outputs meant for the driver; must not block for long.
    pub act: Box<dyn FnMut(Vec<Output>) + Send>,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
