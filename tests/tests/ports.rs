//! Ports and homes that are taken, and commands that come while a node is just starting.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, UdpSocket},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use folkmoot_tests::{
    home::{Home, text, until},
    meet::{equal, invite, join, pair, refused, talk},
};

#[test]
fn a_port_in_use_is_named_and_costs_nothing() {
    let mut home = Home::new("porter");
    home.note("home", "before: quincetree");
    let tcp = TcpListener::bind("0.0.0.0:0").unwrap();
    let tcp_port = tcp.local_addr().unwrap().port().to_string();
    let udp = UdpSocket::bind("0.0.0.0:0").unwrap();
    let udp_port = udp.local_addr().unwrap().port().to_string();
    for port in [&tcp_port, &udp_port] {
        let said = home.run(&["up", "--port", port]);
        refused(&said, 1, &[port, "in use"]);
    }
    let listen = format!("/ip4/127.0.0.1/tcp/{tcp_port}");
    let said = home.run(&["up", "--listen", &listen]);
    refused(&said, 1, &[&tcp_port, "in use"]);
    // Addresses that are none, and one of another machine.
    let none = home.run(&["up", "--listen", "127.0.0.1:7473"]);
    refused(&none, 1, &["127.0.0.1:7473"]);
    let foreign = home.run(&["up", "--listen", "/ip4/192.0.2.7/tcp/7473"]);
    refused(&foreign, 1, &["192.0.2.7"]);
    let high = home.run(&["up", "--port", "70000"]);
    assert_eq!(high.code, 2, "{}", high.err);

    // The home is free and whole, and with a free port it starts.
    assert_eq!(home.count("quincetree"), 1);
    drop((tcp, udp));
    home.up();
    assert_eq!(home.count("quincetree"), 1);
}

/// The IP addresses of multiaddrs over one transport.
fn hosts(addresses: &[String], transport: &str) -> BTreeSet<String> {
    addresses
        .iter()
        .filter(|address| address.split('/').any(|part| part == transport))
        .filter_map(|address| address.split('/').nth(2).map(str::to_owned))
        .collect()
}

#[test]
fn a_first_start_tells_every_address_of_both_transports() {
    for round in 0..6 {
        let home = Home::new("fresh");
        let mut node = home
            .command(&["up", "--port", "0", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let read = BufReader::new(node.stdout.take().unwrap()).read_line(&mut line);
        node.kill().unwrap();
        node.wait().unwrap();
        read.unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let listening: Vec<String> = ready["listening"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect();
        let quic = hosts(&listening, "quic-v1");
        assert!(quic.contains("127.0.0.1"), "round {round}: {listening:?}");
        assert_eq!(quic, hosts(&listening, "tcp"), "round {round}");
    }
}

#[test]
fn a_second_node_on_a_home_leaves_the_first_alone() {
    let (mut ana, ben) = pair(["ana", "ben"], "commons");
    let pid = ana.pid().unwrap().to_string();
    for args in [
        &["up", "--listen", "/ip4/127.0.0.1/tcp/0"] as &[&str],
        &["up", "--port", "0"],
    ] {
        let second = ana.run(args);
        refused(&second, 1, &["already running", &pid, "next:"]);
    }
    assert!(ana.alive());
    talk(&ana, &ben, "commons", "undisturbed");

    // Also through another name of the same folder.
    let link = ana.folder().with_file_name("alias");
    std::os::unix::fs::symlink(ana.folder(), &link).unwrap();
    let alias = ana.run(&["--home", link.to_str().unwrap(), "up"]);
    refused(&alias, 1, &["already running", &pid]);

    // A node that hangs and does not answer still owns its home.
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(sent.success());
    };
    // Its socket is taken away, so that the lock alone decides.
    let socket = text(&ana.ok(&["status"])["id"]["folder"]);
    assert_eq!(socket, ana.folder().to_str().unwrap());
    signal("-STOP");
    let hidden = ana.folder().join("node.sock");
    let kept = ana.folder().join("node.sock.kept");
    fs::rename(&hidden, &kept).unwrap();
    let blocked = ana.run(&["note", "never written"]);
    let second = ana.run(&["up", "--listen", "/ip4/127.0.0.1/tcp/0"]);
    fs::rename(&kept, &hidden).unwrap();
    signal("-CONT");
    refused(&blocked, 1, &["in use by process", &pid, "next:"]);
    refused(&second, 1, &["in use by process", &pid, "next:"]);
    assert_eq!(ana.count("never"), 0);
    talk(&ben, &ana, "commons", "awake");
}

#[test]
fn commands_while_a_node_starts_or_stops_work_or_say_why() {
    let mut home = Home::new("busy");
    home.note("home", "the first: quincetree");
    let mut written = 1;
    for round in 0..4 {
        let mut node = home
            .command(&["up", "--listen", "/ip4/127.0.0.1/tcp/0"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Some of these come before the node, some through it, some while it closes.
        let pid = node.id().to_string();
        let stopper = thread::spawn(move || {
            thread::sleep(Duration::from_millis(400 + 300 * round));
            let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
            assert!(sent.success());
        });
        for n in 0..12 {
            let said = home.run(&["note", &format!("note {round} {n}: quincetree"), "--json"]);
            match said.code {
                0 => written += 1,
                _ => refused(&said, said.code, &[]),
            }
        }
        stopper.join().unwrap();
        let ended = node.wait().unwrap();
        // Where a command held the home when the node came, the node waited for it.
        // A signal before it listens to signals ends it at once.
        assert!(
            ended.code().is_none_or(|code| code == 0),
            "round {round}: {ended}"
        );
        assert_eq!(home.count("quincetree"), written, "round {round}");
    }
    assert!(written > 4, "{written}");
    home.up();
    assert_eq!(home.count("quincetree"), written);
}

#[test]
fn a_home_that_is_no_folder_or_not_writable_is_said() {
    let home = Home::new("file");
    fs::write(home.folder(), "not a folder").unwrap();
    for args in [&["list"] as &[&str], &["note", "x"], &["up"]] {
        let said = home.run(args);
        refused(&said, 1, &[home.folder().to_str().unwrap()]);
    }
    assert_eq!(fs::read_to_string(home.folder()).unwrap(), "not a folder");

    // Settings with a fault are named with their place, and nothing is guessed.
    let mut home = Home::new("settings");
    home.note("home", "before: quincetree");
    let config = home.folder().join("config.toml");
    fs::write(&config, "port = 1\nprot = 2\n").unwrap();
    refused(&home.run(&["up"]), 1, &["prot", "line 2", "next:"]);
    fs::write(&config, "\0\u{1}\u{2}").unwrap();
    refused(&home.run(&["up"]), 1, &["config.toml"]);
    fs::remove_file(&config).unwrap();
    home.up();
    until(Duration::from_secs(10), "the note is found", || {
        home.count("quincetree") == 1
    });
}

#[test]
fn a_peer_address_that_is_wrong_is_said_and_the_node_lives() {
    let mut ana = Home::new("ana");
    ana.up();
    ana.ok(&["collective", "new", "commons"]);
    for bad in [
        "192.0.2.7:7473",
        "nonsense",
        "/ip4/1.2.3.4",
        "/ip4/999.1.1.1/tcp/1",
        "",
    ] {
        let said = ana.run(&["peers", "add", bad]);
        refused(&said, 2, &["next:"]);
    }
    let mut ben = Home::new("ben");
    ben.up();
    join(&ben, &invite(&ana, "commons"));
    equal(&[&ana, &ben], "commons");
}
