//! Comments on records, and reactions to them (sections 3.4 and 3.5).

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_api::{
    ActKind, ApiError, CommentNew, CommentView, React, Reacted, ReactionView, Reply, Saved,
};
use folkmoot_library::{Link, Sort, Test, item};
use folkmoot_record::{
    CollectiveId, Kind, RecordId, Ref, Rel, SeatKey, Verified,
    content::{Content, Value},
    limits,
};

use crate::{
    clock::random,
    core::Core,
    errors::{failed, not_found, store_unread, usage},
    exchange::holdings::read,
    keeping::{
        author::Writing,
        erasure::Fate,
        facts::{comments_to, reactions_to},
        notes::{fits, to_body},
    },
    membership::invite::moment,
};

/// Most comments told of one record, and how deep they stand below each other.
const MOST_COMMENTS: usize = 200;
const MOST_DEEP: u32 = 16;
/// Comments of one level that are looked at for those that are gone.
const MOST_GONE: usize = 1_000;
/// Most bytes of a reaction (section 3.4).
const MOST_REACTION: usize = 32;
/// Most reactions to one record that are counted.
const MOST_COUNTED: usize = 10_000;
/// Most kinds of reactions told, and names with each.
const MOST_KINDS: usize = 20;
const MOST_NAMES: usize = 5;

/// Reactions to a record: each text with who reacts so, and by which records.
type Counted = BTreeMap<String, BTreeMap<SeatKey, Vec<RecordId>>>;

/// A comment as it is shown.
struct Said {
    answers: RecordId,
    document: RecordId,
    record: Verified,
    gone: Option<ActKind>,
}

impl Core {
    /// Writes a comment, or an answer to one.
    pub(crate) fn comment(&mut self, ask: &CommentNew) -> Result<Reply, ApiError> {
        let (cid, target, record) = self.spoken_of(&ask.id)?;
        if ask.text.trim().is_empty() {
            return Err(usage("a comment has a text"));
        }
        fits("text", &ask.text, limits::TEXT)?;
        let content = Content::new(random().map_err(|e| failed(e.to_string()))?)
            .with(0, Value::Text(ask.text.clone()));
        let rel = match record.header().kind {
            Kind::COMMENT => Rel::REPLY_TO,
            _ => Rel::ABOUT,
        };
        let writing = Writing {
            kind: Kind::COMMENT,
            tags: Vec::new(),
            refs: vec![Ref { rel, id: target }],
            body: to_body(&content)?,
        };
        let id = self.write_record(cid, writing, ask.device.as_deref())?.id();
        Ok(Reply::Saved(Saved {
            id: id.to_string(),
            short: self.short_id(&id),
            collective: self.name_of(&cid),
            tags: Vec::new(),
        }))
    }

    /// What a comment or a reaction is about: a document by its first record.
    fn spoken_of(&mut self, text: &str) -> Result<(CollectiveId, RecordId, Verified), ApiError> {
        let named = self.named_to_act(text)?;
        let target = self.document_at(&named);
        let record = read(&self.store, &target)
            .ok_or_else(|| not_found(format!("the record that begins {text} is not held here")))?;
        let Some(cid) = record.header().cid else {
            return Err(usage(format!("{text} is of no collective")));
        };
        match self.fate_of(&cid, &record)? {
            Fate::Erased(_) => Err(usage(format!(
                "{} was taken back: nothing is said of it any more",
                self.short_id(&target)
            ))),
            Fate::Open | Fate::Hidden(_) => Ok((cid, target, record)),
        }
    }

    /// Reacts to a record, or takes that back.
    pub(crate) fn react(&mut self, ask: &React) -> Result<Reply, ApiError> {
        let (cid, target, _) = self.spoken_of(&ask.id)?;
        let text = ask.text.trim();
        let fits = (1..=MOST_REACTION).contains(&text.len());
        if !fits || text.chars().any(char::is_control) {
            return Err(usage(format!(
                "a reaction is an emoji or a short word of at most {MOST_REACTION} bytes"
            )));
        }
        let own = self.collective_mut(&cid)?.secrets.seat;
        let mine: Vec<RecordId> = self
            .counted(cid, &target)?
            .remove(text)
            .and_then(|mut people| people.remove(&own))
            .unwrap_or_default();
        let on = ask.on.unwrap_or(mine.is_empty());
        let changed = on == mine.is_empty();
        let device = ask.device.as_deref();
        if on && changed {
            let content = Content::new(random().map_err(|e| failed(e.to_string()))?)
                .with(0, Value::Text(text.to_owned()));
            let writing = Writing {
                kind: Kind::REACTION,
                tags: Vec::new(),
                refs: vec![Ref {
                    rel: Rel::ABOUT,
                    id: target,
                }],
                body: to_body(&content)?,
            };
            self.write_record(cid, writing, device)?;
        }
        if !on {
            // Each of them counts until it is taken back.
            for id in &mine {
                if let Some(record) = read(&self.store, id) {
                    self.write_act(cid, &record, ActKind::Retract, None, device)?;
                }
            }
        }
        let counted = self.counted(cid, &target)?;
        Ok(Reply::Reacted(Reacted {
            id: target.to_string(),
            short: self.short_id(&target),
            collective: self.name_of(&cid),
            text: text.to_owned(),
            on,
            changed,
            count: counted.get(text).map_or(0, |people| people.len() as u64),
        }))
    }

    /// The reactions to a record that stand.
    fn counted(&mut self, cid: CollectiveId, target: &RecordId) -> Result<Counted, ApiError> {
        let ids = reactions_to(&self.store, target).map_err(store_unread)?;
        let mut counted = Counted::new();
        for id in ids.into_iter().take(MOST_COUNTED) {
            let Some(record) = read(&self.store, &id) else {
                continue;
            };
            let header = record.header();
            let stands = header.cid == Some(cid)
                && self
                    .collectives
                    .get(&cid)
                    .is_some_and(|collective| !collective.marked.contains_key(&id));
            if !stands || self.fate_of(&cid, &record)? != Fate::Open {
                continue;
            }
            let content = record
                .body()
                .and_then(|body| Content::decode(header.kind, body).ok());
            if let Some(text) = content.as_ref().and_then(Content::text) {
                let people = counted.entry(text.to_owned()).or_default();
                people.entry(header.seat).or_default().push(id);
            }
        }
        Ok(counted)
    }

    /// The reactions to a record as they are told: the most frequent first.
    pub(crate) fn reactions(
        &mut self,
        cid: CollectiveId,
        target: &RecordId,
    ) -> Result<Vec<ReactionView>, ApiError> {
        let counted = self.counted(cid, target)?;
        let Some(collective) = self.collectives.get(&cid) else {
            return Ok(Vec::new());
        };
        let mut told: Vec<ReactionView> = counted
            .into_iter()
            .map(|(text, people)| ReactionView {
                text,
                count: people.len() as u64,
                by: people
                    .keys()
                    .take(MOST_NAMES)
                    .map(|seat| collective.member_name(seat))
                    .collect(),
                mine: people.contains_key(&collective.secrets.seat),
            })
            .collect();
        told.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.text.cmp(&b.text)));
        told.truncate(MOST_KINDS);
        Ok(told)
    }

    /// The comments on a record, each below what it answers, and whether there are more.
    pub(crate) fn comments(
        &mut self,
        cid: CollectiveId,
        target: RecordId,
    ) -> Result<(Vec<CommentView>, bool), ApiError> {
        let mut below: BTreeMap<RecordId, Vec<Said>> = BTreeMap::new();
        let before = self.written_before(cid, &target)?;
        let mut known = before.clone();
        known.insert(target);
        let mut level = known.clone();
        let mut more = false;
        let mut depth = 0;
        // What is gone takes no place of what stands.
        let (mut places, mut gone_places) = (MOST_COMMENTS, MOST_GONE);
        while !level.is_empty() && depth < MOST_DEEP {
            let (found, total) = self.about(cid, &level, MOST_COMMENTS)?;
            more |= total > found.len() as u64;
            let gone = self.gone_among(cid, &level, &known, gone_places)?;
            level.clear();
            for said in found.into_iter().chain(gone) {
                let places = match said.gone {
                    None => &mut places,
                    Some(_) => &mut gone_places,
                };
                if known.contains(&said.document) {
                    continue;
                }
                if *places == 0 {
                    // Places of gone ones that end hide no comment of which one is sure.
                    more |= said.gone.is_none();
                } else {
                    *places -= 1;
                    known.insert(said.document);
                    level.insert(said.document);
                    let answers = match before.contains(&said.answers) {
                        true => target,
                        false => said.answers,
                    };
                    below.entry(answers).or_default().push(said);
                }
            }
            depth += 1;
        }
        let mut told = Vec::new();
        self.thread(target, 0, &below, &mut told);
        Ok((told, more))
    }

    /// The comments that answer one of these, the oldest first.
    fn about(
        &mut self,
        cid: CollectiveId,
        targets: &BTreeSet<RecordId>,
        most: usize,
    ) -> Result<(Vec<Said>, u64), ApiError> {
        let tests = [
            Test::Kind(Kind::COMMENT),
            Test::Places(BTreeSet::from([cid])),
            Test::Links(targets.iter().copied().map(Link::Record).collect()),
        ];
        let (records, total) = self.among(tests.into_iter(), Sort::Oldest, most)?;
        let found = records.into_iter().filter_map(|record| {
            let refs = &record.header().refs;
            let answers = refs
                .iter()
                .filter(|r| matches!(r.rel, Rel::REPLY_TO | Rel::ABOUT))
                .find(|r| targets.contains(&r.id))?
                .id;
            Some(Said {
                answers,
                document: self.document_at(&record.id()),
                record,
                gone: None,
            })
        });
        Ok((found.collect(), total))
    }

    /// The comments that answer one of these and that an act keeps from being shown: what answers them
    /// still stands.
    fn gone_among(
        &mut self,
        cid: CollectiveId,
        targets: &BTreeSet<RecordId>,
        known: &BTreeSet<RecordId>,
        most: usize,
    ) -> Result<Vec<Said>, ApiError> {
        let mut gone = Vec::new();
        let mut looks = MOST_GONE;
        for answers in targets {
            if looks == 0 || gone.len() >= most {
                break;
            }
            let ids = comments_to(&self.store, answers).map_err(store_unread)?;
            let ids = ids.into_iter().take(looks);
            looks -= ids.len();
            for id in ids {
                let Some(record) = read(&self.store, &id).filter(|_| !known.contains(&id)) else {
                    continue;
                };
                let stands = record.header().cid == Some(cid)
                    && self
                        .collectives
                        .get(&cid)
                        .is_some_and(|collective| !collective.marked.contains_key(&id));
                if !stands {
                    continue;
                }
                if let Fate::Hidden(act) | Fate::Erased(act) = self.fate_of(&cid, &record)? {
                    gone.push(Said {
                        answers: *answers,
                        document: id,
                        record,
                        gone: Some(self.fate_view(&act)?.what),
                    });
                }
            }
        }
        Ok(gone)
    }

    /// Tells what answers `parent`, the first begun first. What is gone stands there only for what
    /// answers it.
    fn thread(
        &self,
        parent: RecordId,
        depth: u32,
        below: &BTreeMap<RecordId, Vec<Said>>,
        told: &mut Vec<CommentView>,
    ) {
        let Some(all) = below.get(&parent) else {
            return;
        };
        let mut all: Vec<(u64, &Said)> = all
            .iter()
            .map(|said| {
                let first = read(&self.store, &said.document);
                (first.map_or(0, |first| first.header().hlc.raw()), said)
            })
            .collect();
        all.sort_by_key(|(begun, said)| (*begun, said.document));
        for (begun, said) in all {
            let header = said.record.header();
            let item = match said.gone {
                Some(_) => None,
                None => item(&said.record),
            };
            if said.gone.is_none() && item.is_none() {
                continue;
            }
            let collective = header.cid.and_then(|cid| self.collectives.get(&cid));
            let at = told.len();
            told.push(CommentView {
                id: said.document.to_string(),
                short: self.short_id(&said.document),
                depth,
                author: collective
                    .map_or_else(|| header.seat.short(), |c| c.member_name(&header.seat)),
                written: moment(begun >> 16),
                edited: said.gone.is_none() && said.document != said.record.id(),
                text: item.map(|item| item.text).unwrap_or_default(),
                gone: said.gone,
            });
            self.thread(said.document, depth + 1, below, told);
            if said.gone.is_some() && told.len() == at + 1 {
                told.pop();
            }
        }
    }
}
