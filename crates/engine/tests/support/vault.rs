//! The store of a home that nobody has open, with the key that its own keys give.

use std::{fs, path::Path};

use folkmoot_seal::{Master, NodeKey};
use folkmoot_store::{Options, Vault};

/// Opens it. The keys must lie there without a passphrase.
pub(crate) fn vault(home: &Path) -> Vault {
    let read = |name: &str| fs::read(home.join("keys").join(name)).unwrap();
    let node = NodeKey::from_bytes(read("node.key")[1..].try_into().unwrap());
    let master = node.open_value("keys", b"master", &read("master")).unwrap();
    let master = Master::from_bytes(master.as_slice().try_into().unwrap());
    let options = Options {
        key: Some(master.store_key()),
        ..Options::default()
    };
    let (vault, _) = Vault::open(&home.join("store"), options, &mut |_| {}).unwrap();
    vault
}
