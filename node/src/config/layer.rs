//! One source of settings, in which everything is optional.

use serde::{Deserialize, Deserializer};

use super::ConfigError;

/// On or off. In the file also `true` and `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

impl Switch {
    /// Reads a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "on" | "true" | "yes" | "1" => Some(Self::On),
            "off" | "false" | "no" | "0" => Some(Self::Off),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Bool(bool),
            Word(String),
        }
        let switch = match Written::deserialize(deserializer)? {
            Written::Bool(true) => Some(Self::On),
            Written::Bool(false) => Some(Self::Off),
            Written::Word(word) => Self::parse(&word),
        };
        switch.ok_or_else(|| serde::de::Error::custom("expected \"on\" or \"off\""))
    }
}

/// One source of settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// See [`super::Settings::listen`].
    pub listen: Option<Vec<String>>,
    /// See [`super::Settings::port`].
    pub port: Option<u16>,
    /// See [`super::Settings::lan`].
    pub lan: Option<Switch>,
    /// See [`super::Settings::recovery`].
    pub recovery: Option<Switch>,
    /// See [`super::Settings::log`].
    pub log: Option<String>,
}

impl Layer {
    /// Reads the text of `config.toml`.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|e| e.to_string().trim_end().to_owned())
    }

    /// Reads the `MOOT_*` variables through `look_up`. Addresses are separated by commas or spaces;
    /// an empty variable counts as absent.
    ///
    /// # Errors
    /// The variable whose value does not fit.
    pub fn from_variables(look_up: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name: &str| look_up(name).filter(|value| !value.is_empty());
        let refuse = |key: &str, problem: &str| ConfigError::Value {
            key: key.to_owned(),
            problem: problem.to_owned(),
        };
        let switch = |name: &str| {
            set(name)
                .map(|value| {
                    Switch::parse(&value).ok_or_else(|| refuse(name, "expected `on` or `off`"))
                })
                .transpose()
        };
        Ok(Self {
            listen: set("MOOT_LISTEN").map(|value| {
                value
                    .split([',', ' '])
                    .filter(|a| !a.is_empty())
                    .map(str::to_owned)
                    .collect()
            }),
            port: set("MOOT_PORT")
                .map(|value| {
                    value
                        .parse()
                        .map_err(|_| refuse("MOOT_PORT", "expected a number from 0 to 65535"))
                })
                .transpose()?,
            lan: switch("MOOT_LAN")?,
            recovery: switch("MOOT_RECOVERY")?,
            log: set("MOOT_LOG"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_words_or_truth_values() {
        for (text, switch) in [
            ("lan = true", Switch::On),
            ("lan = \"on\"", Switch::On),
            ("lan = false", Switch::Off),
            ("lan = \"off\"", Switch::Off),
        ] {
            assert_eq!(Layer::from_toml(text).unwrap().lan, Some(switch), "{text}");
        }
        assert!(Layer::from_toml("lan = \"perhaps\"").is_err());
    }

    #[test]
    fn variables_are_read() {
        let layer = Layer::from_variables(|name| match name {
            "MOOT_LISTEN" => Some("/ip4/127.0.0.1/tcp/0, /ip4/127.0.0.1/udp/0/quic-v1".into()),
            "MOOT_PORT" => Some("0".into()),
            "MOOT_LAN" => Some("".into()),
            _ => None,
        })
        .unwrap();
        assert_eq!(layer.listen.unwrap().len(), 2);
        assert_eq!((layer.port, layer.lan, layer.log), (Some(0), None, None));
    }

    #[test]
    fn a_variable_that_does_not_fit_is_named() {
        let error = Layer::from_variables(|name| (name == "MOOT_PORT").then(|| "many".to_owned()))
            .unwrap_err();
        assert!(error.to_string().starts_with("MOOT_PORT"), "{error}");
    }
}
