//! `moot completions`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{args::Cli, error::CliError};

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot completions bash > ~/.local/share/bash-completion/completions/moot
  moot completions fish > ~/.config/fish/completions/moot.fish
  moot completions zsh > ~/.zfunc/_moot")]
pub(crate) struct Args {
    /// Which shell
    shell: Shell,
}

/// # Errors
/// Where they cannot be written.
pub(crate) fn run(args: &Args) -> Result<(), CliError> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "moot", &mut text);
    Ok(std::io::Write::write_all(&mut std::io::stdout(), &text)?)
}
