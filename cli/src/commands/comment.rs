//! `moot comment`

use folkmoot_client::api::{Command, CommentNew};

use crate::{
    access::Need,
    commands::{
        Context,
        note::{print_saved, standard_input},
    },
    error::CliError,
    ui,
};

/// Say something about what somebody wrote
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot comment 7f3a \"the quince was later this year\"
  moot comment \"Rota\" \"I can take Friday\"
  moot comment 7f3a -            from standard input

A comment stands with what it is about: moot show shows all of them. On a comment it is an answer.
moot edit changes it, moot retract takes it back.")]
pub(crate) struct Args {
    /// Id, its first digits, or an exact title
    id: String,
    /// The text; `-` reads standard input; without it your editor opens
    text: Option<String>,
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
        None if cx.ui.may_ask() => draft.insert(ui::edit("")?).text.clone(),
        None => {
            return Err(CliError::usage("no text was given").hint("moot comment ID \"text\""));
        }
    };
    let comment = CommentNew {
        id: args.id,
        text: text.trim_end().to_owned(),
        device: args.device,
    };
    match (
        print_saved(cx, Need::ExistingHome, Command::Comment(comment)),
        draft,
    ) {
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
