//! Devices: adds, undoes, certified, standing (section 4.6).

use folkmoot_record::{
    DeviceKey, KemKey, RecordId, SeatKey,
    control::{Control, DeviceLimits},
};

use super::{
    Naive,
    eval::Eval,
    grants::{Authority, may},
    revocations::{Revocation, What},
};

/// An add of (X, k).
#[derive(Debug, Clone)]
pub(super) struct Add {
    pub(super) seat: SeatKey,
    pub(super) dev: DeviceKey,
    pub(super) record: RecordId,
    /// The full device that signed it; `None`: genesis, the join, or the root X.
    pub(super) signer: Option<DeviceKey>,
    pub(super) kem: Option<KemKey>,
    pub(super) dlim: Option<DeviceLimits>,
}

/// names(v, X, k).
fn names(v: &Revocation, x: SeatKey, k: DeviceKey) -> bool {
    match v.what {
        What::Drop(seat, dev, signer) => {
            seat == x && dev == k && signer.as_bytes() == seat.as_bytes()
        }
        What::Device(dev) => dev == k,
        _ => false,
    }
}

impl Naive {
    /// The adds in T: genesis' signer pair; the pair of a join; each entry of key 0 of a `device`.
    pub(super) fn adds(&self, eval: &mut Eval) {
        for id in eval.t.clone().iter() {
            let o = self.get(id);
            let header = o.header();
            let mut add = |dev, signer, kem, dlim| {
                eval.adds.push(Add {
                    seat: header.seat,
                    dev,
                    record: *id,
                    signer,
                    kem,
                    dlim,
                });
            };
            match o.control() {
                Some(Control::Genesis(body)) => {
                    let own = body.founders.iter().find(|f| f.seat == header.seat);
                    add(header.dev, None, own.map(|f| f.kem), None);
                }
                Some(Control::Join(body)) => add(body.dev, None, Some(body.kem), None),
                Some(Control::Device(body)) => {
                    let by_root = header.dev.as_bytes() == header.seat.as_bytes();
                    let signer = (!by_root).then_some(header.dev);
                    for entry in &body.adds {
                        add(entry.dev, signer, entry.kem, entry.limits.clone());
                    }
                }
                _ => {}
            }
        }
    }

    /// undoes(v, a).
    pub(super) fn undoes(&self, eval: &Eval, v: &Revocation, a: &Add) -> bool {
        if names(v, a.seat, a.dev) {
            return true;
        }
        let Some(signer) = a.signer else {
            return false;
        };
        // A drop of k signed by the very device that signed a.
        if v.what == What::Drop(a.seat, a.dev, signer) {
            return true;
        }
        names(v, a.seat, signer) && !self.kept(eval, v, self.get(&a.record))
    }

    /// A standing add is one undone by no active v; for v of type 2 only if may(auth(v), g) for
    /// every live grant g of X. Asked after step 3 of Eval.
    pub(super) fn stands(&self, eval: &Eval, a: &Add) -> bool {
        !eval.r.iter().any(|v| {
            let reaches = !matches!(v.what, What::Device(_))
                || eval
                    .grants
                    .iter()
                    .filter(|(gid, g)| g.to == a.seat && g.invite.is_none() && eval.live[*gid])
                    .all(|(gid, _)| may(&eval.grants, v.authority, *gid));
            reaches && self.undoes(eval, v, a) && eval.active(v)
        })
    }

    /// The standing adds of (X, k): it is certified if there is one.
    pub(super) fn standing<'a>(
        &self,
        eval: &'a Eval,
        seat: SeatKey,
        dev: DeviceKey,
    ) -> Vec<&'a Add> {
        eval.adds
            .iter()
            .filter(|a| a.seat == seat && a.dev == dev && self.stands(eval, a))
            .collect()
    }

    /// Certified and full: a standing add of it is full.
    pub(super) fn is_full(&self, eval: &Eval, seat: SeatKey, dev: DeviceKey) -> bool {
        self.standing(eval, seat, dev)
            .iter()
            .any(|a| a.dlim.is_none())
    }

    /// A seat is live ⇔ it has a live grant (no invite) and a certified full device (4.7, step 5).
    pub(super) fn seat_is_live(&self, eval: &Eval, seat: SeatKey) -> bool {
        self.has_live_grant(eval, seat)
            && eval
                .adds
                .iter()
                .any(|a| a.seat == seat && a.dlim.is_none() && self.stands(eval, a))
    }

    pub(super) fn has_live_grant(&self, eval: &Eval, seat: SeatKey) -> bool {
        eval.grants
            .iter()
            .any(|(gid, g)| g.to == seat && g.invite.is_none() && eval.live[gid])
    }

    /// For some add a of (seat, dev) every active v that undoes a, of an authority that may,
    /// keeps o: the device clause of steps 2 and 4.
    pub(super) fn device_holds(
        &self,
        eval: &Eval,
        o: &RecordId,
        reaches: impl Fn(Authority) -> bool,
    ) -> bool {
        let record = self.get(o);
        let header = record.header();
        eval.adds
            .iter()
            .filter(|a| a.seat == header.seat && a.dev == header.dev)
            .any(|a| {
                eval.r.iter().all(|v| {
                    let of_root = matches!(v.authority, Authority::Root(_));
                    // `may` first: only so is every look-up of a decided stratum (12.3).
                    !((of_root || reaches(v.authority))
                        && self.undoes(eval, v, a)
                        && eval.active(v))
                        || self.kept(eval, v, record)
                })
            })
    }
}
