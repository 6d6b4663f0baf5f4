//! Damage: remembering it, taking lost records out of the index, mending a failed projection.

use std::{collections::BTreeMap, ops::ControlFlow};

use folkmoot_record::{BundleHash, RecordId};

use crate::{
    Damage, DamageKind, Direction, LogCursor, OpenReport, StoreError, Vault,
    index::Index,
    layout::{self, BodyPlace, Place, Prefix, Spot},
    log::{SEGMENT_HEAD, Step, Walk, slot},
    projection::{Projection, Visit},
    replay::readable_id,
    stage::{Kept, Stage},
    state::State,
};

use super::open::open_state;

impl Vault {
    /// Reads up to `bytes` of the log from `cursor` on, checking every checksum. Returns where to go
    /// on, `None` at the end, and the damage found. Damaged records count as not held from then on.
    ///
    /// # Errors
    /// The disk's.
    pub fn scrub(
        &mut self,
        cursor: LogCursor,
        bytes: u64,
    ) -> Result<(Option<LogCursor>, Vec<Damage>), StoreError> {
        self.mend()?;
        let end = self.writer.end();
        let mut found = Vec::new();
        let mut read = 0;
        let mut next = None;
        'segments: for segment in cursor.segment..=end.segment {
            let offset = if segment == cursor.segment {
                cursor.offset
            } else {
                0
            };
            let start = LogCursor { segment, offset };
            if !self.layout.path(segment).exists() {
                let to = LogCursor {
                    segment: segment + 1,
                    offset: 0,
                };
                found.push(Found::new(start, to, DamageKind::MissingSegment));
                continue;
            }
            let mut walk = Walk::new(&self.layout, start)?.until(end);
            loop {
                let from = walk.at();
                if read >= bytes {
                    next = Some(from);
                    break 'segments;
                }
                let mut unopened = None;
                match walk.step()? {
                    // Its checksum is good, and it does not open: somebody wrote it who has no key.
                    Step::Entry { at, kind: 0, .. } => unopened = Some(at),
                    Step::Entry { .. } => {}
                    Step::Damage {
                        at, bytes, payload, ..
                    } => {
                        let id = payload.and_then(readable_id);
                        let to = behind(at, bytes);
                        found.push(Found {
                            readable: id,
                            ..Found::new(at, to, DamageKind::Checksum)
                        });
                    }
                    Step::BadHead => {
                        let to = behind(from, SEGMENT_HEAD as u64);
                        found.push(Found::new(from, to, DamageKind::SegmentHead));
                    }
                    Step::End { at, rest } => {
                        let short = segment == end.segment && at < end;
                        if rest > 0 || short {
                            let to = if segment == end.segment {
                                end
                            } else {
                                behind(at, rest)
                            };
                            found.push(Found::new(at, to, DamageKind::Checksum));
                        }
                        break;
                    }
                }
                if let Some(at) = unopened {
                    found.push(Found::new(at, walk.at(), DamageKind::Checksum));
                }
                read += u64::from(walk.at().offset.saturating_sub(from.offset));
            }
        }
        let damaged = self.damage_in(&found)?;
        self.mend()?;
        Ok((next, damaged))
    }

    /// Describes damage; the records and bundles that lie in it count as lost from now on.
    fn damage_in(&self, found: &[Found]) -> Result<Vec<Damage>, StoreError> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let (lost, damaged) = describe(&self.state, found)?;
        self.lost.borrow_mut().extend(lost);
        let index = &self.state.index;
        let scan: Scan<'_> = &|from, to, visit| index.scan(from, to, Direction::Forward, visit);
        self.lost_bundles
            .borrow_mut()
            .extend(bundles_in(scan, &|spot| lies_in(found, spot))?);
        Ok(damaged)
    }

    /// Notes that a bundle cannot be read.
    pub(super) fn lose_bundle(&self, hash: &BundleHash, spot: Spot) -> Damage {
        let damage = self.damage_at(spot, Vec::new());
        if self.lost_bundles.borrow_mut().insert(*hash) {
            tracing::warn!(%damage, "a bundle is damaged and counts as not held");
            self.damage.borrow_mut().push(damage.clone());
        }
        damage
    }

    /// Notes that a record cannot be read.
    pub(super) fn lose(&self, id: &RecordId, spot: Spot) -> Damage {
        let damage = self.damage_at(spot, vec![*id]);
        if self.lost.borrow_mut().insert(*id) {
            tracing::warn!(%id, %damage, "a record is damaged and counts as not held");
            self.damage.borrow_mut().push(damage.clone());
        }
        damage
    }

    fn damage_at(&self, spot: Spot, ids: Vec<RecordId>) -> Damage {
        let len = spot.len as usize + self.layout.cipher.overhead();
        Damage {
            at: spot.at,
            bytes: slot(len) as u64,
            kind: DamageKind::Checksum,
            ids,
        }
    }

    /// Takes lost records and bundles out of the index and brings a failed projection back.
    pub(super) fn mend(&mut self) -> Result<(), StoreError> {
        self.state.index.reap();
        if self.state.index.failed().is_some() {
            self.revive()?;
        }
        if !self.lost.get_mut().is_empty() {
            self.forget_lost()?;
        }
        if !self.lost_bundles.get_mut().is_empty() {
            self.forget_lost_bundles()?;
        }
        Ok(())
    }

    fn forget_lost_bundles(&mut self) -> Result<(), StoreError> {
        let mut stage = Stage::default();
        for hash in self.lost_bundles.get_mut().iter() {
            let value = self.state.index.get(&layout::bundle_hash(hash))?;
            if let Some((number, key_id)) = value.as_deref().and_then(layout::read_bundle_hash) {
                stage.drop_bundle(number, &key_id, hash);
            }
        }
        let end = self.writer.end();
        self.state.accept(stage, end);
        self.lost_bundles.get_mut().clear();
        Ok(())
    }

    fn forget_lost(&mut self) -> Result<(), StoreError> {
        let lost = self.lost.get_mut();
        let mut prefixes = BTreeMap::new();
        let mut stage = Stage::default();
        for id in lost.iter() {
            if let Some(place) = self.state.place(id)? {
                stage.drop_place(id);
                prefixes.insert(layout::prefix(id), place);
            }
        }
        let index = &self.state.index;
        let scan: Scan<'_> = &|from, to, visit| index.scan(from, to, Direction::Forward, visit);
        for listed in listed(scan, &prefixes)? {
            stage.forget(&self.state, &listed.id, &listed.place, listed.kept);
        }
        let end = self.writer.end();
        self.state.accept(stage, end);
        self.lost.get_mut().clear();
        Ok(())
    }

    /// Opens the projection again after it failed, or rebuilds it, and replays what it lacks. Where
    /// that fails nothing can be read or stored until a later call succeeds: an empty map would say
    /// that nothing is held.
    fn revive(&mut self) -> Result<(), StoreError> {
        // The old engine must be closed first: it holds its folder's lock.
        self.state.index = Index::closed();
        let mut report = OpenReport::default();
        let opened = open_state(
            &self.root,
            &self.options,
            &self.layout,
            &mut report,
            &mut |_| {},
        );
        match opened {
            Ok((state, _)) => {
                self.state = state;
                tracing::info!(replayed = report.replayed, "the projection is back");
                self.damage.get_mut().append(&mut report.damaged);
                Ok(())
            }
            Err(error) => {
                // The log still tells everything: a map in memory serves until the next start.
                tracing::warn!(%error, "the projection cannot be opened; a map in memory takes its place");
                let options = crate::Options {
                    engine: crate::Engine::Memory,
                    ..self.options.clone()
                };
                let (state, _) =
                    open_state(&self.root, &options, &self.layout, &mut report, &mut |_| {})?;
                self.state = state;
                Ok(())
            }
        }
    }
}

/// Visits a range of an index or an engine, forward.
type Scan<'a> = &'a dyn Fn(&[u8], &[u8], Visit<'_>) -> Result<(), StoreError>;

/// A damaged place of the log.
struct Found {
    at: LogCursor,
    to: LogCursor,
    kind: DamageKind,
    /// The record that its payload still names.
    readable: Option<RecordId>,
}

impl Found {
    const fn new(at: LogCursor, to: LogCursor, kind: DamageKind) -> Self {
        Self {
            at,
            to,
            kind,
            readable: None,
        }
    }

    fn holds(&self, spot: Spot) -> bool {
        self.at <= spot.at && spot.at < self.to
    }

    fn took(&self, place: &Place) -> bool {
        self.holds(place.spot) || matches!(place.body, BodyPlace::Apart(spot) if self.holds(spot))
    }
}

/// A record and where the index lists it.
struct Listed {
    id: RecordId,
    place: Place,
    kept: Kept,
}

/// Whether an entry begins in one of these places, which are in the order of the log, none over another.
fn lies_in(found: &[Found], spot: Spot) -> bool {
    let behind = found.partition_point(|one| one.at <= spot.at);
    let before = behind.checked_sub(1).and_then(|at| found.get(at));
    before.is_some_and(|one| one.holds(spot))
}

/// The records that lie in damage, and the damage described. The index is searched once for all places: a
/// failing disk damages many.
fn describe(state: &State, found: &[Found]) -> Result<(Vec<RecordId>, Vec<Damage>), StoreError> {
    let scan: Scan<'_> = &|from, to, visit| state.index.scan(from, to, Direction::Forward, visit);
    let listed = listed_in(scan, &|spot| lies_in(found, spot))?;
    let mut damaged = Vec::with_capacity(found.len());
    for one in found {
        let taken = listed.iter().filter(|listed| one.took(&listed.place));
        let mut ids: Vec<_> = taken.map(|listed| listed.id).collect();
        // Only where the index does not know better.
        if ids.is_empty()
            && let Some(id) = one.readable
            && state.place(&id)?.is_none()
        {
            ids.push(id);
        }
        let bytes = if one.at.segment == one.to.segment {
            u64::from(one.to.offset - one.at.offset)
        } else {
            0
        };
        damaged.push(Damage {
            at: one.at,
            bytes,
            kind: one.kind,
            ids,
        });
    }
    Ok((listed.into_iter().map(|one| one.id).collect(), damaged))
}

/// The same damage, in the order of the log, with the ids that an index knows beside those read there.
pub(super) fn with_ids(state: &State, damaged: &[Damage]) -> Result<Vec<Damage>, StoreError> {
    if damaged.is_empty() {
        return Ok(Vec::new());
    }
    let found = damaged.iter().map(|one| Found {
        readable: one.ids.first().copied(),
        ..Found::new(one.at, behind(one.at, one.bytes), one.kind)
    });
    let found: Vec<_> = found.collect();
    Ok(describe(state, &found)?.1)
}

/// Ids of the records that an engine places between two positions.
pub(super) fn ids_in(
    engine: &dyn Projection,
    from: LogCursor,
    to: LogCursor,
) -> Result<Vec<RecordId>, StoreError> {
    let scan: Scan<'_> = &|from, to, visit| Ok(engine.scan(from, to, Direction::Forward, visit)?);
    let found = Found::new(from, to, DamageKind::Checksum);
    Ok(listed_in(scan, &|spot| found.holds(spot))?
        .into_iter()
        .map(|item| item.id)
        .collect())
}

/// The records of which an entry begins in a place that is asked for.
fn listed_in(scan: Scan<'_>, within: &dyn Fn(Spot) -> bool) -> Result<Vec<Listed>, StoreError> {
    let mut prefixes = BTreeMap::new();
    let (low, high) = layout::range(layout::RECORDS, &[]);
    scan(&low, &high, &mut |key, value| {
        if let Some((prefix, place)) = layout::read_place(key, value)
            && (within(place.spot) || matches!(place.body, BodyPlace::Apart(spot) if within(spot)))
        {
            prefixes.insert(prefix, place);
        }
        ControlFlow::Continue(())
    })?;
    listed(scan, &prefixes)
}

/// The bundles whose entry begins in a place that is asked for.
fn bundles_in(
    scan: Scan<'_>,
    within: &dyn Fn(Spot) -> bool,
) -> Result<Vec<BundleHash>, StoreError> {
    let mut found = Vec::new();
    let (low, high) = layout::range(layout::BUNDLES, &[]);
    scan(&low, &high, &mut |key, value| {
        let bundle = layout::read_bundle(key, value);
        found.extend(
            bundle
                .filter(|(_, spot)| within(*spot))
                .map(|(hash, _)| hash),
        );
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// Where the index lists these records. Their headers may be unreadable, so the lists are searched.
fn listed(scan: Scan<'_>, prefixes: &BTreeMap<Prefix, Place>) -> Result<Vec<Listed>, StoreError> {
    let mut found = Vec::new();
    if prefixes.is_empty() {
        return Ok(found);
    }
    let mut find = |id: RecordId, kept: Kept| {
        if let Some(&place) = prefixes.get(&layout::prefix(&id)) {
            found.push(Listed { id, place, kept });
        }
    };
    let (from, to) = layout::range(layout::CONTENT, &[]);
    scan(&from, &to, &mut |key, _| {
        if let (Some((hlc, id)), Some(number)) =
            (layout::read_content(key), layout::read_number(key))
        {
            let hlc = hlc.raw();
            find(id, Kept::Content { number, hlc });
        }
        ControlFlow::Continue(())
    })?;
    let (from, to) = layout::range(layout::CONTROL, &[]);
    scan(&from, &to, &mut |key, value| {
        if let (Some((_, id)), Some(number)) =
            (layout::read_control(key, value), layout::read_number(key))
        {
            find(id, Kept::Control { number });
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn behind(at: LogCursor, bytes: u64) -> LogCursor {
    LogCursor {
        offset: at
            .offset
            .saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX)),
        ..at
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use folkmoot_seal::StoreKey;

    use crate::{
        Direction, Entry, LogCursor, Options, StoreError, Vault, index::Index, log::HEAD,
        projection::ProjectionError,
    };

    /// A revival that fails leaves no empty map behind: it is tried again until it succeeds.
    #[test]
    fn what_cannot_be_read_is_not_taken_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (mut vault, _) = Vault::open(dir.path(), Options::default(), &mut |_| {}).unwrap();
        let fact = |key: &[u8]| Entry::Local {
            key: key.to_vec(),
            value: Some(b"kept".to_vec()),
        };
        vault.commit(&[fact(b"first")]).unwrap();
        vault
            .state
            .index
            .fail(ProjectionError("as a test".to_owned()));
        let (log, aside) = (dir.path().join("log"), dir.path().join("aside"));
        fs::rename(&log, &aside).unwrap();
        for _ in 0..2 {
            assert!(vault.commit(&[fact(b"second")]).is_err());
            assert!(matches!(
                vault.local(b"first"),
                Err(StoreError::Projection(_))
            ));
            assert!(vault.scan_local(b"").is_err());
            assert!(vault.settle().is_err());
        }
        fs::rename(&aside, &log).unwrap();
        vault.commit(&[fact(b"second")]).unwrap();
        for key in [&b"first"[..], b"second"] {
            assert_eq!(vault.local(key).unwrap().as_deref(), Some(&b"kept"[..]));
        }
    }

    /// Whoever knows the checksums' key, which is no secret from who reads the folder, writes nothing that
    /// passes for sound.
    #[test]
    fn an_entry_whose_checksum_is_good_and_whose_seal_is_not_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            key: Some(StoreKey::from_bytes([1; 32])),
            ..Options::default()
        };
        let (mut vault, _) = Vault::open(dir.path(), options, &mut |_| {}).unwrap();
        let mut places = vec![vault.cursor()];
        for key in [b"first", b"other"] {
            let entry = Entry::Local {
                key: key.to_vec(),
                value: Some(b"kept".to_vec()),
            };
            vault.commit(&[entry]).unwrap();
            places.push(vault.cursor());
        }
        let (at, end) = (places[0], places[1]);
        let path = vault.layout.path(at.segment);
        let mut bytes = fs::read(&path).unwrap();
        let from = at.offset as usize;
        let len = u32::from_le_bytes(bytes[from..from + 4].try_into().unwrap()) as usize;
        bytes[from + HEAD + len / 2] ^= 1;
        let kind = bytes[from + 4] & 0x7f;
        let payload = &bytes[from + HEAD..from + HEAD + len];
        let head = vault.layout.seal.head(at, kind, true, payload);
        bytes[from..from + HEAD].copy_from_slice(&head);
        fs::write(&path, bytes).unwrap();
        let (_, damaged) = vault.scrub(LogCursor::default(), u64::MAX).unwrap();
        assert_eq!(damaged.len(), 1, "{damaged:?}");
        assert_eq!(damaged[0].at, at);
        assert_eq!(damaged[0].bytes, u64::from(end.offset - at.offset));
    }

    #[test]
    fn a_closed_index_says_so() {
        let mut index = Index::closed();
        assert!(index.failed().is_some() && index.get(b"x").is_err());
        assert!(
            index
                .scan(b"a", b"b", Direction::Forward, &mut |_, _| {
                    std::ops::ControlFlow::Continue(())
                })
                .is_err()
        );
        assert!(index.settle().is_err());
    }
}
