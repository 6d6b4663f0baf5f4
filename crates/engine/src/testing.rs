//! A core without its thread: time passes only where a test lets it tick, so that what lies between two
//! steps can be looked at.

use std::{path::Path, sync::mpsc};

use folkmoot_api::{ApiError, Command, Find, Found, ImportItem, Imported, Note, Reply, Saved};

use crate::{Options, core::Core};

/// A home opened for one command, or as a node does.
pub(crate) fn open(home: &Path, serving: bool) -> Core {
    let options = Options {
        home: home.to_owned(),
        passphrase: None,
        version: "test",
        serving,
        helps: true,
    };
    Core::open(&options, &mut |_| {}, drop).unwrap().0
}

/// What is answered at once.
pub(crate) fn ask<T: TryFrom<Reply, Error = ApiError>>(
    core: &mut Core,
    command: Command,
) -> Result<T, ApiError> {
    answer(core, command).and_then(T::try_from)
}

pub(crate) fn answer(core: &mut Core, command: Command) -> Result<Reply, ApiError> {
    let (sender, answer) = mpsc::channel();
    let reply = move |reply| sender.send(reply).unwrap();
    core.command(command, Box::new(reply));
    answer.try_recv().unwrap()
}

pub(crate) fn write(core: &mut Core, title: &str, text: &str) -> Saved {
    let note = Note {
        title: (!title.is_empty()).then(|| title.to_owned()),
        text: Some(text.to_owned()),
        ..Note::default()
    };
    ask(core, Command::Note(note)).unwrap()
}

/// Writes so many pages about hedges.
pub(crate) fn fill(core: &mut Core, many: usize) {
    let page = |n| ImportItem {
        source: format!("{n}.md"),
        note: Note {
            title: Some(format!("Page {n}")),
            text: Some("About hedges.".to_owned()),
            ..Note::default()
        },
        ..ImportItem::default()
    };
    let all: Vec<ImportItem> = (0..many).map(page).collect();
    for some in all.chunks(500) {
        let import = Command::Import {
            collective: None,
            items: some.to_vec(),
            device: None,
            vault: None,
            dry_run: false,
        };
        let done: Imported = ask(core, import).unwrap();
        assert_eq!(done.added, some.len() as u64);
    }
}

pub(crate) fn find(core: &mut Core, query: &str) -> Result<Found, ApiError> {
    let find = Find {
        query: query.to_owned(),
        ..Find::default()
    };
    ask(core, Command::Find(find))
}
