//! Properties of single acts: P3, P4, P7, P8, P9.

use std::collections::BTreeSet;

use folkmoot_accord::Standing;
use folkmoot_record::{Kind, RecordId, control::Control};
use proptest::prelude::*;

use super::{control, fresh, honoured, live, now, rank, same};
use crate::{
    collective::{World, history},
    dice::{config, shuffled},
    naive::Naive,
};
use folkmoot_vectors::NO_CLOCK;

proptest! {
    #![proptest_config(config(40))]

    /// P3: nothing is honoured under a grant that an active revocation hits, unless it is kept.
    /// What "hits" and "kept" mean is taken from the text, what is honoured from the evaluator.
    #[test]
    fn p3_what_is_hit_falls_unless_kept((founders, acts) in history(90)) {
        let world = World::play(founders, &acts);
        let mut naive = Naive::new(world.cid, NO_CLOCK, None);
        for record in &world.records {
            naive.take(record.clone());
        }
        let eval = naive.now();
        let state = world.accord.state();
        for record in control(&world) {
            let (id, header) = (record.id(), record.header());
            let honoured = world.accord.standing(&id).is_some_and(|s| s.is_honoured());
            // A proposal speaks through its certificate (section 4.7, step 1).
            let (Some(cap), true) = (header.cap, honoured && header.kind != Kind::PROPOSAL) else {
                continue;
            };
            for (vid, hits, keeps) in naive.hitters(&eval, cap, &id) {
                let active = vid.is_none_or(|vid| state.revocations[&vid].active);
                prop_assert!(!(active && hits) || keeps, "{id} stands against {vid:?}");
            }
        }
    }

    /// P4: a further revocation by a grant kills no grant ranked above it, and nothing that it hits
    /// lives or counts, save what it keeps.
    #[test]
    fn p4_a_revocation_reaches_down_only((founders, acts) in history(90)) {
        let world = World::play(founders, &acts);
        let mut accord = fresh(&world);
        let mut naive = Naive::new(world.cid, NO_CLOCK, None);
        for record in control(&world) {
            let before = live(accord.state());
            let inserted = accord.insert(record.clone(), now());
            naive.take(record.clone());
            let Some(Control::Revoke(_)) = record.control() else {
                continue;
            };
            if !inserted.standing.is_honoured() {
                continue;
            }
            let by = rank(accord.state(), &record.header().cap.unwrap()).unwrap();
            let after = live(accord.state());
            for (gid, was) in before {
                let above = rank(accord.state(), &gid).unwrap() > by;
                prop_assert!(!(above && was) || after[&gid], "{gid} fell to rank {by}");
            }
            let eval = naive.now();
            let vid = record.id().into();
            for (gid, lives) in after {
                let hit = naive.hit_by(&eval, &vid, gid);
                prop_assert!(!(hit && lives), "{gid} lives on");
            }
            for id in honoured(&accord) {
                let other = accord.record(&id).unwrap().header().clone();
                let Some(cap) = other.cap.filter(|_| other.kind != Kind::PROPOSAL) else {
                    continue;
                };
                let of_v = |(v, hits, keeps): (Option<_>, bool, bool)| {
                    v == Some(vid) && hits && !keeps && id != record.id()
                };
                let falls = naive.hitters(&eval, cap, &id).into_iter().any(of_v);
                prop_assert!(!falls, "{id} counts on");
            }
        }
    }

    /// P7: what is done under a rank leaves every grant, invite and record of a higher rank as it
    /// was.
    #[test]
    fn p7_nothing_below_changes_what_is_above((founders, acts) in history(110)) {
        let world = World::play(founders, &acts);
        let mut accord = fresh(&world);
        for record in control(&world) {
            let before = live(accord.state());
            let stood = honoured(&accord);
            let inserted = accord.insert(record.clone(), now());
            let orphan = matches!(inserted.standing, Standing::Orphan { .. });
            prop_assert!(!orphan);
            let by = record.header().cap.and_then(|cap| rank(accord.state(), &cap));
            let Some(by) = by else { continue };
            let after = live(accord.state());
            for (gid, was) in before {
                if rank(accord.state(), &gid).unwrap() > by {
                    prop_assert_eq!(was, after[&gid], "{} by rank {}", gid, by);
                }
            }
            for (id, now) in inserted.changed {
                let header = accord.record(&id).unwrap().header();
                let own = header.cap.and_then(|cap| rank(accord.state(), &cap));
                if own.is_some_and(|own| own > by) {
                    prop_assert_eq!(stood.contains(&id), now.is_honoured(), "{} by {}", id, by);
                }
            }
        }
    }

    /// P8: no record is admitted that the text does not authorise, and none refused that it does.
    #[test]
    fn p8_only_the_authorised_are_admitted((founders, acts) in history(90), seed in any::<u64>()) {
        let world = World::play(founders, &acts);
        let mut naive = Naive::new(world.cid, NO_CLOCK, None);
        let mut accord = fresh(&world);
        for record in shuffled(control(&world), seed) {
            naive.take(record.clone());
            accord.insert(record, now());
        }
        for record in control(&world) {
            let admitted = accord.standing(&record.id()).is_some_and(|s| s.is_admitted());
            prop_assert_eq!(admitted, naive.authorises(&record.id()), "{}", record.id());
        }
    }

    /// P9, first half: a second record for a place of a log, which does nothing itself, changes
    /// neither state nor what stands.
    #[test]
    fn p9_a_fork_changes_nothing_by_itself((founders, acts) in history(60)) {
        let world = World::play(founders, &acts);
        let state = world.accord.state().clone();
        let stood = honoured(&world.accord);
        let forks = world.siblings();
        let mut accord = fresh(&world);
        accord.insert_all(control(&world).into_iter().map(|r| (r, now())));
        for sibling in forks {
            let inserted = accord.insert(sibling, now());
            prop_assert!(inserted.changed.is_empty(), "{:?}", inserted.changed);
            prop_assert!(same(state.clone(), accord.state().clone()));
        }
        prop_assert!(honoured(&accord).is_superset(&stood));
    }

    /// P9, second half: what a device does takes nothing from another device of its seat that it
    /// did not add itself.
    #[test]
    fn p9_a_device_takes_back_its_own_only((founders, acts) in history(110)) {
        let world = World::play(founders, &acts);
        let mut accord = fresh(&world);
        let mut adders: BTreeSet<(_, _, _)> = BTreeSet::new();
        for record in control(&world) {
            let header = record.header().clone();
            let stood: BTreeSet<RecordId> = honoured(&accord);
            let inserted = accord.insert(record.clone(), now());
            let by_root = header.seat.as_bytes() == header.dev.as_bytes();
            match record.control() {
                Some(Control::Device(body)) if inserted.standing.is_admitted() => {
                    for add in &body.adds {
                        adders.insert((header.seat, add.dev, header.dev));
                    }
                }
                _ => {}
            }
            if header.kind != Kind::DEVICE || by_root {
                continue;
            }
            for (id, _) in inserted.changed {
                let Some(other) = accord.record(&id).map(|r| r.header().clone()) else {
                    continue;
                };
                let fell = stood.contains(&id) && !accord.standing(&id).unwrap().is_honoured();
                let own = adders.contains(&(header.seat, other.dev, header.dev));
                prop_assert!(!fell || (other.seat == header.seat && own), "{id}");
            }
        }
    }
}
