//! Newtypes for every 32-byte id and public key, made by one macro.

use std::{fmt, str::FromStr};

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is 64 lower-case hexadecimal digits")]
pub struct ParseIdError;

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps 32 bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Borrows the 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Copies the 32 bytes.
            pub const fn to_bytes(self) -> [u8; 32] {
                self.0
            }

            /// The first eight hexadecimal digits: for logs and people, never for look-ups.
            pub fn short(&self) -> String {
                hex(&self.0[..4])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.short())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse(text).map(Self)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
    };
}

id_type!(
    /// Id of a record: hash of its header and signature (section 2.1). Also names documents.
    RecordId
);
id_type!(
    /// Id of a collective: the record id of its genesis.
    CollectiveId
);
id_type!(
    /// Public root key of one member in one collective (section 4.1).
    SeatKey
);
id_type!(
    /// Public key of a device, with which it signs records (section 4.6).
    DeviceKey
);
id_type!(
    /// X25519 public key to which epoch secrets are sealed (section 6.2).
    KemKey
);
id_type!(
    /// Id of a grant, an invite included (section 3.3).
    GrantId
);
id_type!(
    /// Id of a revocation: a record id, or an effect id (section 3.3).
    RevocationId
);
id_type!(
    /// Public key of an invite, made from the seed in its link (section 7.5).
    InviteKey
);
id_type!(
    /// Plain BLAKE3 of a body.
    BodyHash
);
id_type!(
    /// Plain BLAKE3 of an epoch bundle.
    BundleHash
);
id_type!(
    /// Public id of an epoch secret, `key_id` of section 6.3.
    EpochId
);
id_type!(
    /// Hash of a charter.
    CharterHash
);
id_type!(
    /// Plain BLAKE3 of an attachment's ciphertext.
    BlobRoot
);

impl From<RecordId> for GrantId {
    fn from(id: RecordId) -> Self {
        Self(id.0)
    }
}

impl From<GrantId> for RecordId {
    fn from(id: GrantId) -> Self {
        Self(id.0)
    }
}

impl From<RecordId> for RevocationId {
    fn from(id: RecordId) -> Self {
        Self(id.0)
    }
}

impl From<RevocationId> for RecordId {
    fn from(id: RevocationId) -> Self {
        Self(id.0)
    }
}

impl From<RecordId> for CollectiveId {
    fn from(id: RecordId) -> Self {
        Self(id.0)
    }
}

impl From<CollectiveId> for RecordId {
    fn from(id: CollectiveId) -> Self {
        Self(id.0)
    }
}

/// The root log is signed by the seat key itself (section 2.1).
impl From<SeatKey> for DeviceKey {
    fn from(key: SeatKey) -> Self {
        Self(key.0)
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

fn parse(text: &str) -> Result<[u8; 32], ParseIdError> {
    fn digit(byte: u8) -> Result<u8, ParseIdError> {
        match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(ParseIdError),
        }
    }
    let text: &[u8; 64] = text.as_bytes().try_into().map_err(|_| ParseIdError)?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(bytes)
}
