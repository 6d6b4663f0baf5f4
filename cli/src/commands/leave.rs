//! `moot leave`

use folkmoot_client::api::{Command, Leave, Left};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, confirm, plural},
};

/// Leave a collective, with or without taking back what you wrote
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot leave commons
  moot leave commons --withdraw --keep-copy
  moot leave commons --yes       do not ask

Leaving takes your right to write and to receive. What you hold stays readable to you, and what you
wrote stays with the others. With --withdraw it is taken back: honest nodes stop showing it and
passing it on, yours too; what somebody copied, nobody can take back. --keep-copy copies your own
notes to your personal home first.")]
pub(crate) struct Args {
    /// Name or id prefix
    collective: String,
    /// Take back everything that you wrote there
    #[arg(long)]
    withdraw: bool,
    /// Copy your own records to your personal home first
    #[arg(long, requires = "withdraw")]
    keep_copy: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let ask = Leave {
        collective: args.collective,
        withdraw: args.withdraw,
        keep_copy: args.keep_copy,
        dry_run: false,
    };
    leave(cx, ask, args.yes)
}

/// Says what leaving does, asks, and leaves.
///
/// # Errors
/// What the engine says.
pub(crate) fn leave(cx: &Context<'_>, ask: Leave, yes: bool) -> Result<(), CliError> {
    // Who reads and thinks keeps nobody from the home: it is opened for each question anew.
    let leave = |ask| -> Result<Left, CliError> {
        Access::open(cx, Need::ExistingHome)?.ask(Command::CollectiveLeave(ask))
    };
    if !yes {
        let look = Leave {
            dry_run: true,
            ..ask.clone()
        };
        let would = leave(look)?;
        let name = clean(&would.collective).into_owned();
        cx.ui.say(&format!(
            "{} you wrote {}; {}",
            plural(would.records, "record that", "records that"),
            if would.records == 1 {
                "is held"
            } else {
                "are held"
            },
            if would.withdrawn {
                "they are taken back from all"
            } else {
                "they stay with the others, and readable to you"
            }
        ));
        if would.last_of_rank && would.others > 0 {
            cx.ui.warn(&format!(
                "nobody else in {name} has your rank: the others need a vote to have a steward again"
            ));
        }
        let question = format!("Leave {name}?");
        let help = "The others see it. To come back you need a new invite.";
        let answer = if cx.ui.json {
            // Nothing was shown that could be answered.
            None
        } else {
            confirm(cx.ui, &question, help)
        };
        match answer {
            Some(true) => {}
            Some(false) => {
                cx.ui.say("nothing was done");
                return Ok(());
            }
            None => return Err(CliError::usage("leaving was not confirmed").hint("add --yes")),
        }
    }
    let left = leave(ask)?;
    if cx.ui.json {
        return cx.ui.object(&left);
    }
    let name = clean(&left.collective).into_owned();
    cx.ui.say(&if left.withdrawn {
        format!(
            "you left {name} and took back what you wrote: {}",
            plural(left.records, "record", "records")
        )
    } else {
        format!("you left {name}; its records stay here, and what you wrote stays with the members")
    });
    if left.copied > 0 {
        cx.ui.say(&format!(
            "copied to your home: {}",
            plural(left.copied, "record", "records")
        ));
    }
    Ok(())
}
