//! One stream: reads frames as far as it has credit, writes what is queued.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use folkmoot_sync::{Input, Peer, Protocol, StreamId};
use futures::{
    AsyncRead, AsyncReadExt, AsyncWrite,
    io::{BufReader, BufWriter},
};
use libp2p::Stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::{
    frames::{FrameError, close, flush, read_frame, write_frame},
    limits::{FIRST_FRAME_TIMEOUT, FRAME_TIMEOUT},
};

/// Small frames are read and written together, through buffers of this size.
const BUFFER: usize = 16 << 10;
/// Written frames are reported at the latest after so many bytes, so that the machine's window
/// keeps moving.
const REPORT: usize = 256 << 10;

/// To the writing side.
#[derive(Debug)]
pub(crate) enum Command {
    /// Write a frame.
    Send(Vec<u8>),
    /// Close after what was sent.
    Close,
}

/// Everything a stream's task needs.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: StreamId,
    pub(crate) peer: Peer,
    pub(crate) protocol: Protocol,
    pub(crate) stream: Stream,
    /// The place of an inbound stream; `None` where this node opened it.
    pub(crate) place: Option<OwnedSemaphorePermit>,
    /// Begin when this comes.
    pub(crate) start: oneshot::Receiver<()>,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    /// Bytes sent and not yet written.
    pub(crate) queued: Arc<AtomicUsize>,
    /// Frames that may be read.
    pub(crate) credit: Arc<Semaphore>,
    /// Most bytes of a frame that is read.
    pub(crate) most: Arc<AtomicUsize>,
    /// End at once, for this reason.
    pub(crate) cut: oneshot::Receiver<Option<String>>,
    /// Dropped at the very end.
    pub(crate) done: oneshot::Sender<()>,
    pub(crate) inputs: mpsc::Sender<Input>,
}

/// Runs the stream to its end; returns its number.
pub(crate) async fn run(mut job: Job) -> StreamId {
    let id = job.id;
    if job.start.await.is_err() {
        return id;
    }
    let (peer, protocol, stream) = (job.peer, job.protocol, id);
    let begun = match job.place {
        None => Input::StreamOpened {
            peer,
            protocol,
            stream,
        },
        Some(_) => Input::StreamAccepted {
            peer,
            protocol,
            stream,
        },
    };
    if job.inputs.send(begun).await.is_err() {
        return id;
    }
    let (reader, writer) = job.stream.split();
    let mut too_long = false;
    let reason = tokio::select! {
        biased;
        cut = &mut job.cut => cut.ok().flatten(),
        read = read(id, reader, &job.credit, &job.most, &job.inputs) => {
            too_long = matches!(read, Err(FrameError::TooLong { .. }));
            sentence(read)
        }
        written = write(id, writer, &mut job.commands, &job.queued, &job.inputs) => sentence(written),
    };
    // The stream's halves are dropped by now, so the transport has let go of it.
    drop(job.place);
    if too_long {
        let _engine_gone = job.inputs.send(Input::TooLong { stream: id }).await;
    }
    let closed = Input::StreamClosed {
        stream: id,
        error: reason,
    };
    let _engine_gone = job.inputs.send(closed).await;
    drop(job.done);
    id
}

fn sentence(end: Result<(), FrameError>) -> Option<String> {
    end.err().map(|error| error.to_string())
}

async fn read(
    stream: StreamId,
    reader: impl AsyncRead + Unpin,
    credit: &Semaphore,
    most: &AtomicUsize,
    inputs: &mpsc::Sender<Input>,
) -> Result<(), FrameError> {
    let mut reader = BufReader::with_capacity(BUFFER, reader);
    let mut limit = FIRST_FRAME_TIMEOUT;
    // The semaphore is never closed, and an engine that is gone ends the stream.
    while let Ok(permit) = credit.acquire().await {
        permit.forget();
        let Some(bytes) = read_frame(&mut reader, limit, most).await? else {
            return Ok(());
        };
        if inputs.send(Input::Frame { stream, bytes }).await.is_err() {
            return Ok(());
        }
        limit = FRAME_TIMEOUT;
    }
    Ok(())
}

async fn write(
    stream: StreamId,
    writer: impl AsyncWrite + Unpin,
    commands: &mut mpsc::UnboundedReceiver<Command>,
    queued: &AtomicUsize,
    inputs: &mpsc::Sender<Input>,
) -> Result<(), FrameError> {
    let mut writer = BufWriter::with_capacity(BUFFER, writer);
    let mut next = commands.recv().await;
    while let Some(Command::Send(frame)) = next {
        write_frame(&mut writer, &frame).await?;
        let mut bytes = frame.len();
        next = None;
        while bytes < REPORT {
            match commands.try_recv() {
                Ok(Command::Send(frame)) => {
                    write_frame(&mut writer, &frame).await?;
                    bytes += frame.len();
                }
                Ok(Command::Close) => {
                    next = Some(Command::Close);
                    break;
                }
                Err(_) => break,
            }
        }
        flush(&mut writer).await?;
        queued.fetch_sub(bytes, Ordering::AcqRel);
        if inputs.send(Input::Written { stream, bytes }).await.is_err() {
            return Ok(());
        }
        if next.is_none() {
            next = commands.recv().await;
        }
    }
    close(&mut writer).await
}
