//! Sealing at rest (section 6.6): a passphrase seals the node key, and the node key seals
//! every secret value.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use folkmoot_record::fc::{Decoder, Encoder, FcError};
use zeroize::Zeroizing;

use crate::{aead, secret::secret_type};

/// Format of the file.
const FORMAT: u64 = 1;
/// Most bytes of a vault file: the fields of fixed length and three numbers.
pub const MAX_BYTES: usize = 160;
/// Most memory that a file may ask for, in KiB: 1 GiB, so that a doctored file cannot
/// exhaust the machine.
pub const MAX_MEMORY_KIB: u32 = 1 << 20;
/// Most passes that a file may ask for: at [`MAX_MEMORY_KIB`] about a minute.
pub const MAX_PASSES: u32 = 16;
/// Most lanes that a file may ask for.
pub const MAX_LANES: u32 = 16;

secret_type!(
    /// Random key of this node; it seals every secret value in the store.
    NodeKey
);

/// Cost of turning the passphrase into a key: Argon2id, RFC 9106.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// `m`, in KiB.
    pub memory_kib: u32,
    /// `t`.
    pub passes: u32,
    /// `p`.
    pub lanes: u32,
}

impl Cost {
    /// 64 MiB, 3 passes, 4 lanes: the second choice of RFC 9106, for machines of any size.
    pub const STANDARD: Self = Self {
        memory_kib: 65_536,
        passes: 3,
        lanes: 4,
    };
}

impl Default for Cost {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Why a vault file or a sealed value did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The file is whole, but this passphrase does not open it. A file whose sealed part was
    /// changed looks the same: nothing tells the two apart.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The bytes are no vault file.
    #[error("the key file is damaged")]
    Damaged,
    /// A later version wrote the file.
    #[error("the key file has format {0}; this version knows format {FORMAT}")]
    Format(u64),
    /// The cost lies outside what Argon2id defines or what this version accepts.
    #[error("the key file asks for a cost outside the accepted range")]
    Cost,
    /// The system could not give the memory.
    #[error("not enough memory to derive the key ({0} KiB)")]
    Memory(u32),
    /// A value was sealed under another key, or for another place, or was changed.
    #[error("a sealed value does not open: it was changed, moved, or sealed by another node")]
    Value,
}

impl From<FcError> for VaultError {
    fn from(_: FcError) -> Self {
        Self::Damaged
    }
}

/// Seals the node key under a passphrase. `salt` and `nonce` are fresh random bytes, also when
/// only the passphrase changes. Takes the time and memory that `cost` says.
///
/// # Errors
/// [`VaultError::Cost`] or [`VaultError::Memory`].
pub fn lock(
    passphrase: &[u8],
    node_key: &NodeKey,
    cost: Cost,
    salt: &[u8; 16],
    nonce: &[u8; 24],
) -> Result<Vec<u8>, VaultError> {
    let key = stretch(passphrase, salt, cost)?;
    let ct = aead::seal(&key, nonce, &head(salt, cost), node_key.expose());
    Ok(file(salt, cost, nonce, &ct))
}

/// Opens a file that [`lock`] made.
///
/// # Errors
/// See [`VaultError`].
pub fn unlock(passphrase: &[u8], bytes: &[u8]) -> Result<NodeKey, VaultError> {
    let parsed = parse(bytes)?;
    let key = stretch(passphrase, &parsed.salt, parsed.cost)?;
    let head = head(&parsed.salt, parsed.cost);
    let plain = aead::open(&key, &parsed.nonce, &head, &parsed.ct)
        .map_err(|_| VaultError::WrongPassphrase)?;
    let bytes: [u8; 32] = plain
        .as_slice()
        .try_into()
        .map_err(|_| VaultError::Damaged)?;
    Ok(NodeKey::from_bytes(bytes))
}

/// Reads a file and writes it again, without a passphrase: for the fuzzer of the format, which
/// cannot wait for Argon2. No part of the API.
///
/// # Errors
/// See [`VaultError`].
#[doc(hidden)]
pub fn rewrite(bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
    let parsed = parse(bytes)?;
    Ok(file(&parsed.salt, parsed.cost, &parsed.nonce, &parsed.ct))
}

impl NodeKey {
    /// Seals one value for its place: `nonce || ciphertext`, 40 bytes longer than the value.
    /// `nonce` is 24 fresh random bytes; `table` holds no zero byte.
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
    /// [`VaultError::Value`] if it was changed, moved to another place, or sealed under another
    /// node key.
    pub fn open_value(
        &self,
        table: &'static str,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        open_in(self.expose(), table, key, sealed)
    }
}

pub(crate) fn seal_in(
    secret: &[u8; 32],
    table: &'static str,
    key: &[u8],
    value: &[u8],
    nonce: &[u8; 24],
) -> Vec<u8> {
    let mut out = nonce.to_vec();
    out.extend_from_slice(&aead::seal(secret, nonce, &place(table, key), value));
    out
}

pub(crate) fn open_in(
    secret: &[u8; 32],
    table: &'static str,
    key: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, ct) = sealed.split_first_chunk().ok_or(VaultError::Value)?;
    aead::open(secret, nonce, &place(table, key), ct).map_err(|_| VaultError::Value)
}

/// `table || 0x00 || key`: without the zero byte, two places could read alike.
fn place(table: &'static str, key: &[u8]) -> Vec<u8> {
    [table.as_bytes(), &[0], key].concat()
}

struct Parsed {
    salt: [u8; 16],
    cost: Cost,
    nonce: [u8; 24],
    ct: [u8; 48],
}

fn parse(bytes: &[u8]) -> Result<Parsed, VaultError> {
    if bytes.len() > MAX_BYTES {
        return Err(VaultError::Damaged);
    }
    let mut d = Decoder::new(bytes)?;
    let len = d.array()?;
    let format = d.uint()?;
    if format != FORMAT {
        return Err(VaultError::Format(format));
    }
    if len != 7 {
        return Err(VaultError::Damaged);
    }
    let salt = d.bytes_of()?;
    let cost = Cost {
        memory_kib: d.narrow(0..=u32::MAX)?,
        passes: d.narrow(0..=u32::MAX)?,
        lanes: d.narrow(0..=u32::MAX)?,
    };
    let nonce = d.bytes_of()?;
    let ct = d.bytes_of()?;
    d.end()?;
    Ok(Parsed {
        salt,
        cost,
        nonce,
        ct,
    })
}

fn file(salt: &[u8; 16], cost: Cost, nonce: &[u8; 24], ct: &[u8]) -> Vec<u8> {
    let mut w = Encoder::new();
    w.array(7);
    fields(&mut w, salt, cost);
    w.bytes(nonce).bytes(ct);
    w.finish()
}

/// FC of the first five fields: the associated data.
fn head(salt: &[u8; 16], cost: Cost) -> Vec<u8> {
    let mut w = Encoder::new();
    w.array(5);
    fields(&mut w, salt, cost);
    w.finish()
}

fn fields(w: &mut Encoder, salt: &[u8; 16], cost: Cost) {
    w.uint(FORMAT)
        .bytes(salt)
        .uint(cost.memory_kib)
        .uint(cost.passes)
        .uint(cost.lanes);
}

fn stretch(
    passphrase: &[u8],
    salt: &[u8; 16],
    cost: Cost,
) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    if cost.memory_kib > MAX_MEMORY_KIB || cost.passes > MAX_PASSES || cost.lanes > MAX_LANES {
        return Err(VaultError::Cost);
    }
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
        .map_err(|_| VaultError::Cost)?;
    // Our own blocks, because the library does not wipe those that it takes itself.
    let mut blocks = Zeroizing::new(Vec::new());
    let count = params.block_count();
    blocks
        .try_reserve_exact(count)
        .map_err(|_| VaultError::Memory(cost.memory_kib))?;
    blocks.resize(count, Block::default());
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(passphrase, salt, &mut *key, blocks.as_mut_slice())
        .map_err(|_| VaultError::Cost)?;
    Ok(key)
}
