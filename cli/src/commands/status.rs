//! `moot status`

use std::io::Write;

use folkmoot_client::api::{Command, Eye, OpenVote, StatusView};
use jiff::{SignedDuration, Timestamp};

use crate::{
    access::{Access, Need},
    commands::{Context, collective::print_collectives, peers::print_peers},
    error::CliError,
    ui::{age, ahead, bytes, clean, count, plural, short_key, style, worth_showing},
};

/// Fewer records than this wait for the next commit of the index all the time.
const WORTH_TELLING: u64 = 10_000;

/// Less than this is no work of months: nobody is reminded.
const WORTH_COPYING: u64 = 100_000;
/// An older copy misses a month of work.
const OLD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Show the state of everything at a glance
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot status
  moot status --json | jq .running
  moot status --seen

Exit code 0 also where no node runs: `running` in the JSON tells.")]
pub(crate) struct Args {
    /// Put notices of damage away: they were read
    #[arg(long)]
    seen: bool,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    let access = Access::open(cx, Need::ExistingHome)?;
    if args.seen {
        let done: String = access.ask(Command::Seen {})?;
        if cx.ui.json {
            return cx.ui.object(&serde_json::json!({ "done": done }));
        }
        cx.ui.say(&clean(&done));
        return Ok(());
    }
    let view: StatusView = access.ask(Command::Status {})?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    // Who reads long keeps nobody from the home.
    drop(access);
    let mut out = cx.ui.out();
    let (good, bold, dim) = (style::GOOD, style::BOLD, style::DIM);
    let name = match &view.id.name {
        Some(name) => clean(name).into_owned(),
        None => "(no name yet: moot id --name NAME)".to_owned(),
    };
    let now = Timestamp::now();
    if view.running {
        let since = match age(view.since, now).as_str() {
            "now" => "just started".to_owned(),
            time => format!("up for {time}"),
        };
        writeln!(
            out,
            "{bold}{name}{bold:#}  {good}●{good:#} node running, process {}, {since}",
            view.pid
        )?;
    } else {
        writeln!(
            out,
            "{bold}{name}{bold:#}  {dim}○{dim:#} node not running: moot up"
        )?;
    }
    writeln!(
        out,
        "{dim}{}; records {}, store {}, index {}{dim:#}",
        clean(&view.id.folder),
        bytes(view.log_bytes),
        bytes(view.projection_bytes),
        bytes(view.index_bytes),
    )?;
    if let Some(percent) = view.index_built {
        writeln!(
            out,
            "{dim}the index is being built: {percent} % of the records are read; what is in it is found already{dim:#}"
        )?;
    }
    if view.index_lag > WORTH_TELLING {
        let lag = plural(view.index_lag, "record", "records");
        writeln!(
            out,
            "{dim}not yet in the index: {lag}, found all the same{dim:#}"
        )?;
    }
    let listening: Vec<String> = view.listening.iter().map(|l| l.address.clone()).collect();
    for address in worth_showing(&listening) {
        writeln!(out, "{dim}listening on {}{dim:#}", clean(address))?;
    }
    if !view.words_confirmed {
        writeln!(
            out,
            "{dim}your 24 words were never confirmed: moot id --phrase, then moot id --confirm{dim:#}"
        )?;
    }
    if let Some(line) = copy_line(&view, now) {
        writeln!(out, "{dim}{line}{dim:#}")?;
    }
    writeln!(out)?;
    print_collectives(cx, &mut out, &view.collectives)?;
    if !view.peers.is_empty() {
        writeln!(out)?;
        print_peers(&mut out, &view.peers, false)?;
    }
    print_votes(&mut out, &view.votes, now)?;
    print_eye(&mut out, &view.eye, now)?;
    out.flush()?;
    for collective in &view.collectives {
        if let Some(note) = &collective.note {
            cx.ui.warn(&format!("{note}; moot why {}", collective.name));
        }
    }
    for warning in &view.warnings {
        cx.ui.warn(warning);
    }
    Ok(())
}

/// When everything was copied last; where that is long ago, or never was, what to do.
fn copy_line(view: &StatusView, now: Timestamp) -> Option<String> {
    let Some(copy) = &view.copy else {
        let much = view.log_bytes > WORTH_COPYING && !view.copy_unread;
        return much.then(|| {
            "nothing of this was ever copied to another disk: moot backup FOLDER".to_owned()
        });
    };
    let made = match age(copy.made, now).as_str() {
        "now" => "just now".to_owned(),
        time => format!("{time} ago"),
    };
    let old = now.duration_since(copy.made) > OLD;
    let next = match old {
        true => "; time for another one",
        false => "",
    };
    Some(format!("last copy {made}: {}{next}", clean(&copy.place)))
}

/// Prints what is put to the vote, and whether this person's word is missing.
///
/// # Errors
/// Where it cannot be written.
fn print_votes(out: &mut impl Write, votes: &[OpenVote], now: Timestamp) -> std::io::Result<()> {
    let (bold, dim) = (style::BOLD, style::DIM);
    if votes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{bold}Open votes{bold:#}")?;
    for vote in votes {
        writeln!(
            out,
            "{}  {} in {}: {} of {} yes, {} left",
            clean(&vote.short),
            clean(&vote.title),
            clean(&vote.collective),
            vote.yes,
            vote.needed,
            ahead(vote.closes, now),
        )?;
        if vote.mine {
            writeln!(
                out,
                "    {dim}your vote is missing: moot show {0}, then moot vote {0} yes{dim:#}",
                clean(&vote.short)
            )?;
        }
    }
    Ok(())
}

/// Prints who costs others something: who, what, how often, since when, what it costs, what to do.
///
/// # Errors
/// Where it cannot be written.
fn print_eye(out: &mut impl Write, eye: &[Eye], now: Timestamp) -> std::io::Result<()> {
    let (warn, bold, dim) = (style::WARN, style::BOLD, style::DIM);
    if eye.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{bold}What needs your eye{bold:#}")?;
    for one in eye {
        writeln!(
            out,
            "{warn}!{warn:#} {} ({}) in {}: {} {}, since {}",
            clean(&one.member),
            short_key(&one.seat),
            clean(&one.collective),
            count(one.count),
            clean(&one.text),
            match age(one.since, now).as_str() {
                "now" => "just now".to_owned(),
                time => format!("{time} ago"),
            },
        )?;
        writeln!(out, "    {dim}cost: {}{dim:#}", clean(&one.cost))?;
        writeln!(out, "    next: {}", clean(&one.next))?;
    }
    Ok(())
}
