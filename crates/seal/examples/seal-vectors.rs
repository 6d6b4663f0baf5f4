//! Prints `tests/vectors/seal.json`; run through `cargo xtask vectors write`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a developer's tool"
)]

#[path = "../tests/own/values.rs"]
mod values;

fn main() {
    println!("{:#}", values::values());
}
