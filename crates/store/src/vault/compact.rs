//! Giving space back, and taking erased bodies off the disk.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    ops::ControlFlow,
    os::unix::fs::FileExt,
    path::Path,
};

use folkmoot_record::RecordId;

use crate::{
    Compacted, Direction, Engine, LogCursor, StoreError, Vault, engine,
    files::io_error,
    index::Index,
    layout,
    log::{HEAD, slot},
    payload::{self, Item},
    projection::{Changes, Projection, ProjectionError},
    state::{Loss, trusted},
};

/// Bytes of erased entries that one call takes off the disk: they lie in memory meanwhile.
const ERASE_STEP: usize = 8 << 20;
/// Pairs copied at once into a new projection.
const COPY_STEP: usize = 2_000;
/// Growth that calls for a copy: sled settles at about three times what it holds after one.
const GROWTH: u64 = 3;
/// What the projection holds for a record on average: two keys of 33 and 45 bytes, and a place.
const RECORD_BYTES: u64 = 100;
/// Blocks of zeros this long are left out of a rewritten segment: a hole takes no room.
const BLOCK: usize = 4_096;

impl Vault {
    /// Takes erased bodies off the disk, those of one segment a call, and copies the projection into
    /// a new folder where it has grown far beyond what it holds. No entry moves: cursors stay good.
    /// It blocks its caller for as long as it copies. The program calls it when it has erased bodies;
    /// where none are, the projection on the disk only grows.
    ///
    /// # Errors
    /// The disk's. The old files stay in use then.
    pub fn compact(&mut self) -> Result<Compacted, StoreError> {
        self.mend()?;
        let mut done = Compacted::default();
        let erased = self.erased_entries()?;
        if let Some(first) = erased.first_key_value() {
            let segment = first.0.segment;
            self.rewrite(segment, &erased)?;
            done.segments = 1;
        } else if self.has_grown()? {
            self.copy_projection()?;
            done.projection = true;
        }
        Ok(done)
    }

    /// Entries of one segment whose bodies were erased and are still on the disk.
    fn erased_entries(&self) -> Result<BTreeMap<LogCursor, RecordId>, StoreError> {
        let (from, to) = layout::range(layout::ERASURES, &[]);
        let mut found = BTreeMap::<LogCursor, RecordId>::new();
        self.state
            .index
            .scan(&from, &to, Direction::Forward, &mut |key, value| {
                let at = key
                    .get(1..)
                    .and_then(|at| at.try_into().ok())
                    .map(LogCursor::from_bytes);
                let id = value.try_into().ok().map(RecordId::from_bytes);
                let (Some(at), Some(id)) = (at, id) else {
                    return ControlFlow::Continue(());
                };
                if found
                    .first_key_value()
                    .is_some_and(|first| first.0.segment != at.segment)
                {
                    return ControlFlow::Break(());
                }
                found.insert(at, id);
                ControlFlow::Continue(())
            })?;
        Ok(found)
    }

    /// Writes the segment anew without these bodies and puts it in the old one's place.
    fn rewrite(
        &mut self,
        segment: u32,
        erased: &BTreeMap<LogCursor, RecordId>,
    ) -> Result<(), StoreError> {
        let path = self.layout.path(segment);
        let mut patches = BTreeMap::new();
        let mut changes = Changes::new();
        let mut held = 0;
        let file = File::open(&path).map_err(io_error("open", &path))?;
        for (&at, id) in erased {
            if held >= ERASE_STEP {
                break;
            }
            if let Some(entry) = self.stripped(&file, &path, at, id)? {
                held += entry.len();
                patches.insert(u64::from(at.offset), entry);
            }
            changes.insert(layout::erasure(at), None);
        }
        let new = path.with_extension("new");
        let renamed = copy_patched(&file, &new, &patches)
            .map_err(io_error("write", &new))
            .and_then(|copy| {
                fs::rename(&new, &path).map_err(io_error("rename", &new))?;
                Ok(copy)
            });
        let copy = match renamed {
            Ok(copy) => copy,
            Err(error) => {
                if let Err(error) = fs::remove_file(&new) {
                    tracing::warn!(%error, "an unfinished segment could not be removed");
                }
                return Err(error);
            }
        };
        // From here on the old file has no name: whatever fails, nobody may read or write it again.
        self.state.reader.forget(segment);
        self.writer.renamed(segment, copy)?;
        self.state.index.add(changes);
        Ok(())
    }

    /// The entry that takes the place of an erased one: as long, without the body. `None` where it
    /// is damaged, was rewritten before, or has a body too short to hold anything.
    fn stripped(
        &self,
        file: &File,
        path: &Path,
        at: LogCursor,
        id: &RecordId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut head = [0; HEAD];
        file.read_exact_at(&mut head, at.offset.into())
            .map_err(io_error("read", path))?;
        let Some(open) = self.layout.seal.open_head(at, &head) else {
            return Ok(None);
        };
        let spot = layout::Spot {
            at,
            len: u32::try_from(open.len.saturating_sub(self.layout.cipher.overhead()))
                .unwrap_or(u32::MAX),
        };
        let (kind, payload) = match self.state.read(spot) {
            Ok(read) => read,
            Err(Loss::At(_)) => return Ok(None),
            Err(Loss::Store(error)) => return Err(error),
        };
        let (kind, payload) = match (kind, Item::read(kind, &payload)) {
            (payload::RECORD, Some(Item::Record { received_ms, wire })) => {
                let header = trusted(wire).map(|record| record.without_body());
                let stripped = header.and_then(|header| {
                    payload::strip_record(received_ms, header.wire(), payload.len())
                });
                match stripped {
                    Some(stripped) => (payload::STRIPPED_RECORD, stripped),
                    None => return Ok(None),
                }
            }
            (payload::BODY, _) => (
                payload::STRIPPED_BODY,
                payload::strip_body(id, payload.len()),
            ),
            _ => return Ok(None),
        };
        let Some(payload) = self.layout.cipher.seal(at, kind, payload)? else {
            return Ok(None);
        };
        let mut entry = self
            .layout
            .seal
            .head(at, kind, open.last, &payload)
            .to_vec();
        entry.extend_from_slice(&payload);
        entry.resize(slot(payload.len()), 0);
        Ok(Some(entry))
    }

    fn has_grown(&self) -> Result<bool, StoreError> {
        if self.options.engine == Engine::Memory {
            return Ok(false);
        }
        let size = self.state.index.size()?;
        let registry = &self.state.registry;
        let records: u64 = (0..registry.next())
            .filter_map(|number| registry.counts(number))
            .map(|counts| counts.control + counts.content)
            .sum();
        let live = records * RECORD_BYTES;
        Ok(size > self.options.projection_spare_bytes && size > GROWTH * live)
    }

    /// Copies the projection into a new folder and goes on with that one.
    fn copy_projection(&mut self) -> Result<(), StoreError> {
        self.state.index.settle()?;
        let (name, engine) = engine::begin(&self.root, &self.options, &self.layout.seal)?;
        if let Err(error) = self.copy_into(&*engine) {
            drop(engine);
            let dir = self.root.join(name);
            if let Err(error) = fs::remove_dir_all(&dir) {
                tracing::warn!(%error, "an unfinished projection could not be removed");
            }
            return Err(error);
        }
        // The old engine is closed before its folder is removed.
        self.state.index = Index::closed();
        self.state.index = Index::new(engine);
        engine::switch(&self.root, &name)
    }

    fn copy_into(&self, engine: &dyn Projection) -> Result<(), StoreError> {
        let mut batch = Changes::new();
        let mut failed: Result<(), ProjectionError> = Ok(());
        let write = |batch: &mut Changes| -> Result<(), ProjectionError> {
            engine.put_batch(batch)?;
            batch.clear();
            engine.flush()
        };
        self.state
            .index
            .scan(&[], &[u8::MAX], Direction::Forward, &mut |key, value| {
                batch.insert(key.to_vec(), Some(value.to_vec()));
                if batch.len() >= COPY_STEP {
                    failed = write(&mut batch);
                }
                match failed {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            })?;
        failed?;
        Ok(write(&mut batch)?)
    }
}

/// Copies a file with some places replaced; blocks of zeros become holes. Returns the copy, open for
/// reading and writing: opening it later could fail.
fn copy_patched(from: &File, to: &Path, patches: &BTreeMap<u64, Vec<u8>>) -> io::Result<File> {
    let len = from.metadata()?.len();
    let new = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(to)?;
    new.set_len(len)?;
    let mut block = vec![0; 64 * BLOCK];
    let mut pos = 0;
    while pos < len {
        let want = usize::try_from((len - pos).min(block.len() as u64)).unwrap_or(0);
        let bytes = &mut block[..want];
        from.read_exact_at(bytes, pos)?;
        for (&at, patch) in patches.range(..pos + want as u64).rev() {
            if at + (patch.len() as u64) <= pos {
                // Entries do not overlap, so no earlier one reaches here.
                break;
            }
            overlay(bytes, pos, at, patch);
        }
        for (index, part) in bytes.chunks(BLOCK).enumerate() {
            if part.iter().any(|byte| *byte != 0) {
                new.write_all_at(part, pos + (index * BLOCK) as u64)?;
            }
        }
        pos += want as u64;
    }
    new.sync_all()?;
    Ok(new)
}

/// Puts the part of `patch`, which begins at `at`, that falls into `bytes`, which begin at `pos`.
fn overlay(bytes: &mut [u8], pos: u64, at: u64, patch: &[u8]) {
    let start = usize::try_from(at.saturating_sub(pos)).unwrap_or(usize::MAX);
    let skip = usize::try_from(pos.saturating_sub(at)).unwrap_or(usize::MAX);
    if let (Some(to), Some(from)) = (bytes.get_mut(start..), patch.get(skip..)) {
        let n = to.len().min(from.len());
        to[..n].copy_from_slice(&from[..n]);
    }
}
