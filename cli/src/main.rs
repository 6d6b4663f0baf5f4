//! `moot`, the command line of Folkmoot.
//!
//! Data goes to standard output, talk to standard error. Each command has a file of its own under
//! `commands/`; its doc comment is its help.

mod access;
mod args;
mod commands;
mod complete;
mod error;
mod export;
mod import;
mod lines;
mod page;
mod passphrase;
mod typed;
mod ui;

use std::process::ExitCode;

use crate::ui::Ui;

/// The system's allocator keeps an arena for each thread: measured at 100,000 notes it held twice
/// the memory of this one. It needs nothing but a C compiler. Huge pages are off: with them a node
/// held half as much again, and the kernel's clearing of them was a quarter of a short session.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match typed::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return error::mistyped(&error),
    };
    let ui = Ui::new(&cli.global);
    match commands::run(cli, &ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(&ui),
    }
}
