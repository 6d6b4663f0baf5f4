//! One thread that owns the state: commands in, replies and events out.
