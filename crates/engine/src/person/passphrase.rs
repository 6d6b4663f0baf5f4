//! Setting, changing and removing the passphrase of the keys.

use folkmoot_api::{ApiError, ErrorCode, PassphraseSet, Reply, Secret};

use crate::{
    core::Core,
    errors::{key_failed, usage},
    person::keyring::KeyError,
};

impl Core {
    pub(crate) fn set_passphrase(&mut self, ask: &PassphraseSet) -> Result<Reply, ApiError> {
        let (now, new) = (ask.now.as_ref(), ask.new.as_ref());
        let (now, new) = (now.map(Secret::expose), new.map(Secret::expose));
        if new == Some("") {
            return Err(usage("an empty passphrase protects nothing"));
        }
        if new.is_none() && !self.keyring.sealed() {
            return Err(usage("no passphrase seals your keys"));
        }
        let denied = |what: &str| ApiError::new(ErrorCode::Denied, what.to_owned());
        self.keyring
            .set_passphrase(now, new)
            .map_err(|error| match error {
                KeyError::PassphraseNeeded => denied("a passphrase seals your keys already")
                    .hint("give that one too: moot passphrase change"),
                KeyError::PassphraseWrong => denied("the passphrase is wrong")
                    .hint("try again; the 24 words bring you back where it is lost: moot recover"),
                error => key_failed(error),
            })?;
        Ok(Reply::Done(
            match new {
                Some(_) => "a passphrase seals your keys",
                None => "your keys lie in the open: whoever has your home folder reads everything",
            }
            .to_owned(),
        ))
    }
}
