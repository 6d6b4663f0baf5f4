//! `moot react`

use std::io::Write;

use folkmoot_client::api::{Command, React, Reacted};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, plural, style},
};

/// React to what somebody wrote; the same again takes it back
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot react 7f3a 👍
  moot react 7f3a 👍 --undo      takes it back

Each of you counts once for each sign; moot show counts them.")]
pub(crate) struct Args {
    /// Id, its first digits, or an exact title
    id: String,
    /// An emoji or a short word
    sign: String,
    /// Take it back, if it was given
    #[arg(long)]
    undo: bool,
    /// Sign with a limited device of yours, within its limits
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let react = React {
        id: args.id,
        text: args.sign,
        on: args.undo.then_some(false),
        device: args.device,
    };
    let reacted: Reacted = Access::open(cx, Need::ExistingHome)?.ask(Command::React(react))?;
    if cx.ui.json {
        return cx.ui.object(&reacted);
    }
    let sign = clean(&reacted.text);
    let people = plural(reacted.count, "person", "people");
    if !reacted.changed {
        let short = &reacted.short;
        cx.ui
            .say(&format!("you did not react to {short} with {sign}"));
        return Ok(());
    }
    let mut out = cx.ui.out();
    let (id, dim) = (style::ID, style::DIM);
    let did = if reacted.on { "" } else { "taken back; " };
    let place = clean(&reacted.collective);
    writeln!(
        out,
        "{id}{}{id:#}  {sign} {did}{people}  {dim}in {place}{dim:#}",
        reacted.short
    )?;
    Ok(out.flush()?)
}
