//! What the fence holds back: acts that turn up late and would undo settled history. Only the person
//! of this node lets one in (section 4.11).

use folkmoot_accord::{Accord, ParkReason, Policy, Rejudge, Seen, Standing, State, Way};
use folkmoot_api::{ApiError, WhyView};
use folkmoot_record::{CollectiveId, RecordId, SeatKey, Verified};
use folkmoot_store::{Entry, StoreError, Vault};

use crate::{
    core::Core,
    errors::{not_found, store_failed, usage},
    intake::receive::Taken,
    membership::{collective::Collective, parting::when},
};

/// Local facts: what this person let in, `excused/`, collective, record; when, in ms.
const TABLE: &[u8] = b"excused/";
/// Sentences in `status`: one act held back is enough to make a person look.
const MOST_TOLD: usize = 8;

fn key(cid: &CollectiveId, id: &RecordId) -> Vec<u8> {
    [TABLE, cid.as_ref() as &[u8], id.as_ref()].concat()
}

/// What was let in, of one collective.
pub(crate) fn excused(store: &Vault, cid: &CollectiveId) -> Result<Vec<RecordId>, StoreError> {
    let prefix = [TABLE, cid.as_ref() as &[u8]].concat();
    let facts = store.scan_local(&prefix)?;
    Ok(facts
        .into_iter()
        .filter_map(|(key, _)| key[prefix.len()..].try_into().ok())
        .map(RecordId::from_bytes)
        .collect())
}

const fn is_held(standing: &Standing) -> bool {
    matches!(
        standing,
        Standing::Parked(ParkReason::FenceF1 | ParkReason::FenceF2)
    )
}

impl Core {
    /// Lets in what the fence holds back; the explanation afterwards. With `dry_run` nothing is done.
    pub(crate) fn let_in(&mut self, text: &str, dry_run: bool) -> Result<WhyView, ApiError> {
        let Some(id) = self.record_named(text.trim())? else {
            return Err(not_found(format!("no record here has the id {text}"))
                .hint("`moot status` names what is held back"));
        };
        let place = self.collectives.values().find_map(|collective| {
            let standing = collective.accord.standing(&id)?;
            Some((collective.cid(), is_held(&standing)))
        });
        let Some((cid, true)) = place else {
            return Err(
                usage(format!("{} is not held back by the fence", id.short())).hint(format!(
                    "`moot why {}` tells where it stands; only what would undo settled history is let in by hand",
                    id.short()
                )),
            );
        };
        if dry_run {
            return self.why_record(&id);
        }
        let now_ms = self.clock.wall();
        let fact = Entry::Local {
            key: key(&cid, &id),
            value: Some(now_ms.to_be_bytes().to_vec()),
        };
        self.store.commit(&[fact]).map_err(store_failed)?;
        let mut taken = Taken {
            changed: true,
            rejudge: vec![Rejudge::Everything],
            ..Taken::default()
        };
        if let Some(collective) = self.collectives.get_mut(&cid) {
            for (other, standing) in collective.accord.excuse(&id, now_ms) {
                collective.moved(&self.store, other, &standing, now_ms, &mut taken);
            }
        }
        if self.settle(cid, taken).is_err() {
            // The fact is stored: the next start lets it in.
            self.warn("what was let in is not shown yet: it could not be stored".to_owned());
        }
        self.why_record(&id)
    }

    /// A sentence for each act that the fence holds back.
    pub(crate) fn held_back(&self) -> Vec<String> {
        let mut told = Vec::new();
        for collective in self.collectives.values().filter(|c| !c.is_home()) {
            for record in collective.accord.records() {
                let standing = collective.accord.standing_at(&record.id());
                if standing.is_some_and(is_held) && told.len() < MOST_TOLD {
                    told.push(format!(
                        "in {} a {} by {} turned up that would undo settled history: it is held back until you decide; `moot why {}`",
                        collective.name(),
                        record.header().kind.name().unwrap_or("record"),
                        collective.member_name(&record.header().seat),
                        record.id().short()
                    ));
                }
            }
        }
        told
    }
}

impl Collective {
    /// What a record that is held back would undo: sentences about members, rights and acts.
    pub(crate) fn would_undo(&self, record: &Verified, now_ms: u64) -> Vec<(RecordId, String)> {
        let policy = Policy {
            floods: false,
            ..Policy::NODE
        };
        let mut after = Accord::with_policy(self.cid(), policy);
        // Nothing is old where everything came just now: no fence holds it in the copy.
        let seen = Seen {
            now_ms,
            first_ms: now_ms,
            way: Way::Stored,
        };
        let admitted = self.accord.records().filter(|held| {
            self.accord
                .standing_at(&held.id())
                .is_some_and(Standing::is_admitted)
        });
        after.insert_all(admitted.map(|held| (held.clone(), seen)));
        let inserted = after.insert(record.clone(), seen);
        let id = record.id();
        let mut told: Vec<(RecordId, String)> = parted(self.accord.state(), after.state())
            .into_iter()
            .map(|seat| {
                let who = self.member_name(&seat);
                (id, format!("It would end the membership of {who}."))
            })
            .collect();
        for (other, standing) in inserted.changed {
            if let (Standing::Admitted { honoured: false }, Some(undone)) =
                (standing, self.accord.record(&other))
            {
                let header = undone.header();
                told.push((
                    other,
                    format!(
                        "It would undo the {} of {} of {}.",
                        header.kind.name().unwrap_or("record"),
                        self.member_name(&header.seat),
                        when(header.ms())
                    ),
                ));
            }
        }
        told
    }
}

/// Who is a member before and not after.
fn parted(before: &State, after: &State) -> Vec<SeatKey> {
    before
        .seats
        .iter()
        .filter(|(seat, member)| {
            member.live && after.seats.get(*seat).is_none_or(|after| !after.live)
        })
        .map(|(seat, _)| *seat)
        .collect()
}
