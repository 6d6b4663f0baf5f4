//! The connection: one request, one answer.

use std::{
    error::Error as _,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use folkmoot_api::{ApiError, Command, Reply, Secret, Unlock};

use crate::{ClientError, encode_command, find_socket};

/// Longest wait for an answer. The longest a command waits by design is a minute (`sync`); a
/// rebuild of the index beside it may double that.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// A client of one node. Cheap to clone; keeps its connection open between requests.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    socket: PathBuf,
}

impl Client {
    /// A client of the node that runs on `home`. Nothing is sent yet, so a node that died without
    /// tidying up shows only at the first request.
    ///
    /// # Errors
    /// [`ClientError::NotRunning`] where no node left its mark in the home.
    pub fn for_home(home: &Path) -> Result<Self, ClientError> {
        match find_socket(home) {
            Ok(Some(socket)) => Self::at(socket),
            Ok(None) => Err(ClientError::NotRunning),
            Err(error) => Err(ClientError::Broken(error.to_string())),
        }
    }

    /// A client of the node that listens at `socket`.
    ///
    /// # Errors
    /// [`ClientError::Broken`] where the HTTP client cannot be set up.
    pub fn at(socket: PathBuf) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .unix_socket(socket.clone())
            .no_proxy()
            .timeout(ANSWER_TIMEOUT)
            .build()
            .map_err(|e| ClientError::Broken(e.to_string()))?;
        Ok(Self { http, socket })
    }

    /// Where the node listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.socket.clone()
    }

    /// Asks anything. The methods named like the commands do the same, typed.
    ///
    /// # Errors
    /// [`ClientError`]; what the node refuses is [`ClientError::Api`].
    pub async fn call(&self, command: &Command) -> Result<Reply, ClientError> {
        let (name, body) =
            encode_command(command).map_err(|e| ClientError::Broken(e.to_string()))?;
        self.post(&name, body).await
    }

    /// Has the node read its settings again. The answer is a sentence for people on what took
    /// effect.
    ///
    /// # Errors
    /// [`ClientError`]; a configuration with faults leaves the node as it was.
    pub async fn reload(&self) -> Result<String, ClientError> {
        Ok(String::try_from(
            self.post("reload", b"{}".to_vec()).await?,
        )?)
    }

    /// Has the node forget its keys and close the home. It does so after it answered.
    ///
    /// # Errors
    /// [`ClientError`]; keys that lie in the open cannot be locked.
    pub async fn lock(&self) -> Result<String, ClientError> {
        Ok(String::try_from(self.post("lock", b"{}".to_vec()).await?)?)
    }

    /// Has a locked node open its home again.
    ///
    /// # Errors
    /// [`ClientError`]; a wrong passphrase is told after a while.
    pub async fn unlock(&self, passphrase: Secret) -> Result<String, ClientError> {
        let body = serde_json::to_vec(&Unlock { passphrase })
            .map_err(|e| ClientError::Broken(e.to_string()))?;
        Ok(String::try_from(self.post("unlock", body).await?)?)
    }

    async fn post(&self, name: &str, body: Vec<u8>) -> Result<Reply, ClientError> {
        let response = self
            .http
            // The host's name is never looked up: the socket is the host.
            .post(format!("http://node/v1/{name}"))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .map_err(|e| failed(&e))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|e| failed(&e))?;
        if status.is_success() {
            return serde_json::from_slice(&bytes)
                .map_err(|e| ClientError::Broken(format!("its answer cannot be read ({e})")));
        }
        Err(match serde_json::from_slice::<ApiError>(&bytes) {
            Ok(error) => ClientError::Api(error),
            Err(_) => ClientError::Broken(format!("HTTP status {status}")),
        })
    }

    /// Asks and takes the expected answer out.
    pub(crate) async fn ask<T>(&self, command: Command) -> Result<T, ClientError>
    where
        T: TryFrom<Reply, Error = ApiError>,
    {
        Ok(T::try_from(self.call(&command).await?)?)
    }
}

/// Sorts a transport error: nobody there, too slow, or broken.
pub(crate) fn failed(error: &reqwest::Error) -> ClientError {
    if error.is_timeout() {
        return ClientError::TimedOut;
    }
    let mut cause = error.source();
    let mut last = error.to_string();
    while let Some(inner) = cause {
        last = inner.to_string();
        if let Some(io) = inner.downcast_ref::<io::Error>()
            && error.is_connect()
            && matches!(
                io.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
            )
        {
            return ClientError::NotRunning;
        }
        cause = inner.source();
    }
    ClientError::Broken(last)
}
