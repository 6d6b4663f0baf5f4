//! Everything a developer runs: `cargo xtask <command>`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool that talks to a terminal"
)]

mod bench;
mod docs;
mod lint;
mod man;
mod mutants;
mod needs;
mod shell;
mod test;
mod totals;
mod vectors;

use std::{env, process::ExitCode};

const HELP: &str = "\
cargo xtask <command>

  test [args]      build everything once, then run every test and say the totals;
                   args go to the test runner, e.g. `cargo xtask test -p folkmoot-seal`
  lint             format, clippy, licences, bans, sources, advisories
  docs             build the API documentation; a warning is an error
  bench [name]     run one benchmark, or all, on a release build
  mutants [name]   put known faults into the evaluator, one at a time: a test has to notice each;
                   `--all` tells every test that does
  man [DIR]        write the manual pages, one a command, to a folder [default: target/man]
  vectors [DIR]    run the test vectors of a folder, or ours; --state-hash prints name and hash
  vectors write    write the project's own vectors anew; `check` says whether they differ";

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let command = args.next();
    let rest: Vec<String> = args.collect();
    let outcome = match command.as_deref() {
        Some("test") => test::run(&rest),
        Some("lint") => none(&rest).and_then(|()| lint::run()),
        Some("docs") => none(&rest).and_then(|()| docs::run()),
        Some("bench") => bench::run(&rest),
        Some("mutants") => mutants::run(&rest),
        Some("man") => man::run(&rest),
        Some("vectors") => vectors::run(&rest),
        Some("help" | "--help" | "-h") => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn none(args: &[String]) -> anyhow::Result<()> {
    match args.first() {
        None => Ok(()),
        Some(arg) => anyhow::bail!("unknown argument `{arg}`"),
    }
}
