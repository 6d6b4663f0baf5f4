//! A line of bash up to the cursor: its words, and how to go on with the last.

/// The words of the last command of a line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Without quotes; the last is being typed and may be empty.
    pub(crate) words: Vec<String>,
    /// The last word as it stands in the line.
    raw: String,
    /// The quote that is open at the end.
    quote: Option<char>,
}

/// Takes a line apart as a shell does, as far as that can be told without running it.
pub(crate) fn split(text: &str) -> Line {
    let mut line = Line::default();
    let mut word: Option<String> = None;
    let mut raw = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (line.quote, c) {
            (Some(quote), c) if c == quote => {
                line.quote = None;
                raw.push(c);
            }
            (Some('"') | None, '\\') => {
                raw.push(c);
                if let Some(next) = chars.next() {
                    raw.push(next);
                    word.get_or_insert_default().push(next);
                }
            }
            (Some(_), c) => {
                raw.push(c);
                word.get_or_insert_default().push(c);
            }
            (None, '"' | '\'') => {
                line.quote = Some(c);
                raw.push(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\n') => {
                line.words.extend(word.take());
                raw.clear();
            }
            (None, '|' | ';' | '&') => {
                line.words.clear();
                word = None;
                raw.clear();
            }
            (None, c) => {
                raw.push(c);
                word.get_or_insert_default().push(c);
            }
        }
    }
    line.words.push(word.unwrap_or_default());
    // Settings for one command stand before it: `MOOT_HOME=x moot show`.
    let settings = line
        .words
        .iter()
        .take(line.words.len() - 1)
        .take_while(|word| word.contains('='))
        .count();
    line.words.drain(..settings);
    line.raw = raw;
    line
}

impl Line {
    /// What bash is to put in the place of the part of the word that it takes for the last; `None`
    /// where it cannot be written there.
    pub(crate) fn insert(&self, value: &str, breaks: &str) -> Option<String> {
        match self.quote {
            // The shell keeps the quote that is open, and closes it.
            Some('\'') => (!value.contains('\'')).then(|| value.to_owned()),
            // Bash takes `!` for a line of its history there, and nothing hinders it.
            Some(_) => (!value.contains('!'))
                .then(|| escaped(value, |c| matches!(c, '"' | '\\' | '$' | '`'))),
            None => {
                let whole = escaped(value, |c| !plain(c));
                let is_break = |at: usize, c: char| {
                    let escaped = self.raw[..at].ends_with('\\');
                    breaks.contains(c) && !c.is_whitespace() && !escaped && !"\"'\\".contains(c)
                };
                let mut signs = self.raw.char_indices().rev();
                let kept = signs
                    .find(|(at, c)| is_break(*at, *c))
                    .map_or("", |(at, c)| &self.raw[..at + c.len_utf8()]);
                Some(whole.strip_prefix(kept).unwrap_or(&whole).to_owned())
            }
        }
    }
}

fn plain(c: char) -> bool {
    c.is_alphanumeric() || "/-_.,:=@%+^#~".contains(c) || !c.is_ascii()
}

fn escaped(value: &str, odd: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(value.len() + 8);
    for (at, c) in value.chars().enumerate() {
        if odd(c) || at == 0 && matches!(c, '#' | '~') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    #[test]
    fn a_line_is_taken_apart_as_a_shell_does() {
        for (text, words) in [
            ("moot show ", vec!["moot", "show", ""]),
            ("moot show Hot\\ co", vec!["moot", "show", "Hot co"]),
            ("moot show \"Hot co", vec!["moot", "show", "Hot co"]),
            (
                "moot show 'it is' \"a\\\"b\" x",
                vec!["moot", "show", "it is", "a\"b", "x"],
            ),
            ("cat x | moot fi", vec!["moot", "fi"]),
            ("A=b C='d e' moot fi", vec!["moot", "fi"]),
            ("moot note '' ", vec!["moot", "note", "", ""]),
        ] {
            assert_eq!(split(text).words, words, "{text}");
        }
    }

    #[test]
    fn values_are_written_so_that_the_shell_reads_them_back() {
        let insert = |text: &str, value: &str| split(text).insert(value, BREAKS);
        assert_eq!(
            insert("moot show Ho", "Hot compost"),
            Some("Hot\\ compost".into())
        );
        assert_eq!(insert("moot show \"Ho", "Hot $5"), Some("Hot \\$5".into()));
        assert_eq!(insert("moot show 'Ho", "Hot $5"), Some("Hot $5".into()));
        assert_eq!(insert("moot show 'Ho", "it's"), None);
        // Bash takes what follows a colon for a word of its own.
        assert_eq!(
            insert("moot find tag:ga", "tag:garden"),
            Some("garden".into())
        );
        assert_eq!(
            insert("moot find tag:", "tag:garden"),
            Some("garden".into())
        );
        assert_eq!(
            insert("moot show ", "#1 (old)"),
            Some("\\#1\\ \\(old\\)".into())
        );
        assert_eq!(insert("moot show ", "検索 é"), Some("検索\\ é".into()));
    }
}
