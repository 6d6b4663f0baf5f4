//! Proposals, ballots, decisions.

use folkmoot_record::{
    Kind,
    control::{Control, Effect, Readmit, Target},
    effect_id,
};

use super::{
    Meant,
    stage::{DAY_MS, Stage, adds, device, dlim, proposal, revoke, role},
};
use crate::dice::key;

pub(super) fn scenarios() -> Vec<(&'static str, Stage, Meant)> {
    vec![
        never_knew_its_proposal(),
        limited_votes(),
        thirty_days(),
        devices_of_two_seats(),
        readmit_of_a_higher_class(),
        class_1_reaches_no_steward(),
        decided_twice_over(),
    ]
}

/// A decision whose proposal is not in its Past is void at once, though nobody holds the proposal.
fn never_knew_its_proposal() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let founder = s.founder.clone();
    let closes = s.ms + DAY_MS;
    let p = s.founder(Kind::PROPOSAL, &proposal(0, Vec::new(), closes));
    let ballot = s.ballot(&founder, &founder.dev, p);
    s.back(&founder.dev, p);
    let decision = s.decide(p, vec![ballot]);
    s.records.retain(|record| record.id() != p);
    let meant = vec![
        ("the ballot", ballot, "orphan"),
        ("the decision", decision, "void:certificate"),
    ];
    ("decision-that-never-knew-its-proposal", s, meant)
}

/// A limited device votes if its limits say so, in their window.
fn limited_votes() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let founder = s.founder.clone();
    let (may, may_not) = (key(9_000), key(9_001));
    let exp = s.ms + 100_000;
    let list = [
        (&may, Some(dlim(1 << 8, exp))),
        (&may_not, Some(dlim(3, exp))),
    ];
    let add = s.root(&founder, Kind::DEVICE, &adds(&list));
    s.stands(add);
    let closes = s.ms + DAY_MS;
    let p = s.founder(Kind::PROPOSAL, &proposal(0, Vec::new(), closes));
    s.stands(p);
    let with = s.ballot(&founder, &may, p);
    let without = s.ballot(&founder, &may_not, p);
    s.ms = exp - 1_000;
    let late = s.ballot(&founder, &may, p);
    let decision = s.decide(p, vec![with]);
    let meant = vec![
        ("with the bit", with, "in no list"),
        ("without", without, "void:device"),
        ("after its window", late, "void:device"),
        ("the decision", decision, "honoured"),
    ];
    ("ballot-by-limited-device", s, meant)
}

fn thirty_days() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let dev = s.founder.dev.clone();
    let at = s.ms + 1_000 + 30 * DAY_MS;
    let edge = s.founder(Kind::PROPOSAL, &proposal(0, Vec::new(), at));
    s.back(&dev, edge);
    let more = s.founder(Kind::PROPOSAL, &proposal(0, Vec::new(), at + 1_001));
    let meant = vec![
        ("30 days", edge, "honoured"),
        ("one ms more", more, "void:class"),
    ];
    ("proposal-open-for-30-days", s, meant)
}

/// Where the target has no vote, all revocations name one seat; a device counts as every seat that
/// added it.
fn devices_of_two_seats() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (ann, _) = s.member(role(2, 20));
    let (ben, _) = s.member(role(2, 20));
    let shared = key(9_000);
    for person in [&ann, &ben] {
        let add = s.root(person, Kind::DEVICE, &adds(&[(&shared, None)]));
        s.stands(add);
    }
    let dev = s.founder.dev.clone();
    let closes = s.ms + DAY_MS;
    let of = |target| Effect::Revoke(revoke(target, false));
    let own = vec![
        of(Target::Seat(ann.seat())),
        of(Target::Device(device(&ann.dev))),
    ];
    let one = s.founder(Kind::PROPOSAL, &proposal(2, own, closes));
    s.back(&dev, one);
    let both = vec![of(Target::Device(device(&shared)))];
    let two = s.founder(Kind::PROPOSAL, &proposal(2, both, closes));
    let meant = vec![
        ("seat and device of one", one, "honoured"),
        ("a device of two", two, "void:class"),
    ];
    ("targets-count-by-the-seats-of-a-device", s, meant)
}

/// A class 1 vote does not take back what a class 4 vote did; an equal class does.
fn readmit_of_a_higher_class() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (ann, _) = s.member(role(2, 20));
    let out = |seat| vec![Effect::Revoke(revoke(Target::Seat(seat), false))];
    let of_1 = s.pass(1, out(ann.seat()));
    let dev = s.founder.dev.clone();
    let closes = s.ms + DAY_MS;
    let high = s.founder(Kind::PROPOSAL, &proposal(4, out(ann.seat()), closes));
    s.stands(high);
    let readmit = |p| {
        vec![Effect::Readmit(Readmit {
            vid: effect_id(p, 0),
            cut: Vec::new(),
            keep: Vec::new(),
        })]
    };
    let equal = s.founder(Kind::PROPOSAL, &proposal(1, readmit(of_1), closes));
    s.back(&dev, equal);
    let below = s.founder(Kind::PROPOSAL, &proposal(1, readmit(high), closes));
    s.back(&dev, below);
    let unknown = s.founder(Kind::PROPOSAL, &proposal(1, readmit(equal), closes));
    let meant = vec![
        ("of its own class", equal, "honoured"),
        ("of a higher class", below, "void:may"),
        ("of no revocation", unknown, "void:target-unknown"),
    ];
    ("readmit-effect-of-a-higher-class", s, meant)
}

/// A membership vote may name a steward; it does nothing to a rank of 100.
fn class_1_reaches_no_steward() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let founder = s.founder.clone();
    let cap = s.founder_cap();
    let note = s.note(founder.seat(), &founder.dev, cap, &[]);
    let p = s.pass(
        1,
        vec![Effect::Revoke(revoke(Target::Seat(founder.seat()), false))],
    );
    let after = s.note(founder.seat(), &founder.dev, cap, &[]);
    let meant = vec![
        ("the proposal", p, "honoured"),
        ("before", note, "content_honoured"),
        ("after", after, "content_honoured"),
    ];
    ("membership-vote-against-a-steward", s, meant)
}

/// A proposal is decided as often as one likes, and its grant is one grant.
fn decided_twice_over() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (ann, _) = s.member(role(1, 10));
    let effect = Effect::Grant(folkmoot_record::control::Grant {
        to: ann.seat(),
        limits: role(2, 20),
    });
    let p = s.pass(1, vec![effect]);
    let founder = s.founder.clone();
    let ballot = s.ballot(&founder, &founder.dev, p);
    let again = s.decide(p, vec![ballot]);
    s.stands(again);
    let gid = folkmoot_record::grant_id_of_effect(p, 0);
    let note = s.note(ann.seat(), &ann.dev.clone(), gid, &[]);
    let merge = Control::Merge.encode();
    let merge = s.put(
        ann.seat(),
        &ann.dev.clone(),
        Kind::MERGE,
        Some(gid),
        merge,
        &[],
    );
    let meant = vec![
        ("second decision", again, "honoured"),
        ("note under it", note, "content_honoured"),
        ("merge under it", merge, "honoured"),
    ];
    ("proposal-decided-twice", s, meant)
}
