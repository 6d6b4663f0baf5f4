//! Sizes of section 2.2, each named.

/// Most bytes of a header.
pub const HEADER: usize = 4_096;
/// Most bytes of an ordinary body.
pub const BODY: usize = 65_536;
/// Most bytes of the body of a revocation, proposal or decision.
pub const LONG_BODY: usize = 524_288;
/// Most bytes of a whole record.
pub const RECORD: usize = 528_512;
/// Most entries of `auth`.
pub const AUTH: usize = 16;
/// Most entries of `refs`.
pub const REFS: usize = 32;
/// Most tags.
pub const TAGS: usize = 16;
/// Most bytes of a tag.
pub const TAG: usize = 64;
/// Most bytes of a text.
pub const TEXT: usize = 32_768;
/// Most bytes of a title.
pub const TITLE: usize = 256;
/// Most bytes of a name or label.
pub const NAME: usize = 128;
