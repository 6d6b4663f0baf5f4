//! Documents as Markdown pages: which a query finds, and the file of each.

use folkmoot_api::{ApiError, PageFile, PageName, PagesAsk, PagesView, Reply};
use folkmoot_library::{
    Sort, foreign,
    page::{self, Page},
};
use folkmoot_record::{CollectiveId, Header, Kind, RecordId, Rel, Verified, content::Content};
use folkmoot_search::Page as Window;

use crate::{
    core::Core,
    errors::{failed, usage},
    exchange::holdings::read,
    finding::{
        find::{no_cursor, unsearched},
        places::read_place,
        understand::place,
    },
    keeping::import::origins::{Came, Head, Origin},
    membership::{collective::Collective, invite::moment},
};

/// Names given at once: a moment of the engine's thread.
const NAMES: usize = 1_000;
/// Files given at once: with texts of 32 KiB each, a few megabytes of an answer.
const FILES: usize = 100;
/// Key of a daily page's day (section 3.4).
const DAY: u8 = 16;
/// Kinds that stand by themselves in a file. Comments, reactions and acts are about other records: they
/// go into a bundle, with everything else.
pub(crate) const KINDS: [Kind; 6] = [
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
    /// Versions that stand beside it and are not written.
    beside: u32,
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
        // Behind a place: whatever is edited meanwhile goes to the end and moves nothing that is left.
        let hits = match &ask.next {
            None => self.library.search(&query, Window::first(NAMES + 1)),
            Some(next) => {
                let place = read_place(next).ok_or_else(no_cursor)?;
                self.library.behind(&query, place, NAMES + 1)
            }
        };
        let mut hits = hits.map_err(unsearched)?;
        let more = hits.hits.len() > NAMES;
        hits.hits.truncate(NAMES);
        let mut view = PagesView {
            total: hits.total,
            partial: self.library.partial(),
            ..PagesView::default()
        };
        for hit in &hits.hits {
            match self.page_shown(&hit.id)? {
                Some(shown) => {
                    let name = self.page_name(&shown)?;
                    view.names.push(name);
                }
                None => view.left_out += 1,
            }
        }
        if more {
            let gone =
                || failed("the page was deleted while it was read".to_owned()).hint("try again");
            view.next = Some(self.behind_last(&hits.hits).ok_or_else(gone)?);
        }
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
                Some(shown) => {
                    let page = self.page(&shown)?;
                    view.files.push(PageFile {
                        record: text.clone(),
                        file: page::write(&page),
                    });
                }
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
        let current = document.current().into_iter();
        let mut current = current.filter(|record| !document.is_hidden(&record.id()));
        let Some(shown) = current.next().cloned() else {
            return Ok(None);
        };
        let beside = u32::try_from(current.count()).unwrap_or(u32::MAX);
        let current = shown;
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
            beside,
        }))
    }

    fn page_name(&mut self, shown: &Shown) -> Result<PageName, ApiError> {
        let text = shown.content.text().unwrap_or_default();
        let title = shown.content.title().unwrap_or_default().trim();
        let is_daily = shown.record.header().kind == Kind::DAILY;
        let day = shown.content.text_at(DAY).filter(|_| is_daily);
        let title = match (day, title) {
            (Some(day), _) => day.to_owned(),
            (None, "") => folkmoot_library::first_line(text).to_owned(),
            (None, title) => title.to_owned(),
        };
        let origin = self.origin(shown)?;
        let id = origin.as_ref().map(|origin| origin.id.clone());
        let head = origin.and_then(|origin| origin.head);
        let (collective, created) = match head {
            Some(head) => (head.collective.unwrap_or_default(), head.created),
            None => (
                self.collective_name(shown.record.header().cid),
                moment(shown.first.ms()).to_string(),
            ),
        };
        Ok(PageName {
            record: shown.id.to_string(),
            id: id.unwrap_or_else(|| shown.id.to_string()),
            title: match title.as_str() {
                "" => shown.content.url().unwrap_or_default().to_owned(),
                _ => title,
            },
            collective,
            created,
            beside: shown.beside,
        })
    }

    /// What is remembered of the page that a document was imported from, where its next export shows
    /// it: not where the document that the page was a copy of is here itself, nor for a second import
    /// of that page. So no two documents have one id in an export.
    fn origin(&mut self, shown: &Shown) -> Result<Option<Origin>, ApiError> {
        let read_from = |id: &RecordId| Origin::read(&self.store, id);
        let origin = match read_from(&shown.record.id())? {
            Some(origin) => Some(origin),
            None => read_from(&shown.id)?.map(|origin| Origin {
                head: None,
                ..origin
            }),
        };
        let Some(origin) = origin else {
            return Ok(None);
        };
        let Ok(id) = origin.id.parse::<RecordId>() else {
            return Ok(None);
        };
        // Also where it was taken back or hidden: the id of a file does not change with what is shown.
        if read(&self.store, &id).is_some() {
            return Ok(None);
        }
        for (cid, seat) in self.own_places(None) {
            match Came::read(&self.store, &cid, &seat, &id)? {
                Some(came) if came.document == shown.id => return Ok(Some(origin)),
                Some(came) if self.page_shown(&came.document)?.is_some() => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The id by which a file names a document: that of the page it was read from, if it was.
    fn id_in_files(&mut self, id: &RecordId) -> Result<String, ApiError> {
        // Nearly all were written here: one look, and the rest for what was imported.
        if Origin::read(&self.store, id)?.is_none() {
            return Ok(id.to_string());
        }
        let shown = self.page_shown(id)?.filter(|shown| shown.id == *id);
        let origin = match shown {
            Some(shown) => self.origin(&shown)?,
            None => None,
        };
        Ok(origin.map_or_else(|| id.to_string(), |origin| origin.id))
    }

    fn collective_name(&self, cid: Option<CollectiveId>) -> String {
        let collective = cid.and_then(|cid| self.collectives.get(&cid));
        collective.map(Collective::name).unwrap_or_default()
    }

    fn page(&mut self, shown: &Shown) -> Result<Page, ApiError> {
        let origin = self.origin(shown)?;
        let id = origin.as_ref().map(|origin| origin.id.clone());
        let head = match origin.and_then(|origin| origin.head) {
            Some(head) => head,
            None => self.own_head(shown)?,
        };
        let header = shown.record.header();
        let content = &shown.content;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let mut fields = content.map.clone();
        fields.retain(|key, _| !matches!(*key, 0..=4 | foreign::SOURCE));
        Ok(Page {
            id: Some(id.unwrap_or_else(|| shown.id.to_string())),
            version: Some(head.version),
            kind: header.kind.name().unwrap_or_default().to_owned(),
            title: owned(content.title()),
            tags: header
                .tags
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            author: head.author,
            collective: head.collective,
            created: Some(head.created),
            updated: head.updated,
            url: owned(content.url()),
            media: owned(content.media()),
            language: owned(content.language()),
            fields,
            refs: head.refs,
            text: content.text().unwrap_or_default().to_owned(),
        })
    }

    /// The head of what was written here.
    fn own_head(&mut self, shown: &Shown) -> Result<Head, ApiError> {
        let header = shown.record.header();
        let collective = header.cid.and_then(|cid| self.collectives.get(&cid));
        let seat = &shown.first.seat;
        let author = collective.map_or_else(|| seat.short(), |one| one.member_name(seat));
        // Those of the version: pointers change too, as between shared words.
        let mut refs = Vec::new();
        for one in &header.refs {
            if one.rel != Rel::SUPERSEDES && one.rel != Rel::DOCUMENT {
                refs.push(format!("{} {}", one.rel.0, self.id_in_files(&one.id)?));
            }
        }
        Ok(Head {
            version: shown.record.id().to_string(),
            author: Some(author),
            collective: Some(self.collective_name(header.cid)),
            created: moment(shown.first.ms()).to_string(),
            updated: shown.edited.then(|| moment(header.ms()).to_string()),
            refs,
        })
    }
}
