//! Pages that point to others wait until these were given, so that their pointers find them.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_client::api::ImportItem;
use folkmoot_library::page;

use super::Piece;

/// Most bytes of pages that wait; what comes beyond that is given as it comes.
const MOST_BYTES: usize = 64 << 20;

/// Those that wait, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Later {
    pieces: Vec<Waiting>,
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    piece: Piece,
    id: Option<String>,
    /// Ids of what it points to.
    to: Vec<String>,
}

impl Later {
    /// Keeps a page that points to others; gives back everything else.
    pub(super) fn keep(&mut self, piece: Piece) -> Option<Piece> {
        let Piece::Item(item) = &piece else {
            return Some(piece);
        };
        let Some(file) = item.page.as_deref().filter(|file| file.contains("refs: [")) else {
            return Some(piece);
        };
        let Some(page) = page::read(file).filter(|page| !page.refs.is_empty()) else {
            return Some(piece);
        };
        if self.bytes + file.len() > MOST_BYTES {
            return Some(piece);
        }
        self.bytes += file.len();
        let to = page.refs.iter().filter_map(|text| {
            let (_, id) = text.split_once(' ')?;
            Some(id.to_owned())
        });
        self.pieces.push(Waiting {
            id: page.id,
            to: to.collect(),
            piece,
        });
        None
    }

    /// Those that waited: each behind what it points to; one of a circle once more at the end.
    pub(super) fn take(&mut self) -> Vec<Piece> {
        self.bytes = 0;
        let waiting = std::mem::take(&mut self.pieces);
        let places: BTreeMap<&str, usize> = waiting
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some((one.id.as_deref()?, at)))
            .collect();
        let mut order: Vec<usize> = Vec::with_capacity(waiting.len());
        let mut again = BTreeSet::new();
        let mut state = vec![State::Fresh; waiting.len()];
        for first in 0..waiting.len() {
            let mut open = vec![(first, 0)];
            while let Some((at, next)) = open.pop() {
                if next == 0 {
                    if state[at] != State::Fresh {
                        continue;
                    }
                    state[at] = State::Open;
                }
                let Some(id) = waiting[at].to.get(next) else {
                    state[at] = State::Done;
                    order.push(at);
                    continue;
                };
                open.push((at, next + 1));
                match places.get(id.as_str()) {
                    Some(target) if state[*target] == State::Fresh => open.push((*target, 0)),
                    // What it points to comes behind it.
                    Some(target) if state[*target] == State::Open && *target != at => {
                        again.insert(at);
                    }
                    _ => {}
                }
            }
        }
        let twice: Vec<Piece> = again.iter().filter_map(|at| copy(&waiting[*at])).collect();
        let mut pieces: Vec<Option<Piece>> =
            waiting.into_iter().map(|one| Some(one.piece)).collect();
        let sorted = order.into_iter().filter_map(|at| pieces[at].take());
        let mut given: Vec<Piece> = sorted.collect();
        given.extend(twice);
        given
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fresh,
    Open,
    Done,
}

fn copy(one: &Waiting) -> Option<Piece> {
    match &one.piece {
        Piece::Item(item) => Some(Piece::Item(Box::new(ImportItem {
            again: true,
            ..ImportItem::clone(item)
        }))),
        Piece::Refused { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use folkmoot_library::page::Page;

    use super::*;

    fn piece(id: &str, to: &[&str]) -> Piece {
        let page = Page {
            id: Some(id.to_owned()),
            kind: "symbol".to_owned(),
            refs: to.iter().map(|id| format!("11 {id}")).collect(),
            ..Page::default()
        };
        Piece::Item(Box::new(ImportItem {
            source: id.to_owned(),
            page: Some(page::write(&page)),
            ..ImportItem::default()
        }))
    }

    /// In which order they are given; `+` where once more.
    fn order(pages: &[(&str, &[&str])]) -> Vec<String> {
        let mut later = Later::default();
        let mut given: Vec<Piece> = Vec::new();
        for (id, to) in pages {
            given.extend(later.keep(piece(id, to)));
        }
        given.extend(later.take());
        given
            .into_iter()
            .map(|piece| match piece {
                Piece::Item(item) if item.again => format!("{}+", item.source),
                Piece::Item(item) => item.source,
                Piece::Refused { source, .. } => source,
            })
            .collect()
    }

    #[test]
    fn each_comes_behind_what_it_points_to() {
        assert_eq!(
            order(&[
                ("c", &["b", "x"]),
                ("b", &["a"]),
                ("a", &[]),
                ("d", &["c", "a"])
            ]),
            ["a", "b", "c", "d"]
        );
        // One that points to itself finds nothing else by coming again.
        assert_eq!(order(&[("a", &["a"])]), ["a"]);
        // Of a circle one cannot.
        assert_eq!(
            order(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"])]),
            ["c", "b", "a", "c+"]
        );
    }
}
