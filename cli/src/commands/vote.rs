//! `moot vote`

use clap::ValueEnum;
use folkmoot_client::api::{Command, ProposalState, ProposalView, Vote, VoteChoice};

use crate::{
    access::{Access, Need},
    commands::{Context, proposals::standing},
    error::CliError,
    ui::clean,
};

/// Vote on a proposal
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot vote 7f3a yes
  moot vote 7f3a no --reason \"Let us talk to him first.\"

Only a yes is counted; no and abstain tell the others. A no can become a yes. A yes cannot be taken
back: whoever holds it may count it. All votes can be read by all members, for ever.")]
pub(crate) struct Args {
    /// Id of the proposal, or its first digits
    proposal: String,
    /// How
    choice: Choice,
    /// Why, for the members to read
    #[arg(long)]
    reason: Option<String>,
    /// Vote on a succession that no steward stands behind though one was seen lately, since you know
    /// that they are gone
    #[arg(long)]
    despite_stewards: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Choice {
    Yes,
    No,
    Abstain,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let vote = Vote {
        proposal: args.proposal,
        choice: match args.choice {
            Choice::Yes => VoteChoice::Yes,
            Choice::No => VoteChoice::No,
            Choice::Abstain => VoteChoice::Abstain,
        },
        reason: args.reason,
        despite_stewards: args.despite_stewards,
    };
    let view: ProposalView = Access::open(cx, Need::Home)?.ask(Command::Vote(vote))?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    let word = view.my_vote.map_or("", |vote| match vote {
        VoteChoice::Yes => "yes",
        VoteChoice::No => "no",
        VoteChoice::Abstain => "abstain",
    });
    cx.ui
        .say(&format!("your vote is {word}: {}", clean(&view.title)));
    cx.ui.say(&standing(&view));
    if view.state == ProposalState::Carried {
        cx.ui
            .say("enough have agreed; a member's node writes the decision within a minute");
    }
    Ok(())
}
