//! Queries as the engine answers them.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests end so")]

#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    ApiError, CollectiveNew, Command, ErrorCode, ExplainedHit, Find, Found, List, Note, Reply,
    Saved, SetName,
};
use folkmoot_engine::Engine;

use one::open;

/// A home in a folder of its own, without a node.
struct Home {
    engine: Engine,
    _folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = open(&folder.path().join("home"));
        Self {
            engine,
            _folder: folder,
        }
    }

    fn note(&self, collective: Option<&str>, title: &str, text: &str, tags: &[&str]) -> Saved {
        let note = Note {
            collective: collective.map(str::to_owned),
            title: (!title.is_empty()).then(|| title.to_owned()),
            text: Some(text.to_owned()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..Note::default()
        };
        match self.engine.call(Command::Note(note)) {
            Ok(Reply::Saved(saved)) => saved,
            other => panic!("{other:?}"),
        }
    }

    fn collective(&self, name: &str) {
        let new = CollectiveNew {
            name: name.to_owned(),
            ..CollectiveNew::default()
        };
        self.engine.call(Command::CollectiveNew(new)).unwrap();
    }

    fn try_list(&self, collective: Option<&str>, query: &str) -> Result<Found, ApiError> {
        let list = List {
            query: query.to_owned(),
            collective: collective.map(str::to_owned),
            ..List::default()
        };
        match self.engine.call(Command::List(list))? {
            Reply::Found(found) => Ok(found),
            other => panic!("{other:?}"),
        }
    }

    fn list(&self, collective: Option<&str>, query: &str) -> Vec<String> {
        let found = self.try_list(collective, query).unwrap();
        found.items.into_iter().map(|item| item.title).collect()
    }

    fn try_find(&self, query: &str) -> Result<Found, ApiError> {
        let find = Find {
            query: query.to_owned(),
            ..Find::default()
        };
        match self.engine.call(Command::Find(find))? {
            Reply::Found(found) => Ok(found),
            other => panic!("{other:?}"),
        }
    }

    fn find(&self, query: &str) -> Vec<String> {
        let found = self.try_find(query).unwrap();
        let mut titles: Vec<String> = found.items.into_iter().map(|item| item.title).collect();
        titles.sort();
        titles
    }
}

#[test]
fn a_list_of_one_collective_stays_within_it() {
    let home = Home::new();
    home.collective("commons");
    home.note(None, "Mine", "medlar", &[]);
    // Clocks of two collectives are two: of one millisecond neither record is the older.
    std::thread::sleep(std::time::Duration::from_millis(5));
    home.note(Some("commons"), "Ours", "quince", &[]);
    home.note(Some("commons"), "Others", "pear", &[]);
    assert_eq!(home.list(Some("commons"), ""), ["Others", "Ours"]);
    assert_eq!(home.list(Some("commons"), "medlar OR quince"), ["Ours"]);
    // The order that is asked for is kept.
    assert_eq!(
        home.list(Some("commons"), "sort:oldest"),
        ["Ours", "Others"]
    );
    assert_eq!(home.list(None, "sort:oldest -pear"), ["Mine", "Ours"]);
    // A parenthesis too many does not open the list to the rest, and is shown where it stands.
    let error = home
        .try_list(Some("commons"), "medlar) OR (medlar")
        .unwrap_err();
    assert_eq!((error.code, error.span), (ErrorCode::Usage, Some((6, 7))));
    let error = home.try_list(Some("commons"), "tagg:x").unwrap_err();
    assert_eq!(error.span, Some((0, 4)));
    assert_eq!(error.hint.as_deref(), Some("did you mean `tag`?"));
}

#[test]
fn links_and_answers_are_asked_for_by_title_or_id() {
    let home = Home::new();
    let rota = home.note(None, "Rota", "who waters", &[]);
    home.note(None, "By title", "see [[rota]]", &[]);
    home.note(None, "By id", &format!("see {}", rota.id), &[]);
    assert_eq!(home.find("links:Rota"), ["By id", "By title"]);
    assert_eq!(home.find(&format!("links:{}", rota.id)), ["By id"]);
    assert_eq!(home.find(&format!("links:{}", rota.short)), ["By id"]);
    assert!(home.find("to:rota").is_empty());
    assert!(home.find(&format!("to:{}", rota.short)).is_empty());
    let error = home.try_find("watering to:Rotta").unwrap_err();
    assert_eq!((error.code, error.span), (ErrorCode::Usage, Some((12, 17))));
    assert!(error.message.contains("Rotta"), "{}", error.message);
}

#[test]
fn a_reader_of_any_script_finds_it() {
    let home = Home::new();
    home.engine
        .call(Command::SetName(SetName {
            name: "Zoë Müller".to_owned(),
        }))
        .unwrap();
    home.note(None, "a", "全文検索を速くする", &["種/野菜"]);
    home.note(None, "b", "日本語のカタカナ", &[]);
    home.note(None, "c", "น้ำสะอาดสำหรับสวน", &["สวน"]);
    home.note(None, "d", "An der Hauptstraße steht ein Café", &["Gärten"]);
    for (query, found) in [
        ("検索", vec!["a"]),
        ("索検", vec![]),
        ("検索*", vec!["a"]),
        ("「文検」", vec!["a"]),
        ("ｶﾀｶﾅ", vec!["b"]),
        ("語", vec!["b"]),
        ("日本 OR 検索", vec!["a", "b"]),
        ("tag：種", vec!["a"]),
        ("สะอาด", vec!["c"]),
        ("น้ำ", vec!["c"]),
        ("tag:สวน", vec!["c"]),
        ("hauptstrasse", vec!["d"]),
        ("HAUPTSTRASSE", vec!["d"]),
        ("hauptstra*", vec!["d"]),
        ("cafe", vec!["d"]),
        ("cafe\u{301}", vec!["d"]),
        ("tag:garten", vec!["d"]),
        ("author:\"zoe muller\" cafe", vec!["d"]),
        ("（検索　OR　cafe）", vec!["a", "d"]),
    ] {
        assert_eq!(home.find(query), found, "{query}");
    }
}

#[test]
fn it_is_told_how_a_query_was_understood_and_why_its_hits_rank() {
    let home = Home::new();
    home.note(None, "Medlar", "Pick after the first frost.", &["fruit"]);
    home.note(None, "Frost", "The frost of frosts. Frost again.", &[]);
    home.note(None, "Rota", "Ana waters.", &["garden"]);
    let find = Find {
        query: "(frost OR rota) -tag:garden or".to_owned(),
        explain: true,
        ..Find::default()
    };
    let Ok(Reply::Found(found)) = home.engine.call(Command::Find(find.clone())) else {
        panic!("it is understood");
    };
    let explained = *found.explained.unwrap();
    let lines: Vec<(u32, &str, Option<u64>)> = explained
        .lines
        .iter()
        .map(|line| (line.depth, line.text.as_str(), line.records))
        .collect();
    assert_eq!(
        lines,
        [
            (0, "all of these:", None),
            (1, "one of these or more:", None),
            (2, "the word `frost`", Some(2)),
            (2, "the word `rota`", Some(1)),
            (1, "not the tag `garden` or one below it", Some(1)),
            (1, "the word `or`", Some(0)),
        ]
    );
    assert_eq!(explained.doubts.len(), 1);
    assert!(
        explained.doubts[0].contains("`OR`"),
        "{:?}",
        explained.doubts
    );
    assert_eq!((found.total, explained.hits.len()), (0, 0));

    let find = Find {
        query: "(frost OR rota) -tag:garden".to_owned(),
        ..find
    };
    let Ok(Reply::Found(found)) = home.engine.call(Command::Find(find)) else {
        panic!("it is understood");
    };
    let explained = *found.explained.unwrap();
    let titles: Vec<&str> = found.items.iter().map(|item| item.title.as_str()).collect();
    assert_eq!(titles, ["Frost", "Medlar"]);
    assert_eq!(explained.hits.len(), 2);
    for hit in &explained.hits {
        let sum: f32 = hit.words.iter().map(|word| word.points).sum();
        assert!((hit.score - sum * hit.newness).abs() < 1e-3, "{hit:?}");
        assert!((1.49..=1.5).contains(&hit.newness), "{hit:?}");
    }
    let [first, second] = &explained.hits[..] else {
        panic!("{:?}", explained.hits);
    };
    assert!(first.score > second.score);
    let places = |hit: &ExplainedHit| hit.words[0].places.clone();
    assert_eq!(
        places(first),
        [("title".to_owned(), 1), ("text".to_owned(), 2)]
    );
    assert_eq!(places(second), [("text".to_owned(), 1)]);
    assert_eq!(
        (second.words[0].word.as_str(), second.words[0].records),
        ("frost", 2)
    );
}

#[test]
fn what_finds_nothing_is_answered_with_what_would() {
    let home = Home::new();
    home.collective("commons");
    home.note(
        None,
        "Medlar",
        "Pick after the first frost.",
        &["fruit/medlar"],
    );
    home.note(None, "Quince", "It fills a room.", &["two words"]);
    home.note(Some("commons"), "Compost", "Turn it weekly.", &[]);
    let offers = |query: &str| home.try_find(query).unwrap().did_you_mean;
    // Typing errors are offered, never replaced.
    assert_eq!(offers("quinse"), ["quince"]);
    assert_eq!(home.try_find("quinse").unwrap().total, 0);
    assert_eq!(offers("\"frist frost\""), ["\"first frost\""]);
    assert_eq!(offers("tag:fruit/medlr Frsot"), ["tag:fruit/medlar frost"]);
    assert_eq!(offers("tag:\"tow words\""), ["tag:\"two words\""]);
    // Nothing is offered that finds nothing, nor for what finds something, nor what is excluded.
    assert_eq!(offers("quinse medlar"), Vec::<String>::new());
    assert_eq!(offers("quinse OR medlar"), Vec::<String>::new());
    assert_eq!(
        offers("-quince -medlar -compost -mediar"),
        Vec::<String>::new()
    );
    assert_eq!(offers("xyzzyxyzzy"), Vec::<String>::new());
    // A list of one collective offers what that collective has.
    let listed = |query| home.try_list(Some("commons"), query).unwrap().did_you_mean;
    assert_eq!(listed("compots"), ["compost"]);
    assert_eq!(listed("quinse"), Vec::<String>::new());
}
