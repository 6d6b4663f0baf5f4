//! What this node keeps secret of one collective, and its file form.

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    CollectiveId, DeviceKey, EpochId, SeatKey,
    fc::{Decoder, Encoder, FcError},
};
use folkmoot_seal::{EpochSecret, KemSecret};
use zeroize::Zeroizing;

use crate::person::agents::{Agent, MOST_AGENTS};

/// Format of the file: 2 adds the limited devices.
const FORMAT: u64 = 2;
/// The format before: it has no limited devices.
const BEFORE_AGENTS: u64 = 1;
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
    /// Keys of a join beside others of the same collective: kept in a file of their own, which says
    /// so by its name.
    pub(crate) aside: bool,
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
    /// Limited devices of this person that sign here, dropped ones included.
    pub(crate) agents: Vec<Agent>,
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
            agents: self.agents.clone(),
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
        out.array(10)
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
        out.array(self.agents.len());
        for agent in &self.agents {
            agent.encode(&mut out);
        }
        Zeroizing::new(out.finish())
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FcError> {
        let mut d = Decoder::new(bytes)?;
        let fields = d.array()?;
        let format = d.uint_within(BEFORE_AGENTS..=FORMAT)?;
        let expected = if format == BEFORE_AGENTS { 9 } else { 10 };
        if fields != expected {
            return Err(FcError::Range);
        }
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
        let agents = if format == BEFORE_AGENTS {
            Vec::new()
        } else {
            d.list(0..=MOST_AGENTS, Agent::decode)?
        };
        d.end()?;
        Ok(Self {
            cid,
            membership,
            aside: false,
            home,
            founder_salt,
            seat,
            device,
            kems,
            epochs,
            agents,
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
            aside: false,
            home: true,
            founder_salt: Some([2; 16]),
            seat: SeatKey::from_bytes([3; 32]),
            device: SigningKey::from_bytes(&[4; 32]),
            kems: vec![KemSecret::from_bytes([5; 32])],
            epochs: vec![
                EpochSecret::from_bytes([6; 32]),
                EpochSecret::from_bytes([7; 32]),
            ],
            agents: vec![
                Agent::new("robin".to_owned(), SigningKey::from_bytes(&[8; 32])),
                Agent {
                    key: None,
                    ..Agent::new("old".to_owned(), SigningKey::from_bytes(&[9; 32]))
                },
            ],
        };
        let bytes = secrets.encode();
        let again = Secrets::decode(&bytes).unwrap();
        assert_eq!(again.encode(), bytes);
        assert_eq!(again.membership, Membership::Left);
        assert_eq!(again.agents[0].name, "robin");
        assert!(again.agents[0].is_open() && !again.agents[1].is_open());
        assert!(Secrets::decode(&bytes[1..]).is_err());
        assert!(!format!("{secrets:?}").contains("04"));
    }

    #[test]
    fn a_file_of_the_format_before_is_read() {
        let mut out = Encoder::new();
        out.array(9)
            .uint(1_u64)
            .bytes([1; 32])
            .uint(1_u64)
            .bool(false)
            .bytes_or_null(None::<[u8; 16]>)
            .bytes([3; 32])
            .bytes([4; 32]);
        out.array(0);
        out.array(1);
        out.bytes([6; 32]);
        let old = out.finish();
        let read = Secrets::decode(&old).unwrap();
        assert_eq!(read.membership, Membership::Member);
        assert_eq!(read.epochs.len(), 1);
        assert!(read.agents.is_empty());
        // Written again it is of the new format, and says the same.
        let again = Secrets::decode(&read.encode()).unwrap();
        assert_eq!(again.seat, read.seat);
    }
}
