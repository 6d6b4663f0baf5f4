//! `moot collective`

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use folkmoot_client::api::{
    CollectiveNew, CollectiveRef, CollectiveSummary, CollectiveView, Command, Leave, MemberView,
};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::{Context, charter::read_charter, leave::leave},
    error::CliError,
    ui::{age, ahead, bytes, clean, count, plural, short_key, style, table},
};

/// Found, list and show collectives
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot collective new garden
  moot collective new workshop --like group
  moot collective new park --charter park.toml
  moot collective list
  moot collective show commons")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Found a collective
    New {
        /// Its name
        name: String,
        /// A file with its charter; `moot charter show --toml` shows how one looks
        #[arg(long, value_name = "FILE", conflicts_with = "like")]
        charter: Option<PathBuf>,
        /// A ready charter: for friends, for a group with a task, or for many
        #[arg(long, value_name = "KIND", value_parser = ["circle", "group", "commons"], default_value = "circle")]
        like: String,
    },
    /// List your collectives
    List,
    /// Show one: roles, invites, the set it holds
    Show {
        /// Name or id prefix
        collective: String,
    },
    /// List its members in a table; `moot members` draws who admitted whom
    Members {
        /// Name or id prefix
        collective: String,
    },
    /// Leave it: as `moot leave`
    #[command(hide = true)]
    Leave {
        /// Name or id prefix
        collective: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    match args.verb {
        Verb::New {
            name,
            charter,
            like,
        } => new(cx, name, charter.as_deref(), like),
        Verb::List => {
            let list: Vec<CollectiveSummary> =
                Access::open(cx, Need::ExistingHome)?.ask(Command::CollectiveList {})?;
            if cx.ui.json {
                return cx.ui.objects(&list);
            }
            let mut out = cx.ui.out();
            print_collectives(cx, &mut out, &list)?;
            Ok(out.flush()?)
        }
        Verb::Show { collective } => show(cx, collective),
        Verb::Members { collective } => members(cx, collective),
        Verb::Leave { collective, yes } => {
            let ask = Leave {
                collective,
                ..Leave::default()
            };
            leave(cx, ask, yes)
        }
    }
}

fn new(
    cx: &Context<'_>,
    name: String,
    charter: Option<&Path>,
    like: String,
) -> Result<(), CliError> {
    let ask = CollectiveNew {
        name,
        charter: charter.map(read_charter).transpose()?,
        like: Some(like),
    };
    let view: CollectiveView = Access::open(cx, Need::Home)?.ask(Command::CollectiveNew(ask))?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    let mut out = cx.ui.out();
    writeln!(out, "{}", view.summary.id)?;
    out.flush()?;
    let name = clean(&view.summary.name);
    cx.ui.say(&format!(
        "founded {name}; you are its {}",
        clean(&view.summary.role)
    ));
    cx.ui.say(&format!("next: moot invite {name}"));
    Ok(())
}

/// Prints collectives as a table.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn print_collectives(
    cx: &Context<'_>,
    out: &mut impl Write,
    list: &[CollectiveSummary],
) -> std::io::Result<()> {
    table(
        cx.ui,
        out,
        &[
            "name", "id", "role", "members", "records", "size", "peers", "",
        ],
        &[3, 4, 5, 6],
        list.iter().map(|c| {
            let note = match c.state.as_str() {
                "member" if c.home => "personal",
                "member" => "",
                state => state,
            };
            vec![
                c.name.clone(),
                short_key(&c.id).to_owned(),
                c.role.clone(),
                count(c.members),
                count(c.records),
                bytes(c.bytes),
                count(c.peers),
                note.to_owned(),
            ]
        }),
    )
}

fn show(cx: &Context<'_>, collective: String) -> Result<(), CliError> {
    let view: CollectiveView = Access::open(cx, Need::ExistingHome)?
        .ask(Command::CollectiveShow(CollectiveRef { collective }))?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    let mut out = cx.ui.out();
    let (bold, dim) = (style::BOLD, style::DIM);
    let summary = &view.summary;
    writeln!(out, "{bold}{}{bold:#}", clean(&summary.name))?;
    let now = Timestamp::now();
    for (label, value) in [
        ("id", summary.id.clone()),
        (
            "founded",
            format!("{} ({})", view.founded, age(view.founded, now)),
        ),
        (
            "you",
            format!("{} (seat {})", summary.role, short_key(&view.seat)),
        ),
        ("members", count(summary.members)),
        (
            "records",
            format!(
                "{}, and {} of control; {}",
                count(summary.records),
                count(summary.control),
                bytes(summary.bytes)
            ),
        ),
        ("set", view.fingerprint.clone()),
        ("epoch", view.epoch.to_string()),
    ] {
        writeln!(out, "{dim}{label:<9}{dim:#}{}", clean(&value))?;
    }
    writeln!(out)?;
    let roles = view.roles.iter().map(|role| {
        vec![
            role.name.clone(),
            role.rank.to_string(),
            role.actions.join(", "),
        ]
    });
    table(cx.ui, &mut out, &["role", "rank", "may"], &[1], roles)?;
    if !view.invites.is_empty() {
        writeln!(out)?;
        let invites = view.invites.iter().map(|invite| {
            vec![
                short_key(&invite.id).to_owned(),
                invite.role.clone(),
                count(invite.uses_left),
                invite.open_until.map_or("no end".into(), |t| ahead(t, now)),
                invite.label.clone().unwrap_or_default(),
            ]
        });
        let head = ["invite", "role", "uses left", "open for", "label"];
        table(cx.ui, &mut out, &head, &[2], invites)?;
    }
    Ok(out.flush()?)
}

fn members(cx: &Context<'_>, collective: String) -> Result<(), CliError> {
    let members: Vec<MemberView> = Access::open(cx, Need::ExistingHome)?
        .ask(Command::CollectiveMembers(CollectiveRef { collective }))?;
    if cx.ui.json {
        return cx.ui.objects(&members);
    }
    let mut out = cx.ui.out();
    let now = Timestamp::now();
    let rows = members.iter().map(|m| {
        let connected = m.devices.iter().filter(|d| d.connected).count() as u64;
        vec![
            if m.me {
                format!("{} (you)", m.name)
            } else {
                m.name.clone()
            },
            short_key(&m.seat).to_owned(),
            match &m.parted {
                None => m.role.clone(),
                Some(parted) => parted.how.clone(),
            },
            age(m.since, now),
            count(m.records),
            plural(m.devices.len() as u64, "device", "devices"),
            if connected > 0 {
                "connected".into()
            } else {
                String::new()
            },
        ]
    });
    let head = ["member", "seat", "role", "since", "records", "devices", ""];
    table(cx.ui, &mut out, &head, &[4], rows)?;
    Ok(out.flush()?)
}
