//! Sealing of what lies on the disk in bulk: the record log, the local facts and the search index
//! (section 6.6).

use zeroize::Zeroizing;

use crate::{
    VaultError,
    kdf::{cut, derive},
    secret::secret_type,
    vault::{open_in, seal_in},
};

/// Bytes that sealing adds to a value: nonce and tag.
pub const OVERHEAD: usize = 24 + 16;

secret_type!(
    /// Random key of a store. It stays the same when the passphrase changes, and goes with a backup.
    StoreKey
);

impl StoreKey {
    /// Seals one value for its place: `nonce || ciphertext`, [`OVERHEAD`] bytes longer than the
    /// value. `nonce` is 24 fresh random bytes; `table` holds no zero byte.
    pub fn seal_value(
        &self,
        table: &'static str,
        key: &[u8],
        value: &[u8],
        nonce: &[u8; 24],
    ) -> Vec<u8> {
        seal_in(self.expose(), table, key, value, nonce)
    }

    /// Opens a value at its place.
    ///
    /// # Errors
    /// [`VaultError::Value`] if it was changed, moved to another place, or sealed under another key.
    pub fn open_value(
        &self,
        table: &'static str,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        open_in(self.expose(), table, key, sealed)
    }

    /// Tells one key from another, and nothing of either.
    pub fn check(&self) -> [u8; 8] {
        cut(&derive("folkmoot/1 store key check", &[self.expose()]))
    }
}
