//! A typed client for the local API of a node.
//!
//! The node listens on a Unix socket that only its owner can reach. [`find_socket`] tells where;
//! [`Client`] asks. That no node runs is an error of its own ([`ClientError::NotRunning`]), because
//! most callers have something better to do then than to fail.
//!
//! ```no_run
//! # async fn example(home: &std::path::Path) -> Result<(), folkmoot_client::ClientError> {
//! use folkmoot_client::{Client, api};
//!
//! let client = Client::for_home(home)?;
//! let found = client
//!     .find(api::Find { query: "tag:garden".into(), ..api::Find::default() })
//!     .await?;
//! println!("{} records", found.total);
//! # Ok(())
//! # }
//! ```

mod ask;
mod client;
mod error;
mod listen;
mod socket;
mod wire;

pub use folkmoot_api as api;

pub use client::Client;
pub use error::ClientError;
pub use listen::Listening;
pub use socket::{LINK_NAME, MAX_SOCKET_PATH, SocketDir, find_socket, socket_path};
pub use wire::{WireError, decode_command, encode_command};
