//! What may stand at the cursor, by the parser's own tree of commands.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command};
use folkmoot_client::api::{Candidate, Completes};
use folkmoot_library::{key_names, key_values};

/// Dates for whoever wants to see how one is written.
const DATES: [&str; 3] = ["today", "yesterday", "1w"];
const DUE: [&str; 3] = ["today", "tomorrow", "friday"];
const ME: &str = "me";

/// What a key of the query language takes that is always the same; keys and words are the language's
/// own.
fn words_of(key: &str) -> Vec<&'static str> {
    match key {
        "since" | "until" | "before" | "after" | "created" => DATES.to_vec(),
        "due" => DUE.to_vec(),
        "author" | "for" => vec![ME],
        key => key_values(key),
    }
}

/// What may follow.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Words of the program.
    pub(crate) fixed: Vec<Candidate>,
    /// What only the node knows, with what was typed of it.
    pub(crate) known: Option<(Completes, String)>,
    /// What stands before such a value in the word.
    pub(crate) before: String,
    /// How such a value is written.
    pub(crate) quote: Quote,
    /// File names.
    pub(crate) files: bool,
    /// The home that the line names.
    pub(crate) home: Option<PathBuf>,
}

/// How a value with blanks is written in its word.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quote {
    /// As it is.
    #[default]
    None,
    /// In the quotes of the query language.
    Query,
}

impl Asked {
    const fn is_empty(&self) -> bool {
        self.fixed.is_empty() && self.known.is_none() && !self.files
    }
}

impl Quote {
    pub(crate) fn put(self, value: &str) -> String {
        let plain = |c: char| c.is_alphanumeric() || "/-_.".contains(c);
        match self {
            Self::Query if !value.chars().all(plain) => {
                format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
            }
            Self::None | Self::Query => value.to_owned(),
        }
    }
}

/// What may stand in the place of the last word; the first is the program.
pub(crate) fn asked(root: &Command, words: &[String]) -> Asked {
    let Some((last, before)) = words.split_last().filter(|(_, before)| !before.is_empty()) else {
        return Asked::default();
    };
    let mut command = root;
    let mut open: Option<&Arg> = None;
    let mut place = 0;
    let mut only_places = false;
    let mut home = None;
    for word in before.iter().skip(1) {
        if let Some(arg) = open.take() {
            if arg.get_long() == Some("home") {
                home = Some(PathBuf::from(word));
            }
        } else if only_places {
            place += 1;
        } else if word == "--" {
            only_places = true;
        } else if let Some(long) = word.strip_prefix("--") {
            open = command
                .get_arguments()
                .find(|arg| arg.get_long() == Some(long) && takes_value(arg));
        } else if word.len() == 2 && word.starts_with('-') {
            let short = word.chars().last();
            open = command
                .get_arguments()
                .find(|arg| arg.get_short() == short && takes_value(arg));
        } else if word.starts_with('-') && word.len() > 1 {
        } else if let Some(sub) = command.find_subcommand(word).filter(|_| place == 0) {
            command = sub;
        } else {
            place += 1;
        }
    }
    let mut asked = match open {
        Some(arg) => value(command, arg, last),
        None if !only_places && last.starts_with('-') => {
            let mut asked = option(command, last);
            // In a query it is what is not looked for.
            let places: Vec<&Arg> = command.get_positionals().collect();
            if asked.is_empty()
                && !last.starts_with("--")
                && let Some(arg) = places.get(place).or(places.last())
                && name_of(arg) == "QUERY"
            {
                asked = value(command, arg, last);
            }
            asked
        }
        None => {
            let mut positional = command.get_positionals().skip(place.min(1_000));
            let many = command.get_positionals().last().filter(|arg| is_many(arg));
            let mut asked = positional
                .next()
                .or(many)
                .map(|arg| value(command, arg, last))
                .unwrap_or_default();
            if place == 0 {
                asked.fixed.extend(subcommands(command, last));
            }
            asked
        }
    };
    asked.home = home;
    asked
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

fn is_many(arg: &Arg) -> bool {
    arg.get_num_args()
        .is_some_and(|range| range.max_values() > 1)
}

fn subcommands(command: &Command, typed: &str) -> Vec<Candidate> {
    command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name().starts_with(typed))
        .map(|sub| candidate(sub.get_name(), sub.get_about()))
        .collect()
}

/// An option that is being typed, or its value behind an equals sign.
fn option(command: &Command, typed: &str) -> Asked {
    let Some((name, begun)) = typed.split_once('=') else {
        return Asked {
            fixed: options(command, typed),
            ..Asked::default()
        };
    };
    let long = name.strip_prefix("--");
    let mut all = command.get_arguments();
    let arg = all.find(|arg| long.is_some() && arg.get_long() == long && takes_value(arg));
    let mut asked = arg.map_or_else(Asked::default, |arg| value(command, arg, begun));
    for candidate in &mut asked.fixed {
        candidate.value = format!("{name}={}", candidate.value);
    }
    asked.before = format!("{name}={}", asked.before);
    // File names would stand alone.
    asked.files = false;
    asked
}

fn options(command: &Command, typed: &str) -> Vec<Candidate> {
    command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set())
        .filter_map(|arg| Some((arg, format!("--{}", arg.get_long()?))))
        .filter(|(_, long)| long.starts_with(typed))
        .map(|(arg, long)| candidate(&long, arg.get_help()))
        .collect()
}

fn candidate(value: &str, about: Option<&clap::builder::StyledStr>) -> Candidate {
    let about = about.map(ToString::to_string).unwrap_or_default();
    Candidate {
        value: value.to_owned(),
        about: about.lines().next().unwrap_or_default().to_owned(),
    }
}

/// The name of a value, which says what may stand there.
fn name_of(arg: &Arg) -> String {
    arg.get_value_names()
        .and_then(|names| names.first())
        .map_or_else(|| arg.get_id().as_str().to_uppercase(), ToString::to_string)
}

/// Whether a command belongs to another: a built command's full name begins with it.
fn within(command: &Command, above: &str) -> bool {
    let name = command.get_bin_name().unwrap_or_default();
    name.split(' ').any(|part| part == above)
}

/// The values of an option or a place: those that the parser knows, else by its name.
fn value(command: &Command, arg: &Arg, typed: &str) -> Asked {
    let fixed: Vec<Candidate> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set() && value.get_name().starts_with(typed))
        .map(|value| candidate(value.get_name(), value.get_help()))
        .collect();
    if !fixed.is_empty() {
        return Asked {
            fixed,
            ..Asked::default()
        };
    }
    let name = name_of(arg);
    let known = |what| Asked {
        known: Some((what, typed.to_owned())),
        ..Asked::default()
    };
    match (command.get_name(), name.as_str()) {
        // These are ids of devices and invites: no titles.
        (_, "ID")
            if ["device", "invite"]
                .iter()
                .any(|above| within(command, above)) =>
        {
            Asked::default()
        }
        ("task" | "for", "NAME") => known(Completes::People),
        (_, "SEARCH") => known(Completes::Searches),
        (_, "ID") => known(Completes::Titles),
        (_, "TAG" | "TAGS" | "UNTAG") => known(Completes::Tags),
        (_, "COLLECTIVE") => known(Completes::Collectives),
        (_, "MEMBER" | "WHO") => known(Completes::People),
        ("define", "TERM") if arg.is_positional() => Asked::default(),
        (_, "TERM" | "SYMBOL") => known(Completes::Words),
        (_, "FILE" | "FOLDER" | "PATH" | "DIR") => Asked {
            files: true,
            ..Asked::default()
        },
        (_, "QUERY") => query(typed),
        _ => Asked::default(),
    }
}

/// The last condition of a query.
fn query(typed: &str) -> Asked {
    let start = typed
        .rfind(|c: char| c.is_whitespace() || c == '(')
        .map_or(0, |at| {
            at + typed[at..].chars().next().map_or(0, char::len_utf8)
        });
    let (earlier, word) = typed.split_at(start);
    let (sign, word) = match word.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", word),
    };
    let plain = |text: String| Candidate {
        value: format!("{earlier}{sign}{text}"),
        about: String::new(),
    };
    let Some((key, begins)) = word.split_once(':') else {
        let keys = key_names().into_iter();
        let keys = keys.filter(|key| !word.is_empty() && key.starts_with(word));
        return Asked {
            fixed: keys.map(|key| plain(format!("{key}:"))).collect(),
            ..Asked::default()
        };
    };
    let what = match key {
        "tag" => Some(Completes::Tags),
        "in" => Some(Completes::Collectives),
        "author" | "for" => Some(Completes::People),
        "saved" => Some(Completes::Searches),
        "links" | "to" => Some(Completes::Titles),
        _ => None,
    };
    Asked {
        fixed: words_of(key)
            .into_iter()
            .filter(|value| value.starts_with(begins))
            .map(|value| plain(format!("{key}:{value}")))
            .collect(),
        known: what.map(|what| (what, begins.trim_start_matches('"').to_owned())),
        before: format!("{earlier}{sign}{key}:"),
        quote: Quote::Query,
        ..Asked::default()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    fn told(line: &[&str]) -> (Vec<String>, Option<(Completes, String)>, String) {
        let mut root = Cli::command();
        root.build();
        let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        let asked = asked(&root, &words);
        let values = asked.fixed.into_iter().map(|c| c.value).collect();
        (values, asked.known, asked.before)
    }

    #[test]
    fn commands_and_options_follow() {
        assert_eq!(told(&["moot", "his"]).0, ["history"]);
        assert_eq!(told(&["moot", "collective", "mem"]).0, ["members"]);
        assert_eq!(told(&["moot", "find", "--expl"]).0, ["--explain"]);
        assert_eq!(told(&["moot", "find", "--sort", "n"]).0, ["newest"]);
        assert_eq!(told(&["moot", "complete"]).0, [""; 0]);
        assert!(told(&["moot"]).0.is_empty());
    }

    #[test]
    fn values_are_asked_for_by_their_names() {
        let known = |line: &[&str]| told(line).1;
        let some = |what, typed: &str| Some((what, typed.to_owned()));
        assert_eq!(
            known(&["moot", "show", "Ho"]),
            some(Completes::Titles, "Ho")
        );
        assert_eq!(
            known(&["moot", "--json", "retract", "a", "b"]),
            some(Completes::Titles, "b")
        );
        assert_eq!(
            known(&["moot", "note", "x", "-t", "ga"]),
            some(Completes::Tags, "ga")
        );
        assert_eq!(
            known(&["moot", "note", "--in", ""]),
            some(Completes::Collectives, "")
        );
        assert_eq!(
            known(&["moot", "symbol", "adopt", "c"]),
            some(Completes::Words, "c")
        );
        assert_eq!(
            known(&["moot", "propose", "remove", "b"]),
            some(Completes::People, "b")
        );
        assert_eq!(known(&["moot", "rename", "a", "b"]), None);
        // Tasks have titles; devices and invites have not.
        for verb in ["done", "start", "drop", "reopen", "due"] {
            assert_eq!(
                known(&["moot", "task", verb, "me"]),
                some(Completes::Titles, "me"),
                "{verb}"
            );
        }
        for line in [
            ["moot", "device", "drop", "a"],
            ["moot", "invite", "close", "a"],
        ] {
            assert_eq!(known(&line), None, "{line:?}");
        }
        assert_eq!(
            known(&["moot", "task", "for", "x", "an"]),
            some(Completes::People, "an")
        );
        assert_eq!(
            known(&["moot", "search", "drop", "la"]),
            some(Completes::Searches, "la")
        );
    }

    #[test]
    fn queries_are_completed_by_their_last_condition() {
        assert_eq!(told(&["moot", "find", "ta"]).0, ["tag:"]);
        let (_, known, before) = told(&["moot", "find", "worms", "compost -tag:ga"]);
        assert_eq!(known, Some((Completes::Tags, "ga".to_owned())));
        assert_eq!(before, "compost -tag:");
        let (_, known, before) = told(&["moot", "find", "x", "-tag:ga"]);
        assert_eq!(known, Some((Completes::Tags, "ga".to_owned())));
        assert_eq!(before, "-tag:");
        let (_, known, before) = told(&["moot", "note", "x", "--tag=ga"]);
        assert_eq!(known, Some((Completes::Tags, "ga".to_owned())));
        assert_eq!(before, "--tag=");
        assert_eq!(told(&["moot", "find", "--sort=n"]).0, ["--sort=newest"]);
        assert_eq!(told(&["moot", "find", "is:do"]).0, ["is:doing", "is:done"]);
        assert_eq!(told(&["moot", "find", "du"]).0, ["due:"]);
        assert_eq!(
            told(&["moot", "find", "due:to"]).0,
            ["due:today", "due:tomorrow"]
        );
        assert_eq!(told(&["moot", "find", "is:over"]).0, ["is:overdue"]);
        let (_, known, _) = told(&["moot", "find", "saved:la"]);
        assert_eq!(known, Some((Completes::Searches, "la".to_owned())));
        let (fixed, known, _) = told(&["moot", "task", "list", "for:m"]);
        assert_eq!(fixed, ["for:me"]);
        assert_eq!(known, Some((Completes::People, "m".to_owned())));
        // Every key can be completed.
        for key in key_names() {
            assert!(
                told(&["moot", "find", key]).0.contains(&format!("{key}:")),
                "{key}"
            );
        }
        assert_eq!(Quote::Query.put("Ana Maria"), "\"Ana Maria\"");
    }
}
