//! What a node does for its collectives by itself: it writes the decision when enough have voted
//! (section 5.5), and a steward's node witnesses who came in (section 4.11).

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_accord::MemberDevice;
use folkmoot_api::{ApiError, ErrorCode, KeysChange};
use folkmoot_record::{
    CollectiveId, Kind, RecordId, SeatKey, Verified,
    control::{Actions, Choice, Control, Decision, Effect},
    hash,
};

use crate::{
    clock::random, core::Core, exchange::rekey::fit, keeping::author::Signer,
    membership::collective::Collective, person::secrets::Membership,
};

/// The proposer's node writes the decision at once. Another one waits at least so long, in ms...
const LEAST_WAIT_MS: u64 = 5_000;
/// ... and at most so long, each for a time of its own, so that few write the same.
const MOST_WAIT_MS: u64 = 60_000;
/// A steward's node waits so long after a change, in ms, and witnesses all who came in meanwhile
/// by one record.
const WITNESS_WAIT_MS: u64 = 10_000;
/// A proposal that ended so long ago, in ms, is not looked at any more.
pub(super) const FORGOTTEN_MS: u64 = 45 * 86_400_000;
/// Others than the remover wait at most so long, in ms, before they renew the keys: each for a time
/// of its own, so that few do it (section 6.3).
const MOST_KEYS_WAIT_MS: u64 = 60_000;
/// Renewing that failed is tried again after so long, in ms: what fails is a disk or a table of rights.
const KEYS_AGAIN_MS: u64 = 600_000;
/// Most ballots that a decision lists (section 3.2).
const MOST_LISTED: usize = 15_000;

/// What a node has to do in one collective, and when.
#[derive(Debug, Default)]
pub(crate) struct Duties {
    /// When there is something to do, in ms of the wall clock.
    next_ms: Option<u64>,
    /// When admissions are looked through for missing witnesses.
    witness_ms: Option<u64>,
    /// The heads at which nothing was missing.
    witnessed: Vec<RecordId>,
    /// When this node renews the keys, if nobody did before.
    keys_ms: Option<u64>,
    /// Proposals whose decision would not stand here; they are left to others.
    left: BTreeSet<RecordId>,
}

impl Core {
    /// When something is to be done in some collective, in monotonic ms.
    pub(crate) fn next_duty(&self) -> Option<u64> {
        let next = self
            .collectives
            .values()
            .filter_map(|collective| collective.duties.next_ms)
            .min()?;
        let ahead = next.saturating_sub(self.clock.wall());
        Some(self.clock.mono().saturating_add(ahead))
    }

    /// Does what is due in every collective.
    pub(crate) fn due_duties(&mut self) {
        let now_ms = self.clock.wall();
        let due: Vec<CollectiveId> = self
            .collectives
            .values()
            .filter(|collective| collective.duties.next_ms.is_some_and(|at| at <= now_ms))
            .map(Collective::cid)
            .collect();
        for cid in due {
            self.duties(cid);
        }
    }

    /// Looks at every collective, also where nothing is known to be due.
    pub(crate) fn all_duties(&mut self) {
        let cids: Vec<CollectiveId> = self.member_of().map(Collective::cid).collect();
        for cid in cids {
            self.duties(cid);
        }
    }

    /// Does what is due in one collective, and notes when to look again.
    pub(crate) fn duties(&mut self, cid: CollectiveId) {
        let now_ms = self.clock.wall();
        let serving = self.serving;
        let Some(collective) = self.collectives.get_mut(&cid) else {
            return;
        };
        collective.duties.next_ms = None;
        if collective.is_home()
            || collective.first_sync
            || collective.secrets.membership != Membership::Member
        {
            return;
        }
        let mut next: Option<u64> = None;
        for (proposal, ballots, due_ms) in collective.carried(now_ms) {
            if due_ms <= now_ms {
                self.decide(cid, proposal, ballots);
            } else {
                next = Some(next.map_or(due_ms, |next| next.min(due_ms)));
            }
        }
        if serving {
            let witness = self.witness(cid, now_ms);
            let keys = self.keys_duty(cid, now_ms);
            next = [next, witness, keys].into_iter().flatten().min();
        }
        if let Some(collective) = self.collectives.get_mut(&cid) {
            collective.duties.next_ms = next;
        }
    }

    /// Writes a decision. One that would not stand here is left to others.
    fn decide(&mut self, cid: CollectiveId, proposal: RecordId, ballots: Vec<RecordId>) {
        let body = Control::Decision(Decision { proposal, ballots });
        let written: Result<Verified, ApiError> = self.control(cid, |collective, now_ms| {
            collective.sign_control(now_ms, None, Signer::Device, Kind::DECISION, &body)
        });
        match written {
            Ok(decision) => {
                tracing::info!(%cid, %proposal, id = %decision.id(), "wrote a decision");
                self.after_decision(cid, &proposal);
            }
            Err(error) => {
                tracing::warn!(%cid, %proposal, %error, "a decision could not be written");
                // A full disk is no verdict: it is tried again.
                if error.code == ErrorCode::Denied
                    && let Some(collective) = self.collectives.get_mut(&cid)
                {
                    collective.duties.left.insert(proposal);
                }
            }
        }
    }

    /// Who lost the right to read gets no new keys; who got it gets the present ones.
    fn after_decision(&mut self, cid: CollectiveId, proposal: &RecordId) {
        let now_ms = self.clock.wall();
        let Some(collective) = self.collectives.get(&cid) else {
            return;
        };
        let effects = collective.effects_of(proposal);
        if effects.iter().any(|e| matches!(e, Effect::Revoke(_))) {
            self.renew_keys_if_due(cid);
        }
        let mut entries = Vec::new();
        if let Some(collective) = self.collectives.get(&cid) {
            for effect in &effects {
                if let Effect::Grant(grant) = effect {
                    entries.extend(collective.seal_to(&grant.to, now_ms));
                }
            }
        }
        if !entries.is_empty()
            && let Err(error) = self.publish(cid, entries)
        {
            self.warn(format!("keys could not be sealed to a member: {error}"));
        }
    }

    /// Renews the keys where no epoch is fit any more and this person may: somebody was removed,
    /// left, or took a device back, and the one who did it could not, or did not. Gives when to look
    /// again.
    fn keys_duty(&mut self, cid: CollectiveId, now_ms: u64) -> Option<u64> {
        let collective = self.collectives.get_mut(&cid)?;
        if !collective.may_renew_keys(now_ms) || fit(&mut collective.accord, now_ms) {
            collective.duties.keys_ms = None;
            return None;
        }
        let due = *collective
            .duties
            .keys_ms
            .get_or_insert_with(|| now_ms.saturating_add(keys_wait_ms()));
        if due > now_ms {
            return Some(due);
        }
        collective.duties.keys_ms = None;
        if self.renew_keys_if_due(cid) != KeysChange::Due {
            return None;
        }
        let again = now_ms.saturating_add(KEYS_AGAIN_MS);
        self.collectives.get_mut(&cid)?.duties.keys_ms = Some(again);
        Some(again)
    }

    /// Witnesses who came in, where that is due; gives when to look again.
    fn witness(&mut self, cid: CollectiveId, now_ms: u64) -> Option<u64> {
        let collective = self.collectives.get_mut(&cid)?;
        let seat = collective.secrets.seat;
        let heads = collective.accord.heads();
        if heads == collective.duties.witnessed {
            return None;
        }
        let due = *collective
            .duties
            .witness_ms
            .get_or_insert(now_ms.saturating_add(WITNESS_WAIT_MS));
        if due > now_ms {
            return Some(due);
        }
        collective.duties.witness_ms = None;
        if collective.accord.wants_witness(&seat) {
            let merged = self.control(cid, |collective, now_ms| {
                let any = Some(Actions::default());
                collective.sign_control(now_ms, any, Signer::Device, Kind::MERGE, &Control::Merge)
            });
            if let Err(error) = merged {
                tracing::warn!(%cid, %error, "admissions could not be witnessed");
            }
        }
        let collective = self.collectives.get_mut(&cid)?;
        collective.duties.witnessed = collective.accord.heads();
        None
    }
}

impl Collective {
    /// The proposals that enough have voted for and that are not decided yet, each with the ballots
    /// to list and the time at which this node writes the decision.
    fn carried(&mut self, now_ms: u64) -> Vec<(RecordId, Vec<RecordId>, u64)> {
        let (seat, dev) = (self.secrets.seat, self.secrets.dev());
        let state = self.accord.state();
        let open: Vec<(RecordId, SeatKey)> = state
            .proposals
            .iter()
            .filter(|(id, proposal)| {
                proposal.decisions.is_empty()
                    && proposal.closes_ms.saturating_add(FORGOTTEN_MS) > now_ms
                    && !self.duties.left.contains(id)
            })
            .map(|(id, proposal)| (*id, proposal.by))
            .collect();
        if open.is_empty() {
            return Vec::new();
        }
        let full = matches!(
            self.accord.member_device(&seat, &dev, now_ms),
            MemberDevice::Certified { device, live: true, .. } if device.is_full()
        );
        if !full {
            return Vec::new();
        }
        let mut carried = Vec::new();
        for (id, by) in open {
            let mut yes = self.yes_of(&id);
            let poll = self.accord.poll(&id);
            if !poll.is_some_and(|poll| poll.carried_by(yes.len() as u64)) {
                continue;
            }
            let complete_ms = yes.values().map(|(ms, _)| *ms).max().unwrap_or(now_ms);
            let wait = if by == seat { 0 } else { wait_ms(&id, &dev) };
            let mut ballots: Vec<RecordId> = std::mem::take(&mut yes)
                .into_values()
                .map(|(_, id)| id)
                .collect();
            ballots.truncate(MOST_LISTED);
            ballots.sort_unstable();
            carried.push((id, ballots, complete_ms.saturating_add(wait)));
        }
        carried
    }

    /// A yes of each voter, with the time at which it was first seen: the first that came.
    fn yes_of(&self, proposal: &RecordId) -> BTreeMap<SeatKey, (u64, RecordId)> {
        let mut yes: BTreeMap<SeatKey, (u64, RecordId)> = BTreeMap::new();
        for ballot in self.accord.ballots(proposal) {
            let is_yes = matches!(ballot.control(), Some(Control::Ballot(body)) if body.choice == Choice::Yes);
            if is_yes {
                let id = ballot.id();
                let seen = (self.accord.first_seen(&id).unwrap_or(0), id);
                let kept = yes.entry(ballot.header().seat).or_insert(seen);
                *kept = seen.min(*kept);
            }
        }
        yes
    }

    /// The effects of a proposal.
    pub(super) fn effects_of(&self, proposal: &RecordId) -> Vec<Effect> {
        match self
            .accord
            .record(proposal)
            .and_then(|record| record.control().cloned())
        {
            Some(Control::Proposal(body)) => body.effects,
            _ => Vec::new(),
        }
    }
}

/// How long this node lets others go first; all of it where there is no randomness.
fn keys_wait_ms() -> u64 {
    random::<8>().map_or(MOST_KEYS_WAIT_MS, |bytes| {
        u64::from_be_bytes(bytes) % (MOST_KEYS_WAIT_MS + 1)
    })
}

/// How long this device waits for the proposer's node: a time of its own for each proposal, the
/// same after a restart.
fn wait_ms(proposal: &RecordId, dev: &folkmoot_record::DeviceKey) -> u64 {
    let digest = hash::plain(&[proposal.as_ref() as &[u8], dev.as_ref()].concat());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    LEAST_WAIT_MS + u64::from_be_bytes(bytes) % (MOST_WAIT_MS - LEAST_WAIT_MS)
}
