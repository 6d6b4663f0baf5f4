//! The commands, one file each.

pub(crate) mod acts;
pub(crate) mod backup;
pub(crate) mod charter;
pub(crate) mod collective;
pub(crate) mod comment;
pub(crate) mod complete_words;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod contracts;
pub(crate) mod device;
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod grant;
pub(crate) mod history;
pub(crate) mod id;
pub(crate) mod import;
pub(crate) mod invite;
pub(crate) mod join;
pub(crate) mod leave;
pub(crate) mod link;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod man;
pub(crate) mod members;
pub(crate) mod merge;
pub(crate) mod note;
pub(crate) mod passphrase;
pub(crate) mod peers;
pub(crate) mod proposals;
pub(crate) mod propose;
pub(crate) mod react;
pub(crate) mod readmit;
pub(crate) mod recover;
pub(crate) mod related;
pub(crate) mod rename;
pub(crate) mod restore;
pub(crate) mod revoke;
pub(crate) mod search;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod symbol;
pub(crate) mod sync;
pub(crate) mod tags;
pub(crate) mod task;
pub(crate) mod today;
pub(crate) mod trash;
pub(crate) mod up;
pub(crate) mod verify;
pub(crate) mod vote;
pub(crate) mod watch;
pub(crate) mod why;

use folkmoot_node::{HOME_VARIABLE, Home};

use crate::{
    args::{Cli, Command},
    error::CliError,
    ui::Ui,
};

/// What every command works with.
pub(crate) struct Context<'a> {
    /// The home folder.
    pub home: Home,
    /// The terminal.
    pub ui: &'a Ui,
}

/// Carries out what was typed.
///
/// # Errors
/// Those of the command.
pub(crate) fn run(cli: Cli, ui: &Ui) -> Result<(), CliError> {
    let command = match cli.command {
        Command::Completions(args) => return completions::run(&args),
        Command::Man(args) => return man::run(&args),
        Command::CompleteWords(args) => complete_words::run(args, cli.global.home),
        command => command,
    };
    let home = Home::locate(cli.global.home, std::env::var_os(HOME_VARIABLE))?;
    let cx = Context { home, ui };
    match command {
        Command::Up(args) => up::run(&cx, args),
        Command::Status(args) => status::run(&cx, &args),
        Command::Id(args) => id::run(&cx, args),
        Command::Passphrase(args) => passphrase::run(&cx, &args),
        Command::Lock(_) => lock::lock(&cx),
        Command::Unlock(_) => lock::unlock(&cx),
        Command::Recover(args) => recover::run(&cx, args),
        Command::Note(args) => note::run(&cx, args),
        Command::Link(args) => link::run(&cx, args),
        Command::Show(args) => show::run(&cx, args),
        Command::Edit(args) => edit::run(&cx, args),
        Command::History(args) => history::run(&cx, args),
        Command::Merge(args) => merge::run(&cx, args),
        Command::Task(args) => task::run(&cx, args),
        Command::Today(args) => today::run(&cx, args),
        Command::Comment(args) => comment::run(&cx, args),
        Command::React(args) => react::run(&cx, args),
        Command::Rename(args) => rename::run(&cx, args),
        Command::Retract(args) => acts::retract(&cx, args),
        Command::Hide(args) => acts::hide(&cx, args),
        Command::Unhide(args) => acts::unhide(&cx, args),
        Command::Purge(args) => acts::purge(&cx, args),
        Command::Trash(args) => trash::trash(&cx, &args),
        Command::Restore(args) => restore::run(&cx, args),
        Command::Undo(args) => trash::undo(&cx, &args),
        Command::Find(args) => find::run(&cx, &args),
        Command::List(args) => list::run(&cx, &args),
        Command::Search(args) => search::run(&cx, args),
        Command::Tags(args) => tags::run(&cx, &args),
        Command::Related(args) => related::run(&cx, &args),
        Command::Watch(args) => watch::run(&cx, &args),
        Command::Import(args) => import::run(&cx, &args),
        Command::Symbol(args) => symbol::run(&cx, *args),
        Command::Backup(args) => backup::run(&cx, args),
        Command::Export(args) => export::run(&cx, args),
        Command::Verify(args) => verify::run(&cx, &args),
        Command::Charter(args) => charter::run(&cx, args),
        Command::Collective(args) => collective::run(&cx, args),
        Command::Propose(args) => propose::run(&cx, args),
        Command::Vote(args) => vote::run(&cx, args),
        Command::Proposals(args) => proposals::run(&cx, args),
        Command::Invite(args) => invite::run(&cx, *args),
        Command::Members(args) => members::run(&cx, args),
        Command::Leave(args) => leave::run(&cx, args),
        Command::Device(args) => device::run(&cx, args),
        Command::Join(args) => join::run(&cx, args),
        Command::Contracts(args) => contracts::run(&cx, args),
        Command::Grant(args) => grant::run(&cx, args),
        Command::Revoke(args) => revoke::run(&cx, args),
        Command::Readmit(args) => readmit::run(&cx, &args),
        Command::Peers(args) => peers::run(&cx, args),
        Command::Sync(args) => sync::run(&cx, args),
        Command::Why(args) => why::run(&cx, args),
        Command::Config(args) => config::run(&cx, args),
        // Those that need no home were run above.
        Command::Completions(_) | Command::Man(_) | Command::CompleteWords(_) => Ok(()),
    }
}
