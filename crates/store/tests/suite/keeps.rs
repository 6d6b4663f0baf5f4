//! What is stored is read again: at once, after a restart, and from a projection built anew. The same
//! steps run on sled and on the map in memory.

use std::ops::ControlFlow;

use folkmoot_record::{Hlc, RecordId, Verified};
use folkmoot_store::{
    Author, Counts, Direction, Engine, Entry, Held, LogCursor, Logged, Options, StoreError, Stored,
    Tip, Vault,
};

use crate::{
    records::{MS, SMALL, cid, dev, merge, note},
    sealed::key,
};

/// Runs a step on a store that was just written, was closed and opened, and was rebuilt.
pub(crate) fn everywhere(write: impl Fn(&mut Vault), check: impl Fn(&Vault)) {
    for (engine, key) in [
        (Engine::Sled, None),
        (Engine::Memory, None),
        (Engine::Sled, key(1)),
        (Engine::Memory, key(2)),
    ] {
        let options = Options {
            engine,
            key: key.clone(),
            ..SMALL
        };
        let dir = tempfile::tempdir().unwrap();
        let (mut vault, report) = Vault::open(dir.path(), options.clone(), &mut |_| {}).unwrap();
        assert_eq!(
            report.rebuilt_projection, None,
            "a new store is no rebuilt one"
        );
        write(&mut vault);
        check(&vault);
        vault.settle().unwrap();
        check(&vault);
        drop(vault);
        let (vault, report) = Vault::open(dir.path(), options.clone(), &mut |_| {}).unwrap();
        assert_eq!((report.torn_tail_cut, report.damaged.len()), (None, 0));
        assert_eq!(report.replayed > 0, engine == Engine::Memory);
        check(&vault);
        drop(vault);
        let other = match engine {
            Engine::Sled => Engine::Memory,
            Engine::Memory => Engine::Sled,
        };
        let options = Options {
            engine: other,
            key,
            ..SMALL
        };
        let (vault, _) = Vault::open(dir.path(), options, &mut |_| {}).unwrap();
        check(&vault);
    }
}

fn at(seq: u32) -> Hlc {
    Hlc::from_raw((MS + u64::from(seq)) << 16).unwrap()
}

#[test]
fn records_come_back_as_they_were() {
    let notes: Vec<_> = (0..40).map(|seq| note(1, 1, seq, "a note")).collect();
    let bare = note(1, 2, 0, "never seen").without_body();
    let control = merge(1, 3, 0);
    everywhere(
        |vault| {
            let mut entries = vec![Entry::Record(control.clone(), 5)];
            entries.extend(notes.iter().map(|note| Entry::Record(note.clone(), 7)));
            entries.push(Entry::Record(bare.clone(), 8));
            for group in entries.chunks(9) {
                vault.commit(group).unwrap();
            }
        },
        |vault| {
            for note in &notes {
                let stored = vault.get(&note.id()).unwrap().unwrap();
                assert_eq!(
                    stored,
                    Stored {
                        wire: note.wire().to_vec(),
                        received_ms: 7
                    }
                );
                assert_eq!(stored.verified().unwrap().id(), note.id());
                assert_eq!(vault.held(&note.id()).unwrap(), Held::Whole);
            }
            assert_eq!(vault.get(&bare.id()).unwrap().unwrap().wire, bare.wire());
            assert_eq!(vault.held(&bare.id()).unwrap(), Held::Header);
            let missing = RecordId::from_bytes([1; 32]);
            assert_eq!(vault.get(&missing).unwrap(), None);
            assert!(!vault.contains(&missing).unwrap());
            let bytes = notes
                .iter()
                .chain([&bare, &control])
                .map(|record| record.wire().len() as u64)
                .sum();
            assert_eq!(
                vault.counts(&cid(1)),
                Counts {
                    control: 1,
                    content: 41,
                    bytes
                }
            );
            assert_eq!(vault.counts(&cid(2)), Counts::default());
            assert_eq!(vault.collectives(), [cid(1)]);
        },
    );
}

#[test]
fn a_window_is_read_in_order_either_way_and_page_by_page() {
    let notes: Vec<_> = (0..30).map(|seq| note(1, 1, seq, "x")).collect();
    // Two of one moment, and a neighbour collective that must not be seen.
    let twin = note(1, 2, 7, "y");
    everywhere(
        |vault| {
            for note in notes
                .iter()
                .rev()
                .chain([&twin, &note(0, 1, 3, "z"), &note(2, 1, 3, "z")])
            {
                vault.commit(&[Entry::Record(note.clone(), 0)]).unwrap();
            }
        },
        |vault| {
            let mut all: Vec<_> = notes
                .iter()
                .chain([&twin])
                .map(|note| (note.header().hlc, note.id()))
                .collect();
            all.sort();
            let scan = |from, to, direction, after, limit| {
                vault
                    .scan(&cid(1), from, to, direction, after, limit)
                    .unwrap()
            };
            assert_eq!(scan(0, u64::MAX, Direction::Forward, None, 99), all);
            let mut newest = all.clone();
            newest.reverse();
            assert_eq!(scan(0, u64::MAX, Direction::Backward, None, 99), newest);
            assert_eq!(
                scan(MS + 7, MS + 8, Direction::Forward, None, 99),
                all[7..9]
            );
            assert_eq!(scan(MS + 8, MS + 8, Direction::Forward, None, 99), []);
            assert_eq!(scan(0, u64::MAX, Direction::Forward, None, 0), []);
            for (direction, expected) in
                [(Direction::Forward, &all), (Direction::Backward, &newest)]
            {
                let mut paged: Vec<(Hlc, RecordId)> = Vec::new();
                loop {
                    let page = scan(MS, MS + 30, direction, paged.last().copied(), 4);
                    if page.is_empty() {
                        break;
                    }
                    assert!(page.len() <= 4);
                    paged.extend(page);
                }
                assert_eq!(&paged, expected);
            }
            assert_eq!(
                vault
                    .scan(&cid(7), 0, u64::MAX, Direction::Forward, None, 9)
                    .unwrap(),
                []
            );
        },
    );
}

#[test]
fn control_records_come_in_the_order_of_the_log() {
    let first: Vec<_> = [4, 2, 3].map(|device| merge(1, device, 0)).to_vec();
    let other = merge(2, 1, 0);
    everywhere(
        |vault| {
            for record in [
                &first[0],
                &other,
                &first[1],
                &note(1, 1, 0, "n"),
                &first[2],
                &first[0],
            ] {
                vault.commit(&[Entry::Record(record.clone(), 3)]).unwrap();
            }
        },
        |vault| {
            let mut seen = Vec::new();
            vault
                .control(&cid(1), &mut |record, received_ms| {
                    assert_eq!(received_ms, 3);
                    assert!(record.control().is_some());
                    seen.push(record.id());
                    ControlFlow::Continue(())
                })
                .unwrap();
            assert_eq!(seen, first.iter().map(Verified::id).collect::<Vec<_>>());
        },
    );
}

#[test]
fn the_tip_of_a_device_is_its_last_place() {
    let last = note(1, 1, 5, "last");
    everywhere(
        |vault| {
            for record in [
                &note(1, 1, 4, "a"),
                &last,
                &note(1, 1, 3, "late"),
                &note(1, 2, 9, "other"),
            ] {
                vault.commit(&[Entry::Record(record.clone(), 0)]).unwrap();
            }
            vault.commit(&[Entry::Record(merge(1, 1, 80), 0)]).unwrap();
        },
        |vault| {
            let tip = Tip {
                seq: 5,
                id: last.id(),
                hlc: at(5),
            };
            assert_eq!(vault.tip(&cid(1), &dev(1)).unwrap(), Some(tip));
            assert_eq!(vault.tip(&cid(1), &dev(3)).unwrap(), None);
            assert_eq!(vault.tip(&cid(2), &dev(1)).unwrap(), None);
        },
    );
}

#[test]
fn a_body_may_come_later() {
    let (late, again) = (
        note(1, 1, 0, "came later"),
        note(1, 1, 1, "came with the record"),
    );
    everywhere(
        |vault| {
            for record in [&late, &again] {
                vault
                    .commit(&[Entry::Record(record.without_body(), 1)])
                    .unwrap();
            }
            let bytes = late.body().unwrap().to_vec();
            vault
                .commit(&[
                    Entry::Body {
                        id: late.id(),
                        bytes,
                    },
                    Entry::Record(again.clone(), 2),
                ])
                .unwrap();
            let end = vault.cursor();
            // What is held already is not written again.
            vault
                .commit(&[
                    Entry::Record(again.clone(), 3),
                    Entry::Record(late.without_body(), 3),
                ])
                .unwrap();
            assert_eq!(vault.cursor(), end);
            let wrong = Entry::Body {
                id: note(1, 1, 2, "q").id(),
                bytes: vec![0; 20],
            };
            assert!(matches!(
                vault.commit(&[wrong]),
                Err(StoreError::UnknownRecord(_))
            ));
        },
        |vault| {
            for record in [&late, &again] {
                let stored = vault.get(&record.id()).unwrap().unwrap();
                assert_eq!(
                    stored,
                    Stored {
                        wire: record.wire().to_vec(),
                        received_ms: 1
                    }
                );
            }
            let bytes = (late.wire().len() + again.wire().len()) as u64;
            assert_eq!(
                vault.counts(&cid(1)),
                Counts {
                    control: 0,
                    content: 2,
                    bytes
                }
            );
        },
    );
}

#[test]
fn an_erased_body_is_gone_and_does_not_come_back() {
    let secret = "a secret to be erased ".repeat(40);
    let inside = note(1, 1, 0, &secret);
    let apart = note(1, 1, 1, &secret);
    let kept = note(1, 1, 2, "kept");
    everywhere(
        |vault| {
            vault
                .commit(&[
                    Entry::Record(inside.clone(), 1),
                    Entry::Record(apart.without_body(), 1),
                ])
                .unwrap();
            vault
                .commit(&[
                    Entry::Record(apart.clone(), 1),
                    Entry::Record(kept.clone(), 1),
                ])
                .unwrap();
            vault.commit(&[Entry::Record(merge(1, 1, 0), 1)]).unwrap();
            let control = Entry::Erase {
                id: merge(1, 1, 0).id(),
            };
            assert!(matches!(
                vault.commit(&[control]),
                Err(StoreError::NotContent(_))
            ));
            for record in [&inside, &apart] {
                vault.commit(&[Entry::Erase { id: record.id() }]).unwrap();
                vault.commit(&[Entry::Record(record.clone(), 9)]).unwrap();
            }
        },
        |vault| {
            for record in [&inside, &apart] {
                let stored = vault.get(&record.id()).unwrap().unwrap();
                assert_eq!(stored.wire, record.without_body().wire());
                assert_eq!(vault.held(&record.id()).unwrap(), Held::Erased);
            }
            assert_eq!(vault.get(&kept.id()).unwrap().unwrap().wire, kept.wire());
            let mut bytes = kept.wire().len() + merge(1, 1, 0).wire().len();
            bytes += inside.without_body().wire().len() + apart.without_body().wire().len();
            assert_eq!(vault.counts(&cid(1)).bytes, bytes as u64);
            let mut bodies = 0;
            vault
                .records_since(LogCursor::default(), &mut |logged, _| {
                    match logged {
                        Logged::Record(record, _) => bodies += usize::from(record.body().is_some()),
                        Logged::Body(_) => bodies += 1,
                        _ => {}
                    }
                    ControlFlow::Continue(())
                })
                .unwrap();
            assert_eq!(bodies, 2, "the kept note and the control record");
        },
    );
}

#[test]
fn every_content_record_says_whose_it_is_without_being_read() {
    everywhere(
        |vault| {
            let notes = [note(1, 1, 1, "first"), note(1, 2, 1, "second")];
            let notes = notes.map(|note| Entry::Record(note, 0));
            vault.commit(&notes).unwrap();
        },
        |vault| {
            let mut told = Vec::new();
            vault
                .authors(&cid(1), &mut |hlc, id, author| told.push((hlc, id, author)))
                .unwrap();
            let expected: Vec<_> = [note(1, 1, 1, "first"), note(1, 2, 1, "second")]
                .iter()
                .map(|note| {
                    (
                        note.header().hlc,
                        note.id(),
                        Author::of(&note.header().seat),
                    )
                })
                .collect();
            let (mut told_sorted, mut sorted) = (told.clone(), expected);
            told_sorted.sort();
            sorted.sort();
            assert_eq!(told, told_sorted, "in order of time");
            assert_eq!(told, sorted);
        },
    );
}

#[test]
fn of_local_facts_the_last_write_counts() {
    let set = |key: &[u8], value: Option<&[u8]>| Entry::Local {
        key: key.to_vec(),
        value: value.map(<[u8]>::to_vec),
    };
    everywhere(
        |vault| {
            vault
                .commit(&[
                    set(b"peer/a", Some(b"1")),
                    set(b"peer/b", Some(b"2")),
                    set(b"peerless", Some(b"")),
                    set(b"peer/a", Some(b"3")),
                ])
                .unwrap();
            vault
                .commit(&[set(b"peer/b", None), set(b"peer/\xff", Some(b"4"))])
                .unwrap();
            let end = vault.cursor();
            vault
                .commit(&[set(b"peer/a", Some(b"3")), set(b"peer/none", None)])
                .unwrap();
            assert_eq!(vault.cursor(), end, "what changes nothing is not written");
        },
        |vault| {
            assert_eq!(vault.local(b"peer/a").unwrap(), Some(b"3".to_vec()));
            assert_eq!(vault.local(b"peer/b").unwrap(), None);
            assert_eq!(vault.local(b"peerless").unwrap(), Some(Vec::new()));
            let pair = |key: &[u8], value: &[u8]| (key.to_vec(), value.to_vec());
            assert_eq!(
                vault.scan_local(b"peer/").unwrap(),
                [pair(b"peer/a", b"3"), pair(b"peer/\xff", b"4")]
            );
            assert_eq!(vault.scan_local(b"").unwrap().len(), 3);
        },
    );
}

#[test]
fn marks_are_the_callers() {
    let (one, two) = (note(1, 1, 0, "one"), note(1, 1, 1, "two"));
    everywhere(
        |vault| {
            let mark = |id, mark| Entry::Mark { id, mark };
            vault
                .commit(&[
                    Entry::Record(one.clone(), 0),
                    mark(one.id(), 4),
                    Entry::Record(two.clone(), 0),
                    mark(two.id(), 1),
                ])
                .unwrap();
            vault.commit(&[mark(two.id(), 0)]).unwrap();
            let unknown = mark(RecordId::from_bytes([8; 32]), 1);
            assert!(matches!(
                vault.commit(&[unknown]),
                Err(StoreError::UnknownRecord(_))
            ));
        },
        |vault| {
            assert_eq!(
                (
                    vault.mark(&one.id()).unwrap(),
                    vault.mark(&two.id()).unwrap()
                ),
                (4, 0)
            );
            assert_eq!(vault.marked().unwrap(), [(one.id(), 4)]);
        },
    );
}

#[test]
fn the_log_can_be_followed_from_any_cursor() {
    let notes: Vec<_> = (0..30).map(|seq| note(1, 1, seq, "followed")).collect();
    everywhere(
        |vault| {
            for group in notes.chunks(4) {
                let mut entries: Vec<_> = group
                    .iter()
                    .map(|note| Entry::Record(note.clone(), 0))
                    .collect();
                entries.push(Entry::Local {
                    key: vec![1],
                    value: Some(group[0].id().as_bytes().to_vec()),
                });
                vault.commit(&entries).unwrap();
            }
        },
        |vault| {
            let follow = |from, stop: usize| {
                let mut ids = Vec::new();
                let mut cursors = Vec::new();
                let end = vault
                    .records_since(from, &mut |logged, cursor| {
                        if let Logged::Record(record, _) = logged {
                            ids.push(record.id());
                            cursors.push(cursor);
                        }
                        if ids.len() == stop {
                            ControlFlow::Break(())
                        } else {
                            ControlFlow::Continue(())
                        }
                    })
                    .unwrap();
                (ids, cursors, end)
            };
            let all: Vec<_> = notes.iter().map(Verified::id).collect();
            let (ids, cursors, end) = follow(LogCursor::default(), 99);
            assert_eq!((ids, end), (all.clone(), vault.cursor()));
            for (index, cursor) in cursors.into_iter().enumerate() {
                assert_eq!(LogCursor::from_bytes(cursor.to_bytes()), cursor);
                assert_eq!(follow(cursor, 99).0, all[index + 1..]);
                let (first, _, stopped) = follow(LogCursor::default(), index + 1);
                assert_eq!((first, stopped), (all[..=index].to_vec(), cursor));
            }
            assert_eq!(follow(vault.cursor(), 99).0, []);
        },
    );
}

#[test]
fn a_group_is_refused_whole() {
    everywhere(
        |vault| {
            let end = vault.cursor();
            let good = note(1, 1, 0, "good");
            let bad = Entry::Erase {
                id: RecordId::from_bytes([8; 32]),
            };
            assert!(vault.commit(&[Entry::Record(good, 0), bad]).is_err());
            assert_eq!(vault.cursor(), end);
            vault.commit(&[]).unwrap();
            vault
                .commit(&[Entry::Record(note(1, 1, 1, "after"), 0)])
                .unwrap();
        },
        |vault| {
            assert_eq!(vault.counts(&cid(1)).content, 1);
            assert!(!vault.contains(&note(1, 1, 0, "good").id()).unwrap());
        },
    );
}
