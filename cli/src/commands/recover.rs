//! `moot recover`

use std::io::{Read, Write};

use folkmoot_engine::{Outcome, Recovered};
use serde_json::json;

use crate::{
    commands::Context,
    error::CliError,
    passphrase,
    ui::{clean, secret_line, style},
};

/// Longest phrase that is read: 24 words of at most 8 letters, with room.
const MAX_PHRASE_BYTES: u64 = 4096;

/// Make lost keys anew from the 24 words
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot recover                   asks for the words
  moot recover - < words.txt     reads them from standard input

The records must still be on this disk; the key folder must be empty or gone. Your home is whole
again at once. A collective with other members needs a fresh invite, which finds your old seat.")]
pub(crate) struct Args {
    /// `-` reads the words from standard input
    #[arg(value_parser = ["-"])]
    from: Option<String>,
}

/// # Errors
/// Wrong words, or keys that are there already.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    let words = match &args.from {
        Some(_) => {
            let mut text = String::new();
            std::io::stdin()
                .take(MAX_PHRASE_BYTES)
                .read_to_string(&mut text)?;
            text
        }
        None => secret_line(
            cx.ui,
            "the 24 words",
            "give them on standard input: moot recover -",
        )?,
    };
    let passphrase = passphrase::from_file()?;
    let recovered = folkmoot_engine::recover(
        cx.home.folder().to_owned(),
        words.trim(),
        passphrase.as_deref(),
    )?;
    show(cx, &recovered)
}

fn show(cx: &Context<'_>, recovered: &[Recovered]) -> Result<(), CliError> {
    if cx.ui.json {
        let lines: Vec<_> = recovered
            .iter()
            .map(|one| json!({"name": one.name, "id": one.id, "outcome": word(&one.outcome)}))
            .collect();
        return cx.ui.objects(&lines);
    }
    let mut out = cx.ui.out();
    let (good, warn) = (style::GOOD, style::WARN);
    for one in recovered {
        let name = clean(&one.name);
        match one.outcome {
            Outcome::Whole => writeln!(out, "{good}✓{good:#} {name}: whole again")?,
            Outcome::NeedsInvite => writeln!(
                out,
                "{warn}!{warn:#} {name}: readable; ask a member for an invite, then `moot join KEY`"
            )?,
            Outcome::Left => writeln!(out, "  {name}: you had left it; readable")?,
            Outcome::NotOurs => writeln!(
                out,
                "{warn}!{warn:#} {name}: these words have no seat in it"
            )?,
        }
    }
    out.flush()?;
    if recovered.is_empty() {
        cx.ui
            .say("there were no records here; a new home begins with `moot up`");
    }
    Ok(())
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Whole => "whole",
        Outcome::NeedsInvite => "needs_invite",
        Outcome::Left => "left",
        Outcome::NotOurs => "not_ours",
    }
}
