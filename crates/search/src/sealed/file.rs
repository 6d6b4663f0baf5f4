//! One sealed file: a head of mark and salt, and blocks that open apart from each other.

use std::{
    fmt,
    io::{self, Write},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use folkmoot_seal::{
    StoreKey,
    disk::{BlockPlace, TAG},
};
use tantivy::{
    HasLen,
    directory::{AntiCallToken, FileHandle, FileSlice, OwnedBytes, TerminatingWrite, WritePtr},
};

use super::cache::Cache;

/// Bytes of a block before it is sealed. Lists of postings are read in parts of some hundred bytes.
const BLOCK: usize = 4_096;
const SEALED: usize = BLOCK + TAG;
/// Longer reads are those of merges, and of columns that their reader keeps: they would drive out the rest.
/// The list of a word that stands in every second of a million records has about two megabytes.
const KEPT_MOST: usize = 4 << 20;
const MARK: &[u8; 16] = b"folkmoot index 1";
const SALT: usize = 16;
const HEAD: usize = MARK.len() + SALT;

/// Seals what is written to it.
pub(crate) struct SealedWriter {
    inner: WritePtr,
    key: StoreKey,
    name: Vec<u8>,
    salt: [u8; SALT],
    number: u64,
    /// What is not sealed yet: at most one block, since the last one is known only at the end.
    block: Vec<u8>,
}

impl SealedWriter {
    pub(crate) fn new(
        mut inner: WritePtr,
        key: StoreKey,
        name: Vec<u8>,
        salt: [u8; SALT],
    ) -> io::Result<Self> {
        inner.write_all(MARK)?;
        inner.write_all(&salt)?;
        Ok(Self {
            inner,
            key,
            name,
            salt,
            number: 0,
            block: Vec::with_capacity(BLOCK),
        })
    }

    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let place = BlockPlace {
            file: &self.name,
            salt: &self.salt,
            number: self.number,
            is_last,
        };
        let sealed = self.key.seal_block(&place, &self.block);
        self.number += 1;
        self.block.clear();
        self.inner.write_all(&sealed)
    }
}

impl Write for SealedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.block.len() == BLOCK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let len = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl TerminatingWrite for SealedWriter {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.seal(true)?;
        self.inner.terminate_ref(token)
    }
}

/// Opens the parts of a file that are asked for.
pub(crate) struct SealedFile {
    inner: FileSlice,
    key: StoreKey,
    name: Vec<u8>,
    salt: [u8; SALT],
    /// Bytes of the file before it was sealed.
    len: usize,
    number: u64,
    cache: Arc<Mutex<Cache>>,
}

impl SealedFile {
    /// `number` names the file in the cache.
    pub(crate) fn open(
        inner: FileSlice,
        key: StoreKey,
        name: Vec<u8>,
        number: u64,
        cache: Arc<Mutex<Cache>>,
    ) -> io::Result<Self> {
        if inner.len() < HEAD + TAG {
            return Err(damaged());
        }
        let head = inner.slice_to(HEAD).read_bytes()?;
        let (mark, salt) = head.split_at(MARK.len());
        if mark != MARK {
            return Err(damaged());
        }
        let salt = salt.try_into().map_err(|_| damaged())?;
        let body = inner.len() - HEAD;
        let blocks = body.div_ceil(SEALED);
        let len = body.checked_sub(blocks * TAG).ok_or_else(damaged)?;
        let file = Self {
            inner,
            key,
            name,
            salt,
            len,
            number,
            cache,
        };
        // Tells another key, and a file that was cut short.
        file.block(file.last())?;
        Ok(file)
    }

    /// Opens every block, one at a time: whether the file is whole.
    pub(crate) fn check(&self) -> io::Result<()> {
        for index in 0..=self.last() {
            self.block(index)?;
        }
        Ok(())
    }

    fn last(&self) -> usize {
        self.len.saturating_sub(1) / BLOCK
    }

    /// A block from the cache, or opened and, where it `is_kept`, put there.
    fn kept(&self, index: usize, is_kept: bool) -> io::Result<Arc<[u8]>> {
        let place = (self.number, index);
        let cache = || self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = cache().get(place) {
            return Ok(block);
        }
        let block: Arc<[u8]> = self.block(index)?.into();
        if is_kept {
            cache().put(place, &block);
        }
        Ok(block)
    }

    fn block(&self, index: usize) -> io::Result<Vec<u8>> {
        let from = HEAD + index * SEALED;
        let to = (from + SEALED).min(self.inner.len());
        let sealed = self.inner.slice(from..to).read_bytes()?;
        let place = BlockPlace {
            file: &self.name,
            salt: &self.salt,
            number: index as u64,
            is_last: index == self.last(),
        };
        match self.key.open_block(&place, &sealed) {
            Ok(mut block) => Ok(std::mem::take(&mut *block)),
            Err(_) => Err(damaged()),
        }
    }
}

fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a file of the index does not open",
    )
}

impl HasLen for SealedFile {
    fn len(&self) -> usize {
        self.len
    }
}

impl FileHandle for SealedFile {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.start > range.end || range.end > self.len {
            return Err(damaged());
        }
        if range.is_empty() {
            return Ok(OwnedBytes::empty());
        }
        let is_kept = range.len() <= KEPT_MOST;
        let mut bytes = Vec::with_capacity(range.len());
        for index in range.start / BLOCK..=(range.end - 1) / BLOCK {
            let block = self.kept(index, is_kept)?;
            let begin = index * BLOCK;
            let from = range.start.saturating_sub(begin);
            let to = (range.end - begin).min(BLOCK);
            bytes.extend_from_slice(block.get(from..to).ok_or_else(damaged)?);
        }
        Ok(OwnedBytes::new(bytes))
    }
}

impl Drop for SealedFile {
    fn drop(&mut self) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.forget(self.number);
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedFile")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
