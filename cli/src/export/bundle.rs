//! `moot export --bundle`

use std::path::Path;

use data_encoding::BASE64;
use folkmoot_client::api::{BundleAsk, BundlePart, Command, CopyMade, ErrorCode, Secret};
use folkmoot_engine::{BundleWriter, CopyError, Written};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    export::damage::check_log,
    passphrase,
    ui::{bytes, clean, plural},
};

/// Writes everything into one file.
///
/// # Errors
/// What the engine or the disk says.
pub(crate) fn bundle(
    cx: &Context<'_>,
    file: &Path,
    words_only: bool,
    force: bool,
) -> Result<(), CliError> {
    if file.is_dir() {
        return Err(CliError::usage(format!("{} is a folder", file.display()))
            .hint("name a file: moot export --bundle everything.moot"));
    }
    if file.exists() && !force {
        return Err(
            CliError::failed(format!("{} is there already", file.display()))
                .hint("name another file, or add --force to put the new one in its place"),
        );
    }
    let access = Access::open(cx, Need::ExistingHome)?;
    let passphrase = match words_only {
        true => None,
        false => new_passphrase(cx)?,
    };
    let by_passphrase = passphrase.is_some();
    let damage = check_log(cx, &access)?;
    let written = write(cx, &access, file, passphrase.as_ref())?;
    let place = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let place = place.display().to_string();
    // The bundle stands; that its making was not noted is no reason to fail.
    if let Err(error) = access.ask::<String>(Command::CopyMade(CopyMade { place })) {
        cx.ui
            .warn(&format!("its making was not noted: {}", error.api.message));
    }
    if cx.ui.json {
        return cx.ui.object(&json!({
            "file": file.display().to_string(),
            "records": written.records,
            "bytes": written.bytes,
            "sealed_by": if by_passphrase { "passphrase" } else { "words" },
            "damage": damage,
        }));
    }
    let records = plural(written.records, "record", "records");
    cx.ui.say(&format!(
        "{}: {records}, {}",
        clean(&file.display().to_string()),
        bytes(written.bytes)
    ));
    cx.ui.say(match by_passphrase {
        true => "its keys open with the passphrase, or with your 24 words",
        false => "its keys open with your 24 words",
    });
    Ok(())
}

/// The passphrase of a file or of the keyboard; none where nobody can be asked.
fn new_passphrase(cx: &Context<'_>) -> Result<Option<Zeroizing<String>>, CliError> {
    if let Some(passphrase) = passphrase::from_file()? {
        return Ok(Some(passphrase));
    }
    if !cx.ui.may_ask() {
        return Ok(None);
    }
    cx.ui
        .say("A passphrase for the keys in the bundle; your 24 words open it too.");
    passphrase::choose(cx.ui).map(Some)
}

fn write(
    cx: &Context<'_>,
    access: &Access,
    file: &Path,
    passphrase: Option<&Zeroizing<String>>,
) -> Result<Written, CliError> {
    let mut writer = BundleWriter::create(file)?;
    let bar = match cx.ui.is_quiet() {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(0),
    };
    let template = "{bar:30} {pos} of {len} records, {eta} left";
    let bar = match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    let mut next = None;
    loop {
        let ask = BundleAsk {
            next,
            // Only the last part needs it; which one that is, the node knows.
            passphrase: passphrase.cloned().map(Secret::new),
        };
        let part: BundlePart = access.ask(Command::BundlePart(ask))?;
        let frames = BASE64.decode(part.frames.as_bytes()).map_err(|_| {
            CliError::failed("the node's answer cannot be read")
                .hint("restart the node, so that it runs the same version as this command")
        })?;
        writer.add(&frames)?;
        bar.set_length(part.total);
        bar.set_position(writer.records());
        match part.next {
            Some(place) => next = Some(place),
            None => break,
        }
    }
    bar.finish_and_clear();
    Ok(writer.finish()?)
}

impl From<CopyError> for CliError {
    fn from(error: CopyError) -> Self {
        let message = error.to_string();
        match error {
            CopyError::Home(error) => error.into(),
            CopyError::WrongSecret(_) => Self::new(ErrorCode::Denied, message)
                .hint("try another one; nothing was changed. The 24 words open every copy: --words FILE"),
            CopyError::SecretNeeded => Self::new(ErrorCode::Denied, message).hint(
                "name a file that holds the passphrase with MOOT_PASSPHRASE_FILE, or one with the 24 words: --words FILE",
            ),
            CopyError::NotOurs { .. } => {
                Self::usage(message).hint("moot export --bundle FILE makes one")
            }
            CopyError::Newer { .. } => Self::failed(message).hint("install a newer version; the copy is left as it is"),
            CopyError::Damaged(_) => {
                Self::failed(message).hint("moot verify tells what is wrong; take another copy")
            }
            CopyError::Unfit(_) => Self::failed(message).hint(
                "try again; if it stays so, look at `moot status` and at the disk, or name another place",
            ),
            CopyError::Io { path, source, .. } => Self::file(&path, &source),
        }
    }
}
