//! `moot find`

use std::io::Write;

use clap::ValueEnum;
use folkmoot_client::api::{Command, Find, Found, Sort};
use folkmoot_library::key_names;
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use serde_json::json;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{PARTIAL, also_looked_for, print_found},
};

/// Search everything this node holds
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
pub(crate) struct Args {
    /// The query; several words are one query
    #[arg(required = true)]
    query: Vec<String>,
    /// At most so many results (1,000 at most)
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Pass over so many results first
    #[arg(long, default_value_t = 0, value_name = "N")]
    skip: u32,
    /// Say how the query was understood, and why each result stands where it does
    #[arg(long, conflicts_with = "count")]
    explain: bool,
    /// Look for what is written alone: no other names and narrower terms of shared words
    #[arg(long)]
    exact: bool,
    /// Print only how many there are
    #[arg(long)]
    count: bool,
    /// Order of the results
    #[arg(long, value_enum, default_value_t = Order::Auto)]
    sort: Order,
}

/// The keys are those of the language itself.
fn after_help() -> String {
    format!(
        "\
Examples:
  moot find compost worms
  moot find 'tag:garden author:@ana since:2w \"exact phrase\"'
  moot find '(quince OR medlar) in:commons sort:newest'
  moot find -tag:done kind:task
  moot find --explain 'worm* -tag:done since:last monday'

Words must all occur. `-word` excludes, `word*` begins with, `OR` and parentheses combine.
What is called like an option stands after `--`: moot find -- -json
Keys: {}.",
        key_names().join(", ")
    )
}

/// How results are ordered.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Order {
    /// Best first where the query has words, else newest first
    Auto,
    /// Newest first
    Newest,
    /// Oldest first
    Oldest,
    /// Best first
    Relevance,
}

/// # Errors
/// What the engine says; of a query that cannot be read, the place.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    let query = args.query.join(" ");
    let find = Find {
        query: query.clone(),
        limit: if args.count { 1 } else { args.limit },
        offset: args.skip,
        sort: match args.sort {
            Order::Auto => Sort::Auto,
            Order::Newest => Sort::Newest,
            Order::Oldest => Sort::Oldest,
            Order::Relevance => Sort::Relevance,
        },
        time_zone: time_zone(),
        explain: args.explain,
        exact: args.exact,
    };
    let found: Found = Access::open(cx, Need::ExistingHome)?
        .ask(Command::Find(find))
        .map_err(|error| error.of_query(&query))?;
    if args.count {
        if let Some(line) = also_looked_for(&found.widened, found.widened_cut) {
            cx.ui.say(&line);
        }
        if found.partial {
            cx.ui.warn(PARTIAL);
        }
        return print_count(cx, &found);
    }
    print_found(cx.ui, &found, u64::from(args.skip))
}

fn print_count(cx: &Context<'_>, found: &Found) -> Result<(), CliError> {
    if cx.ui.json {
        return cx
            .ui
            .object(&json!({ "total": found.total, "partial": found.partial }));
    }
    let mut out = cx.ui.out();
    writeln!(out, "{}", found.total)?;
    Ok(out.flush()?)
}

/// This machine's time zone: its name, or where it has none (a copied file, a rule in `TZ`) the rule, or
/// what holds now.
pub(crate) fn time_zone() -> Option<String> {
    let zone = TimeZone::system();
    if let Some(name) = zone.iana_name() {
        return Some(name.to_owned());
    }
    let rule = std::env::var("TZ").ok();
    let rule = rule.filter(|rule| TimeZone::posix(rule).is_ok());
    Some(rule.unwrap_or_else(|| posix(zone.to_offset(Timestamp::now()))))
}

/// An offset as a rule of POSIX, whose sign is the other way round: `<+0530>-05:30`.
fn posix(offset: Offset) -> String {
    let seconds = offset.seconds();
    let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() / 60 % 60);
    let (sign, other) = match seconds < 0 {
        true => ('-', '+'),
        false => ('+', '-'),
    };
    format!("<{sign}{hours:02}{minutes:02}>{other}{hours:02}:{minutes:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_told_as_a_rule() {
        let moment = Timestamp::UNIX_EPOCH;
        for seconds in [0, 32_400, 19_800, -12_600, -36_000, 50_400] {
            let offset = Offset::from_seconds(seconds).unwrap_or(Offset::UTC);
            let zone = TimeZone::posix(&posix(offset)).map(|zone| zone.to_offset(moment));
            assert_eq!(zone.ok(), Some(offset), "{seconds}");
        }
    }
}
