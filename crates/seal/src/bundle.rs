//! Bundles: one epoch secret sealed to many devices (section 6.3).

use folkmoot_record::{
    BundleHash, CollectiveId, DeviceKey, EpochId, KemKey,
    fc::{Decoder, Encoder, FcError},
    hash,
};
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256,
};
use zeroize::Zeroizing;

use crate::{epoch::EpochSecret, kdf, secret::secret_type};

mod seeded;
use seeded::Seeded;

/// Most bytes of an encoded bundle: it has to travel as the last item of a frame of 1 MiB that holds
/// up to 256 KiB of others before it (sections 7.3 and 7.6). Who reads counts some 8,000 devices then.
pub const MAX_BYTES: usize = (3 << 18) - 64;

/// Most entries of a bundle. An entry takes 94 bytes; the head at most 40.
pub const MAX_ENTRIES: usize = (MAX_BYTES - 40) / ENTRY_BYTES;

/// Bytes of one encoded entry.
pub const ENTRY_BYTES: usize = 94;

secret_type!(
    /// X25519 secret of a device, to which epoch secrets are sealed (section 6.2).
    KemSecret
);

impl KemSecret {
    /// The public half.
    pub fn public(&self) -> KemKey {
        match <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(self.expose()) {
            Ok(key) => {
                let public = X25519HkdfSha256::sk_to_pk(&key).to_bytes();
                KemKey::from_bytes(public.into())
            }
            // X25519 takes any 32 bytes as a secret; only the length is checked.
            Err(_) => unreachable!("an X25519 secret has 32 bytes"),
        }
    }
}

/// A device that is to receive an epoch secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipient {
    /// Binds the seal to the device.
    pub dev: DeviceKey,
    /// The current KEM key of the device.
    pub kem: KemKey,
}

/// One epoch secret, sealed to devices. Says how many, not which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    key_id: EpochId,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hint: [u8; 8],
    enc: [u8; 32],
    ct: [u8; 48],
}

/// What [`Bundle::seal`] made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Sealing {
    /// The bundle for all who could be served.
    pub bundle: Bundle,
    /// Devices whose KEM key is of small order, so that nothing can be sealed to it. They are
    /// passed over: one member's bad key must not stop a rotation.
    pub skipped: Vec<DeviceKey>,
}

/// The bytes are no bundle, or too many devices are to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// More than [`MAX_ENTRIES`] recipients or [`MAX_BYTES`] bytes.
    #[error("a bundle holds at most {MAX_ENTRIES} seals")]
    TooLarge,
    /// Wrong shape, not canonical, or entries not strictly ascending.
    #[error("the bytes are not a bundle in canonical encoding")]
    Malformed,
}

impl From<FcError> for BundleError {
    fn from(_: FcError) -> Self {
        Self::Malformed
    }
}

/// Why a bundle did not give the epoch secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// No entry carries the hint of this KEM key.
    #[error("the bundle holds no seal for this device")]
    NotForUs,
    /// Entries carry our hint, but none opens to the secret of this epoch: a damaged or
    /// dishonest bundle, or the KEM secret of another device.
    #[error("the seal for this device does not give the epoch's secret")]
    Unopenable,
}

impl Bundle {
    /// Seals `secret` to every recipient. `seed` is 32 fresh random bytes; the ephemeral key of
    /// each seal is drawn from it together with collective, epoch and recipient, so that even a
    /// seed used twice by mistake never puts two different texts under one key.
    ///
    /// # Errors
    /// [`BundleError::TooLarge`] above [`MAX_ENTRIES`] recipients.
    pub fn seal(
        secret: &EpochSecret,
        cid: &CollectiveId,
        recipients: &[Recipient],
        seed: &[u8; 32],
    ) -> Result<Sealing, BundleError> {
        if recipients.len() > MAX_ENTRIES {
            return Err(BundleError::TooLarge);
        }
        let key_id = secret.id();
        let info = info(cid, &key_id);
        let mut entries = Vec::with_capacity(recipients.len());
        let mut skipped = Vec::new();
        for recipient in recipients {
            let mut random = Seeded::new(&kdf::keyed(
                seed,
                &[&info, recipient.dev.as_bytes(), recipient.kem.as_bytes()],
            ));
            match seal_one(secret, &info, &key_id, recipient, &mut random) {
                Some(entry) => entries.push(entry),
                None => skipped.push(recipient.dev),
            }
        }
        entries.sort_unstable();
        entries.dedup();
        Ok(Sealing {
            bundle: Self { key_id, entries },
            skipped,
        })
    }

    /// Opens the seal for a device of ours.
    ///
    /// # Errors
    /// See [`OpenError`]. Every entry with our hint is tried; [`MAX_ENTRIES`] bounds the work.
    pub fn open(
        &self,
        cid: &CollectiveId,
        dev: &DeviceKey,
        kem: &KemSecret,
    ) -> Result<EpochSecret, OpenError> {
        let own_hint = hint(&self.key_id, &kem.public());
        let info = info(cid, &self.key_id);
        let mut outcome = OpenError::NotForUs;
        for entry in self.entries.iter().filter(|entry| entry.hint == own_hint) {
            match open_one(entry, &info, dev, kem) {
                Some(secret) if secret.id() == self.key_id => return Ok(secret),
                _ => outcome = OpenError::Unopenable,
            }
        }
        Err(outcome)
    }

    /// Which epoch's secret is inside.
    pub fn key_id(&self) -> EpochId {
        self.key_id
    }

    /// How many seals it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds no seal.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// `[1, key_id, [*[hint, enc, ct]]]` in FC.
    pub fn encode(&self) -> Vec<u8> {
        let room = 40 + ENTRY_BYTES * self.entries.len();
        let mut w = Encoder::with_capacity(room);
        w.array(3).uint(1_u8).bytes(self.key_id);
        w.array(self.entries.len());
        for entry in &self.entries {
            w.array(3)
                .bytes(entry.hint)
                .bytes(entry.enc)
                .bytes(entry.ct);
        }
        w.finish()
    }

    /// `B3` of the encoding: `bundle_hash` of the epoch record, and the bundle's id.
    pub fn hash(&self) -> BundleHash {
        BundleHash::from_bytes(hash::plain(&self.encode()))
    }

    /// Reads a bundle from outside.
    ///
    /// # Errors
    /// See [`BundleError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_BYTES {
            return Err(BundleError::TooLarge);
        }
        let mut d = Decoder::new(bytes)?;
        d.array_of(3)?;
        d.narrow(1..=1_u8)?;
        let key_id = EpochId::from_bytes(d.bytes_of()?);
        let entries = d.ascending(0..=MAX_ENTRIES as u64, |d| {
            d.array_of(3)?;
            Ok(Entry {
                hint: d.bytes_of()?,
                enc: d.bytes_of()?,
                ct: d.bytes_of()?,
            })
        })?;
        d.end()?;
        Ok(Self { key_id, entries })
    }
}

/// `"folkmoot/1 epoch" || 0x00 || cid || key_id`.
fn info(cid: &CollectiveId, key_id: &EpochId) -> Vec<u8> {
    [
        b"folkmoot/1 epoch\0".as_slice(),
        cid.as_bytes(),
        key_id.as_bytes(),
    ]
    .concat()
}

fn hint(key_id: &EpochId, kem: &KemKey) -> [u8; 8] {
    kdf::cut(&kdf::derive(
        "folkmoot/1 seal hint",
        &[key_id.as_bytes(), kem.as_bytes()],
    ))
}

/// `None` if the recipient's key is of small order.
fn seal_one(
    secret: &EpochSecret,
    info: &[u8],
    key_id: &EpochId,
    recipient: &Recipient,
    random: &mut Seeded,
) -> Option<Entry> {
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(recipient.kem.as_bytes()).ok()?;
    let (enc, ct) =
        hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            info,
            secret.expose(),
            recipient.dev.as_bytes(),
            random,
        )
        .ok()?;
    Some(Entry {
        hint: hint(key_id, &recipient.kem),
        enc: enc.to_bytes().into(),
        ct: ct.try_into().ok()?,
    })
}

fn open_one(entry: &Entry, info: &[u8], dev: &DeviceKey, kem: &KemSecret) -> Option<EpochSecret> {
    type Suite = X25519HkdfSha256;
    let secret = <Suite as Kem>::PrivateKey::from_bytes(kem.expose()).ok()?;
    let enc = <Suite as Kem>::EncappedKey::from_bytes(&entry.enc).ok()?;
    let plain = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>(
        &OpModeR::Base,
        &secret,
        &enc,
        info,
        &entry.ct,
        dev.as_bytes(),
    )
    .map(Zeroizing::new)
    .ok()?;
    Some(EpochSecret::from_bytes(plain.as_slice().try_into().ok()?))
}
