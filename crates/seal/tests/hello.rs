//! Presence tags and hello proofs: mirrored, replayed and relayed ones fail.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use ed25519_dalek::SigningKey;
use folkmoot_record::{CollectiveId, InviteKey, SeatKey};
use folkmoot_seal::{
    DoorSecret, EpochSecret, InviteSeed, PairSecret, Proof, ProofError, Role, Transcript,
};
use proptest::prelude::*;

fn transcript(n: u8) -> Transcript {
    Transcript::new(&[n; 32], &[0xb0; 32], &[0xc0; 38], &[0xd0; 38]).unwrap()
}

fn cid() -> CollectiveId {
    CollectiveId::from_bytes([0x11; 32])
}

fn proofs(role: Role, transcript: &Transcript) -> [Proof; 3] {
    let key = SigningKey::from_bytes(&[2; 32]);
    let seat = SeatKey::from_bytes(SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes());
    [
        Proof::device(&key, seat, role, &cid(), transcript),
        Proof::door(
            &InviteSeed::from_bytes([7; 20]).signing_key(),
            role,
            &cid(),
            transcript,
        ),
        Proof::root(&SigningKey::from_bytes(&[1; 32]), role, &cid(), transcript),
    ]
}

#[test]
fn a_proof_holds_for_one_hello_one_role_and_one_collective() {
    let here = transcript(1);
    let elsewhere = CollectiveId::from_bytes([0x12; 32]);
    for role in [Role::Initiator, Role::Responder] {
        for proof in proofs(role, &here) {
            assert!(proof.verify(role, &cid(), &here));
            assert!(!proof.verify(role.other(), &cid(), &here), "mirrored");
            assert!(!proof.verify(role, &elsewhere, &here), "other collective");
            assert!(!proof.verify(role, &cid(), &transcript(2)), "replayed");
        }
    }
}

#[test]
fn the_three_kinds_of_proof_are_no_substitutes() {
    let here = transcript(1);
    // One key signs as a device, as an invite and as a root: three prefixes keep them apart.
    let key = SigningKey::from_bytes(&[2; 32]);
    let public = key.verifying_key().to_bytes();
    let Proof::Device { sig, .. } = Proof::device(
        &key,
        SeatKey::from_bytes(public),
        Role::Initiator,
        &cid(),
        &here,
    ) else {
        unreachable!()
    };
    let door = Proof::Door {
        invite: InviteKey::from_bytes(public),
        sig,
    };
    let root = Proof::Root {
        seat: SeatKey::from_bytes(public),
        sig,
    };
    assert!(!door.verify(Role::Initiator, &cid(), &here));
    assert!(!root.verify(Role::Initiator, &cid(), &here));
}

#[test]
fn every_meeting_secret_has_its_own_presence() {
    let here = transcript(1);
    let invite = InviteSeed::from_bytes([7; 20]).public();
    let seat = SeatKey::from_bytes(invite.to_bytes());
    let tags = [
        EpochSecret::from_bytes([9; 32]).presence(),
        DoorSecret::invite(&cid(), &invite).presence(),
        DoorSecret::invite(&CollectiveId::from_bytes([0x12; 32]), &invite).presence(),
        PairSecret::from_bytes([9; 16]).presence(),
    ]
    .map(|presence| presence.tag(Role::Initiator, &here));
    for (i, a) in tags.iter().enumerate() {
        for b in &tags[i + 1..] {
            assert_ne!(a, b);
        }
    }
    // By section 6.5 the two kinds of door share one context and differ by the key alone.
    assert_eq!(
        DoorSecret::invite(&cid(), &invite),
        DoorSecret::recovery(&cid(), &seat)
    );
}

#[test]
fn a_sealed_proof_opens_for_its_role_and_session_only() {
    let here = transcript(1);
    let presence = EpochSecret::from_bytes([9; 32]).presence();
    let session = presence.session(&here);
    let sealed = session.seal_proof(Role::Initiator, b"proof");
    assert_eq!(
        session.open_proof(Role::Initiator, &sealed).as_deref(),
        Some(b"proof".as_slice())
    );
    assert_eq!(session.open_proof(Role::Responder, &sealed), None);
    assert_eq!(
        presence
            .session(&transcript(2))
            .open_proof(Role::Initiator, &sealed),
        None
    );
    let stranger = EpochSecret::from_bytes([8; 32]).presence().session(&here);
    assert_eq!(stranger.open_proof(Role::Initiator, &sealed), None);
}

#[test]
fn a_peer_id_that_does_not_fit_is_refused() {
    assert!(Transcript::new(&[0; 32], &[0; 32], &[0; 255], &[]).is_some());
    assert!(Transcript::new(&[0; 32], &[0; 32], &[0; 256], &[]).is_none());
    // The lengths keep two splits of the same bytes apart.
    let one = Transcript::new(&[0; 32], &[0; 32], &[1, 2], &[3]);
    let two = Transcript::new(&[0; 32], &[0; 32], &[1], &[2, 3]);
    assert_ne!(one, two);
}

#[test]
fn salts_differ_by_session() {
    let presence = EpochSecret::from_bytes([9; 32]).presence();
    let one = presence.session(&transcript(1)).sync_salt();
    let two = presence.session(&transcript(2)).sync_salt();
    assert_ne!(one.salted(&[1; 32]), two.salted(&[1; 32]));
    assert_ne!(one.salted(&[1; 32]), one.salted(&[2; 32]));
}

proptest! {
    #[test]
    fn proofs_round_trip_and_a_changed_byte_fails(
        n in any::<u8>(), which in 0_usize..3, place in any::<prop::sample::Index>(), flip in 1_u8..=255,
    ) {
        let here = transcript(n);
        let proof = proofs(Role::Initiator, &here)[which].clone();
        let mut bytes = proof.encode();
        prop_assert_eq!(Proof::decode(&bytes), Ok(proof.clone()));
        prop_assert_eq!(Proof::decode(&bytes[..bytes.len() - 1]), Err(ProofError));
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        match Proof::decode(&bytes) {
            Err(ProofError) => {}
            // The seat a device speaks for is not signed: it is looked up with the device.
            Ok(Proof::Device { seat, dev, sig }) if (4..36).contains(&place) => {
                let Proof::Device { seat: old, dev: same_dev, sig: same_sig } = proof else { unreachable!() };
                prop_assert!(seat != old && dev == same_dev && sig == same_sig);
            }
            Ok(read) => prop_assert!(!read.verify(Role::Initiator, &cid(), &here)),
        }
    }
}
