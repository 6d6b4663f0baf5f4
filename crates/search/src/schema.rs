//! What the index keeps of an item: only what searching needs. Texts come from the store.

use folkmoot_library::{Due, Flag, Item, Link, fold, tag_paths};
use folkmoot_record::{CollectiveId, Hlc, Kind, RecordId, SeatKey};
use tantivy::{
    TantivyDocument, Term,
    schema::{
        BytesOptions, FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions,
    },
};

use crate::tokenizer::TOKENIZER;

/// Version of what is written here. Raise it with every change of fields, terms or words; an
/// index of another version is built anew.
pub(crate) const VERSION: u32 = 10;

/// Bytes of the hash by which the index finds what is called so: a name may be a whole text. Each byte
/// of a term that one item alone has costs a node of the dictionary. With these nobody makes a title
/// that meets one of a million others: that takes 2^60 tries.
const SHORT_NAME: usize = 10;
/// Bytes of a record id by which the index finds an item again. Nobody makes a record that meets one
/// of a million others: that takes 2^76 tries.
const SHORT_ID: usize = 12;

/// The fields.
///
/// `words` holds all text with positions; a word of a title is entered several times, which
/// makes it count more. `facts` holds everything that is true or not of an item (tags, kind,
/// author, place, links, names, flags, id) as terms of one field, each with a letter before it: one
/// dictionary instead of eight. Time and id stand in columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) words: Field,
    pub(crate) facts: Field,
}

/// The column of the time, the raw hybrid clock.
pub(crate) const HLC: &str = "hlc";
/// The columns of the id, eight bytes each, big end first.
pub(crate) const ID: [&str; 4] = ["id0", "id1", "id2", "id3"];

pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let words = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        words: builder.add_text_field("words", words),
        facts: builder.add_bytes_field("facts", BytesOptions::default().set_indexed()),
    };
    builder.add_u64_field(HLC, FAST);
    for name in ID {
        builder.add_u64_field(name, FAST);
    }
    (builder.build(), fields)
}

/// The column fields, which the schema numbers after the others.
fn columns(schema: &Schema) -> Option<(Field, [Field; 4])> {
    let field = |name| schema.get_field(name).ok();
    let [a, b, c, d] = ID;
    Some((field(HLC)?, [field(a)?, field(b)?, field(c)?, field(d)?]))
}

/// Makes documents of the index from items.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Maker {
    fields: Fields,
    hlc: Field,
    id: [Field; 4],
}

impl Maker {
    /// `None` if the schema is not [`schema`].
    pub(crate) fn new(schema: &Schema, fields: Fields) -> Option<Self> {
        let (hlc, id) = columns(schema)?;
        Some(Self { fields, hlc, id })
    }

    pub(crate) fn document(&self, item: &Item) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        for section in item.sections() {
            for _ in 0..section.weight {
                document.add_text(self.fields.words, section.text);
            }
        }
        each_fact(item, |fact| document.add_bytes(self.fields.facts, fact));
        document.add_u64(self.hlc, item.hlc.raw());
        for (field, part) in self.id.iter().zip(id_parts(&item.id)) {
            document.add_u64(*field, part);
        }
        document
    }
}

/// The id as the columns keep it.
pub(crate) fn id_parts(id: &RecordId) -> [u64; 4] {
    let mut parts = [0; 4];
    for (part, bytes) in parts.iter_mut().zip(id.as_bytes().chunks_exact(8)) {
        *part = bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    }
    parts
}

/// The id from the columns.
pub(crate) fn id_of(parts: [u64; 4]) -> RecordId {
    let mut bytes = [0; 32];
    for (place, part) in bytes.chunks_exact_mut(8).zip(parts) {
        place.copy_from_slice(&part.to_be_bytes());
    }
    RecordId::from_bytes(bytes)
}

/// The least raw clock of a millisecond; `None` beyond every clock.
pub(crate) fn raw_clock(ms: u64) -> Option<u64> {
    let raw = ms.checked_mul(1 << 16)?;
    Hlc::from_raw(raw).map(Hlc::raw)
}

fn each_fact(item: &Item, mut give: impl FnMut(&[u8])) {
    give(&fact::id(&item.id));
    give(&fact::kind(item.kind));
    give(&fact::seat(&item.seat));
    give(&fact::place(&item.cid));
    for flag in item.flags.iter() {
        give(&fact::flag(flag));
    }
    for link in &item.links {
        give(&fact::link(link));
    }
    if let Some(answered) = &item.answers {
        give(&fact::answers(answered));
    }
    if let Some(due) = item.due {
        give(&fact::due(due));
    }
    for seat in &item.assignees {
        give(&fact::assigned(seat));
    }
    let mut names: Vec<Vec<u8>> = item.names().map(|name| fact::called(&name)).collect();
    // A name that is given twice counts once.
    names.sort_unstable();
    names.dedup();
    for name in names {
        give(&name);
    }
    let mut paths: Vec<Vec<u8>> = Vec::new();
    for tag in &item.tags {
        paths.extend(tag_paths(&fold(tag.as_str())).map(fact::tag));
    }
    // `a/b` and `a/c` both lie below `a`: it counts once.
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        give(&path);
    }
}

/// The terms of `facts`.
pub(crate) mod fact {
    use folkmoot_record::hash;

    use super::{CollectiveId, Due, Flag, Kind, Link, RecordId, SHORT_ID, SHORT_NAME, SeatKey};

    pub(crate) const TAG: u8 = b't';
    pub(crate) const KIND: u8 = b'k';
    pub(crate) const SEAT: u8 = b's';
    pub(crate) const PLACE: u8 = b'c';
    /// Days on which something is due, in their order.
    pub(crate) const DUE: u8 = b'd';

    fn term(letter: u8, bytes: &[u8]) -> Vec<u8> {
        let mut term = Vec::with_capacity(1 + bytes.len());
        term.push(letter);
        term.extend_from_slice(bytes);
        term
    }

    pub(crate) fn id(id: &RecordId) -> Vec<u8> {
        term(b'i', &id.as_bytes()[..SHORT_ID])
    }

    pub(crate) fn kind(kind: Kind) -> Vec<u8> {
        term(KIND, &kind.0.to_be_bytes())
    }

    pub(crate) fn seat(seat: &SeatKey) -> Vec<u8> {
        term(SEAT, seat.as_bytes())
    }

    pub(crate) fn place(place: &CollectiveId) -> Vec<u8> {
        term(PLACE, place.as_bytes())
    }

    pub(crate) fn answers(answered: &RecordId) -> Vec<u8> {
        term(b'a', answered.as_bytes())
    }

    pub(crate) fn due(due: Due) -> Vec<u8> {
        term(DUE, &due.number().to_be_bytes())
    }

    pub(crate) fn assigned(seat: &SeatKey) -> Vec<u8> {
        term(b'w', seat.as_bytes())
    }

    /// Of a folded title or other name.
    pub(crate) fn called(folded: &str) -> Vec<u8> {
        term(b'n', &hash::plain(folded.as_bytes())[..SHORT_NAME])
    }

    pub(crate) fn flag(flag: Flag) -> Vec<u8> {
        term(b'f', &[flag as u8])
    }

    pub(crate) fn tag(folded: &str) -> Vec<u8> {
        term(TAG, folded.as_bytes())
    }

    pub(crate) fn link(link: &Link) -> Vec<u8> {
        match link {
            Link::Title(title) => term(b'l', format!("t{title}").as_bytes()),
            Link::Record(id) => {
                let mut bytes = vec![b'r'];
                bytes.extend_from_slice(id.as_bytes());
                term(b'l', &bytes)
            }
            Link::Url(url) => term(b'l', format!("u{url}").as_bytes()),
            Link::Symbol(key) => term(b'l', format!("s{key}").as_bytes()),
        }
    }
}

impl Fields {
    pub(crate) fn word(&self, word: &str) -> Term {
        Term::from_field_text(self.words, word)
    }

    pub(crate) fn fact(&self, fact: &[u8]) -> Term {
        Term::from_field_bytes(self.facts, fact)
    }
}
