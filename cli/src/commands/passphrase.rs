//! `moot passphrase`

use std::io::Write;

use folkmoot_client::api::{Command, ErrorCode, PassphraseSet, Secret};
use folkmoot_engine::keys_are_sealed;
use serde_json::json;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    passphrase,
};

/// Set, change or remove the passphrase that seals your keys
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot passphrase                says whether one seals your keys
  moot passphrase set
  moot passphrase change
  moot passphrase remove

Where nobody can be asked, MOOT_PASSPHRASE_FILE names a file with the one that holds now, and
MOOT_NEW_PASSPHRASE_FILE one with the new one.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Subcommand)]
enum Verb {
    /// Seal keys that lie in the open
    Set,
    /// Seal them by another one
    Change,
    /// Leave them in the open: whoever has your home folder reads everything
    Remove,
}

/// # Errors
/// A wrong passphrase, or one that is or is not there.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    if !cx.home.folder().join("keys").exists() {
        // Says that there is no home.
        Access::open(cx, Need::ExistingHome)?;
    }
    let is_sealed = keys_are_sealed(cx.home.folder())?;
    let Some(verb) = args.verb else {
        if cx.ui.json {
            return cx.ui.object(&json!({ "sealed": is_sealed }));
        }
        let mut out = cx.ui.out();
        writeln!(out, "{}", state(is_sealed))?;
        return Ok(out.flush()?);
    };
    match (verb, is_sealed) {
        (Verb::Set, true) => {
            return Err(
                CliError::new(ErrorCode::Denied, "a passphrase seals your keys already")
                    .hint("moot passphrase change"),
            );
        }
        (Verb::Change | Verb::Remove, false) => {
            return Err(
                CliError::usage("no passphrase seals your keys").hint("moot passphrase set")
            );
        }
        _ => {}
    }
    let from_file = passphrase::from_file()?;
    let now = match from_file.clone() {
        _ if !is_sealed => None,
        Some(found) => Some(found),
        None => Some(passphrase::ask(cx.ui)?),
    };
    let new = match verb {
        Verb::Remove => None,
        Verb::Set | Verb::Change => Some(match passphrase::new_from_file()? {
            Some(found) => found,
            None if !cx.ui.may_ask() => {
                return Err(CliError::new(
                    ErrorCode::Denied,
                    "a new passphrase is needed, and nobody can be asked",
                )
                .hint("name a file that holds it with MOOT_NEW_PASSPHRASE_FILE"));
            }
            None => passphrase::choose(cx.ui)?,
        }),
    };
    let ask = PassphraseSet {
        now: now.clone().map(Secret::new),
        new: new.clone().map(Secret::new),
    };
    let access = Access::open_with(cx, Need::ExistingHome, now)?;
    let done: String = access.ask(Command::SetPassphrase(ask))?;
    tell(cx, new.is_some(), &done)?;
    if from_file.is_some() && new.as_deref() != from_file.as_deref() {
        cx.ui.warn(&format!(
            "the file that {} names holds another passphrase: write the new one there, or unset it",
            passphrase::FILE_VARIABLE
        ));
    }
    Ok(())
}

const fn state(is_sealed: bool) -> &'static str {
    if is_sealed {
        "a passphrase seals your keys"
    } else {
        "your keys lie in the open: whoever has your home folder reads everything"
    }
}

fn tell(cx: &Context<'_>, is_sealed: bool, sentence: &str) -> Result<(), CliError> {
    if cx.ui.json {
        return cx.ui.object(&json!({ "sealed": is_sealed }));
    }
    cx.ui.say(sentence);
    Ok(())
}
