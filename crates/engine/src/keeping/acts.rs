//! Taking back, hiding and purging (sections 8.2 and 8.3).

use folkmoot_accord::VoidReason;
use folkmoot_api::{Act, ActKind, Acted, ApiError, FateView, Reply};
use folkmoot_record::{
    CollectiveId, Kind, RecordId, Ref, Rel, Verified,
    content::{Content, Value},
    control::Actions,
    limits,
};
use folkmoot_store::Entry;

use crate::{
    clock::random,
    core::Core,
    errors::{failed, not_found, refused, store_unread, usage},
    exchange::holdings::read,
    finding::saved::SEARCH,
    keeping::{
        author::{Demand, Writing},
        documents::document_of,
        erasure::{Fate, is_act},
        notes::{MEMBERSHIP, fits, to_body},
        trash::stays_until,
    },
    membership::{collective::Collective, invite::moment},
};

const fn kind_of(what: ActKind) -> Kind {
    match what {
        ActKind::Retract => Kind::RETRACT,
        ActKind::Hide => Kind::HIDE,
        ActKind::Unhide => Kind::UNHIDE,
        ActKind::Purge => Kind::PURGE,
    }
}

const fn what_of(kind: Kind) -> ActKind {
    match kind {
        Kind::HIDE => ActKind::Hide,
        Kind::UNHIDE => ActKind::Unhide,
        Kind::PURGE => ActKind::Purge,
        _ => ActKind::Retract,
    }
}

/// The right that an act asks for beside being a member who may do anything.
const fn demand_of(what: ActKind) -> Actions {
    match what {
        ActKind::Retract => Actions(0),
        ActKind::Hide | ActKind::Unhide => Actions::HIDE,
        ActKind::Purge => Actions::PURGE,
    }
}

impl Core {
    /// Does something to a document or record, for all to see.
    pub(crate) fn act(&mut self, ask: &Act) -> Result<Reply, ApiError> {
        let (cid, target) = self.target_named(&ask.id)?;
        let reason = ask.reason.as_deref();
        let act = self.write_act(cid, &target, ask.what, reason, ask.device.as_deref())?;
        let erases = matches!(ask.what, ActKind::Retract | ActKind::Purge);
        let id = target.id();
        Ok(Reply::Acted(Acted {
            what: ask.what,
            id: id.to_string(),
            short: self.short_id(&id),
            kind: target.header().kind.name().unwrap_or("record").to_owned(),
            collective: self.name_of(&cid),
            until: act
                .as_ref()
                .filter(|_| erases)
                .map(|act| moment(stays_until(act.header().ms()))),
            record: act.map(|act| act.id().to_string()),
        }))
    }

    pub(crate) fn name_of(&self, cid: &CollectiveId) -> String {
        let collective = self.collectives.get(cid);
        collective.map(Collective::name).unwrap_or_default()
    }

    /// What a person names to do something to it: a title means the document.
    pub(super) fn target_named(
        &mut self,
        text: &str,
    ) -> Result<(CollectiveId, Verified), ApiError> {
        let id = match self.record_named(text)? {
            Some(id) => id,
            None => {
                let found = self.named_to_act(text)?;
                self.document_at(&found)
            }
        };
        self.one_meant(text, &id)?;
        let record = read(&self.store, &id)
            .ok_or_else(|| not_found(format!("there is no record {text} here")))?;
        let header = record.header();
        let name = header.kind.name().unwrap_or("record");
        let Some(cid) = header.cid.filter(|_| header.kind.is_content()) else {
            return Err(usage(format!(
                "{text} is a control record ({name}): the rights of all rest on it, so it stays"
            )));
        };
        if is_act(header.kind) {
            return Err(usage(format!("{text} is itself an act ({name})")).hint(
                "`moot undo` undoes your last act, `moot unhide` shows again what was hidden",
            ));
        }
        if matches!(header.kind, MEMBERSHIP | SEARCH | Kind::PROFILE) {
            return Err(usage(format!("{text} is a record that your node needs")));
        }
        Ok((cid, record))
    }

    /// The document to which a record belongs, or the record where it belongs to none.
    pub(crate) fn document_at(&self, id: &RecordId) -> RecordId {
        let record = read(&self.store, id);
        record
            .and_then(|record| document_of(id, record.header()))
            .unwrap_or(*id)
    }

    /// Writes an act, if it is not so already.
    pub(crate) fn write_act(
        &mut self,
        cid: CollectiveId,
        target: &Verified,
        what: ActKind,
        reason: Option<&str>,
        device: Option<&str>,
    ) -> Result<Option<Verified>, ApiError> {
        self.write_act_with(cid, target, what, reason, device, |_| Vec::new())
    }

    /// The same, with facts about it in the same group.
    pub(super) fn write_act_with(
        &mut self,
        cid: CollectiveId,
        target: &Verified,
        what: ActKind,
        reason: Option<&str>,
        device: Option<&str>,
        facts: impl FnOnce(&RecordId) -> Vec<Entry>,
    ) -> Result<Option<Verified>, ApiError> {
        let (id, header) = (target.id(), target.header());
        let short = self.short_id(&id);
        let fate = self.fate_of(&cid, target)?;
        match (what, fate) {
            (ActKind::Retract | ActKind::Purge, Fate::Erased(_))
            | (ActKind::Hide, Fate::Hidden(_))
            | (ActKind::Unhide, Fate::Open) => return Ok(None),
            (ActKind::Hide | ActKind::Unhide, Fate::Erased(_)) => {
                return Err(usage(format!(
                    "{short} was taken back: nothing of it is shown"
                )));
            }
            _ => {}
        }
        let mut content = Content::new(random().map_err(|e| failed(e.to_string()))?);
        if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
            fits("reason", reason, limits::TEXT)?;
            content = content.with(0, Value::Text(reason.to_owned()));
        }
        let writing = Writing {
            kind: kind_of(what),
            // Under a right for some tags alone an act needs tags too.
            tags: header.tags.clone(),
            refs: vec![Ref {
                rel: Rel::ABOUT,
                id,
            }],
            body: to_body(&content)?,
        };
        self.tidy_heads(cid)?;
        let now_ms = self.clock.wall();
        let store = &self.store;
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        collective.must_be_in()?;
        if what == ActKind::Retract && header.seat != collective.secrets.seat {
            let theirs = collective.member_name(&header.seat);
            return Err(refused(
                VoidReason::Action,
                format!("{theirs} wrote this: only they can take it back"),
            )
            .hint(format!(
                "if you have the right to, hide it: `moot hide {short}`"
            )));
        }
        let pen = collective.pen(device)?;
        let demand = Demand {
            action: demand_of(what),
            also: &[],
        };
        let act = collective.sign_content_with(store, now_ms, writing, &pen, &demand)?;
        if what != ActKind::Retract && !collective.reaches(act.header(), header) {
            collective.forget_tip();
            return Err(refused(
                VoidReason::Action,
                format!("your right to do this does not reach {short}"),
            ));
        }
        let mut entries = vec![Entry::Record(act.clone(), now_ms)];
        entries.extend(facts(&act.id()));
        self.publish(cid, entries)?;
        Ok(Some(act))
    }

    /// How a record of a collective is read.
    pub(crate) fn fate_of(
        &mut self,
        cid: &CollectiveId,
        record: &Verified,
    ) -> Result<Fate, ApiError> {
        let store = &self.store;
        match self.collectives.get_mut(cid) {
            Some(collective) => collective
                .fate(store, &record.id(), record.header())
                .map_err(store_unread),
            None => Ok(Fate::Open),
        }
    }

    /// Who did an act, when and why.
    pub(crate) fn fate_view(&self, act: &RecordId) -> Result<FateView, ApiError> {
        let record = read(&self.store, act)
            .ok_or_else(|| failed("the act cannot be read any more".to_owned()))?;
        let header = record.header();
        let collective = header.cid.and_then(|cid| self.collectives.get(&cid));
        let reason = record
            .body()
            .and_then(|body| Content::decode(header.kind, body).ok())
            .and_then(|content| content.text().map(str::to_owned));
        Ok(FateView {
            what: what_of(header.kind),
            record: act.to_string(),
            by: collective.map_or_else(
                || header.seat.short(),
                |collective| collective.member_name(&header.seat),
            ),
            at: moment(header.ms()),
            reason,
        })
    }
}
