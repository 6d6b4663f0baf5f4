//! Texts that begin with a minus: `moot today "- a line"`, `moot find compost -worms`.
//!
//! The parser takes whatever begins with `-` for an option. What cannot be an option is marked before
//! it looks, and the mark is taken away where it reads a value. What might be a mistyped option stays
//! as it is, so that the parser says what was meant.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use clap::{
    Arg, ArgAction, Command, CommandFactory, FromArgMatches,
    builder::{
        OsStringValueParser, PathBufValueParser, StringValueParser, TypedValueParser, ValueParser,
    },
};

use crate::args::Cli;

/// Stands before an argument that is a text. No system passes it in an argument.
const MARK: char = '\0';

/// Reads what was typed.
///
/// # Errors
/// The parser's, where it is no command. [`shown`] makes its text fit to be seen.
pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut words: Vec<OsString> = words.collect();
    let mut command = Cli::command();
    if mark(&command, &mut words) {
        command = reading(command);
    }
    let mut matches = command.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// A text of the parser without marks.
pub(crate) fn shown(text: &str) -> String {
    text.replace(MARK, "")
}

/// Marks the texts; tells whether there are any.
fn mark(root: &Command, words: &mut [OsString]) -> bool {
    let mut command = root;
    let mut globals: Vec<&Arg> = root.get_arguments().filter(|a| a.is_global_set()).collect();
    let mut any = false;
    // Whether the last word was an option that waits for its value.
    let mut open = false;
    for word in words.iter_mut().skip(1) {
        let Some(text) = word.to_str() else {
            open = false;
            continue;
        };
        if text == "--" {
            break;
        }
        if is_text(command, &globals, text) {
            let mut marked = OsString::from(MARK.to_string());
            marked.push(&*word);
            *word = marked;
            any = true;
            open = false;
        } else if text.starts_with('-') && text != "-" {
            open = option(command, &globals, text)
                .is_some_and(|arg| takes_value(arg) && !text.contains('=') && is_bare(arg, text));
        } else if !std::mem::take(&mut open)
            && let Some(sub) = command.find_subcommand(text)
        {
            globals.extend(command.get_arguments().filter(|a| a.is_global_set()));
            command = sub;
        }
    }
    any
}

/// Whether a word that begins with a minus is no option, and none that was mistyped either.
fn is_text(command: &Command, globals: &[&Arg], word: &str) -> bool {
    let Some(after) = word.strip_prefix('-').filter(|after| !after.is_empty()) else {
        return false;
    };
    if let Some(long) = after.strip_prefix('-') {
        // No name has a blank in it, and `---` is a line across a page.
        let name = long.split('=').next().unwrap_or_default();
        return name.contains(char::is_whitespace) || long.starts_with('-');
    }
    if !after.starts_with(|c: char| c.is_ascii_alphabetic()) {
        // `- a line`, `-[ ]`, `-5`: no option is called so.
        return true;
    }
    // `-tgarden` has its value in it, `-qh` are two, and `-h` is the parser's own.
    let known = |c| c == 'h' || option(command, globals, &format!("-{c}")).is_some();
    let has_value = option(command, globals, word).is_some_and(takes_value);
    if has_value || after.chars().all(known) {
        return false;
    }
    if after.contains(char::is_whitespace) {
        return true;
    }
    // In a query it is what is not looked for, if it is not `-limit` for `--limit`.
    let name = after.split('=').next().unwrap_or_default();
    let meant = command.get_arguments().chain(globals.iter().copied());
    let is_long = meant.into_iter().any(|arg| arg.get_long() == Some(name));
    let asks = command
        .get_positionals()
        .any(|arg| arg.get_id().as_str() == "query");
    asks && !is_long
}

/// The option that a word begins with, as the parser would read it.
fn option<'c>(command: &'c Command, globals: &[&'c Arg], word: &str) -> Option<&'c Arg> {
    let mut all = command.get_arguments().chain(globals.iter().copied());
    match word.strip_prefix("--") {
        Some(long) => {
            let name = long.split('=').next();
            all.find(|arg| arg.get_long() == name)
        }
        None => {
            let short = word.chars().nth(1);
            all.find(|arg| arg.get_short() == short && short.is_some())
        }
    }
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

/// Whether a word is the name of an option alone: its value is the next word.
fn is_bare(arg: &Arg, word: &str) -> bool {
    word.starts_with("--") || word.chars().count() == 2 && arg.get_short().is_some()
}

/// The same commands, but values are read without marks.
fn reading(command: Command) -> Command {
    command
        .mut_args(|arg| {
            let kind = arg.get_value_parser().type_id();
            // A value that is one of a few words stays so.
            if !arg.get_possible_values().is_empty() {
                arg
            } else if kind == ValueParser::string().type_id() {
                arg.value_parser(StringValueParser::new().map(|text| shown(&text)))
            } else if kind == ValueParser::path_buf().type_id() {
                arg.value_parser(PathBufValueParser::new().map(|path| PathBuf::from(bare(path))))
            } else if kind == ValueParser::os_string().type_id() {
                arg.value_parser(OsStringValueParser::new().map(bare))
            } else {
                arg
            }
        })
        .mut_subcommands(reading)
}

/// A path or the like without its mark; only texts are marked.
fn bare(value: impl AsRef<OsStr>) -> OsString {
    let value = value.as_ref();
    match value.to_str() {
        Some(text) => shown(text).into(),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(line: &[&str]) -> Vec<String> {
        let mut words: Vec<OsString> = line.iter().map(OsString::from).collect();
        let mut root = Cli::command();
        root.build();
        mark(&root, &mut words);
        words
            .into_iter()
            .filter_map(|word| {
                word.into_string()
                    .ok()?
                    .strip_prefix(MARK)
                    .map(str::to_owned)
            })
            .collect()
    }

    #[test]
    fn what_cannot_be_an_option_is_a_text() {
        for text in [
            "- a line",
            "-[ ] buy",
            "-5",
            "---",
            "--- x",
            "-- so",
            "--so it goes",
            "-\n",
            "-a line",
        ] {
            assert_eq!(marked(&["moot", "note", text]), [text]);
            assert_eq!(
                marked(&["moot", "note", "--title", text, "-t", "x"]),
                [text]
            );
        }
        for word in [
            "-",
            "--title",
            "--ttile",
            "-t",
            "-tmy tag",
            "-tgarden",
            "-q",
            "-qh",
            "-x",
            "--title=a b",
        ] {
            assert_eq!(marked(&["moot", "note", word]), [""; 0], "{word}");
        }
        assert_eq!(marked(&["moot", "note", "--", "- a"]), [""; 0]);
        assert_eq!(marked(&["moot", "symbol", "define", "x", "- y"]), ["- y"]);
    }

    #[test]
    fn a_minus_in_a_query_excludes() {
        let excluded = |words: &[&str]| marked(&[&["moot", "find"], words].concat());
        assert_eq!(excluded(&["a", "-tag:done"]), ["-tag:done"]);
        assert_eq!(
            excluded(&["-quince", "-(a OR b)"]),
            ["-quince", "-(a OR b)"]
        );
        // These are options, or were meant to be.
        for word in ["-q", "-h", "-limit", "--limit", "--lmit", "-json"] {
            assert_eq!(excluded(&["a", word]), [""; 0], "{word}");
        }
        assert_eq!(
            marked(&["moot", "--home", "note", "list", "-tag:x"]),
            ["-tag:x"]
        );
        assert_eq!(marked(&["moot", "task", "list", "-for:me"]), ["-for:me"]);
    }

    #[test]
    fn values_are_read_without_marks() {
        let read = |words: &[&str]| parse(words.iter().map(OsString::from));
        let cli = read(&["moot", "note", "- a", "--title", "- b", "-t", "x"]).unwrap();
        let told = format!("{cli:?}");
        assert!(told.contains("\"- a\"") && told.contains("\"- b\"") && !told.contains(MARK));
        let like = |kind: &str| read(&["moot", "collective", "new", "- x", "--like", kind]);
        assert!(like("commons").is_ok());
        for kind in ["crowd", "- commons"] {
            let text = shown(&like(kind).unwrap_err().to_string());
            assert!(
                text.contains("possible values") && !text.contains(MARK),
                "{text}"
            );
        }
        let error = read(&["moot", "find", "a", "--limit", "-5"]).unwrap_err();
        let text = shown(&error.to_string());
        assert!(text.contains("'-5'") && !text.contains(MARK), "{text}");
    }
}
