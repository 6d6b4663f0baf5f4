//! The charters that come with the program.

use folkmoot_api::ApiError;
use folkmoot_record::control::Charter;

use super::read;
use crate::errors::usage;

const PRESETS: [(&str, &str); 3] = [
    ("circle", include_str!("../../../charters/circle.toml")),
    ("group", include_str!("../../../charters/group.toml")),
    ("commons", include_str!("../../../charters/commons.toml")),
];

/// One of them by its name.
pub(crate) fn preset(name: &str) -> Result<Charter, ApiError> {
    let (_, text) = PRESETS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| {
            usage(format!("there is no ready charter called {name}"))
                .hint("there are: circle, group, commons")
        })?;
    read(text)
}
