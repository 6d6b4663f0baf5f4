//! Writing a page.

use folkmoot_record::fc::Value;

use super::{ALIASES, NAMED, PROPERTIES, Page, STATES, value};

/// The file of a page. Reading it gives the page again.
pub fn write(page: &Page) -> String {
    let mut out = String::with_capacity(page.text.len() + 512);
    let mut rest = page.fields.clone();
    out.push_str("---\n");
    plain(&mut out, "title", page.title.as_deref());
    list(&mut out, "tags", &page.tags);
    if let Some(aliases) = rest.get(&ALIASES).and_then(texts) {
        list(&mut out, "aliases", &aliases);
        rest.remove(&ALIASES);
    }
    plain(&mut out, "url", page.url.as_deref());
    let properties = match rest.get(&PROPERTIES) {
        Some(Value::Text(text)) if is_block(text) => Some(text.clone()),
        _ => None,
    };
    if properties.is_some() {
        rest.remove(&PROPERTIES);
    }
    out.push_str("moot: {v: 1");
    let singles = [
        ("id", &page.id),
        ("version", &page.version),
        ("kind", &Some(page.kind.clone())),
        ("author", &page.author),
        ("collective", &page.collective),
        ("created", &page.created),
        ("updated", &page.updated),
        ("media", &page.media),
        ("language", &page.language),
    ];
    for (key, text) in singles {
        if let Some(text) = text {
            entry(&mut out, key, |out| value::quote(text, out));
        }
    }
    for (kind, name, key) in NAMED {
        if kind == page.kind
            && let Some(text) = rest.get(&key).and_then(|value| named(name, value))
        {
            entry(&mut out, name, |out| value::quote(&text, out));
            rest.remove(&key);
        }
    }
    if !rest.is_empty() {
        entry(&mut out, "fields", |out| value::write_map(&rest, out));
    }
    if !page.refs.is_empty() {
        entry(&mut out, "refs", |out| value::write_texts(&page.refs, out));
    }
    out.push_str("}\n");
    out.push_str(properties.as_deref().unwrap_or_default());
    out.push_str("---\n\n");
    out.push_str(&page.text);
    out.push('\n');
    out
}

fn plain(out: &mut String, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        line(out, key, |out| value::quote(text, out));
    }
}

fn line(out: &mut String, key: &str, write: impl FnOnce(&mut String)) {
    out.push_str(key);
    out.push_str(": ");
    write(out);
    out.push('\n');
}

fn entry(out: &mut String, key: &str, write: impl FnOnce(&mut String)) {
    out.push_str(", ");
    out.push_str(key);
    out.push_str(": ");
    write(out);
}

fn list(out: &mut String, key: &str, texts: &[String]) {
    if !texts.is_empty() {
        line(out, key, |out| value::write_texts(texts, out));
    }
}

/// A list of texts that is not empty.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .map(|item| match item {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// Whether a text is lines that may stand in a head as they are.
fn is_block(text: &str) -> bool {
    !text.is_empty()
        && text.ends_with('\n')
        && !text.contains('\r')
        && text
            .lines()
            .all(|line| !matches!(line.trim_end(), "---" | "..."))
}

/// A field under its name, where it has the shape that the name promises.
fn named(name: &str, value: &Value) -> Option<String> {
    match (name, value) {
        ("state", Value::Uint(number)) => {
            let state = usize::try_from(*number).ok().and_then(|at| STATES.get(at));
            state.map(|state| (*state).to_owned())
        }
        ("state", _) => None,
        (_, Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}
