//! The disposable full-text and structured index.
