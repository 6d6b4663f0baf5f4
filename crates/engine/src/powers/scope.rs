//! Limits in words, and limits of devices from words (sections 4.4 and 4.6).

use folkmoot_api::ApiError;
use folkmoot_record::{
    Kind, Tag,
    control::{Actions, DeviceLimits, KindRange, Limits},
};

use crate::{
    errors::usage,
    membership::{collectives::action_words, parting::when},
    powers::{
        reach::{kind_words, listed, tag_words},
        reasons,
    },
};

/// What a limited device may do, as the rest of a sentence.
pub(crate) fn device_limits(limits: &DeviceLimits) -> String {
    let may = listed(action_words(limits.mask), "and");
    let reach = reach(
        limits.kinds.as_deref(),
        limits.tags.as_deref(),
        limits.nbf,
        Some(limits.exp),
    );
    format!("it may {may}{reach}")
}

/// How far a right reaches, as the rest of a sentence.
pub(crate) fn right_limits(limits: &Limits) -> String {
    let reach = reach(
        limits.kinds.as_deref(),
        limits.tags.as_deref(),
        limits.nbf,
        limits.exp,
    );
    match reach.strip_prefix(", ") {
        Some(reach) => reach.to_owned(),
        None => "for all kinds and tags, without an end".to_owned(),
    }
}

fn reach(
    kinds: Option<&[KindRange]>,
    tags: Option<&[Tag]>,
    nbf: Option<u64>,
    exp: Option<u64>,
) -> String {
    let mut words = String::new();
    if let Some(kinds) = kinds {
        let kinds = kinds.iter().flat_map(kind_words).collect();
        words.push_str(&format!(", only of the kind {}", listed(kinds, "or")));
    }
    if let Some(tags) = tags {
        words.push_str(&format!(
            ", only with the tag {}",
            listed(tag_words(tags), "or")
        ));
    }
    if let Some(from) = nbf.filter(|from| *from > 0) {
        words.push_str(&format!(", from {}", when(from)));
    }
    if let Some(until) = exp {
        words.push_str(&format!(", until {}", when(until)));
    }
    words
}

/// Why a limited device may not write this: the first of its limits that forbids it. `None` where
/// one set of limits allows all of it.
pub(crate) fn forbidden(
    all: &[DeviceLimits],
    action: Actions,
    kind: Kind,
    tags: &[Tag],
    at_ms: u64,
) -> Option<String> {
    let mut first = None;
    for limits in all {
        let why = if at_ms >= limits.exp {
            Some(format!("its time ended on {}", when(limits.exp)))
        } else if limits.nbf.is_some_and(|from| at_ms < from) {
            Some(format!(
                "its time begins on {}",
                when(limits.nbf.unwrap_or(0))
            ))
        } else if !limits.mask.contains(action) {
            let may = listed(action_words(limits.mask), "and");
            Some(format!("it may only {may}"))
        } else if limits
            .kinds
            .as_ref()
            .is_some_and(|kinds| !kinds.iter().any(|r| r.lo <= kind && kind <= r.hi))
        {
            let kinds = limits.kinds.iter().flatten().flat_map(kind_words).collect();
            Some(format!("it may only write {}", listed(kinds, "or")))
        } else {
            limits
                .tags
                .as_ref()
                .and_then(|allowed| wrong_tags(allowed, tags))
        };
        match why {
            None => return None,
            Some(why) => {
                first.get_or_insert(why);
            }
        }
    }
    first
}

fn wrong_tags(allowed: &[Tag], tags: &[Tag]) -> Option<String> {
    let names = || listed(tag_words(allowed), "or");
    if tags.is_empty() {
        return Some(format!(
            "it may only write with the tag {}, and this has none",
            names()
        ));
    }
    tags.iter()
        .find(|tag| !allowed.iter().any(|prefix| tag.extends(prefix)))
        .map(|wrong| {
            format!(
                "it may only write with the tag {}, and #{} is another one",
                names(),
                wrong.as_str()
            )
        })
}

/// What one device may let another one do, by its word.
const GIVEN_BY_DEVICE: [(&str, Actions); 7] = [
    ("read", Actions::READ),
    ("write", Actions::WRITE),
    ("edit", Actions::EDIT_ANY),
    ("hide", Actions::HIDE),
    ("propose", Actions::PROPOSE),
    ("purge", Actions::PURGE),
    ("publish", Actions::PUBLISH),
];
/// What no device may let another one do (section 4.9).
const NEVER_BY_DEVICE: [&str; 6] = ["invite", "grant", "revoke", "vote", "rekey", "renew keys"];

/// The acts of a limited device; reading is always among them, and writing where nothing is said.
pub(crate) fn acts_of(words: &[String]) -> Result<Actions, ApiError> {
    let mut mask = Actions::READ.0;
    if words.is_empty() {
        mask |= Actions::WRITE.0;
    }
    for word in words {
        let word = word.trim();
        if NEVER_BY_DEVICE.contains(&word) {
            let told = reasons::void(folkmoot_accord::VoidReason::Root);
            return Err(usage(format!(
                "a device can never let another one {word}: {}",
                told.own
            ))
            .hint("leave it out; you do that yourself, from this device"));
        }
        let found = GIVEN_BY_DEVICE.iter().find(|(name, _)| *name == word);
        let (_, action) = found.ok_or_else(|| {
            let names: Vec<&str> = GIVEN_BY_DEVICE.iter().map(|(name, _)| *name).collect();
            usage(format!("there is no act called {word}"))
                .hint(format!("the acts are: {}", names.join(", ")))
        })?;
        mask |= action.0;
    }
    Ok(Actions(mask))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::powers::reach::{kinds_of, tags_of};

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn garden() -> DeviceLimits {
        DeviceLimits {
            mask: acts_of(&[]).unwrap(),
            kinds: kinds_of(&texts(&["note"])).unwrap(),
            tags: tags_of(&texts(&["#garden", "garden/beans"])).unwrap(),
            nbf: None,
            exp: 1_000,
            agent: None,
        }
    }

    #[test]
    fn limits_are_told_in_words() {
        assert_eq!(
            device_limits(&garden()),
            "it may read and write, only of the kind note, only with the tag #garden, until 1970-01-01 00:00 UTC"
        );
    }

    #[test]
    fn what_a_limit_forbids_is_named_and_what_it_allows_is_not() {
        let tag = |text| Tag::new(text).unwrap();
        let why = |action, kind, tags: &[Tag], at| forbidden(&[garden()], action, kind, tags, at);
        let write = Actions::WRITE;
        assert_eq!(why(write, Kind::NOTE, &[tag("garden/beans")], 1), None);
        for (why, word) in [
            (why(write, Kind::NOTE, &[tag("house")], 1), "#house"),
            (
                why(write, Kind::NOTE, &[tag("garden"), tag("gardening")], 1),
                "#gardening",
            ),
            (why(write, Kind::NOTE, &[], 1), "none"),
            (
                why(write, Kind::LINK, &[tag("garden")], 1),
                "only write note",
            ),
            (why(write, Kind::NOTE, &[tag("garden")], 1_000), "ended"),
            (
                why(Actions::HIDE, Kind::NOTE, &[tag("garden")], 1),
                "only read and write",
            ),
        ] {
            let why = why.unwrap();
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn acts_are_read_and_reading_is_always_among_them() {
        assert!(acts_of(&texts(&["vote"])).is_err());
        assert!(acts_of(&texts(&["dance"])).is_err());
        assert_eq!(acts_of(&texts(&["propose"])).unwrap().0, 0b1000_0001);
    }
}
