//! `moot invite`

use std::io::Write;

use folkmoot_client::api::{Command, InviteNew, InviteView};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{ahead, clean, duration_ms, plural, qr, style},
};

/// Make an invite key for a collective
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot invite commons
  moot invite commons --role writer --uses 10 --expires 2w --label \"spring meeting\"

The key is a secret: whoever has it can join until it is used up or expires. Any member whose node
runs can welcome the friend; you need not be there.")]
pub(crate) struct Args {
    /// Name or id prefix of the collective
    collective: String,
    /// Role it gives
    #[arg(long, default_value = "writer")]
    role: String,
    /// How many people may use it
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    uses: u64,
    /// How long it is open: 12h, 7d, 2w, never
    #[arg(long, default_value = "7d", value_name = "DURATION")]
    expires: String,
    /// A note for you and the members
    #[arg(long)]
    label: Option<String>,
    /// Print the QR code even where the output is no terminal
    #[arg(long, overrides_with = "no_qr")]
    qr: bool,
    /// Print no QR code
    #[arg(long)]
    no_qr: bool,
}

/// # Errors
/// A duration that is none, or what the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let invite = InviteNew {
        collective: args.collective,
        role: args.role,
        uses: args.uses,
        expires_ms: duration_ms(&args.expires)?,
        label: args.label,
    };
    let view: InviteView = Access::open(cx, Need::Home)?.ask(Command::Invite(invite))?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    let Some(key) = &view.key else {
        return Err(CliError::failed(
            "the invite was made, but its key was not handed over",
        ));
    };
    let mut out = cx.ui.out();
    if args.qr || (cx.ui.out_is_terminal() && !args.no_qr) {
        match qr(key) {
            Some(code) => writeln!(out, "{code}")?,
            None => cx.ui.warn("the key is too long for a QR code"),
        }
    }
    let bold = style::BOLD;
    writeln!(out, "{bold}{key}{bold:#}")?;
    out.flush()?;
    let open = match view.open_until {
        Some(end) => format!("open for {}", ahead(end, Timestamp::now())),
        None => "open without end".to_owned(),
    };
    cx.ui.say(&format!(
        "\nIt lets {} join {} as {}; {open}. It is a secret: hand it over as you would a key.",
        plural(view.uses_left, "person", "people"),
        clean(&view.collective),
        clean(&view.role),
    ));
    cx.ui
        .say("Your friend runs `moot up`, and in another terminal `moot join -`, and pastes it.");
    if let Some(caution) = &view.caution {
        cx.ui.warn(caution);
    }
    Ok(())
}
