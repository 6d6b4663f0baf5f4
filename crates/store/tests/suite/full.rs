//! A full disk and one that fails: the group is refused, the rest can be read, and it goes on later.

use crate::{
    child::{self, Running},
    crash::library,
    records::open_clean,
};

#[test]
fn a_full_or_broken_disk_costs_nothing_that_was_stored() {
    let dir = tempfile::tempdir().unwrap();
    let work = dir.path().canonicalize().unwrap();
    let Some(library) = library(&work) else {
        return;
    };
    let (store, image) = (work.join("store"), work.join("image"));
    for dir in [&store, &image] {
        std::fs::create_dir(dir).unwrap();
    }
    let env = [
        ("LD_PRELOAD", library),
        ("PL_SRC", store.clone()),
        ("PL_DST", image),
        ("PL_FULL", work.join("full")),
        ("PL_BROKEN", work.join("broken")),
    ];
    let mut running = Running::start("child::meets_a_full_disk_and_a_broken_one", &store, &env);
    let written = running.next("done").unwrap_or_default();
    running.succeeds();
    let vault = open_clean(&store);
    assert!(written > 0);
    assert_eq!(child::check(&vault, written), Ok(written));
}
