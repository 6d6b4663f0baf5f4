//! The recovery card: the words, and where a person is a member (section 6.1).
//!
//! Plain text that can be printed, typed and pasted. Words and collectives stand between marks;
//! `#` begins a remark that runs to the end of its line; line breaks, blanks and case mean
//! nothing otherwise.

use zeroize::Zeroizing;

use crate::{
    link::{CardLink, LinkError},
    master::{Master, WORDS, WordsError},
};

/// Most collectives on a card: more than a person takes part in, and few enough to ask for all.
pub const MOST_COLLECTIVES: usize = 64;
/// Most bytes of a card's text: every collective with eight addresses of usual length, in groups
/// and with a remark each, several times over.
pub const MOST_BYTES: usize = 256 << 10;
/// Most characters of a remark.
const MOST_REMARK: usize = 96;
/// Letters of a group, and groups of a line: what an eye can hold, and what a page is wide.
const GROUP: usize = 8;
const GROUPS: usize = 8;

const TITLE: [&str; 4] = ["folkmoot", "recovery", "card", "1"];
const WORDS_MARK: &str = "words:";
const COLLECTIVE_MARK: &str = "collective:";
const END_MARK: &str = "end:";

/// Why a text is no recovery card. Never repeats the text: it is secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Neither a card nor a phrase.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// A later form.
    #[error("this recovery card is of another version than 1; a newer program may read it")]
    Version,
    /// The mark after the title is missing.
    #[error("the recovery card has no line `{WORDS_MARK}` after its title")]
    NoWords,
    /// The last mark is missing.
    #[error("the recovery card is cut short: it ends with a line `{END_MARK}`")]
    Truncated,
    /// A collective cannot be read; counted from 1.
    #[error("collective {place} of the recovery card cannot be read: {error}")]
    Collective {
        /// Which.
        place: usize,
        /// Why.
        error: LinkError,
    },
    /// One collective twice.
    #[error("collective {0} of the recovery card stands there twice")]
    Twice(usize),
    /// More collectives than a card holds.
    #[error("a recovery card names at most {MOST_COLLECTIVES} collectives")]
    TooMany,
    /// Longer than any card.
    #[error("this is too long for a recovery card")]
    TooLong,
}

/// What a recovery card says. The words alone are a card without collectives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The secret behind the words.
    pub master: Master,
    /// The collectives.
    pub collectives: Vec<CardLink>,
}

impl Card {
    /// Reads a card, or 24 words alone.
    ///
    /// # Errors
    /// See [`CardError`].
    pub fn parse(text: &str) -> Result<Self, CardError> {
        if text.len() > MOST_BYTES {
            return Err(CardError::TooLong);
        }
        let mut clean = Zeroizing::new(String::with_capacity(text.len()));
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            clean.extend(line.chars().map(|c| c.to_ascii_lowercase()));
            clean.push('\n');
        }
        let mut tokens = clean.split_whitespace().peekable();
        if tokens.peek() != TITLE.first() {
            return Ok(Self {
                master: Master::from_words(&words(&mut tokens))?,
                collectives: Vec::new(),
            });
        }
        if tokens.by_ref().take(TITLE.len()).ne(TITLE) {
            return Err(CardError::Version);
        }
        if tokens.next() != Some(WORDS_MARK) {
            return Err(CardError::NoWords);
        }
        let phrase = words(&mut tokens);
        let master = Master::from_words(&phrase);
        // A card cut within its words is told as cut.
        if master.is_err() && tokens.peek().is_none() {
            return Err(CardError::Truncated);
        }
        let mut card = Self {
            master: master?,
            collectives: Vec::new(),
        };
        loop {
            match tokens.next() {
                Some(END_MARK) => return Ok(card),
                Some(COLLECTIVE_MARK) => card.collective(&mut tokens)?,
                // Only marks end the words and a collective.
                _ => return Err(CardError::Truncated),
            }
        }
    }

    fn collective<'t>(
        &mut self,
        tokens: &mut std::iter::Peekable<impl Iterator<Item = &'t str>>,
    ) -> Result<(), CardError> {
        let place = self.collectives.len() + 1;
        if place > MOST_COLLECTIVES {
            return Err(CardError::TooMany);
        }
        let mut link = String::new();
        while let Some(token) = tokens.next_if(|token| !is_mark(token)) {
            link.push_str(token);
        }
        if tokens.peek().is_none() {
            return Err(CardError::Truncated);
        }
        let link =
            CardLink::parse(&link).map_err(|error| CardError::Collective { place, error })?;
        if self.collectives.iter().any(|other| other.cid == link.cid) {
            return Err(CardError::Twice(place));
        }
        self.collectives.push(link);
        Ok(())
    }

    /// The text for paper: numbered words, letters in groups, a remark at each collective (its
    /// name, say) and `remarks` at the top. At most [`MOST_COLLECTIVES`] are written.
    pub fn to_text(&self, remarks: &[&str], names: &[&str]) -> Zeroizing<String> {
        // So large at once that it is not moved while it grows: moved secrets leave copies.
        let mut text = Zeroizing::new(String::with_capacity(
            4_096 + 2_048 * self.collectives.len(),
        ));
        push(&mut text, &TITLE.join(" "));
        for remark in remarks {
            push(&mut text, &format!("\n# {}", calm(remark)));
        }
        push(&mut text, &format!("\n{WORDS_MARK}"));
        let phrase = self.master.words();
        for (number, word) in phrase.split(' ').enumerate() {
            let line = if number % 4 == 0 { "\n" } else { " " };
            push(&mut text, line);
            push(&mut text, &format!("{:>2} ", number + 1));
            push(&mut text, word);
            let room = if number % 4 == 3 {
                0
            } else {
                9_usize.saturating_sub(word.len())
            };
            push(&mut text, &" ".repeat(room));
        }
        for (number, link) in self.collectives.iter().take(MOST_COLLECTIVES).enumerate() {
            push(&mut text, &format!("\n{COLLECTIVE_MARK}"));
            if let Some(name) = names.get(number) {
                push(&mut text, &format!(" # {}", calm(name)));
            }
            let link = link.to_text();
            // The letters after `folkmoot:c1:` in groups.
            let head = link.len() - link.rsplit(':').next().map_or(0, str::len);
            let (head, letters) = link.split_at(head);
            push(&mut text, "\n");
            push(&mut text, head);
            for (group, letters) in letters.as_bytes().chunks(GROUP).enumerate() {
                let blank = if group % GROUPS == 0 { "\n" } else { " " };
                push(&mut text, blank);
                text.extend(letters.iter().map(|letter| char::from(*letter)));
            }
        }
        push(&mut text, &format!("\n{END_MARK}\n"));
        text
    }

    /// The same card in one line, as short as it can be: for a QR code.
    pub fn to_line(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(512 + 1_024 * self.collectives.len()));
        push(&mut text, &TITLE.join(" "));
        push(&mut text, &format!(" {WORDS_MARK} "));
        push(&mut text, &self.master.words());
        for link in self.collectives.iter().take(MOST_COLLECTIVES) {
            push(&mut text, &format!(" {COLLECTIVE_MARK} "));
            push(&mut text, &link.to_text());
        }
        push(&mut text, &format!(" {END_MARK}"));
        text
    }
}

fn push(text: &mut String, more: &str) {
    text.push_str(more);
}

fn is_mark(token: &str) -> bool {
    matches!(token, COLLECTIVE_MARK | END_MARK)
}

/// The words up to the next mark, without the numbers that people write before them. One more
/// than a phrase has is enough to see that there are too many.
fn words<'t>(tokens: &mut std::iter::Peekable<impl Iterator<Item = &'t str>>) -> Zeroizing<String> {
    let mut words = Zeroizing::new(String::with_capacity(16 * (WORDS + 1)));
    let mut count = 0;
    while let Some(token) = tokens.next_if(|token| !is_mark(token)) {
        let numbers = |c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ':' | ',');
        let word = token.trim_matches(numbers);
        if word.is_empty() || count > WORDS {
            continue;
        }
        if count > 0 {
            words.push(' ');
        }
        words.push_str(word);
        count += 1;
    }
    words
}

/// A remark on one line, without what could steer a terminal.
fn calm(text: &str) -> String {
    let quiet = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(MOST_REMARK).map(quiet).collect()
}
