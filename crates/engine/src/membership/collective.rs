//! One collective as the engine holds it in memory.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use folkmoot_accord::{Accord, Rejudge, Seen, Way};
use folkmoot_record::{
    BundleHash, CollectiveId, DeviceKey, EpochId, Hlc, RecordId, SeatKey, Verified,
};
use folkmoot_seal::EpochSecret;
use folkmoot_store::{Author, StoreError, Vault};
use folkmoot_sync::{EpochOffer, Peer, Stamp};

use crate::{
    exchange::bundles::Given,
    intake::{
        orphans::Orphans,
        settled::excused,
        take::Tally,
        unproven::{self, Strange},
        void::Refusals,
        waiting::WaitingControl,
    },
    keeping::author::OwnTip,
    membership::parting::Parting,
    person::secrets::{Membership, Secrets},
    powers::{govern::Duties, misdeeds::Misdeeds},
};

/// A place in a content log, as far as the record behind it can contradict it (section 2.4).
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogPlace {
    pub(crate) id: RecordId,
    pub(crate) seat: SeatKey,
    pub(crate) dev: DeviceKey,
    pub(crate) seq: u32,
    pub(crate) hlc: Hlc,
}

/// The name that a member shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) hlc: Hlc,
    pub(crate) id: RecordId,
    pub(crate) name: String,
}

/// State and keys of one collective.
#[derive(Debug)]
pub(crate) struct Collective {
    pub(crate) secrets: Secrets,
    pub(crate) accord: Accord,
    /// Names from profiles, the newest honoured one a seat.
    pub(crate) profiles: BTreeMap<SeatKey, Profile>,
    /// Place and author of every content record held, in no order; sorted when asked for.
    stamps: RefCell<Option<Vec<(Stamp, Author)>>>,
    /// Last content record that each device of this person signed here.
    pub(crate) own_tips: BTreeMap<DeviceKey, OwnTip>,
    /// Content waiting for control records.
    pub(crate) orphans: Orphans,
    /// Control records that were stored before they could be judged: at the next start they are
    /// judged as if they had just come.
    pub(crate) unproven: BTreeSet<RecordId>,
    /// Those of them for which nobody answers.
    pub(crate) strange: Strange,
    /// Control records that wait in the evaluation for others; bounded.
    pub(crate) waiting_control: WaitingControl,
    /// Content whose record before it came later or is still to come, by that record; bounded.
    pub(crate) dangling: BTreeMap<RecordId, Vec<LogPlace>>,
    /// What members did that costs others something.
    pub(crate) misdeeds: Misdeeds,
    /// The own clock at the last thing taken in, in ms.
    pub(crate) seen_ms: u64,
    /// Records known to be void, so that nobody is asked for them; bounded.
    pub(crate) void: Refusals,
    /// Content stored but not shown, with its mark.
    pub(crate) marked: BTreeMap<RecordId, u8>,
    /// The control records on which parked content rests; none where it is void for ever.
    pub(crate) parked_on: BTreeMap<RecordId, Vec<RecordId>>,
    /// Content of this person that was cut away at some time, by device.
    pub(crate) cut_own: BTreeMap<RecordId, DeviceKey>,
    /// Content of which only the header is held: its body was held back while it was cut away.
    pub(crate) bodiless: BTreeSet<RecordId>,
    /// Purges by what they are aimed at: whether they reach it; not known while it is not held.
    pub(crate) purges: BTreeMap<(RecordId, RecordId), Option<bool>>,
    /// Content over its day's quota, oldest first, by device; let in as the days allow.
    pub(crate) over_quota: BTreeMap<DeviceKey, BTreeSet<(Hlc, RecordId)>>,
    /// Bundles held of an epoch; read when the first one comes.
    pub(crate) bundles: BTreeMap<EpochId, BTreeSet<BundleHash>>,
    /// Supplementary bundles stored today, by who brought them.
    pub(crate) given: Given,
    /// Memory is ahead of the disk: a record was evaluated that could not be kept.
    pub(crate) stale: bool,
    /// Whose content is to be judged anew after own acts, once these are durable.
    pub(crate) rejudge: Vec<Rejudge>,
    /// Marks of this collective are still to be written: its content is judged again.
    pub(crate) unjudged: bool,
    /// Records of each device received today.
    pub(crate) tallies: BTreeMap<DeviceKey, Tally>,
    /// The first full control sync is still under way: no fence holds what comes (section 4.11).
    pub(crate) first_sync: bool,
    /// What this node does here by itself, and when.
    pub(crate) duties: Duties,
    /// Epochs offered in a hello, newest first.
    pub(crate) offers: Vec<EpochOffer>,
    /// How this person ceased to be a member, by the own evaluation.
    pub(crate) parted: Option<Parting>,
    /// Nodes of members that did not take this device as a member's, and when, in ms.
    pub(crate) unserved: BTreeMap<Peer, u64>,
}

impl Collective {
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self {
            accord: sparing(&secrets),
            unproven: BTreeSet::new(),
            strange: Strange::default(),
            first_sync: secrets.membership == Membership::Joining,
            secrets,
            profiles: BTreeMap::new(),
            stamps: RefCell::new(None),
            own_tips: BTreeMap::new(),
            orphans: Orphans::default(),
            waiting_control: WaitingControl::default(),
            dangling: BTreeMap::new(),
            misdeeds: Misdeeds::default(),
            seen_ms: 0,
            void: Refusals::default(),
            marked: BTreeMap::new(),
            parked_on: BTreeMap::new(),
            cut_own: BTreeMap::new(),
            tallies: BTreeMap::new(),
            over_quota: BTreeMap::new(),
            purges: BTreeMap::new(),
            bodiless: BTreeSet::new(),
            bundles: BTreeMap::new(),
            given: Given::default(),
            stale: false,
            rejudge: Vec::new(),
            duties: Duties::default(),
            unjudged: false,
            offers: Vec::new(),
            parted: None,
            unserved: BTreeMap::new(),
        }
    }

    /// The personal home: one founder, no rules, no door.
    pub(crate) fn is_home(&self) -> bool {
        self.secrets.home
    }

    pub(crate) fn cid(&self) -> CollectiveId {
        self.secrets.cid
    }

    /// Evaluates what the store holds. The signatures were checked when it was stored. What came
    /// until `first_sync_end` counts as old (section 4.11).
    pub(crate) fn load(
        &mut self,
        store: &Vault,
        now_ms: u64,
        first_sync_end: Option<u64>,
    ) -> Result<(), StoreError> {
        let cid = self.cid();
        self.seen_ms = now_ms;
        let mut accord = sparing(&self.secrets);
        self.unproven = unproven::load(store, &cid)?;
        let mut records = Vec::new();
        let mut unjudged = Vec::new();
        store.control(&cid, &mut |record, received_ms| {
            let early = first_sync_end.is_some_and(|end| received_ms <= end);
            let seen = Seen {
                now_ms,
                first_ms: received_ms,
                way: match (early, self.unproven.contains(&record.id())) {
                    (true, true) => Way::FirstSync,
                    (true, false) => Way::StoredFirstSync,
                    (false, true) => Way::Ordinary,
                    (false, false) => Way::Stored,
                },
            };
            if self.unproven.contains(&record.id()) {
                unjudged.push(record.clone());
            }
            records.push((record, seen));
            std::ops::ControlFlow::Continue(())
        })?;
        accord.insert_all(records);
        for id in excused(store, &cid)? {
            accord.excuse(&id, now_ms);
        }
        self.strange = Strange::read(&accord, &unjudged);
        self.accord = accord;
        self.stamps = RefCell::new(None);
        self.own_tips.clear();
        self.refresh_offers();
        Ok(())
    }

    /// The name that the genesis gave, or the first digits of the id before it is held.
    pub(crate) fn name(&self) -> String {
        let name = &self.accord.state().name;
        if name.is_empty() {
            self.cid().short()
        } else {
            name.clone()
        }
    }

    /// Whether this person's seat is live by the own evaluation; also where nothing is held yet.
    pub(crate) fn seat_is_live(&self) -> bool {
        let seats = &self.accord.state().seats;
        seats.get(&self.secrets.seat).is_none_or(|seat| seat.live)
    }

    /// The name of a member for people: as shown by their profile, else the first digits.
    pub(crate) fn member_name(&self, seat: &SeatKey) -> String {
        self.profiles
            .get(seat)
            .map_or_else(|| seat.short(), |profile| profile.name.clone())
    }

    /// Takes a profile if it is newer than the one known; true if it was.
    pub(crate) fn learn_profile(&mut self, seat: SeatKey, profile: Profile) -> bool {
        let newer = self
            .profiles
            .get(&seat)
            .is_none_or(|old| (old.hlc, old.id) < (profile.hlc, profile.id));
        if newer {
            self.profiles.insert(seat, profile);
        }
        newer
    }

    /// Remembers the place of a content record that was stored.
    pub(crate) fn stored_content(&mut self, hlc: Hlc, id: RecordId, seat: &SeatKey) {
        if let Some(stamps) = self.stamps.get_mut() {
            let id = id.to_bytes();
            stamps.push((Stamp { hlc, id }, Author::of(seat)));
        }
    }

    /// What is listed as held is read anew when it is needed: damage took some of it.
    pub(crate) fn forget_what_is_held(&mut self) {
        *self.stamps.get_mut() = None;
        self.bundles = BTreeMap::new();
    }

    /// Every content record held, ascending. The first call reads the projection; later ones
    /// only sort what came in since.
    pub(crate) fn content_stamps(&self, store: &Vault) -> Result<Vec<Stamp>, StoreError> {
        self.with_stamps(store, |stamps| {
            stamps.iter().map(|(stamp, _)| *stamp).collect()
        })
    }

    /// The content records held of these people, ascending by time. Reads no record: two people whose
    /// seats begin alike count as one here, so a record that is read is asked whose it is.
    pub(crate) fn content_of(
        &self,
        store: &Vault,
        seats: &BTreeSet<SeatKey>,
    ) -> Result<Vec<RecordId>, StoreError> {
        let authors: BTreeSet<Author> = seats.iter().map(Author::of).collect();
        self.with_stamps(store, |stamps| {
            let theirs = stamps.iter().filter(|(_, author)| authors.contains(author));
            theirs
                .map(|(stamp, _)| RecordId::from_bytes(stamp.id))
                .collect()
        })
    }

    fn with_stamps<T>(
        &self,
        store: &Vault,
        read: impl FnOnce(&[(Stamp, Author)]) -> T,
    ) -> Result<T, StoreError> {
        let mut cached = self.stamps.borrow_mut();
        let stamps = match &mut *cached {
            Some(stamps) => stamps,
            empty => empty.insert(read_stamps(store, &self.cid())?),
        };
        // Nearly sorted: records mostly come in order.
        stamps.sort();
        stamps.dedup();
        Ok(read(stamps))
    }

    /// The newest epoch whose secret is held and which may be written under; also the welcome's.
    pub(crate) fn newest_secret(&self) -> Option<&EpochSecret> {
        let current = self.offers.iter().find(|offer| offer.current);
        let newest = current.or_else(|| self.offers.first())?;
        self.secrets.epoch(&newest.key_id)
    }

    /// Works out anew which epochs are offered (section 7.4): all whose secret is held, newest
    /// first by generation and key id.
    pub(crate) fn refresh_offers(&mut self) {
        let seat = self.secrets.seat;
        // Time is no matter here: what expires is asked for when it is told.
        self.parted = self.parting(&seat, 0);
        let state = self.accord.state();
        let mut honoured: Vec<(RecordId, u64, EpochId)> = Vec::new();
        let mut offers: BTreeMap<(u64, EpochId), bool> = BTreeMap::new();
        for (id, epoch) in &state.epochs {
            if epoch.honoured {
                honoured.push((*id, epoch.generation, epoch.key_id));
            }
            if self.secrets.epoch(&epoch.key_id).is_some() {
                offers.insert((epoch.generation, epoch.key_id), epoch.honoured);
            }
        }
        // A welcome's secret whose record is still to come lets this node in all the same.
        let known: BTreeSet<EpochId> = state.epochs.values().map(|epoch| epoch.key_id).collect();
        for secret in &self.secrets.epochs {
            if !known.contains(&secret.id()) {
                offers.insert((0, secret.id()), false);
            }
        }
        // An epoch is passed by when a later honoured one has it in its past. Only the newest can
        // matter in a hello, so only those are looked at.
        let newest = honoured.iter().map(|(_, generation, _)| *generation).max();
        let mut passed: BTreeSet<EpochId> = BTreeSet::new();
        for (id, generation, _) in &honoured {
            if Some(*generation) == newest && *generation > 1 {
                let past: BTreeSet<RecordId> =
                    self.accord.past(id).iter().map(Verified::id).collect();
                passed.extend(
                    honoured
                        .iter()
                        .filter(|(other, _, _)| other != id && past.contains(other))
                        .map(|(_, _, key_id)| *key_id),
                );
            }
        }
        self.offers = offers
            .into_iter()
            .rev()
            .filter_map(|((generation, key_id), honoured)| {
                Some(EpochOffer {
                    gen_no: generation,
                    key_id,
                    presence: self.secrets.epoch(&key_id)?.presence(),
                    current: honoured && !passed.contains(&key_id),
                })
            })
            .collect();
    }
}

fn read_stamps(store: &Vault, cid: &CollectiveId) -> Result<Vec<(Stamp, Author)>, StoreError> {
    let mut stamps = Vec::new();
    store.authors(cid, &mut |hlc, id, author| {
        let id = id.to_bytes();
        stamps.push((Stamp { hlc, id }, author));
    })?;
    Ok(stamps)
}

/// A control plane that never makes this person's own records wait (section 4.11).
fn sparing(secrets: &Secrets) -> Accord {
    let mut accord = Accord::new(secrets.cid);
    accord.spare(secrets.seat);
    accord
}
