//! Reading the frames of a bundle, past damage.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use crate::copies::{
    CopyError,
    frame::{self, Check, HEAD, MAGIC, PAYLOAD_MOST, PROLOGUE, VERSION},
};

/// Bytes read at once.
const CHUNK: usize = 1 << 18;

/// Bytes that may be hashed in vain beyond those that were read. Accidents make nearly no false heads,
/// and a damaged payload is hashed once; heads that claim what other heads claim are somebody's work.
const WASTE: u64 = 4 * PAYLOAD_MOST as u64;
/// What the check of a false head costs, in bytes hashed.
const FALSE_HEAD: u64 = 64;

/// One step through a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An intact frame; its payload is [`Frames::payload`].
    Frame {
        at: u64,
        kind: u8,
        number: u32,
        check: Check,
    },
    /// Bytes that are no frame.
    Damage { at: u64, bytes: u64 },
    /// So much of it is made to be hashed in vain that it is not read further.
    GaveUp { at: u64 },
    /// The file ends.
    End,
}

/// The frames of a file, in order. Holds one frame at a time.
pub(crate) struct Frames {
    file: File,
    path: PathBuf,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were passed.
    start: usize,
    /// Place of `start` in the file.
    at: u64,
    payload: std::ops::Range<usize>,
    ended: bool,
    /// Bytes hashed in vain.
    wasted: u64,
}

impl Frames {
    /// Opens a bundle.
    ///
    /// # Errors
    /// Not a bundle, one of a later version, or the disk's.
    pub(crate) fn open(path: &Path) -> Result<Self, CopyError> {
        let file = File::open(path).map_err(CopyError::io("open", path))?;
        let mut frames = Self {
            file,
            path: path.to_owned(),
            buffer: Vec::new(),
            start: 0,
            at: 0,
            payload: 0..0,
            ended: false,
            wasted: 0,
        };
        frames.fill(PROLOGUE)?;
        let not_ours = |what| CopyError::NotOurs {
            path: path.to_owned(),
            what,
        };
        let prologue = frames
            .bytes(PROLOGUE)
            .ok_or_else(|| not_ours("it is too short"))?;
        if &prologue[..16] != MAGIC {
            return Err(not_ours("it does not begin as a bundle does"));
        }
        let mut version = [0; 4];
        version.copy_from_slice(&prologue[16..]);
        let found = u32::from_be_bytes(version);
        if found != VERSION {
            return Err(CopyError::Newer {
                path: path.to_owned(),
                found,
                known: VERSION,
            });
        }
        frames.pass(PROLOGUE);
        Ok(frames)
    }

    /// The payload of the frame that the last step gave.
    pub(crate) fn payload(&self) -> &[u8] {
        self.buffer.get(self.payload.clone()).unwrap_or_default()
    }

    /// How far the file was read.
    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    /// # Errors
    /// The disk's.
    pub(crate) fn step(&mut self) -> Result<Step, CopyError> {
        let begun = self.at;
        loop {
            if self.wasted > self.at + self.buffer.len() as u64 + WASTE {
                return Ok(Step::GaveUp { at: begun });
            }
            if let Some(head) = self.intact()? {
                if self.at > begun {
                    // Told before the frame behind it, which the next step finds again.
                    return Ok(damage(begun, self.at));
                }
                let at = self.at;
                self.pass(HEAD + head.len);
                self.payload = self.start - head.len..self.start;
                return Ok(Step::Frame {
                    at,
                    kind: head.kind,
                    number: head.number,
                    check: head.check,
                });
            }
            if self.bytes(1).is_none() {
                return Ok(if self.at > begun {
                    damage(begun, self.at)
                } else {
                    Step::End
                });
            }
            self.pass(1);
        }
    }

    /// The head of the frame that stands here whole.
    fn intact(&mut self) -> Result<Option<frame::Head>, CopyError> {
        self.fill(HEAD)?;
        let Some(bytes) = self.bytes(HEAD).filter(|bytes| frame::may_open(bytes)) else {
            return Ok(None);
        };
        let Some(head) = frame::open(bytes) else {
            self.wasted += FALSE_HEAD;
            return Ok(None);
        };
        self.fill(HEAD + head.len)?;
        let payload = self
            .bytes(HEAD + head.len)
            .and_then(|bytes| bytes.get(HEAD..));
        let matches = payload.is_some_and(|payload| head.matches(payload));
        if !matches {
            // Also where the file ends before it: it was moved to the front of the buffer.
            self.wasted += (HEAD + head.len) as u64;
        }
        Ok(matches.then_some(head))
    }

    fn bytes(&self, len: usize) -> Option<&[u8]> {
        self.buffer.get(self.start..self.start + len)
    }

    fn pass(&mut self, len: usize) {
        self.start += len;
        self.at += len as u64;
    }

    /// Brings `len` bytes into the buffer, as far as the file has them.
    fn fill(&mut self, len: usize) -> Result<(), CopyError> {
        if self.ended || self.buffer.len() >= self.start + len {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.payload = 0..0;
        self.start = 0;
        let want = len.max(CHUNK);
        let missing = want.saturating_sub(self.buffer.len()) as u64;
        let got = (&mut self.file)
            .take(missing)
            .read_to_end(&mut self.buffer)
            .map_err(CopyError::io("read", &self.path))?;
        self.ended = (got as u64) < missing;
        Ok(())
    }
}

const fn damage(from: u64, to: u64) -> Step {
    Step::Damage {
        at: from,
        bytes: to - from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copies::frame::{head, prologue};

    fn file(payloads: &[&[u8]]) -> Vec<u8> {
        let mut out = prologue().to_vec();
        for (number, payload) in payloads.iter().enumerate() {
            let (head, _) = head(2, u32::try_from(number).unwrap(), payload);
            out.extend(head);
            out.extend(*payload);
        }
        out
    }

    fn steps(bytes: &[u8]) -> Vec<(Step, Vec<u8>)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, bytes).unwrap();
        let mut frames = Frames::open(&path).unwrap();
        let mut all = Vec::new();
        loop {
            let step = frames.step().unwrap();
            if step == Step::End {
                return all;
            }
            if matches!(step, Step::GaveUp { .. }) {
                all.push((step, Vec::new()));
                return all;
            }
            let payload = match step {
                Step::Frame { .. } => frames.payload().to_vec(),
                _ => Vec::new(),
            };
            all.push((step, payload));
        }
    }

    #[test]
    fn damage_is_passed_and_named() {
        let long = vec![7; CHUNK * 2];
        let whole = file(&[b"one", &long, b"three"]);
        let all = steps(&whole);
        assert_eq!(all.len(), 3);
        assert_eq!(all[1].1, long);
        let mut broken = whole.clone();
        let second = PROLOGUE + HEAD + 3;
        broken[second + HEAD + 100] ^= 1;
        let all = steps(&broken);
        assert_eq!(
            all[1].0,
            Step::Damage {
                at: second as u64,
                bytes: (HEAD + long.len()) as u64
            }
        );
        assert_eq!(all[2].1, b"three");
        assert!(matches!(all[2].0, Step::Frame { number: 2, .. }));
        // Cut short.
        let all = steps(&whole[..whole.len() - 1]);
        assert!(matches!(all[2].0, Step::Damage { .. }));
    }

    /// Heads that fit their check, each of which claims all that follows.
    #[test]
    fn false_heads_end_the_reading() {
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&u32::try_from(PAYLOAD_MOST).unwrap().to_be_bytes());
        head[4] = 2;
        let check = frame::short_of(&head);
        head[9..12].copy_from_slice(&check);
        let mut bytes = file(&[b"one"]);
        let begun = bytes.len() as u64;
        bytes.extend(head.repeat((40 << 20) / HEAD));
        let all = steps(&bytes);
        assert_eq!(all[0].1, b"one");
        assert_eq!(all[1].0, Step::GaveUp { at: begun });
        assert_eq!(all.len(), 2);
    }

    /// What accidents do is read to its end, however large.
    #[test]
    fn a_hole_of_zeros_and_a_lost_stretch_are_passed() {
        let long = vec![7; CHUNK * 4];
        let whole = file(&[&long, b"two", &long, b"four"]);
        let mut broken = whole.clone();
        broken[PROLOGUE..PROLOGUE + HEAD + long.len()].fill(0);
        assert!(matches!(steps(&broken)[1].0, Step::Frame { number: 1, .. }));
        let mut seed = 1_u64;
        for byte in &mut broken[PROLOGUE + HEAD..PROLOGUE + HEAD + long.len()] {
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            *byte = seed.to_be_bytes()[0];
        }
        let all = steps(&broken);
        assert!(matches!(all[0].0, Step::Damage { .. }));
        assert_eq!(all.last().unwrap().1, b"four");
    }

    #[test]
    fn what_is_no_bundle_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let open = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            Frames::open(&path).err()
        };
        assert!(matches!(open(b""), Some(CopyError::NotOurs { .. })));
        assert!(matches!(open(&[b'x'; 64]), Some(CopyError::NotOurs { .. })));
        let mut newer = prologue();
        newer[19] = 9;
        assert!(matches!(
            open(&newer),
            Some(CopyError::Newer { found: 9, .. })
        ));
    }
}
