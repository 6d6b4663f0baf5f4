//! A piece of a text around what was found, with the places of the hits.

use std::ops::Range;

use crate::{ResolvedQuery, Text, Words};

/// Most hits marked in one piece; more are noise.
const MOST_HITS: usize = 64;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// One line: white space is one space; `…` where text was left out.
    pub text: String,
    /// The hits in `text`, in bytes: ascending, apart from each other.
    pub hits: Vec<Range<usize>>,
}

/// The piece of `text`, about `width` characters, that shows most of what the query asks for;
/// its beginning if nothing is found in it.
pub fn snippet(text: &str, query: &ResolvedQuery, width: usize) -> Snippet {
    let width = width.max(1);
    let hits = find(text, &query.texts());
    let start = best(text, &hits, width);
    cut(text, &hits, start, width)
}

/// A hit: which of the texts asked for, and where.
type Hit = (usize, Range<usize>);

fn find(text: &str, asked: &[&Text]) -> Vec<Hit> {
    let mut words = Words::new(text);
    let mut seen: Vec<(String, Range<usize>)> = Vec::new();
    while words.advance() {
        seen.push((words.word().to_owned(), words.range()));
    }
    let mut hits: Vec<Hit> = Vec::new();
    for (which, text) in asked.iter().enumerate() {
        for window in seen.windows(text.words.len().max(1)) {
            let here = window.iter().zip(&text.words).all(|((word, _), asked)| {
                if text.prefix {
                    word.starts_with(asked.as_str())
                } else {
                    word == asked
                }
            });
            if let (true, Some((_, first)), Some((_, last))) = (here, window.first(), window.last())
            {
                hits.push((which, first.start..last.end));
            }
        }
    }
    hits.sort_by_key(|(which, range)| (range.start, range.end, *which));
    hits
}

/// Where the piece should begin: the hit from which on most different texts follow within it.
fn best(text: &str, hits: &[Hit], width: usize) -> usize {
    let mut best = (0, 0, text.len());
    for (n, (_, range)) in hits.iter().enumerate().take(MOST_HITS) {
        let end = text[range.start..]
            .char_indices()
            .nth(width)
            .map_or(text.len(), |(at, _)| range.start + at);
        let inside = hits[n..].iter().take_while(|(_, other)| other.end <= end);
        let (mut which, mut count): (Vec<usize>, usize) = (Vec::new(), 0);
        for (text, _) in inside {
            count += 1;
            if !which.contains(text) {
                which.push(*text);
            }
        }
        if (which.len(), count) > (best.0, best.1) {
            best = (which.len(), count, range.start);
        }
    }
    if best.0 == 0 {
        return 0;
    }
    // Some words before the first hit, a fifth of the width, from a boundary of words on.
    let lead = text[..best.2]
        .char_indices()
        .rev()
        .take(width / 5)
        .last()
        .map_or(best.2, |(at, _)| at);
    if lead == 0 {
        return 0;
    }
    text[lead..best.2]
        .find(char::is_whitespace)
        .map_or(lead, |space| lead + space)
}

fn cut(text: &str, hits: &[Hit], start: usize, width: usize) -> Snippet {
    let mut piece = String::new();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut room = width;
    let mut space = false;
    let mut begun = false;
    let mut hits = hits.iter().map(|(_, range)| range).peekable();
    let mut open: Option<(usize, usize)> = None;
    if !text[..start].trim().is_empty() {
        piece.push('…');
    }
    for (at, c) in text[start..].char_indices().map(|(at, c)| (start + at, c)) {
        if open.is_some_and(|(_, end)| at >= end) {
            close(&mut open, &mut ranges, piece.len());
        }
        if c.is_whitespace() || c.is_control() {
            space = begun;
            continue;
        }
        if room < 1 + usize::from(space) {
            close(&mut open, &mut ranges, piece.len());
            piece.push('…');
            break;
        }
        if std::mem::take(&mut space) {
            piece.push(' ');
            room -= 1;
        }
        while let Some(hit) = hits.next_if(|hit| hit.start <= at) {
            if hit.end > at && ranges.len() < MOST_HITS {
                let (from, end) = open.unwrap_or((piece.len(), hit.end));
                open = Some((from, end.max(hit.end)));
            }
        }
        piece.push(c);
        begun = true;
        room -= 1;
    }
    close(&mut open, &mut ranges, piece.len());
    Snippet {
        text: piece,
        hits: ranges,
    }
}

fn close(open: &mut Option<(usize, usize)>, ranges: &mut Vec<Range<usize>>, end: usize) {
    if let Some((from, _)) = open.take()
        && from < end
    {
        ranges.push(from..end);
    }
}
