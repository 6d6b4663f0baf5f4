//! What each content kind wants in its body (section 3.4, read as section 12.3 says).
//!
//! Only the body is looked at, never the refs. Keys that a kind does not name are kept.

use super::Value;
use super::shape::{ID, MANY, Shape, URL};
use crate::fc::UINT_MAX;
use crate::{Kind, limits};
use std::collections::BTreeMap;

use Shape::{
    AnyBytes, Bool, Bytes, Component, Date, DateOrLocal, Files, Kinds, List, Local, Open, Pair,
    Selection, Tags, Text, Uint,
};

/// Most bytes of a media type.
const MEDIA: usize = 128;
/// Most bytes of a language tag.
const LANGUAGE: usize = 64;
/// Most bytes of a reaction.
const REACTION: usize = 32;
/// Most bytes of a display name.
const DISPLAY_NAME: usize = 64;
/// Most attachments of a record.
const ATTACHMENTS: usize = 32;

const T: Shape = Text(URL);
const BODY: Shape = Text(limits::TEXT);
const TITLE: Shape = Text(limits::TITLE);

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
