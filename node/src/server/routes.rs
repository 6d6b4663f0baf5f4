//! What the socket answers.

use std::time::Duration;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use folkmoot_api::{ApiError, Command, ErrorCode, Reply};
use folkmoot_client::decode_command;
use folkmoot_engine::Engine;
use tokio::sync::oneshot;

use super::events::{self, Listeners};
use crate::{locked::Lock, wire::Reload};

/// Largest request: a thousand notes of 8 kB, the largest import batch that is of use.
const MAX_BODY_BYTES: usize = 16 << 20;

/// Longest time a request may take. The slowest by design is `sync` with 60 seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(110);

/// What the routes work with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) reload: Reload,
    pub(crate) listeners: Listeners,
    pub(crate) lock: Lock,
}

/// The routes of the API.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/v1/status", get(status).post(ask_status))
        .route("/v1/reload", post(reload))
        .route("/v1/lock", post(lock))
        .route("/v1/unlock", post(unlock))
        .route("/v1/events", get(events::listen).post(ask_events))
        .route("/v1/{command}", post(ask))
        .fallback(|| async { refusal(&no_such_path()) })
        .method_not_allowed_fallback(|| async { refusal(&no_such_path()) })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
}

async fn reload(State(app): State<App>) -> Response {
    match app.reload.run().await {
        Ok(said) => done(&Reply::Done(said)),
        Err(error) => refusal(&error),
    }
}

async fn lock(State(app): State<App>) -> Response {
    match app.lock.ask() {
        Ok(said) => done(&Reply::Done(said)),
        Err(error) => refusal(&error),
    }
}

async fn unlock() -> Response {
    done(&Reply::Done("your node is open".to_owned()))
}

pub(crate) fn done(reply: &Reply) -> Response {
    json(StatusCode::OK, serde_json::to_vec(reply))
}

async fn status(State(app): State<App>) -> Response {
    answer(&app.engine, Command::Status {}).await
}

async fn ask_status(
    app: State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    ask(app, Path("status".into()), headers, body).await
}

async fn ask_events(
    app: State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    ask(app, Path("events".into()), headers, body).await
}

async fn ask(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => {
            let message = format!(
                "the request's body was not taken: {}",
                rejection.body_text()
            );
            return refusal(&ApiError::new(ErrorCode::Usage, message));
        }
    };
    let json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !json && !body.is_empty() {
        return refusal(
            &ApiError::new(ErrorCode::Usage, "the request's body is not marked as JSON")
                .hint("send the header Content-Type: application/json"),
        );
    }
    match decode_command(&name, &body) {
        Ok(command) => answer(&app.engine, command).await,
        Err(error) => refusal(&ApiError::new(ErrorCode::Usage, error.to_string())),
    }
}

async fn answer(engine: &Engine, command: Command) -> Response {
    let (reply, answered) = oneshot::channel();
    engine.submit(command, move |result| {
        // A caller that went away does not hear the answer; what was done stays done.
        drop(reply.send(result));
    });
    match tokio::time::timeout(ANSWER_TIMEOUT, answered).await {
        Ok(Ok(Ok(reply))) => json(StatusCode::OK, serde_json::to_vec::<Reply>(&reply)),
        Ok(Ok(Err(error))) => refusal(&error),
        Ok(Err(_)) => refusal(&ApiError::new(
            ErrorCode::Unavailable,
            "the node is stopping",
        )),
        Err(_) => refusal(&ApiError::new(
            ErrorCode::Unavailable,
            "the node took too long to answer",
        )),
    }
}

pub(crate) fn refusal(error: &ApiError) -> Response {
    json(status_of(error.code), serde_json::to_vec(error))
}

fn json(status: StatusCode, bytes: Result<Vec<u8>, serde_json::Error>) -> Response {
    match bytes {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn no_such_path() -> ApiError {
    ApiError::new(ErrorCode::Usage, "there is no such path in this API")
        .hint("ask with POST /v1/<command>")
}

/// The HTTP status for each kind of failure.
fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::Usage => StatusCode::BAD_REQUEST,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Denied => StatusCode::FORBIDDEN,
        ErrorCode::NotRunning | ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}
