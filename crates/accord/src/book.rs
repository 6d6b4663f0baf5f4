//! Everything known of the valid records that does not depend on a set: the graph, the grants, the
//! revocations, the devices, the proposals. Eval asks it for what lies in a set.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use folkmoot_record::{
    CollectiveId, DeviceKey, GrantId, Kind, RecordId, SeatKey, Verified,
    control::{Actions, Charter, Choice, Control, Effect, Genesis, Limits, Proposal, Target},
    effect_id, grant_id_of_effect, grant_id_of_founder,
};

use crate::{
    bits::Bits,
    devices::{Add, Devices, Signer},
    grants::{Authority, Grant, Grants, Gx, InviteFacts, Make},
    graph::{self, Graph, Ix, Node},
    revocations::{Readmission, Revocation, Revocations, Take, Vx},
};

/// `depth_left` of a founder's grant (section 4.2).
const FOUNDER_DEPTH_LEFT: u8 = 31;

/// What is known of the valid records of one collective.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) graph: Graph,
    pub(crate) grants: Grants,
    pub(crate) revocations: Revocations,
    pub(crate) devices: Devices,
    /// Valid ballots.
    pub(crate) ballots: BTreeMap<RecordId, BallotFacts>,
    /// Ballots of each device on each proposal, in order of arrival.
    pub(crate) ballots_of: BTreeMap<(Ix, SeatKey, DeviceKey), Vec<RecordId>>,
    /// Records named in a cut or keep, and ballots that decisions list.
    pub(crate) named: BTreeSet<RecordId>,
    pub(crate) proposals: BTreeMap<Ix, ProposalFacts>,
    /// Decisions of each proposal.
    pub(crate) decisions: BTreeMap<Ix, Vec<Ix>>,
    /// Class-3 proposals that change the charter.
    pub(crate) amendments: Vec<Ix>,
    pub(crate) epochs: Vec<Ix>,
    /// Invites whose joins could exclude one another.
    pub(crate) contested: BTreeSet<Gx>,
    pub(crate) kems: BTreeMap<(SeatKey, DeviceKey), Vec<Ix>>,
    /// The genesis and its charter.
    pub(crate) genesis: Option<(Ix, Arc<Charter>)>,
    /// Lane-0 records of each seat.
    pub(crate) by_seat: BTreeMap<SeatKey, Vec<Ix>>,
    /// Lane-0 records by their place in a log; more than one in a place is a fork.
    pub(crate) places: BTreeMap<(SeatKey, DeviceKey, u32), Vec<Ix>>,
    /// Where a seat is named: founder entries, joins, device headers, grants.
    pub(crate) seats_named: BTreeMap<SeatKey, Vec<Ix>>,
    /// Where a device key is named: founder entries, joins, device headers, additions.
    pub(crate) devices_named: BTreeMap<DeviceKey, Vec<Ix>>,
    /// Which seats name a device key as theirs.
    pub(crate) owners: BTreeMap<DeviceKey, Vec<(SeatKey, Ix)>>,
}

/// A valid ballot.
#[derive(Debug)]
pub(crate) struct BallotFacts {
    pub(crate) record: Verified,
    pub(crate) proposal: Ix,
    pub(crate) choice: Choice,
}

/// A valid proposal.
#[derive(Debug, Default)]
pub(crate) struct ProposalFacts {
    pub(crate) grants: Vec<Gx>,
    pub(crate) revocations: Vec<Vx>,
}

impl Book {
    /// The body of a proposal record.
    pub(crate) fn proposal(&self, ix: Ix) -> Option<&Proposal> {
        match self.graph.node(ix).record.control() {
            Some(Control::Proposal(body)) => Some(body),
            _ => None,
        }
    }

    /// The decisions of a proposal among all valid records.
    pub(crate) fn decisions_of(&self, proposal: Ix) -> &[Ix] {
        self.decisions.get(&proposal).map_or(&[], Vec::as_slice)
    }

    /// Whether some record of `list` lies in `set`.
    pub(crate) fn any_in(list: Option<&Vec<Ix>>, set: &Bits) -> bool {
        list.is_some_and(|list| list.iter().any(|ix| set.contains(*ix)))
    }

    /// Takes a valid lane-0 record.
    pub(crate) fn admit(&mut self, record: &Verified, past: Bits) -> Ix {
        let header = record.header();
        let (seat, dev) = (header.seat, header.dev);
        self.named.extend(graph::named(record));
        let ix = self.graph.push(Node {
            id: record.id(),
            kind: header.kind,
            seat,
            dev,
            past,
            cap: header.cap.and_then(|cap| self.grants.number(&cap)),
            record: record.clone(),
        });
        self.by_seat.entry(seat).or_default().push(ix);
        self.places
            .entry((seat, dev, header.seq))
            .or_default()
            .push(ix);
        match record.control() {
            Some(Control::Genesis(body)) => self.found(ix, body),
            Some(Control::Proposal(body)) => self.propose(ix, body),
            Some(Control::Device(body)) => {
                let by = (dev != DeviceKey::from(seat)).then_some(dev);
                self.name_seat(seat, ix);
                self.name_device(dev, ix);
                for add in &body.adds {
                    self.name_device(add.dev, ix);
                    self.add_device(
                        ix,
                        seat,
                        add.dev,
                        Add {
                            record: ix,
                            kem: add.kem,
                            limits: add.limits.clone(),
                            signer: by.map_or(Signer::Root, Signer::Device),
                        },
                    );
                }
                for drop in &body.drops {
                    let dev = drop.dev;
                    self.revoke(Revocation {
                        authority: Authority::Root(seat),
                        cut: drop.cut.clone(),
                        ..bare(ix, Take::Drop { seat, dev, by })
                    });
                }
            }
            Some(Control::Decision(body)) => {
                if let Some(proposal) = self.graph.number(&body.proposal) {
                    self.decisions.entry(proposal).or_default().push(ix);
                }
            }
            Some(Control::Epoch(_)) => self.epochs.push(ix),
            Some(Control::Kem(_)) => self.kems.entry((seat, dev)).or_default().push(ix),
            Some(Control::Resign(body)) => {
                self.revoke(Revocation {
                    authority: Authority::Root(seat),
                    cut: body.cut.clone(),
                    ..bare(ix, Take::Resign(seat))
                });
            }
            Some(body) => self.admit_capped(ix, body),
            None => {}
        }
        ix
    }

    /// Takes a valid ballot.
    pub(crate) fn admit_ballot(&mut self, record: Verified, proposal: Ix, choice: Choice) {
        let (id, header) = (record.id(), record.header());
        if self.ballots.contains_key(&id) {
            return;
        }
        self.ballots_of
            .entry((proposal, header.seat, header.dev))
            .or_default()
            .push(id);
        self.ballots.insert(
            id,
            BallotFacts {
                record,
                proposal,
                choice,
            },
        );
    }

    /// What a record does under its cap.
    fn admit_capped(&mut self, ix: Ix, body: &Control) {
        let node = self.graph.node(ix);
        let (id, seat) = (node.id, node.seat);
        let Some(cap) = node.cap else { return };
        match body {
            Control::Grant(body) => {
                self.name_seat(body.to, ix);
                self.give(
                    ix,
                    id.into(),
                    body.to,
                    body.limits.clone(),
                    Some(cap),
                    Make::Grant,
                );
            }
            Control::Invite(body) => {
                let to = self.grants.get(cap).to;
                let make = Make::Invite(InviteFacts::new(cap, body));
                self.give(ix, id.into(), to, body.limits.clone(), Some(cap), make);
            }
            Control::Join(body) => {
                self.name_seat(body.seat, ix);
                self.name_device(body.dev, ix);
                let limits = (*self.grants.get(cap).limits).clone();
                let make = Make::Join { invite: cap };
                self.give(ix, id.into(), body.seat, limits, Some(cap), make);
                if self
                    .grants
                    .get(cap)
                    .invite()
                    .is_some_and(InviteFacts::contested)
                {
                    self.contested.insert(cap);
                }
                self.add_device(
                    ix,
                    seat,
                    body.dev,
                    Add {
                        record: ix,
                        kem: Some(body.kem),
                        limits: None,
                        signer: Signer::Root,
                    },
                );
            }
            Control::Revoke(body) => {
                self.revoke(Revocation {
                    vid: Some(id.into()),
                    authority: Authority::Grant(cap),
                    subtree: body.subtree,
                    cut: body.cut.clone(),
                    keep: body.keep.clone(),
                    reason: body.reason.clone(),
                    ..bare(ix, Take::Record(body.target))
                });
            }
            Control::Readmit(body) => {
                if let Some(v) = self.revocations.number(&body.vid) {
                    self.revocations.readmit(
                        v,
                        Readmission {
                            op: ix,
                            effect: false,
                            cut: body.cut.clone(),
                            keep: body.keep.clone(),
                        },
                    );
                }
            }
            _ => {}
        }
    }

    fn found(&mut self, ix: Ix, body: &Genesis) {
        let node = self.graph.node(ix);
        let (cid, signer, dev) = (CollectiveId::from(node.id), node.seat, node.dev);
        self.genesis = Some((ix, Arc::new(body.charter.clone())));
        for (k, founder) in (0_u32..).zip(&body.founders) {
            self.name_seat(founder.seat, ix);
            self.name_device(founder.dev, ix);
            let rank = body
                .charter
                .roles
                .iter()
                .find(|role| role.id == founder.role)
                .map_or(0, |role| role.rank);
            let limits = Limits {
                role: founder.role,
                rank,
                mask: Actions::ALL,
                kinds: None,
                tags: None,
                nbf: None,
                exp: None,
                depth_left: FOUNDER_DEPTH_LEFT,
            };
            let gid = grant_id_of_founder(cid, k);
            self.give(ix, gid, founder.seat, limits, None, Make::Founder);
            // The other founders consent by a root-signed device record of their own.
            if founder.seat == signer {
                self.add_device(
                    ix,
                    founder.seat,
                    dev,
                    Add {
                        record: ix,
                        kem: Some(founder.kem),
                        limits: None,
                        signer: Signer::Root,
                    },
                );
            }
        }
    }

    fn propose(&mut self, ix: Ix, body: &Proposal) {
        let id = self.graph.node(ix).id;
        let mut facts = ProposalFacts::default();
        for (k, effect) in (0_u32..).zip(&body.effects) {
            match effect {
                Effect::Grant(grant) => {
                    let gid = grant_id_of_effect(id, k);
                    self.name_seat(grant.to, ix);
                    let limits = grant.limits.clone();
                    facts
                        .grants
                        .push(self.give(ix, gid, grant.to, limits, None, Make::Effect));
                }
                Effect::Revoke(revoke) => {
                    facts.revocations.push(self.revoke(Revocation {
                        vid: Some(effect_id(id, k)),
                        authority: Authority::Decision(body.class),
                        subtree: revoke.subtree,
                        back: revoke.back,
                        cut: revoke.cut.clone(),
                        keep: revoke.keep.clone(),
                        reason: revoke.reason.clone(),
                        ..bare(ix, Take::Effect(revoke.target))
                    }));
                }
                Effect::Readmit(readmit) => {
                    if let Some(v) = self.revocations.number(&readmit.vid) {
                        self.revocations.readmit(
                            v,
                            Readmission {
                                op: ix,
                                effect: true,
                                cut: readmit.cut.clone(),
                                keep: readmit.keep.clone(),
                            },
                        );
                    }
                }
                Effect::Charter(_) | Effect::Fork(_) => {}
            }
        }
        if body.class == 3 && body.effects.iter().any(|e| matches!(e, Effect::Charter(_))) {
            self.amendments.push(ix);
        }
        self.proposals.insert(ix, facts);
    }

    fn give(
        &mut self,
        op: Ix,
        gid: GrantId,
        to: SeatKey,
        limits: Limits,
        cap: Option<Gx>,
        make: Make,
    ) -> Gx {
        let depth = match (cap, &make) {
            (Some(cap), _) => self.grants.get(cap).depth.saturating_add(1),
            (None, Make::Effect) => 1,
            (None, _) => 0,
        };
        let g = self.grants.push(Grant {
            gid,
            to,
            limits: Arc::new(limits),
            depth,
            lineage: cap.map(|cap| self.grants.below(cap)).unwrap_or_default(),
            op,
            make,
            hitters: Vec::new(),
            descendants: Vec::new(),
            invites: Vec::new(),
        });
        self.revocations
            .meet(g, &mut self.grants, &self.graph, &self.decisions);
        g
    }

    fn revoke(&mut self, revocation: Revocation) -> Vx {
        self.revocations
            .push(revocation, &mut self.grants, &self.graph, &self.decisions)
    }

    fn add_device(&mut self, ix: Ix, seat: SeatKey, dev: DeviceKey, add: Add) {
        self.devices.push(seat, dev, add);
        self.owners.entry(dev).or_default().push((seat, ix));
    }

    fn name_seat(&mut self, seat: SeatKey, ix: Ix) {
        self.seats_named.entry(seat).or_default().push(ix);
    }

    fn name_device(&mut self, dev: DeviceKey, ix: Ix) {
        self.devices_named.entry(dev).or_default().push(ix);
    }

    /// The kinds whose records are evaluated without a cap (step 4 of section 4.7).
    pub(crate) const fn judged_without_cap(kind: Kind) -> bool {
        matches!(kind, Kind::MERGE | Kind::KEM | Kind::FORKNOTE)
    }

    /// Which seat a revocation's target belongs to, in Past of `set`; several for a device key that
    /// several seats added there.
    pub(crate) fn seats_of(&self, target: Target, set: &Bits) -> Vec<SeatKey> {
        match target {
            Target::Seat(seat) => vec![seat],
            Target::Grant(gid) => self
                .grants
                .number(&gid)
                .map(|g| self.grants.get(g).to)
                .into_iter()
                .collect(),
            Target::Device(dev) => {
                let mut seats: Vec<SeatKey> = self
                    .owners
                    .get(&dev)
                    .into_iter()
                    .flatten()
                    .filter(|(_, ix)| set.contains(*ix))
                    .map(|(seat, _)| *seat)
                    .collect();
                seats.sort_unstable();
                seats.dedup();
                seats
            }
        }
    }
}

/// A revocation with nothing kept and nothing special about it.
fn bare(op: Ix, make: Take) -> Revocation {
    Revocation {
        vid: None,
        op,
        authority: Authority::Decision(0),
        make,
        subtree: false,
        back: false,
        cut: Vec::new(),
        keep: Vec::new(),
        reason: None,
        hits: Vec::new(),
        readmissions: Vec::new(),
    }
}
