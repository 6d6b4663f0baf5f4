//! `moot restore`: out of the trash by an id, or a whole home by a copy.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use folkmoot_client::api::{Command, ErrorCode, Restore, Restored};
use folkmoot_engine::{BringBack, Outcome, Recovered, bring_back, is_backup, is_bundle};
use serde_json::json;

use crate::{
    access::{Access, Need},
    commands::{
        Context,
        verify::{Opener, ask_words, opener, read_words},
    },
    error::CliError,
    passphrase,
    ui::{clean, plural, style},
};

/// Fewest digits by which a record may be named.
const DIGITS: usize = 4;

/// Bring back what you took back, what was hidden, or a whole home from a copy
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot restore 7f3a                  a record, by the first digits of its id
  moot restore everything.moot       a whole home, on a machine without one
  moot restore /media/stick/moot     the same from a backup

A record: what you took back is final for others, so it is written anew, with a new id and a pointer
to the old one; moot trash shows what there is. What was hidden is shown again, if you have the
right to hide.

A home: the copy is checked first, and a home that is there is never touched. This machine becomes a
new device of yours; your former ones stay, so that nothing breaks where they still live. If they
are lost: --lost. What others take part in asks them to let the new device in, while your node runs.
Broken off, the same command goes on.")]
pub(crate) struct Args {
    /// Id or its first digits; or the file of a bundle; or the folder of a backup
    #[arg(value_name = "ID|COPY")]
    what: String,
    /// A record: sign with a limited device of yours, within its limits
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
    /// A home: open its keys with the 24 words, or the recovery card, in this file
    #[arg(long, value_name = "FILE", conflicts_with = "device")]
    words: Option<PathBuf>,
    /// A home: your former devices are lost; nobody shall write with them any more
    #[arg(long, conflicts_with = "device")]
    lost: bool,
}

/// # Errors
/// What the engine says, or what is not good about the copy.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let path = Path::new(&args.what);
    let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let may_be_id = args.what.len() >= DIGITS && args.what.chars().all(hex);
    let copy = is_bundle(path) || is_backup(path);
    if copy && may_be_id {
        return Err(CliError::usage(format!(
            "{0} may be a record's id, and there is a copy of that name",
            args.what
        ))
        .hint(format!("for the copy: moot restore ./{}", args.what)));
    }
    if copy {
        return home(cx, &args, path);
    }
    if path.exists() && !may_be_id {
        return Err(CliError::usage(format!("{} is no copy of a home", args.what)).hint(
            "moot export --bundle FILE and moot backup FOLDER make one; a record is named by the first digits of its id",
        ));
    }
    let looks_like_a_file = args.what.contains(['/', '.']) || args.lost || args.words.is_some();
    if looks_like_a_file {
        return Err(CliError::new(
            ErrorCode::NotFound,
            format!("there is no file {}", args.what),
        )
        .hint("look where the bundle lies; a record is named by the first digits of its id"));
    }
    record(cx, args)
}

fn record(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let restored: Restored =
        Access::open(cx, Need::ExistingHome)?.ask(Command::Restore(Restore {
            id: args.what,
            device: args.device,
        }))?;
    if cx.ui.json {
        return cx.ui.object(&restored);
    }
    let mut out = cx.ui.out();
    if cx.ui.out_is_terminal() {
        let (id, dim) = (style::ID, style::DIM);
        let place = clean(&restored.collective);
        let how = match restored.anew {
            true => "written anew in",
            false => "shown again in",
        };
        writeln!(
            out,
            "{id}{}{id:#}  {dim}{how} {place}{dim:#}",
            restored.short
        )?;
    } else {
        // For scripts: the whole id under which it is read now.
        writeln!(out, "{}", restored.id)?;
    }
    out.flush()?;
    if !restored.words_of.is_empty() {
        let names = restored.words_of.join(", ");
        let short = &restored.short;
        cx.ui.say(&clean(&format!(
            "what it says was written by {names}; your own words: moot history {short}"
        )));
    }
    Ok(())
}

fn home(cx: &Context<'_>, args: &Args, copy: &Path) -> Result<(), CliError> {
    if Access::running(cx)?.is_some() {
        return Err(
            CliError::usage("a node is running on this home: it is left as it is")
                .hint("name another folder: moot restore FILE --home FOLDER"),
        );
    }
    let secret = match &args.words {
        Some(file) => Opener::Words(read_words(file)?),
        None if is_backup(copy) => ask_words(cx)?,
        None => opener(cx, copy)?,
    };
    // A passphrase that opened the copy seals the new home as well.
    let passphrase = match &secret {
        Opener::Passphrase(text) => Some(text.clone()),
        Opener::Words(_) => passphrase::from_file()?,
    };
    let back = bring_back(
        &BringBack {
            copy,
            home: cx.home.folder(),
            unlock: secret.unlock(),
            passphrase: passphrase.as_ref().map(|text| text.as_str()),
            lost: args.lost,
        },
        &mut |text| cx.ui.say(&clean(text)),
    )?;
    if cx.ui.json {
        let one = |one: &Recovered| json!({ "name": one.name, "id": one.id, "outcome": word(&one.outcome) });
        return cx.ui.object(&json!({
            "home": cx.home.folder().display().to_string(),
            "records": back.checked.records,
            "collectives": back.collectives.iter().map(one).collect::<Vec<_>>(),
            "faults": back.checked.faults,
            "more_faults": back.checked.more_faults,
        }));
    }
    let mut out = cx.ui.out();
    let (good, warn) = (style::GOOD, style::WARN);
    let records = plural(back.checked.records, "record", "records");
    let folder = cx.home.folder().display();
    writeln!(out, "{good}✓{good:#} {records} are back in {folder}")?;
    let mut asking = false;
    for one in &back.collectives {
        let name = clean(&one.name);
        match one.outcome {
            Outcome::Whole => writeln!(out, "{good}✓{good:#} {name}: whole")?,
            Outcome::Asking => {
                asking = true;
                writeln!(
                    out,
                    "{warn}!{warn:#} {name}: readable; a member's node has to let this device in"
                )?;
            }
            Outcome::Fresh => writeln!(out, "{warn}!{warn:#} {name}: a fresh one is made")?,
            Outcome::Left => writeln!(out, "  {name}: you had left it; readable")?,
            Outcome::NotOurs => {
                writeln!(
                    out,
                    "{warn}!{warn:#} {name}: these words have no seat in it"
                )?;
            }
        }
    }
    out.flush()?;
    for fault in &back.checked.faults {
        cx.ui.warn(fault);
    }
    if asking {
        cx.ui
            .say("start your node: moot up. It asks the members until one lets this device in");
    }
    cx.ui.say(match args.lost {
        true => "your former devices are retired",
        false => "this machine is a new device of yours; your former ones stay (lost ones: moot device drop)",
    });
    Ok(())
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
