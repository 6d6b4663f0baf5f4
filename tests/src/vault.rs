//! The store of a home whose node does not run, with the key that its own keys give.

use std::{
    fs,
    ops::ControlFlow,
    path::Path,
    time::{Duration, Instant},
};

use folkmoot_seal::{Master, NodeKey, StoreKey};
use folkmoot_store::{Entry, LogCursor, Logged, Options, StoreError, Vault};

/// The key that seals a home. Its keys must lie there without a passphrase.
///
/// # Panics
/// If they do not.
#[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
pub fn store_key(home: &Path) -> StoreKey {
    let read = |name: &str| fs::read(home.join("keys").join(name)).expect("a key file");
    let node = read("node.key");
    let node = node.get(1..).and_then(|node| node.try_into().ok());
    let node = NodeKey::from_bytes(node.expect("a node key in the open"));
    let master = node.open_value("keys", b"master", &read("master"));
    let master = master.expect("it opens");
    let master = master.as_slice().try_into().expect("32 bytes");
    Master::from_bytes(master).store_key()
}

/// Opens it. A program that another test starts just now holds the lock as well, until it has begun: so
/// it is tried again.
///
/// # Panics
/// If it does not open.
#[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
pub fn vault(home: &Path) -> Vault {
    let begun = Instant::now();
    let options = Options {
        key: Some(store_key(home)),
        ..Options::default()
    };
    loop {
        match Vault::open(&home.join("store"), options.clone(), &mut |_| {}) {
            Err(StoreError::InUse { .. }) if begun.elapsed() < Duration::from_secs(10) => {
                std::thread::sleep(Duration::from_millis(10));
            }
            opened => return opened.expect("the store").0,
        }
    }
}

/// Puts the store in the open, as an earlier version left it, and takes the index away.
///
/// # Panics
/// If it cannot be read or written.
#[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
pub fn lay_open(home: &Path) {
    let sealed = vault(home);
    let mut entries = Vec::new();
    let mut from = LogCursor::default();
    while from < sealed.cursor() {
        let next = sealed.records_since(from, &mut |logged, _| {
            match logged {
                Logged::Record(record, received_ms) => {
                    entries.push(Entry::Record(record, received_ms));
                }
                Logged::Mark(id, mark) => entries.push(Entry::Mark { id, mark }),
                Logged::Body(_) | Logged::Erase(_) | Logged::Other => {}
            }
            ControlFlow::Continue(())
        });
        from = next.expect("the log");
    }
    let facts = sealed.scan_local(b"").expect("the local facts");
    entries.extend(facts.into_iter().map(|(key, value)| Entry::Local {
        key,
        value: Some(value),
    }));
    sealed.close().expect("it closes");
    for part in ["store", "index"] {
        fs::remove_dir_all(home.join(part)).expect("the folder");
    }
    let (mut open, _) =
        Vault::open(&home.join("store"), Options::default(), &mut |_| {}).expect("a store");
    for group in entries.chunks(500) {
        open.commit(group).expect("it is written");
    }
    open.close().expect("it closes");
}
