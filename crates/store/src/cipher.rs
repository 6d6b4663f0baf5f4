//! Sealing of entries and local facts under the store's key.
//!
//! An entry's payload on the disk is `nonce || ciphertext`. That of a stripped entry is the length of
//! what is sealed (u32, little-endian), the same, and zeros: so its room becomes a hole.

use std::{io, path::Path};

use folkmoot_seal::{StoreKey, disk::OVERHEAD};

use crate::{LogCursor, StoreError, files::io_error, payload};

const LOG: &str = "log";
const LOCAL: &str = "local";
/// Bytes that tell how much of a stripped entry is sealed.
pub(crate) const COUNT: usize = 4;

/// How the bytes of a store lie on the disk: sealed, or in the open where it has no key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cipher(Option<StoreKey>);

impl Cipher {
    pub(crate) const fn new(key: Option<StoreKey>) -> Self {
        Self(key)
    }

    pub(crate) const fn key(&self) -> Option<&StoreKey> {
        self.0.as_ref()
    }

    /// How much longer a payload is on the disk.
    pub(crate) const fn overhead(&self) -> usize {
        match self.0 {
            Some(_) => OVERHEAD,
            None => 0,
        }
    }

    /// The payload of an entry as it lies on the disk, [`Self::overhead`] bytes longer. `None` where a
    /// stripped one would not fit.
    pub(crate) fn seal(
        &self,
        at: LogCursor,
        kind: u8,
        plain: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(key) = &self.0 else {
            return Ok(Some(plain));
        };
        let nonce = nonce()?;
        let place = place(at, kind);
        if !payload::is_stripped(kind) {
            return Ok(Some(key.seal_value(LOG, &place, &plain, &nonce)));
        }
        let len = plain.len();
        let zeros = plain.iter().rev().take_while(|byte| **byte == 0).count();
        let what = plain.get(..len - zeros).unwrap_or_default();
        let sealed = key.seal_value(LOG, &place, what, &nonce);
        let Ok(count) = u32::try_from(sealed.len()) else {
            return Ok(None);
        };
        let mut out = [&count.to_le_bytes()[..], &sealed].concat();
        let room = len + OVERHEAD;
        Ok((out.len() <= room).then(|| {
            out.resize(room, 0);
            out
        }))
    }

    /// The payload of an entry that lies on the disk as `bytes`; `None` where it was sealed under
    /// another key, for another place, or was changed by somebody who knows the log's checksums.
    pub(crate) fn open(&self, at: LogCursor, kind: u8, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let Some(key) = &self.0 else {
            return Some(bytes);
        };
        let stripped = payload::is_stripped(kind);
        let sealed = if stripped {
            let (count, rest) = bytes.split_first_chunk::<COUNT>()?;
            rest.get(..u32::from_le_bytes(*count) as usize)?
        } else {
            &bytes
        };
        let mut plain = key.open_value(LOG, &place(at, kind), sealed).ok()?;
        let mut plain = std::mem::take(&mut *plain);
        if stripped {
            plain.resize(bytes.len().checked_sub(OVERHEAD)?, 0);
        }
        Some(plain)
    }

    /// The value of a local fact as the projection holds it.
    pub(crate) fn seal_local(&self, name: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        match &self.0 {
            Some(key) => Ok(key.seal_value(LOCAL, name, value, &nonce()?)),
            None => Ok(value.to_vec()),
        }
    }

    /// The value that [`Self::seal_local`] sealed.
    pub(crate) fn open_local(&self, name: &[u8], bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        match &self.0 {
            Some(key) => key
                .open_value(LOCAL, name, bytes)
                .map(|mut value| std::mem::take(&mut *value))
                .map_err(|_| StoreError::Projection("a local fact does not open".to_owned())),
            None => Ok(bytes.to_vec()),
        }
    }
}

/// The place of an entry: it opens at no other one, and as nothing else.
fn place(at: LogCursor, kind: u8) -> [u8; 9] {
    let mut place = [0; 9];
    place[..8].copy_from_slice(&at.to_bytes());
    place[8] = kind;
    place
}

fn nonce() -> Result<[u8; 24], StoreError> {
    let mut nonce = [0; 24];
    getrandom::fill(&mut nonce).map_err(|error| {
        io_error("draw a nonce for", Path::new("the log"))(io::Error::other(error.to_string()))
    })?;
    Ok(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: LogCursor = LogCursor {
        segment: 2,
        offset: 64,
    };

    fn cipher(byte: u8) -> Cipher {
        Cipher::new(Some(StoreKey::from_bytes([byte; 32])))
    }

    #[test]
    fn an_entry_opens_at_its_place_with_its_key_and_as_its_type_only() {
        let sealed = cipher(1).seal(AT, 1, b"a note".to_vec()).unwrap().unwrap();
        assert_eq!(sealed.len(), 6 + cipher(1).overhead());
        assert!(!sealed.windows(4).any(|window| window == b"note"));
        assert_eq!(cipher(1).open(AT, 1, sealed.clone()).unwrap(), b"a note");
        assert_eq!(cipher(2).open(AT, 1, sealed.clone()), None);
        assert_eq!(cipher(1).open(AT, 2, sealed.clone()), None);
        let elsewhere = LogCursor { offset: 72, ..AT };
        assert_eq!(cipher(1).open(elsewhere, 1, sealed), None);
        assert_eq!(
            Cipher::default().open(AT, 1, b"plain".to_vec()).unwrap(),
            b"plain"
        );
    }

    #[test]
    fn a_stripped_entry_is_as_long_as_before_and_mostly_zeros() {
        let mut plain = b"what stays of it".to_vec();
        plain.resize(9_000, 0);
        let kind = payload::STRIPPED_RECORD;
        let sealed = cipher(1).seal(AT, kind, plain.clone()).unwrap().unwrap();
        assert_eq!(sealed.len(), plain.len() + cipher(1).overhead());
        assert!(sealed[100..].iter().all(|byte| *byte == 0));
        assert_eq!(cipher(1).open(AT, kind, sealed).unwrap(), plain);
        // No room to say how much is sealed.
        assert_eq!(cipher(1).seal(AT, kind, vec![1; 9]).unwrap(), None);
        assert_eq!(cipher(1).open(AT, kind, vec![255; 64]), None);
        assert_eq!(cipher(1).open(AT, kind, vec![0; 3]), None);
    }

    #[test]
    fn no_two_sealings_are_alike() {
        let seal = || cipher(1).seal(AT, 1, b"the same".to_vec()).unwrap();
        assert_ne!(seal(), seal());
    }
}
