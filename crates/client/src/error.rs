//! What can go wrong between a caller and a node.

use folkmoot_api::{ApiError, ErrorCode};

/// Why a request had no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No socket, or one that nobody listens on any more.
    #[error("no node is running on this home")]
    NotRunning,
    /// The node's answer to a request it could read.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The connection broke, or something that is not a node answered.
    #[error("the node did not answer as expected: {0}")]
    Broken(String),
    /// No answer within the time allowed.
    #[error("the node did not answer in time")]
    TimedOut,
}

impl From<ClientError> for ApiError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Api(error) => error,
            ClientError::NotRunning => {
                ApiError::new(ErrorCode::NotRunning, error.to_string()).hint("start it: moot up")
            }
            ClientError::Broken(_) => ApiError::new(ErrorCode::Failed, error.to_string())
                .hint("see what the node wrote on its terminal, and start it again if it ended"),
            ClientError::TimedOut => ApiError::new(ErrorCode::Unavailable, error.to_string())
                .hint("try again; `moot status` shows whether it is busy"),
        }
    }
}
