//! `moot why`

use std::io::Write;

use folkmoot_client::api::{Command, WhyView};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, short_key, style},
};

/// Explain why a record stands or does not, or why somebody is a member
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot why 7f3a                  about a record
  moot why 9c01                  about a seat, as `moot collective members` shows it")]
pub(crate) struct Args {
    /// Id of a record or a seat, or its first digits
    id: String,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let view: WhyView = Access::open(cx, Need::ExistingHome)?.ask(Command::Why { id: args.id })?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    let (bold, id) = (style::BOLD, style::ID);
    let mut out = cx.ui.out();
    writeln!(out, "{bold}{}{bold:#}", clean(&view.verdict))?;
    for step in &view.steps {
        let record = step.id.as_deref().map_or("", short_key);
        writeln!(out, "  {id}{record:<8}{id:#}  {}", clean(&step.text))?;
    }
    Ok(out.flush()?)
}
