//! What benchmarks share: the machine, processes, texts, tables.

pub mod machine;
pub mod process;
pub mod raw;
pub mod table;
pub mod texts;

use anyhow::{Context, Result};

/// A number from an environment variable, or the usual one.
///
/// # Errors
/// The variable is set to something else.
pub fn number<T: std::str::FromStr>(variable: &str, usual: T) -> Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{variable} is no number")),
        Err(_) => Ok(usual),
    }
}
