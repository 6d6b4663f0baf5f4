//! The thread that writes the index.
//!
//! It takes changes from an unbounded channel whose content is bounded all the same: whatever is
//! in it is also in the tail, and the owner keeps that in bounds. After each commit it publishes
//! a searcher together with the number of the last batch in it, so a snapshot knows exactly
//! which batches it must judge in memory.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{Builder, JoinHandle},
};

use tantivy::{
    IndexReader, IndexWriter, Searcher, TantivyError, columnar::ColumnValues, index::SegmentId,
};

use crate::{
    by_time::Spans,
    schema::{Fields, HLC, ID, Maker, VERSION, fact, id_of},
    tail::{Batch, Change},
};

/// What the owner asks of the writer.
pub(crate) enum Order {
    Batch(Arc<Batch>),
    Commit { seq: u64, cursor: Vec<u8> },
}

/// A committed state of the index.
pub(crate) struct Published {
    /// Everything up to this batch is in it.
    pub(crate) seq: u64,
    pub(crate) cursor: Vec<u8>,
    pub(crate) searcher: Searcher,
    /// Of the searcher's segments, in their order.
    pub(crate) columns: Arc<[Arc<Columns>]>,
    pub(crate) fields: Fields,
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published")
            .field("seq", &self.seq)
            .field("docs", &self.searcher.num_docs())
            .finish_non_exhaustive()
    }
}

type Values = Arc<dyn ColumnValues<u64>>;

/// The columns of one segment, opened once.
pub(crate) struct Columns {
    pub(crate) segment: SegmentId,
    docs: u32,
    hlc: Values,
    id: [Values; 4],
    pub(crate) spans: Spans,
}

impl fmt::Debug for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Columns")
            .field("segment", &self.segment)
            .field("docs", &self.docs)
            .finish_non_exhaustive()
    }
}

impl Columns {
    fn open(segment: &tantivy::SegmentReader) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        let values = |name| -> tantivy::Result<Values> {
            let column = columns.u64(name)?;
            // Each item has one value of each column, and then a value is found without a detour.
            Ok(match column.get_cardinality().is_full() {
                true => column.values,
                false => column.first_or_default_col(0),
            })
        };
        let [a, b, c, d] = ID;
        Ok(Self {
            segment: segment.segment_id(),
            docs: segment.max_doc(),
            hlc: values(HLC)?,
            id: [values(a)?, values(b)?, values(c)?, values(d)?],
            spans: Spans::default(),
        })
    }

    /// Number of items, those removed counted too.
    pub(crate) const fn docs(&self) -> u32 {
        self.docs
    }

    /// The first eight bytes of the id.
    pub(crate) fn id0(&self, doc: u32) -> u64 {
        let [first, ..] = &self.id;
        first.get_val(doc)
    }

    pub(crate) fn hlc(&self, doc: u32) -> u64 {
        self.hlc.get_val(doc)
    }

    pub(crate) fn id(&self, doc: u32) -> folkmoot_record::RecordId {
        id_of(self.id.each_ref().map(|part| part.get_val(doc)))
    }
}

impl Published {
    pub(crate) fn open(
        seq: u64,
        cursor: Vec<u8>,
        searcher: Searcher,
        fields: Fields,
        earlier: Option<&Self>,
    ) -> tantivy::Result<Self> {
        let columns = searcher
            .segment_readers()
            .iter()
            .map(|segment| {
                // Columns of a segment never change; removals stand elsewhere.
                let known = earlier.and_then(|earlier| earlier.columns_of(segment.segment_id()));
                known.map_or_else(|| Columns::open(segment).map(Arc::new), Ok)
            })
            .collect::<tantivy::Result<_>>()?;
        Ok(Self {
            seq,
            cursor,
            searcher,
            columns,
            fields,
        })
    }

    fn columns_of(&self, segment: SegmentId) -> Option<Arc<Columns>> {
        let mut all = self.columns.iter();
        all.find(|columns| columns.segment == segment).cloned()
    }
}

/// The last published state, replaced as a whole.
#[derive(Debug)]
pub(crate) struct Shelf(Mutex<Arc<Published>>);

impl Shelf {
    pub(crate) fn new(published: Published) -> Self {
        Self(Mutex::new(Arc::new(published)))
    }

    pub(crate) fn get(&self) -> Arc<Published> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, published: Published) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(published);
    }
}

/// What the writer tells: a commit is published, or why nothing more can be written.
pub(crate) type Report = Result<(), String>;

pub(crate) struct Writer {
    pub(crate) writer: IndexWriter,
    pub(crate) reader: IndexReader,
    pub(crate) fields: Fields,
    pub(crate) maker: Maker,
    pub(crate) shelf: Arc<Shelf>,
}

impl Writer {
    /// Starts the thread. It ends when the sender of orders is dropped.
    pub(crate) fn start(
        self,
        orders: mpsc::Receiver<Order>,
        reports: mpsc::Sender<Report>,
    ) -> std::io::Result<JoinHandle<()>> {
        Builder::new()
            .name("search-writer".into())
            .spawn(move || self.run(&orders, &reports))
    }

    fn run(mut self, orders: &mpsc::Receiver<Order>, reports: &mpsc::Sender<Report>) {
        for order in orders {
            let report = match order {
                Order::Batch(batch) => match self.apply(&batch) {
                    Ok(()) => continue,
                    Err(error) => Err(error),
                },
                Order::Commit { seq, cursor } => self.commit(seq, cursor),
            };
            let report = report.map_err(|error| error.to_string());
            let broken = report.is_err();
            // Nobody listens if the owner is gone; a broken writer writes nothing more.
            if reports.send(report).is_err() || broken {
                return;
            }
        }
    }

    fn apply(&self, batch: &Batch) -> tantivy::Result<()> {
        match &batch.change {
            Change::Add(items) => {
                for item in items {
                    self.writer.add_document(self.maker.document(item.item()))?;
                }
            }
            Change::Remove(ids) => {
                for id in ids {
                    self.writer.delete_term(self.fields.fact(&fact::id(id)));
                }
            }
        }
        Ok(())
    }

    fn commit(&mut self, seq: u64, cursor: Vec<u8>) -> Result<(), TantivyError> {
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&payload(&cursor));
        prepared.commit()?;
        self.reader.reload()?;
        let earlier = self.shelf.get();
        let searcher = self.reader.searcher();
        let published = Published::open(seq, cursor, searcher, self.fields, Some(&earlier))?;
        drop(earlier);
        self.shelf.put(published);
        Ok(())
    }
}

/// Version and cursor as they stand in the commit.
pub(crate) fn payload(cursor: &[u8]) -> String {
    let mut text = format!("{VERSION}:");
    for byte in cursor {
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])),
        );
    }
    text
}

/// The cursor of a payload of this version.
pub(crate) fn cursor_of(payload: &str) -> Option<Vec<u8>> {
    let (version, hex) = payload.split_once(':')?;
    if version.parse() != Ok(VERSION) || hex.len() % 2 != 0 || !hex.is_ascii() {
        return None;
    }
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
        .collect()
}
