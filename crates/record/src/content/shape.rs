//! What a value in a content body may be.

use super::{Attachment, Value};
use crate::control::{kinds, tags};
use crate::fc::Decoder;
use crate::{BlobRoot, limits};

/// Most bytes of a URL, of each text of an attachment, and of any text without a bound of its
/// own.
pub(super) const URL: usize = 4_096;
/// Most bytes of an attachment.
const ATTACHMENT: u64 = 1 << 36;
/// Media type of an agent's component.
const WASM: &str = "application/wasm";
/// No bound but that of the body.
pub(super) const MANY: usize = usize::MAX;
/// An id or a key.
pub(super) const ID: Shape = Shape::Bytes(32);

/// What a key may hold.
#[derive(Clone, Copy)]
pub(super) enum Shape {
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

impl Shape {
    pub(super) fn admits(self, value: &Value) -> bool {
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
