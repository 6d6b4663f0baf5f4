//! Ed25519 over `prefix || 0x00 || data`, judged strictly (section 1.2).

use ed25519_dalek::{Signer, SigningKey};

/// Signs `data` under a prefix of section 1.2.
pub fn sign(key: &SigningKey, prefix: &str, data: &[&[u8]]) -> [u8; 64] {
    key.sign(&message(prefix, data)).to_bytes()
}

/// Whether the signature is valid by the strict rules of section 1.2.
pub fn verify(key: &[u8; 32], prefix: &str, data: &[&[u8]], signature: &[u8; 64]) -> bool {
    let _ = (key, signature, message(prefix, data));
    todo!()
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
