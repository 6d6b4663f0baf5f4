//! Settings: defaults, then `config.toml`, then `MOOT_*` variables, then flags.

mod edit;
mod keys;
mod layer;

use std::{fs, io, path::PathBuf};

pub use edit::{set, template, unset};
pub use keys::{KEYS, Key};
pub use layer::{Layer, Switch};

use crate::Home;

/// The port on which nodes listen if nothing else is said, for TCP and for UDP.
pub const DEFAULT_PORT: u16 = 7473;

/// Longest configuration file that is read; a few kilobytes are usual.
const MAX_CONFIG_BYTES: u64 = 256 << 10;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// `config.toml`.
    File,
    /// The variable of this name.
    Variable(&'static str),
    /// The command line.
    Flag,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File => f.write_str("config.toml"),
            Self::Variable(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where from.
    pub origin: Origin,
}

/// All settings, as they hold for this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Multiaddrs to listen on; empty: all interfaces, on `port`.
    pub listen: Setting<Vec<String>>,
    /// Port for TCP and UDP where `listen` is empty; 0: any free one.
    pub port: Setting<u16>,
    /// Whether to be found, and to look for members, on the local network by mDNS.
    pub lan: Setting<bool>,
    /// Whether recovery doors are answered, so that members who lost their devices come back.
    pub recovery: Setting<bool>,
    /// What is logged to standard error, as a filter of `tracing`.
    pub log: Setting<String>,
}

/// The settings cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read or written.
    #[error("{file} cannot be used: {error}")]
    Io {
        /// Which file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is no valid configuration; the sentence shows the place.
    #[error("{file} is not a valid configuration\n{problem}")]
    File {
        /// Which file.
        file: PathBuf,
        /// What is wrong and where.
        problem: String,
    },
    /// A value does not fit its key.
    #[error("{key}: {problem}")]
    Value {
        /// The key or the variable.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no such key.
    #[error("there is no setting `{0}`")]
    UnknownKey(String),
}

impl Settings {
    /// Puts the layers together.
    #[must_use]
    pub fn of(file: Layer, variables: Layer, flags: Layer) -> Self {
        fn pick<T>(
            name: &'static str,
            default: T,
            file: Option<T>,
            variable: Option<T>,
            flag: Option<T>,
        ) -> Setting<T> {
            let (value, origin) = match (flag, variable, file) {
                (Some(value), _, _) => (value, Origin::Flag),
                (_, Some(value), _) => (value, Origin::Variable(name)),
                (_, _, Some(value)) => (value, Origin::File),
                _ => (default, Origin::Default),
            };
            Setting { value, origin }
        }
        let switch = |s: Option<Switch>| s.map(|s| s == Switch::On);
        Self {
            listen: pick(
                "MOOT_LISTEN",
                Vec::new(),
                file.listen,
                variables.listen,
                flags.listen,
            ),
            port: pick(
                "MOOT_PORT",
                DEFAULT_PORT,
                file.port,
                variables.port,
                flags.port,
            ),
            lan: pick(
                "MOOT_LAN",
                false,
                switch(file.lan),
                switch(variables.lan),
                switch(flags.lan),
            ),
            recovery: pick(
                "MOOT_RECOVERY",
                true,
                switch(file.recovery),
                switch(variables.recovery),
                switch(flags.recovery),
            ),
            log: pick(
                "MOOT_LOG",
                "warn".into(),
                file.log,
                variables.log,
                flags.log,
            ),
        }
    }

    /// Reads the home's file and the variables, and puts the flags on top.
    ///
    /// # Errors
    /// [`ConfigError`]; a missing file is none.
    pub fn load(home: &Home, flags: Layer) -> Result<Self, ConfigError> {
        let file = home.config_file();
        let text = read(&file)?.unwrap_or_default();
        let layer =
            Layer::from_toml(&text).map_err(|problem| ConfigError::File { file, problem })?;
        let variables = Layer::from_variables(|name| std::env::var(name).ok())?;
        Ok(Self::of(layer, variables, flags))
    }

    /// Takes over what a running node follows when the file changes, where no flag decides it.
    pub(crate) fn follow(&mut self, home: &Home) {
        if self.lan.origin == Origin::Flag {
            return;
        }
        match Self::load(home, Layer::default()) {
            Ok(settings) => self.lan = settings.lan,
            Err(error) => tracing::warn!(%error, "the settings stay as they are"),
        }
    }

    /// The value of a key as it is written in the file, and its origin.
    #[must_use]
    pub fn shown(&self, key: &str) -> Option<(String, Origin)> {
        Some(match key {
            "listen" => (format!("{:?}", self.listen.value), self.listen.origin),
            "port" => (self.port.value.to_string(), self.port.origin),
            "lan" => (on_or_off(self.lan.value), self.lan.origin),
            "recovery" => (on_or_off(self.recovery.value), self.recovery.origin),
            "log" => (format!("{:?}", self.log.value), self.log.origin),
            _ => return None,
        })
    }
}

fn on_or_off(on: bool) -> String {
    if on { "\"on\"" } else { "\"off\"" }.into()
}

/// Writes the commented file with all defaults, if there is none.
///
/// # Errors
/// As the file system says.
pub fn write_template(home: &Home) -> Result<(), ConfigError> {
    let file = home.config_file();
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&file);
    match made.and_then(|mut f| io::Write::write_all(&mut f, template().as_bytes())) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(ConfigError::Io { file, error }),
    }
}

fn read(file: &std::path::Path) -> Result<Option<String>, ConfigError> {
    use io::Read;
    let refuse = |error| ConfigError::Io {
        file: file.to_owned(),
        error,
    };
    let opened = match fs::File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refuse(error)),
    };
    let mut text = String::new();
    opened
        .take(MAX_CONFIG_BYTES)
        .read_to_string(&mut text)
        .map_err(refuse)?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str) -> Layer {
        Layer::from_toml(text).unwrap()
    }

    #[test]
    fn the_later_layer_wins_and_is_named() {
        let settings = Settings::of(
            layer("port = 1\nlan = \"on\"\nlog = \"info\""),
            layer("port = 2\nlan = \"off\""),
            layer("port = 3"),
        );
        assert_eq!(
            (settings.port.value, settings.port.origin),
            (3, Origin::Flag)
        );
        assert_eq!(
            (settings.lan.value, settings.lan.origin),
            (false, Origin::Variable("MOOT_LAN"))
        );
        assert_eq!(settings.log.origin, Origin::File);
        assert_eq!(settings.listen.origin, Origin::Default);
    }

    #[test]
    fn a_node_that_was_unlocked_follows_the_file_as_before() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::locate(Some(dir.path().into()), None).unwrap();
        let flags = || layer("lan = \"off\"");
        let mut follows = Settings::of(Layer::default(), Layer::default(), Layer::default());
        let mut decided = Settings::of(Layer::default(), Layer::default(), flags());
        std::fs::write(home.config_file(), "lan = \"on\"\n").unwrap();
        follows.follow(&home);
        decided.follow(&home);
        assert!(follows.lan.value);
        assert!(!decided.lan.value);
        // A file that cannot be read changes nothing.
        std::fs::write(home.config_file(), "lan = [").unwrap();
        follows.follow(&home);
        assert!(follows.lan.value);
    }

    #[test]
    fn every_key_can_be_shown() {
        let settings = Settings::of(Layer::default(), Layer::default(), Layer::default());
        for key in KEYS {
            let (shown, origin) = settings.shown(key.name).expect(key.name);
            assert_eq!(origin, Origin::Default);
            assert_eq!(shown, key.default, "{}", key.name);
        }
    }

    #[test]
    fn the_file_of_a_home_is_read_and_its_faults_are_shown_with_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::locate(Some(dir.path().into()), None).unwrap();
        write_template(&home).unwrap();
        fs::write(home.config_file(), "port = 9\n").unwrap();
        write_template(&home).unwrap();
        assert_eq!(
            Settings::load(&home, Layer::default()).unwrap().port.value,
            9
        );
        fs::write(home.config_file(), "port = 9\nprot = 8\n").unwrap();
        let error = Settings::load(&home, Layer::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("prot") && error.contains("line 2"),
            "{error}"
        );
    }
}
