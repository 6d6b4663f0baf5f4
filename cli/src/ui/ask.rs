//! Questions, and the editor.

use std::{env, io::Write, path::PathBuf, process::Command};

use crate::{error::CliError, ui::Ui};

/// Editors tried where neither `VISUAL` nor `EDITOR` names one.
const EDITORS: [&str; 3] = ["editor", "nano", "vi"];

/// Asks a question that is answered by yes or no. None where nobody can be asked, or nobody
/// answers.
pub(crate) fn confirm(ui: &Ui, question: &str, help: &str) -> Option<bool> {
    if !ui.may_ask() {
        return None;
    }
    inquire::Confirm::new(question)
        .with_default(false)
        .with_help_message(help)
        .prompt_skippable()
        .ok()
        .flatten()
}

/// Asks for a line that is a secret.
///
/// # Errors
/// Where nobody can be asked, or nobody answers.
pub(crate) fn secret_line(ui: &Ui, label: &str, instead: &str) -> Result<String, CliError> {
    if !ui.may_ask() {
        return Err(CliError::usage(format!("{label} is missing")).hint(instead));
    }
    inquire::Password::new(&format!("{label}:"))
        .with_display_mode(inquire::PasswordDisplayMode::Full)
        .without_confirmation()
        .prompt()
        .map_err(|error| CliError::usage(format!("{label} is missing: {error}")))
}

/// What was written in the editor. Its file stays until [`Draft::done`]: an error, or a killed
/// command, loses nothing.
pub(crate) struct Draft {
    pub(crate) text: String,
    file: PathBuf,
}

impl Draft {
    /// The text is kept elsewhere; the file goes.
    pub(crate) fn done(self) {
        // A draft that cannot be removed does no harm; the next line of defence is the system's.
        let (Ok(()) | Err(_)) = std::fs::remove_file(&self.file);
    }

    /// Says where the text lies, beside what went wrong.
    pub(crate) fn kept(&self, mut error: CliError) -> CliError {
        let where_it_is = format!("; what you wrote is in {}", self.file.display());
        error.api.message.push_str(&where_it_is);
        error
    }
}

/// Whether the person's editor may be opened: where they can be asked, or where a variable names an
/// editor, which may be a program that needs nobody.
pub(crate) fn may_edit(ui: &Ui) -> bool {
    let named = |variable| env::var(variable).is_ok_and(|editor: String| !editor.trim().is_empty());
    ui.may_ask() || (ui.takes_input() && ["VISUAL", "EDITOR"].into_iter().any(named))
}

/// Opens the person's editor on a text and gives back what was made of it.
///
/// # Errors
/// Where there is no editor, it fails, or the text is no UTF-8.
pub(crate) fn edit(text: &str) -> Result<Draft, CliError> {
    let editor = editor()?;
    let file = tempfile::Builder::new()
        .prefix("moot-")
        .suffix(".md")
        .tempfile()
        .and_then(|mut draft| {
            draft.write_all(text.as_bytes())?;
            draft.into_temp_path().keep().map_err(Into::into)
        })
        .map_err(|error| CliError::failed(format!("no draft could be made: {error}")))?;
    // Through the shell, since VISUAL may carry options: `code --wait`.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg(&editor)
        .arg(&file)
        .status()
        .map_err(|error| {
            CliError::failed(format!("the editor `{editor}` did not start: {error}"))
        })?;
    let mut draft = Draft {
        text: String::new(),
        file,
    };
    if !status.success() {
        let error = CliError::failed(format!("the editor `{editor}` failed; nothing was written"))
            .hint("name another one, such as EDITOR=nano, or give the text with the command");
        return Err(draft.kept(error));
    }
    // Read by path: many editors save by putting a new file in the old one's place.
    match std::fs::read_to_string(&draft.file) {
        Ok(text) => {
            draft.text = text;
            Ok(draft)
        }
        Err(error) => Err(draft.kept(CliError::file(&draft.file, &error))),
    }
}

fn editor() -> Result<String, CliError> {
    for variable in ["VISUAL", "EDITOR"] {
        if let Some(editor) = env::var(variable).ok().filter(|e| !e.trim().is_empty()) {
            return Ok(editor);
        }
    }
    let folders: Vec<PathBuf> = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect())
        .unwrap_or_default();
    EDITORS
        .iter()
        .find(|name| folders.iter().any(|folder| folder.join(name).is_file()))
        .map(|&name| name.to_owned())
        .ok_or_else(|| {
            CliError::usage("no text was given, and there is no editor here")
                .hint("moot note \"text\", or name an editor with EDITOR")
        })
}
