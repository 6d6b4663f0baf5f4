//! Bringing a home back from a bundle, on a machine that has none.
//!
//! The records go into the store as they were. The keys are made anew from the words, as recovery
//! does: this device is a new one, added by the root of the seat (section 6.1), so that the former
//! device may live on somewhere without two machines signing in one log.

use std::path::Path;

use folkmoot_record::{RecordId, Signed};
use folkmoot_store::{Entry, OpenReport, Options as StoreOptions, Vault};

use crate::{
    copies::{
        CopyError,
        backup::unpack,
        check::{Checked, check, check_store},
        folder::{hold, is_backup},
        item::Item,
        keys::{Kept, SealedKeys, Unlock},
        marker::{self, Marker},
        part::is_carried,
        reader::{Frames, Step},
        state::{self, State},
    },
    membership::invite::moment,
    person::{
        home::Home,
        keyring::Keyring,
        secrets::{Membership, Secrets},
    },
    recovery::recover::{Into, Recovered, keys_there, recover_into},
};

/// Bytes committed at once: a moment of the disk, far below the most that a group may have.
const GROUP: usize = 8 << 20;

/// What to bring back, and where to.
#[derive(Debug)]
pub struct BringBack<'a> {
    /// The bundle, or the folder of a backup.
    pub copy: &'a Path,
    /// The home folder: empty, or one that was being brought back from this copy.
    pub home: &'a Path,
    /// What opens its keys.
    pub unlock: Unlock<'a>,
    /// The passphrase that seals the new keys.
    pub passphrase: Option<&'a str>,
    /// Whether the former devices are lost: they are retired.
    pub lost: bool,
}

/// What came back.
#[derive(Debug)]
pub struct BroughtBack {
    /// What the copy holds.
    pub checked: Checked,
    /// How each collective stands.
    pub collectives: Vec<Recovered>,
}

/// Brings a home back. Broken off at any moment, the same call goes on.
///
/// # Errors
/// A home that is there already, a copy that is not whole, a wrong secret, or the disk's.
pub fn bring_back(
    ask: &BringBack<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<BroughtBack, CopyError> {
    let home = Home::new(ask.home.to_owned());
    must_be_free(&home)?;
    if is_backup(ask.copy) {
        let (mut back, taken) = from_backup(ask, progress)?;
        for damage in taken.damaged {
            let told = format!("the log was damaged when it was copied: {damage}");
            back.checked.fault(told);
        }
        return Ok(back);
    }
    progress("checking the copy");
    let (checked, kept) = check(ask.copy, Some(ask.unlock), &mut |_| {})?;
    if let Some(fault) = checked.faults.first() {
        return Err(CopyError::Damaged(fault.clone()));
    }
    let kept = kept.ok_or_else(|| CopyError::Damaged("it holds no keys".to_owned()))?;
    home.prepare().map_err(crate::OpenError::from)?;
    let name = format!("bundle {} {}", checked.frames, name(ask.copy)?);
    let mut marker = Marker::take(&home)?;
    marker.name(&name)?;
    let (mut store, _) = open_store(&home.store(), &kept)?;
    progress("writing the records");
    import(ask.copy, &mut store)?;
    progress("making the keys of this device");
    let collectives = make_keys(ask, &home, &mut store, &kept)?;
    store.close()?;
    marker.remove()?;
    Ok(BroughtBack {
        checked,
        collectives,
    })
}

/// The state of a backup that was brought back, for whoever holds it against the living home.
pub(crate) struct Taken {
    pub(crate) made_ms: u64,
    pub(crate) kept: Kept,
    /// What was damaged in the log when it was copied.
    pub(crate) damaged: Vec<String>,
}

/// From the newest state of a backup that is whole: the log as it was, checked once it is back.
pub(crate) fn from_backup(
    ask: &BringBack<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<(BroughtBack, Taken), CopyError> {
    let home = Home::new(ask.home.to_owned());
    must_be_free(&home)?;
    let (held, mut faults) = hold(ask.copy)?;
    let (marker, state, kept) = copy_state(ask, &home, &mut faults, progress)?;
    drop(held);
    let (mut store, report) = open_store(&home.store(), &kept)?;
    progress("checking every signature");
    let mut checked = check_store(&store, &kept)?;
    for fault in faults {
        checked.fault(fault);
    }
    let damaged = report.damaged.iter().map(ToString::to_string).collect();
    progress("making the keys of this device");
    let collectives = make_keys(ask, &home, &mut store, &kept)?;
    store.close()?;
    marker.remove()?;
    let back = BroughtBack {
        checked,
        collectives,
    };
    let taken = Taken {
        made_ms: state.made_ms,
        kept,
        damaged,
    };
    Ok((back, taken))
}

/// Opens what was brought back, sealed for the person whose keys came with it: a log of an earlier version
/// lies in the open there.
pub(crate) fn open_store(dir: &Path, kept: &Kept) -> Result<(Vault, OpenReport), CopyError> {
    let options = StoreOptions {
        key: Some(kept.card()?.master.store_key()),
        ..StoreOptions::default()
    };
    Ok(Vault::open(dir, options, &mut |_| {})?)
}

/// Copies the log of the newest state whose pieces are whole; where keys were made already, the log
/// goes on with them and stays as it is. That newer states were passed over is a fault: whatever came
/// after the one that is taken is not brought back.
fn copy_state(
    ask: &BringBack<'_>,
    home: &Home,
    faults: &mut Vec<String>,
    progress: &mut dyn FnMut(&str),
) -> Result<(Marker, State, Kept), CopyError> {
    let open = |state: &State| {
        SealedKeys::read(&state.keys)
            .ok_or_else(|| CopyError::Damaged("its sealed keys cannot be read".to_owned()))?
            .open(ask.unlock)
    };
    let name = |state: &State| format!("backup {}", blake3::hash(&state.keys).to_hex());
    let mut states = state::newest_first(ask.copy)?.peekable();
    // Why each newer state was passed over.
    let mut passed: Vec<String> = Vec::new();
    while let Some(Err(what)) = states.next_if(Result::is_err) {
        passed.push(what);
    }
    // A wrong secret leaves no trace.
    match states.peek() {
        Some(Ok(first)) => drop(open(first)?),
        _ => return Err(CopyError::Damaged(unusable(&passed))),
    }
    home.prepare().map_err(crate::OpenError::from)?;
    let mut marker = Marker::take(home)?;
    let fresh = Keyring::holds_nothing(home).map_err(crate::OpenError::from)?;
    let mut is_newer_there = false;
    for state in states {
        let state = match state {
            Ok(state) => state,
            Err(what) => {
                passed.push(what);
                continue;
            }
        };
        if !fresh && marker.copy() != Some(name(&state).as_str()) {
            is_newer_there = true;
            continue;
        }
        let made = moment(state.made_ms);
        let told = match passed.first() {
            Some(what) => Some(format!(
                "the newest state is not whole ({what}): the one of {made} is taken"
            )),
            None => is_newer_there.then(|| {
                format!("a newer state was made meanwhile: the one of {made}, which was begun, is gone on with")
            }),
        };
        if let Some(told) = &told {
            progress(told);
        }
        if fresh {
            marker.rename(&name(&state))?;
            progress("copying the records");
            match unpack(ask.copy, &state, &home.store()) {
                Ok(()) => {}
                Err(CopyError::Damaged(what)) => {
                    passed.push(what);
                    continue;
                }
                Err(error) => return Err(error),
            }
        }
        faults.extend(told);
        let kept = open(&state)?;
        return Ok((marker, state, kept));
    }
    if !fresh {
        return Err(marker.of_another());
    }
    // Nothing of it can be used, and another copy may be tried.
    let store = home.store();
    std::fs::remove_dir_all(&store).map_err(CopyError::io("remove", &store))?;
    marker.remove()?;
    Err(CopyError::Damaged(unusable(&passed)))
}

fn unusable(passed: &[String]) -> String {
    let what = passed.first().map(String::as_str);
    what.unwrap_or("it has no state that is whole").to_owned()
}

/// A home that is there is never touched.
fn must_be_free(home: &Home) -> Result<(), CopyError> {
    if marker::is_there(home) {
        return Ok(());
    }
    let taken = home.keys().join("node.key").exists()
        || home.keys().join("master").exists()
        || home.store().join("FORMAT").exists()
        || home.store().join("log").exists();
    if !taken {
        return Ok(());
    }
    let folder = home.root().display();
    Err(marker::failed(
        format!("there is a home in {folder} already; it is left as it is"),
        Some(format!(
            "bring the copy back into another folder: moot restore … --home FOLDER; or move the home away first: mv {folder} {folder}.old"
        )),
    ))
}

/// What tells one copy from another: its last bytes hold the hash of all before.
fn name(path: &Path) -> Result<String, CopyError> {
    let mut frames = Frames::open(path)?;
    let mut last = [0; 16];
    loop {
        match frames.step()? {
            Step::Frame { check, .. } => last = check,
            Step::Damage { .. } => {}
            Step::GaveUp { .. } | Step::End => {
                return Ok(data_encoding::HEXLOWER.encode(&last));
            }
        }
    }
}

/// Stores everything that a checked bundle holds; what is stored already is passed over.
fn import(path: &Path, store: &mut Vault) -> Result<(), CopyError> {
    let mut frames = Frames::open(path)?;
    let mut group = Vec::new();
    let mut bytes = 0;
    loop {
        match frames.step()? {
            Step::Frame { kind, number, .. } => {
                let payload = frames.payload();
                bytes += payload.len();
                let item = Item::decode(kind, payload);
                let strange = || CopyError::Damaged(format!("frame {number}"));
                entries(&item.ok_or_else(strange)?, &mut group)?;
                if bytes >= GROUP {
                    store.commit(&group)?;
                    group.clear();
                    bytes = 0;
                }
            }
            // It was whole a moment ago.
            Step::Damage { at, .. } | Step::GaveUp { at } => {
                return Err(CopyError::Damaged(format!("byte {at} changed meanwhile")));
            }
            Step::End => {
                store.commit(&group)?;
                return Ok(());
            }
        }
    }
}

fn entries(item: &Item<'_>, group: &mut Vec<Entry>) -> Result<(), CopyError> {
    match item {
        Item::Record {
            erased,
            mark,
            received_ms,
            wire,
        } => {
            let record = Signed::parse(wire).and_then(Signed::verify);
            let record = record.map_err(|reason| CopyError::Damaged(reason.to_string()))?;
            let id: RecordId = record.id();
            group.push(Entry::Record(record, *received_ms));
            if *erased {
                group.push(Entry::Erase { id });
            }
            if *mark != 0 {
                group.push(Entry::Mark { id, mark: *mark });
            }
        }
        Item::Sealed { cid, key_id, bytes } => group.push(Entry::Bundle {
            cid: *cid,
            key_id: *key_id,
            bytes: bytes.to_vec(),
        }),
        Item::Fact { key, value } if is_carried(key) => group.push(Entry::Local {
            key: key.to_vec(),
            value: Some(value.to_vec()),
        }),
        Item::Fact { .. } | Item::Contents(_) | Item::Keys(_) | Item::End { .. } => {}
    }
    Ok(())
}

pub(crate) fn make_keys(
    ask: &BringBack<'_>,
    home: &Home,
    store: &mut Vault,
    kept: &Kept,
) -> Result<Vec<Recovered>, CopyError> {
    let card = kept.card()?;
    let keyring = keys_there(home, &card.master, ask.passphrase)?;
    let recovered = recover_into(
        home,
        store,
        Into {
            card,
            keyring,
            passphrase: ask.passphrase,
            keep_devices: !ask.lost,
            again: true,
        },
    )?;
    learn(home, ask.passphrase, kept)?;
    Ok(recovered)
}

/// Gives epoch secrets to what is whole again. Where members have to let this device in first, their
/// welcome brings the keys.
fn learn(home: &Home, passphrase: Option<&str>, kept: &Kept) -> Result<(), CopyError> {
    let (keyring, _) = Keyring::open(home, passphrase).map_err(crate::OpenError::from)?;
    let all: Vec<Secrets> = keyring.load().map_err(crate::OpenError::from)?;
    for mut secrets in all {
        let one = kept.collectives.iter().find(|one| one.cid == secrets.cid);
        let Some(one) = one.filter(|_| secrets.membership == Membership::Member) else {
            continue;
        };
        // The new device's own epoch stays the last one.
        let newer = std::mem::take(&mut secrets.epochs);
        for epoch in one.epochs.iter().cloned().chain(newer) {
            secrets.learn(epoch);
        }
        keyring.save(&secrets).map_err(crate::OpenError::from)?;
    }
    Ok(())
}
