//! Writing new versions of documents (section 8.1).

use std::collections::BTreeSet;

use folkmoot_accord::{Need, VoidReason};
use folkmoot_api::{ApiError, Edit, Edited, Reply};
use folkmoot_record::{
    CollectiveId, Header, Kind, RecordId, Ref, Rel, Tag, Verified,
    content::{Content, Value},
    control::Actions,
    limits,
};
use folkmoot_store::Entry;

use crate::{
    clock::random,
    core::Core,
    errors::{failed, not_found, refused, usage},
    keeping::{
        author::{Demand, Writing},
        documents::Document,
        notes::{few, fits, to_body, to_tags},
        tasks::DONE,
    },
    membership::{collective::Collective, names::is_digits},
};

/// Key of the text, the title and the URL in a body (section 3.4).
const TEXT: u8 = 0;
const TITLE: u8 = 2;
const URL: u8 = 3;
/// Most bytes of a URL (section 3.4).
const MOST_URL: usize = 4_096;

/// What a version says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Says {
    pub(crate) content: Content,
    pub(crate) tags: BTreeSet<Tag>,
    /// Pointers to other records, without those that make it a version.
    pub(crate) refs: BTreeSet<Ref>,
}

impl Says {
    /// What a version that can be shown says.
    pub(crate) fn of(document: &Document, id: &RecordId) -> Option<Self> {
        document.content(id)?;
        Self::read(document.records.get(id)?)
    }

    /// What a record says whose body is held, though it may have been taken back.
    pub(crate) fn read(record: &Verified) -> Option<Self> {
        let header = record.header();
        let others = header.refs.iter();
        Some(Self {
            content: Content::decode(header.kind, record.body()?).ok()?,
            tags: header.tags.iter().cloned().collect(),
            refs: others
                .filter(|r| r.rel != Rel::SUPERSEDES && r.rel != Rel::DOCUMENT)
                .copied()
                .collect(),
        })
    }

    /// What tells apart what versions say: all but the salt, and when a task was done to the
    /// millisecond.
    pub(super) fn print(&self) -> (Vec<u8>, BTreeSet<Tag>, BTreeSet<Ref>) {
        let mut content = Content {
            salt: [0; 16],
            map: self.content.map.clone(),
        };
        content.map.remove(&DONE);
        (content.encode(), self.tags.clone(), self.refs.clone())
    }

    pub(crate) fn set_text(&mut self, text: &str) -> Result<(), ApiError> {
        fits("text", text, limits::TEXT)?;
        self.content.map.insert(TEXT, Value::Text(text.to_owned()));
        Ok(())
    }

    /// An empty title takes it away.
    pub(crate) fn set_title(&mut self, title: &str) -> Result<(), ApiError> {
        fits("title", title, limits::TITLE)?;
        match title.is_empty() {
            true => drop(self.content.map.remove(&TITLE)),
            false => drop(
                self.content
                    .map
                    .insert(TITLE, Value::Text(title.to_owned())),
            ),
        }
        Ok(())
    }

    fn change(&mut self, ask: &Edit, kind: Kind) -> Result<(), ApiError> {
        if let Some(text) = &ask.text {
            self.set_text(text)?;
        }
        if let Some(title) = &ask.title {
            if kind == Kind::DAILY && !title.trim().is_empty() {
                return Err(day_is_title());
            }
            self.set_title(title)?;
        }
        if let Some(url) = &ask.url {
            fits("URL", url, MOST_URL)?;
            match url.is_empty() {
                true => drop(self.content.map.remove(&URL)),
                false => drop(self.content.map.insert(URL, Value::Text(url.clone()))),
            }
        }
        self.tags.extend(to_tags(&ask.tags)?);
        for tag in to_tags(&ask.untag)? {
            self.tags.remove(&tag);
        }
        few(&self.tags.iter().cloned().collect::<Vec<_>>())?;
        if Content::decode(kind, &self.content.encode()).is_err() {
            let name = kind.name().unwrap_or("record");
            return Err(usage(format!(
                "a {name} cannot be without what you take away, or hold what you put in"
            )));
        }
        Ok(())
    }
}

impl Core {
    /// Writes a version in the place of the one that is shown, or of the one that was edited.
    pub(crate) fn edit(&mut self, ask: &Edit) -> Result<Reply, ApiError> {
        let (cid, document) = self.document_named(&ask.id)?;
        let shown = document.current().first().map(|record| record.id());
        let base = match &ask.base {
            Some(text) => named_version(&document, text)?,
            None => shown.ok_or_else(|| unreadable(&ask.id))?,
        };
        let before = Says::of(&document, &base).ok_or_else(|| unreadable(&ask.id))?;
        let kind = document.first().map_or(Kind::NOTE, |first| first.kind);
        let mut after = before.clone();
        after.change(ask, kind)?;
        let changed = after != before;
        let version = match changed {
            true => {
                let replaces = BTreeSet::from([base]);
                self.write_version(cid, &document, &replaces, after, ask.device.as_deref())?
            }
            false => base,
        };
        self.edited(cid, &document.id, version, changed)
    }

    /// What is told of a version that was written.
    pub(crate) fn edited(
        &mut self,
        cid: CollectiveId,
        document: &RecordId,
        version: RecordId,
        changed: bool,
    ) -> Result<Reply, ApiError> {
        let Some((_, document)) = self.document_by_id(document)? else {
            return Err(failed("the document is gone".to_owned()));
        };
        let beside = document.beside(&version);
        let task = document
            .records
            .get(&version)
            .and_then(|record| self.task_of(record));
        Ok(Reply::Edited(Edited {
            task,
            id: document.id.to_string(),
            short: self.short_id(&document.id),
            version: version.to_string(),
            collective: self
                .collectives
                .get(&cid)
                .map(Collective::name)
                .unwrap_or_default(),
            changed,
            beside: beside
                .into_iter()
                .map(|record| self.version_view(&document, record))
                .collect(),
        }))
    }

    pub(super) fn document_by_id(
        &mut self,
        id: &RecordId,
    ) -> Result<Option<(CollectiveId, Document)>, ApiError> {
        match crate::exchange::holdings::read(&self.store, id) {
            Some(first) => self.document_of(&first),
            None => Ok(None),
        }
    }

    /// Stores a version that replaces these, and returns its id.
    pub(crate) fn write_version(
        &mut self,
        cid: CollectiveId,
        document: &Document,
        replaces: &BTreeSet<RecordId>,
        says: Says,
        device: Option<&str>,
    ) -> Result<RecordId, ApiError> {
        self.write_versions(cid, document, replaces, vec![says], device)
    }

    /// Stores versions of which the first replaces these and each other one the one before it, all
    /// or none; returns the id of the last.
    pub(crate) fn write_versions(
        &mut self,
        cid: CollectiveId,
        document: &Document,
        replaces: &BTreeSet<RecordId>,
        versions: Vec<Says>,
        device: Option<&str>,
    ) -> Result<RecordId, ApiError> {
        self.tidy_heads(cid)?;
        let now_ms = self.clock.wall();
        let mut replaces = replaces.clone();
        let mut records: Vec<Verified> = Vec::with_capacity(versions.len());
        for says in versions {
            match self.sign_in_place(cid, document, &replaces, says, device) {
                Ok(record) => {
                    replaces = BTreeSet::from([record.id()]);
                    records.push(record);
                }
                Err(error) => {
                    // What was signed before it is not stored.
                    if let Some(collective) = self.collectives.get_mut(&cid) {
                        collective.forget_tip();
                    }
                    return Err(error);
                }
            }
        }
        let entries = records.iter().cloned();
        self.publish(
            cid,
            entries
                .map(|record| Entry::Record(record, now_ms))
                .collect(),
        )?;
        for record in &records {
            self.know(cid, record);
        }
        records
            .last()
            .map(Verified::id)
            .ok_or_else(|| failed("there is no version to write".to_owned()))
    }

    /// Signs a version that replaces these, and the current ones that say the same as they. It is not
    /// stored yet.
    pub(super) fn sign_in_place(
        &mut self,
        cid: CollectiveId,
        document: &Document,
        replaces: &BTreeSet<RecordId>,
        says: Says,
        device: Option<&str>,
    ) -> Result<Verified, ApiError> {
        let first = document
            .records
            .get(&document.id)
            .ok_or_else(|| failed("the document has no first record".to_owned()))?;
        let now_ms = self.clock.wall();
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let writing = to_version(first, &document.with_alike(replaces), says)?;
        collective.sign_version(&self.store, now_ms, writing, first, device)
    }
}

/// A version of the document that begins with `first`, in place of these.
pub(super) fn to_version(
    first: &Verified,
    replaces: &BTreeSet<RecordId>,
    says: Says,
) -> Result<Writing, ApiError> {
    let pointer = |rel| move |id: &RecordId| Ref { rel, id: *id };
    let mut refs: Vec<Ref> = replaces.iter().map(pointer(Rel::SUPERSEDES)).collect();
    refs.push(pointer(Rel::DOCUMENT)(&first.id()));
    refs.extend(says.refs);
    if refs.len() > limits::REFS {
        return Err(usage(format!(
            "the version would point at {} records; at most {} fit",
            refs.len(),
            limits::REFS
        )));
    }
    let content = Content {
        salt: random().map_err(|e| failed(e.to_string()))?,
        ..says.content
    };
    Ok(Writing {
        kind: first.header().kind,
        tags: says.tags.into_iter().collect(),
        refs,
        body: to_body(&content)?,
    })
}

/// What whoever wants to change the words of others is told.
fn not_ours(theirs: &str) -> ApiError {
    refused(
        VoidReason::Action,
        format!(
            "{theirs} wrote this: only they, or who has the right to edit what others wrote, may change it"
        ),
    )
    .hint("write a note of your own with a link to it")
}

/// What it takes to change the words of others.
const EDITS: Actions = Actions(Actions::WRITE.0 | Actions::EDIT_ANY.0);

impl Collective {
    /// Whether a version of a document could be written now, as far as that can be told before.
    pub(crate) fn may_edit(&self, of: &Header, now_ms: u64) -> Result<(), ApiError> {
        self.must_be_in()?;
        if of.seat == self.secrets.seat {
            return Ok(());
        }
        let need = Need {
            action: EDITS,
            kind: of.kind,
            tags: &of.tags,
            at_ms: now_ms,
        };
        let (seat, dev) = (self.secrets.seat, self.secrets.dev());
        self.accord
            .grant_for(&seat, &dev, &need)
            .map(drop)
            .map_err(|_| not_ours(&self.member_name(&of.seat)))
    }

    pub(super) fn sign_version(
        &mut self,
        store: &folkmoot_store::Vault,
        now_ms: u64,
        writing: Writing,
        first: &Verified,
        device: Option<&str>,
    ) -> Result<Verified, ApiError> {
        let pen = self.pen(device)?;
        let of = first.header();
        if of.seat == self.secrets.seat {
            return self.sign_content_as(store, now_ms, writing, &pen);
        }
        let theirs = self.member_name(&of.seat);
        // Who may write here at all, but not edit the words of others, is told just that.
        self.must_be_in()?;
        let demand = Demand {
            action: EDITS,
            also: &of.tags,
        };
        let signed = self.sign_content_with(store, now_ms, writing, &pen, &demand);
        let action =
            |error: &ApiError| error.reason.as_deref() == Some(VoidReason::Action.as_str());
        let record = match signed {
            Err(error) if action(&error) => return Err(not_ours(&theirs)),
            other => other?,
        };
        if !self.is_version(&record, first) {
            self.forget_tip();
            return Err(not_ours(&theirs));
        }
        Ok(record)
    }
}

/// A version of a document by its id or the first digits of it.
pub(crate) fn named_version(document: &Document, text: &str) -> Result<RecordId, ApiError> {
    let none = || {
        not_found(format!("the document has no version {text}"))
            .hint("`moot history` shows its versions")
    };
    if !is_digits(text) {
        return Err(none());
    }
    let begins = |id: &&RecordId| id.to_string().starts_with(text);
    let mut found = document.records.keys().filter(begins);
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(*id),
        (Some(_), Some(_)) => {
            Err(usage(format!("several versions begin with {text}"))
                .hint("give more digits of the id"))
        }
        (None, _) => Err(none()),
    }
}

/// What whoever wants to give the page of a day another title is told.
pub(crate) fn day_is_title() -> ApiError {
    usage("the page of a day is called by its day, and by nothing else")
        .hint("write a note with that title, and link to it from the page: `moot note --title`")
}

pub(crate) fn unreadable(text: &str) -> ApiError {
    not_found(format!("{text} has no version that can be shown"))
        .hint("`moot why` says how a record stands")
}
