//! The shared words that this node knows, kept at hand, and what they add to a search.

use std::sync::Arc;

use folkmoot_api::WidenedWord;
use folkmoot_library::{
    Expr, Lexicon, MOST_SYMBOLS, Query, ResolvedQuery, Sort, Symbol, Test, Widened,
};
use folkmoot_record::{CollectiveId, Kind, RecordId};
use folkmoot_search::Page;

use crate::{core::Core, exchange::holdings::read, membership::collective::Collective};

/// The lexicon that was made last, and of what.
#[derive(Default)]
pub(crate) struct Words {
    versions: Vec<RecordId>,
    own: Option<CollectiveId>,
    lexicon: Arc<Lexicon>,
}

impl Core {
    /// The shared words of all collectives, as far as the index has them. Symbols are read again only
    /// where others are current than the last time.
    pub(crate) fn lexicon(&mut self) -> Arc<Lexicon> {
        let query = ResolvedQuery {
            expr: Expr::Is(Test::Kind(Kind::SYMBOL)),
            sort: Sort::Newest,
            now_ms: 0,
        };
        let versions: Vec<RecordId> = self
            .library
            .search(&query, Page::first(MOST_SYMBOLS))
            .map(|found| found.hits.into_iter().map(|hit| hit.id).collect())
            .unwrap_or_default();
        let own = self.home_collective().map(Collective::cid);
        if versions != self.words.versions || own != self.words.own {
            let symbols = versions
                .iter()
                .filter_map(|id| Symbol::of(&read(&self.store, id)?));
            let lexicon = Arc::new(Lexicon::new(symbols, own));
            self.words = Words {
                versions,
                own,
                lexicon,
            };
        }
        Arc::clone(&self.words.lexicon)
    }

    /// The query with what shared words add to it; with whether they would add more than is looked for,
    /// and what to tell of it.
    pub(crate) fn widen(&mut self, query: &Query) -> (Query, Vec<WidenedWord>, bool) {
        let widened = query.widened(&self.lexicon());
        let told = self.widened_words(&widened);
        (widened.query, told, widened.cut)
    }

    /// What was added to a search, word by word and collective by collective.
    fn widened_words(&self, widened: &Widened) -> Vec<WidenedWord> {
        let mut words: Vec<WidenedWord> = Vec::new();
        for one in &widened.by {
            let begins = words.len();
            for added in &one.added {
                let collective = added.place.map(|place| self.name_of(&place));
                match words[begins..]
                    .iter_mut()
                    .find(|word| word.collective == collective)
                {
                    Some(word) => word.added.push(added.name.clone()),
                    None => words.push(WidenedWord {
                        word: one.word.clone(),
                        added: vec![added.name.clone()],
                        collective,
                    }),
                }
            }
        }
        words
    }
}
