//! Appending groups of entries.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
};

use crate::{LogCursor, StoreError, cipher::Cipher, files::io_error};

use super::{HEAD, Layout, PAYLOAD_MOST, SEGMENT_HEAD, slot};

/// Most bytes of a group on the disk: it lies in memory until it is written, and goes to one segment
/// as a whole.
pub(crate) const GROUP_MOST: usize = 64 << 20;

/// A group of entries in the making. Positions are known before anything is written.
pub(crate) struct Group {
    start: LogCursor,
    cipher: Cipher,
    bytes: Vec<u8>,
    /// Offset, payload length and type of each entry.
    spans: Vec<(usize, usize, u8)>,
}

impl Group {
    fn new(start: LogCursor, cipher: Cipher) -> Self {
        Self {
            start,
            cipher,
            bytes: Vec::new(),
            spans: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Adds an entry and says where it will stand and how long its payload is, unsealed.
    pub(crate) fn push(
        &mut self,
        kind: u8,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(LogCursor, u32), StoreError> {
        let begin = self.bytes.len();
        let at = self.place(begin);
        let mut payload = Vec::new();
        write(&mut payload);
        let plain = payload.len();
        // Entries are stripped by compaction only, so none is refused here.
        let sealed = self.cipher.seal(at, kind, payload)?.unwrap_or_default();
        let len = sealed.len();
        self.bytes.resize(begin + HEAD, 0);
        self.bytes.extend_from_slice(&sealed);
        let checks = [
            ("an entry", len, PAYLOAD_MOST),
            ("a group", self.bytes.len(), GROUP_MOST),
        ];
        for (what, size, most) in checks {
            if size > most {
                return Err(StoreError::TooLarge { what, size, most });
            }
        }
        self.bytes.resize(begin + slot(len), 0);
        self.spans.push((begin, len, kind));
        // Both fit: a payload is below PAYLOAD_MOST.
        Ok((at, u32::try_from(plain).unwrap_or(u32::MAX)))
    }

    /// The position behind the group.
    pub(crate) fn end(&self) -> LogCursor {
        self.place(self.bytes.len())
    }

    fn place(&self, offset: usize) -> LogCursor {
        LogCursor {
            segment: self.start.segment,
            // A segment is begun below 1 GiB and a group is below GROUP_MOST.
            offset: self.start.offset + u32::try_from(offset).unwrap_or(u32::MAX / 2),
        }
    }

    fn seal(mut self, layout: &Layout) -> Vec<u8> {
        let last = self.spans.len().saturating_sub(1);
        let spans = std::mem::take(&mut self.spans);
        for (index, (begin, len, kind)) in spans.into_iter().enumerate() {
            let at = self.place(begin);
            let payload = &self.bytes[begin + HEAD..begin + HEAD + len];
            let head = layout.seal.head(at, kind, index == last, payload);
            self.bytes[begin..begin + HEAD].copy_from_slice(&head);
        }
        self.bytes
    }
}

/// The end of the log.
pub(crate) struct Writer {
    layout: Layout,
    file: File,
    segment: u32,
    len: u32,
    segment_bytes: u64,
    /// A write failed and the file may reach beyond `len`, or hold bytes there of which nobody knows
    /// whether they are on the disk.
    dirty: bool,
    /// The name of the segment leads to a new file, and it is not certain that it will after a power
    /// cut. Nothing may be acknowledged in that file before.
    unsynced_name: bool,
}

impl Writer {
    /// Goes on at `end`, where the file ends.
    pub(crate) fn open(
        layout: Layout,
        end: LogCursor,
        segment_bytes: u64,
    ) -> Result<Self, StoreError> {
        let path = layout.path(end.segment);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(io_error("open", &path))?;
        Ok(Self {
            layout,
            file,
            segment: end.segment,
            len: end.offset,
            segment_bytes,
            dirty: false,
            unsynced_name: false,
        })
    }

    /// Where the next entry will stand, unless a new segment is begun before.
    pub(crate) fn end(&self) -> LogCursor {
        LogCursor {
            segment: self.segment,
            offset: self.len,
        }
    }

    /// The next group, empty. Begins a new segment if this one is full.
    pub(crate) fn begin(&mut self) -> Result<Group, StoreError> {
        self.clean()?;
        if u64::from(self.len) >= self.segment_bytes && self.len as usize > SEGMENT_HEAD {
            self.file = self.layout.create(self.segment + 1)?;
            self.segment += 1;
            self.len = SEGMENT_HEAD as u32;
        }
        Ok(Group::new(self.end(), self.layout.cipher.clone()))
    }

    /// Writes a group that begins at the end of the log and makes it durable. If that fails, the
    /// file is cut back to where it was, now or before the next group.
    pub(crate) fn append(&mut self, group: Group) -> Result<(), StoreError> {
        let end = group.end();
        let path = self.layout.path(self.segment);
        let bytes = group.seal(&self.layout);
        self.dirty = true;
        let written = self
            .file
            .write_all_at(&bytes, u64::from(self.len))
            .map_err(io_error("write", &path))
            .and_then(|()| self.file.sync_data().map_err(io_error("sync", &path)));
        match written {
            Ok(()) => {
                self.dirty = false;
                self.len = end.offset;
                Ok(())
            }
            Err(error) => {
                if let Err(second) = self.clean() {
                    tracing::warn!(%second, "the log could not be cut back; it is tried again before the next group");
                }
                Err(error)
            }
        }
    }

    /// A copy took the place of a segment's file. If it is the one being written, it goes on in the
    /// copy, also where this fails: then the name is made durable before the next group.
    pub(crate) fn renamed(&mut self, segment: u32, copy: File) -> Result<(), StoreError> {
        if segment == self.segment {
            self.file = copy;
            self.unsynced_name = true;
            self.clean()
        } else {
            self.layout.sync()
        }
    }

    /// Brings the file back to where it was, and makes its name durable, where that is in doubt.
    fn clean(&mut self) -> Result<(), StoreError> {
        if self.unsynced_name {
            self.layout.sync()?;
            self.unsynced_name = false;
        }
        if self.dirty {
            let path = self.layout.path(self.segment);
            self.file
                .set_len(u64::from(self.len))
                .and_then(|()| self.file.sync_all())
                .map_err(io_error("cut", &path))?;
            self.dirty = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::log::Seal;

    /// Whatever fails behind the renaming, no group goes to the file that has no name any more.
    #[test]
    fn a_renamed_segment_is_gone_on_with_though_its_folder_cannot_be_synced() {
        let dir = tempfile::tempdir().unwrap();
        let (log, aside) = (dir.path().join("log"), dir.path().join("aside"));
        fs::create_dir(&log).unwrap();
        let layout = Layout::new(log.clone(), Seal::new([7; 32]), Cipher::default());
        layout.create(0).unwrap();
        let end = LogCursor {
            segment: 0,
            offset: SEGMENT_HEAD as u32,
        };
        let mut writer = Writer::open(layout.clone(), end, 4_096).unwrap();
        let new = log.join("copy.new");
        fs::copy(layout.path(0), &new).unwrap();
        let copy = OpenOptions::new().read(true).write(true).open(&new);
        fs::rename(&new, layout.path(0)).unwrap();
        fs::rename(&log, &aside).unwrap();
        assert!(writer.renamed(0, copy.unwrap()).is_err());
        // Nothing is acknowledged before the name is durable.
        assert!(writer.begin().is_err());
        fs::rename(&aside, &log).unwrap();
        let mut group = writer.begin().unwrap();
        group.push(1, |out| out.extend(b"seen again")).unwrap();
        writer.append(group).unwrap();
        let bytes = fs::read(layout.path(0)).unwrap();
        assert!(bytes.windows(10).any(|window| window == b"seen again"));
    }
}
