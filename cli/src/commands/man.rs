//! `moot man`, which `cargo xtask man` calls.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::{args::Cli, error::CliError};

/// Write the manual pages into a folder
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder, made where it is missing
    folder: PathBuf,
}

/// Where things lie, for every page.
const FILES: &str = ".SH FILES
.TP
$XDG_DATA_HOME/folkmoot, else ~/.local/share/folkmoot
The home: settings (config.toml), keys, records (store), the index, and the socket of a running node.
";

/// What the environment says, for every page.
const ENVIRONMENT: &str = ".SH ENVIRONMENT
.TP
MOOT_HOME
The home folder; \\-\\-home comes before it.
.TP
MOOT_PASSPHRASE_FILE
A file with the passphrase that seals the keys.
.TP
VISUAL, EDITOR
The editor for texts.
.TP
MOOT_PAGER, PAGER
The pager for long output; less \\-FRX if neither is set, none if empty or cat.
.TP
NO_COLOR, CLICOLOR, CLICOLOR_FORCE
Whether output has colours; \\-\\-color comes before them.
";

/// How a command ends, for every page.
const EXIT: &str = ".SH EXIT STATUS
.TP
0
It went well.
.TP
1
Something failed.
.TP
2
What was typed makes no sense.
.TP
3
Something was not found.
.TP
4
It is not allowed.
.TP
5
It needs a running node, and there is none.
";

/// # Errors
/// Where a page cannot be written.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let folder = &args.folder;
    fs::create_dir_all(folder).map_err(|error| CliError::file(folder, &error))?;
    let mut root = Cli::command();
    root.build();
    page(&root, "moot", folder)
}

/// Writes the page of a command, and those of the commands below it.
fn page(command: &Command, name: &str, folder: &Path) -> Result<(), CliError> {
    let path = folder.join(format!("{name}.1"));
    let text = text(command, name).map_err(|error| CliError::file(&path, &error))?;
    fs::write(&path, text).map_err(|error| CliError::file(&path, &error))?;
    for sub in visible(command) {
        page(sub, &format!("{name}-{}", sub.get_name()), folder)?;
    }
    Ok(())
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

fn text(command: &Command, name: &str) -> std::io::Result<Vec<u8>> {
    let man = Man::new(command.clone()).title(name).section("1");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    let mut subs = visible(command).peekable();
    if subs.peek().is_some() {
        writeln!(out, ".SH COMMANDS")?;
    }
    for sub in subs {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        writeln!(out, ".TP\n{}\\-{}(1)", plain(name), plain(sub.get_name()))?;
        writeln!(out, "{}", plain(&about))?;
    }
    if let Some(after) = command.get_after_help() {
        // The examples, and what is to be known beside: as in --help.
        writeln!(out, ".SH EXAMPLES\n.nf")?;
        let after = after.to_string();
        let after = after.strip_prefix("Examples:\n").unwrap_or(&after);
        for line in after.lines() {
            writeln!(out, "{}", plain(line))?;
        }
        writeln!(out, ".fi")?;
    }
    write!(out, "{FILES}{ENVIRONMENT}{EXIT}")?;
    if name != "moot" {
        writeln!(out, ".SH SEE ALSO\nmoot(1)")?;
    }
    Ok(out)
}

/// A line as roff reads it.
fn plain(line: &str) -> String {
    let text = line.replace('\\', "\\e").replace('-', "\\-");
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}
