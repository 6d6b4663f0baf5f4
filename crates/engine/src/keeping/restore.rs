//! Bringing back what was hidden or taken back (section 8.3): what was taken back is written anew.

use std::collections::BTreeSet;

use folkmoot_accord::VoidReason;
use folkmoot_api::{ActKind, ApiError, ErrorCode, Reply, Restore, Restored};
use folkmoot_library::{Part, part};
use folkmoot_record::{
    CollectiveId, RecordId, Ref, Rel, SeatKey, Verified, content::Content, limits,
};
use folkmoot_store::Entry;

use crate::{
    clock::random,
    core::Core,
    errors::{failed, not_found, refused, store_unread, usage},
    exchange::holdings::read,
    keeping::{
        anew,
        author::Writing,
        documents::Document,
        edit::{Says, to_version},
        erasure::Fate,
        notes::to_body,
        trash::last_said,
        undo::undid,
    },
};

/// Pointers that a version has beside those of what it says: its document, what it replaces, and whose
/// words it says.
const OWN_REFS: usize = 3;

/// What was written to bring something back.
pub(super) struct Back {
    /// What is read now: a document, or what has no versions.
    document: RecordId,
    /// The record that was written, of several the last one.
    pub(super) record: RecordId,
    anew: bool,
    /// The others who wrote what it says.
    words_of: BTreeSet<SeatKey>,
}

/// A text that is written anew.
struct Again {
    /// The record that said it.
    of: RecordId,
    seat: SeatKey,
    says: Says,
}

impl Core {
    /// Shows again what was hidden, or writes anew what this person took back.
    pub(crate) fn restore(&mut self, ask: &Restore) -> Result<Reply, ApiError> {
        let (cid, target) = match self.target_named(&ask.id) {
            Err(error) if error.code == ErrorCode::NotFound => {
                let id = self.discarded(&ask.id).ok_or_else(|| {
                    error.hint(
                        "`moot trash` lists what was taken back; what is hidden is named by its id",
                    )
                })?;
                self.target_named(&id?)?
            }
            named => named?,
        };
        let back = self.bring_back(cid, &target, ask.device.as_deref(), None)?;
        let collective = self.collective_mut(&cid)?;
        let words_of = back.words_of.iter();
        let words_of = words_of.map(|seat| collective.member_name(seat)).collect();
        Ok(Reply::Restored(Restored {
            of: target.id().to_string(),
            id: back.document.to_string(),
            short: self.short_id(&back.document),
            collective: self.name_of(&cid),
            record: back.record.to_string(),
            anew: back.anew,
            words_of,
        }))
    }

    /// `undoes`: the act that is undone by it.
    pub(super) fn bring_back(
        &mut self,
        cid: CollectiveId,
        target: &Verified,
        device: Option<&str>,
        undoes: Option<&RecordId>,
    ) -> Result<Back, ApiError> {
        let of = target.id();
        let short = self.short_id(&of);
        match self.fate_of(&cid, target)? {
            Fate::Open => Err(usage(format!("{short} was neither taken back nor hidden"))
                .hint("`moot trash` lists what was taken back")),
            Fate::Hidden(_) => {
                let fact = |by: &RecordId| undoes.map(|act| undid(by, act, None));
                let unhide = ActKind::Unhide;
                let act = self.write_act_with(cid, target, unhide, None, device, |by| {
                    fact(by).into_iter().collect()
                })?;
                Ok(Back {
                    document: of,
                    // Where a whole document is hidden, one version of it cannot be shown again.
                    record: act.map_or(of, |act| act.id()),
                    anew: false,
                    words_of: BTreeSet::new(),
                })
            }
            Fate::Erased(act) => {
                let view = self.fate_view(&act)?;
                let by = read(&self.store, &act).map(|act| act.header().seat);
                let own = self.collectives.get(&cid).map(|c| c.secrets.seat);
                if own != Some(target.header().seat) || own != by {
                    return Err(refused(
                        VoidReason::Action,
                        format!("{} took this back for good", view.by),
                    )
                    .hint(
                        "what was taken back by its author or purged, nobody else can bring back",
                    ));
                }
                if let Some(anew) = self.written_anew(&of)? {
                    let anew = self.document_at(&anew);
                    let anew = self.short_id(&anew);
                    return Err(
                        usage(format!("{short} was written anew already: it is {anew}"))
                            .hint(format!("look at it: `moot show {anew}`")),
                    );
                }
                self.write_anew(cid, target, device, undoes)
            }
        }
    }

    /// Writes again what was taken back: of a document a new one, of a version the newest of a
    /// document that stands.
    fn write_anew(
        &mut self,
        cid: CollectiveId,
        target: &Verified,
        device: Option<&str>,
        undoes: Option<&RecordId>,
    ) -> Result<Back, ApiError> {
        let document = self.document_of(target)?.map(|(_, document)| document);
        let is_version = matches!(part(target.header()), Part::Version(_));
        if let (true, Some(document), false) = (
            is_version,
            &document,
            self.is_gone(&cid, document.as_ref())?,
        ) {
            return self.write_newest(cid, document, target, device, undoes);
        }
        let texts = match (is_version, &document) {
            (false, Some(document)) => self.last_texts(cid, document, target),
            _ => Vec::new(),
        };
        // A version that is named is meant, and what has no versions is itself.
        let texts = match texts.is_empty() {
            true => vec![Again::read(target).ok_or_else(gone)?],
            false => texts,
        };
        self.tidy_heads(cid)?;
        let signed = self.sign_anew(cid, target, &texts, device);
        let records = signed.inspect_err(|_| self.forget_signed(cid))?;
        let first = records.first().map(Verified::id).ok_or_else(gone)?;
        let last = records.last().map_or(first, Verified::id);
        let of = target.id();
        let before = self.document_at(&of);
        let whole = (before != of).then_some(&before);
        let mut facts = anew::written(&of, &first, whole);
        if let Some(act) = undoes {
            let pairs = records.iter().zip(&texts);
            facts.extend(pairs.map(|(by, text)| undid(&by.id(), act, Some(&text.of))));
        }
        self.store_anew(cid, &records, facts)?;
        let own = target.header().seat;
        // What is shown of it: where there are several, the first one only stands behind them.
        let shown = &texts[usize::from(texts.len() > 1)..];
        Ok(Back {
            document: first,
            record: last,
            anew: true,
            words_of: shown
                .iter()
                .map(|text| text.seat)
                .filter(|seat| *seat != own)
                .collect(),
        })
    }

    /// Of a document that stands: in its own place where it was current, so that what stood beside it
    /// still does, else in that of what is shown.
    fn write_newest(
        &mut self,
        cid: CollectiveId,
        document: &Document,
        target: &Verified,
        device: Option<&str>,
        undoes: Option<&RecordId>,
    ) -> Result<Back, ApiError> {
        let of = target.id();
        let says = Says::read(target).ok_or_else(gone)?;
        let current: BTreeSet<RecordId> = document.versions.current().into_iter().collect();
        let shown = document.current().first().map(|shown| shown.id());
        let mut replaces = match (current.contains(&of), shown) {
            (true, _) => BTreeSet::from([of]),
            (false, Some(shown)) => BTreeSet::from([shown]),
            (false, None) => current,
        };
        // Undoing lets in front what was in front before.
        let front = shown.filter(|_| undoes.is_some() && !replaces.contains(&of));
        let front = front.and_then(|id| Some((id, Says::of(document, &id)?)));
        self.tidy_heads(cid)?;
        let (mut records, mut facts) = (Vec::new(), Vec::new());
        for (id, says) in [(of, says)].into_iter().chain(front) {
            let signed = self.sign_in_place(cid, document, &replaces, says, device);
            let record = signed.inspect_err(|_| self.forget_signed(cid))?;
            facts.extend(undoes.map(|act| undid(&record.id(), act, Some(&id))));
            replaces = BTreeSet::from([record.id()]);
            records.push(record);
        }
        let first = records.first().map(Verified::id).ok_or_else(gone)?;
        let id = records.last().map_or(first, Verified::id);
        facts.extend(anew::written(&of, &first, None));
        self.store_anew(cid, &records, facts)?;
        Ok(Back {
            document: document.id,
            record: id,
            anew: true,
            words_of: BTreeSet::new(),
        })
    }

    /// What a document said last that was taken back: the text from which the others come, and behind
    /// it those that stood side by side, the oldest first. Alone where its author wrote the last one.
    /// What was taken back by itself before stays so.
    fn last_texts(&self, cid: CollectiveId, document: &Document, target: &Verified) -> Vec<Again> {
        let own = target.header().seat;
        let fell = |record: &Verified| self.fell(cid, document, record);
        let text = |id: &RecordId| {
            let record = document.records.get(id).filter(|record| !fell(record))?;
            Again::read(record)
        };
        let mut seen = BTreeSet::new();
        let current = document.versions.current();
        let mut heads: Vec<Again> = current.iter().filter_map(text).collect();
        heads.retain(|head| seen.insert(head.says.print()));
        if heads.is_empty() {
            heads.extend(last_said(document, fell).and_then(Again::read));
        }
        heads.reverse();
        let base = match heads.as_slice() {
            [] => return heads,
            [only] if only.seat == own => return heads,
            // The author's own words stay to be read, behind those of others.
            [_] => {
                let newest = document.versions.newest_first();
                let mut texts = newest.iter().filter_map(|version| text(&version.id));
                texts.find(|text| text.seat == own)
            }
            [one, others @ ..] => {
                let mut common = Some(one.of);
                for other in others {
                    common = common.and_then(|common| {
                        let common = BTreeSet::from([common]);
                        document.versions.common(&common, &other.of)
                    });
                }
                let again = Again {
                    says: one.says.clone(),
                    ..*one
                };
                common.as_ref().and_then(text).or(Some(again))
            }
        };
        base.into_iter().chain(heads).collect()
    }

    /// Whether a version was taken back by itself, whatever became of its document.
    pub(super) fn fell(&self, cid: CollectiveId, document: &Document, record: &Verified) -> bool {
        let (id, header) = (record.id(), record.header());
        let act = self
            .collectives
            .get(&cid)
            .map(|collective| collective.erased_at(&self.store, &id, &id, header));
        id != document.id && !matches!(act, Some(Ok(None)))
    }

    /// Signs the first text as something new, and each other one as a version of it.
    fn sign_anew(
        &mut self,
        cid: CollectiveId,
        target: &Verified,
        texts: &[Again],
        device: Option<&str>,
    ) -> Result<Vec<Verified>, ApiError> {
        let before = self.written_before(cid, &self.document_at(&target.id()))?;
        let now_ms = self.clock.wall();
        let own = target.header().seat;
        let mut records: Vec<Verified> = Vec::with_capacity(texts.len());
        for text in texts {
            let mut says = text.says.clone();
            // What it was before that is told by what it was last.
            says.refs.retain(|one| {
                one.rel != Rel::DERIVED_FROM || !before.contains(&self.document_at(&one.id))
            });
            let from = match records.is_empty() {
                true => Some(target.id()),
                false => None,
            };
            let theirs = (text.seat != own).then_some(text.of);
            for id in from.into_iter().chain(theirs) {
                if says.refs.len() + OWN_REFS <= limits::REFS {
                    says.refs.insert(Ref {
                        rel: Rel::DERIVED_FROM,
                        id,
                    });
                }
            }
            let collective = self
                .collectives
                .get_mut(&cid)
                .ok_or_else(|| failed("the collective is not open".to_owned()))?;
            let record = match records.first() {
                Some(first) => {
                    let replaces = BTreeSet::from([first.id()]);
                    let writing = to_version(first, &replaces, says)?;
                    collective.sign_version(&self.store, now_ms, writing, first, device)?
                }
                None => {
                    let content = Content {
                        salt: random().map_err(|e| failed(e.to_string()))?,
                        ..says.content
                    };
                    let writing = Writing {
                        kind: target.header().kind,
                        tags: says.tags.into_iter().collect(),
                        refs: says.refs.into_iter().collect(),
                        body: to_body(&content)?,
                    };
                    let pen = collective.pen(device)?;
                    collective.sign_content_as(&self.store, now_ms, writing, &pen)?
                }
            };
            records.push(record);
        }
        Ok(records)
    }

    /// Records and the facts about them, all or nothing.
    fn store_anew(
        &mut self,
        cid: CollectiveId,
        records: &[Verified],
        facts: Vec<Entry>,
    ) -> Result<(), ApiError> {
        let now_ms = self.clock.wall();
        let entries = records.iter().cloned();
        let entries = entries.map(|record| Entry::Record(record, now_ms));
        self.publish(cid, entries.chain(facts).collect())?;
        for record in records {
            self.know(cid, record);
        }
        Ok(())
    }

    /// What was signed is not stored.
    pub(super) fn forget_signed(&mut self, cid: CollectiveId) {
        if let Some(collective) = self.collectives.get_mut(&cid) {
            collective.forget_tip();
        }
    }

    /// Whether a document was taken back as a whole.
    fn is_gone(&self, cid: &CollectiveId, document: Option<&Document>) -> Result<bool, ApiError> {
        let first = document.and_then(|document| Some((document.id, document.first()?)));
        let (Some((id, header)), Some(collective)) = (first, self.collectives.get(cid)) else {
            return Ok(false);
        };
        let act = collective.erased_at(&self.store, &id, &id, header);
        Ok(act.map_err(store_unread)?.is_some())
    }

    /// The others whose words a record says that was written anew from theirs.
    pub(crate) fn words_of(&self, record: &Verified) -> Vec<String> {
        let header = record.header();
        let Some(collective) = header.cid.and_then(|cid| self.collectives.get(&cid)) else {
            return Vec::new();
        };
        let from = header
            .refs
            .iter()
            .filter(|one| one.rel == Rel::DERIVED_FROM);
        let seats: BTreeSet<SeatKey> = from
            .filter_map(|one| read(&self.store, &one.id))
            .filter(|from| from.header().cid == header.cid && from.header().seat != header.seat)
            .map(|from| from.header().seat)
            .collect();
        let names = seats.iter().map(|seat| collective.member_name(seat));
        names.collect()
    }
}

impl Again {
    /// `None` where the text is not held any more.
    fn read(record: &Verified) -> Option<Self> {
        Some(Self {
            of: record.id(),
            seat: record.header().seat,
            says: Says::read(record)?,
        })
    }
}

fn gone() -> ApiError {
    not_found("its text is not held any more: it was deleted from the trash".to_owned())
}
