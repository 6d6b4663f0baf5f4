//! `moot edit`

use std::{fs::File, io::Write, path::PathBuf};

use folkmoot_client::api::{Command, Edit, Edited, Show, ShowView};

use crate::{
    access::{Access, Need},
    commands::{
        Context,
        note::{standard_input, text_of},
    },
    error::CliError,
    ui::{self, Draft, clean, style},
};

/// Change a note, link or task: a new version of it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot edit 7f3a                         in your editor ($EDITOR)
  moot edit \"Rota\" --file rota.md       from a file; - reads standard input
  moot edit 7f3a --title \"Rota for May\"  the title alone
  moot edit 7f3a -t garden --untag shed  tags alone

Earlier versions stay: moot history shows them. What you wrote yourself you may edit; what others
wrote needs the right to edit it. Where two edit at the same time both versions stand side by side
until one of them is told to merge: moot merge.")]
pub(crate) struct Args {
    /// Id, its first digits, or an exact title
    id: String,
    /// The new text; `-` reads standard input; without it your editor opens
    new: Option<String>,
    /// The new text
    #[arg(long, conflicts_with = "new")]
    text: Option<String>,
    /// The new text, read from a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["new", "text"])]
    file: Option<PathBuf>,
    /// The new title; an empty one takes it away
    #[arg(long)]
    title: Option<String>,
    /// The new address of a link
    #[arg(long)]
    url: Option<String>,
    /// Tag to add
    #[arg(short, long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Tag to take away
    #[arg(long, value_name = "TAG")]
    untag: Vec<String>,
    /// The version that the change is made to [default: the one that is shown]
    #[arg(long, value_name = "VERSION")]
    on: Option<String>,
    /// Sign with a limited device of yours, within its limits
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
}

/// # Errors
/// Nothing to write, or what the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let mut edit = Edit {
        id: args.id,
        base: args.on,
        text: args.text,
        title: args.title,
        url: args.url,
        tags: args.tags,
        untag: args.untag,
        device: args.device,
    };
    let alone = edit.title.is_some()
        || edit.url.is_some()
        || !edit.tags.is_empty()
        || !edit.untag.is_empty();
    let mut draft = None;
    match args.new {
        Some(text) if text != "-" => edit.text = Some(not_empty(text)?),
        Some(_) => edit.text = Some(not_empty(standard_input()?)?),
        None if args.file.is_some() => {
            let path = args.file.unwrap_or_default();
            let name = path.display().to_string();
            let file = File::open(&path)
                .map_err(|error| CliError::failed(format!("{name} could not be read: {error}")))?;
            edit.text = Some(not_empty(text_of(file, &name)?)?);
        }
        None if edit.text.is_some() || alone => {}
        None if ui::may_edit(cx.ui) => {
            draft = Some(in_editor(cx, &mut edit)?);
        }
        None => {
            return Err(CliError::usage("nothing to change was given")
                .hint("give the new text, `-` for standard input, or name your editor in EDITOR"));
        }
    }
    edit.text = edit.text.map(|text| text.trim_end().to_owned());
    let edited = Access::open(cx, Need::ExistingHome)
        .and_then(|access| access.ask::<Edited>(Command::Edit(edit)));
    match (edited, draft) {
        (Ok(edited), draft) => {
            if let Some(draft) = draft {
                draft.done();
            }
            print_edited(cx, &edited, "new version saved")
        }
        (Err(error), Some(draft)) => Err(draft.kept(error)),
        (Err(error), None) => Err(error),
    }
}

/// Opens the text that is shown in the editor. Meanwhile nothing is held open: others may write, and
/// what comes stands beside what is written here.
fn in_editor(cx: &Context<'_>, edit: &mut Edit) -> Result<Draft, CliError> {
    let named = edit.base.as_ref().unwrap_or(&edit.id);
    let show = Command::Show(Show { id: named.clone() });
    let view: ShowView = Access::open(cx, Need::ExistingHome)?.ask(show)?;
    edit.base = Some(match &view.document {
        Some(document) => document.version.clone(),
        None => view.item.id.clone(),
    });
    edit.id.clone_from(&view.item.id);
    let text = view.text.unwrap_or_default();
    // Editors end a text with a line break anyway.
    let lines = if text.is_empty() || text.ends_with('\n') {
        text
    } else {
        text + "\n"
    };
    let draft = ui::edit(&lines)?;
    match not_empty(draft.text.clone()) {
        Ok(text) => edit.text = Some(text),
        Err(error) => {
            draft.done();
            return Err(error);
        }
    }
    Ok(draft)
}

fn not_empty(text: String) -> Result<String, CliError> {
    if text.trim().is_empty() {
        return Err(CliError::usage("there is no text; nothing was written")
            .hint("--text \"\" makes the text empty on purpose"));
    }
    Ok(text)
}

/// Prints what became of a version; `did` says what was done, before the place.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn print_edited(cx: &Context<'_>, edited: &Edited, did: &str) -> Result<(), CliError> {
    if cx.ui.json {
        return cx.ui.object(edited);
    }
    if !edited.changed {
        cx.ui.say("nothing changed");
        return Ok(());
    }
    let mut out = cx.ui.out();
    if cx.ui.out_is_terminal() {
        let (id, dim) = (style::ID, style::DIM);
        let place = clean(&edited.collective);
        writeln!(
            out,
            "{id}{}{id:#}  {dim}{did} in {place}{dim:#}",
            edited.short
        )?;
    } else {
        // For scripts: the whole id of the version.
        writeln!(out, "{}", edited.version)?;
    }
    out.flush()?;
    for other in &edited.beside {
        cx.ui.warn(&format!(
            "{}'s version {} stands beside it; bring them together: moot merge {}",
            other.author, other.short, edited.short
        ));
    }
    Ok(())
}
