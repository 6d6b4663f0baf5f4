//! What may have been meant where nothing is found.

use std::ops::Range;

use folkmoot_library::{Query, ResolvedQuery, Test, Text, Words, Written};

use crate::core::Core;

/// More offers are no help.
const MOST: usize = 3;
/// Words that are looked up: each costs a pass over all words that there are.
const LOOKED_UP: usize = 8;

/// A piece of the query that finds nothing, with what is like it, best first.
struct Missing {
    span: Range<usize>,
    instead: Vec<String>,
}

impl Core {
    /// Queries like this one, which finds nothing: words and tags that no record has are replaced
    /// by some that are like them. Only what `finds` something is offered; nothing is replaced
    /// without being asked.
    pub(crate) fn offers(
        &self,
        source: &str,
        query: &Query,
        resolved: &ResolvedQuery,
        finds: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let missing = self.found_nowhere(source, query, resolved);
        let mut offers: Vec<String> = Vec::new();
        let most = missing.iter().map(|piece| piece.instead.len()).max();
        for nth in 0..most.unwrap_or(0) {
            let offer = replaced(source, &missing, nth);
            if !offers.contains(&offer) && finds(&offer) {
                offers.push(offer);
            }
        }
        offers
    }

    fn found_nowhere(&self, source: &str, query: &Query, resolved: &ResolvedQuery) -> Vec<Missing> {
        let mut missing = Vec::new();
        for written in &query.written {
            if let Test::Tag(tag) = &written.test {
                missing.extend(self.unknown_tag(tag, written, resolved));
            } else if let Some(text) = source.get(written.span.clone()) {
                self.unknown_words(text, written.span.start, resolved, &mut missing);
            }
            if missing.len() >= LOOKED_UP {
                break;
            }
        }
        missing.retain(|piece| !piece.instead.is_empty());
        missing.sort_by_key(|piece| piece.span.start);
        missing
    }

    fn unknown_tag(&self, tag: &str, at: &Written, query: &ResolvedQuery) -> Option<Missing> {
        (self.count(at.test.clone(), query) == 0).then(|| Missing {
            span: at.span.clone(),
            instead: self
                .library
                .similar_tags(tag, MOST)
                .into_iter()
                .map(quoted)
                .collect(),
        })
    }

    fn unknown_words(
        &self,
        text: &str,
        start: usize,
        query: &ResolvedQuery,
        missing: &mut Vec<Missing>,
    ) {
        let mut words = Words::new(text);
        while missing.len() < LOOKED_UP && words.advance() {
            let range = words.range();
            let word = Text {
                words: vec![words.word().to_owned()],
                prefix: false,
                added: false,
            };
            if self.count(Test::Text(word), query) == 0 {
                missing.push(Missing {
                    span: start + range.start..start + range.end,
                    instead: self.library.similar_words(words.word(), MOST),
                });
            }
        }
    }
}

/// The query with the nth replacement, or the last that there is, of each piece.
fn replaced(source: &str, missing: &[Missing], nth: usize) -> String {
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    for Missing { span, instead } in missing {
        let (Some(before), Some(word)) = (
            source.get(at..span.start),
            instead.get(nth).or_else(|| instead.last()),
        ) else {
            continue;
        };
        out.push_str(before);
        out.push_str(word);
        at = span.end;
    }
    out.push_str(source.get(at..).unwrap_or_default());
    out
}

/// A tag as a value: in quotes if it would not be read as one otherwise.
fn quoted(tag: String) -> String {
    if tag
        .chars()
        .all(|c| c.is_alphanumeric() || "/-_.".contains(c))
    {
        tag
    } else {
        format!("\"{}\"", tag.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_replaced_where_they_stand() {
        let piece = |span, instead: &[&str]| Missing {
            span,
            instead: instead.iter().map(|word| (*word).to_owned()).collect(),
        };
        let missing = [piece(0..5, &["seeds", "sheds"]), piece(10..14, &["soil"])];
        assert_eq!(
            replaced("sedes tag:siol x", &missing, 0),
            "seeds tag:soil x"
        );
        assert_eq!(
            replaced("sedes tag:siol x", &missing, 1),
            "sheds tag:soil x"
        );
    }

    #[test]
    fn tags_are_quoted_where_they_must_be() {
        assert_eq!(quoted("soil/worms".to_owned()), "soil/worms");
        assert_eq!(quoted("種".to_owned()), "種");
        assert_eq!(quoted("two words".to_owned()), "\"two words\"");
        assert_eq!(quoted("a|b".to_owned()), "\"a|b\"");
    }
}
