//! Writing a bundle: streamed, and in its place only when it is whole.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use blake3::Hasher;

use crate::{
    clock::random,
    copies::{
        CopyError,
        check::read_back,
        frame::{self, prologue},
        item::{Item, RECORD},
        part::split,
    },
};

/// A bundle in the making. Dropped before [`BundleWriter::finish`], nothing of it stays.
#[derive(Debug)]
pub struct BundleWriter {
    path: PathBuf,
    temporary: PathBuf,
    out: BufWriter<File>,
    frames: u32,
    records: u64,
    bytes: u64,
    chain: Hasher,
    finished: bool,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Records.
    pub records: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

impl BundleWriter {
    /// Begins a bundle beside the place where it will stand, for its owner's eyes alone.
    ///
    /// # Errors
    /// The disk's.
    pub fn create(path: &Path) -> Result<Self, CopyError> {
        // Of a name that nobody can have taken: what lies in a shared folder may be of others.
        let salt = random::<8>().map_err(|error| CopyError::Damaged(error.to_string()))?;
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(
            ".{}.partial",
            data_encoding::HEXLOWER.encode(&salt)
        ));
        let temporary = path.with_file_name(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(CopyError::io("make", &temporary))?;
        let mut writer = Self {
            path: path.to_owned(),
            temporary,
            out: BufWriter::with_capacity(1 << 18, file),
            frames: 0,
            records: 0,
            bytes: 0,
            chain: Hasher::new(),
            finished: false,
        };
        writer.put(&prologue())?;
        Ok(writer)
    }

    /// Adds what one part of the node's answer holds: length, type and payload, one after the other.
    ///
    /// # Errors
    /// A part that does not have this shape, or the disk's.
    pub fn add(&mut self, part: &[u8]) -> Result<(), CopyError> {
        for (kind, payload) in split(part)? {
            self.frame(kind, payload)?;
        }
        Ok(())
    }

    /// Records so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Ends the bundle, makes it durable, reads it back and puts it in its place.
    ///
    /// # Errors
    /// [`CopyError::Unfit`] where it lacks what it says that it holds, or the disk's; nothing stands in
    /// its place then.
    pub fn finish(mut self) -> Result<Written, CopyError> {
        let end = Item::End {
            frames: u64::from(self.frames),
            records: self.records,
            chain: *self.chain.finalize().as_bytes(),
        };
        self.frame(end.kind(), &end.encode())?;
        let temporary = self.temporary.clone();
        let failed = CopyError::io("write", &temporary);
        self.out.flush().map_err(&failed)?;
        self.out.get_ref().sync_all().map_err(&failed)?;
        read_back(&temporary)?;
        fs::rename(&temporary, &self.path).map_err(CopyError::io("rename", &temporary))?;
        self.finished = true;
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(CopyError::io("sync", folder))?;
        Ok(Written {
            records: self.records,
            bytes: self.bytes,
        })
    }

    fn frame(&mut self, kind: u8, payload: &[u8]) -> Result<(), CopyError> {
        if payload.len() > frame::PAYLOAD_MOST || self.frames == u32::MAX {
            return Err(CopyError::Damaged(
                "the node gave more than a bundle can hold".to_owned(),
            ));
        }
        let (head, check) = frame::head(kind, self.frames, payload);
        self.put(&head)?;
        self.put(payload)?;
        self.chain.update(&check);
        self.frames += 1;
        self.records += u64::from(kind == RECORD);
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), CopyError> {
        self.bytes += bytes.len() as u64;
        self.out
            .write_all(bytes)
            .map_err(CopyError::io("write", &self.temporary))
    }
}

impl Drop for BundleWriter {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = fs::remove_file(&self.temporary)
        {
            tracing::warn!(%error, "an unfinished bundle could not be removed");
        }
    }
}
