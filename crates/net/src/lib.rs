//! The libp2p driver: turns the sync machine's outputs into swarm actions.
