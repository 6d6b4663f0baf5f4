//! NDJSON: one record a line.

use std::{
    collections::HashSet,
    io::{self, BufRead, Read},
};

use folkmoot_client::api::{ImportItem, Note};
use folkmoot_library::page;

use super::{Later, Piece};
use crate::lines::Line;

/// Longest line; a text of 32,768 bytes written in escapes of six takes 200 kB.
const MAX_LINE_BYTES: u64 = 512 << 10;
/// Most ids of lines that are remembered, so that one that stands twice is met wherever it stands;
/// some 24 bytes each.
const MAX_IDS: usize = 4_000_000;

/// Reads all lines; `each` gets every piece with the bytes its line took, and answers false to
/// stop. Empty lines are passed over.
///
/// # Errors
/// Where reading fails.
pub(super) fn read(
    mut input: impl BufRead,
    mut each: impl FnMut(Piece, u64) -> bool,
) -> io::Result<()> {
    let mut line = Vec::new();
    let mut number = 0_u64;
    let mut ids = HashSet::new();
    let mut later = Later::default();
    loop {
        line.clear();
        let mut taken = (&mut input)
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)? as u64;
        if taken == 0 {
            for piece in later.take() {
                if !each(piece, 0) {
                    break;
                }
            }
            return Ok(());
        }
        number += 1;
        let piece = if taken == MAX_LINE_BYTES && line.last() != Some(&b'\n') {
            taken += skip_line(&mut input)?;
            refused(
                number,
                format!("the line is longer than {MAX_LINE_BYTES} bytes"),
            )
        } else if line.trim_ascii().is_empty() {
            continue;
        } else {
            once(parse(&line, number), &mut ids)
        };
        let Some(piece) = later.keep(piece) else {
            continue;
        };
        if !each(piece, taken) {
            return Ok(());
        }
    }
}

/// A line whose id stood before is refused, wherever that was.
fn once(piece: Piece, ids: &mut HashSet<u128>) -> Piece {
    let Piece::Item(item) = &piece else {
        return piece;
    };
    let Some(id) = &item.path else {
        return piece;
    };
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(id.as_bytes()).as_bytes()[..16]);
    let is_new = ids.len() >= MAX_IDS || ids.insert(u128::from_be_bytes(short));
    match is_new {
        true => piece,
        false => Piece::Refused {
            why: format!("the id {id} stands twice"),
            source: item.source.clone(),
        },
    }
}

fn parse(line: &[u8], number: u64) -> Piece {
    match serde_json::from_slice::<Line>(line) {
        Ok(mut line) => match line.moot.take() {
            Some(moot) => {
                let id = moot.id.clone();
                match line.page(moot) {
                    Ok(page) => Piece::Item(Box::new(ImportItem {
                        source: format!("line {number}"),
                        path: id,
                        page: Some(page::write(&page)),
                        ..ImportItem::default()
                    })),
                    Err(why) => refused(number, why),
                }
            }
            None => Piece::Item(Box::new(plain(line, number))),
        },
        Err(error) => {
            // serde names line 1 of the piece it was given; ours is the line of the file.
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or(&why);
            match error.column() {
                0 => refused(number, why.to_owned()),
                column => refused(number, format!("{why} (column {column})")),
            }
        }
    }
}

fn plain(line: Line, number: u64) -> ImportItem {
    ImportItem {
        source: format!("line {number}"),
        path: line.id,
        aliases: line.aliases,
        properties: line.properties,
        day: line.day,
        note: Note {
            kind: line.kind,
            title: line.title,
            text: line.text,
            url: line.url,
            tags: line.tags,
            ..Note::default()
        },
        written: line.written,
        ..ImportItem::default()
    }
}

fn refused(number: u64, why: String) -> Piece {
    Piece::Refused {
        source: format!("line {number}"),
        why,
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let (used, end) = {
            let buffer = input.fill_buf()?;
            match buffer.iter().position(|b| *b == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            }
        };
        input.consume(used);
        skipped += used as u64;
        if end {
            return Ok(skipped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> (Vec<Piece>, u64) {
        let (mut pieces, mut bytes) = (Vec::new(), 0);
        read(text.as_bytes(), |piece, taken| {
            pieces.push(piece);
            bytes += taken;
            true
        })
        .unwrap();
        (pieces, bytes)
    }

    fn why(piece: &Piece) -> (&str, &str) {
        match piece {
            Piece::Refused { source, why } => (source, why),
            Piece::Item(item) => panic!("was taken: {item:?}"),
        }
    }

    #[test]
    fn all_fields_are_read() {
        let (pieces, _) = pieces(
            r#"{"title":"T","text":"a\nb","tags":["x","y"],"url":"https://e.org","kind":"link","written":"2024-05-01T10:00:00Z","id":"n1","aliases":["A"],"properties":"p: 1\n"}"#,
        );
        let [Piece::Item(item)] = pieces.as_slice() else {
            panic!("{pieces:?}");
        };
        assert_eq!(item.source, "line 1");
        assert_eq!(item.note.text.as_deref(), Some("a\nb"));
        assert_eq!(item.note.tags, ["x", "y"]);
        assert_eq!(
            (item.path.as_deref(), item.aliases.as_slice()),
            (Some("n1"), &["A".to_owned()][..])
        );
        assert_eq!(item.properties.as_deref(), Some("p: 1\n"));
        assert_eq!(item.written.unwrap().to_string(), "2024-05-01T10:00:00Z");
    }

    #[test]
    fn a_bad_line_is_named_and_the_rest_goes_on() {
        let (pieces, _) = pieces("{\"text\":\"a\"}\n\nnot json\n{\"txt\":1}\n{\"text\":\"b\"}\n");
        assert_eq!(pieces.len(), 4);
        assert_eq!(why(&pieces[1]).0, "line 3");
        let (source, reason) = why(&pieces[2]);
        assert_eq!(source, "line 4");
        assert!(reason.contains("txt"), "{reason}");
        assert!(matches!(&pieces[3], Piece::Item(item) if item.source == "line 5"));
    }

    #[test]
    fn a_line_without_end_costs_no_memory() {
        let long = format!(
            "{{\"text\":\"{}\"}}\n",
            "x".repeat(3 * MAX_LINE_BYTES as usize)
        );
        let (pieces, bytes) = pieces(&format!("{long}{{\"text\":\"b\"}}"));
        assert!(why(&pieces[0]).1.contains("longer"));
        assert!(matches!(&pieces[1], Piece::Item(item) if item.source == "line 2"));
        assert_eq!(bytes, long.len() as u64 + 12);
    }
}
