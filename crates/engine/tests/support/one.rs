//! One home without a node, and what is asked of it.

#![allow(dead_code, reason = "each suite uses a part of it")]

use std::path::Path;

use folkmoot_api::{ApiError, Command, Reply};
use folkmoot_engine::{Engine, Options};

/// Opens a home as a command without a node does.
pub(crate) fn open(home: &Path) -> Engine {
    let options = Options {
        home: home.to_owned(),
        passphrase: None,
        version: "test",
        serving: false,
        helps: true,
    };
    Engine::open(&options, &mut |_| {}).unwrap().0
}

/// What the engine answers.
pub(crate) fn ask<T: TryFrom<Reply, Error = ApiError>>(
    engine: &Engine,
    command: Command,
) -> Result<T, ApiError> {
    engine.call(command).and_then(T::try_from)
}
