//! From what people type to collectives, members and records.

use std::collections::BTreeSet;

use folkmoot_api::ApiError;
use folkmoot_library::{Names, fold, item};
use folkmoot_record::{CollectiveId, RecordId, SeatKey};

use crate::{
    core::Core,
    errors::{not_found, store_failed, usage},
    exchange::holdings::read,
    membership::collective::Collective,
    person::secrets::Membership,
};

/// The name under which a person's own collective is always found.
pub(crate) const HOME: &str = "home";
/// Fewer digits than this are more likely a word than an id.
const LEAST_DIGITS: usize = 4;

impl Core {
    /// A collective by name or unique id prefix.
    pub(crate) fn resolve(&self, text: &str) -> Result<CollectiveId, ApiError> {
        let found = self.places(text);
        match found.len() {
            1 => Ok(found[0].cid()),
            0 => {
                let names: Vec<String> = self.collectives.values().map(Collective::name).collect();
                Err(not_found(format!("there is no collective called {text}"))
                    .hint(format!("there are: {}", names.join(", "))))
            }
            _ => {
                let ids: Vec<String> = found
                    .iter()
                    .map(|collective| {
                        format!("{} ({})", collective.cid().short(), collective.name())
                    })
                    .collect();
                Err(usage(format!("{text} names several collectives"))
                    .hint(format!("say which by id: {}", ids.join(", "))))
            }
        }
    }

    fn places(&self, text: &str) -> Vec<&Collective> {
        let wanted = fold(text);
        let named: Vec<&Collective> = self
            .collectives
            .values()
            .filter(|collective| {
                if collective.is_home() {
                    wanted == HOME
                } else {
                    // A former home, or one that others called so, is named by its id.
                    wanted != HOME && fold(&collective.name()) == wanted
                }
            })
            .collect();
        if !named.is_empty() || !is_digits(text) {
            return named;
        }
        self.collectives
            .values()
            .filter(|collective| collective.cid().to_string().starts_with(text))
            .collect()
    }

    /// The place for what has no place named: the personal home.
    pub(crate) fn place_or_home(&self, name: Option<&str>) -> Result<CollectiveId, ApiError> {
        match name {
            Some(name) => self.resolve(name),
            None => self.home_collective().map(Collective::cid).ok_or_else(|| {
                not_found("the personal home is missing").hint("look at `moot status`")
            }),
        }
    }

    pub(crate) fn home_collective(&self) -> Option<&Collective> {
        self.collectives.values().find(|collective| {
            collective.is_home() && collective.secrets.membership == Membership::Member
        })
    }

    /// Records, control records included, whose id begins so.
    pub(crate) fn matching(&self, digits: &str, most: usize) -> Result<Vec<RecordId>, ApiError> {
        self.store.matching(digits, most).map_err(store_failed)
    }

    /// A record by id or unique prefix; `None` where the text is no id or names nothing.
    pub(crate) fn record_named(&self, text: &str) -> Result<Option<RecordId>, ApiError> {
        if !is_digits(text) {
            return Ok(None);
        }
        let found = self.matching(text, 3)?;
        match found.as_slice() {
            [] => Ok(None),
            [id] => Ok(Some(*id)),
            several => {
                let ids: Vec<String> = several.iter().map(RecordId::short).collect();
                Err(usage(format!("several records begin with {text}"))
                    .hint(format!("give more digits: {}", ids.join(", "))))
            }
        }
    }

    /// The shortest prefix that names this record alone here.
    pub(crate) fn short_id(&self, id: &RecordId) -> String {
        let text = id.to_string();
        let shared = self.store.shared_digits(id).unwrap_or(0);
        text[..(shared + 1).max(LEAST_DIGITS).min(text.len())].to_owned()
    }
}

pub(crate) fn is_digits(text: &str) -> bool {
    (LEAST_DIGITS..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Names for Core {
    fn seats(&self, name: &str) -> BTreeSet<SeatKey> {
        let wanted = fold(name);
        let me = wanted == "me";
        let mut seats = BTreeSet::new();
        for collective in self.collectives.values() {
            if me {
                seats.insert(collective.secrets.seat);
            }
            for (seat, profile) in &collective.profiles {
                if fold(&profile.name) == wanted {
                    seats.insert(*seat);
                }
            }
            if is_digits(name) {
                let state = collective.accord.state();
                seats.extend(
                    state
                        .seats
                        .keys()
                        .filter(|seat| seat.to_string().starts_with(name)),
                );
            }
        }
        seats
    }

    fn collectives(&self, name: &str) -> BTreeSet<CollectiveId> {
        self.places(name).into_iter().map(Collective::cid).collect()
    }

    fn records(&self, name: &str) -> BTreeSet<RecordId> {
        match self.record_named(name) {
            Ok(Some(id)) => {
                let item = read(&self.store, &id).and_then(|record| item(&record));
                let document = item.map(|item| item.document);
                [id].into_iter().chain(document).collect()
            }
            // Digits may be a title too, and a title may begin several ids.
            // Where the index fails here, it is known as damaged, and the query that asks is answered
            // anew.
            Ok(None) | Err(_) => self.with_title(name).unwrap_or_default(),
        }
    }

    fn place_name(&self, place: &CollectiveId) -> Option<String> {
        self.collectives.get(place).map(Collective::name)
    }

    fn people(&self) -> Vec<String> {
        self.collectives
            .values()
            .flat_map(|collective| collective.profiles.values())
            .map(|profile| profile.name.clone())
            .collect()
    }

    fn places(&self) -> Vec<String> {
        self.collectives.values().map(Collective::name).collect()
    }
}
