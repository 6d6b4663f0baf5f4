//! One pass over an item that finds its first error class (section 1.3).

use super::{DEPTH, FcError};

/// Whether `bytes` are exactly one FC item.
///
/// # Errors
/// The first class that occurs anywhere in the item, in the order of [`FcError`];
/// never [`FcError::Range`].
pub fn check(bytes: &[u8]) -> Result<(), FcError> {
    let mut scan = Scan {
        bytes,
        pos: 0,
        loose: false,
        foreign: false,
    };
    scan.item(0)?;
    if scan.pos != bytes.len() {
        Err(FcError::Malformed)
    } else if scan.loose {
        Err(FcError::NotCanonical)
    } else if scan.foreign {
        Err(FcError::Type)
    } else {
        Ok(())
    }
}

/// Only malformed bytes stop the scan; the lesser classes are noted on the way.
struct Scan<'a> {
    bytes: &'a [u8],
    pos: usize,
    /// Something was not written canonically.
    loose: bool,
    /// Something has a type that FC lacks.
    foreign: bool,
}

struct Head {
    major: u8,
    info: u8,
    arg: u64,
}

const UINT: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const INDEFINITE: u8 = 31;
const BREAK: u8 = 0xff;

impl<'a> Scan<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], FcError> {
        let count = usize::try_from(count).map_err(|_| FcError::Malformed)?;
        let end = self.pos.checked_add(count).ok_or(FcError::Malformed)?;
        let taken = self.bytes.get(self.pos..end).ok_or(FcError::Malformed)?;
        self.pos = end;
        Ok(taken)
    }

    fn number(&mut self, width: u64) -> Result<u64, FcError> {
        let bytes = self.take(width)?;
        Ok(bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn head(&mut self) -> Result<Head, FcError> {
        let first = self.number(1)? as u8;
        let (major, info) = (first >> 5, first & 31);
        // The least number that needs this form; below it a shorter form exists.
        let (arg, least) = match info {
            0..24 => (u64::from(info), 0),
            24 => (self.number(1)?, 24),
            25 => (self.number(2)?, 1 << 8),
            26 => (self.number(4)?, 1 << 16),
            27 => (self.number(8)?, 1 << 32),
            INDEFINITE if (BYTES..=MAP).contains(&major) => {
                self.loose = true;
                (0, 0)
            }
            // 28 to 30 are reserved; 31 elsewhere is a stray break or nothing at all.
            _ => return Err(FcError::Malformed),
        };
        // In major type 7 the argument is no number: floats and simple values have one form.
        if major <= TAG && arg < least {
            self.loose = true;
        }
        Ok(Head { major, info, arg })
    }

    /// Consumes a break if one comes next.
    fn at_break(&mut self) -> bool {
        let found = self.bytes.get(self.pos) == Some(&BREAK);
        self.pos += usize::from(found);
        found
    }

    fn item(&mut self, open: u8) -> Result<(), FcError> {
        let head = self.head()?;
        match head.major {
            UINT => {}
            NEGATIVE => self.foreign = true,
            BYTES | TEXT => self.string(&head)?,
            ARRAY => {
                let open = deeper(open)?;
                if head.info == INDEFINITE {
                    while !self.at_break() {
                        self.item(open)?;
                    }
                } else {
                    // A count beyond the bytes held ends at the first missing item.
                    for _ in 0..head.arg {
                        self.item(open)?;
                    }
                }
            }
            MAP => self.map(&head, deeper(open)?)?,
            TAG => {
                self.foreign = true;
                self.item(deeper(open)?)?;
            }
            _ => match head.info {
                20..=22 => {}
                24 if head.arg < 32 => return Err(FcError::Malformed),
                _ => self.foreign = true,
            },
        }
        Ok(())
    }

    fn string(&mut self, head: &Head) -> Result<(), FcError> {
        if head.info != INDEFINITE {
            return self.chunk(head);
        }
        while !self.at_break() {
            let chunk = self.head()?;
            if chunk.major != head.major || chunk.info == INDEFINITE {
                return Err(FcError::Malformed);
            }
            self.chunk(&chunk)?;
        }
        Ok(())
    }

    fn chunk(&mut self, head: &Head) -> Result<(), FcError> {
        let bytes = self.take(head.arg)?;
        if head.major == TEXT && std::str::from_utf8(bytes).is_err() {
            return Err(FcError::Malformed);
        }
        Ok(())
    }

    fn map(&mut self, head: &Head, open: u8) -> Result<(), FcError> {
        let mut last: Option<&[u8]> = None;
        let mut left = head.arg;
        loop {
            if head.info == INDEFINITE {
                if self.at_break() {
                    return Ok(());
                }
            } else if left == 0 {
                return Ok(());
            } else {
                left -= 1;
            }
            let start = self.pos;
            self.item(open)?;
            let key = &self.bytes[start..self.pos];
            // Keys 0 to 255 are one byte, or 0x18 and one byte.
            if !matches!(key, [0..=0x17] | [0x18, _]) {
                self.foreign = true;
            }
            // Section 4.2.1 of RFC 8949: bytewise order of the encoded keys.
            if last.is_some_and(|last| last >= key) {
                self.loose = true;
            }
            last = Some(key);
            self.item(open)?;
        }
    }
}

fn deeper(open: u8) -> Result<u8, FcError> {
    if open < DEPTH {
        Ok(open + 1)
    } else {
        Err(FcError::Malformed)
    }
}
