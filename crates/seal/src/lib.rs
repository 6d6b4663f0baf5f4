//! Epoch secrets, sealed bundles, key sealing at rest and the recovery phrase.
