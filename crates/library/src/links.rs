//! Links: what a text points at.

use folkmoot_record::RecordId;

use crate::fold;

/// Most links kept of one item; more are a list of links, not a text. The first in order count.
pub(crate) const MOST: usize = 256;

/// A target of a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// A title as in `[[Title]]`, folded: titles are compared as readers do.
    Title(String),
    /// A record or document by its whole id.
    Record(RecordId),
    /// An address of the web.
    Url(String),
}

impl Link {
    /// What a person writes as a target: a whole id, an address, or else a title.
    /// `None` where nothing is left to point at.
    pub fn parse(target: &str) -> Option<Self> {
        let target = target.trim();
        if let Ok(id) = target.parse() {
            return Some(Self::Record(id));
        }
        Self::url(target).or_else(|| {
            let title = fold(target);
            (!title.is_empty()).then_some(Self::Title(title))
        })
    }

    /// An `http` or `https` address, without the slash at its end.
    pub fn url(target: &str) -> Option<Self> {
        let (_, rest) = ["https://", "http://"].iter().find_map(|scheme| {
            let head = target.get(..scheme.len())?;
            head.eq_ignore_ascii_case(scheme)
                .then(|| target.split_at(scheme.len()))
        })?;
        (!rest.is_empty()).then(|| Self::Url(target.trim_end_matches('/').to_owned()))
    }
}

/// Sorts, removes repeats, keeps [`MOST`].
pub(crate) fn bounded(mut links: Vec<Link>) -> Vec<Link> {
    links.sort_unstable();
    links.dedup();
    links.truncate(MOST);
    links
}

/// The links of a text: `[[Title]]`, `[[Title#part|shown]]`, addresses, whole ids.
pub(crate) fn in_text(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    wiki(text, &mut links);
    for (at, _) in text.match_indices("http") {
        let target = &text[at..];
        let end = target
            .find(|c: char| {
                c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | ']' | '}' | '|')
            })
            .unwrap_or(target.len());
        links.extend(Link::url(trim_address(&target[..end])));
    }
    // A whole id is ASCII, so it stands between other ASCII or at a boundary of bytes.
    for run in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        if run.len() == 64
            && let Ok(id) = run.parse()
        {
            links.push(Link::Record(id));
        }
    }
    links
}

fn wiki(text: &str, links: &mut Vec<Link>) {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("[[") {
        rest = after;
        let Some((inner, after)) = after.split_once("]]") else {
            return;
        };
        if inner.contains(['\n', '[']) {
            continue;
        }
        let target = inner.split(['|', '#']).next().unwrap_or_default();
        links.extend(Link::parse(target));
        rest = after;
    }
}

/// Takes punctuation off the end of an address in running text; a closing parenthesis stays
/// if one opens inside.
fn trim_address(address: &str) -> &str {
    let mut address = address;
    loop {
        let shorter = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
        let shorter = match shorter.strip_suffix(')') {
            Some(inner) if inner.matches('(').count() <= inner.matches(')').count() => inner,
            _ => shorter,
        };
        if shorter.len() == address.len() {
            return address;
        }
        address = shorter;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<Link> {
        bounded(in_text(text))
    }

    #[test]
    fn links_are_read_from_texts() {
        let id = "ab".repeat(32);
        let text = format!(
            "see [[Seed Bank|the bank]] and ![[Café#menu]], https://example.org/a_(b). Also (http://x.net/). \
             Id {id}; not {id}0, not [[]], not [[open"
        );
        assert_eq!(
            found(&text),
            [
                Link::Title("cafe".into()),
                Link::Title("seed bank".into()),
                Link::Record(id.parse().unwrap()),
                Link::Url("http://x.net".into()),
                Link::Url("https://example.org/a_(b)".into()),
            ]
        );
    }

    #[test]
    fn a_link_to_an_id_is_one_to_the_record() {
        let id = "0f".repeat(32);
        assert_eq!(
            found(&format!("[[{id}]]")),
            [Link::Record(id.parse().unwrap())]
        );
        assert_eq!(Link::parse("  "), None);
        assert_eq!(Link::url("https://"), None);
        assert_eq!(Link::url("httpſ://x"), None);
    }

    #[test]
    fn links_are_bounded() {
        let text: String = (0..2 * MOST).map(|n| format!("[[page {n}]] ")).collect();
        assert_eq!(found(&text).len(), MOST);
    }
}
