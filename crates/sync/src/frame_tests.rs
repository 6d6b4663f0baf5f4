//! Every frame: decode of encode is identity, one more than a limit is refused, and any bytes
//! at all are taken without a panic.

use folkmoot_record::{RecordId, fc::Encoder};
use proptest::prelude::*;

use crate::{
    Absent, Held, Scope,
    frame::{Frame, Run},
    hello_frame::{HelloFrame, Refusal},
    limits, squeeze,
};

fn held() -> impl Strategy<Value = Held> {
    let absent = prop_oneof![
        Just(None),
        Just(Some(Absent::NotHeld)),
        Just(Some(Absent::Erased))
    ];
    (prop::collection::vec(any::<u8>(), 0..300), absent)
        .prop_map(|(wire, absent)| Held { wire, absent })
}

fn run() -> impl Strategy<Value = Run> {
    let most = (1u64 << 53) - 1;
    prop_oneof![
        Just(Run::whole(Scope::Control)),
        Just(Run::whole(Scope::Bundles)),
        (0..=most, 0..=most).prop_map(|(a, b)| Run {
            scope: Scope::Content,
            from: a.min(b),
            to: a.max(b),
        }),
    ]
}

fn ids() -> impl Strategy<Value = Vec<RecordId>> {
    prop::collection::vec(any::<[u8; 32]>().prop_map(RecordId::from_bytes), 0..=256)
}

fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![
        any::<u8>().prop_map(|index| Frame::PushOpen { index }),
        (any::<u8>(), run()).prop_map(|(index, run)| Frame::Open { index, run }),
        prop::collection::vec(any::<u8>(), 0..900).prop_map(Frame::Reconcile),
        prop::collection::vec(any::<[u8; 32]>(), 0..50).prop_map(Frame::Want),
        prop::collection::vec(held(), 0..20).prop_map(Frame::Items),
        Just(Frame::Done),
        ids().prop_map(Frame::WantRecords),
        ids().prop_map(Frame::Have),
    ]
}

fn hello() -> impl Strategy<Value = HelloFrame> {
    let sealed = prop::collection::vec(any::<u8>(), 0..=limits::PROOF);
    let bundles = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..4);
    let reasons = prop::sample::select(vec![
        Refusal::Closed,
        Refusal::UsedUp,
        Refusal::Expired,
        Refusal::NotYet,
        Refusal::BadJoin,
        Refusal::Later,
    ]);
    prop_oneof![
        any::<[u8; 32]>().prop_map(HelloFrame::Initiate),
        any::<[u8; 32]>().prop_map(HelloFrame::Respond),
        prop::collection::vec(any::<[u8; 16]>(), 0..=256).prop_map(HelloFrame::Tags),
        (any::<u8>(), sealed).prop_map(|(index, sealed)| HelloFrame::Proof { index, sealed }),
        any::<u8>().prop_map(|index| HelloFrame::YouFirst { index }),
        prop::collection::vec(held(), 0..9).prop_map(HelloFrame::Served),
        Just(HelloFrame::YourTurn),
        (ids(), bundles).prop_map(|(heads, bundles)| HelloFrame::Welcome { heads, bundles }),
        reasons.prop_map(HelloFrame::Refused),
    ]
}

proptest! {
    #[test]
    fn frames_come_back(frame in frame()) {
        let bytes = frame.encode();
        prop_assert_eq!(&Frame::decode(&bytes).unwrap(), &frame);
        prop_assert_eq!(&Frame::decode(&squeeze::squeeze(bytes)).unwrap(), &frame);
    }

    #[test]
    fn hello_frames_come_back(frame in hello()) {
        let bytes = frame.encode();
        prop_assert_eq!(&HelloFrame::decode(&bytes).unwrap(), &frame);
        prop_assert_eq!(&HelloFrame::decode(&squeeze::squeeze(bytes)).unwrap(), &frame);
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop((Frame::decode(&bytes), HelloFrame::decode(&bytes)));
    }

    #[test]
    fn a_changed_byte_is_refused_or_read_as_another_frame(
        frame in frame(), at in any::<prop::sample::Index>(), change in 1u8..=255
    ) {
        let mut bytes = frame.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(other) = Frame::decode(&bytes) {
            prop_assert_ne!(other, frame);
        }
        drop(HelloFrame::decode(&bytes));
    }

    #[test]
    fn a_torn_frame_is_refused(frame in frame(), at in any::<prop::sample::Index>()) {
        let bytes = frame.encode();
        let at = at.index(bytes.len());
        prop_assert!(Frame::decode(&bytes[..at]).is_err());
    }
}

fn list(number: u8, count: usize, item: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new();
    e.array(2).uint(number).array(count);
    (0..count).fold(&mut e, |e, _| e.bytes(item));
    e.finish()
}

#[test]
fn each_count_is_bounded_exactly() {
    for (number, most) in [(6, limits::RECORD_IDS), (7, limits::RECORD_IDS)] {
        let most = most as usize;
        assert!(Frame::decode(&list(number, most, &[1; 32])).is_ok());
        assert!(Frame::decode(&list(number, most + 1, &[1; 32])).is_err());
    }
    let most = limits::WANT_IDS as usize;
    assert!(Frame::decode(&list(3, most, &[1; 32])).is_ok());
    let more = squeeze::squeeze(list(3, most + 1, &[1; 32]));
    assert!(more.len() < limits::FRAME && Frame::decode(&more).is_err());
    assert!(HelloFrame::decode(&list(3, limits::TAGS, &[1; 16])).is_ok());
    assert!(HelloFrame::decode(&list(3, limits::TAGS + 1, &[1; 16])).is_err());
    let items = |count: usize| {
        let mut e = Encoder::new();
        e.array(2).uint(4u8).array(count);
        (0..count).fold(&mut e, |e, _| e.array(2).bytes([]).null());
        e.finish()
    };
    assert!(Frame::decode(&items(limits::ITEMS as usize)).is_ok());
    assert!(Frame::decode(&items(limits::ITEMS as usize + 1)).is_err());
    let welcome = |heads: usize| {
        let mut e = Encoder::new();
        e.array(3).uint(8u8).array(heads);
        (0..heads).fold(&mut e, |e, _| e.bytes([0; 32]));
        e.array(0);
        e.finish()
    };
    assert!(HelloFrame::decode(&welcome(limits::WELCOME as usize)).is_ok());
    assert!(HelloFrame::decode(&welcome(limits::WELCOME as usize + 1)).is_err());
}

#[test]
fn each_length_is_bounded_exactly() {
    let message = |len: usize| Frame::Reconcile(vec![0; len]).encode();
    assert!(Frame::decode(&message(limits::RECONCILE as usize)).is_ok());
    assert!(Frame::decode(&message(limits::RECONCILE as usize + 1)).is_err());
    let proof = |len: usize| {
        let sealed = vec![0; len];
        HelloFrame::Proof { index: 0, sealed }.encode()
    };
    assert!(HelloFrame::decode(&proof(limits::PROOF)).is_ok());
    assert!(HelloFrame::decode(&proof(limits::PROOF + 1)).is_err());
    let items = |len: usize| {
        let wire = vec![0; len];
        Frame::Items(vec![Held { wire, absent: None }]).encode()
    };
    let head = items(1 << 17).len() - (1 << 17);
    assert_eq!(items(limits::FRAME - head).len(), limits::FRAME);
    assert!(Frame::decode(&items(limits::FRAME - head)).is_ok());
    assert!(Frame::decode(&items(limits::FRAME - head + 1)).is_err());
    assert!(HelloFrame::decode(&items(limits::FRAME)).is_err());
}

#[test]
fn windows_are_as_the_protocol_says() {
    let most = (1u64 << 53) - 1;
    let open = |scope: u64, from: u64, to: u64| {
        let mut e = Encoder::new();
        e.array(5)
            .uint(1u8)
            .uint(3u8)
            .uint(scope)
            .uint(from)
            .uint(to);
        Frame::decode(&e.finish())
    };
    assert!(open(0, 0, most).is_ok() && open(1, 0, most).is_ok() && open(2, 5, 5).is_ok());
    assert!(open(0, 1, most).is_err() && open(1, 0, most - 1).is_err());
    assert!(open(2, 6, 5).is_err() && open(3, 0, most).is_err() && open(2, 0, most + 1).is_err());
}

#[test]
fn the_frames_have_these_bytes() {
    let hex = |frame: Frame| hex::encode(frame.encode());
    assert_eq!(hex(Frame::PushOpen { index: 7 }), "820007");
    let run = Run::whole(Scope::Control);
    assert_eq!(
        hex(Frame::Open { index: 7, run }),
        "8501070000".to_owned() + "1b001fffffffffffff"
    );
    assert_eq!(hex(Frame::Reconcile(vec![0x61])), "82024161");
    assert_eq!(hex(Frame::Done), "8105");
    let held = |absent| Held {
        wire: vec![0xAB],
        absent,
    };
    let items = vec![
        held(None),
        held(Some(Absent::NotHeld)),
        held(Some(Absent::Erased)),
    ];
    assert_eq!(
        hex(Frame::Items(items)),
        "820483".to_owned() + "8241abf6" + "8241ab00" + "8241ab01"
    );
    let hello = |frame: HelloFrame| hex::encode(frame.encode());
    assert_eq!(hello(HelloFrame::YouFirst { index: 2 }), "820502");
    assert_eq!(hello(HelloFrame::YourTurn), "8107");
    assert_eq!(hello(HelloFrame::Refused(Refusal::UsedUp)), "820a01");
    // A reason that a later version adds means: not now.
    assert_eq!(
        HelloFrame::decode(&[0x82, 0x0a, 0x18, 0x63]).unwrap(),
        HelloFrame::Refused(Refusal::Later)
    );
}
