//! Sealing of what lies on the disk in bulk: the record log, the local facts and the search index
//! (section 6.6).

use zeroize::Zeroizing;

use crate::{
    VaultError, aead,
    kdf::{cut, derive},
    secret::secret_type,
    vault::{open_in, seal_in},
};

/// Bytes that sealing adds to a value: nonce and tag.
pub const OVERHEAD: usize = 24 + TAG;
/// Bytes that sealing adds to a block.
pub const TAG: usize = aead::TAG;

secret_type!(
    /// Key of a store: [`crate::Master::store_key`]. It stays the same when the passphrase changes.
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

    /// Seals one block of a file whose blocks are read apart from each other; `TAG` bytes longer. `salt`
    /// is fresh random for each file, and a block is sealed once only.
    pub fn seal_block(&self, salt: &[u8; 16], number: u64, is_last: bool, block: &[u8]) -> Vec<u8> {
        let aad = block_place(is_last);
        aead::seal(self.expose(), &block_nonce(salt, number), &aad, block)
    }

    /// Opens a block.
    ///
    /// # Errors
    /// [`VaultError::Value`] if it was changed, or is another block, or of another file or key.
    pub fn open_block(
        &self,
        salt: &[u8; 16],
        number: u64,
        is_last: bool,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let aad = block_place(is_last);
        aead::open(self.expose(), &block_nonce(salt, number), &aad, sealed)
            .map_err(|_| VaultError::Value)
    }

    /// Tells one key from another, and nothing of either.
    pub fn check(&self) -> [u8; 8] {
        cut(&derive("folkmoot/1 store key check", &[self.expose()]))
    }
}

/// The last block says so, so that a file cut short between two blocks does not open.
fn block_place(is_last: bool) -> [u8; 7] {
    let mut place = *b"block\0\0";
    place[6] = u8::from(is_last);
    place
}

fn block_nonce(salt: &[u8; 16], number: u64) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[..16].copy_from_slice(salt);
    nonce[16..].copy_from_slice(&number.to_be_bytes());
    nonce
}
