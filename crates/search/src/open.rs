//! Opening the index, or starting it afresh when it cannot be trusted.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use folkmoot_seal::StoreKey;
use tantivy::{
    Directory, Index as Tantivy, IndexReader, IndexWriter, ReloadPolicy, TantivyError,
    directory::MmapDirectory, indexer::IndexWriterOptions,
};

use crate::{
    Opened, Options, SearchError,
    guard::quietly,
    schema::{Fields, schema},
    sealed::SealedFolder,
    tokenizer::{LibraryTokenizer, TOKENIZER},
    writer::cursor_of,
};

/// Memory in which the writer gathers a segment before it writes it out. Tantivy takes no less
/// than 15 MB; more makes fewer segments, at the price of resident memory while importing.
const WRITER_MEMORY: usize = 24_000_000;

/// The folder of the index proper, inside that of the caller.
const FILES: &str = "files";
/// Held locked while the index is open.
const LOCK: &str = "lock";
/// Stands here from a clean close to the next opening: without it checksums are verified.
const CLEAN: &str = "clean";

/// The opened parts.
pub(crate) struct Parts {
    pub(crate) writer: IndexWriter,
    pub(crate) reader: IndexReader,
    pub(crate) fields: Fields,
    pub(crate) cursor: Vec<u8>,
    pub(crate) lock: Lock,
}

/// The lock of the folder; free when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    folder: PathBuf,
    _file: File,
}

impl Lock {
    /// Marks that everything was closed in order.
    pub(crate) fn mark_clean(&self) -> io::Result<()> {
        File::create(self.folder.join(CLEAN))?.sync_all()
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

pub(crate) fn open(folder: &Path, options: &Options) -> Result<(Parts, Opened), SearchError> {
    let failed = |source| SearchError::Io {
        folder: folder.to_owned(),
        source,
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let lock = lock(folder)?;
    let files = folder.join(FILES);
    let was_clean = fs::remove_file(folder.join(CLEAN)).is_ok();
    let is_new = !files.exists();

    let why = if is_new {
        None
    } else if options.rebuild {
        Some("it was asked for".to_owned())
    } else {
        // What lies in a damaged file can break any assumption of the code that reads it.
        let found = quietly(|| resume(&files, was_clean, options.key.as_ref()));
        match found.unwrap_or_else(|| Err("reading it failed badly".to_owned())) {
            Ok((writer, reader, fields, cursor)) => {
                let opened = Opened::Resumed {
                    cursor: cursor.clone(),
                };
                let parts = Parts {
                    writer,
                    reader,
                    fields,
                    cursor,
                    lock,
                };
                return Ok((parts, opened));
            }
            Err(why) => Some(why),
        }
    };

    if !is_new {
        fs::remove_dir_all(&files).map_err(failed)?;
    }
    fs::create_dir_all(&files).map_err(failed)?;
    let (writer, reader, fields) =
        create(&files, options.key.as_ref()).map_err(|error| failed(into_io(&error)))?;
    let parts = Parts {
        writer,
        reader,
        fields,
        cursor: Vec::new(),
        lock,
    };
    let opened = why.map_or(Opened::Fresh, |why| Opened::Rebuilt { why });
    Ok((parts, opened))
}

fn lock(folder: &Path) -> Result<Lock, SearchError> {
    let failed = |source| SearchError::Io {
        folder: folder.to_owned(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(LOCK))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock {
            folder: folder.to_owned(),
            _file: file,
        }),
        Err(TryLockError::WouldBlock) => Err(SearchError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

type Resumed = (IndexWriter, IndexReader, Fields, Vec<u8>);

/// Goes on with what is there; else says why not.
fn resume(files: &Path, was_clean: bool, key: Option<&StoreKey>) -> Result<Resumed, String> {
    let why = |error: TantivyError| error.to_string();
    let folder = folder(files, key).map_err(why)?;
    let index = Tantivy::open(folder.clone().boxed()).map_err(why)?;
    let (schema, fields) = schema();
    if index.schema() != schema {
        return Err("it has other fields".to_owned());
    }
    let metas = index.load_metas().map_err(why)?;
    let cursor = match metas.payload.as_deref() {
        Some(payload) => cursor_of(payload).ok_or("it is of another version")?,
        // Made, but nothing was ever committed.
        None => Vec::new(),
    };
    if !was_clean {
        let damaged = match &folder {
            // Tantivy would read each file into memory whole.
            Folder::Sealed(folder) => {
                let files = metas.list_segment_files();
                files.iter().filter(|file| folder.is_damaged(file)).count()
            }
            Folder::Open(_) => index.validate_checksum().map_err(why)?.len(),
        };
        if damaged > 0 {
            return Err(format!("{damaged} of its files are damaged"));
        }
    }
    let (writer, reader) = start(&index).map_err(why)?;
    Ok((writer, reader, fields, cursor))
}

fn create(
    files: &Path,
    key: Option<&StoreKey>,
) -> tantivy::Result<(IndexWriter, IndexReader, Fields)> {
    let (schema, fields) = schema();
    let index = Tantivy::open_or_create(folder(files, key)?.boxed(), schema)?;
    let (writer, reader) = start(&index)?;
    Ok((writer, reader, fields))
}

/// How the files lie.
#[derive(Clone)]
enum Folder {
    Sealed(SealedFolder),
    Open(MmapDirectory),
}

impl Folder {
    fn boxed(self) -> Box<dyn Directory> {
        match self {
            Self::Sealed(folder) => Box::new(folder),
            Self::Open(folder) => Box::new(folder),
        }
    }
}

fn folder(files: &Path, key: Option<&StoreKey>) -> tantivy::Result<Folder> {
    let open = MmapDirectory::open(files)?;
    Ok(match key {
        Some(key) => Folder::Sealed(SealedFolder::new(open, key.clone())),
        None => Folder::Open(open),
    })
}

fn start(index: &Tantivy) -> tantivy::Result<(IndexWriter, IndexReader)> {
    index.tokenizers().register(TOKENIZER, LibraryTokenizer);
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(1)
        .memory_budget_per_thread(WRITER_MEMORY)
        .build();
    let writer = index.writer_with_options(options)?;
    // Nothing is stored, so its cache needs no room.
    let reader = index
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .doc_store_cache_num_blocks(1)
        .try_into()?;
    Ok((writer, reader))
}

fn into_io(error: &TantivyError) -> io::Error {
    io::Error::other(error.to_string())
}
