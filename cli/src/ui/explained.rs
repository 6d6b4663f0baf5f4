//! A query in words, and why a hit stands where it does.

use std::io::{self, Write};

use folkmoot_client::api::{Explained, ExplainedHit, ExplainedWord};

use crate::ui::{Ui, clean, plural, style};

/// Prints how a query was understood.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn print_understood(
    ui: &Ui,
    out: &mut impl Write,
    explained: &Explained,
) -> io::Result<()> {
    let dim = style::DIM;
    for line in &explained.lines {
        let indent = "  ".repeat(line.depth as usize);
        let records = line.records.map_or_else(String::new, |n| {
            format!(" {dim}· {}{dim:#}", plural(n, "record", "records"))
        });
        writeln!(out, "{indent}{}{records}", clean(&line.text))?;
    }
    writeln!(out, "{dim}{}{dim:#}", clean(&explained.order))?;
    for doubt in &explained.doubts {
        ui.warn(&clean(doubt));
    }
    Ok(())
}

/// Why a hit stands where it does, in one line.
pub(crate) fn reason(hit: &ExplainedHit) -> String {
    let words: Vec<String> = hit.words.iter().map(word).collect();
    format!(
        "{:.2} = ({}) × {:.2} for its age",
        hit.score,
        words.join(" + "),
        hit.newness
    )
}

fn word(word: &ExplainedWord) -> String {
    let places: Vec<String> = word
        .places
        .iter()
        .map(|(place, times)| match times {
            1 => clean(place).into_owned(),
            times => format!("{} {times} times", clean(place)),
        })
        .collect();
    format!(
        "{:.2} `{}` in {}",
        word.points,
        clean(&word.word),
        places.join(", "),
    )
}
