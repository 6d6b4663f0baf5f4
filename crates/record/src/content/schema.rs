//! What each content kind wants in its body (section 3.4, read as section 12.3 says).
//!
//! Only the body is looked at, never the refs. Keys that a kind does not name are kept.

use super::{Attachment, Value};
use crate::control::{kinds, tags};
use crate::fc::{Decoder, UINT_MAX};
use crate::{BlobRoot, Kind, limits};
use std::collections::BTreeMap;

/// Most bytes of a media type.
const MEDIA: usize = 128;
/// Most bytes of a URL, and of any text without a bound of its own.
const URL: usize = 4_096;
/// Most bytes of a language tag.
const LANGUAGE: usize = 64;
/// Most bytes of a reaction.
const REACTION: usize = 32;
/// Most bytes of a display name.
const DISPLAY_NAME: usize = 64;
/// Most attachments of a record.
const ATTACHMENTS: usize = 32;
/// Most bytes of an attachment.
const ATTACHMENT: u64 = 1 << 36;
/// Media type of an agent's component.
const WASM: &str = "application/wasm";

/// What a key may hold.
#[derive(Clone, Copy)]
enum Shape {
    /// Text of at most so many bytes.
    Text(usize),
    /// Integer of at most so much.
    Uint(u64),
    /// Byte string of exactly so many bytes.
    Bytes(usize),
    AnyBytes,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DDTHH:MM`.
    Local,
    DateOrLocal,
    Bool,
    /// One to so many.
    List(usize, &'static Shape),
    /// Array of exactly two.
    Pair(&'static Shape, &'static Shape),
    /// As in the limits of a grant.
    Kinds,
    Tags,
    /// Attachments: from so many to so many.
    Files(usize, usize),
    /// Exactly one attachment, a component.
    Component,
    /// Key 18 of a share rule.
    Selection,
    /// Key 0 of a kind that does not say what it is: bounded where it is text or bytes.
    Open,
}

use Shape::{
    AnyBytes, Bool, Bytes, Component, Date, DateOrLocal, Files, Kinds, List, Local, Open, Pair,
    Selection, Tags, Text, Uint,
};

/// No bound but that of the body.
const MANY: usize = usize::MAX;
const T: Shape = Text(URL);
const BODY: Shape = Text(limits::TEXT);
const TITLE: Shape = Text(limits::TITLE);
const ID: Shape = Bytes(32);

/// A key and what it holds.
#[derive(Clone, Copy)]
enum Field {
    /// Without it the body is unrenderable.
    Must(u8, Shape),
    May(u8, Shape),
}

use Field::{May, Must};

impl Field {
    fn key(self) -> u8 {
        match self {
            Must(key, _) | May(key, _) => key,
        }
    }

    fn admits(self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Must(_, shape) | May(_, shape), Some(value)) => shape.admits(value),
            (May(..), None) => true,
            (Must(..), None) => false,
        }
    }
}

/// Keys of every kind, except where the kind names the key itself.
const COMMON: &[Field] = &[
    May(0, Open),
    May(1, Text(MEDIA)),
    May(2, TITLE),
    May(3, Text(URL)),
    May(4, Text(LANGUAGE)),
    May(5, AnyBytes),
    May(9, Files(0, ATTACHMENTS)),
];

fn fields(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::NOTE | Kind::COMMENT => &[Must(0, BODY)],
        Kind::LINK => &[Must(3, Text(URL))],
        Kind::FILES => &[Must(9, Files(1, ATTACHMENTS))],
        Kind::REACTION => &[Must(0, Text(REACTION))],
        Kind::TASK => &[
            Must(0, BODY),
            Must(16, Uint(3)),
            May(17, DateOrLocal),
            May(18, List(MANY, &ID)),
            May(19, Uint(UINT_MAX)),
            May(20, T),
        ],
        Kind::DAILY => &[Must(0, BODY), Must(16, Date)],
        Kind::SYMBOL => &[
            Must(2, TITLE),
            Must(0, BODY),
            May(16, List(MANY, &T)),
            May(17, Uint(2)),
        ],
        Kind::RITUAL => &[
            Must(2, TITLE),
            Must(0, BODY),
            Must(16, Local),
            Must(17, T),
            May(18, T),
            May(19, Uint(UINT_MAX)),
            May(20, List(32, &T)),
            May(21, List(MANY, &Local)),
            May(22, Uint(UINT_MAX)),
        ],
        Kind::GATHERING => &[
            Must(16, Local),
            Must(17, Uint(3)),
            May(0, BODY),
            May(18, List(MANY, &Pair(&Uint(UINT_MAX), &T))),
        ],
        Kind::ATTENDANCE => &[Must(16, Uint(2))],
        Kind::AGENT => &[
            Must(2, TITLE),
            Must(0, BODY),
            Must(9, Component),
            Must(16, T),
            Must(17, Uint(u32::MAX as u64)),
            May(18, Kinds),
            May(19, Tags),
            May(20, List(MANY, &T)),
            May(21, T),
            Must(22, Uint(UINT_MAX)),
        ],
        Kind::AGENT_RUN => &[
            Must(16, Uint(3)),
            May(0, BODY),
            Must(17, Uint(UINT_MAX)),
            Must(18, Uint(UINT_MAX)),
        ],
        Kind::ENDORSEMENT => &[May(0, BODY), May(16, ID), May(17, T)],
        Kind::REPORT => &[Must(16, Uint(5)), May(0, BODY)],
        Kind::RETRACT | Kind::HIDE | Kind::UNHIDE | Kind::PURGE => &[May(0, BODY)],
        Kind::PROFILE => &[
            Must(2, Text(DISPLAY_NAME)),
            May(0, BODY),
            May(16, T),
            May(17, List(8, &T)),
            May(9, Files(0, 1)),
        ],
        Kind::COLLECTIVE => &[
            Must(2, TITLE),
            Must(0, BODY),
            May(16, T),
            May(17, T),
            May(9, Files(0, 1)),
        ],
        Kind::SHARE_RULE => &[
            Must(16, Bytes(16)),
            Must(17, ID),
            Must(18, Selection),
            Must(19, Uint(1)),
            May(20, List(MANY, &Pair(&T, &T))),
            May(21, Uint(UINT_MAX)),
            Must(22, Bool),
            Must(23, Bool),
        ],
        Kind::TREATY => &[
            Must(16, ID),
            Must(17, T),
            Must(18, T),
            Must(19, Uint(UINT_MAX)),
        ],
        Kind::SHELF => &[Must(2, TITLE), Must(16, ID), Must(17, T), Must(18, Bool)],
        Kind::MUTE_LIST => &[Must(16, List(MANY, &ID)), May(0, BODY)],
        _ => &[],
    }
}

/// Whether a body fits its kind.
pub(super) fn fits(kind: Kind, map: &BTreeMap<u8, Value>) -> bool {
    let own = fields(kind);
    let is_own = |key: u8| own.iter().any(|field| field.key() == key);
    let common = COMMON.iter().filter(|field| !is_own(field.key()));
    map.values().all(is_plain)
        && own
            .iter()
            .chain(common)
            .all(|field| field.admits(map.get(&field.key())))
}

/// No U+0000 in a text and no integer from 2^53 up, at any depth (section 1.3).
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Uint(number) => *number <= UINT_MAX,
        Value::Text(text) => !text.contains('\0'),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Map(map) => map.values().all(is_plain),
        Value::Bytes(_) | Value::Bool(_) | Value::Null => true,
    }
}

impl Shape {
    fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Text(max), Value::Text(text)) => text.len() <= max,
            (Uint(max), Value::Uint(number)) => *number <= max,
            (Bytes(len), Value::Bytes(bytes)) => bytes.len() == len,
            (AnyBytes, Value::Bytes(_)) | (Bool, Value::Bool(_)) => true,
            (Date, Value::Text(text)) => is_date(text.as_bytes()),
            (Local, Value::Text(text)) => is_local(text.as_bytes()),
            (DateOrLocal, Value::Text(text)) => {
                is_date(text.as_bytes()) || is_local(text.as_bytes())
            }
            (List(most, item), Value::Array(items)) => {
                (1..=most).contains(&items.len()) && items.iter().all(|value| item.admits(value))
            }
            (Pair(first, second), Value::Array(items)) => match &items[..] {
                [a, b] => first.admits(a) && second.admits(b),
                _ => false,
            },
            // The same rules as in control bodies, read by the same code.
            (Kinds, value) => kinds(&mut Decoder::scanned(&value.encode())).is_ok(),
            (Tags, value) => tags(&mut Decoder::scanned(&value.encode())).is_ok(),
            (Files(least, most), Value::Array(items)) => {
                (least..=most).contains(&items.len())
                    && items.iter().all(|item| attachment(item).is_some())
            }
            (Component, Value::Array(items)) => match &items[..] {
                [item] => attachment(item).is_some_and(|file| file.media == WASM),
                _ => false,
            },
            (Selection, Value::Map(map)) => [(0, Kinds), (1, Tags), (2, List(MANY, &ID))]
                .iter()
                .all(|(key, shape)| map.get(key).is_none_or(|value| shape.admits(value))),
            (Open, Value::Text(text)) => text.len() <= limits::TEXT,
            (Open, Value::Bytes(bytes)) => bytes.len() <= limits::TEXT,
            (Open, _) => true,
            _ => false,
        }
    }
}

/// Reads one entry of key 9.
pub(super) fn attachment(value: &Value) -> Option<Attachment> {
    let Value::Array(items) = value else {
        return None;
    };
    let [
        Value::Text(name),
        Value::Text(media),
        Value::Uint(size),
        Value::Bytes(root),
        Value::Bytes(key),
    ] = &items[..]
    else {
        return None;
    };
    if name.len() > URL || media.len() > URL || *size > ATTACHMENT {
        return None;
    }
    Some(Attachment {
        name: name.clone(),
        media: media.clone(),
        size: *size,
        root: BlobRoot::from_bytes(root[..].try_into().ok()?),
        key: key[..].try_into().ok()?,
    })
}

/// Months 01 to 12, days 01 to 31, whatever the month.
fn is_date(text: &[u8]) -> bool {
    match text {
        [y @ .., b'-', m1, m2, b'-', d1, d2] => {
            y.len() == 4
                && y.iter().all(u8::is_ascii_digit)
                && two_digits(*m1, *m2, 1..=12)
                && two_digits(*d1, *d2, 1..=31)
        }
        _ => false,
    }
}

fn is_local(text: &[u8]) -> bool {
    match text {
        [date @ .., b'T', h1, h2, b':', m1, m2] => {
            is_date(date) && two_digits(*h1, *h2, 0..=23) && two_digits(*m1, *m2, 0..=59)
        }
        _ => false,
    }
}

fn two_digits(tens: u8, ones: u8, bounds: std::ops::RangeInclusive<u8>) -> bool {
    tens.is_ascii_digit()
        && ones.is_ascii_digit()
        && bounds.contains(&((tens - b'0') * 10 + (ones - b'0')))
}
