//! Records in a list of results.

use std::io::{self, Write};

use folkmoot_client::api::{EventView, Explained, Found, ItemView, What, WidenedWord};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    error::CliError,
    ui::{
        Ui, age, clean, count,
        explained::{print_understood, reason},
        plural, style,
    },
};

/// The last line of a page in JSON: what a program needs to go on.
#[derive(Serialize)]
struct PageEnd<'a> {
    page: PageFacts<'a>,
}

#[derive(Serialize)]
struct PageFacts<'a> {
    total: u64,
    next: Option<&'a str>,
    partial: bool,
    did_you_mean: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    widened: &'a [WidenedWord],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    widened_cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    explained: Option<&'a Explained>,
}

impl<'a> PageEnd<'a> {
    fn of(found: &'a Found) -> Self {
        Self {
            page: PageFacts {
                total: found.total,
                next: found.next.as_deref(),
                partial: found.partial,
                did_you_mean: &found.did_you_mean,
                widened: &found.widened,
                widened_cut: found.widened_cut,
                explained: found.explained.as_deref(),
            },
        }
    }
}

/// Said where an answer may lack something.
pub(crate) const PARTIAL: &str = "the index is being rebuilt; there may be more";

/// Prints a page of results; what is said about them goes to standard error.
///
/// # Errors
/// Where they cannot be written.
pub(crate) fn print_found(ui: &Ui, found: &Found, shown_before: u64) -> Result<(), CliError> {
    if ui.json {
        ui.objects(&found.items)?;
        ui.object(&PageEnd::of(found))?;
    } else {
        let mut out = ui.out();
        let now = Timestamp::now();
        let explained = found.explained.as_deref();
        if let Some(explained) = explained {
            print_understood(ui, &mut out, explained)?;
        }
        let mut reasons = explained.map_or(&[][..], |e| &e.hits).iter();
        for item in &found.items {
            print_item(&mut out, "", item, now)?;
            if let Some(hit) = reasons.next() {
                let (indent, dim) = (" ".repeat(item.short.len() + 2), style::DIM);
                writeln!(out, "{indent}{dim}{}{dim:#}", reason(hit))?;
            }
        }
        out.flush()?;
    }
    if found.partial {
        ui.warn(PARTIAL);
    }
    if found.items.is_empty() {
        ui.say(&match found.total {
            0 => "nothing found".to_owned(),
            all => format!(
                "nothing on this page: it lies behind {}",
                plural(all, "record", "records")
            ),
        });
    }
    if let Some(line) = also_looked_for(&found.widened, found.widened_cut) {
        ui.say(&line);
    }
    if !found.did_you_mean.is_empty() {
        let offers = found.did_you_mean.iter();
        let offers: Vec<_> = offers.map(|offer| format!("`{}`", clean(offer))).collect();
        ui.say(&format!("did you mean {}?", offers.join(" or ")));
    }
    let seen = shown_before + found.items.len() as u64;
    if !found.items.is_empty() && found.total > seen {
        ui.say(&format!(
            "{} of {}",
            count(seen),
            plural(found.total, "record", "records")
        ));
    }
    Ok(())
}

/// What shared words added to a search, in one line.
pub(crate) fn also_looked_for(widened: &[WidenedWord], cut: bool) -> Option<String> {
    let all: Vec<String> = widened
        .iter()
        .map(|word| {
            let (added, word_of) = (word.added.join(", "), &word.word);
            let place = word.collective.as_deref().unwrap_or("home");
            format!(
                "{} for `{}` ({})",
                clean(&added),
                clean(word_of),
                clean(place)
            )
        })
        .collect();
    let more = if cut { " and more than fit" } else { "" };
    (!all.is_empty()).then(|| {
        format!(
            "also looked for {}{more}; --exact looks for your words alone",
            all.join("; ")
        )
    })
}

/// Prints what happened, and to what.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn print_event(
    out: &mut impl Write,
    event: &EventView,
    now: Timestamp,
) -> io::Result<()> {
    let word = match event.what {
        What::Stored => "new",
        What::Changed => "changed",
        What::Left => "left",
        What::Hidden => "hidden",
        What::Shown => "shown again",
        What::TakenBack => "taken back",
        What::HeldBack => "held back",
    };
    // As wide as the longest word.
    let lead = format!("{word:<11}  ");
    match &event.item {
        Some(item) => print_item(out, &lead, item, now),
        None => {
            let (id, dim, place) = (style::ID, style::DIM, clean(&event.collective));
            writeln!(out, "{lead}{id}{}{id:#}  {dim}{place}{dim:#}", event.short)
        }
    }
}

/// Prints one record behind `lead`: title, then author, place, age and tags, then the hit.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn print_item(
    out: &mut impl Write,
    lead: &str,
    item: &ItemView,
    now: Timestamp,
) -> io::Result<()> {
    let (id, bold, dim) = (style::ID, style::BOLD, style::DIM);
    // The hit may be in what is the title already; then it is shown once, marked.
    let same = item.snippet == item.title;
    let title = if same {
        highlighted(&item.snippet, &item.marks)
    } else {
        clean(&item.title).into_owned()
    };
    let kind = if item.kind == "note" {
        String::new()
    } else {
        format!("{dim}[{}]{dim:#} ", clean(&item.kind))
    };
    writeln!(
        out,
        "{lead}{id}{}{id:#}  {kind}{bold}{title}{bold:#}",
        item.short
    )?;
    let indent = " ".repeat(lead.len() + item.short.len() + 2);
    let mut facts = format!(
        "{} · {} · {}",
        clean(&item.author),
        clean(&item.collective),
        age(item.written, now)
    );
    for tag in &item.tags {
        facts.push_str(" #");
        facts.push_str(&clean(tag));
    }
    write!(out, "{indent}{dim}{facts}{dim:#}")?;
    if item.beside > 0 {
        let warn = style::WARN;
        let versions = count(u64::from(item.beside) + 1);
        write!(out, " {warn}{versions} versions side by side{warn:#}")?;
    }
    writeln!(out)?;
    if let Some(url) = item.url.as_deref().filter(|url| *url != item.title) {
        writeln!(out, "{indent}{}", clean(url))?;
    }
    if !item.snippet.is_empty() && !same {
        writeln!(out, "{indent}{}", highlighted(&item.snippet, &item.marks))?;
    }
    Ok(())
}

/// The snippet with its hits marked. Ranges that do not fit the text are passed over.
fn highlighted(snippet: &str, marks: &[(usize, usize)]) -> String {
    let hit = style::HIT;
    let mut out = String::with_capacity(snippet.len() + marks.len() * 12);
    let mut at = 0;
    for &(start, end) in marks {
        let (Some(before), Some(marked)) = (snippet.get(at..start), snippet.get(start..end)) else {
            continue;
        };
        out.push_str(&clean(before));
        out.push_str(&format!("{hit}{}{hit:#}", clean(marked)));
        at = end;
    }
    out.push_str(&clean(snippet.get(at..).unwrap_or_default()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_marked_and_wrong_ranges_do_no_harm() {
        let hit = style::HIT;
        assert_eq!(
            highlighted("moss on stone", &[(0, 4), (8, 13)]),
            format!("{hit}moss{hit:#} on {hit}stone{hit:#}")
        );
        for marks in [[(3, 1)], [(0, 99)], [(1, 2)]] {
            let plain = anstream::adapter::strip_str(&highlighted("öl", &marks)).to_string();
            assert_eq!(plain, "öl");
        }
    }
}
