//! Saved searches: records of the home, so that they come with the person to every device.

use std::collections::BTreeMap;

use folkmoot_api::{ApiError, Reply, SavedSearch, SearchAct};
use folkmoot_library::{Query, Searches, fold};
use folkmoot_record::{
    Hlc, Kind, RecordId, Verified,
    content::{Content, Value},
};
use folkmoot_store::Entry;

use crate::{
    clock::random,
    core::Core,
    errors::{failed, not_found, usage},
    exchange::holdings::read,
    finding::understand::bad_query,
    keeping::{
        author::Writing,
        notes::{fits, to_body},
    },
    membership::{collective::Collective, invite::moment},
};

/// Kind of a saved search: of the range free for applications (section 2.6), in the home alone.
pub(crate) const SEARCH: Kind = Kind(0x8002);
/// Keys of its map: the name, and the query; without a query the search was dropped.
const NAME: u8 = 64;
const QUERY: u8 = 65;
/// Facts about them: `saved/`, the home, the record.
const SEARCHES: &[u8] = b"saved/";
/// Most bytes of a name: it is typed in queries.
const MOST_NAME: usize = 64;
/// Most searches: a list that can be looked through.
const MOST: usize = 500;

/// One search.
struct Search {
    name: String,
    query: Option<String>,
    hlc: Hlc,
    id: RecordId,
}

/// The key of the fact by which a saved search is found again.
pub(crate) fn fact(record: &Verified) -> Option<Vec<u8>> {
    let header = record.header();
    let cid = header.cid.filter(|_| header.kind == SEARCH)?;
    Some([SEARCHES, cid.as_ref(), record.id().as_bytes()].concat())
}

fn search(record: &Verified) -> Option<Search> {
    let content = Content::decode(SEARCH, record.body()?).ok()?;
    let text = |key| match content.map.get(&key) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    Some(Search {
        name: text(NAME)?,
        query: text(QUERY),
        hlc: record.header().hlc,
        id: record.id(),
    })
}

impl Core {
    /// Saves, drops or lists; the answer is always the list.
    pub(crate) fn searches_do(&mut self, act: &SearchAct) -> Result<Reply, ApiError> {
        match act {
            SearchAct::List => {}
            SearchAct::Save { name, query } => {
                let name = checked(name)?;
                self.try_search(&name, query)?;
                let known = self.saved();
                if known.len() >= MOST && !known.contains_key(&fold(&name)) {
                    return Err(
                        usage(format!("{MOST} searches are saved, the most there may be"))
                            .hint("drop one: moot search drop NAME"),
                    );
                }
                self.write_search(&name, Some(query.trim()))?;
            }
            SearchAct::Drop { name } => {
                let wanted = name.trim_start_matches('@');
                let Some(known) = self.saved().remove(&fold(wanted)) else {
                    return Err(not_found(format!("no search is saved as {wanted}"))
                        .hint("moot search list shows all"));
                };
                let needing = self.needing(&known.name)?;
                if !needing.is_empty() {
                    let others = needing.join(", ");
                    return Err(usage(format!(
                        "{} is named in other saved searches: {others}",
                        known.name
                    ))
                    .hint("drop those first, or save them without it: `moot search save`"));
                }
                self.write_search(&known.name, None)?;
            }
        }
        let list = self.saved().into_values().filter_map(|one| {
            Some(SavedSearch {
                name: one.name,
                query: one.query?,
                saved: moment(one.hlc.ms()),
            })
        });
        Ok(Reply::Searches(list.collect()))
    }

    /// The names of what is saved, with the queries.
    pub(crate) fn search_names(&self) -> Vec<(String, String)> {
        let saved = self.saved().into_values();
        saved
            .filter_map(|one| Some((one.name, one.query?)))
            .collect()
    }

    /// What is saved, by folded name: of each name the newest word.
    fn saved(&self) -> BTreeMap<String, Search> {
        let mut saved: BTreeMap<String, Search> = BTreeMap::new();
        let Some(home) = self.home_collective() else {
            return saved;
        };
        let prefix = [SEARCHES, home.cid().as_ref()].concat();
        let facts = self.store.scan_local(&prefix).unwrap_or_else(|error| {
            tracing::error!(%error, "saved searches could not be read");
            Vec::new()
        });
        for (key, _) in facts {
            let id = key.get(prefix.len()..).and_then(|id| id.try_into().ok());
            let found = id
                .map(RecordId::from_bytes)
                .filter(|id| !home.marked.contains_key(id))
                .and_then(|id| search(&read(&self.store, &id)?));
            if let Some(found) = found {
                let newest = saved
                    .get(&fold(&found.name))
                    .is_none_or(|known| (known.hlc, known.id) < (found.hlc, found.id));
                if newest {
                    saved.insert(fold(&found.name), found);
                }
            }
        }
        saved.retain(|_, search| search.query.is_some());
        saved
    }

    /// A search can be saved if it can be understood, also where it is named in itself.
    fn try_search(&self, name: &str, query: &str) -> Result<(), ApiError> {
        let now = self.now_in(None)?;
        let parsed = Query::parse(query, &now).map_err(|error| bad_query(&error))?;
        let trial = Trial {
            saved: self,
            name: fold(name),
            query,
        };
        let refused = |error| bad_query(&error);
        parsed.expand(&trial, &now).map_err(refused)?;
        let named = format!("saved:\"{name}\"");
        let named = Query::parse(&named, &now).map_err(refused)?;
        named.expand(&trial, &now).map_err(|error| {
            let mut told = bad_query(&error);
            told.span = None;
            told
        })?;
        Ok(())
    }

    /// The searches that could not be understood any more without this one.
    fn needing(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let now = self.now_in(None)?;
        let all = Listed(self.search_names());
        let others = all.0.iter().filter(|(other, _)| fold(other) != fold(name));
        let without = Listed(others.cloned().collect());
        let stands = |query: &str, among: &Listed| {
            let parsed = Query::parse(query, &now);
            parsed.and_then(|query| query.expand(among, &now)).is_ok()
        };
        let needing = without.0.iter();
        let needing = needing.filter(|(_, query)| stands(query, &all) && !stands(query, &without));
        Ok(needing.map(|(other, _)| other.clone()).collect())
    }

    fn write_search(&mut self, name: &str, query: Option<&str>) -> Result<(), ApiError> {
        let home = self.place_or_home(None)?;
        self.tidy_heads(home)?;
        let mut content = Content::new(random().map_err(|e| failed(e.to_string()))?)
            .with(NAME, Value::Text(name.to_owned()));
        if let Some(query) = query {
            content = content.with(QUERY, Value::Text(query.to_owned()));
        }
        let body = to_body(&content)?;
        let now_ms = self.clock.wall();
        let store = &self.store;
        let collective: &mut Collective = self
            .collectives
            .get_mut(&home)
            .ok_or_else(|| failed("the home is not open".to_owned()))?;
        let writing = Writing {
            kind: SEARCH,
            tags: Vec::new(),
            refs: Vec::new(),
            body,
        };
        let record = collective.sign_content(store, now_ms, writing)?;
        self.publish(home, vec![Entry::Record(record, now_ms)])
    }
}

impl Searches for Core {
    fn search(&self, name: &str) -> Option<String> {
        self.saved().remove(&fold(name))?.query
    }

    fn searches(&self) -> Vec<String> {
        let all = self.saved().into_values();
        all.map(|search| search.name).collect()
    }
}

/// Searches with their names, read once.
struct Listed(Vec<(String, String)>);

impl Searches for Listed {
    fn search(&self, name: &str) -> Option<String> {
        let mut all = self.0.iter();
        let found = all.find(|(known, _)| fold(known) == fold(name));
        found.map(|(_, query)| query.clone())
    }

    fn searches(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// The searches as they would be with one more.
struct Trial<'t> {
    saved: &'t Core,
    name: String,
    query: &'t str,
}

impl Searches for Trial<'_> {
    fn search(&self, name: &str) -> Option<String> {
        if fold(name) == self.name {
            return Some(self.query.to_owned());
        }
        self.saved.search(name)
    }

    fn searches(&self) -> Vec<String> {
        self.saved.searches()
    }
}

/// A name that can be typed in a query.
fn checked(name: &str) -> Result<String, ApiError> {
    let name = name.trim().trim_start_matches('@');
    fits("name", name, MOST_NAME)?;
    let refused = |sign: char| sign.is_control() || matches!(sign, '"' | '|');
    if fold(name).is_empty() || name.contains(refused) {
        return Err(usage(format!("{name:?} is no name for a search"))
            .hint("take letters or digits, such as: moot search save late 'tag:fruit frost'"));
    }
    Ok(name.to_owned())
}
