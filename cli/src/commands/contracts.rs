//! `moot contracts`

use std::io::Write;

use folkmoot_client::api::{Command, ContractView, ContractsArgs};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, style},
};

/// List the rights you hold and those you gave
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot contracts                      all of them, in words, and how to end each
  moot contracts --in commons --given
  moot contracts --ended --json")]
pub(crate) struct Args {
    /// Only of this collective: name or id prefix
    #[arg(long = "in", value_name = "COLLECTIVE")]
    place: Option<String>,
    /// Only those that you gave
    #[arg(long, conflicts_with = "held")]
    given: bool,
    /// Only those that you hold
    #[arg(long)]
    held: bool,
    /// Also those that ended, expired or were used up
    #[arg(long)]
    ended: bool,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let ask = ContractsArgs {
        collective: args.place,
        given: args.given,
        held: args.held,
        ended: args.ended,
    };
    let found: Vec<ContractView> =
        Access::open(cx, Need::ExistingHome)?.ask(Command::Contracts(ask))?;
    if cx.ui.json {
        return cx.ui.objects(&found);
    }
    let mine = |view: &&ContractView| view.holder.as_ref().is_some_and(|who| who.me);
    let held: Vec<&ContractView> = found.iter().filter(mine).collect();
    let given: Vec<&ContractView> = found.iter().filter(|view| !mine(view)).collect();
    let mut out = cx.ui.out();
    let mut first = true;
    for (head, views) in [("you hold", held), ("you gave", given)] {
        if views.is_empty() {
            continue;
        }
        let dim = style::DIM;
        if !first {
            writeln!(out)?;
        }
        first = false;
        writeln!(out, "{dim}{}{dim:#}", head.to_uppercase())?;
        for view in views {
            print(&mut out, view)?;
        }
    }
    out.flush()?;
    if found.is_empty() {
        cx.ui
            .say("no contracts: found a collective with `moot collective new NAME`, or join one");
    }
    Ok(())
}

/// One contract: its sentence, and below it how it ends.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn print(out: &mut impl Write, view: &ContractView) -> std::io::Result<()> {
    let (id, dim) = (style::ID, style::DIM);
    writeln!(
        out,
        "{id}{}{id:#}  {}",
        clean(&view.short),
        clean(&view.sentence)
    )?;
    if let Some(end) = &view.end {
        writeln!(
            out,
            "{:width$}  {dim}to end it:{dim:#} {}",
            "",
            clean(end),
            width = view.short.len()
        )?;
    }
    Ok(())
}
