//! A member's node that sends what it likes: it proves itself with the keys of a real home, and then
//! offers records that no honest node would.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use ed25519_dalek::SigningKey;
use folkmoot_net::{Handle, parse_addr};
use folkmoot_record::{
    BundleHash, CollectiveId, DeviceKey, Hlc, Kind, RecordId, SeatKey, Verified, fc::Decoder,
};
use folkmoot_seal::{EpochSecret, NodeKey, Proof, Role, Transcript};
use folkmoot_sync::{
    Ask, Config, Delivered, DoorOffer, EpochOffer, Event, Held, Holdings, Input, Item, Machine,
    Now, Output, Presence, Scope, Stamp, Standing, Welcome,
};
use tokio::{sync::mpsc, time::timeout};

/// What is taken from the home of a member.
pub(crate) struct Keys {
    pub(crate) cid: CollectiveId,
    pub(crate) seat: SeatKey,
    pub(crate) device: SigningKey,
    /// Limited devices of this person, in the order in which they were added.
    #[allow(dead_code, reason = "not every suite has an agent")]
    pub(crate) agents: Vec<SigningKey>,
    epochs: Vec<EpochSecret>,
    /// Seed of the home's own transport key.
    pub(crate) transport: [u8; 32],
    /// Control records of the collective, in the order in which they came.
    pub(crate) control: Vec<Verified>,
}

impl Keys {
    /// Reads the keys and records of a home whose node does not run.
    pub(crate) fn of(home: &Path, collective: &str) -> Self {
        let folder = home.join("keys");
        let node = fs::read(folder.join("node.key")).unwrap();
        let node = NodeKey::from_bytes(node[1..].try_into().unwrap());
        let open = |name: &str| {
            let sealed = fs::read(folder.join(name)).unwrap();
            node.open_value("keys", name.as_bytes(), &sealed).unwrap()
        };
        let transport = open("transport").as_slice().try_into().unwrap();
        let secrets = open(&format!("{collective}.collective"));
        let mut d = Decoder::new(&secrets).unwrap();
        d.array().unwrap();
        d.uint().unwrap();
        let cid = CollectiveId::from_bytes(d.bytes_of().unwrap());
        d.uint().unwrap();
        d.bool().unwrap();
        d.bytes_or_null::<16>().unwrap();
        let seat = SeatKey::from_bytes(d.bytes_of().unwrap());
        let device = SigningKey::from_bytes(&d.bytes_of().unwrap());
        d.list(0..=1_000, Decoder::bytes_of::<32>).unwrap();
        let epochs = d
            .list(0..=1_000, |d| d.bytes_of().map(EpochSecret::from_bytes))
            .unwrap();
        let agents = d
            .list(0..=256, |d| {
                d.array_of(3)?;
                d.text(64)?;
                d.bytes_of::<32>()?;
                d.bytes_or_null::<32>()
            })
            .unwrap()
            .into_iter()
            .flatten()
            .map(|seed| SigningKey::from_bytes(&seed))
            .collect();
        let vault = folkmoot_tests::vault::vault(home);
        let mut control = Vec::new();
        vault
            .control(&cid, &mut |record, _| {
                control.push(record);
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        vault.close().unwrap();
        Self {
            cid,
            seat,
            device,
            agents,
            epochs,
            transport,
            control,
        }
    }
}

impl Keys {
    /// The join by which this member came in; its id names the grant that they hold.
    pub(crate) fn join(&self) -> &Verified {
        let own = |record: &&Verified| {
            record.header().kind == Kind::JOIN && record.header().seat == self.seat
        };
        self.control.iter().find(own).unwrap()
    }
}

/// One record that is offered, whatever it is.
#[derive(Clone)]
pub(crate) struct Offer {
    pub(crate) id: RecordId,
    pub(crate) hlc: Hlc,
    pub(crate) scope: Scope,
    pub(crate) wire: Arc<[u8]>,
}

/// What the traitor claims to hold.
pub(crate) struct Claims<'a> {
    keys: &'a Keys,
    held: BTreeMap<RecordId, (Scope, Hlc, Arc<[u8]>)>,
    /// Offered records that were asked for.
    given: Cell<usize>,
}

impl<'a> Claims<'a> {
    /// The control records, which any member holds, and what is offered.
    pub(crate) fn new(keys: &'a Keys, offers: &[Offer]) -> Self {
        let control = keys.control.iter().map(|record| Offer {
            id: record.id(),
            hlc: record.header().hlc,
            scope: Scope::Control,
            wire: record.wire().into(),
        });
        let held = control
            .chain(offers.iter().cloned())
            .map(|offer| (offer.id, (offer.scope, offer.hlc, offer.wire)))
            .collect();
        Self {
            keys,
            held,
            given: Cell::new(0),
        }
    }
}

impl Holdings for Claims<'_> {
    fn collectives(&self) -> Vec<CollectiveId> {
        vec![self.keys.cid]
    }

    fn epochs(&self, _: &CollectiveId) -> Vec<EpochOffer> {
        let mut offers: Vec<_> = self
            .keys
            .epochs
            .iter()
            .zip(1..)
            .map(|(secret, gen_no)| EpochOffer {
                gen_no,
                key_id: secret.id(),
                presence: secret.presence(),
                current: true,
            })
            .collect();
        offers.reverse();
        offers
    }

    fn doors(&self, _: &CollectiveId) -> Vec<DoorOffer> {
        Vec::new()
    }

    fn prove(&self, cid: &CollectiveId, role: Role, transcript: &Transcript) -> Option<Proof> {
        let (device, seat) = (&self.keys.device, self.keys.seat);
        Some(Proof::device(device, seat, role, cid, transcript))
    }

    fn standing(&self, _: &CollectiveId, _: &SeatKey, _: &DeviceKey) -> Standing {
        Standing::Member
    }

    fn credentials(&self, _: &CollectiveId) -> Vec<RecordId> {
        self.keys.control.iter().map(Verified::id).collect()
    }

    fn served_to_joiner(&self, _: &CollectiveId, _: &RecordId) -> Vec<RecordId> {
        Vec::new()
    }

    fn welcome(&self, _: &CollectiveId, _: &RecordId) -> Option<Welcome> {
        None
    }

    fn items(&self, _: &CollectiveId, wanted: Scope) -> Vec<Stamp> {
        let mut stamps: Vec<_> = self
            .held
            .iter()
            .filter(|(_, (scope, ..))| *scope == wanted)
            .map(|(id, (_, hlc, _))| Stamp {
                hlc: *hlc,
                id: id.to_bytes(),
            })
            .collect();
        stamps.sort();
        stamps
    }

    fn stamp(&self, _: &CollectiveId, id: &RecordId) -> Option<(Scope, Hlc)> {
        self.held.get(id).map(|(scope, hlc, _)| (*scope, *hlc))
    }

    fn record(&self, _: &CollectiveId, id: &RecordId) -> Option<Held> {
        let (_, _, wire) = self.held.get(id)?;
        self.given.set(self.given.get() + 1);
        Some(Held {
            wire: wire.to_vec(),
            absent: None,
        })
    }

    fn bundle(&self, _: &CollectiveId, _: &BundleHash) -> Option<Vec<u8>> {
        None
    }

    fn presence(&self, _: &CollectiveId, id: &RecordId) -> Presence {
        if self.held.contains_key(id) {
            Presence::Whole
        } else {
            Presence::Void
        }
    }

    fn wanted(&self, _: &CollectiveId) -> Vec<RecordId> {
        Vec::new()
    }
}

/// How an attack went.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The other side accepted this node as a member's device.
    pub(crate) proven: bool,
    /// Offered records that were handed over.
    pub(crate) given: usize,
    /// The other side hung up.
    pub(crate) dropped: bool,
}

/// Connects to a home, proves membership, offers everything by push and by reconciliation, until
/// the other side hangs up or the time is over.
pub(crate) async fn attack(
    keys: &Keys,
    transport_key: [u8; 32],
    offers: &[Offer],
    address: &str,
    limit: Duration,
) -> Outcome {
    let (sender, mut inputs) = mpsc::channel(32);
    let config = folkmoot_net::Config {
        transport_key,
        listen: Vec::new(),
        lan: false,
        max_memory: None,
    };
    let (handle, started) = folkmoot_net::start(config, sender).await.unwrap();
    let evil: Vec<RecordId> = offers.iter().map(|offer| offer.id).collect();
    let claims = Claims::new(keys, offers);
    let mut machine = Machine::new(started.peer, Config::default(), seed());
    let begun = Instant::now();
    let mut outcome = Outcome::default();
    let reach = Ask::Reach {
        peer: None,
        addrs: vec![parse_addr(address).unwrap()],
    };
    let mut next = vec![Input::Ask(reach)];
    while begun.elapsed() < limit && !outcome.dropped {
        for input in std::mem::take(&mut next) {
            if matches!(input, Input::Disconnected { .. }) {
                outcome.dropped = true;
            }
            let outputs = machine.handle(now(begun), input, &claims);
            follow(outputs, &handle, keys, &evil, &mut outcome, &mut next).await;
        }
        if !next.is_empty() {
            continue;
        }
        let wait = machine.deadline().map_or(1_000, |at| {
            at.saturating_sub(now(begun).mono).clamp(1, 1_000)
        });
        next.push(
            match timeout(Duration::from_millis(wait), inputs.recv()).await {
                Ok(Some(input)) => input,
                Ok(None) => break,
                Err(_) => Input::Tick,
            },
        );
    }
    outcome.given = claims.given.get();
    handle.stop().await;
    outcome
}

async fn follow(
    outputs: Vec<Output>,
    handle: &Handle,
    keys: &Keys,
    evil: &[RecordId],
    outcome: &mut Outcome,
    next: &mut Vec<Input>,
) {
    let mut driver = Vec::new();
    for output in outputs {
        match output {
            Output::Deliver { ticket, items, .. } => {
                let verdict = |item: &Item| match item {
                    Item::Record(_) | Item::Bundle(_) => Delivered::Stored,
                };
                let verdicts = items.iter().map(verdict).collect();
                next.push(Input::Judged { ticket, verdicts });
            }
            Output::Event(Event::Proven { .. }) => {
                outcome.proven = true;
                // As if all of them had been written this moment.
                let records = evil.iter().map(|id| (*id, None)).collect();
                next.push(Input::Stored {
                    cid: keys.cid,
                    records,
                });
            }
            Output::Event(_) => {}
            other => driver.push(other),
        }
    }
    handle.act_async(driver).await;
}

pub(crate) fn now(begun: Instant) -> Now {
    let wall = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Now {
        wall: u64::try_from(wall.as_millis()).unwrap(),
        mono: u64::try_from(begun.elapsed().as_millis()).unwrap(),
    }
}

/// Fresh enough for one run: the clock.
pub(crate) fn seed() -> [u8; 32] {
    let text = format!("{:?}", Instant::now());
    folkmoot_record::hash::plain(text.as_bytes())
}
