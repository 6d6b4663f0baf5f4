//! One input: which peer it belongs to, and what concerns several peers.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use folkmoot_record::{CollectiveId, RecordId, SeatKey};
use folkmoot_seal::DoorSecret;

use crate::{
    Addr, Ask, Input, JoinStep, Output, Peer, StreamId, book::named_peer, ctx::Ctx, fault::Fault,
    hello::AskKey, joins, limits, peer::PeerState,
};

/// One input being handled.
pub(crate) struct Step<'a> {
    pub(crate) ctx: Ctx<'a>,
    pub(crate) peers: &'a mut BTreeMap<Peer, PeerState>,
    pub(crate) routes: &'a mut BTreeMap<StreamId, Peer>,
}

impl Step<'_> {
    pub(crate) fn input(&mut self, input: Input) {
        match input {
            Input::Connected {
                peer,
                addr,
                path,
                dialled,
            } => {
                let joins = self.ctx.book.connected(&peer, &addr);
                for cid in &joins {
                    self.ctx.joining(*cid, JoinStep::Reached);
                }
                self.make_room();
                let state = self
                    .peers
                    .entry(peer.clone())
                    .or_insert_with(|| PeerState::new(peer));
                state.connected(addr, path, dialled, joins, &mut self.ctx);
            }
            Input::Disconnected { peer } => {
                if let Some(state) = self.peers.get_mut(&peer) {
                    state.disconnected(&mut self.ctx);
                }
                self.routes.retain(|_, of| *of != peer);
            }
            Input::DialFailed { peer, addrs, error } => {
                self.dial_failed(peer.as_ref(), &addrs, &error);
            }
            Input::StreamOpened {
                peer,
                protocol,
                stream,
            } => match self.peers.get_mut(&peer) {
                Some(state) if state.link.is_some() => {
                    self.routes.insert(stream, peer);
                    state.opened(protocol, stream, &mut self.ctx);
                }
                _ => self.ctx.out.push(Output::Close { stream }),
            },
            Input::OpenFailed { peer, error, .. } => {
                if let Some(state) = self.peers.get_mut(&peer) {
                    state.open_failed(&error, &mut self.ctx);
                }
            }
            Input::StreamAccepted {
                peer,
                protocol,
                stream,
            } => match self.peers.get_mut(&peer) {
                Some(state) => {
                    if state.accepted(protocol, stream, &mut self.ctx) {
                        self.routes.insert(stream, peer);
                    }
                }
                None => self.ctx.out.push(Output::Close { stream }),
            },
            Input::Frame { stream, bytes } => {
                if let Some(state) = route(self.peers, self.routes, stream) {
                    state.frame(stream, &bytes, &mut self.ctx);
                }
            }
            Input::TooLong { stream } => {
                if let Some(state) = route(self.peers, self.routes, stream) {
                    state.close(stream, &mut self.ctx);
                    state.charge(&Fault::TooLarge("a frame"), &mut self.ctx);
                }
            }
            Input::Written { stream, bytes } => {
                if let Some(state) = route(self.peers, self.routes, stream) {
                    state.written(stream, bytes, &mut self.ctx);
                }
            }
            Input::StreamClosed { stream, error } => {
                if let Some(state) = route(self.peers, self.routes, stream) {
                    state.closed(stream, error.as_deref(), &mut self.ctx);
                }
                self.routes.remove(&stream);
            }
            Input::Judged { ticket, verdicts } => {
                if let Some(delivery) = self.ctx.tickets.take(ticket)
                    && let Some(state) = self.peers.get_mut(&delivery.peer)
                {
                    state.judged(&delivery, &verdicts, &mut self.ctx);
                }
            }
            Input::Stored { cid, records } => self.stored(&cid, &records),
            Input::Changed { cid } => {
                for state in self.peers.values_mut() {
                    state.changed(&cid, &mut self.ctx);
                }
            }
            Input::Lost { cid } => {
                for state in self.peers.values_mut() {
                    state.note_lost(&cid, self.ctx.now.mono);
                }
            }
            Input::Ask(ask) => self.ask(ask),
            // What is due is done after every input.
            Input::Tick => {}
        }
    }

    /// Does everything for which the time has come.
    pub(crate) fn due(&mut self) {
        for (peer, addrs) in self.ctx.book.due(self.ctx.now.mono, self.ctx.dice) {
            self.ctx.out.push(Output::Dial { peer, addrs });
        }
        for state in self.peers.values_mut() {
            state.tick(&mut self.ctx);
        }
    }

    fn dial_failed(&mut self, peer: Option<&Peer>, addrs: &[Addr], error: &str) {
        let now = self.ctx.now.mono;
        let (book, dice) = (&mut *self.ctx.book, &mut *self.ctx.dice);
        let joins = book.failed(now, peer, addrs, error, dice);
        for cid in joins {
            // Another member may have opened the door already.
            if self.ctx.joins.contains(&cid) && self.ctx.joins.at(&cid).is_none() {
                let place = if self.ctx.joins.is_recovery(&cid) {
                    "at the addresses known"
                } else {
                    "at the address in the link"
                };
                let why = format!(
                    "nobody could be reached {place} ({error}); ask whether a member's node is running and reachable"
                );
                self.ctx.joining(cid, joins::failed(&why, true));
            }
        }
    }

    fn stored(&mut self, cid: &CollectiveId, records: &[(RecordId, Option<Peer>)]) {
        let ids: Vec<RecordId> = records.iter().map(|(id, _)| *id).collect();
        for state in self.peers.values_mut().filter(|state| state.is_proven()) {
            state.note_stored(cid, &ids);
            let new: Vec<RecordId> = records
                .iter()
                .filter(|(_, from)| from.as_ref() != Some(&state.id))
                .map(|(id, _)| *id)
                .collect();
            state.flood(cid, &new, &mut self.ctx);
        }
    }

    fn ask(&mut self, ask: Ask) {
        let now = self.ctx.now.mono;
        match ask {
            Ask::Reach { peer, addrs } => {
                let connected = peer.as_ref().is_some_and(|peer| self.is_connected(peer));
                self.ctx.book.reach(now, peer, addrs, None, connected);
            }
            Ask::Join {
                cid,
                door,
                invite_seed,
                record,
                addrs,
            } => {
                let door = DoorSecret::from_bytes(door);
                let key = AskKey::Invite(SigningKey::from_bytes(&invite_seed));
                if self.knock(cid, door, key, addrs)
                    && let Some(record) = record
                {
                    self.ctx.joins.sent(&cid, &record);
                }
            }
            Ask::Recover { cid, root, addrs } => {
                let seat = SeatKey::from_bytes(root.verifying_key().to_bytes());
                let door = DoorSecret::recovery(&cid, &seat);
                self.knock(cid, door, AskKey::Root(*root), addrs);
            }
            Ask::SubmitJoin {
                cid,
                before,
                record,
            } => {
                self.ctx.joins.sent(&cid, &record);
                let at = self.ctx.joins.at(&cid).cloned();
                let sent = at.is_some_and(|(peer, stream)| {
                    self.peers
                        .get_mut(&peer)
                        .is_some_and(|state| state.submit(stream, before, record, &mut self.ctx))
                });
                if !sent && self.ctx.joins.contains(&cid) {
                    let why = "the member went away before the join was sent; trying again";
                    self.ctx.joining(cid, joins::failed(why, true));
                }
            }
            Ask::CancelJoin { cid } => self.cancel(&cid),
            Ask::SyncNow { cid } => {
                for state in self.peers.values_mut() {
                    state.sync_now(cid.as_ref(), &mut self.ctx);
                }
            }
            Ask::Leave { cid } => {
                self.cancel(&cid);
                for state in self.peers.values_mut() {
                    state.drop_share(&cid, &mut self.ctx);
                }
            }
        }
    }

    /// Begins to ask at a door; `false` where too many are asked at already.
    fn knock(
        &mut self,
        cid: CollectiveId,
        door: DoorSecret,
        key: AskKey,
        addrs: Vec<Addr>,
    ) -> bool {
        if !self.ctx.joins.add(cid, door, key) {
            let why = "too many joins at once; finish or cancel one first";
            self.ctx.joining(cid, joins::failed(why, false));
            return false;
        }
        for addr in addrs {
            // Each address may be another member's.
            let now = self.ctx.now.mono;
            let named = named_peer(&addr).filter(|peer| self.is_connected(peer));
            let connected = named.is_some();
            self.ctx
                .book
                .reach(now, named.clone(), vec![addr], Some(cid), connected);
            // Connected from their side perhaps: they are not dialled, and the question is theirs.
            if let Some(state) = named.and_then(|peer| self.peers.get_mut(&peer)) {
                state.named_by(cid);
                self.ctx.joining(cid, JoinStep::Reached);
            }
        }
        // Any member welcomes: those at hand are asked as well.
        for state in self.peers.values_mut() {
            state.ask_at_doors(cid, &self.ctx);
        }
        true
    }

    fn cancel(&mut self, cid: &CollectiveId) {
        self.ctx.book.join_over(cid);
        if let Some((peer, stream)) = self.ctx.joins.remove(cid)
            && let Some(state) = self.peers.get_mut(&peer)
        {
            state.close(stream, &mut self.ctx);
        }
    }

    fn is_connected(&self, peer: &Peer) -> bool {
        self.peers
            .get(peer)
            .is_some_and(|state| state.link.is_some())
    }

    /// Forgets an unconnected peer where there are too many; one with penalties goes last.
    fn make_room(&mut self) {
        if self.peers.len() < limits::PEERS {
            return;
        }
        let now = self.ctx.now.mono;
        let gone = self
            .peers
            .values()
            .filter(|state| state.link.is_none())
            .min_by_key(|state| !state.score.is_clean(now))
            .map(|state| state.id.clone());
        if let Some(gone) = gone {
            self.peers.remove(&gone);
        }
    }
}

fn route<'p>(
    peers: &'p mut BTreeMap<Peer, PeerState>,
    routes: &BTreeMap<StreamId, Peer>,
    stream: StreamId,
) -> Option<&'p mut PeerState> {
    peers.get_mut(routes.get(&stream)?)
}
