//! What a person may be typing: titles, tags, names. Nothing is built or waited for.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_api::{ApiError, Candidate, Complete, Completes, Reply};
use folkmoot_library::{Expr, Flag, ResolvedQuery, Sort, Status, Test, Text, Words, fold, item};
use folkmoot_search::Page;

use crate::{
    core::Core, exchange::holdings::read, keeping::documents::document_of,
    membership::collective::Collective,
};

/// Candidates where the asker does not say: more than fit on a screen.
const USUAL: usize = 50;
/// Most candidates.
const MOST: usize = 200;
/// Records that are looked at for titles that begin so, the newest: some milliseconds.
const LOOKED_AT: usize = 200;
/// Fewer digits than this begin too many ids.
const LEAST_DIGITS: usize = 2;

impl Core {
    /// What may be meant by what was typed of it.
    pub(crate) fn complete(&mut self, ask: &Complete) -> Result<Reply, ApiError> {
        let most = match ask.limit {
            0 => USUAL,
            limit => MOST.min(limit as usize),
        };
        let stem = fold(&ask.begins);
        let mut found = match ask.what {
            Completes::Titles => self.titles_beginning(&ask.begins, &stem)?,
            Completes::Tags => {
                let stem = stem.trim_start_matches('#');
                let tags = self.library.tags_beginning(stem, most);
                tags.into_iter().map(|tag| plain(tag, "")).collect()
            }
            Completes::Collectives => {
                let collectives = self.collectives.values();
                let named = |c: &Collective| plain(c.name(), &c.cid().short());
                collectives.map(named).collect()
            }
            Completes::People => {
                let mut people: BTreeMap<String, String> = BTreeMap::new();
                for collective in self.collectives.values() {
                    for profile in collective.profiles.values() {
                        people
                            .entry(profile.name.clone())
                            .or_insert(collective.name());
                    }
                }
                people
                    .into_iter()
                    .map(|(name, place)| plain(name, &place))
                    .collect()
            }
            Completes::Searches => {
                let saved = self.search_names().into_iter();
                saved.map(|(name, query)| plain(name, &query)).collect()
            }
            Completes::Words => {
                let lexicon = self.lexicon();
                let used = lexicon
                    .all()
                    .iter()
                    .filter(|symbol| symbol.status != Status::Retired);
                used.map(|symbol| plain(symbol.term.clone(), &self.name_of(&symbol.cid)))
                    .collect()
            }
        };
        found.retain(|candidate| {
            let digits = ask.what == Completes::Titles && candidate.value.starts_with(&ask.begins);
            digits || fold(&candidate.value).starts_with(stem.trim_start_matches(['#', '@']))
        });
        let mut seen = BTreeSet::new();
        found.retain(|candidate| seen.insert(candidate.value.clone()));
        found.truncate(most);
        Ok(Reply::Candidates(found))
    }

    fn titles_beginning(&self, typed: &str, stem: &str) -> Result<Vec<Candidate>, ApiError> {
        let mut found = Vec::new();
        if typed.len() >= LEAST_DIGITS && typed.bytes().all(|b| b.is_ascii_hexdigit()) {
            for id in self.matching(&typed.to_ascii_lowercase(), USUAL)? {
                let Some(record) = read(&self.store, &id) else {
                    continue;
                };
                let document = document_of(&id, record.header()) == Some(id);
                if let Some(item) = item(&record).filter(|_| document) {
                    found.push(plain(self.short_id(&id), &item.title));
                }
            }
        }
        let query = ResolvedQuery {
            expr: title_test(stem),
            sort: Sort::Newest,
            now_ms: 0,
        };
        let page = Page::first(LOOKED_AT);
        let hits = self.library.search(&query, page).map(|found| found.hits);
        for hit in hits.unwrap_or_default() {
            let titled = read(&self.store, &hit.id).and_then(|record| item(&record));
            if let Some(item) = titled
                && let Some(title) = item.own_title()
            {
                let short = self.short_id(&item.document);
                let about = format!("{short} {}", self.name_of(&item.cid));
                found.push(plain(title.to_owned(), &about));
            }
        }
        Ok(found)
    }
}

/// What has a title, with the words typed so far; the last may be the beginning of one.
fn title_test(stem: &str) -> Expr<Test> {
    let mut parts = vec![Expr::Is(Test::Flag(Flag::Title))];
    let mut cursor = Words::new(stem);
    let mut words = Vec::new();
    while cursor.advance() {
        words.push(cursor.word().to_owned());
    }
    let last = words.len().saturating_sub(1);
    for (at, word) in words.into_iter().enumerate() {
        let whole = at < last || stem.ends_with(|c: char| !c.is_alphanumeric());
        parts.push(Expr::Is(Test::Text(Text {
            words: vec![word],
            prefix: !whole,
            added: false,
        })));
    }
    Expr::And(parts)
}

fn plain(value: String, about: &str) -> Candidate {
    Candidate {
        value,
        about: about.to_owned(),
    }
}
