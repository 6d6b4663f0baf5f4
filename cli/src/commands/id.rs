//! `moot id`

use std::{
    fs::OpenOptions,
    io::{IsTerminal, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use folkmoot_client::api::{CardView, Command, IdView, SetName, WordAt};
use serde_json::json;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, qr, secret_line, style},
};

/// Most bytes read of confirmed words: 24 of at most 8 letters, with numbers and room.
const MAX_WORDS: u64 = 4096;
/// Words of a phrase.
const WORDS: usize = 24;

/// Show who you are here; your name and recovery phrase
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot id
  moot id --name ana             the name that others see
  moot id --phrase               the 24 words, your root
  moot id --confirm              show that you wrote them down
  moot id --card -o card.txt     the recovery card: the words, and where to come back to

Whoever has the phrase, or the card, is you. Write it on paper, or print it, and keep it where you
keep your keys. Make a new card after you joined or founded a collective.")]
pub(crate) struct Args {
    /// Show the recovery phrase: 24 words
    #[arg(long, conflicts_with = "name")]
    phrase: bool,
    /// Write the recovery card: the words, your collectives, and nodes that may let you in again
    #[arg(long, conflicts_with_all = ["name", "phrase"])]
    card: bool,
    /// Show the card as a QR code as well
    #[arg(long, requires = "card")]
    qr: bool,
    /// Write the card into a new file that only you can read
    #[arg(long, short, requires = "card", value_name = "FILE")]
    output: Option<PathBuf>,
    /// Confirm three of the words, or all of them from standard input
    #[arg(long, conflicts_with_all = ["name", "phrase", "card"])]
    confirm: bool,
    /// Set the name shown to others
    #[arg(long)]
    name: Option<String>,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let access = Access::open(cx, Need::Home)?;
    if args.phrase {
        let phrase = Zeroizing::new(access.ask::<String>(Command::Phrase {})?);
        // Who copies words keeps nobody from the home.
        drop(access);
        return show_phrase(cx, &phrase);
    }
    if args.card {
        let mut card: CardView = access.ask(Command::Card {})?;
        drop(access);
        let shown = show_card(cx, &card, args.output.as_deref(), args.qr);
        card.card.zeroize();
        card.line.zeroize();
        card.words.zeroize();
        return shown;
    }
    if args.confirm {
        return confirm(cx, &access);
    }
    let id: IdView = match args.name {
        Some(name) => access.ask(Command::SetName(SetName { name }))?,
        None => access.ask(Command::Id {})?,
    };
    drop(access);
    if cx.ui.json {
        return cx.ui.object(&id);
    }
    let dim = style::DIM;
    let mut out = cx.ui.out();
    let name = id.name.as_deref().unwrap_or("(none: moot id --name NAME)");
    let peer = match id.peer_id.as_str() {
        "" => "(known while the node runs: moot up)",
        peer => peer,
    };
    for (label, value) in [
        ("name", name),
        ("seat", &id.seat),
        ("device", &id.device),
        ("peer id", peer),
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

fn show_card(
    cx: &Context<'_>,
    card: &CardView,
    file: Option<&Path>,
    with_qr: bool,
) -> Result<(), CliError> {
    if let Some(caution) = &card.caution {
        cx.ui.warn(caution);
    }
    if let Some(path) = file {
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut out| {
                out.write_all(card.card.as_bytes())?;
                out.sync_all()
            });
        written.map_err(|error| CliError::file(path, &error))?;
        cx.ui.say(&format!(
            "wrote your recovery card to {}; print it, and then delete the file",
            path.display()
        ));
        return Ok(());
    }
    if cx.ui.json {
        return cx.ui.object(card);
    }
    let mut out = cx.ui.out();
    if with_qr {
        match qr(&card.line) {
            Some(code) => writeln!(out, "{code}")?,
            None => cx.ui.warn("the card is too long for a QR code"),
        }
    }
    write!(out, "{}", card.card)?;
    Ok(out.flush()?)
}

/// Asks for three words, or reads all of them.
fn confirm(cx: &Context<'_>, access: &Access) -> Result<(), CliError> {
    let mut words = Vec::new();
    if std::io::stdin().is_terminal() {
        let places: Vec<u8> = access.ask(Command::WordPlaces {})?;
        for place in places {
            let label = format!("Word {place}");
            let word = secret_line(cx.ui, &label, "moot id --confirm < words.txt")?;
            words.push(WordAt { place, word });
        }
    } else {
        let mut text = Zeroizing::new(String::new());
        std::io::stdin()
            .take(MAX_WORDS)
            .read_to_string(&mut text)
            .map_err(|e| CliError::usage(format!("standard input holds no words: {e}")))?;
        let typed = text.split_whitespace();
        let typed: Vec<&str> = typed
            .map(|word| word.trim_matches(|c: char| !c.is_alphabetic()))
            .filter(|word| !word.is_empty())
            .collect();
        if typed.len() != WORDS {
            return Err(CliError::usage(format!(
                "the phrase has {WORDS} words; these are {}",
                typed.len()
            )));
        }
        words.extend(typed.iter().zip(1..).map(|(word, place)| WordAt {
            place,
            word: (*word).to_owned(),
        }));
    }
    let done: String = access.ask(Command::ConfirmWords { words })?;
    if cx.ui.json {
        return cx.ui.object(&json!({ "confirmed": true }));
    }
    cx.ui.say(&done);
    Ok(())
}
