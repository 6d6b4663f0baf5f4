//! How a command travels: its name is the path, its fields are the body.

use folkmoot_api::Command;

/// A command could not be written or read as JSON.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WireError(String);

/// Splits a command into the name for the path and the JSON body.
///
/// # Errors
/// Where a field cannot be written as JSON; no field of today's commands is such.
pub fn encode_command(command: &Command) -> Result<(String, Vec<u8>), WireError> {
    let mut bytes = serde_json::to_vec(command).map_err(|e| WireError(e.to_string()))?;
    // serde writes an enum's variant as {"name":{...}}, without white space. The body is cut out
    // instead of being built twice: an import carries megabytes.
    let colon = bytes
        .iter()
        .position(|b| *b == b':')
        .ok_or_else(|| WireError("a command without fields".into()))?;
    let name = bytes
        .get(2..colon.saturating_sub(1))
        .and_then(|name| std::str::from_utf8(name).ok())
        .ok_or_else(|| WireError("a command without a name".into()))?
        .to_owned();
    bytes.truncate(bytes.len().saturating_sub(1));
    Ok((name, bytes.split_off(colon + 1)))
}

/// Puts name and body together again. An empty body stands for `{}`.
///
/// # Errors
/// An unknown name, or a body that does not fit it; the sentence tells which field.
pub fn decode_command(name: &str, body: &[u8]) -> Result<Command, WireError> {
    if !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
        return Err(WireError(format!("there is no command `{name}`")));
    }
    let body = if body.trim_ascii().is_empty() {
        b"{}"
    } else {
        body
    };
    let mut whole = Vec::with_capacity(name.len() + body.len() + 5);
    whole.extend_from_slice(b"{\"");
    whole.extend_from_slice(name.as_bytes());
    whole.extend_from_slice(b"\":");
    whole.extend_from_slice(body);
    whole.push(b'}');
    serde_json::from_slice(&whole).map_err(|e| WireError(e.to_string()))
}

#[cfg(test)]
mod tests {
    use folkmoot_api::{Find, Note};

    use super::*;

    #[test]
    fn a_command_survives_the_wire() {
        let note = Note {
            text: Some("a: \"b\" {c}".into()),
            tags: vec!["x".into()],
            ..Note::default()
        };
        let (name, body) = encode_command(&Command::Note(note)).unwrap();
        assert_eq!(name, "note");
        let Command::Note(back) = decode_command(&name, &body).unwrap() else {
            panic!("another command came back");
        };
        assert_eq!(back.text.as_deref(), Some("a: \"b\" {c}"));
        assert_eq!(back.tags, ["x"]);
    }

    #[test]
    fn commands_without_fields_take_an_empty_body() {
        let (name, body) = encode_command(&Command::CollectiveList {}).unwrap();
        assert_eq!(
            (name.as_str(), body.as_slice()),
            ("collective_list", &b"{}"[..])
        );
        assert!(matches!(
            decode_command("status", b"").unwrap(),
            Command::Status {}
        ));
        assert!(matches!(
            decode_command("status", b" \n").unwrap(),
            Command::Status {}
        ));
    }

    #[test]
    fn absent_fields_take_their_defaults() {
        let Command::Find(Find { query, limit, .. }) =
            decode_command("find", br#"{"query":"moss"}"#).unwrap()
        else {
            panic!("another command came back");
        };
        assert_eq!((query.as_str(), limit), ("moss", 0));
    }

    #[test]
    fn a_name_cannot_smuggle_another_command_in() {
        assert!(decode_command("status\":{},\"phrase", b"{}").is_err());
        assert!(decode_command("no_such_thing", b"{}").is_err());
        assert!(decode_command("status", b"{},\"phrase\":{}").is_err());
    }
}
