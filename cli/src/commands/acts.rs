//! `moot retract`, `moot hide`, `moot unhide` and `moot purge`

use std::io::Write;

use folkmoot_client::api::{Act, ActKind, Acted, Command};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, confirm, plural, style},
};

/// What all of them take.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// Ids, their first digits, or exact titles
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// Why, for everybody to read
    #[arg(long)]
    reason: Option<String>,
    /// Sign with a limited device of yours, within its limits
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
}

/// Take back what you wrote, for good
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot retract 7f3a              a document with all its versions
  moot retract \"Rota\" --reason \"out of date\"

All honest nodes stop showing it and passing it on; what somebody copied, nobody can take back. The
id of one version takes back that version alone. Its text stays in your trash for 30 days: moot
restore writes it anew.")]
pub(crate) struct RetractArgs {
    #[command(flatten)]
    common: Common,
}

/// Hide what somebody wrote, until it is shown again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot hide 7f3a --reason \"an advertisement\"
  moot unhide 7f3a

It needs the right to hide, and everybody sees who hid it. Nothing is lost: it is not found or
listed any more, and moot show with its id still shows it.")]
pub(crate) struct HideArgs {
    #[command(flatten)]
    common: Common,
}

/// Show again what was hidden
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot unhide 7f3a

It needs the right to hide.")]
pub(crate) struct UnhideArgs {
    #[command(flatten)]
    common: Common,
}

/// Erase what somebody wrote at all members, for good
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot purge 7f3a --reason \"a stolen address book\"
  moot purge 7f3a --yes          do not ask

It needs the right to purge, and cannot be undone: all honest nodes stop showing it and passing it
on, and delete it after 30 days. That something stood there, and who purged it, stays. To be able to
take it back, moot hide.")]
pub(crate) struct PurgeArgs {
    #[command(flatten)]
    common: Common,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// # Errors
/// What the engine says.
pub(crate) fn retract(cx: &Context<'_>, args: RetractArgs) -> Result<(), CliError> {
    act(cx, ActKind::Retract, args.common)
}

/// # Errors
/// What the engine says.
pub(crate) fn hide(cx: &Context<'_>, args: HideArgs) -> Result<(), CliError> {
    act(cx, ActKind::Hide, args.common)
}

/// # Errors
/// What the engine says.
pub(crate) fn unhide(cx: &Context<'_>, args: UnhideArgs) -> Result<(), CliError> {
    act(cx, ActKind::Unhide, args.common)
}

/// # Errors
/// Where nobody says yes, or what the engine says.
pub(crate) fn purge(cx: &Context<'_>, args: PurgeArgs) -> Result<(), CliError> {
    if !args.yes {
        let count = args.common.ids.len() as u64;
        let question = format!("Purge {}?", plural(count, "record", "records"));
        match confirm(cx.ui, &question, "It is erased at all members, for good.") {
            Some(true) => {}
            Some(false) => {
                cx.ui.say("nothing was done");
                return Ok(());
            }
            None => return Err(CliError::usage("purging was not confirmed").hint("add --yes")),
        }
    }
    act(cx, ActKind::Purge, args.common)
}

/// One after the other: those before one that fails are done.
fn act(cx: &Context<'_>, what: ActKind, args: Common) -> Result<(), CliError> {
    let access = Access::open(cx, Need::ExistingHome)?;
    for id in args.ids {
        let acted: Acted = access.ask(Command::Act(Act {
            what,
            id,
            reason: args.reason.clone(),
            device: args.device.clone(),
        }))?;
        print_acted(cx, &acted)?;
    }
    Ok(())
}

fn print_acted(cx: &Context<'_>, acted: &Acted) -> Result<(), CliError> {
    if cx.ui.json {
        return cx.ui.object(acted);
    }
    let place = clean(&acted.collective);
    let did = match (acted.what, &acted.record) {
        (ActKind::Retract | ActKind::Purge, None) => "was taken back already",
        (ActKind::Hide, None) => "is hidden already",
        (ActKind::Unhide, None) => "is not hidden",
        (ActKind::Retract, Some(_)) => "taken back in",
        (ActKind::Hide, Some(_)) => "hidden in",
        (ActKind::Unhide, Some(_)) => "shown again in",
        (ActKind::Purge, Some(_)) => "purged in",
    };
    let Some(record) = &acted.record else {
        cx.ui.say(&format!("{} {did}", acted.short));
        return Ok(());
    };
    let mut out = cx.ui.out();
    if cx.ui.out_is_terminal() {
        let (id, dim) = (style::ID, style::DIM);
        let until = acted.until.map(until).unwrap_or_default();
        writeln!(
            out,
            "{id}{}{id:#}  {dim}{did} {place}{until}{dim:#}",
            acted.short
        )?;
    } else {
        // For scripts: the whole id of the act.
        writeln!(out, "{record}")?;
    }
    Ok(out.flush()?)
}

fn until(time: Timestamp) -> String {
    format!("; in the trash until {}", day(time))
}

/// A day as people here write it.
pub(crate) fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).date().to_string()
}
