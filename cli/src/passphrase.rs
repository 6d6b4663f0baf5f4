//! The passphrase: from a file or from the keyboard, never from the command line.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use folkmoot_client::api::ErrorCode;
use zeroize::Zeroizing;

use crate::{error::CliError, ui::Ui};

/// Names the file that holds the passphrase.
pub(crate) const FILE_VARIABLE: &str = "MOOT_PASSPHRASE_FILE";

/// Names the file that holds a new one.
const NEW_FILE_VARIABLE: &str = "MOOT_NEW_PASSPHRASE_FILE";

/// Longest passphrase file that is read.
const MAX_BYTES: u64 = 4096;

/// Reads the file named by [`FILE_VARIABLE`], if the variable is set. Its first line counts.
///
/// # Errors
/// Where the file is missing, empty, too long, or readable by others.
pub(crate) fn from_file() -> Result<Option<Zeroizing<String>>, CliError> {
    from_variable(FILE_VARIABLE)
}

/// The same of a new passphrase.
///
/// # Errors
/// As [`from_file`].
pub(crate) fn new_from_file() -> Result<Option<Zeroizing<String>>, CliError> {
    from_variable(NEW_FILE_VARIABLE)
}

fn from_variable(name: &str) -> Result<Option<Zeroizing<String>>, CliError> {
    match std::env::var_os(name).filter(|v| !v.is_empty()) {
        Some(path) => read(Path::new(&path)).map(Some),
        None => Ok(None),
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, CliError> {
    let found = fs::metadata(path).map_err(|e| CliError::file(path, &e))?;
    // A pipe, as process substitution gives, has no file mode that says anything.
    if found.is_file() && found.mode() & 0o077 != 0 {
        return Err(CliError::new(
            ErrorCode::Denied,
            format!("{} can be read by other users", path.display()),
        )
        .hint(format!("chmod 600 {}", path.display())));
    }
    if found.len() > MAX_BYTES {
        return Err(CliError::usage(format!(
            "{} is no passphrase file",
            path.display()
        )));
    }
    let text = fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|e| CliError::file(path, &e))?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(Zeroizing::new(line.to_owned())),
        None => Err(CliError::usage(format!("{} is empty", path.display()))),
    }
}

/// Asks for the passphrase of sealed keys.
///
/// # Errors
/// Where nobody can be asked.
pub(crate) fn ask(ui: &Ui) -> Result<Zeroizing<String>, CliError> {
    prompt(ui, false)
}

/// Asks for a new passphrase, twice.
///
/// # Errors
/// Where nobody can be asked.
pub(crate) fn choose(ui: &Ui) -> Result<Zeroizing<String>, CliError> {
    prompt(ui, true)
}

fn prompt(ui: &Ui, new: bool) -> Result<Zeroizing<String>, CliError> {
    if !ui.may_ask() {
        return Err(CliError::new(
            ErrorCode::Denied,
            "a passphrase is needed, and nobody can be asked",
        )
        .hint(format!("name a file that holds it with {FILE_VARIABLE}")));
    }
    let label = if new {
        "New passphrase:"
    } else {
        "Passphrase:"
    };
    let prompt = inquire::Password::new(label)
        .with_display_mode(inquire::PasswordDisplayMode::Masked)
        .with_custom_confirmation_message("Once more:");
    let prompt = if new {
        prompt
    } else {
        prompt.without_confirmation()
    };
    match prompt.prompt() {
        Ok(text) if text.is_empty() => Err(CliError::usage("an empty passphrase protects nothing")),
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => Err(CliError::failed(format!(
            "no passphrase was given: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_line_counts_and_others_may_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        fs::write(&path, "three words here\nnot this\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(read(&path).unwrap_err().api.code, ErrorCode::Denied);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(*read(&path).unwrap(), "three words here");
        fs::write(&path, "\n").unwrap();
        assert_eq!(read(&path).unwrap_err().api.code, ErrorCode::Usage);
        assert_eq!(
            read(&dir.path().join("q")).unwrap_err().api.code,
            ErrorCode::NotFound
        );
    }
}
