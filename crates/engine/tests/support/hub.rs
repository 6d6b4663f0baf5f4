//! Several engines in one process, joined by a network of memory: whoever is dialled answers at
//! once, frames arrive in order, and any two can be kept apart.
#![allow(dead_code, reason = "each suite uses its own part")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use folkmoot_api::{
    ApiError, CollectiveNew, CollectiveRef, CollectiveView, Command, Find, Found, InviteNew,
    InviteView, JoinArgs, JoinProgress, Note, PeerAdd, Reply, Saved, SetName,
};
use folkmoot_engine::{AddressText, Engine, Network, Options};
use folkmoot_sync::{Addr, Input, Output, Path as Route, Peer, StreamId};

/// The longest that something may take on a slow, busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Who is called how, which streams lead where, and who may not reach whom.
#[derive(Default)]
struct Wires {
    engines: BTreeMap<Peer, Engine>,
    linked: BTreeSet<(Peer, Peer)>,
    apart: BTreeSet<(Peer, Peer)>,
    streams: BTreeMap<(Peer, u64), (Peer, u64)>,
    next: u64,
}

/// The network.
#[derive(Clone)]
pub(crate) struct Hub {
    wires: Arc<Mutex<Wires>>,
    post: mpsc::Sender<(Peer, Input)>,
}

/// One person's engine at the hub.
pub(crate) struct Home {
    /// The engine.
    pub(crate) engine: Engine,
    /// Its address, as text.
    pub(crate) address: String,
    peer: Peer,
    folder: Arc<tempfile::TempDir>,
}

fn pair(a: &Peer, b: &Peer) -> (Peer, Peer) {
    if a < b {
        (a.clone(), b.clone())
    } else {
        (b.clone(), a.clone())
    }
}

impl Hub {
    pub(crate) fn new() -> Self {
        let wires: Arc<Mutex<Wires>> = Arc::default();
        let (post, letters) = mpsc::channel::<(Peer, Input)>();
        let known = wires.clone();
        // One carrier for all: what was sent first arrives first.
        thread::spawn(move || {
            for (to, input) in letters {
                let engine = known.lock().unwrap().engines.get(&to).cloned();
                if let Some(engine) = engine {
                    engine.input(input);
                }
            }
        });
        Self { wires, post }
    }

    /// A new person with a node.
    pub(crate) fn person(&self, name: &str) -> Home {
        let home = self.start(name, Arc::new(tempfile::tempdir().unwrap()));
        home.ask(Command::SetName(SetName {
            name: name.to_owned(),
        }));
        home
    }

    /// A node under this name on a home that may have been there before.
    pub(crate) fn start(&self, name: &str, folder: Arc<tempfile::TempDir>) -> Home {
        let engine = open(&folder.path().join("home"));
        let address = format!("/{name}");
        let peer = Peer(name.as_bytes().to_vec());
        self.wires
            .lock()
            .unwrap()
            .engines
            .insert(peer.clone(), engine.clone());
        let (hub, me) = (self.clone(), peer.clone());
        engine.attach(Network {
            peer: peer.clone(),
            listening: vec![Addr(address.clone().into_bytes())],
            text: AddressText {
                parse: |text| Ok((None, Addr(text.as_bytes().to_vec()))),
                print: |addr| String::from_utf8_lossy(&addr.0).into_owned(),
                print_peer: |peer| String::from_utf8_lossy(&peer.0).into_owned(),
            },
            act: Box::new(move |outputs| {
                for output in outputs {
                    hub.carry_out(&me, output);
                }
            }),
        });
        Home {
            engine,
            address,
            peer,
            folder,
        }
    }

    /// Stops a node; gives what is left on its disk.
    pub(crate) fn stop(&self, home: Home) -> Arc<tempfile::TempDir> {
        let mut wires = self.wires.lock().unwrap();
        wires.engines.remove(&home.peer);
        let links: Vec<(Peer, Peer)> = wires.linked.iter().cloned().collect();
        for (a, b) in links {
            if a == home.peer || b == home.peer {
                self.unlink(&mut wires, &a, &b);
            }
        }
        drop(wires);
        let folder = home.folder.clone();
        drop(home);
        folder
    }

    /// Keeps two apart by their names, also before they are there.
    pub(crate) fn apart(&self, a: &str, b: &str) {
        let peer = |name: &str| Peer(name.as_bytes().to_vec());
        let mut wires = self.wires.lock().unwrap();
        wires.apart.insert(pair(&peer(a), &peer(b)));
        self.unlink(&mut wires, &peer(a), &peer(b));
    }

    fn send(&self, to: &Peer, input: Input) {
        self.post.send((to.clone(), input)).unwrap();
    }

    fn carry_out(&self, me: &Peer, output: Output) {
        let mut wires = self.wires.lock().unwrap();
        if !wires.engines.contains_key(me) {
            // It was stopped while its thread still ran.
            return;
        }
        match output {
            Output::Dial { peer, addrs } => {
                let named = addrs
                    .first()
                    .map(|addr| Peer(addr.0.get(1..).unwrap_or_default().to_vec()));
                let Some(other) = peer.clone().or(named) else {
                    return;
                };
                let link = pair(me, &other);
                if !wires.engines.contains_key(&other) || wires.apart.contains(&link) {
                    let error = "nobody answers".to_owned();
                    self.send(me, Input::DialFailed { peer, addrs, error });
                } else if wires.linked.insert(link) {
                    for (who, whom, dialled) in [(me, &other, true), (&other, me, false)] {
                        let addr = Addr([b"/", whom.0.as_slice()].concat());
                        let (peer, path) = (whom.clone(), Route::Loopback);
                        self.send(
                            who,
                            Input::Connected {
                                peer,
                                addr,
                                path,
                                dialled,
                            },
                        );
                    }
                }
            }
            Output::Hangup { peer } => self.unlink(&mut wires, me, &peer),
            Output::Open { peer, protocol } => {
                if !wires.linked.contains(&pair(me, &peer)) {
                    let error = "not connected".to_owned();
                    self.send(
                        me,
                        Input::OpenFailed {
                            peer,
                            protocol,
                            error,
                        },
                    );
                    return;
                }
                let (mine, theirs) = (wires.next, wires.next + 1);
                wires.next += 2;
                wires
                    .streams
                    .insert((me.clone(), mine), (peer.clone(), theirs));
                wires
                    .streams
                    .insert((peer.clone(), theirs), (me.clone(), mine));
                self.send(
                    &peer,
                    Input::StreamAccepted {
                        peer: me.clone(),
                        protocol,
                        stream: StreamId(theirs),
                    },
                );
                self.send(
                    me,
                    Input::StreamOpened {
                        peer,
                        protocol,
                        stream: StreamId(mine),
                    },
                );
            }
            Output::Send { stream, bytes } => {
                let far = wires.streams.get(&(me.clone(), stream.0)).cloned();
                if let Some((peer, theirs)) = far {
                    let written = bytes.len();
                    let far = StreamId(theirs);
                    self.send(&peer, Input::Frame { stream: far, bytes });
                    self.send(
                        me,
                        Input::Written {
                            stream,
                            bytes: written,
                        },
                    );
                }
            }
            Output::Close { stream } => {
                if let Some((peer, theirs)) = wires.streams.remove(&(me.clone(), stream.0)) {
                    wires.streams.remove(&(peer.clone(), theirs));
                    for (who, stream) in [(&peer, theirs), (me, stream.0)] {
                        let stream = StreamId(stream);
                        self.send(
                            who,
                            Input::StreamClosed {
                                stream,
                                error: None,
                            },
                        );
                    }
                }
            }
            Output::Gate { .. } | Output::Read { .. } | Output::Widen { .. } => {}
            Output::Deliver { .. } | Output::Event(_) => unreachable!("the engine keeps these"),
        }
    }

    fn unlink(&self, wires: &mut Wires, a: &Peer, b: &Peer) {
        if wires.linked.remove(&pair(a, b)) {
            wires
                .streams
                .retain(|(me, _), (far, _)| pair(me, far) != pair(a, b));
            for (who, peer) in [(a, b), (b, a)] {
                let peer = peer.clone();
                self.send(who, Input::Disconnected { peer });
            }
        }
    }

    /// Keeps two people apart, until [`Hub::join`].
    pub(crate) fn part(&self, a: &Home, b: &Home) {
        let mut wires = self.wires.lock().unwrap();
        wires.apart.insert(pair(&a.peer, &b.peer));
        self.unlink(&mut wires, &a.peer, &b.peer);
    }

    /// Lets two people reach each other again, and one of them try.
    pub(crate) fn join(&self, a: &Home, b: &Home) {
        let link = pair(&a.peer, &b.peer);
        self.wires.lock().unwrap().apart.remove(&link);
        a.ask(Command::PeerAdd(PeerAdd {
            address: b.address.clone(),
        }));
    }
}

fn open(home: &Path) -> Engine {
    let options = Options {
        home: home.to_owned(),
        passphrase: None,
        version: "test",
        serving: true,
        helps: true,
    };
    Engine::open(&options, &mut |_| {}).unwrap().0
}

impl Home {
    /// The home folder.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.folder.path().join("home")
    }

    /// Asks for what has to go well.
    pub(crate) fn ask(&self, command: Command) -> Reply {
        self.engine.call(command).unwrap()
    }

    /// Asks for what has to be refused.
    pub(crate) fn refused(&self, command: Command) -> ApiError {
        self.engine.call(command).unwrap_err()
    }

    pub(crate) fn found(&self, name: &str) {
        self.ask(Command::CollectiveNew(CollectiveNew {
            name: name.to_owned(),
            ..CollectiveNew::default()
        }));
    }

    pub(crate) fn invite(&self, role: &str) -> InviteView {
        let invite = InviteNew {
            collective: "commons".to_owned(),
            role: role.to_owned(),
            uses: 1,
            expires_ms: Some(86_400_000),
            label: None,
            limits: folkmoot_api::LimitArgs::default(),
        };
        self.ask(Command::Invite(invite)).try_into().unwrap()
    }

    /// Joins by a key and waits until everything is received.
    pub(crate) fn join(&self, key: &str) {
        let begun = Instant::now();
        let mut at: JoinProgress = self
            .ask(Command::Join(JoinArgs {
                key: key.to_owned(),
                peers: Vec::new(),
            }))
            .try_into()
            .unwrap();
        while !at.finished {
            assert!(at.failed.is_none(), "{at:?}");
            assert!(begun.elapsed() < SOON, "{at:?}");
            at = self
                .ask(Command::JoinStatus {
                    collective: at.collective,
                    seen: u32::try_from(at.done.len()).unwrap(),
                    wait_ms: 1_000,
                })
                .try_into()
                .unwrap();
        }
    }

    pub(crate) fn note(&self, text: &str, tags: &[&str]) -> Result<Saved, ApiError> {
        let note = Note {
            collective: Some("commons".to_owned()),
            text: Some(text.to_owned()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..Note::default()
        };
        let reply = self.engine.call(Command::Note(note))?;
        Ok(reply.try_into().unwrap())
    }

    pub(crate) fn finds(&self, query: &str) -> u64 {
        let find = Find {
            query: query.to_owned(),
            ..Find::default()
        };
        let found: Found = self.ask(Command::Find(find)).try_into().unwrap();
        found.total
    }

    pub(crate) fn view(&self) -> CollectiveView {
        self.ask(Command::CollectiveShow(CollectiveRef {
            collective: "commons".to_owned(),
        }))
        .try_into()
        .unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.engine.stop();
    }
}

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < SOON, "waited until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until all hold the same set.
pub(crate) fn equal(homes: &[&Home]) {
    until("all hold the same set", || {
        let prints: BTreeSet<String> = homes.iter().map(|h| h.view().fingerprint).collect();
        prints.len() == 1
    });
}
