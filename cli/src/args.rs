//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::{
    acts, backup, charter, collective, comment, complete_words, completions, config, contracts,
    device, edit, export, find, grant, history, id, import, invite, join, leave, link, list, lock,
    man, members, merge, note, passphrase, peers, proposals, propose, react, readmit, recover,
    related, rename, restore, revoke, search, show, status, symbol, sync, tags, task, today, trash,
    up, verify, vote, watch, why,
};

/// A person's own knowledge node: notes that are yours, shared in collectives without servers.
#[derive(Debug, Parser)]
#[command(
    name = "moot",
    version,
    propagate_version = false,
    max_term_width = 100
)]
#[command(after_help = "\
First steps:
  moot up                        run your node
  moot note \"hello\" -t first     write something
  moot find hello                find it again
  moot collective new commons    found a collective
  moot invite commons            make an invite key for a friend

Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 denied, 5 node not running.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Home folder [default: $MOOT_HOME, else folkmoot in $XDG_DATA_HOME]
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        help_heading = "Everywhere"
    )]
    pub home: Option<PathBuf>,
    /// Print JSON: one object, or one a line
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Print nothing but data, warnings and errors
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub quiet: bool,
    /// Never ask; fail where an answer would be needed
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub no_input: bool,
    /// Colours [default: on a terminal, unless NO_COLOR is set]
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        hide_possible_values = true,
        help = "Colours: auto, always or never [default: auto]",
        help_heading = "Everywhere"
    )]
    pub color: Option<Color>,
    /// Print long output as it is, without a pager
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub no_pager: bool,
}

/// When output has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the environment says no
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Up(up::Args),
    Status(status::Args),
    Id(id::Args),
    Passphrase(passphrase::Args),
    Lock(lock::LockArgs),
    Unlock(lock::UnlockArgs),
    Recover(recover::Args),
    Note(note::Args),
    Link(link::Args),
    Show(show::Args),
    Edit(edit::Args),
    History(history::Args),
    Merge(merge::Args),
    Task(task::Args),
    Today(today::Args),
    Comment(comment::Args),
    React(react::Args),
    Rename(rename::Args),
    Retract(acts::RetractArgs),
    Hide(acts::HideArgs),
    Unhide(acts::UnhideArgs),
    Purge(acts::PurgeArgs),
    Trash(trash::ListArgs),
    Restore(restore::Args),
    Undo(trash::UndoArgs),
    Find(find::Args),
    List(list::Args),
    Search(search::Args),
    Tags(tags::Args),
    Related(related::Args),
    Watch(watch::Args),
    Import(import::Args),
    Symbol(Box<symbol::Args>),
    Backup(backup::Args),
    Export(export::Args),
    Verify(verify::Args),
    Collective(collective::Args),
    Charter(charter::Args),
    Propose(propose::Args),
    Vote(vote::Args),
    Proposals(proposals::Args),
    Invite(Box<invite::Args>),
    Members(members::Args),
    Leave(leave::Args),
    Device(device::Args),
    Join(join::Args),
    Contracts(contracts::Args),
    Grant(grant::Args),
    Revoke(revoke::Args),
    Readmit(readmit::Args),
    Peers(peers::Args),
    Sync(sync::Args),
    Why(why::Args),
    Config(config::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    CompleteWords(complete_words::Args),
    #[command(hide = true)]
    Man(man::Args),
}
