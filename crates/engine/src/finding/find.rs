//! Finding, listing, showing.

use std::collections::BTreeMap;

use folkmoot_api::{
    ActKind, ApiError, DocumentView, Find, Found, ItemView, List, Reply, ShowView, Sort as Order,
};
use folkmoot_library::{Item, ResolvedQuery, Sort, foreign, item, snippet};
use folkmoot_record::{CollectiveId, Kind, RecordId, Verified};
use folkmoot_search::{Behind, Hits, Page, SearchError};

use crate::{
    core::Core,
    errors::{failed, not_found, store_failed, usage},
    exchange::holdings::read,
    finding::{
        places::read_place,
        understand::{place, time_zone},
    },
    intake::receive::mark,
    keeping::{documents::Document, erasure::Fate, tasks::task_view},
    membership::invite::moment,
};

/// Hits of one page where the asker does not say.
const PAGE: u32 = 20;
/// Most hits of one page.
const MOST_PAGE: u32 = 1_000;
/// Characters of a snippet: two lines of a terminal.
const SNIPPET: usize = 160;

impl Core {
    pub(crate) fn find(&mut self, ask: &Find) -> Result<Reply, ApiError> {
        self.catch_up_alone();
        let zone = ask.time_zone.as_deref();
        let mut parsed = self.parse(&ask.query, zone)?;
        let order = match ask.sort {
            Order::Auto => parsed.asked,
            Order::Newest => Some(Sort::Newest),
            Order::Oldest => Some(Sort::Oldest),
            Order::Relevance => Some(Sort::Relevance),
        };
        parsed.asked = order;
        parsed.sort = order.unwrap_or(parsed.sort);
        let mut told = (Vec::new(), false);
        if !ask.exact {
            let (widened, words, cut) = self.widen(&parsed);
            told = (words, cut);
            parsed = widened;
        }
        let query = self.resolved(&parsed)?;
        let page = Page {
            limit: page_size(ask.limit),
            offset: ask.offset as usize,
        };
        let hits = self.library.search(&query, page).map_err(unsearched)?;
        let (mut found, shown) = self.results(&query, &hits)?;
        if found.total == 0 {
            found.did_you_mean = self.offers(&ask.query, &parsed, &query, |offer| {
                let other = self.understand(offer, zone);
                other.is_ok_and(|other| self.total(&other) > 0)
            });
        }
        (found.widened, found.widened_cut) = told;
        if ask.explain {
            let zone = time_zone(zone)?;
            let told = self.explain(&ask.query, &parsed, &query, &zone, &shown)?;
            found.explained = Some(Box::new(told));
        }
        Ok(Reply::Found(found))
    }

    pub(crate) fn list(&mut self, ask: &List) -> Result<Reply, ApiError> {
        self.catch_up_alone();
        let mut query = self.parse(&ask.query, ask.time_zone.as_deref())?;
        let sort = query.asked.unwrap_or(Sort::Newest);
        let within = match &ask.collective {
            Some(name) => Some(self.resolve(name)?),
            None => None,
        };
        if let Some(cid) = within {
            query = query.within(place(cid));
        }
        let mut told = (Vec::new(), false);
        // Most lists are of everything: there is nothing to widen then.
        if !ask.exact && !ask.query.trim().is_empty() {
            let (widened, words, cut) = self.widen(&query);
            told = (words, cut);
            query = widened;
        }
        let parsed = query;
        let mut query = self.resolved(&parsed)?;
        query.sort = sort;
        let limit = page_size(ask.limit);
        let begin = Begin::read(ask)?;
        // One more than is shown says whether there are more.
        let mut hits = match begin {
            Begin::Place(place) if sort != Sort::Relevance => {
                self.library.behind(&query, place, limit + 1)
            }
            Begin::Place(_) => return Err(no_cursor()),
            Begin::Offset(offset) => {
                let limit = limit + 1;
                self.library.search(&query, Page { limit, offset })
            }
        }
        .map_err(unsearched)?;
        let more = hits.hits.len() > limit;
        hits.hits.truncate(limit);
        let (mut found, _) = self.results(&query, &hits)?;
        if found.total == 0 {
            let zone = ask.time_zone.as_deref();
            found.did_you_mean = self.offers(&ask.query, &parsed, &query, |offer| {
                let other = self.parse(offer, zone).map(|other| match within {
                    Some(cid) => other.within(place(cid)),
                    None => other,
                });
                let other = other.and_then(|other| self.resolved(&other));
                other.is_ok_and(|other| self.total(&other) > 0)
            });
        }
        (found.widened, found.widened_cut) = told;
        found.next = match (begin, hits.hits.last()) {
            (Begin::Offset(offset), Some(_)) if more && sort == Sort::Relevance => {
                Some((offset + limit).to_string())
            }
            _ if more => self.behind_last(&hits.hits),
            _ => None,
        };
        Ok(Reply::Found(found))
    }

    /// A page of hits, and the items that it shows.
    pub(crate) fn results(
        &mut self,
        query: &ResolvedQuery,
        hits: &Hits,
    ) -> Result<(Found, Vec<Item>), ApiError> {
        let ids: Vec<RecordId> = hits.hits.iter().map(|hit| hit.id).collect();
        // Only these have to be read whole.
        let unmerged = self.library.unmerged(&ids);
        let mut items = Vec::with_capacity(hits.hits.len());
        let mut shown = Vec::with_capacity(hits.hits.len());
        for hit in &hits.hits {
            if let Some(record) = read(&self.store, &hit.id)
                && let Some(item) = item(&record)
            {
                let beside = match unmerged.contains(&hit.id) {
                    true => self.count_beside(&item),
                    false => 0,
                };
                items.push(ItemView {
                    beside,
                    ..self.item_view(&item, Some(query))
                });
                shown.push(if beside > 0 {
                    self.as_found(item)
                } else {
                    item
                });
            }
        }
        let found = Found {
            total: hits.total,
            items,
            next: None,
            did_you_mean: Vec::new(),
            explained: None,
            widened: Vec::new(),
            widened_cut: false,
            partial: self.library.partial(),
        };
        Ok((found, shown))
    }

    pub(crate) fn item_view(&self, item: &Item, query: Option<&ResolvedQuery>) -> ItemView {
        let collective = self.collectives.get(&item.cid);
        let (snippet, marks) = match query {
            Some(query) => {
                let piece = snippet(&item.text, query, SNIPPET);
                let marks = piece.hits.iter().map(|hit| (hit.start, hit.end)).collect();
                (piece.text, marks)
            }
            None => (String::new(), Vec::new()),
        };
        let title = if item.title.is_empty() {
            item.url.clone().unwrap_or_default()
        } else {
            item.title.clone()
        };
        ItemView {
            id: item.document.to_string(),
            short: self.short_id(&item.document),
            version: (item.document != item.id).then(|| item.id.to_string()),
            beside: 0,
            kind: item
                .kind
                .name()
                .map_or_else(|| item.kind.0.to_string(), str::to_owned),
            title,
            snippet,
            marks,
            tags: item
                .tags
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            author: collective.map_or_else(|| item.seat.short(), |c| c.member_name(&item.seat)),
            seat: item.seat.to_string(),
            collective: collective.map_or_else(
                || item.cid.short(),
                crate::membership::collective::Collective::name,
            ),
            collective_id: item.cid.to_string(),
            written: moment(item.ms()),
            url: item.url.clone(),
        }
    }

    /// One record by id, unique prefix or exact title; of a document the current version.
    pub(crate) fn show_record(&mut self, text: &str) -> Result<Reply, ApiError> {
        let mut id = self.named_or_titled(text)?;
        let mut document = None;
        if let Some((_, found)) = read(&self.store, &id)
            .map(|record| self.document_of(&record))
            .transpose()?
            .flatten()
        {
            // The first record names the document; any other version is shown as it stands.
            if id == found.id
                && let Some(shown) = found.current().first()
            {
                id = shown.id();
            }
            document = Some(found);
        }
        let stored = self
            .store
            .get(&id)
            .map_err(store_failed)?
            .ok_or_else(|| not_found(format!("there is no record {text} here")))?;
        let record = stored
            .verified()
            .map_err(|reason| failed(format!("the stored record cannot be read ({reason})")))?;
        let mut view = self.show_view(&record, stored.received_ms, stored.wire.len());
        if record.header().kind == Kind::PROPOSAL
            && let Some(cid) = record.header().cid
            && let Ok(proposal) = self.proposal_view(&cid, &id)
        {
            view.item.title.clone_from(&proposal.title);
            view.proposal = Some(Box::new(proposal));
        }
        if let Some(cid) = record.header().cid
            && let Fate::Hidden(act) | Fate::Erased(act) = self.fate_of(&cid, &record)?
        {
            view.fate = Some(Box::new(self.fate_view(&act)?));
        }
        if view.text.is_some() || view.item.url.is_some() {
            // A record can be read while the index is mended; what bears on it comes after that.
            match self.linked_from(&record) {
                Ok(told) => (view.linked_from, view.linked_more) = told,
                Err(_) if self.library.is_faulty() => {}
                Err(error) => return Err(error),
            }
        }
        let fate = view.fate.as_ref().map(|fate| fate.what);
        if let Some(cid) = record.header().cid
            && !matches!(fate, Some(ActKind::Retract | ActKind::Purge))
        {
            let about = self.document_at(&id);
            view.reactions = self.reactions(cid, &about)?;
            match self.comments(cid, about) {
                Ok(told) => (view.comments, view.comments_more) = told,
                Err(_) if self.library.is_faulty() => {}
                Err(error) => return Err(error),
            }
        }
        view.partial = self.library.partial();
        if let (Some(text), Some(cid)) = (&view.text, record.header().cid) {
            view.unresolved = self.unresolved(text)?;
            view.words = self.meant_words(&cid, text);
            view.symbol = self.symbol_of(&record.id()).map(Box::new);
        }
        if let Some(document) = document.filter(|document| document.versions.len() > 1) {
            let told = self.document_view(&document, &record);
            view.item.beside = u32::try_from(told.beside.len()).unwrap_or(u32::MAX);
            view.document = Some(Box::new(told));
        }
        Ok(Reply::Show(Box::new(view)))
    }

    fn document_view(&self, document: &Document, shown: &Verified) -> DocumentView {
        let id = shown.id();
        let is_current = document.versions.current().contains(&id);
        let beside = match is_current {
            true => document.beside(&id),
            false => Vec::new(),
        };
        let beside = beside
            .into_iter()
            .map(|other| self.version_view(document, other))
            .collect();
        let first = document.first().unwrap_or_else(|| shown.header());
        DocumentView {
            version: id.to_string(),
            short: self.short_id(&id),
            versions: document.versions.len() as u64,
            current: is_current,
            author: self.author_name(document, &first.seat),
            begun: moment(first.ms()),
            beside,
        }
    }

    fn show_view(&self, record: &Verified, received_ms: u64, size: usize) -> ShowView {
        let header = record.header();
        // What was taken back is not shown (section 8.2); where that cannot be told, neither.
        let withdrawn = header
            .cid
            .and_then(|cid| self.collectives.get(&cid))
            .is_some_and(|collective| {
                collective
                    .is_shown_to_nobody(&self.store, &record.id(), header)
                    .unwrap_or(true)
            });
        let content = record
            .body()
            .filter(|_| !withdrawn)
            .and_then(|body| folkmoot_record::content::Content::decode(header.kind, body).ok());
        let item = item(record)
            .filter(|_| !withdrawn)
            .unwrap_or_else(|| bare_item(record));
        let standing =
            self.collectives
                .get(&item.cid)
                .map_or("of no collective here", |collective| {
                    match collective.accord.standing(&record.id()) {
                        Some(standing) => crate::powers::why::standing_word(&standing),
                        None => {
                            mark::word(collective.marked.get(&record.id()).copied().unwrap_or(0))
                        }
                    }
                });
        ShowView {
            text: content
                .as_ref()
                .and_then(|content| content.text().map(str::to_owned)),
            media: content
                .as_ref()
                .and_then(|content| content.media().map(str::to_owned)),
            received: moment(received_ms),
            device: header.dev.to_string(),
            seq: header.seq,
            size: size as u64,
            standing: standing.to_owned(),
            refs: header
                .refs
                .iter()
                .map(|r| (relation(r.rel.0), r.id.to_string()))
                .collect(),
            document: None,
            task: content.as_ref().and_then(|content| {
                task_view(header.kind, content, self.collectives.get(&item.cid))
            }),
            linked_from: Vec::new(),
            linked_more: 0,
            unresolved: Vec::new(),
            symbol: None,
            words: Vec::new(),
            reactions: Vec::new(),
            comments: Vec::new(),
            comments_more: false,
            partial: false,
            fate: None,
            words_of: self.words_of(record),
            proposal: None,
            aliases: content.iter().flat_map(foreign::aliases).collect(),
            first_written: content
                .as_ref()
                .and_then(|content| content.text_at(foreign::WRITTEN).map(str::to_owned)),
            properties: content
                .as_ref()
                .and_then(|content| content.text_at(foreign::PROPERTIES).map(str::to_owned)),
            item: self.item_view(&item, None),
        }
    }

    /// One command has no time to come back: it waits until the index has everything.
    pub(crate) fn catch_up_alone(&mut self) {
        if !self.serving {
            self.catch_up_fully();
        }
    }

    /// Before something is refused because the index is not whole: the little that a start after a
    /// sudden end leaves to read is read now.
    pub(crate) fn catch_up_somewhat(&mut self) {
        self.catch_up_alone();
        if self.library.partial() {
            self.feed_library();
        }
    }

    /// Feeds the index one slice.
    pub(crate) fn feed_library(&mut self) {
        let mono = self.clock.mono();
        let fed = self
            .library
            .catch_up_slice(&self.store, &mut self.collectives, mono);
        if let Err(error) = fed {
            self.warn(format!(
                "the index could not be brought up to date: {error}"
            ));
        }
    }

    /// Feeds the index until it has everything.
    pub(crate) fn catch_up_fully(&mut self) {
        loop {
            match self.library.catch_up(&self.store, &mut self.collectives) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.warn(format!(
                        "the index could not be brought up to date: {error}"
                    ));
                    break;
                }
            }
        }
    }
}

/// What can be shown of a record that is not found by itself.
fn bare_item(record: &Verified) -> Item {
    let header = record.header();
    let cid = header
        .cid
        .unwrap_or_else(|| CollectiveId::from(record.id()));
    Item {
        id: record.id(),
        document: record.id(),
        cid,
        seat: header.seat,
        dev: header.dev,
        kind: header.kind,
        hlc: header.hlc,
        tags: header.tags.clone(),
        title: header.kind.name().unwrap_or("record").to_owned(),
        text: String::new(),
        url: None,
        also: Vec::new(),
        links: Vec::new(),
        answers: None,
        due: None,
        assignees: Vec::new(),
        flags: folkmoot_library::Flags::default(),
    }
}

fn relation(rel: u8) -> String {
    let names: BTreeMap<u8, &str> = BTreeMap::from([
        (1, "supersedes"),
        (2, "reply-to"),
        (3, "about"),
        (4, "quotes"),
        (5, "derived-from"),
        (6, "merges"),
        (7, "document"),
        (8, "mentions"),
        (9, "part-of"),
        (10, "occurrence-of"),
        (11, "broader"),
        (12, "related"),
        (13, "same-as"),
        (14, "endorses"),
        (15, "made-with"),
    ]);
    names
        .get(&rel)
        .map_or_else(|| rel.to_string(), |name| (*name).to_owned())
}

/// Where a page of a list begins.
#[derive(Debug, Clone, Copy)]
enum Begin {
    /// So far from the beginning.
    Offset(usize),
    /// Behind this record.
    Place(Behind),
}

impl Begin {
    fn read(ask: &List) -> Result<Self, ApiError> {
        let Some(cursor) = &ask.cursor else {
            return Ok(Self::Offset(ask.offset as usize));
        };
        let offset = cursor.parse().ok().map(Self::Offset);
        offset
            .or_else(|| read_place(cursor).map(Self::Place))
            .ok_or_else(no_cursor)
    }
}

pub(crate) fn no_cursor() -> ApiError {
    usage("this is no cursor of such a list").hint("take the `next` of the page before")
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
pub(crate) fn unsearched(error: SearchError) -> ApiError {
    failed(format!("the search failed: {error}"))
        .hint("the index mends itself: try again; `moot status` says how far it is")
}

fn page_size(asked: u32) -> usize {
    (if asked == 0 {
        PAGE
    } else {
        asked.min(MOST_PAGE)
    }) as usize
}
