//! One error shape for every command.

use serde::{Deserialize, Serialize};

/// What kind of failure; decides the exit code and the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Something went wrong: exit code 1.
    Failed,
    /// The request makes no sense: exit code 2.
    Usage,
    /// No such record, collective or member: exit code 3.
    NotFound,
    /// The person may not do this: exit code 4.
    Denied,
    /// Needs a running node: exit code 5.
    NotRunning,
    /// The node is busy or stopping; try again: exit code 1.
    Unavailable,
}

/// An error as people read it: what happened, why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What kind.
    pub code: ErrorCode,
    /// One sentence: what happened and why.
    pub message: String,
    /// The next step, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// For what the rules of a collective refuse: the rule, by its code of section 4.9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<str>>,
    /// For a query: the bytes of it that are wrong, first and one past the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(usize, usize)>,
}

impl ApiError {
    /// An error without a hint.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            reason: None,
            span: None,
        }
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
