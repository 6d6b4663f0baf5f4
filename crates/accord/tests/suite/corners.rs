//! Corners that random collectives reach too seldom to rely on: each a short history, told record by
//! record to both evaluators, which agree after every one.

use std::collections::BTreeMap;

use folkmoot_accord::{Standing, VoidReason, state::DeviceState};
use folkmoot_record::{
    Kind, RecordId,
    control::{Control, Cut, Revoke, Target},
};
use folkmoot_vectors::{NO_CLOCK, Replica};

use crate::{
    dice::key,
    naive::Naive,
    oracle::disagreement,
    ours::{DAY_MS, Stage, adds, device, dlim, drops, grant, revoke, role},
};

const HONOURED: Standing = Standing::Admitted { honoured: true };
const SHADOWED: Standing = Standing::Admitted { honoured: false };

/// Two evaluators that hear of the same records.
struct Both {
    replica: Replica,
    naive: Naive,
    told: usize,
}

impl Both {
    fn new(stage: &Stage) -> Self {
        Self {
            replica: Replica::new(stage.cid, NO_CLOCK, BTreeMap::new()),
            naive: Naive::new(stage.cid, NO_CLOCK, None),
            told: 0,
        }
    }

    /// Tells what was written up to now, one record after the other.
    fn hear(&mut self, stage: &Stage) {
        for record in &stage.records[self.told..] {
            self.replica.take(record);
            self.naive.take(record.clone());
            let lines = disagreement(&mut self.replica, &self.naive);
            assert!(lines.is_none(), "{}: {}", record.id(), lines.unwrap());
        }
        self.told = stage.records.len();
    }

    fn standing(&self, id: &RecordId) -> Standing {
        self.replica.accord.standing(id).unwrap()
    }
}

/// A drop by a device undoes what that device had added (section 4.6, case 2): not what the root
/// added, though it is the same key.
#[test]
fn a_drop_by_a_device_leaves_what_the_root_added() {
    let mut s = Stage::new();
    let (person, cap) = s.member(role(2, 20));
    let (seat, dev) = (person.seat(), person.dev.clone());
    let (both, own) = (key(9_000), key(9_001));
    let limits = Some(dlim(3, s.ms + DAY_MS));
    let by_root = s.root(&person, Kind::DEVICE, &adds(&[(&both, limits.clone())]));
    s.stands(by_root);
    let body = adds(&[(&both, limits.clone()), (&own, limits)]).encode();
    let by_device = s.put(seat, &dev, Kind::DEVICE, None, body, &[]);
    s.stands(by_device);
    let wrote = [&both, &own].map(|key| {
        s.knows = vec![by_root, by_device];
        s.put(
            seat,
            key,
            Kind::MERGE,
            Some(cap),
            Control::Merge.encode(),
            &[],
        )
    });
    for key in [&both, &own] {
        s.knows = vec![by_root, by_device];
        let body = drops(key, Vec::new()).encode();
        s.put(seat, &dev, Kind::DEVICE, None, body, &[]);
    }
    let mut nodes = Both::new(&s);
    nodes.hear(&s);
    assert_eq!(wrote.map(|id| nodes.standing(&id)), [HONOURED, SHADOWED]);
    let devices = &nodes.replica.accord.state().seats[&seat].devices;
    let limited = matches!(devices[&device(&both)], DeviceState::Limited { .. });
    assert!(limited, "{devices:?}");
    assert_eq!(devices[&device(&own)], DeviceState::Dropped);
}

/// A device is dropped by the one that had added it, and added again by the root: what it wrote
/// falls into shadow and comes out again, in a node that looked in between.
#[test]
fn a_device_added_again_brings_its_records_back() {
    let mut s = Stage::new();
    let (person, cap) = s.member(role(2, 20));
    let (seat, dev) = (person.seat(), person.dev.clone());
    let agent = key(9_000);
    let body = adds(&[(&agent, Some(dlim(3, s.ms + DAY_MS)))]);
    let added = s.put(seat, &dev, Kind::DEVICE, None, body.encode(), &[]);
    s.stands(added);
    let merge = Control::Merge.encode();
    let wrote = s.put(seat, &agent, Kind::MERGE, Some(cap), merge, &[]);
    let mut nodes = Both::new(&s);
    nodes.hear(&s);
    assert_eq!(nodes.standing(&wrote), HONOURED);
    s.knows = vec![added];
    let dropped = drops(&agent, Vec::new()).encode();
    let dropped = s.put(seat, &dev, Kind::DEVICE, None, dropped, &[]);
    nodes.hear(&s);
    assert_eq!(nodes.standing(&wrote), SHADOWED);
    s.knows = vec![dropped];
    let again = s.root(&person, Kind::DEVICE, &body);
    nodes.hear(&s);
    assert_eq!(nodes.standing(&again), HONOURED);
    assert_eq!(nodes.standing(&wrote), HONOURED);
}

/// A cut names an end that the author of a later record did not hold: in the Past of that record it
/// keeps nothing (section 4.5), though the node that judges it has the end.
#[test]
fn an_end_that_a_past_lacks_keeps_nothing_there() {
    let mut s = Stage::new();
    let (moderator, cap) = s.member(role(4, 60));
    let moderator_joined = s.records.last().unwrap().id();
    let (guest, _) = s.member(role(1, 10));
    let mut limits = role(2, 20);
    limits.depth_left = 1;
    let (seat, dev) = (moderator.seat(), moderator.dev.clone());
    let body = grant(guest.seat(), limits).encode();
    let given = s.put(seat, &dev, Kind::GRANT, Some(cap), body, &[]);
    s.knows = vec![given];
    let merge = Control::Merge.encode();
    let end = s.put(seat, &dev, Kind::MERGE, Some(cap), merge.clone(), &[]);
    let seq = s.records.last().unwrap().header().seq;
    s.knows = vec![moderator_joined];
    let removal = s.founder(
        Kind::REVOKE,
        &Control::Revoke(Revoke {
            cut: vec![Cut {
                dev: device(&dev),
                lane: 0,
                seq,
                id: end,
            }],
            ..revoke(Target::Seat(seat), false)
        }),
    );
    let mut under_it = |knows: &[RecordId]| {
        s.knows = knows.to_vec();
        let (cap, body) = (Some(given.into()), merge.clone());
        let id = s.put(guest.seat(), &guest.dev, Kind::MERGE, cap, body, &[]);
        s.back(&guest.dev, id);
        id
    };
    let without = under_it(&[given, removal]);
    let with = under_it(&[given, removal, end]);
    let mut nodes = Both::new(&s);
    nodes.hear(&s);
    for id in [given, end, removal, with] {
        assert_eq!(nodes.standing(&id), HONOURED, "{id}");
    }
    let void = Standing::Void(VoidReason::CapNotLive);
    assert_eq!(nodes.standing(&without), void);
}
