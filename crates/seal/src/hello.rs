//! Proofs that follow matching tags in a hello (section 7.4).

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    CollectiveId, DeviceKey, InviteKey, SeatKey,
    fc::{Decoder, Encoder, FcError},
    signature,
};

use crate::presence::{Role, Transcript};

const DEVICE: &str = "folkmoot/1 device proof";
const DOOR: &str = "folkmoot/1 door proof";
const ROOT: &str = "folkmoot/1 root proof";

/// Who stands at the other end, with a signature over this very hello. Its signature is
/// believed only after [`Proof::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A member's device.
    Device {
        /// The seat it speaks for.
        seat: SeatKey,
        /// The key that signed.
        dev: DeviceKey,
        /// Over role, collective and transcript.
        sig: [u8; 64],
    },
    /// The holder of an invite link, at the invite's door.
    Door {
        /// The invite's key.
        invite: InviteKey,
        /// Over role, collective and transcript.
        sig: [u8; 64],
    },
    /// A person with their words only, at the recovery door.
    Root {
        /// The seat to be recovered.
        seat: SeatKey,
        /// Over role, collective and transcript.
        sig: [u8; 64],
    },
}

/// The bytes are no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not a hello proof in canonical encoding")]
pub struct ProofError;

impl From<FcError> for ProofError {
    fn from(_: FcError) -> Self {
        Self
    }
}

impl Proof {
    /// Signs as a device of `seat`.
    pub fn device(
        key: &SigningKey,
        seat: SeatKey,
        role: Role,
        cid: &CollectiveId,
        transcript: &Transcript,
    ) -> Self {
        Self::Device {
            seat,
            dev: DeviceKey::from_bytes(key.verifying_key().to_bytes()),
            sig: sign(key, DEVICE, role, cid, transcript),
        }
    }

    /// Signs with the key of an invite.
    pub fn door(key: &SigningKey, role: Role, cid: &CollectiveId, transcript: &Transcript) -> Self {
        Self::Door {
            invite: InviteKey::from_bytes(key.verifying_key().to_bytes()),
            sig: sign(key, DOOR, role, cid, transcript),
        }
    }

    /// Signs with the root of a seat.
    pub fn root(key: &SigningKey, role: Role, cid: &CollectiveId, transcript: &Transcript) -> Self {
        Self::Root {
            seat: SeatKey::from_bytes(key.verifying_key().to_bytes()),
            sig: sign(key, ROOT, role, cid, transcript),
        }
    }

    /// Whether the signature is by the named key, for this collective, this hello and this
    /// role. Whether that key means anything is a question to the collective's state.
    #[must_use]
    pub fn verify(&self, role: Role, cid: &CollectiveId, transcript: &Transcript) -> bool {
        let (key, prefix, sig) = match self {
            Self::Device { dev, sig, .. } => (dev.as_bytes(), DEVICE, sig),
            Self::Door { invite, sig } => (invite.as_bytes(), DOOR, sig),
            Self::Root { seat, sig } => (seat.as_bytes(), ROOT, sig),
        };
        signature::verify(
            key,
            prefix,
            &[&[role.byte()], cid.as_bytes(), transcript.as_bytes()],
            sig,
        )
    }

    /// FC of section 7.4, to be sealed with [`crate::SessionKey::seal_proof`].
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Encoder::new();
        match self {
            Self::Device { seat, dev, sig } => {
                w.array(4).uint(0_u8).bytes(seat).bytes(dev).bytes(sig)
            }
            Self::Door { invite, sig } => w.array(3).uint(1_u8).bytes(invite).bytes(sig),
            Self::Root { seat, sig } => w.array(3).uint(2_u8).bytes(seat).bytes(sig),
        };
        w.finish()
    }

    /// Reads the encoding.
    ///
    /// # Errors
    /// The bytes are not exactly one proof in canonical encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let mut d = Decoder::new(bytes)?;
        let len = d.array()?;
        let proof = match (len, d.uint()?) {
            (4, 0) => Self::Device {
                seat: SeatKey::from_bytes(d.bytes_of()?),
                dev: DeviceKey::from_bytes(d.bytes_of()?),
                sig: d.bytes_of()?,
            },
            (3, 1) => Self::Door {
                invite: InviteKey::from_bytes(d.bytes_of()?),
                sig: d.bytes_of()?,
            },
            (3, 2) => Self::Root {
                seat: SeatKey::from_bytes(d.bytes_of()?),
                sig: d.bytes_of()?,
            },
            _ => return Err(ProofError),
        };
        d.end()?;
        Ok(proof)
    }
}

fn sign(
    key: &SigningKey,
    prefix: &str,
    role: Role,
    cid: &CollectiveId,
    transcript: &Transcript,
) -> [u8; 64] {
    signature::sign(
        key,
        prefix,
        &[&[role.byte()], cid.as_bytes(), transcript.as_bytes()],
    )
}
