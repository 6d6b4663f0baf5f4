//! `AEAD(K, n, a, p)` = XChaCha20-Poly1305 (section 1.5).

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Payload},
};
use zeroize::Zeroizing;

/// Bytes that sealing adds: the Poly1305 tag.
pub(crate) const TAG: usize = 16;

/// The ciphertext does not belong to this key, nonce and associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

/// Seals `plaintext`; the result is 16 bytes longer.
pub(crate) fn seal(key: &[u8; 32], nonce: &[u8; 24], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let payload = Payload {
        msg: plaintext,
        aad,
    };
    match XChaCha20Poly1305::new(key.into()).encrypt(nonce.into(), payload) {
        Ok(ciphertext) => ciphertext,
        // The cipher fails above 256 GiB only; no caller holds such a message in memory.
        Err(_) => unreachable!("a message of {} bytes exceeds the cipher", plaintext.len()),
    }
}

/// Opens what [`seal`] made.
pub(crate) fn open(
    key: &[u8; 32],
    nonce: &[u8; 24],
    aad: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let payload = Payload {
        msg: ciphertext,
        aad,
    };
    XChaCha20Poly1305::new(key.into())
        .decrypt(nonce.into(), payload)
        .map(Zeroizing::new)
        .map_err(|_| NotAuthentic)
}
