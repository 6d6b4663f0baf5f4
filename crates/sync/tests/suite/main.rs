//! Many machines in one deterministic world: time-ordered events, latency, losses, partitions.

mod convergence;
mod doors;
mod hellos;
mod home;
mod hostile;
mod live;
mod people;
mod world;
