//! The recovery card of this person, the doors it names, and whether the words were written down.

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_api::{ApiError, CardCollective, CardView, Reply, WordAt};
use folkmoot_record::{
    CollectiveId,
    content::{Content, Value},
};
use folkmoot_seal::{Card, CardLink, Master, card::MOST_COLLECTIVES, master::WORDS};
use folkmoot_store::Entry;
use folkmoot_sync::Addr;

use crate::{
    clock::random,
    core::Core,
    errors::{failed, store_failed, usage},
    exchange::peers::{encode, readable},
    keeping::notes::{ADDRESSES, CID, LEFT, MEMBERSHIP, SALT},
    membership::{collective::Collective, invite::moment},
    person::secrets::Membership,
};

/// Local facts: where members of a collective were reached, newest first: `w/`, collective.
const DOORS: &[u8] = b"w/";
/// Addresses kept of one collective, a peer may have two or three.
const MOST_DOORS: usize = 8;
/// Addresses printed of one collective: each is about 80 letters to type.
const MOST_PRINTED: usize = 4;
/// Local fact: the person showed that they have the words.
const CONFIRMED: &[u8] = b"words-confirmed";
/// Words asked for, to show that all were written down.
pub(crate) const ASKED_WORDS: usize = 3;

/// One line of the home's list of memberships.
pub(crate) type Membered = (CollectiveId, Option<[u8; 16]>, Vec<Addr>);

impl Core {
    /// Remembers where a member of this collective was dialled.
    pub(crate) fn remember_door(&mut self, cid: &CollectiveId, addr: &Addr) {
        let mut addrs = self.known_doors(cid);
        if addrs.first() == Some(addr) {
            return;
        }
        addrs.retain(|known| known != addr);
        addrs.insert(0, addr.clone());
        addrs.truncate(MOST_DOORS);
        let entry = Entry::Local {
            key: [DOORS, cid.as_ref()].concat(),
            value: Some(encode(&addrs)),
        };
        if let Err(error) = self.store.commit(&[entry]) {
            tracing::warn!(%error, "a door could not be remembered");
        }
    }

    fn known_doors(&self, cid: &CollectiveId) -> Vec<Addr> {
        match self.store.local(&[DOORS, cid.as_ref()].concat()) {
            Ok(value) => value.map(|value| readable(&value)).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "remembered doors could not be read");
                Vec::new()
            }
        }
    }

    /// Where this person might be let into a collective again: nodes of members, the ones met
    /// last first, then those of the invite, then this node itself, which may outlive its disk.
    pub(crate) fn doors(&self, cid: &CollectiveId) -> Vec<Addr> {
        let mut doors = self.known_doors(cid);
        doors.extend(
            self.membership_list()
                .into_iter()
                .filter(|(of, ..)| of == cid)
                .flat_map(|(_, _, addrs)| addrs),
        );
        let home = self.collectives.get(cid).is_some_and(Collective::is_home);
        if !home {
            doors.extend(self.own_addresses().unwrap_or_default());
        }
        let mut seen = BTreeSet::new();
        doors.retain(|addr| seen.insert(addr.clone()));
        doors.truncate(MOST_PRINTED);
        doors
    }

    /// The home's list of collectives; the newest record of each counts.
    pub(crate) fn membership_list(&self) -> Vec<Membered> {
        self.home_collective()
            .map(|home| self.list_of(&home.cid()))
            .unwrap_or_default()
    }

    /// The list that this home, or former home, keeps, without what was left.
    pub(crate) fn list_of(&self, home: &CollectiveId) -> Vec<Membered> {
        let Some(stamps) = self
            .collectives
            .get(home)
            .and_then(|home| home.content_stamps(&self.store).ok())
        else {
            return Vec::new();
        };
        let mut list = BTreeMap::new();
        for stamp in stamps {
            let id = folkmoot_record::RecordId::from_bytes(stamp.id);
            let Some(record) = crate::exchange::holdings::read(&self.store, &id) else {
                continue;
            };
            if record.header().kind == MEMBERSHIP
                && let Some((left, (cid, salt, addrs))) = record.body().and_then(membership)
            {
                if left {
                    list.remove(&cid);
                } else {
                    list.insert(cid, (salt, addrs));
                }
            }
        }
        list.into_iter()
            .map(|(cid, (salt, addrs))| (cid, salt, addrs))
            .collect()
    }

    /// The recovery card.
    pub(crate) fn card(&self) -> Result<CardView, ApiError> {
        let mut known: Vec<&Collective> = self
            .collectives
            .values()
            .filter(|collective| {
                collective.secrets.membership == Membership::Member
                    || self.is_recovering(&collective.cid())
            })
            .collect();
        known.sort_by_key(|collective| (!collective.is_home(), collective.name()));
        let left_out = known.len().saturating_sub(MOST_COLLECTIVES);
        known.truncate(MOST_COLLECTIVES);
        let words = self.keyring.words();
        let master = Master::from_words(&words).map_err(|error| failed(error.to_string()))?;
        let names: Vec<String> = known.iter().map(|collective| collective.name()).collect();
        let card = Card {
            master,
            collectives: known
                .iter()
                .map(|collective| CardLink {
                    home: collective.is_home(),
                    cid: collective.cid(),
                    salt: collective.secrets.founder_salt,
                    addresses: self
                        .doors(&collective.cid())
                        .into_iter()
                        .map(|addr| addr.0)
                        .collect(),
                })
                .collect(),
        };
        let made = format!("made {}", moment(self.clock.wall()).strftime("%Y-%m-%d"));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = card.to_text(
            &[
                "Whoever has this card is you: keep it where you keep your keys.",
                "Make a new one after you join or found a collective. To come back: moot recover FILE",
                &made,
            ],
            &names,
        );
        let alone = |link: &&CardLink| !link.home && link.addresses.is_empty();
        let caution = if left_out > 0 {
            Some(format!(
                "a card holds {MOST_COLLECTIVES} collectives; {left_out} are left out"
            ))
        } else if card.collectives.iter().any(|link| alone(&link)) {
            Some(
                "no node is known for some collectives: start yours with `moot up`, and make the card again once it met a member".to_owned(),
            )
        } else {
            None
        };
        Ok(CardView {
            card: text.to_string(),
            line: card.to_line().to_string(),
            words: words.to_string(),
            collectives: card
                .collectives
                .iter()
                .zip(&names)
                .map(|(link, name)| CardCollective {
                    id: link.cid.to_string(),
                    name: (*name).to_owned(),
                    home: link.home,
                    salt: link.salt.map(|salt| data_encoding::HEXLOWER.encode(&salt)),
                    addresses: link
                        .addresses
                        .iter()
                        .map(|addr| self.print_address(&Addr(addr.clone())))
                        .collect(),
                    link: link.to_text().to_string(),
                })
                .collect(),
            caution,
        })
    }

    /// Places of words to ask for, drawn anew each time.
    pub(crate) fn word_places(&self) -> Result<Reply, ApiError> {
        let mut places: Vec<u8> = Vec::new();
        while places.len() < ASKED_WORDS {
            let [byte] = random().map_err(|error| failed(error.to_string()))?;
            // 240 is ten times 24: no place is likelier than another.
            let place = byte % (WORDS as u8) + 1;
            if byte < 240 && !places.contains(&place) {
                places.push(place);
            }
        }
        places.sort_unstable();
        Ok(Reply::Places(places))
    }

    /// Notes that the person has the words, where those shown are right.
    pub(crate) fn confirm_words(&mut self, shown: &[WordAt]) -> Result<Reply, ApiError> {
        let phrase = self.keyring.words();
        let words: Vec<&str> = phrase.split(' ').collect();
        let mut right = BTreeSet::new();
        for WordAt { place, word } in shown {
            let index = usize::from(*place).checked_sub(1);
            let wanted = index.and_then(|index| words.get(index)).ok_or_else(|| {
                usage(format!("there is no word {place}: the phrase has {WORDS}"))
            })?;
            if !wanted.eq_ignore_ascii_case(word.trim()) {
                return Err(usage(format!("word {place} is another one")).hint(
                    "look at your paper again; `moot id --phrase` shows the words while this home is whole",
                ));
            }
            right.insert(place);
        }
        if right.len() < ASKED_WORDS {
            return Err(usage(format!(
                "at least {ASKED_WORDS} different words are needed"
            )));
        }
        self.store
            .commit(&[Entry::Local {
                key: CONFIRMED.to_vec(),
                value: Some(Vec::new()),
            }])
            .map_err(store_failed)?;
        Ok(Reply::Done("the words are confirmed".to_owned()))
    }

    /// Whether the person ever showed that they have the words.
    pub(crate) fn words_confirmed(&self) -> bool {
        matches!(self.store.local(CONFIRMED), Ok(Some(_)))
    }
}

/// What the body of a membership record says, and whether the collective was left.
fn membership(body: &[u8]) -> Option<(bool, Membered)> {
    let content = Content::decode(MEMBERSHIP, body).ok()?;
    let Some(Value::Bytes(cid)) = content.map.get(&CID) else {
        return None;
    };
    let cid = CollectiveId::from_bytes(cid.as_slice().try_into().ok()?);
    let salt = match content.map.get(&SALT) {
        Some(Value::Bytes(salt)) => Some(salt.as_slice().try_into().ok()?),
        _ => None,
    };
    let addrs = match content.map.get(&ADDRESSES) {
        Some(Value::Array(values)) => values
            .iter()
            .filter_map(|value| match value {
                Value::Bytes(bytes) => Some(Addr(bytes.clone())),
                _ => None,
            })
            .take(MOST_DOORS)
            .collect(),
        _ => Vec::new(),
    };
    let left = content.map.get(&LEFT) == Some(&Value::Uint(1));
    Some((left, (cid, salt, addrs)))
}
