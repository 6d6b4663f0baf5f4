//! `moot sync`

use std::io::Write;

use folkmoot_client::api::{Command, ErrorCode, SyncArgs, SyncView};

use crate::{
    access::{Access, Need},
    commands::{Context, peers::print_peers},
    error::CliError,
    ui::clean,
};

/// Compare with the connected members now, and wait for the outcome
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot sync
  moot sync commons --wait 10

Nodes do this by themselves. Exit code 1 where an outcome is still missing after the wait.")]
pub(crate) struct Args {
    /// Only this collective: name or id prefix
    collective: Option<String>,
    /// Seconds to wait for the outcome (60 at most)
    #[arg(long, default_value_t = 30, value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(0..=60))]
    wait: u32,
}

/// # Errors
/// No outcome in time, or what the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let view: SyncView = Access::open(cx, Need::Node)?.ask(Command::Sync(SyncArgs {
        collective: args.collective,
        wait_ms: args.wait * 1000,
    }))?;
    if cx.ui.json {
        cx.ui.object(&view)?;
    } else {
        let mut out = cx.ui.out();
        print_peers(&mut out, &view.peers, false)?;
        out.flush()?;
    }
    for name in &view.alone {
        cx.ui
            .warn(&format!("no member of {} is connected", clean(name)));
    }
    if view.complete {
        return Ok(());
    }
    Err(CliError::new(
        ErrorCode::Unavailable,
        "some comparisons had not ended when the wait did",
    )
    .hint("they go on; `moot status` shows the outcome"))
}
