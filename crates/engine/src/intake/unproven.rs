//! Control records that were stored before they could be judged, because they are parked.
//!
//! What lies in the store counts as valid at the next start, and a join's signature by its invite is
//! not checked again. So of these it is kept that nobody checked it. Those that wait for their turn
//! are given to nobody meanwhile: a node answers for what it brings.

use std::collections::BTreeSet;

use folkmoot_accord::Standing;
use folkmoot_record::{CollectiveId, RecordId};
use folkmoot_store::{Entry, StoreError, Vault};

use crate::{
    intake::receive::Taken, membership::collective::Collective, powers::misdeeds::Misdeed,
};

/// Local facts under which they stand: `n/`, collective, id.
const TABLE: &[u8] = b"n/";

fn fact(cid: &CollectiveId, id: &RecordId, there: bool) -> Entry {
    Entry::Local {
        key: [TABLE, cid.as_ref(), id.as_ref()].concat(),
        value: there.then(|| vec![1]),
    }
}

/// Those of one collective.
pub(crate) fn load(store: &Vault, cid: &CollectiveId) -> Result<BTreeSet<RecordId>, StoreError> {
    let prefix = [TABLE, cid.as_ref()].concat();
    let facts = store.scan_local(&prefix)?;
    let ids = facts.into_iter().filter_map(|(key, _)| {
        let id = key[prefix.len()..].try_into().ok()?;
        Some(RecordId::from_bytes(id))
    });
    Ok(ids.collect())
}

impl Collective {
    /// A control record is about to be stored: notes if it was not judged.
    pub(crate) fn note_unproven(&mut self, id: RecordId, taken: &mut Taken) {
        if !self.accord.is_judged(&id) && self.unproven.insert(id) {
            taken.entries.push(fact(&self.cid(), &id, true));
        }
    }

    /// A record that was stored before it was judged may have been judged now. One that is void
    /// stays noted: as long as its bytes lie in the store, they are not to be believed.
    pub(crate) fn note_judged(
        &mut self,
        id: RecordId,
        standing: &Standing,
        now_ms: u64,
        taken: &mut Taken,
    ) {
        let void = matches!(standing, Standing::Void(_));
        if !void && self.accord.is_judged(&id) && self.unproven.remove(&id) {
            taken.entries.push(fact(&self.cid(), &id, false));
            // Now others may have it.
            taken.stored.push((id, None, None));
        }
        if *standing == Standing::Parked(folkmoot_accord::ParkReason::Cpu)
            && let Some(record) = self.accord.record(&id)
        {
            let seat = record.header().seat;
            self.note_misdeed(seat, Misdeed::Work, now_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ed25519_dalek::SigningKey;
    use folkmoot_accord::{Accord, ParkReason, Policy, Seen, Way};
    use folkmoot_record::{
        DeviceKey, Draft, GrantId, Hlc, InviteKey, KemKey, Kind, Place, SeatKey, Verified,
        content::Content,
        control::{Actions, Control, Invite, Join, Limits},
        signature,
    };
    use folkmoot_store::Options;
    use folkmoot_sync::{Delivered, Holdings, Scope};

    use super::*;
    use crate::{
        exchange::holdings::View,
        keeping::author::Signer,
        membership::found::{default_charter, found},
        person::{home::Home, keyring::Keyring},
    };

    const NOW: u64 = 1_800_000_000_000;
    const LATER: u64 = NOW + 1_000 * 60_000;
    const FIRST: Place = Place { seq: 0, prev: None };

    struct Club {
        _folder: tempfile::TempDir,
        store: Vault,
        collectives: BTreeMap<CollectiveId, Collective>,
        cid: CollectiveId,
    }

    fn key(n: u8) -> SigningKey {
        SigningKey::from_bytes(&[n; 32])
    }

    fn public(key: &SigningKey) -> [u8; 32] {
        key.verifying_key().to_bytes()
    }

    fn invite(door: &SigningKey, (role, rank): (u16, u8), depth_left: u8) -> Control {
        Control::Invite(Invite {
            key: InviteKey::from_bytes(public(door)),
            limits: Limits {
                role,
                rank,
                mask: Actions::ALL,
                kinds: None,
                tags: None,
                nbf: None,
                exp: None,
                depth_left,
            },
            max_uses: 1,
            label: None,
            open_from: None,
            open_until: None,
        })
    }

    /// Where nobody else may cost more than a step a minute.
    fn club() -> Club {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("home"));
        home.prepare().unwrap();
        let (keyring, _) = Keyring::open(&home, None).unwrap();
        let (mut collective, entries) =
            found(&keyring, "commons", default_charter(), false, NOW).unwrap();
        collective.first_sync = false;
        let cid = collective.cid();
        let policy = Policy {
            steps_a_minute: Some(1),
            ..Policy::NODE
        };
        let mut accord = Accord::with_policy(cid, policy);
        accord.spare(collective.secrets.seat);
        let stored = Seen {
            way: Way::Stored,
            ..Seen::now(NOW)
        };
        for record in collective.accord.records() {
            accord.insert(record.clone(), stored);
        }
        collective.accord = accord;
        let path = folder.path().join("store");
        let (mut store, _) = Vault::open(&path, Options::default(), &mut |_| {}).unwrap();
        store.commit(&entries).unwrap();
        Club {
            _folder: folder,
            store,
            collectives: [(cid, collective)].into(),
            cid,
        }
    }

    impl Club {
        fn collective(&mut self) -> &mut Collective {
            self.collectives.get_mut(&self.cid).unwrap()
        }

        fn standing(&mut self, id: &RecordId) -> Option<Standing> {
            self.collective().accord.standing(id)
        }

        fn deliver(&mut self, record: &Verified, now_ms: u64) -> Delivered {
            let mut taken = Taken::default();
            let collective = self.collectives.get_mut(&self.cid).unwrap();
            let verdict = collective.take(&self.store, record.clone(), None, now_ms, &mut taken);
            self.store.commit(&taken.entries).unwrap();
            verdict
        }

        fn take(&mut self, record: &Verified) -> Standing {
            assert_eq!(self.deliver(record, NOW), Delivered::Stored);
            self.standing(&record.id()).unwrap()
        }

        fn write(
            &self,
            (root, dev): (&SigningKey, &SigningKey),
            place: Place,
            (kind, cap): (Kind, GrantId),
            auth: &Verified,
            body: Vec<u8>,
        ) -> Verified {
            Draft {
                cid: Some(self.cid),
                seat: SeatKey::from_bytes(public(root)),
                place,
                hlc: Hlc::next(auth.header().hlc.ms() + 1, [auth.header().hlc]),
                kind,
                cap: Some(cap),
                auth: vec![auth.id()],
                refs: Vec::new(),
                tags: Vec::new(),
                body,
            }
            .sign(dev)
            .unwrap()
        }

        /// Somebody joins by an invite, or by what they made up.
        fn join(&self, n: u8, invite: &Verified, door: &SigningKey) -> Verified {
            let (root, dev) = (key(n), key(n + 1));
            let (seat, device) = (public(&root), public(&dev));
            let (kem, id) = ([9; 32], invite.id());
            let data: [&[u8]; 5] = [self.cid.as_ref(), id.as_bytes(), &seat, &device, &kem];
            let (device, kem) = (DeviceKey::from_bytes(device), KemKey::from_bytes(kem));
            let body = Control::Join(Join {
                seat: SeatKey::from_bytes(seat),
                dev: device,
                kem,
                redeem_sig: signature::sign(door, "folkmoot/1 redeem", &data),
                seat_sig: Join::sign_seat(&root, self.cid, device, kem),
                old_dev: None,
            });
            let by = (Kind::JOIN, invite.id().into());
            self.write((&root, &dev), FIRST, by, invite, body.encode())
        }

        /// Whether anybody is given a record, and told of it.
        fn is_given(&self, id: &RecordId) -> bool {
            let view = View {
                store: &self.store,
                collectives: &self.collectives,
                now_ms: NOW,
                helps: false,
            };
            let items = view.items(&self.cid, Scope::Control);
            let listed = items.iter().any(|stamp| stamp.id == id.to_bytes());
            assert_eq!(view.stamp(&self.cid, id).is_some(), listed);
            assert_eq!(view.record(&self.cid, id).is_some(), listed);
            listed
        }
    }

    /// A member who costs too much, and makes an invite; and somebody who has no key to it.
    fn story() -> (Club, Verified, Verified) {
        let mut club = club();
        let door = key(50);
        let founder = club.collective();
        let may = Some(Actions::INVITE);
        let first = founder
            .control_draft(
                NOW + 1,
                may,
                Signer::Device,
                Kind::INVITE,
                &invite(&door, (4, 60), 9),
            )
            .unwrap();
        assert!(club.take(&first).is_honoured());
        let join = club.join(60, &first, &door);
        assert!(club.take(&join).is_honoured());
        // The member does not know this one: what comes next is judged in a set that nobody has.
        let body = invite(&key(53), (2, 20), 3);
        let aside = club
            .collective()
            .control_draft(NOW + 10, may, Signer::Device, Kind::INVITE, &body)
            .unwrap();
        assert!(club.take(&aside).is_honoured());
        let (member, cap) = ((&key(60), &key(61)), join.id().into());
        let next = |seq, before: &Verified| Place {
            seq,
            prev: Some(before.id()),
        };
        let merge = (Kind::MERGE, cap);
        let dear = club.write(
            member,
            next(1, &join),
            merge,
            &join,
            Control::Merge.encode(),
        );
        assert!(club.take(&dear).is_honoured());
        let body = invite(&key(51), (2, 20), 3);
        let by = (Kind::INVITE, cap);
        let waits = club.write(member, next(2, &dear), by, &dear, body.encode());
        assert_eq!(club.take(&waits), Standing::Parked(ParkReason::Cpu));
        let forged = club.join(70, &waits, &key(52));
        assert_eq!(club.take(&forged), Standing::Parked(ParkReason::Past));
        (club, waits, forged)
    }

    #[test]
    fn what_was_not_judged_is_kept_and_given_to_nobody_until_it_is() {
        let (mut club, waits, forged) = story();
        for record in [&waits, &forged] {
            assert!(club.store.contains(&record.id()).unwrap());
            assert!(!club.is_given(&record.id()));
        }
        let seat = waits.header().seat;
        assert!(club.collective().accord.minutes_to_wait(&seat) > 0);
        let mut taken = Taken::default();
        let collective = club.collectives.get_mut(&club.cid).unwrap();
        collective.fall_due(&club.store, LATER, &mut taken);
        club.store.commit(&taken.entries).unwrap();
        assert!(club.standing(&waits.id()).unwrap().is_honoured());
        assert!(club.is_given(&waits.id()));
        let told: Vec<RecordId> = taken.stored.iter().map(|(id, ..)| *id).collect();
        assert_eq!(told, [waits.id()]);
        // Nobody who has no key to an invite comes in, whatever lies in the store.
        assert!(matches!(
            club.standing(&forged.id()),
            Some(Standing::Void(_))
        ));
        assert!(!club.is_given(&forged.id()));
        let left = load(&club.store, &club.cid).unwrap();
        assert_eq!(left, BTreeSet::from([forged.id()]));
    }

    #[test]
    fn what_was_not_judged_is_judged_after_a_restart() {
        let (mut club, waits, forged) = story();
        let collective = club.collectives.get_mut(&club.cid).unwrap();
        collective.load(&club.store, LATER, None).unwrap();
        assert!(club.standing(&waits.id()).unwrap().is_honoured());
        assert!(matches!(
            club.standing(&forged.id()),
            Some(Standing::Void(_))
        ));
        assert!(club.is_given(&waits.id()) && !club.is_given(&forged.id()));
    }

    #[test]
    fn content_waits_in_memory_for_what_waits_for_its_turn() {
        let (mut club, waits, forged) = story();
        let text = Content::new([0; 16]).encode();
        let cap = waits.header().cap.unwrap();
        let member = (&key(60), &key(61));
        let honest = club.write(member, FIRST, (Kind::NOTE, cap), &waits, text.clone());
        let (stranger, cap) = ((&key(70), &key(71)), forged.id().into());
        let void = club.write(stranger, FIRST, (Kind::NOTE, cap), &forged, text);
        for record in [&honest, &void] {
            assert_eq!(club.deliver(record, NOW), Delivered::Orphan);
            assert!(!club.store.contains(&record.id()).unwrap());
        }
        let mut taken = Taken::default();
        let collective = club.collectives.get_mut(&club.cid).unwrap();
        collective.release_orphans(&club.store, NOW, &mut taken);
        assert!(taken.stored.is_empty() && collective.orphans.len() == 2);
        collective.fall_due(&club.store, LATER, &mut taken);
        collective.release_orphans(&club.store, LATER, &mut taken);
        assert!(collective.orphans.is_empty());
        club.store.commit(&taken.entries).unwrap();
        assert!(club.store.contains(&honest.id()).unwrap());
        assert!(!club.store.contains(&void.id()).unwrap());
    }

    #[test]
    fn nobody_fills_the_store_in_the_name_of_others() {
        let (mut club, waits, _) = story();
        let cap = waits.header().cap.unwrap();
        let (stranger, body) = ((&key(60), &key(99)), Control::Merge.encode());
        let spent = club.write(stranger, FIRST, (Kind::MERGE, cap), &waits, body);
        let (nobody, unknown) = ((&key(80), &key(81)), (Kind(0x50), cap));
        let strange = club.write(nobody, FIRST, unknown, &waits, vec![0xa0]);
        for record in [&spent, &strange] {
            assert_eq!(club.deliver(record, NOW), Delivered::Delayed);
            assert!(!club.store.contains(&record.id()).unwrap());
        }
        let (member, next) = (
            (&key(60), &key(61)),
            Place {
                seq: 3,
                prev: Some(waits.id()),
            },
        );
        let strange = club.write(member, next, unknown, &waits, vec![0xa0]);
        assert_eq!(club.take(&strange), Standing::Parked(ParkReason::Kind));
    }

    #[test]
    fn a_member_answers_for_the_own_devices_alone() {
        let (mut club, waits, _) = story();
        let accord = &mut club.collective().accord;
        // Judged, and paid off.
        accord.tick(LATER);
        accord.tick(2 * LATER);
        let (cap, body) = (waits.header().cap.unwrap(), || Control::Merge.encode());
        let stranger = (&key(60), &key(99));
        let forged = club.write(stranger, FIRST, (Kind::MERGE, cap), &waits, body());
        assert_eq!(club.deliver(&forged, 2 * LATER), Delivered::Refused);
        let refused = |club: &mut Club| {
            let mut all = club.collective().misdeeds.all();
            all.find(|(_, what, _)| *what == Misdeed::Refused)
                .map_or(0, |(_, _, tally)| tally.count)
        };
        assert_eq!(refused(&mut club), 0);
        let (member, next) = (
            (&key(60), &key(61)),
            Place {
                seq: 3,
                prev: Some(waits.id()),
            },
        );
        let by = (Kind::MERGE, waits.id().into());
        let void = club.write(member, next, by, &waits, body());
        assert_eq!(club.deliver(&void, 2 * LATER), Delivered::Refused);
        assert_eq!(refused(&mut club), 1);
    }
}
