//! Questions, and the editor.

use std::{
    env,
    io::{Read, Write},
    path::PathBuf,
    process::Command,
};

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

/// Opens the person's editor on an empty file and gives back what was written.
///
/// # Errors
/// Where there is no editor, it fails, or the text is no UTF-8.
pub(crate) fn edit() -> Result<String, CliError> {
    let failed =
        |error: std::io::Error| CliError::failed(format!("no draft could be made: {error}"));
    let mut draft = tempfile::Builder::new()
        .prefix("moot-")
        .suffix(".md")
        .tempfile()
        .map_err(failed)?;
    draft.flush().map_err(failed)?;
    let editor = editor()?;
    // Through the shell, since VISUAL may carry options: `code --wait`.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg(&editor)
        .arg(draft.path())
        .status()
        .map_err(|error| {
            CliError::failed(format!("the editor `{editor}` did not start: {error}"))
        })?;
    if !status.success() {
        return Err(CliError::failed(format!(
            "the editor `{editor}` failed; nothing was written"
        )));
    }
    // Read by path: many editors save by putting a new file in the old one's place.
    let mut text = String::new();
    std::fs::File::open(draft.path())
        .and_then(|mut file| file.read_to_string(&mut text))
        .map_err(|error| CliError::file(draft.path(), &error))?;
    Ok(text)
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
