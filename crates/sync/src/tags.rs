//! The tags of a hello: what is offered, where each tag stands, and what matched (section 7.4).

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_record::{CollectiveId, EpochId, InviteKey, RecordId, SeatKey};
use folkmoot_seal::{DoorSecret, PresenceKey, Role, Transcript, presence::Tag};

use crate::{DoorStatus, Holdings, dice::Dice, limits};

/// What a tag stands for on this side.
#[derive(Debug, Clone)]
pub(crate) enum Key {
    /// An epoch whose secret is held.
    Epoch {
        gen_no: u64,
        key_id: EpochId,
        current: bool,
    },
    /// A door this node answers.
    Answer {
        invite: RecordId,
        key: InviteKey,
        status: DoorStatus,
    },
    /// A door this node asks at.
    Ask,
    /// A recovery door this node answers.
    Recover { seat: SeatKey },
}

#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) cid: CollectiveId,
    pub(crate) key: Key,
    pub(crate) presence: PresenceKey,
}

/// Everything to offer, most important first: epochs, the door asked at, live doors, dead doors,
/// and in what is left recovery doors, drawn by `draw` where this side offers them.
pub(crate) fn offers(
    held: &dyn Holdings,
    ask: Option<(CollectiveId, DoorSecret)>,
    draw: Option<u64>,
) -> Vec<Offer> {
    let collectives = held.collectives();
    let mut offers = Vec::new();
    for cid in &collectives {
        offers.extend(
            held.epochs(cid)
                .into_iter()
                .take(limits::EPOCHS_OFFERED)
                .map(|epoch| Offer {
                    cid: *cid,
                    key: Key::Epoch {
                        gen_no: epoch.gen_no,
                        key_id: epoch.key_id,
                        current: epoch.current,
                    },
                    presence: epoch.presence,
                }),
        );
    }
    // The door asked at is never crowded out: its place is taken before the doors answered.
    offers.truncate(limits::TAGS - usize::from(ask.is_some()));
    if let Some((cid, door)) = ask {
        offers.push(Offer {
            cid,
            key: Key::Ask,
            presence: door.presence(),
        });
    }
    let mut dead = Vec::new();
    for cid in &collectives {
        let mut dead_here = 0;
        for door in held.doors(cid) {
            let live = door.status == DoorStatus::Live;
            let offer = Offer {
                cid: *cid,
                key: Key::Answer {
                    invite: door.invite,
                    key: door.key,
                    status: door.status,
                },
                presence: door.door.presence(),
            };
            if live {
                offers.push(offer);
            } else if dead_here < limits::DEAD_DOORS {
                dead_here += 1;
                dead.push(offer);
            }
        }
    }
    offers.extend(dead);
    offers.truncate(limits::TAGS);
    if let Some(draw) = draw {
        let doors = held.recovery_doors(draw, limits::TAGS - offers.len());
        let offer = |door: crate::RecoveryOffer| Offer {
            cid: door.cid,
            key: Key::Recover { seat: door.seat },
            presence: door.door.presence(),
        };
        offers.extend(doors.into_iter().map(offer));
        offers.truncate(limits::TAGS);
    }
    offers
}

/// The list of tags as sent, and which offer stands where.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) tags: Vec<Tag>,
    /// For each place the offer, `None` for padding.
    places: Vec<Option<usize>>,
}

/// Puts the tags of the offers at random places among random tags; never at a place of `avoid`,
/// where the hello before this one had a proven collective: so an index means one thing only
/// while streams of both hellos are open.
pub(crate) fn lay_out(
    offers: &[Offer],
    role: Role,
    transcript: &Transcript,
    avoid: &BTreeSet<u8>,
    dice: &mut Dice,
) -> Table {
    // With recovery doors the length would count the members for every stranger.
    let counts_members = |offer: &Offer| matches!(offer.key, Key::Recover { .. });
    let size = if offers.iter().any(counts_members) {
        limits::TAGS
    } else {
        (offers.len() + avoid.len())
            .next_power_of_two()
            .clamp(limits::LEAST_TAGS, limits::TAGS)
    };
    let mut free: Vec<usize> = (0..size)
        .filter(|place| !u8::try_from(*place).is_ok_and(|place| avoid.contains(&place)))
        .collect();
    dice.shuffle(&mut free);
    let mut table = Table {
        tags: (0..size).map(|_| dice.bytes()).collect(),
        places: vec![None; size],
    };
    for (number, (offer, place)) in offers.iter().zip(free).enumerate() {
        if let (Some(tag), Some(slot)) = (table.tags.get_mut(place), table.places.get_mut(place)) {
            *tag = offer.presence.tag(role, transcript);
            *slot = Some(number);
        }
    }
    table
}

/// A collective on which both sides agree to speak.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) offer: Offer,
    /// Place in the own list.
    pub(crate) mine: u8,
    /// Place in the other side's list.
    pub(crate) theirs: u8,
}

/// Finds what the other side offers too: for each collective the greatest epoch, a door only
/// where no epoch matched.
pub(crate) fn matches(
    offers: &[Offer],
    table: &Table,
    their_tags: &[Tag],
    their_role: Role,
    transcript: &Transcript,
) -> Vec<Match> {
    let theirs: BTreeMap<&Tag, usize> = their_tags.iter().zip(0..).collect();
    let mut best: BTreeMap<CollectiveId, Match> = BTreeMap::new();
    for (place, number) in table.places.iter().enumerate() {
        let Some(offer) = number.and_then(|number| offers.get(number)) else {
            continue;
        };
        let tag = offer.presence.tag(their_role, transcript);
        let Some(found) = theirs.get(&tag) else {
            continue;
        };
        let (Ok(mine), Ok(theirs)) = (u8::try_from(place), u8::try_from(*found)) else {
            continue;
        };
        let new = Match {
            offer: offer.clone(),
            mine,
            theirs,
        };
        match best.get(&offer.cid) {
            Some(old) if weight(&old.offer.key) >= weight(&offer.key) => {}
            _ => {
                best.insert(offer.cid, new);
            }
        }
    }
    best.into_values().collect()
}

/// Greater counts: epochs by (gen, key id), then the door asked at, then doors answered, of
/// invites first.
fn weight(key: &Key) -> (u8, u64, [u8; 32]) {
    match key {
        Key::Epoch { gen_no, key_id, .. } => (3, *gen_no, key_id.to_bytes()),
        Key::Ask => (2, 0, [0; 32]),
        Key::Answer { invite, .. } => (1, 0, invite.to_bytes()),
        Key::Recover { seat } => (0, 0, seat.to_bytes()),
    }
}
