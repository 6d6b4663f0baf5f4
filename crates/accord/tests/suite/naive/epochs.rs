//! Live readers and usable epochs (section 6.3).

use std::collections::BTreeSet;

use folkmoot_record::{
    DeviceKey, RecordId, SeatKey,
    control::{Control, Effect},
};

use super::{Naive, Set, eval::Eval, grants::NEVER, grants::Origin};

const READ: u32 = 1;

impl Naive {
    /// The live readers in T at t: certified devices with kem ≠ null of a seat with a live_at grant
    /// that has bit 0 in roles[role].actions ∩ mask and no kinds and no tags limit.
    pub(super) fn live_readers(&self, e: &Eval, t: u64) -> BTreeSet<(SeatKey, DeviceKey)> {
        let reads = |seat: SeatKey| {
            e.grants.iter().any(|(gid, g)| {
                g.to == seat
                    && g.invite.is_none()
                    && e.live[gid]
                    && g.limits.nbf.unwrap_or(0) <= t
                    && t < g.limits.exp.unwrap_or(NEVER)
                    && self.actions(e, g.limits.role) & g.limits.mask.0 & READ != 0
                    && g.limits.kinds.is_none()
                    && g.limits.tags.is_none()
            })
        };
        e.adds
            .iter()
            .filter(|a| a.kem.is_some() && reads(a.seat) && self.stands(e, a))
            .map(|a| (a.seat, a.dev))
            .collect()
    }

    /// usable(e) at t, without the clause on equal key ids.
    pub(super) fn usable(&self, s: &Eval, epoch: &RecordId, t: u64) -> bool {
        let now = self.live_readers(s, t);
        let then = self.eval(&self.past(epoch));
        let already = self.live_readers(&then, self.get(epoch).header().ms());
        // Every device with kem ≠ null, of a seat to which some grant in S ever gave such read,
        // that is not now a live reader, was added in Past(e) and was already no live reader there.
        s.adds
            .iter()
            .filter(|a| a.kem.is_some() && self.ever_read(s, a.seat))
            .map(|a| (a.seat, a.dev))
            .filter(|device| !now.contains(device))
            .all(|device| {
                then.adds.iter().any(|a| (a.seat, a.dev) == device) && !already.contains(&device)
            })
    }

    /// "Ever gave": mask bit 0, no kinds or tags limit, and some version of the role (genesis or a
    /// decided delta in S) with bit 0. What was never decided never gave.
    fn ever_read(&self, s: &Eval, seat: SeatKey) -> bool {
        s.grants.values().any(|g| {
            g.to == seat
                && g.invite.is_none()
                && (g.origin != Origin::Effect || s.decided.contains_key(&g.op))
                && g.limits.mask.0 & READ != 0
                && g.limits.kinds.is_none()
                && g.limits.tags.is_none()
                && self.role_ever_read(&s.t, s, g.limits.role)
        })
    }

    fn role_ever_read(&self, t: &Set, s: &Eval, role: u16) -> bool {
        t.iter().any(|id| match self.get(id).control() {
            Some(Control::Genesis(body)) => body
                .charter
                .roles
                .iter()
                .any(|r| r.id == role && r.actions.0 & READ != 0),
            Some(Control::Proposal(body)) if s.decided.contains_key(id) => {
                body.effects.iter().any(|effect| {
                    matches!(effect, Effect::Charter(delta)
                        if delta.roles.iter().flatten().any(|r| r.id == role && r.actions.0 & READ != 0))
                })
            }
            _ => false,
        })
    }
}
