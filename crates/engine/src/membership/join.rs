//! Joining a collective by an invite key, step by step.

use ed25519_dalek::SigningKey;
use folkmoot_api::{ApiError, ErrorCode, JoinArgs, JoinProgress, JoinStage, Reply};
use folkmoot_record::{
    CollectiveId, Draft, GrantId, Hlc, Kind, Place, RecordId, SeatKey, Signed, Verified,
    control::{Control, Join as JoinBody},
};
use folkmoot_seal::{DoorSecret, InviteLink, KemSecret, LinkError};
use folkmoot_store::Entry;
use folkmoot_sync::{Addr, Ask, Input, JoinStep};

use crate::{
    clock::random,
    core::{Core, ReplyTo},
    errors::{failed, key_failed, usage},
    intake::receive::Taken,
    membership::collective::Collective,
    person::secrets::{Membership, Secrets},
    wait::{Awaited, Waiting},
};

/// The longest that one question about a join may wait, in milliseconds.
const MOST_WAIT: u32 = 10_000;
/// Trouble that lasts so long is told as a failure, though the node goes on trying, in
/// milliseconds: one dead address of several must not end a join that works by another.
const PATIENCE: u64 = 6_000;

/// A join under way, or the last one of a collective.
#[derive(Debug)]
pub(crate) struct Join {
    /// The key: a secret, dropped when it is not needed any more.
    link: Option<InviteLink>,
    stages: Vec<JoinStage>,
    /// The join record, once it was made.
    record: Option<Verified>,
    finished: bool,
    failed: Option<ApiError>,
    /// What went wrong last, and may still come right; since when, monotonic milliseconds.
    trouble: Option<(String, u64)>,
}

impl Join {
    fn reach(&mut self, stage: JoinStage) {
        self.trouble = None;
        if !self.stages.contains(&stage) {
            self.stages.push(stage);
        }
    }

    /// The failure to be told: a final one, or trouble that has lasted.
    fn failure(&self, mono: u64) -> Option<ApiError> {
        let lasting = self
            .trouble
            .as_ref()
            .filter(|(_, since)| mono.saturating_sub(*since) >= PATIENCE);
        self.failed.clone().or_else(|| {
            lasting.map(|(why, _)| {
                failed(why.clone()).hint(
                    "your node goes on trying; check that a member's node is running and reachable, or give an address with --peer",
                )
            })
        })
    }

    /// What goes wrong, where it has for so long, and no end was told yet.
    pub(crate) fn stalled(&self, mono: u64, patience: u64) -> Option<String> {
        let (why, since) = self.trouble.as_ref().filter(|_| self.failed.is_none())?;
        (mono.saturating_sub(*since) >= patience).then(|| why.clone())
    }

    /// Whether someone who has seen so many stages has something new to hear.
    pub(crate) fn news(&self, seen: u32, mono: u64) -> bool {
        self.finished || self.failure(mono).is_some() || self.stages.len() > seen as usize
    }
}

impl Core {
    /// Starts knocking at the invite's door.
    pub(crate) fn begin_join(&mut self, ask: &JoinArgs) -> Result<Reply, ApiError> {
        let link = InviteLink::parse(&ask.key).map_err(|error| bad_link(&error))?;
        let cid = link.cid;
        self.needs_network()?;
        // Whoever was removed while away holds nothing that says so: that members' nodes do not take
        // this device, and none has reconciled with it since, is all there is to know.
        if let Some(collective) = self.collectives.get(&cid)
            && collective.secrets.membership == Membership::Member
            && collective.seat_is_live()
        {
            let already = usage(format!("you are already a member of {}", collective.name()));
            if collective.unserved.is_empty() {
                return Err(already.hint("the key is still good for somebody else"));
            }
            if self.is_taken_by_somebody(&cid) {
                return Err(already.hint(
                    "some nodes do not take this device, but one that is connected now does: `moot sync`, and try again when that one has heard of it too",
                ));
            }
        }
        let mut addrs: Vec<Addr> = link.addresses.iter().cloned().map(Addr).collect();
        for text in &ask.peers {
            addrs.push(self.parse_address(text)?.1);
        }
        if addrs.is_empty() {
            return Err(usage("the key carries no address of a member")
                .hint("ask for a member's address and add it: `moot join KEY --peer ADDRESS`"));
        }
        if self.is_recovering(&cid) {
            // One door is asked at for a collective: the recovery goes on where the join fails.
            self.feed(Input::Ask(Ask::CancelJoin { cid }));
        }
        let prepared = self.prepare_to_join(cid, link.invite);
        let record = match prepared.and_then(|()| self.fitting_join(&cid, link.invite)) {
            Ok(record) => record,
            Err(error) => {
                self.stand_back(cid);
                return Err(error);
            }
        };
        self.joins.insert(
            cid,
            Join {
                stages: vec![JoinStage::KeyRead],
                record: record.clone(),
                finished: false,
                failed: None,
                trouble: None,
                link: Some(link.clone()),
            },
        );
        self.feed(Input::Ask(Ask::Join {
            cid,
            door: *DoorSecret::invite(&cid, &link.seed.public()).expose(),
            invite_seed: link.seed.signing_key().to_bytes(),
            record: record.map(|record| record.wire().to_vec()),
            addrs,
        }));
        Ok(Reply::Join(self.join_progress(&cid)))
    }

    /// Draws the keys for the new seat, or finds those of an earlier try by the same invite.
    fn prepare_to_join(&mut self, cid: CollectiveId, invite: GrantId) -> Result<(), ApiError> {
        if let Some(collective) = self.collectives.get(&cid) {
            let joining = collective.secrets.membership == Membership::Joining;
            if !joining || collective.secrets.aside || self.is_recovering(&cid) {
                return self.stand_aside(cid, invite);
            }
        }
        let kept = self.kept_join(&cid, false)?;
        let secrets = match self.collectives.get(&cid) {
            None => {
                let root = self.keyring.joiner_seat(&cid);
                Secrets {
                    cid,
                    membership: Membership::Joining,
                    aside: false,
                    home: false,
                    founder_salt: None,
                    seat: SeatKey::from_bytes(root.verifying_key().to_bytes()),
                    device: SigningKey::from_bytes(&fresh_bytes()?),
                    kems: vec![KemSecret::from_bytes(fresh_bytes()?)],
                    epochs: Vec::new(),
                    agents: Vec::new(),
                }
            }
            Some(collective) => {
                let old = &collective.secrets;
                // A device that signed a join by another invite must not sign a second one: both
                // would stand first in its log.
                let spent = kept.is_some_and(|record| {
                    record.header().dev == old.dev() && record.header().cap != Some(invite)
                });
                if spent {
                    self.new_secrets(cid, old)?
                } else {
                    old.copy()
                }
            }
        };
        self.keyring.save(&secrets).map_err(key_failed)?;
        let collective = self
            .load_whole(secrets)
            .map_err(crate::errors::store_failed)?;
        self.collectives.insert(cid, collective);
        Ok(())
    }

    /// The join record of an earlier try by this invite with this device.
    fn fitting_join(
        &self,
        cid: &CollectiveId,
        invite: GrantId,
    ) -> Result<Option<Verified>, ApiError> {
        let secrets = self.collectives.get(cid).map(|c| &c.secrets);
        let dev = secrets.map(Secrets::dev);
        let aside = secrets.is_some_and(|secrets| secrets.aside);
        Ok(self.kept_join(cid, aside)?.filter(|record| {
            record.header().cap == Some(invite) && Some(record.header().dev) == dev
        }))
    }

    /// The join record of an earlier try, whichever invite it was by.
    pub(crate) fn kept_join(
        &self,
        cid: &CollectiveId,
        aside: bool,
    ) -> Result<Option<Verified>, ApiError> {
        let kept = self
            .store
            .local(&join_key(cid, aside))
            .map_err(crate::errors::store_failed)?;
        Ok(kept
            .and_then(|wire| Signed::parse(&wire).ok())
            .and_then(|signed| signed.verify().ok()))
    }

    pub(crate) fn new_secrets(
        &self,
        cid: CollectiveId,
        old: &Secrets,
    ) -> Result<Secrets, ApiError> {
        let mut secrets = Secrets {
            cid,
            membership: Membership::Joining,
            device: SigningKey::from_bytes(&fresh_bytes()?),
            ..old.copy()
        };
        secrets.renew_kem(KemSecret::from_bytes(fresh_bytes()?));
        Ok(secrets)
    }

    /// The machine got one step further.
    pub(crate) fn join_step(&mut self, cid: CollectiveId, step: JoinStep) -> Vec<Input> {
        let over = |join: &Join| join.finished || join.failed.is_some();
        let recovers = self.is_recovering(&cid) && self.joins.get(&cid).is_none_or(over);
        let Some(join) = self.joins.get_mut(&cid).filter(|_| !recovers) else {
            return self.recovery_step(cid, step);
        };
        match step {
            JoinStep::Reached => join.reach(JoinStage::MemberFound),
            // Of recovery doors alone.
            JoinStep::NotTaken => {}
            JoinStep::DoorOpen => join.reach(JoinStage::MembershipProven),
            JoinStep::Served => match self.join_record(cid) {
                Ok(record) => {
                    let wire = record.wire().to_vec();
                    if let Some(join) = self.joins.get_mut(&cid) {
                        join.record = Some(record);
                    }
                    return vec![Input::Ask(Ask::SubmitJoin {
                        cid,
                        before: Vec::new(),
                        record: wire,
                    })];
                }
                Err(error) => {
                    return self.give_up(cid, error);
                }
            },
            JoinStep::Welcomed { .. } => {
                if let Err(error) = self.enter(cid) {
                    return self.give_up(cid, error);
                }
                return vec![
                    Input::Changed { cid },
                    Input::Ask(Ask::SyncNow { cid: Some(cid) }),
                ];
            }
            // The machine goes on by itself: it tells trouble at every try.
            JoinStep::Failed { why, retry: true } => {
                let mono = self.clock.mono();
                let since = join.trouble.as_ref().map_or(mono, |(_, since)| *since);
                join.trouble = Some((why, since));
            }
            JoinStep::Failed { why, retry: false } => {
                return self.give_up(cid, failed(why));
            }
        }
        Vec::new()
    }

    /// The join is over. What asked at the door ends first: a recovery may ask anew.
    fn give_up(&mut self, cid: CollectiveId, error: ApiError) -> Vec<Input> {
        self.feed(Input::Ask(Ask::CancelJoin { cid }));
        self.fail_join(cid, error);
        Vec::new()
    }

    /// The join record: the one of an earlier try by the same invite, else a new one, kept so
    /// that a try after a stop shows the same one.
    fn join_record(&mut self, cid: CollectiveId) -> Result<Verified, ApiError> {
        if let Some(record) = self.joins.get(&cid).and_then(|join| join.record.clone()) {
            return Ok(record);
        }
        let record = self.make_join(cid)?;
        let aside = self.collective_mut(&cid)?.secrets.aside;
        self.store
            .commit(&[Entry::Local {
                key: join_key(&cid, aside),
                value: Some(record.wire().to_vec()),
            }])
            .map_err(crate::errors::store_failed)?;
        Ok(record)
    }

    /// Makes the join record after the invite and its past were served and stored.
    fn make_join(&mut self, cid: CollectiveId) -> Result<Verified, ApiError> {
        let now_ms = self.clock.wall();
        let link = self
            .joins
            .get(&cid)
            .and_then(|join| join.link.clone())
            .ok_or_else(|| failed("nobody asked to join this".to_owned()))?;
        let invite = RecordId::from(link.invite);
        let collective = self
            .collectives
            .get(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let root = self.keyring.root(&collective.secrets);
        let made = collective
            .accord
            .record(&invite)
            .ok_or_else(|| failed("the member's node did not send the invite".to_owned()))?;
        let secrets = &collective.secrets;
        let (seat, dev) = (secrets.seat, secrets.dev());
        let kem = secrets
            .kems
            .last()
            .map(KemSecret::public)
            .ok_or_else(|| failed("this device has no key to receive secrets".to_owned()))?;
        let body = Control::Join(JoinBody {
            seat,
            dev,
            kem,
            redeem_sig: link.seed.redeem(&cid, &link.invite, &seat, &dev, &kem),
            seat_sig: JoinBody::sign_seat(&root, cid, dev, kem),
            old_dev: None,
        });
        Draft {
            cid: Some(cid),
            seat,
            place: Place { seq: 0, prev: None },
            hlc: Hlc::next(now_ms, [made.header().hlc]),
            kind: Kind::JOIN,
            cap: Some(GrantId::from(invite)),
            auth: vec![invite],
            refs: Vec::new(),
            tags: Vec::new(),
            body: body.encode(),
        }
        .sign(&secrets.device)
        .map_err(|reason| failed(format!("the join would be refused ({reason})")))
    }

    /// A member took the join: this person is in.
    fn enter(&mut self, cid: CollectiveId) -> Result<(), ApiError> {
        let now_ms = self.clock.wall();
        let Some(join) = self.joins.get_mut(&cid) else {
            return Ok(());
        };
        join.reach(JoinStage::Welcomed);
        let record = join.record.clone();
        let addresses = join
            .link
            .as_ref()
            .map(|link| link.addresses.clone())
            .unwrap_or_default();
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        // The record first: keys that say "member" without it could never join again.
        if let Some(record) = record {
            let mut taken = Taken::default();
            let _verdict = collective.take(&self.store, record, None, now_ms, &mut taken);
            self.settle(cid, taken)
                .map_err(|()| failed("the membership could not be stored".to_owned()))?;
        }
        let collective = self.collective_mut(&cid)?;
        collective.secrets.membership = Membership::Member;
        // Here, and not before, do the new keys take the place of the old ones.
        let aside = std::mem::replace(&mut collective.secrets.aside, false);
        if let Err(error) = self.keyring.save(&self.collectives[&cid].secrets) {
            let secrets = &mut self.collective_mut(&cid)?.secrets;
            (secrets.membership, secrets.aside) = (Membership::Joining, aside);
            return Err(key_failed(error));
        }
        if aside && let Err(error) = self.keyring.forget_aside(&cid) {
            tracing::warn!(%error, "keys of a join that is done stay in a second file");
        }
        self.note_membership(cid, &addresses);
        self.announce_name(cid);
        Ok(())
    }

    /// A reconciliation ended: a join is complete with the first one that left both sides equal.
    pub(crate) fn synced(&mut self, cid: CollectiveId, equal: bool) {
        if equal && let Some(collective) = self.collectives.get_mut(&cid) {
            if collective.first_sync && collective.secrets.membership == Membership::Member {
                collective.first_sync = false;
                let entry = Entry::Local {
                    key: first_sync_key(&cid),
                    value: Some(self.clock.wall().to_be_bytes().to_vec()),
                };
                if let Err(error) = self.store.commit(&[entry]) {
                    tracing::warn!(%error, "the end of the first sync could not be noted");
                }
            }
            if let Some(join) = self.joins.get_mut(&cid)
                && join.stages.contains(&JoinStage::Welcomed)
            {
                join.reach(JoinStage::Received);
                join.finished = true;
                join.link = None;
            }
        }
        self.answer_waiting();
    }

    pub(crate) fn fail_join(&mut self, cid: CollectiveId, error: ApiError) {
        if let Some(join) = self.joins.get_mut(&cid) {
            join.failed = Some(error);
            join.link = None;
        }
        self.forget_unserved(cid);
        self.stand_back(cid);
        self.answer_waiting();
    }

    /// Forgets a collective of which nothing was ever received. No join record was made with its
    /// keys, so nobody knows them, and a key that leads nowhere leaves nothing behind.
    fn forget_unserved(&mut self, cid: CollectiveId) {
        let counts = self.store.counts(&cid);
        let joining = self
            .collectives
            .get(&cid)
            .is_some_and(|collective| collective.secrets.membership == Membership::Joining);
        let aside = self.collectives.get(&cid).is_some_and(|c| c.secrets.aside);
        if joining && !aside && !self.is_recovering(&cid) && counts.content + counts.control == 0 {
            self.collectives.remove(&cid);
            if let Err(error) = self.keyring.forget(&cid) {
                self.warn(format!("unused keys could not be removed: {error}"));
            }
        }
    }

    /// Joins that a stop interrupted cannot go on by themselves: the key is not kept. The person
    /// is told to run `moot join` again, which finds the keys of the first try.
    pub(crate) fn resume_joins(&mut self) {
        for cid in self.collectives.keys().copied().collect::<Vec<_>>() {
            self.forget_unserved(cid);
        }
        let open: Vec<String> = self
            .collectives
            .values()
            .filter(|collective| collective.secrets.membership == Membership::Joining)
            .filter(|collective| !self.is_recovering(&collective.cid()))
            .map(Collective::name)
            .collect();
        for name in open {
            self.warn(format!(
                "joining {name} was interrupted; run `moot join KEY` again with the same key"
            ));
        }
    }

    pub(crate) fn join_progress(&self, cid: &CollectiveId) -> JoinProgress {
        let counts = self.store.counts(cid);
        let name = self
            .collectives
            .get(cid)
            .filter(|collective| !collective.accord.state().name.is_empty())
            .map(Collective::name);
        let join = self.joins.get(cid);
        JoinProgress {
            collective: cid.to_string(),
            name,
            done: join.map(|join| join.stages.clone()).unwrap_or_default(),
            records: counts.content + counts.control,
            finished: join.is_some_and(|join| join.finished),
            failed: join.and_then(|join| join.failure(self.clock.mono())),
        }
    }

    /// Tells how a join proceeds, now if there is news, else when there is or the wait is over.
    pub(crate) fn join_status(&mut self, text: &str, seen: u32, wait_ms: u32, reply: ReplyTo) {
        let Ok(cid) = text.parse::<CollectiveId>() else {
            return reply(Err(usage(
                "a join is named by the whole id of its collective",
            )));
        };
        if !self.joins.contains_key(&cid) {
            return reply(Err(ApiError::new(
                ErrorCode::NotFound,
                "nobody is joining this collective",
            )));
        }
        let until = self.clock.mono() + u64::from(wait_ms.min(MOST_WAIT));
        self.waiting.push(Waiting {
            what: Awaited::Join { cid, seen },
            until,
            reply,
        });
        self.answer_waiting();
    }
}

/// Local fact: the join or device record that was sent, wire bytes; of a join beside other keys of
/// the collective in a place of its own.
pub(crate) fn join_key(cid: &CollectiveId, aside: bool) -> Vec<u8> {
    let table = if aside {
        b"join-aside/" as &[u8]
    } else {
        b"j/"
    };
    [table, cid.as_ref()].concat()
}

/// Local fact: when the first full control sync of a collective ended.
pub(crate) fn first_sync_key(cid: &CollectiveId) -> Vec<u8> {
    [b"f/", cid.as_ref() as &[u8]].concat()
}

fn fresh_bytes() -> Result<[u8; 32], ApiError> {
    random().map_err(|error| failed(error.to_string()))
}

fn bad_link(error: &LinkError) -> ApiError {
    usage(format!("this is not a good invite key: {error}"))
        .hint("copy it whole from where you got it; it begins with folkmoot:1:")
}
