//! What the tests do on the nodes of a world, and what they look at.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_record::{CollectiveId, RecordId, Verified};
use folkmoot_seal::{DoorSecret, EpochSecret, InviteSeed};
use folkmoot_sync::{Addr, Ask, Event, Input, JoinStep};

use crate::{
    people::Person,
    world::{World, addr, peer},
};

impl World {
    /// The first node founds a collective with one epoch.
    pub(crate) fn found(&mut self) -> CollectiveId {
        let mut person = Person::new(0);
        let genesis = person.found(self.wall());
        let cid = CollectiveId::from(genesis.id());
        let club = self.nodes[0].home.clubs.entry(cid).or_default();
        club.me = Some(person);
        club.member = true;
        club.insert(genesis);
        club.add_secret(&EpochSecret::from_bytes([0x5e; 32]));
        cid
    }

    /// An invite made on a node.
    pub(crate) fn invite(
        &mut self,
        node: usize,
        cid: CollectiveId,
        seed: [u8; 20],
        uses: u64,
    ) -> RecordId {
        let now = self.wall();
        let club = self.nodes[node].home.clubs.get_mut(&cid).unwrap();
        let invite = club.me.as_mut().unwrap().invite(cid, now, seed, uses);
        let id = invite.id();
        club.insert(invite);
        self.stored(node, cid, vec![id]);
        id
    }

    pub(crate) fn stored(&mut self, node: usize, cid: CollectiveId, ids: Vec<RecordId>) {
        let records = ids.into_iter().map(|id| (id, None)).collect();
        self.input(node, Input::Stored { cid, records });
        self.input(node, Input::Changed { cid });
    }

    /// A node begins to join at the addresses of others.
    pub(crate) fn join(
        &mut self,
        node: usize,
        cid: CollectiveId,
        seed: [u8; 20],
        invite: RecordId,
        at: &[usize],
    ) {
        let addrs = at.iter().map(|node| addr(*node)).collect();
        self.join_at(node, cid, seed, invite, addrs);
    }

    /// The same at addresses as they are.
    pub(crate) fn join_at(
        &mut self,
        node: usize,
        cid: CollectiveId,
        seed: [u8; 20],
        invite: RecordId,
        addrs: Vec<Addr>,
    ) {
        let club = self.nodes[node].home.clubs.entry(cid).or_default();
        club.me = Some(Person::new(node as u32));
        self.nodes[node].redeems = Some((seed, invite));
        let seed = InviteSeed::from_bytes(seed);
        self.ask(
            node,
            Ask::Join {
                cid,
                door: *DoorSecret::invite(&cid, &seed.public()).expose(),
                invite_seed: seed.signing_key().to_bytes(),
                record: None,
                addrs,
            },
        );
    }

    /// A note written on a node.
    pub(crate) fn note(&mut self, node: usize, cid: CollectiveId, text: &str) -> RecordId {
        let now = self.wall();
        let club = self.nodes[node].home.clubs.get_mut(&cid).unwrap();
        let note = club.me.as_mut().unwrap().note(cid, now, text);
        let id = note.id();
        club.insert(note);
        let records = vec![(id, None)];
        self.input(node, Input::Stored { cid, records });
        id
    }

    /// Makes the node a member without the network: its join is everywhere already.
    pub(crate) fn admit(&mut self, nodes: &[usize], cid: CollectiveId) {
        let seed = [0x11; 20];
        let invite = self.invite(0, cid, seed, 10_000);
        let now = self.wall();
        let base: Vec<Verified> = {
            let club = &self.nodes[0].home.clubs[&cid];
            club.records.values().cloned().collect()
        };
        let secrets = self.nodes[0].home.clubs[&cid].secrets.clone();
        let invite = self.nodes[0].home.clubs[&cid].records[&invite].clone();
        let mut joins = Vec::new();
        let mut people = BTreeMap::new();
        for node in nodes {
            let mut person = Person::new(*node as u32);
            joins.push(person.join(cid, now, seed, &invite));
            people.insert(*node, person);
        }
        for node in nodes.iter().copied().chain([0]) {
            let club = self.nodes[node].home.clubs.entry(cid).or_default();
            club.member = true;
            for record in base.iter().chain(&joins) {
                club.insert(record.clone());
            }
            for secret in &secrets {
                club.add_secret(secret);
            }
            if let Some(person) = people.remove(&node) {
                club.me = Some(person);
            }
        }
    }

    /// One node reaches for another.
    pub(crate) fn reach(&mut self, node: usize, other: usize) {
        let addrs = vec![addr(other)];
        self.ask(
            node,
            Ask::Reach {
                peer: Some(peer(other)),
                addrs,
            },
        );
    }

    pub(crate) fn set(&self, node: usize, cid: CollectiveId) -> BTreeSet<[u8; 32]> {
        self.nodes[node].home.clubs[&cid].set()
    }

    pub(crate) fn all_equal(&self, nodes: &[usize], cid: CollectiveId) -> bool {
        nodes
            .windows(2)
            .all(|two| self.set(two[0], cid) == self.set(two[1], cid))
    }

    pub(crate) fn misdeeds(&self) -> Vec<&Event> {
        let events = self.nodes.iter().flat_map(|node| &node.events);
        events
            .filter(|event| matches!(event, Event::Misbehaved { .. }))
            .collect()
    }

    pub(crate) fn steps(&self, node: usize) -> Vec<&JoinStep> {
        let events = self.nodes[node].events.iter();
        events
            .filter_map(|event| match event {
                Event::Joining { step, .. } => Some(step),
                _ => None,
            })
            .collect()
    }

    /// The last session of a node with another: whether it ended with equal sets.
    pub(crate) fn last_equal(&self, node: usize, other: usize) -> Option<bool> {
        self.nodes[node]
            .events
            .iter()
            .rev()
            .find_map(|event| match event {
                Event::Synced {
                    peer: of, equal, ..
                } if *of == peer(other) => Some(*equal),
                _ => None,
            })
    }
}
