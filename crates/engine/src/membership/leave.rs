//! Leaving a collective, with or without taking back what one wrote (sections 3.2 and 8.2).

use std::collections::BTreeSet;

use folkmoot_accord::Rejudge;
use folkmoot_api::{ApiError, Leave, Left, Reply};
use folkmoot_record::{
    CollectiveId, Kind, RecordId, Rel,
    control::{Control, Resign},
};
use folkmoot_store::Entry;

use crate::{
    core::Core,
    errors::{key_failed, store_failed, usage},
    exchange::holdings::read,
    intake::receive::mark,
    keeping::author::{Signer, Writing},
    person::secrets::Membership,
};

/// Records copied to the home in one commit: one sync of the disk each.
const BATCH: usize = 256;

impl Core {
    /// Resigns; with `dry_run` only says what would happen.
    pub(crate) fn leave(&mut self, ask: &Leave) -> Result<Reply, ApiError> {
        let cid = self.resolve(&ask.collective)?;
        let collective = self.collective_mut(&cid)?;
        let name = collective.name();
        if collective.is_home() {
            return Err(usage("the personal home cannot be left"));
        }
        if collective.secrets.membership != Membership::Member {
            return Err(usage(format!("you are not a member of {name}")));
        }
        if ask.keep_copy && !ask.withdraw {
            return Err(usage("--keep-copy goes with --withdraw")
                .hint("without --withdraw your records stay readable here anyway"));
        }
        self.collectives[&cid].must_be_in()?;
        let own = self.own_records(&cid)?;
        let mut left = self.prospect(&cid, name, own.len() as u64, ask);
        if ask.dry_run {
            return Ok(Reply::Left(left));
        }
        if ask.keep_copy {
            left.copied = self.copy_home(&own)?;
        }
        let root = self.keyring.root(&self.collectives[&cid].secrets);
        let body = Control::Resign(Resign {
            cut: self.own_cut_told(cid, |_| true)?,
            withdraw: ask.withdraw,
        });
        self.control(cid, |collective, now_ms| {
            collective.sign_control(now_ms, None, Signer::Root(&root), Kind::RESIGN, &body)
        })?;
        let collective = self.collective_mut(&cid)?;
        let seat = collective.secrets.seat;
        collective.secrets.membership = Membership::Left;
        let secrets = &self.collectives[&cid].secrets;
        self.keyring.save(secrets).map_err(key_failed)?;
        if ask.withdraw {
            self.look_again(cid, &Rejudge::Seats([seat].into()));
        }
        self.note_left(cid);
        self.depart(cid);
        left.done = true;
        Ok(Reply::Left(left))
    }

    fn prospect(&self, cid: &CollectiveId, name: String, records: u64, ask: &Leave) -> Left {
        let collective = &self.collectives[cid];
        let state = collective.accord.state();
        let own = state
            .seats
            .get(&collective.secrets.seat)
            .map_or(0, |member| member.rank);
        let others = || {
            state
                .seats
                .iter()
                .filter(|(seat, member)| member.live && **seat != collective.secrets.seat)
        };
        Left {
            collective: name,
            records,
            withdrawn: ask.withdraw,
            copied: 0,
            others: others().count() as u64,
            last_of_rank: own >= 100 && !others().any(|(_, member)| member.rank >= own),
            done: false,
        }
    }

    /// What this person wrote and holds of a collective, oldest first.
    fn own_records(&self, cid: &CollectiveId) -> Result<Vec<RecordId>, ApiError> {
        let collective = &self.collectives[cid];
        let me = [collective.secrets.seat].into();
        let written = collective
            .content_of(&self.store, &me)
            .map_err(store_failed)?;
        let mut own = Vec::new();
        for id in written {
            let Some(record) = read(&self.store, &id) else {
                continue;
            };
            let header = record.header();
            let mine = header.seat == collective.secrets.seat
                && is_work(header.kind)
                && !collective
                    .is_erased(&self.store, &id, header)
                    .map_err(store_failed)?;
            if mine && collective.marked.get(&id).copied().unwrap_or(mark::NONE) == mark::NONE {
                own.push(id);
            }
        }
        Ok(own)
    }

    /// Copies records to the personal home, with their tags and bodies; pointers to others are left
    /// out, since what they point at stays behind.
    fn copy_home(&mut self, own: &[RecordId]) -> Result<u64, ApiError> {
        let home = self.place_or_home(None)?;
        let mut copied = 0;
        // Of a document the current versions alone: copies begin documents of their own.
        let replaced: BTreeSet<RecordId> = own
            .iter()
            .filter_map(|id| read(&self.store, id))
            .flat_map(|record| record.header().refs.clone())
            .filter(|r| r.rel == Rel::SUPERSEDES)
            .map(|r| r.id)
            .collect();
        let own: Vec<RecordId> = own
            .iter()
            .filter(|id| !replaced.contains(id))
            .copied()
            .collect();
        for batch in own.chunks(BATCH) {
            let now_ms = self.clock.wall();
            let mut entries = Vec::with_capacity(batch.len());
            for id in batch {
                let Some(record) = read(&self.store, id) else {
                    continue;
                };
                let Some(body) = record.body() else {
                    continue;
                };
                let writing = Writing {
                    kind: record.header().kind,
                    tags: record.header().tags.clone(),
                    refs: Vec::new(),
                    body: body.to_vec(),
                };
                let store = &self.store;
                let collective = self
                    .collectives
                    .get_mut(&home)
                    .ok_or_else(|| crate::errors::failed("the home is not open".to_owned()))?;
                match collective.sign_content(store, now_ms, writing) {
                    Ok(copy) => entries.push(Entry::Record(copy, now_ms)),
                    Err(error) => {
                        collective.forget_tip();
                        return Err(error);
                    }
                }
            }
            copied += entries.len() as u64;
            self.publish(home, entries)?;
        }
        Ok(copied)
    }
}

/// Kinds that are somebody's work, rather than acts on the records of others or settings.
const fn is_work(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::NOTE
            | Kind::LINK
            | Kind::FILES
            | Kind::COMMENT
            | Kind::TASK
            | Kind::DAILY
            | Kind::SYMBOL
            | Kind::RITUAL
    )
}
