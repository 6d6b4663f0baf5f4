//! A query in words: how it was understood.

use jiff::tz::TimeZone;

use super::{Expr, Interval, Leaf, Names, Query, QueryError, Sort, Test, Text, Written, resolve};
use crate::{Due, DueSpan, Flag, How, Timestamp, words::is_alone};

/// One line of a query in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How deep the line stands below the first ones.
    pub depth: usize,
    /// The words.
    pub text: String,
    /// The condition that the line names, if it names one.
    pub test: Option<Test>,
}

impl Query {
    /// The query in words, a line for each condition, with times of this zone.
    ///
    /// # Errors
    /// As [`Query::resolve`].
    pub fn in_words(&self, names: &dyn Names, zone: &TimeZone) -> Result<Vec<Line>, QueryError> {
        let mut writer = Writer {
            names,
            zone,
            lines: Vec::new(),
        };
        writer.expr(&self.expr, "", 0)?;
        Ok(writer.lines)
    }

    /// What a person may not have meant: `or` in small letters is a word.
    pub fn doubts(&self, source: &str) -> Vec<String> {
        let written = |word: &&Written| source.get(word.span.clone());
        ["or", "and", "not"]
            .into_iter()
            .filter(|small| self.written.iter().any(|w| written(&w) == Some(small)))
            .map(|small| {
                let large = small.to_ascii_uppercase();
                format!("`{small}` is searched for as a word; `{large}` combines")
            })
            .collect()
    }

    /// The order of the hits in words.
    pub fn order_in_words(&self) -> &'static str {
        match (self.sort, self.asked) {
            (Sort::Relevance, _) => "the best match first, newer ones favoured",
            (Sort::Newest, Some(_)) => "the newest first",
            (Sort::Newest, None) => "the newest first, since no words are asked for",
            (Sort::Oldest, _) => "the oldest first",
        }
    }
}

struct Writer<'w> {
    names: &'w dyn Names,
    zone: &'w TimeZone,
    lines: Vec<Line>,
}

impl Writer<'_> {
    fn expr(&mut self, expr: &Expr<Leaf>, before: &str, depth: usize) -> Result<(), QueryError> {
        match expr {
            Expr::All => self.line(depth, format!("{before}everything"), None),
            Expr::And(parts) => {
                self.line(depth, format!("{before}all of these:"), None);
                self.each(parts, depth + 1)?;
            }
            Expr::Or(parts) => {
                self.line(depth, format!("{before}one of these or more:"), None);
                self.each(parts, depth + 1)?;
            }
            Expr::Not(part) => self.expr(part, &format!("{before}not "), depth)?,
            Expr::Is(leaf) => {
                let test = resolve::test(leaf, self.names)?;
                let text = format!("{before}{}", self.leaf(leaf, &test));
                self.line(depth, text, Some(test));
            }
        }
        Ok(())
    }

    fn each(&mut self, parts: &[Expr<Leaf>], depth: usize) -> Result<(), QueryError> {
        parts.iter().try_for_each(|part| self.expr(part, "", depth))
    }

    fn line(&mut self, depth: usize, text: String, test: Option<Test>) {
        self.lines.push(Line { depth, text, test });
    }

    fn leaf(&self, leaf: &Leaf, test: &Test) -> String {
        let several = |count: usize, one: &str| match count {
            0 | 1 => String::new(),
            count => format!(" ({count} {one}s)"),
        };
        match (leaf, test) {
            (Leaf::Author(name), Test::Seats(seats)) => {
                format!("written by `{}`{}", name.text, several(seats.len(), "seat"))
            }
            (Leaf::In(name), Test::Places(places)) => {
                let places = several(places.len(), "collective");
                format!("in the collective `{}`{places}", name.text)
            }
            (Leaf::For(name), Test::Assigned(seats)) => {
                format!(
                    "to be done by `{}`{}",
                    name.text,
                    several(seats.len(), "seat")
                )
            }
            (Leaf::Links(name), _) => format!("points at `{}`", name.text),
            (Leaf::To(name), _) => format!("answers `{}`", name.text),
            (Leaf::Shared(shared), _) => {
                let how = match shared.how {
                    How::Alias => "another name of",
                    How::Same => "the same as",
                    How::Narrower => "narrower than",
                };
                let text = words(&shared.text);
                format!("{text}, {how} `{}`, counts half", shared.of)
            }
            (_, test) => self.test(test),
        }
    }

    fn test(&self, test: &Test) -> String {
        match test {
            Test::Text(text) => words(text),
            Test::Tag(tag) => format!("the tag `{tag}` or one below it"),
            Test::TagPrefix(stem) => format!("a tag that begins with `{stem}`"),
            Test::Kind(kind) => match kind.name() {
                Some(name) => format!("of the kind `{name}`"),
                None => format!("of the kind {}", kind.0),
            },
            Test::Created(interval) => self.interval(*interval),
            Test::Flag(flag) => fact(*flag).to_owned(),
            Test::Seats(seats) => format!("written by one of {} seats", seats.len()),
            Test::Places(places) if places.len() == 1 => {
                let name = places
                    .first()
                    .and_then(|place| self.names.place_name(place));
                name.map_or_else(
                    || "in one collective".to_owned(),
                    |name| format!("in the collective `{name}`"),
                )
            }
            Test::Places(places) => format!("in one of {} collectives", places.len()),
            Test::Links(links) => format!("points at one of {} targets", links.len()),
            Test::Answers(records) => format!("answers one of {} records", records.len()),
            Test::Called(name) => format!("is called `{name}`"),
            Test::Due(span) => due_words(*span),
            Test::Overdue(now) => {
                format!("is a task not done that was due before {}", due_word(*now))
            }
            Test::Assigned(seats) => format!("to be done by one of {} seats", seats.len()),
        }
    }

    fn interval(&self, interval: Interval) -> String {
        let Interval { from, to } = interval;
        match (from, to) {
            _ if from >= to => "written at no time".to_owned(),
            (0, u64::MAX) => "written at any time".to_owned(),
            (0, to) => format!("written before {}", self.moment(to)),
            (from, u64::MAX) => format!("written on or after {}", self.moment(from)),
            (from, to) => {
                let (from, to) = (self.moment(from), self.moment(to));
                format!("written on or after {from} and before {to}")
            }
        }
    }

    /// The date, with the time of day where it is not the day's beginning.
    fn moment(&self, ms: u64) -> String {
        let moment = i64::try_from(ms).ok();
        let moment = moment.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let Some(moment) = moment.map(|moment| moment.to_zoned(self.zone.clone())) else {
            return "the end of time".to_owned();
        };
        let time = moment.time();
        let shape = if moment.start_of_day().is_ok_and(|start| start == moment) {
            "%Y-%m-%d"
        } else if time.second() == 0 && time.subsec_nanosecond() == 0 {
            "%Y-%m-%d %H:%M"
        } else {
            "%Y-%m-%d %H:%M:%S"
        };
        moment.strftime(shape).to_string()
    }
}

/// The first minute of a day is the day's beginning, and told as the day.
fn due_word(due: Due) -> String {
    match due.minute() {
        Some(0) => due
            .to_string()
            .split('T')
            .next()
            .unwrap_or_default()
            .to_owned(),
        _ => due.to_string().replace('T', " "),
    }
}

fn due_words(span: DueSpan) -> String {
    match (span.from, span.to) {
        (None, None) => "due at any time".to_owned(),
        (None, Some(to)) => format!("due before {}", due_word(to)),
        (Some(from), None) => format!("due on or after {}", due_word(from)),
        (Some(from), Some(to)) => {
            format!(
                "due on or after {} and before {}",
                due_word(from),
                due_word(to)
            )
        }
    }
}

/// Words as they stand in a text: characters that are words by themselves without spaces.
pub fn spelled(text: &Text) -> String {
    let mut spelled = String::new();
    let mut joins = true;
    for word in &text.words {
        let alone = is_alone(word);
        if !(spelled.is_empty() || joins && alone) {
            spelled.push(' ');
        }
        spelled.push_str(word);
        joins = alone;
    }
    if text.prefix {
        spelled.push('*');
    }
    spelled
}

fn words(text: &Text) -> String {
    let shown = spelled(text);
    if text.prefix {
        return format!("a word that begins with `{}`", shown.trim_end_matches('*'));
    }
    if text.words.iter().all(|word| is_alone(word)) {
        return format!("the text `{shown}`");
    }
    match text.words.len() {
        1 => format!("the word `{shown}`"),
        _ => format!("the words `{shown}`, next to each other"),
    }
}

const fn fact(flag: Flag) -> &'static str {
    match flag {
        Flag::Attachment => "has an attachment",
        Flag::Link => "has a link",
        Flag::Url => "has an address of its own",
        Flag::Title => "has a title",
        Flag::Tag => "has a tag",
        Flag::Text => "has a text",
        Flag::Reply => "is an answer",
        Flag::Edited => "was edited",
        Flag::Todo => "is a task not begun",
        Flag::Doing => "is a task under way",
        Flag::Done => "is a task done",
        Flag::Dropped => "is a task given up",
        Flag::Unmerged => "has versions side by side",
        Flag::Open => "is a task not done yet",
        Flag::Due => "is due on a day",
        Flag::Recurring => "is a task that comes again",
    }
}
