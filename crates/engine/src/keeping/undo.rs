//! Undoing what one did last.
//!
//! Records stay; an act is undone by another one. A local fact tells which did, so that undoing
//! again goes further back.

use std::collections::BTreeSet;

use folkmoot_api::{ActKind, ApiError, ErrorCode, Reply, Undo, Undone};
use folkmoot_library::{Part, item, part};
use folkmoot_record::{CollectiveId, Hlc, Kind, RecordId, Rel, Verified};
use folkmoot_store::Entry;

use crate::{
    core::Core,
    errors::{failed, not_found, store_failed, store_unread, usage},
    exchange::holdings::read,
    finding::saved::SEARCH,
    keeping::{
        author::stored_tip,
        documents::Document,
        edit::Says,
        erasure::{is_act, targets},
        notes::MEMBERSHIP,
    },
    membership::{collective::Collective, invite::moment},
};

/// Facts about undoing: `u/`, the record that undid; its value is the record undone. Or `u/`, a record
/// that cannot be undone and was named, without a value: undoing goes on before it.
const UNDONE: &[u8] = b"u/";
/// Own records looked at, from the newest one back, before it counts as nothing to undo.
const MOST_LOOKED_AT: usize = 1_000;
/// Most records passed over on the way: those of a few titles that could not be given back, each with
/// up to 10,000 links.
const MOST_PASSED_OVER: usize = 50_000;
/// Bytes of records and facts that are written in one group: three quarters of what the store takes at
/// once leave room for what publishing adds.
const MOST_BYTES: usize = 48 << 20;
/// Bytes of the fact that tells what a record undid, with its frame, rounded up.
const FACT_BYTES: usize = 256;

/// What is remembered of a record.
enum Fact {
    /// It undid another one.
    Undid(RecordId),
    /// It cannot be undone: undoing goes on before it.
    PassedOver,
}

/// What is written to undo an edit.
struct Undoing {
    /// The version that is undone.
    undoes: RecordId,
    document: Document,
    /// The current version, in whose place it is written.
    replaces: RecordId,
    says: Says,
}

/// The fact that a record undid another one.
fn undid(by: &RecordId, undone: &RecordId) -> Entry {
    Entry::Local {
        key: [UNDONE, by.as_bytes()].concat(),
        value: Some(undone.to_bytes().to_vec()),
    }
}

/// The fact that undoing goes on before a record.
fn passed_over(id: &RecordId) -> Entry {
    Entry::Local {
        key: [UNDONE, id.as_bytes()].concat(),
        value: Some(Vec::new()),
    }
}

impl Core {
    /// Undoes the last act of this person on this device that was not undone yet.
    pub(crate) fn undo(&mut self, ask: &Undo) -> Result<Reply, ApiError> {
        let Some((cid, last)) = self.last_act()? else {
            return Err(not_found("there is nothing to undo").hint(
                "what you wrote on another device, or with --as, is taken back by its id: `moot retract`",
            ));
        };
        let what = self.in_words(&last);
        let id = last.id();
        let is_edit = matches!(part(last.header()), Part::Version(_));
        // Only a new title has others with it.
        let with = match is_edit && self.gave_title(&last)? {
            true => self.relinked_with(&last)?,
            false => Vec::new(),
        };
        let mut undone = Undone {
            short: self.short_id(&id),
            what,
            id: id.to_string(),
            collective: self.name_of(&cid),
            written: moment(last.header().ms()),
            record: None,
            also: with.len() as u64,
            stays: 0,
            next: None,
        };
        if ask.dry_run {
            return Ok(Reply::Undone(undone));
        }
        let written = match is_edit {
            true => self.undo_edits(cid, &last, &with),
            false => self.undo_record(cid, &last).map(|record| (record, 0)),
        };
        let (record, stays) = match written {
            Ok(written) => written,
            Err(error) if is_for_good(&error) => {
                return Err(self.pass_over(&last, &with, &undone.what, error));
            }
            Err(error) => return Err(error),
        };
        undone.also -= stays;
        undone.stays = stays;
        undone.record = Some(record.to_string());
        undone.next = self.last_act()?.map(|(_, next)| self.in_words(&next));
        Ok(Reply::Undone(undone))
    }

    /// What cannot be undone is named, and does not stand in the way any more, nor does what was
    /// changed with it.
    fn pass_over(
        &mut self,
        act: &Verified,
        with: &[Verified],
        what: &str,
        mut error: ApiError,
    ) -> ApiError {
        let all = [act].into_iter().chain(with);
        let facts: Vec<Entry> = all.map(|record| passed_over(&record.id())).collect();
        if let Err(error) = self.store.commit(&facts) {
            return store_failed(error);
        }
        error.message = format!("{what} cannot be undone: {}", error.message);
        let goes_on = "`moot undo` again goes on with what came before it";
        error.hint = Some(match error.hint {
            Some(hint) => format!("{hint}; {goes_on}"),
            None => goes_on.to_owned(),
        });
        error
    }

    fn last_act(&self) -> Result<Option<(CollectiveId, Verified)>, ApiError> {
        let mut last: Option<(Hlc, CollectiveId, Verified)> = None;
        for collective in self.member_of() {
            if let Some(record) = self.last_act_in(collective)?
                && last
                    .as_ref()
                    .is_none_or(|(hlc, ..)| *hlc < record.header().hlc)
            {
                last = Some((record.header().hlc, collective.cid(), record));
            }
        }
        Ok(last.map(|(_, cid, record)| (cid, record)))
    }

    fn last_act_in(&self, collective: &Collective) -> Result<Option<Verified>, ApiError> {
        let (cid, dev) = (collective.cid(), collective.secrets.dev());
        let tip = stored_tip(&self.store, &cid, &dev).map_err(store_unread)?;
        let mut next = tip.and_then(|tip| tip.place.prev);
        let (mut looked_at, mut passed) = (0, 0);
        while looked_at < MOST_LOOKED_AT && passed < MOST_PASSED_OVER {
            let Some(record) = next.and_then(|id| read(&self.store, &id)) else {
                break;
            };
            let (id, header) = (record.id(), record.header());
            match self.undoing(&id)? {
                Some(Fact::Undid(undone)) => {
                    looked_at += 1;
                    let undone = read(&self.store, &undone);
                    next = undone.and_then(|record| record.header().prev);
                    continue;
                }
                Some(Fact::PassedOver) => {
                    passed += 1;
                    next = header.prev;
                    continue;
                }
                None => looked_at += 1,
            }
            let own_work = !matches!(header.kind, MEMBERSHIP | SEARCH | Kind::PROFILE);
            let gone = !is_act(header.kind)
                && collective
                    .is_erased(&self.store, &id, header)
                    .map_err(store_unread)?;
            if own_work && !gone {
                return Ok(Some(record));
            }
            next = header.prev;
        }
        Ok(None)
    }

    /// What an act was, for people.
    fn in_words(&self, act: &Verified) -> String {
        let header = act.header();
        let title = |record: &Verified| {
            let name = record.header().kind.name().unwrap_or("record").to_owned();
            match item(record).map(|item| item.title) {
                Some(title) if !title.is_empty() => format!("the {name} \"{title}\""),
                _ => format!("a {name}"),
            }
        };
        let of = targets(header)
            .next()
            .and_then(|target| read(&self.store, &target))
            .map_or_else(|| "a record".to_owned(), |target| title(&target));
        match (header.kind, part(header)) {
            (Kind::RETRACT, _) => format!("taking back {of}"),
            (Kind::HIDE, _) => format!("hiding {of}"),
            (Kind::UNHIDE, _) => format!("showing {of} again"),
            (Kind::PURGE, _) => format!("purging {of}"),
            (_, Part::Version(_)) => format!("the edit of {}", title(act)),
            _ => title(act),
        }
    }

    /// Writes what undoes a record.
    fn undo_record(&mut self, cid: CollectiveId, act: &Verified) -> Result<RecordId, ApiError> {
        let header = act.header();
        let target = targets(header)
            .next()
            .and_then(|target| read(&self.store, &target));
        let nothing = || not_found("what it was done to is not held here");
        let opposite = match header.kind {
            Kind::PURGE => {
                return Err(usage("a purge is final"));
            }
            Kind::RETRACT => {
                let back = self.bring_back(cid, &target.ok_or_else(nothing)?, None)?;
                let back = back
                    .record
                    .parse()
                    .map_err(|_| usage("the record that was written has no id"))?;
                self.remember_undone(&back, &act.id())?;
                return Ok(back);
            }
            Kind::HIDE => ActKind::Unhide,
            Kind::UNHIDE => ActKind::Hide,
            _ => {
                if part(header) == Part::First {
                    self.nobody_went_on(act)?;
                }
                return self.take_back(cid, act);
            }
        };
        let target = target.ok_or_else(nothing)?;
        let written = self.write_act(cid, &target, opposite, None, None)?;
        let written = written.ok_or_else(|| usage("that is so no more: somebody undid it"))?;
        self.remember_undone(&written.id(), &act.id())?;
        Ok(written.id())
    }

    fn remember_undone(&mut self, by: &RecordId, undone: &RecordId) -> Result<(), ApiError> {
        self.store
            .commit(&[undid(by, undone)])
            .map_err(store_failed)
    }

    fn take_back(&mut self, cid: CollectiveId, record: &Verified) -> Result<RecordId, ApiError> {
        let act = self.write_act(cid, record, ActKind::Retract, None, None)?;
        let act = act.ok_or_else(|| usage("it was taken back already"))?;
        self.remember_undone(&act.id(), &record.id())?;
        Ok(act.id())
    }

    /// A document that others edited is not taken back in passing.
    fn nobody_went_on(&mut self, first: &Verified) -> Result<(), ApiError> {
        let seat = first.header().seat;
        let document = self.document_of(first)?.map(|(_, document)| document);
        let records = document
            .iter()
            .flat_map(|document| document.records.values());
        let Some(theirs) = records.into_iter().find(|r| r.header().seat != seat) else {
            return Ok(());
        };
        let (short, version) = (self.short_id(&first.id()), self.short_id(&theirs.id()));
        Err(usage(format!(
            "{short} was edited by somebody else since: {version}"
        ))
        .hint(format!(
            "to take it back with all versions: `moot retract {short}`"
        )))
    }

    /// Whether a version has another title than what it replaced.
    fn gave_title(&mut self, version: &Verified) -> Result<bool, ApiError> {
        let Some((_, document)) = self.document_of(version)? else {
            return Ok(false);
        };
        let before = document.versions.replaced_by(&version.id());
        let before = before.first().and_then(|id| document.records.get(id));
        let title = |record: &Verified| item(record).map(|item| item.title);
        Ok(before.is_some_and(|before| title(before) != title(version)))
    }

    /// Undoes an edit, and the changes of links that came with it, as far as nobody went on from them:
    /// all in one group with the facts that tell it, so that nothing is ever undone by half. Returns the
    /// version that undid the edit, and how many of the others stay.
    fn undo_edits(
        &mut self,
        cid: CollectiveId,
        edit: &Verified,
        with: &[Verified],
    ) -> Result<(RecordId, u64), ApiError> {
        let undoing = self.what_undoes(edit)?;
        self.tidy_heads(cid)?;
        let signed = self.sign_undoing(cid, undoing, with);
        let (records, facts, stays) = signed.inspect_err(|_| {
            // What was signed is not stored.
            if let Some(collective) = self.collectives.get_mut(&cid) {
                collective.forget_tip();
            }
        })?;
        let now_ms = self.clock.wall();
        let by = records
            .first()
            .map(Verified::id)
            .ok_or_else(|| failed("nothing was written that undoes it".to_owned()))?;
        let entries = records.iter().cloned();
        let entries = entries.map(|record| Entry::Record(record, now_ms));
        self.publish(cid, entries.chain(facts).collect())?;
        for record in &records {
            self.know(cid, record);
        }
        Ok((by, stays))
    }

    /// The versions that undo, the facts of all, and how many stay.
    fn sign_undoing(
        &mut self,
        cid: CollectiveId,
        edit: Undoing,
        with: &[Verified],
    ) -> Result<(Vec<Verified>, Vec<Entry>, u64), ApiError> {
        let (mut records, mut facts, mut stays) = (Vec::new(), Vec::new(), 0);
        let mut bytes = 0;
        let mut sign = |core: &mut Self, edit: Undoing| {
            let replaces = BTreeSet::from([edit.replaces]);
            let record = core.sign_in_place(cid, &edit.document, &replaces, edit.says, None)?;
            bytes += record.wire().len() + FACT_BYTES;
            if bytes > MOST_BYTES {
                return Err(
                    usage("its links stand in too many long texts to undo it at once")
                        .hint("`moot rename` gives it its earlier title, and its links with it"),
                );
            }
            facts.push(undid(&record.id(), &edit.undoes));
            records.push(record);
            Ok(())
        };
        sign(self, edit)?;
        let mut passed = Vec::new();
        for version in with {
            match self.what_undoes(version) {
                Ok(edit) => sign(self, edit)?,
                Err(error) if is_for_good(&error) => {
                    stays += 1;
                    passed.push(passed_over(&version.id()));
                }
                Err(error) => return Err(error),
            }
        }
        facts.append(&mut passed);
        Ok((records, facts, stays))
    }

    /// The version that the last one replaced, to be written again; of a merge the one that was shown.
    fn what_undoes(&mut self, version: &Verified) -> Result<Undoing, ApiError> {
        let id = version.id();
        let short = self.short_id(&id);
        let gone = || not_found(format!("the version before {short} cannot be read here"));
        let (cid, document) = self.document_of(version)?.ok_or_else(gone)?;
        self.may_edit(cid, &document)?;
        let mut replaced = version
            .header()
            .refs
            .iter()
            .filter(|one| one.rel == Rel::SUPERSEDES);
        if replaced.any(|one| !document.records.contains_key(&one.id)) {
            return Err(usage(format!("{short} made one of two documents"))
                .hint("`moot history` shows what it said before; `moot edit` changes it"));
        }
        let replaces = self.standing_for(&document, &id)?.ok_or_else(|| {
            usage(format!("{short} was edited since"))
                .hint("`moot history` shows by whom; `moot edit` changes it again")
        })?;
        let before = document.versions.replaced_by(&id);
        let before = before.first().ok_or_else(gone)?;
        let says = Says::of(&document, before).ok_or_else(gone)?;
        Ok(Undoing {
            undoes: id,
            document,
            replaces,
            says,
        })
    }

    /// The current version that says what an older one said, because all that came between was undone
    /// here; `None` where something else came after it.
    fn standing_for(
        &self,
        document: &Document,
        id: &RecordId,
    ) -> Result<Option<RecordId>, ApiError> {
        let current = document.versions.current();
        if current.contains(id) {
            return Ok(Some(*id));
        }
        let top = current.first().copied();
        let mut at = top;
        // Each step leads to an older version.
        for _ in 0..document.records.len() {
            let Some(shown) = at else {
                return Ok(None);
            };
            if shown == *id {
                return Ok(top);
            }
            at = match self.undoing(&shown)? {
                Some(Fact::Undid(undone)) => {
                    document.versions.replaced_by(&undone).first().copied()
                }
                _ => None,
            };
        }
        Ok(None)
    }

    /// What is remembered of a record.
    fn undoing(&self, id: &RecordId) -> Result<Option<Fact>, ApiError> {
        let key = [UNDONE, id.as_bytes()].concat();
        let fact = self.store.local(&key).map_err(store_unread)?;
        Ok(fact.and_then(|undone| match <[u8; 32]>::try_from(undone) {
            Ok(undone) => Some(Fact::Undid(RecordId::from_bytes(undone))),
            Err(undone) => undone.is_empty().then_some(Fact::PassedOver),
        }))
    }
}

/// Whether trying again comes to the same: the disk did not fail, something stands against it.
const fn is_for_good(error: &ApiError) -> bool {
    matches!(
        error.code,
        ErrorCode::Usage | ErrorCode::NotFound | ErrorCode::Denied
    )
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use folkmoot_api::Command;
    use folkmoot_library::item;
    use folkmoot_store::{LogCursor, Logged};

    use super::*;
    use crate::testing::{ask, fill, open, write};

    /// A title with more links than are looked at, none of which could be given back.
    #[test]
    fn undo_goes_on_behind_many_that_it_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut core = open(&folder.path().join("home"), false);
        let older = write(&mut core, "Bank", "Basil.");
        fill(&mut core, MOST_LOOKED_AT + 100);
        let mut passed = Vec::new();
        let mut pass = |logged, _: LogCursor| {
            if let Logged::Record(record, _) = logged
                && item(&record).is_some_and(|item| item.title.starts_with("Page "))
            {
                passed.push(passed_over(&record.id()));
            }
            ControlFlow::Continue(())
        };
        core.store
            .records_since(LogCursor::default(), &mut pass)
            .unwrap();
        assert_eq!(passed.len(), MOST_LOOKED_AT + 100);
        core.store.commit(&passed).unwrap();
        let next: Undone = ask(&mut core, Command::Undo(Undo { dry_run: true })).unwrap();
        assert_eq!(next.id, older.id);
        core.close();
    }
}
