//! `moot invite`

use std::io::Write;

use clap::Subcommand;
use folkmoot_client::api::{
    Command, ContractState, InviteNew, InviteView, InvitesArgs, RevokeArgs,
};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::{Context, grant::Limits, revoke},
    error::CliError,
    ui::{clean, count, duration_ms, lasting, plural, qr, short_key, style, table},
};

/// Make an invite key for a collective; list and close invites
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  moot invite commons
  moot invite commons --role writer --uses 10 --expires 2w --label \"spring meeting\"
  moot invite commons --role reader --until 2027-01-01
  moot invite list --in commons  uses left, until when, who made it
  moot invite close 2e3a4875     nobody can join by it any more

The key is a secret: whoever has it can join until it is used up or expires. Any member whose node
runs can welcome the friend; you need not be there."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    new: New,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make an invite: also for a collective that is called `list` or `close`
    #[command(hide = true)]
    New(New),
    /// List invites that are open
    List {
        /// Only of this collective: name or id prefix
        #[arg(long = "in", value_name = "COLLECTIVE")]
        place: Option<String>,
        /// Also those that are closed, used up or past their time
        #[arg(long)]
        all: bool,
    },
    /// Close an invite; those who came in by it stay
    Close {
        /// Its id, as `moot invite list` shows it
        id: String,
        /// Name or id prefix of the collective
        #[arg(long = "in", value_name = "COLLECTIVE")]
        place: Option<String>,
        /// Why; all members can read it
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Only show what would happen
        #[arg(long, short = 'n')]
        dry_run: bool,
    },
}

#[derive(Debug, clap::Args)]
struct New {
    /// Name or id prefix of the collective
    #[arg(required = true)]
    collective: Option<String>,
    /// Role it gives
    #[arg(long, default_value = "writer")]
    role: String,
    /// How many people may use it
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    uses: u64,
    /// How long it is open: 12h, 7d, 2w, never
    #[arg(long, default_value = "7d", value_name = "DURATION")]
    expires: String,
    /// A note for you and the members
    #[arg(long)]
    label: Option<String>,
    #[command(flatten)]
    limits: Limits,
    /// Print the QR code even where the output is no terminal
    #[arg(long, overrides_with = "no_qr")]
    qr: bool,
    /// Print no QR code
    #[arg(long)]
    no_qr: bool,
}

/// # Errors
/// A duration that is none, or what the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    match args.verb {
        None => new(cx, args.new),
        Some(Verb::New(args)) => new(cx, args),
        Some(Verb::List { place, all }) => list(cx, place, all),
        Some(Verb::Close {
            id,
            place,
            reason,
            yes,
            dry_run,
        }) => {
            let ask = RevokeArgs {
                what: id,
                collective: place,
                reason,
                invite_only: true,
                dry_run,
                ..RevokeArgs::default()
            };
            revoke::carry_out(cx, ask, yes)
        }
    }
}

fn new(cx: &Context<'_>, args: New) -> Result<(), CliError> {
    let Some(collective) = args.collective else {
        return Err(CliError::usage("no collective is named").hint("moot invite COLLECTIVE"));
    };
    let invite = InviteNew {
        collective,
        role: args.role,
        uses: args.uses,
        expires_ms: duration_ms(&args.expires)?,
        label: args.label,
        limits: args.limits.read()?,
    };
    let view: InviteView = Access::open(cx, Need::Home)?.ask(Command::Invite(invite))?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    let Some(key) = &view.key else {
        return Err(CliError::failed(
            "the invite was made, but its key was not handed over",
        ));
    };
    let mut out = cx.ui.out();
    if args.qr || (cx.ui.out_is_terminal() && !args.no_qr) {
        match qr(key) {
            Some(code) => writeln!(out, "{code}")?,
            None => cx.ui.warn("the key is too long for a QR code"),
        }
    }
    let bold = style::BOLD;
    writeln!(out, "{bold}{key}{bold:#}")?;
    out.flush()?;
    let open = match view.open_until {
        Some(end) => format!("open {}", lasting(end, Timestamp::now())),
        None => "open without end".to_owned(),
    };
    cx.ui.say(&format!(
        "\nIt lets {} join {} as {}; {open}. It is a secret: hand it over as you would a key.",
        plural(view.uses_left, "person", "people"),
        clean(&view.collective),
        clean(&view.role),
    ));
    cx.ui
        .say("Your friend runs `moot up`, and in another terminal `moot join -`, and pastes it.");
    if let Some(caution) = &view.caution {
        cx.ui.warn(caution);
    }
    Ok(())
}

fn list(cx: &Context<'_>, place: Option<String>, all: bool) -> Result<(), CliError> {
    let invites: Vec<InviteView> =
        Access::open(cx, Need::ExistingHome)?.ask(Command::Invites(InvitesArgs {
            collective: place,
            all,
        }))?;
    if cx.ui.json {
        return cx.ui.objects(&invites);
    }
    if invites.is_empty() {
        cx.ui.say(if all {
            "there are no invites"
        } else {
            "no invite is open; --all shows closed ones"
        });
        return Ok(());
    }
    let now = Timestamp::now();
    let mut out = cx.ui.out();
    let rows = invites.iter().map(|invite| {
        vec![
            short_key(&invite.id).to_owned(),
            invite.collective.clone(),
            invite.role.clone(),
            format!("{} of {}", count(invite.uses_left), count(invite.max_uses)),
            match invite.state {
                ContractState::InForce => match invite.open_until {
                    Some(end) => format!("open {}", lasting(end, now)),
                    None => "open".to_owned(),
                },
                ContractState::NotYet => "not yet open".to_owned(),
                ContractState::Expired => "past its time".to_owned(),
                ContractState::UsedUp => "used up".to_owned(),
                ContractState::Ended => "closed".to_owned(),
            },
            if invite.made_by.me {
                "you".to_owned()
            } else {
                invite.made_by.name.clone()
            },
            invite.label.clone().unwrap_or_default(),
        ]
    });
    let head = [
        "invite",
        "collective",
        "role",
        "uses left",
        "state",
        "made by",
        "label",
    ];
    table(cx.ui, &mut out, &head, &[], rows)?;
    Ok(out.flush()?)
}
