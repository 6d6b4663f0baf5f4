//! A state of a backup: which pieces make which files, and the sealed keys.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use folkmoot_record::fc::{Decoder, Encoder, FcError};

use crate::copies::CopyError;

/// Format of a state, and of the folder.
const FORMAT: u64 = 1;
/// Most bytes of a state: 32 a piece, so this is a log of some terabytes.
const MOST: u64 = 256 << 20;
/// Most files of a log, and most pieces of one: a segment is begun below 1 GiB.
const MOST_FILES: u64 = 1 << 20;
const MOST_PIECES: u64 = 4_096;
/// Most bytes of a file's place.
const NAME: usize = 64;

/// A file of the store, in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filed {
    pub(crate) name: String,
    pub(crate) len: u64,
    pub(crate) pieces: Vec<[u8; 32]>,
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) made_ms: u64,
    pub(crate) files: Vec<Filed>,
    pub(crate) keys: Vec<u8>,
}

impl State {
    fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        out.array(4).uint(FORMAT).uint(self.made_ms);
        out.array(self.files.len());
        for file in &self.files {
            out.array(3).text(&file.name).uint(file.len);
            out.array(file.pieces.len());
            for piece in &file.pieces {
                out.bytes(piece);
            }
        }
        out.bytes(&self.keys);
        let mut bytes = out.finish();
        let check = blake3::hash(&bytes);
        bytes.extend_from_slice(check.as_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, check) = bytes.split_last_chunk::<32>()?;
        if blake3::hash(body) != blake3::Hash::from_bytes(*check) {
            return None;
        }
        Self::read_body(body).ok()
    }

    fn read_body(body: &[u8]) -> Result<Self, FcError> {
        let mut d = Decoder::new(body)?;
        d.array_of(4)?;
        d.uint_within(FORMAT..=FORMAT)?;
        let made_ms = d.uint64()?;
        let files = d.list(0..=MOST_FILES, |d| {
            d.array_of(3)?;
            Ok(Filed {
                name: d.text(NAME)?.to_owned(),
                len: d.uint64()?,
                pieces: d.list(0..=MOST_PIECES, Decoder::bytes_of)?,
            })
        })?;
        let keys = d.bytes()?.to_vec();
        d.end()?;
        Ok(Self {
            made_ms,
            files,
            keys,
        })
    }

    /// Writes it behind the states that are there: whole or not at all.
    pub(crate) fn write(&self, folder: &Path) -> Result<PathBuf, CopyError> {
        let states = folder.join("states");
        let last = list(folder)?.last().map_or(0, |(number, _)| *number);
        let path = states.join(format!("{:08}", last + 1));
        whole(&path, &self.encode())?;
        sync(&states)?;
        Ok(path)
    }
}

/// The states of a backup by number, the oldest first.
pub(crate) fn list(folder: &Path) -> Result<Vec<(u64, PathBuf)>, CopyError> {
    let states = folder.join("states");
    let mut found = Vec::new();
    for entry in fs::read_dir(&states).map_err(CopyError::io("list", &states))? {
        let path = entry.map_err(CopyError::io("list", &states))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(number) = name.and_then(|name| name.parse().ok()) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a state.
///
/// # Errors
/// Why it cannot be read, in words: the others may be whole.
pub(crate) fn read(path: &Path) -> Result<State, String> {
    let mut bytes = Vec::new();
    open_file(path)
        .and_then(|file| file.take(MOST).read_to_end(&mut bytes))
        .map_err(|error| CopyError::io("read", path)(error).to_string())?;
    State::decode(&bytes).ok_or_else(|| format!("{} is damaged", path.display()))
}

/// The states, the newest first, or why one cannot be read. Whether their pieces are whole shows when
/// they are copied.
pub(crate) fn newest_first(
    folder: &Path,
) -> Result<impl Iterator<Item = Result<State, String>>, CopyError> {
    let paths = list(folder)?.into_iter().rev();
    Ok(paths.map(|(_, path)| read(&path)))
}

/// Writes a file beside its place, durably, and then puts it there.
pub(crate) fn whole(path: &Path, bytes: &[u8]) -> Result<(), CopyError> {
    use std::os::unix::fs::OpenOptionsExt;
    let new = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().map_err(CopyError::io("write", path))
}

/// Opens what may be a stranger's: a pipe would wait for ever.
pub(crate) fn open_file(path: &Path) -> std::io::Result<File> {
    match fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(std::io::Error::other("it is no file")),
    }
}

pub(crate) fn sync(folder: &Path) -> Result<(), CopyError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(CopyError::io("sync", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_written_and_every_flipped_bit_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("states")).unwrap();
        let state = State {
            made_ms: 7,
            files: vec![Filed {
                name: "log/00000000.seg".to_owned(),
                len: 0,
                pieces: Vec::new(),
            }],
            keys: b"keys".to_vec(),
        };
        let path = state.write(folder.path()).unwrap();
        assert_eq!(read(&path), Ok(state.clone()));
        let later = State {
            made_ms: 8,
            ..state.clone()
        };
        let second = later.write(folder.path()).unwrap();
        let newest = || {
            newest_first(folder.path())
                .unwrap()
                .find_map(Result::ok)
                .unwrap()
        };
        assert_eq!(newest(), later);
        let bytes = fs::read(&second).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(State::decode(&flipped), None, "{bit}");
        }
        // A damaged one gives way to the one before.
        fs::write(&second, &bytes[1..]).unwrap();
        assert_eq!(newest(), state);
    }
}
