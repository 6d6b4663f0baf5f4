//! The common test of section 4.9: a grant and a device, looked up in one set, against what a
//! record wants to do.

use std::sync::Arc;

use folkmoot_record::{
    DeviceKey, Kind, SeatKey, Tag,
    control::{Actions, DeviceLimits, Limits},
};

use crate::{
    book::Book,
    charter,
    covers::{allows, device_allows, in_window},
    eval::View,
    grants::Gx,
    standing::VoidReason,
};

/// What a set says of a grant and a device together.
#[derive(Debug, Clone)]
pub(crate) struct Warrant {
    /// The grant lies in the set and is live.
    pub(crate) live: bool,
    /// It is no invite, and it is of the seat.
    pub(crate) of_seat: bool,
    pub(crate) limits: Arc<Limits>,
    /// The actions of its role, as far as its mask goes.
    pub(crate) actions: Actions,
    pub(crate) device: DeviceAt,
}

/// What a set says of a device.
#[derive(Debug, Clone)]
pub(crate) enum DeviceAt {
    Uncertified,
    Full,
    /// What each standing addition allows.
    Limited(Vec<DeviceLimits>),
}

/// What a record wants to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// Any one of these bits; empty: any action at all.
    pub(crate) bits: &'a [Actions],
    /// Claimed time, in ms.
    pub(crate) t: u64,
    /// Kind and tags, of content only.
    pub(crate) content: Option<(Kind, &'a [Tag])>,
}

impl Wanted<'_> {
    fn found_in(&self, actions: Actions) -> bool {
        if self.bits.is_empty() {
            !actions.is_empty()
        } else {
            self.bits.iter().any(|bit| actions.contains(*bit))
        }
    }
}

impl Warrant {
    pub(crate) fn of(
        book: &Book,
        view: &mut View,
        cap: Gx,
        seat: &SeatKey,
        dev: &DeviceKey,
    ) -> Self {
        let grant = book.grants.get(cap);
        Self {
            live: view.live(book, cap),
            of_seat: !grant.is_invite() && grant.to == *seat,
            limits: grant.limits.clone(),
            actions: actions(book, view, cap),
            device: device(book, view, seat, dev),
        }
    }

    /// eff(cap): what the device may do by the grant.
    pub(crate) fn effective(&self, wanted: &Wanted<'_>) -> Actions {
        let union = self
            .masks(wanted)
            .iter()
            .fold(0, |bits, mask| bits | mask.0);
        Actions(union).and(self.actions)
    }

    /// The masks of the standing additions of the device that allow time, bit, kind and tags.
    fn masks(&self, wanted: &Wanted<'_>) -> Vec<Actions> {
        match &self.device {
            DeviceAt::Uncertified => Vec::new(),
            DeviceAt::Full => vec![Actions::ALL],
            DeviceAt::Limited(limits) => limits
                .iter()
                .filter(|l| device_allows(l, wanted.t, wanted.content))
                .map(|l| l.mask)
                .filter(|mask| wanted.bits.is_empty() || wanted.found_in(*mask))
                .collect(),
        }
    }

    /// The common test.
    pub(crate) fn test(&self, wanted: &Wanted<'_>) -> Result<(), VoidReason> {
        let checks = [
            (self.live, VoidReason::CapNotLive),
            (self.of_seat, VoidReason::CapWrongSeat),
            (
                in_window(self.limits.nbf, self.limits.exp, wanted.t),
                VoidReason::CapWindow,
            ),
        ];
        for (holds, reason) in checks {
            if !holds {
                return Err(reason);
            }
        }
        // Of several standing additions each is tried: one has to allow all of it.
        if matches!(self.device, DeviceAt::Uncertified) {
            return Err(VoidReason::Device);
        }
        let masks = self.masks(wanted);
        if masks.is_empty() {
            return Err(VoidReason::DeviceLimit);
        }
        if !masks
            .iter()
            .any(|mask| wanted.found_in(mask.and(self.actions)))
        {
            return Err(VoidReason::Action);
        }
        match wanted.content {
            Some((kind, tags))
                if !allows(
                    self.limits.kinds.as_deref(),
                    self.limits.tags.as_deref(),
                    kind,
                    tags,
                ) =>
            {
                Err(VoidReason::KindOrTag)
            }
            _ => Ok(()),
        }
    }
}

/// The actions of a grant's role in the charter of a set, as far as its mask goes.
pub(crate) fn actions(book: &Book, view: &mut View, g: Gx) -> Actions {
    let limits = &book.grants.get(g).limits;
    view.charter(book)
        .and_then(|at| charter::role(&at.charter, limits.role).map(|role| role.actions))
        .unwrap_or_default()
        .and(limits.mask)
}

/// What a set says of a device.
pub(crate) fn device(book: &Book, view: &mut View, seat: &SeatKey, dev: &DeviceKey) -> DeviceAt {
    let standing = view.standing(book, seat, dev);
    if standing.is_empty() {
        return DeviceAt::Uncertified;
    }
    let limits: Option<Vec<DeviceLimits>> = standing
        .iter()
        .map(|a| book.devices.get(*a).limits.clone())
        .collect();
    limits.map_or(DeviceAt::Full, DeviceAt::Limited)
}

/// Whether a device may vote: full, or one of its limits has the bit and holds at that time.
pub(crate) fn may_vote(device: &DeviceAt, t: u64) -> bool {
    match device {
        DeviceAt::Uncertified => false,
        DeviceAt::Full => true,
        DeviceAt::Limited(limits) => limits
            .iter()
            .any(|l| l.mask.contains(Actions::VOTE) && device_allows(l, t, None)),
    }
}
