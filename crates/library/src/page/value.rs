//! Values of a body in one line of JSON, without loss.

use std::collections::BTreeMap;

use folkmoot_record::fc::Value;

/// How deep values may lie in one another: as deep as a body may.
const DEPTH: usize = 16;

/// Writes a text as JSON does. Characters that break a line somewhere are escaped.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                // All of these lie in the first plane: one escape is enough.
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A value in one line: numbers, texts and lists as JSON has them, `{"hex": "…"}` for bytes,
/// `{"map": {"1": …}}` for a map.
pub fn to_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Uint(number) => out.push_str(&number.to_string()),
        Value::Text(text) => quote(text, out),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Null => out.push_str("null"),
        Value::Bytes(bytes) => {
            out.push_str("{\"hex\": \"");
            for byte in bytes {
                out.push_str(&format!("{byte:02x}"));
            }
            out.push_str("\"}");
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("{\"map\": ");
            write_map(map, out);
            out.push('}');
        }
    }
}

pub(super) fn write_map(map: &BTreeMap<u8, Value>, out: &mut String) {
    out.push('{');
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        out.push_str(&format!("\"{key}\": "));
        write(value, out);
    }
    out.push('}');
}

pub(super) fn write_texts(texts: &[String], out: &mut String) {
    out.push('[');
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        quote(text, out);
    }
    out.push(']');
}

/// Reads what [`to_json`] wrote; `None` for anything else.
pub fn from_json(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.blank();
    reader.rest.is_empty().then_some(value)
}

/// Reads a line of such values.
pub(super) struct Reader<'t> {
    pub(super) rest: &'t str,
}

impl Reader<'_> {
    pub(super) fn blank(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    pub(super) fn take(&mut self, what: char) -> bool {
        self.blank();
        match self.rest.strip_prefix(what) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn text(&mut self) -> Option<String> {
        if !self.take('"') {
            return None;
        }
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(out);
                }
                '\\' => match chars.next()?.1 {
                    'n' => out.push('\n'),
                    'r' => out.push('\r'),
                    't' => out.push('\t'),
                    'b' => out.push('\u{8}'),
                    'f' => out.push('\u{c}'),
                    'u' => {
                        let first = hex(&mut chars)?;
                        out.push(match first {
                            // A pair, as other programs write characters beyond the first plane.
                            0xd800..0xdc00 => {
                                let pair = (chars.next()?.1, chars.next()?.1);
                                let second = hex(&mut chars)?;
                                if pair != ('\\', 'u') || !(0xdc00..0xe000).contains(&second) {
                                    return None;
                                }
                                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                                char::from_u32(code)?
                            }
                            code => char::from_u32(code)?,
                        });
                    }
                    c @ ('"' | '\\' | '/') => out.push(c),
                    _ => return None,
                },
                c => out.push(c),
            }
        }
        None
    }

    /// A list of what `one` reads, between brackets.
    pub(super) fn list<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        if !self.take('[') {
            return None;
        }
        let mut items = Vec::new();
        if self.take(']') {
            return Some(items);
        }
        loop {
            items.push(one(self)?);
            if self.take(']') {
                return Some(items);
            }
            if !self.take(',') {
                return None;
            }
        }
    }

    pub(super) fn map(&mut self, depth: usize) -> Option<BTreeMap<u8, Value>> {
        if depth > DEPTH || !self.take('{') {
            return None;
        }
        let mut map = BTreeMap::new();
        if self.take('}') {
            return Some(map);
        }
        loop {
            let key = self.text()?.parse().ok()?;
            if !self.take(':') || map.insert(key, self.value(depth + 1)?).is_some() {
                return None;
            }
            if self.take('}') {
                return Some(map);
            }
            if !self.take(',') {
                return None;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        self.blank();
        match self.rest.chars().next()? {
            '"' => self.text().map(Value::Text),
            '[' => self
                .list(|reader| reader.value(depth + 1))
                .map(Value::Array),
            '{' => self.wrapped(depth),
            '0'..='9' => {
                let end = self
                    .rest
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(self.rest.len());
                let (digits, rest) = self.rest.split_at_checked(end)?;
                self.rest = rest;
                digits.parse().ok().map(Value::Uint)
            }
            _ if self.word("true") => Some(Value::Bool(true)),
            _ if self.word("false") => Some(Value::Bool(false)),
            _ if self.word("null") => Some(Value::Null),
            _ => None,
        }
    }

    fn wrapped(&mut self, depth: usize) -> Option<Value> {
        if !self.take('{') {
            return None;
        }
        let name = self.text()?;
        if !self.take(':') {
            return None;
        }
        let value = match name.as_str() {
            "hex" => Value::Bytes(bytes(&self.text()?)?),
            "map" => Value::Map(self.map(depth + 1)?),
            _ => return None,
        };
        self.take('}').then_some(value)
    }
}

fn hex(chars: &mut std::str::CharIndices<'_>) -> Option<u32> {
    let mut code = 0;
    for _ in 0..4 {
        code = code * 16 + chars.next()?.1.to_digit(16)?;
    }
    Some(code)
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
