//! Completion, asked by real shells where they are installed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn moot() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_moot"))
}

fn run(home: &Path, words: &[&str]) -> Output {
    Command::new(moot())
        .args(words)
        .env("MOOT_HOME", home)
        // A busy machine is given the time that a finger would not wait.
        .env("MOOT_COMPLETE_MS", "60000")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

/// A home with something to be named.
fn home(folder: &Path) -> PathBuf {
    let home = folder.join("home");
    for words in [
        &["id", "--name", "Ana Maria"][..],
        &["collective", "new", "Garden club"],
        &[
            "note",
            "Turn it.",
            "--title",
            "Hot compost",
            "-t",
            "soil/worms",
        ],
        &["note", "Cold.", "--title", "Hot bed", "-t", "soil"],
        &["symbol", "define", "humus", "What feeds."],
        // What was written is in the index when somebody has looked.
        &["list"],
    ] {
        let output = run(&home, words);
        assert!(output.status.success(), "{words:?}: {output:?}");
    }
    home
}

fn words(home: &Path, typed: &[&str]) -> Vec<String> {
    let asked: Vec<&str> = ["complete-words", "fish", "--"]
        .iter()
        .chain(typed)
        .copied()
        .collect();
    let output = run(home, &asked);
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

/// What a shell prints when it is asked; `None`, and said aloud, where it is not installed.
fn shell(name: &str, home: &Path, script: &str) -> Option<String> {
    if Command::new(name).arg("-c").arg("true").output().is_err() {
        eprintln!("SKIPPED: {name} is not installed here");
        return None;
    }
    let beside = moot().parent().unwrap().display();
    let path = format!("{beside}:{}", std::env::var("PATH").unwrap_or_default());
    let output = Command::new(name)
        .arg("-c")
        .arg(script)
        .env("MOOT_HOME", home)
        .env("MOOT_COMPLETE_MS", "60000")
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn commands_options_and_their_values_follow_without_a_home() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("none");
    assert_eq!(words(&home, &["moot", "hist"]), ["history"]);
    assert_eq!(words(&home, &["moot", "find", "--so"]), ["--sort"]);
    assert_eq!(words(&home, &["moot", "find", "--sort", "o"]), ["oldest"]);
    assert!(words(&home, &["moot", "show", "x"]).is_empty());
    assert!(words(&home, &[]).is_empty());
    // Asking makes no home.
    assert!(!home.exists());
}

#[test]
fn titles_tags_and_names_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path());
    let until = |typed: &[&str], wanted: &[&str]| {
        let mut found = words(&home, typed);
        found.sort();
        assert_eq!(found, wanted, "{typed:?}");
    };
    until(&["moot", "show", "hot"], &["Hot bed", "Hot compost"]);
    until(&["moot", "show", "hot c"], &["Hot compost"]);
    until(&["moot", "edit", "a", "-t", "soil/"], &["soil/worms"]);
    until(&["moot", "note", "--in", "gard"], &["Garden club"]);
    until(&["moot", "symbol", "adopt", "hu"], &["humus"]);
    until(&["moot", "find", "author:an"], &["author:\"Ana Maria\""]);
    until(
        &["moot", "find", "x -tag:so"],
        &["x -tag:soil", "x -tag:soil/worms"],
    );
}

#[test]
fn bash_completes() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path());
    let ask = |line: &str| {
        let script = format!(
            "eval \"$(moot completions bash)\"; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; \
             _moot; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        shell("bash", &home, &script)
    };
    for (line, wanted) in [
        ("moot hist", "history\n"),
        ("moot show Hot\\ c", "Hot\\ compost\n"),
        ("moot show \"Hot c", "Hot compost\n"),
        ("moot find tag:soil/w", "soil/worms\n"),
        ("moot completions b", "bash\n"),
    ] {
        if let Some(text) = ask(line) {
            assert_eq!(text, wanted, "{line}");
        }
    }
}

/// Types a line and a tab in an interactive zsh on a terminal of its own, and prints what stands in the
/// line then. Keys are taken one after the other: the second comes when the first has done its work.
const ZSH: &str = r#"
zmodload zsh/zpty
folder=$MOOT_HOME.zsh
mkdir -p $folder && cd $folder || exit 1
moot completions zsh > _moot
cat > .zshrc <<'END'
fpath=($ZDOTDIR $fpath)
autoload -Uz compinit
compinit -u -d $ZDOTDIR/dump
tell() { print -r -- "$BUFFER" > $ZDOTDIR/told.part; mv $ZDOTDIR/told.part $ZDOTDIR/told }
zle -N tell
bindkey '^X' tell
zle-line-init() { : > $ZDOTDIR/ready }
zle -N zle-line-init
END
rm -f ready told
export ZDOTDIR=$folder TERM=dumb
zpty -b shell zsh -i
until [[ -e ready ]]; do zpty -r -t shell out; sleep 0.02; done
zpty -w -n shell "$LINE"$'\t\x18'
until [[ -e told ]]; do zpty -r -t shell out; sleep 0.02; done
cat told
zpty -d shell
"#;

#[test]
fn zsh_completes() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path());
    for (line, wanted) in [
        ("moot hist", "moot history "),
        ("moot show Hot\\ c", "moot show Hot\\ compost "),
        // Whatever the case.
        ("moot show hot\\ c", "moot show Hot\\ compost "),
        ("moot show \"hot c", "moot show \"Hot compost\" "),
        ("moot show 'hot c", "moot show 'Hot compost' "),
        ("moot note x --in gard", "moot note x --in Garden\\ club "),
        ("moot find tag:soil/w", "moot find tag:soil/worms "),
        ("moot find x -tag:soil/w", "moot find x -tag:soil/worms "),
        ("moot find 'x tag:soil/w", "moot find 'x tag:soil/worms' "),
        (
            "moot find author:an",
            "moot find author:\\\"Ana\\ Maria\\\" ",
        ),
        ("moot find du", "moot find due:"),
        ("moot note --tag=soil/", "moot note --tag=soil/worms "),
        ("moot completions fi", "moot completions fish "),
    ] {
        let script = format!("LINE={}\n{ZSH}", quoted(line));
        if let Some(text) = shell("zsh", &home, &script) {
            assert_eq!(text.trim_end_matches('\n'), wanted, "{line}");
        }
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[test]
fn fish_completes() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path());
    for (line, wanted) in [
        ("moot hist", &["history"][..]),
        ("moot show hot", &["Hot bed", "Hot compost"]),
        ("moot show Hot\\ c", &["Hot compost"]),
        ("moot show \"hot c", &["Hot compost"]),
        ("moot note x --in gard", &["Garden club"]),
        ("moot find tag:so", &["tag:soil", "tag:soil/worms"]),
        ("moot find x -tag:so", &["-tag:soil", "-tag:soil/worms"]),
        ("moot find \"x tag:soil/", &["x tag:soil/worms"]),
        ("moot find author:An", &["author:\"Ana Maria\""]),
        ("moot find du", &["due:"]),
        ("moot note --tag=soil/", &["--tag=soil/worms"]),
        ("moot completions z", &["zsh"]),
    ] {
        let script = format!(
            "set -l line {}; moot completions fish | source; complete -C $line",
            // Fish takes a backslash between single quotes for itself.
            quoted(&line.replace('\\', "\\\\"))
        );
        if let Some(text) = shell("fish", &home, &script) {
            let mut found: Vec<&str> = text
                .lines()
                .filter_map(|line| line.split('\t').next())
                .collect();
            found.sort_unstable();
            assert_eq!(found, wanted, "{line}");
        }
    }
}
