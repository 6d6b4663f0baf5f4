//! What is found, done and refused while the index is not whole.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
};

use folkmoot_api::{
    Act, ActKind, Acted, ApiError, Command, Day, DayView, DayWrite, Edit, Edited, ErrorCode,
    MergeArgs, Merged, Rename, Renamed, Saved, Show, ShowView, StatusView,
};

use crate::{
    core::Core,
    finding::brake::Brake,
    testing::{answer, ask, fill, find, open, write},
};

/// More than a few slices of the log.
const MANY: usize = 200;

/// Lets the index read on until it is whole.
fn catch_up(core: &mut Core) {
    for _ in 0..10 * MANY {
        core.tick();
        if !core.library.partial() {
            return;
        }
    }
    panic!("the index is never whole");
}

/// What is written while a node builds its index is found at once, and once, also when the index comes to
/// it, and when the node is started again in between.
#[test]
fn what_is_new_is_found_while_the_index_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let mut core = open(&home, false);
    fill(&mut core, MANY);
    core.close();
    fs::remove_dir_all(home.join("index")).unwrap();

    for round in 0..3 {
        let mut core = open(&home, true);
        let saved = write(&mut core, "", &format!("zebra{round} one"));
        let one = find(&mut core, &format!("zebra{round}")).unwrap();
        assert_eq!((one.total, one.partial), (1, true));
        let edit = Edit {
            id: saved.id,
            text: Some(format!("zebra{round} two")),
            ..Edit::default()
        };
        let _: Edited = ask(&mut core, Command::Edit(edit)).unwrap();
        for _ in 0..2 {
            let all = find(&mut core, "hedges").unwrap();
            assert!(all.partial && all.total < MANY as u64, "{}", all.total);
            let two = find(&mut core, &format!("zebra{round} two")).unwrap();
            assert_eq!((two.total, two.partial), (1, true));
            assert_eq!(
                find(&mut core, &format!("zebra{round} one")).unwrap().total,
                0
            );
            core.tick();
        }
        core.close();
    }

    let mut core = open(&home, true);
    assert!(core.library.partial());
    catch_up(&mut core);
    for round in 0..3 {
        assert_eq!(find(&mut core, &format!("zebra{round}")).unwrap().total, 1);
        assert_eq!(
            find(&mut core, &format!("zebra{round} one")).unwrap().total,
            0
        );
    }
    let all = find(&mut core, "kind:note").unwrap();
    assert_eq!((all.total, all.partial), (MANY as u64 + 3, false));
    core.close();
}

fn act(what: ActKind, id: &str) -> Command {
    Command::Act(Act {
        what,
        id: id.to_owned(),
        reason: None,
        device: None,
    })
}

fn rename(id: &str, title: &str) -> Command {
    Command::Rename(Rename {
        id: id.to_owned(),
        title: title.to_owned(),
        ..Rename::default()
    })
}

fn merge(id: &str) -> Command {
    Command::Merge(MergeArgs {
        id: id.to_owned(),
        ..MergeArgs::default()
    })
}

fn refused(core: &mut Core, command: Command) -> ApiError {
    answer(core, command).unwrap_err()
}

/// So many digits that no other id begins so.
fn begins(saved: &Saved) -> &str {
    &saved.id[..16]
}

/// Of one title two, the second of which the index reads last; and one that is called as the other's id.
fn with_namesakes(home: &Path) -> [Saved; 3] {
    let mut core = open(home, false);
    let first = write(&mut core, "Bank", "One.");
    fill(&mut core, MANY);
    let second = write(&mut core, "Bank", "Two.");
    let digits = write(&mut core, begins(&first), "Called as an id begins.");
    core.close();
    [first, second, digits]
}

/// Nothing is done to what a title or a few digits name, as long as others may be called so.
#[test]
fn what_a_name_means_is_not_guessed_while_the_index_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let [first, second, digits] = with_namesakes(&home);
    fs::remove_dir_all(home.join("index")).unwrap();
    let mut core = open(&home, true);
    // Each of them reads a slice first, and there are more.
    for name in ["Bank", begins(&first)] {
        for command in [
            act(ActKind::Retract, name),
            act(ActKind::Purge, name),
            rename(name, "River"),
            merge(name),
        ] {
            let refused = refused(&mut core, command);
            assert!(core.library.partial());
            assert_eq!(refused.code, ErrorCode::Failed, "{refused:?}");
            assert!(refused.hint.unwrap().contains("moot status"));
        }
        // The whole log is read by such asking in the end; here it begins again.
        core.close();
        fs::remove_dir_all(home.join("index")).unwrap();
        core = open(&home, true);
    }
    // A rename bears on links, so that no whole id helps; it helps where nothing hangs on others.
    assert_eq!(
        refused(&mut core, rename(&first.id, "River")).code,
        ErrorCode::Failed
    );
    let _: Merged = ask(&mut core, merge(&first.id)).unwrap();
    let _: Acted = ask(&mut core, act(ActKind::Retract, &digits.id)).unwrap();
    assert!(core.library.partial());
    catch_up(&mut core);
    assert_eq!(
        refused(&mut core, rename("Bank", "River")).code,
        ErrorCode::Usage
    );
    let renamed: Renamed = ask(&mut core, rename(begins(&first), "River")).unwrap();
    assert_eq!(renamed.namesakes, 1, "links may mean the other one");
    let _: Renamed = ask(&mut core, rename(&second.id, "Shore")).unwrap();
    core.close();
}

/// What the start after a sudden end leaves to read is no reason to refuse anything.
#[test]
fn a_little_that_is_not_read_yet_is_read_first() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let mut core = open(&home, false);
    write(&mut core, "Bank", "One.");
    core.close();
    fs::remove_dir_all(home.join("index")).unwrap();
    let mut core = open(&home, true);
    assert!(core.library.partial());
    let _: Acted = ask(&mut core, act(ActKind::Retract, "Bank")).unwrap();
    core.close();
}

/// Overwrites the files of an open index where they stand.
fn harm(home: &Path) {
    for entry in fs::read_dir(home.join("index").join("files")).unwrap() {
        let path = entry.unwrap().path();
        let length = fs::metadata(&path).unwrap().len();
        let mut file = OpenOptions::new().write(true).open(&path).unwrap();
        let bytes = vec![0xA7; usize::try_from(length).unwrap()];
        file.write_all(&bytes).unwrap();
    }
}

/// An index that cannot answer says so, where it once counted as "nobody has that title".
#[test]
fn a_title_is_not_free_because_it_cannot_be_looked_up() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let [first, ..] = with_namesakes(&home);
    let mut core = open(&home, false);
    core.catch_up_fully();
    assert!(!core.library.partial());
    harm(&home);
    let refused = refused(&mut core, rename(&first.id, "Page 1"));
    assert_eq!(refused.code, ErrorCode::Failed, "{refused:?}");
    assert!(refused.hint.unwrap().contains("moot status"));
    assert!(core.library.partial());
    core.close();
    let mut core = open(&home, false);
    let taken = self::refused(&mut core, rename(&first.id, "Page 1"));
    assert_eq!(taken.code, ErrorCode::Usage, "{taken:?}");
    core.close();
}

/// The page of a day goes on, though the index does not know it yet.
#[test]
fn a_day_has_one_page_also_while_the_index_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let date = "2026-05-01";
    let append = |core: &mut Core, line: &str| {
        let write = DayWrite {
            date: date.to_owned(),
            text: line.to_owned(),
            append: true,
            ..DayWrite::default()
        };
        let _: Edited = ask(core, Command::WriteDay(write)).unwrap();
    };
    let day = |core: &mut Core| {
        let day = Day {
            date: date.to_owned(),
            ..Day::default()
        };
        let view: DayView = ask(core, Command::Day(day)).unwrap();
        (view.text, view.pages.len(), view.partial)
    };
    let mut core = open(&home, false);
    fill(&mut core, MANY);
    append(&mut core, "- swifts");
    core.close();
    fs::remove_dir_all(home.join("index")).unwrap();
    let mut core = open(&home, true);
    append(&mut core, "- rain");
    let both = "- swifts\n- rain".to_owned();
    assert_eq!(day(&mut core), (both.clone(), 1, true));
    catch_up(&mut core);
    assert_eq!(day(&mut core), (both, 1, false));
    core.close();
}

/// What lies in the store is read by its whole id, also where the index can answer nothing; the answer
/// says that what bears on it may be missing.
#[test]
fn a_record_is_shown_while_a_damaged_index_waits() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let [first, ..] = with_namesakes(&home);
    let mut core = open(&home, false);
    core.catch_up_fully();
    let show = || {
        Command::Show(Show {
            id: first.id.clone(),
        })
    };
    assert!(!core.library.partial());
    core.library.brake.tried(core.clock.mono(), true);
    harm(&home);
    // By now it is known to be damaged: nothing of it was read before.
    assert!(find(&mut core, "hedges").is_err());
    let view: ShowView = ask(&mut core, show()).unwrap();
    assert_eq!(view.text.as_deref(), Some("One."));
    assert!(view.partial);
    core.close();
}

/// The first damage is mended at once; what is damaged again and again is built again ever more seldom, and
/// `status` says when.
#[test]
fn an_index_that_is_damaged_again_and_again_is_not_built_all_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    with_namesakes(&home);
    let mut core = open(&home, false);
    let told = |core: &mut Core| {
        let status: StatusView = ask(core, Command::Status {}).unwrap();
        let waits = status.warnings.into_iter();
        waits.filter(|text| text.contains("built again in")).count()
    };
    harm(&home);
    assert_eq!(find(&mut core, "hedges").unwrap().total, MANY as u64);
    assert_eq!(told(&mut core), 0);
    core.library.commit().unwrap();
    // However slow the machine is, the wait is not over before the end.
    core.library.brake.tried(core.clock.mono(), true);
    harm(&home);
    for _ in 0..3 {
        core.tick();
        let found = find(&mut core, "hedges");
        assert!(found.is_err() || found.unwrap().partial);
        assert_eq!(told(&mut core), 1);
    }
    assert!(core.library.deadline().unwrap() > core.clock.mono());
    // The time is over.
    core.library.brake = Brake::default();
    assert_eq!(find(&mut core, "hedges").unwrap().total, MANY as u64);
    assert_eq!(told(&mut core), 0);
    core.close();
}
