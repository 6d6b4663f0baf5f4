//! Coming back to collectives by their recovery doors, while the node runs (sections 6.1, 7.4).
//!
//! A local fact says which collectives are still to be asked for. It goes away when everything
//! is back and the lost devices are retired, so a stop in between costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use folkmoot_api::{ApiError, JoinStage, RecoveryView};
use folkmoot_record::{
    CollectiveId, RecordId, SeatKey, Verified,
    fc::{Decoder, Encoder, FcError},
};
use folkmoot_seal::KemSecret;
use folkmoot_store::{Entry, StoreError, Vault};
use folkmoot_sync::{Addr, Ask, Input, JoinStep, limits};

use crate::{
    clock::random,
    core::Core,
    errors::{failed, key_failed, store_failed},
    intake::receive::Taken,
    membership::collective::Collective,
    person::{
        keyring::Keyring,
        secrets::{Membership, Secrets},
    },
    recovery::retire::Retirement,
};

/// Local facts under which recoveries stand: `r/`, collective.
const TABLE: &[u8] = b"r/";
/// Local fact: the home did not come back; a fresh one is to be made.
pub(crate) const FRESH_HOME: &[u8] = b"fresh-home";
/// Local fact: the home came back, and its list of collectives is to be followed. Its value is
/// one byte: whether lost devices are retired.
pub(crate) const FOLLOW_LIST: &[u8] = b"follow-list";
/// Addresses kept of one recovery: what a card and the home's list can name.
const MOST_ADDRESSES: usize = 16;
/// How long a recovery asks before it makes room for one that waits, in milliseconds: as long as
/// the longest pause between two dials.
const TURN: u64 = limits::BACKOFF_MS.1;

/// What is kept of a recovery.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pending {
    /// Whether the other devices of the seat are lost, and dropped at the end.
    pub(crate) retire: bool,
    /// Where to ask.
    pub(crate) addrs: Vec<Addr>,
    /// It was the home, until a fresh one was made: its list of collectives is still followed.
    pub(crate) was_home: bool,
}

impl Pending {
    /// The entry that keeps it.
    pub(crate) fn fact(&self, cid: &CollectiveId) -> Entry {
        let mut out = Encoder::new();
        let addrs: Vec<&Addr> = self.addrs.iter().take(MOST_ADDRESSES).collect();
        out.array(3).bool(self.retire).array(addrs.len());
        for addr in addrs {
            out.bytes(&addr.0);
        }
        out.bool(self.was_home);
        Entry::Local {
            key: key(cid),
            value: Some(out.finish()),
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self, FcError> {
        let mut d = Decoder::new(bytes)?;
        // Two fields: as written before homes could come back beside a fresh one.
        let fields = d.array()?;
        let retire = d.bool()?;
        let addrs = d.list(0..=MOST_ADDRESSES as u64, |d| Ok(Addr(d.bytes()?.to_vec())))?;
        let was_home = fields > 2 && d.bool()?;
        d.end()?;
        Ok(Self {
            retire,
            addrs,
            was_home,
        })
    }
}

fn key(cid: &CollectiveId) -> Vec<u8> {
    [TABLE, cid.as_ref()].concat()
}

/// Every recovery under way.
pub(crate) fn load(store: &Vault) -> Result<BTreeMap<CollectiveId, Recovery>, StoreError> {
    let facts = store.scan_local(TABLE)?.into_iter();
    Ok(facts
        .filter_map(|(key, value)| {
            let cid = key[TABLE.len()..].try_into().map(CollectiveId::from_bytes);
            Some((cid.ok()?, Recovery::new(Pending::decode(&value).ok()?)))
        })
        .collect())
}

/// Device records made anew in one run because a node would not have the one before. They stand at
/// one place of the root's log, where others take 16 at most: one that lies must not use them up.
const MOST_RENEWALS: u8 = 4;

/// A recovery under way, or one that ended since the start.
#[derive(Debug)]
pub(crate) struct Recovery {
    pub(crate) pending: Pending,
    stages: Vec<JoinStage>,
    /// Control records that the host has, since its door opened.
    pub(crate) served: BTreeSet<RecordId>,
    /// The record that adds the new device, once it was made.
    pub(crate) record: Option<Verified>,
    /// A node judged that record, and would not have it.
    pub(crate) not_taken: bool,
    /// Records that were made anew because a node would not have the one before.
    pub(crate) renewals: u8,
    /// When its doors were asked at, monotonic milliseconds.
    asked_at: u64,
    pub(crate) trouble: Option<ApiError>,
    retired: u64,
    pub(crate) finished: bool,
}

impl Recovery {
    fn new(pending: Pending) -> Self {
        Self {
            pending,
            stages: Vec::new(),
            served: BTreeSet::new(),
            record: None,
            not_taken: false,
            renewals: 0,
            asked_at: 0,
            trouble: None,
            retired: 0,
            finished: false,
        }
    }

    fn reach(&mut self, stage: JoinStage) {
        self.trouble = None;
        if !self.stages.contains(&stage) {
            self.stages.push(stage);
        }
    }

    /// Notes what came from the host while its door is open.
    pub(crate) fn came(&mut self, id: RecordId) {
        if !self.finished {
            self.served.insert(id);
        }
    }
}

/// Fresh keys of a person's seat in a collective that is asked for by its recovery door.
pub(crate) fn fresh_secrets(
    keyring: &Keyring,
    cid: CollectiveId,
    salt: Option<[u8; 16]>,
    home: bool,
) -> Result<Secrets, ApiError> {
    let root = match &salt {
        Some(salt) => keyring.founder_seat(salt),
        None => keyring.joiner_seat(&cid),
    };
    let fresh = || random().map_err(|error| failed(error.to_string()));
    Ok(Secrets {
        cid,
        membership: Membership::Joining,
        aside: false,
        home,
        founder_salt: salt,
        seat: SeatKey::from_bytes(root.verifying_key().to_bytes()),
        device: SigningKey::from_bytes(&fresh()?),
        kems: vec![KemSecret::from_bytes(fresh()?)],
        epochs: Vec::new(),
        agents: Vec::new(),
    })
}

impl Core {
    /// Whether a collective waits to be let into again.
    pub(crate) fn is_recovering(&self, cid: &CollectiveId) -> bool {
        self.recovering
            .get(cid)
            .is_some_and(|recovery| !recovery.finished)
    }

    /// Asks at the doors of everything that is still to come back.
    pub(crate) fn resume_recoveries(&mut self) {
        self.follow_list();
        for cid in self.recovering.keys().copied().collect::<Vec<_>>() {
            self.ask_to_recover(cid);
            // Let in before a stop, and not whole yet: the same nodes have the rest.
            let addrs = self
                .recovering
                .get(&cid)
                .map(|recovery| &recovery.pending.addrs);
            for addr in addrs.cloned().unwrap_or_default() {
                self.feed(Input::Ask(Ask::Reach {
                    peer: None,
                    addrs: vec![addr],
                }));
            }
        }
    }

    pub(crate) fn ask_to_recover(&mut self, cid: CollectiveId) {
        let waits = self.is_recovering(&cid) && self.machine.is_some();
        let Some(collective) = self
            .collectives
            .get(&cid)
            .filter(|collective| waits && collective.secrets.membership == Membership::Joining)
            .filter(|collective| !collective.secrets.aside)
        else {
            return;
        };
        // No more are asked for at one time: the others have their turn later.
        if self.asked_for() >= limits::JOINS {
            return;
        }
        let root = Box::new(self.keyring.root(&collective.secrets));
        let addrs = self
            .recovering
            .get(&cid)
            .map(|recovery| recovery.pending.addrs.clone())
            .unwrap_or_default();
        let mono = self.clock.mono();
        if let Some(recovery) = self.recovering.get_mut(&cid) {
            recovery.asked_at = mono;
            if addrs.is_empty() {
                recovery.trouble =
                    Some(failed("no address of a member's node is known".to_owned()));
            }
        }
        self.feed(Input::Ask(Ask::Recover { cid, root, addrs }));
    }

    /// How many doors are asked at now.
    fn asked_for(&self) -> usize {
        let machine = self.machine.as_ref();
        machine.map_or(0, folkmoot_sync::Machine::joins)
    }

    /// Lets recoveries that found no room ask at their doors, the ones that asked longest making
    /// room for them.
    pub(crate) fn take_turns_recovering(&mut self) {
        let Some(machine) = &self.machine else {
            return;
        };
        let mono = self.clock.mono();
        let joining = |cid: &CollectiveId| {
            let of = self.collectives.get(cid);
            of.is_some_and(|c| c.secrets.membership == Membership::Joining && !c.secrets.aside)
        };
        let open = self
            .recovering
            .iter()
            .filter(|(cid, one)| !one.finished && joining(cid));
        let (asking, mut waiting): (Vec<_>, Vec<_>) = open
            .map(|(cid, one)| (one.asked_at, *cid))
            .partition(|(_, cid)| machine.is_joining(cid));
        waiting.sort_unstable();
        // The one that has asked longest comes last, and is taken first.
        let mut tired: Vec<(u64, CollectiveId)> = asking
            .into_iter()
            .filter(|(at, cid)| mono.saturating_sub(*at) >= TURN && !machine.is_at_door(cid))
            .collect();
        tired.sort_unstable_by_key(|one| std::cmp::Reverse(*one));
        for (_, cid) in waiting {
            if self.asked_for() >= limits::JOINS {
                let Some((_, cid)) = tired.pop() else {
                    return;
                };
                self.feed(Input::Ask(Ask::CancelJoin { cid }));
            }
            self.ask_to_recover(cid);
        }
    }

    /// The machine got one step further at a recovery door.
    pub(crate) fn recovery_step(&mut self, cid: CollectiveId, step: JoinStep) -> Vec<Input> {
        let Some(recovery) = self.recovering.get_mut(&cid) else {
            return Vec::new();
        };
        match step {
            JoinStep::Reached => recovery.reach(JoinStage::MemberFound),
            JoinStep::DoorOpen => {
                recovery.reach(JoinStage::MemberFound);
                recovery.reach(JoinStage::MembershipProven);
                // Another host may hold less than the one before.
                recovery.served.clear();
            }
            JoinStep::NotTaken => recovery.not_taken = recovery.renewals < MOST_RENEWALS,
            JoinStep::Served => match self.device_record(cid) {
                Ok((record, before)) => {
                    return vec![Input::Ask(Ask::SubmitJoin {
                        cid,
                        before,
                        record: record.wire().to_vec(),
                    })];
                }
                Err(error) => self.trouble(cid, error),
            },
            JoinStep::Welcomed { .. } => {
                if let Err(error) = self.come_back(cid) {
                    self.trouble(cid, error);
                    return Vec::new();
                }
                return vec![
                    Input::Changed { cid },
                    Input::Ask(Ask::SyncNow { cid: Some(cid) }),
                ];
            }
            // What a node said that was reached tells more than that another is not.
            JoinStep::Failed { why, .. } => {
                let reached = recovery.stages.contains(&JoinStage::MemberFound);
                let nobody = why.starts_with("nobody could be reached");
                if recovery.trouble.is_none() || !(reached && nobody) {
                    recovery.trouble = Some(failed(why));
                }
            }
        }
        Vec::new()
    }

    fn trouble(&mut self, cid: CollectiveId, error: ApiError) {
        if let Some(recovery) = self.recovering.get_mut(&cid) {
            recovery.trouble = Some(error);
        }
    }

    /// A member took the new device: this person is in again.
    fn come_back(&mut self, cid: CollectiveId) -> Result<(), ApiError> {
        let now_ms = self.clock.wall();
        let Some(recovery) = self.recovering.get_mut(&cid) else {
            return Ok(());
        };
        recovery.reach(JoinStage::Welcomed);
        recovery.served.clear();
        let record = recovery.record.clone();
        let addresses: Vec<Vec<u8>> = recovery
            .pending
            .addrs
            .iter()
            .map(|addr| addr.0.clone())
            .collect();
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        // The record first: keys that say "member" without it could not come back again.
        if let Some(record) = record {
            let mut taken = Taken::default();
            let _verdict = collective.take(&self.store, record, None, now_ms, &mut taken);
            self.settle(cid, taken)
                .map_err(|()| failed("the membership could not be stored".to_owned()))?;
        }
        self.collective_mut(&cid)?.secrets.membership = Membership::Member;
        if let Err(error) = self.keyring.save(&self.collectives[&cid].secrets) {
            self.collective_mut(&cid)?.secrets.membership = Membership::Joining;
            return Err(key_failed(error));
        }
        if !self.collectives[&cid].is_home() && self.home_collective().is_some() {
            self.note_membership(cid, &addresses);
        }
        Ok(())
    }

    /// Both sides hold the same set: the recovery is over. The lost devices are retired when more
    /// nodes were heard: see `retire.rs`.
    pub(crate) fn recovered(&mut self, cid: CollectiveId) -> Vec<Input> {
        let member = self
            .collectives
            .get(&cid)
            .is_some_and(|collective| collective.secrets.membership == Membership::Member);
        let Some(recovery) = self
            .recovering
            .get(&cid)
            .filter(|recovery| member && !recovery.finished)
        else {
            return Vec::new();
        };
        let pending = recovery.pending.clone();
        if pending.was_home
            && let Err(error) = self.follow(self.list_of(&cid), pending.retire)
        {
            self.trouble(cid, error);
            return Vec::new();
        }
        let waits = pending
            .retire
            .then(|| Retirement::new(self.clock.wall(), &pending.addrs));
        let mut facts = vec![Entry::Local {
            key: key(&cid),
            value: None,
        }];
        facts.extend(waits.as_ref().map(|waits| waits.fact(&cid)));
        if let Err(error) = self.store.commit(&facts) {
            self.trouble(cid, store_failed(error));
            return Vec::new();
        }
        if let Some(recovery) = self.recovering.get_mut(&cid) {
            recovery.reach(JoinStage::Received);
            recovery.finished = true;
        }
        if pending.was_home {
            self.warn("your old home came back, and stands beside the fresh one as a collective of your own: moot collective list".to_owned());
        }
        if let Some(waits) = waits {
            self.retiring.insert(cid, waits);
            self.reach_for_retirement(&cid);
        }
        self.take_name_from(cid);
        if self.collectives[&cid].is_home() {
            self.list_recovered(pending.retire);
        }
        vec![Input::Ask(Ask::SyncNow { cid: Some(cid) })]
    }

    /// So many lost devices were retired.
    pub(crate) fn retired(&mut self, cid: CollectiveId, devices: u64) {
        if let Some(recovery) = self.recovering.get_mut(&cid) {
            recovery.retired = devices;
        }
    }

    /// The name that this person showed before, where none is set here.
    fn take_name_from(&mut self, cid: CollectiveId) {
        let shown = self.collectives.get(&cid).and_then(|collective| {
            let profile = collective.profiles.get(&collective.secrets.seat)?;
            Some(profile.name.clone())
        });
        if let (Ok(None), Some(name)) = (self.own_name(), shown)
            && let Err(error) = self.keep_name(&name)
        {
            self.warn(format!("your name could not be kept: {error}"));
        }
    }

    pub(crate) fn begin_recovery(
        &mut self,
        cid: CollectiveId,
        salt: Option<[u8; 16]>,
        pending: Pending,
    ) -> Result<(), ApiError> {
        let secrets = fresh_secrets(&self.keyring, cid, salt, false)?;
        self.store
            .commit(&[pending.fact(&cid)])
            .map_err(store_failed)?;
        self.keyring.save(&secrets).map_err(key_failed)?;
        self.recovering.insert(cid, Recovery::new(pending));
        let collective = self.load_whole(secrets).map_err(store_failed)?;
        self.collectives.insert(cid, collective);
        self.ask_to_recover(cid);
        Ok(())
    }

    /// How everything stands that is to come back.
    pub(crate) fn recoveries(&self) -> Vec<RecoveryView> {
        self.recovering
            .iter()
            .map(|(cid, recovery)| {
                let counts = self.store.counts(cid);
                let collective = self.collectives.get(cid);
                RecoveryView {
                    collective: cid.to_string(),
                    name: collective
                        .filter(|collective| !collective.accord.state().name.is_empty())
                        .map(Collective::name),
                    home: collective.is_some_and(Collective::is_home),
                    done: recovery.stages.clone(),
                    records: counts.content + counts.control,
                    retired: recovery.retired,
                    finished: recovery.finished,
                    retiring: self.retiring_view(cid),
                    trouble: recovery.trouble.clone(),
                }
            })
            .chain(self.waiting_views())
            .collect()
    }
}
