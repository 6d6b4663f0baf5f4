//! The folder of a backup: its mark, which says whose it is, and its lock. Neither says anything that the
//! states and pieces do not: what is wrong with them is told, and keeps no backup from being made or read.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::Read,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use folkmoot_record::{CollectiveId, DeviceKey};
use folkmoot_store::LogFile;

use crate::copies::{
    CopyError,
    backup::{PIECE, is_segment, stretch},
    marker::failed,
    state::{self, Filed, open_file, sync, whole},
};

/// Says what the folder is, and whose.
const MARK: &str = "folkmoot-backup";
/// How it begins, before the number of the format.
const MAGIC: &str = "folkmoot backup ";
/// The format written, and the greatest that is read.
const FORMAT: u32 = 1;
/// Most bytes of the mark: two short lines.
const MOST_MARK: u64 = 4_096;

/// Whether a folder is a backup.
pub fn is_backup(folder: &Path) -> bool {
    // A mark that was lost hinders no reading.
    folder.join(MARK).is_file()
        || (folder.join("states").is_dir() && folder.join("pieces").is_dir())
}

/// What stands in the mark of a backup.
#[derive(Debug, PartialEq, Eq)]
enum Mark {
    /// Whose it is.
    Of(Of),
    /// It cannot be read, or is none.
    Damaged,
}

/// The home of a backup, and the device that made its last state, where the mark names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Of {
    pub(super) home: String,
    pub(super) device: Option<String>,
}

impl Of {
    fn mark(&self) -> String {
        let device = self.device.iter();
        let device: String = device.map(|device| format!("device {device}\n")).collect();
        format!("{MAGIC}{FORMAT}\nhome {}\n{device}", self.home)
    }

    fn read(lines: &str) -> Option<Self> {
        let mut lines = lines.strip_suffix('\n')?.split('\n');
        let home = lines.next()?.strip_prefix("home ")?;
        home.parse::<CollectiveId>().ok()?;
        let device = match lines.next() {
            Some(line) => Some(line.strip_prefix("device ")?.parse::<DeviceKey>().ok()?),
            None => None,
        };
        lines.next().is_none().then(|| Self {
            home: home.to_owned(),
            device: device.map(|device| device.to_string()),
        })
    }
}

/// Reads the mark. All that it says is said elsewhere too, so damage of it alone costs nothing.
///
/// # Errors
/// A later format.
fn read_mark(folder: &Path) -> Result<Mark, CopyError> {
    let path = folder.join(MARK);
    let mut text = String::new();
    let read = open_file(&path).and_then(|file| file.take(MOST_MARK).read_to_string(&mut text));
    if read.is_err() {
        return Ok(Mark::Damaged);
    }
    let Some((format, rest)) = text
        .strip_prefix(MAGIC)
        .and_then(|rest| rest.split_once('\n'))
    else {
        return Ok(Mark::Damaged);
    };
    match format.parse::<u32>() {
        Ok(found) if found > FORMAT => Err(CopyError::Newer {
            path: folder.to_owned(),
            found,
            known: FORMAT,
        }),
        Ok(FORMAT) => Ok(Of::read(rest).map_or(Mark::Damaged, Mark::Of)),
        _ => Ok(Mark::Damaged),
    }
}

/// Holds a backup still while it is read: no run removes pieces meanwhile. Gives what is not as it
/// should be too, in words: none of it keeps the backup from being read.
///
/// # Errors
/// A later format, or a run at work.
pub(crate) fn hold(folder: &Path) -> Result<(Option<File>, Vec<String>), CopyError> {
    let mut faults = Vec::new();
    if read_mark(folder)? == Mark::Damaged {
        faults.push(format!(
            "{} is missing or damaged; the next backup writes it anew",
            folder.join(MARK).display()
        ));
    }
    let path = folder.join("lock");
    // Where nothing can be written no run can be at work either: a disk that is read only.
    let Ok(file) = open_file(&path).or_else(|_| open_lock(&path)) else {
        return Ok((None, faults));
    };
    let locked = file.try_lock_shared();
    match without_locks(locked, "a backup into this folder is being made")? {
        None => Ok((Some(file), faults)),
        // Nothing is wrong with what was written: who reads is the first to be hurt by it.
        Some(_) => Ok((None, faults)),
    }
}

/// What came of locking: nothing, or why there is no lock, which is no reason to have no backup: some
/// file systems of sticks and networks know none.
///
/// # Errors
/// `busy`, where another one holds it.
fn without_locks(
    locked: Result<(), TryLockError>,
    busy: &str,
) -> Result<Option<std::io::Error>, CopyError> {
    match locked {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Err(failed(
            busy.to_owned(),
            Some("wait until that is done".to_owned()),
        )),
        Err(TryLockError::Error(error)) => Ok(Some(error)),
    }
}

/// Makes the folder of a backup, or sees that it is this home's. A mark that is damaged is written
/// anew where the folder holds what this home's log begins with. Gives whether another device of the
/// person, or this one before it was brought back, made the last state in it.
pub(super) fn prepare(
    folder: &Path,
    of: &Of,
    files: &[LogFile],
    warnings: &mut Vec<String>,
) -> Result<bool, CopyError> {
    make(folder)?;
    let mark = folder.join(MARK);
    let is_there = mark.exists();
    let mut is_anothers = false;
    let is_known = match is_there.then(|| read_mark(folder)).transpose()? {
        Some(Mark::Of(found)) if found.home == of.home => {
            is_anothers = found.device.is_some() && found.device != of.device;
            found == *of
        }
        Some(Mark::Of(_)) => {
            return Err(failed(
                format!("{} is the backup of another home", folder.display()),
                Some("name another folder: each home has its own".to_owned()),
            ));
        }
        Some(Mark::Damaged) if is_of_log(folder, files)? => {
            warnings.push(format!(
                "{} was damaged and is written anew: look at that disk",
                mark.display()
            ));
            false
        }
        Some(Mark::Damaged) => {
            return Err(failed(
                format!(
                    "{} is damaged, and nothing beside it shows that this is a backup of this home",
                    mark.display()
                ),
                Some("name another folder; what is in this one stays as it is".to_owned()),
            ));
        }
        None => {
            let mut there = fs::read_dir(folder).map_err(CopyError::io("list", folder))?;
            let ours = ["pieces", "states", "lock", "folkmoot-backup.new"];
            let strange = there.find_map(|entry| {
                let name = entry.ok()?.file_name();
                (!ours.iter().any(|ours| name == *ours)).then_some(name)
            });
            if strange.is_some() {
                return Err(failed(
                    format!("{} holds something else already", folder.display()),
                    Some("name an empty folder, or one that is not there yet".to_owned()),
                ));
            }
            if has_states(folder)? && !is_of_log(folder, files)? {
                return Err(failed(
                    format!("{} is the backup of another home", folder.display()),
                    Some("name another folder: each home has its own".to_owned()),
                ));
            }
            false
        }
    };
    make(&folder.join("pieces"))?;
    make(&folder.join("states"))?;
    if is_anothers {
        warnings.push(
            "another device of yours made the last state here; none of its states is removed. Give each device a folder of its own: only the newest state comes back"
                .to_owned(),
        );
    }
    if !is_known {
        whole(&mark, of.mark().as_bytes())?;
    }
    sync(folder)?;
    Ok(is_anothers)
}

fn has_states(folder: &Path) -> Result<bool, CopyError> {
    Ok(folder.join("states").is_dir() && !state::list(folder)?.is_empty())
}

/// Whether a state of a folder begins one of its files as this log does: nobody else's log has the
/// same records in it.
fn is_of_log(folder: &Path, files: &[LogFile]) -> Result<bool, CopyError> {
    if !has_states(folder)? {
        return Ok(false);
    }
    let states = state::list(folder)?.into_iter();
    let mut readable = states.filter_map(|(_, path)| state::read(&path).ok());
    let is_ours = |filed: &Filed| {
        let len = filed.len.min(PIECE as u64);
        let source = files
            .iter()
            .find(|file| file.name == filed.name && file.len >= len)
            .filter(|file| is_segment(&file.name));
        let bytes = source.and_then(|file| stretch(file, 0, len).ok());
        bytes.is_some_and(|bytes| filed.pieces.first() == Some(blake3::hash(&bytes).as_bytes()))
    };
    Ok(readable.any(|state| state.files.iter().any(is_ours)))
}

pub(super) fn lock(folder: &Path, warnings: &mut Vec<String>) -> Result<File, CopyError> {
    let path = folder.join("lock");
    let file = open_lock(&path).map_err(CopyError::io("make", &path))?;
    let busy =
        "another backup into this folder is under way, or it is being checked or brought back";
    if let Some(error) = without_locks(file.try_lock(), busy)? {
        warnings.push(format!(
            "this disk has no locks ({error}): see yourself that no other backup into this folder runs now"
        ));
    }
    Ok(file)
}

fn open_lock(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

pub(super) fn make(folder: &Path) -> Result<(), CopyError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(CopyError::io("make", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_without_locks_is_no_reason_to_have_no_backup() {
        let error = || TryLockError::Error(std::io::Error::from_raw_os_error(95));
        assert!(matches!(without_locks(Err(error()), "busy"), Ok(Some(_))));
        assert!(matches!(without_locks(Ok(()), "busy"), Ok(None)));
        assert!(without_locks(Err(TryLockError::WouldBlock), "busy").is_err());
    }
}
