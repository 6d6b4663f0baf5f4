//! `moot readmit`

use std::io::Write;

use folkmoot_client::api::{Command, ReadmissionView, ReadmitArgs};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, confirm, plural, style},
};

/// Bring back records that a revocation cut away
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot readmit @Ben --dry-run     what of Ben's would come back
  moot readmit @Ben               all of it
  moot readmit 7f3a               this record, and what lies before it in its log
  moot readmit 1f89               what this revocation cut away

It brings records back, not membership: for that give a new right with `moot grant`, or invite.")]
pub(crate) struct Args {
    /// A person (@name or seat), a revocation, or a record that was cut away; first digits will do
    what: String,
    /// Name or id prefix of the collective; needed where several know it
    #[arg(long = "in", value_name = "COLLECTIVE")]
    place: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Only show what would come back
    #[arg(long, short = 'n')]
    dry_run: bool,
}

/// # Errors
/// What the engine says, or a question that nobody answers.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    // Who reads and thinks keeps nobody from the home: it is opened for each question anew.
    let ask = |dry_run| -> Result<ReadmissionView, CliError> {
        Access::open(cx, Need::ExistingHome)?.ask(Command::Readmit(ReadmitArgs {
            what: args.what.clone(),
            collective: args.place.clone(),
            dry_run,
        }))
    };
    if !args.yes || args.dry_run {
        let plan = ask(true)?;
        if args.dry_run && cx.ui.json {
            return cx.ui.object(&plan);
        }
        if !cx.ui.json {
            show(cx, &plan)?;
        }
        if args.dry_run {
            cx.ui.say("nothing was done");
            return Ok(());
        }
        let answer = if cx.ui.json {
            // Nothing was shown that could be answered.
            None
        } else {
            confirm(cx.ui, "Bring these back?", "All members see it.")
        };
        match answer {
            Some(true) => {}
            Some(false) => {
                cx.ui.say("nothing was done");
                return Ok(());
            }
            None => {
                return Err(CliError::usage("it was not confirmed: nothing was done")
                    .hint("add --yes, or --dry-run to only look"));
            }
        }
    }
    let done = ask(false)?;
    if cx.ui.json {
        return cx.ui.object(&done);
    }
    if args.yes {
        show(cx, &done)?;
    }
    cx.ui.say("done");
    Ok(())
}

fn show(cx: &Context<'_>, view: &ReadmissionView) -> Result<(), CliError> {
    let mut out = cx.ui.out();
    let (dim, id) = (style::DIM, style::ID);
    let mut back = plural(view.restored, "record", "records");
    if view.restored_control > 0 {
        back.push_str(&format!(
            ", and {}",
            plural(view.restored_control, "act for others", "acts for others")
        ));
    }
    writeln!(out, "{dim}{:<8}{dim:#}{back}", "back")?;
    for record in &view.records {
        writeln!(
            out,
            "        {id}{}{id:#}  {}: {}",
            clean(&record.short),
            clean(&record.author),
            clean(&record.title)
        )?;
    }
    if view.still_cut > 0 {
        writeln!(
            out,
            "{dim}{:<8}{dim:#}{}",
            "cut",
            plural(view.still_cut, "record stays away", "records stay away")
        )?;
    }
    out.flush()?;
    for caution in &view.cautions {
        cx.ui.warn(caution);
    }
    Ok(())
}
