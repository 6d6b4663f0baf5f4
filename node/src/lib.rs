//! A running node: configuration, home folder, local API, start and stop.
