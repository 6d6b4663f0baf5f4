//! Completion in shells: what may follow what was typed.
//!
//! The shells call the hidden `moot complete-words`, which answers within [`PATIENCE`], with and
//! without a running node: commands and options from the parser itself; titles, tags and names from
//! the node or the home, if they come in time. It builds no index, asks for no passphrase, makes no home
//! and says nothing of errors: whoever presses a key wants no message.

mod ask;
mod line;
mod scripts;
mod walk;

use std::{
    path::PathBuf,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use clap::CommandFactory;
use folkmoot_client::api::Candidate;

pub(crate) use scripts::script;

use crate::args::Cli;

/// Until then there is an answer: what comes later comes too late for a finger.
const PATIENCE: Duration = Duration::from_millis(45);

/// What stands for file names, which the shells know best.
const FILES: &str = ":files";

/// Which shell asks, and what it gives.
pub(crate) enum Typed {
    /// The line up to the cursor, and what bash takes as the ends of words.
    Bash { line: String, breaks: String },
    /// Words without their quotes; the last is being typed.
    Words(Vec<String>),
}

/// The lines for the shell.
pub(crate) fn lines(typed: &Typed, home: Option<PathBuf>) -> Vec<String> {
    let begun = Instant::now();
    let (words, open) = match typed {
        Typed::Bash { line, breaks } => {
            let line = line::split(line);
            (line.words.clone(), Some((line, breaks)))
        }
        Typed::Words(words) => (words.clone(), None),
    };
    let mut root = Cli::command();
    root.build();
    let asked = walk::asked(&root, &words);
    let mut found = asked.fixed;
    if let Some((what, begins)) = asked.known {
        let (send, receive) = mpsc::channel();
        let home = asked.home.or(home);
        // The thread ends with the process: nobody waits for it.
        let spawned = thread::Builder::new().spawn(move || {
            // Where nobody waits any more there is nobody to tell.
            let (Ok(()) | Err(_)) = send.send(ask::known(home, what, &begins));
        });
        if spawned.is_ok() {
            let left = patience().saturating_sub(begun.elapsed());
            let known = receive.recv_timeout(left).unwrap_or_default();
            // A title that looks like an option would be one.
            let known = known
                .into_iter()
                .filter(|known| !known.value.starts_with('-'));
            found.extend(known.map(|candidate| Candidate {
                value: format!("{}{}", asked.before, asked.quote.put(&candidate.value)),
                about: candidate.about,
            }));
        }
    }
    let one_line = |text: &str| !text.chars().any(char::is_control);
    found.retain(|candidate| one_line(&candidate.value));
    let mut lines: Vec<String> = match open {
        Some((line, breaks)) => found
            .iter()
            .filter_map(|candidate| line.insert(&candidate.value, breaks))
            .collect(),
        None => found
            .iter()
            .map(|Candidate { value, about }| match one_line(about) {
                true if !about.is_empty() => format!("{value}\t{about}"),
                _ => value.clone(),
            })
            .collect(),
    };
    if asked.files {
        lines.insert(0, FILES.to_owned());
    }
    lines
}

/// How long is waited: on a slow machine somebody may want to wait longer.
fn patience() -> Duration {
    let asked = std::env::var("MOOT_COMPLETE_MS").ok();
    let asked = asked.and_then(|text| text.parse().ok());
    asked.map_or(PATIENCE, Duration::from_millis)
}
