//! What a document keeps of where it was imported from: keys of its body beyond those of its kind.
//!
//! Keys from 64 on are free for applications (section 3.4 of the protocol); every version carries
//! them on.

use folkmoot_record::content::{Content, Value};

/// Text: lines of YAML that the source had beside what is a field here.
pub const PROPERTIES: u8 = 64;
/// Array of texts: other names by which links find it.
pub const ALIASES: u8 = 65;
/// Text: when it was written first, as its source said (RFC 3339).
pub const WRITTEN: u8 = 66;
/// Bytes: which source it is, by 8 bytes for the whole and 16 for the part.
pub const SOURCE: u8 = 67;

/// Most other names that are read: as many as a symbol may have.
const MOST_ALIASES: usize = 64;

/// The other names of a document.
pub fn aliases(content: &Content) -> impl Iterator<Item = String> {
    let values = match content.map.get(&ALIASES) {
        Some(Value::Array(values)) => values.as_slice(),
        _ => &[],
    };
    values
        .iter()
        .filter_map(|value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        })
        .take(MOST_ALIASES)
}
