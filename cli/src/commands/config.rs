//! `moot config`

use std::io::Write;

use clap::Subcommand;
use folkmoot_node::config::{self, ConfigError, KEYS, Layer, Settings};
use serde::Serialize;

use crate::{
    access::{Access, Need},
    commands::{Context, up::check_filter},
    error::CliError,
    ui::{clean, table},
};

/// Show and change the settings
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot config                    all settings, and where each comes from
  moot config set lan on         find members on the local network
  moot config set port 8000
  moot config unset port         back to the default

Keys: port, listen, lan, recovery, log. They stand in config.toml in the home folder, with comments.
Variables MOOT_PORT, MOOT_LISTEN, MOOT_LAN, MOOT_LOG overrule the file; flags overrule both.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print one setting
    Get {
        /// Its key
        key: String,
    },
    /// Set one in config.toml; comments stay
    Set {
        /// Its key
        key: String,
        /// The value; several addresses for `listen`
        #[arg(required = true)]
        value: Vec<String>,
    },
    /// Take one out of config.toml, so that the default holds
    Unset {
        /// Its key
        key: String,
    },
}

#[derive(Serialize)]
struct Shown {
    key: &'static str,
    value: serde_json::Value,
    origin: String,
    default: serde_json::Value,
}

/// # Errors
/// What is wrong with the file, the key or the value.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    match args.verb {
        None => show(cx, None),
        Some(Verb::Get { key }) => show(cx, Some(&key)),
        Some(Verb::Set { key, value }) => {
            if key == "log" {
                value
                    .iter()
                    .try_for_each(|filter| check_filter(filter).map(drop))?;
            }
            config::set(&cx.home, &key, &value)?;
            after_change(cx, &key)
        }
        Some(Verb::Unset { key }) => {
            config::unset(&cx.home, &key)?;
            after_change(cx, &key)
        }
    }
}

fn show(cx: &Context<'_>, only: Option<&str>) -> Result<(), CliError> {
    let settings = Settings::load(&cx.home, Layer::default())?;
    let mut shown = Vec::new();
    for key in KEYS
        .iter()
        .filter(|k| only.is_none_or(|name| name == k.name))
    {
        let Some((value, origin)) = settings.shown(key.name) else {
            continue;
        };
        shown.push((key, value, origin.to_string()));
    }
    if let (Some(name), true) = (only, shown.is_empty()) {
        return Err(ConfigError::UnknownKey(name.to_owned()).into());
    }
    if cx.ui.json {
        // The values are written as TOML, which for all keys of today is JSON as well.
        let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| text.into());
        let objects: Vec<_> = shown
            .into_iter()
            .map(|(key, value, origin)| Shown {
                key: key.name,
                value: json(&value),
                origin,
                default: json(key.default),
            })
            .collect();
        return cx.ui.objects(&objects);
    }
    let mut out = cx.ui.out();
    if only.is_some() {
        for (_, value, _) in &shown {
            writeln!(out, "{}", clean(value.trim_matches('"')))?;
        }
        return Ok(out.flush()?);
    }
    let rows = shown.into_iter().map(|(key, value, origin)| {
        vec![key.name.to_owned(), value, origin, key.default.to_owned()]
    });
    table(
        cx.ui,
        &mut out,
        &["setting", "value", "from", "default"],
        &[],
        rows,
    )?;
    out.flush()?;
    cx.ui.say(&format!("\n{}", cx.home.config_file().display()));
    Ok(())
}

/// Tells a running node, and the person where a variable overrules what was just set.
fn after_change(cx: &Context<'_>, key: &str) -> Result<(), CliError> {
    let settings = Settings::load(&cx.home, Layer::default())?;
    if let Some((value, origin)) = settings.shown(key) {
        cx.ui.say(&format!("{key} = {value}"));
        if let config::Origin::Variable(name) = origin {
            cx.ui
                .warn(&format!("the variable {name} overrules config.toml here"));
        }
    }
    match Access::open(cx, Need::Node) {
        Ok(access) => apply(cx, &access),
        // No node, nothing to tell.
        Err(_) => Ok(()),
    }
}

/// Has the running node read its settings again.
///
/// # Errors
/// What the node says.
pub(crate) fn apply(cx: &Context<'_>, access: &Access) -> Result<(), CliError> {
    if let Some((client, runtime)) = access.node() {
        let done = runtime.block_on(client.reload())?;
        cx.ui.say(&clean(&done));
    }
    Ok(())
}
