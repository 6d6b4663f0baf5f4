//! Links that people hand to each other (sections 1.5 and 7.5).
//!
//! `folkmoot:t:` and then base32 of `L || B3(L)[0..4]`, where `L` is an FC array. Links pass
//! through chats and mail and are read aloud, so reading forgives case, white space, line
//! breaks and invisible characters; it forgives nothing else.

use data_encoding::BASE32_NOPAD_NOCASE;
use folkmoot_record::{
    CollectiveId, DeviceKey, GrantId, KemKey,
    fc::{Decoder, Encoder, FcError, UINT_MAX},
    hash,
};
use zeroize::Zeroizing;

use crate::{invite::InviteSeed, presence::PairSecret};

/// Most addresses in a link.
pub const MAX_ADDRESSES: usize = 8;
/// Most bytes of one address: a relayed address with two PeerIds and names takes about 200.
pub const MAX_ADDRESS: usize = 512;
/// Most characters of a link: 8 addresses of full length, in base32, with room.
pub const MAX_CHARS: usize = 8_192;

const SCHEME: &str = "folkmoot:";
const CHECKSUM: usize = 4;

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

impl From<FcError> for LinkError {
    fn from(_: FcError) -> Self {
        Self::Malformed
    }
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
    /// Type `c1`.
    Card(CardLink),
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

/// One collective of a recovery card (section 6.1). Of use only with the words of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardLink {
    /// Whether it is the person's home: nothing in its records says so.
    pub home: bool,
    /// The collective.
    pub cid: CollectiveId,
    /// The salt of its genesis, where this person founded it.
    pub salt: Option<[u8; 16]>,
    /// Nodes that may answer the recovery door.
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
            "c1" => read_card,
            _ => return Err(LinkError::UnknownType),
        };
        let offset = clean.len() - payload.len();
        let (bytes, exact) = unbase32(payload, offset)?;
        match bytes.split_last_chunk::<CHECKSUM>() {
            Some((l, checksum)) if exact && checksum_of(l) == *checksum => {
                let mut d = Decoder::new(l)?;
                let link = read(&mut d)?;
                d.end()?;
                Ok(link)
            }
            _ if ends_early(&bytes) => Err(LinkError::Truncated),
            _ => Err(LinkError::Mistyped),
        }
    }

    /// What a person calls this kind of link.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Invite(_) => InviteLink::NAME,
            Self::Pairing(_) => PairingLink::NAME,
            Self::Shelf(_) => ShelfLink::NAME,
            Self::Card(_) => CardLink::NAME,
        }
    }

    /// The text, in lower case. Addresses that break [`MAX_ADDRESSES`] or [`MAX_ADDRESS`] are
    /// left out.
    pub fn to_text(&self) -> Zeroizing<String> {
        let kind = match self {
            Self::Invite(_) => "1",
            Self::Pairing(_) => "p1",
            Self::Shelf(_) => "s1",
            Self::Card(_) => "c1",
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
        let mut w = Encoder::new();
        let addresses = match self {
            Self::Invite(link) => {
                w.array(5)
                    .bytes(link.cid)
                    .bytes(link.invite)
                    .bytes(link.seed.expose())
                    .uint(link.made_ms.min(UINT_MAX));
                &link.addresses
            }
            Self::Pairing(link) => {
                w.array(4)
                    .bytes(link.dev)
                    .bytes(link.kem)
                    .bytes(link.secret.expose());
                &link.addresses
            }
            Self::Shelf(link) => {
                w.array(2).bytes(link.shelf);
                &link.addresses
            }
            Self::Card(link) => {
                w.array(4)
                    .bool(link.home)
                    .bytes(link.cid)
                    .bytes_or_null(link.salt);
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
one_kind!(CardLink, Card, "a part of a recovery card");

fn read_invite(d: &mut Decoder<'_>) -> Result<Link, FcError> {
    d.array_of(5)?;
    Ok(Link::Invite(InviteLink {
        cid: CollectiveId::from_bytes(d.bytes_of()?),
        invite: GrantId::from_bytes(d.bytes_of()?),
        seed: InviteSeed::from_bytes(d.bytes_of()?),
        made_ms: d.uint()?,
        addresses: addresses(d)?,
    }))
}

fn read_pairing(d: &mut Decoder<'_>) -> Result<Link, FcError> {
    d.array_of(4)?;
    Ok(Link::Pairing(PairingLink {
        dev: DeviceKey::from_bytes(d.bytes_of()?),
        kem: KemKey::from_bytes(d.bytes_of()?),
        secret: PairSecret::from_bytes(d.bytes_of()?),
        addresses: addresses(d)?,
    }))
}

fn read_shelf(d: &mut Decoder<'_>) -> Result<Link, FcError> {
    d.array_of(2)?;
    Ok(Link::Shelf(ShelfLink {
        shelf: d.bytes_of()?,
        addresses: addresses(d)?,
    }))
}

fn read_card(d: &mut Decoder<'_>) -> Result<Link, FcError> {
    d.array_of(4)?;
    Ok(Link::Card(CardLink {
        home: d.bool()?,
        cid: CollectiveId::from_bytes(d.bytes_of()?),
        salt: d.bytes_or_null()?,
        addresses: addresses(d)?,
    }))
}

fn addresses(d: &mut Decoder<'_>) -> Result<Vec<Vec<u8>>, FcError> {
    d.list(0..=MAX_ADDRESSES as u64, |d| {
        let address = d.bytes()?;
        if address.len() > MAX_ADDRESS {
            return Err(FcError::Range);
        }
        Ok(address.to_vec())
    })
}

/// Whether the bytes end inside `L` or its checksum, as far as the damage lets one see: it
/// tells a link that was cut from one that is whole but wrong.
fn ends_early(bytes: &[u8]) -> bool {
    let mut d = minicbor::Decoder::new(bytes);
    match d.skip() {
        Ok(()) => d.position() + CHECKSUM > bytes.len(),
        Err(error) => error.is_end_of_input(),
    }
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

/// Decodes the whole bytes of base32 in lower case, and says whether nothing is left over:
/// spare bits are zero and no character too many. `offset` is where the text stands in the
/// cleaned link.
fn unbase32(text: &str, offset: usize) -> Result<(Zeroizing<Vec<u8>>, bool), LinkError> {
    let foreign = |c: char| !matches!(c, 'a'..='z' | '2'..='7');
    if let Some(place) = text.chars().position(foreign) {
        return Err(LinkError::Character(offset + place + 1));
    }
    // Filled up with zero bits to whole groups of 8 characters, anything decodes.
    let mut filled = Zeroizing::new(text.to_owned());
    while !filled.len().is_multiple_of(8) {
        filled.push('a');
    }
    let mut bytes = BASE32_NOPAD_NOCASE
        .decode(filled.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| LinkError::Mistyped)?;
    let whole = text.len() * 5 / 8;
    let spare_is_zero = bytes.iter().skip(whole).all(|byte| *byte == 0);
    let needed = (whole * 8).div_ceil(5);
    bytes.truncate(whole);
    Ok((bytes, spare_is_zero && needed == text.len()))
}

fn checksum_of(l: &[u8]) -> [u8; CHECKSUM] {
    crate::kdf::cut(&hash::plain(l))
}
