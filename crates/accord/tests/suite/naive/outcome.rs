//! What the oracle says, in the words of section 10.2.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use folkmoot_record::{
    DeviceKey, EpochId, Kind, Lane, RecordId, SeatKey, control::Control, fc::Encoder, hash,
};
use serde_json::{Map, Value, json};

use super::{Eval, Naive, Set, states::Verdict};

fn ids<T: ToString>(list: impl IntoIterator<Item = T>) -> Value {
    let sorted: BTreeSet<String> = list.into_iter().map(|id| id.to_string()).collect();
    json!(sorted)
}

impl Naive {
    /// Everything that a scenario can expect, `docs` apart; and the heads of S.
    pub(crate) fn outcome(&self) -> Value {
        let verdicts = self.verdicts();
        let s = self.admitted(&verdicts);
        let eval = self.eval(&Rc::new(s.clone()));
        let mut out = Map::new();
        self.states(&verdicts, &s, &eval, &mut out);
        self.membership(&eval, &mut out);
        self.governance(&verdicts, &eval, &mut out);
        self.keys(&s, &eval, &mut out);
        let control = |id: &&RecordId| self.get(id).header().kind.lane() == Lane::Control;
        let cited: Set = s
            .iter()
            .filter(control)
            .flat_map(|id| self.past(id).iter().copied().collect::<Vec<_>>())
            .collect();
        let heads = s.iter().filter(control).filter(|id| !cited.contains(*id));
        out.insert("heads".into(), ids(heads));
        Value::Object(out)
    }

    fn states(
        &self,
        verdicts: &BTreeMap<RecordId, Verdict>,
        s: &Set,
        eval: &Eval,
        out: &mut Map<String, Value>,
    ) {
        let (mut void, mut orphan, mut parked) = (Map::new(), Map::new(), Map::new());
        let mut lists: BTreeMap<&str, Vec<RecordId>> = BTreeMap::new();
        for (id, verdict) in verdicts {
            let key = id.to_string();
            match verdict {
                Verdict::Void(reason) => {
                    void.insert(key, json!(reason));
                }
                Verdict::Orphan(missing) => {
                    orphan.insert(key, ids(missing));
                }
                Verdict::Parked(reason) => {
                    parked.insert(key, json!(reason));
                }
                Verdict::Quarantined => lists.entry("quarantined").or_default().push(*id),
                Verdict::Admitted => {
                    let kind = self.get(id).header().kind;
                    let list = match (kind.is_content(), kind) {
                        (_, Kind::BALLOT) => continue,
                        (true, _) if self.misfiled(verdicts, id) => "misfiled",
                        (true, _) if eval.h(id) => "content_honoured",
                        (true, _) => "shadowed",
                        (false, _) if eval.h(id) => "honoured",
                        (false, _) => "unhonoured",
                    };
                    lists.entry(list).or_default().push(*id);
                }
            }
        }
        out.insert("void".into(), Value::Object(void));
        out.insert("orphan".into(), Value::Object(orphan));
        out.insert("parked".into(), Value::Object(parked));
        for name in [
            "honoured",
            "unhonoured",
            "content_honoured",
            "shadowed",
            "quarantined",
            "misfiled",
        ] {
            out.insert(name.into(), ids(lists.remove(name).unwrap_or_default()));
        }
        let honoured: Vec<&RecordId> = s
            .iter()
            .filter(|id| self.get(id).header().kind.lane() == Lane::Control && eval.h(id))
            .collect();
        out.insert("state_hash".into(), json!(self.state_hash(eval, &honoured)));
    }

    /// The held prev has another log, a seq other than own − 1, or an hlc ≥ own (section 2.4); a
    /// void one counts as not held (section 12.3).
    fn misfiled(&self, verdicts: &BTreeMap<RecordId, Verdict>, id: &RecordId) -> bool {
        let o = self.get(id).header();
        let Some(prev) = o.prev.and_then(|prev| {
            let void = matches!(verdicts.get(&prev), Some(Verdict::Void(_)));
            self.held.get(&prev).filter(|_| !void)
        }) else {
            return false;
        };
        let prev = prev.header();
        (prev.cid, prev.seat, prev.dev, prev.kind.lane()) != (o.cid, o.seat, o.dev, o.kind.lane())
            || u64::from(prev.seq) + 1 != u64::from(o.seq)
            || prev.hlc >= o.hlc
    }

    /// All with at least one grant ever.
    fn seats(eval: &Eval) -> BTreeSet<SeatKey> {
        let grants = eval.grants.values().filter(|g| g.invite.is_none());
        grants.map(|g| g.to).collect()
    }

    fn rank(eval: &Eval, seat: SeatKey) -> u8 {
        let grants = eval.grants.iter();
        grants
            .filter(|(gid, g)| g.to == seat && g.invite.is_none() && eval.live[*gid])
            .map(|(_, g)| g.limits.rank)
            .max()
            .unwrap_or(0)
    }

    fn membership(&self, eval: &Eval, out: &mut Map<String, Value>) {
        let mut seats = Map::new();
        for seat in Self::seats(eval) {
            let devices: BTreeSet<DeviceKey> = eval
                .adds
                .iter()
                .filter(|a| a.seat == seat)
                .map(|a| a.dev)
                .collect();
            let full = |dev: &&DeviceKey| self.is_full(eval, seat, **dev);
            let gone = |dev: &&DeviceKey| self.standing(eval, seat, **dev).is_empty();
            let drawn = json!({
                "live": self.seat_is_live(eval, seat),
                "rank": Self::rank(eval, seat),
                "devices": ids(devices.iter().filter(full)),
                "limited": ids(devices.iter().filter(|d| !full(d) && !gone(d))),
                "dropped": ids(devices.iter().filter(gone)),
            });
            seats.insert(seat.to_string(), drawn);
        }
        out.insert("seats".into(), Value::Object(seats));
        let (mut grants, mut invites) = (Map::new(), Map::new());
        for (gid, g) in &eval.grants {
            let live = eval.live[gid];
            match &g.invite {
                Some(body) => {
                    let selected = eval.selected.get(gid).cloned().unwrap_or_default();
                    let drawn = json!({
                        "live": live,
                        "uses_left": body.max_uses - selected.len() as u64,
                        "selected": ids(selected),
                    });
                    invites.insert(gid.to_string(), drawn);
                }
                None => {
                    let drawn = json!({
                        "live": live,
                        "to": g.to.to_string(),
                        "rank": g.limits.rank,
                        "depth": g.depth,
                    });
                    grants.insert(gid.to_string(), drawn);
                }
            }
        }
        out.insert("grants".into(), Value::Object(grants));
        out.insert("invites".into(), Value::Object(invites));
        let revocations = eval.r.iter().filter_map(|v| {
            let vid = v.vid?.to_string();
            Some((vid, json!({ "active": eval.active(v) })))
        });
        out.insert("revocations".into(), revocations.collect());
        if let Some(charter) = &eval.charter {
            out.insert("charter".into(), json!(charter.hash().to_string()));
        }
    }

    fn governance(
        &self,
        verdicts: &BTreeMap<RecordId, Verdict>,
        eval: &Eval,
        out: &mut Map<String, Value>,
    ) {
        let (mut electorates, mut decisions) = (Map::new(), Map::new());
        for (id, record) in &self.held {
            match record.control() {
                Some(Control::Proposal(_)) if eval.t.contains(id) => {
                    let seats = self.electorate(id);
                    let drawn = json!({ "size": seats.len(), "seats": ids(seats) });
                    electorates.insert(id.to_string(), drawn);
                }
                Some(Control::Decision(body)) => {
                    let passes = verdicts[id] == Verdict::Admitted;
                    let drawn = json!({ "passes": passes, "yes": body.ballots.len() });
                    decisions.insert(id.to_string(), drawn);
                }
                _ => {}
            }
        }
        out.insert("electorates".into(), Value::Object(electorates));
        out.insert("decisions".into(), Value::Object(decisions));
    }

    fn keys(&self, s: &Set, eval: &Eval, out: &mut Map<String, Value>) {
        let newest = s.iter().map(|id| self.get(id).header().ms()).max();
        let at = if self.now_ms == folkmoot_vectors::NO_CLOCK {
            newest.unwrap_or(0)
        } else {
            self.now_ms
        };
        let epochs: Vec<(RecordId, EpochId)> = s
            .iter()
            .filter_map(|id| match self.get(id).control() {
                Some(Control::Epoch(body)) => Some((*id, body.key_id)),
                _ => None,
            })
            .collect();
        let mut drawn = Map::new();
        for (id, key) in &epochs {
            let then = self.eval(&self.past(id));
            let readers = self.live_readers(&then, self.get(id).header().ms());
            let names = readers
                .into_iter()
                .map(|(seat, dev)| format!("{seat}/{dev}"));
            // Two epoch ops with one key_id: usable only if both are.
            let usable = eval.h(id)
                && epochs
                    .iter()
                    .filter(|(_, other)| other == key)
                    .all(|(other, _)| self.usable(eval, other, at));
            let said = json!({ "recipients": ids(names), "usable": usable });
            drawn.insert(id.to_string(), said);
        }
        out.insert("epochs".into(), Value::Object(drawn));
    }

    fn state_hash(&self, eval: &Eval, honoured: &[&RecordId]) -> String {
        let mut out = Encoder::new();
        let seats = Self::seats(eval);
        out.array(5).array(seats.len());
        for seat in seats {
            out.array(3).bytes(seat);
            out.bool(self.seat_is_live(eval, seat));
            out.uint(Self::rank(eval, seat));
        }
        let (invites, grants): (Vec<_>, Vec<_>) =
            eval.grants.iter().partition(|(_, g)| g.invite.is_some());
        out.array(grants.len());
        for (gid, _) in grants {
            out.array(2).bytes(gid).bool(eval.live[gid]);
        }
        out.array(invites.len());
        for (gid, g) in invites {
            let used = eval.selected.get(gid).map_or(0, Vec::len) as u64;
            let left = g.invite.as_ref().unwrap().max_uses - used;
            out.array(2).bytes(gid).uint(left);
        }
        match &eval.charter {
            Some(charter) => out.bytes(charter.hash()),
            None => out.null(),
        };
        out.array(honoured.len());
        for id in honoured {
            out.bytes(id);
        }
        hex::encode(hash::derive("folkmoot/1 test state", &[&out.finish()]))
    }
}
