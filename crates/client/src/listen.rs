//! The event stream as a caller reads it.

use std::{collections::VecDeque, time::Duration};

use folkmoot_api::{ApiError, EventView};

use crate::{Client, ClientError, client::failed};

/// The longest silence of a node that is well: it says once a minute how far it has read.
const SILENCE: Duration = Duration::from_secs(150);
/// Most bytes of one event: an item has a few kilobytes.
const MOST_EVENT: usize = 1 << 20;

/// What happens, one event after the other, until the node stops.
///
/// Delivery is at least once: whoever keeps [`Listening::cursor`] after an event is done with, and
/// listens again from there, misses nothing, and may be told the last ones again.
#[derive(Debug)]
pub struct Listening {
    response: reqwest::Response,
    parser: Parser,
    ready: VecDeque<Told>,
    cursor: Option<String>,
}

impl Client {
    /// Listens to what happens to whatever the query asks for (everything if it is empty) behind
    /// `after`: a cursor, `start`, or from now on.
    ///
    /// # Errors
    /// [`ClientError`]; a query or cursor that cannot be read is [`ClientError::Api`].
    pub async fn listen(
        &self,
        query: &str,
        after: Option<&str>,
        time_zone: Option<&str>,
    ) -> Result<Listening, ClientError> {
        // A connection of its own: this one is meant to stay open.
        let http = reqwest::Client::builder()
            .unix_socket(self.socket())
            .no_proxy()
            .read_timeout(SILENCE)
            .build()
            .map_err(|e| ClientError::Broken(e.to_string()))?;
        let pairs = [
            ("query", Some(query)),
            ("after", after),
            ("time_zone", time_zone),
        ];
        let asked: Vec<String> = pairs
            .into_iter()
            .filter_map(|(key, value)| Some(format!("{key}={}", escaped(value?))))
            .collect();
        let response = http
            .get(format!("http://node/v1/events?{}", asked.join("&")))
            .send()
            .await
            .map_err(|e| failed(&e))?;
        let status = response.status();
        if !status.is_success() {
            let bytes = response.bytes().await.map_err(|e| failed(&e))?;
            return Err(match serde_json::from_slice::<ApiError>(&bytes) {
                Ok(error) => ClientError::Api(error),
                Err(_) => ClientError::Broken(format!("HTTP status {status}")),
            });
        }
        Ok(Listening {
            response,
            parser: Parser::default(),
            ready: VecDeque::new(),
            cursor: after.map(str::to_owned),
        })
    }
}

impl Listening {
    /// The next event; `None` where the node has ended the stream: it stops, or this reader was too
    /// slow.
    ///
    /// # Errors
    /// [`ClientError`]: the connection broke, or the query does not hold any more.
    pub async fn next(&mut self) -> Result<Option<EventView>, ClientError> {
        loop {
            match self.ready.pop_front() {
                Some(Told::Event(event)) => {
                    self.cursor = Some(event.cursor.clone());
                    return Ok(Some(*event));
                }
                Some(Told::Place(cursor)) => {
                    self.cursor = Some(cursor);
                    continue;
                }
                Some(Told::Fault(error)) => return Err(error.into()),
                None => {}
            }
            match self.response.chunk().await.map_err(|e| failed(&e))? {
                Some(bytes) => self.parser.feed(&bytes, &mut self.ready)?,
                None => return Ok(None),
            }
        }
    }

    /// Where to go on: behind the last event that [`Listening::next`] gave, and behind what was read
    /// over since. `None` before the node has said anything.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

/// What stands between two empty lines.
#[derive(Debug)]
enum Told {
    Event(Box<EventView>),
    Place(String),
    Fault(ApiError),
}

/// Reads server-sent events from pieces that end anywhere.
#[derive(Debug, Default)]
struct Parser {
    line: Vec<u8>,
    id: Option<String>,
    fault: bool,
    data: String,
}

impl Parser {
    fn feed(&mut self, bytes: &[u8], told: &mut VecDeque<Told>) -> Result<(), ClientError> {
        for &byte in bytes {
            if byte != b'\n' {
                if self.line.len() >= MOST_EVENT {
                    return Err(ClientError::Broken("an event is too large".into()));
                }
                self.line.push(byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8(line)
                .map_err(|_| ClientError::Broken("an event is not text".into()))?;
            self.line(line.trim_end_matches('\r'), told)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &str, told: &mut VecDeque<Told>) -> Result<(), ClientError> {
        if line.is_empty() {
            return self.end(told);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.id = Some(value.to_owned()),
            "event" => self.fault = value == "error",
            "data" => value.clone_into(&mut self.data),
            // Comments, and what later versions may add.
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, told: &mut VecDeque<Told>) -> Result<(), ClientError> {
        let (id, data) = (self.id.take(), std::mem::take(&mut self.data));
        let unread =
            |e: serde_json::Error| ClientError::Broken(format!("an event cannot be read ({e})"));
        if std::mem::take(&mut self.fault) {
            told.push_back(Told::Fault(serde_json::from_str(&data).map_err(unread)?));
        } else if !data.is_empty() {
            told.push_back(Told::Event(serde_json::from_str(&data).map_err(unread)?));
        } else if let Some(id) = id {
            told.push_back(Told::Place(id));
        }
        Ok(())
    }
}

/// A value of an address: everything but letters and digits is escaped.
fn escaped(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_from_pieces_that_end_anywhere() {
        let event = r#"{"v":1,"cursor":"a-2","what":"taken_back","id":"x","short":"x","by":"y","collective":"höme","collective_id":"c"}"#;
        let text = format!(
            ": hello\nid: a-1\n\nid: a-2\ndata: {event}\n\nid: a-3\r\n\r\nevent: error\ndata: {{\"code\":\"usage\",\"message\":\"no\"}}\n\n"
        );
        for size in 1..text.len() {
            let (mut parser, mut told) = (Parser::default(), VecDeque::new());
            for piece in text.as_bytes().chunks(size) {
                parser.feed(piece, &mut told).unwrap();
            }
            let told: Vec<String> = told
                .iter()
                .map(|told| match told {
                    Told::Event(event) => format!("{} {}", event.cursor, event.collective),
                    Told::Place(cursor) => cursor.clone(),
                    Told::Fault(error) => error.message.clone(),
                })
                .collect();
            assert_eq!(told, ["a-1", "a-2 höme", "a-3", "no"], "pieces of {size}");
        }
    }

    #[test]
    fn values_are_escaped() {
        assert_eq!(escaped("tag:ö \"a&b\"+1"), "tag%3A%C3%B6%20%22a%26b%22%2B1");
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut parser = Parser::default();
        let endless = vec![b'x'; MOST_EVENT + 1];
        assert!(parser.feed(&endless, &mut VecDeque::new()).is_err());
    }
}
