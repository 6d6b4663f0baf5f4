//! A collective of a thousand: listing its members stays a matter of a moment.

use std::time::Instant;

use ed25519_dalek::SigningKey;
use folkmoot_record::{
    DeviceKey, Draft, GrantId, Hlc, KemKey, Kind, Place, SeatKey, Verified,
    control::{Actions, Control, Invite, Join, Limits},
};
use folkmoot_seal::InviteSeed;
use folkmoot_store::Entry;
use folkmoot_tests::{home::Home, vault::vault};

use crate::{cid, ends, traitor::Keys};

#[test]
fn a_thousand_members_are_listed_at_once() {
    const MANY: u64 = 1_000;
    let mut ana = Home::new("ana");
    ana.ok(&["collective", "new", "commons"]);
    let commons = cid(&ana, "commons");
    let keys = Keys::of(ana.folder(), &commons);
    let (cap, _, hlc) = ends(&keys);
    let own = |r: &&Verified| r.header().seat == keys.seat;
    let last = keys
        .control
        .iter()
        .filter(own)
        .max_by_key(|r| r.header().seq)
        .unwrap();
    let seed = InviteSeed::from_bytes([9; 20]);
    let hlc = Hlc::next(hlc.ms() + 1, [hlc]);
    let made = Draft {
        cid: Some(keys.cid),
        seat: keys.seat,
        place: Place {
            seq: last.header().seq + 1,
            prev: Some(last.id()),
        },
        hlc,
        kind: Kind::INVITE,
        cap: Some(cap),
        auth: vec![last.id()],
        refs: Vec::new(),
        tags: Vec::new(),
        body: Control::Invite(Invite {
            key: seed.public(),
            limits: Limits {
                role: 2,
                rank: 20,
                mask: Actions::ALL,
                kinds: None,
                tags: None,
                nbf: None,
                exp: None,
                depth_left: 3,
            },
            max_uses: MANY,
            label: Some("festival".to_owned()),
            open_from: None,
            open_until: None,
        })
        .encode(),
    }
    .sign(&keys.device)
    .unwrap();
    let gid = GrantId::from(made.id());
    let mut entries = vec![Entry::Record(made.clone(), hlc.ms())];
    for n in 0..MANY {
        let mut bytes = [1; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        let root = SigningKey::from_bytes(&bytes);
        bytes[31] = 2;
        let device = SigningKey::from_bytes(&bytes);
        let seat = SeatKey::from_bytes(root.verifying_key().to_bytes());
        let dev = DeviceKey::from_bytes(device.verifying_key().to_bytes());
        let kem = KemKey::from_bytes(device.verifying_key().to_bytes());
        let body = Control::Join(Join {
            seat,
            dev,
            kem,
            redeem_sig: seed.redeem(&keys.cid, &gid, &seat, &dev, &kem),
            seat_sig: Join::sign_seat(&root, keys.cid, dev, kem),
            old_dev: None,
        });
        let record = Draft {
            cid: Some(keys.cid),
            seat,
            place: Place { seq: 0, prev: None },
            hlc: Hlc::next(hlc.ms() + 1 + n, [hlc]),
            kind: Kind::JOIN,
            cap: Some(gid),
            auth: vec![made.id()],
            refs: Vec::new(),
            tags: Vec::new(),
            body: body.encode(),
        }
        .sign(&device)
        .unwrap();
        entries.push(Entry::Record(record, hlc.ms() + 1));
    }
    let mut vault = vault(ana.folder());
    for group in entries.chunks(100) {
        vault.commit(group).unwrap();
    }
    vault.close().unwrap();

    ana.up();
    let begun = Instant::now();
    let members = ana.all(&["members", "commons"]);
    let listed = begun.elapsed();
    assert_eq!(members.len() as u64, MANY + 1);
    let begun = Instant::now();
    let drawn = ana.run(&["members", "commons"]);
    eprintln!(
        "{} members: {listed:?} as JSON, {:?} drawn",
        members.len(),
        begun.elapsed()
    );
    assert_eq!(drawn.out.lines().count() as u64, MANY + 1);
    assert_eq!(
        drawn
            .out
            .lines()
            .filter(|line| line.contains("festival"))
            .count() as u64,
        MANY
    );
    assert!(drawn.err.contains("1001 members"), "{}", drawn.err);
}
