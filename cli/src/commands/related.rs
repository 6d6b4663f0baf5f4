//! `moot related`

use folkmoot_client::api::{Command, Found, Related};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::print_found,
};

/// Find what is like a record
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot related 7f3a
  moot related \"Hot compost\" --limit 3

It goes by the words that stand often in the record and seldom elsewhere.")]
pub(crate) struct Args {
    /// Id, its first digits, or an exact title
    id: String,
    /// At most so many (100 at most)
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    let ask = Related {
        id: args.id.clone(),
        limit: args.limit,
    };
    let mut found: Found = Access::open(cx, Need::ExistingHome)?.ask(Command::Related(ask))?;
    // How many share a word with it says nothing.
    found.total = found.items.len() as u64;
    print_found(cx.ui, &found, 0)
}
