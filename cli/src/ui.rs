//! The terminal: data to standard output, talk to standard error.

mod ask;
mod explained;
mod items;
mod pager;
mod qr;
mod table;
mod text;
mod time;

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

pub(crate) use ask::{Draft, confirm, edit, may_edit, secret_line};
pub(crate) use items::{PARTIAL, also_looked_for, print_event, print_found, print_item};
pub(crate) use qr::qr;
pub(crate) use table::table;
pub(crate) use text::{
    bytes, clean, clean_text, count, fit, plural, short_key, typed, worth_showing,
};
pub(crate) use time::{age, ahead, duration_ms, lasting, moment_ago, moment_ahead};

use anstream::ColorChoice;

use crate::{
    args::{Color, Global},
    error::CliError,
    ui::pager::Paged,
};

/// Colours, used sparingly. They vanish where output is no terminal or `NO_COLOR` is set.
pub(crate) mod style {
    use anstyle::{AnsiColor, Style};

    /// Names and titles.
    pub(crate) const BOLD: Style = Style::new().bold();
    /// What matters less.
    pub(crate) const DIM: Style = Style::new().dimmed();
    /// Done, fine.
    pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
    /// Look here.
    pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
    /// Failed.
    pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
    /// Hits of a search.
    pub(crate) const HIT: Style = AnsiColor::Yellow.on_default().bold();
    /// Ids, to be typed again.
    pub(crate) const ID: Style = AnsiColor::Cyan.on_default();
}

/// Columns assumed where there is no terminal to ask.
const USUAL_WIDTH: u16 = 100;

/// How to talk to the person.
#[derive(Debug, Clone)]
pub(crate) struct Ui {
    /// Data as JSON.
    pub json: bool,
    quiet: bool,
    no_input: bool,
    no_pager: bool,
}

/// JSON with the version of its format.
#[derive(Serialize)]
struct Versioned<'a, T: Serialize> {
    v: u8,
    #[serde(flatten)]
    data: &'a T,
}

impl Ui {
    /// As the global options say.
    pub(crate) fn new(global: &Global) -> Self {
        match global.color {
            Some(Color::Always) => ColorChoice::Always.write_global(),
            Some(Color::Never) => ColorChoice::Never.write_global(),
            // NO_COLOR, CLICOLOR and TERM decide.
            Some(Color::Auto) | None => {}
        }
        Self {
            json: global.json,
            quiet: global.quiet,
            no_input: global.no_input,
            no_pager: global.no_pager,
        }
    }

    /// Standard output, buffered; flush it when done. On a terminal what is longer than the screen
    /// goes through the pager.
    pub(crate) fn out(&self) -> Box<dyn Write> {
        match self.screen() {
            Some((columns, rows)) => Box::new(Paged::new(columns, rows)),
            None => Box::new(BufWriter::new(anstream::stdout())),
        }
    }

    /// Columns and rows of the terminal, where a pager may be used.
    fn screen(&self) -> Option<(usize, usize)> {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if self.json || self.no_pager || self.no_input || dumb || !self.out_is_terminal() {
            return None;
        }
        // Where standard input is no terminal there is nobody to turn pages.
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        let (columns, rows) = (usize::from(size.ws_col), usize::from(size.ws_row));
        (io::stdin().is_terminal() && columns > 0 && rows > 1).then_some((columns, rows))
    }

    /// Whether standard output is a terminal.
    pub(crate) fn out_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Columns of the terminal.
    pub(crate) fn width(&self) -> u16 {
        rustix::termios::tcgetwinsize(io::stdout())
            .map(|size| size.ws_col)
            .ok()
            .filter(|columns| *columns >= 20)
            .unwrap_or(USUAL_WIDTH)
    }

    /// Whether a question can be asked.
    pub(crate) fn may_ask(&self) -> bool {
        !self.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Whether anything may be asked at all, be it of a program.
    pub(crate) fn takes_input(&self) -> bool {
        !self.no_input
    }

    /// Prints one object.
    pub(crate) fn object<T: Serialize>(&self, data: &T) -> Result<(), CliError> {
        self.objects(std::slice::from_ref(data))
    }

    /// Prints objects, one a line.
    pub(crate) fn objects<T: Serialize>(&self, data: &[T]) -> Result<(), CliError> {
        let mut out = self.out();
        for data in data {
            serde_json::to_writer(&mut out, &Versioned { v: 1, data }).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        Ok(out.flush()?)
    }

    /// Whether only data, warnings and errors are wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Talks, unless told to be quiet.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.warn_raw(text);
        }
    }

    /// Says something that even the quiet should hear.
    pub(crate) fn warn(&self, text: &str) {
        let warn = style::WARN;
        self.warn_raw(&format!("{warn}!{warn:#} {}", clean(text)));
    }

    /// Writes a line to standard error. Where that is closed, nobody is left to be told.
    pub(crate) fn warn_raw(&self, text: &str) {
        let (Ok(()) | Err(_)) = writeln!(anstream::stderr(), "{text}");
    }
}
