//! Leaving a collective whose other members do not hear of it at once.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{process::Command, time::Duration};

use folkmoot_tests::{
    home::{Home, until},
    meet::{EQUAL, pair},
};

/// Sends a signal to a home's node.
fn signal(home: &Home, name: &str) {
    let pid = home.pid().unwrap().to_string();
    let sent = Command::new("kill").args([name, &pid]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn whoever_leaves_ends_the_sessions_though_the_others_hang() {
    let (ana, ben) = pair(["ana", "ben"], "commons");
    // A node that hangs takes nothing, and ends nothing.
    signal(&ana, "-STOP");
    ben.ok(&["collective", "leave", "commons", "--no-input", "--yes"]);
    let sessions = || {
        let peers = ben.all(&["peers"]);
        let of_ana = peers.iter().find(|peer| peer["connected"] == true);
        // Where the connection itself was lost, nothing was ended by ben.
        let of_ana = of_ana.expect("ana's connection is still up");
        of_ana["collectives"].as_array().unwrap().len()
    };
    assert_eq!(sessions(), 1);
    until(Duration::from_secs(60), "the session has ended", || {
        sessions() == 0
    });
    signal(&ana, "-CONT");
    // When they meet again the resignation arrives all the same.
    until(EQUAL, "ana knows that ben left", || {
        let members = ana.all(&["collective", "members", "commons"]);
        members.len() == 2 && members.iter().filter(|one| one["live"] == true).count() == 1
    });
}
