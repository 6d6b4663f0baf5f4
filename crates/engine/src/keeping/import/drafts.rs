//! What is not a page as an export wrote it: texts, links and tasks, checked and made to bodies.

use folkmoot_api::{ApiError, ImportItem};
use folkmoot_library::{foreign, page};
use folkmoot_record::{
    Kind, Ref, Rel,
    content::{Content, Value},
    limits,
};

use super::{Ready, Source, prints::Prints, standing::Change};
use crate::{
    clock::random,
    errors::{failed, usage},
    keeping::{
        author::Writing,
        daily::to_date,
        edit::Says,
        notes::{fits, to_body, to_writing},
    },
};

/// Most other names of one document, as many as a symbol may have, and most bytes of one.
const MOST_ALIASES: usize = 64;
/// Key of a daily page's day (section 3.4).
pub(super) const DAY: u8 = 16;
/// Keys of a task that a page names: its state, when it is due, when it comes again (section 3.4).
const OF_TASKS: [u8; 3] = [16, 17, 20];
/// Key of the language of a text (section 3.4), and most bytes of one.
const LANGUAGE: (u8, usize) = (4, 64);

/// Checks an item and makes a body of it.
pub(super) fn ready(item: &ImportItem, source: Option<Source>) -> Result<Ready, ApiError> {
    let salt = random().map_err(|e| failed(e.to_string()))?;
    let mut writing = match &item.day {
        Some(_) => {
            let mut note = item.note.clone();
            note.kind = "note".to_owned();
            to_writing(&note, salt)?
        }
        None => to_writing(&item.note, salt)?,
    };
    let broken = || failed("the record that was made of it cannot be read".to_owned());
    let mut content = Content::decode(writing.kind, &writing.body).map_err(|_| broken())?;
    if let Some(day) = &item.day {
        must_be_day(day)?;
        writing.kind = Kind::DAILY;
        content.map.insert(DAY, Value::Text(day.clone()));
    }
    if item.aliases.len() > MOST_ALIASES {
        return Err(usage(format!("at most {MOST_ALIASES} other names")));
    }
    if !item.aliases.is_empty() {
        for alias in &item.aliases {
            fits("other name", alias, limits::TITLE)?;
        }
        let aliases = item.aliases.iter().cloned().map(Value::Text).collect();
        content.map.insert(foreign::ALIASES, Value::Array(aliases));
    }
    if let Some(lines) = item.properties.as_ref().filter(|lines| !lines.is_empty()) {
        fits("properties", lines, limits::TEXT)?;
        let lines = Value::Text(lines.clone());
        content.map.insert(foreign::PROPERTIES, lines);
    }
    let mut said = Vec::new();
    if let Some(language) = &item.language {
        fits("language", language, LANGUAGE.1)?;
        content
            .map
            .insert(LANGUAGE.0, Value::Text(language.clone()));
        said.push(LANGUAGE.0);
    }
    if let Some(state) = &item.state {
        let number = page::STATES.iter().position(|name| name == state);
        match number.filter(|_| writing.kind == Kind::TASK) {
            Some(number) => drop(content.map.insert(16, Value::Uint(number as u64))),
            None => {
                return Err(usage(format!(
                    "{state:?} is no state of a task: they are {}",
                    page::STATES.join(", ")
                )));
            }
        }
        // A page that names the state of a task names all that it names of it.
        said.extend(OF_TASKS);
    } else if writing.kind == Kind::TASK {
        let [_, due, again] = OF_TASKS;
        said.extend(item.note.due.as_ref().map(|_| due));
        said.extend(item.note.every.as_ref().map(|_| again));
    }
    if writing.kind == Kind::DAILY {
        said.push(DAY);
    }
    if let Some(written) = item.written {
        let written = Value::Text(written.to_string());
        content.map.insert(foreign::WRITTEN, written);
    }
    let prints = Prints::of(writing.kind, &content, &writing.tags).also(&content, &said);
    if let Some((source, _)) = &source {
        content.map.insert(foreign::SOURCE, source.value());
    }
    writing.body = to_body(&content)?;
    if Content::decode(writing.kind, &writing.body).is_err() {
        return Err(broken());
    }
    Ok(Ready {
        writing,
        content,
        prints,
        source,
        said,
        id: item.id.as_deref().and_then(|id| id.parse().ok()),
        base: item.base.as_deref().and_then(|id| id.parse().ok()),
        exact: None,
        again: false,
    })
}

/// A record's day may be one that no calendar has (section 3.4); nobody could open its page.
pub(super) fn must_be_day(day: &str) -> Result<(), ApiError> {
    to_date(day).map(drop)
}

/// Keys that an import says, and that a version of it says anew.
const SAID: [u8; 8] = [
    0,
    1,
    2,
    3,
    foreign::PROPERTIES,
    foreign::ALIASES,
    foreign::WRITTEN,
    foreign::SOURCE,
];

/// The new version of a document whose source has changed; what the source cannot say stays.
pub(super) fn version(change: Change, ready: &Ready) -> Result<Writing, ApiError> {
    let Change {
        document,
        base,
        says,
        ..
    } = change;
    let kind = document.first().map_or(Kind::NOTE, |first| first.kind);
    let of_another = || {
        let name = kind.name().unwrap_or("record");
        usage(format!(
            "it was a {name} when it was imported, and cannot be made one of another kind"
        ))
    };
    let Says {
        mut content, refs, ..
    } = says;
    let from = |key: &u8| {
        let is_exact = ready.exact.is_some();
        *key != foreign::SOURCE && (is_exact || SAID.contains(key) || ready.said.contains(key))
    };
    content.map.retain(|key, _| !from(key));
    for (key, value) in &ready.content.map {
        if from(key) || *key == foreign::SOURCE {
            content.map.insert(*key, value.clone());
        }
    }
    content.salt = ready.content.salt;
    let body = to_body(&content)?;
    let Writing {
        kind: said,
        tags,
        refs: pointed,
        ..
    } = ready.writing.clone();
    if Content::decode(kind, &body).is_err() || (ready.exact.is_some() && said != kind) {
        return Err(of_another());
    }
    let mut pointers = vec![
        Ref {
            rel: Rel::SUPERSEDES,
            id: base,
        },
        Ref {
            rel: Rel::DOCUMENT,
            id: document.id,
        },
    ];
    match ready.exact {
        Some(_) => pointers.extend(pointed),
        None => pointers.extend(refs),
    }
    Ok(Writing {
        kind,
        tags,
        refs: pointers,
        body,
    })
}
