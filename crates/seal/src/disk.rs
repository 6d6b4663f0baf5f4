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

    /// Seals one block of a file whose blocks are read apart from each other; `TAG` bytes longer. A block is
    /// sealed once only.
    pub fn seal_block(&self, place: &BlockPlace<'_>, block: &[u8]) -> Vec<u8> {
        aead::seal(self.expose(), &place.nonce(), &place.aad(), block)
    }

    /// Opens a block.
    ///
    /// # Errors
    /// [`VaultError::Value`] if it was changed, or is another block, or of another file or key.
    pub fn open_block(
        &self,
        place: &BlockPlace<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        aead::open(self.expose(), &place.nonce(), &place.aad(), sealed)
            .map_err(|_| VaultError::Value)
    }

    /// Tells one key from another, and nothing of either.
    pub fn check(&self) -> [u8; 8] {
        cut(&derive("folkmoot/1 store key check", &[self.expose()]))
    }
}

/// Where a block stands: it opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct BlockPlace<'a> {
    /// Name of the file.
    pub file: &'a [u8],
    /// 16 fresh random bytes of the file.
    pub salt: &'a [u8; 16],
    /// Blocks before it.
    pub number: u64,
    /// Whether none follows, so that a file cut short between two blocks does not open.
    pub is_last: bool,
}

impl BlockPlace<'_> {
    fn aad(&self) -> Vec<u8> {
        [b"block\0", &[u8::from(self.is_last)][..], self.file].concat()
    }

    fn nonce(&self) -> [u8; 24] {
        let mut nonce = [0; 24];
        nonce[..16].copy_from_slice(self.salt);
        nonce[16..].copy_from_slice(&self.number.to_be_bytes());
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_opens_at_its_place_only() {
        let key = StoreKey::from_bytes([1; 32]);
        let place = BlockPlace {
            file: b"one.term",
            salt: &[2; 16],
            number: 3,
            is_last: false,
        };
        let sealed = key.seal_block(&place, b"words");
        assert_eq!(sealed.len(), 5 + TAG);
        assert_eq!(*key.open_block(&place, &sealed).unwrap(), b"words");
        let others = [
            BlockPlace {
                file: b"two.term",
                ..place
            },
            BlockPlace {
                salt: &[3; 16],
                ..place
            },
            BlockPlace { number: 4, ..place },
            BlockPlace {
                is_last: true,
                ..place
            },
        ];
        for other in others {
            assert!(key.open_block(&other, &sealed).is_err(), "{other:?}");
        }
    }
}
