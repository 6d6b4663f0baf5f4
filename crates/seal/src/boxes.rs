//! Boxes: records sealed for keepers, the mesh and drop files (section 6.4).
//!
//! A box is a function of the record and the epoch: every member who holds both makes the same
//! bytes, so the sets of boxes agree.

use folkmoot_record::{
    EpochId, Kind,
    fc::{Decoder, Encoder, FcError},
    hash, limits,
};
use zeroize::Zeroizing;

use crate::{
    aead,
    epoch::{ControlKey, DataKey},
    kdf,
};

/// Most bytes of a box: the largest record with length, padding, tag and head.
pub const MAX_BYTES: usize = padme(limits::RECORD + 4) + 128;

/// Which key opens a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BoxClass {
    /// Records of kinds below 0x100.
    Control,
    /// Content.
    Data,
}

impl BoxClass {
    /// The class in which a record of this kind is boxed.
    pub const fn of(kind: Kind) -> Self {
        if kind.0 < 0x100 {
            Self::Control
        } else {
            Self::Data
        }
    }

    /// The class byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Control => 0,
            Self::Data => 1,
        }
    }
}

/// The key that seals and opens boxes of one class in one epoch.
#[derive(Debug, Clone, Copy)]
pub enum BoxKey<'a> {
    /// For control records.
    Control(&'a ControlKey),
    /// For content.
    Data(&'a DataKey),
}

impl BoxKey<'_> {
    /// The class that this key serves.
    pub const fn class(&self) -> BoxClass {
        match self {
            Self::Control(_) => BoxClass::Control,
            Self::Data(_) => BoxClass::Data,
        }
    }

    fn expose(&self) -> &[u8; 32] {
        match self {
            Self::Control(key) => key.expose(),
            Self::Data(key) => key.expose(),
        }
    }
}

/// Why bytes are no box, or a box did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BoxError {
    /// Wrong shape, not canonical, or too large.
    #[error("the bytes are not a box in canonical encoding")]
    Malformed,
    /// The key is of another class than the box.
    #[error("the box is of the other class")]
    Class,
    /// The key does not open it.
    #[error("the box does not open with this key")]
    Sealed,
    /// It opens, but not to what an honest member would have made.
    #[error("the box is not the one that its record makes")]
    NotDeterministic,
}

impl From<FcError> for BoxError {
    fn from(_: FcError) -> Self {
        Self::Malformed
    }
}

/// The outside of a box: all that a keeper can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBox {
    class: BoxClass,
    key_id: EpochId,
    nonce: [u8; 24],
    ct: Vec<u8>,
}

impl SealedBox {
    /// Boxes a record (whole wire bytes, with body) in the epoch `key_id`. The key's class must
    /// be that of the record's kind: [`BoxClass::of`].
    pub fn seal(key: BoxKey<'_>, key_id: EpochId, record: &[u8]) -> Self {
        let nonce = nonce(key.expose(), record);
        let plain = pad(record);
        Self {
            class: key.class(),
            key_id,
            nonce,
            ct: aead::seal(key.expose(), &nonce, &aad(key.class(), &key_id), &plain),
        }
    }

    /// Opens a box to the record's wire bytes, which are still to be parsed and verified. The
    /// caller also checks that the kind inside belongs to the class.
    ///
    /// # Errors
    /// See [`BoxError`].
    pub fn open(&self, key: BoxKey<'_>) -> Result<Zeroizing<Vec<u8>>, BoxError> {
        if key.class() != self.class {
            return Err(BoxError::Class);
        }
        let aad = aad(self.class, &self.key_id);
        let mut plain =
            aead::open(key.expose(), &self.nonce, &aad, &self.ct).map_err(|_| BoxError::Sealed)?;
        let (head, rest) = plain
            .split_first_chunk::<4>()
            .ok_or(BoxError::NotDeterministic)?;
        let len =
            usize::try_from(u32::from_be_bytes(*head)).map_err(|_| BoxError::NotDeterministic)?;
        let (record, zeros) = rest
            .split_at_checked(len)
            .ok_or(BoxError::NotDeterministic)?;
        let honest = plain.len() == padme(4 + len)
            && zeros.iter().all(|byte| *byte == 0)
            && nonce(key.expose(), record) == self.nonce;
        if !honest {
            return Err(BoxError::NotDeterministic);
        }
        plain.drain(..4);
        plain.truncate(len);
        Ok(plain)
    }

    /// Whether control or content is inside.
    pub fn class(&self) -> BoxClass {
        self.class
    }

    /// The epoch whose key opens it.
    pub fn key_id(&self) -> EpochId {
        self.key_id
    }

    /// `B3` of the encoding.
    pub fn id(&self) -> [u8; 32] {
        hash::plain(&self.encode())
    }

    /// `[1, class, key_id, nonce, ct]` in FC.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Encoder::new();
        w.array(5)
            .uint(1_u8)
            .uint(self.class.byte())
            .bytes(self.key_id)
            .bytes(self.nonce)
            .bytes(&self.ct);
        w.finish()
    }

    /// Reads a box from outside, without opening it.
    ///
    /// # Errors
    /// [`BoxError::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BoxError> {
        if bytes.len() > MAX_BYTES {
            return Err(BoxError::Malformed);
        }
        let mut d = Decoder::new(bytes)?;
        d.array_of(5)?;
        let class = match (d.uint()?, d.uint()?) {
            (1, 0) => BoxClass::Control,
            (1, 1) => BoxClass::Data,
            _ => return Err(BoxError::Malformed),
        };
        let sealed = Self {
            class,
            key_id: EpochId::from_bytes(d.bytes_of()?),
            nonce: d.bytes_of()?,
            ct: d.bytes()?.to_vec(),
        };
        d.end()?;
        if sealed.ct.len() < aead::TAG {
            return Err(BoxError::Malformed);
        }
        Ok(sealed)
    }
}

/// Padmé (section 1.5): `len` rounded up so that a size tells little and costs at most 12 %.
pub const fn padme(len: usize) -> usize {
    if len < 2 {
        return len;
    }
    // floor(log2(e)) + 1 is the number of bits of e, which is at least 1 here.
    let e = len.ilog2();
    let s = u32::BITS - e.leading_zeros();
    let step = 1_usize << (e - s);
    len.next_multiple_of(step)
}

fn pad(record: &[u8]) -> Zeroizing<Vec<u8>> {
    let size = padme(4 + record.len());
    let mut plain = Zeroizing::new(Vec::with_capacity(size));
    // A record is at most `limits::RECORD` bytes, far below 2^32.
    plain.extend_from_slice(&(record.len() as u32).to_be_bytes());
    plain.extend_from_slice(record);
    plain.resize(size, 0);
    plain
}

/// `KH(H("folkmoot/1 box nonce", K), B3(r))[0..24]`.
fn nonce(key: &[u8; 32], record: &[u8]) -> [u8; 24] {
    let nonce_key = kdf::derive("folkmoot/1 box nonce", &[key]);
    kdf::cut(&kdf::keyed(&nonce_key, &[&hash::plain(record)]))
}

/// `"folkmoot/1 box" || 0x00 || class || key_id`.
fn aad(class: BoxClass, key_id: &EpochId) -> Vec<u8> {
    [
        b"folkmoot/1 box\0".as_slice(),
        &[class.byte()],
        key_id.as_bytes(),
    ]
    .concat()
}
