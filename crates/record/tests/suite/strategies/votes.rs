//! Revocations, resignations, proposals, ballots, decisions.

use super::{bytes32, charters, cuts, device, grants, record_id, seat, sorted_ids, text, uint};
use folkmoot_record::control::{
    Ballot, Choice, Decision, Effect, Proposal, Readmit, Resign, Revoke, Target,
};
use folkmoot_record::{CollectiveId, GrantId, RevocationId};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;

pub(crate) fn revoke(in_effect: bool) -> impl Strategy<Value = Revoke> {
    let target = prop_oneof![
        bytes32().prop_map(|id| Target::Grant(GrantId::from_bytes(id))),
        seat().prop_map(Target::Seat),
        device().prop_map(Target::Device),
    ];
    let flags = (any::<bool>(), any::<bool>());
    let reason = option::of(text(32_768));
    (target, flags, cuts(), sorted_ids(4), reason).prop_map(
        move |(target, (subtree, back), cut, keep, reason)| Revoke {
            target,
            subtree,
            back: back && in_effect,
            cut,
            keep,
            reason,
        },
    )
}

pub(crate) fn readmit() -> impl Strategy<Value = Readmit> {
    (bytes32(), cuts(), sorted_ids(4)).prop_map(|(vid, cut, keep)| Readmit {
        vid: RevocationId::from_bytes(vid),
        cut,
        keep,
    })
}

pub(crate) fn resign() -> impl Strategy<Value = Resign> {
    (cuts(), any::<bool>()).prop_map(|(cut, withdraw)| Resign { cut, withdraw })
}

fn effect() -> impl Strategy<Value = Effect> {
    prop_oneof![
        grants::grant().prop_map(Effect::Grant),
        revoke(true).prop_map(Effect::Revoke),
        charters::delta().prop_map(Effect::Charter),
        bytes32().prop_map(|cid| Effect::Fork(CollectiveId::from_bytes(cid))),
        readmit().prop_map(Effect::Readmit),
    ]
}

pub(crate) fn proposal() -> impl Strategy<Value = Proposal> {
    let text_of = option::of(text(32_768));
    (0..=4_u8, text(256), vec(effect(), 0..5), uint(), text_of).prop_map(
        |(class, title, effects, closes_ms, text)| Proposal {
            class,
            title,
            effects,
            closes_ms,
            text,
        },
    )
}

pub(crate) fn ballot() -> impl Strategy<Value = Ballot> {
    let choice = prop_oneof![Just(Choice::No), Just(Choice::Yes), Just(Choice::Abstain)];
    (choice, option::of(text(32_768))).prop_map(|(choice, reason)| Ballot { choice, reason })
}

pub(crate) fn decision() -> impl Strategy<Value = Decision> {
    (record_id(), btree_set(record_id(), 1..20)).prop_map(|(proposal, ballots)| Decision {
        proposal,
        ballots: ballots.into_iter().collect(),
    })
}
