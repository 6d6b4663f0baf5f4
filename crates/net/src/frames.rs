//! Frames on a stream: u32be length, then so many bytes, at most 1 MiB (section 7.3).

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::limits::{MAX_FRAME, WRITE_STALL};

/// Memory grows by this much at a time while a frame arrives: a length alone costs nothing.
const CHUNK: usize = 64 << 10;

/// Why a stream can no longer be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The length is above the limit.
    #[error("a frame of {length} bytes; at most {most} are allowed")]
    TooLong {
        /// As announced.
        length: usize,
        /// The limit of the stream.
        most: usize,
    },
    /// The frame was begun and not ended in time.
    #[error("a frame was begun and not finished within {} s", .0.as_secs())]
    Slow(Duration),
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame")]
    Cut,
    /// Nothing could be written for too long.
    #[error("the peer took no byte for {} s", WRITE_STALL.as_secs())]
    Stalled,
    /// The transport failed.
    #[error("the stream failed: {0}")]
    Io(#[from] io::Error),
}

/// Reads one frame, or `None` where the stream ends between frames. The first byte may take for
/// ever; from then on the frame has `limit`. It has at most `most` bytes, looked at when its length
/// is known: the bound may be moved while the stream is quiet.
pub(crate) async fn read_frame(
    stream: &mut (impl AsyncBufRead + Unpin),
    limit: Duration,
    most: &AtomicUsize,
) -> Result<Option<Vec<u8>>, FrameError> {
    if stream.fill_buf().await?.is_empty() {
        return Ok(None);
    }
    match timeout(limit, read_begun(stream, most)).await {
        Ok(frame) => frame.map(Some),
        Err(_) => Err(FrameError::Slow(limit)),
    }
}

async fn read_begun(
    stream: &mut (impl AsyncRead + Unpin),
    most: &AtomicUsize,
) -> Result<Vec<u8>, FrameError> {
    let mut prefix = [0; 4];
    stream.read_exact(&mut prefix).await.map_err(cut)?;
    let length = u32::from_be_bytes(prefix) as usize;
    let most = most.load(Ordering::Acquire);
    if length > most {
        return Err(FrameError::TooLong { length, most });
    }
    let mut frame = Vec::new();
    while frame.len() < length {
        // Doubling keeps the copies few; what is reserved stays within twice what has arrived.
        let start = frame.len();
        let end = length.min(start + start.max(CHUNK));
        frame.reserve_exact(end - start);
        frame.resize(end, 0);
        stream.read_exact(&mut frame[start..]).await.map_err(cut)?;
    }
    Ok(frame)
}

fn cut(error: io::Error) -> FrameError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        FrameError::Cut
    } else {
        FrameError::Io(error)
    }
}

/// Writes one frame; it may stay in a buffer until [`flush`].
pub(crate) async fn write_frame(
    stream: &mut (impl AsyncWrite + Unpin),
    frame: &[u8],
) -> Result<(), FrameError> {
    let length = match u32::try_from(frame.len()) {
        Ok(length) if frame.len() <= MAX_FRAME => length,
        _ => {
            return Err(FrameError::TooLong {
                length: frame.len(),
                most: MAX_FRAME,
            });
        }
    };
    patiently(stream.write_all(&length.to_be_bytes())).await?;
    for chunk in frame.chunks(CHUNK) {
        patiently(stream.write_all(chunk)).await?;
    }
    Ok(())
}

/// Sends what is buffered on its way.
pub(crate) async fn flush(stream: &mut (impl AsyncWrite + Unpin)) -> Result<(), FrameError> {
    patiently(stream.flush()).await
}

/// Ends the writing side after what was written.
pub(crate) async fn close(stream: &mut (impl AsyncWrite + Unpin)) -> Result<(), FrameError> {
    patiently(stream.close()).await
}

async fn patiently(step: impl Future<Output = io::Result<()>>) -> Result<(), FrameError> {
    match timeout(WRITE_STALL, step).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(FrameError::Stalled),
    }
}
