//! The workers that check signatures, off the engine's thread.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use folkmoot_record::{CollectiveId, Reason, RecordId, Signed, Verified};
use folkmoot_sync::{Peer, Ticket};

/// Most workers: more than this many cores are better left to the person.
const MOST_WORKERS: usize = 4;

/// One received thing, before the check.
#[derive(Debug)]
pub(crate) enum Unchecked {
    /// Parsed; the signature is to be checked.
    Record(Signed),
    /// Decided without a check.
    Settled(Checked),
}

/// One received thing, after the check.
#[derive(Debug)]
pub(crate) enum Checked {
    /// A record that holds.
    Record(Verified),
    /// Held already.
    Known,
    /// Malformed or wrongly signed.
    Refused(Option<RecordId>, Reason),
    /// A bundle; it is judged by the epoch it belongs to.
    Bundle(Vec<u8>),
}

/// A batch on its way through the workers. Its number is bounded by the read credit that the
/// sync machine gives each peer: no new batch comes before older ones were answered.
#[derive(Debug)]
pub(crate) struct Batch<T> {
    pub(crate) ticket: Ticket,
    pub(crate) cid: CollectiveId,
    pub(crate) peer: Peer,
    pub(crate) items: Vec<T>,
}

/// Handle to the workers; they end when it is dropped.
#[derive(Debug)]
pub(crate) struct Checkers {
    jobs: mpsc::Sender<Batch<Unchecked>>,
}

impl Checkers {
    /// Starts as many workers as there are cores, within reason. `done` runs on the workers.
    pub(crate) fn start(
        done: impl Fn(Batch<Checked>) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Batch<Unchecked>>();
        let queue = Arc::new(Mutex::new(queue));
        let done = Arc::new(done);
        let workers =
            thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_WORKERS));
        for number in 0..workers {
            let (queue, done) = (Arc::clone(&queue), Arc::clone(&done));
            thread::Builder::new()
                .name(format!("check-{number}"))
                .spawn(move || {
                    loop {
                        // A worker that panicked holds no state: the queue stays good.
                        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                        match job {
                            Ok(batch) => done(check(batch)),
                            Err(mpsc::RecvError) => break,
                        }
                    }
                })?;
        }
        Ok(Self { jobs })
    }

    pub(crate) fn submit(&self, batch: Batch<Unchecked>) {
        if self.jobs.send(batch).is_err() {
            tracing::error!("the signature workers are gone");
        }
    }
}

fn check(batch: Batch<Unchecked>) -> Batch<Checked> {
    let items = batch
        .items
        .into_iter()
        .map(|item| match item {
            Unchecked::Settled(checked) => checked,
            Unchecked::Record(signed) => {
                let id = signed.id();
                match signed.verify() {
                    Ok(record) => Checked::Record(record),
                    Err(reason) => Checked::Refused(Some(id), reason),
                }
            }
        })
        .collect();
    Batch {
        ticket: batch.ticket,
        cid: batch.cid,
        peer: batch.peer,
        items,
    }
}
