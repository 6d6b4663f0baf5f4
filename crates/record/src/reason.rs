//! Why a record fails the context-free check (section 2.5).

/// The first failing test, in the order of section 2.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[allow(missing_docs)] // each name is a reason code of section 2.5, where it is defined
pub enum Reason {
    #[error("too-large")]
    TooLarge,
    #[error("fc-malformed")]
    FcMalformed,
    #[error("fc-not-canonical")]
    FcNotCanonical,
    #[error("fc-type")]
    FcType,
    #[error("header-arity")]
    HeaderArity,
    #[error("version")]
    Version,
    #[error("header-range")]
    HeaderRange,
    #[error("header-order")]
    HeaderOrder,
    #[error("header-shape")]
    HeaderShape,
    #[error("key-noncanonical")]
    KeyNoncanonical,
    #[error("key-small-order")]
    KeySmallOrder,
    #[error("sig-noncanonical")]
    SigNoncanonical,
    #[error("sig-mismatch")]
    SigMismatch,
    #[error("body-missing")]
    BodyMissing,
    #[error("body-mismatch")]
    BodyMismatch,
    #[error("body-fc")]
    BodyFc,
    #[error("body-schema")]
    BodySchema,
    #[error("body-sig")]
    BodySig,
    #[error("kind-unknown")]
    KindUnknown,
}
