//! Markdown and text files of a folder, and notes of an Obsidian vault.
//!
//! A folder is read twice: first what its files call themselves ([`survey`]), then each file with
//! the links to the others ([`read`]).

use super::{
    Draft, Met, add_aliases, add_tags, head,
    head::{Head, HeadError},
    names::{Named, Names, last, without_ending},
    prose::{self, Hash},
};

/// What a file calls itself. `path` is from the folder, with `/` and ending.
///
/// # Errors
/// Where its head cannot be read: then it is called by its path.
pub fn survey(path: &str, text: &str) -> Result<Named, HeadError> {
    let path = without_ending(path).to_owned();
    let head = match head::split(bare(text)) {
        Some((head, _)) => head::read(head)?,
        None => Head::default(),
    };
    let title = match head.moot.is_some() {
        true => head.title.unwrap_or_default(),
        false => head.title.unwrap_or_else(|| last(&path).to_owned()),
    };
    Ok(Named {
        title,
        aliases: head.aliases,
        path,
    })
}

/// Reads a file; its title is the head's, else the file's name without its ending, which is what
/// links call it. `hash` says whether `#word` in the text is a tag.
///
/// What looks like a head and cannot be read is text, as other programs show it.
///
/// # Errors
/// Where the head of a file that Folkmoot wrote cannot be read.
pub fn read(path: &str, text: &str, names: &Names, hash: Hash) -> Result<Draft, HeadError> {
    let text = bare(text);
    let path = without_ending(path);
    let mut no_head = None;
    let (head, body) = match head::split(text) {
        Some((lines, body)) => match head::read(lines) {
            Ok(head) => (head, body),
            Err(error) if !lines.lines().any(|line| line.starts_with("moot:")) => {
                no_head = Some(error);
                (Head::default(), text)
            }
            Err(error) => return Err(error),
        },
        None => (Head::default(), text),
    };
    let mut draft = Draft {
        url: head.url,
        properties: head.properties,
        written: head.written,
        ..Draft::default()
    };
    if let Some(moot) = head.moot {
        // Folkmoot wrote it: what stands there is meant, to the byte.
        draft.title = head.title;
        draft.tags = head.tags;
        draft.aliases = head.aliases;
        draft.text = own_text(body).to_owned();
        let day = moot.get("day").or_else(|| moot.get("date"));
        draft.day = day.and_then(|day| day.parse().ok());
        draft.moot = moot;
        return Ok(draft);
    }
    draft.title = Some(head.title.unwrap_or_else(|| last(path).to_owned()));
    let body = body.trim_matches(['\n', '\r']).trim_end();
    let prose = prose::read(body, hash, &|target| names.resolve(path, target));
    draft.text = prose.text;
    draft.met = Met {
        unresolved: prose.unresolved,
        files: prose.files,
        blocks: prose.blocks,
        tags_left: Vec::new(),
        head: no_head,
    };
    add_tags(&mut draft.tags, head.tags, &mut draft.met.tags_left);
    add_tags(&mut draft.tags, prose.tags, &mut draft.met.tags_left);
    let title = draft.title.as_deref();
    add_aliases(&mut draft.aliases, title, head.aliases);
    add_aliases(&mut draft.aliases, title, names.also(path));
    Ok(draft)
}

/// Without the mark that some editors put before a text.
fn bare(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The text of a file that Folkmoot wrote: an empty line stands before it, an end of line after it.
fn own_text(body: &str) -> &str {
    let body = body.strip_prefix('\n').unwrap_or(body);
    body.strip_suffix('\n').unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(files: &[(&str, &str)]) -> Vec<Draft> {
        let named = files.iter().map(|(path, text)| survey(path, text).unwrap());
        let names = Names::new(named.collect(), &["plan.png".to_owned()]);
        files
            .iter()
            .map(|(path, text)| read(path, text, &names, Hash::Word).unwrap())
            .collect()
    }

    #[test]
    fn a_vault_is_read_with_its_links_names_and_tags() {
        let drafts = vault(&[
            (
                "Garden/Compost.md",
                "\u{feff}---\naliases: [Muck]\ntags: [garden]\nrating: 5\n---\n\nSee [[beds/index|the beds]], [r](../Rota.md), ![[plan.png]] and [[Nowhere]]. #soil/worms #garden\n",
            ),
            ("Garden/beds/index.md", "Beds\n"),
            ("index.md", ""),
            ("Rota.md", "---\ntitle: Who waters\n---\nAna. [[Muck]]"),
        ]);
        let compost = &drafts[0];
        assert_eq!(compost.title.as_deref(), Some("Compost"));
        assert_eq!(
            compost.text,
            "See [[Garden/beds/index|the beds]], [[Rota|r]], ![[plan.png]] and [[Nowhere]]. #soil/worms #garden"
        );
        assert_eq!(compost.tags, ["garden", "soil/worms"]);
        assert_eq!(compost.aliases, ["Muck"]);
        assert_eq!(compost.properties, "rating: 5\n");
        assert_eq!(compost.met.unresolved, ["Nowhere"]);
        assert_eq!(compost.met.files, ["plan.png"]);
        assert_eq!(drafts[1].aliases, ["Garden/beds/index"]);
        assert_eq!(drafts[2].title.as_deref(), Some("index"));
        assert_eq!(
            (drafts[3].title.as_deref(), drafts[3].aliases.as_slice()),
            (Some("Who waters"), &["Rota".to_owned()][..])
        );
        assert_eq!(drafts[3].text, "Ana. [[Muck]]");
    }

    #[test]
    fn what_folkmoot_wrote_is_taken_to_the_byte() {
        let file = "---\ntitle: T\ntags: []\nmoot:\n  id: 0f\n---\n\n\n #x [r](T.md) \r\n---\n\n";
        let draft = &vault(&[("T.md", file)])[0];
        assert_eq!(draft.text, "\n #x [r](T.md) \r\n---\n");
        assert_eq!(draft.moot["id"], "0f");
        assert!(draft.tags.is_empty() && draft.aliases.is_empty());
        let bare = &vault(&[("x.md", "---\nmoot: {}\n---\n\nx\n")])[0];
        assert_eq!((bare.title.as_deref(), bare.text.as_str()), (None, "x"));
    }

    #[test]
    fn more_tags_than_fit_are_told() {
        let text: String = (0..20).map(|n| format!("#t{n} ")).collect();
        let draft = &vault(&[("x.md", &text)])[0];
        assert_eq!((draft.tags.len(), draft.met.tags_left.len()), (16, 4));
    }

    #[test]
    fn what_looks_like_a_head_and_is_none_is_text() {
        for text in [
            "---\na line between rules\n---\nThe text",
            "---\ntitle: Foo: bar\n---\nThe text",
            "---\ntags: [a\n---\nThe text",
        ] {
            let draft = super::read("a.md", text, &Names::default(), Hash::Word).unwrap();
            assert_eq!(
                (draft.text.as_str(), draft.title.as_deref()),
                (text, Some("a"))
            );
            assert!(draft.met.head.is_some(), "{text}");
        }
        // A page that was written by an export and lost its head would lose its id with it.
        let ours = "---\nmoot:\n  id: [\n---\nThe text";
        assert!(super::read("a.md", ours, &Names::default(), Hash::Word).is_err());
    }
}
