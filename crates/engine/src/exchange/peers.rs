//! Peers and their addresses: what is remembered, what people are shown.

use std::collections::BTreeMap;

use folkmoot_api::{ApiError, Difference, PeerCollective, PeerView, Reply};
use folkmoot_record::{
    CollectiveId,
    fc::{Decoder, Encoder, FcError},
};
use folkmoot_store::Entry;
use folkmoot_sync::{Addr, Ask, Input, Path, Peer};

use crate::{
    core::Core,
    errors::{failed, store_unread, usage},
    membership::invite::{moment, timestamp},
    person::secrets::Membership,
};

/// Local facts under which addresses of peers stand: `a/`, peer id.
const TABLE: &[u8] = b"a/";
/// Local fact: the addresses this node listened on last.
const LISTENING: &[u8] = b"listening";
/// Addresses remembered of one peer; the newest stay.
const MOST_ADDRESSES: usize = 4;
/// Addresses in an invite: section 7.5 allows eight, but each makes the key 80 letters longer, and
/// QUIC and TCP over IPv4 and IPv6 are four.
const MOST_IN_INVITE: usize = 4;
/// Addresses kept of the last listening.
const MOST_LISTENING: usize = 16;
/// Most bytes of one address.
const MOST_ADDRESS: usize = 512;

impl Core {
    /// Remembers where a member was dialled; a restart dials there again.
    pub(crate) fn remember_address(&mut self, peer: &Peer, addr: &Addr) {
        let key = [TABLE, &peer.0].concat();
        // What could not be read is not written over: other addresses of this peer may stand there.
        let mut addrs = match self.store.local(&key) {
            Ok(value) => value.map(|value| readable(&value)).unwrap_or_default(),
            Err(error) => {
                self.warn(format!("addresses of peers cannot be read: {error}"));
                return;
            }
        };
        if addrs.first() == Some(addr) {
            return;
        }
        addrs.retain(|known| known != addr);
        addrs.insert(0, addr.clone());
        addrs.truncate(MOST_ADDRESSES);
        self.keep(key, encode(&addrs));
    }

    /// Where members were reached before. Where that cannot be read, nobody is dialled, and the
    /// person is told: a node that seems to know nobody would be a riddle.
    pub(crate) fn known_addresses(&mut self) -> Vec<(Option<Peer>, Vec<Addr>)> {
        let facts = match self.store.scan_local(TABLE) {
            Ok(facts) => facts,
            Err(error) => {
                self.warn(format!(
                    "addresses of peers cannot be read, so nobody is dialled: {error}; restart, or `moot peers add`"
                ));
                return Vec::new();
            }
        };
        facts
            .into_iter()
            .map(|(key, value)| {
                let peer = Peer(key[TABLE.len()..].to_vec());
                (Some(peer), readable(&value))
            })
            .filter(|(_, addrs)| !addrs.is_empty())
            .collect()
    }

    pub(crate) fn remember_listening(&mut self, addrs: &[Addr]) {
        let value = encode(addrs);
        match self.store.local(LISTENING) {
            Ok(kept) if kept.as_ref() == Some(&value) => {}
            // It is only ever written over as a whole.
            Ok(_) => self.keep(LISTENING.to_vec(), value),
            Err(error) => self.warn(format!("own addresses cannot be read: {error}")),
        }
    }

    /// Addresses for an invite: where this node listens, or listened last.
    ///
    /// # Errors
    /// Where they cannot be read: an invite without addresses would lead nowhere.
    pub(crate) fn own_addresses(&self) -> Result<Vec<Addr>, ApiError> {
        let mut addrs = match &self.network {
            Some(network) => network.listening.clone(),
            None => self
                .store
                .local(LISTENING)
                .map_err(store_unread)?
                .map(|value| readable(&value))
                .unwrap_or_default(),
        };
        // Whoever is on this machine reaches it by its other addresses too.
        if addrs.iter().any(|addr| !is_loopback(addr)) {
            addrs.retain(|addr| !is_loopback(addr));
        }
        addrs.truncate(MOST_IN_INVITE);
        Ok(addrs)
    }

    fn keep(&mut self, key: Vec<u8>, value: Vec<u8>) {
        let entry = Entry::Local {
            key,
            value: Some(value),
        };
        if let Err(error) = self.store.commit(&[entry]) {
            self.warn(format!("an address could not be remembered: {error}"));
        }
    }

    pub(crate) fn parse_address(&self, text: &str) -> Result<(Option<Peer>, Addr), ApiError> {
        let network = self
            .network
            .as_ref()
            .ok_or_else(|| failed("addresses need a running node".to_owned()))?;
        (network.text.parse)(text).map_err(|_| {
            usage(format!("{text} is no address of a node"))
                .hint("an address looks like /ip4/192.0.2.7/tcp/7473 or /dns/example.org/udp/7473/quic-v1")
        })
    }

    pub(crate) fn add_peer(&mut self, text: &str) -> Result<Reply, ApiError> {
        self.needs_network()?;
        let (peer, addr) = self.parse_address(text)?;
        if let Some(peer) = &peer {
            self.remember_address(peer, &addr);
        }
        self.feed(Input::Ask(Ask::Reach {
            peer,
            addrs: vec![addr],
        }));
        Ok(Reply::Done(format!(
            "dialling {text}; `moot peers` shows how it goes"
        )))
    }

    pub(crate) fn print_address(&self, addr: &Addr) -> String {
        match &self.network {
            Some(network) => (network.text.print)(addr),
            None => data_encoding::HEXLOWER.encode(&addr.0),
        }
    }

    pub(crate) fn print_peer(&self, peer: &Peer) -> String {
        match &self.network {
            Some(network) => (network.text.print_peer)(peer),
            None => data_encoding::HEXLOWER.encode(&peer.0),
        }
    }

    /// Devices of members of a collective that are connected and proven now. One that is not known
    /// here yet is none.
    pub(crate) fn connected_members(&self, cid: &CollectiveId) -> u64 {
        let peers = self
            .machine
            .as_ref()
            .map(folkmoot_sync::Machine::peers)
            .unwrap_or_default();
        let count = peers
            .iter()
            .filter(|peer| {
                let of = |shared: &folkmoot_sync::SharedView| shared.served && shared.cid == *cid;
                peer.connected && peer.shared.iter().any(of)
            })
            .count();
        count as u64
    }

    pub(crate) fn peer_views(&self) -> Vec<PeerView> {
        let Some(machine) = &self.machine else {
            return Vec::new();
        };
        let (wall, mono) = (self.clock.wall(), self.clock.mono());
        machine
            .peers()
            .into_iter()
            .map(|peer| PeerView {
                peer_id: peer
                    .peer
                    .as_ref()
                    .map(|peer| self.print_peer(peer))
                    .unwrap_or_default(),
                connected: peer.connected,
                path: peer.path.map(path_word).unwrap_or_default().to_owned(),
                addresses: peer
                    .addrs
                    .iter()
                    .map(|addr| self.print_address(addr))
                    .collect(),
                collectives: peer
                    .shared
                    .iter()
                    .filter_map(|shared| self.shared_view(shared))
                    .collect(),
                last_error: peer.last_error,
                next_dial: peer
                    .next_dial
                    .filter(|_| !peer.connected)
                    .map(|at| moment(wall + at.saturating_sub(mono))),
            })
            .collect()
    }

    fn shared_view(&self, shared: &folkmoot_sync::SharedView) -> Option<PeerCollective> {
        let collective = self
            .collectives
            .get(&shared.cid)
            .filter(|collective| collective.secrets.membership != Membership::Joining)?;
        Some(PeerCollective {
            collective: collective.name(),
            collective_id: shared.cid.to_string(),
            member: collective.member_name(&shared.seat),
            seat: shared.seat.to_string(),
            known: shared.served,
            equal: shared.synced_at.map(|_| shared.equal),
            last_equal: shared.equal_at.and_then(timestamp),
            missing: self.missing(collective),
        })
    }

    /// What this node still waits for in a collective, by reason.
    fn missing(&self, collective: &crate::membership::collective::Collective) -> Vec<Difference> {
        /// Enough to see what it is about; the rest is a number.
        const NAMED: usize = 5;
        let wanted = collective.accord.missing();
        let mut missing: Vec<Difference> = wanted
            .iter()
            .take(NAMED)
            .map(|id| Difference {
                id: Some(id.to_string()),
                why: "a record that others rest on has not arrived".to_owned(),
            })
            .collect();
        let mut by_mark: BTreeMap<u8, u64> = BTreeMap::new();
        for mark in collective.marked.values() {
            *by_mark.entry(*mark).or_default() += 1;
        }
        missing.extend(by_mark.into_iter().map(|(mark, count)| Difference {
            id: None,
            why: format!(
                "{count} held but not shown: {}",
                crate::intake::receive::mark::word(mark)
            ),
        }));
        if !collective.orphans.is_empty() {
            missing.push(Difference {
                id: None,
                why: format!("{} wait for control records", collective.orphans.len()),
            });
        }
        missing
    }
}

fn path_word(path: Path) -> &'static str {
    match path {
        Path::Loopback => "loopback",
        Path::Lan => "lan",
        Path::Direct => "direct",
        Path::Relayed => "relayed",
    }
}

/// Whether an address is of this machine alone: the codes of `ip4` and `ip6` in binary multiaddrs,
/// then 127.0.0.0/8 or ::1.
fn is_loopback(addr: &Addr) -> bool {
    const IP4: [u8; 2] = [0x04, 127];
    const IP6: [u8; 17] = [0x29, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    addr.0.starts_with(&IP4) || addr.0.starts_with(&IP6)
}

pub(crate) fn encode(addrs: &[Addr]) -> Vec<u8> {
    let mut out = Encoder::new();
    let fitting: Vec<&Addr> = addrs
        .iter()
        .filter(|addr| addr.0.len() <= MOST_ADDRESS)
        .take(MOST_LISTENING)
        .collect();
    out.array(fitting.len());
    for addr in fitting {
        out.bytes(&addr.0);
    }
    out.finish()
}

/// Addresses of the store. Bytes that are none are logged and count as none: they are this node's
/// own, and whoever reaches a peer again writes them anew.
pub(crate) fn readable(value: &[u8]) -> Vec<Addr> {
    decode(value).unwrap_or_else(|error| {
        tracing::warn!(%error, "remembered addresses are not readable");
        Vec::new()
    })
}

fn decode(bytes: &[u8]) -> Result<Vec<Addr>, FcError> {
    let mut d = Decoder::new(bytes)?;
    let addrs = d.list(0..=MOST_LISTENING as u64, |d| Ok(Addr(d.bytes()?.to_vec())))?;
    d.end()?;
    Ok(addrs)
}

impl Core {
    /// The set of addresses listened on changed.
    pub(crate) fn relocate(&mut self, addresses: Vec<Addr>) {
        self.remember_listening(&addresses);
        if let Some(network) = &mut self.network {
            network.listening = addresses;
        }
    }
}
