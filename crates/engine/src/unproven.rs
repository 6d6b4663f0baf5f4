//! Control records that were stored before they could be judged, because they are parked.
//!
//! What lies in the store counts as valid at the next start, and a join's signature by its invite is
//! not checked again. So of these it is kept that nobody checked it. Those that wait for their turn
//! are given to nobody meanwhile: a node answers for what it brings.

use std::collections::BTreeSet;

use folkmoot_accord::Standing;
use folkmoot_record::{CollectiveId, RecordId};
use folkmoot_store::{Entry, StoreError, Vault};

use crate::{collective::Collective, misdeeds::Misdeed, receive::Taken};

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
        control::{Actions, Control, Invite, Join, Limits},
        signature,
    };
    use folkmoot_store::Options;
    use folkmoot_sync::{Delivered, Holdings, Scope};

    use super::*;
    use crate::{
        author::Signer,
        found::{default_charter, found},
        holdings::View,
        home::Home,
        keyring::Keyring,
    };

    const NOW: u64 = 1_800_000_000_000;
    const LATER: u64 = NOW + 1_000 * 60_000;

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

        fn take(&mut self, record: &Verified) -> Standing {
            let mut taken = Taken::default();
            let collective = self.collectives.get_mut(&self.cid).unwrap();
            let verdict = collective.take(&self.store, record.clone(), None, NOW, &mut taken);
            assert_eq!(verdict, Delivered::Stored);
            self.store.commit(&taken.entries).unwrap();
            self.standing(&record.id()).unwrap()
        }

        fn write(
            &self,
            (root, dev): (&SigningKey, &SigningKey),
            place: Place,
            (kind, cap): (Kind, GrantId),
            auth: &Verified,
            body: &Control,
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
                body: body.encode(),
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
            let first = Place { seq: 0, prev: None };
            let by = (Kind::JOIN, invite.id().into());
            self.write((&root, &dev), first, by, invite, &body)
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
        let dear = club.write(member, next(1, &join), merge, &join, &Control::Merge);
        assert!(club.take(&dear).is_honoured());
        let body = invite(&key(51), (2, 20), 3);
        let waits = club.write(member, next(2, &dear), (Kind::INVITE, cap), &dear, &body);
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
        assert!(club.is_given(&waits.id()));
    }
}
