//! Which folder holds the projection, and whether it can be relied on.

use std::{fs, io, path::Path, sync::Arc};

use crate::{
    Engine, LogCursor, Options, StoreError,
    files::{io_error, write_whole},
    layout,
    log::Seal,
    projection::{Changes, Memory, Projection, ProjectionError, SledTree},
};

/// Names the folder in use.
const CURRENT: &str = "CURRENT";
const PREFIX: &str = "sled-";

/// An engine ready for use.
pub(crate) struct Opened {
    pub(crate) engine: Arc<dyn Projection>,
    /// Up to where it reflects the log.
    pub(crate) cursor: LogCursor,
}

/// Opens the projection that is there.
///
/// The inner error says why it cannot be relied on.
pub(crate) fn open(
    root: &Path,
    options: &Options,
    seal: &Seal,
) -> Result<Result<Opened, String>, StoreError> {
    if options.engine == Engine::Memory {
        let engine = Arc::new(Memory::default());
        let cursor = LogCursor::default();
        return Ok(Ok(Opened { engine, cursor }));
    }
    let path = root.join(CURRENT);
    let name = match fs::read_to_string(&path) {
        Ok(name) => name,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Err("there is none".to_owned()));
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(io_error("read", &path)(error)),
    };
    let name = name.trim_end();
    if number(name).is_none() {
        return Ok(Err("the file CURRENT is broken".to_owned()));
    }
    let dir = root.join(name);
    if !dir.join("db").is_file() {
        return Ok(Err(format!("the folder {name} is missing or empty")));
    }
    Ok(check(&dir, options, seal).map_err(|error| error.to_string()))
}

fn check(dir: &Path, options: &Options, seal: &Seal) -> Result<Opened, ProjectionError> {
    let engine = SledTree::open(dir, options.cache_bytes)?;
    match engine.get(layout::SCHEMA_KEY)? {
        Some(schema) if schema == schema_of(seal) => {}
        Some(_) => {
            return Err(ProjectionError(
                "it is of another schema or store".to_owned(),
            ));
        }
        None => return Err(ProjectionError("it names no schema".to_owned())),
    }
    let cursor = match engine.get(layout::CURSOR)? {
        None => LogCursor::default(),
        Some(bytes) => match <[u8; 8]>::try_from(bytes) {
            Ok(bytes) => LogCursor::from_bytes(bytes),
            Err(_) => return Err(ProjectionError("its cursor is broken".to_owned())),
        },
    };
    Ok(Opened {
        engine: Arc::new(engine),
        cursor,
    })
}

/// Makes an empty projection in a new folder, makes it the one in use, and removes the others.
pub(crate) fn make(
    root: &Path,
    options: &Options,
    seal: &Seal,
) -> Result<Arc<dyn Projection>, StoreError> {
    let (name, engine) = begin(root, options, seal)?;
    switch(root, &name)?;
    Ok(engine)
}

/// Makes an empty projection in a new folder that is not in use yet.
pub(crate) fn begin(
    root: &Path,
    options: &Options,
    seal: &Seal,
) -> Result<(String, Arc<dyn Projection>), StoreError> {
    let last = folders(root)?.iter().filter_map(|name| number(name)).max();
    let name = format!("{PREFIX}{}", last.map_or(0, |last| last + 1));
    let engine = SledTree::open(&root.join(&name), options.cache_bytes)?;
    let mut changes = Changes::new();
    changes.insert(layout::SCHEMA_KEY.to_vec(), Some(schema_of(seal)));
    engine.put_batch(&changes)?;
    engine.flush()?;
    Ok((name, Arc::new(engine)))
}

/// Makes a folder the one in use and removes the others.
pub(crate) fn switch(root: &Path, name: &str) -> Result<(), StoreError> {
    write_whole(&root.join(CURRENT), format!("{name}\n").as_bytes())?;
    for other in folders(root)? {
        if other != name {
            let path = root.join(other);
            if let Err(error) = fs::remove_dir_all(&path) {
                tracing::warn!(path = %path.display(), %error, "an old projection could not be removed");
            }
        }
    }
    Ok(())
}

fn number(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

fn folders(root: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    for item in fs::read_dir(root).map_err(io_error("list", root))? {
        let item = item.map_err(io_error("list", root))?;
        if let Ok(name) = item.file_name().into_string()
            && number(&name).is_some()
        {
            names.push(name);
        }
    }
    Ok(names)
}

/// Schema number and the store's name: a projection copied from elsewhere must not be believed.
fn schema_of(seal: &Seal) -> Vec<u8> {
    [&layout::SCHEMA.to_be_bytes()[..], &seal.name()].concat()
}
