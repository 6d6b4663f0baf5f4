//! Peers on the local network, found by mDNS where the person wants it (section 7.1).

use std::collections::BTreeMap;

use libp2p::{
    Multiaddr, PeerId,
    core::transport::ListenerId,
    swarm::{FromSwarm, NetworkBehaviour, NewListenAddr},
};

use crate::{
    NetError, behaviour,
    dial::to_found_peer,
    driver::Driver,
    limits::{MAX_DIAL_ADDRS, MAX_LAN_DIALS},
};

impl Driver {
    /// Turns mDNS on or off; what is connected stays so.
    pub(crate) fn set_lan(&mut self, on: bool) -> Result<(), NetError> {
        let own = *self.swarm.local_peer_id();
        let addrs: Vec<Multiaddr> = self.swarm.listeners().cloned().collect();
        let slot = &mut self.swarm.behaviour_mut().mdns;
        if on == slot.is_enabled() {
            return Ok(());
        }
        if !on {
            *slot = None.into();
            return Ok(());
        }
        let mut mdns = behaviour::mdns(own).map_err(|error| NetError::Lan(error.to_string()))?;
        // It announces the addresses it is told of, and was not there when they came up.
        for addr in &addrs {
            mdns.on_swarm_event(FromSwarm::NewListenAddr(NewListenAddr {
                listener_id: ListenerId::next(),
                addr,
            }));
        }
        *slot = Some(mdns).into();
        Ok(())
    }

    /// Peers on the local network are dialled without being asked for: the hello tells whether
    /// they share anything with us.
    pub(crate) fn found(&mut self, found: Vec<(PeerId, Multiaddr)>) {
        let mut peers = BTreeMap::<PeerId, Vec<Multiaddr>>::new();
        for (peer, addr) in found {
            peers.entry(peer).or_default().push(addr);
        }
        for (peer, mut addrs) in peers {
            addrs.truncate(MAX_DIAL_ADDRS);
            if self.lan_dials.len() < MAX_LAN_DIALS
                && !self.swarm.is_connected(&peer)
                && self.swarm.dial(to_found_peer(peer, addrs)).is_ok()
            {
                self.lan_dials.insert(peer);
            }
        }
    }
}
