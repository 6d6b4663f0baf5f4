//! What homes do together in tests, and how a refusal has to look.

use std::time::Duration;

use crate::home::{Home, Said, text, until};

/// The longest that homes may take to become equal on a slow machine.
pub const EQUAL: Duration = Duration::from_secs(120);

/// Waits until all hold the same set of a collective.
///
/// # Panics
/// If they do not in time.
pub fn equal(homes: &[&Home], collective: &str) {
    until(EQUAL, "all hold the same set", || {
        homes.windows(2).all(|pair| {
            pair.iter()
                .map(|home| home.fingerprint(collective))
                .reduce(|a, b| if a == b { a } else { String::new() })
                .is_some_and(|same| !same.is_empty())
        })
    });
}

/// An invite key for one writer.
pub fn invite(home: &Home, collective: &str) -> String {
    invite_as(home, collective, &["--expires", "7d"])
}

/// An invite key with further arguments.
pub fn invite_as(home: &Home, collective: &str, more: &[&str]) -> String {
    let mut args = vec!["invite", collective];
    args.extend(more);
    text(&home.ok(&args)["key"])
}

/// Joins, which must succeed.
///
/// # Panics
/// If it does not.
pub fn join(home: &Home, key: &str) {
    let said = home.run(&["join", key, "--json"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
}

/// Two running homes in one collective that the first founded.
pub fn pair(names: [&'static str; 2], collective: &str) -> (Home, Home) {
    let [mut a, mut b] = names.map(Home::new);
    a.up();
    a.ok(&["collective", "new", collective]);
    b.up();
    join(&b, &invite(&a, collective));
    equal(&[&a, &b], collective);
    (a, b)
}

/// What one writes now the other finds: both nodes live and talk.
///
/// # Panics
/// If the note does not arrive in time.
pub fn talk(from: &Home, to: &Home, collective: &str, word: &str) {
    from.note(collective, &format!("a live note {word}"));
    until(EQUAL, &format!("the note {word} arrives"), || {
        to.count(word) == 1
    });
}

/// The command failed with this code, and said why in a sentence with these words: no panic, no
/// raw structure of the program.
///
/// # Panics
/// If it did not.
pub fn refused(said: &Said, code: i32, words: &[&str]) {
    let Said { out, err, .. } = said;
    assert_eq!(said.code, code, "{out}\n{err}");
    for word in words {
        assert!(err.contains(word), "`{word}` is missing: {err}");
    }
    for raw in ["panicked", "RUST_BACKTRACE", "Error {", "Os {", "Some("] {
        assert!(!err.contains(raw), "{err}");
    }
    assert!(
        err.starts_with("error: ") || err.contains("\nerror: "),
        "{err}"
    );
}
