//! Shared words: what they widen, what links to them, who may change them.
#![expect(clippy::unwrap_used, reason = "tests end so")]

#[path = "support/hub.rs"]
mod hub;
#[path = "support/one.rs"]
mod one;

use folkmoot_api::{
    Act, ActKind, Acted, ApiError, CollectiveNew, Command, CountBy, Counts, CountsView, Edit,
    Edited, ErrorCode, Find, Found, List, Note, Rename, Renamed, Saved, Show, ShowView,
    SymbolChange, SymbolDefine, SymbolList, SymbolShow, SymbolStatus, SymbolView,
};
use folkmoot_engine::Engine;

use hub::{Hub, until};
use one::{ask, open};

fn own(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn note(engine: &Engine, collective: Option<&str>, text: &str) -> Saved {
    let note = Note {
        collective: collective.map(str::to_owned),
        text: Some(text.to_owned()),
        ..Note::default()
    };
    ask(engine, Command::Note(note)).unwrap()
}

fn define(
    engine: &Engine,
    collective: Option<&str>,
    term: &str,
    aliases: &[&str],
    broader: &[&str],
) -> SymbolView {
    let define = SymbolDefine {
        term: term.to_owned(),
        definition: format!("What {term} means.\nMore."),
        collective: collective.map(str::to_owned),
        aliases: own(aliases),
        broader: own(broader),
        ..SymbolDefine::default()
    };
    ask(engine, Command::SymbolDefine(define)).unwrap()
}

fn change(engine: &Engine, change: SymbolChange) -> Result<SymbolView, ApiError> {
    ask(engine, Command::SymbolChange(change))
}

fn stand(engine: &Engine, symbol: &str, status: SymbolStatus) -> SymbolView {
    let to = SymbolChange {
        symbol: symbol.to_owned(),
        status: Some(status),
        ..SymbolChange::default()
    };
    change(engine, to).unwrap()
}

fn found(engine: &Engine, query: &str, exact: bool) -> Found {
    let find = Find {
        query: query.to_owned(),
        exact,
        limit: 100,
        ..Find::default()
    };
    ask(engine, Command::Find(find)).unwrap()
}

/// Texts found that are notes, sorted.
fn notes(engine: &Engine, query: &str) -> Vec<String> {
    let found = found(engine, &format!("kind:note {query}"), false);
    let mut titles: Vec<String> = found.items.into_iter().map(|item| item.title).collect();
    titles.sort();
    titles
}

fn collective(engine: &Engine, name: &str) {
    let new = CollectiveNew {
        name: name.to_owned(),
        ..CollectiveNew::default()
    };
    engine.call(Command::CollectiveNew(new)).unwrap();
}

fn show(engine: &Engine, id: &str) -> ShowView {
    ask(engine, Command::Show(Show { id: id.to_owned() })).unwrap()
}

#[test]
fn a_search_is_widened_where_the_word_is_used_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    collective(&engine, "garden");
    for place in [None, Some("garden")] {
        let name = place.unwrap_or("home");
        note(&engine, place, &format!("compost of {name}"));
        note(&engine, place, &format!("humus of {name}"));
        note(&engine, place, &format!("bokashi of {name}"));
    }
    let compost = define(&engine, Some("garden"), "Compost", &["humus"], &[]);
    assert_eq!(compost.status, SymbolStatus::Proposed);
    define(&engine, Some("garden"), "Bokashi", &[], &["compost"]);
    // What is only proposed widens nothing.
    assert_eq!(
        notes(&engine, "compost"),
        ["compost of garden", "compost of home"]
    );
    assert!(found(&engine, "compost", false).widened.is_empty());
    stand(&engine, "compost", SymbolStatus::Adopted);
    let used = stand(&engine, "BOKASHI", SymbolStatus::Adopted);
    assert_eq!(used.broader[0].term, "Compost");
    let wide = [
        "bokashi of garden",
        "compost of garden",
        "compost of home",
        "humus of garden",
    ];
    assert_eq!(notes(&engine, "compost"), wide);
    let told = found(&engine, "compost", false).widened;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].word.as_str(), told[0].collective.as_deref()),
        ("compost", Some("garden"))
    );
    assert_eq!(told[0].added, ["humus", "Bokashi"]);
    // Quotes, negations and --exact are as written.
    assert_eq!(
        notes(&engine, "\"compost\""),
        ["compost of garden", "compost of home"]
    );
    assert_eq!(notes(&engine, "-compost").len(), 4);
    let exact = found(&engine, "kind:note compost", true);
    assert!(exact.total == 2 && exact.widened.is_empty());
    // Lists and counts are widened in the same way, and say the same.
    for exact in [false, true] {
        let query = "kind:note compost";
        let list = List {
            query: query.to_owned(),
            exact,
            ..List::default()
        };
        let counts = Counts {
            query: query.to_owned(),
            by: CountBy::Kind,
            exact,
            ..Counts::default()
        };
        let found = found(&engine, query, exact);
        let listed: Found = ask(&engine, Command::List(list)).unwrap();
        let counted: CountsView = ask(&engine, Command::Counts(counts)).unwrap();
        assert_eq!(listed.total, found.total);
        assert_eq!(counted.values[0].count, found.total);
        assert_eq!(listed.widened.len(), usize::from(!exact));
        assert_eq!(
            (&listed.widened, &counted.widened),
            (&found.widened, &found.widened)
        );
    }
    let narrow = notes(&engine, "bokashi");
    assert_eq!(narrow, ["bokashi of garden", "bokashi of home"]);
    // Words of the home hold everywhere.
    define(&engine, None, "rot", &["humus"], &[]);
    assert_eq!(notes(&engine, "rot"), ["humus of garden", "humus of home"]);
    assert_eq!(found(&engine, "rot", false).widened[0].collective, None);
    stand(&engine, "rot", SymbolStatus::Retired);
    assert!(notes(&engine, "rot").is_empty());
    let listed = |status| -> Vec<SymbolView> {
        let list = SymbolList {
            collective: None,
            status,
        };
        ask(&engine, Command::SymbolList(list)).unwrap()
    };
    let terms =
        |views: Vec<SymbolView>| views.into_iter().map(|view| view.term).collect::<Vec<_>>();
    assert_eq!(terms(listed(None)), ["Bokashi", "Compost"]);
    assert_eq!(terms(listed(Some(SymbolStatus::Retired))), ["rot"]);
}

#[test]
fn what_a_person_wrote_stands_before_what_was_added() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    stand(
        &engine,
        &define(&engine, None, "compost", &["humus"], &[]).id,
        SymbolStatus::Adopted,
    );
    // Equal but for the word; the newest one would stand first.
    note(&engine, None, "a barrow of compost");
    note(&engine, None, "a barrow of humus");
    for (asked, first) in [("compost", "compost"), ("humus", "humus")] {
        let found = found(&engine, &format!("kind:note {asked}"), false);
        let titles: Vec<&str> = found.items.iter().map(|item| item.title.as_str()).collect();
        assert_eq!(titles.len(), 2, "{titles:?}");
        assert!(titles[0].ends_with(first), "{titles:?}");
    }
}

#[test]
fn words_between_colons_link_to_the_word() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let word = define(&engine, None, "Hot compost", &["thermal"], &[]);
    let text = note(
        &engine,
        None,
        "Turn the :hot-compost: and the :thermal: :heap: at 10:30:15.",
    );
    note(&engine, None, "[[Hot compost]] too");
    let other = show(&engine, &text.id);
    let meant: Vec<_> = other
        .words
        .iter()
        .map(|word| word.written.as_str())
        .collect();
    assert_eq!(meant, ["hot-compost", "thermal"]);
    assert!(other.words.iter().all(|meant| meant.id == word.id));
    assert_eq!(other.words[0].definition, "What Hot compost means.");
    let linked = |name: &str| show(&engine, name).linked_from.len();
    assert_eq!(linked(&word.id), 2);
    assert_eq!(notes(&engine, "links:\"hot compost\"").len(), 2);
    assert_eq!(notes(&engine, "links::thermal:").len(), 1);
    // A new term keeps the old one as another name: nothing loses its link.
    let rename = Rename {
        id: word.id.clone(),
        title: "Heap".to_owned(),
        ..Rename::default()
    };
    let renamed: Renamed = ask(&engine, Command::Rename(rename)).unwrap();
    assert_eq!(renamed.relinked.len(), 1);
    let view = show(&engine, &word.id).symbol.unwrap();
    assert_eq!(
        (view.term.as_str(), view.aliases),
        ("Heap", own(&["thermal", "Hot compost"]))
    );
    assert_eq!(linked(&word.id), 2);
    assert_eq!(show(&engine, &text.id).words.len(), 3);
    // An edit of its text leaves names and relations.
    let edit = Edit {
        id: word.id.clone(),
        text: Some("New meaning.".to_owned()),
        ..Edit::default()
    };
    let _: Edited = ask(&engine, Command::Edit(edit)).unwrap();
    let ask_show = SymbolShow {
        symbol: "thermal".to_owned(),
        collective: None,
    };
    let view: SymbolView = ask(&engine, Command::SymbolShow(ask_show)).unwrap();
    assert_eq!(
        (view.definition.as_str(), view.aliases.len()),
        ("New meaning.", 2)
    );
}

#[test]
fn names_and_relations_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let soil = define(&engine, None, "Soil", &[], &[]);
    define(&engine, None, "Compost", &["a", "b"], &["soil"]);
    let of = |symbol: &str| SymbolChange {
        symbol: symbol.to_owned(),
        ..SymbolChange::default()
    };
    let with = |aliases: &[&str], remove| SymbolChange {
        aliases: own(aliases),
        remove,
        ..of("compost")
    };
    let view = change(&engine, with(&["B", "c", "COMPOST"], false)).unwrap();
    assert_eq!(view.aliases, ["a", "b", "c"]);
    assert_eq!(
        change(&engine, with(&["A", "b"], true)).unwrap().aliases,
        ["c"]
    );
    let gone = change(&engine, with(&["zzz"], true)).unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    let circle = SymbolChange {
        broader: own(&["compost"]),
        same_as: own(&["c"]),
        ..of("soil")
    };
    let view = change(&engine, circle.clone()).unwrap();
    let terms = |links: &[folkmoot_api::SymbolLink]| {
        links.iter().map(|l| l.term.clone()).collect::<Vec<_>>()
    };
    assert_eq!(terms(&view.broader), ["Compost"]);
    assert_eq!(terms(&view.narrower), ["Compost"]);
    assert_eq!(terms(&view.same_as), ["Compost"]);
    note(&engine, None, "soil alone");
    // A circle widens both ways, and ends.
    assert_eq!(notes(&engine, "compost"), ["soil alone"]);
    let version = view.version.clone();
    assert_eq!(change(&engine, circle.clone()).unwrap().version, version);
    let none = change(
        &engine,
        SymbolChange {
            remove: true,
            ..circle
        },
    )
    .unwrap();
    assert!(none.broader.is_empty() && none.same_as.is_empty());

    let refused = |command: Command| engine.call(command).unwrap_err();
    let again = SymbolDefine {
        term: "SOIL".to_owned(),
        definition: "again".to_owned(),
        ..SymbolDefine::default()
    };
    let error = refused(Command::SymbolDefine(again.clone()));
    assert!(error.message.contains(&soil.short) && error.code == ErrorCode::Usage);
    for (term, definition, broader) in [
        ("…", "x", None),
        ("x", " ", None),
        ("x", "y", Some("nowhere")),
    ] {
        let define = SymbolDefine {
            term: term.to_owned(),
            definition: definition.to_owned(),
            broader: broader.into_iter().map(str::to_owned).collect(),
            ..again.clone()
        };
        assert_ne!(
            refused(Command::SymbolDefine(define)).code,
            ErrorCode::Failed
        );
    }
    let own_self = SymbolChange {
        broader: own(&["soil"]),
        ..of("soil")
    };
    assert_eq!(
        change(&engine, own_self).unwrap_err().code,
        ErrorCode::Usage
    );
    assert_eq!(
        change(&engine, of("nowhere")).unwrap_err().code,
        ErrorCode::NotFound
    );
    // Two collectives may know one word: it is asked which.
    collective(&engine, "garden");
    define(&engine, Some("garden"), "Soil", &[], &[]);
    let error = change(&engine, of("soil")).unwrap_err();
    assert!(error.hint.unwrap().contains(&soil.short));
    let here = SymbolChange {
        collective: Some("garden".to_owned()),
        ..of("soil")
    };
    assert_eq!(change(&engine, here).unwrap().collective, "garden");
}

#[test]
fn words_reach_the_other_members_and_are_changed_by_who_may() {
    let hub = Hub::new();
    let (ana, ben) = (hub.person("ana"), hub.person("ben"));
    ana.found("commons");
    ben.join(&ana.invite("writer").key.unwrap());
    define(&ana.engine, Some("commons"), "Compost", &["humus"], &[]);
    stand(&ana.engine, "compost", SymbolStatus::Adopted);
    note(&ana.engine, Some("commons"), "much humus");
    until("Ben finds by Ana's word", || {
        notes(&ben.engine, "compost") == ["much humus"]
    });
    let retire = SymbolChange {
        symbol: "compost".to_owned(),
        status: Some(SymbolStatus::Retired),
        ..SymbolChange::default()
    };
    assert_eq!(
        change(&ben.engine, retire).unwrap_err().code,
        ErrorCode::Denied
    );
    define(&ben.engine, Some("commons"), "Bokashi", &[], &["humus"]);
    until("Ana sees Ben's word below hers", || {
        let view = show(&ana.engine, "Compost").symbol.unwrap();
        view.narrower.iter().any(|link| link.term == "Bokashi")
    });
}

#[test]
fn a_word_that_was_taken_back_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("home"));
    let word = define(&engine, None, "compost", &[], &[]);
    let retract = Command::Act(Act {
        what: ActKind::Retract,
        id: word.id.clone(),
        reason: None,
        device: None,
    });
    let _: Acted = ask(&engine, retract).unwrap();
    let show = SymbolShow {
        symbol: word.id,
        ..SymbolShow::default()
    };
    let gone: Result<SymbolView, ApiError> = ask(&engine, Command::SymbolShow(show));
    let gone = gone.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
    assert!(gone.message.contains("taken back"), "{gone:?}");
    engine.stop();
}
