//! Two nodes on one local network find each other by mDNS, without any address being typed.
//!
//! The test runs itself again inside namespaces of its own: two networks joined by a cable that exists
//! nowhere else. Where the system does not permit that, it says loudly that it was skipped.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]
#![expect(clippy::print_stderr, reason = "a skipped test must be heard")]

use std::{
    env,
    process::{Child, Command, Stdio},
    time::Duration,
};

use folkmoot_tests::{
    home::{Home, until},
    meet::{EQUAL, equal, pair, talk},
};

/// Set inside the namespace.
const INSIDE: &str = "FOLKMOOT_TEST_OWN_NETWORK";
/// How long a second network lives at most, in seconds.
const LONGEST: &str = "300";

fn run(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether this process has a network of its own; else the named test is run again in one.
fn own_network(test: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    let namespace = ["--user", "--map-root-user", "--net"];
    let probe = "ip link add va type veth peer name vb && command -v nsenter";
    let probe = Command::new("unshare")
        .args(namespace)
        .args(["sh", "-c", probe])
        .output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("SKIPPED {test}: this system lets nobody make a network of their own");
        return false;
    }
    let status = Command::new("unshare")
        .args(namespace)
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed inside the namespace");
    false
}

/// A process that holds the second network; both end together.
struct Second(Child);

impl Second {
    /// Joins both networks by a cable: 10.77.0.1 here, 10.77.0.2 there.
    fn new() -> Self {
        let child = Command::new("unshare")
            .args(["--net", "sleep", LONGEST])
            .spawn()
            .unwrap();
        let second = Self(child);
        let pid = second.0.id().to_string();
        let own = std::fs::read_link("/proc/self/ns/net").unwrap();
        until(Duration::from_secs(10), "there is a second network", || {
            std::fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|other| other != own)
        });
        assert!(run(
            "ip",
            &[
                "link", "add", "va", "type", "veth", "peer", "name", "vb", "netns", &pid
            ]
        ));
        let there = ["-t", &pid, "-n", "--", "ip"];
        for (cable, address) in [("va", "10.77.0.1/24"), ("vb", "10.77.0.2/24")] {
            let steps: [&[&str]; 4] = [
                &["link", "set", "lo", "up"],
                &["addr", "add", address, "dev", cable],
                &["link", "set", cable, "up"],
                &["route", "add", "224.0.0.0/4", "dev", cable],
            ];
            for step in steps {
                let done = match cable {
                    "va" => run("ip", step),
                    _ => run("nsenter", &[&there[..], step].concat()),
                };
                assert!(done, "{cable}: {step:?}");
            }
        }
        second
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn is_connected(home: &Home) -> bool {
    home.all(&["peers"])
        .iter()
        .any(|peer| peer["connected"] == true && peer["path"] == "lan")
}

#[test]
fn members_on_one_network_find_each_other() {
    if !own_network("members_on_one_network_find_each_other") {
        return;
    }
    let second = Second::new();
    // They meet on one machine. What they remember of each other, loopback addresses of ports that are
    // gone, leads nowhere afterwards.
    let (mut ana, mut ben) = pair(["ana", "ben"], "commons");
    for home in [&mut ana, &mut ben] {
        assert_eq!(home.stop(), 0);
    }
    ben.within(second.0.id());
    ana.note("commons", "of ana: quincetree");
    ana.up_with(&["--listen", "/ip4/10.77.0.1/tcp/0"]);
    ben.up_with(&["--listen", "/ip4/10.77.0.2/tcp/0"]);
    for home in [&ana, &ben] {
        assert!(!is_connected(home));
        let said = home.run(&["config", "set", "lan", "on"]);
        assert_eq!(said.code, 0, "{}", said.err);
    }
    equal(&[&ana, &ben], "commons");
    assert!(is_connected(&ana) && is_connected(&ben));
    talk(&ana, &ben, "commons", "over");
    talk(&ben, &ana, "commons", "andback");
    assert_eq!(ben.count("quincetree"), 1);

    // A new start, on another port: they find each other again.
    assert_eq!(ben.stop(), 0);
    ana.note("commons", "meanwhile: plumtree");
    ben.up_with(&["--listen", "/ip4/10.77.0.2/tcp/0"]);
    until(EQUAL, "ben caught up", || ben.count("plumtree") == 1);
}
