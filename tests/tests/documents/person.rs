//! A person who types what a document shows, each in a home of their own.

use std::{
    fs::{self, File},
    io,
    net::{TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The longest that a node may take to answer after its start: a slow, busy machine.
const START: Duration = Duration::from_secs(60);
/// How often something awaited is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Columns of the terminal in which commands run.
const COLUMNS: u16 = 120;

/// One person: a folder, what they exported, and their node while it runs.
#[derive(Debug)]
pub(crate) struct Person {
    folder: PathBuf,
    program: PathBuf,
    port: u16,
    exports: Vec<String>,
    node: Option<(Child, usize)>,
}

/// What was printed, as in a terminal, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Lines without colours.
    pub(crate) text: String,
    /// Whether the exit code was 0.
    pub(crate) well: bool,
}

impl Person {
    /// A person with an empty folder.
    pub(crate) fn new(folder: PathBuf, program: &Path) -> Self {
        fs::create_dir_all(&folder).unwrap();
        Self {
            folder,
            program: program.to_owned(),
            port: free_port(),
            exports: Vec::new(),
            node: None,
        }
    }

    /// The folder in which this person's commands run.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs what was typed: a node starts in the background, `^C` ends it, an export is kept,
    /// everything else is run by the shell, in a terminal.
    pub(crate) fn types(&mut self, line: &str) -> Ended {
        match line {
            "^C" => self.stop(),
            line if line.starts_with("export ") => {
                self.exports.push(line.to_owned());
                ended("", true)
            }
            line if line == "moot up" || line.starts_with("moot up ") => self.up(line),
            line => self.run(line),
        }
    }

    fn script(&self, line: &str) -> String {
        let mut script = self.exports.join("\n");
        script.push('\n');
        script.push_str(line);
        script
    }

    fn command(&self, program: &str) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let beside = self.program.parent().unwrap().display();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", format!("{beside}:{path}"))
            .env("HOME", &self.folder)
            .env("SHELL", "/bin/sh")
            .env("NO_COLOR", "1")
            .env("TERM", "xterm")
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            // Two people on one machine: each has a port that stays theirs.
            .env("MOOT_PORT", self.port.to_string())
            .current_dir(&self.folder);
        command
    }

    fn run(&self, line: &str) -> Ended {
        let script = self.folder.join(".typed");
        fs::write(&script, self.script(line)).unwrap();
        // Nobody is there to answer questions, but what is printed goes to a terminal.
        let typed = format!("stty cols {COLUMNS} rows 60; sh .typed </dev/null");
        let mut child = self
            .command("script")
            .args(["--quiet", "--return", "--command", &typed, "/dev/null"])
            // Held open: at the end of its input, `script` types Ctrl-D.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program `script` of util-linux");
        let held = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(held);
        let text = String::from_utf8_lossy(&output.stdout);
        ended(&plain(&text), output.status.success())
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join(".node")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn up(&mut self, line: &str) -> Ended {
        assert!(self.node.is_none(), "the node runs already: {line}");
        let log = File::create(self.log_path()).unwrap();
        let child = self
            .command("sh")
            .args(["-c", &self.script(&format!("exec {line}"))])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.node = Some((child, 0));
        let begun = Instant::now();
        // The last line of the welcome.
        while !self.log().contains("Ctrl-C stops it\n") {
            let (node, _) = self.node.as_mut().unwrap();
            if let Some(status) = node.try_wait().unwrap() {
                self.node = None;
                return ended(&self.log(), status.success());
            }
            assert!(begun.elapsed() < START, "{line}:\n{}", self.log());
            thread::sleep(LOOK);
        }
        let log = self.log();
        self.node.as_mut().unwrap().1 = log.len();
        ended(&log, true)
    }

    fn stop(&mut self) -> Ended {
        let (mut node, seen) = self.node.take().expect("a node to stop");
        let sent = Command::new("kill")
            .args(["-INT", &node.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let status = node.wait().unwrap();
        ended(&self.log()[seen..], status.success())
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if let Some((mut node, _)) = self.node.take() {
            let (Ok(()) | Err(_)) = node.kill();
            let (Ok(_) | Err(_)) = node.wait();
        }
    }
}

fn ended(text: &str, well: bool) -> Ended {
    let text = text.to_owned();
    Ended { text, well }
}

/// A port that is free for TCP and for UDP.
fn free_port() -> u16 {
    let both = || -> io::Result<u16> {
        let tcp = TcpListener::bind("0.0.0.0:0")?;
        let port = tcp.local_addr()?.port();
        UdpSocket::bind(("0.0.0.0", port))?;
        Ok(port)
    };
    (0..100).find_map(|_| both().ok()).expect("a free port")
}

/// What stays on a terminal: no control sequences, and of lines written over the last writing.
fn plain(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        kept.push_str(&rest[..at]);
        // `ESC [ parameters letter`: the only kind that the program writes.
        let sequence = rest[at..].trim_start_matches(['\u{1b}', '[']);
        rest = sequence
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or("", |end| &sequence[end + 1..]);
    }
    kept.push_str(rest);
    kept.lines()
        .map(|line| line.trim_end_matches('\r'))
        .map(|line| line.rsplit('\r').next().unwrap_or_default())
        .map(|line| format!("{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_terminal_keeps_what_was_not_written_over() {
        assert_eq!(plain("bar 1\r\u{1b}[2Kdone\r\nnext\r\n"), "done\nnext\n");
        assert_eq!(plain("\u{1b}[1mbold\u{1b}[0m"), "bold\n");
        assert_eq!(plain("plain\n"), "plain\n");
    }
}
