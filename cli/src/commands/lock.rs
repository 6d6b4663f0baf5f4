//! `moot lock` and `moot unlock`

use std::time::{Duration, Instant};

use folkmoot_client::{
    ClientError,
    api::{ErrorCode, LOCKED, Secret},
};
use folkmoot_engine::keys_are_sealed;
use serde_json::json;

use crate::{access::Access, commands::Context, error::CliError, passphrase};

/// How long the node is waited for: it ends what it does, and opens its home.
const PATIENCE: Duration = Duration::from_secs(30);

/// Have your node forget its keys and close your home, until moot unlock
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot lock                      the node goes on waiting, and serves nobody

It needs a passphrase (moot passphrase set). Without a running node nothing is open: each command
asks for the passphrase.")]
pub(crate) struct LockArgs {}

/// Open a locked node with the passphrase
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot unlock                    asks for the passphrase
  MOOT_PASSPHRASE_FILE=~/passphrase moot unlock

After a wrong one the answer takes a second longer.")]
pub(crate) struct UnlockArgs {}

/// What a node says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Open,
    Locked,
    Nowhere,
}

/// # Errors
/// Keys that lie in the open, or what the node says.
pub(crate) fn lock(cx: &Context<'_>) -> Result<(), CliError> {
    let Some(access) = Access::running(cx)? else {
        if !keys_are_sealed(cx.home.folder())? {
            return Err(CliError::new(
                ErrorCode::Denied,
                "no passphrase seals your keys: a lock without one would protect nothing",
            )
            .hint("moot passphrase set"));
        }
        return said(cx, true, "no node runs, so nothing is open");
    };
    if stands(&access)? == Stands::Locked {
        return said(cx, true, "your node is locked already");
    }
    if let Some((client, runtime)) = access.node() {
        runtime.block_on(client.lock())?;
    }
    drop(access);
    until(cx, Stands::Locked)?;
    said(cx, true, "locked: moot unlock opens it again")
}

/// # Errors
/// The wrong passphrase, or what the node says.
pub(crate) fn unlock(cx: &Context<'_>) -> Result<(), CliError> {
    let Some(access) = Access::running(cx)? else {
        return Err(CliError::new(
            ErrorCode::NotRunning,
            "no node is running on this home, so none is locked",
        )
        .hint("start it: moot up"));
    };
    if stands(&access)? == Stands::Open {
        return said(cx, false, "your node is open");
    }
    let passphrase = match passphrase::from_file()? {
        Some(passphrase) => passphrase,
        None => passphrase::ask(cx.ui)?,
    };
    if let Some((client, runtime)) = access.node() {
        runtime.block_on(client.unlock(Secret::new(passphrase)))?;
    }
    drop(access);
    until(cx, Stands::Open)?;
    said(cx, false, "unlocked")
}

fn stands(access: &Access) -> Result<Stands, CliError> {
    let Some((client, runtime)) = access.node() else {
        return Ok(Stands::Nowhere);
    };
    match runtime.block_on(client.status()) {
        Ok(_) => Ok(Stands::Open),
        Err(ClientError::Api(error)) if error.reason.as_deref() == Some(LOCKED) => {
            Ok(Stands::Locked)
        }
        Err(ClientError::NotRunning) => Ok(Stands::Nowhere),
        Err(error) => Err(error.into()),
    }
}

/// Waits until the node stands so: between the two it has no socket.
fn until(cx: &Context<'_>, wanted: Stands) -> Result<(), CliError> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        // While the socket changes hands a connection can break in the middle.
        let now = Access::running(cx)?.map(|access| stands(&access));
        if matches!(&now, Some(Ok(found)) if *found == wanted) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(
        CliError::failed("the node did not say within half a minute that it did it")
            .hint("look at what moot up prints"),
    )
}

fn said(cx: &Context<'_>, locked: bool, sentence: &str) -> Result<(), CliError> {
    if cx.ui.json {
        return cx.ui.object(&json!({ "locked": locked }));
    }
    cx.ui.say(sentence);
    Ok(())
}
