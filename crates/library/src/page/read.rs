//! Reading a page, byte for byte as it was written.

use folkmoot_record::fc::Value;

use super::{ALIASES, HEAD_MOST, MARK, NAMED, PROPERTIES, Page, STATES, value::Reader, write};

/// Reads a file that is as [`write`] writes it; `None` for any other.
pub fn read(file: &str) -> Option<Page> {
    let page = parse(file)?;
    // What another program or a person rearranged reads to something that is written otherwise.
    (write(&page) == file).then_some(page)
}

/// Whether [`read`] takes this file.
pub fn is_ours(file: &str) -> bool {
    read(file).is_some()
}

fn parse(file: &str) -> Option<Page> {
    let mut page = Page::default();
    let rest = file.strip_prefix("---\n")?;
    let mut at = 0;
    let mut marked = false;
    for line in rest.split_inclusive('\n') {
        at += line.len();
        if at > HEAD_MOST {
            return None;
        }
        let text = line.strip_suffix('\n')?;
        if marked && text == "---" {
            let body = rest.get(at..)?.strip_prefix('\n')?;
            page.text = body.strip_suffix('\n')?.to_owned();
            return Some(page);
        }
        if marked {
            let properties = page.fields.entry(PROPERTIES);
            match properties.or_insert_with(|| Value::Text(String::new())) {
                Value::Text(properties) => properties.push_str(line),
                _ => return None,
            }
        } else if let Some(rest) = text.strip_prefix(MARK) {
            marks(&mut page, rest)?;
            marked = true;
        } else {
            key(&mut page, text)?;
        }
    }
    None
}

fn key(page: &mut Page, line: &str) -> Option<()> {
    let (key, rest) = line.split_once(':')?;
    let mut reader = Reader { rest };
    match key {
        "title" => page.title = Some(reader.text()?),
        "tags" => page.tags = reader.list(Reader::text)?,
        "aliases" => {
            let aliases = reader.list(|reader| reader.text().map(Value::Text))?;
            page.fields.insert(ALIASES, Value::Array(aliases));
        }
        "url" => page.url = Some(reader.text()?),
        _ => return None,
    }
    reader.rest.is_empty().then_some(())
}

/// What stands behind the mark: entries up to the closing brace.
fn marks(page: &mut Page, rest: &str) -> Option<()> {
    let mut reader = Reader { rest };
    while !reader.take('}') {
        if !reader.take(',') {
            return None;
        }
        reader.blank();
        let (key, rest) = reader.rest.split_once(':')?;
        reader.rest = rest;
        match key {
            "fields" => page.fields.extend(reader.map(0)?),
            "refs" => page.refs = reader.list(Reader::text)?,
            _ => single(page, key, reader.text()?)?,
        }
    }
    reader.rest.is_empty().then_some(())
}

fn single(page: &mut Page, key: &str, text: String) -> Option<()> {
    let place = match key {
        "id" => &mut page.id,
        "version" => &mut page.version,
        "author" => &mut page.author,
        "collective" => &mut page.collective,
        "created" => &mut page.created,
        "updated" => &mut page.updated,
        "media" => &mut page.media,
        "language" => &mut page.language,
        "kind" => {
            page.kind = text;
            return Some(());
        }
        _ => {
            let named = NAMED
                .iter()
                .find(|(kind, name, _)| *kind == page.kind && *name == key);
            let (_, name, number) = named?;
            let value = match *name {
                "state" => {
                    let state = STATES.iter().position(|state| *state == text);
                    Value::Uint(state? as u64)
                }
                _ => Value::Text(text),
            };
            page.fields.insert(*number, value);
            return Some(());
        }
    };
    *place = Some(text);
    Some(())
}
