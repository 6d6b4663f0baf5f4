//! `moot completions`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{args::Cli, complete::script, error::CliError};

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot completions bash > ~/.local/share/bash-completion/completions/moot
  moot completions fish > ~/.config/fish/completions/moot.fish
  moot completions zsh > ~/.zfunc/_moot

In bash, zsh and fish not only commands and options are completed, but also titles, tags, and the
names of collectives, members and shared words, with and without a running node. It needs moot in
your PATH.")]
pub(crate) struct Args {
    /// Which shell
    shell: Shell,
}

/// # Errors
/// Where they cannot be written.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let mut text = Vec::new();
    match script(&args.shell.to_string()) {
        Some(script) => text.extend_from_slice(script.as_bytes()),
        // Other shells are told the commands and options alone.
        None => clap_complete::generate(args.shell, &mut Cli::command(), "moot", &mut text),
    }
    Ok(std::io::Write::write_all(&mut std::io::stdout(), &text)?)
}
