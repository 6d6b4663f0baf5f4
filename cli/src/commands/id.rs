//! `moot id`

use std::io::Write;

use folkmoot_client::api::{Command, IdView, SetName};
use serde_json::json;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, style},
};

/// Show who you are here; your name and recovery phrase
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot id
  moot id --name ana             the name that others see
  moot id --phrase               the 24 words that bring your home back

Whoever has the phrase is you. Write it on paper, and keep it where you keep your keys.")]
pub(crate) struct Args {
    /// Show the recovery phrase: 24 words
    #[arg(long, conflicts_with = "name")]
    phrase: bool,
    /// Set the name shown to others
    #[arg(long)]
    name: Option<String>,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let access = Access::open(cx, Need::Home)?;
    if args.phrase {
        let phrase: String = access.ask(Command::Phrase {})?;
        return show_phrase(cx, &phrase);
    }
    let id: IdView = match args.name {
        Some(name) => access.ask(Command::SetName(SetName { name }))?,
        None => access.ask(Command::Id {})?,
    };
    if cx.ui.json {
        return cx.ui.object(&id);
    }
    let dim = style::DIM;
    let mut out = cx.ui.out();
    let name = id.name.as_deref().unwrap_or("(none: moot id --name NAME)");
    for (label, value) in [
        ("name", name),
        ("seat", &id.seat),
        ("device", &id.device),
        ("peer id", &id.peer_id),
        ("home", &id.home),
        ("folder", &id.folder),
        ("keys", &id.sealed_by),
    ] {
        writeln!(out, "{dim}{label:<9}{dim:#}{}", clean(value))?;
    }
    Ok(out.flush()?)
}

fn show_phrase(cx: &Context<'_>, phrase: &str) -> Result<(), CliError> {
    if cx.ui.json {
        return cx.ui.object(&json!({ "phrase": phrase }));
    }
    let mut out = cx.ui.out();
    if !cx.ui.out_is_terminal() {
        writeln!(out, "{phrase}")?;
        return Ok(out.flush()?);
    }
    cx.ui
        .say("Write these words on paper, in this order. Whoever has them is you.\n");
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let dim = style::DIM;
    for (row, line) in words.chunks(4).enumerate() {
        for (column, word) in line.iter().enumerate() {
            write!(out, "  {dim}{:>2}{dim:#} {word:<10}", row * 4 + column + 1)?;
        }
        writeln!(out)?;
    }
    Ok(out.flush()?)
}
