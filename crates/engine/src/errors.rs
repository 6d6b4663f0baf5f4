//! From the crates' errors to sentences for people.

use folkmoot_accord::{Denied, VoidReason};
use folkmoot_api::{ApiError, ErrorCode};
use folkmoot_store::StoreError;

use crate::{
    OpenError,
    person::{home::HomeError, keyring::KeyError},
    powers::reasons,
};

pub(crate) fn failed(message: String) -> ApiError {
    ApiError::new(ErrorCode::Failed, message)
}

pub(crate) fn usage(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Usage, message)
}

pub(crate) fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::NotFound, message)
}

/// Nothing of what was asked is stored.
pub(crate) fn store_failed(error: StoreError) -> ApiError {
    match error {
        StoreError::DiskFull => failed("the disk is full: nothing was stored".to_owned())
            .hint("free some space and try again; everything stored before is safe"),
        other => failed(format!("the store failed, nothing was stored: {other}"))
            .hint("look at `moot status`; a restart rebuilds what can be rebuilt"),
    }
}

/// Something that is kept here could not be read.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
pub(crate) fn store_unread(error: StoreError) -> ApiError {
    failed(format!("the store could not be read: {error}"))
        .hint("look at `moot status`; a restart rebuilds what can be rebuilt")
}

/// What a member asked for is not theirs to do: no right of theirs allows it.
pub(crate) fn denied(collective: &str, refusal: Denied) -> ApiError {
    let told = reasons::void(refusal.reason);
    refused(
        refusal.reason,
        format!("you may not do this in {collective}: {}", told.own),
    )
}

/// A record that was made, and that everyone would find void.
pub(crate) fn void(collective: &str, reason: VoidReason) -> ApiError {
    let told = reasons::void(reason);
    refused(
        reason,
        format!("{collective} would refuse it: {}", told.own),
    )
}

/// A refusal in words of its own, with the rule's code and next step.
pub(crate) fn refused(reason: VoidReason, message: impl Into<String>) -> ApiError {
    let mut error = ApiError::new(ErrorCode::Denied, message).hint(reasons::void(reason).next);
    error.reason = Some(reason.as_str().into());
    error
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "made to be handed to `map_err`"
)]
pub(crate) fn key_failed(error: KeyError) -> ApiError {
    failed(format!("the keys could not be written: {error}"))
}

impl From<KeyError> for OpenError {
    fn from(error: KeyError) -> Self {
        let hint = match &error {
            KeyError::PassphraseNeeded => return Self::PassphraseNeeded,
            KeyError::PassphraseWrong => return Self::PassphraseWrong,
            KeyError::Home(HomeError::Open { path }) => {
                Some(format!("run `chmod -R go= {}`", path.display()))
            }
            KeyError::Home(HomeError::IndexPlace { path }) => Some(format!(
                "move it away: mv {0} {0}.old; the index is built again",
                path.display()
            )),
            KeyError::Present { folder } => Some(format!(
                "move them away first if they are lost to you: mv {0} {0}.old",
                folder.display()
            )),
            KeyError::Damaged { .. } => Some(
                "restore the key folder from a copy, or use your 24 words: `moot recover`"
                    .to_owned(),
            ),
            _ => None,
        };
        Self::Failed {
            message: error.to_string(),
            hint,
        }
    }
}

impl From<HomeError> for OpenError {
    fn from(error: HomeError) -> Self {
        KeyError::Home(error).into()
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::InUse { pid } => Self::Locked {
                pid: pid.unwrap_or(0),
            },
            StoreError::WrongKey => Self::Failed {
                message: "the records here are sealed for another person: these keys do not open them"
                    .to_owned(),
                hint: Some(
                    "put the key folder back that belongs to them, or use the 24 words of that person: `moot recover`"
                        .to_owned(),
                ),
            },
            other => Self::Failed {
                hint: matches!(other, StoreError::DiskFull)
                    .then(|| "free some space and try again".to_owned()),
                message: other.to_string(),
            },
        }
    }
}
