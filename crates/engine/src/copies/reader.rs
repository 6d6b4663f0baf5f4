//! Reading the frames of a bundle, past damage.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use crate::copies::{
    CopyError,
    frame::{self, Check, HEAD, MAGIC, PROLOGUE, VERSION},
};

/// Bytes read at once.
const CHUNK: usize = 1 << 18;

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
        let Some(head) = self.bytes(HEAD).and_then(frame::open) else {
            return Ok(None);
        };
        self.fill(HEAD + head.len)?;
        let payload = self
            .bytes(HEAD + head.len)
            .and_then(|bytes| bytes.get(HEAD..));
        Ok(payload
            .is_some_and(|payload| head.matches(payload))
            .then_some(head))
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
