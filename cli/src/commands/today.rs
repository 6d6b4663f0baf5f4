//! `moot today`

use std::io::Write;

use folkmoot_client::api::{Command, Day, DayView, DayWrite, Edited};
use jiff::{Timestamp, Zoned, civil::Date};

use crate::{
    access::{Access, Need},
    commands::{
        Context, edit::print_edited, find::time_zone, note::standard_input, task::print_tasks,
    },
    error::CliError,
    ui::{self, PARTIAL, clean, clean_text, count, print_item, style},
};

/// Open the page of a day, or write a line into it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot today                     today's page: in your editor ($EDITOR), or printed
  moot today \"the swifts are back\"
  moot today yesterday --print   the page, what was due, and what others wrote
  moot today 2026-12-24 \"book the hall\"

A page is yours alone, one a day; it lies in your home if --in names no collective. A line begins
with the time: the page of another day gets lines without it.")]
pub(crate) struct Args {
    /// A day (2026-12-24, yesterday, today, tomorrow), a line to write, or both; `-` reads standard
    /// input
    #[arg(value_name = "DAY|LINE")]
    words: Vec<String>,
    /// Print the page, what is due, and what others wrote
    #[arg(long)]
    print: bool,
    /// Open the page in your editor, also where output is no terminal
    #[arg(long, conflicts_with = "print")]
    edit: bool,
    /// Collective: name or id prefix
    #[arg(long = "in", value_name = "COLLECTIVE")]
    collective: Option<String>,
    /// Sign with a limited device of yours, within its limits
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
}

/// # Errors
/// Words that are no day and no line, or what the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let now = Zoned::now();
    let (date, line) = match args.words.as_slice() {
        [] => (now.date(), None),
        [one] => match day(one, now.date()) {
            Some(date) => (date, None),
            None if is_written_as_day(one) => {
                return Err(CliError::usage(format!("{one} is no day of the calendar"))
                    .hint("a line that reads like one has a dash before it: moot today \"- …\""));
            }
            None => (now.date(), Some(one)),
        },
        [one, line] => {
            let date = day(one, now.date()).ok_or_else(|| {
                CliError::usage(format!("{one:?} is no day"))
                    .hint("a line stands in quotes: moot today \"the swifts are back\"")
            })?;
            (date, Some(line))
        }
        _ => {
            return Err(CliError::usage("a line stands in quotes")
                .hint(format!("moot today {:?}", args.words.join(" "))));
        }
    };
    let within = args.collective.clone();
    let ask = Day {
        date: date.to_string(),
        collective: args.collective,
        time_zone: time_zone(),
    };
    if let Some(line) = line {
        if args.print || args.edit {
            return Err(CliError::usage(format!("{line:?} is no day"))
                .hint("a day is written 2026-12-24, or yesterday, today, tomorrow"));
        }
        let text = match line.as_str() {
            "-" => standard_input()?,
            line => line.to_owned(),
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(CliError::usage("there is nothing to write"));
        }
        let time = (date == now.date()).then(|| now.strftime("%H:%M").to_string());
        let line = bullet(text, time.as_deref());
        let write = DayWrite {
            date: ask.date,
            collective: ask.collective,
            text: line,
            append: true,
            base: Vec::new(),
            device: args.device,
        };
        let edited: Edited = Access::open(cx, Need::Home)?.ask(Command::WriteDay(write))?;
        return told(cx, &edited);
    }
    let view: DayView = Access::open(cx, Need::Home)?.ask(Command::Day(ask.clone()))?;
    let writes = args.edit || (cx.ui.out_is_terminal() && cx.ui.may_ask() && !cx.ui.json);
    if args.print || !writes {
        return print(cx, &view, date, within.as_deref());
    }
    let before = match view.text.is_empty() {
        true => String::new(),
        false => format!("{}\n", view.text),
    };
    let draft = ui::edit(&before)?;
    let text = draft.text.trim_end().to_owned();
    if text == view.text && view.pages.len() < 2 {
        draft.done();
        cx.ui.say("nothing changed");
        return Ok(());
    }
    let write = DayWrite {
        date: ask.date,
        collective: ask.collective,
        text,
        append: false,
        base: view.pages.into_iter().map(|page| page.version).collect(),
        device: args.device,
    };
    let edited = Access::open(cx, Need::Home)
        .and_then(|access| access.ask::<Edited>(Command::WriteDay(write)));
    match edited {
        Ok(edited) => {
            draft.done();
            told(cx, &edited)
        }
        Err(error) => Err(draft.kept(error)),
    }
}

/// A line of a page: one that begins with a dash, or a box to be ticked, keeps that.
fn bullet(text: &str, time: Option<&str>) -> String {
    let text = text.strip_prefix("- ").unwrap_or(text).trim_start();
    let boxed = ["[ ] ", "[x] ", "[X] "]
        .into_iter()
        .find_map(|mark| Some((mark, text.strip_prefix(mark)?)));
    let (mark, text) = boxed.unwrap_or(("", text));
    match time {
        Some(time) => format!("- {mark}{time} {text}"),
        None => format!("- {mark}{text}"),
    }
}

fn day(word: &str, today: Date) -> Option<Date> {
    match word {
        "today" => Some(today),
        "yesterday" => today.yesterday().ok(),
        "tomorrow" => today.tomorrow().ok(),
        word if word.len() == 10 => word.parse().ok(),
        _ => None,
    }
}

/// Whether a word has the shape of a day, as `2026-02-30` has.
fn is_written_as_day(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let digits = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), [year, month, day]
        if (year.len(), month.len(), day.len()) == (4, 2, 2))
        && parts.iter().all(digits)
}

fn told(cx: &Context<'_>, edited: &Edited) -> Result<(), CliError> {
    print_edited(cx, edited, "written")
}

/// `within`: the collective that was asked for.
fn print(
    cx: &Context<'_>,
    view: &DayView,
    date: Date,
    within: Option<&str>,
) -> Result<(), CliError> {
    if cx.ui.json {
        return cx.ui.object(view);
    }
    let (bold, dim) = (style::BOLD, style::DIM);
    let mut out = cx.ui.out();
    let weekday = date.strftime("%A");
    let place = clean(&view.collective);
    writeln!(
        out,
        "{bold}{}{bold:#}  {dim}{weekday} · {place}{dim:#}",
        view.date
    )?;
    if !view.text.is_empty() {
        writeln!(out, "\n{}", clean_text(&view.text))?;
    }
    if !view.tasks.is_empty() {
        writeln!(out, "\n{dim}due{dim:#}")?;
        print_tasks(&mut out, &view.tasks)?;
        if view.tasks_more > 0 {
            let more = count(view.tasks_more);
            let (all, due) = match date == Zoned::now().date() {
                true => ("", format!("due:..{date}")),
                false => ("--all ", format!("due:{date}")),
            };
            writeln!(
                out,
                "{dim}and {more} more: moot task list {all}--limit 1000 {due}{dim:#}"
            )?;
        }
    }
    if !view.arrived.is_empty() {
        writeln!(out, "\n{dim}from others{dim:#}")?;
        let now = Timestamp::now();
        for item in &view.arrived {
            print_item(&mut out, "", item, now)?;
        }
        if view.arrived_more > 0 {
            let day = date.to_string();
            let more = count(view.arrived_more);
            let within = match within {
                Some(name) => format!(" in:{name:?}"),
                None => String::new(),
            };
            writeln!(
                out,
                "{dim}and {more} more: moot list 'created:{day} -author:me{within}'{dim:#}"
            )?;
        }
    }
    out.flush()?;
    if view.partial {
        cx.ui.warn(PARTIAL);
    } else if view.pages.len() > 1 {
        cx.ui
            .say("two of your devices wrote a page of this day; the next line makes them one");
    }
    if view.text.is_empty() && !view.partial {
        cx.ui
            .say("nothing is written on this page yet: moot today \"a line\"");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_no_calendar_has_is_no_line() {
        assert!(is_written_as_day("2026-02-30") && is_written_as_day("2026-13-01"));
        for line in [
            "swifts",
            "2026-2-3",
            "2026-02-30 x",
            "1234-ab-cd",
            "a-b-c-d",
        ] {
            assert!(!is_written_as_day(line), "{line}");
        }
    }

    #[test]
    fn a_line_has_one_dash() {
        for (text, at_nine, without) in [
            ("swifts", "- 09:00 swifts", "- swifts"),
            ("- swifts", "- 09:00 swifts", "- swifts"),
            ("- [ ] buy", "- [ ] 09:00 buy", "- [ ] buy"),
            ("[x] done", "- [x] 09:00 done", "- [x] done"),
            ("-5 degrees", "- 09:00 -5 degrees", "- -5 degrees"),
        ] {
            assert_eq!(bullet(text, Some("09:00")), at_nine);
            assert_eq!(bullet(text, None), without);
        }
    }
}
