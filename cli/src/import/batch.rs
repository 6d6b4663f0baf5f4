//! Pieces put together to batches.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

use folkmoot_client::api::{ImportItem, Note, Refused};

use super::Piece;

/// Items in one request: enough for a group commit to pay off, few enough for a moving bar.
const MAX_BATCH_ITEMS: usize = 500;

/// Bytes of text in one request; the node takes 16 MiB of JSON, and JSON may double a text.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// How long a batch waits for more.
const PAUSE: Duration = Duration::from_millis(250);

/// What is handed on: items to send, what was refused while reading, and how far reading is.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// To be sent in one request.
    pub items: Vec<ImportItem>,
    /// Refused while reading.
    pub refused: Vec<Refused>,
    /// Bytes or files read for this batch, whichever the bar counts.
    pub progress: u64,
}

/// Collects pieces, and hands over a batch when it is full.
pub(crate) struct Batcher<F: FnMut(Batch) -> bool> {
    batch: Batch,
    bytes: usize,
    send: F,
}

impl<F: FnMut(Batch) -> bool> Batcher<F> {
    /// Batches go to `send`, which answers false where nobody wants more.
    pub(crate) fn new(send: F) -> Self {
        Self {
            batch: Batch::default(),
            bytes: 0,
            send,
        }
    }

    /// Adds a piece that took `progress` of reading. False where nobody wants more.
    pub(crate) fn add(&mut self, piece: Piece, progress: u64) -> bool {
        self.batch.progress += progress;
        match piece {
            Piece::Refused { source, why } => self.batch.refused.push(Refused { source, why }),
            Piece::Item(item) => {
                let more = [&item.properties, &item.page];
                let more = more.iter().filter_map(|text| text.as_ref());
                let size = size(&item.note) + more.map(String::len).sum::<usize>();
                if self.bytes + size > MAX_BATCH_BYTES
                    && !self.batch.items.is_empty()
                    && !self.flush()
                {
                    return false;
                }
                self.bytes += size;
                self.batch.items.push(*item);
            }
        }
        let full = self.batch.items.len() >= MAX_BATCH_ITEMS
            || self.batch.refused.len() >= MAX_BATCH_ITEMS;
        !full || self.flush()
    }

    const fn is_empty(&self) -> bool {
        self.batch.items.is_empty() && self.batch.refused.is_empty() && self.batch.progress == 0
    }

    /// Hands over what is left.
    pub(crate) fn flush(&mut self) -> bool {
        self.bytes = 0;
        (self.send)(std::mem::take(&mut self.batch))
    }
}

/// Puts pieces together until nobody gives or wants more. A batch that is not full is handed over
/// when nothing has come for [`PAUSE`]: what a slow producer wrote is stored while it goes on.
pub(crate) fn gather(pieces: &Receiver<(Piece, u64)>, send: impl FnMut(Batch) -> bool) {
    let mut batcher = Batcher::new(send);
    loop {
        let next = if batcher.is_empty() {
            pieces.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            pieces.recv_timeout(PAUSE)
        };
        let wanted = match next {
            Ok((piece, progress)) => batcher.add(piece, progress),
            Err(RecvTimeoutError::Timeout) => batcher.flush(),
            Err(RecvTimeoutError::Disconnected) => {
                batcher.flush();
                return;
            }
        };
        if !wanted {
            return;
        }
    }
}

fn size(note: &Note) -> usize {
    let part = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    part(&note.text)
        + part(&note.title)
        + part(&note.url)
        + note.tags.iter().map(String::len).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(bytes: usize) -> Piece {
        Piece::Item(Box::new(ImportItem {
            note: Note {
                text: Some("x".repeat(bytes)),
                ..Note::default()
            },
            ..ImportItem::default()
        }))
    }

    #[test]
    fn batches_are_bounded_in_number_and_in_bytes() {
        let mut sizes = Vec::new();
        let mut batcher = Batcher::new(|batch: Batch| {
            sizes.push(batch.items.len());
            true
        });
        for _ in 0..MAX_BATCH_ITEMS + 1 {
            assert!(batcher.add(item(1), 1));
        }
        for _ in 0..3 {
            assert!(batcher.add(item(MAX_BATCH_BYTES / 2), 1));
        }
        assert!(batcher.flush());
        // 500; then one small and one large, since two large ones are over the limit with it.
        assert_eq!(sizes, [500, 2, 2]);
    }

    /// The producer goes on living; what it gave comes all the same.
    #[test]
    fn a_pause_hands_over_what_there_is() {
        let (give, pieces) = std::sync::mpsc::channel();
        let (send, batches) = std::sync::mpsc::channel();
        let gathering = std::thread::spawn(move || {
            gather(&pieces, |batch| send.send(batch).is_ok());
        });
        for _ in 0..2 {
            give.send((item(1), 3)).unwrap();
            let batch: Batch = batches.recv().unwrap();
            assert_eq!((batch.items.len(), batch.progress), (1, 3));
        }
        drop(give);
        gathering.join().unwrap();
    }

    #[test]
    fn nothing_is_lost_and_a_reader_that_leaves_ends_it() {
        let mut seen = (0, 0, 0);
        let mut batcher = Batcher::new(|batch: Batch| {
            seen.0 += batch.items.len();
            seen.1 += batch.refused.len();
            seen.2 += batch.progress;
            true
        });
        for i in 0..1203_u64 {
            let piece = match i % 3 {
                0 => Piece::Refused {
                    source: i.to_string(),
                    why: "no".into(),
                },
                _ => item(10),
            };
            assert!(batcher.add(piece, 2));
        }
        assert!(batcher.flush());
        assert_eq!(seen, (802, 401, 2406));
        let mut closed = Batcher::new(|_| false);
        assert!(!closed.flush());
    }
}
