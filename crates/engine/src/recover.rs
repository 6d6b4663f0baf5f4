//! From the 24 words and the records on this disk back to a home that writes.
//!
//! The words give the seats' root keys; the records say where they are needed: a founder's salt
//! stands in the genesis. Each seat gets a new device, and its lost ones are dropped with
//! everything they wrote kept. Epoch secrets are not in the words: a collective with other
//! members is taken part in again with a fresh invite, which finds the same seat.

use std::{collections::BTreeSet, ops::ControlFlow};

use ed25519_dalek::SigningKey;
use folkmoot_api::ApiError;
use folkmoot_record::{
    CollectiveId, Kind, SeatKey,
    control::{Control, DeviceAdd, DeviceBody, DeviceDrop, Genesis},
};
use folkmoot_seal::{KemSecret, Master};
use folkmoot_store::{Entry, Options as StoreOptions, StoreError, Vault};

use crate::{
    OpenError,
    author::Signer,
    clock::{Clock, random},
    collective::Collective,
    collectives::own_cut,
    errors::failed,
    home::Home,
    keyring::{KeyError, Keyring},
    names::HOME,
    secrets::{Membership, Secrets},
};

/// What became of one collective.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// How it stands now.
    pub outcome: Outcome,
}

/// How a collective stands after recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It can be written to at once.
    Whole,
    /// Its records are readable; a fresh invite lets this person in again, in the same seat.
    NeedsInvite,
    /// This person had left it, or was removed.
    Left,
    /// These words have no seat in it.
    NotOurs,
}

/// Makes the keys of a home anew from the words. The key folder must be empty: what is there is
/// never overwritten.
///
/// # Errors
/// [`OpenError`]: wrong words, keys that are there already, or what the store says.
pub fn recover(
    home: std::path::PathBuf,
    words: &str,
    passphrase: Option<&str>,
) -> Result<Vec<Recovered>, OpenError> {
    let now_ms = Clock::start().wall();
    let home = Home::new(home);
    home.prepare()?;
    let master = Master::from_words(words).map_err(|error| OpenError::Failed {
        message: error.to_string(),
        hint: Some("type the 24 words in their order, as the card shows them".to_owned()),
    })?;
    let (mut store, _) = Vault::open(&home.store(), StoreOptions::default(), &mut |_| {})?;
    let (keyring, done) = if Keyring::is_empty(&home)? {
        (
            Keyring::from_master(&home, master, passphrase)?,
            BTreeSet::new(),
        )
    } else {
        // A recovery that broke off goes on with the same words; other keys are left alone.
        let (keyring, _) = Keyring::open(&home, passphrase)?;
        let done: BTreeSet<_> = keyring.load()?.iter().map(|secrets| secrets.cid).collect();
        let whole = store.collectives().iter().all(|cid| done.contains(cid));
        if *keyring.words() != *master.words() || whole {
            return Err(KeyError::Present {
                folder: home.keys(),
            }
            .into());
        }
        (keyring, done)
    };
    let mut recovered = Vec::new();
    for cid in store
        .collectives()
        .into_iter()
        .filter(|cid| !done.contains(cid))
    {
        recovered.push(one(&keyring, &mut store, cid, now_ms)?);
    }
    store.close()?;
    Ok(recovered)
}

fn one(
    keyring: &Keyring,
    store: &mut Vault,
    cid: CollectiveId,
    now_ms: u64,
) -> Result<Recovered, OpenError> {
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
        return Ok(report(&collective, Outcome::NotOurs));
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
    let entries = renew_device(&mut collective, keyring, store, now_ms, alone).map_err(told)?;
    if !alone {
        collective.secrets.membership = Membership::Joining;
    }
    // Records first: keys without them would be a device that nobody knows. Broken off here, the
    // same words bring one more device.
    store.commit(&entries)?;
    keyring.save(&collective.secrets)?;
    let outcome = if alone {
        Outcome::Whole
    } else {
        Outcome::NeedsInvite
    };
    Ok(report(&collective, outcome))
}

/// Adds the new device, drops the lost ones with all they wrote kept, and begins an epoch where
/// nobody else would have to know it.
fn renew_device(
    collective: &mut Collective,
    keyring: &Keyring,
    store: &Vault,
    now_ms: u64,
    alone: bool,
) -> Result<Vec<Entry>, ApiError> {
    let root = keyring.root(&collective.secrets);
    let cut = own_cut(collective, store)?;
    let seat = collective.secrets.seat;
    let lost: Vec<_> = collective
        .accord
        .state()
        .seats
        .get(&seat)
        .map(|member| &member.devices)
        .into_iter()
        .flatten()
        .filter(|(_, device)| device.is_certified())
        .map(|(dev, _)| *dev)
        .collect();
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
    if alone {
        entries.extend(collective.begin_epoch(now_ms)?);
    }
    Ok(entries)
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
