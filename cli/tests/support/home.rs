//! Homes and nodes for tests with real processes.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Runs `moot` on this home, without the variables of whoever runs the tests.
pub(crate) fn moot(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moot"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MOOT_") || name == "XDG_RUNTIME_DIR" {
            command.env_remove(name);
        }
    }
    command
        .arg("--home")
        .arg(home)
        .args(words)
        .stdin(Stdio::null());
    command
}

/// Runs, expects success, and reads the JSON lines.
/// The end of a page of results is left out.
pub(crate) fn ask(home: &Path, words: &[&str]) -> Vec<Value> {
    let output = moot(home, words).arg("--json").output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {stdout}{stderr}");
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line.get("page").is_none())
        .collect()
}

/// A node that runs until it is stopped or dropped.
pub(crate) struct Node {
    pub(crate) child: Child,
    pub(crate) ready: Value,
}

impl Node {
    pub(crate) fn start(home: &Path) -> Self {
        let words = ["up", "--json", "--listen", "/ip4/127.0.0.1/tcp/0"];
        let mut child = moot(home, &words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut told = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut told)
                .unwrap();
            panic!("the node did not start: {told}");
        });
        Self { child, ready }
    }

    pub(crate) fn stop(mut self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
