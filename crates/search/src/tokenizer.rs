//! The words of the library, as tantivy wants them given.

use folkmoot_library::Words;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// The name under which the index knows it.
pub(crate) const TOKENIZER: &str = "folkmoot";

#[derive(Debug, Clone, Default)]
pub(crate) struct LibraryTokenizer;

#[derive(Debug)]
pub(crate) struct LibraryTokens<'t> {
    words: Words<'t>,
    token: Token,
}

impl Tokenizer for LibraryTokenizer {
    type TokenStream<'t> = LibraryTokens<'t>;

    fn token_stream<'t>(&'t mut self, text: &'t str) -> LibraryTokens<'t> {
        LibraryTokens {
            words: Words::new(text),
            // `position` begins before the first word.
            token: Token::default(),
        }
    }
}

impl TokenStream for LibraryTokens<'_> {
    fn advance(&mut self) -> bool {
        if !self.words.advance() {
            return false;
        }
        let range = self.words.range();
        self.token.text.clear();
        self.token.text.push_str(self.words.word());
        self.token.position = self.token.position.wrapping_add(1);
        self.token.offset_from = range.start;
        self.token.offset_to = range.end;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
