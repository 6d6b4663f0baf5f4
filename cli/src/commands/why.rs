//! `moot why`

use std::io::Write;

use folkmoot_client::api::{Command, WhyView};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, confirm, short_key, style},
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
proposals. Numbers in parentheses are sections of docs/protocol, which has the rules.

What turns up after 45 days and would undo what all have lived by since is held back on each node
until its person decides: --let-in lets it in, on this node alone, after a question.")]
pub(crate) struct Args {
    /// Id, its first digits, or a name
    #[arg(value_name = "ID")]
    id: String,
    /// Let in, on this node, what is held back because it would undo settled history
    #[arg(long)]
    let_in: bool,
    /// Do not ask
    #[arg(long, short, requires = "let_in")]
    yes: bool,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    // Who reads and thinks keeps nobody from the home: it is opened for each question anew.
    let asked = |command| -> Result<WhyView, CliError> {
        Access::open(cx, Need::ExistingHome)?.ask(command)
    };
    if !args.let_in {
        return show(cx, &asked(Command::Why { id: args.id })?);
    }
    let ask = |dry_run| Command::LetIn {
        id: args.id.clone(),
        dry_run,
    };
    if !args.yes {
        let view = asked(ask(true))?;
        let answer = if cx.ui.json {
            None
        } else {
            show(cx, &view)?;
            confirm(
                cx.ui,
                "Let it in on this node?",
                "This cannot be taken back. Other members decide for their own nodes.",
            )
        };
        match answer {
            Some(true) => {}
            Some(false) => {
                cx.ui.say("nothing was done");
                return Ok(());
            }
            None => {
                return Err(CliError::usage("it was not confirmed: nothing was done")
                    .hint("add --yes; without --let-in it is only explained"));
            }
        }
    }
    show(cx, &asked(ask(false))?)
}

fn show(cx: &Context<'_>, view: &WhyView) -> Result<(), CliError> {
    if cx.ui.json {
        return cx.ui.object(view);
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
