//! A document as one line of JSON: what a page says, for programs that read lines.

use std::collections::BTreeMap;

use folkmoot_library::{
    foreign,
    page::{self, Page, STATES, Value},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Keys of a body that have a name in a line (section 3.4 of the protocol).
const STATE: u8 = 16;
const DAY: u8 = 16;
const DUE: u8 = 17;
const REPEAT: u8 = 20;
/// What [`Moot`] looks like; another number is of a newer program.
const VERSION: u32 = 1;

/// A line. A field of another name is refused, so that nothing is left behind unseen.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    #[serde(default)]
    pub kind: String,
    pub title: Option<String>,
    pub text: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    pub url: Option<String>,
    pub written: Option<Timestamp>,
    /// What the source calls it: a line with the same one later is the same document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// YAML, as in the head of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<String>,
    /// Of a daily page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// Of a line that `moot export` wrote: the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moot: Option<Moot>,
}

/// What only a document of Folkmoot says.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moot {
    v: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collective: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat: Option<String>,
    /// Every other key of the body, as in the head of a file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<u8, Json>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refs: Vec<String>,
}

impl Line {
    /// The line of a page.
    pub(crate) fn of(page: Page) -> Self {
        let mut rest = page.fields;
        let aliases = match rest.get(&foreign::ALIASES).and_then(texts) {
            Some(texts) => {
                rest.remove(&foreign::ALIASES);
                texts
            }
            None => Vec::new(),
        };
        let mut text_at = |kind: Option<&str>, key: u8| match rest.get(&key) {
            Some(Value::Text(text)) if kind.is_none_or(|kind| kind == page.kind) => {
                let text = text.clone();
                rest.remove(&key);
                Some(text)
            }
            _ => None,
        };
        let properties = text_at(None, foreign::PROPERTIES);
        let day = text_at(Some("daily"), DAY);
        let (due, repeat) = (text_at(Some("task"), DUE), text_at(Some("task"), REPEAT));
        let state = match rest.get(&STATE) {
            Some(Value::Uint(number)) if page.kind == "task" => usize::try_from(*number)
                .ok()
                .and_then(|number| STATES.get(number)),
            _ => None,
        };
        if state.is_some() {
            rest.remove(&STATE);
        }
        let json = |value: &Value| serde_json::from_str(&page::to_json(value));
        let fields = rest.iter().map(|(key, value)| {
            // What is written as JSON is JSON.
            (*key, json(value).unwrap_or(Json::Null))
        });
        Self {
            kind: page.kind,
            title: page.title,
            text: Some(page.text),
            tags: page.tags,
            url: page.url,
            written: page.created.and_then(|created| created.parse().ok()),
            id: None,
            aliases,
            properties,
            day,
            moot: Some(Moot {
                v: VERSION,
                id: page.id,
                version: page.version,
                author: page.author,
                collective: page.collective,
                updated: page.updated,
                media: page.media,
                language: page.language,
                state: state.map(|state| (*state).to_owned()),
                due,
                repeat,
                fields: fields.collect(),
                refs: page.refs,
            }),
        }
    }

    /// The page of a line that `moot export` wrote.
    ///
    /// # Errors
    /// Where it says what no page says.
    pub(crate) fn page(self, moot: Moot) -> Result<Page, String> {
        if moot.v != VERSION {
            return Err(format!(
                "its `moot` is of version {}; a newer moot reads it",
                moot.v
            ));
        }
        if self.id.is_some() {
            return Err("its id stands in `moot`".to_owned());
        }
        let mut fields = BTreeMap::new();
        for (key, value) in &moot.fields {
            let value = page::from_json(&value.to_string());
            let value = value.ok_or_else(|| format!("its field {key} cannot be read"))?;
            fields.insert(*key, value);
        }
        if !self.aliases.is_empty() {
            let aliases = self.aliases.into_iter().map(Value::Text).collect();
            fields.insert(foreign::ALIASES, Value::Array(aliases));
        }
        if let Some(name) = &moot.state {
            let number = STATES.iter().position(|state| state == name);
            let number = number.ok_or_else(|| format!("{name:?} is no state of a task"))?;
            fields.insert(STATE, Value::Uint(number as u64));
        }
        let texts = [
            (foreign::PROPERTIES, self.properties),
            (DAY, self.day),
            (DUE, moot.due),
            (REPEAT, moot.repeat),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                fields.insert(key, Value::Text(text));
            }
        }
        Ok(Page {
            id: moot.id,
            version: moot.version,
            kind: self.kind,
            title: self.title,
            tags: self.tags,
            author: moot.author,
            collective: moot.collective,
            created: self.written.map(|written| written.to_string()),
            updated: moot.updated,
            url: self.url,
            media: moot.media,
            language: moot.language,
            fields,
            refs: moot.refs,
            text: self.text.unwrap_or_default(),
        })
    }
}

/// A list of texts that is not empty.
fn texts(value: &Value) -> Option<Vec<String>> {
    let Value::Array(items) = value else {
        return None;
    };
    let text = |item: &Value| match item {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    let texts: Option<Vec<String>> = items.iter().map(text).collect();
    texts.filter(|texts| !texts.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            (0_u64..1 << 53).prop_map(Value::Uint),
            "(?s).{0,20}".prop_map(Value::Text),
            any::<Vec<u8>>().prop_map(Value::Bytes),
            any::<bool>().prop_map(Value::Bool),
            Just(Value::Null),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::btree_map(any::<u8>(), inner, 0..5).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_line_says_all_that_a_page_says(
            kind in prop::sample::select(vec!["note", "link", "task", "daily", "symbol"]),
            title in prop::option::of("(?s).{0,9}"),
            text in "(?s).{0,30}",
            tags in prop::collection::vec("(?s).{0,5}", 0..3),
            rest in prop::collection::vec(prop::option::of("(?s).{0,6}"), 8),
            fields in prop::collection::btree_map(prop_oneof![5..=30_u8, 60..=70_u8], value(), 0..6),
            refs in prop::collection::vec("[0-9a-f ]{0,9}", 0..3),
            seconds in prop::option::of(0..4_000_000_000_i64),
        ) {
            let written = seconds.map(|at| Timestamp::from_second(at).unwrap().to_string());
            let [id, version, author, collective, updated, url, media, language] =
                <[Option<String>; 8]>::try_from(rest).unwrap();
            let page = Page {
                id, version, author, collective, updated, url, media, language, title, tags, fields, refs, text,
                kind: kind.to_owned(),
                created: written,
            };
            let line = serde_json::to_string(&Line::of(page.clone())).unwrap();
            let mut read: Line = serde_json::from_str(&line).unwrap();
            let moot = read.moot.take().unwrap();
            prop_assert_eq!(read.page(moot).unwrap(), page);
        }
    }
}
