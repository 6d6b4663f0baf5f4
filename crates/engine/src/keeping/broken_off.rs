//! A renaming that broke off, and what is undone after it.

use folkmoot_api::{Command, Edit, Edited, Renamed, Show, ShowView, Undo, Undone};
use folkmoot_library::item;

use crate::{
    core::Core,
    testing::{ask, open, write},
};

fn text(core: &mut Core, id: &str) -> String {
    let show = Command::Show(Show { id: id.to_owned() });
    let view: ShowView = ask(core, show).unwrap();
    view.text.unwrap()
}

/// Where the title was never written, another edit of the document has no links with it: undoing that
/// edit leaves them.
#[test]
fn an_edit_that_is_no_new_title_has_no_links_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut core = open(&folder.path().join("home"), false);
    let bank = write(&mut core, "Bank", "Basil.");
    let linking = write(&mut core, "Spring", "See [[Bank]].");
    let (cid, document) = core.document_named(&bank.id).unwrap();
    let was = item(document.current()[0]).unwrap();
    let mut renamed = Renamed {
        id: bank.id.clone(),
        short: bank.short,
        collective: bank.collective,
        old: "Bank".to_owned(),
        title: "Library".to_owned(),
        version: bank.id.clone(),
        relinked: Vec::new(),
        left: Vec::new(),
        unlinkable: false,
        namesakes: 0,
    };
    core.relink(cid, &document.id, &was, "Library", None, &mut renamed)
        .unwrap();
    let edit = Edit {
        id: bank.id.clone(),
        text: Some("Kale.".to_owned()),
        ..Edit::default()
    };
    let _: Edited = ask(&mut core, Command::Edit(edit)).unwrap();
    let undone: Undone = ask(&mut core, Command::Undo(Undo::default())).unwrap();
    assert_eq!((undone.also, undone.stays), (0, 0));
    assert_eq!(text(&mut core, &bank.id), "Basil.");
    assert_eq!(text(&mut core, &linking.id), "See [[Library]].");
    core.close();
}
