//! The head of a Markdown file: YAML between two lines of three dashes.

use folkmoot_client::api::Note;
use jiff::{Timestamp, civil, tz::TimeZone};
use serde::Deserialize;

/// What is taken from a head; other keys stay unread.
#[derive(Debug, Default, Deserialize)]
struct Head {
    title: Option<String>,
    #[serde(default, alias = "tag", alias = "keywords")]
    tags: Tags,
    #[serde(alias = "source", alias = "link")]
    url: Option<String>,
    #[serde(alias = "created")]
    date: Option<String>,
}

/// Tags are written as a list or as one text.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Tags {
    #[default]
    None,
    List(Vec<String>),
    Text(String),
}

/// Makes a note of a file's text. Its title is the head's, else `name`, the file's name without
/// its ending: that is what wiki links call it.
///
/// # Errors
/// Where the head is no valid YAML.
pub(crate) fn note(text: &str, name: &str) -> Result<(Note, Option<Timestamp>), String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (head, body) = match split(text) {
        Some((head, body)) => (parse(head)?, body),
        None => (Head::default(), text),
    };
    let title = head.title.filter(|t| !t.trim().is_empty());
    let note = Note {
        title: Some(title.unwrap_or_else(|| name.to_owned())),
        text: Some(body.trim_matches(['\n', '\r']).trim_end().to_owned()),
        url: head.url,
        tags: tags(head.tags),
        ..Note::default()
    };
    Ok((note, head.date.as_deref().and_then(date)))
}

fn parse(head: &str) -> Result<Head, String> {
    if head.trim().is_empty() {
        return Ok(Head::default());
    }
    serde_saphyr::from_str(head).map_err(|error| {
        let first = error.to_string();
        format!(
            "its head is no valid YAML: {}",
            first.lines().next().unwrap_or_default()
        )
    })
}

/// The head and the rest, where the text begins with a line `---` and a later line closes it.
fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("---")?;
    let rest = rest
        .strip_prefix("\r\n")
        .or_else(|| rest.strip_prefix('\n'))?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return Some((rest.get(..at)?, rest.get(at + line.len()..)?));
        }
        at += line.len();
    }
    None
}

fn tags(tags: Tags) -> Vec<String> {
    let words = match tags {
        Tags::None => Vec::new(),
        Tags::List(list) => list,
        // `a, b` or `a b`; a comma allows spaces inside tags.
        Tags::Text(text) if text.contains(',') => text.split(',').map(str::to_owned).collect(),
        Tags::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
    };
    words
        .iter()
        .map(|tag| tag.trim().trim_start_matches('#').to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}

/// A time or a day; a day begins at midnight UTC, so that every machine reads the same.
fn date(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let day: civil::DateTime = text.parse().ok()?;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Note {
        note(text, "file name").unwrap().0
    }

    #[test]
    fn title_tags_and_date_come_from_the_head() {
        let text = "---\ntitle: Hot compost\ntags: [garden, '#soil/worms']\naliases: [x]\n\
                    created: 2024-05-01\n---\n\nTurn it. See [[Rota|the rota]].\n";
        let (note, written) = note(text, "compost").unwrap();
        assert_eq!(note.title.as_deref(), Some("Hot compost"));
        assert_eq!(note.tags, ["garden", "soil/worms"]);
        assert_eq!(
            note.text.as_deref(),
            Some("Turn it. See [[Rota|the rota]].")
        );
        assert_eq!(written.unwrap().to_string(), "2024-05-01T00:00:00Z");
    }

    #[test]
    fn tags_may_be_one_text_or_nothing() {
        assert_eq!(read("---\ntags: a, b c\n---\n").tags, ["a", "b c"]);
        assert_eq!(read("---\ntags: a b\n---\n").tags, ["a", "b"]);
        assert_eq!(read("---\ntags:\n---\nx").tags, [""; 0]);
        assert_eq!(read("---\n---\nx").text.as_deref(), Some("x"));
    }

    #[test]
    fn without_a_head_the_whole_text_stays_and_the_name_is_the_title() {
        for text in [
            "plain\n\n---\n\nmore",
            "--- not a head\n---",
            "---\nnever closed",
        ] {
            let note = read(text);
            assert_eq!(note.title.as_deref(), Some("file name"));
            assert_eq!(note.text.as_deref(), Some(text));
        }
        assert_eq!(
            read("\u{feff}---\r\ntitle: T\r\n---\r\nx").title.as_deref(),
            Some("T")
        );
    }

    #[test]
    fn a_broken_head_is_said_not_guessed() {
        let why = note("---\ntitle: [unclosed\n---\nx", "n").unwrap_err();
        assert!(why.contains("YAML"), "{why}");
    }
}
