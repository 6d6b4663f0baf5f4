//! The fuzz targets over seeds and fixed mutations of them, so that they do not rot.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail by panicking"
)]

#[path = "targets/decoders.rs"]
mod decoders;
#[path = "../../record/tests/suite/hammer.rs"]
mod hammer;

use ed25519_dalek::SigningKey;
use folkmoot_record::{CollectiveId, DeviceKey, EpochId, GrantId, KemKey, SeatKey};
use folkmoot_seal::{
    Bundle, Card, CardLink, Cost, InviteLink, InviteSeed, KemSecret, Link, NodeKey, PairSecret,
    PairingLink, Proof, Recipient, Role, ShelfLink, Transcript,
    boxes::{BoxKey, SealedBox},
    vault,
};
use hammer::hammer;

fn links() -> Vec<Link> {
    let addresses = vec![vec![4, 127, 0, 0, 1], vec![0x35; 60]];
    vec![
        Link::Invite(InviteLink {
            cid: CollectiveId::from_bytes([1; 32]),
            invite: GrantId::from_bytes([2; 32]),
            seed: InviteSeed::from_bytes([3; 20]),
            made_ms: 1_800_000_000_000,
            addresses: addresses.clone(),
        }),
        Link::Pairing(PairingLink {
            dev: DeviceKey::from_bytes([1; 32]),
            kem: KemKey::from_bytes([2; 32]),
            secret: PairSecret::from_bytes([3; 16]),
            addresses: addresses.clone(),
        }),
        Link::Shelf(ShelfLink {
            shelf: [1; 32],
            addresses,
        }),
    ]
}

#[test]
fn bundle_target_holds() {
    let (cid, dev, kem) = decoders::device();
    let own = Recipient {
        dev,
        kem: kem.public(),
    };
    let others = (10..15).map(|number| Recipient {
        dev: DeviceKey::from_bytes([number; 32]),
        kem: KemSecret::from_bytes([number; 32]).public(),
    });
    let all: Vec<_> = others.chain([own]).collect();
    let seeds: Vec<_> = [0, 1, 5, 6]
        .map(|most| Bundle::seal(&decoders::epoch(), &cid, &all[6 - most..], &[9; 32]))
        .map(|sealing| sealing.unwrap().bundle.encode())
        .into();
    let bundle = Bundle::decode(&seeds[3]).unwrap();
    assert_eq!(bundle.open(&cid, &dev, &kem), Ok(decoders::epoch()));
    hammer(&seeds, decoders::bundle);
}

#[test]
fn proof_target_holds() {
    let key = SigningKey::from_bytes(&[1; 32]);
    let seat = SeatKey::from_bytes([2; 32]);
    let cid = CollectiveId::from_bytes([3; 32]);
    let transcript = Transcript::new(&[4; 32], &[5; 32], &[6; 38], &[7; 38]).unwrap();
    let seeds = [
        Proof::device(&key, seat, Role::Initiator, &cid, &transcript),
        Proof::door(&key, Role::Initiator, &cid, &transcript),
        Proof::root(&key, Role::Responder, &cid, &transcript),
    ];
    hammer(&seeds.map(|proof| proof.encode()), decoders::proof);
}

#[test]
fn box_target_holds() {
    let (control, data) = (
        decoders::epoch().control_key(),
        decoders::epoch().data_key(),
    );
    let id = EpochId::from_bytes([5; 32]);
    let seeds = [
        SealedBox::seal(BoxKey::Control(&control), id, &[7; 300]),
        SealedBox::seal(BoxKey::Data(&data), id, b"short"),
        SealedBox::seal(BoxKey::Data(&data), id, b""),
    ];
    hammer(&seeds.map(|sealed| sealed.encode()), decoders::sealed_box);
}

#[test]
fn link_target_holds() {
    let mut seeds = Vec::new();
    for link in links() {
        let text = link.to_text();
        let (_, inside) = text.rsplit_once(':').unwrap();
        let inside = data_encoding::BASE32_NOPAD_NOCASE
            .decode(inside.as_bytes())
            .unwrap();
        seeds.push(inside[..inside.len() - 4].to_vec());
        seeds.push(text.as_bytes().to_vec());
        seeds.push(text.replace('a', "A \u{200b}\n").into_bytes());
    }
    hammer(&seeds, decoders::link);
}

#[test]
fn vault_target_holds() {
    let cost = Cost {
        memory_kib: 32,
        passes: 1,
        lanes: 4,
    };
    let key = NodeKey::from_bytes([6; 32]);
    let file = vault::lock(b"open sesame", &key, cost, &[1; 16], &[2; 24]).unwrap();
    assert_eq!(vault::rewrite(&file), Ok(file.clone()));
    hammer(&[file], decoders::vault);
}

#[test]
fn card_target_holds() {
    let card = Card {
        master: folkmoot_seal::Master::from_bytes([5; 32]),
        collectives: (0..3)
            .map(|number| CardLink {
                home: number == 0,
                cid: CollectiveId::from_bytes([number; 32]),
                salt: (number < 2).then_some([number; 16]),
                addresses: vec![vec![4, 127, 0, 0, 1]; usize::from(number)],
            })
            .collect(),
    };
    let seeds = [
        card.to_text(&["made"], &["home"]).as_bytes().to_vec(),
        card.to_line().as_bytes().to_vec(),
        card.master.words().as_bytes().to_vec(),
    ];
    hammer(&seeds, decoders::card);
}
