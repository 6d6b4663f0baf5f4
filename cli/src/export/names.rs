//! Names of files: from titles, safe on every system, and the same each time.

use std::collections::BTreeMap;

use folkmoot_client::api::PageName;
use folkmoot_library::fold;

/// Most bytes of a name without its ending: systems take 255, and a suffix must fit.
const MOST: usize = 120;
/// Names that some system keeps for itself, whatever follows a dot.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// A title as a file may be called.
pub(super) fn safe(title: &str) -> String {
    let mut name = String::new();
    for c in title.chars() {
        let c = match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
            c if c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{feff}') =>
            {
                ' '
            }
            c => c,
        };
        if name.len() + c.len_utf8() > MOST {
            break;
        }
        name.push(c);
    }
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    // Dots at the end vanish on one system, and a leading one hides the file on others.
    let name = name.trim_end_matches(['.', ' ']);
    let first = name.split('.').next().unwrap_or_default().trim_end();
    if name.is_empty() {
        "untitled".to_owned()
    } else if name.starts_with('.') || RESERVED.contains(&first.to_lowercase().as_str()) {
        format!("_{name}")
    } else {
        name.to_owned()
    }
}

/// Gives each document its place below the folder. `kept` says which have one already; new ones of
/// one name, upper and lower case being the same, are told apart by their ids.
pub(super) fn assign(
    pages: &[PageName],
    kept: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut taken: BTreeMap<String, String> = kept
        .iter()
        .map(|(id, place)| (fold(place), id.clone()))
        .collect();
    let mut new: Vec<&PageName> = pages
        .iter()
        .filter(|page| !kept.contains_key(&page.id))
        .collect();
    new.sort_by(|a, b| a.id.cmp(&b.id));
    let mut places = kept.clone();
    for page in new {
        let folder = safe(&page.collective);
        let name = safe(&page.title);
        let id = safe(&page.id);
        let short: String = id.chars().take(8).collect();
        let tries = [
            format!("{folder}/{name}.md"),
            format!("{folder}/{name} ({short}).md"),
            format!("{folder}/{id}.md"),
        ];
        let free = tries.iter().find(|place| !taken.contains_key(&fold(place)));
        // Two documents never share an id, so the last one is free.
        let place = free.unwrap_or(&tries[2]).clone();
        taken.insert(fold(&place), page.id.clone());
        places.insert(page.id.clone(), place);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(id: &str, title: &str) -> PageName {
        PageName {
            record: id.to_owned(),
            id: id.to_owned(),
            title: title.to_owned(),
            collective: "home".to_owned(),
            created: String::new(),
            beside: 0,
        }
    }

    #[test]
    fn titles_become_names_that_every_system_takes() {
        assert_eq!(safe("Hot compost"), "Hot compost");
        assert_eq!(safe("a/b\\c: d?"), "a-b-c- d-");
        assert_eq!(safe("  line\nbreak\tand  more. "), "line break and more");
        assert_eq!(safe("CON"), "_CON");
        assert_eq!(safe("nul.txt"), "_nul.txt");
        assert_eq!(safe(".hidden"), "_.hidden");
        assert_eq!(safe(".."), "untitled");
        assert_eq!(safe("\u{7}\u{feff}"), "untitled");
        assert_eq!(safe("größe 木 🌿"), "größe 木 🌿");
        assert!(safe(&"木".repeat(300)).len() <= MOST);
    }

    #[test]
    fn the_same_names_come_out_in_any_order_and_stay() {
        let pages = [
            page("bb000000ff", "Rota"),
            page("aa000000ff", "rota"),
            page("cc", "ROTA"),
        ];
        let places = assign(&pages, &BTreeMap::new());
        assert_eq!(places["aa000000ff"], "home/rota.md");
        assert_eq!(places["bb000000ff"], "home/Rota (bb000000).md");
        assert_eq!(places["cc"], "home/ROTA (cc).md");
        let mut turned = pages.clone();
        turned.reverse();
        assert_eq!(assign(&turned, &BTreeMap::new()), places);
        // One that comes later takes nobody's name, and a new title moves no file.
        let later = [page("aa000000ff", "Other"), page("00", "Rota")];
        let again = assign(&later, &places);
        assert_eq!(again["aa000000ff"], "home/rota.md");
        assert_eq!(again["00"], "home/Rota (00).md");
    }
}
