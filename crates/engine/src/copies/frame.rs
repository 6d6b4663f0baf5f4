//! Frames of a bundle file (docs/protocol/bundle.md): what localises damage.

use folkmoot_record::hash;

/// First bytes of a bundle.
pub(crate) const MAGIC: &[u8; 16] = b"folkmoot bundle\n";
/// The format written, and the greatest that is read.
pub(crate) const VERSION: u32 = 1;
/// Bytes before the first frame.
pub(crate) const PROLOGUE: usize = 20;
/// Bytes of a frame's head.
pub(crate) const HEAD: usize = 28;
/// Most bytes of a payload: sealed keys of many collectives are the largest, at 16 MiB.
pub(crate) const PAYLOAD_MOST: usize = 16 << 20;
/// Fields that both checks cover: length, type, number.
const FIELDS: usize = 9;

/// A frame's check: 16 bytes.
pub(crate) type Check = [u8; 16];

/// The prologue of a file.
pub(crate) fn prologue() -> [u8; PROLOGUE] {
    let mut out = [0; PROLOGUE];
    out[..16].copy_from_slice(MAGIC);
    out[16..].copy_from_slice(&VERSION.to_be_bytes());
    out
}

/// What an intact head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) len: usize,
    pub(crate) kind: u8,
    pub(crate) number: u32,
    pub(crate) check: Check,
    fields: [u8; FIELDS],
}

/// The head of a frame with this payload, which is at most [`PAYLOAD_MOST`] bytes long.
pub(crate) fn head(kind: u8, number: u32, payload: &[u8]) -> ([u8; HEAD], Check) {
    let mut out = [0; HEAD];
    // Payloads are bounded far below 4 GiB.
    let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    out[..4].copy_from_slice(&len.to_be_bytes());
    out[4] = kind;
    out[5..9].copy_from_slice(&number.to_be_bytes());
    let mut fields = [0; FIELDS];
    fields.copy_from_slice(&out[..FIELDS]);
    out[9..12].copy_from_slice(&short(&fields));
    let check = long(&fields, payload);
    out[12..].copy_from_slice(&check);
    (out, check)
}

/// Whether a head may stand here, without hashing anything: holes of zeros are passed fast.
pub(crate) fn may_open(bytes: &[u8]) -> bool {
    let Some(&[a, b, c, d, kind]) = bytes.first_chunk() else {
        return false;
    };
    kind != 0 && u32::from_be_bytes([a, b, c, d]) as usize <= PAYLOAD_MOST
}

/// Reads a head; `None` where its check or its length is wrong.
pub(crate) fn open(bytes: &[u8]) -> Option<Head> {
    let bytes: &[u8; HEAD] = bytes.get(..HEAD)?.try_into().ok()?;
    let len = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    let mut fields = [0; FIELDS];
    fields.copy_from_slice(&bytes[..FIELDS]);
    if !may_open(bytes) || short(&fields) != bytes[9..12] {
        return None;
    }
    let mut check = [0; 16];
    check.copy_from_slice(&bytes[12..]);
    Some(Head {
        len,
        kind: bytes[4],
        number: u32::from_be_bytes([bytes[5], bytes[6], bytes[7], bytes[8]]),
        check,
        fields,
    })
}

impl Head {
    /// Whether this is the payload that was written.
    pub(crate) fn matches(&self, payload: &[u8]) -> bool {
        payload.len() == self.len && long(&self.fields, payload) == self.check
    }
}

fn short(fields: &[u8; FIELDS]) -> [u8; 3] {
    let hash = hash::derive("folkmoot/1 bundle head", &[fields]);
    [hash[0], hash[1], hash[2]]
}

fn long(fields: &[u8; FIELDS], payload: &[u8]) -> Check {
    let hash = hash::derive("folkmoot/1 bundle frame", &[fields, payload]);
    let mut check = [0; 16];
    check.copy_from_slice(&hash[..16]);
    check
}

/// The short check of a head, as whoever makes a false one computes it.
#[cfg(test)]
pub(crate) fn short_of(head: &[u8; HEAD]) -> [u8; 3] {
    let mut fields = [0; FIELDS];
    fields.copy_from_slice(&head[..FIELDS]);
    short(&fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_names_its_payload_and_no_other() {
        let (bytes, _) = head(3, 7, b"payload");
        let read = open(&bytes).unwrap();
        assert_eq!((read.len, read.kind, read.number), (7, 3, 7));
        assert!(read.matches(b"payload") && !read.matches(b"payloaD") && !read.matches(b"pay"));
    }

    #[test]
    fn every_flipped_bit_of_a_head_is_noticed() {
        let (bytes, _) = head(2, 1, b"x");
        for bit in 0..HEAD * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !open(&flipped).is_some_and(|head| head.matches(b"x")),
                "{bit}"
            );
        }
    }
}
