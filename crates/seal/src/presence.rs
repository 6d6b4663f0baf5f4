//! Keyed presence: how two nodes learn that both hold a secret, without naming it
//! (sections 6.5 and 7.4).

use folkmoot_record::{CollectiveId, InviteKey, SeatKey};
use zeroize::Zeroizing;

use crate::{aead, kdf, secret::secret_type};

/// One tag of a hello.
pub type Tag = [u8; 16];

/// Most bytes of a PeerId in a transcript: its length is written in one byte.
pub const PEER_ID: usize = 255;

secret_type!(
    /// Meeting secret of an invite or a recovery door (section 6.5). It shows only that the
    /// other side knows the invite, or the seat.
    DoorSecret
);
secret_type!(
    /// `Kp` of section 7.4.
    PresenceKey
);
secret_type!(
    /// `Ks`: the key of one session.
    SessionKey
);
secret_type!(
    /// Salts item ids in one session, so that nobody can grind ids beforehand (section 7.6).
    SyncSalt
);

/// Which side of a hello: its byte goes into every tag, signature and nonce, so that what one
/// side sends cannot be mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// I: opened the stream.
    Initiator,
    /// R: the other side.
    Responder,
}

impl Role {
    /// The byte of section 7.4.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Initiator => 0x49,
            Self::Responder => 0x52,
        }
    }

    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// `T`: both nonces and both PeerIds of one hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript(Vec<u8>);

impl Transcript {
    /// `nI || nR || len8(PeerId_I) || len8(PeerId_R)`. `None` if a PeerId exceeds
    /// [`PEER_ID`] bytes.
    pub fn new(
        nonce_i: &[u8; 32],
        nonce_r: &[u8; 32],
        peer_i: &[u8],
        peer_r: &[u8],
    ) -> Option<Self> {
        let mut bytes = Vec::with_capacity(66 + peer_i.len() + peer_r.len());
        bytes.extend_from_slice(nonce_i);
        bytes.extend_from_slice(nonce_r);
        for peer in [peer_i, peer_r] {
            bytes.push(u8::try_from(peer.len()).ok()?);
            bytes.extend_from_slice(peer);
        }
        Some(Self(bytes))
    }

    /// The bytes of `T`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl DoorSecret {
    /// Door of an invite: members know its key from the record, the holder of the link
    /// derives it from the seed.
    pub fn invite(cid: &CollectiveId, invite: &InviteKey) -> Self {
        Self(kdf::derive(
            "folkmoot/1 door",
            &[cid.as_bytes(), invite.as_bytes()],
        ))
    }

    /// Door at which a person who lost every device asks to be let in again.
    pub fn recovery(cid: &CollectiveId, seat: &SeatKey) -> Self {
        Self(kdf::derive(
            "folkmoot/1 door",
            &[cid.as_bytes(), seat.as_bytes()],
        ))
    }

    /// `Kp` for this door.
    pub fn presence(&self) -> PresenceKey {
        PresenceKey::of(&self.0)
    }
}

/// Secret in a pairing link: good once and for 10 minutes (section 7.5).
#[derive(Clone)]
pub struct PairSecret(Zeroizing<[u8; 16]>);

impl PairSecret {
    /// Wraps 16 random bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Shows the bytes, to write them into a link.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// `Kp` for this pairing.
    pub fn presence(&self) -> PresenceKey {
        PresenceKey::of(&kdf::derive("folkmoot/1 pair", &[&*self.0]))
    }
}

impl core::fmt::Debug for PairSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PairSecret(..)")
    }
}

impl PartialEq for PairSecret {
    fn eq(&self, other: &Self) -> bool {
        self.presence() == other.presence()
    }
}

impl Eq for PairSecret {}

impl PresenceKey {
    /// `Kp = H("folkmoot/1 presence", x)`.
    pub(crate) fn of(x: &[u8; 32]) -> Self {
        Self(kdf::derive("folkmoot/1 presence", &[x]))
    }

    /// `KH(Kp, role || T)[0..16]`: the tag that `role` sends.
    pub fn tag(&self, role: Role, transcript: &Transcript) -> Tag {
        kdf::cut(&kdf::keyed(
            &self.0,
            &[&[role.byte()], transcript.as_bytes()],
        ))
    }

    /// `Ks = H("folkmoot/1 session", Kp || T)`.
    pub fn session(&self, transcript: &Transcript) -> SessionKey {
        SessionKey(kdf::derive(
            "folkmoot/1 session",
            &[&*self.0, transcript.as_bytes()],
        ))
    }
}

impl SessionKey {
    /// Seals the proof that `role` sends. The nonce is fixed by the role, so a side seals
    /// **one** proof under a session key and never a second, different one.
    pub fn seal_proof(&self, role: Role, proof: &[u8]) -> Vec<u8> {
        aead::seal(&self.0, &proof_nonce(role), &[], proof)
    }

    /// Opens the proof that `role` sent; `None` if it is not authentic.
    pub fn open_proof(&self, role: Role, sealed: &[u8]) -> Option<Vec<u8>> {
        aead::open(&self.0, &proof_nonce(role), &[], sealed)
            .ok()
            .map(|mut proof| core::mem::take(&mut *proof))
    }

    /// The key that salts item ids in this session.
    pub fn sync_salt(&self) -> SyncSalt {
        SyncSalt(kdf::derive("folkmoot/1 sync salt", &[&*self.0]))
    }
}

impl SyncSalt {
    /// `KH(salt, id)`: the id under which an item is reconciled.
    pub fn salted(&self, id: &[u8; 32]) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, id).as_bytes()
    }
}

/// The role byte and 23 zero bytes.
fn proof_nonce(role: Role) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[0] = role.byte();
    nonce
}
