//! A home on this machine, driven by the real program.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The longest that a node may take to answer after its start: a slow, busy machine.
const START: Duration = Duration::from_secs(60);
/// How often something awaited is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// One person's home folder and, while it runs, their node.
#[derive(Debug)]
pub struct Home {
    name: &'static str,
    folder: PathBuf,
    program: PathBuf,
    variables: BTreeMap<&'static str, PathBuf>,
    node: Option<Child>,
    /// A process in whose network the node is started.
    network: Option<u32>,
    // Dropped last: the folder outlives the node.
    _root: tempfile::TempDir,
}

/// What a command printed and how it ended.
#[derive(Debug)]
#[must_use = "look at what the command said"]
pub struct Said {
    /// Exit code; -1 where a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Every line of standard output as JSON.
    ///
    /// # Panics
    /// If a line is not JSON.
    #[expect(clippy::panic, reason = "only tests call this, and they end so")]
    pub fn json(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}\n{}", self.err))
            })
            .collect()
    }
}

impl Home {
    /// An empty home.
    ///
    /// # Panics
    /// If the program was not built or no folder can be made.
    #[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
    pub fn new(name: &'static str) -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        Self {
            name,
            folder: root.path().join(name),
            program: crate::place::moot().expect("moot is built: run `cargo xtask test`"),
            variables: BTreeMap::new(),
            node: None,
            network: None,
            _root: root,
        }
    }

    /// The home folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the node in the network namespace of that process from now on.
    pub fn within(&mut self, pid: u32) {
        self.network = Some(pid);
    }

    /// Sets a variable for every command from now on, such as `MOOT_PASSPHRASE_FILE`.
    pub fn set(&mut self, variable: &'static str, value: &Path) {
        self.variables.insert(variable, value.to_owned());
    }

    /// Takes a variable away again.
    pub fn unset(&mut self, variable: &'static str) {
        self.variables.remove(variable);
    }

    /// The process id of the running node.
    pub fn pid(&self) -> Option<u32> {
        self.node.as_ref().map(Child::id)
    }

    /// A command of the program for this home, with an environment of its own.
    pub fn command(&self, args: &[&str]) -> Command {
        self.prepared(Command::new(&self.program), args)
    }

    fn prepared(&self, mut command: Command, args: &[&str]) -> Command {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder)
            .env("MOOT_HOME", &self.folder)
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .envs(&self.variables)
            .args(args)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// If it cannot be started.
    #[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
    pub fn run(&self, args: &[&str]) -> Said {
        said(&self.command(args).output().expect("the program starts"))
    }

    /// Runs a command with this text on its standard input.
    ///
    /// # Panics
    /// If it cannot be started.
    #[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
    pub fn feed(&self, args: &[&str], input: &str) -> Said {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("its input is piped");
        let input = input.to_owned();
        let writer = thread::spawn(move || {
            // The program may end before it has read everything.
            drop(stdin.write_all(input.as_bytes()));
        });
        let output = child.wait_with_output().expect("the program ends");
        writer.join().expect("the writer ends");
        said(&output)
    }

    /// Runs a command that must succeed, with `--json`, and gives its first object.
    ///
    /// # Panics
    /// If it fails or prints nothing.
    #[expect(clippy::panic, reason = "only tests call this, and they end so")]
    pub fn ok(&self, args: &[&str]) -> Value {
        self.all(args)
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("{}: {args:?} printed nothing", self.name))
    }

    /// Runs a command that must succeed, with `--json`, and gives all its objects.
    ///
    /// # Panics
    /// If it fails.
    pub fn all(&self, args: &[&str]) -> Vec<Value> {
        let mut args = args.to_vec();
        args.push("--json");
        let said = self.run(&args);
        assert_eq!(
            said.code, 0,
            "{}: {args:?}\n{}\n{}",
            self.name, said.out, said.err
        );
        let mut lines = said.json();
        lines.retain(|line| line.get("page").is_none());
        lines
    }

    /// Starts the node on free ports of the loopback address and waits until it answers.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn up(&mut self) {
        self.up_with(&[]);
    }

    /// The same with further arguments.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn up_with(&mut self, args: &[&str]) {
        self.up_at("/ip4/127.0.0.1/tcp/0", args);
    }

    /// Starts the node on this address, such as one that it had before.
    ///
    /// # Panics
    /// If it does not come up.
    pub fn up_on(&mut self, listen: &str) {
        self.up_at(listen, &[]);
    }

    #[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
    fn up_at(&mut self, listen: &str, args: &[&str]) {
        assert!(self.node.is_none(), "{} runs already", self.name);
        fs::create_dir_all(&self.folder).expect("the home folder");
        let log = File::create(self.log_path()).expect("a log file");
        let mut all = vec!["up", "--listen", listen];
        all.extend(args);
        let command = match self.network {
            Some(pid) => {
                let mut enter = Command::new("nsenter");
                enter.args(["-t", &pid.to_string(), "-n", "--"]);
                enter.arg(&self.program);
                self.prepared(enter, &all)
            }
            None => self.command(&all),
        };
        let child = { command }
            .env(
                "MOOT_LOG",
                std::env::var("MOOT_LOG")
                    .unwrap_or_else(|_| "warn,folkmoot_engine=info".to_owned()),
            )
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("the program starts");
        self.node = Some(child);
        let name = self.name;
        until(START, &format!("{name} answers"), || {
            assert!(self.alive(), "{name} ended:\n{}", self.log());
            let said = self.run(&["status", "--json"]);
            said.code == 0 && said.json().iter().any(|status| status["running"] == true)
        });
    }

    fn log_path(&self) -> PathBuf {
        self.folder.with_extension("log")
    }

    /// What the node printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Resident memory of the running node in KiB.
    ///
    /// # Panics
    /// If no node runs, or the system does not tell.
    #[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
    pub fn memory(&self) -> u64 {
        let pid = self.pid().expect("a running node");
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse().ok())
            .expect("its memory")
    }

    /// Bytes of the record log, as long as it was grown for.
    ///
    /// # Panics
    /// If the command fails.
    pub fn log_bytes(&self) -> u64 {
        self.ok(&["status"])["log_bytes"].as_u64().unwrap_or(0)
    }

    /// Whether the node's process is there.
    pub fn alive(&mut self) -> bool {
        self.node
            .as_mut()
            .is_some_and(|node| matches!(node.try_wait(), Ok(None)))
    }

    /// Kills the node with SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut node) = self.node.take() {
            drop(node.kill());
            drop(node.wait());
        }
    }

    /// Stops the node as Ctrl-C does and waits for its end; gives its exit code.
    ///
    /// # Panics
    /// If no node runs.
    #[expect(clippy::expect_used, reason = "only tests call this, and they end so")]
    pub fn stop(&mut self) -> i32 {
        let mut node = self.node.take().expect("a running node");
        let pid = node.id().to_string();
        let sent = Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .expect("kill runs");
        assert!(sent.success());
        node.wait().expect("the node ends").code().unwrap_or(-1)
    }

    /// Addresses on which the node listens, with its peer id.
    pub fn addresses(&self) -> Vec<String> {
        let status = self.ok(&["status"]);
        status["listening"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|listening| Some(listening["address"].as_str()?.to_owned()))
            .collect()
    }

    /// The fingerprint of everything held of a collective.
    pub fn fingerprint(&self, collective: &str) -> String {
        text(&self.ok(&["collective", "show", collective])["fingerprint"])
    }

    /// Number of records that a query finds.
    ///
    /// # Panics
    /// If the command fails.
    pub fn count(&self, query: &str) -> u64 {
        self.ok(&["find", query, "--count"])["total"]
            .as_u64()
            .unwrap_or(0)
    }

    /// Writes a note and gives its id.
    pub fn note(&self, collective: &str, words: &str) -> String {
        text(&self.ok(&["note", words, "--in", collective])["id"])
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            // Shown by the test runner beside the failure.
            #[expect(
                clippy::print_stderr,
                reason = "a failed test tells what its nodes said"
            )]
            {
                eprintln!("--- {} said:\n{}", self.name, self.log());
            }
        }
    }
}

fn said(output: &Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A JSON value that must be text.
///
/// # Panics
/// If it is something else.
#[expect(clippy::panic, reason = "only tests call this, and they end so")]
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not text: {value}"))
        .to_owned()
}

/// Waits until something holds.
///
/// # Panics
/// If it does not within the time.
pub fn until(limit: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < limit, "waited {limit:?} until {what}");
        thread::sleep(LOOK);
    }
}
