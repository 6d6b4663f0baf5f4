//! Errors as people meet them: what happened, what to do next, and an exit code.

use std::{io, process::ExitCode};

use folkmoot_client::{
    ClientError,
    api::{ApiError, ErrorCode},
};
use folkmoot_engine::OpenError;
use folkmoot_node::{HomeError, RunError, config::ConfigError};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::{
    typed,
    ui::{Ui, clean, style},
};

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct CliError {
    /// What, in the words of the API.
    pub api: ApiError,
    /// The query that the API error's span points into.
    pub query: Option<Box<str>>,
    /// Whoever read our output went away; that is no error.
    pub broken_pipe: bool,
}

impl CliError {
    /// An error without a hint.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        ApiError::new(code, message).into()
    }

    /// Something went wrong: exit code 1.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Failed, message)
    }

    /// The command makes no sense: exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Usage, message)
    }

    /// Adds the next step.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.api.hint = Some(hint.into());
        self
    }

    /// Says which query the error is about.
    #[must_use]
    pub(crate) fn of_query(mut self, query: &str) -> Self {
        self.query = Some(query.into());
        self
    }

    /// A file or folder that does not do what is asked of it.
    pub(crate) fn file(path: &std::path::Path, error: &io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::NotFound => ErrorCode::NotFound,
            io::ErrorKind::PermissionDenied => ErrorCode::Denied,
            _ => ErrorCode::Failed,
        };
        let place = path.display();
        let (what, next) = match error.kind() {
            io::ErrorKind::NotFound => ("it is not there", "look whether it is written right"),
            io::ErrorKind::PermissionDenied => (
                "the system does not let you",
                "look who may read and write there: ls -ld",
            ),
            io::ErrorKind::IsADirectory => ("it is a folder", "name a file in it"),
            io::ErrorKind::NotADirectory => ("it is no folder", "name a folder"),
            io::ErrorKind::AlreadyExists => (
                "it is there already, and nothing was written over",
                "name a new one",
            ),
            io::ErrorKind::StorageFull => ("the disk is full", "make room there, and try again"),
            _ => return Self::new(code, format!("{place}: {error}")),
        };
        Self::new(code, format!("{place}: {what}")).hint(next)
    }

    /// Prints the error and gives the exit code.
    pub(crate) fn report(&self, ui: &Ui) -> ExitCode {
        if self.broken_pipe {
            return ExitCode::SUCCESS;
        }
        if ui.json {
            ui.warn_raw(&json!({ "v": 1, "error": self.api }).to_string());
        } else {
            let (bad, dim) = (style::BAD, style::DIM);
            let message = clean(&self.api.message);
            ui.warn_raw(&format!("{bad}error:{bad:#} {message}"));
            if let (Some(query), Some(span)) = (&self.query, self.api.span)
                && let Some(lines) = caret(query, span)
            {
                ui.warn_raw(&lines);
            }
            if let Some(hint) = &self.api.hint {
                ui.warn_raw(&format!("{dim}next:{dim:#} {}", clean(hint)));
            }
        }
        ExitCode::from(exit_code(self.api.code))
    }
}

/// What was typed is no command: clap's words for people, the shape of all errors for programs.
pub(crate) fn mistyped(error: &clap::Error) -> ExitCode {
    let for_programs = std::env::args_os().any(|arg| arg == "--json");
    if error.use_stderr() && for_programs {
        let text = typed::shown(&error.to_string());
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let message = lines.next().unwrap_or_default();
        let mut api = ApiError::new(
            ErrorCode::Usage,
            message.strip_prefix("error: ").unwrap_or(message),
        );
        api.hint = lines
            .find_map(|line| line.strip_prefix("tip: "))
            .map(str::to_owned)
            .or_else(|| Some("the same with --help says what can be typed".to_owned()));
        let line = json!({ "v": 1, "error": api }).to_string();
        let (Ok(()) | Err(_)) = io::Write::write_fmt(&mut io::stderr(), format_args!("{line}\n"));
        return ExitCode::from(2);
    }
    let text = typed::shown(&error.render().ansi().to_string());
    // Nobody is left to be told where this cannot be printed.
    let (Ok(()) | Err(_)) = match error.use_stderr() {
        true => io::Write::write_all(&mut anstream::stderr(), text.as_bytes()),
        false => io::Write::write_all(&mut anstream::stdout(), text.as_bytes()),
    };
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// The process's exit code for each kind of failure.
fn exit_code(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::Failed | ErrorCode::Unavailable => 1,
        ErrorCode::Usage => 2,
        ErrorCode::NotFound => 3,
        ErrorCode::Denied => 4,
        ErrorCode::NotRunning => 5,
    }
}

/// Columns of a query that fit a line of the narrowest common terminal. Of a longer one a part is shown:
/// so much of what is wrong, and so much on either side of it.
const CARET_LINE: usize = 76;
const CARET_MARKED: usize = 32;
const CARET_SIDE: usize = 22;

/// The query and, below it, carets under the bytes `span` of it; a long one is cut around them. Nothing
/// where the span does not fit the query or the query has several lines.
fn caret(query: &str, (start, end): (usize, usize)) -> Option<String> {
    let end = end.min(query.len());
    let mut before = clean(query.get(..start)?).to_string();
    let mut marked = clean(query.get(start..end)?).to_string();
    let mut after = clean(query.get(end..)?).to_string();
    if query.contains('\n') {
        return None;
    }
    // Wide scripts take two columns.
    if before.width() + marked.width() + after.width() > CARET_LINE {
        before = cut(before.chars().rev(), CARET_SIDE)
            .chars()
            .rev()
            .collect();
        marked = cut(marked.chars(), CARET_MARKED);
        after = cut(after.chars(), CARET_SIDE);
    }
    let pad = " ".repeat(before.width());
    let carets = "^".repeat(marked.width().max(1));
    let bad = style::BAD;
    Some(format!(
        "  {before}{marked}{after}\n  {pad}{bad}{carets}{bad:#}"
    ))
}

/// As many characters as fit so many columns, the last of them `…` where there are more.
fn cut(signs: impl Iterator<Item = char>, most: usize) -> String {
    let mut kept = String::new();
    for sign in signs {
        kept.push(sign);
        if kept.width() > most {
            while kept.width() >= most {
                kept.pop();
            }
            kept.push('…');
            break;
        }
    }
    kept
}

impl From<ApiError> for CliError {
    fn from(api: ApiError) -> Self {
        Self {
            api,
            query: None,
            broken_pipe: false,
        }
    }
}

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> Self {
        ApiError::from(error).into()
    }
}

/// Only for writing to the terminal or a pipe; files have [`CliError::file`].
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        let mut cli = Self::failed(format!("the output could not be written: {error}"));
        cli.broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        cli
    }
}

impl From<HomeError> for CliError {
    fn from(error: HomeError) -> Self {
        Self::failed(error.to_string()).hint("name a folder with --home or MOOT_HOME")
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let message = error.to_string();
        match error {
            OpenError::Locked { .. } => Self::failed(message)
                .hint("wait for that process, or end it; a node that hangs is ended by its id"),
            OpenError::PassphraseNeeded => Self::new(ErrorCode::Denied, message)
                .hint("run it in a terminal, or name a file with MOOT_PASSPHRASE_FILE"),
            OpenError::PassphraseWrong => {
                Self::new(ErrorCode::Denied, message).hint("try again; nothing was changed")
            }
            OpenError::Failed { hint, .. } => {
                let mut cli = Self::failed(message);
                cli.api.hint = hint;
                cli
            }
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let message = error.to_string();
        match error {
            ConfigError::UnknownKey(_) | ConfigError::Value { .. } => {
                Self::usage(message).hint("`moot config` shows all settings")
            }
            ConfigError::File { .. } => {
                Self::failed(message).hint("correct the file; `moot config --help` names the keys")
            }
            ConfigError::Io { .. } => Self::failed(message),
        }
    }
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        let message = error.to_string();
        match error {
            RunError::Open(error) => error.into(),
            RunError::Config(error) => error.into(),
            RunError::AlreadyRunning { .. } => {
                Self::failed(message).hint("use it: moot status. Another home needs --home FOLDER")
            }
            RunError::Locked => Self::new(ErrorCode::Denied, message).hint("moot unlock"),
            RunError::Peer { address, error } => {
                let mut cli = Self::from(error);
                cli.api.message = format!("{address}: {}", cli.api.message);
                cli
            }
            RunError::Broken => Self::failed(message)
                .hint("start it again with `moot up`; the lines above say what happened"),
            RunError::Net(_) | RunError::Socket(_) | RunError::System(_) => Self::failed(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_under_what_is_wrong() {
        let lines =
            anstream::adapter::strip_str(&caret("größe taag:x", (8, 12)).unwrap()).to_string();
        assert_eq!(lines, "  größe taag:x\n        ^^^^");
        let lines =
            anstream::adapter::strip_str(&caret("検索 tagg:a", (7, 11)).unwrap()).to_string();
        assert_eq!(lines, "  検索 tagg:a\n       ^^^^");
        let long = format!("{}taag:x{}", "検索 ".repeat(40), " word".repeat(40));
        let at = "検索 ".repeat(40).len();
        let lines = anstream::adapter::strip_str(&caret(&long, (at, at + 4)).unwrap()).to_string();
        let (line, carets) = lines.split_once('\n').unwrap();
        assert_eq!(line, "  … 検索 検索 検索 検索 taag:x word word word wor…");
        assert_eq!(
            carets.find('^'),
            Some(line.split("taag").next().unwrap().width())
        );
        assert_eq!(carets.trim(), "^^^^");
        assert!(caret("ab", (1, 9)).is_some());
        assert!(caret("ö", (1, 2)).is_none());
        assert!(caret("ab", (5, 9)).is_none());
    }

    #[test]
    fn an_empty_span_still_shows_a_caret() {
        let lines = anstream::adapter::strip_str(&caret("tag:", (4, 4)).unwrap()).to_string();
        assert_eq!(lines, "  tag:\n      ^");
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let error = CliError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(error.broken_pipe);
    }
}
