//! A TOML text with its places, and errors that name them.

use std::{collections::BTreeSet, ops::Range};

use folkmoot_api::ApiError;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::errors::usage;

/// A table of the text, of which each key has to be asked for.
pub(super) struct Section<'a> {
    text: &'a str,
    /// What leads to it: `rules.charter`.
    path: String,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    known: BTreeSet<&'static str>,
}

/// A value and where it stands.
pub(super) struct Entry<'a> {
    text: &'a str,
    path: String,
    value: &'a Spanned<DeValue<'a>>,
}

/// The error of a text that is no TOML at all.
pub(super) fn no_toml(text: &str, error: &toml::de::Error) -> ApiError {
    let at = error.span().map_or(0, |span| span.start);
    usage(format!(
        "line {}: this is no TOML: {}",
        line(text, at),
        error.message()
    ))
    .hint("`moot charter show --toml` shows a charter as it should look")
}

fn line(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before.bytes().filter(|byte| *byte == b'\n').count() + 1
}

fn wrong(text: &str, at: usize, path: &str, problem: &str, right: &str) -> ApiError {
    usage(format!("line {}, {path}: {problem}", line(text, at))).hint(right)
}

impl<'a> Section<'a> {
    pub(super) fn whole(text: &'a str, table: &'a Spanned<DeTable<'a>>) -> Self {
        Self {
            text,
            path: String::new(),
            table: table.get_ref(),
            span: 0..0,
            known: BTreeSet::new(),
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// The value of a key, if it is there.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Entry<'a>> {
        self.known.insert(key);
        let value = self.table.get(key)?;
        Some(Entry {
            text: self.text,
            path: self.path_of(key),
            value,
        })
    }

    /// The value of a key that has to be there.
    pub(super) fn need(&mut self, key: &'static str, right: &str) -> Result<Entry<'a>, ApiError> {
        self.optional(key)
            .ok_or_else(|| self.fault(&format!("`{key}` is missing"), right))
    }

    /// Every key was asked for, or it is one that means nothing.
    pub(super) fn end(&self) -> Result<(), ApiError> {
        let unknown = self
            .table
            .iter()
            .find(|(key, _)| !self.known.contains(key.get_ref().as_ref()));
        match unknown {
            None => Ok(()),
            Some((key, _)) => {
                let known: Vec<&str> = self.known.iter().copied().collect();
                Err(wrong(
                    self.text,
                    key.span().start,
                    &self.path_of(key.get_ref()),
                    "there is no such key here",
                    &format!("the keys here are: {}", known.join(", ")),
                ))
            }
        }
    }

    /// A fault of the table as a whole.
    pub(super) fn fault(&self, problem: &str, right: &str) -> ApiError {
        let path = if self.path.is_empty() {
            "charter"
        } else {
            &self.path
        };
        wrong(self.text, self.span.start, path, problem, right)
    }
}

impl<'a> Entry<'a> {
    pub(super) fn fault(&self, problem: &str, right: &str) -> ApiError {
        wrong(
            self.text,
            self.value.span().start,
            &self.path,
            problem,
            right,
        )
    }

    /// The value as a table.
    pub(super) fn section(&self, right: &str) -> Result<Section<'a>, ApiError> {
        match self.value.get_ref() {
            DeValue::Table(table) => Ok(Section {
                text: self.text,
                path: self.path.clone(),
                table,
                span: self.value.span(),
                known: BTreeSet::new(),
            }),
            _ => Err(self.fault("this is no table", right)),
        }
    }

    /// The values of a list.
    pub(super) fn list(&self, right: &str) -> Result<Vec<Entry<'a>>, ApiError> {
        match self.value.get_ref() {
            DeValue::Array(items) => Ok(items
                .iter()
                .map(|value| Entry {
                    text: self.text,
                    path: self.path.clone(),
                    value,
                })
                .collect()),
            _ => Err(self.fault("this is no list", right)),
        }
    }

    /// The value as text.
    pub(super) fn text(&self, right: &str) -> Result<&'a str, ApiError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.as_ref()),
            _ => Err(self.fault("this is no text in quotes", right)),
        }
    }

    /// The value as a number within bounds.
    pub(super) fn number(&self, within: std::ops::RangeInclusive<u64>) -> Result<u64, ApiError> {
        let right = format!("a whole number from {} to {}", within.start(), within.end());
        match self.value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .filter(|number| within.contains(number))
                .ok_or_else(|| self.fault("this number does not fit", &right)),
            _ => Err(self.fault("this is no number", &right)),
        }
    }

    /// The value as yes or no.
    pub(super) fn truth(&self) -> Result<bool, ApiError> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            _ => Err(self.fault("this is neither", "true or false")),
        }
    }
}
