//! What a peer did wrong.

use folkmoot_record::fc::FcError;

/// A breach of the protocol by a peer. Each costs points; see [`Fault::points`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("sent bytes that are no frame ({0})")]
    Encoding(#[from] FcError),
    #[error("sent {0}")]
    Malformed(&'static str),
    #[error("sent {0} that is too large")]
    TooLarge(&'static str),
    #[error("sent {0} out of turn")]
    OutOfTurn(&'static str),
    #[error("sent a proof that does not hold")]
    Proof,
    #[error("said nothing while a {0} was open")]
    Silent(&'static str),
    #[error("sent {0} records that are void")]
    Void(u32),
    #[error("asked for too much: {0}")]
    Greedy(&'static str),
    #[error("sent more than it was given leave to")]
    Unbidden,
}

impl Fault {
    /// Points on a scale on which [`crate::limits::BAN_SCORE`] ends the connection: what cannot
    /// happen by accident costs half of it, what a slow line may cause a tenth.
    pub(crate) fn points(&self) -> u32 {
        match self {
            Self::Encoding(_) | Self::Malformed(_) | Self::TooLarge(_) | Self::Proof => 50,
            Self::OutOfTurn(_) | Self::Greedy(_) => 20,
            Self::Silent(_) => 10,
            Self::Void(count) => count.saturating_mul(20),
            Self::Unbidden => 100,
        }
    }
}
