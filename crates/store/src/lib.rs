//! The record log and its sled projection.
