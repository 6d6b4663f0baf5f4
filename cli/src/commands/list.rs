//! `moot list`

use std::io::Write;

use clap::ValueEnum;
use folkmoot_client::api::{Command, CountBy, Counts, Found, List};

use crate::{
    access::{Access, Need},
    commands::{
        Context,
        find::time_zone,
        tags::{counted, more, page_end},
    },
    error::CliError,
    ui::{clean, count, print_found, typed},
};

/// Records of a page, where nobody says how many.
const USUAL: u32 = 20;

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
    #[arg(long, default_value_t = USUAL, value_parser = clap::value_parser!(u32).range(1..=1000))]
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
    /// Look for what is written alone: no other names and narrower terms of shared words
    #[arg(long)]
    exact: bool,
}

impl Args {
    /// Most values that are counted: a page is short, a count is whole.
    const fn values(&self) -> u32 {
        match self.limit {
            USUAL => 0,
            limit => limit,
        }
    }
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
        exact: args.exact,
    };
    let found: Found = Access::open(cx, Need::ExistingHome)?
        .ask(Command::List(list))
        .map_err(|error| error.of_query(&query))?;
    print_found(cx.ui, &found, u64::from(before))?;
    if let Some(next) = &found.next {
        let again = again(args);
        cx.ui.say(&format!("more: moot list --after {next}{again}"));
    }
    Ok(())
}

/// What was asked for, to be typed again behind the cursor.
fn again(args: &Args) -> String {
    let mut again = String::new();
    if args.limit != USUAL {
        again.push_str(&format!(" --limit {}", args.limit));
    }
    if args.exact {
        again.push_str(" --exact");
    }
    if let Some(name) = &args.collective {
        again.push_str(&format!(" --in {}", typed(name)));
    }
    if !args.query.is_empty() {
        again.push(' ');
        again.push_str(&typed(&args.query.join(" ")));
    }
    again
}

fn counts(cx: &Context<'_>, args: &Args, by: By) -> Result<(), CliError> {
    let by = match by {
        By::Month => CountBy::Month,
        By::Kind => CountBy::Kind,
        By::Tag => CountBy::Tag,
        By::Author => CountBy::Author,
        By::Collective => CountBy::Collective,
    };
    let ask = Counts {
        query: args.query.join(" "),
        collective: args.collective.clone(),
        by,
        limit: args.values(),
        time_zone: time_zone(),
        exact: args.exact,
    };
    let counts = counted(cx, ask)?;
    if cx.ui.json {
        cx.ui.objects(&counts.values)?;
        return page_end(
            cx,
            counts.total,
            counts.partial,
            (&counts.widened, counts.widened_cut),
        );
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
    more(cx, &counts, ["value", "values"], "a query narrows them");
    Ok(())
}
