//! `moot propose`

use std::{io::Write, path::PathBuf};

use clap::Subcommand;
use folkmoot_client::api::{Command, ProposalState, ProposalView, Propose, Proposed};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::{Context, charter::read_charter},
    error::CliError,
    ui::{self, ahead, clean, duration_ms, style},
};

/// Put something to the vote of the members
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot propose opinion \"Do we meet on Saturdays?\" --in garden
  moot propose remove Dan --in garden --text \"See the notes of May.\" --closes 14d
  moot propose role Ben host --in garden
  moot propose steward Ben --replacing Ana --in garden
  moot propose charter garden.toml --in garden --dry-run

The charter says who votes and how many yes are needed; `moot charter show` shows it. The voters are
fixed when the proposal is made. Once enough said yes, the members' nodes write the decision, and
it holds.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
struct How {
    /// Collective: name or id prefix; the only one you are in where left out
    #[arg(long = "in", value_name = "COLLECTIVE", global = true)]
    collective: Option<String>,
    /// Title; made from what is proposed where left out
    #[arg(long, global = true)]
    title: Option<String>,
    /// Why, for the members to read; `-` opens your editor
    #[arg(long, global = true)]
    text: Option<String>,
    /// How long the vote is open, at most 30d
    #[arg(long, default_value = "7d", value_name = "DURATION", global = true)]
    closes: String,
    /// Only show what would be proposed, and who would decide
    #[arg(long, global = true)]
    dry_run: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Ask for an opinion: nothing follows by itself
    Opinion {
        /// The question, or the sentence to agree to
        question: String,
    },
    /// Remove a member; what they wrote until now stays
    Remove {
        /// Name, or first digits of the seat
        member: String,
    },
    /// Take a removal back: what they wrote counts again, and they get a role
    Restore {
        /// Name, or first digits of the seat
        member: String,
        /// The role they get
        #[arg(long, default_value = "writer")]
        role: String,
    },
    /// Give a member a role, higher or lower than the one they have
    Role {
        /// Name, or first digits of the seat
        member: String,
        /// Name of the role
        role: String,
    },
    /// Make a member steward; where no steward is left to agree, the members decide
    Steward {
        /// Name, or first digits of the seat
        member: String,
        /// The steward whose place it is
        #[arg(long, value_name = "MEMBER")]
        replacing: Option<String>,
    },
    /// Change the charter to the one in a file; only what differs is proposed
    Charter {
        /// The whole new charter; begin with `moot charter show --toml`
        file: PathBuf,
    },
}

/// # Errors
/// A file or duration that is none, or what the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let How {
        collective,
        mut title,
        text,
        closes,
        dry_run,
    } = args.how;
    let what = match args.what {
        What::Opinion { question } => {
            title = title.or(Some(question));
            Proposed::Resolution {}
        }
        What::Remove { member } => Proposed::Remove { member },
        What::Restore { member, role } => Proposed::Restore {
            member,
            role: Some(role),
        },
        What::Role { member, role } => Proposed::Role { member, role },
        What::Steward { member, replacing } => Proposed::Steward { member, replacing },
        What::Charter { file } => Proposed::Charter {
            toml: read_charter(&file)?,
        },
    };
    let closes_in_ms = duration_ms(&closes)?.ok_or_else(|| {
        CliError::usage("a vote has to end").hint("say when, such as --closes 7d")
    })?;
    let mut draft = None;
    let text = match text.as_deref() {
        Some("-") if cx.ui.may_ask() => Some(draft.insert(ui::edit("")?).text.clone()),
        Some("-") => {
            return Err(CliError::usage("there is no terminal to write in")
                .hint("give the text itself: --text \"…\""));
        }
        _ => text,
    };
    let ask = Propose {
        collective,
        what,
        title,
        text,
        closes_in_ms: Some(closes_in_ms),
        dry_run,
    };
    let asked = Access::open(cx, Need::Home).and_then(|access| access.ask(Command::Propose(ask)));
    let view: ProposalView = match (asked, draft) {
        (Ok(view), Some(draft)) => {
            draft.done();
            view
        }
        (Err(error), Some(draft)) => return Err(draft.kept(error)),
        (asked, None) => asked?,
    };
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    let mut out = cx.ui.out();
    if view.state != ProposalState::Draft {
        let id = style::ID;
        writeln!(out, "{id}{}{id:#}  {}", view.short, clean(&view.title))?;
    } else {
        writeln!(out, "{}", clean(&view.title))?;
    }
    for effect in &view.effects {
        writeln!(out, "      {}", clean(effect))?;
    }
    out.flush()?;
    let now = Timestamp::now();
    cx.ui.say(&format!(
        "a matter of {}: {}",
        view.class_name,
        clean(&view.rule)
    ));
    cx.ui.say(&format!(
        "{} may vote, {} yes {} needed, within {}",
        view.electorate,
        view.needed,
        if view.needed == 1 { "is" } else { "are" },
        ahead(view.closes, now)
    ));
    for caution in &view.cautions {
        cx.ui.warn(caution);
    }
    if view.state == ProposalState::Draft {
        cx.ui.say("nothing was proposed");
    } else {
        cx.ui.say(&format!("next: moot vote {} yes", view.short));
    }
    Ok(())
}
