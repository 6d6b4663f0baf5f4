//! A locked node: its keys are forgotten and its home is closed, and it waits for the passphrase.

use std::{path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Json, State},
    response::Response,
    routing::post,
};
use folkmoot_api::{ApiError, ErrorCode, LOCKED, Reply, Unlock};
use folkmoot_engine::{Engine, OpenError, Opened, keys_are_sealed};
use tokio::sync::{Notify, mpsc, oneshot};
use zeroize::Zeroizing;

use crate::{
    Options, RunError,
    run::{DRAIN_TIME, Stop, open},
    server::{OwnerOnly, Socket, done, refusal},
};

/// Pause after a wrong passphrase, for whoever tries many: guessing costs a second each, beside Argon2id.
const PAUSE: Duration = Duration::from_secs(1);
/// Largest request: a passphrase in JSON.
const MAX_BODY_BYTES: usize = 16 << 10;

/// How a running node is asked to lock.
#[derive(Debug, Clone)]
pub(crate) struct Lock {
    home: PathBuf,
    asked: Arc<Notify>,
}

impl Lock {
    pub(crate) fn new(home: PathBuf) -> Self {
        Self {
            home,
            asked: Arc::default(),
        }
    }

    /// Asks for it, where a passphrase seals the keys.
    pub(crate) fn ask(&self) -> Result<String, ApiError> {
        let is_sealed = keys_are_sealed(&self.home)
            .map_err(|error| ApiError::new(ErrorCode::Failed, error.to_string()))?;
        if !is_sealed {
            return Err(ApiError::new(
                ErrorCode::Denied,
                "no passphrase seals your keys: a lock without one would protect nothing",
            )
            .hint("moot passphrase set"));
        }
        self.asked.notify_one();
        Ok("locking".to_owned())
    }

    /// Ends once it was asked for.
    pub(crate) async fn asked(&self) {
        self.asked.notified().await;
    }
}

/// A try to unlock, and where its answer goes.
struct Attempt {
    passphrase: Zeroizing<String>,
    reply: oneshot::Sender<Result<(), ApiError>>,
}

/// Serves nothing but `unlock` until the home is open again. `None` where the node has to end first. The
/// socket was bound before the home was closed: nobody else takes its place meanwhile.
pub(crate) async fn wait(
    options: &Options,
    (socket, listener): (Socket, OwnerOnly),
    stop: &mut Stop,
    mut end: Pin<&mut impl Future<Output = ()>>,
) -> Result<Option<(Engine, Opened)>, RunError> {
    // One at a time: the others wait for their turn.
    let (attempts, mut asked) = mpsc::channel(1);
    let (drain, draining) = oneshot::channel::<()>();
    let server = axum::serve(listener, router(attempts)).with_graceful_shutdown(async {
        let (Ok(()) | Err(_)) = draining.await;
    });
    let server = tokio::spawn(server.into_future());
    let opened = loop {
        let attempt: Option<Attempt> = tokio::select! {
            () = stop.wait() => None,
            () = end.as_mut() => None,
            attempt = asked.recv() => attempt,
        };
        let Some(Attempt { passphrase, reply }) = attempt else {
            break None;
        };
        match open(options, Some(passphrase), |told| tracing::info!(?told)).await {
            Ok((engine, opened, _)) => {
                drop(reply.send(Ok(())));
                break Some((engine, opened));
            }
            Err(error) => {
                tokio::time::sleep(PAUSE).await;
                drop(reply.send(Err(refused(error))));
            }
        }
    };
    drop(drain);
    drop(asked);
    if tokio::time::timeout(DRAIN_TIME, server).await.is_err() {
        tracing::warn!("requests were still running when the node was unlocked");
    }
    drop(socket);
    Ok(opened)
}

fn refused(error: RunError) -> ApiError {
    match error {
        RunError::Open(OpenError::PassphraseWrong | OpenError::PassphraseNeeded) => {
            ApiError::new(ErrorCode::Denied, "the passphrase is wrong").hint("try again")
        }
        RunError::Open(OpenError::Failed { message, hint }) => {
            let error = ApiError::new(ErrorCode::Failed, message);
            match hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        }
        other => ApiError::new(ErrorCode::Failed, other.to_string()),
    }
}

fn router(attempts: mpsc::Sender<Attempt>) -> Router {
    Router::new()
        .route("/v1/unlock", post(unlock))
        .fallback(|| async { refusal(&locked()) })
        .method_not_allowed_fallback(|| async { refusal(&locked()) })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(attempts)
}

async fn unlock(
    State(attempts): State<mpsc::Sender<Attempt>>,
    Json(ask): Json<Unlock>,
) -> Response {
    let (reply, answered) = oneshot::channel();
    let attempt = Attempt {
        passphrase: ask.passphrase.into_text(),
        reply,
    };
    let stopping = || ApiError::new(ErrorCode::Unavailable, "the node is stopping");
    if attempts.send(attempt).await.is_err() {
        return refusal(&stopping());
    }
    match answered.await {
        Ok(Ok(())) => done(&Reply::Done("your home is open again".to_owned())),
        Ok(Err(error)) => refusal(&error),
        Err(_) => refusal(&stopping()),
    }
}

fn locked() -> ApiError {
    let mut error = ApiError::new(ErrorCode::Denied, "your node is locked").hint("moot unlock");
    error.reason = Some(LOCKED.into());
    error
}
