//! Retiring the lost devices of a person who came back (section 6.1).
//!
//! A drop by the root is for ever and cannot be readmitted: what the drop does not know of the lost
//! devices falls with them. So it waits until nodes of several members held the same set, and a
//! local fact keeps what is waited for.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_accord::state::DeviceState;
use folkmoot_api::{ApiError, RecoveryView, Reply, Retiring};
use folkmoot_record::{
    CollectiveId, DeviceKey, Kind, RecordId, SeatKey,
    control::{Control, DeviceBody, DeviceDrop},
    fc::{Decoder, Encoder, FcError},
};
use folkmoot_store::{Entry, StoreError, Vault};
use folkmoot_sync::{Addr, Ask, Input};

use crate::{
    core::Core,
    errors::{store_failed, usage},
    keeping::author::Signer,
    membership::{
        collective::Collective,
        invite::{moment, timestamp},
    },
};

/// Local facts under which retirements stand: `q/`, collective.
const TABLE: &[u8] = b"q/";
/// Devices dropped by one record (section 3.2).
const MOST_DROPS: usize = 16;
/// Other members whose nodes have to hold the same set: one may be stale, or hostile, and serve a
/// set that lacks what the person wrote last.
const ENOUGH: usize = 2;
/// After so long the rest is not waited for, where every address known was tried: a day, in which
/// most people's machines run once. In milliseconds.
const LONG_ENOUGH: u64 = 24 * 3_600_000;
/// Members remembered as heard: more than are needed, since some may leave meanwhile.
const MOST_HEARD: usize = 8;
/// Addresses kept to ask at: what a card and the home's list can name.
const MOST_ADDRESSES: usize = 16;
/// Late records named to the person; the rest is a number.
const NAMED: usize = 3;

/// Lost devices that are still to be retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retirement {
    /// When a node first held the same set, in ms.
    since_ms: u64,
    /// Seats of others whose nodes held the same set since.
    heard: BTreeSet<SeatKey>,
    /// Where members may be asked.
    addrs: Vec<Addr>,
}

impl Retirement {
    pub(crate) fn new(since_ms: u64, addrs: &[Addr]) -> Self {
        Self {
            since_ms,
            heard: BTreeSet::new(),
            addrs: addrs.iter().take(MOST_ADDRESSES).cloned().collect(),
        }
    }

    /// The entry that keeps it.
    pub(crate) fn fact(&self, cid: &CollectiveId) -> Entry {
        let mut out = Encoder::new();
        out.array(3).uint(self.since_ms).array(self.heard.len());
        for seat in &self.heard {
            out.bytes(seat);
        }
        out.array(self.addrs.len());
        for addr in &self.addrs {
            out.bytes(&addr.0);
        }
        Entry::Local {
            key: key(cid),
            value: Some(out.finish()),
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self, FcError> {
        let mut d = Decoder::new(bytes)?;
        d.array_of(3)?;
        let since_ms = d.uint()?;
        let heard = d.list(0..=MOST_HEARD as u64, |d| {
            d.bytes_of().map(SeatKey::from_bytes)
        })?;
        let addrs = d.list(0..=MOST_ADDRESSES as u64, |d| Ok(Addr(d.bytes()?.to_vec())))?;
        d.end()?;
        Ok(Self {
            since_ms,
            heard: heard.into_iter().collect(),
            addrs,
        })
    }

    /// Whether enough is known of what the lost devices wrote. `others` are the live seats of other
    /// members now: whoever was heard and is none counts for nothing, since a removed member serves
    /// a set that lacks the removal. With nobody else there is nobody to wait for.
    fn is_due(&self, others: &BTreeSet<SeatKey>, all_tried: bool, now_ms: u64) -> bool {
        let late = now_ms >= self.since_ms.saturating_add(LONG_ENOUGH);
        self.missing(others) == 0 || (all_tried && late)
    }

    /// How many more members' nodes have to hold the same set.
    fn missing(&self, others: &BTreeSet<SeatKey>) -> usize {
        let heard = self.heard.intersection(others).count();
        others.len().min(ENOUGH).saturating_sub(heard)
    }
}

fn key(cid: &CollectiveId) -> Vec<u8> {
    [TABLE, cid.as_ref()].concat()
}

/// Every retirement that waits.
pub(crate) fn load(store: &Vault) -> Result<BTreeMap<CollectiveId, Retirement>, StoreError> {
    let facts = store.scan_local(TABLE)?.into_iter();
    Ok(facts
        .filter_map(|(key, value)| {
            let cid = key[TABLE.len()..].try_into().map(CollectiveId::from_bytes);
            Some((cid.ok()?, Retirement::decode(&value).ok()?))
        })
        .collect())
}

impl Core {
    /// Reaches for the members who may know more of what the lost devices wrote.
    pub(crate) fn resume_retirements(&mut self) {
        for cid in self.retiring.keys().copied().collect::<Vec<_>>() {
            self.reach_for_retirement(&cid);
        }
    }

    pub(crate) fn reach_for_retirement(&mut self, cid: &CollectiveId) {
        let addrs = self.retiring.get(cid).map(|waits| waits.addrs.clone());
        for addr in addrs.unwrap_or_default() {
            self.feed(Input::Ask(Ask::Reach {
                peer: None,
                addrs: vec![addr],
            }));
        }
    }

    /// A node of this member holds the same set.
    pub(crate) fn heard_equal(&mut self, cid: CollectiveId, seat: Option<SeatKey>) {
        let own = self.collectives.get(&cid).map(|c| c.secrets.seat);
        let Some(waits) = self.retiring.get_mut(&cid) else {
            return;
        };
        if let Some(seat) = seat.filter(|seat| Some(*seat) != own)
            && waits.heard.len() < MOST_HEARD
            && waits.heard.insert(seat)
        {
            let fact = waits.fact(&cid);
            if let Err(error) = self.store.commit(&[fact]) {
                tracing::warn!(%error, "who was heard is not kept; it is heard again");
            }
        }
        self.retire_if_due(cid);
    }

    /// Looks at every retirement that waits: time may have passed.
    pub(crate) fn retire_all_due(&mut self) {
        for cid in self.retiring.keys().copied().collect::<Vec<_>>() {
            self.retire_if_due(cid);
        }
    }

    fn retire_if_due(&mut self, cid: CollectiveId) {
        let all_tried = self
            .machine
            .as_ref()
            .is_some_and(folkmoot_sync::Machine::all_tried);
        let now_ms = self.clock.wall();
        let due = match (self.retiring.get(&cid), self.collectives.get(&cid)) {
            (Some(waits), Some(collective)) => {
                waits.is_due(&collective.others(), all_tried, now_ms)
            }
            _ => false,
        };
        if due && let Err(error) = self.retire(cid) {
            self.warn(format!(
                "the lost devices could not be retired yet: {error}"
            ));
        }
    }

    /// Retires at once what waits: the person says so. Works without a node.
    pub(crate) fn retire_now(&mut self, place: Option<&str>) -> Result<Reply, ApiError> {
        let only = place.map(|name| self.resolve(name)).transpose()?;
        let named = |cid: &CollectiveId| only.is_none_or(|only| only == *cid);
        let cids: Vec<CollectiveId> = self.retiring.keys().copied().filter(named).collect();
        if cids.is_empty() {
            let waits = self.recovering.iter();
            let waits = waits.filter(|(cid, one)| named(cid) && !one.finished);
            return Err(if waits.count() > 0 {
                usage("nothing can be retired before the collective is back").hint(
                    "leave your node running (moot up), or give a member's address: moot recover --peer ADDRESS",
                )
            } else {
                usage("no lost device waits to be retired").hint(
                    "`moot device list` shows your devices, `moot device drop` takes one back",
                )
            });
        }
        for cid in &cids {
            self.retire(*cid)?;
        }
        let mut views = self.recoveries();
        views.retain(|view| cids.iter().any(|cid| view.collective == cid.to_string()));
        Ok(Reply::Recoveries(views))
    }

    /// Drops every other device of the own seat by its root, with cuts that keep everything that
    /// was received of it; then a new epoch begins where this person may make one. Each step is
    /// stored before the next, so a failure leaves nothing half done in memory.
    fn retire(&mut self, cid: CollectiveId) -> Result<(), ApiError> {
        let lost = self
            .collectives
            .get_mut(&cid)
            .map(Collective::lost_devices)
            .unwrap_or_default();
        for some in lost.chunks(MOST_DROPS) {
            let collective = self.collective_mut(&cid)?;
            let root = collective.secrets.copy();
            let root = self.keyring.root(&root);
            let cut = self.own_cut_told(cid, |dev| some.contains(dev))?;
            let drop = |dev| DeviceDrop {
                dev,
                cut: cut.iter().filter(|cut| cut.dev == dev).copied().collect(),
            };
            let body = Control::Device(DeviceBody {
                adds: Vec::new(),
                drops: some.iter().copied().map(drop).collect(),
            });
            self.control(cid, |collective, now_ms| {
                collective.sign_control(now_ms, None, Signer::Root(&root), Kind::DEVICE, &body)
            })?;
        }
        if !lost.is_empty() {
            // Without the right to renew keys another member does it.
            let _told = self.renew_keys_if_due(cid);
        }
        let over = Entry::Local {
            key: key(&cid),
            value: None,
        };
        self.store.commit(&[over]).map_err(store_failed)?;
        self.retiring.remove(&cid);
        self.retired(cid, lost.len() as u64);
        Ok(())
    }

    /// What waits to be retired in a collective, for people.
    pub(crate) fn retiring_view(&self, cid: &CollectiveId) -> Option<Retiring> {
        let waits = self.retiring.get(cid)?;
        let collective = self.collectives.get(cid)?;
        let lost = collective.other_devices();
        let tips = lost
            .iter()
            .filter_map(|dev| self.store.tip(cid, dev).ok().flatten());
        let newest = tips.map(|tip| tip.hlc.ms()).max();
        Some(Retiring {
            devices: lost.len() as u64,
            missing: waits.missing(&collective.others()) as u64,
            latest: moment(waits.since_ms.saturating_add(LONG_ENOUGH)),
            newest: newest.and_then(timestamp),
        })
    }

    /// What came back and still waits for its lost devices to be retired, where no recovery of this
    /// run tells of it.
    pub(crate) fn waiting_views(&self) -> Vec<RecoveryView> {
        let before = |cid: &&CollectiveId| !self.recovering.contains_key(cid);
        self.retiring
            .keys()
            .filter(before)
            .filter_map(|cid| {
                let counts = self.store.counts(cid);
                let collective = self.collectives.get(cid)?;
                Some(RecoveryView {
                    collective: cid.to_string(),
                    name: Some(collective.name()),
                    home: collective.is_home(),
                    done: Vec::new(),
                    records: counts.content + counts.control,
                    retired: 0,
                    finished: true,
                    retiring: self.retiring_view(cid),
                    trouble: None,
                })
            })
            .collect()
    }

    /// Sentences for `status`: old devices that still count, and what they wrote too late.
    pub(crate) fn retirement_notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        for cid in self.retiring.keys() {
            let (Some(view), Some(collective)) =
                (self.retiring_view(cid), self.collectives.get(cid))
            else {
                continue;
            };
            let newest = view.newest.map_or_else(String::new, |newest| {
                format!(
                    "; the newest record of them here is of {}",
                    newest.strftime("%Y-%m-%d %H:%M UTC")
                )
            });
            notices.push(format!(
                "{}: {} that you lost still {} as yours, until the {} of {} more {} held the same records as yours, or {} if every known address was tried by then{newest}. If all that you wrote is here: moot recover --retire-now",
                collective.name(),
                match view.devices {
                    1 => "a device".to_owned(),
                    n => format!("{n} devices"),
                },
                if view.devices == 1 { "counts" } else { "count" },
                if view.missing == 1 { "node" } else { "nodes" },
                view.missing,
                if view.missing == 1 { "member" } else { "members" },
                view.latest.strftime("%Y-%m-%d %H:%M UTC"),
            ));
        }
        for collective in self.member_of() {
            let late = collective.late_of_retired();
            if late.is_empty() {
                continue;
            }
            let named: Vec<String> = late.iter().take(NAMED).map(RecordId::short).collect();
            notices.push(format!(
                "{}: {} by a device of yours came in after it was retired, and {} not count: {}. `moot show ID` shows what is held; a retired device's records cannot be readmitted (moot readmit), so write again what is yours and shall stay",
                collective.name(),
                match late.len() {
                    1 => "a record".to_owned(),
                    n => format!("{n} records"),
                },
                if late.len() == 1 { "does" } else { "do" },
                named.join(", "),
            ));
        }
        notices
    }
}

impl Collective {
    /// The live seats of other members.
    fn others(&self) -> BTreeSet<SeatKey> {
        let seats = self.accord.state().seats.iter();
        seats
            .filter(|(seat, member)| member.live && **seat != self.secrets.seat)
            .map(|(seat, _)| *seat)
            .collect()
    }

    fn other_devices(&self) -> Vec<DeviceKey> {
        let own = self.secrets.dev();
        let member = self.accord.state().seats.get(&self.secrets.seat);
        member
            .into_iter()
            .flat_map(|member| &member.devices)
            .filter(|(dev, device)| device.is_certified() && **dev != own)
            .filter(|(dev, _)| !self.secrets.agents.iter().any(|agent| agent.dev == **dev))
            .map(|(dev, _)| *dev)
            .collect()
    }

    /// The devices to retire: all but this one, and those that this one added since it came back.
    fn lost_devices(&mut self) -> Vec<DeviceKey> {
        let (seat, own) = (self.secrets.seat, self.secrets.dev());
        let mut lost = self.other_devices();
        lost.retain(|dev| {
            let additions = self.accord.additions(&seat, dev);
            let by_this =
                |add: &folkmoot_accord::Addition| add.undone.is_empty() && add.by == Some(own);
            !additions.iter().any(by_this)
        });
        lost
    }

    /// Content of own devices that were dropped, held and cut away.
    fn late_of_retired(&self) -> Vec<RecordId> {
        let member = self.accord.state().seats.get(&self.secrets.seat);
        let dropped = |dev: &DeviceKey| {
            let device = member.and_then(|member| member.devices.get(dev));
            matches!(device, Some(DeviceState::Dropped))
        };
        self.cut_own
            .iter()
            .filter(|(id, dev)| {
                dropped(dev)
                    && self.marked.get(*id) == Some(&crate::intake::receive::mark::SHADOWED)
            })
            .map(|(id, _)| *id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(numbers: &[u8]) -> BTreeSet<SeatKey> {
        let seat = |n: &u8| SeatKey::from_bytes([*n; 32]);
        numbers.iter().map(seat).collect()
    }

    fn waits(heard: &[u8]) -> Retirement {
        Retirement {
            heard: seats(heard),
            ..Retirement::new(1_000, &[Addr(vec![1, 2])])
        }
    }

    #[test]
    fn two_members_are_heard_before_devices_are_retired() {
        let many = seats(&[1, 2, 3]);
        assert!(!waits(&[]).is_due(&many, true, 2_000));
        assert!(!waits(&[1]).is_due(&many, true, 2_000));
        assert!(waits(&[1, 3]).is_due(&many, false, 2_000));
        // Whoever was heard and is no member any more, by what came since, counts for nothing.
        assert!(!waits(&[1, 9]).is_due(&many, true, 2_000));
        // Of one other member one is enough; of none nobody is waited for.
        assert!(!waits(&[]).is_due(&seats(&[1]), true, 2_000));
        assert!(waits(&[1]).is_due(&seats(&[1]), false, 2_000));
        assert!(waits(&[]).is_due(&seats(&[]), false, 2_000));
    }

    #[test]
    fn after_a_day_and_every_address_the_rest_is_not_waited_for() {
        let many = seats(&[1, 2, 3]);
        let day = 1_000 + LONG_ENOUGH;
        assert!(!waits(&[1]).is_due(&many, true, day - 1));
        assert!(!waits(&[1]).is_due(&many, false, day));
        assert!(waits(&[1]).is_due(&many, true, day));
        // A clock that stood in the future gives no early end.
        assert!(!waits(&[1]).is_due(&many, true, 0));
    }

    #[test]
    fn what_is_waited_for_survives_its_file_form() {
        let cid = CollectiveId::from_bytes([7; 32]);
        let Entry::Local { value, .. } = waits(&[1, 2]).fact(&cid) else {
            panic!("no fact")
        };
        assert_eq!(Retirement::decode(&value.unwrap()).unwrap(), waits(&[1, 2]));
    }
}
