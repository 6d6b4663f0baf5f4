//! Segments as files: names, heads, which ones there are.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::{
    LogCursor, StoreError,
    cipher::Cipher,
    files::{io_error, sync_dir},
    format::{OPEN, SEALED},
};

use super::Seal;

/// Bytes of a segment's head: magic, format, number, the store's key, checksum.
pub(crate) const SEGMENT_HEAD: usize = 64;
const MAGIC: &[u8; 12] = b"folkmoot log";

/// Where the segments lie and how they are sealed.
#[derive(Clone)]
pub(crate) struct Layout {
    dir: PathBuf,
    pub(crate) seal: Seal,
    pub(crate) cipher: Cipher,
}

impl Layout {
    pub(crate) fn new(dir: PathBuf, seal: Seal, cipher: Cipher) -> Self {
        Self { dir, seal, cipher }
    }

    pub(crate) fn path(&self, segment: u32) -> PathBuf {
        self.dir.join(format!("{segment:08}.seg"))
    }

    /// Numbers of the segments that are there.
    pub(crate) fn list(&self) -> Result<BTreeSet<u32>, StoreError> {
        list(&self.dir)
    }

    /// Length of a segment in bytes.
    pub(crate) fn len(&self, segment: u32) -> Result<u64, StoreError> {
        let path = self.path(segment);
        fs::metadata(&path)
            .map(|meta| meta.len())
            .map_err(io_error("read", &path))
    }

    /// Makes an empty segment, durable with its name. One left over by a crash while it was made is
    /// written anew: it holds nothing yet.
    pub(crate) fn create(&self, segment: u32) -> Result<File, StoreError> {
        let path = self.path(segment);
        let make = || -> io::Result<File> {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)?;
            file.write_all_at(&self.head(segment), 0)?;
            file.sync_all()?;
            Ok(file)
        };
        let file = make().map_err(io_error("make", &path))?;
        self.sync()?;
        Ok(file)
    }

    /// Makes the names of the segments durable.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        sync_dir(&self.dir)
    }

    /// The format that segments of this log name.
    pub(crate) const fn format(&self) -> u32 {
        match self.cipher.key() {
            Some(_) => SEALED,
            None => OPEN,
        }
    }

    pub(crate) fn head(&self, segment: u32) -> [u8; SEGMENT_HEAD] {
        let mut head = [0; SEGMENT_HEAD];
        head[..12].copy_from_slice(MAGIC);
        head[12..16].copy_from_slice(&self.format().to_le_bytes());
        head[16..20].copy_from_slice(&segment.to_le_bytes());
        head[20..52].copy_from_slice(self.seal.key());
        let check = self.seal.hash(start(segment), &head[..52], &[]);
        head[52..].copy_from_slice(&check[..12]);
        head
    }

    /// Whether these are the first bytes of that segment of this store.
    pub(crate) fn is_head(&self, segment: u32, bytes: &[u8]) -> bool {
        bytes.get(..SEGMENT_HEAD) == Some(&self.head(segment)[..])
    }
}

const fn start(segment: u32) -> LogCursor {
    LogCursor { segment, offset: 0 }
}

/// Whether any segment in a folder is longer than its head.
pub(crate) fn holds_entries(dir: &Path) -> Result<bool, StoreError> {
    for segment in list(dir)? {
        let path = dir.join(format!("{segment:08}.seg"));
        let found = fs::metadata(&path).map_err(io_error("read", &path))?;
        if found.len() > SEGMENT_HEAD as u64 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Numbers of the segments in a folder; none where there is no folder.
pub(crate) fn list(dir: &Path) -> Result<BTreeSet<u32>, StoreError> {
    let items = match fs::read_dir(dir) {
        Ok(items) => items,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(io_error("list", dir)(error)),
    };
    let mut numbers = BTreeSet::new();
    for item in items {
        let name = item.map_err(io_error("list", dir))?.file_name();
        let number: Option<u32> = name
            .to_str()
            .and_then(|name| name.strip_suffix(".seg"))
            .filter(|digits| digits.len() == 8)
            .and_then(|digits| digits.parse().ok());
        numbers.extend(number);
    }
    Ok(numbers)
}

/// Finds the store's key and format in the head of any readable segment: for a store whose `FORMAT`
/// file is lost or damaged.
pub(crate) fn recover(dir: &Path) -> Result<Option<(u32, [u8; 32])>, StoreError> {
    for segment in list(dir)? {
        let path = dir.join(format!("{segment:08}.seg"));
        let mut head = [0; SEGMENT_HEAD];
        let read = File::open(&path).and_then(|file| file.read_exact_at(&mut head, 0));
        if read.is_err() || &head[..12] != MAGIC {
            continue;
        }
        let format = u32::from_le_bytes([head[12], head[13], head[14], head[15]]);
        let mut key = [0; 32];
        key.copy_from_slice(&head[20..52]);
        let check = Seal::new(key).hash(start(segment), &head[..52], &[]);
        if check[..12] == head[52..] {
            return Ok(Some((format, key)));
        }
    }
    Ok(None)
}
