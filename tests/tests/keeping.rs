//! Documents kept by the real program: edited with an editor, apart from each other, and merged.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{fs, path::Path};

use folkmoot_tests::{
    home::{Home, Said, text, until},
    meet::{EQUAL, equal, invite_as, join, refused},
};

/// The text of a document as `moot show --text` prints it.
fn shown(home: &Home, id: &str) -> String {
    let said = home.run(&["show", id, "--text"]);
    assert_eq!(said.code, 0, "{}", said.err);
    said.out.trim_end().to_owned()
}

fn fine(said: &Said) {
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
}

fn versions(home: &Home, id: &str) -> usize {
    home.all(&["history", id, "--short"]).len()
}

#[test]
fn an_edit_in_the_editor_is_a_version_and_a_failing_editor_keeps_the_draft() {
    let mut home = Home::new("ana");
    let id = home.note("home", "Monday: Ana\nFriday: Ben");
    // The editor is a program of the person's own; the shell takes its options.
    home.set("EDITOR", Path::new("sed -i s/Ben/Cleo/"));
    fine(&home.run(&["edit", &id]));
    assert_eq!(shown(&home, &id), "Monday: Ana\nFriday: Cleo");
    // What the editor left as it was is no version.
    fine(&home.run(&["edit", &id]));
    assert_eq!(versions(&home, &id), 2);
    // An editor that gives up changes nothing.
    home.set("EDITOR", Path::new("false"));
    refused(&home.run(&["edit", &id]), 1, &[]);
    assert_eq!(versions(&home, &id), 2);
    // From a file, from standard input, as a word, and never an empty text by mistake.
    let file = home.folder().with_extension("md");
    fs::write(&file, "Monday: Dora\n").unwrap();
    fine(&home.run(&["edit", &id, "--file", file.to_str().unwrap()]));
    assert_eq!(shown(&home, &id), "Monday: Dora");
    fine(&home.feed(&["edit", &id, "-"], "Monday: Emil\n"));
    fine(&home.run(&["edit", &id, "--text", "Monday: Fina"]));
    assert_eq!(shown(&home, &id), "Monday: Fina");
    refused(
        &home.feed(&["edit", &id, "-"], "\n"),
        2,
        &["nothing was written"],
    );
    refused(&home.run(&["edit", "No such title", "x"]), 3, &[]);
    // The newest first, each with what it changed.
    let history = home.all(&["history", &id]);
    assert_eq!(history.len(), 5);
    let first = &history[4];
    assert_eq!(text(&first["id"]), id);
    assert!(first["replaces"].as_array().unwrap().is_empty());
    let changes = history[3]["changes"].as_array().unwrap();
    let of = |op: &str| {
        let lines = changes.iter().filter(|line| line["op"] == op);
        lines.map(|line| text(&line["line"])).collect::<Vec<_>>()
    };
    assert_eq!(of("gone"), ["Friday: Ben"]);
    assert_eq!(of("new"), ["Friday: Cleo"]);
    // Every earlier text can be read.
    let second = text(&history[3]["id"]);
    assert_eq!(shown(&home, &second), "Monday: Ana\nFriday: Cleo");
}

#[test]
fn an_acknowledged_edit_outlives_a_killed_node() {
    let mut home = Home::new("ana");
    home.up();
    let id = home.note("home", "the first quincetree");
    for round in 0..3 {
        let words = format!("the quincetree of round {round}");
        fine(&home.run(&["edit", &id, &words]));
        home.kill();
        assert_eq!(shown(&home, &id), words);
        home.up();
        assert_eq!(shown(&home, &id), words);
        assert_eq!(versions(&home, &id), round + 2);
        assert_eq!(home.count("quincetree"), 1, "one document");
    }
}

#[test]
fn two_nodes_that_edit_apart_show_both_and_merge_to_the_same() {
    let [mut ana, mut ben] = ["ana", "ben"].map(Home::new);
    ana.up();
    ana.ok(&["collective", "new", "commons"]);
    ben.up();
    join(&ben, &invite_as(&ana, "commons", &["--role", "moderator"]));
    equal(&[&ana, &ben], "commons");
    let id = ana.note("commons", "Monday: Ana\n\nFriday: Ben");
    until(EQUAL, "the note arrives", || ben.count("friday") == 1);
    // Ben's node is down while both edit, so neither sees the other's edit.
    assert_eq!(ben.stop(), 0);
    fine(&ana.feed(&["edit", &id, "-"], "Monday: Cleo\n\nFriday: Ben"));
    fine(&ben.feed(&["edit", &id, "-"], "Monday: Ana\n\nFriday: Dora"));
    ben.up();
    equal(&[&ana, &ben], "commons");
    for home in [&ana, &ben] {
        assert_eq!(home.count("is:unmerged"), 1);
        for word in ["cleo", "dora", "monday"] {
            assert_eq!(home.count(word), 1, "{word}: one document, found by both");
        }
        assert_eq!(versions(home, &id), 3);
    }
    assert_eq!(shown(&ana, &id), shown(&ben, &id), "all show the same one");
    fine(&ana.run(&["merge", &id]));
    equal(&[&ana, &ben], "commons");
    for home in [&ana, &ben] {
        assert_eq!(shown(home, &id), "Monday: Cleo\n\nFriday: Dora");
        assert_eq!(home.count("is:unmerged"), 0);
    }
}

#[test]
fn what_is_taken_back_stays_so_over_a_kill_and_for_others() {
    let [mut ana, mut ben] = ["ana", "ben"].map(Home::new);
    ana.up();
    ana.ok(&["collective", "new", "commons"]);
    ben.up();
    join(&ben, &invite_as(&ana, "commons", &["--role", "writer"]));
    equal(&[&ana, &ben], "commons");
    let id = ana.note("commons", "the quincetree is behind the shed");
    until(EQUAL, "the note arrives", || ben.count("quincetree") == 1);
    refused(
        &ben.run(&["retract", &id]),
        4,
        &["only they can take it back"],
    );
    refused(&ben.run(&["hide", &id]), 4, &[]);
    refused(&ben.run(&["purge", &id, "--no-input"]), 2, &["--yes"]);
    fine(&ana.run(&["retract", &id, "--reason", "it was felled"]));
    // The kill may come before the push: Ben's node looks for hers where it met it.
    let listen = ana.addresses()[0].clone();
    let listen = listen.split("/p2p/").next().unwrap().to_owned();
    ana.kill();
    assert_eq!(ana.count("quincetree"), 0, "acknowledged, so it stays");
    ana.up_on(&listen);
    until(EQUAL, "ben hears of it", || ben.count("quincetree") == 0);
    // Ben's node neither shows it nor lets him have it back.
    let view = ben.ok(&["show", &id]);
    assert!(view["text"].is_null(), "{view}");
    assert_eq!(text(&view["fate"]["reason"]), "it was felled");
    refused(&ben.run(&["restore", &id]), 4, &["took this back for good"]);
    // Its author has it in the trash, and writes it anew.
    let trash = ana.all(&["trash"]);
    assert_eq!((trash.len(), text(&trash[0]["id"])), (1, id.clone()));
    let back = text(&ana.ok(&["restore", &id])["id"]);
    assert_ne!(back, id);
    assert_eq!(shown(&ana, &back), "the quincetree is behind the shed");
    fine(&ana.run(&["trash", "--empty", "--yes"]));
    assert!(ana.all(&["trash"]).is_empty());
    refused(
        &ana.run(&["restore", &id]),
        2,
        &["was written anew already"],
    );
    // The last act is undone, node or no node.
    fine(&ana.run(&["undo"]));
    assert_eq!(ana.count("quincetree"), 0);
}
