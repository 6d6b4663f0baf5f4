//! Undoing what one did last.
//!
//! Records stay; an act is undone by another one. A local fact tells which did, so that undoing
//! again goes further back.

mod edits;

use std::collections::BTreeSet;

use folkmoot_api::{ActKind, ApiError, ErrorCode, Reply, Undo, Undone};
use folkmoot_library::{Part, item, part};
use folkmoot_record::{CollectiveId, Header, Kind, RecordId, Rel, Verified};
use folkmoot_store::Entry;

use crate::{
    core::Core,
    errors::{not_found, store_failed, store_unread, usage},
    exchange::holdings::read,
    finding::saved::SEARCH,
    keeping::{
        anew::stands_as,
        author::stored_tip,
        edit::Says,
        erasure::{is_act, targets},
        notes::MEMBERSHIP,
    },
    membership::{collective::Collective, invite::moment},
};

/// Facts about undoing: `u/`, the record that undid; its value is the record undone, and behind it, where
/// it says again what another one said, that one. Or `u/`, a record that cannot be undone and was named,
/// without a value: undoing goes on before it.
const UNDONE: &[u8] = b"u/";
/// Own records looked at, from the newest one back, before it counts as nothing to undo.
const MOST_LOOKED_AT: usize = 1_000;
/// Most records passed over on the way: those of a few titles that could not be given back, each with
/// up to 10,000 links.
const MOST_PASSED_OVER: usize = 50_000;

/// What is told where somebody undid an act otherwise.
const UNDONE_BY_OTHERS: &str = "that is so no more: somebody undid it";

/// What is remembered of a record.
enum Fact {
    /// It undid another one.
    Undid {
        undone: RecordId,
        /// The record whose words it says again.
        says: Option<RecordId>,
    },
    /// It cannot be undone: undoing goes on before it.
    PassedOver,
}

/// What is undone next.
struct Last {
    cid: CollectiveId,
    act: Verified,
    /// As what it stands, where it was taken back and written anew.
    anew: Option<RecordId>,
}

/// The fact that a record undid another one. `says`: the record whose words it says again.
pub(super) fn undid(by: &RecordId, undone: &RecordId, says: Option<&RecordId>) -> Entry {
    let ids = [undone].into_iter().chain(says);
    Entry::Local {
        key: [UNDONE, by.as_bytes()].concat(),
        value: Some(ids.flat_map(|id| id.to_bytes()).collect()),
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
        let Some(last) = self.last_act()? else {
            return Err(not_found("there is nothing to undo").hint(
                "what you wrote on another device, or with --as, is taken back by its id: `moot retract`",
            ));
        };
        let what = self.in_words(&last.act);
        let id = last.anew.unwrap_or_else(|| last.act.id());
        let is_edit = matches!(part(last.act.header()), Part::Version(_));
        // Only a new title has others with it.
        let with = match is_edit && self.gave_title(&last.act)? {
            true => self.relinked_with(&last.act)?,
            false => Vec::new(),
        };
        let mut undone = Undone {
            short: self.short_id(&id),
            what,
            id: id.to_string(),
            collective: self.name_of(&last.cid),
            written: moment(last.act.header().ms()),
            record: None,
            also: with.len() as u64,
            stays: 0,
            next: None,
        };
        if ask.dry_run {
            return Ok(Reply::Undone(undone));
        }
        let written = match is_edit {
            true => self.undo_edits(&last, &with),
            false => self.undo_record(&last).map(|record| (record, 0)),
        };
        let (record, stays) = match written {
            Ok(written) => written,
            Err(error) if is_for_good(&error) => {
                return Err(self.pass_over(&last.act, &with, &undone.what, error));
            }
            Err(error) => return Err(error),
        };
        undone.also -= stays;
        undone.stays = stays;
        undone.record = Some(record.to_string());
        undone.next = self.last_act()?.map(|next| self.in_words(&next.act));
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

    fn last_act(&mut self) -> Result<Option<Last>, ApiError> {
        let all: Vec<CollectiveId> = self.member_of().map(Collective::cid).collect();
        let mut last: Option<Last> = None;
        for cid in all {
            if let Some(found) = self.last_act_in(cid)?
                && last
                    .as_ref()
                    .is_none_or(|last| last.act.header().hlc < found.act.header().hlc)
            {
                last = Some(found);
            }
        }
        Ok(last)
    }

    fn last_act_in(&mut self, cid: CollectiveId) -> Result<Option<Last>, ApiError> {
        let dev = self.collective_mut(&cid)?.secrets.dev();
        let tip = stored_tip(&self.store, &cid, &dev).map_err(store_unread)?;
        let mut next = tip.and_then(|tip| tip.place.prev);
        let (mut looked_at, mut passed) = (0, 0);
        while looked_at < MOST_LOOKED_AT && passed < MOST_PASSED_OVER {
            let Some(act) = next.and_then(|id| read(&self.store, &id)) else {
                break;
            };
            let header = act.header();
            match self.undoing(&act.id())? {
                Some(Fact::Undid { undone, .. }) => {
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
            next = header.prev;
            if matches!(header.kind, MEMBERSHIP | SEARCH | Kind::PROFILE) {
                continue;
            }
            let gone = !is_act(header.kind) && self.is_gone_now(&cid, &act)?;
            let anew = match gone {
                true => self.stands_anew(&act)?,
                false => None,
            };
            if !gone || anew.is_some() {
                return Ok(Some(Last { cid, act, anew }));
            }
        }
        Ok(None)
    }

    /// As what something stands that was taken back and written anew: a document, or a record without
    /// versions. `None` where that is gone as well, or somebody went on from it.
    fn stands_anew(&mut self, act: &Verified) -> Result<Option<RecordId>, ApiError> {
        let id = act.id();
        let mut anew = stands_as(&self.store, &id)?;
        if anew == id {
            anew = stands_as(&self.store, &self.document_at(&id))?;
        }
        let Some(record) = read(&self.store, &anew).filter(|_| anew != id) else {
            return Ok(None);
        };
        match self.document_of(&record)? {
            Some((cid, document)) => {
                let Some(first) = document.records.get(&document.id) else {
                    return Ok(None);
                };
                let stands =
                    !self.is_gone_now(&cid, first)? && self.standing_for(&document, &id)?.is_some();
                Ok(stands.then_some(document.id))
            }
            None => match record.header().cid {
                Some(cid) if !self.is_gone_now(&cid, &record)? => Ok(Some(anew)),
                _ => Ok(None),
            },
        }
    }

    fn is_gone_now(&self, cid: &CollectiveId, record: &Verified) -> Result<bool, ApiError> {
        let collective = self.collectives.get(cid);
        let gone = collective.map(|one| one.is_erased(&self.store, &record.id(), record.header()));
        gone.unwrap_or(Ok(true)).map_err(store_unread)
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
            (_, Part::Version(_)) if self.is_merge(header) => {
                format!("the merge of {}", title(act))
            }
            (_, Part::Version(_)) => format!("the edit of {}", title(act)),
            _ => title(act),
        }
    }

    /// Whether a version brought together what said different things.
    fn is_merge(&self, header: &Header) -> bool {
        let replaced = header.refs.iter().filter(|r| r.rel == Rel::SUPERSEDES);
        let said = replaced.filter_map(|r| Says::read(&read(&self.store, &r.id)?));
        let said: BTreeSet<_> = said.map(|says| says.print()).collect();
        said.len() > 1
    }

    /// Writes what undoes a record, and the fact that tells it, in one group.
    fn undo_record(&mut self, last: &Last) -> Result<RecordId, ApiError> {
        let (cid, id, header) = (last.cid, last.act.id(), last.act.header());
        let target = targets(header)
            .next()
            .and_then(|target| read(&self.store, &target));
        let target = || target.ok_or_else(|| not_found("what it was done to is not held here"));
        let (opposite, target, else_so) = match header.kind {
            Kind::PURGE => return Err(usage("a purge is final")),
            Kind::RETRACT => {
                let back = self.bring_back(cid, &target()?, None, Some(&id))?;
                return Ok(back.record);
            }
            Kind::HIDE => (ActKind::Unhide, target()?, UNDONE_BY_OTHERS),
            Kind::UNHIDE => (ActKind::Hide, target()?, UNDONE_BY_OTHERS),
            _ => {
                let stands = last.anew.and_then(|anew| read(&self.store, &anew));
                let stands = stands.unwrap_or_else(|| last.act.clone());
                if part(header) == Part::First {
                    self.nobody_went_on(&id, &stands)?;
                }
                (ActKind::Retract, stands, "it was taken back already")
            }
        };
        let fact = |by: &RecordId| vec![undid(by, &id, None)];
        let written = self.write_act_with(cid, &target, opposite, None, None, fact)?;
        let written = written.ok_or_else(|| usage(else_so))?;
        Ok(written.id())
    }

    /// A document of which edits still stand is not taken back in passing. `id`: its first record, as
    /// it was written before it was taken back; `first`: as it stands.
    fn nobody_went_on(&mut self, id: &RecordId, first: &Verified) -> Result<(), ApiError> {
        let Some((_, document)) = self.document_of(first)? else {
            return Ok(());
        };
        let current = document.versions.current();
        if current.len() == 1 && self.standing_for(&document, id)?.is_some() {
            return Ok(());
        }
        let seat = first.header().seat;
        let all = document.versions.newest_first();
        let mut others = all.iter().map(|version| version.id);
        let by_others = |id: &RecordId| {
            let record = document.records.get(id);
            record.is_some_and(|record| record.header().seat != seat)
        };
        let theirs = others.find(by_others);
        let short = self.short_id(&first.id());
        let told = match (theirs, current.first()) {
            (Some(theirs), _) => format!(
                "{short} was edited by somebody else since: {}",
                self.short_id(&theirs)
            ),
            (None, Some(newest)) => {
                format!("edits of {short} still stand: {}", self.short_id(newest))
            }
            (None, None) => return Ok(()),
        };
        Err(usage(told).hint(format!(
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

    /// What is remembered of a record.
    fn undoing(&self, id: &RecordId) -> Result<Option<Fact>, ApiError> {
        let key = [UNDONE, id.as_bytes()].concat();
        let fact = self.store.local(&key).map_err(store_unread)?;
        Ok(fact.and_then(|fact| {
            if fact.is_empty() {
                return Some(Fact::PassedOver);
            }
            let (undone, says) = fact.split_at_checked(32)?;
            let id = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).ok().map(RecordId::from_bytes);
            Some(Fact::Undid {
                undone: id(undone)?,
                says: id(says),
            })
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
