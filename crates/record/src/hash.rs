//! Hashes with their contexts (section 1.1): each use has one.

/// `H(context, parts...)`: BLAKE3 in derive_key mode over the joined parts; 32 bytes.
pub fn derive(context: &'static str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// `KH(key, message)`: keyed BLAKE3; 32 bytes.
pub fn keyed(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    blake3::keyed_hash(key, message).into()
}

/// `B3(message)`: plain BLAKE3; 32 bytes.
pub fn plain(message: &[u8]) -> [u8; 32] {
    blake3::hash(message).into()
}
