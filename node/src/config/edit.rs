//! Changing `config.toml` without losing the person's comments.

use std::{fs, io::Write, ops::Range, os::unix::fs::OpenOptionsExt, path::Path};

use folkmoot_net::parse_addr;
use toml_edit::{Array, Document, Value};

use super::{ConfigError, KEYS, Layer, Switch, read};
use crate::Home;

/// The commented file that a new home gets: every key with its default, commented out.
#[must_use]
pub fn template() -> String {
    let mut text = String::from(
        "# Settings of this Folkmoot node. `moot config` shows them all, with their origin.\n\
         # What stands here is overruled by MOOT_* variables, and those by flags.\n",
    );
    for key in KEYS {
        text.push('\n');
        for line in key.about {
            text.push_str("# ");
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(&format!("# {} = {}\n", key.name, key.default));
    }
    text
}

/// Sets a key in the home's file. `words` is the value as typed: one word, or addresses.
///
/// # Errors
/// [`ConfigError`]; then the file is as it was.
pub fn set(home: &Home, key: &str, words: &[String]) -> Result<(), ConfigError> {
    let value = parse(key, words)?;
    change(home, |text| {
        let line = format!("{key} = {value}");
        if let Some(Place { value: place, .. }) = find(home, text, key)? {
            return Ok(spliced(text, place, &value.to_string()));
        }
        // The template's commented default makes room, so that the value stands below its comment.
        let comment = format!("# {key} = ");
        let mut at = 0;
        for old in text.split_inclusive('\n') {
            if old.starts_with(&comment) {
                return Ok(spliced(text, at..at + old.trim_end().len(), &line));
            }
            at += old.len();
        }
        let end = if text.is_empty() || text.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        Ok(format!("{text}{end}{line}\n"))
    })
}

/// Takes a key out of the home's file, so that its default holds again; the default takes its
/// place as a comment.
///
/// # Errors
/// [`ConfigError`]; then the file is as it was.
pub fn unset(home: &Home, key: &str) -> Result<(), ConfigError> {
    let known = KEYS
        .iter()
        .find(|k| k.name == key)
        .ok_or_else(|| ConfigError::UnknownKey(key.to_owned()))?;
    let line = format!("# {} = {}", known.name, known.default);
    change(home, |text| {
        Ok(match find(home, text, key)? {
            Some(place) => spliced(text, place.key.start..place.value.end, &line),
            None => text.to_owned(),
        })
    })
}

/// Where a key and its value stand in the text, in bytes.
struct Place {
    key: Range<usize>,
    value: Range<usize>,
}

fn find(home: &Home, text: &str, key: &str) -> Result<Option<Place>, ConfigError> {
    let document = Document::parse(text).map_err(|e| ConfigError::File {
        file: home.config_file(),
        problem: e.to_string(),
    })?;
    Ok(document
        .as_table()
        .get_key_value(key)
        .and_then(|(key, item)| {
            Some(Place {
                key: key.span()?,
                value: item.span()?,
            })
        }))
}

fn spliced(text: &str, place: Range<usize>, new: &str) -> String {
    let mut out = text.to_owned();
    out.replace_range(place, new);
    out
}

fn parse(key: &str, words: &[String]) -> Result<Value, ConfigError> {
    let refuse = |problem: &str| ConfigError::Value {
        key: key.to_owned(),
        problem: problem.to_owned(),
    };
    let one = || match words {
        [word] => Ok(word.as_str()),
        _ => Err(refuse("expected one value")),
    };
    Ok(match key {
        "port" => {
            let port: u16 = one()?
                .parse()
                .map_err(|_| refuse("expected a number from 0 to 65535"))?;
            i64::from(port).into()
        }
        "lan" | "recovery" => match Switch::parse(one()?) {
            Some(Switch::On) => "on".into(),
            Some(Switch::Off) => "off".into(),
            None => return Err(refuse("expected `on` or `off`")),
        },
        "log" => one()?.into(),
        "listen" => {
            for word in words {
                parse_addr(word).map_err(|error| refuse(&error.to_string()))?;
            }
            words.iter().map(String::as_str).collect::<Array>().into()
        }
        _ => return Err(ConfigError::UnknownKey(key.to_owned())),
    })
}

fn change(
    home: &Home,
    edit: impl FnOnce(&str) -> Result<String, ConfigError>,
) -> Result<(), ConfigError> {
    let file = home.config_file();
    let text = read(&file)?.unwrap_or_else(template);
    let text = edit(&text)?;
    Layer::from_toml(&text).map_err(|problem| ConfigError::File {
        file: file.clone(),
        problem,
    })?;
    home.make()
        .and_then(|()| replace(&file, &text))
        .map_err(|error| ConfigError::Io { file, error })
}

/// Writes beside the file and renames, so that a crash leaves the old one or the new one.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let beside = file.with_extension("toml.new");
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(&beside, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::locate(Some(dir.path().into()), None).unwrap();
        (dir, home)
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&w| w.to_owned()).collect()
    }

    fn text(home: &Home) -> String {
        fs::read_to_string(home.config_file()).unwrap()
    }

    #[test]
    fn the_template_is_valid_and_so_is_every_default_in_it() {
        assert_eq!(Layer::from_toml(&template()).unwrap(), Layer::default());
        let defaults: String = KEYS
            .iter()
            .map(|k| format!("{} = {}\n", k.name, k.default))
            .collect();
        Layer::from_toml(&defaults).unwrap();
    }

    #[test]
    fn setting_keeps_every_comment() {
        let (_dir, home) = home();
        set(&home, "lan", &words(&["on"])).unwrap();
        set(&home, "port", &words(&["8000"])).unwrap();
        set(&home, "port", &words(&["8001"])).unwrap();
        let expected = template()
            .replace("# lan = \"off\"", "lan = \"on\"")
            .replace("# port = 7473", "port = 8001");
        assert_eq!(text(&home), expected);
        unset(&home, "lan").unwrap();
        unset(&home, "port").unwrap();
        unset(&home, "port").unwrap();
        assert_eq!(text(&home), template());
    }

    #[test]
    fn setting_works_in_a_file_without_the_template() {
        let (_dir, home) = home();
        fs::write(home.config_file(), "# mine\nlog = \"info\" # loud\n").unwrap();
        set(&home, "listen", &words(&["/ip4/127.0.0.1/tcp/0"])).unwrap();
        assert_eq!(
            text(&home),
            "# mine\nlog = \"info\" # loud\nlisten = [\"/ip4/127.0.0.1/tcp/0\"]\n"
        );
        unset(&home, "log").unwrap();
        assert!(
            text(&home).starts_with("# mine\n# log = \"warn\" # loud\n"),
            "{}",
            text(&home)
        );
    }

    #[test]
    fn what_does_not_fit_leaves_the_file_alone() {
        let (_dir, home) = home();
        set(&home, "port", &words(&["8000"])).unwrap();
        let before = text(&home);
        for (key, value) in [
            ("port", "many"),
            ("lan", "maybe"),
            ("color", "blue"),
            ("listen", "bananas"),
        ] {
            set(&home, key, &words(&[value])).unwrap_err();
        }
        set(&home, "port", &words(&["1", "2"])).unwrap_err();
        unset(&home, "color").unwrap_err();
        assert_eq!(text(&home), before);
    }
}
