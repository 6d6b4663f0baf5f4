//! Asking the node or the home, quickly and quietly.

use std::path::PathBuf;

use folkmoot_client::{
    Client,
    api::{Candidate, Command, Complete, Completes},
    find_socket,
};
use folkmoot_engine::{Engine, Options};
use folkmoot_node::{HOME_VARIABLE, Home};

/// What the node or the home knows; nothing where it cannot be told at once.
pub(crate) fn known(home: Option<PathBuf>, what: Completes, begins: &str) -> Vec<Candidate> {
    let complete = Command::Complete(Complete {
        what,
        begins: begins.to_owned(),
        limit: 0,
    });
    let Ok(home) = Home::locate(home, std::env::var_os(HOME_VARIABLE)) else {
        return Vec::new();
    };
    if let Ok(Some(socket)) = find_socket(home.folder())
        && std::os::unix::net::UnixStream::connect(&socket).is_ok()
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let answer = runtime.ok().zip(Client::at(socket).ok());
        return answer
            .and_then(|(runtime, client)| runtime.block_on(client.call(&complete)).ok())
            .and_then(|reply| reply.try_into().ok())
            .unwrap_or_default();
    }
    // A home that is held by another command, sealed or not there yet is not waited for.
    if !home.folder().join("keys").exists() {
        return Vec::new();
    }
    let options = Options {
        home: home.folder().to_owned(),
        passphrase: None,
        version: env!("CARGO_PKG_VERSION"),
        serving: false,
        helps: false,
    };
    let Ok((engine, _)) = Engine::open(&options, &mut |_| {}) else {
        return Vec::new();
    };
    let found = engine
        .call(complete)
        .ok()
        .and_then(|reply| reply.try_into().ok())
        .unwrap_or_default();
    // Closing would bring the index up to date first. The process ends instead: the store loses
    // nothing by that, and the index is behind as it was.
    std::mem::forget(engine);
    found
}
