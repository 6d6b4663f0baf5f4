//! Backups: a folder that holds the record log in pieces by content, and the sealed keys. What is there
//! already is not written again.
//!
//! Folder: `folkmoot-backup` (whose it is), `lock`, `pieces/` (by hash), `states/` (numbered; written
//! last, so that a run that breaks off leaves the state before it).

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use folkmoot_api::{ApiError, BackupPoint, Reply};
use folkmoot_store::{LogCursor, LogFile, log_files};

use crate::{
    copies::{
        CopyError,
        folder::{Of, hold, lock, make, prepare},
        state::{self, Filed, State, open_file, sync, whole},
    },
    core::Core,
    errors,
};

/// Bytes of a piece: the end of the log is written again as a whole piece each time.
pub(super) const PIECE: usize = 1 << 20;

impl Core {
    /// Where the log ends now, and the keys, sealed: what a backup needs of the node.
    pub(crate) fn backup_point(&mut self) -> Result<Reply, ApiError> {
        let end = self.store.cursor();
        let home = self
            .home_collective()
            .ok_or_else(|| errors::failed("your home is not there yet".to_owned()))?;
        let (home, device) = (home.cid().to_string(), home.secrets.dev().to_string());
        Ok(Reply::BackupPoint(BackupPoint {
            folder: self.home.root().display().to_string(),
            home,
            device,
            at_ms: self.clock.wall(),
            segment: end.segment,
            offset: end.offset,
            keys: data_encoding::BASE64.encode(&self.sealed_keys(None)?),
            damage: self.damage_notices(),
        }))
    }
}

/// What a backup did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackedUp {
    /// Bytes that were written.
    pub written: u64,
    /// Bytes that were there already.
    pub kept: u64,
    /// Pieces that were damaged or missing and were written anew from the log.
    pub mended: u64,
    /// Earlier states of which a piece is gone that the log does not have any more.
    pub broken: u64,
    /// States that are there now.
    pub states: u64,
    /// What was not as it should be and kept no backup from being made, in sentences.
    pub warnings: Vec<String>,
}

/// Brings a backup up to a point of the log. A run that breaks off leaves the states before it. While
/// damage of the log stands unanswered no older state is removed: it may hold what the damage took; nor
/// where another device of the person made the last one.
///
/// # Errors
/// A folder that holds something else, or another home's backup, another run at work,
/// [`CopyError::Unfit`] where the disk does not keep what is written, or the disk's.
pub fn back_up(
    folder: &Path,
    point: &BackupPoint,
    keep: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<BackedUp, CopyError> {
    let end = LogCursor {
        segment: point.segment,
        offset: point.offset,
    };
    let files = log_files(&Path::new(&point.folder).join("store"), end)?;
    let mut warnings = Vec::new();
    let of = Of {
        home: point.home.clone(),
        device: Some(point.device.clone()),
    };
    let is_anothers = prepare(folder, &of, &files, &mut warnings)?;
    let _lock = lock(folder, &mut warnings)?;
    let older = older_states(folder, &mut warnings)?;
    let keys = data_encoding::BASE64
        .decode(point.keys.as_bytes())
        .map_err(|_| CopyError::Damaged("the node's answer cannot be read".to_owned()))?;
    let total: u64 = files.iter().map(|file| file.len).sum();
    let mut pieces = Pieces {
        folder: folder.join("pieces"),
        done: BackedUp::default(),
        fresh: BTreeSet::new(),
        good: BTreeSet::new(),
        named: named(&older),
    };
    let mut filed = Vec::with_capacity(files.len());
    for file in &files {
        filed.push(pieces.file(file, &mut |done| progress(done, total))?);
    }
    for state in &older {
        pieces.mend(state, &files)?;
    }
    pieces.sync()?;
    let mut done = pieces.done;
    let state = State {
        made_ms: point.at_ms,
        files: filed,
        keys,
    };
    let path = state.write(folder)?;
    if state::read(&path).ok().as_ref() != Some(&state) {
        return Err(unfit(&path));
    }
    let keep = if point.damage.is_empty() && !is_anothers {
        keep.max(1)
    } else {
        u64::MAX
    };
    done.states = prune(folder, keep, &mut warnings)?;
    done.warnings = warnings;
    Ok(done)
}

/// The states that can be read; the others are told, and stay until their turn to go comes.
fn older_states(folder: &Path, warnings: &mut Vec<String>) -> Result<Vec<State>, CopyError> {
    let mut older = Vec::new();
    for (number, path) in state::list(folder)? {
        match state::read(&path) {
            Ok(state) => older.push(state),
            Err(error) => warnings.push(format!(
                "the earlier state {number} cannot be brought back: {error}"
            )),
        }
    }
    Ok(older)
}

/// The pieces that states need.
fn named(states: &[State]) -> BTreeSet<[u8; 32]> {
    let files = states.iter().flat_map(|state| &state.files);
    files.flat_map(|file| file.pieces.iter().copied()).collect()
}

fn unfit(path: &Path) -> CopyError {
    CopyError::Unfit(format!("{} reads back otherwise", path.display()))
}

/// Writes pieces that are not there yet, or not as they were written.
struct Pieces {
    folder: PathBuf,
    done: BackedUp,
    /// Folders in which something is new.
    fresh: BTreeSet<PathBuf>,
    /// Pieces that were read and are whole.
    good: BTreeSet<[u8; 32]>,
    /// Pieces that earlier states need.
    named: BTreeSet<[u8; 32]>,
}

impl Pieces {
    fn file(&mut self, file: &LogFile, progress: &mut dyn FnMut(u64)) -> Result<Filed, CopyError> {
        let failed = CopyError::io("read", &file.path);
        let mut open = File::open(&file.path).map_err(&failed)?.take(file.len);
        let mut filed = Filed {
            name: file.name.clone(),
            len: 0,
            pieces: Vec::new(),
        };
        let mut bytes = Vec::with_capacity(PIECE);
        while filed.len < file.len {
            bytes.clear();
            let got = (&mut open)
                .take(PIECE as u64)
                .read_to_end(&mut bytes)
                .map_err(&failed)?;
            if got == 0 {
                return Err(CopyError::Damaged(format!(
                    "{} is shorter than the node says",
                    file.path.display()
                )));
            }
            filed.pieces.push(self.piece(&bytes)?);
            filed.len += got as u64;
            progress(self.done.written + self.done.kept);
        }
        Ok(filed)
    }

    /// Looks at the pieces of an earlier state that no later one has. Nothing of a log before its end
    /// changes, so what is damaged here mostly stands there still.
    fn mend(&mut self, state: &State, files: &[LogFile]) -> Result<(), CopyError> {
        let mut broken = false;
        for filed in &state.files {
            let source = files.iter().find(|file| file.name == filed.name);
            let mut at = 0;
            for hash in &filed.pieces {
                let len = (filed.len - at.min(filed.len)).min(PIECE as u64);
                if !self.good.contains(hash) && read_piece(&self.folder, hash).is_err() {
                    let bytes = source.map(|file| stretch(file, at, len)).transpose()?;
                    match bytes.filter(|bytes| blake3::hash(bytes).as_bytes() == hash) {
                        Some(bytes) => drop(self.piece(&bytes)?),
                        None => broken = true,
                    }
                }
                at += len;
            }
        }
        self.done.broken += u64::from(broken);
        Ok(())
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<[u8; 32], CopyError> {
        let hash = blake3::hash(bytes);
        let path = place(&self.folder, hash.as_bytes());
        self.good.insert(*hash.as_bytes());
        // What cannot be read is written anew, too.
        let found = read_file(&path).unwrap_or_else(|_| Some(Vec::new()));
        if found.as_deref() == Some(bytes) {
            self.done.kept += bytes.len() as u64;
        } else {
            let was_there = found.is_some() || self.named.contains(hash.as_bytes());
            self.done.mended += u64::from(was_there);
            let folder = path.parent().unwrap_or(&self.folder).to_owned();
            if !folder.exists() {
                make(&folder)?;
            }
            whole(&path, bytes)?;
            if read_file(&path)?.as_deref() != Some(bytes) {
                return Err(unfit(&path));
            }
            self.fresh.insert(folder);
            self.done.written += bytes.len() as u64;
        }
        Ok(*hash.as_bytes())
    }

    /// Names of pieces are durable before the state that needs them is written.
    fn sync(&self) -> Result<(), CopyError> {
        for folder in &self.fresh {
            sync(folder)?;
        }
        sync(&self.folder)
    }
}

/// Bytes of a file of the log.
pub(super) fn stretch(file: &LogFile, at: u64, len: u64) -> Result<Vec<u8>, CopyError> {
    let failed = CopyError::io("read", &file.path);
    let mut open = File::open(&file.path).map_err(&failed)?;
    open.seek(SeekFrom::Start(at)).map_err(&failed)?;
    let mut bytes = Vec::new();
    open.take(len).read_to_end(&mut bytes).map_err(&failed)?;
    Ok(bytes)
}

fn place(pieces: &Path, hash: &[u8; 32]) -> PathBuf {
    let name = data_encoding::HEXLOWER.encode(hash);
    pieces.join(&name[..2]).join(name)
}

/// Removes states beyond `keep`, and pieces that no state needs. Gives how many states are left. What
/// cannot be removed only takes room: it is told.
fn prune(folder: &Path, keep: u64, warnings: &mut Vec<String>) -> Result<u64, CopyError> {
    let (mut stuck, mut others) = (None, 0_u64);
    let mut remove = |path: &Path| {
        let removed = fs::remove_file(path);
        if let Err(error) = &removed {
            others += u64::from(stuck.is_some());
            stuck.get_or_insert_with(|| format!("{} cannot be removed: {error}", path.display()));
        }
        removed.is_ok()
    };
    let mut states = state::list(folder)?;
    let mut too_many = (states.len() as u64).saturating_sub(keep);
    states.retain(|(_, path)| {
        let goes = too_many > 0;
        too_many -= u64::from(goes);
        !(goes && remove(path))
    });
    if let Err(error) = prune_pieces(folder, &states, &mut remove) {
        warnings.push(error.to_string());
    }
    if let Some(stuck) = stuck {
        warnings.push(match others {
            0 => stuck,
            others => format!("{stuck}; nor can {others} more"),
        });
    }
    Ok(states.len() as u64)
}

/// Removes the pieces that no state needs.
fn prune_pieces(
    folder: &Path,
    states: &[(u64, PathBuf)],
    remove: &mut dyn FnMut(&Path) -> bool,
) -> Result<(), CopyError> {
    let mut needed = BTreeSet::new();
    for (_, path) in states {
        let Ok(state) = state::read(path) else {
            // What a damaged state needs is not known: nothing is removed.
            return Ok(());
        };
        needed.extend(state.files.into_iter().flat_map(|file| file.pieces));
    }
    let pieces = folder.join("pieces");
    let failed = CopyError::io("list", &pieces);
    for entry in fs::read_dir(&pieces).map_err(&failed)? {
        let sub = entry.map_err(&failed)?.path();
        // Some systems put files of their own into every folder.
        if !sub.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&sub).map_err(&failed)? {
            let path = entry.map_err(&failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let hash = name.and_then(|name| {
                let bytes = data_encoding::HEXLOWER.decode(name.as_bytes()).ok()?;
                <[u8; 32]>::try_from(bytes).ok()
            });
            // What has no hash for a name is left over from a run that broke off.
            if !hash.is_some_and(|hash| needed.contains(&hash)) {
                remove(&path);
            }
        }
    }
    Ok(())
}

/// Writes the files of a state below a folder, each piece held against its hash.
pub(crate) fn unpack(backup: &Path, state: &State, to: &Path) -> Result<(), CopyError> {
    use std::io::Write;
    // Of an attempt that broke off while what it brought was being sealed.
    for name in ["log.open", "log.sealed", "FORMAT.sealed"] {
        let path = to.join(name);
        let removed = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        removed.map_err(CopyError::io("remove", &path))?;
    }
    make(&to.join("log"))?;
    // Of one that broke off with a newer state.
    let named = |name: &str| state.files.iter().any(|file| file.name == name);
    for entry in fs::read_dir(to.join("log")).map_err(CopyError::io("list", to))? {
        let entry = entry.map_err(CopyError::io("list", to))?;
        let name = format!("log/{}", entry.file_name().to_string_lossy());
        if is_segment(&name) && !named(&name) {
            let path = entry.path();
            fs::remove_file(&path).map_err(CopyError::io("remove", &path))?;
        }
    }
    for file in &state.files {
        if file.name != "FORMAT" && !is_segment(&file.name) {
            return Err(CopyError::Damaged(format!("it names a file {}", file.name)));
        }
        let path = to.join(&file.name);
        let failed = CopyError::io("write", &path);
        let mut out = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(&failed)?;
        for hash in &file.pieces {
            let bytes = read_piece(&backup.join("pieces"), hash)?;
            out.write_all(&bytes).map_err(&failed)?;
        }
        out.sync_all().map_err(&failed)?;
        if out.metadata().map_err(&failed)?.len() != file.len {
            return Err(CopyError::Damaged(format!(
                "{} has another length",
                file.name
            )));
        }
    }
    sync(&to.join("log"))?;
    sync(to)
}

pub(super) fn is_segment(name: &str) -> bool {
    let number = name
        .strip_prefix("log/")
        .and_then(|name| name.strip_suffix(".seg"));
    number.is_some_and(|number| number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit()))
}

/// A file of at most the size of a piece; one byte more where it is longer. `None` where there is none.
fn read_file(path: &Path) -> Result<Option<Vec<u8>>, CopyError> {
    let mut bytes = Vec::new();
    match open_file(path).and_then(|file| file.take(PIECE as u64 + 1).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CopyError::io("read", path)(error)),
    }
}

fn read_piece(pieces: &Path, hash: &[u8; 32]) -> Result<Vec<u8>, CopyError> {
    let name = data_encoding::HEXLOWER.encode(hash);
    // What a bad disk does not give is as good as damaged: an older state may be whole.
    let found = read_file(&place(pieces, hash))
        .map_err(|error| CopyError::Damaged(format!("piece {name} cannot be read: {error}")))?;
    match found {
        None => Err(CopyError::Damaged(format!("piece {name} is missing"))),
        Some(bytes) if blake3::hash(&bytes) != blake3::Hash::from_bytes(*hash) => {
            Err(CopyError::Damaged(format!("piece {name} is damaged")))
        }
        Some(bytes) => Ok(bytes),
    }
}

/// Holds every piece of every state against its hash. Gives what is wrong, in words, and how many pieces
/// there are.
///
/// # Errors
/// A later format, a run at work, or the disk's.
pub fn check_backup(folder: &Path) -> Result<(Vec<String>, u64), CopyError> {
    let (_held, mut faults) = hold(folder)?;
    let mut needed = BTreeSet::new();
    let states = state::list(folder)?;
    if states.is_empty() {
        faults.push("it has no state: no run into it was finished".to_owned());
    }
    for (number, path) in states {
        match state::read(&path) {
            Ok(state) => {
                needed.extend(state.files.into_iter().flat_map(|file| file.pieces));
            }
            Err(error) => faults.push(format!("state {number}: {error}")),
        }
    }
    let pieces = folder.join("pieces");
    for hash in &needed {
        match read_piece(&pieces, hash) {
            Ok(_) => {}
            Err(CopyError::Damaged(what)) => faults.push(what),
            Err(error) => return Err(error),
        }
    }
    Ok((faults, needed.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A home in the open was brought back, and the sealing of it was killed: the same call begins anew, and
    /// nothing of before stands beside what it writes.
    #[test]
    fn what_an_interrupted_sealing_left_goes_before_the_log_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let (backup, store) = (folder.path().join("backup"), folder.path().join("store"));
        let bytes = b"a log in the open".to_vec();
        let hash = *blake3::hash(&bytes).as_bytes();
        let piece = place(&backup.join("pieces"), &hash);
        fs::create_dir_all(piece.parent().unwrap()).unwrap();
        fs::write(piece, &bytes).unwrap();
        let file = |name: &str| Filed {
            name: name.to_owned(),
            len: bytes.len() as u64,
            pieces: vec![hash],
        };
        let state = State {
            made_ms: 7,
            files: vec![file("FORMAT"), file("log/00000000.seg")],
            keys: Vec::new(),
        };
        for name in ["log", "log.open", "log.sealed"] {
            fs::create_dir_all(store.join(name)).unwrap();
            fs::write(store.join(name).join("00000001.seg"), "of before").unwrap();
        }
        fs::write(store.join("FORMAT.sealed"), "of before").unwrap();
        unpack(&backup, &state, &store).unwrap();
        let names = |dir: &Path| {
            let found = fs::read_dir(dir).unwrap();
            let mut names: Vec<_> = found.map(|item| item.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&store), ["FORMAT", "log"]);
        assert_eq!(names(&store.join("log")), ["00000000.seg"]);
    }
}
