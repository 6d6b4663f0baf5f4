//! Bringing concurrent versions together: what only one side changed is taken from that side.

use std::{collections::BTreeSet, ops::Range};

use crate::changes::{Piece, lines, pieces};

/// The lines that stand around what has to be decided: before the one side, between both, and
/// behind the other.
pub const MARKS: [&str; 3] = ["<<<<<<<", "=======", ">>>>>>>"];

/// One side of a merge.
#[derive(Debug, Clone, Copy)]
pub struct Side<'t> {
    /// Its text.
    pub text: &'t str,
    /// Whose it is, for the marks; no line break.
    pub label: &'t str,
}

/// Two texts brought together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The text, with [`MARKS`] around each place that has to be decided.
    pub text: String,
    /// How many places have to be decided.
    pub conflicts: usize,
}

/// Brings two texts together that both come from `base`, line by line. Where both sides changed
/// the same lines differently, both are put between marks.
pub fn merge_texts(base: &str, one: Side<'_>, other: Side<'_>) -> Merge {
    let (base, ours, theirs) = (lines(base), lines(one.text), lines(other.text));
    let (in_ours, in_theirs) = (places(&base, &ours), places(&base, &theirs));
    let mut out: Vec<String> = Vec::new();
    let mut conflicts = 0;
    let mut at = Reached::default();
    let mut settle = |base: &[&str], ours: &[&str], theirs: &[&str]| {
        let taken = if ours == base || ours == theirs {
            theirs
        } else if theirs == base {
            ours
        } else {
            conflicts += 1;
            let [before, between, behind] = MARKS;
            out.push(format!("{before} {}", one.label));
            out.extend(ours.iter().map(|line| (*line).to_owned()));
            out.push(between.to_owned());
            out.extend(theirs.iter().map(|line| (*line).to_owned()));
            out.push(format!("{behind} {}", other.label));
            return;
        };
        out.extend(taken.iter().map(|line| (*line).to_owned()));
    };
    for (line, (mine, yours)) in in_ours.iter().zip(&in_theirs).enumerate() {
        // A line that both sides kept: what lies before it is settled by itself.
        if let (Some(mine), Some(yours)) = (*mine, *yours) {
            let from = at;
            settle(
                &base[from.base..line],
                &ours[from.ours..mine],
                &theirs[from.theirs..yours],
            );
            settle(
                &base[line..=line],
                &ours[mine..=mine],
                &theirs[yours..=yours],
            );
            at = Reached {
                base: line + 1,
                ours: mine + 1,
                theirs: yours + 1,
            };
        }
    }
    settle(&base[at.base..], &ours[at.ours..], &theirs[at.theirs..]);
    Merge {
        text: out.join("\n"),
        conflicts,
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Reached {
    base: usize,
    ours: usize,
    theirs: usize,
}

/// Where each line of the base is in a text that comes from it.
fn places(base: &[&str], text: &[&str]) -> Vec<Option<usize>> {
    let mut places = vec![None; base.len()];
    for Piece { old, new, same } in pieces(base, text) {
        if same {
            let both = |old: Range<usize>, new: Range<usize>| old.zip(new);
            for (line, place) in both(old, new) {
                places[line] = Some(place);
            }
        }
    }
    places
}

/// The first line, counted from 1, that is a mark of what is not decided yet.
pub fn undecided(text: &str) -> Option<usize> {
    let [before, _, behind] = MARKS;
    let is_mark = |line: &str| {
        [before, behind].iter().any(|mark| {
            line.strip_prefix(mark)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    };
    text.lines().position(is_mark).map(|at| at + 1)
}

/// Brings two values together that both come from `base`; `None` where both changed it differently.
pub fn merge_values<'v, T: PartialEq + ?Sized>(
    base: &'v T,
    one: &'v T,
    other: &'v T,
) -> Option<&'v T> {
    if one == base || one == other {
        Some(other)
    } else if other == base {
        Some(one)
    } else {
        None
    }
}

/// Brings two sets together that both come from `base`: what one side added is in, what one side
/// took out is out.
pub fn merge_sets<T: Ord + Clone>(
    base: &BTreeSet<T>,
    one: &BTreeSet<T>,
    other: &BTreeSet<T>,
) -> BTreeSet<T> {
    let kept =
        |entry: &&T| !base.contains(*entry) || (one.contains(*entry) && other.contains(*entry));
    one.union(other).filter(kept).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn side<'t>(text: &'t str, label: &'t str) -> Side<'t> {
        Side { text, label }
    }

    fn merged(base: &str, one: &str, other: &str) -> Merge {
        merge_texts(base, side(one, "Ana"), side(other, "Ben"))
    }

    #[test]
    fn changes_in_different_lines_come_together() {
        let merge = merged("a\nb\nc", "A\nb\nc", "a\nb\nc\nd");
        assert_eq!((merge.text.as_str(), merge.conflicts), ("A\nb\nc\nd", 0));
        let merge = merged("a\nb\nc", "b\nc", "a\nb");
        assert_eq!((merge.text.as_str(), merge.conflicts), ("b", 0));
    }

    #[test]
    fn changes_in_the_same_line_have_to_be_decided() {
        let merge = merged("a\nb\nc", "a\nbee\nc", "a\nbig\nc");
        assert_eq!(
            merge.text,
            "a\n<<<<<<< Ana\nbee\n=======\nbig\n>>>>>>> Ben\nc"
        );
        assert_eq!(merge.conflicts, 1);
        assert_eq!(undecided(&merge.text), Some(2));
        assert_eq!(
            undecided("a\n=======\n<<<<<<<<\n"),
            None,
            "a heading is no mark"
        );
    }

    #[test]
    fn without_what_they_have_in_common_both_are_kept() {
        assert_eq!(merged("", "a", "b").conflicts, 1);
        assert_eq!(merged("", "a", "a").text, "a");
    }

    #[test]
    fn values_and_sets_follow_the_side_that_changed() {
        assert_eq!(merge_values(&1, &2, &1), Some(&2));
        assert_eq!(merge_values(&1, &1, &3), Some(&3));
        assert_eq!(merge_values(&1, &2, &3), None);
        let set = |text: &str| text.chars().collect::<BTreeSet<char>>();
        assert_eq!(
            merge_sets(&set("ab"), &set("acd"), &set("abe")),
            set("acde")
        );
    }

    fn text() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "", "d e"]), 0..8)
            .prop_map(|lines| lines.join("\n"))
    }

    proptest! {
        /// A side that changed nothing leaves the other's text; two that say the same, that text;
        /// and the sides may be named in either order, but for what has to be decided.
        #[test]
        fn merging_is_fair(base in text(), one in text(), other in text()) {
            let alone = |merge: &Merge, text: &str| merge.conflicts == 0 && merge.text == text;
            prop_assert!(alone(&merged(&base, &base, &other), &other));
            prop_assert!(alone(&merged(&base, &one, &base), &one));
            prop_assert!(alone(&merged(&base, &one, &one), &one));
            let (there, back) = (merged(&base, &one, &other), merged(&base, &other, &one));
            prop_assert_eq!(there.conflicts, back.conflicts);
            prop_assert_eq!(there.conflicts > 0, undecided(&there.text).is_some());
            if there.conflicts == 0 {
                prop_assert_eq!(there.text, back.text);
            }
        }
    }
}
