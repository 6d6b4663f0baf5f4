//! Tantivy as its own examples use it, with title, text, tag and time, and nothing else.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use tantivy::{
    Index, IndexReader, Order, TantivyDocument,
    collector::{Count, TopDocs},
    indexer::IndexWriterOptions,
    query::{BooleanQuery, Occur, Query, QueryParser, RegexQuery},
    schema::{FAST, Field, INDEXED, STRING, Schema, TEXT},
};

use crate::{
    asks::Ask,
    corpus,
    engine::{Engine, HITS},
};

/// The same as ours has, with one thread as ours has.
const MEMORY: usize = 24_000_000;

pub(crate) struct Bare {
    reader: IndexReader,
    parser: QueryParser,
    fields: Fields,
}

#[derive(Debug, Clone, Copy)]
struct Fields {
    number: Field,
    title: Field,
    text: Field,
    tag: Field,
    time: Field,
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let fields = Fields {
        number: builder.add_u64_field("number", FAST),
        title: builder.add_text_field("title", TEXT),
        text: builder.add_text_field("text", TEXT),
        tag: builder.add_text_field("tag", STRING),
        time: builder.add_u64_field("time", FAST | INDEXED),
    };
    (builder.build(), fields)
}

/// Builds the index until it is committed, once, in the end.
pub(crate) fn build(folder: &Path, notes: &Path) -> Result<Duration> {
    let begun = Instant::now();
    let (schema, fields) = schema();
    let index = Index::create_in_dir(folder, schema)?;
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(1)
        .memory_budget_per_thread(MEMORY)
        .build();
    let mut writer = index.writer_with_options(options)?;
    corpus::read(notes, |note| {
        let mut document = TantivyDocument::new();
        document.add_u64(fields.number, u64::from(note.number));
        document.add_text(fields.title, note.title);
        document.add_text(fields.text, note.text);
        for tag in &note.tags {
            document.add_text(fields.tag, tag);
        }
        document.add_u64(fields.time, note.ms);
        writer.add_document(document)?;
        Ok(())
    })?;
    writer.commit()?;
    let time = begun.elapsed();
    writer.wait_merging_threads()?;
    Ok(time)
}

impl Engine for Bare {
    fn open(folder: &Path) -> Result<Self> {
        let index = Index::open_in_dir(folder)?;
        let (_, fields) = schema();
        let mut parser = QueryParser::for_index(&index, vec![fields.title, fields.text]);
        parser.set_conjunction_by_default();
        Ok(Self {
            reader: index.reader()?,
            parser,
            fields,
        })
    }

    fn ask(&mut self, ask: &Ask) -> Result<u64> {
        let searcher = self.reader.searcher();
        let query: Box<dyn Query> = match ask {
            Ask::Words(words) => self.parser.parse_query(&words.join(" "))?,
            Ask::Phrase(words) => self
                .parser
                .parse_query(&format!("\"{}\"", words.join(" ")))?,
            Ask::Any(words) => self.parser.parse_query(&words.join(" OR "))?,
            Ask::Prefix(stem) => {
                // Its parser takes no prefix of a single word.
                let mut either: Vec<(Occur, Box<dyn Query>)> = Vec::new();
                for field in [self.fields.title, self.fields.text] {
                    let query = RegexQuery::from_pattern(&format!("{stem}.*"), field)?;
                    either.push((Occur::Should, Box::new(query)));
                }
                Box::new(BooleanQuery::new(either))
            }
            Ask::Tagged(tag, from, to) => self
                .parser
                .parse_query(&format!("tag:{tag} AND time:[{from} TO {to}}}"))?,
            Ask::Tag(tag) => self.parser.parse_query(&format!("tag:{tag}"))?,
        };
        let top = TopDocs::with_limit(HITS);
        let total = match ask {
            Ask::Tagged(..) | Ask::Tag(_) => {
                let newest = top.order_by_fast_field::<u64>("time", Order::Desc);
                searcher.search(&*query, &(newest, Count))?.1
            }
            _ => searcher.search(&*query, &(top.order_by_score(), Count))?.1,
        };
        Ok(total as u64)
    }
}
