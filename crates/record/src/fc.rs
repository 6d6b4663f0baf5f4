//! FC, the canonical encoding (section 1.3).
//!
//! [`check`] scans a whole item and names its first error class; [`Decoder::new`]
//! does the same and then reads; [`Encoder`] writes nothing but FC.

mod decode;
mod encode;
mod map;
mod scan;
pub(crate) mod value;

pub use decode::Decoder;
pub use encode::Encoder;
pub use map::MapKeys;
pub use scan::check;
pub use value::Value;

/// Most arrays, maps and tags open at once (section 1.3): bounds recursion.
pub const DEPTH: u8 = 8;
/// Unsigned integers are below 2^53 unless a field says otherwise (section 1.3).
pub const UINT_MAX: u64 = (1 << 53) - 1;

/// Why bytes are not the FC that a reader wants. Smaller is reported first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum FcError {
    /// Truncated, trailing bytes, reserved forms, bad UTF-8 or too deep: `fc-malformed`.
    #[error("malformed encoding")]
    Malformed,
    /// Another encoding of the same value is the canonical one: `fc-not-canonical`.
    #[error("encoding is not canonical")]
    NotCanonical,
    /// A type that FC lacks, or not the type that the reader wants: `fc-type`.
    #[error("wrong type")]
    Type,
    /// Proper FC of the right type, but its length, number, count or order is not allowed here.
    #[error("value out of bounds")]
    Range,
}
