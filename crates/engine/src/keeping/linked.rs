//! What links to a document, what its own links do not find, and renaming it with its links.

use std::collections::BTreeSet;

use folkmoot_api::{ApiError, LinkedView, Rename, Renamed, Reply};
use folkmoot_library::{
    Expr, Item, Link, ResolvedQuery, Sort, Test, can_be_linked, fold, foreign, is_linkable, item,
    link_titles, relinked,
};
use folkmoot_record::{CollectiveId, Kind, RecordId, Verified, content::Content};
use folkmoot_search::Page;

use crate::{
    core::Core,
    errors::{failed, usage},
    exchange::holdings::read,
    finding::find::unsearched,
    keeping::{
        documents::{Document, document_of},
        edit::{Says, day_is_title, unreadable},
        symbols::keep_old_term,
    },
    membership::collective::Collective,
};

/// Documents told of that link to the one shown, the newest; the rest is a number.
const MOST_TOLD: usize = 20;
/// Titles of one text that are looked for: more are a list of links.
const MOST_TITLES: usize = 64;

/// What links to a document.
pub(crate) struct Linking {
    /// Current versions, the newest first.
    pub(crate) records: Vec<RecordId>,
    /// How many there are in all.
    pub(crate) total: u64,
}

impl Core {
    /// The documents that link to one by its id, its title, or as a shared word by `:name:`, which
    /// means one of the collective of the text, or of the person. `said`: comments on it
    /// too.
    pub(crate) fn linking(
        &mut self,
        document: &RecordId,
        item: &Item,
        aliases: &[String],
        most: usize,
        said: bool,
    ) -> Result<Linking, ApiError> {
        let mut links = BTreeSet::from([Link::Record(*document)]);
        for name in aliases.iter().chain([&item.title]) {
            if can_be_linked(item.kind) && is_linkable(name) {
                links.extend(Link::parse(name));
            }
        }
        let mut expr = Expr::Is(Test::Links(links));
        if item.kind == Kind::SYMBOL {
            let names = item.also.iter().chain([&item.title]);
            let words = names.map(|name| Link::symbol(name)).collect();
            let by_word = Expr::Is(Test::Links(words));
            let own = self.home_collective().map(Collective::cid) == Some(item.cid);
            let by_word = match own {
                true => by_word,
                false => {
                    let here = Expr::Is(Test::Places([item.cid].into()));
                    Expr::And(vec![here, by_word])
                }
            };
            expr = Expr::Or(vec![expr, by_word]);
        }
        if !said {
            let on_it = Expr::And(vec![
                Expr::Is(Test::Kind(Kind::COMMENT)),
                Expr::Is(Test::Links([Link::Record(*document)].into())),
            ]);
            expr = Expr::And(vec![expr, Expr::Not(Box::new(on_it))]);
        }
        if !self.serving {
            self.catch_up_fully();
        }
        let query = ResolvedQuery {
            expr,
            sort: Sort::Newest,
            now_ms: self.clock.wall(),
        };
        let page = Page {
            limit: most,
            offset: 0,
        };
        let hits = self.library.search(&query, page).map_err(unsearched)?;
        let mut linking = Linking {
            records: Vec::new(),
            total: hits.total,
        };
        for hit in hits.hits {
            let own = read(&self.store, &hit.id)
                .and_then(|record| document_of(&hit.id, record.header()))
                == Some(*document);
            if own {
                linking.total = linking.total.saturating_sub(1);
            } else {
                linking.records.push(hit.id);
            }
        }
        Ok(linking)
    }

    /// What links to a shown record, as it is told, and how many more there are.
    pub(crate) fn linked_from(
        &mut self,
        record: &Verified,
    ) -> Result<(Vec<LinkedView>, u64), ApiError> {
        let id = record.id();
        let Some(item) = item(record) else {
            return Ok((Vec::new(), 0));
        };
        let document = document_of(&id, record.header()).unwrap_or(id);
        let content = record
            .body()
            .and_then(|body| Content::decode(record.header().kind, body).ok());
        let aliases: Vec<String> = content.iter().flat_map(foreign::aliases).collect();
        let linking = self.linking(&document, &item, &aliases, MOST_TOLD, false)?;
        let told: Vec<LinkedView> = linking
            .records
            .iter()
            .filter_map(|id| self.linked_view(id))
            .collect();
        let more = linking.total.saturating_sub(told.len() as u64);
        Ok((told, more))
    }

    pub(super) fn linked_view(&self, id: &RecordId) -> Option<LinkedView> {
        let record = read(&self.store, id)?;
        let item = item(&record)?;
        Some(LinkedView {
            id: item.document.to_string(),
            short: self.short_id(&item.document),
            title: item.title,
            collective: self.name_of(&item.cid),
        })
    }

    /// The titles in double brackets that no document here has, as they are written.
    pub(crate) fn unresolved(&self, text: &str) -> Result<Vec<String>, ApiError> {
        if self.library.partial() {
            // What is not found yet may be there.
            return Ok(Vec::new());
        }
        let mut unresolved = Vec::new();
        for title in link_titles(text).into_iter().take(MOST_TITLES) {
            if !self.is_called(title)? {
                unresolved.push(title.to_owned());
            }
        }
        Ok(unresolved)
    }

    /// Gives a document another title, and its new name to what links to it by the old one. The
    /// links come first: where it breaks off, doing it again finds the rest.
    pub(crate) fn rename(&mut self, ask: &Rename) -> Result<Reply, ApiError> {
        let title = ask.title.trim();
        if title.is_empty() {
            return Err(usage("a new title has at least one character"));
        }
        let (cid, document) = self.document_named(&ask.id)?;
        self.catch_up_somewhat();
        if self.library.partial() {
            let why = "the index is being built: not all that links to it is found yet";
            return Err(
                failed(why.to_owned()).hint("try again when `moot status` says it is whole")
            );
        }
        self.one_meant(&ask.id, &document.id)?;
        let shown = document.current().first().copied().cloned();
        let shown = shown.ok_or_else(|| unreadable(&ask.id))?;
        let was = item(&shown).ok_or_else(|| unreadable(&ask.id))?;
        let old = was.title.clone();
        let mut says = Says::of(&document, &shown.id()).ok_or_else(|| unreadable(&ask.id))?;
        let before = says.clone();
        if was.kind == Kind::DAILY {
            return Err(day_is_title());
        }
        says.set_title(title)?;
        if was.kind == Kind::SYMBOL {
            keep_old_term(&mut says, &old, title)?;
        }
        let mut renamed = Renamed {
            id: document.id.to_string(),
            short: self.short_id(&document.id),
            collective: self.name_of(&cid),
            old: old.clone(),
            title: title.to_owned(),
            version: shown.id().to_string(),
            relinked: Vec::new(),
            left: Vec::new(),
            unlinkable: !is_linkable(title),
            namesakes: 0,
        };
        let device = ask.device.as_deref();
        if fold(&old) != fold(title) && !old.is_empty() {
            // A right that is missing is told before anything is written.
            self.may_edit(cid, &document)?;
            self.is_free(title, &document.id)?;
            renamed.namesakes = self.others_called(&old, &document.id)?;
            if renamed.namesakes == 0 {
                let itself = relinked(&was.text, &old, title).filter(|_| is_linkable(title));
                if let Some(text) = itself {
                    says.set_text(&text)?;
                }
                self.relink(cid, &document.id, &was, title, device, &mut renamed)?;
            }
        }
        if says != before {
            let replaces = BTreeSet::from([shown.id()]);
            let version = self.write_version(cid, &document, &replaces, says, device)?;
            renamed.version = version.to_string();
        }
        Ok(Reply::Renamed(Box::new(renamed)))
    }

    /// With two of one title links to one would mean both, for good: which text meant which, nobody
    /// could tell any more.
    fn is_free(&mut self, title: &str, document: &RecordId) -> Result<(), ApiError> {
        let mut taken = self.namesakes(title)?;
        taken.remove(document);
        let Some(other) = taken.first().map(|id| self.short_id(id)) else {
            return Ok(());
        };
        let (short, more) = (self.short_id(document), taken.len() - 1);
        let others = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Err(usage(format!("{other}{others} is called {title} already"))
            .hint(format!("choose another title, or rename that one first: `moot rename {other} ...`; links to {short} by its id need no title")))
    }

    /// Whether this person may write a version of a document, as far as that can be told before.
    pub(super) fn may_edit(&self, cid: CollectiveId, document: &Document) -> Result<(), ApiError> {
        let (Some(first), Some(collective)) = (document.first(), self.collectives.get(&cid)) else {
            return Ok(());
        };
        collective.may_edit(first, self.clock.wall())
    }
}
