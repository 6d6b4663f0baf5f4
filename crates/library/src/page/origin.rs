//! Who a document was before it was imported.
//!
//! An import is a record of its own, with an id, an author and a time of its own. What the file said of
//! these is kept in the record, so that the next export says the same.

use std::collections::BTreeMap;

use folkmoot_record::fc::Value;

use super::Page;

/// What an exported file says that a record made from it cannot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// See [`Page::id`].
    pub id: Option<String>,
    /// See [`Page::author`].
    pub author: Option<String>,
    /// See [`Page::collective`].
    pub collective: Option<String>,
    /// See [`Page::created`].
    pub created: Option<String>,
    /// See [`Page::updated`].
    pub updated: Option<String>,
    /// See [`Page::refs`].
    pub refs: Vec<String>,
}

impl Origin {
    /// Of a page that was read.
    pub fn of(page: &Page) -> Self {
        Self {
            id: page.id.clone(),
            author: page.author.clone(),
            collective: page.collective.clone(),
            created: page.created.clone(),
            updated: page.updated.clone(),
            refs: page.refs.clone(),
        }
    }

    /// Puts it into a page.
    pub fn put(self, page: &mut Page) {
        page.id = self.id;
        page.author = self.author;
        page.collective = self.collective;
        page.created = self.created;
        page.updated = self.updated;
        page.refs = self.refs;
    }

    /// The value of body key [`super::ORIGIN`].
    pub fn write(&self) -> Value {
        let texts = [
            &self.id,
            &self.author,
            &self.collective,
            &self.created,
            &self.updated,
        ];
        let mut map: BTreeMap<u8, Value> = (0..)
            .zip(texts)
            .filter_map(|(key, text)| Some((key, Value::Text(text.clone()?))))
            .collect();
        let refs = self.refs.iter().cloned().map(Value::Text).collect();
        map.insert(5, Value::Array(refs));
        Value::Map(map)
    }

    /// Reads that value; `None` for any other.
    pub fn read(value: &Value) -> Option<Self> {
        let Value::Map(map) = value else {
            return None;
        };
        let text = |key: u8| match map.get(&key) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let refs = match map.get(&5) {
            Some(Value::Array(refs)) => refs
                .iter()
                .map(|one| match one {
                    Value::Text(text) => Some(text.clone()),
                    _ => None,
                })
                .collect::<Option<_>>()?,
            _ => return None,
        };
        Some(Self {
            id: text(0),
            author: text(1),
            collective: text(2),
            created: text(3),
            updated: text(4),
            refs,
        })
    }
}
