//! Undoing edits and merges: the text before is written again, as a version.

use std::collections::BTreeSet;

use folkmoot_api::ApiError;
use folkmoot_record::{CollectiveId, RecordId, Rel, Verified};
use folkmoot_store::Entry;

use super::{Fact, Last, MOST_LOOKED_AT, is_for_good, passed_over, undid};
use crate::{
    core::Core,
    errors::{failed, not_found, usage},
    keeping::{anew::stands_as, documents::Document, edit::Says},
};

/// Bytes of records and facts that are written in one group: three quarters of what the store takes at
/// once leave room for what publishing adds.
const MOST_BYTES: usize = 48 << 20;
/// Bytes of the fact that tells what a record undid, with its frame, rounded up.
const FACT_BYTES: usize = 256;

/// What is written to undo an edit.
struct Undoing {
    /// The version that is undone.
    undoes: RecordId,
    document: Document,
    /// The current versions in whose place it is written.
    replaces: BTreeSet<RecordId>,
    /// What is said again, each as a version of its own, and by which record it was said.
    says: Vec<(RecordId, Says)>,
}

impl Core {
    /// Undoes an edit, and the changes of links that came with it, as far as nobody went on from them:
    /// all in one group with the facts that tell it, so that nothing is ever undone by half. Returns the
    /// version that undid the edit, and how many of the others stay.
    pub(super) fn undo_edits(
        &mut self,
        last: &Last,
        with: &[Verified],
    ) -> Result<(RecordId, u64), ApiError> {
        let cid = last.cid;
        let undoing = self.what_undoes(&last.act, last.anew)?;
        self.tidy_heads(cid)?;
        let main = undoing.says.len();
        let signed = self.sign_undoing(cid, undoing, with);
        let (records, facts, stays) = signed.inspect_err(|_| self.forget_signed(cid))?;
        let now_ms = self.clock.wall();
        let by = records
            .get(main.saturating_sub(1))
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
            for (of, says) in edit.says {
                let (document, replaces) = (&edit.document, &edit.replaces);
                let record = core.sign_in_place(cid, document, replaces, says, None)?;
                bytes += record.wire().len() + FACT_BYTES;
                if bytes > MOST_BYTES {
                    return Err(
                        usage("its links stand in too many long texts to undo it at once").hint(
                            "`moot rename` gives it its earlier title, and its links with it",
                        ),
                    );
                }
                facts.push(undid(&record.id(), &edit.undoes, Some(&of)));
                records.push(record);
            }
            Ok(())
        };
        sign(self, edit)?;
        let mut passed = Vec::new();
        for version in with {
            match self.what_undoes(version, None) {
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

    /// What a version replaced, to be written again: of a merge all that stood side by side. What stands
    /// beside it now and comes from the same text takes its place, so that the text before both does not
    /// come in front. `anew`: the document as which its own was written anew.
    fn what_undoes(
        &mut self,
        version: &Verified,
        anew: Option<RecordId>,
    ) -> Result<Undoing, ApiError> {
        let id = version.id();
        let short = self.short_id(&id);
        let gone = || not_found(format!("the version before {short} cannot be read here"));
        let (cid, own) = self.document_of(version)?.ok_or_else(gone)?;
        let other = match anew.filter(|anew| *anew != own.id) {
            Some(anew) => {
                let found = self.document_by_id(&anew)?;
                Some(found.map(|(_, document)| document).ok_or_else(gone)?)
            }
            None => None,
        };
        let document = other.as_ref().unwrap_or(&own);
        self.may_edit(cid, document)?;
        let mut replaced = version
            .header()
            .refs
            .iter()
            .filter(|one| one.rel == Rel::SUPERSEDES);
        if replaced.any(|one| !own.records.contains_key(&one.id)) {
            return Err(usage(format!("{short} made one of two documents"))
                .hint("`moot history` shows what it said before; `moot edit` changes it"));
        }
        let standing = self.standing_for(document, &id)?.ok_or_else(|| {
            usage(format!("{short} was edited since"))
                .hint("`moot history` shows by whom; `moot edit` changes it again")
        })?;
        let before = self.said_before(cid, &own, &id, other.is_some());
        if before.is_empty() {
            return Err(gone());
        }
        let heads = document.heads();
        let heads = heads.iter().map(|head| head.id());
        let others: Vec<RecordId> = heads.filter(|head| *head != standing).collect();
        let mut replaces = BTreeSet::from([standing]);
        let (mut says, mut front) = (Vec::new(), None);
        for (of, text) in before {
            match self.goes_on_from(document, &others, &of)? {
                Some(other) => front = front.or(Some(other)),
                None => says.push((of, text)),
            }
        }
        if let (true, Some(front)) = (says.is_empty(), front) {
            replaces.insert(front);
            says.push((front, Says::of(document, &front).ok_or_else(gone)?));
        }
        Ok(Undoing {
            undoes: id,
            document: other.unwrap_or(own),
            replaces,
            says,
        })
    }

    /// What a version replaced and can be read, the oldest first; where several said the same, once.
    /// `is_gone`: their document lies in the trash.
    fn said_before(
        &self,
        cid: CollectiveId,
        document: &Document,
        id: &RecordId,
        is_gone: bool,
    ) -> Vec<(RecordId, Says)> {
        let mut replaced = document.versions.replaced_by(id);
        if replaced.len() > 1 {
            let all = replaced.clone();
            let past = |one: &RecordId| document.versions.past(one);
            replaced.retain(|one| {
                let mut later = all.iter().filter(|other| *other != one);
                !later.any(|other| past(other).contains(one))
            });
        }
        let mut seen = BTreeSet::new();
        let mut said = Vec::new();
        for one in replaced {
            let in_trash = || {
                let record = document.records.get(&one)?;
                let may = is_gone && !self.fell(cid, document, record);
                Says::read(record).filter(|_| may)
            };
            let anew = || Says::of(document, &stands_as(&self.store, &one).ok()?);
            if let Some(says) = Says::of(document, &one).or_else(anew).or_else(in_trash)
                && seen.insert(says.print())
            {
                said.push((one, says));
            }
        }
        said.reverse();
        said
    }

    /// The newest of these versions that comes from what another one said.
    fn goes_on_from(
        &self,
        document: &Document,
        heads: &[RecordId],
        id: &RecordId,
    ) -> Result<Option<RecordId>, ApiError> {
        for head in heads {
            for one in document.versions.past(head) {
                if self.says_again(document, &one, id)? {
                    return Ok(Some(*head));
                }
            }
        }
        Ok(None)
    }

    /// The current version that is this one, or says what it said, because all that came between was
    /// undone here; `None` where something else came after it.
    pub(super) fn standing_for(
        &self,
        document: &Document,
        id: &RecordId,
    ) -> Result<Option<RecordId>, ApiError> {
        for head in document.versions.current() {
            if self.says_again(document, &head, id)? {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Whether a record is this one, or says what it said because what came between was undone here.
    fn says_again(
        &self,
        document: &Document,
        record: &RecordId,
        id: &RecordId,
    ) -> Result<bool, ApiError> {
        let mut at = *record;
        // Each step leads to an older record.
        for _ in 0..MOST_LOOKED_AT {
            if at == *id {
                return Ok(true);
            }
            let Some(Fact::Undid { undone, says }) = self.undoing(&at)? else {
                break;
            };
            let before = || document.versions.replaced_by(&undone).first().copied();
            match says.or_else(before) {
                Some(older) => at = older,
                None => break,
            }
        }
        Ok(false)
    }
}
