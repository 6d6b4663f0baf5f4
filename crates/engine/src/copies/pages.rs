//! Documents as Markdown pages: which a query finds, and the file of each.

use folkmoot_api::{ApiError, PageFile, PageName, PagesAsk, PagesView, Reply};
use folkmoot_library::{
    Sort, foreign,
    page::{self, Page},
};
use folkmoot_record::{
    CollectiveId, Header, Kind, RecordId, Rel, SeatKey, Verified, content::Content,
};
use folkmoot_search::Page as Window;

use crate::{
    core::Core,
    errors::{failed, usage},
    exchange::holdings::read,
    finding::understand::place,
    membership::{collective::Collective, invite::moment},
};

/// Names given at once: a moment of the engine's thread.
const NAMES: usize = 1_000;
/// Files given at once: with texts of 32 KiB each, a few megabytes of an answer.
const FILES: usize = 100;
/// Kinds that stand by themselves in a file. Comments, reactions and acts are about other records: they
/// go into a bundle, with everything else.
const KINDS: [Kind; 6] = [
    Kind::NOTE,
    Kind::LINK,
    Kind::TASK,
    Kind::DAILY,
    Kind::SYMBOL,
    Kind::RITUAL,
];

/// A document as it is now.
struct Shown {
    record: Verified,
    content: Content,
    id: RecordId,
    first: Header,
    edited: bool,
}

impl Core {
    /// Documents that a query finds, oldest first, or the files of those that are named.
    pub(crate) fn pages(&mut self, ask: &PagesAsk) -> Result<Reply, ApiError> {
        if !ask.ids.is_empty() {
            return self.page_files(&ask.ids).map(Reply::Pages);
        }
        self.catch_up_alone();
        let mut query = self.parse(&ask.query, ask.time_zone.as_deref())?;
        if let Some(name) = &ask.collective {
            query = query.within(place(self.resolve(name)?));
        }
        let mut query = self.resolved(&query)?;
        query.sort = Sort::Oldest;
        let offset = match &ask.next {
            None => 0,
            Some(next) => next.parse().map_err(|_| {
                usage("this is no place in a list").hint("take the `next` of the page before")
            })?,
        };
        let window = Window {
            limit: NAMES,
            offset,
        };
        let hits = self.library.search(&query, window).map_err(|error| {
            failed(format!("the search failed: {error}")).hint("restart to rebuild the index")
        })?;
        let mut view = PagesView {
            total: hits.total,
            partial: self.library.partial(),
            ..PagesView::default()
        };
        for hit in &hits.hits {
            match self.page_shown(&hit.id)? {
                Some(shown) => view.names.push(self.page_name(&shown)),
                None => view.left_out += 1,
            }
        }
        let end = offset + hits.hits.len();
        view.next = (!hits.hits.is_empty() && (end as u64) < hits.total).then(|| end.to_string());
        Ok(Reply::Pages(view))
    }

    fn page_files(&mut self, ids: &[String]) -> Result<PagesView, ApiError> {
        if ids.len() > FILES {
            return Err(usage(format!("at most {FILES} files a call")));
        }
        let mut view = PagesView::default();
        for text in ids {
            let id: RecordId = text
                .parse()
                .map_err(|_| usage(format!("{text} is no id of a record")))?;
            // What was taken back meanwhile is not exported.
            match self.page_shown(&id)? {
                Some(shown) => view.files.push(PageFile {
                    record: text.clone(),
                    file: page::write(&self.page(&shown)),
                }),
                None => view.left_out += 1,
            }
        }
        Ok(view)
    }

    /// What is shown of the document that this record belongs to; `None` for what is no page.
    fn page_shown(&mut self, id: &RecordId) -> Result<Option<Shown>, ApiError> {
        let Some(record) = read(&self.store, id).filter(|one| KINDS.contains(&one.header().kind))
        else {
            return Ok(None);
        };
        let Some((_, document)) = self.document_of(&record)? else {
            return Ok(None);
        };
        let mut current = document.current().into_iter();
        let shown = current.find(|record| !document.is_hidden(&record.id()));
        let Some(current) = shown.cloned() else {
            return Ok(None);
        };
        let decoded = current
            .body()
            .and_then(|body| Content::decode(current.header().kind, body).ok());
        let Some(content) = decoded else {
            return Ok(None);
        };
        Ok(Some(Shown {
            first: document.first().unwrap_or_else(|| current.header()).clone(),
            id: document.id,
            edited: current.id() != document.id,
            record: current,
            content,
        }))
    }

    fn page_name(&self, shown: &Shown) -> PageName {
        let text = shown.content.text().unwrap_or_default();
        let title = shown.content.title().unwrap_or_default().trim();
        let title = match title {
            "" => folkmoot_library::first_line(text).to_owned(),
            title => title.to_owned(),
        };
        PageName {
            record: shown.id.to_string(),
            id: shown.id.to_string(),
            title: match title.as_str() {
                "" => shown.content.url().unwrap_or_default().to_owned(),
                _ => title,
            },
            collective: self.collective_name(shown.record.header().cid),
        }
    }

    fn collective_name(&self, cid: Option<CollectiveId>) -> String {
        let collective = cid.and_then(|cid| self.collectives.get(&cid));
        collective.map(Collective::name).unwrap_or_default()
    }

    fn page(&self, shown: &Shown) -> Page {
        let header = shown.record.header();
        let content = &shown.content;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut fields = content.map.clone();
        fields.retain(|key, _| !matches!(*key, 0..=4 | foreign::SOURCE));
        let name = |seat: &SeatKey| {
            let collective = header.cid.and_then(|cid| self.collectives.get(&cid));
            collective.map_or_else(|| seat.short(), |one| one.member_name(seat))
        };
        let refs = shown.first.refs.iter();
        Page {
            id: Some(shown.id.to_string()),
            version: Some(shown.record.id().to_string()),
            kind: header.kind.name().unwrap_or_default().to_owned(),
            title: owned(content.title()),
            tags: header
                .tags
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            author: Some(name(&shown.first.seat)),
            collective: Some(self.collective_name(header.cid)),
            created: Some(moment(shown.first.ms()).to_string()),
            updated: shown.edited.then(|| moment(header.ms()).to_string()),
            url: owned(content.url()),
            media: owned(content.media()),
            language: owned(content.language()),
            fields,
            refs: refs
                .filter(|one| one.rel != Rel::SUPERSEDES && one.rel != Rel::DOCUMENT)
                .map(|one| format!("{} {}", one.rel.0, one.id))
                .collect(),
            text: content.text().unwrap_or_default().to_owned(),
        }
    }
}
