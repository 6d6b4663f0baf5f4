//! `moot complete-words`, which the scripts of `moot completions` call.

use std::{io::Write, path::PathBuf};

use crate::complete::{Typed, lines};

/// What may follow what was typed
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which shell asks
    shell: String,
    /// The line and the ends of words (bash), or the words
    #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
    words: Vec<String>,
}

/// Prints the candidates and ends the process at once: nothing is closed, nothing waited for.
pub(crate) fn run(args: Args, home: Option<PathBuf>) -> ! {
    let typed = match (args.shell.as_str(), args.words.as_slice()) {
        ("bash", [line, breaks]) => Typed::Bash {
            line: line.clone(),
            breaks: breaks.clone(),
        },
        _ => Typed::Words(args.words),
    };
    let mut text = lines(&typed, home).join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    let mut out = std::io::stdout();
    // A shell that does not listen any more needs no answer.
    let (Ok(()) | Err(_)) = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    std::process::exit(0)
}
