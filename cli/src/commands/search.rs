//! `moot search`

use std::io::Write;

use clap::Subcommand;
use folkmoot_client::api::{Command, SavedSearch, SearchAct};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, style, typed},
};

/// Save searches under a name, and use them in others
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot search save late 'tag:fruit frost -quince'
  moot find saved:late since:1y
  moot watch saved:late
  moot search list

saved:NAME stands for the search wherever a query is taken, also in other saved searches. They are
kept in your home, and so on all your devices.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Save a search, in the place of an earlier one of this name
    Save {
        /// Its name
        name: String,
        /// The query; several words are one query
        #[arg(required = true)]
        query: Vec<String>,
    },
    /// List the saved searches
    List,
    /// Forget one
    Drop {
        /// Its name
        #[arg(value_name = "SEARCH")]
        name: String,
    },
}

/// # Errors
/// What the engine says; of a query that cannot be read, the place.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let (act, need, told) = match args.verb {
        Verb::List => (SearchAct::List, Need::ExistingHome, None),
        Verb::Save { name, query } => {
            let told = format!("saved; use it: moot find {}", saved(&name));
            let query = query.join(" ");
            (SearchAct::Save { name, query }, Need::Home, Some(told))
        }
        Verb::Drop { name } => {
            let told = format!("{name} is forgotten");
            (SearchAct::Drop { name }, Need::ExistingHome, Some(told))
        }
    };
    let query = match &act {
        SearchAct::Save { query, .. } => query.clone(),
        SearchAct::List | SearchAct::Drop { .. } => String::new(),
    };
    let list: Vec<SavedSearch> = Access::open(cx, need)?
        .ask(Command::Searches(act))
        .map_err(|error| error.of_query(&query))?;
    if let Some(told) = told.filter(|_| !cx.ui.json) {
        cx.ui.say(&clean(&told));
        return Ok(());
    }
    if cx.ui.json {
        return cx.ui.objects(&list);
    }
    let (bold, mut out) = (style::BOLD, cx.ui.out());
    let widest = list.iter().map(|one| one.name.chars().count()).max();
    let widest = widest.unwrap_or_default();
    for one in &list {
        let pad = " ".repeat(widest.saturating_sub(one.name.chars().count()));
        let (name, query) = (clean(&one.name), clean(&one.query));
        writeln!(out, "{bold}{name}{bold:#}{pad}  {query}")?;
    }
    out.flush()?;
    if list.is_empty() {
        cx.ui.say("no searches are saved");
    }
    Ok(())
}

/// A saved search as it is typed in a query in a shell.
fn saved(name: &str) -> String {
    match name
        .chars()
        .all(|c| c.is_alphanumeric() || "-_".contains(c))
    {
        true => format!("saved:{name}"),
        false => typed(&format!("saved:\"{name}\"")),
    }
}
