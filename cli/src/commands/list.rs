//! `moot list`

use folkmoot_client::api::{Command, Found, List};

use crate::{
    access::{Access, Need},
    commands::{Context, find::time_zone},
    error::CliError,
    ui::print_found,
};

/// List records, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot list
  moot list --in commons --limit 50
  moot list tag:garden since:1w")]
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
}

/// # Errors
/// What the engine says; of a query that cannot be read, the place.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    let query = args.query.join(" ");
    let list = List {
        query: query.clone(),
        collective: args.collective.clone(),
        limit: args.limit,
        cursor: args.after.clone(),
        time_zone: time_zone(),
    };
    let found: Found = Access::open(cx, Need::ExistingHome)?
        .ask(Command::List(list))
        .map_err(|error| error.of_query(&query))?;
    print_found(cx.ui, &found, 0)?;
    if let Some(next) = &found.next {
        cx.ui.say(&format!("more: moot list --after {next}"));
    }
    Ok(())
}
