//! `moot device`

use std::io::Write;

use clap::Subcommand;
use folkmoot_client::api::{Command, DeviceAdd, DeviceDrop, DeviceList, OwnDevice};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, confirm, lasting, moment_ahead, short_key, table},
};

/// List your devices, let a program act for you within limits, take a device back
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot device list
  moot device add robin --in commons --tag garden --kind note --until 2027-01-01
  moot note \"watered\" -t garden --in commons --as robin
  moot device drop robin

A limited device is a key of yours that may do only what you say: give it to a script, a robot, an
agent. Everybody sees that it acted, and for whom. A second machine of your own, with everything
you may, comes by pairing in a later version.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List your devices, and what limited ones may do
    List {
        /// Only in this collective: name or id prefix
        #[arg(long = "in", value_name = "COLLECTIVE")]
        collective: Option<String>,
        /// Also dropped ones
        #[arg(long)]
        all: bool,
    },
    /// Add a limited device; its key lies sealed in this home
    ///
    /// It writes through this home, `--as NAME`, and only within its limits: everybody else refuses
    /// the rest too. Another machine of your own needs pairing, which comes in a later version.
    Add {
        /// The name it has here; nobody else sees it
        name: String,
        /// Collective in which it acts [default: your personal home]
        #[arg(long = "in", value_name = "COLLECTIVE")]
        collective: Option<String>,
        /// Only with this tag, and tags below it; may be given again
        #[arg(short, long = "tag", value_name = "TAG")]
        tags: Vec<String>,
        /// Only this kind, such as note or link; may be given again
        #[arg(short, long = "kind", value_name = "KIND")]
        kinds: Vec<String>,
        /// Until this day, at most 400 days ahead [default: a year]
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// What it may do beside reading: write, edit, hide, propose, purge, publish [default: write]
        #[arg(long = "can", value_name = "ACT")]
        can: Vec<String>,
    },
    /// Take a device back; what you hold of it stays
    Drop {
        /// Its name here, or the first digits of its key
        id: String,
        /// Collective, where the name alone does not tell
        #[arg(long = "in", value_name = "COLLECTIVE")]
        collective: Option<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    match args.verb {
        Verb::List { collective, all } => list(cx, DeviceList { collective, all }),
        Verb::Add {
            name,
            collective,
            tags,
            kinds,
            until,
            can,
        } => add(
            cx,
            DeviceAdd {
                name,
                collective,
                tags,
                kinds,
                until: until.map(|text| moment_ahead(&text)).transpose()?,
                can,
            },
        ),
        Verb::Drop {
            id,
            collective,
            yes,
        } => drop_one(cx, DeviceDrop { id, collective }, yes),
    }
}

fn list(cx: &Context<'_>, ask: DeviceList) -> Result<(), CliError> {
    let devices: Vec<OwnDevice> =
        Access::open(cx, Need::ExistingHome)?.ask(Command::DeviceList(ask))?;
    if cx.ui.json {
        return cx.ui.objects(&devices);
    }
    let now = Timestamp::now();
    let rows = devices.iter().map(|device| {
        let name = match (&device.name, device.this) {
            (_, true) => "this one".to_owned(),
            (Some(name), _) => name.clone(),
            (None, _) => String::new(),
        };
        vec![
            device.collective.clone(),
            name,
            short_key(&device.key).to_owned(),
            device.standing.clone(),
            limits(device),
            device.until.map_or_else(String::new, |until| {
                if until <= now {
                    "over".to_owned()
                } else {
                    lasting(until, now)
                }
            }),
        ]
    });
    let mut out = cx.ui.out();
    let head = ["collective", "device", "key", "rights", "may", "how long"];
    table(cx.ui, &mut out, &head, &[], rows)?;
    Ok(out.flush()?)
}

/// What a limited device may do.
fn limits(device: &OwnDevice) -> String {
    if device.standing != "limited" {
        return String::new();
    }
    let mut words = device.actions.join(", ");
    if !device.kinds.is_empty() {
        words.push_str(&format!("; kind {}", device.kinds.join(", ")));
    }
    if !device.tags.is_empty() {
        words.push_str(&format!("; #{}", device.tags.join(" #")));
    }
    words
}

fn add(cx: &Context<'_>, ask: DeviceAdd) -> Result<(), CliError> {
    let device: OwnDevice = Access::open(cx, Need::Home)?.ask(Command::DeviceAdd(ask))?;
    if cx.ui.json {
        return cx.ui.object(&device);
    }
    let mut out = cx.ui.out();
    writeln!(out, "{}", device.key)?;
    out.flush()?;
    let name = clean(device.name.as_deref().unwrap_or_default()).into_owned();
    let place = clean(&device.collective).into_owned();
    let until = device.until.map_or_else(String::new, |until| {
        format!(", {}", lasting(until, Timestamp::now()))
    });
    cx.ui.say(&format!(
        "{name} may act for you in {place}: {}{until}",
        clean(&limits(&device))
    ));
    let tag = device
        .tags
        .first()
        .map_or_else(String::new, |tag| format!(" -t {}", clean(tag)));
    cx.ui.say(&format!(
        "next: moot note \"hello\"{tag} --in {place} --as {name}"
    ));
    Ok(())
}

fn drop_one(cx: &Context<'_>, ask: DeviceDrop, yes: bool) -> Result<(), CliError> {
    if !yes {
        let question = format!("Take the device {} back?", clean(&ask.id));
        let help = "What you hold of it stays; what it writes from now on counts nowhere.";
        match confirm(cx.ui, &question, help) {
            Some(true) => {}
            Some(false) => {
                cx.ui.say("nothing was done");
                return Ok(());
            }
            None => return Err(CliError::usage("dropping it was not confirmed").hint("add --yes")),
        }
    }
    let device: OwnDevice = Access::open(cx, Need::ExistingHome)?.ask(Command::DeviceDrop(ask))?;
    if cx.ui.json {
        return cx.ui.object(&device);
    }
    let name = device
        .name
        .as_deref()
        .unwrap_or_else(|| short_key(&device.key));
    cx.ui.say(&format!(
        "{} is no device of yours in {} any more; what you hold of it stays",
        clean(name),
        clean(&device.collective)
    ));
    Ok(())
}
