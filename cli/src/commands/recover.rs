//! `moot recover`

use std::{
    fs::File,
    io::{IsTerminal, Read, Write},
    path::{Path, PathBuf},
    sync::mpsc,
    time::{Duration, Instant},
};

use folkmoot_client::api::{Command, ErrorCode, JoinStage, PeerAdd, RecoveryView};
use folkmoot_engine::{Outcome, Recover, Recovered};
use folkmoot_node::{
    Options, RunError, Told,
    config::{Layer, Settings},
    run_until,
};
use serde_json::json;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    passphrase,
    ui::{clean, confirm, plural, secret_line, short_key, style},
};

/// Most bytes read of a card: what a card may have, and some more, so that a longer one is refused
/// as such.
const MAX_CARD_BYTES: u64 = 300 << 10;
/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Trouble at every door that is left is waited for so long: one dead address of several must
/// not end a recovery that works by another.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where everything is back, a second member's node is waited for so long, so that the lost devices
/// are retired at once; the node goes on waiting.
const SETTLE: Duration = Duration::from_secs(10);

/// Come back by the 24 words and the recovery card
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot recover card.txt          from the card that `moot id --card` wrote
  moot recover - < card.txt      reads it from standard input
  moot recover                   asks for the words and the parts of the card
  moot recover --retire-now      all that you wrote is back: retire your lost devices at once
  moot recover --fresh-home      your home was on lost devices alone: make a fresh one

With the card an empty machine is enough: members' nodes let you into your collectives again, in
your old seats, and everything comes back from them. Lost devices are retired, so that nobody writes
with them any more, once the nodes of two members held the same records as yours: what comes later
from a retired device does not count. `moot status` tells what is waited for. Where the records
still lie on this disk, the words alone are enough; the key folder must be empty or gone. What
nobody answered for is tried again, by your node or when you run this once more.")]
pub(crate) struct Args {
    /// The card, or the words, in a file; `-` reads standard input
    #[arg(value_name = "FILE")]
    from: Option<PathBuf>,
    /// Address of a member to ask as well; may be repeated
    #[arg(long = "peer", value_name = "ADDR")]
    peers: Vec<String>,
    /// Leave your other devices as they are: they are not lost
    #[arg(long)]
    keep_devices: bool,
    /// Retire the lost devices now, without waiting for more members' nodes
    #[arg(long, conflicts_with_all = ["from", "peers", "keep_devices", "listen"])]
    retire_now: bool,
    /// With --retire-now: only in this collective
    #[arg(long = "in", value_name = "COLLECTIVE", requires = "retire_now")]
    place: Option<String>,
    /// The home does not come back: make a fresh one; the old one is asked for further beside it
    #[arg(long, conflicts_with_all = ["from", "peers", "keep_devices", "listen", "retire_now"])]
    fresh_home: bool,
    /// Multiaddr to listen on meanwhile, in place of all interfaces; may be repeated
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// Seconds to watch; your node goes on trying afterwards
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    wait: u64,
}

/// # Errors
/// A card that cannot be read, keys that are there already, or what did not come back.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    if args.fresh_home {
        let access = Access::open(cx, Need::ExistingHome)?;
        let done: String = access.ask(Command::FreshHome {})?;
        if cx.ui.json {
            return cx.ui.object(&json!({ "done": done }));
        }
        cx.ui.say(&clean(&done));
        return Ok(());
    }
    if args.retire_now {
        let access = Access::open(cx, Need::ExistingHome)?;
        let collective = args.place;
        let views: Vec<RecoveryView> = access.ask(Command::RetireNow { collective })?;
        return show(cx, &[], &views);
    }
    if let Some(access) = Access::running(cx)? {
        let views: Vec<RecoveryView> = access.ask(Command::Recoveries {})?;
        if views.is_empty() {
            return Err(
                CliError::usage("a node is running on this home: it is not lost")
                    .hint("stop it first, or name another folder with --home"),
            );
        }
        for address in &args.peers {
            let address = address.clone();
            let _: String = access.ask(Command::PeerAdd(PeerAdd { address }))?;
        }
        return watch(cx, &access, args.wait, &[]);
    }
    let card = read_card(cx, args.from.as_deref())?;
    let passphrase = passphrase::from_file()?;
    let keep_devices = args.keep_devices || wants_to_keep(cx);
    let recovered = folkmoot_engine::recover(&Recover {
        home: cx.home.folder().to_owned(),
        card: card.trim(),
        passphrase: passphrase.as_ref().map(|text| text.as_str()),
        keep_devices,
    })?;
    drop(card);
    cx.ui.say("the card is good, and your keys are made");
    let listed = recovered
        .iter()
        .any(|one| one.outcome == Outcome::Whole && one.name == "home");
    let asking = recovered.is_empty()
        || listed
        || recovered.iter().any(|one| one.outcome == Outcome::Asking);
    if !asking {
        return show(cx, &recovered, &[]);
    }
    let flags = Layer {
        listen: (!args.listen.is_empty()).then_some(args.listen),
        ..Layer::default()
    };
    let options = Options {
        home: cx.home.clone(),
        settings: Settings::load(&cx.home, flags)?,
        peers: args.peers,
        passphrase,
        version: env!("CARGO_PKG_VERSION"),
    };
    with_node(options, || {
        let access = Access::running(cx)?.ok_or_else(|| {
            CliError::failed("the node that asks the members ended at once")
                .hint("run `moot up` to see why; it goes on asking")
        })?;
        watch(cx, &access, args.wait, &recovered)
    })
}

/// Runs a node in this process while `work` is done with it.
fn with_node(
    options: Options,
    work: impl FnOnce() -> Result<(), CliError>,
) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| CliError::failed(format!("the system gives no event queue: {e}")))?;
    let (ready, is_ready) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let node = runtime.spawn(run_until(
        options,
        async {
            // A sender that is gone says the same as one that has spoken.
            let (Ok(()) | Err(_)) = stopped.await;
        },
        move |told| {
            if matches!(told, Told::Ready(_)) {
                // Whoever waited may have given up.
                let (Ok(()) | Err(_)) = ready.send(());
            }
        },
    ));
    // The sender is dropped where the node ends before it is ready.
    let worked = is_ready.recv().is_ok().then(work);
    drop(stop);
    let ended: Result<(), RunError> = runtime
        .block_on(node)
        .map_err(|e| CliError::failed(format!("the node ended by a fault: {e}")))?;
    ended?;
    worked.unwrap_or(Ok(()))
}

fn read_card(cx: &Context<'_>, from: Option<&Path>) -> Result<Zeroizing<String>, CliError> {
    let mut text = Zeroizing::new(String::new());
    match from {
        Some(path) if path != Path::new("-") => {
            File::open(path)
                .and_then(|file| file.take(MAX_CARD_BYTES).read_to_string(&mut text))
                .map_err(|error| CliError::file(path, &error))?;
        }
        None if cx.ui.may_ask() && std::io::stdin().is_terminal() => return ask_for_card(cx),
        None => {
            return Err(CliError::usage("the 24 words are missing").hint(
                "name the file of your recovery card, or give it on standard input: moot recover -",
            ));
        }
        Some(_) => {
            std::io::stdin()
                .take(MAX_CARD_BYTES)
                .read_to_string(&mut text)
                .map_err(|e| CliError::usage(format!("standard input holds no card: {e}")))?;
        }
    }
    Ok(text)
}

/// The words, then the parts of the card one by one.
fn ask_for_card(cx: &Context<'_>) -> Result<Zeroizing<String>, CliError> {
    let words = Zeroizing::new(secret_line(cx.ui, "The 24 words", "moot recover FILE")?);
    let mut card = Zeroizing::new(String::with_capacity(64 << 10));
    card.push_str("folkmoot recovery card 1 words: ");
    card.push_str(&words);
    cx.ui
        .say("Now what stands below `collective:` on the card, one after the other; empty to end.");
    let mut parts = 0;
    loop {
        let part = secret_line(cx.ui, "folkmoot:c1:…", "moot recover FILE").unwrap_or_default();
        let part = Zeroizing::new(part);
        if part.trim().is_empty() {
            break;
        }
        parts += 1;
        card.push_str(" collective: ");
        card.push_str(part.trim());
    }
    if parts == 0 {
        return Ok(words);
    }
    card.push_str(" end:");
    Ok(card)
}

/// Asks whether other devices are to be kept. Where nobody can be asked they are lost: that is
/// what recovery is for.
fn wants_to_keep(cx: &Context<'_>) -> bool {
    confirm(
        cx.ui,
        "Do you still have another device that shall stay yours?",
        "No: every other device of your seats is retired, and nobody can write with it any more. \
         Yes: all stay; retire single ones later.",
    )
    .unwrap_or(false)
}

/// Shows what comes back, until all is there, nothing moves any more, or the wait is over.
fn watch(
    cx: &Context<'_>,
    access: &Access,
    wait: u64,
    recovered: &[Recovered],
) -> Result<(), CliError> {
    let begun = Instant::now();
    let mut told: Vec<(String, usize)> = Vec::new();
    let (mut stuck, mut settling): (Option<Instant>, Option<Instant>) = (None, None);
    let mut views: Vec<RecoveryView>;
    loop {
        views = access.ask(Command::Recoveries {})?;
        for view in &views {
            tell(cx, view, &mut told);
        }
        let open: Vec<_> = views.iter().filter(|view| !view.finished).collect();
        let moving = open.iter().any(|view| view.trouble.is_none());
        let since = (!moving).then(|| *stuck.get_or_insert_with(Instant::now));
        if moving {
            stuck = None;
        }
        let hopeless = since.is_some_and(|since| since.elapsed() >= PATIENCE);
        let settled = open.is_empty() && {
            let retiring = views.iter().any(|view| view.retiring.is_some());
            !retiring || settling.get_or_insert_with(Instant::now).elapsed() >= SETTLE
        };
        if settled || hopeless && !open.is_empty() || begun.elapsed() >= Duration::from_secs(wait) {
            break;
        }
        std::thread::sleep(LOOK);
    }
    show(cx, recovered, &views)
}

/// A line for each step of a collective.
fn tell(cx: &Context<'_>, view: &RecoveryView, told: &mut Vec<(String, usize)>) {
    if cx.ui.json {
        return;
    }
    let place = told.iter().position(|(id, _)| *id == view.collective);
    let place = place.unwrap_or_else(|| {
        told.push((view.collective.clone(), 0));
        told.len() - 1
    });
    let Some((_, seen)) = told.get_mut(place) else {
        return;
    };
    let dim = style::DIM;
    for stage in view.done.iter().skip(*seen) {
        let what = match stage {
            JoinStage::MemberFound => "a member's node was found",
            JoinStage::MembershipProven => "it is a member, and knows your seat",
            JoinStage::Welcomed => "you are let in; receiving records",
            JoinStage::KeyRead | JoinStage::Received => continue,
        };
        cx.ui
            .say(&format!("{dim}· {}: {what}{dim:#}", name_of(view)));
    }
    *seen = view.done.len();
}

fn name_of(view: &RecoveryView) -> String {
    match &view.name {
        Some(name) => clean(name).into_owned(),
        None if view.home => "home".to_owned(),
        None => short_key(&view.collective).to_owned(),
    }
}

/// One line for each collective: what came back, and what did not, and why, and what to do.
fn show(cx: &Context<'_>, recovered: &[Recovered], views: &[RecoveryView]) -> Result<(), CliError> {
    let settled: Vec<&Recovered> = recovered
        .iter()
        .filter(|one| views.iter().all(|view| view.collective != one.id))
        .collect();
    let missing = views.iter().filter(|view| !view.finished).count();
    let fresh = settled.iter().any(|one| one.outcome == Outcome::Fresh);
    if cx.ui.json {
        let mut lines: Vec<_> = settled
            .iter()
            .map(|one| json!({"name": one.name, "id": one.id, "outcome": word(&one.outcome)}))
            .collect();
        lines.extend(views.iter().map(|view| {
            json!({
                "name": name_of(view),
                "id": view.collective,
                "outcome": if view.finished { "back" } else { "asking" },
                "records": view.records,
                "retired": view.retired,
                "retiring": view.retiring,
                "trouble": view.trouble,
            })
        }));
        cx.ui.objects(&lines)?;
    } else {
        let mut out = cx.ui.out();
        let (good, warn) = (style::GOOD, style::WARN);
        for one in &settled {
            let name = clean(&one.name);
            match one.outcome {
                Outcome::Whole => writeln!(out, "{good}✓{good:#} {name}: whole again")?,
                Outcome::Asking => {
                    writeln!(out, "{warn}!{warn:#} {name}: to be asked for: moot up")?;
                }
                Outcome::Fresh => writeln!(
                    out,
                    "{warn}!{warn:#} home: a fresh one; what only the lost disk held is gone"
                )?,
                Outcome::Left => writeln!(out, "  {name}: you had left it; readable")?,
                Outcome::NotOurs => writeln!(
                    out,
                    "{warn}!{warn:#} {name}: these words have no seat in it"
                )?,
            }
        }
        for view in views {
            let name = name_of(view);
            if view.finished {
                let records = plural(view.records, "record", "records");
                let retired = match (view.retired, &view.retiring) {
                    (_, Some(waits)) => format!(
                        "; {} yours still, until {} held the same",
                        plural(waits.devices, "lost device is", "lost devices are"),
                        plural(waits.missing, "member's node more", "members' nodes more"),
                    ),
                    (0, None) => String::new(),
                    (n, None) => format!("; {} retired", plural(n, "lost device", "lost devices")),
                };
                writeln!(out, "{good}✓{good:#} {name}: back, {records}{retired}")?;
            } else {
                let why = view.trouble.as_ref().map(|error| clean(&error.message));
                let why = why.as_deref().unwrap_or("it is still under way");
                writeln!(out, "{warn}!{warn:#} {name}: not back yet: {why}")?;
            }
        }
        out.flush()?;
    }
    if views.iter().any(|view| view.home && !view.finished) {
        cx.ui.say(
            "your home comes back from another device of yours while your node runs (moot up); if they are gone for good, make a fresh one: moot recover --fresh-home",
        );
    }
    if fresh {
        cx.ui
            .say("your notes of the old home come back only from a copy of its folder, or from another device of yours");
    }
    if views.iter().any(|view| view.retiring.is_some()) {
        cx.ui.say(
            "leave your node running (moot up): it retires them; moot status tells what it waits for",
        );
    }
    if missing == 0 {
        if recovered.is_empty() && views.is_empty() {
            cx.ui
                .say("there were no records here; a new home begins with `moot up`");
        }
        return Ok(());
    }
    Err(CliError::new(
        ErrorCode::Unavailable,
        format!(
            "{} did not come back yet",
            plural(missing as u64, "collective", "collectives")
        ),
    )
    .hint("leave your node running (moot up): it goes on asking; or give a member's address: moot recover FILE --peer ADDRESS"))
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Whole => "whole",
        Outcome::Asking => "asking",
        Outcome::Fresh => "fresh",
        Outcome::Left => "left",
        Outcome::NotOurs => "not_ours",
    }
}
