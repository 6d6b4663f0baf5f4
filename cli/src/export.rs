//! Taking things out: one file with everything, or a folder of Markdown.

pub(crate) mod bundle;
pub(crate) mod damage;
pub(crate) mod folder;
mod names;

pub(crate) use bundle::bundle;
