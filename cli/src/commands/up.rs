//! `moot up`

use std::io::IsTerminal;

use folkmoot_engine::{OpenError, keys_are_sealed};
use folkmoot_node::{
    Options, Ready, RunError, Told,
    config::{Layer, Settings, Switch},
    run as run_node,
};
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::{
    commands::Context,
    error::CliError,
    passphrase,
    ui::{Ui, clean, style, worth_showing},
};

/// Run your node
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot up                        the first start makes your home and your keys
  moot up --peer /ip4/192.0.2.7/tcp/7473
  moot up --home ~/other        a second node on the same machine

Ctrl-C stops it. What was acknowledged is safe, however it ends.")]
pub(crate) struct Args {
    /// Multiaddr to listen on, in place of all interfaces; may be repeated
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// Port for TCP and UDP; 0 takes any free one
    #[arg(long)]
    port: Option<u16>,
    /// Address of a peer to dial and remember; may be repeated
    #[arg(long = "peer", value_name = "ADDR")]
    peers: Vec<String>,
    /// Find members on the local network (mDNS): on or off
    #[arg(long, value_parser = switch)]
    lan: Option<Switch>,
    /// What to log to standard error: error, warn, info, debug, or a filter
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// Ask for a passphrase, and seal the keys with it where they are not sealed yet
    #[arg(long)]
    passphrase: bool,
}

fn switch(word: &str) -> Result<Switch, String> {
    Switch::parse(word).ok_or_else(|| "expected `on` or `off`".to_owned())
}

/// # Errors
/// Why the node did not run.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let flags = Layer {
        listen: (!args.listen.is_empty()).then_some(args.listen),
        port: args.port,
        lan: args.lan,
        recovery: None,
        log: args.log,
    };
    let settings = Settings::load(&cx.home, flags)?;
    start_log(&settings.log.value)?;
    let mut passphrase = passphrase::from_file()?;
    if passphrase.is_none() && args.passphrase {
        // A slip of the finger in a new one would lock the keys for good: it is asked for twice.
        passphrase = Some(match keys_are_sealed(cx.home.folder())? {
            true => passphrase::ask(cx.ui)?,
            false => passphrase::choose(cx.ui)?,
        });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| CliError::failed(format!("the system gives no event queue: {e}")))?;
    loop {
        let ui = cx.ui.clone();
        let home = cx.home.folder().display().to_string();
        let options = Options {
            home: cx.home.clone(),
            settings: settings.clone(),
            peers: args.peers.clone(),
            // Not kept here: a node that is locked forgets it.
            passphrase: passphrase.take(),
            version: env!("CARGO_PKG_VERSION"),
        };
        let ended = runtime.block_on(run_node(options, move |told| tell(&ui, &home, told)));
        match ended {
            Err(RunError::Open(OpenError::PassphraseNeeded)) => {
                passphrase = Some(passphrase::ask(cx.ui)?);
            }
            result => return Ok(result?),
        }
    }
}

/// Reads a log filter.
///
/// # Errors
/// What is wrong with it, with an example.
pub(crate) fn check_filter(wanted: &str) -> Result<EnvFilter, CliError> {
    EnvFilter::try_new(filter_of(wanted)).map_err(|error| {
        CliError::usage(format!("`{wanted}` is no log filter: {error}"))
            .hint("such as: warn, info, info,libp2p=debug")
    })
}

fn start_log(wanted: &str) -> Result<(), CliError> {
    let filter = check_filter(wanted)?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    Ok(())
}

/// A bare level is about this program; the libraries below it say only what is wrong.
fn filter_of(wanted: &str) -> String {
    match wanted {
        "info" | "debug" | "trace" => format!("warn,folkmoot={wanted}"),
        filter => filter.to_owned(),
    }
}

fn tell(ui: &Ui, home: &str, told: Told) {
    match told {
        Told::Progress(text) => ui.say(&clean(&text)),
        Told::Notice(text) => ui.warn(&text),
        Told::Ready(ready) => {
            if ui.json {
                let ready = json!({
                    "event": "ready",
                    "pid": std::process::id(),
                    "first_start": ready.first_start,
                    "listening": ready.listening,
                    "socket": ready.socket,
                });
                // Whoever started the node and closed its output is not waiting for this.
                let (Ok(()) | Err(_)) = ui.object(&ready);
            } else {
                welcome(ui, home, &ready);
            }
        }
        Told::Locked if ui.json => {
            let (Ok(()) | Err(_)) = ui.object(&json!({ "event": "locked" }));
        }
        Told::Locked => ui.say("locked: moot unlock opens it again"),
        Told::Stopping => ui.say("stopping …"),
    }
}

/// What the person reads once the node is up.
fn welcome(ui: &Ui, home: &str, ready: &Ready) {
    let (good, bold, dim) = (style::GOOD, style::BOLD, style::DIM);
    if ready.first_start {
        ui.say(&format!("{good}✓{good:#} made your home in {home}"));
        ui.say(&format!(
            "{good}✓{good:#} made your keys and your personal home collective; they lie in that folder"
        ));
    }
    ui.say(&format!(
        "{good}✓{good:#} your node is up, version {}",
        env!("CARGO_PKG_VERSION")
    ));
    for address in worth_showing(&ready.listening) {
        ui.say(&format!("  {dim}listening on {}{dim:#}", clean(address)));
    }
    if ready.first_start {
        ui.say("\nNext, in another terminal:");
        for (command, what) in [
            (
                "moot id --phrase",
                "write down the 24 words that bring your home back",
            ),
            ("moot id --name NAME", "the name that others see"),
            (
                "moot note \"hello\"",
                "write something; `moot find hello` finds it",
            ),
            (
                "moot collective new NAME",
                "found a collective, then `moot invite NAME`",
            ),
            ("moot join KEY", "join one with a key you were given"),
        ] {
            ui.say(&format!("  {bold}{command:<26}{bold:#}{what}"));
        }
    }
    ui.say(&format!("{dim}Ctrl-C stops it{dim:#}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_level_is_about_this_program() {
        assert_eq!(filter_of("debug"), "warn,folkmoot=debug");
        assert_eq!(filter_of("warn"), "warn");
        assert_eq!(filter_of("info,libp2p=debug"), "info,libp2p=debug");
    }
}
