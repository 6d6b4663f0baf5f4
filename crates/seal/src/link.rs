//! Links that people hand to each other (sections 1.5 and 7.5).
//!
//! `folkmoot:t:` and then base32 of `L || B3(L)[0..4]`, where `L` is an FC array. Links pass
//! through chats and mail and are read aloud, so reading forgives case, white space, line
//! breaks and invisible characters; it forgives nothing else.

use data_encoding::{BASE32_NOPAD_NOCASE, DecodeKind};
use folkmoot_record::{CollectiveId, DeviceKey, GrantId, KemKey};
use minicbor::Decoder;
use zeroize::Zeroizing;

use crate::{
    frame::{self, ShapeError, Writer},
    invite::InviteSeed,
    presence::PairSecret,
};

/// Most addresses in a link.
pub const MAX_ADDRESSES: usize = 8;
/// Most bytes of one address: a relayed address with two PeerIds and names takes about 200.
pub const MAX_ADDRESS: usize = 512;
/// Most characters of a link: 8 addresses of full length, in base32, with room.
pub const MAX_CHARS: usize = 8_192;

const SCHEME: &str = "folkmoot:";
const CHECKSUM: usize = 4;
/// Numbers stay below 2^53 (section 1.3).
const MAX_UINT: u64 = 1 << 53;

/// Why a text is no usable link. Never repeats the text: it may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Does not begin with `folkmoot:`.
    #[error("this is not a Folkmoot link: it should begin with folkmoot:")]
    NotALink,
    /// A type that this version does not know.
    #[error("this kind of link is not known here; a newer version may read it")]
    UnknownType,
    /// A good link of another kind than was asked for.
    #[error("this is {found}, but {wanted} is needed here")]
    WrongType {
        /// What it is.
        found: &'static str,
        /// What was wanted.
        wanted: &'static str,
    },
    /// The end is missing.
    #[error("the link is cut short: copy it again, to the end")]
    Truncated,
    /// A character that no link contains, at this place from 1, blanks not counted.
    #[error("character {0} of the link cannot stand in a link")]
    Character(usize),
    /// The checksum does not match.
    #[error("the link is mistyped: a character was changed, left out or added")]
    Mistyped,
    /// Longer than any link.
    #[error("this is too long for a link")]
    TooLong,
    /// The checksum matches, but the content breaks the format: no honest node made it.
    #[error("the link is not well formed, although nothing was mistyped")]
    Malformed,
}

/// Any link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Type `1`.
    Invite(InviteLink),
    /// Type `p1`.
    Pairing(PairingLink),
    /// Type `s1`.
    Shelf(ShelfLink),
}

/// An invite. It is a secret: whoever has it may join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteLink {
    /// The collective.
    pub cid: CollectiveId,
    /// The invite's record id.
    pub invite: GrantId,
    /// Makes the invite's key.
    pub seed: InviteSeed,
    /// `ms` of the invite record: Unix milliseconds, below 2^53.
    pub made_ms: u64,
    /// Where to look for a member first: multiaddrs, not looked into here.
    pub addresses: Vec<Vec<u8>>,
}

/// What a new device shows to an old one. A secret, good once and for 10 minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairingLink {
    /// The new device's key for Home.
    pub dev: DeviceKey,
    /// Its KEM key for Home.
    pub kem: KemKey,
    /// Meeting secret.
    pub secret: PairSecret,
    /// Where the new device listens.
    pub addresses: Vec<Vec<u8>>,
}

/// A public shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfLink {
    /// The key that signs the shelf's manifest.
    pub shelf: [u8; 32],
    /// Where it is served.
    pub addresses: Vec<Vec<u8>>,
}

impl Link {
    /// Reads any link.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let clean = clean(text)?;
        let rest = clean.strip_prefix(SCHEME).ok_or(LinkError::NotALink)?;
        let (kind, payload) = rest.split_once(':').ok_or(LinkError::Truncated)?;
        let read = match kind {
            "1" => read_invite,
            "p1" => read_pairing,
            "s1" => read_shelf,
            _ => return Err(LinkError::UnknownType),
        };
        let offset = clean.len() - payload.len();
        let bytes = unbase32(payload, offset)?;
        let shape = |l: &[u8]| {
            let mut d = Decoder::new(l);
            read(&mut d).map(|link| (link, d.position()))
        };
        let Some((l, checksum)) = bytes.split_last_chunk::<CHECKSUM>() else {
            return Err(LinkError::Truncated);
        };
        if checksum_of(l) != *checksum {
            // The shape tells a link that ends too early from one that is whole but wrong.
            return Err(match shape(&bytes) {
                Err(ShapeError::Short) => LinkError::Truncated,
                Ok((_, end)) if end + CHECKSUM > bytes.len() => LinkError::Truncated,
                _ => LinkError::Mistyped,
            });
        }
        match shape(l) {
            Ok((link, _)) if link.content().as_slice() == l => Ok(link),
            _ => Err(LinkError::Malformed),
        }
    }

    /// What a person calls this kind of link.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Invite(_) => InviteLink::NAME,
            Self::Pairing(_) => PairingLink::NAME,
            Self::Shelf(_) => ShelfLink::NAME,
        }
    }

    /// The text, in lower case. Addresses that break [`MAX_ADDRESSES`] or [`MAX_ADDRESS`] are
    /// left out.
    pub fn to_text(&self) -> Zeroizing<String> {
        let kind = match self {
            Self::Invite(_) => "1",
            Self::Pairing(_) => "p1",
            Self::Shelf(_) => "s1",
        };
        let mut l = self.content();
        let checksum = checksum_of(&l);
        l.extend_from_slice(&checksum);
        let mut text = Zeroizing::new(String::with_capacity(16 + l.len() * 8 / 5));
        text.push_str(SCHEME);
        text.push_str(kind);
        text.push(':');
        BASE32_NOPAD_NOCASE.encode_append(&l, &mut text);
        text.make_ascii_lowercase();
        text
    }

    /// `L`, in FC.
    fn content(&self) -> Zeroizing<Vec<u8>> {
        let mut w = Writer::new();
        let addresses = match self {
            Self::Invite(link) => {
                w.array(5)
                    .bytes(link.cid.as_bytes())
                    .bytes(link.invite.as_bytes())
                    .bytes(link.seed.expose())
                    .uint(link.made_ms);
                &link.addresses
            }
            Self::Pairing(link) => {
                w.array(4)
                    .bytes(link.dev.as_bytes())
                    .bytes(link.kem.as_bytes())
                    .bytes(link.secret.expose());
                &link.addresses
            }
            Self::Shelf(link) => {
                w.array(2).bytes(&link.shelf);
                &link.addresses
            }
        };
        let kept: Vec<_> = addresses
            .iter()
            .filter(|address| address.len() <= MAX_ADDRESS)
            .take(MAX_ADDRESSES)
            .collect();
        w.array(kept.len());
        for address in kept {
            w.bytes(address);
        }
        Zeroizing::new(w.finish())
    }
}

macro_rules! one_kind {
    ($type:ident, $variant:ident, $name:literal) => {
        impl $type {
            const NAME: &'static str = $name;

            /// Reads a link of this kind.
            ///
            /// # Errors
            /// See [`LinkError`]; a good link of another kind is [`LinkError::WrongType`].
            pub fn parse(text: &str) -> Result<Self, LinkError> {
                match Link::parse(text)? {
                    Link::$variant(link) => Ok(link),
                    other => Err(LinkError::WrongType {
                        found: other.name(),
                        wanted: Self::NAME,
                    }),
                }
            }

            /// The text; see [`Link::to_text`].
            pub fn to_text(&self) -> Zeroizing<String> {
                Link::$variant(self.clone()).to_text()
            }
        }
    };
}

one_kind!(InviteLink, Invite, "an invite");
one_kind!(PairingLink, Pairing, "a pairing link");
one_kind!(ShelfLink, Shelf, "a shelf link");

fn read_invite(d: &mut Decoder<'_>) -> Result<Link, ShapeError> {
    frame::array_of(d, 5)?;
    Ok(Link::Invite(InviteLink {
        cid: CollectiveId::from_bytes(frame::bytes(d)?),
        invite: GrantId::from_bytes(frame::bytes(d)?),
        seed: InviteSeed::from_bytes(frame::bytes(d)?),
        made_ms: uint(d)?,
        addresses: addresses(d)?,
    }))
}

fn read_pairing(d: &mut Decoder<'_>) -> Result<Link, ShapeError> {
    frame::array_of(d, 4)?;
    Ok(Link::Pairing(PairingLink {
        dev: DeviceKey::from_bytes(frame::bytes(d)?),
        kem: KemKey::from_bytes(frame::bytes(d)?),
        secret: PairSecret::from_bytes(frame::bytes(d)?),
        addresses: addresses(d)?,
    }))
}

fn read_shelf(d: &mut Decoder<'_>) -> Result<Link, ShapeError> {
    frame::array_of(d, 2)?;
    Ok(Link::Shelf(ShelfLink {
        shelf: frame::bytes(d)?,
        addresses: addresses(d)?,
    }))
}

fn uint(d: &mut Decoder<'_>) -> Result<u64, ShapeError> {
    let value = d.u64()?;
    if value < MAX_UINT {
        Ok(value)
    } else {
        Err(ShapeError::Wrong)
    }
}

fn addresses(d: &mut Decoder<'_>) -> Result<Vec<Vec<u8>>, ShapeError> {
    let count = frame::array(d)?;
    if count > MAX_ADDRESSES as u64 {
        return Err(ShapeError::Wrong);
    }
    (0..count)
        .map(|_| {
            let address = d.bytes()?;
            if address.len() > MAX_ADDRESS {
                return Err(ShapeError::Wrong);
            }
            Ok(address.to_vec())
        })
        .collect()
}

/// Lower case, without blanks and without the invisible characters that chats insert.
fn clean(text: &str) -> Result<Zeroizing<String>, LinkError> {
    const INVISIBLE: [char; 6] = [
        '\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}',
    ];
    let mut out = Zeroizing::new(String::with_capacity(text.len().min(MAX_CHARS)));
    for c in text.chars() {
        if c.is_whitespace() || INVISIBLE.contains(&c) {
            continue;
        }
        if out.len() >= MAX_CHARS {
            return Err(LinkError::TooLong);
        }
        out.push(c.to_ascii_lowercase());
    }
    Ok(out)
}

/// Decodes base32; `offset` is where the text stands in the cleaned link.
fn unbase32(text: &str, offset: usize) -> Result<Zeroizing<Vec<u8>>, LinkError> {
    BASE32_NOPAD_NOCASE
        .decode(text.as_bytes())
        .map(Zeroizing::new)
        .map_err(|error| match error.kind {
            DecodeKind::Symbol => LinkError::Character(offset + error.position + 1),
            // No whole number of bytes has this many characters.
            DecodeKind::Length => LinkError::Truncated,
            // Spare bits that are not zero.
            _ => LinkError::Mistyped,
        })
}

fn checksum_of(l: &[u8]) -> [u8; CHECKSUM] {
    crate::kdf::cut(&folkmoot_record::hash::plain(l))
}
