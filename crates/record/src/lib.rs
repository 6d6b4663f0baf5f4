//! Canonical bytes, ids, keys, signed and verified records, kinds and their bodies.
