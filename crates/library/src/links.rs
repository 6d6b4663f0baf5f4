//! Links: what a text points at.

use std::{collections::BTreeSet, ops::Range};

use folkmoot_record::RecordId;

use crate::{
    code, fold,
    fold::{Class, class},
    symbols::term_key,
};

/// Most links kept of one item; more are a list of links, not a text. The first in order count.
pub(crate) const MOST: usize = 256;

/// Most bytes of an address in running text; what is longer is data, not an address.
const ADDRESS_MOST: usize = 4_096;

/// Most bytes of a word between colons: those of a term (section 3.4 of the protocol).
const SYMBOL_MOST: usize = 256;

/// A target of a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// A title as in `[[Title]]`, folded: titles are compared as readers do.
    Title(String),
    /// A record or document by its whole id.
    Record(RecordId),
    /// An address of the web.
    Url(String),
    /// A shared word as in `:word:`, by its [key](term_key).
    Symbol(String),
}

impl Link {
    /// What a person writes as a target: a whole id, an address, a `:word:`, or else a title.
    /// `None` where nothing is left to point at.
    pub fn parse(target: &str) -> Option<Self> {
        let target = target.trim();
        if let Ok(id) = target.parse() {
            return Some(Self::Record(id));
        }
        if let Some(word) = inside_colons(target) {
            return Some(Self::symbol(word));
        }
        Self::url(target).or_else(|| {
            let title = fold(target);
            (!title.is_empty()).then_some(Self::Title(title))
        })
    }

    /// The shared word of that term or other name.
    pub fn symbol(term: &str) -> Self {
        Self::Symbol(term_key(term))
    }

    /// An `http` or `https` address, without the slash at its end; scheme and host in small letters, for
    /// there case makes no difference.
    pub fn url(target: &str) -> Option<Self> {
        let host = scheme(target).filter(|at| *at < target.len())?;
        let target = target.trim_end_matches('/');
        let end = target.get(host..).map_or(target.len(), |rest| {
            host + rest.find(['/', '?', '#']).unwrap_or(rest.len())
        });
        // A name and a password before the host keep their case.
        let host = target[..end]
            .rfind('@')
            .map_or(0, |at| at + 1)
            .max(host.min(end));
        let scheme = scheme(target).unwrap_or(end);
        Some(Self::Url(format!(
            "{}{}{}{}",
            target[..scheme].to_ascii_lowercase(),
            &target[scheme..host],
            target[host..end].to_ascii_lowercase(),
            &target[end..]
        )))
    }
}

/// The length of `http://` or `https://`, in any case, where the text begins with it.
fn scheme(text: &str) -> Option<usize> {
    ["https://", "http://"].iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    })
}

/// Whether a title can stand between double brackets, and means a title there.
pub fn is_linkable(title: &str) -> bool {
    // A backslash at the end would belong to the `|` behind it.
    !title.contains(['\n', '[', ']', '|', '#'])
        && !title.ends_with('\\')
        && matches!(Link::parse(title), Some(Link::Title(_)))
}

/// The titles in double brackets as they are written, in order, each once.
pub fn link_titles(text: &str) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    targets(text)
        .map(|target| text[target].trim())
        .filter(|target| match Link::parse(target) {
            Some(Link::Title(title)) => seen.insert(title),
            _ => false,
        })
        .collect()
}

/// The words between colons as they are written, in order, each once.
pub fn symbol_words(text: &str) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    outside_code(text)
        .flat_map(|piece| words_in_colons(piece).map(|word| &piece[word]))
        .filter(|word| seen.insert(term_key(word)))
        .collect()
}

/// The text with every `[[old]]` made `[[new]]`, with the part and the shown words that follow; `None`
/// where there is no such link.
pub fn relinked(text: &str, old: &str, new: &str) -> Option<String> {
    let wanted = Link::parse(old).filter(|link| matches!(link, Link::Title(_)))?;
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for target in targets(text) {
        if Link::parse(&text[target.clone()]).as_ref() == Some(&wanted) {
            out.push_str(&text[done..target.start]);
            out.push_str(new);
            done = target.end;
        }
    }
    if done == 0 {
        return None;
    }
    out.push_str(&text[done..]);
    Some(out)
}

/// Sorts, removes repeats, keeps [`MOST`].
pub(crate) fn bounded(mut links: Vec<Link>) -> Vec<Link> {
    links.sort_unstable();
    links.dedup();
    links.truncate(MOST);
    links
}

/// The links of a text: `[[Title]]`, `[[Title#part|shown]]`, addresses, `:word:`, whole ids. What stands
/// in code is none of them.
///
/// Anybody who may write makes others read it, so each part looks at every byte a fixed number
/// of times, whatever the text is.
pub(crate) fn in_text(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    wiki(text, &mut links);
    for piece in outside_code(text) {
        addresses(piece, &mut links);
        links.extend(words_in_colons(piece).map(|word| Link::symbol(&piece[word])));
        // A whole id is ASCII, so it stands between other ASCII or at a boundary of bytes.
        for run in piece.split(|c: char| !c.is_ascii_alphanumeric()) {
            if run.len() == 64
                && let Ok(id) = run.parse()
            {
                links.push(Link::Record(id));
            }
        }
    }
    links
}

/// A text without its code, piece by piece.
fn outside_code(text: &str) -> impl Iterator<Item = &str> {
    let end = text.len();
    let mut at = 0;
    let ranges = code::ranges(text).into_iter();
    let ranges = ranges.chain(std::iter::once(end..end));
    ranges.map(move |range| {
        let piece = &text[at..range.start];
        at = range.end;
        piece
    })
}

fn wiki(text: &str, links: &mut Vec<Link>) {
    links.extend(targets(text).filter_map(|target| Link::parse(&text[target])));
}

/// Where the targets in double brackets stand, without part and shown words. Code is left alone, and
/// `#[[two words]]` is a tag.
fn targets(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut code = code::ranges(text).into_iter().peekable();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let open = at + text.get(at..)?.find("[[")?;
            while code.next_if(|range| range.end <= open).is_some() {}
            if let Some(range) = code.next_if(|range| range.start <= open) {
                at = range.end;
                continue;
            }
            let start = open + 2;
            match between_brackets(&text[start..]) {
                Ok(inner) => {
                    at = start + inner.len() + 2;
                    if !is_after_hash(&text[..open]) {
                        return Some(start..start + target_of(inner).len());
                    }
                }
                Err(looked_at) => at = start + looked_at,
            }
        }
    })
}

/// What stands before the closing brackets, of a text behind opening ones; without those, how far it
/// was looked at.
pub(crate) fn between_brackets(after: &str) -> Result<&str, usize> {
    // A title has neither a line break nor an opening bracket: no further than to those.
    let stop = after.find(['\n', '[', '|']).unwrap_or(after.len());
    if let Some((inner, _)) = after[..stop].split_once("]]") {
        return Ok(inner);
    }
    let shown = &after.as_bytes()[stop..];
    if shown.first() != Some(&b'|') {
        return Err(stop);
    }
    // Shown words may have single brackets: `[[Rota|the [new] one]]`.
    let (mut opened, mut closed) = (0_usize, 0_usize);
    for (at, pair) in shown.windows(2).enumerate() {
        match pair {
            b"]]" => {
                // The bracket that closes one of theirs comes first.
                let theirs = opened > closed && shown.get(at + 2) == Some(&b']');
                return Ok(&after[..stop + at + usize::from(theirs)]);
            }
            b"[[" | [b'\n', _] => return Err(stop + at),
            [b'[', _] => opened += 1,
            [b']', _] => closed += 1,
            _ => {}
        }
    }
    Err(after.len())
}

/// The target without part and shown words. In a table `\|` keeps the columns apart.
fn target_of(inner: &str) -> &str {
    let cut = inner.find(['|', '#']).unwrap_or(inner.len());
    let (target, tail) = inner.split_at(cut);
    match target.strip_suffix('\\') {
        Some(target) if tail.starts_with('|') => target,
        _ => target,
    }
}

/// Whether a text ends with the sign of a tag, which no word touches.
fn is_after_hash(before: &str) -> bool {
    before
        .strip_suffix('#')
        .is_some_and(|before| before.chars().next_back().is_none_or(char::is_whitespace))
}

/// Where words stand between two colons that touch no other word: `:compost:`, but neither `10:30:15`
/// nor `std::io::Error`. A term of several words is written with hyphens or low lines between them.
fn words_in_colons(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text.get(at..)?.find(':')? + 1;
            let end = start + text[start..].find(':')?;
            // The second colon may be the first of the next word.
            at = end;
            let joins = |c: Option<char>| c.is_some_and(|c| c == ':' || class(c) == Class::Letter);
            let before = text[..start - 1].chars().next_back();
            let after = text[end + 1..].chars().next();
            if is_in_colons(&text[start..end]) && !joins(before) && !joins(after) {
                at = end + 1;
                return Some(start..end);
            }
        }
    })
}

/// The word of `:word:` alone.
fn inside_colons(target: &str) -> Option<&str> {
    let word = target.strip_prefix(':')?.strip_suffix(':')?;
    is_in_colons(word).then_some(word)
}

fn is_in_colons(word: &str) -> bool {
    let goes_on = |c: char| {
        matches!(c, '-' | '_') || !c.is_ascii() && !c.is_whitespace() || c.is_ascii_alphanumeric()
    };
    word.len() <= SYMBOL_MOST
        && word.starts_with(char::is_alphabetic)
        && word.chars().all(goes_on)
        && !term_key(word).is_empty()
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
    use proptest::prelude::*;

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
        assert_eq!(Link::url("http:///"), Link::url("http:////"));
    }

    #[test]
    fn case_makes_no_difference_in_scheme_and_host_of_an_address() {
        for (one, other) in [
            ("HTTPS://Example.ORG/Path/", "https://example.org/Path"),
            (
                "https://Ana:Word@Example.org?Q",
                "https://Ana:Word@example.org?Q",
            ),
            ("https://ÉXAMPLE.org", "https://Éxample.ORG/"),
        ] {
            assert_eq!(Link::url(one), Link::url(other), "{one}");
        }
        for (one, other) in [
            ("https://example.org/Path", "https://example.org/path"),
            ("https://example.org?Q", "https://example.org?q"),
            ("https://Ana@example.org", "https://ana@example.org"),
            ("http://example.org", "https://example.org"),
        ] {
            assert_ne!(Link::url(one), Link::url(other), "{one}");
        }
    }

    #[test]
    fn what_stands_in_code_is_no_link() {
        let id = "ab".repeat(32);
        let all = format!("https://example.org {id} :compost: [[Bank]]");
        assert_eq!(found(&all).len(), 4);
        for code in [
            format!("`{all}`"),
            format!("```sh\n{all}\n```"),
            format!("- ~~~\n{all}"),
        ] {
            assert!(found(&code).is_empty(), "{code}");
            assert!(symbol_words(&code).is_empty(), "{code}");
            let other = code
                .replace("org", "net")
                .replace(&id, &"cd".repeat(32))
                .replace("compost", "humus")
                .replace("Bank", "Shed");
            let both = found(&format!("{all} `x` {all}\n{other}"));
            assert_eq!(both, found(&all), "{other}");
        }
    }

    #[test]
    fn words_between_colons_are_shared_words() {
        let text = "Turn the :Hot-Compost: and :堆肥:を. Not 10:30:15, std::io::Error, a:b:c, :30:, \
                    : x :, ::y::, http://z:80:, nor :a b:. But (:worm_bin:), :humus::hot-compost:?";
        assert_eq!(symbol_words(text), ["Hot-Compost", "堆肥", "worm_bin"]);
        assert_eq!(symbol_words("x:a:b :c:d:e:"), Vec::<&str>::new());
        assert_eq!(symbol_words(":a: :b:, :A:"), ["a", "b"]);
        assert_eq!(
            found("The :Hot-Compost: of [[Ana]]"),
            [
                Link::Title("ana".into()),
                Link::Symbol("hot compost".into())
            ]
        );
        assert_eq!(Link::parse(" :Worms: "), Some(Link::Symbol("worms".into())));
        assert_eq!(Link::parse("a:b:"), Some(Link::Title("a:b:".into())));
    }

    #[test]
    fn links_follow_a_new_title() {
        assert_eq!(
            relinked(
                "see [[ café ]], [[Cafe#menu|there]], [[Cafes]] and cafe",
                "Café",
                "Tea room"
            ),
            Some("see [[Tea room]], [[Tea room#menu|there]], [[Cafes]] and cafe".to_owned())
        );
        assert_eq!(relinked("[[Cafes]] cafe", "Cafe", "x"), None);
        assert_eq!(
            relinked("[[https://example.org]]", "https://example.org", "x"),
            None
        );
        assert_eq!(
            link_titles("[[a b]] [[A B|x]] [[http://x.net]] [[]] [[c]]"),
            ["a b", "c"]
        );
        assert!(is_linkable("Tea room") && !is_linkable("a]b") && !is_linkable("http://x.net"));
    }

    #[test]
    fn code_and_tags_are_no_links_and_tables_and_brackets_are_kept() {
        let titles = |text| link_titles(text).join(",");
        assert_eq!(
            titles("`[[a]]` [[b]]\n```\n[[c]]\n```\n[[d]] ``[[e]]`` [[f `x`]]"),
            "b,d,f `x`"
        );
        assert_eq!(titles("#[[two words]] a#[[b]] (#[[c]]) \t#[[d]]"), "b,c");
        assert_eq!(
            titles("| [[Two\\|zwei]] | [[Three#x\\|drei]] |"),
            "Two,Three"
        );
        assert_eq!(
            titles("[[Two|a [b] c]] [[Three|[x]]] [[Four|x] y]] [[Five|open [[Six]]"),
            "Two,Three,Four,Six"
        );
        assert_eq!(
            relinked(
                "`[[Two]]` | [[Two\\|zwei]] | [[Two|a [b] c]] #[[Two]]",
                "two",
                "Zwei"
            )
            .as_deref(),
            Some("`[[Two]]` | [[Zwei\\|zwei]] | [[Zwei|a [b] c]] #[[Two]]")
        );
        assert!(!is_linkable("a\\"));
    }

    proptest! {
        /// No link is lost or made: those to the old title are links to the new one.
        #[test]
        fn a_renamed_text_has_the_same_links(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "[[Rota]]", "[[ROTA#x|y]]", "[[Seeds]]", "[[", "]]", "[", "|", "#", "Rota", " ", "\n", "é",
                "http://x.net/[[Rota]]", "`", "```", "\\|", "[[Rota|a [b] c]]",
            ]), 0..12)
        ) {
            let text = pieces.concat();
            let renamed = relinked(&text, "Rota", "Plan").unwrap_or_else(|| text.clone());
            let titles = |text: &str| -> BTreeSet<String> {
                link_titles(text).into_iter().map(crate::fold).collect()
            };
            let mut wanted = titles(&text);
            if wanted.remove("rota") {
                wanted.insert("plan".to_owned());
            }
            prop_assert_eq!(titles(&renamed), wanted);
            prop_assert_eq!(relinked(&renamed, "Rota", "Plan"), None);
        }
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
            "[[x|".repeat(size) + "]",
            "[[x|y [".repeat(size),
            "`[[x".repeat(size),
            "``` [[x\n".repeat(size),
            ":".repeat(size),
            ":x y".repeat(size),
            format!(":{}:", "x".repeat(size)),
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
                Link::Url("https://u?(v)".into()),
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
