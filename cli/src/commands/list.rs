//! `moot list`

use std::io::Write;

use clap::ValueEnum;
use folkmoot_client::api::{Command, CountBy, Found, List};

use crate::{
    access::{Access, Need},
    commands::{Context, find::time_zone, tags::counted},
    error::CliError,
    ui::{clean, count, print_found},
};

/// List records, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot list
  moot list --in commons --limit 50
  moot list tag:garden since:1w
  moot list --page 3 kind:task
  moot list --by month tag:garden")]
pub(crate) struct Args {
    /// A query that narrows the list
    query: Vec<String>,
    /// Only this collective: name or id prefix
    #[arg(long = "in", value_name = "COLLECTIVE")]
    collective: Option<String>,
    /// At most so many (1,000 at most)
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on where a page ended
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// Pass over the pages before this one
    #[arg(long, value_name = "N", conflicts_with = "after", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    page: Option<u32>,
    /// Only count: how many there are of each
    #[arg(long, value_enum, conflicts_with_all = ["after", "page"])]
    by: Option<By>,
}

/// By what records are counted.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    /// By month, the newest first
    Month,
    /// By kind
    Kind,
    /// By tag
    Tag,
    /// By author
    Author,
    /// By collective
    Collective,
}

/// # Errors
/// What the engine says; of a query that cannot be read, the place.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    if let Some(by) = args.by {
        return counts(cx, args, by);
    }
    let query = args.query.join(" ");
    let before = args
        .page
        .map_or(0, |page| (page - 1).saturating_mul(args.limit));
    let list = List {
        query: query.clone(),
        collective: args.collective.clone(),
        limit: args.limit,
        cursor: args.after.clone(),
        offset: before,
        time_zone: time_zone(),
    };
    let found: Found = Access::open(cx, Need::ExistingHome)?
        .ask(Command::List(list))
        .map_err(|error| error.of_query(&query))?;
    print_found(cx.ui, &found, u64::from(before))?;
    if let Some(next) = &found.next {
        cx.ui.say(&format!("more: moot list --after {next}"));
    }
    Ok(())
}

fn counts(cx: &Context<'_>, args: &Args, by: By) -> Result<(), CliError> {
    let by = match by {
        By::Month => CountBy::Month,
        By::Kind => CountBy::Kind,
        By::Tag => CountBy::Tag,
        By::Author => CountBy::Author,
        By::Collective => CountBy::Collective,
    };
    let counts = counted(cx, &args.query, args.collective.clone(), by, 0)?;
    if cx.ui.json {
        return cx.ui.objects(&counts.values);
    }
    let mut out = cx.ui.out();
    let widest = counts.values.iter().map(|one| count(one.count).len()).max();
    let widest = widest.unwrap_or_default();
    for one in &counts.values {
        writeln!(out, "{:>widest$}  {}", count(one.count), clean(&one.value))?;
    }
    out.flush()?;
    if counts.values.is_empty() {
        cx.ui.say("nothing found");
    }
    Ok(())
}
