//! `GET /v1/events`: what happens, as server-sent events.
//!
//! One task a listener asks the engine for a page, sends it, and asks for the next one when that was
//! taken. So at most two pages wait for a listener that reads slowly. One that takes nothing for a
//! minute is closed: it goes on from the last cursor that it got.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use folkmoot_api::{ApiError, Command, ErrorCode, Events, EventsPage, Reply};
use folkmoot_engine::Engine;
use futures::stream;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::routes::{App, refusal};

/// Most listeners at one time: each costs the engine a look at every change.
const MOST_LISTENERS: usize = 64;
/// How long the engine waits for something to happen before it says how far it has read. The client
/// takes a stream that is silent for longer to be dead.
const WAIT_MS: u32 = 60_000;
/// How long a listener may take for a page.
const SLOW: Duration = Duration::from_secs(60);
/// The header by which a browser goes on.
const LAST_EVENT_ID: &str = "last-event-id";

/// Room for listeners, and whether the node stops.
#[derive(Debug, Clone)]
pub(crate) struct Listeners {
    room: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

impl Listeners {
    /// With the sender that ends all streams.
    pub(crate) fn new() -> (Self, watch::Sender<bool>) {
        let (stop, stopping) = watch::channel(false);
        let room = Arc::new(Semaphore::new(MOST_LISTENERS));
        (Self { room, stopping }, stop)
    }
}

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Asked {
    query: String,
    after: Option<String>,
    time_zone: Option<String>,
}

pub(crate) async fn listen(
    State(app): State<App>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let asked = match asked {
        Ok(Query(asked)) => asked,
        Err(rejection) => {
            return refusal(&ApiError::new(ErrorCode::Usage, rejection.body_text()));
        }
    };
    let Ok(permit) = Arc::clone(&app.listeners.room).try_acquire_owned() else {
        let message = format!("{MOST_LISTENERS} programs listen already");
        return refusal(
            &ApiError::new(ErrorCode::Unavailable, message).hint("end one of them, then try again"),
        );
    };
    // A browser that comes again asks with the address that it began with.
    let last = headers.get(LAST_EVENT_ID);
    let last = last.and_then(|id| id.to_str().ok()).map(str::to_owned);
    let ask = Events {
        query: asked.query,
        after: last.filter(|id| !id.is_empty()).or(asked.after),
        limit: 0,
        wait_ms: 0,
        time_zone: asked.time_zone,
    };
    // What is wrong with the question is said at once.
    let page = match page(&app.engine, ask.clone()).await {
        Ok(page) => page,
        Err(error) => return refusal(&error),
    };
    let (sender, receiver) = mpsc::channel(1);
    let stopping = app.listeners.stopping.clone();
    tokio::spawn(feed(app.engine, ask, page, sender, stopping, permit));
    let body = stream::unfold(receiver, |mut receiver| async move {
        let bytes = receiver.recv().await?;
        Some((Ok::<Bytes, Infallible>(bytes), receiver))
    });
    (
        StatusCode::OK,
        [
            (header::CONTENT_TYPE, "text/event-stream"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        Body::from_stream(body),
    )
        .into_response()
}

/// Sends page after page until the listener goes, is too slow, or the node stops.
async fn feed(
    engine: Engine,
    mut ask: Events,
    mut page: EventsPage,
    sender: mpsc::Sender<Bytes>,
    mut stopping: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
) {
    ask.wait_ms = WAIT_MS;
    loop {
        ask.after = Some(page.cursor.clone());
        if !send(&sender, text(&page), SLOW).await {
            return;
        }
        let next = tokio::select! {
            next = self::page(&engine, ask.clone()) => next,
            () = sender.closed() => return,
            // A sender that is gone says the same as one that has spoken.
            _ = stopping.changed() => return,
        };
        page = match next {
            Ok(page) => page,
            Err(error) => {
                send(&sender, fault(&error), SLOW).await;
                return;
            }
        };
    }
}

/// Hands a page over; false where the listener is gone, or did not take the one before in time.
async fn send(sender: &mpsc::Sender<Bytes>, text: String, patience: Duration) -> bool {
    match tokio::time::timeout(patience, sender.send(text.into())).await {
        Ok(sent) => sent.is_ok(),
        Err(_) => {
            tracing::warn!("a listener that took no events was let go");
            false
        }
    }
}

async fn page(engine: &Engine, ask: Events) -> Result<EventsPage, ApiError> {
    let (reply, answered) = oneshot::channel();
    engine.submit(
        Command::Events(ask),
        move |result: Result<Reply, ApiError>| {
            // A listener that went away does not hear the answer.
            drop(reply.send(result));
        },
    );
    match answered.await {
        Ok(result) => EventsPage::try_from(result?),
        Err(_) => Err(ApiError::new(
            ErrorCode::Unavailable,
            "the node is stopping",
        )),
    }
}

/// A page as server-sent events. The last line is the place up to which the log was read: no event,
/// but where to go on.
fn text(page: &EventsPage) -> String {
    let mut text = String::new();
    for event in &page.events {
        match serde_json::to_string(event) {
            Ok(json) => text.push_str(&format!("id: {}\ndata: {json}\n\n", event.cursor)),
            Err(error) => tracing::error!(%error, "an event could not be written as JSON"),
        }
    }
    text.push_str(&format!("id: {}\n\n", page.cursor));
    text
}

fn fault(error: &ApiError) -> String {
    let json = serde_json::to_string(error).unwrap_or_default();
    format!("event: error\ndata: {json}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_that_takes_nothing_is_let_go() {
        let (sender, mut receiver) = mpsc::channel(1);
        let patience = Duration::from_millis(20);
        assert!(send(&sender, "id: 1\n\n".into(), patience).await);
        // The first page still waits: the next one finds no room.
        assert!(!send(&sender, "id: 2\n\n".into(), patience).await);
        assert_eq!(receiver.recv().await.unwrap(), "id: 1\n\n");
        assert!(send(&sender, "id: 2\n\n".into(), patience).await);
        drop(receiver);
        assert!(!send(&sender, "id: 3\n\n".into(), patience).await);
    }

    #[test]
    fn a_page_without_events_says_where_to_go_on() {
        let page = EventsPage {
            events: Vec::new(),
            cursor: "ab-01".into(),
            more: false,
        };
        assert_eq!(text(&page), "id: ab-01\n\n");
    }
}
