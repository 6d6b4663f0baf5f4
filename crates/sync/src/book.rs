//! Addresses worth dialling, with pauses that grow while nobody answers.

use std::collections::BTreeSet;

use folkmoot_record::CollectiveId;

use crate::{Addr, Peer, dice::Dice, limits};

/// One peer to reach, known or not, and its addresses.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) peer: Option<Peer>,
    pub(crate) addrs: Vec<Addr>,
    attempts: u32,
    /// When it is dialled next.
    next: u64,
    /// Dialled, and counted as failed at this time.
    pending: Option<u64>,
    connected: bool,
    /// A dial ended, well or not, since these addresses became known.
    tried: bool,
    pub(crate) last_error: Option<String>,
    /// The collectives whose invite links or recovery cards named these addresses.
    pub(crate) joins: BTreeSet<CollectiveId>,
}

impl Contact {
    /// When it is dialled next, while it is not connected.
    pub(crate) fn next_dial(&self) -> Option<u64> {
        (!self.connected && self.pending.is_none()).then_some(self.next)
    }

    /// Whether a dial ended, or the peer is connected.
    pub(crate) fn was_tried(&self) -> bool {
        self.tried || self.connected
    }

    fn fail(&mut self, now: u64, error: String, dice: &mut Dice) {
        self.pending = None;
        self.tried = true;
        self.last_error = Some(error);
        self.next = now + pause(self.attempts, dice);
        self.attempts = self.attempts.saturating_add(1);
    }

    fn is_at(&self, addr: &Addr) -> bool {
        // The driver may add or leave out the peer id at the end of an address.
        self.addrs
            .iter()
            .any(|own| own.0.starts_with(&addr.0) || addr.0.starts_with(&own.0))
    }
}

/// The pause after the failure number `attempts`, counted from zero.
pub(crate) fn pause(attempts: u32, dice: &mut Dice) -> u64 {
    let (first, last) = limits::BACKOFF_MS;
    dice.around(first.saturating_mul(1 << attempts.min(20)).min(last))
}

/// The peer id at the end of an address: component 421, `/p2p/...`.
pub(crate) fn named_peer(addr: &Addr) -> Option<Peer> {
    const P2P: [u8; 2] = [0xa5, 0x03];
    (0..addr.0.len()).find_map(|at| {
        let rest = addr.0.get(at..)?.strip_prefix(&P2P)?;
        let (len, id) = rest.split_first()?;
        // Lengths above 127 take two bytes; no peer id is that long.
        (*len < 0x80 && usize::from(*len) == id.len()).then(|| Peer(id.to_vec()))
    })
}

/// All contacts.
#[derive(Debug, Default)]
pub(crate) struct Book {
    contacts: Vec<Contact>,
}

impl Book {
    pub(crate) fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// Adds addresses, or resets the pauses of known ones: somebody asked.
    pub(crate) fn reach(
        &mut self,
        now: u64,
        peer: Option<Peer>,
        mut addrs: Vec<Addr>,
        join: Option<CollectiveId>,
        connected: bool,
    ) {
        addrs.truncate(limits::ADDRS);
        let peer = peer.or_else(|| addrs.iter().find_map(named_peer));
        let known = self.contacts.iter_mut().find(|contact| {
            (peer.is_some() && contact.peer == peer)
                || ((peer.is_none() || contact.peer.is_none())
                    && addrs.iter().any(|addr| contact.addrs.contains(addr)))
        });
        if let Some(contact) = known {
            for addr in addrs {
                if !contact.addrs.contains(&addr) {
                    contact.addrs.insert(0, addr);
                    contact.tried = false;
                }
            }
            contact.addrs.truncate(limits::ADDRS);
            contact.peer = contact.peer.take().or(peer);
            contact.joins.extend(join);
            contact.connected |= connected;
            contact.attempts = 0;
            contact.next = now;
            return;
        }
        if addrs.is_empty() {
            return;
        }
        if self.contacts.len() >= limits::CONTACTS {
            // The one that failed most often makes room.
            let worst = (0..self.contacts.len())
                .filter(|place| !self.contacts[*place].connected)
                .max_by_key(|place| self.contacts[*place].attempts);
            match worst {
                Some(place) => drop(self.contacts.swap_remove(place)),
                None => return,
            }
        }
        self.contacts.push(Contact {
            peer,
            addrs,
            attempts: 0,
            next: now,
            pending: None,
            connected,
            tried: false,
            last_error: None,
            joins: join.into_iter().collect(),
        });
    }

    /// Contacts to dial now; they count as being dialled from here on.
    pub(crate) fn due(&mut self, now: u64, dice: &mut Dice) -> Vec<(Option<Peer>, Vec<Addr>)> {
        let mut dials = Vec::new();
        for contact in &mut self.contacts {
            if contact.pending.is_some_and(|until| until <= now) {
                contact.fail(now, "the dial came to no end".to_owned(), dice);
            }
        }
        let mut running = self.contacts.iter().filter(|c| c.pending.is_some()).count();
        for contact in &mut self.contacts {
            if running >= limits::DIALS {
                break;
            }
            if contact.next_dial().is_some_and(|next| next <= now) {
                contact.pending = Some(now + limits::DIAL_MS);
                running += 1;
                dials.push((contact.peer.clone(), contact.addrs.clone()));
            }
        }
        dials
    }

    /// When [`Book::due`] has something to do.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let full = self.contacts.iter().filter(|c| c.pending.is_some()).count() >= limits::DIALS;
        self.contacts
            .iter()
            .filter_map(|contact| {
                contact
                    .pending
                    .or_else(|| contact.next_dial().filter(|_| !full))
            })
            .min()
    }

    /// A connection is up. Hands back the collectives whose link named this address.
    pub(crate) fn connected(&mut self, peer: &Peer, addr: &Addr) -> Vec<CollectiveId> {
        let mut joins = Vec::new();
        for contact in &mut self.contacts {
            let same = contact.peer.as_ref() == Some(peer);
            if same || (contact.peer.is_none() && contact.is_at(addr)) {
                contact.peer = Some(peer.clone());
                contact.pending = None;
                contact.connected = true;
                contact.tried = true;
                contact.last_error = None;
                joins.extend(&contact.joins);
            }
        }
        joins
    }

    /// The peer shares a collective: the next loss is followed by a quick dial.
    pub(crate) fn useful(&mut self, peer: &Peer) {
        for contact in self.of(peer) {
            contact.attempts = 0;
        }
    }

    /// A connection is gone.
    pub(crate) fn disconnected(&mut self, now: u64, peer: &Peer, dice: &mut Dice) {
        for contact in self.of(peer) {
            contact.connected = false;
            contact.pending = None;
            contact.next = now + pause(contact.attempts, dice);
            contact.attempts = contact.attempts.saturating_add(1);
        }
    }

    /// A peer is of no use now: not dialled before the longest pause.
    pub(crate) fn useless(&mut self, now: u64, peer: &Peer, why: &str, dice: &mut Dice) {
        for contact in self.of(peer) {
            contact.attempts = 20;
            contact.next = now + pause(contact.attempts, dice);
            contact.last_error = Some(why.to_owned());
        }
    }

    /// A dial came to nothing. Hands back the collectives whose links named these addresses.
    pub(crate) fn failed(
        &mut self,
        now: u64,
        peer: Option<&Peer>,
        addrs: &[Addr],
        error: &str,
        dice: &mut Dice,
    ) -> Vec<CollectiveId> {
        let mut joins = Vec::new();
        for contact in &mut self.contacts {
            let same = peer.is_some() && contact.peer.as_ref() == peer;
            if contact.pending.is_some() && (same || addrs.iter().any(|addr| contact.is_at(addr))) {
                contact.fail(now, error.to_owned(), dice);
                joins.extend(&contact.joins);
            }
        }
        // While another address of the link may still answer, nothing has failed.
        joins.retain(|cid| {
            let mut of = self.contacts.iter().filter(|c| c.joins.contains(cid));
            of.all(|c| !c.connected && c.pending.is_none() && c.attempts > 0)
        });
        joins
    }

    /// A join is over: its addresses are kept only where a peer answered.
    pub(crate) fn join_over(&mut self, cid: &CollectiveId) {
        self.contacts.retain_mut(|contact| {
            let was = contact.joins.remove(cid);
            !was || contact.peer.is_some() || !contact.joins.is_empty()
        });
    }

    fn of<'a>(&'a mut self, peer: &'a Peer) -> impl Iterator<Item = &'a mut Contact> {
        self.contacts
            .iter_mut()
            .filter(move |contact| contact.peer.as_ref() == Some(peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(n: u8) -> Addr {
        Addr(vec![4, 127, 0, 0, n])
    }

    #[test]
    fn pauses_double_to_ten_minutes_and_asking_resets_them() {
        let mut dice = Dice::new(&[3; 32]);
        let mut book = Book::default();
        book.reach(0, None, vec![addr(1)], None, false);
        let (mut now, mut last) = (0, 0);
        for _ in 0..16 {
            assert_eq!(book.due(now, &mut dice).len(), 1);
            assert!(book.due(now, &mut dice).is_empty());
            book.failed(now, None, &[addr(1)], "nobody there", &mut dice);
            let next = book.deadline().unwrap();
            let pause = next - now;
            assert!(pause <= limits::BACKOFF_MS.1 * 5 / 4);
            assert!(pause * 2 > last, "{pause} after {last}");
            last = pause;
            now = next;
        }
        assert!(last >= limits::BACKOFF_MS.1 * 3 / 4);
        book.reach(now, None, vec![addr(1)], None, false);
        assert_eq!(book.deadline(), Some(now));
        assert_eq!(book.contacts().len(), 1);
    }

    #[test]
    fn addresses_of_one_peer_are_one_contact() {
        let named = |n: u8, id: u8| Addr([vec![4, 127, 0, 0, n, 0xa5, 3, 4], vec![id; 4]].concat());
        assert_eq!(named_peer(&named(1, 9)), Some(Peer(vec![9; 4])));
        assert_eq!(named_peer(&addr(1)), None);
        let mut book = Book::default();
        book.reach(0, None, vec![named(1, 9)], None, false);
        book.reach(0, None, vec![named(2, 9)], None, false);
        book.reach(0, None, vec![named(1, 8)], None, false);
        assert_eq!(book.contacts().len(), 2);
        assert_eq!(book.contacts()[0].addrs.len(), 2);
    }

    #[test]
    fn only_so_many_dials_run_at_once() {
        let mut dice = Dice::new(&[3; 32]);
        let mut book = Book::default();
        for n in 0..=limits::DIALS {
            book.reach(0, None, vec![addr(n as u8)], None, false);
        }
        assert_eq!(book.due(0, &mut dice).len(), limits::DIALS);
        assert!(book.due(0, &mut dice).is_empty());
        book.failed(0, None, &[addr(0)], "refused", &mut dice);
        assert_eq!(book.due(0, &mut dice).len(), 1);
        // The driver says nothing about the rest: they count as failed in the end.
        assert_eq!(book.due(limits::DIAL_MS, &mut dice).len(), 1);
    }

    #[test]
    fn a_full_book_forgets_the_worst() {
        let mut dice = Dice::new(&[3; 32]);
        let mut book = Book::default();
        for n in 0..=limits::CONTACTS {
            let addr = Addr(n.to_be_bytes().to_vec());
            book.reach(0, None, vec![addr.clone()], None, false);
            if n == 7 {
                book.due(0, &mut dice);
                book.failed(0, None, &[addr], "refused", &mut dice);
            }
        }
        assert_eq!(book.contacts().len(), limits::CONTACTS);
        assert!(book.contacts().iter().all(|c| c.last_error.is_none()));
    }
}
