//! Long output goes through a pager, on a terminal alone.

use std::{
    env,
    io::{self, Write},
    process::{Command, Stdio},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::{
    consts::{SIGINT, SIGQUIT},
    flag::register_conditional_default,
};
use unicode_width::UnicodeWidthStr;

/// The pager where the person names none: it ends by itself where all fits, keeps colours, and leaves
/// what was read on the screen.
const USUAL: &str = "less -FRX";

/// Output that is held back until it is known how long it is.
pub(crate) struct Paged {
    buffer: Vec<u8>,
    columns: usize,
    rows: usize,
}

impl Paged {
    pub(crate) const fn new(columns: usize, rows: usize) -> Self {
        Self {
            buffer: Vec::new(),
            columns,
            rows,
        }
    }
}

impl Write for Paged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.buffer);
        if !fits(&text, self.columns, self.rows)
            && let Some(pager) = named()
            && let Some(paged) = page(&pager, &text)
        {
            return paged;
        }
        let mut out = anstream::stdout();
        out.write_all(&text)?;
        out.flush()
    }
}

impl Drop for Paged {
    fn drop(&mut self) {
        if !self.buffer.is_empty() {
            // A command that fails half-way shows what it had; nobody is left to be told more.
            let (Ok(()) | Err(_)) = self.flush();
        }
    }
}

/// Whether a text fits a screen, with a line left for the prompt.
fn fits(text: &[u8], columns: usize, rows: usize) -> bool {
    let text = String::from_utf8_lossy(text);
    let plain = anstream::adapter::strip_str(&text).to_string();
    let lines: usize = plain
        .lines()
        .map(|line| line.width().div_ceil(columns.max(1)).max(1))
        .sum();
    lines < rows
}

/// The person's pager; none where they want none.
fn named() -> Option<String> {
    let set = |name| env::var(name).ok();
    let pager = set("MOOT_PAGER")
        .or_else(|| set("PAGER"))
        .unwrap_or_else(|| USUAL.to_owned());
    (!matches!(pager.trim(), "" | "cat")).then_some(pager)
}

/// While a pager runs, Ctrl-C is its business: it goes to all programs of the terminal, and whoever
/// ended at it would leave the pager behind, at odds with the shell about the keyboard.
struct Alone;

/// Whether Ctrl-C ends this program, as it does without a pager.
static ENDS: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let ends = Arc::new(AtomicBool::new(true));
    for signal in [SIGINT, SIGQUIT] {
        // Where the system does not let signals be caught, they end the program as ever.
        let (Ok(_) | Err(_)) = register_conditional_default(signal, Arc::clone(&ends));
    }
    ends
});

impl Alone {
    fn begin() -> Self {
        ENDS.store(false, Ordering::SeqCst);
        Self
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        ENDS.store(true, Ordering::SeqCst);
    }
}

/// Gives the text to the pager; `None` where it does not start.
fn page(pager: &str, text: &[u8]) -> Option<io::Result<()>> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(pager).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    let _alone = Alone::begin();
    let mut child = command.spawn().ok()?;
    if let Some(mut input) = child.stdin.take() {
        let plain = anstream::AutoStream::choice(&io::stdout()) == anstream::ColorChoice::Never;
        let written = match plain {
            true => input.write_all(&anstream::adapter::strip_bytes(text).into_vec()),
            false => input.write_all(text),
        };
        // Who has read enough ends the pager.
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            return Some(Err(error));
        }
    }
    match child.wait() {
        // The shell did not find it: the text is shown as it is.
        Ok(status) if matches!(status.code(), Some(126 | 127)) => None,
        Ok(_) => Some(Ok(())),
        Err(error) => Some(Err(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_not_paged() {
        assert!(fits(b"one\ntwo\n", 80, 4));
        assert!(!fits(b"one\ntwo\nthree\nfour\n", 80, 4));
        // Long lines take several rows, wide signs two columns, styles none.
        assert!(!fits("検索".repeat(31).as_bytes(), 40, 4));
        assert!(fits("検索".repeat(15).as_bytes(), 60, 4));
        assert!(fits("\u{1b}[1m\u{1b}[0m".repeat(100).as_bytes(), 10, 3));
    }
}
