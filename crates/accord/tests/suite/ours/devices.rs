//! Devices: limits, counts, what one may do to another.

use folkmoot_record::{
    Kind, Tag,
    control::{Control, Cut, DeviceBody, KindRange, Resign, Target},
};

use super::{
    Meant,
    stage::{DAY_MS, Stage, adds, device, dlim, drops, revoke, role},
};
use crate::dice::key;

pub(super) fn scenarios() -> Vec<(&'static str, Stage, Meant)> {
    vec![
        limited_window(),
        limited_kinds_and_tags(),
        device_signed_exp(),
        device_signed_bits(),
        sixteen_limited(),
        eight_full_by_exchange(),
        reads_through_its_host(),
        one_key_two_seats(),
        drop_with_control_cut(),
        device_of_a_stronger_seat(),
        no_more_after_leaving(),
    ]
}

/// A note by a limited device one ms before nbf, at nbf, one before exp, at exp.
fn limited_window() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, cap) = s.member(role(2, 20));
    let agent = key(9_000);
    let (nbf, exp) = (s.ms + 10_000_000, s.ms + 20_000_000);
    let mut limits = dlim(3, exp);
    limits.nbf = Some(nbf);
    let add = s.root(&person, Kind::DEVICE, &adds(&[(&agent, Some(limits))]));
    s.stands(add);
    let mut meant = vec![("add", add, "honoured")];
    for (label, at, wanted) in [
        ("before nbf", nbf - 1, "void:device-limit"),
        ("at nbf", nbf, "content_honoured"),
        ("before exp", exp - 1, "content_honoured"),
        ("at exp", exp, "void:device-limit"),
    ] {
        s.ms = at - 1_000;
        let note = s.note(person.seat(), &agent, cap, &[]);
        meant.push((label, note, wanted));
    }
    ("limited-device-window-edges", s, meant)
}

fn limited_kinds_and_tags() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, cap) = s.member(role(2, 20));
    let agent = key(9_000);
    let mut limits = dlim(3, s.ms + DAY_MS);
    limits.kinds = Some(vec![KindRange {
        lo: Kind(0x100),
        hi: Kind(0x100),
    }]);
    limits.tags = Some(vec![Tag::new("garden").unwrap()]);
    let add = s.root(&person, Kind::DEVICE, &adds(&[(&agent, Some(limits))]));
    s.stands(add);
    let seat = person.seat();
    let below = s.note(seat, &agent, cap, &["garden/bees"]);
    let bare = s.note(seat, &agent, cap, &[]);
    let beside = s.note(seat, &agent, cap, &["garden", "kitchen"]);
    let like = s.note(seat, &agent, cap, &["gardening"]);
    let other = s.put(
        seat,
        &agent,
        Kind(0x101),
        Some(cap),
        vec![0; 20],
        &["garden"],
    );
    let meant = vec![
        ("below the tag", below, "content_honoured"),
        ("no tag", bare, "void:device-limit"),
        ("a second tag", beside, "void:device-limit"),
        ("like the tag", like, "void:device-limit"),
        ("another kind", other, "void:device-limit"),
    ];
    ("limited-device-kinds-and-tags", s, meant)
}

/// What a device adds expires within 400 days.
fn device_signed_exp() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, _) = s.member(role(2, 20));
    let at = s.ms + 1_000 + 400 * DAY_MS;
    let (seat, dev) = (person.seat(), person.dev.clone());
    let body = adds(&[(&key(9_000), Some(dlim(3, at)))]);
    let edge = s.put(seat, &dev, Kind::DEVICE, None, body.encode(), &[]);
    s.stands(edge);
    let body = adds(&[(&key(9_001), Some(dlim(3, at + 1_001)))]);
    let late = s.put(seat, &dev, Kind::DEVICE, None, body.encode(), &[]);
    s.back(&dev, late);
    let body = adds(&[(&key(9_002), None)]);
    let full = s.put(seat, &dev, Kind::DEVICE, None, body.encode(), &[]);
    let meant = vec![
        ("400 days", edge, "honoured"),
        ("one ms more", late, "void:root"),
        ("a full device", full, "void:root"),
    ];
    ("device-signed-add-expires-within-400-days", s, meant)
}

/// Bits 4, 5, 6, 8 and 9 are not a device's to give, each for itself.
fn device_signed_bits() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, _) = s.member(role(4, 60));
    let (seat, dev) = (person.seat(), person.dev.clone());
    let mut meant = Vec::new();
    for (bit, label, wanted) in [
        (4, "invite", "void:root"),
        (5, "grant", "void:root"),
        (6, "revoke", "void:root"),
        (8, "vote", "void:root"),
        (9, "rekey", "void:root"),
        (7, "propose", "honoured"),
    ] {
        let body = adds(&[(&key(9_000 + bit), Some(dlim(1 << bit, s.ms + DAY_MS)))]);
        let add = s.put(seat, &dev, Kind::DEVICE, None, body.encode(), &[]);
        s.back(&dev, add);
        meant.push((label, add, wanted));
    }
    ("device-signed-add-withheld-bits", s, meant)
}

fn sixteen_limited() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, _) = s.member(role(2, 20));
    let exp = s.ms + DAY_MS;
    let keys: Vec<_> = (0..16).map(|n| key(9_000 + n)).collect();
    let list: Vec<_> = keys.iter().map(|k| (k, Some(dlim(3, exp)))).collect();
    let all = s.root(&person, Kind::DEVICE, &adds(&list));
    s.stands(all);
    let more = s.root(
        &person,
        Kind::DEVICE,
        &adds(&[(&key(9_100), Some(dlim(3, exp)))]),
    );
    s.back(&person.root, more);
    // The same key again, narrower, is no further device.
    let again = s.root(
        &person,
        Kind::DEVICE,
        &adds(&[(&keys[0], Some(dlim(1, exp)))]),
    );
    let meant = vec![
        ("sixteen", all, "honoured"),
        ("seventeenth", more, "void:root"),
        ("one of them again", again, "honoured"),
    ];
    ("sixteen-limited-devices", s, meant)
}

/// With eight full devices one may still be exchanged for another in one record.
fn eight_full_by_exchange() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, _) = s.member(role(2, 20));
    let keys: Vec<_> = (0..7).map(|n| key(9_000 + n)).collect();
    let list: Vec<_> = keys.iter().map(|k| (k, None)).collect();
    let all = s.root(&person, Kind::DEVICE, &adds(&list));
    s.stands(all);
    let ninth = s.root(&person, Kind::DEVICE, &adds(&[(&key(9_100), None)]));
    s.back(&person.root, ninth);
    let (Control::Device(add), Control::Device(drop)) =
        (adds(&[(&key(9_101), None)]), drops(&keys[0], Vec::new()))
    else {
        unreachable!()
    };
    let both = Control::Device(DeviceBody {
        adds: add.adds,
        drops: drop.drops,
    });
    let exchange = s.root(&person, Kind::DEVICE, &both);
    let meant = vec![
        ("eight", all, "honoured"),
        ("ninth", ninth, "void:root"),
        ("exchange", exchange, "honoured"),
    ];
    ("eight-full-devices-exchange", s, meant)
}

/// A device without a KEM key makes none by itself.
fn reads_through_its_host() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, _) = s.member(role(2, 20));
    let agent = key(9_000);
    let Control::Device(mut body) = adds(&[(&agent, None)]) else {
        unreachable!()
    };
    body.adds[0].kem = None;
    let add = s.root(&person, Kind::DEVICE, &Control::Device(body));
    s.stands(add);
    let own = Control::Kem(folkmoot_record::control::Kem {
        kem: super::stage::kem(&key(9_001)),
    });
    let seat = person.seat();
    let without = s.put(seat, &agent, Kind::KEM, None, own.encode(), &[]);
    let with = s.put(
        seat,
        &person.dev.clone(),
        Kind::KEM,
        None,
        own.encode(),
        &[],
    );
    let meant = vec![
        ("device without", without, "void:device"),
        ("device with", with, "honoured"),
    ];
    ("kem-of-a-device-that-reads-through-its-host", s, meant)
}

/// One device key at two seats: what one root drops stays with the other.
fn one_key_two_seats() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (ann, ann_cap) = s.member(role(2, 20));
    let (ben, ben_cap) = s.member(role(2, 20));
    let shared = key(9_000);
    for person in [&ann, &ben] {
        let add = s.root(person, Kind::DEVICE, &adds(&[(&shared, None)]));
        s.stands(add);
    }
    let before = s.note(ann.seat(), &shared, ann_cap, &[]);
    let drop = s.root(&ann, Kind::DEVICE, &drops(&shared, Vec::new()));
    s.stands(drop);
    let hers = s.note(ann.seat(), &shared, ann_cap, &[]);
    let his = s.note(ben.seat(), &shared, ben_cap, &[]);
    let meant = vec![
        ("hers before", before, "shadowed"),
        ("hers after", hers, "void:device"),
        ("his", his, "content_honoured"),
    ];
    ("one-device-key-at-two-seats", s, meant)
}

/// A drop with a cut in lane 0 keeps what lies at or below it.
fn drop_with_control_cut() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, cap) = s.member(role(4, 60));
    let second = key(9_000);
    let add = s.root(&person, Kind::DEVICE, &adds(&[(&second, None)]));
    s.stands(add);
    let seat = person.seat();
    let merge = Control::Merge.encode();
    let mut made = Vec::new();
    for _ in 0..3 {
        s.knows = vec![add];
        made.push(s.put(seat, &second, Kind::MERGE, Some(cap), merge.clone(), &[]));
    }
    s.knows = vec![add];
    let cut = vec![Cut {
        dev: device(&second),
        lane: 0,
        seq: 1,
        id: made[1],
    }];
    let drop = s.root(&person, Kind::DEVICE, &drops(&second, cut));
    let meant = vec![
        ("drop", drop, "honoured"),
        ("first", made[0], "honoured"),
        ("second, named", made[1], "honoured"),
        ("third", made[2], "unhonoured"),
    ];
    ("root-drop-with-control-cut", s, meant)
}

/// A moderator takes a device from somebody who is also a steward: it stays certified, but what it
/// wrote under the weaker right falls.
fn device_of_a_stronger_seat() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (moderator, by) = s.member(role(4, 60));
    let (person, weak) = s.member(role(2, 20));
    let strong = s.founder(
        Kind::GRANT,
        &super::stage::grant(person.seat(), role(5, 100)),
    );
    s.stands(strong);
    let seat = person.seat();
    let dev = person.dev.clone();
    let as_writer = s.note(seat, &dev, weak, &[]);
    let as_steward = s.note(seat, &dev, strong.into(), &[]);
    let body = Control::Revoke(revoke(Target::Device(device(&dev)), false)).encode();
    let taken = s.put(
        moderator.seat(),
        &moderator.dev.clone(),
        Kind::REVOKE,
        Some(by),
        body,
        &[],
    );
    s.stands(taken);
    let later = s.note(seat, &dev, strong.into(), &[]);
    let meant = vec![
        ("the removal", taken, "honoured"),
        ("as a writer", as_writer, "shadowed"),
        ("as a steward", as_steward, "content_honoured"),
        ("later", later, "content_honoured"),
    ];
    ("device-revoked-below-a-live-grant", s, meant)
}

/// Who has left adds no device and does not leave again.
fn no_more_after_leaving() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, _) = s.member(role(2, 20));
    let leave = Control::Resign(Resign {
        cut: Vec::new(),
        withdraw: false,
    });
    let first = s.root(&person, Kind::RESIGN, &leave);
    s.stands(first);
    let again = s.root(&person, Kind::RESIGN, &leave);
    s.back(&person.root, again);
    let add = s.root(&person, Kind::DEVICE, &adds(&[(&key(9_000), None)]));
    let meant = vec![
        ("leave", first, "honoured"),
        ("leave again", again, "void:seat"),
        ("add a device", add, "void:seat"),
    ];
    ("nothing-by-root-after-leaving", s, meant)
}
