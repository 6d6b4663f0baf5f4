//! Every reason to be void or parked is produced by something that is shown here: a reason that
//! nothing produces could be wrong without anybody noticing.

use std::collections::BTreeSet;

use folkmoot_accord::{Accord, ParkReason, Seen, Standing, VoidReason};
use folkmoot_vectors::{NO_CLOCK, modes};

use crate::{
    dice::key,
    measure::line,
    ours::{Stage, invite, role},
    scenarios::read,
};

const FILES: [&[u8]; 3] = [
    include_bytes!("../../../../tests/vectors/scenarios-core.json.zst"),
    include_bytes!("../../../../tests/vectors/scenarios-governance.json.zst"),
    include_bytes!("../../../../tests/vectors/scenarios-ours.json.zst"),
];

/// What the scenarios produce, as the evaluator says it; their own tests hold that to be right.
fn of_scenarios() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut void, mut parked) = (BTreeSet::new(), BTreeSet::new());
    for scenario in FILES.iter().flat_map(|file| read(file)) {
        let (_, said) = modes(&scenario).swap_remove(0);
        for (state, found) in [("void", &mut void), ("parked", &mut parked)] {
            let reasons = said[state].as_object().unwrap().values();
            found.extend(reasons.map(|reason| reason.as_str().unwrap().to_owned()));
        }
    }
    (void, parked)
}

/// Too many records for one place, under the rules of a node.
fn siblings() -> Vec<Standing> {
    let (cid, records) = line(40);
    let mut accord = Accord::new(cid);
    let insert = |record| accord.insert(record, Seen::now(NO_CLOCK)).standing;
    records.into_iter().map(insert).collect()
}

/// Too many joins by one invite.
fn join_flood() -> Vec<Standing> {
    let mut stage = Stage::new();
    let door = key(8_000);
    let body = folkmoot_record::control::Control::Invite(invite(&door, role(2, 20), 1));
    let way = stage.founder(folkmoot_record::Kind::INVITE, &body);
    stage.stands(way);
    for n in 0..24 {
        stage.join(&crate::ours::Person::new(100 + n), way, &door);
    }
    let mut accord = Accord::new(stage.cid);
    let insert = |record| accord.insert(record, Seen::now(NO_CLOCK)).standing;
    stage.records.into_iter().map(insert).collect()
}

#[test]
fn every_reason_is_produced() {
    let (void, mut parked) = of_scenarios();
    let local = siblings().into_iter().chain(join_flood());
    for standing in local.chain(crate::turns::waiting()) {
        if let Standing::Parked(reason) = standing {
            parked.insert(reason.as_str().to_owned());
        }
    }
    for reason in VoidReason::ALL {
        assert!(
            void.contains(reason.as_str()),
            "nothing is void by `{reason}`"
        );
    }
    for reason in ParkReason::ALL {
        assert!(
            parked.contains(reason.as_str()),
            "nothing is parked by `{reason}`"
        );
    }
}
