//! `moot charter`

use std::{fs, io::Write, path::Path};

use clap::Subcommand;
use folkmoot_client::api::{CharterShow, CharterView, Command};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, clean_text, count, short_key, style, table},
};

/// Longest charter file that is read; a few kilobytes are usual.
const MOST_BYTES: u64 = 256 << 10;

/// Show who may do what in a collective, and how things are decided
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot charter show garden
  moot charter show garden --toml > garden.toml
  moot propose charter garden.toml --in garden")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the charter in force
    Show {
        /// Name or id prefix; the only one you are in where left out
        collective: Option<String>,
        /// Print it as a text that `collective new` and `propose charter` take
        #[arg(long)]
        toml: bool,
    },
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let Verb::Show { collective, toml } = args.verb;
    let view: CharterView = Access::open(cx, Need::ExistingHome)?
        .ask(Command::CharterShow(CharterShow { collective }))?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    let mut out = cx.ui.out();
    if toml {
        write!(out, "{}", clean_text(&view.toml))?;
        return Ok(out.flush()?);
    }
    let bold = style::BOLD;
    writeln!(
        out,
        "{bold}{}{bold:#}  charter {}{}",
        clean(&view.collective),
        short_key(&view.hash),
        if view.provisional {
            " (provisional)"
        } else {
            ""
        }
    )?;
    writeln!(out)?;
    let roles = view.roles.iter().map(|role| {
        vec![
            role.name.clone(),
            role.rank.to_string(),
            count(role.members),
            role.actions.join(", "),
            if role.may_give.is_empty() {
                "-".to_owned()
            } else {
                role.may_give.join(", ")
            },
        ]
    });
    let head = ["role", "rank", "members", "may", "may give"];
    table(cx.ui, &mut out, &head, &[1, 2], roles)?;
    writeln!(out)?;
    let rules = view
        .rules
        .iter()
        .map(|rule| vec![rule.name.clone(), rule.sentence.clone()]);
    table(cx.ui, &mut out, &["to decide on", "rule"], &[], rules)?;
    writeln!(out)?;
    writeln!(
        out,
        "Each device may add {} records of content and {} of control a day.",
        count(view.content_per_day),
        count(view.control_per_day)
    )?;
    writeln!(
        out,
        "Who comes later {} what was written before.",
        if view.open_history {
            "reads"
        } else {
            "does not read"
        }
    )?;
    for proposal in &view.amended_by {
        writeln!(out, "Amended by {}.", short_key(proposal))?;
    }
    Ok(out.flush()?)
}

/// Reads a file with a charter.
///
/// # Errors
/// Where it cannot be read or is far too long.
pub(crate) fn read_charter(path: &Path) -> Result<String, CliError> {
    let failed = |error| CliError::file(path, &error);
    if fs::metadata(path).map_err(failed)?.len() > MOST_BYTES {
        return Err(CliError::usage(format!(
            "{} is too long for a charter",
            path.display()
        )));
    }
    fs::read_to_string(path).map_err(failed)
}
