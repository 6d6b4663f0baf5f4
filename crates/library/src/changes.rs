//! What changed between two texts, line by line.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Most lines of both texts together that are compared one by one, without those in which both
/// begin and end alike: the work grows with the square of it, and texts come from others. What is
/// longer counts as replaced.
const MOST_LINES: usize = 8_192;

/// One line of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'t> {
    /// In both.
    Same(&'t str),
    /// Only in the text before.
    Gone(&'t str),
    /// Only in the text after.
    New(&'t str),
}

/// The lines of both texts in order; what goes stands before what comes in its place.
pub fn changes<'t>(before: &'t str, after: &'t str) -> Vec<Change<'t>> {
    let (old, new) = (lines(before), lines(after));
    let mut all = Vec::new();
    for piece in pieces(&old, &new) {
        if piece.same {
            all.extend(piece.old.map(|at| Change::Same(old[at])));
        } else {
            all.extend(piece.old.map(|at| Change::Gone(old[at])));
            all.extend(piece.new.map(|at| Change::New(new[at])));
        }
    }
    all
}

/// The lines of a text; joined by line breaks they are the text again. An empty text has none.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split('\n').collect()
}

/// A stretch that is the same in both, or that one has in the place of the other's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) old: Range<usize>,
    pub(crate) new: Range<usize>,
    pub(crate) same: bool,
}

/// Both, cut into stretches.
pub(crate) fn pieces(old: &[&str], new: &[&str]) -> Vec<Piece> {
    let shorter = old.len().min(new.len());
    let head = (0..shorter).take_while(|at| old[*at] == new[*at]).count();
    let tail = (1..=shorter - head)
        .take_while(|back| old[old.len() - back] == new[new.len() - back])
        .count();
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    let mut pieces = Vec::new();
    let mut push = |old: Range<usize>, new: Range<usize>, same| {
        if !old.is_empty() || !new.is_empty() {
            pieces.push(Piece { old, new, same });
        }
    };
    push(0..head, 0..head, true);
    let (middle, other) = (&old[head..old_end], &new[head..new_end]);
    if middle.len() + other.len() > MOST_LINES {
        push(head..old_end, head..new_end, false);
    } else {
        for op in capture_diff_slices(Algorithm::Myers, middle, other) {
            let shift = |range: Range<usize>| range.start + head..range.end + head;
            let same = matches!(op, DiffOp::Equal { .. });
            push(shift(op.old_range()), shift(op.new_range()), same);
        }
    }
    push(old_end..old.len(), new_end..new.len(), true);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_changed_line_is_shown_before_and_after() {
        assert_eq!(
            changes("a\nb\nc", "a\nB\nc\nd"),
            [
                Change::Same("a"),
                Change::Gone("b"),
                Change::New("B"),
                Change::Same("c"),
                Change::New("d"),
            ]
        );
        assert_eq!(changes("", "a"), [Change::New("a")]);
        assert_eq!(changes("", ""), []);
    }

    #[test]
    fn texts_made_to_be_slow_are_compared_as_wholes() {
        let one: String = (0..30_000).map(|n| format!("{n}\n")).collect();
        let other: String = (0..30_000).map(|n| format!("x{n}\n")).collect();
        let all = changes(&one, &other);
        assert_eq!(all.len(), 60_001);
        assert_eq!(all[60_000], Change::Same(""));
    }

    fn text() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "", "d e"]), 0..12)
            .prop_map(|lines| lines.join("\n"))
    }

    proptest! {
        /// A comparison has both texts in it, whole and in order.
        #[test]
        fn both_texts_can_be_read_off(before in text(), after in text()) {
            let all = changes(&before, &after);
            let side = |keep: fn(&Change<'_>) -> bool| -> String {
                let of = all.iter().filter(|change| keep(change)).map(|change| match change {
                    Change::Same(line) | Change::Gone(line) | Change::New(line) => *line,
                });
                of.collect::<Vec<_>>().join("\n")
            };
            prop_assert_eq!(side(|c| !matches!(c, Change::New(_))), before.clone());
            prop_assert_eq!(side(|c| !matches!(c, Change::Gone(_))), after.clone());
            if before == after {
                prop_assert!(all.iter().all(|c| matches!(c, Change::Same(_))));
            }
        }
    }
}
