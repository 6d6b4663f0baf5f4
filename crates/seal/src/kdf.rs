//! Key derivation that leaves nothing behind (section 1.1).

use zeroize::{Zeroize, Zeroizing};

/// `H(context, parts...)` for secret input: as `folkmoot_record::hash::derive`, but the
/// state of the hash is wiped and so is the result when dropped.
pub(crate) fn derive(context: &'static str, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    finish(hasher)
}

/// `KH(key, parts...)` with the same care.
pub(crate) fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in parts {
        hasher.update(part);
    }
    finish(hasher)
}

/// The first `N` bytes of `M`; that `N` is at most `M` the compiler checks.
pub(crate) fn cut<const N: usize, const M: usize>(bytes: &[u8; M]) -> [u8; N] {
    const { assert!(N <= M, "cannot cut more than there is") };
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

fn finish(mut hasher: blake3::Hasher) -> Zeroizing<[u8; 32]> {
    let mut hash = hasher.finalize();
    hasher.zeroize();
    let out = Zeroizing::new(*hash.as_bytes());
    hash.zeroize();
    out
}
