//! The versions of a document, as they are told.

use std::collections::BTreeSet;

use folkmoot_api::{ApiError, History, HistoryView, Reply, VersionView};
use folkmoot_record::RecordId;

use crate::{core::Core, keeping::documents::Document, membership::collective::Collective};

/// Versions of one page where the asker does not say.
const PAGE: u32 = 20;
/// Most versions of one page: each may have 32 kB of text.
const MOST_PAGE: u32 = 200;

impl Core {
    /// A page of versions, the newest first.
    pub(crate) fn history(&mut self, ask: &History) -> Result<Reply, ApiError> {
        let (cid, document) = self.document_named(&ask.id)?;
        let limit = match ask.limit {
            0 => PAGE,
            asked => asked.min(MOST_PAGE),
        };
        let all = document.versions.newest_first();
        let page: Vec<RecordId> = all
            .iter()
            .skip(ask.offset as usize)
            .take(limit as usize)
            .map(|version| version.id)
            .collect();
        let shown: BTreeSet<RecordId> = page.iter().copied().collect();
        let before: BTreeSet<RecordId> = page
            .iter()
            .flat_map(|id| document.versions.replaced_by(id))
            .filter(|id| !shown.contains(id))
            .collect();
        let current = document.current();
        Ok(Reply::History(Box::new(HistoryView {
            id: document.id.to_string(),
            short: self.short_id(&document.id),
            kind: document
                .first()
                .and_then(|first| first.kind.name())
                .unwrap_or("record")
                .to_owned(),
            collective: self
                .collectives
                .get(&cid)
                .map(Collective::name)
                .unwrap_or_default(),
            current: current
                .iter()
                .map(|record| record.id().to_string())
                .collect(),
            total: all.len() as u64,
            versions: self.views(&document, page.iter()),
            before: self.views(&document, before.iter()),
        })))
    }

    fn views<'a>(
        &self,
        document: &Document,
        ids: impl Iterator<Item = &'a RecordId>,
    ) -> Vec<VersionView> {
        ids.filter_map(|id| document.records.get(id))
            .map(|record| self.version_view(document, record))
            .collect()
    }
}
