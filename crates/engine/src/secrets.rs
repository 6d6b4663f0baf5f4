//! What this node keeps secret of one collective, and its file form.

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    CollectiveId, DeviceKey, EpochId, SeatKey,
    fc::{Decoder, Encoder, FcError},
};
use folkmoot_seal::{EpochSecret, KemSecret};
use zeroize::Zeroizing;

/// Format of the file.
const FORMAT: u64 = 1;
/// Most KEM secrets kept: the present one and those within 180 days (section 6.2).
const MOST_KEMS: u64 = 64;
/// Most epoch secrets kept of one collective.
const MOST_EPOCHS: u64 = 4_096;

/// Whether this person takes part in a collective.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    /// Knocking at an invite's door.
    Joining,
    /// In.
    Member,
    /// Left; the records are kept.
    Left,
}

/// Keys and secrets of one collective.
pub(crate) struct Secrets {
    pub(crate) cid: CollectiveId,
    pub(crate) membership: Membership,
    /// The personal home: known by this list, not by bytes (section 7.5).
    pub(crate) home: bool,
    /// The salt of the genesis, where this person founded the collective: the seat key needs it.
    pub(crate) founder_salt: Option<[u8; 16]>,
    pub(crate) seat: SeatKey,
    pub(crate) device: SigningKey,
    /// KEM secrets, oldest first; the last one is current.
    pub(crate) kems: Vec<KemSecret>,
    /// Epoch secrets held, in the order in which they came.
    pub(crate) epochs: Vec<EpochSecret>,
}

impl Secrets {
    pub(crate) fn dev(&self) -> DeviceKey {
        DeviceKey::from_bytes(self.device.verifying_key().to_bytes())
    }

    /// The same secrets once more, for a collective that is read again.
    pub(crate) fn copy(&self) -> Self {
        Self {
            device: self.device.clone(),
            kems: self.kems.clone(),
            epochs: self.epochs.clone(),
            ..*self
        }
    }

    pub(crate) fn epoch(&self, id: &EpochId) -> Option<&EpochSecret> {
        self.epochs.iter().find(|secret| secret.id() == *id)
    }

    /// Keeps an epoch secret; true if it is new. One more than [`MOST_EPOCHS`] is not kept: what
    /// is written must be readable again.
    pub(crate) fn learn(&mut self, secret: EpochSecret) -> bool {
        let new = self.epoch(&secret.id()).is_none() && (self.epochs.len() as u64) < MOST_EPOCHS;
        if new {
            self.epochs.push(secret);
        }
        new
    }

    /// Keeps a KEM secret as the current one; the oldest goes where there are too many.
    pub(crate) fn renew_kem(&mut self, kem: KemSecret) {
        if self.kems.len() as u64 >= MOST_KEMS {
            self.kems.remove(0);
        }
        self.kems.push(kem);
    }

    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Encoder::with_capacity(256 + 36 * (self.kems.len() + self.epochs.len()));
        out.array(9)
            .uint(FORMAT)
            .bytes(self.cid)
            .uint(match self.membership {
                Membership::Joining => 0_u64,
                Membership::Member => 1,
                Membership::Left => 2,
            })
            .bool(self.home)
            .bytes_or_null(self.founder_salt)
            .bytes(self.seat)
            .bytes(Zeroizing::new(self.device.to_bytes()).as_slice());
        out.array(self.kems.len());
        for kem in &self.kems {
            out.bytes(kem.expose());
        }
        out.array(self.epochs.len());
        for epoch in &self.epochs {
            out.bytes(epoch.expose());
        }
        Zeroizing::new(out.finish())
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FcError> {
        let mut d = Decoder::new(bytes)?;
        d.array_of(9)?;
        d.uint_within(FORMAT..=FORMAT)?;
        let cid = CollectiveId::from_bytes(d.bytes_of()?);
        let membership = match d.uint_within(0..=2)? {
            0 => Membership::Joining,
            1 => Membership::Member,
            _ => Membership::Left,
        };
        let home = d.bool()?;
        let founder_salt = d.bytes_or_null()?;
        let seat = SeatKey::from_bytes(d.bytes_of()?);
        let device = SigningKey::from_bytes(&Zeroizing::new(d.bytes_of()?));
        let kems = d.list(0..=MOST_KEMS, |d| d.bytes_of().map(KemSecret::from_bytes))?;
        let epochs = d.list(0..=MOST_EPOCHS, |d| {
            d.bytes_of().map(EpochSecret::from_bytes)
        })?;
        d.end()?;
        Ok(Self {
            cid,
            membership,
            home,
            founder_salt,
            seat,
            device,
            kems,
            epochs,
        })
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets")
            .field("cid", &self.cid)
            .field("membership", &self.membership)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_survive_their_file_form() {
        let secrets = Secrets {
            cid: CollectiveId::from_bytes([1; 32]),
            membership: Membership::Left,
            home: true,
            founder_salt: Some([2; 16]),
            seat: SeatKey::from_bytes([3; 32]),
            device: SigningKey::from_bytes(&[4; 32]),
            kems: vec![KemSecret::from_bytes([5; 32])],
            epochs: vec![
                EpochSecret::from_bytes([6; 32]),
                EpochSecret::from_bytes([7; 32]),
            ],
        };
        let bytes = secrets.encode();
        let again = Secrets::decode(&bytes).unwrap();
        assert_eq!(again.encode(), bytes);
        assert_eq!(again.membership, Membership::Left);
        assert!(Secrets::decode(&bytes[1..]).is_err());
        assert!(!format!("{secrets:?}").contains("04"));
    }
}
