use proptest::prelude::*;

use super::*;

const FILE: &str = r#"<!DOCTYPE NETSCAPE-Bookmark-file-1>
<!-- made by a browser -->
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">
<TITLE>Bookmarks</TITLE>
<H1>Bookmarks</H1>
<DL><p>
    <DT><H3 ADD_DATE="1" PERSONAL_TOOLBAR_FOLDER="true">Bar</H3>
    <DD>what I need
    <DL><p>
        <DT><H3>Garden &amp; soil</H3>
        <DL><p>
            <DT><A HREF="https://example.org/a?x=1&amp;y=2" ADD_DATE="1714557600" TAGS="compost,heat" ICON="data:x">Hot &#x2014; <b>compost</b></A>
            <DD>Turn it
weekly.
            <DT><A HREF='https://example.org/b' ADD_DATE="1714557600000">B
        </DL><p>
        <DT><A HREF="https://example.org/a?x=1&amp;y=2" ADD_DATE="1">Compost</A>
        <HR>
    </DL><p>
    <DT><A HREF="place:sort=8">Most visited</A>
    <DT><A ADD_DATE="1">Nothing</A>
    <DT><A HREF="javascript:alert(1)" SHORTCUTURL="al">Do it</A>
</DL>
"#;

#[test]
fn a_browser_s_file_is_read() {
    assert!(is_one(FILE) && !is_one("<html>"));
    let found = read(FILE);
    let urls: Vec<_> = found
        .drafts
        .iter()
        .map(|(line, d)| (*line, d.url.as_deref().unwrap()))
        .collect();
    assert_eq!(
        urls,
        [
            (12, "https://example.org/a?x=1&y=2"),
            (15, "https://example.org/b"),
            (22, "javascript:alert(1)")
        ]
    );
    let first = &found.drafts[0].1;
    assert_eq!(first.title.as_deref(), Some("Hot — compost"));
    assert_eq!(first.text, "Turn it\nweekly.");
    assert_eq!(first.tags, ["Bar/Garden & soil", "compost", "heat", "Bar"]);
    assert_eq!(first.aliases, ["Compost"]);
    assert_eq!(first.written.unwrap().as_second(), 1);
    let second = &found.drafts[1].1;
    assert_eq!(second.title.as_deref(), Some("B"));
    assert_eq!(second.written.unwrap().as_second(), 1_714_557_600);
    let third = &found.drafts[2].1;
    assert_eq!(
        (third.tags.len(), third.properties.as_str()),
        (0, "keyword: \"al\"\n")
    );
    assert_eq!(found.repeated, 1);
    let lines: Vec<u64> = found.refused.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [20, 21]);
}

#[test]
fn folders_too_long_for_a_tag_are_kept_whole_beside_it() {
    let name = "f".repeat(40);
    let file = format!(
        "<DL><DT><H3>{name}</H3><DL><DT><H3>{name}/2</H3><DL><DT><A HREF=\"http://x\">{}</A>",
        "t".repeat(300)
    );
    let draft = &read(&file).drafts[0].1;
    assert_eq!(draft.tags, std::slice::from_ref(&name));
    assert_eq!(draft.properties, format!("folder: \"{name}/{name}/2\"\n"));
    assert!(draft.title.as_deref().unwrap().ends_with('…'));
    assert_eq!(draft.text, "t".repeat(300));
}

#[test]
fn folders_without_end_are_bounded() {
    let deep = format!(
        "{}<A HREF=http://x>x</A>{}<A HREF=http://y>y</A>",
        "<H3>a</H3><DL>".repeat(1_000),
        "</DL>".repeat(1_000)
    );
    let found = read(&deep);
    assert_eq!(found.drafts[0].1.tags.len(), 1);
    assert!(found.drafts[1].1.tags.is_empty());
}

#[test]
fn a_quote_that_is_never_closed_ends_with_its_line() {
    let found = read("<DT><A HREF=\"http://a>one</A>\n<DT><A HREF=\"http://b\">two</A>");
    let urls: Vec<_> = found
        .drafts
        .iter()
        .map(|(_, d)| d.url.as_deref().unwrap())
        .collect();
    assert_eq!(urls, ["http://a", "http://b"]);
}

#[test]
fn a_text_made_to_be_slow_is_read_in_one_pass() {
    for piece in [
        "<",
        "<a ",
        "<a b=\"",
        "<a href='",
        "&",
        "&#",
        "<a =",
        "<a \u{e9}=",
        "<!--",
        "</dl",
        "<DL>",
    ] {
        assert!(read(&piece.repeat(50_000)).drafts.len() <= 1);
    }
}

proptest! {
    /// Nothing panics, however the pieces come; each address comes once.
    #[test]
    fn any_file_is_read(pieces in prop::collection::vec(prop::sample::select(vec![
        "<DL>", "</DL>", "<DT>", "<H3>", "</H3>", "<A HREF=\"http://x\">", "<A HREF='http://y' ADD_DATE=9>", "</A>", "<DD>", "<", ">",
        "\"", "'", "=", "&amp;", "&#0;", "&#x1F331;", "&", ";", "é", "🌱", "\n", " ", "<!--", "-->", "a", "<A", " HREF=", "/", "<p>",
    ]), 0..30)) {
        let text = pieces.concat();
        let found = read(&text);
        let mut urls: Vec<_> = found.drafts.iter().map(|(_, d)| d.url.clone()).collect();
        let count = urls.len();
        urls.sort();
        urls.dedup();
        prop_assert_eq!(urls.len(), count);
        let lines = text.matches('\n').count() as u64 + 1;
        prop_assert!(found.drafts.iter().all(|(line, _)| (1..=lines).contains(line)));
    }
}
