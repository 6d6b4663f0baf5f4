//! `moot watch`

use std::{io::Write, pin::Pin, time::Duration};

use folkmoot_client::{
    Client, ClientError, Listening,
    api::{Command, ErrorCode, EventView, Events, EventsPage},
};
use jiff::Timestamp;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    access::{Access, Need, live_socket},
    commands::{Context, find::time_zone},
    error::CliError,
    ui::print_event,
};

/// How soon a node that went away is looked for again, and at most how much later.
const AGAIN: Duration = Duration::from_millis(250);
const MOST_AGAIN: Duration = Duration::from_secs(5);

/// Print what happens, as it happens
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot watch
  moot watch tag:garden -author:me
  moot watch --json 'kind:task in:commons' | while read -r event; do …; done
  moot watch --after start --no-wait --json

It goes on where it was when the node is started again, and with --after where an earlier watch
ended: nothing is missed, and what was printed last may come twice. Each event of --json has its
cursor. --no-wait needs no running node.")]
pub(crate) struct Args {
    /// Only what this query asks for
    query: Vec<String>,
    /// Begin behind this cursor; `start` for everything held
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// End after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Print what there is, and end
    #[arg(long, requires = "after")]
    no_wait: bool,
}

/// # Errors
/// Exit code 5 where no node runs; what the node says of a query or cursor that cannot be read.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    let mut watch = Watch {
        cx,
        query: args.query.join(" "),
        zone: time_zone(),
        cursor: args.after.clone(),
        left: args.limit.unwrap_or(u64::MAX),
    };
    if args.no_wait {
        return watch.what_there_is();
    }
    // Says what to do where no node runs.
    drop(Access::open(cx, Need::Node)?);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| CliError::failed(format!("the system gives no event queue: {e}")))?
        .block_on(watch.what_comes())
}

/// Why a stream ended.
enum Ended {
    /// The person wants no more, or has all that was asked for.
    Enough,
    /// The node is gone.
    Away,
}

struct Watch<'a> {
    cx: &'a Context<'a>,
    query: String,
    zone: Option<String>,
    cursor: Option<String>,
    left: u64,
}

type Stop = Pin<Box<dyn Future<Output = ()>>>;

impl Watch<'_> {
    fn what_there_is(&mut self) -> Result<(), CliError> {
        let access = Access::open(self.cx, Need::ExistingHome)?;
        loop {
            let ask = Events {
                query: self.query.clone(),
                after: self.cursor.take(),
                limit: u32::try_from(self.left).unwrap_or(0),
                wait_ms: 0,
                time_zone: self.zone.clone(),
            };
            let page: EventsPage = access
                .ask(Command::Events(ask))
                .map_err(|error| error.of_query(&self.query))?;
            // One record may do more than was asked for.
            let most = usize::try_from(self.left).unwrap_or(usize::MAX);
            let shown = page.events.get(..most).unwrap_or(&page.events);
            for event in shown {
                self.print(event)?;
            }
            let last = shown.last().filter(|_| self.left == 0);
            let cursor = last.map_or(&page.cursor, |event| &event.cursor).clone();
            if self.left == 0 || !page.more {
                if self.cx.ui.json {
                    let more = page.more || shown.len() < page.events.len();
                    let page = json!({ "page": { "cursor": cursor, "more": more } });
                    return self.cx.ui.object(&page);
                }
                self.cx
                    .ui
                    .say(&format!("go on from here: --after {cursor}"));
                return Ok(());
            }
            self.cursor = Some(cursor);
        }
    }

    async fn what_comes(&mut self) -> Result<(), CliError> {
        let mut stop: Stop = Box::pin(stopped()?);
        let mut pause = AGAIN;
        loop {
            let before = self.cursor.clone();
            match self.follow(&mut stop).await? {
                Ended::Enough => break,
                Ended::Away => {}
            }
            if pause == AGAIN {
                self.cx.ui.say("the node is away; going on when it is back");
            } else if self.cursor != before {
                pause = AGAIN;
            }
            tokio::select! {
                () = &mut stop => break,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(MOST_AGAIN);
        }
        if let Some(cursor) = self.cursor.as_deref().filter(|_| !self.cx.ui.json) {
            self.cx
                .ui
                .say(&format!("go on from here: --after {cursor}"));
        }
        Ok(())
    }

    /// Prints what one running node tells.
    async fn follow(&mut self, stop: &mut Stop) -> Result<Ended, CliError> {
        let Some(socket) = live_socket(self.cx)? else {
            return Ok(Ended::Away);
        };
        let client = Client::at(socket)?;
        let (after, zone) = (self.cursor.clone(), self.zone.clone());
        let listening = tokio::select! {
            () = &mut *stop => return Ok(Ended::Enough),
            listening = client.listen(&self.query, after.as_deref(), zone.as_deref()) => listening,
        };
        let mut listening = match listening {
            Ok(listening) => listening,
            Err(error) => return self.away(error),
        };
        loop {
            let next = tokio::select! {
                () = &mut *stop => None,
                next = listening.next() => Some(next),
            };
            self.keep(&listening);
            match next {
                None => return Ok(Ended::Enough),
                Some(Ok(None)) => return Ok(Ended::Away),
                Some(Err(error)) => return self.away(error),
                Some(Ok(Some(event))) => self.print(&event)?,
            }
            if self.left == 0 {
                return Ok(Ended::Enough);
            }
        }
    }

    fn keep(&mut self, listening: &Listening) {
        if let Some(cursor) = listening.cursor() {
            self.cursor = Some(cursor.to_owned());
        }
    }

    /// A node that is gone, stops or does not answer may come back; any other answer is its last.
    fn away(&self, error: ClientError) -> Result<Ended, CliError> {
        match error {
            ClientError::Api(error) if error.code != ErrorCode::Unavailable => {
                Err(CliError::from(error).of_query(&self.query))
            }
            _ => Ok(Ended::Away),
        }
    }

    fn print(&mut self, event: &EventView) -> Result<(), CliError> {
        // It comes as it comes: no pager stands between.
        let mut out = std::io::BufWriter::new(anstream::stdout());
        if self.cx.ui.json {
            // An event says its version itself.
            serde_json::to_writer(&mut out, event).map_err(std::io::Error::from)?;
            writeln!(out)?;
        } else {
            print_event(&mut out, event, Timestamp::now())?;
        }
        out.flush()?;
        self.left = self.left.saturating_sub(1);
        Ok(())
    }
}

/// Is over when the person or the system wants the program to end.
fn stopped() -> Result<impl Future<Output = ()>, CliError> {
    let listen = |kind| {
        signal(kind).map_err(|e| CliError::failed(format!("signals cannot be listened to: {e}")))
    };
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
