//! Grants, invites, merges, epochs.

use folkmoot_record::{
    BundleHash, CollectiveId, EpochId, Kind, RecordId,
    control::{Actions, Control, Epoch, ForkNote, Readmit, Target},
};

use super::{
    Meant,
    stage::{DAY_MS, Person, Stage, adds, dlim, grant, invite, revoke, role},
};
use crate::{collective::charter, dice::key};

pub(super) fn scenarios() -> Vec<(&'static str, Stage, Meant)> {
    vec![
        subtree_of_an_invite(),
        seat_with_its_invites(),
        merge_without_rights(),
        merge_without_cap(),
        equal_key_ids(),
        forknote(),
        invite_outlives_its_cap(),
        readmit_by_another(),
    ]
}

/// A revocation of an invite with its subtree reaches who came by it, and whom they admitted.
fn subtree_of_an_invite() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let door = key(8_000);
    let way = s.founder(
        Kind::INVITE,
        &Control::Invite(invite(&door, role(4, 60), 1)),
    );
    s.stands(way);
    let host = Person::new(70);
    let join = s.join(&host, way, &door);
    s.stands(join);
    let (guest, _) = s.member(role(1, 10));
    s.knows = vec![join];
    let given = grant(guest.seat(), {
        let mut limits = role(2, 20);
        limits.depth_left = 1;
        limits
    });
    let given = s.put(
        host.seat(),
        &host.dev.clone(),
        Kind::GRANT,
        Some(join.into()),
        given.encode(),
        &[],
    );
    s.stands(given);
    let note = s.note(guest.seat(), &guest.dev.clone(), given.into(), &[]);
    let target = Target::Grant(way.into());
    let close = s.founder(Kind::REVOKE, &Control::Revoke(revoke(target, true)));
    s.stands(close);
    let after = s.note(guest.seat(), &guest.dev.clone(), given.into(), &[]);
    let meant = vec![
        ("who came by it, known to the remover", join, "honoured"),
        ("grant by that one", given, "honoured"),
        ("note under it, not in the cut", note, "shadowed"),
        ("note after", after, "void:cap-not-live"),
    ];
    ("subtree-of-an-invite", s, meant)
}

/// A seat that is removed takes its open invites with it.
fn seat_with_its_invites() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (host, cap) = s.member(role(3, 21));
    let door = key(8_000);
    let mut limits = role(2, 20);
    limits.depth_left = 1;
    let body = Control::Invite(invite(&door, limits, 5)).encode();
    let way = s.put(
        host.seat(),
        &host.dev.clone(),
        Kind::INVITE,
        Some(cap),
        body,
        &[],
    );
    s.stands(way);
    let early = s.join(&Person::new(70), way, &door);
    let out = Control::Revoke(revoke(Target::Seat(host.seat()), false));
    let out = s.founder(Kind::REVOKE, &out);
    s.stands(out);
    let late = s.join(&Person::new(71), way, &door);
    let meant = vec![
        ("invite, known to the remover", way, "honoured"),
        ("join, not known to him", early, "unhonoured"),
        ("join after", late, "unhonoured"),
    ];
    ("removed-seat-and-its-invites", s, meant)
}

/// A merge wants some action, whichever.
fn merge_without_rights() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let mut none = role(2, 20);
    none.mask = Actions(1 << 30);
    let (mute, nothing) = s.member(none);
    let mut read = role(1, 10);
    read.mask = Actions::READ;
    let (reader, little) = s.member(read);
    let body = Control::Merge.encode();
    let of = |s: &mut Stage, person: &Person, cap| {
        s.put(
            person.seat(),
            &person.dev.clone(),
            Kind::MERGE,
            Some(cap),
            body.clone(),
            &[],
        )
    };
    let without = of(&mut s, &mute, nothing);
    let with = of(&mut s, &reader, little);
    let meant = vec![
        ("no action at all", without, "void:action"),
        ("reading only", with, "honoured"),
    ];
    ("merge-wants-any-action", s, meant)
}

/// A merge without cap: by a full device of a live seat.
fn merge_without_cap() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, _) = s.member(role(1, 10));
    let agent = key(9_000);
    let limits = dlim(3, s.ms + DAY_MS);
    let add = s.root(&person, Kind::DEVICE, &adds(&[(&agent, Some(limits))]));
    s.stands(add);
    let base = s.founder(Kind::MERGE, &Control::Merge);
    s.stands(base);
    // Eight heads: eight merges of the founder in one place.
    let founder = s.founder.dev.clone();
    let mut heads: Vec<RecordId> = Vec::new();
    for _ in 0..8 {
        s.knows = vec![base];
        let merge = s.founder(Kind::MERGE, &Control::Merge);
        s.back(&founder, merge);
        heads.push(merge);
    }
    let body = Control::Merge.encode();
    let (seat, dev) = (person.seat(), person.dev.clone());
    s.knows = heads.clone();
    let full = s.put(seat, &dev, Kind::MERGE, None, body.clone(), &[]);
    s.knows = heads.clone();
    let limited = s.put(seat, &agent, Kind::MERGE, None, body.clone(), &[]);
    let out = Control::Revoke(revoke(Target::Seat(seat), false));
    s.knows = vec![full];
    let out = s.founder(Kind::REVOKE, &out);
    heads.push(out);
    s.knows = heads;
    let gone = s.put(seat, &dev, Kind::MERGE, None, body, &[]);
    let meant = vec![
        ("by a full device", full, "honoured"),
        ("by a limited one", limited, "void:device"),
        ("after the removal", gone, "void:seat"),
    ];
    ("merge-without-cap", s, meant)
}

/// Of two epochs with one key id neither is usable unless both are: see `epochs`.
fn equal_key_ids() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, _) = s.member(role(2, 20));
    let epoch = |generation| {
        Control::Epoch(Epoch {
            generation,
            key_id: EpochId::from_bytes([9; 32]),
            bundle_hash: BundleHash::from_bytes([1; 32]),
            links: Vec::new(),
        })
    };
    let old = s.founder(Kind::EPOCH, &epoch(1));
    s.stands(old);
    let out = Control::Revoke(revoke(Target::Seat(person.seat()), false));
    let out = s.founder(Kind::REVOKE, &out);
    s.stands(out);
    let new = s.founder(Kind::EPOCH, &epoch(2));
    s.stands(new);
    let skipped = s.founder(Kind::EPOCH, &epoch(4));
    let meant = vec![
        ("before the removal", old, "honoured"),
        ("after it, the same key", new, "honoured"),
        ("a generation left out", skipped, "void:gen"),
    ];
    ("epochs-with-one-key-id", s, meant)
}

fn forknote() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let (person, _) = s.member(role(1, 10));
    let agent = key(9_000);
    let limits = dlim(0xFFFF, s.ms + DAY_MS);
    let add = s.root(&person, Kind::DEVICE, &adds(&[(&agent, Some(limits))]));
    s.stands(add);
    let body = Control::ForkNote(ForkNote {
        new_cid: CollectiveId::from_bytes([7; 32]),
    });
    let seat = person.seat();
    let full = s.put(
        seat,
        &person.dev.clone(),
        Kind::FORKNOTE,
        None,
        body.encode(),
        &[],
    );
    let limited = s.put(seat, &agent, Kind::FORKNOTE, None, body.encode(), &[]);
    let meant = vec![
        ("by a full device", full, "honoured"),
        ("by a limited one", limited, "void:device"),
    ];
    ("forknote-by-full-device", s, meant)
}

/// An invite of somebody whose right expires must close by then, and say so.
fn invite_outlives_its_cap() -> (&'static str, Stage, Meant) {
    let mut s = Stage::new();
    let exp = s.ms + DAY_MS;
    let mut limits = role(3, 21);
    limits.exp = Some(exp);
    let (host, cap) = s.member(limits);
    let mut given = role(2, 20);
    given.depth_left = 1;
    given.exp = Some(exp);
    let mut meant = Vec::new();
    for (label, until, wanted) in [
        ("for ever", None, "void:covers"),
        ("one ms longer", Some(exp + 1), "void:covers"),
        ("as long", Some(exp), "honoured"),
    ] {
        let mut body = invite(&key(8_000), given.clone(), 1);
        body.open_until = until;
        let body = Control::Invite(body).encode();
        let made = s.put(
            host.seat(),
            &host.dev.clone(),
            Kind::INVITE,
            Some(cap),
            body,
            &[],
        );
        s.back(&host.dev.clone(), made);
        meant.push((label, made, wanted));
    }
    ("invite-closes-before-its-cap-expires", s, meant)
}

/// A readmission takes the same seat and grant, or a higher rank.
fn readmit_by_another() -> (&'static str, Stage, Meant) {
    let mut s = Stage::under(charter());
    let (one, first) = s.member(role(4, 60));
    let (two, second) = s.member(role(4, 60));
    let (guest, cap) = s.member(role(2, 20));
    let note = s.founder(Kind::MERGE, &Control::Merge);
    s.stands(note);
    let kept = s.put(
        guest.seat(),
        &guest.dev.clone(),
        Kind::MERGE,
        Some(cap),
        Control::Merge.encode(),
        &[],
    );
    let body = Control::Revoke(revoke(Target::Seat(guest.seat()), false)).encode();
    let out = s.put(
        one.seat(),
        &one.dev.clone(),
        Kind::REVOKE,
        Some(first),
        body,
        &[],
    );
    s.stands(out);
    s.stands(kept);
    let back = Control::Readmit(Readmit {
        vid: out.into(),
        cut: Vec::new(),
        keep: vec![kept],
    });
    let equal = s.put(
        two.seat(),
        &two.dev.clone(),
        Kind::READMIT,
        Some(second),
        back.encode(),
        &[],
    );
    let own = s.put(
        one.seat(),
        &one.dev.clone(),
        Kind::READMIT,
        Some(first),
        back.encode(),
        &[],
    );
    let meant = vec![
        ("written beside the removal", kept, "honoured"),
        ("readmitted by an equal", equal, "void:may"),
        ("readmitted by the remover", own, "honoured"),
    ];
    ("readmit-by-remover-not-by-equal", s, meant)
}
