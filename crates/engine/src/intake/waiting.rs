//! Control records that wait in the evaluation for others that are not held yet, in fair shares
//! (section 4.11).

use folkmoot_record::{DeviceKey, RecordId, Verified, control::Control};

use crate::{
    intake::shares::{Bounds, Shares},
    membership::collective::Collective,
};

/// Control records of one device that may wait at once: a burst of a whole charter's day.
const MOST_OF_ONE: usize = 1_024;
/// Most bytes of them, with what is remembered beside: the largest decision that may be, with every
/// ballot that it lists missing, is 11 MB, and has to find room.
const MOST_BYTES_OF_ONE: usize = 16 << 20;
/// Control records of one collective that may wait, whoever brought them: two devices may fill
/// their shares.
const MOST: usize = 2 * MOST_OF_ONE;
/// Most bytes of them.
const MOST_BYTES: usize = 2 * MOST_BYTES_OF_ONE;
/// What is remembered of one id that is waited for, in bytes: an entry of a map, a set of those who
/// wait for it, and an entry in the set of what the record lacks, each with its part of a node.
const WAITED_FOR: usize = 640;

/// The control records of one collective that wait.
#[derive(Debug)]
pub(crate) struct WaitingControl(Shares);

impl Default for WaitingControl {
    fn default() -> Self {
        Self(Shares::new(Bounds {
            of_one: MOST_OF_ONE,
            bytes_of_one: MOST_BYTES_OF_ONE,
            all: MOST,
            bytes: MOST_BYTES,
        }))
    }
}

impl WaitingControl {
    /// Who brought each, and when.
    pub(crate) fn brought(&self) -> impl Iterator<Item = (Option<DeviceKey>, u64)> {
        self.0.brought()
    }

    /// One waits no more; false where it did not.
    pub(crate) fn remove(&mut self, id: &RecordId) -> bool {
        self.0.remove(id)
    }
}

/// What a waiting record takes in memory: its bytes, about as much again for what was read out of
/// them, and what is remembered of each id that it names.
fn weight(record: &Verified) -> usize {
    let ballots = match record.control() {
        Some(Control::Decision(decision)) => decision.ballots.len(),
        _ => 0,
    };
    let named = record.header().auth.len() + usize::from(record.header().prev.is_some()) + ballots;
    2 * record.wire().len() + named * WAITED_FOR
}

impl Collective {
    /// Lets a control record wait that the evaluation has taken, and forgets what has to go for it;
    /// false where that is the record itself.
    pub(crate) fn let_wait(
        &mut self,
        record: &Verified,
        by: Option<DeviceKey>,
        now_ms: u64,
    ) -> bool {
        let (id, by) = (record.id(), self.share_of(by));
        let gone = self
            .waiting_control
            .0
            .insert(id, by, weight(record), now_ms);
        for other in &gone {
            self.accord.forget_orphan(other);
            self.void.waited(other);
        }
        !gone.contains(&id)
    }

    /// In whose share it is counted what a device brought: in its own if it is a live member's, else
    /// in the one of all strangers. Who holds an old epoch secret makes as many devices as they like.
    pub(crate) fn share_of(&self, by: Option<DeviceKey>) -> Option<DeviceKey> {
        let seats = &self.accord.state().seats;
        by.filter(|dev| {
            let seat = self.seat_of(dev).and_then(|seat| seats.get(&seat));
            seat.is_some_and(|member| member.live)
        })
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use folkmoot_record::{
        Draft, GrantId, Hlc, Kind, Place, SeatKey,
        control::{Actions, Cut, Proposal, Revoke, Target},
    };
    use folkmoot_store::{Options, Vault};
    use folkmoot_sync::Delivered;

    use super::*;
    use crate::{
        intake::receive::Taken,
        keeping::author::Signer,
        membership::found::{default_charter, found},
        person::{home::Home, keyring::Keyring},
    };

    const NOW: u64 = 1_800_000_000_000;

    struct Club {
        _folder: tempfile::TempDir,
        store: Vault,
        collective: Collective,
    }

    fn club() -> Club {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("home"));
        home.prepare().unwrap();
        let (keyring, _) = Keyring::open(&home, None).unwrap();
        let (mut collective, entries) =
            found(&keyring, "commons", default_charter(), false, NOW).unwrap();
        collective.first_sync = false;
        let path = folder.path().join("store");
        let (mut store, _) = Vault::open(&path, Options::default(), &mut |_| {}).unwrap();
        store.commit(&entries).unwrap();
        Club {
            _folder: folder,
            store,
            collective,
        }
    }

    impl Club {
        fn take(&mut self, record: &Verified, by: Option<DeviceKey>, at_ms: u64) -> Delivered {
            let mut taken = Taken {
                by,
                ..Taken::default()
            };
            let verdict =
                self.collective
                    .take(&self.store, record.clone(), None, at_ms, &mut taken);
            self.store.commit(&taken.entries).unwrap();
            verdict
        }

        /// Wire bytes of what waits, and how many that are.
        fn waiting(&self) -> (usize, usize) {
            let accord = &self.collective.accord;
            let waiting = || accord.records().filter(|record| accord.waits(&record.id()));
            let bytes = waiting().map(|record| record.wire().len()).sum();
            (bytes, waiting().count())
        }

        /// A revocation by nobody, that rests on a record that nobody has.
        fn junk(&self, n: u32, ends: u32) -> Verified {
            let mut missing = [3; 32];
            missing[..4].copy_from_slice(&n.to_be_bytes());
            let body = Control::Revoke(Revoke {
                target: Target::Seat(SeatKey::from_bytes([5; 32])),
                subtree: false,
                back: false,
                cut: (0..ends)
                    .map(|seq| Cut {
                        dev: DeviceKey::from_bytes([6; 32]),
                        lane: 1,
                        seq,
                        id: RecordId::from_bytes([7; 32]),
                    })
                    .collect(),
                keep: Vec::new(),
                reason: None,
            });
            Draft {
                cid: Some(self.collective.cid()),
                seat: SeatKey::from_bytes([2; 32]),
                place: Place { seq: 0, prev: None },
                hlc: Hlc::next(NOW + u64::from(n), []),
                kind: Kind::REVOKE,
                cap: Some(GrantId::from_bytes([4; 32])),
                auth: vec![RecordId::from_bytes(missing)],
                refs: Vec::new(),
                tags: Vec::new(),
                body: body.encode(),
            }
            .sign(&SigningKey::from_bytes(&[9; 32]))
            .unwrap()
        }

        /// Two questions by the founder's device, the second on the first; neither was taken.
        fn honest(&self) -> (Verified, Verified) {
            let collective = &self.collective;
            let body = Control::Proposal(Proposal {
                class: 0,
                title: "Shall we meet?".to_owned(),
                effects: Vec::new(),
                closes_ms: NOW + 86_400_000,
                text: None,
            });
            let may = Some(Actions::PROPOSE);
            let first = collective
                .control_draft(NOW + 10, may, Signer::Device, Kind::PROPOSAL, &body)
                .unwrap();
            let header = first.header();
            let second = Draft {
                cid: header.cid,
                seat: header.seat,
                place: Place {
                    seq: header.seq + 1,
                    prev: Some(first.id()),
                },
                hlc: Hlc::next(NOW + 20, [header.hlc]),
                kind: Kind::PROPOSAL,
                cap: header.cap,
                auth: vec![first.id()],
                refs: Vec::new(),
                tags: Vec::new(),
                body: body.encode(),
            }
            .sign(&collective.secrets.device)
            .unwrap();
            (first, second)
        }
    }

    #[test]
    fn strangers_share_one_room_and_push_out_no_members_record() {
        let mut club = club();
        let own = club.collective.secrets.dev();
        let (cause, waits) = club.honest();
        assert_eq!(club.take(&waits, Some(own), NOW + 30), Delivered::Orphan);

        // As large as they may be, each five from another device that nobody certified.
        let ends = 6_900;
        for n in 0..60_u32 {
            let record = club.junk(n, ends);
            assert!(record.wire().len() > 500_000);
            let mut dev = [8; 32];
            dev[0] = u8::try_from(n / 5).unwrap();
            club.take(&record, Some(DeviceKey::from_bytes(dev)), NOW + 40);
        }
        let (bytes, _) = club.waiting();
        assert!(bytes <= MOST_BYTES_OF_ONE, "{bytes} bytes wait");

        // As many as they may be.
        for n in 0..3_000_u32 {
            let mut dev = [8; 32];
            dev[1..5].copy_from_slice(&(n / 5).to_be_bytes());
            let record = club.junk(1_000 + n, 0);
            club.take(&record, Some(DeviceKey::from_bytes(dev)), NOW + 50);
        }
        let (_, count) = club.waiting();
        assert_eq!(count, MOST_OF_ONE + 1);
        assert_eq!(club.collective.waiting_control.0.len(), count);

        // The member's is still there, and is let in when its cause comes.
        assert!(club.collective.accord.waits(&waits.id()));
        assert_eq!(club.take(&cause, Some(own), NOW + 60), Delivered::Stored);
        let standing = club.collective.accord.standing(&waits.id()).unwrap();
        assert!(standing.is_honoured(), "{standing:?}");
        assert!(club.store.contains(&waits.id()).unwrap());
        assert_eq!(club.collective.waiting_control.0.len(), MOST_OF_ONE);
        assert_eq!(club.collective.waiting_control.0.of(Some(own)), 0);
    }

    #[test]
    fn what_waits_is_not_compared_with_peers_and_leaves_nothing_behind() {
        let mut club = club();
        let before = club.collective.accord.reconciled().count();
        let (first, second) = (club.junk(1, 0), club.junk(2, 0));
        club.take(&first, None, NOW + 10);
        club.take(&second, None, NOW + 10);
        assert_eq!(club.collective.accord.reconciled().count(), before);
        assert_eq!(club.collective.accord.missing().len(), 2);
        assert!(club.collective.accord.forget_orphan(&first.id()));
        assert!(!club.collective.accord.forget_orphan(&first.id()));
        assert_eq!(club.collective.accord.missing().len(), 1);
        assert!(club.collective.accord.record(&first.id()).is_none());
        // It comes again.
        assert_eq!(club.take(&first, None, NOW + 20), Delivered::Orphan);
    }
}
