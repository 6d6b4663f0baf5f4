//! Reading single entries at known places.

use std::{cell::RefCell, collections::BTreeMap, fs::File, io, os::unix::fs::FileExt, sync::Arc};

use crate::{LogCursor, StoreError, cipher::Cipher, files::io_error};

use super::{HEAD, Layout};

/// Segments kept open for reading: 64 of them hold 4 GiB, and a process may open 1,024 files.
const OPEN_MOST: usize = 64;

/// Why an entry could not be read.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It is damaged or missing.
    Damaged,
    /// The disk failed.
    Store(StoreError),
}

/// Opens segments as they are needed.
pub(crate) struct Reader {
    layout: Layout,
    open: RefCell<BTreeMap<u32, Arc<File>>>,
}

impl Reader {
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            open: RefCell::default(),
        }
    }

    pub(crate) const fn cipher(&self) -> &Cipher {
        &self.layout.cipher
    }

    /// Type and payload of the entry at `at`, whose payload has `len` bytes.
    pub(crate) fn read(&self, at: LogCursor, len: u32) -> Result<(u8, Vec<u8>), Fault> {
        let path = self.layout.path(at.segment);
        let file = match self.file(at.segment) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Fault::Damaged),
            Err(error) => return Err(Fault::Store(io_error("open", &path)(error))),
        };
        let mut bytes = vec![0; HEAD + len as usize + self.layout.cipher.overhead()];
        match file.read_exact_at(&mut bytes, u64::from(at.offset)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(Fault::Damaged);
            }
            Err(error) => return Err(Fault::Store(io_error("read", &path)(error))),
        }
        let payload = bytes.split_off(HEAD);
        match self.layout.seal.open_head(at, &bytes) {
            Some(head) if self.layout.seal.matches(at, &head, &payload) => {
                match self.layout.cipher.open(at, head.kind, payload) {
                    Some(payload) => Ok((head.kind, payload)),
                    None => Err(Fault::Damaged),
                }
            }
            _ => Err(Fault::Damaged),
        }
    }

    /// Forgets a segment whose file was replaced.
    pub(crate) fn forget(&self, segment: u32) {
        self.open.borrow_mut().remove(&segment);
    }

    fn file(&self, segment: u32) -> io::Result<Arc<File>> {
        let mut open = self.open.borrow_mut();
        if let Some(file) = open.get(&segment) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(File::open(self.layout.path(segment))?);
        if open.len() >= OPEN_MOST {
            open.pop_first();
        }
        open.insert(segment, Arc::clone(&file));
        Ok(file)
    }
}
