//! The keys of a copy: sealed under the 24 words, and under a passphrase where one is given.
//!
//! A copy holds no device key. Two machines that sign with one device key fork its log, so whoever
//! comes back by a copy takes a new device (section 6.1); for that the words' secret is enough.

use folkmoot_api::ApiError;
use folkmoot_record::{
    CollectiveId, SeatKey,
    fc::{Decoder, Encoder, FcError},
};
use folkmoot_seal::{Card, Cost, EpochSecret, Master, NodeKey, VaultError, vault};
use zeroize::Zeroizing;

use crate::{
    clock::random,
    copies::{CopyError, item::MOST_COLLECTIVES},
    core::Core,
    errors::failed,
    person::secrets::{Membership, Secrets},
};

/// Format of the sealed keys.
const FORMAT: u64 = 1;
/// Where the random key stands that seals the rest, and where the rest does.
const TABLE: &str = "copy";
const BY_WORDS: &[u8] = b"by words";
const KEPT: &[u8] = b"kept";
/// Most epoch secrets of one collective, as in the key folder.
const MOST_EPOCHS: u64 = 4_096;
/// Most bytes of a card's text.
const CARD: usize = folkmoot_seal::card::MOST_BYTES;

/// What opens the keys of a copy.
#[derive(Clone, Copy)]
pub enum Unlock<'a> {
    /// The passphrase that was given when it was made.
    Passphrase(&'a str),
    /// The 24 words, or a recovery card.
    Words(&'a str),
}

impl std::fmt::Debug for Unlock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Passphrase(_) => "Passphrase(..)",
            Self::Words(_) => "Words(..)",
        })
    }
}

/// What is kept of one collective.
pub(crate) struct KeptCollective {
    pub(crate) cid: CollectiveId,
    pub(crate) membership: Membership,
    pub(crate) home: bool,
    pub(crate) seat: SeatKey,
    pub(crate) epochs: Vec<EpochSecret>,
}

/// The keys of a copy, opened.
pub(crate) struct Kept {
    /// The recovery card: words, collectives, addresses.
    pub(crate) card: Zeroizing<String>,
    pub(crate) collectives: Vec<KeptCollective>,
}

impl Kept {
    fn of(core: &Core) -> Result<Self, ApiError> {
        let kept = |secrets: &Secrets| KeptCollective {
            cid: secrets.cid,
            membership: secrets.membership,
            home: secrets.home,
            seat: secrets.seat,
            epochs: secrets.epochs.clone(),
        };
        Ok(Self {
            card: Zeroizing::new(core.card()?.card),
            collectives: core
                .collectives
                .values()
                .map(|one| kept(&one.secrets))
                .collect(),
        })
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let epochs: usize = self.collectives.iter().map(|one| one.epochs.len()).sum();
        let room = 256 + self.card.len() + 128 * self.collectives.len() + 36 * epochs;
        let mut out = Encoder::with_capacity(room);
        out.array(2).text(&self.card).array(self.collectives.len());
        for one in &self.collectives {
            out.array(5)
                .bytes(one.cid)
                .uint(match one.membership {
                    Membership::Joining => 0_u64,
                    Membership::Member => 1,
                    Membership::Left => 2,
                })
                .bool(one.home)
                .bytes(one.seat)
                .array(one.epochs.len());
            for epoch in &one.epochs {
                out.bytes(epoch.expose());
            }
        }
        Zeroizing::new(out.finish())
    }

    fn decode(bytes: &[u8]) -> Result<Self, FcError> {
        let mut d = Decoder::new(bytes)?;
        d.array_of(2)?;
        let card = Zeroizing::new(d.text(CARD)?.to_owned());
        let collectives = d.list(0..=MOST_COLLECTIVES, |d| {
            d.array_of(5)?;
            Ok(KeptCollective {
                cid: CollectiveId::from_bytes(d.bytes_of()?),
                membership: match d.uint_within(0..=2)? {
                    0 => Membership::Joining,
                    1 => Membership::Member,
                    _ => Membership::Left,
                },
                home: d.bool()?,
                seat: SeatKey::from_bytes(d.bytes_of()?),
                epochs: d.list(0..=MOST_EPOCHS, |d| {
                    d.bytes_of().map(EpochSecret::from_bytes)
                })?,
            })
        })?;
        d.end()?;
        Ok(Self { card, collectives })
    }

    /// The card, read.
    pub(crate) fn card(&self) -> Result<Card, CopyError> {
        Card::parse(&self.card)
            .map_err(|error| CopyError::Damaged(format!("its recovery card: {error}")))
    }
}

impl Core {
    /// The keys for a copy, sealed.
    pub(crate) fn sealed_keys(&self, passphrase: Option<&str>) -> Result<Vec<u8>, ApiError> {
        let told = |error: &dyn std::fmt::Display| failed(error.to_string());
        let kept = Kept::of(self)?;
        let master = Master::from_words(&self.keyring.words()).map_err(|e| told(&e))?;
        let draw = || random().map_err(|e| told(&e));
        let key = NodeKey::from_bytes(random().map_err(|e| told(&e))?);
        let by_words = master
            .copy_key()
            .seal_value(TABLE, BY_WORDS, key.expose(), &draw()?);
        let sealed = key.seal_value(TABLE, KEPT, &kept.encode(), &draw()?);
        let mut out = Encoder::new();
        out.array(4).uint(FORMAT);
        match passphrase {
            Some(passphrase) => {
                let salt = random().map_err(|e| told(&e))?;
                let locked =
                    vault::lock(passphrase.as_bytes(), &key, Cost::STANDARD, &salt, &draw()?);
                out.bytes(locked.map_err(|e| told(&e))?)
            }
            None => out.null(),
        };
        out.bytes(by_words).bytes(sealed);
        Ok(out.finish())
    }
}

/// Sealed keys, not opened.
pub(crate) struct SealedKeys<'a> {
    by_passphrase: Option<&'a [u8]>,
    by_words: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> SealedKeys<'a> {
    /// `None` where the bytes do not have the shape of sealed keys.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let read = || -> Result<Self, FcError> {
            let mut d = Decoder::new(bytes)?;
            d.array_of(4)?;
            d.uint_within(FORMAT..=FORMAT)?;
            let keys = Self {
                by_passphrase: match d.take_null() {
                    true => None,
                    false => Some(d.bytes()?),
                },
                by_words: d.bytes()?,
                sealed: d.bytes()?,
            };
            d.end()?;
            Ok(keys)
        };
        read().ok()
    }

    pub(crate) const fn has_passphrase(&self) -> bool {
        self.by_passphrase.is_some()
    }

    /// Opens them.
    ///
    /// # Errors
    /// The wrong secret, or bytes that were changed.
    pub(crate) fn open(&self, unlock: Unlock<'_>) -> Result<Kept, CopyError> {
        let damaged = |what: &str| CopyError::Damaged(what.to_owned());
        let key = match unlock {
            Unlock::Passphrase(passphrase) => {
                let file = self
                    .by_passphrase
                    .ok_or(CopyError::WrongSecret("a passphrase"))?;
                vault::unlock(passphrase.as_bytes(), file).map_err(|error| match error {
                    VaultError::WrongPassphrase => CopyError::WrongSecret("this passphrase"),
                    other => CopyError::Damaged(other.to_string()),
                })?
            }
            Unlock::Words(words) => {
                let card = Card::parse(words)
                    .map_err(|_| CopyError::WrongSecret("what was given as the 24 words"))?;
                let key = card.master.copy_key();
                let bytes = key
                    .open_value(TABLE, BY_WORDS, self.by_words)
                    .map_err(|_| CopyError::WrongSecret("another person's words"))?;
                let bytes = bytes.as_slice().try_into();
                NodeKey::from_bytes(bytes.map_err(|_| damaged("its sealed key is too short"))?)
            }
        };
        let bytes = key
            .open_value(TABLE, KEPT, self.sealed)
            .map_err(|_| damaged("its sealed keys were changed"))?;
        Kept::decode(&bytes).map_err(|_| damaged("its sealed keys cannot be read"))
    }
}
