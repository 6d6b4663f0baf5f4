//! Looking for damage of the record log before a copy is made.

use folkmoot_client::api::{Command, LogAsk, LogChecked};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{access::Access, commands::Context, error::CliError};

/// Sentences that are shown; the node says the rest in `moot status`.
const SHOWN: usize = 10;

/// Reads the whole record log against its checksums, and tells what nobody had met. The copy holds
/// everything else.
///
/// # Errors
/// What the engine says.
pub(crate) fn check_log(cx: &Context<'_>, access: &Access) -> Result<Vec<String>, CliError> {
    let bar = match cx.ui.is_quiet() {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(0),
    };
    let template = "{bar:30} {bytes} of {total_bytes} read against the checksums";
    let bar = match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let part: LogChecked = access.ask(Command::CheckLog(LogAsk { next }))?;
        bar.set_length(part.total);
        bar.set_position(part.bytes);
        found.extend(part.damage);
        match part.next {
            Some(place) => next = Some(place),
            None => break,
        }
    }
    bar.finish_and_clear();
    for damage in found.iter().take(SHOWN) {
        cx.ui.warn(damage);
    }
    if found.len() > SHOWN {
        let more = found.len() - SHOWN;
        cx.ui.warn(&format!("and {more} more places are damaged"));
    }
    if !found.is_empty() {
        cx.ui.say(
            "this copy holds all the rest. Members are asked for what is lost; else an older copy may have it, or the files that it was imported from. Look at the disk",
        );
    }
    Ok(found)
}
