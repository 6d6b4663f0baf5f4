//! `moot history`

use std::{collections::BTreeMap, io::Write};

use folkmoot_client::api::{Command, History, HistoryView, VersionView};
use folkmoot_library::{Change, changes};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    access::{Access, Need},
    commands::{
        Context,
        task::{again, state},
    },
    error::CliError,
    ui::{age, clean, count, plural, style},
};

/// Lines shown around a change that are the same before and after.
const AROUND: usize = 1;

/// Show the versions of a document, and what each changed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot history 7f3a              by the first digits of its id
  moot history \"Rota\" --short    who and when, without the changes
  moot show 9c3a --text          the text of one version

Lines that went are marked with -, lines that came with +.")]
pub(crate) struct Args {
    /// Id, its first digits, or an exact title
    id: String,
    /// Without the changes
    #[arg(long)]
    short: bool,
    /// At most so many versions (200 at most)
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Pass over so many first
    #[arg(long, default_value_t = 0, value_name = "N")]
    skip: u32,
}

/// A version as programs read it.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    version: &'a VersionView,
    /// Compared with the first version that it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<Line<'a>>>,
}

#[derive(Serialize)]
struct Line<'a> {
    op: &'static str,
    line: &'a str,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let view: HistoryView =
        Access::open(cx, Need::ExistingHome)?.ask(Command::History(History {
            id: args.id,
            limit: args.limit,
            offset: args.skip,
        }))?;
    let known: BTreeMap<&str, &VersionView> = view
        .versions
        .iter()
        .chain(&view.before)
        .map(|version| (version.id.as_str(), version))
        .collect();
    if cx.ui.json {
        let told: Vec<Told<'_>> = view
            .versions
            .iter()
            .map(|version| Told {
                version,
                changes: (!args.short).then(|| lines(before(version, &known), version)),
            })
            .collect();
        return cx.ui.objects(&told);
    }
    let now = Timestamp::now();
    let mut out = cx.ui.out();
    for version in &view.versions {
        head(&mut out, &view, version, &known, now)?;
        if !args.short {
            body(&mut out, before(version, &known), version)?;
        }
    }
    out.flush()?;
    if view.current.len() > 1 {
        cx.ui.warn(&format!(
            "{} versions stand side by side; bring them together: moot merge {}",
            view.current.len(),
            view.short
        ));
    }
    let seen = u64::from(args.skip) + view.versions.len() as u64;
    if seen < view.total {
        let all = plural(view.total, "version", "versions");
        cx.ui.say(&format!("{} of {all}", count(seen)));
    }
    Ok(())
}

/// The version that a version is compared with.
fn before<'a>(
    version: &VersionView,
    known: &BTreeMap<&str, &'a VersionView>,
) -> Option<&'a VersionView> {
    let first = version.replaces.first()?;
    known.get(first.as_str()).copied()
}

fn lines<'a>(before: Option<&'a VersionView>, version: &'a VersionView) -> Vec<Line<'a>> {
    let line = |change| match change {
        Change::Same(line) => Line { op: "same", line },
        Change::Gone(line) => Line { op: "gone", line },
        Change::New(line) => Line { op: "new", line },
    };
    compared(before, version).into_iter().map(line).collect()
}

fn compared<'a>(before: Option<&'a VersionView>, version: &'a VersionView) -> Vec<Change<'a>> {
    let old = before.and_then(|before| before.text.as_deref());
    changes(
        old.unwrap_or_default(),
        version.text.as_deref().unwrap_or_default(),
    )
}

/// Who, when, and where it comes from.
fn head(
    out: &mut impl Write,
    view: &HistoryView,
    version: &VersionView,
    known: &BTreeMap<&str, &VersionView>,
    now: Timestamp,
) -> Result<(), CliError> {
    let (id, good, dim) = (style::ID, style::GOOD, style::DIM);
    write!(out, "{id}{}{id:#}  ", version.short)?;
    if view.current.first() == Some(&version.id) {
        write!(out, "{good}current{good:#}  ")?;
    } else if version.current {
        let warn = style::WARN;
        write!(out, "{warn}beside{warn:#}  ")?;
    }
    let mut facts = format!("{} · {}", clean(&version.author), age(version.written, now));
    if version.replaces.len() > 1 {
        let older = version.replaces.iter();
        let older: Vec<&str> = older
            .map(|id| match known.get(id.as_str()) {
                Some(known) => known.short.as_str(),
                None => id.get(..8).unwrap_or(id),
            })
            .collect();
        facts.push_str(&format!(" · merges {}", older.join(" and ")));
    } else if version.replaces.is_empty() && version.id == view.id {
        facts.push_str(" · first");
    }
    writeln!(out, "{dim}{facts}{dim:#}")?;
    Ok(())
}

/// What it changed.
fn body(
    out: &mut impl Write,
    before: Option<&VersionView>,
    version: &VersionView,
) -> Result<(), CliError> {
    let dim = style::DIM;
    if !version.readable {
        writeln!(out, "    {dim}its content cannot be shown{dim:#}")?;
        return Ok(());
    }
    let none = String::new();
    let told = |view: &VersionView| {
        let task = view.task.as_ref();
        let due = task.and_then(|task| task.due.as_ref());
        let people = task.map(|task| task.assignees.join(", "));
        [
            task.map(|task| state(task.state).to_owned()),
            due.map(|due| due.replace('T', " ")),
            task.and_then(|task| task.every.as_deref()).map(again),
            people.filter(|people| !people.is_empty()),
        ]
    };
    let (was, is) = (before.map(told).unwrap_or_default(), told(version));
    for (name, old, new) in [
        (
            "title",
            before.and_then(|b| b.title.as_ref()),
            &version.title,
        ),
        ("url", before.and_then(|b| b.url.as_ref()), &version.url),
        ("state", was[0].as_ref(), &is[0]),
        ("due", was[1].as_ref(), &is[1]),
        ("comes", was[2].as_ref(), &is[2]),
        ("for", was[3].as_ref(), &is[3]),
    ] {
        let (old, new) = (old.unwrap_or(&none), new.as_ref().unwrap_or(&none));
        if old != new {
            let change = match (old.is_empty(), new.is_empty()) {
                (true, _) => clean(new).into_owned(),
                (false, true) => format!("{} → none", clean(old)),
                (false, false) => format!("{} → {}", clean(old), clean(new)),
            };
            writeln!(out, "    {dim}{name}:{dim:#} {change}")?;
        }
    }
    let old_tags: &[String] = before.map_or(&[], |before| &before.tags);
    let came = version.tags.iter().filter(|tag| !old_tags.contains(tag));
    let went = old_tags.iter().filter(|tag| !version.tags.contains(tag));
    let tags: Vec<String> = came
        .map(|tag| format!("+#{}", clean(tag)))
        .chain(went.map(|tag| format!("-#{}", clean(tag))))
        .collect();
    if !tags.is_empty() {
        writeln!(out, "    {dim}tags:{dim:#} {}", tags.join(" "))?;
    }
    print_changes(out, &compared(before, version))
}

/// The changed lines, with a little of what is around them.
fn print_changes(out: &mut impl Write, all: &[Change<'_>]) -> Result<(), CliError> {
    let (bad, good, dim) = (style::BAD, style::GOOD, style::DIM);
    let changed = |at: usize| {
        all.get(at)
            .is_some_and(|change| !matches!(change, Change::Same(_)))
    };
    let mut left_out = false;
    for (at, change) in all.iter().enumerate() {
        let near = (at.saturating_sub(AROUND)..=at + AROUND).any(changed);
        if !near {
            left_out = true;
            continue;
        }
        if std::mem::take(&mut left_out) {
            writeln!(out, "    {dim}…{dim:#}")?;
        }
        match change {
            Change::Same(line) => writeln!(out, "      {dim}{}{dim:#}", clean(line))?,
            Change::Gone(line) => writeln!(out, "    {bad}- {}{bad:#}", clean(line))?,
            Change::New(line) => writeln!(out, "    {good}+ {}{good:#}", clean(line))?,
        }
    }
    Ok(())
}
