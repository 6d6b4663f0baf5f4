//! What a replica says, in the words of section 10.2.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_accord::{
    ContentStanding, Standing,
    documents::{Acting, documents},
    state::DeviceState,
};
use folkmoot_record::{Kind, RecordId, control::Control, fc::Encoder, hash};
use serde_json::{Map, Value, json};

use crate::{NO_CLOCK, Replica};

/// Everything a scenario can expect.
pub fn outcome(replica: &mut Replica) -> Value {
    let (content, misfiled) = replica.judge();
    let standings = replica.standings();
    let mut said = Sorted::default();
    for (id, reason) in &replica.refused {
        said.void.insert(id.to_string(), json!(reason));
    }
    for (id, standing) in &standings {
        // A ballot is never honoured or not: it is in no list once admitted.
        let ballot = replica
            .given
            .get(id)
            .is_some_and(|r| r.header().kind == Kind::BALLOT);
        if !(ballot && standing.is_admitted()) {
            said.control(id, standing);
        }
    }
    for (id, standing) in &content {
        said.content(id, standing, misfiled.contains(id));
    }
    let mut out = said.finish(&misfiled);
    let state = replica.accord.state().clone();
    out.insert("seats".into(), seats(&state));
    out.insert("grants".into(), grants(&state));
    out.insert("invites".into(), invites(&state));
    let revocations = state.revocations.iter();
    out.insert(
        "revocations".into(),
        revocations
            .map(|(vid, v)| (vid.to_string(), json!({ "active": v.active })))
            .collect(),
    );
    if let Some(hash) = state.charter_hash {
        out.insert("charter".into(), json!(hash.to_string()));
    }
    out.insert("state_hash".into(), json!(state_hash(replica, &standings)));
    votes(replica, &standings, &mut out);
    epochs(replica, &standings, &content, &mut out);
    out.insert("docs".into(), docs(replica, &content, &misfiled));
    out.insert(
        "heads".into(),
        json!(
            replica
                .accord
                .heads()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        ),
    );
    Value::Object(out)
}

#[derive(Default)]
struct Sorted {
    void: Map<String, Value>,
    orphan: Map<String, Value>,
    parked: Map<String, Value>,
    lists: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Sorted {
    fn list(&mut self, name: &'static str, id: &RecordId) {
        self.lists.entry(name).or_default().insert(id.to_string());
    }

    fn control(&mut self, id: &RecordId, standing: &Standing) {
        match standing {
            Standing::Admitted { honoured: true } => self.list("honoured", id),
            Standing::Admitted { honoured: false } => self.list("unhonoured", id),
            Standing::Void(reason) => {
                self.void.insert(id.to_string(), json!(reason.as_str()));
            }
            Standing::Orphan { missing } => {
                self.orphan.insert(id.to_string(), ids(missing));
            }
            Standing::Parked(reason) => {
                self.parked.insert(id.to_string(), json!(reason.as_str()));
            }
            Standing::Quarantined { .. } => self.list("quarantined", id),
            Standing::Ignored => {}
        }
    }

    fn content(&mut self, id: &RecordId, standing: &ContentStanding, misfiled: bool) {
        match standing {
            ContentStanding::Admitted { .. } if misfiled => {}
            ContentStanding::Admitted { honoured: true } => self.list("content_honoured", id),
            ContentStanding::Admitted { honoured: false } => self.list("shadowed", id),
            ContentStanding::Void(reason) => {
                self.void.insert(id.to_string(), json!(reason.as_str()));
            }
            ContentStanding::Orphan(missing) => {
                self.orphan.insert(id.to_string(), ids(missing));
            }
            ContentStanding::Parked(reason) => {
                self.parked.insert(id.to_string(), json!(reason.as_str()));
            }
            ContentStanding::Quarantined { .. } => self.list("quarantined", id),
        }
    }

    fn finish(mut self, misfiled: &BTreeSet<RecordId>) -> Map<String, Value> {
        let mut out = Map::new();
        for name in [
            "honoured",
            "unhonoured",
            "content_honoured",
            "shadowed",
            "quarantined",
        ] {
            let list = self.lists.remove(name).unwrap_or_default();
            out.insert(name.into(), json!(list));
        }
        out.insert("misfiled".into(), ids(misfiled));
        out.insert("void".into(), Value::Object(self.void));
        out.insert("orphan".into(), Value::Object(self.orphan));
        out.insert("parked".into(), Value::Object(self.parked));
        out
    }
}

fn ids(list: &BTreeSet<RecordId>) -> Value {
    list.iter().map(|id| json!(id.to_string())).collect()
}

fn seats(state: &folkmoot_accord::State) -> Value {
    let seats = state.seats.iter().map(|(seat, member)| {
        let pick = |wanted: fn(&DeviceState) -> bool| -> Vec<String> {
            let devices = member.devices.iter().filter(|(_, device)| wanted(device));
            devices.map(|(dev, _)| dev.to_string()).collect()
        };
        let drawn = json!({
            "live": member.live,
            "rank": member.rank,
            "devices": pick(DeviceState::is_full),
            "limited": pick(|d| matches!(d, DeviceState::Limited { .. })),
            "dropped": pick(|d| matches!(d, DeviceState::Dropped)),
        });
        (seat.to_string(), drawn)
    });
    Value::Object(seats.collect())
}

fn grants(state: &folkmoot_accord::State) -> Value {
    let grants = state.grants.iter().map(|(gid, grant)| {
        let drawn = json!({
            "live": grant.live,
            "to": grant.to.to_string(),
            "rank": grant.limits.rank,
            "depth": grant.depth,
        });
        (gid.to_string(), drawn)
    });
    Value::Object(grants.collect())
}

fn invites(state: &folkmoot_accord::State) -> Value {
    let invites = state.invites.iter().map(|(gid, invite)| {
        let selected: BTreeSet<RecordId> = invite.selected.iter().copied().collect();
        let drawn = json!({
            "live": invite.live,
            "uses_left": invite.uses_left,
            "selected": ids(&selected),
        });
        (gid.to_string(), drawn)
    });
    Value::Object(invites.collect())
}

/// The hash of the state (section 10.2), in hex.
pub fn state_hash(replica: &Replica, standings: &BTreeMap<RecordId, Standing>) -> String {
    let state = replica.accord.state();
    let mut out = Encoder::new();
    out.array(5).array(state.seats.len());
    for (seat, member) in &state.seats {
        out.array(3).bytes(seat).bool(member.live).uint(member.rank);
    }
    out.array(state.grants.len());
    for (gid, grant) in &state.grants {
        out.array(2).bytes(gid).bool(grant.live);
    }
    out.array(state.invites.len());
    for (gid, invite) in &state.invites {
        out.array(2).bytes(gid).uint(invite.uses_left);
    }
    match state.charter_hash {
        Some(hash) => out.bytes(hash),
        None => out.null(),
    };
    let honoured: Vec<&RecordId> = standings
        .iter()
        .filter(|(id, standing)| {
            standing.is_honoured()
                && replica
                    .given
                    .get(*id)
                    .is_some_and(|r| r.header().kind.lane() == folkmoot_record::Lane::Control)
        })
        .map(|(id, _)| id)
        .collect();
    out.array(honoured.len());
    for id in honoured {
        out.bytes(id);
    }
    hex::encode(hash::derive("folkmoot/1 test state", &[&out.finish()]))
}

fn votes(
    replica: &mut Replica,
    standings: &BTreeMap<RecordId, Standing>,
    out: &mut Map<String, Value>,
) {
    let mut decisions = Map::new();
    let mut electorates = Map::new();
    for (id, record) in &replica.given {
        match record.control() {
            Some(Control::Decision(body)) => {
                let passes = standings.get(id).is_some_and(Standing::is_admitted);
                let drawn = json!({ "passes": passes, "yes": body.ballots.len() });
                decisions.insert(id.to_string(), drawn);
            }
            Some(Control::Proposal(_)) if standings.get(id).is_some_and(Standing::is_admitted) => {
                let seats = replica.accord.electorate(id).unwrap_or_default();
                let names: Vec<String> = seats.iter().map(ToString::to_string).collect();
                let drawn = json!({ "size": names.len(), "seats": names });
                electorates.insert(id.to_string(), drawn);
            }
            _ => {}
        }
    }
    out.insert("decisions".into(), Value::Object(decisions));
    out.insert("electorates".into(), Value::Object(electorates));
}

fn epochs(
    replica: &mut Replica,
    standings: &BTreeMap<RecordId, Standing>,
    content: &BTreeMap<RecordId, ContentStanding>,
    out: &mut Map<String, Value>,
) {
    let admitted_content = content
        .iter()
        .filter(|(_, standing)| matches!(standing, ContentStanding::Admitted { .. }))
        .filter_map(|(id, _)| Some(replica.content.get(id)?.header().ms()));
    let admitted = standings
        .iter()
        .filter(|(_, standing)| standing.is_admitted())
        .filter_map(|(id, _)| Some(replica.given.get(id)?.header().ms()));
    let newest = admitted.chain(admitted_content).max().unwrap_or(0);
    let at_ms = if replica.now_ms == NO_CLOCK {
        newest
    } else {
        replica.now_ms
    };
    let epochs: Vec<RecordId> = replica.accord.state().epochs.keys().copied().collect();
    let drawn = epochs.into_iter().map(|id| {
        let recipients: BTreeSet<String> = replica
            .accord
            .recipients(&id)
            .into_iter()
            .map(|(seat, dev, _)| format!("{seat}/{dev}"))
            .collect();
        let usable = replica.accord.usable(&id, at_ms);
        (
            id.to_string(),
            json!({ "recipients": recipients, "usable": usable }),
        )
    });
    let drawn = drawn.collect();
    out.insert("epochs".into(), Value::Object(drawn));
}

fn docs(
    replica: &mut Replica,
    content: &BTreeMap<RecordId, ContentStanding>,
    misfiled: &BTreeSet<RecordId>,
) -> Value {
    let withdrawn = replica.accord.state().seats.iter();
    let withdrawn = withdrawn
        .filter(|(_, member)| member.withdrawn)
        .map(|(seat, _)| *seat)
        .collect();
    let mut acting = Vec::new();
    for (id, standing) in content {
        if *standing == (ContentStanding::Admitted { honoured: true }) && !misfiled.contains(id) {
            let Some(record) = replica.content.get(id) else {
                continue;
            };
            let header = record.header();
            let Some(rights) = replica.accord.rights(header) else {
                continue;
            };
            acting.push(Acting {
                id: *id,
                header,
                rights,
            });
        }
    }
    let docs = documents(acting, &withdrawn).into_iter().map(|(id, doc)| {
        let drawn = json!({
            "current": ids(&doc.current),
            "hidden": doc.hidden,
            "erased": doc.erased,
        });
        (id.to_string(), drawn)
    });
    Value::Object(docs.collect())
}
