//! From the 24 words and a recovery card, or the records on this disk, back to a home that writes.
//!
//! The words give the seats' root keys; the records or the card say where they are needed. This
//! part works without a network: it makes the keys, brings back at once what nobody else takes
//! part in, and leaves a note for each collective that members have to let this person into
//! again. The node does that: see `recovering.rs`.

use std::{collections::BTreeSet, ops::ControlFlow, path::PathBuf};

use ed25519_dalek::SigningKey;
use folkmoot_api::ApiError;
use folkmoot_record::{
    CollectiveId, Kind, SeatKey,
    control::{Control, DeviceAdd, DeviceBody, DeviceDrop, Genesis},
};
use folkmoot_seal::{Card, CardError, CardLink, KemSecret, Master};
use folkmoot_store::{Entry, Lies, Options as StoreOptions, StoreError, StoreLock, Vault};
use folkmoot_sync::Addr;

use crate::{
    OpenError,
    clock::{Clock, random},
    copies::marker,
    errors::failed,
    keeping::author::Signer,
    membership::{collective::Collective, collectives::own_cut, names::HOME},
    person::{
        home::Home,
        keyring::{KeyError, Keyring},
        secrets::{Membership, Secrets},
    },
    recovery::recovering::{self, FOLLOW_LIST, FRESH_HOME, Pending, fresh_secrets},
};

/// What to recover from.
pub struct Recover<'a> {
    /// The home folder.
    pub home: PathBuf,
    /// The text of a recovery card, or the 24 words alone.
    pub card: &'a str,
    /// The passphrase that seals the new keys, or opens those of a recovery that broke off.
    pub passphrase: Option<&'a str>,
    /// Leave the other devices of the seats as they are: they are not lost.
    pub keep_devices: bool,
}

impl std::fmt::Debug for Recover<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recover")
            .field("home", &self.home)
            .field("keep_devices", &self.keep_devices)
            .finish_non_exhaustive()
    }
}

/// What became of one collective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Its name, or the first digits of its id.
    pub name: String,
    /// Its id.
    pub id: String,
    /// How it stands now.
    pub outcome: Outcome,
}

/// How a collective stands after the part of recovery that needs no network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It can be written to at once.
    Whole,
    /// The node has to ask members for it.
    Asking,
    /// The old home is on no disk and no other device is known: a fresh one is made.
    Fresh,
    /// This person had left it, or was removed.
    Left,
    /// These words have no seat in it.
    NotOurs,
}

/// Makes the keys of a home anew. Keys that are there are never overwritten; with the same words a
/// recovery that broke off goes on, and a newer card adds to it.
///
/// # Errors
/// [`OpenError`]: a card that cannot be read, keys of somebody else, nothing to recover from, or
/// what the store says.
pub fn recover(ask: &Recover<'_>) -> Result<Vec<Recovered>, OpenError> {
    let card = Card::parse(ask.card).map_err(|error| bad_card(&error))?;
    let home = Home::new(ask.home.clone());
    home.prepare()?;
    if marker::is_there(&home) {
        return Err(marker::half_back());
    }
    let lock = StoreLock::take(&home.store())?;
    let keyring = keys_there(&home, &card.master, ask.passphrase)?;
    // What lies in the open may be somebody else's: it is sealed when these words have a home in it.
    let is_ours = keyring.is_some() || lock.lies()? != Lies::Open;
    let options = StoreOptions {
        key: is_ours.then(|| card.master.store_key()),
        ..StoreOptions::default()
    };
    let (mut store, _) = lock.open(options, &mut |_| {})?;
    let into = Into {
        card,
        keyring,
        passphrase: ask.passphrase,
        keep_devices: ask.keep_devices,
        again: false,
    };
    let recovered = recover_into(&home, &mut store, into)?;
    store.close()?;
    Ok(recovered)
}

/// What is recovered into a store that is open.
pub(crate) struct Into<'a> {
    pub(crate) card: Card,
    /// Keys of the same person that are there: [`keys_there`].
    pub(crate) keyring: Option<Keyring>,
    pub(crate) passphrase: Option<&'a str>,
    pub(crate) keep_devices: bool,
    /// Whether it is no fault that everything is there already.
    pub(crate) again: bool,
}

/// The keys in this home, which must be those of the words; `None` where there are none.
pub(crate) fn keys_there(
    home: &Home,
    master: &Master,
    passphrase: Option<&str>,
) -> Result<Option<Keyring>, OpenError> {
    if Keyring::holds_nothing(home)? {
        return Ok(None);
    }
    let (keyring, _) = Keyring::open(home, passphrase)?;
    if keyring.is_of(master) {
        Ok(Some(keyring))
    } else {
        Err(present(home))
    }
}

pub(crate) fn recover_into(
    home: &Home,
    store: &mut Vault,
    ask: Into<'_>,
) -> Result<Vec<Recovered>, OpenError> {
    let card = ask.card;
    let now_ms = Clock::start().wall();
    if ask.keyring.is_none() && store.collectives().is_empty() && card.collectives.is_empty() {
        return Err(OpenError::Failed {
            message: "the words are good, but they alone name no collective and no address, and there are no records here".to_owned(),
            hint: Some(
                "give the recovery card: moot recover FILE. Or put the old home's `store` folder back first"
                    .to_owned(),
            ),
        });
    }
    let keyring = match ask.keyring {
        Some(keyring) => keyring,
        None => Keyring::from_master(home, card.master, ask.passphrase)?,
    };
    let run = Run {
        keyring,
        now_ms,
        keep_devices: ask.keep_devices,
    };
    let done: BTreeSet<CollectiveId> = run.keyring.load()?.iter().map(|s| s.cid).collect();
    let mut recovered = Vec::new();
    for cid in store
        .collectives()
        .into_iter()
        .filter(|c| !done.contains(c))
    {
        let link = card.collectives.iter().find(|link| link.cid == cid);
        recovered.push(run.by_disk(store, cid, link)?);
    }
    let on_disk: BTreeSet<CollectiveId> = store.collectives().into_iter().collect();
    for link in &card.collectives {
        if !done.contains(&link.cid) && !on_disk.contains(&link.cid) {
            recovered.push(run.by_card(store, link)?);
        }
    }
    if !ask.again && recovered.is_empty() && recovering::load(store)?.is_empty() {
        return Err(present(home));
    }
    run.settle_home(store, &recovered, ask.again)?;
    Ok(recovered)
}

struct Run {
    keyring: Keyring,
    now_ms: u64,
    keep_devices: bool,
}

impl Run {
    fn pending(&self, link: Option<&CardLink>) -> Pending {
        let addrs = link.map(|link| link.addresses.iter().cloned().map(Addr).collect());
        Pending {
            retire: !self.keep_devices,
            addrs: addrs.unwrap_or_default(),
            was_home: false,
        }
    }

    /// A collective that only the card names: new keys, and a note to ask for it.
    fn by_card(&self, store: &mut Vault, link: &CardLink) -> Result<Recovered, OpenError> {
        let report = |outcome| Recovered {
            name: if link.home {
                HOME.to_owned()
            } else {
                link.cid.short()
            },
            id: link.cid.to_string(),
            outcome,
        };
        if link.home && link.addresses.is_empty() {
            return Ok(report(Outcome::Fresh));
        }
        let secrets = fresh_secrets(&self.keyring, link.cid, link.salt, link.home).map_err(told)?;
        // The note first: keys without it would be taken for a founding that broke off.
        store.commit(&[self.pending(Some(link)).fact(&link.cid)])?;
        self.keyring.save(&secrets)?;
        Ok(report(Outcome::Asking))
    }

    /// Notes for the next start whether a home has to be made, or its list to be followed.
    /// What broke off may have left nothing else to recover `again`.
    fn settle_home(
        &self,
        store: &mut Vault,
        recovered: &[Recovered],
        again: bool,
    ) -> Result<(), OpenError> {
        let homes = self.keyring.load()?;
        let home = homes.iter().find(|secrets| secrets.home);
        let whole = home.is_some_and(|home| home.membership == Membership::Member);
        let flag = |key: &[u8]| Entry::Local {
            key: key.to_vec(),
            value: Some(vec![u8::from(!self.keep_devices)]),
        };
        let ours = |one: &Recovered| !matches!(one.outcome, Outcome::NotOurs);
        if home.is_none() && (again || recovered.iter().any(ours)) {
            store.commit(&[flag(FRESH_HOME)])?;
        } else if whole && (again || !recovered.is_empty()) {
            store.commit(&[flag(FOLLOW_LIST)])?;
        }
        Ok(())
    }

    /// A collective whose records are on this disk.
    fn by_disk(
        &self,
        store: &mut Vault,
        cid: CollectiveId,
        link: Option<&CardLink>,
    ) -> Result<Recovered, OpenError> {
        let Self {
            keyring, now_ms, ..
        } = self;
        let now_ms = *now_ms;
        let genesis = genesis(store, &cid)?;
        let founder = genesis
            .as_ref()
            .map(|genesis| (genesis, seat_of(&keyring.founder_seat(&genesis.salt))));
        let founded = founder.as_ref().is_some_and(|(genesis, seat)| {
            genesis.founders.iter().any(|founder| founder.seat == *seat)
        });
        let seat = match (&founder, founded) {
            (Some((_, seat)), true) => *seat,
            _ => seat_of(&keyring.joiner_seat(&cid)),
        };
        let mut collective = Collective::new(Secrets {
            cid,
            membership: Membership::Member,
            aside: false,
            home: false,
            founder_salt: founder.filter(|_| founded).map(|(genesis, _)| genesis.salt),
            seat,
            device: SigningKey::from_bytes(&random().map_err(unlucky)?),
            kems: vec![KemSecret::from_bytes(random().map_err(unlucky)?)],
            epochs: Vec::new(),
            agents: Vec::new(),
        });
        collective.load(store, now_ms, None)?;
        let report = |collective: &Collective, outcome| Recovered {
            name: collective.name(),
            id: cid.to_string(),
            outcome,
        };
        let state = collective.accord.state();
        let Some(member) = state.seats.get(&seat) else {
            // The records may be older than the card.
            return match link {
                Some(link) => self.by_card(store, link),
                None => Ok(report(&collective, Outcome::NotOurs)),
            };
        };
        let alone = state
            .seats
            .iter()
            .all(|(other, member)| *other == seat || !member.live);
        if !member.live {
            collective.secrets.membership = Membership::Left;
            keyring.save(&collective.secrets)?;
            return Ok(report(&collective, Outcome::Left));
        }
        let home = founded && state.name == HOME;
        collective.secrets.home = home;
        if !alone {
            // Others take part: one of them has to hear of the new device and to give the keys.
            collective.secrets.membership = Membership::Joining;
            store.commit(&[self.pending(link).fact(&cid)])?;
            keyring.save(&collective.secrets)?;
            return Ok(report(&collective, Outcome::Asking));
        }
        let entries = self.renew_device(&mut collective, store).map_err(told)?;
        // Records first: keys without them would be a device that nobody knows. Broken off here, the
        // same words bring one more device.
        store.commit(&entries)?;
        keyring.save(&collective.secrets)?;
        Ok(report(&collective, Outcome::Whole))
    }

    /// Adds the new device, drops the lost ones with all they wrote kept, and begins an epoch that
    /// nobody else has to know.
    fn renew_device(
        &self,
        collective: &mut Collective,
        store: &Vault,
    ) -> Result<Vec<Entry>, ApiError> {
        let now_ms = self.now_ms;
        let root = self.keyring.root(&collective.secrets);
        let seat = collective.secrets.seat;
        let lost: Vec<_> = collective
            .accord
            .state()
            .seats
            .get(&seat)
            .map(|member| &member.devices)
            .into_iter()
            .flatten()
            .filter(|(_, device)| device.is_certified() && !self.keep_devices)
            .map(|(dev, _)| *dev)
            .collect();
        let filled = own_cut(collective, store, |dev| lost.contains(dev))?;
        if let Some(told) = filled.above_gaps() {
            tracing::warn!(collective = %collective.name(), "{told}");
        }
        let cut = filled.cut;
        let body = Control::Device(DeviceBody {
            adds: vec![DeviceAdd {
                dev: collective.secrets.dev(),
                kem: collective.secrets.kems.last().map(KemSecret::public),
                limits: None,
            }],
            drops: lost
                .into_iter()
                .map(|dev| DeviceDrop {
                    dev,
                    cut: cut.iter().filter(|cut| cut.dev == dev).copied().collect(),
                })
                .collect(),
        });
        let (mut entries, _) =
            collective.sign_control(now_ms, None, Signer::Root(&root), Kind::DEVICE, &body)?;
        entries.extend(collective.begin_epoch(now_ms)?);
        Ok(entries)
    }
}

fn genesis(store: &Vault, cid: &CollectiveId) -> Result<Option<Genesis>, StoreError> {
    let mut found = None;
    store.control(cid, &mut |record, _| match record.control() {
        Some(Control::Genesis(genesis)) => {
            found = Some(genesis.clone());
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    })?;
    Ok(found)
}

fn seat_of(root: &SigningKey) -> SeatKey {
    SeatKey::from_bytes(root.verifying_key().to_bytes())
}

fn unlucky(error: impl std::fmt::Display) -> OpenError {
    told(failed(error.to_string()))
}

fn told(error: ApiError) -> OpenError {
    OpenError::Failed {
        message: error.message,
        hint: error.hint,
    }
}

fn present(home: &Home) -> OpenError {
    KeyError::Present {
        folder: home.keys(),
    }
    .into()
}

fn bad_card(error: &CardError) -> OpenError {
    let hint = match error {
        CardError::Words(_) => "type the 24 words in their order, as the card shows them",
        CardError::Truncated => "copy it whole, from its title to its last line",
        CardError::Collective { .. } => {
            "compare that part with the card, letter by letter; without it, the rest of the card still works: leave out from its `collective:` to the next"
        }
        _ => "copy it again from where `moot id --card` wrote it",
    };
    OpenError::Failed {
        message: error.to_string(),
        hint: Some(hint.to_owned()),
    }
}
