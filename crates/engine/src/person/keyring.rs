//! The key folder: what is in it, how it is sealed, how it is made.
//!
//! `node.key` holds the node key, in the open (protected by its permissions alone) or sealed by
//! the passphrase. Everything else is sealed under the node key: `master`, `transport`, and one
//! file a collective.

use std::path::PathBuf;

use ed25519_dalek::SigningKey;
use folkmoot_record::CollectiveId;
use folkmoot_seal::{Cost, Master, NodeKey, StoreKey, VaultError, vault};
use zeroize::Zeroizing;

use crate::{
    clock::{NoRandomness, random},
    person::{
        home::{Home, HomeError},
        secrets::Secrets,
    },
};

const NODE_KEY: &str = "node.key";
const MASTER: &str = "master";
const TRANSPORT: &str = "transport";
const COLLECTIVE: &str = ".collective";
/// Keys of a join beside others of the same collective.
const ASIDE: &str = ".joining";
/// First byte of a node key in the open; a sealed one begins with the head of an FC array.
const OPEN: u8 = b'K';

/// The keys of this node, opened.
#[derive(Debug)]
pub(crate) struct Keyring {
    home: Home,
    node_key: NodeKey,
    master: Master,
    transport: Zeroizing<[u8; 32]>,
    sealed: bool,
}

/// What opening the key folder found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A new person: the master secret was drawn now.
    Made,
    /// Keys of an earlier start.
    Opened,
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error(transparent)]
    Home(#[from] HomeError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error("the keys are sealed by a passphrase")]
    PassphraseNeeded,
    #[error("the passphrase is wrong")]
    PassphraseWrong,
    #[error("{file} in the key folder is damaged or missing")]
    Damaged { file: String },
    #[error("there are keys in {folder} already")]
    Present { folder: PathBuf },
    #[error(transparent)]
    Vault(VaultError),
}

impl Keyring {
    /// Opens the key folder, or fills an empty one. A passphrase given for a new home seals it.
    pub(crate) fn open(home: &Home, passphrase: Option<&str>) -> Result<(Self, Found), KeyError> {
        // A killed `passphrase remove` may have left a node key in the open there.
        home.remove_unfinished()?;
        match home.read_key(NODE_KEY)? {
            Some(bytes) => Ok((Self::read(home, &bytes, passphrase)?, Found::Opened)),
            None => {
                // Only an empty folder is a new home: losing the node key alone must not
                // silently begin a new person over the old one's sealed secrets.
                if home.read_key(MASTER)?.is_some() {
                    return Err(damaged(NODE_KEY));
                }
                let master = Master::from_bytes(random()?);
                Ok((Self::make(home, master, passphrase)?, Found::Made))
            }
        }
    }

    /// Fills an empty key folder for a person whose words are known.
    pub(crate) fn from_master(
        home: &Home,
        master: Master,
        passphrase: Option<&str>,
    ) -> Result<Self, KeyError> {
        if !Self::holds_nothing(home)? {
            return Err(KeyError::Present {
                folder: home.keys(),
            });
        }
        Self::make(home, master, passphrase)
    }

    fn make(home: &Home, master: Master, passphrase: Option<&str>) -> Result<Self, KeyError> {
        let ring = Self {
            home: home.clone(),
            node_key: NodeKey::from_bytes(random()?),
            master,
            transport: Zeroizing::new(random()?),
            sealed: passphrase.is_some(),
        };
        // The node key is written last: its presence says that the folder is complete.
        ring.write(TRANSPORT, ring.transport.as_slice())?;
        let node_key = node_key_file(&ring.node_key, passphrase)?;
        home.write_key(NODE_KEY, &node_key)?;
        ring.write(MASTER, ring.master.expose())?;
        Ok(ring)
    }

    fn read(home: &Home, bytes: &[u8], passphrase: Option<&str>) -> Result<Self, KeyError> {
        let (node_key, sealed) = match bytes.split_first() {
            Some((&OPEN, key)) => {
                let key = NodeKey::from_bytes(key.try_into().map_err(|_| damaged(NODE_KEY))?);
                // A passphrase given for keys that lie in the open seals them from now on.
                if passphrase.is_some() {
                    home.write_key(NODE_KEY, &node_key_file(&key, passphrase)?)?;
                }
                (key, passphrase.is_some())
            }
            Some(_) => {
                let passphrase = passphrase.ok_or(KeyError::PassphraseNeeded)?;
                (unseal(bytes, passphrase)?, true)
            }
            None => return Err(damaged(NODE_KEY)),
        };
        let master = match fixed(home, &node_key, MASTER) {
            Ok(master) => Master::from_bytes(*master),
            // Power failed between the node key and the master of a first start: nothing was
            // founded with it yet, so a new one may be drawn.
            Err(KeyError::Damaged { .. })
                if home.read_key(MASTER)?.is_none() && home.key_names(COLLECTIVE)?.is_empty() =>
            {
                let master = Master::from_bytes(random()?);
                write(home, &node_key, MASTER, master.expose())?;
                master
            }
            Err(error) => return Err(error),
        };
        let transport = fixed(home, &node_key, TRANSPORT)?;
        Ok(Self {
            home: home.clone(),
            node_key,
            master,
            transport,
            sealed,
        })
    }

    /// Seals the keys by another passphrase, or by none. `now` is the one that seals them, where one
    /// does.
    pub(crate) fn set_passphrase(
        &mut self,
        now: Option<&str>,
        new: Option<&str>,
    ) -> Result<(), KeyError> {
        if self.sealed {
            let now = now.ok_or(KeyError::PassphraseNeeded)?;
            let bytes = self.home.read_key(NODE_KEY)?;
            unseal(&bytes.ok_or_else(|| damaged(NODE_KEY))?, now)?;
        }
        let file = node_key_file(&self.node_key, new)?;
        self.home.write_key(NODE_KEY, &file)?;
        self.sealed = new.is_some();
        Ok(())
    }

    /// Whether a passphrase seals the keys.
    pub(crate) fn sealed(&self) -> bool {
        self.sealed
    }

    pub(crate) fn transport(&self) -> [u8; 32] {
        *self.transport
    }

    /// Seals the store and the index.
    pub(crate) fn store_key(&self) -> StoreKey {
        self.master.store_key()
    }

    /// Whether these are the keys of the person whose words make `master`.
    pub(crate) fn is_of(&self, master: &Master) -> bool {
        self.master == *master
    }

    /// The 24 words.
    pub(crate) fn words(&self) -> Zeroizing<String> {
        self.master.words()
    }

    pub(crate) fn founder_seat(&self, salt: &[u8; 16]) -> SigningKey {
        self.master.founder_seat(salt)
    }

    /// The root key of this person's seat in a collective.
    pub(crate) fn root(&self, secrets: &Secrets) -> SigningKey {
        match &secrets.founder_salt {
            Some(salt) => self.master.founder_seat(salt),
            None => self.master.seat(&secrets.cid),
        }
    }

    pub(crate) fn joiner_seat(&self, cid: &CollectiveId) -> SigningKey {
        self.master.seat(cid)
    }

    /// Writes the secrets of one collective, durably.
    pub(crate) fn save(&self, secrets: &Secrets) -> Result<(), KeyError> {
        let place = if secrets.aside { ASIDE } else { COLLECTIVE };
        self.write(&format!("{}{place}", secrets.cid), &secrets.encode())
    }

    /// Reads the secrets of one collective.
    pub(crate) fn one(&self, cid: &CollectiveId) -> Result<Secrets, KeyError> {
        self.secrets(&format!("{cid}{COLLECTIVE}"))
    }

    /// Reads those of a join beside them, where there was one.
    pub(crate) fn aside(&self, cid: &CollectiveId) -> Result<Option<Secrets>, KeyError> {
        let name = format!("{cid}{ASIDE}");
        match self.home.read_key(&name)? {
            Some(_) => self.secrets(&name).map(Some),
            None => Ok(None),
        }
    }

    /// Removes those of a join beside them: they are in their place now.
    pub(crate) fn forget_aside(&self, cid: &CollectiveId) -> Result<(), KeyError> {
        Ok(self.home.remove_key(&format!("{cid}{ASIDE}"))?)
    }

    fn secrets(&self, name: &str) -> Result<Secrets, KeyError> {
        let bytes = open(&self.home, &self.node_key, name)?;
        Secrets::decode(&bytes).map_err(|_| damaged(name))
    }

    /// Removes the secrets of one collective.
    pub(crate) fn forget(&self, cid: &CollectiveId) -> Result<(), KeyError> {
        Ok(self.home.remove_key(&format!("{cid}{COLLECTIVE}"))?)
    }

    /// Whether the keys lie there without a passphrase.
    pub(crate) fn lies_open(home: &Home) -> Result<bool, KeyError> {
        let found = home.read_key(NODE_KEY)?;
        Ok(found.is_some_and(|bytes| bytes.first() == Some(&OPEN)))
    }

    /// Whether a passphrase seals keys that are there.
    pub(crate) fn are_sealed(home: &Home) -> Result<bool, KeyError> {
        Ok(home.read_key(NODE_KEY)?.is_some() && !Self::lies_open(home)?)
    }

    /// Whether the key folder holds no secret of anybody: it is empty, or filling it broke off
    /// before the master was written.
    pub(crate) fn holds_nothing(home: &Home) -> Result<bool, KeyError> {
        Ok(home.read_key(MASTER)?.is_none() && home.key_names(COLLECTIVE)?.is_empty())
    }

    /// Reads the secrets of every collective.
    pub(crate) fn load(&self) -> Result<Vec<Secrets>, KeyError> {
        self.home
            .key_names(COLLECTIVE)?
            .into_iter()
            .map(|name| self.secrets(&name))
            .collect()
    }

    fn write(&self, name: &str, value: &[u8]) -> Result<(), KeyError> {
        write(&self.home, &self.node_key, name, value)
    }
}

/// Opens what [`node_key_file`] sealed.
fn unseal(bytes: &[u8], passphrase: &str) -> Result<NodeKey, KeyError> {
    vault::unlock(passphrase.as_bytes(), bytes).map_err(|error| match error {
        VaultError::WrongPassphrase => KeyError::PassphraseWrong,
        VaultError::Damaged => damaged(NODE_KEY),
        other => KeyError::Vault(other),
    })
}

/// What `node.key` holds: the node key in the open, or sealed by the passphrase.
fn node_key_file(
    node_key: &NodeKey,
    passphrase: Option<&str>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let Some(passphrase) = passphrase else {
        let mut open = Zeroizing::new(vec![OPEN]);
        open.extend_from_slice(node_key.expose());
        return Ok(open);
    };
    vault::lock(
        passphrase.as_bytes(),
        node_key,
        Cost::STANDARD,
        &random()?,
        &random()?,
    )
    .map(Zeroizing::new)
    .map_err(KeyError::Vault)
}

fn write(home: &Home, node_key: &NodeKey, name: &str, value: &[u8]) -> Result<(), KeyError> {
    let sealed = node_key.seal_value("keys", name.as_bytes(), value, &random()?);
    Ok(home.write_key(name, &sealed)?)
}

fn open(home: &Home, node_key: &NodeKey, name: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let sealed = home.read_key(name)?.ok_or_else(|| damaged(name))?;
    node_key
        .open_value("keys", name.as_bytes(), &sealed)
        .map_err(|_| damaged(name))
}

fn fixed(home: &Home, node_key: &NodeKey, name: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let bytes = open(home, node_key, name)?;
    let fixed = bytes.as_slice().try_into().map_err(|_| damaged(name))?;
    Ok(Zeroizing::new(fixed))
}

fn damaged(file: &str) -> KeyError {
    KeyError::Damaged {
        file: file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("home"));
        home.prepare().unwrap();
        (folder, home)
    }

    #[test]
    fn keys_open_again_without_a_passphrase() {
        let (_folder, home) = home();
        let (made, found) = Keyring::open(&home, None).unwrap();
        assert_eq!(found, Found::Made);
        let (opened, found) = Keyring::open(&home, None).unwrap();
        assert_eq!(found, Found::Opened);
        assert_eq!(made.words(), opened.words());
        assert_eq!(made.transport(), opened.transport());
        assert!(!opened.sealed());
    }

    #[test]
    fn a_passphrase_is_asked_for_and_checked() {
        let (_folder, home) = home();
        let (made, _) = Keyring::open(&home, Some("correct horse")).unwrap();
        assert!(matches!(
            Keyring::open(&home, None),
            Err(KeyError::PassphraseNeeded)
        ));
        assert!(matches!(
            Keyring::open(&home, Some("wrong horse")),
            Err(KeyError::PassphraseWrong)
        ));
        let (opened, _) = Keyring::open(&home, Some("correct horse")).unwrap();
        assert_eq!(made.words(), opened.words());
        assert!(opened.sealed());
    }

    #[test]
    fn a_passphrase_given_later_seals_what_lay_open() {
        let (_folder, home) = home();
        let (made, _) = Keyring::open(&home, None).unwrap();
        let (sealed, _) = Keyring::open(&home, Some("late")).unwrap();
        assert!(sealed.sealed());
        assert!(matches!(
            Keyring::open(&home, None),
            Err(KeyError::PassphraseNeeded)
        ));
        let (opened, _) = Keyring::open(&home, Some("late")).unwrap();
        assert_eq!(made.words(), opened.words());
    }

    #[test]
    fn a_passphrase_is_changed_and_removed_by_who_knows_it() {
        let (_folder, home) = home();
        let (mut ring, _) = Keyring::open(&home, Some("one")).unwrap();
        let words = ring.words();
        assert!(matches!(
            ring.set_passphrase(None, Some("two")),
            Err(KeyError::PassphraseNeeded)
        ));
        assert!(matches!(
            ring.set_passphrase(Some("two"), None),
            Err(KeyError::PassphraseWrong)
        ));
        ring.set_passphrase(Some("one"), Some("two")).unwrap();
        assert!(matches!(
            Keyring::open(&home, Some("one")),
            Err(KeyError::PassphraseWrong)
        ));
        let (mut ring, _) = Keyring::open(&home, Some("two")).unwrap();
        ring.set_passphrase(Some("two"), None).unwrap();
        assert!(!ring.sealed());
        let (mut ring, _) = Keyring::open(&home, None).unwrap();
        assert_eq!(ring.words(), words);
        ring.set_passphrase(None, Some("three")).unwrap();
        assert!(Keyring::are_sealed(&home).unwrap());
    }

    #[test]
    fn no_unfinished_key_stays_behind() {
        let (_folder, home) = home();
        let (mut ring, _) = Keyring::open(&home, Some("one")).unwrap();
        let open = home.keys().join("node.key.new");
        // A kill while the passphrase was removed: the node key in the open.
        std::fs::write(&open, b"K0123456789abcdef").unwrap();
        Keyring::open(&home, Some("one")).unwrap();
        assert!(!open.exists());
        // A file that cannot be replaced: a folder stands in its place.
        std::fs::remove_file(home.keys().join(NODE_KEY)).unwrap();
        std::fs::create_dir(home.keys().join(NODE_KEY)).unwrap();
        ring.sealed = false;
        assert!(ring.set_passphrase(None, None).is_err());
        assert!(!open.exists());
    }

    #[test]
    fn a_lost_node_key_never_begins_a_new_person() {
        let (_folder, home) = home();
        Keyring::open(&home, None).unwrap();
        std::fs::remove_file(home.keys().join(NODE_KEY)).unwrap();
        assert!(matches!(
            Keyring::open(&home, None),
            Err(KeyError::Damaged { .. })
        ));
    }
}
