//! The listeners that have yet to name their addresses.
//!
//! A listener on "any address" names those of the machine one by one, each in an event of its own.
//! Who told of the first ones only would show a node without its QUIC address.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use libp2p::{Multiaddr, core::transport::ListenerId, multiaddr::Protocol};
use tokio::time::Instant;

use crate::limits::{LISTEN_SETTLE, LISTEN_TIMEOUT};

/// One listener that was asked for.
#[derive(Debug)]
struct Listener {
    id: ListenerId,
    asked: Multiaddr,
    /// The addresses of the machine that it has named.
    named: BTreeSet<IpAddr>,
    /// How many addresses it has named, those without an IP included.
    count: usize,
}

impl Listener {
    /// Whether it listens on all addresses of IPv6 (`true`) or IPv4 (`false`).
    fn anywhere(&self) -> Option<bool> {
        ip(&self.asked)
            .filter(IpAddr::is_unspecified)
            .map(|ip| ip.is_ipv6())
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Awaited {
    listeners: Vec<Listener>,
    /// The longest that is waited.
    until: Instant,
    /// The last address came then.
    last: Instant,
}

impl Awaited {
    pub(crate) fn new(asked: Vec<(ListenerId, Multiaddr)>) -> Self {
        let now = Instant::now();
        let listeners = asked.into_iter().map(|(id, asked)| Listener {
            id,
            asked,
            named: BTreeSet::new(),
            count: 0,
        });
        Self {
            listeners: listeners.collect(),
            until: now + LISTEN_TIMEOUT,
            last: now,
        }
    }

    /// A listener named an address.
    pub(crate) fn named(&mut self, id: ListenerId, addr: &Multiaddr) {
        if let Some(listener) = self.listeners.iter_mut().find(|one| one.id == id) {
            listener.count += 1;
            listener.named.extend(ip(addr));
            self.last = Instant::now();
        }
    }

    /// A listener will name nothing more; its end is reported otherwise.
    pub(crate) fn closed(&mut self, id: ListenerId) {
        self.listeners.retain(|one| one.id != id);
    }

    /// When all is said, or nothing more is waited for.
    pub(crate) fn due(&self) -> Instant {
        let more_may_come = self.listeners.iter().any(|one| one.anywhere().is_some());
        let settle = if more_may_come {
            LISTEN_SETTLE
        } else {
            Duration::ZERO
        };
        if self.missing().is_empty() {
            self.until.min(self.last + settle)
        } else {
            self.until
        }
    }

    /// A sentence for every listener that has not named what it was to name: nothing at all, or,
    /// on "any address", not all that others of its kind have named.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for listener in &self.listeners {
            let asked = &listener.asked;
            let Some(v6) = listener.anywhere() else {
                if listener.count == 0 {
                    missing.push(format!("not listening on {asked} yet: it named no address"));
                }
                continue;
            };
            let of_kind = || self.listeners.iter().filter(|o| o.anywhere() == Some(v6));
            // A machine may have no address of IPv6 at all: then nobody names one.
            let silent = listener.named.is_empty() && (!v6 || of_kind().any(|o| o.count > 0));
            if silent {
                missing.push(format!("not listening on {asked} yet: it named no address"));
                continue;
            }
            let all: BTreeSet<IpAddr> = of_kind().flat_map(|o| o.named.clone()).collect();
            for ip in all.difference(&listener.named) {
                missing.push(format!("not listening on {ip} by {asked} yet"));
            }
        }
        missing
    }
}

fn ip(addr: &Multiaddr) -> Option<IpAddr> {
    match addr.iter().next() {
        Some(Protocol::Ip4(ip)) => Some(IpAddr::V4(ip)),
        Some(Protocol::Ip6(ip)) => Some(IpAddr::V6(ip)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    fn awaited(asked: &[&str]) -> (Awaited, Vec<ListenerId>) {
        let asked: Vec<_> = asked
            .iter()
            .map(|text| (ListenerId::next(), addr(text)))
            .collect();
        let ids = asked.iter().map(|(id, _)| *id).collect();
        (Awaited::new(asked), ids)
    }

    #[tokio::test]
    async fn every_listener_names_every_address_before_all_is_said() {
        let (mut wait, ids) = awaited(&["/ip4/0.0.0.0/udp/0/quic-v1", "/ip4/0.0.0.0/tcp/0"]);
        assert_eq!(wait.missing().len(), 2);
        assert_eq!(wait.due(), wait.until);
        // QUIC on the loopback address alone: what was shown as "no QUIC address".
        wait.named(ids[0], &addr("/ip4/127.0.0.1/udp/9/quic-v1"));
        wait.named(ids[1], &addr("/ip4/127.0.0.1/tcp/9"));
        wait.named(ids[1], &addr("/ip4/192.0.2.2/tcp/9"));
        let missing = wait.missing();
        assert_eq!(missing.len(), 1);
        assert!(missing[0].contains("192.0.2.2") && missing[0].contains("quic"));
        assert_eq!(wait.due(), wait.until);
        wait.named(ids[0], &addr("/ip4/192.0.2.2/udp/9/quic-v1"));
        assert!(wait.missing().is_empty());
        // Another address may follow in the same breath.
        assert_eq!(wait.due(), wait.last + LISTEN_SETTLE);
    }

    #[tokio::test]
    async fn one_address_is_complete_when_it_is_named() {
        let (mut wait, ids) = awaited(&["/ip4/127.0.0.1/tcp/0", "/ip6/::/tcp/0"]);
        assert_eq!(wait.missing().len(), 1);
        wait.named(ids[0], &addr("/ip4/127.0.0.1/tcp/9"));
        // No IPv6 here: nobody names an address of it.
        assert!(wait.missing().is_empty());
        wait.closed(ids[1]);
        assert_eq!(wait.due(), wait.last);
        let (nothing, _) = awaited(&[]);
        assert!(nothing.due() <= Instant::now());
    }
}
