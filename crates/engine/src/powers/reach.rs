//! Kinds and tags of limits: from what people type, and in words (sections 3.2, 4.4 and 4.6).

use folkmoot_api::ApiError;
use folkmoot_record::{Kind, Tag, control::KindRange};

use crate::errors::usage;

/// Most tags, and most ranges of kinds, in limits (section 3.2).
const MOST: usize = 16;
/// As many kinds of a range as are told one by one; a wider one as its two ends.
const SINGLY: u16 = 16;

/// Tags of limits: ascending; what extends another one says nothing more and is left out.
pub(crate) fn tags_of(texts: &[String]) -> Result<Option<Vec<Tag>>, ApiError> {
    let mut tags = Vec::with_capacity(texts.len());
    for text in texts {
        let bare = text.trim().trim_start_matches('#').trim_end_matches('/');
        tags.push(
            Tag::new(bare)
                .ok_or_else(|| usage(format!("{text:?} is no tag: a tag has 1 to 64 bytes")))?,
        );
    }
    tags.sort();
    tags.dedup();
    let least: Vec<Tag> = tags
        .iter()
        .filter(|tag| !tags.iter().any(|other| other != *tag && tag.extends(other)))
        .cloned()
        .collect();
    if least.len() > MOST {
        return Err(usage(format!("at most {MOST} tags fit into limits"))
            .hint("a tag stands for all below it: `garden` covers `garden/beans`"));
    }
    Ok((!least.is_empty()).then_some(least))
}

/// Kinds of limits as ranges: ascending, disjoint and not adjacent. A kind without a name is typed as
/// its number, such as `0x150`.
pub(crate) fn kinds_of(names: &[String]) -> Result<Option<Vec<KindRange>>, ApiError> {
    let mut kinds: Vec<Kind> = Vec::with_capacity(names.len());
    for name in names {
        let name = name.trim().to_ascii_lowercase();
        let kind = match name.strip_prefix("0x") {
            Some(digits) => u16::from_str_radix(digits, 16).ok().map(Kind),
            None => Kind::from_name(&name),
        };
        kinds.push(kind.filter(|kind| kind.is_content()).ok_or_else(|| {
            usage(format!("there is no kind of content called {name}"))
                .hint("kinds are: note, link, task, comment, files, daily, symbol, …")
        })?);
    }
    kinds.sort_unstable();
    kinds.dedup();
    let mut ranges: Vec<KindRange> = Vec::new();
    for kind in kinds {
        match ranges.last_mut() {
            Some(last) if last.hi.0.checked_add(1) == Some(kind.0) => last.hi = kind,
            _ => ranges.push(KindRange { lo: kind, hi: kind }),
        }
    }
    if ranges.len() > MOST {
        return Err(usage(format!(
            "at most {MOST} groups of kinds fit into limits"
        )));
    }
    Ok((!ranges.is_empty()).then_some(ranges))
}

/// The names of the kinds of a range; a wide one as its two ends.
pub(crate) fn kind_words(range: &KindRange) -> Vec<String> {
    let word = |kind: Kind| {
        kind.name()
            .map_or_else(|| format!("{:#x}", kind.0), str::to_owned)
    };
    if range.hi.0.saturating_sub(range.lo.0) < SINGLY {
        (range.lo.0..=range.hi.0).map(|n| word(Kind(n))).collect()
    } else {
        vec![format!("{} to {}", word(range.lo), word(range.hi))]
    }
}

/// Tags as people read them: with `#`.
pub(crate) fn tag_words(tags: &[Tag]) -> Vec<String> {
    tags.iter()
        .map(|tag| format!("#{}", tag.as_str()))
        .collect()
}

/// `a, b and c`; `nothing` where there is none.
pub(crate) fn listed(mut words: Vec<String>, last: &str) -> String {
    match words.pop() {
        None => "nothing".to_owned(),
        Some(only) if words.is_empty() => only,
        Some(end) => format!("{} {last} {end}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn tags_that_say_nothing_more_are_left_out() {
        let tags = tags_of(&texts(&["#garden/beans", "tools", "garden", "garden/"]))
            .unwrap()
            .unwrap();
        assert_eq!(tag_words(&tags), ["#garden", "#tools"]);
        assert!(tags_of(&texts(&["", "a"])).is_err());
        assert_eq!(tags_of(&[]).unwrap(), None);
        let many: Vec<String> = (0..17).map(|n| format!("t{n}")).collect();
        assert!(tags_of(&many).is_err());
    }

    #[test]
    fn neighbouring_kinds_become_one_range() {
        let ranges = kinds_of(&texts(&["link", "note", "task", "note"]))
            .unwrap()
            .unwrap();
        assert_eq!(ranges.len(), 2);
        assert_eq!((ranges[0].lo, ranges[0].hi), (Kind::NOTE, Kind::LINK));
        let words: Vec<String> = ranges.iter().flat_map(kind_words).collect();
        assert_eq!(words, ["note", "link", "task"]);
        for wrong in ["grant", "poem", "0x10", "0xfffff"] {
            assert!(kinds_of(&texts(&[wrong])).is_err(), "{wrong}");
        }
        let named = kinds_of(&texts(&["0xffff", "0xfffe"])).unwrap().unwrap();
        assert_eq!(named.len(), 1);
    }

    #[test]
    fn lists_read_well() {
        assert_eq!(listed(texts(&["a"]), "and"), "a");
        assert_eq!(listed(texts(&["a", "b", "c"]), "or"), "a, b or c");
        assert_eq!(listed(Vec::new(), "and"), "nothing");
    }
}
