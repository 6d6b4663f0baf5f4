//! `moot note`

use std::io::{IsTerminal, Read};

use folkmoot_client::api::{CollectiveRef, CollectiveView, Command, Note, Saved};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{self, clean, style},
};

/// Longest text read from standard input; the protocol's limit lies far below.
const MAX_INPUT_BYTES: u64 = 1 << 20;

/// Write a note
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot note \"the quince at the gate is in flower\" -t garden
  moot note --title \"Rota\" --in commons < rota.md
  moot note                      write it in your editor

Without --in the note goes to your personal home. It is signed, and safe on disk when its id is
printed.")]
pub(crate) struct Args {
    /// The text; `-` reads standard input; without it your editor opens
    text: Option<String>,
    /// Tag, up to 16
    #[arg(short, long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Collective it goes to: name or id prefix
    #[arg(long = "in", value_name = "COLLECTIVE")]
    collective: Option<String>,
    /// Title
    #[arg(long)]
    title: Option<String>,
    /// Sign with a limited device of yours, within its limits
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
}

/// # Errors
/// Nothing to write, or what the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let mut draft = None;
    let text = match args.text {
        Some(text) if text != "-" => text,
        Some(_) => standard_input()?,
        None if !std::io::stdin().is_terminal() => standard_input()?,
        None if cx.ui.may_ask() => {
            check_place(cx, args.collective.as_deref())?;
            draft.insert(ui::edit("")?).text.clone()
        }
        None => return Err(CliError::usage("no text was given").hint("moot note \"text\"")),
    };
    if text.trim().is_empty() && args.title.is_none() {
        if let Some(draft) = draft {
            draft.done();
        }
        return Err(CliError::usage("there is no text; nothing was written")
            .hint("moot note \"text\", or standard input: … | moot note"));
    }
    let note = Note {
        kind: "note".into(),
        collective: args.collective,
        title: args.title,
        text: Some(text.trim_end().to_owned()),
        tags: args.tags,
        device: args.device,
        ..Note::default()
    };
    match (save(cx, note), draft) {
        (Ok(()), draft) => {
            if let Some(draft) = draft {
                draft.done();
            }
            Ok(())
        }
        (Err(error), Some(draft)) => Err(draft.kept(error)),
        (Err(error), None) => Err(error),
    }
}

/// Nobody should write for an hour only to read that the collective's name was mistyped.
fn check_place(cx: &Context<'_>, collective: Option<&str>) -> Result<(), CliError> {
    let Some(collective) = collective else {
        return Ok(());
    };
    let collective = collective.to_owned();
    Access::open(cx, Need::Home)?
        .ask::<CollectiveView>(Command::CollectiveShow(CollectiveRef { collective }))
        .map(drop)
}

/// Writes a record and prints its id.
///
/// # Errors
/// What the engine says.
pub(crate) fn save(cx: &Context<'_>, note: Note) -> Result<(), CliError> {
    print_saved(cx, Need::Home, Command::Note(note))
}

/// Carries out a command that writes one record, and prints its id.
///
/// # Errors
/// What the engine says.
pub(crate) fn print_saved(cx: &Context<'_>, need: Need, command: Command) -> Result<(), CliError> {
    let saved: Saved = Access::open(cx, need)?.ask(command)?;
    if cx.ui.json {
        return cx.ui.object(&saved);
    }
    use std::io::Write;
    let (id, dim) = (style::ID, style::DIM);
    let mut out = cx.ui.out();
    if cx.ui.out_is_terminal() {
        let place = clean(&saved.collective);
        writeln!(
            out,
            "{id}{}{id:#}  {dim}saved in {place}{dim:#}",
            saved.short
        )?;
    } else {
        // For scripts: the whole id, which stays unique.
        writeln!(out, "{}", saved.id)?;
    }
    Ok(out.flush()?)
}

/// The text on standard input.
///
/// # Errors
/// Where it is no text, or too long for a note.
pub(crate) fn standard_input() -> Result<String, CliError> {
    text_of(std::io::stdin(), "standard input")
}

/// The text of a file or of standard input.
///
/// # Errors
/// Where it is no text, or too long for a note.
pub(crate) fn text_of(source: impl Read, name: &str) -> Result<String, CliError> {
    let mut text = String::new();
    let read = source
        .take(MAX_INPUT_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| CliError::usage(format!("{name} is no text: {error}")))?;
    if read as u64 == MAX_INPUT_BYTES {
        return Err(CliError::usage(format!("{name} is too long for a note"))
            .hint("moot import takes many texts at once"));
    }
    Ok(text)
}
