//! One suite for every engine of the projection.

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use proptest::prelude::*;

use super::{Changes, Memory, Projection, SledTree};
use crate::{Direction, index::Index};

fn put(pairs: &[(&str, Option<&str>)]) -> Changes {
    let bytes = |text: &str| text.as_bytes().to_vec();
    pairs
        .iter()
        .map(|(key, value)| (bytes(key), value.map(bytes)))
        .collect()
}

fn scan(
    engine: &dyn Projection,
    from: &str,
    to: &str,
    direction: Direction,
    limit: usize,
) -> Vec<String> {
    let mut seen = Vec::new();
    engine
        .scan(
            from.as_bytes(),
            to.as_bytes(),
            direction,
            &mut |key, value| {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                seen.push(format!("{}={}", text(key), text(value)));
                if seen.len() == limit {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        )
        .unwrap();
    seen
}

fn contract(engine: &dyn Projection) {
    assert_eq!(engine.get(b"a").unwrap(), None);
    engine
        .put_batch(&put(&[
            ("a", Some("1")),
            ("b", Some("2")),
            ("bb", Some("")),
            ("c", Some("3")),
        ]))
        .unwrap();
    assert_eq!(engine.get(b"a").unwrap(), Some(b"1".to_vec()));
    assert_eq!(engine.get(b"bb").unwrap(), Some(Vec::new()));

    // A batch replaces and removes; removing what is not there is nothing.
    engine
        .put_batch(&put(&[("a", None), ("b", Some("two")), ("zz", None)]))
        .unwrap();
    assert_eq!(engine.get(b"a").unwrap(), None);
    assert_eq!(engine.get(b"b").unwrap(), Some(b"two".to_vec()));

    // Bounds: the first is in, the second is not; both directions; stopping.
    assert_eq!(
        scan(engine, "b", "c", Direction::Forward, 9),
        ["b=two", "bb="]
    );
    assert_eq!(
        scan(engine, "b", "d", Direction::Backward, 9),
        ["c=3", "bb=", "b=two"]
    );
    assert_eq!(scan(engine, "a", "z", Direction::Forward, 1), ["b=two"]);
    assert_eq!(
        scan(engine, "a", "z", Direction::Backward, 2),
        ["c=3", "bb="]
    );
    assert!(scan(engine, "c", "b", Direction::Forward, 9).is_empty());
    assert!(scan(engine, "b", "b", Direction::Backward, 9).is_empty());

    // Beyond the bounds nothing of the batch is taken.
    let mut wide = put(&[("n", Some("new"))]);
    wide.insert(b"v".to_vec(), Some(vec![0; super::memory::VALUE_MOST + 1]));
    assert!(engine.put_batch(&wide).is_err());
    let mut long = put(&[("n", Some("new"))]);
    long.insert(vec![b'k'; super::memory::KEY_MOST + 1], None);
    assert!(engine.put_batch(&long).is_err());
    assert_eq!(engine.get(b"n").unwrap(), None);

    // What is at the bounds is taken.
    let mut most = Changes::new();
    most.insert(
        vec![b'k'; super::memory::KEY_MOST],
        Some(vec![7; super::memory::VALUE_MOST]),
    );
    engine.put_batch(&most).unwrap();
    assert_eq!(
        engine
            .get(&[b'k'; super::memory::KEY_MOST])
            .unwrap()
            .map(|value| value.len()),
        Some(super::memory::VALUE_MOST)
    );
    engine.flush().unwrap();
    assert!(engine.size().unwrap() > 0);
}

#[test]
fn memory_keeps_the_contract() {
    contract(&Memory::default());
}

#[test]
fn sled_keeps_the_contract_and_its_content() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tree");
    contract(&SledTree::open(&path, 1 << 20).unwrap());
    let again = SledTree::open(&path, 1 << 20).unwrap();
    assert_eq!(
        scan(&again, "a", "k", Direction::Forward, 9),
        ["b=two", "bb=", "c=3"]
    );
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0..4_u8, 1..4)
}

fn changes() -> impl Strategy<Value = Changes> {
    prop::collection::btree_map(
        key(),
        prop::option::of(prop::collection::vec(any::<u8>(), 0..9)),
        0..20,
    )
}

#[derive(Debug, Clone)]
enum Step {
    Add(Changes),
    Freeze,
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![4 => changes().prop_map(Step::Add), 1 => Just(Step::Freeze), 1 => Just(Step::Settle)]
}

fn layers(engine: Arc<dyn Projection>, steps: Vec<Step>, from: &[u8], to: &[u8]) {
    let mut model = BTreeMap::new();
    let mut index = Index::new(engine);
    for step in steps {
        match step {
            Step::Add(changes) => {
                for (key, value) in &changes {
                    match value {
                        Some(value) => model.insert(key.clone(), value.clone()),
                        None => model.remove(key),
                    };
                }
                index.add(changes);
            }
            Step::Freeze => index.freeze(),
            Step::Settle => index.settle().unwrap(),
        }
        for (key, value) in &model {
            assert_eq!(index.get(key).unwrap().as_ref(), Some(value));
        }
        for direction in [Direction::Forward, Direction::Backward] {
            let mut seen = Vec::new();
            index
                .scan(from, to, direction, &mut |key, value| {
                    seen.push((key.to_vec(), value.to_vec()));
                    ControlFlow::Continue(())
                })
                .unwrap();
            let mut expected: Vec<_> = model
                .iter()
                .filter(|(key, _)| from <= key.as_slice() && key.as_slice() < to)
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            if direction == Direction::Backward {
                expected.reverse();
            }
            assert_eq!(seen, expected);
            let mut first = None;
            index
                .scan(from, to, direction, &mut |key, _| {
                    assert!(first.is_none(), "a stopped scan goes on");
                    first = Some(key.to_vec());
                    ControlFlow::Break(())
                })
                .unwrap();
            assert_eq!(first.as_ref(), expected.first().map(|item| &item.0));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// What lies over the engine and what is in it read as one map.
    #[test]
    fn layers_read_as_one_map(steps in prop::collection::vec(step(), 1..12), from in key(), to in key()) {
        layers(Arc::new(Memory::default()), steps, &from, &to);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn layers_over_sled_read_as_one_map(steps in prop::collection::vec(step(), 1..12), from in key(), to in key()) {
        let dir = tempfile::tempdir().unwrap();
        layers(Arc::new(SledTree::open(&dir.path().join("tree"), 1 << 20).unwrap()), steps, &from, &to);
    }
}
