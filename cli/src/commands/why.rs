//! `moot why`

use std::io::Write;

use folkmoot_client::api::{Command, WhyView};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, short_key, style},
};

/// Explain a verdict: why something counts or does not, and the chain that led to it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot why 7f3a                  about a record
  moot why Ben                   about a member, by name or seat
  moot why commons               about yourself in a collective
  moot why robin                 about a device of yours, by name or key

Takes ids, or their first digits, of records, members, devices, invites, rights, removals and
proposals. Numbers in parentheses are sections of docs/protocol, which has the rules.")]
pub(crate) struct Args {
    /// Id, its first digits, or a name
    #[arg(value_name = "ID")]
    id: String,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let view: WhyView = Access::open(cx, Need::ExistingHome)?.ask(Command::Why { id: args.id })?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    let (bold, id, dim) = (style::BOLD, style::ID, style::DIM);
    let mut out = cx.ui.out();
    writeln!(out, "{bold}{}{bold:#}", clean(&view.verdict))?;
    for step in &view.steps {
        let record = step.id.as_deref().map_or("", short_key);
        write!(out, "  {id}{record:<8}{id:#}  {}", clean(&step.text))?;
        match &step.section {
            Some(section) => writeln!(out, " {dim}(§{}){dim:#}", clean(section))?,
            None => writeln!(out)?,
        }
    }
    if let Some(next) = &view.next {
        writeln!(out, "{dim}next:{dim:#} {}", clean(next))?;
    }
    Ok(out.flush()?)
}
