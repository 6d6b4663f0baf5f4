//! Records by what they are called: title, other name, or first line.

use std::collections::BTreeSet;

use folkmoot_api::ApiError;
use folkmoot_library::{
    Expr, Item, ResolvedQuery, Sort, Test, fold, has_versions, item, link_names,
};
use folkmoot_record::{CollectiveId, Kind, RecordId, Verified};
use folkmoot_search::Page;

use crate::{
    core::Core,
    errors::{failed, not_found, usage},
    exchange::holdings::read,
    finding::find::unsearched,
    keeping::documents::Document,
    membership::invite::moment,
};

/// Records of one name that are read, the newest: more are told apart by their ids.
const MOST_CALLED: usize = 1_000;
/// Of several with one title so many are told; more are a list.
const NAMED: usize = 5;

impl Core {
    /// A record by id, unique prefix or exact title, for reading it.
    pub(crate) fn named_or_titled(&mut self, text: &str) -> Result<RecordId, ApiError> {
        match self.record_named(text)? {
            Some(id) => Ok(id),
            None => self.titled(text),
        }
    }

    /// The same for doing something to it: while the index is being built another one may have the
    /// title too.
    pub(crate) fn named_to_act(&mut self, text: &str) -> Result<RecordId, ApiError> {
        if let Some(id) = self.record_named(text)? {
            return Ok(id);
        }
        self.catch_up_somewhat();
        self.must_be_whole(text)?;
        self.titled(text)
    }

    /// While the index is not whole others may be called so.
    pub(crate) fn must_be_whole(&self, name: &str) -> Result<(), ApiError> {
        if !self.library.partial() {
            return Ok(());
        }
        Err(failed(format!(
            "the index is being built: which records are called {name} is not known yet"
        ))
        .hint("name it by its whole id, or wait until `moot status` says that the index is whole"))
    }

    /// The same, where what is done cannot be undone for all: the first digits of an id may be a title
    /// too, and then nobody guesses which is meant.
    pub(crate) fn one_meant(&mut self, text: &str, id: &RecordId) -> Result<(), ApiError> {
        /// Digits of a whole id, which cannot be a title by chance.
        const WHOLE: usize = 64;
        if text.len() >= WHOLE {
            return Ok(());
        }
        self.catch_up_somewhat();
        let id = self.document_at(id);
        if self.library.partial() {
            return Err(failed(format!(
                "the index is being built: whether something else is called {text} is not known yet"
            ))
            .hint(format!(
                "give the whole id, {id}, or wait until `moot status` says that the index is whole"
            )));
        }
        let mut meant = self.namesakes(text)?;
        meant.insert(id);
        if meant.len() > 1 {
            let ids: Vec<String> = meant.iter().map(|id| self.short_id(id)).collect();
            return Err(usage(format!("{text} may mean several documents"))
                .hint(format!("give the id: {}", ids.join(", "))));
        }
        Ok(())
    }

    /// A document by id or title of it, or by the id of one of its versions, for doing something to it.
    pub(crate) fn document_named(
        &mut self,
        text: &str,
    ) -> Result<(CollectiveId, Document), ApiError> {
        let id = self.named_to_act(text)?;
        let record = read(&self.store, &id)
            .ok_or_else(|| not_found(format!("there is no record {text} here")))?;
        self.document_of(&record)?.ok_or_else(|| {
            let name = record.header().kind.name().unwrap_or("record");
            let hint = format!("look at it: `moot show {}`", self.short_id(&id));
            if has_versions(record.header().kind) {
                not_found(format!("{text} does not stand, so it has no versions"))
                    .hint(format!("`moot why {}` says why", self.short_id(&id)))
            } else {
                usage(format!("a {name} has no versions")).hint(hint)
            }
        })
    }

    /// The current versions that are called so, the newest first, and how many there are.
    fn called(&self, name: &str) -> Result<(Vec<RecordId>, u64), ApiError> {
        self.that_are(Test::Called(fold(name.trim())), true, MOST_CALLED)
    }

    /// `comments`: those too, though no link means one.
    fn that_are(
        &self,
        called: Test,
        comments: bool,
        most: usize,
    ) -> Result<(Vec<RecordId>, u64), ApiError> {
        if called == Test::Called(String::new()) {
            return Ok((Vec::new(), 0));
        }
        let mut expr = Expr::Is(called);
        if !comments {
            let comment = Expr::Is(Test::Kind(Kind::COMMENT));
            expr = Expr::And(vec![expr, Expr::Not(Box::new(comment))]);
        }
        let query = ResolvedQuery {
            expr,
            sort: Sort::Newest,
            now_ms: self.clock.wall(),
        };
        let hits = self
            .library
            .search(&query, Page::first(most))
            .map_err(unsearched)?;
        let ids = hits.hits.into_iter().map(|hit| hit.id).collect();
        Ok((ids, hits.total))
    }

    /// The records with this title, for `to:` and `links:`.
    pub(crate) fn with_title(&self, title: &str) -> Result<BTreeSet<RecordId>, ApiError> {
        let (ids, _) = self.called(title)?;
        Ok(ids
            .iter()
            .filter_map(|id| item(&read(&self.store, id)?))
            .flat_map(|item| [item.id, item.document])
            .collect())
    }

    /// Whether `[[title]]` finds something: a page, or a file that is attached to one.
    pub(crate) fn is_called(&self, title: &str) -> Result<bool, ApiError> {
        let (found, _) = self.that_are(Test::Called(fold(title.trim())), false, 1)?;
        Ok(!found.is_empty())
    }

    /// How many documents beside this one `[[title]]` may mean.
    ///
    /// # Errors
    /// As of [`Core::namesakes`]; more than it tells apart are only counted.
    pub(crate) fn others_called(&mut self, title: &str, own: &RecordId) -> Result<u64, ApiError> {
        self.must_be_whole(title)?;
        let (_, total) = self.that_are(Test::Called(fold(title.trim())), false, 1)?;
        if total > MOST_CALLED as u64 {
            return Ok(total - 1);
        }
        let mut others = self.namesakes(title)?;
        others.remove(own);
        Ok(others.len() as u64)
    }

    /// The documents that `[[title]]` may mean.
    ///
    /// # Errors
    /// While the index is not whole, or cannot be read: then nobody knows.
    pub(crate) fn namesakes(&mut self, title: &str) -> Result<BTreeSet<RecordId>, ApiError> {
        self.must_be_whole(title)?;
        let name = fold(title.trim());
        let (ids, total) = self.that_are(Test::Called(name.clone()), false, MOST_CALLED)?;
        if total > MOST_CALLED as u64 {
            return Err(usage(format!(
                "{total} records are called {title}: which of them a link means cannot be told"
            ))
            .hint("name it by its whole id, or choose a title that fewer have"));
        }
        let mut meant = BTreeSet::new();
        for id in ids {
            let Some(record) = read(&self.store, &id) else {
                continue;
            };
            let means = |record: &Verified| link_names(record).contains(&name);
            // A version that stands beside the one that is shown may be called so.
            let so = means(&record)
                || self
                    .document_of(&record)?
                    .is_some_and(|(_, document)| document.current().into_iter().any(means));
            if so {
                meant.insert(self.document_at(&id));
            }
        }
        Ok(meant)
    }

    pub(crate) fn titled(&mut self, title: &str) -> Result<RecordId, ApiError> {
        self.catch_up_alone();
        let (ids, total) = self.called(title)?;
        let mut titled: Vec<(RecordId, Item)> = Vec::new();
        let mut documents = BTreeSet::new();
        for id in ids {
            let item = read(&self.store, &id).and_then(|record| item(&record));
            if let Some(item) = item
                && documents.insert(item.document)
            {
                titled.push((id, item));
            }
        }
        // A title comes before another name and a first line, and one of its own, or that of a day's
        // page, before those.
        let wanted = fold(title.trim());
        let is_title = |item: &Item| fold(item.title.trim()) == wanted;
        let is_own = |item: &Item| {
            is_title(item) && (item.own_title().is_some() || item.kind == Kind::DAILY)
        };
        for better in [&is_title as &dyn Fn(&Item) -> bool, &is_own] {
            if titled.iter().any(|(_, item)| better(item)) {
                titled.retain(|(_, item)| better(item));
            }
        }
        let unread = total.saturating_sub(MOST_CALLED as u64);
        match titled.as_slice() {
            [] => Err(self.none_titled(title)),
            [(id, _)] if unread == 0 => Ok(*id),
            several => Err(self.several_titled(title, several, unread)),
        }
    }

    fn none_titled(&self, title: &str) -> ApiError {
        if self.library.partial() {
            return not_found(format!(
                "no record with the id or title {title} was found yet: the index is being built"
            ))
            .hint("wait until `moot status` says that it is whole, or show the record by its id");
        }
        let quoted = format!("\"{}\"", title.replace('"', " "));
        not_found(format!("no record here has the id or title {title}"))
            .hint(format!("search for it: `moot find {quoted}`"))
    }

    /// Who names several by a title is told which they are.
    fn several_titled(&self, title: &str, several: &[(RecordId, Item)], unread: u64) -> ApiError {
        let mut named: Vec<String> = several
            .iter()
            .take(NAMED)
            .map(|(_, item)| {
                let day = moment(item.ms()).strftime("%Y-%m-%d");
                let short = self.short_id(&item.document);
                format!("{short} ({}, {day})", self.name_of(&item.cid))
            })
            .collect();
        let count = several.len() as u64 + unread;
        let more = count.saturating_sub(NAMED as u64);
        if more > 0 {
            named.push(format!("{more} more"));
        }
        usage(format!("{count} records have the title {title}"))
            .hint(format!("say which by its id: {}", named.join(", ")))
    }
}
