//! `moot proposals`, and a proposal at length for `moot show`

use std::io::Write;

use folkmoot_client::api::{Command, ProposalState, ProposalView, Proposals, VoteChoice};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{Ui, age, ahead, clean, clean_text, short_key, style, table},
};

/// List what is put to the vote, and how it stands
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot proposals
  moot proposals garden --all
  moot show 7f3a                 one of them at length")]
pub(crate) struct Args {
    /// Only of this collective: name or id prefix
    collective: Option<String>,
    /// Also those that are decided or failed
    #[arg(long)]
    all: bool,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let all = args.all;
    let list: Vec<ProposalView> =
        Access::open(cx, Need::Home)?.ask(Command::Proposals(Proposals {
            collective: args.collective,
            all,
        }))?;
    if cx.ui.json {
        return cx.ui.objects(&list);
    }
    if list.is_empty() {
        cx.ui.say(if all {
            "nothing was ever proposed"
        } else {
            "nothing is put to the vote; --all shows what was"
        });
        return Ok(());
    }
    let now = Timestamp::now();
    let mut out = cx.ui.out();
    let rows = list.iter().map(|view| {
        vec![
            view.short.clone(),
            view.title.clone(),
            view.collective.clone(),
            state(view),
            format!("{} of {}", view.yes, view.needed),
            my_vote(view).to_owned(),
            match view.state {
                ProposalState::Open => ahead(view.closes, now),
                _ => String::new(),
            },
        ]
    });
    let head = [
        "id",
        "title",
        "collective",
        "state",
        "yes",
        "you",
        "closes in",
    ];
    table(cx.ui, &mut out, &head, &[], rows)?;
    Ok(out.flush()?)
}

/// One line: votes so far, and what is missing.
pub(crate) fn standing(view: &ProposalView) -> String {
    let votes = format!(
        "{} yes, {} no, {} abstained of {}",
        view.yes, view.no, view.abstain, view.electorate
    );
    match view.state {
        ProposalState::Decided => format!("{}: {votes}", state(view)),
        ProposalState::Failed => format!("failed: {votes}; {} were needed", view.needed),
        ProposalState::Carried | ProposalState::Open | ProposalState::Draft => {
            let missing = view.needed.saturating_sub(view.yes);
            match missing {
                0 => votes,
                1 => format!("{votes}; 1 yes is missing"),
                n => format!("{votes}; {n} yes are missing"),
            }
        }
    }
}

fn state(view: &ProposalView) -> String {
    let word = match view.state {
        ProposalState::Open => "open",
        ProposalState::Carried => "carried",
        ProposalState::Decided => "decided",
        ProposalState::Failed => "failed",
        ProposalState::Draft => "draft",
    };
    if view.provisional {
        format!("{word} (provisional)")
    } else {
        word.to_owned()
    }
}

fn my_vote(view: &ProposalView) -> &'static str {
    match (view.my_vote, &view.no_vote) {
        (Some(vote), _) => word(vote),
        (None, Some(_)) => "no vote",
        (None, None) => "-",
    }
}

const fn word(vote: VoteChoice) -> &'static str {
    match vote {
        VoteChoice::Yes => "yes",
        VoteChoice::No => "no",
        VoteChoice::Abstain => "abstain",
    }
}

/// A proposal at length.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn print_proposal(ui: &Ui, view: &ProposalView) -> Result<(), CliError> {
    let mut out = ui.out();
    let (bold, dim) = (style::BOLD, style::DIM);
    let now = Timestamp::now();
    writeln!(out, "{bold}{}{bold:#}", clean(&view.title))?;
    let mut fact = |name: &str, value: &str| {
        if value.is_empty() {
            return Ok(());
        }
        writeln!(out, "{dim}{name:<10}{dim:#} {}", clean(value))
    };
    fact("id", &view.id)?;
    fact("collective", &view.collective)?;
    fact(
        "by",
        &format!("{} (seat {})", view.by, short_key(&view.by_seat)),
    )?;
    fact(
        "opened",
        &format!("{} ({})", view.opened, age(view.opened, now)),
    )?;
    let closes = if view.closes > now {
        format!("{} (in {})", view.closes, ahead(view.closes, now))
    } else {
        format!("{} (over)", view.closes)
    };
    fact("closes", &closes)?;
    fact("matter of", &view.class_name)?;
    fact("rule", &view.rule)?;
    fact("state", &state(view))?;
    fact("votes", &standing(view))?;
    if let Some(decided) = view.decided {
        let by = view.decision.as_deref().map_or("", short_key);
        fact("decided", &format!("{} by {by}", age(decided, now)))?;
    }
    if let Some(why) = &view.no_vote {
        fact("you", &format!("no vote: {why}"))?;
    }
    for (at, effect) in view.effects.iter().enumerate() {
        fact(if at == 0 { "effect" } else { "" }, effect)?;
    }
    if let Some(text) = &view.text {
        writeln!(out, "\n{}", clean_text(text))?;
    }
    if !view.voters.is_empty() {
        writeln!(out)?;
        let rows = view.voters.iter().map(|voter| {
            vec![
                if voter.me {
                    format!("{} (you)", voter.name)
                } else {
                    voter.name.clone()
                },
                voter.vote.map_or("-", word).to_owned(),
                voter.reason.clone().unwrap_or_default(),
            ]
        });
        table(ui, &mut out, &["voter", "vote", "reason"], &[], rows)?;
    }
    Ok(out.flush()?)
}
