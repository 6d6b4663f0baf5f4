//! Versions, hiding and erasing of documents (sections 8.1 and 8.2): display rules on which every
//! client agrees. None touches validity.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_record::{
    Header, Hlc, Kind, RecordId, Rel, SeatKey,
    control::{Actions, Limits},
};

use crate::covers::allows;

/// A content record that acts: honoured and not misfiled.
#[derive(Debug, Clone)]
pub struct Acting<'a> {
    /// Its id.
    pub id: RecordId,
    /// Its header.
    pub header: &'a Header,
    /// What its author could do by its cap, see [`crate::Accord::rights`].
    pub rights: Rights,
}

/// What the cap of a content record allowed in Eval of its Past (section 12.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// eff(cap).
    pub actions: Actions,
    /// The limits of the cap.
    pub limits: std::sync::Arc<Limits>,
}

impl Rights {
    /// Whether the cap's limits of kinds and tags allow this record's kind and tags.
    pub fn reach(&self, header: &Header) -> bool {
        allows(
            self.limits.kinds.as_deref(),
            self.limits.tags.as_deref(),
            header.kind,
            &header.tags,
        )
    }
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Versions that no version replaces; erasing does not count here.
    pub current: BTreeSet<RecordId>,
    /// The newest of hide and unhide is a hide.
    pub hidden: bool,
    /// Retracted by its author, purged, or withdrawn with its author.
    pub erased: bool,
}

/// The documents among acting records. `withdrawn`: seats whose resignation takes all content back.
pub fn documents<'a>(
    acting: impl IntoIterator<Item = Acting<'a>>,
    withdrawn: &BTreeSet<SeatKey>,
) -> BTreeMap<RecordId, Document> {
    let records: BTreeMap<RecordId, Acting<'a>> = acting
        .into_iter()
        .map(|acting| (acting.id, acting))
        .collect();
    let mut documents: BTreeMap<RecordId, Document> = records
        .values()
        .filter(|record| is_first(record.header))
        .map(|record| {
            let document = Document {
                current: BTreeSet::from([record.id]),
                hidden: false,
                erased: withdrawn.contains(&record.header.seat),
            };
            (record.id, document)
        })
        .collect();
    let mut replaced = BTreeSet::new();
    for record in records.values() {
        let named = to(record.header, Rel::DOCUMENT);
        let [document] = named.as_slice() else {
            continue;
        };
        let older = to(record.header, Rel::SUPERSEDES);
        let Some(first) = records.get(document) else {
            continue;
        };
        let own = record.header.seat == first.header.seat;
        let may_edit =
            record.rights.actions.contains(Actions::EDIT_ANY) && record.rights.reach(first.header);
        if older.is_empty() || record.header.kind != first.header.kind || !(own || may_edit) {
            continue;
        }
        if let Some(drawn) = documents.get_mut(document) {
            drawn.current.insert(record.id);
            replaced.extend(older.into_iter().map(|older| (*document, older)));
        }
    }
    for (document, older) in replaced {
        if let Some(drawn) = documents.get_mut(&document) {
            drawn.current.remove(&older);
        }
    }
    let mut newest: BTreeMap<RecordId, (Hlc, RecordId, bool)> = BTreeMap::new();
    for record in records.values() {
        for target in to(record.header, Rel::ABOUT) {
            let (Some(drawn), Some(first)) = (documents.get_mut(&target), records.get(&target))
            else {
                continue;
            };
            match record.header.kind {
                Kind::RETRACT => drawn.erased |= record.header.seat == first.header.seat,
                Kind::PURGE => drawn.erased |= record.rights.reach(first.header),
                Kind::HIDE | Kind::UNHIDE if record.rights.reach(first.header) => {
                    let act = (
                        record.header.hlc,
                        record.id,
                        record.header.kind == Kind::HIDE,
                    );
                    let last = newest.entry(target).or_insert(act);
                    *last = act.max(*last);
                }
                _ => {}
            }
        }
    }
    for (target, (_, _, hidden)) in newest {
        if let Some(drawn) = documents.get_mut(&target) {
            drawn.hidden = hidden;
        }
    }
    documents
}

/// Whether a record is the first of a document of a kind that has versions.
fn is_first(header: &Header) -> bool {
    let versioned = matches!(
        header.kind,
        Kind::NOTE
            | Kind::LINK
            | Kind::FILES
            | Kind::COMMENT
            | Kind::TASK
            | Kind::DAILY
            | Kind::SYMBOL
            | Kind::RITUAL
    );
    versioned && to(header, Rel::SUPERSEDES).is_empty() && to(header, Rel::DOCUMENT).is_empty()
}

fn to(header: &Header, rel: Rel) -> Vec<RecordId> {
    header
        .refs
        .iter()
        .filter(|r| r.rel == rel)
        .map(|r| r.id)
        .collect()
}
