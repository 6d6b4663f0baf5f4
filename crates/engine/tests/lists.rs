//! Lists page by page, counts, and what is like a record.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests end so")]

#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    ApiError, CollectiveNew, Command, CountBy, Counts, CountsView, Edit, ErrorCode, Found,
    ImportItem, Imported, List, Note, Related, Reply, Saved, SetName,
};
use folkmoot_engine::Engine;

use one::open;

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
            title: Some(title.to_owned()),
            text: Some(text.to_owned()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..Note::default()
        };
        match self.engine.call(Command::Note(note)) {
            Ok(Reply::Saved(saved)) => saved,
            other => panic!("{other:?}"),
        }
    }

    fn list(&self, list: List) -> Result<Found, ApiError> {
        self.engine.call(Command::List(list))?.try_into()
    }

    /// All titles of a list, page by page; before each page but the first something is done.
    fn pages(&self, query: &str, limit: u32, mut between: impl FnMut()) -> Vec<String> {
        let (mut titles, mut cursor) = (Vec::new(), None);
        loop {
            let page = self
                .list(List {
                    query: query.to_owned(),
                    limit,
                    cursor,
                    ..List::default()
                })
                .unwrap();
            assert!(page.items.len() <= limit as usize);
            titles.extend(page.items.into_iter().map(|item| item.title));
            cursor = page.next;
            if cursor.is_none() {
                return titles;
            }
            between();
        }
    }

    fn counts(&self, counts: Counts) -> Vec<(String, u64)> {
        let reply = self.engine.call(Command::Counts(counts)).unwrap();
        let counts: CountsView = reply.try_into().unwrap();
        assert_eq!(counts.total, counts.values.len() as u64);
        let pair = |one: folkmoot_api::CountView| (one.value, one.count);
        counts.values.into_iter().map(pair).collect()
    }

    fn related(&self, id: &str) -> Vec<String> {
        let related = Related {
            id: id.to_owned(),
            limit: 0,
        };
        let reply = self.engine.call(Command::Related(related)).unwrap();
        let found: Found = reply.try_into().unwrap();
        found.items.into_iter().map(|item| item.title).collect()
    }
}

#[test]
fn pages_are_the_list_whatever_is_written_between_them() {
    let home = Home::new();
    let mut written: Vec<String> = (0..23).map(|n| format!("leaf {n}")).collect();
    for title in &written {
        home.note(None, title, "of a tree", &[]);
    }
    assert_eq!(home.pages("sort:oldest", 5, || {}), written);
    written.reverse();
    for limit in [1, 4, 22, 23, 24] {
        assert_eq!(home.pages("", limit, || {}), written, "{limit}");
    }
    // What comes on top meanwhile moves nothing.
    let listed = home.pages("leaf", 7, || {
        home.note(None, "leaf of the day", "new", &[]);
    });
    assert_eq!(listed, written);
    // By relevance there is no place in time; pages are counted.
    let ranked = home.pages("leaf -new sort:relevance", 6, || {});
    assert_eq!(ranked.len(), 23);
    let skipped = home
        .list(List {
            query: "leaf -new".to_owned(),
            limit: 3,
            offset: 3,
            ..List::default()
        })
        .unwrap();
    let titles: Vec<&str> = skipped
        .items
        .iter()
        .map(|item| item.title.as_str())
        .collect();
    assert_eq!(titles, &written[3..6]);
    assert_eq!(skipped.total, 23);
    for wrong in ["", "x", "1-", "-1", "zz-1", "3-zz"] {
        let refused = home.list(List {
            cursor: Some(wrong.to_owned()),
            ..List::default()
        });
        assert_eq!(refused.unwrap_err().code, ErrorCode::Usage, "{wrong}");
    }
}

#[test]
fn records_are_counted_by_what_they_have() {
    let home = Home::new();
    let name = SetName {
        name: "Ana".to_owned(),
    };
    home.engine.call(Command::SetName(name)).unwrap();
    let commons = CollectiveNew {
        name: "commons".to_owned(),
        ..CollectiveNew::default()
    };
    home.engine.call(Command::CollectiveNew(commons)).unwrap();
    home.note(None, "Worms", "warm", &["soil/worms", "garden"]);
    home.note(None, "Lime", "less", &["soil"]);
    home.note(Some("commons"), "Rota", "who", &["garden"]);
    let by = |by, query: &str, collective: Option<&str>| {
        home.counts(Counts {
            query: query.to_owned(),
            collective: collective.map(str::to_owned),
            by,
            ..Counts::default()
        })
    };
    let pairs = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
        let owned = pairs.iter().map(|(value, n)| ((*value).to_owned(), *n));
        owned.collect()
    };
    assert_eq!(
        by(CountBy::Tag, "", None),
        pairs(&[("garden", 2), ("soil", 2), ("soil/worms", 1)])
    );
    assert_eq!(
        by(CountBy::Tag, "", Some("commons")),
        pairs(&[("garden", 1)])
    );
    assert_eq!(by(CountBy::Kind, "tag:soil", None), pairs(&[("note", 2)]));
    assert_eq!(
        by(CountBy::Collective, "", None),
        pairs(&[("home", 2), ("commons", 1)])
    );
    // One person, with a seat in each.
    assert_eq!(
        by(CountBy::Author, "", None),
        pairs(&[("Ana", 2), ("Ana", 1)])
    );
    let months: u64 = by(CountBy::Month, "", None).iter().map(|(_, n)| n).sum();
    assert_eq!(months, 3);
    assert_eq!(by(CountBy::Tag, "medlar", None), []);
}

#[test]
fn what_shares_telling_words_is_related() {
    let home = Home::new();
    let hot = home.note(
        None,
        "Hot compost",
        "Turn the compost weekly and keep it damp.",
        &[],
    );
    home.note(None, "Compost bin", "The compost is full. Turn it.", &[]);
    home.note(None, "Rota", "Ana waters, Ben weeds.", &[]);
    home.note(None, "Worms", "Worms like damp beds.", &[]);
    assert_eq!(home.related(&hot.id), ["Compost bin", "Worms"]);
    assert_eq!(home.related("Rota"), Vec::<String>::new());
    // After an edit its current version is what is compared, and it is not related to itself.
    let edit = Edit {
        id: hot.id.clone(),
        text: Some("Ben weeds the beds.".to_owned()),
        ..Edit::default()
    };
    home.engine.call(Command::Edit(edit)).unwrap();
    let related = home.related(&hot.id);
    assert!(related.contains(&"Rota".to_owned()), "{related:?}");
    assert!(!related.contains(&"Hot compost".to_owned()), "{related:?}");
    let unknown = Related {
        id: "nobody's title".to_owned(),
        limit: 0,
    };
    let refused = home.engine.call(Command::Related(unknown)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound);
}

/// The records of an export, page by page; before each page but the first something is done.
fn exported(home: &Home, mut between: impl FnMut(&[String])) -> Vec<String> {
    let (mut records, mut next) = (Vec::new(), None);
    loop {
        let ask = Command::Pages(folkmoot_api::PagesAsk {
            next,
            ..folkmoot_api::PagesAsk::default()
        });
        let page: folkmoot_api::PagesView = home.engine.call(ask).unwrap().try_into().unwrap();
        records.extend(page.names.into_iter().map(|name| name.record));
        next = page.next;
        if next.is_none() {
            return records;
        }
        between(&records);
    }
}

#[test]
fn nothing_is_left_out_of_an_export_while_documents_are_edited() {
    // One more page than is given at once.
    let items: Vec<ImportItem> = (0..1_150)
        .map(|n| ImportItem {
            source: format!("{n}.md"),
            note: Note {
                title: Some(format!("Page {n}")),
                text: Some(format!("About {n}.")),
                ..Note::default()
            },
            ..ImportItem::default()
        })
        .collect();
    let home = Home::new();
    for some in items.chunks(400) {
        let ask = Command::Import {
            collective: None,
            items: some.to_vec(),
            device: None,
            vault: None,
            dry_run: false,
        };
        let done: Imported = home.engine.call(ask).unwrap().try_into().unwrap();
        assert_eq!(done.added, some.len() as u64);
    }
    let all = exported(&home, |_| {});
    assert_eq!(all.len(), items.len());
    let edited = exported(&home, |seen| {
        for record in seen.iter().take(20) {
            let edit = Edit {
                id: record.clone(),
                text: Some("Otherwise.".to_owned()),
                ..Edit::default()
            };
            home.engine.call(Command::Edit(edit)).unwrap();
        }
    });
    let distinct = |records: &[String]| -> std::collections::BTreeSet<String> {
        records.iter().cloned().collect()
    };
    assert_eq!(distinct(&edited), distinct(&all));
}
