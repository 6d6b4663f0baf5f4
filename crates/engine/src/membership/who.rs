//! From what people type to people, devices and contracts in a collective.

use folkmoot_api::{ApiError, PersonView};
use folkmoot_library::fold;
use folkmoot_record::{CollectiveId, DeviceKey, GrantId, RecordId, RevocationId, SeatKey};

use crate::{
    core::Core,
    errors::{not_found, usage},
    membership::{collective::Collective, names::is_digits},
};

/// Something in a collective that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    Person(SeatKey),
    Device(DeviceKey),
    Contract(GrantId),
    Invite(GrantId),
    Revocation(RevocationId),
    Record(RecordId),
}

impl Named {
    /// The digits to type, and what they stand for.
    pub(crate) fn text(&self, place: &Collective) -> String {
        match self {
            Self::Person(key) => {
                let standing = if place.is_live(key) {
                    "a member"
                } else {
                    "no member any more"
                };
                let (name, short) = (place.member_name(key), key.short());
                if name == short {
                    format!("{short} ({standing})")
                } else {
                    format!("{short} ({name}, {standing})")
                }
            }
            Self::Device(key) => format!("{} (a device)", key.short()),
            Self::Contract(id) => format!("{} (a contract)", id.short()),
            Self::Invite(id) => format!("{} (an invite)", id.short()),
            Self::Revocation(id) => format!("{} (a revocation)", id.short()),
            Self::Record(id) => format!("{} (a record)", id.short()),
        }
    }
}

impl Core {
    /// A person by `@name`, name, `me` or first digits of the seat, and the collective: the one
    /// named, else the only one in which somebody is called so.
    pub(crate) fn person(
        &self,
        text: &str,
        place: Option<&str>,
    ) -> Result<(CollectiveId, SeatKey), ApiError> {
        self.named(text, place, "nobody", |collective| {
            collective
                .seats_called(text)
                .into_iter()
                .map(Named::Person)
                .collect()
        })
        .and_then(|(cid, named)| match named {
            Named::Person(seat) => Ok((cid, seat)),
            _ => Err(usage(format!("{text} names no person"))),
        })
    }

    /// One thing by what `find` gives for each collective: in the one named, else in all of which
    /// this person is a member. `nothing` says what is missing: `nobody`, `nothing`.
    pub(crate) fn named(
        &self,
        text: &str,
        place: Option<&str>,
        nothing: &str,
        find: impl Fn(&Collective) -> Vec<Named>,
    ) -> Result<(CollectiveId, Named), ApiError> {
        let places: Vec<&Collective> = match place {
            Some(name) => {
                let cid = self.resolve(name)?;
                self.collectives.get(&cid).into_iter().collect()
            }
            None => self
                .member_of()
                .filter(|collective| !collective.is_home())
                .collect(),
        };
        let mut found: Vec<(&Collective, Named)> = Vec::new();
        for collective in &places {
            let mut here = find(collective);
            here.sort_unstable();
            here.dedup();
            found.extend(here.into_iter().map(|named| (*collective, named)));
        }
        match found.as_slice() {
            [(collective, named)] => Ok((collective.cid(), *named)),
            [] => {
                let names: Vec<String> = places.iter().map(|place| place.name()).collect();
                let (place, hint) = match names.as_slice() {
                    [] => (
                        "here".to_owned(),
                        "you are a member of no collective: `moot collective new NAME`".to_owned(),
                    ),
                    [name] => (
                        format!("in {name}"),
                        format!(
                            "`moot collective members {name}` and `moot contracts --in {name}` list what there is; who may not write shows no name, and is named by the first digits of the seat"
                        ),
                    ),
                    _ => (
                        format!("in {}", names.join(", ")),
                        "`moot collective members NAME` and `moot contracts` list what there is"
                            .to_owned(),
                    ),
                };
                Err(not_found(format!("{nothing} is called {text} {place}")).hint(hint))
            }
            several => {
                let one_place = several
                    .iter()
                    .all(|(collective, _)| collective.cid() == several[0].0.cid());
                let hint = if one_place {
                    let named: Vec<String> =
                        several.iter().map(|(at, named)| named.text(at)).collect();
                    format!("say which by more digits: {}", named.join(", "))
                } else {
                    let mut names: Vec<String> =
                        several.iter().map(|(place, _)| place.name()).collect();
                    names.dedup();
                    format!("say where with --in: {}", names.join(", "))
                };
                Err(usage(format!("{text} may be several things")).hint(hint))
            }
        }
    }
}

impl Collective {
    /// The seats that a text may mean, past members too: a name is no proof of who somebody is, so
    /// whoever took the name of a removed member must not get what was meant for that one.
    pub(crate) fn seats_called(&self, text: &str) -> Vec<SeatKey> {
        let state = self.accord.state();
        let (name, only_name) = match text.strip_prefix('@') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let wanted = fold(name);
        let mut seats: Vec<SeatKey> = self
            .profiles
            .iter()
            .filter(|(seat, profile)| {
                fold(&profile.name) == wanted && state.seats.contains_key(*seat)
            })
            .map(|(seat, _)| *seat)
            .collect();
        if wanted == "me" {
            seats.push(self.secrets.seat);
        }
        if !only_name || seats.is_empty() {
            seats.extend(by_digits(state.seats.keys(), name));
        }
        seats.sort_unstable();
        seats.dedup();
        seats
    }

    /// Devices ever added whose key begins so.
    pub(crate) fn devices_called(&self, text: &str) -> Vec<DeviceKey> {
        let seats = self.accord.state().seats.values();
        by_digits(seats.flat_map(|member| member.devices.keys()), text)
    }

    /// Contracts and invites whose id begins so.
    pub(crate) fn contracts_called(&self, text: &str) -> Vec<Named> {
        let state = self.accord.state();
        let contracts = by_digits(state.grants.keys(), text);
        let invites = by_digits(state.invites.keys(), text);
        contracts
            .into_iter()
            .map(Named::Contract)
            .chain(invites.into_iter().map(Named::Invite))
            .collect()
    }

    /// Revocations whose id begins so.
    pub(crate) fn revocations_called(&self, text: &str) -> Vec<RevocationId> {
        by_digits(self.accord.state().revocations.keys(), text)
    }

    pub(crate) fn is_live(&self, seat: &SeatKey) -> bool {
        let seats = &self.accord.state().seats;
        seats.get(seat).is_some_and(|member| member.live)
    }

    /// A person for the API.
    pub(crate) fn person_view(&self, seat: &SeatKey) -> PersonView {
        PersonView {
            name: self.member_name(seat),
            seat: seat.to_string(),
            me: *seat == self.secrets.seat,
        }
    }

    /// Only members act, and a home has no others in it.
    pub(crate) fn must_be_shared(&self) -> Result<(), ApiError> {
        if self.is_home() {
            return Err(
                usage("your home is for you alone: nobody else has rights in it")
                    .hint("found a collective with `moot collective new NAME`"),
            );
        }
        self.must_be_in()
    }
}

fn by_digits<'k, K: Copy + std::fmt::Display + 'k>(
    keys: impl Iterator<Item = &'k K>,
    text: &str,
) -> Vec<K> {
    if !is_digits(text) {
        return Vec::new();
    }
    keys.filter(|key| key.to_string().starts_with(text))
        .copied()
        .collect()
}
