//! Ed25519 over `prefix || 0x00 || data`, judged strictly (section 1.2).

use crate::Reason;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// Signs `data` under a prefix of section 1.2.
pub fn sign(key: &SigningKey, prefix: &str, data: &[&[u8]]) -> [u8; 64] {
    key.sign(&message(prefix, data)).to_bytes()
}

/// Whether the signature is valid by the strict rules of section 1.2.
pub fn verify(key: &[u8; 32], prefix: &str, data: &[&[u8]], signature: &[u8; 64]) -> bool {
    check(key, prefix, data, signature).is_ok()
}

/// As [`verify`], and says what is wrong.
///
/// # Errors
/// `key-noncanonical`, `key-small-order`, `sig-noncanonical` or `sig-mismatch`; the first
/// that applies.
pub fn check(key: &[u8; 32], prefix: &str, data: &[&[u8]], signature: &[u8]) -> Result<(), Reason> {
    check_message(key, &message(prefix, data), signature)
}

/// Strict Ed25519 over bare bytes; the published vectors are held against this.
///
/// # Errors
/// As [`check`].
pub fn check_message(key: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<(), Reason> {
    if !is_canonical(key) {
        return Err(Reason::KeyNoncanonical);
    }
    let key = VerifyingKey::from_bytes(key).map_err(|_| Reason::KeyNoncanonical)?;
    if key.is_weak() {
        return Err(Reason::KeySmallOrder);
    }
    let bytes: &[u8; 64] = signature.try_into().map_err(|_| Reason::SigNoncanonical)?;
    // The strict check of the library decodes R, refuses R and A of small order and S not
    // below L, and compares encodings, so that an R which is not canonical cannot match.
    // It does not look at how A is written; that is done above.
    match key.verify_strict(message, &Signature::from_bytes(bytes)) {
        Ok(()) => Ok(()),
        Err(_) if is_well_formed(bytes) => Err(Reason::SigMismatch),
        Err(_) => Err(Reason::SigNoncanonical),
    }
}

/// R decodes, is canonical and not of small order, and S is below L.
fn is_well_formed(signature: &[u8; 64]) -> bool {
    // The order L of the base point, little-endian.
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (r, s) = signature.split_at(32);
    let Ok(r) = <&[u8; 32]>::try_from(r) else {
        return false;
    };
    is_canonical(r)
        && VerifyingKey::from_bytes(r).is_ok_and(|point| !point.is_weak())
        && s.iter().rev().lt(L.iter().rev())
}

/// Whether 32 bytes, if they are a point at all, are the only encoding of it: y is below
/// p = 2^255 - 19, and the sign bit is clear where x is 0 (that is where y is 1 or -1).
fn is_canonical(point: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = point;
    let top = high & 0x7f;
    let all_ones = top == 0x7f && middle.iter().all(|byte| *byte == 0xff);
    if all_ones && *low >= 0xed {
        return false;
    }
    let one = *low == 1 && top == 0 && middle.iter().all(|byte| *byte == 0);
    let minus_one = all_ones && *low == 0xec;
    *high < 0x80 || !(one || minus_one)
}

fn message(prefix: &str, data: &[&[u8]]) -> Vec<u8> {
    let mut message =
        Vec::with_capacity(prefix.len() + 1 + data.iter().map(|d| d.len()).sum::<usize>());
    message.extend_from_slice(prefix.as_bytes());
    message.push(0);
    for part in data {
        message.extend_from_slice(part);
    }
    message
}
