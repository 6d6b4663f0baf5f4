//! `moot join`

use std::{
    io::{BufRead, Read},
    time::{Duration, Instant},
};

use folkmoot_client::api::{ApiError, Command, ErrorCode, JoinArgs, JoinProgress, JoinStage};
use folkmoot_node::config::{self, Layer, Origin, Settings};

use crate::{
    access::{Access, Need},
    commands::{Context, config::apply},
    error::CliError,
    ui::{clean, confirm, plural, secret_line, style},
};

/// Longest invite key that is read.
const MAX_KEY_BYTES: u64 = 16 << 10;

/// How long one question for progress waits.
const STEP_MS: u32 = 2_000;

/// Join a collective by an invite key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot join folkmoot:1:…         with the key you were given
  moot join -                    paste the key, or pipe it in
  moot join KEY --peer /ip4/192.0.2.7/tcp/7473

The key carries the addresses of members. Any of them can welcome you. Your node must be running.")]
pub(crate) struct Args {
    /// The invite key; `-` reads it from standard input; without it you are asked
    key: Option<String>,
    /// Address of a member to try as well
    #[arg(long = "peer", value_name = "ADDR")]
    peers: Vec<String>,
    /// Seconds to watch; the node goes on trying afterwards
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    wait: u64,
}

/// The steps in order: done, and what to do where the node is stuck before it.
const STEPS: [(JoinStage, &str, &str, &str); 5] = [
    (
        JoinStage::KeyRead,
        "key read",
        "reading the key",
        "ask for the key again; it may be cut short",
    ),
    (
        JoinStage::MemberFound,
        "member found",
        "looking for a member",
        "ask a member to run `moot up`, or give an address with --peer",
    ),
    (
        JoinStage::MembershipProven,
        "membership proven",
        "proving membership",
        "the node that was found may belong to others; ask for a fresh key",
    ),
    (
        JoinStage::Welcomed,
        "welcomed",
        "waiting for the welcome",
        "ask for a fresh key, in case this one is used up or closed",
    ),
    (
        JoinStage::Received,
        "records received",
        "receiving records",
        "leave the node running; `moot status` shows how far it is",
    ),
];

/// # Errors
/// The step that failed, with what to do next.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    // Before the key is asked for: without a node there is no use in it.
    let access = Access::open(cx, Need::Node)?;
    let key = read_key(cx, args.key)?;
    let peers = args.peers;
    let mut progress: JoinProgress = access.ask(Command::Join(JoinArgs { key, peers }))?;
    let mut shown = 0;
    let begun = Instant::now();
    loop {
        shown = show_steps(cx, &progress, shown);
        if let Some(error) = progress.failed {
            return Err(failed(progress.done.len(), error));
        }
        if progress.finished {
            break;
        }
        if begun.elapsed() > Duration::from_secs(args.wait) {
            return Err(not_yet(progress.done.len()));
        }
        progress = access.ask(Command::JoinStatus {
            collective: progress.collective.clone(),
            seen: u32::try_from(progress.done.len()).unwrap_or(u32::MAX),
            wait_ms: STEP_MS,
        })?;
    }
    if cx.ui.json {
        return cx.ui.object(&progress);
    }
    let name = clean(progress.name.as_deref().unwrap_or(&progress.collective)).into_owned();
    cx.ui.say(&format!("\nYou are a member of {name}."));
    cx.ui.say(&format!(
        "next: moot list --in {name}, moot note \"hello\" --in {name}"
    ));
    offer_lan(cx, &access)
}

fn read_key(cx: &Context<'_>, key: Option<String>) -> Result<String, CliError> {
    let key = match key {
        Some(key) if key != "-" => key,
        Some(_) => {
            let mut line = String::new();
            std::io::stdin()
                .lock()
                .take(MAX_KEY_BYTES)
                .read_line(&mut line)
                .map_err(|e| CliError::usage(format!("standard input holds no key: {e}")))?;
            line
        }
        None => secret_line(cx.ui, "Invite key", "moot join KEY")?,
    };
    let key = key.trim().to_owned();
    if key.is_empty() {
        return Err(CliError::usage("the invite key is empty").hint("moot join KEY"));
    }
    Ok(key)
}

/// Ticks off what is new; gives back how many are ticked off now.
fn show_steps(cx: &Context<'_>, progress: &JoinProgress, shown: usize) -> usize {
    let (good, dim) = (style::GOOD, style::DIM);
    for stage in progress.done.iter().skip(shown) {
        let Some((_, done, ..)) = STEPS.iter().find(|(s, ..)| s == stage) else {
            continue;
        };
        let more = match stage {
            JoinStage::Received => {
                format!(": {}", plural(progress.records, "record", "records"))
            }
            JoinStage::Welcomed => progress
                .name
                .as_deref()
                .map(|name| format!(" to {}", clean(name)))
                .unwrap_or_default(),
            _ => String::new(),
        };
        cx.ui.say(&format!("{good}✓{good:#} {done}{more}"));
    }
    let now = progress.done.len();
    if now > shown || shown == 0 {
        let open = !progress.finished && progress.failed.is_none();
        if let (true, Some((_, _, doing, _))) = (open, STEPS.get(now)) {
            cx.ui.say(&format!("{dim}· {doing} …{dim:#}"));
        }
    }
    now
}

/// The error with the step it happened at.
fn failed(done: usize, error: ApiError) -> CliError {
    let mut cli = CliError::from(error);
    if let Some((_, _, doing, next)) = STEPS.get(done) {
        cli.api.message = format!("{doing} failed: {}", cli.api.message);
        cli.api.hint.get_or_insert_with(|| (*next).to_owned());
    }
    cli
}

fn not_yet(done: usize) -> CliError {
    let (_, _, doing, next) = STEPS[done.min(STEPS.len() - 1)];
    CliError::new(
        ErrorCode::Unavailable,
        format!("still {doing}; the node goes on trying while it runs"),
    )
    .hint(next)
}

/// Asks once, in words, whether members may be found on the local network.
fn offer_lan(cx: &Context<'_>, access: &Access) -> Result<(), CliError> {
    let settings = Settings::load(&cx.home, Layer::default())?;
    if settings.lan.origin != Origin::Default {
        return Ok(());
    }
    let answer = confirm(
        cx.ui,
        "Find members on your local network too?",
        "Faster at home and without the internet. Everybody on that network can then see that a \
         node runs here. `moot config set lan on|off` changes it.",
    );
    if let Some(yes) = answer {
        // Also a no is written down, so that it is asked once.
        let word = if yes { "on" } else { "off" };
        config::set(&cx.home, "lan", &[word.to_owned()])?;
        if yes {
            apply(cx, access)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_its_step_and_what_to_do() {
        let error = failed(1, ApiError::new(ErrorCode::Failed, "nobody answered"));
        assert_eq!(
            error.api.message,
            "looking for a member failed: nobody answered"
        );
        assert!(error.api.hint.unwrap().contains("moot up"));
        let told = ApiError::new(ErrorCode::Denied, "used up").hint("ask for another");
        assert_eq!(failed(3, told).api.hint.as_deref(), Some("ask for another"));
    }

    #[test]
    fn every_number_of_steps_done_has_a_sentence() {
        for done in 0..=6 {
            assert!(not_yet(done).api.message.starts_with("still "), "{done}");
        }
    }
}
