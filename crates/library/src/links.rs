//! Links: what a text points at.

use folkmoot_record::RecordId;

use crate::fold;

/// Most links kept of one item; more are a list of links, not a text. The first in order count.
pub(crate) const MOST: usize = 256;

/// Most bytes of an address in running text; what is longer is data, not an address.
const ADDRESS_MOST: usize = 4_096;

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
        (scheme(target)? < target.len()).then(|| Self::Url(target.trim_end_matches('/').to_owned()))
    }
}

/// The length of `http://` or `https://`, in any case, where the text begins with it.
fn scheme(text: &str) -> Option<usize> {
    ["https://", "http://"].iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    })
}

/// Sorts, removes repeats, keeps [`MOST`].
pub(crate) fn bounded(mut links: Vec<Link>) -> Vec<Link> {
    links.sort_unstable();
    links.dedup();
    links.truncate(MOST);
    links
}

/// The links of a text: `[[Title]]`, `[[Title#part|shown]]`, addresses, whole ids.
///
/// Anybody who may write makes others read it, so each part looks at every byte a fixed number
/// of times, whatever the text is.
pub(crate) fn in_text(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    wiki(text, &mut links);
    addresses(text, &mut links);
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
        // A title has neither a line break nor an opening bracket: no further than to those.
        let (inner, behind) = after.split_at(after.find(['\n', '[']).unwrap_or(after.len()));
        rest = behind;
        if let Some((inner, _)) = inner.split_once("]]") {
            let target = inner.split(['|', '#']).next().unwrap_or_default();
            links.extend(Link::parse(target));
        }
    }
}

/// An address goes on up to white space or to a character that encloses it, and nothing inside
/// it is an address of its own.
fn addresses(text: &str, links: &mut Vec<Link>) {
    let mut rest = text;
    while let Some(at) = rest.find("http") {
        let target = &rest[at..];
        let Some(scheme) = scheme(target) else {
            rest = &target["http".len()..];
            continue;
        };
        let end = target[scheme..]
            .find(|c: char| {
                c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | ']' | '}' | '|')
            })
            .map_or(target.len(), |end| scheme + end);
        let (address, behind) = target.split_at(end);
        rest = behind;
        let address = trim_address(address);
        if address.len() <= ADDRESS_MOST {
            links.extend(Link::url(address));
        }
    }
}

/// Takes punctuation off the end of an address in running text; a closing parenthesis stays
/// if one opens inside.
fn trim_address(address: &str) -> &str {
    let opened = address.matches('(').count();
    let mut closed = address.matches(')').count();
    let mut address = address;
    loop {
        address = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
        match address.strip_suffix(')') {
            Some(inner) if opened < closed => {
                closed -= 1;
                address = inner;
            }
            _ => return address,
        }
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
    fn a_text_made_to_be_slow_is_read_in_one_pass() {
        // Each of these took the square of its length or worse: hours, at this size.
        let size = 400_000;
        for text in [
            "http".repeat(size) + &")".repeat(size),
            format!("http://{}", ")".repeat(size)),
            format!("{}{}", "http://a".repeat(size), ")".repeat(size)),
            "[[x".repeat(size) + "]]",
            "[[x\n".repeat(size) + "]]",
            "[[".repeat(size),
        ] {
            assert!(found(&text).len() <= 1);
        }
    }

    #[test]
    fn what_follows_an_odd_address_is_still_read() {
        let long = "y".repeat(ADDRESS_MOST);
        assert_eq!(
            found(&format!(
                "http https:/x http://{long} HTTP://x [[a]b]] [[c\n[[d]] (httpS://u?(v)).)"
            )),
            [
                Link::Title("a]b".into()),
                Link::Title("d".into()),
                Link::Url("httpS://u?(v)".into()),
            ]
        );
        assert_eq!(
            found("https://a.example/https://b.example"),
            [Link::Url("https://a.example/https://b.example".into())]
        );
    }

    #[test]
    fn links_are_bounded() {
        let text: String = (0..2 * MOST).map(|n| format!("[[page {n}]] ")).collect();
        assert_eq!(found(&text).len(), MOST);
    }
}
