//! The simulator: nodes, lines between them, and one queue of events in the order of time.
//!
//! It plays the driver and the engine for every machine: streams with read credit, frames that
//! arrive late, dials that fail, verdicts that take a while. Everything follows from the seed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use folkmoot_record::{CollectiveId, RecordId, Verified};
use folkmoot_seal::{DoorSecret, InviteSeed};
use folkmoot_sync::{
    Addr, Ask, Config, Event, Input, Item, JoinStep, Machine, Now, Output, Path, Peer, Protocol,
    StreamId, Ticket, limits,
};

use crate::home::Home;

pub(crate) const START: u64 = 1_800_000_000_000;

/// One node.
pub(crate) struct Node {
    pub(crate) machine: Machine,
    pub(crate) home: Home,
    pub(crate) events: Vec<Event>,
    /// The invite that this node redeems when it is served, with its seed.
    pub(crate) redeems: Option<([u8; 20], RecordId)>,
    /// It makes no join when it is served.
    pub(crate) mute: bool,
    /// Until when it judges what came before.
    busy: u64,
    pub(crate) hands: Vec<Vec<u8>>,
    pub(crate) joined: Option<Verified>,
    tick: Option<u64>,
}

/// One end of a stream.
struct End {
    node: usize,
    other: StreamId,
    line: (usize, usize, u64),
    credit: u32,
    /// Frames that came and were not read yet.
    waiting: VecDeque<Vec<u8>>,
    /// The other side closed after these.
    ending: bool,
    gone: bool,
    /// Until when what was sent before takes on a slow line.
    busy: u64,
    /// Largest frame that is read.
    most: usize,
}

enum Happening {
    Input(usize, Input),
    /// Only while that connection is up.
    OnLine(usize, (usize, usize, u64), Input),
    Arrives(StreamId, Vec<u8>),
    Ends(StreamId),
    Judge(usize, Ticket, CollectiveId, Peer, Vec<Item>),
    Tick(usize),
}

/// A frame that was sent: from, to, on what, and its bytes.
pub(crate) type Overheard = (usize, usize, Protocol, Vec<u8>);

/// The world.
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) nodes: Vec<Node>,
    queue: BTreeMap<(u64, u64), Happening>,
    order: u64,
    random: blake3::OutputReader,
    /// Connections that are up, by pair, with a number of each.
    lines: BTreeMap<(usize, usize), u64>,
    next_line: u64,
    ends: BTreeMap<StreamId, End>,
    next_stream: u64,
    pub(crate) cut: BTreeSet<(usize, usize)>,
    pub(crate) off: BTreeSet<usize>,
    gates: BTreeSet<(usize, usize)>,
    /// Largest delay of a frame.
    pub(crate) latency: u64,
    /// Bytes that a stream carries in a second, where lines are slow.
    pub(crate) rate: Option<u64>,
    /// How long a node takes to judge a record.
    pub(crate) judging: u64,
    /// Frame bytes carried, in all.
    pub(crate) carried: u64,
    /// Dials that were tried, by node.
    pub(crate) dials: BTreeMap<usize, u64>,
    /// Frames that are shown to the test before they are sent on: (from, to, bytes).
    pub(crate) tap: Option<Vec<Overheard>>,
    protocols: BTreeMap<StreamId, Protocol>,
    /// Frames on streams that the test itself holds the other end of.
    pub(crate) outbox: Option<Vec<Vec<u8>>>,
}

pub(crate) fn peer(node: usize) -> Peer {
    let mut id = vec![0, 36, 8, 1, 18, 32];
    id.extend([node as u8 + 1; 32]);
    Peer(id)
}

pub(crate) fn addr(node: usize) -> Addr {
    Addr(vec![4, 127, 0, 0, node as u8 + 1, 6, 0x10, 0])
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl World {
    pub(crate) fn new(seed: u64, nodes: usize) -> Self {
        Self::with_config(seed, nodes, &Config::default())
    }

    pub(crate) fn with_config(seed: u64, nodes: usize, config: &Config) -> Self {
        let random = blake3::Hasher::new()
            .update(&seed.to_be_bytes())
            .finalize_xof();
        let mut world = Self {
            now: 1_000,
            nodes: Vec::new(),
            queue: BTreeMap::new(),
            order: 0,
            random,
            lines: BTreeMap::new(),
            next_line: 0,
            ends: BTreeMap::new(),
            next_stream: 0,
            cut: BTreeSet::new(),
            off: BTreeSet::new(),
            gates: BTreeSet::new(),
            latency: 20,
            rate: None,
            judging: 0,
            carried: 0,
            dials: BTreeMap::new(),
            tap: None,
            protocols: BTreeMap::new(),
            outbox: None,
        };
        for node in 0..nodes {
            let mut machine_seed = [0; 32];
            world.random.fill(&mut machine_seed);
            world.nodes.push(Node {
                machine: Machine::new(peer(node), config.clone(), machine_seed),
                home: Home::default(),
                events: Vec::new(),
                redeems: None,
                mute: false,
                busy: 0,
                hands: Vec::new(),
                joined: None,
                tick: None,
            });
        }
        world
    }

    pub(crate) fn random(&mut self, below: u64) -> u64 {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        u64::from_be_bytes(bytes) % below.max(1)
    }

    pub(crate) fn wall(&self) -> u64 {
        START + self.now
    }

    fn at(&mut self, delay: u64, happening: Happening) {
        self.order += 1;
        self.queue.insert((self.now + delay, self.order), happening);
    }

    fn delay(&mut self) -> u64 {
        1 + self.random(self.latency)
    }

    /// Gives a node an input now, and carries out what it wants.
    pub(crate) fn input(&mut self, node: usize, input: Input) {
        let now = Now {
            wall: self.wall(),
            mono: self.now,
        };
        let Node { machine, home, .. } = &mut self.nodes[node];
        let outputs = machine.handle(now, input, home);
        for output in outputs {
            self.output(node, output);
        }
        let deadline = self.nodes[node].machine.deadline();
        if let Some(at) = deadline.filter(|at| self.nodes[node].tick.is_none_or(|t| *at < t)) {
            self.nodes[node].tick = Some(at);
            let delay = at.saturating_sub(self.now).max(1);
            self.at(delay, Happening::Tick(node));
        }
    }

    pub(crate) fn ask(&mut self, node: usize, ask: Ask) {
        self.input(node, Input::Ask(ask));
    }

    fn output(&mut self, node: usize, output: Output) {
        match output {
            Output::Dial { peer: to, addrs } => {
                *self.dials.entry(node).or_default() += 1;
                self.dial(node, to, addrs);
            }
            Output::Hangup { peer: to } => {
                if let Some(to) = self.node_of(&to) {
                    self.gates.remove(&(node, to));
                    self.break_line(node, to);
                }
            }
            Output::Gate { peer: to, open } => {
                let Some(to) = self.node_of(&to) else { return };
                if open {
                    self.gates.insert((node, to));
                } else {
                    self.gates.remove(&(node, to));
                }
            }
            Output::Open { peer: to, protocol } => self.open(node, to, protocol),
            Output::Send { stream, bytes } => self.send(stream, bytes),
            Output::Read { stream, frames } => {
                if let Some(end) = self.ends.get_mut(&stream) {
                    end.credit += frames;
                    assert!(
                        end.credit <= limits::READ_AHEAD,
                        "more credit than there was"
                    );
                }
                self.read(stream);
            }
            Output::Widen { stream } => {
                if let Some(end) = self.ends.get_mut(&stream) {
                    end.most = limits::FRAME;
                    end.credit += limits::READ_AHEAD - 1;
                }
            }
            Output::Close { stream } => {
                let now = self.now;
                if let Some(end) = self.ends.get_mut(&stream) {
                    end.gone = true;
                    let other = end.other;
                    let end_queue = end.busy.saturating_sub(now);
                    let delay = self.latency + 1 + end_queue;
                    self.at(delay, Happening::Ends(other));
                }
            }
            Output::Deliver {
                ticket,
                cid,
                peer,
                items,
            } => {
                let mut delay = self.random(8);
                if self.judging > 0 {
                    // One batch after the other, as an engine with one thread.
                    let busy = &mut self.nodes[node].busy;
                    *busy = self.now.max(*busy) + self.judging * items.len() as u64;
                    delay += *busy - self.now;
                }
                self.at(delay, Happening::Judge(node, ticket, cid, peer, items));
            }
            Output::Event(event) => self.event(node, event),
        }
    }

    fn node_of(&self, of: &Peer) -> Option<usize> {
        (0..self.nodes.len()).find(|node| peer(*node) == *of)
    }

    fn dial(&mut self, node: usize, to: Option<Peer>, addrs: Vec<Addr>) {
        let delay = self.delay();
        let found = (0..self.nodes.len())
            .find(|n| *n != node && addrs.contains(&addr(*n)))
            .filter(|n| !self.cut.contains(&pair(node, *n)))
            .filter(|n| !self.off.contains(n) && !self.off.contains(&node));
        match found {
            Some(other) if !self.lines.contains_key(&pair(node, other)) => {
                self.connect(node, other, delay);
            }
            // A second connection to the same peer is no news.
            Some(_) => {}
            None => {
                let error = "connection refused".to_owned();
                let failed = Input::DialFailed {
                    peer: to,
                    addrs,
                    error,
                };
                self.at(delay, Happening::Input(node, failed));
            }
        }
    }

    pub(crate) fn connect(&mut self, node: usize, other: usize, delay: u64) {
        self.next_line += 1;
        let number = self.next_line;
        self.lines.insert(pair(node, other), number);
        let line = (node.min(other), node.max(other), number);
        for (at, to, dialled) in [(node, other, true), (other, node, false)] {
            let connected = Input::Connected {
                peer: peer(to),
                addr: addr(to),
                path: Path::Loopback,
                dialled,
            };
            // A driver tells of a connection before it tells of its streams.
            self.at(delay, Happening::OnLine(at, line, connected));
        }
    }

    /// Ends the connection of two nodes.
    pub(crate) fn break_line(&mut self, a: usize, b: usize) {
        if self.lines.remove(&pair(a, b)).is_none() {
            return;
        }
        for (at, to) in [(a, b), (b, a)] {
            self.gates.remove(&(at, to));
            self.at(
                0,
                Happening::Input(at, Input::Disconnected { peer: peer(to) }),
            );
        }
        let of = pair(a, b);
        self.ends.retain(|_, end| (end.line.0, end.line.1) != of);
    }

    /// No connection between the two until they are joined again.
    pub(crate) fn part(&mut self, a: usize, b: usize) {
        self.cut.insert(pair(a, b));
        self.break_line(a, b);
    }

    pub(crate) fn stop(&mut self, node: usize) {
        self.off.insert(node);
        for other in 0..self.nodes.len() {
            self.break_line(node, other);
        }
    }

    fn open(&mut self, node: usize, to: Peer, protocol: Protocol) {
        let Some(other) = self.node_of(&to) else {
            return;
        };
        let open = protocol == Protocol::Hello || self.gates.contains(&(other, node));
        let Some(number) = self.lines.get(&pair(node, other)).copied().filter(|_| open) else {
            let error = "the peer does not speak this protocol".to_owned();
            let failed = Input::OpenFailed {
                peer: to,
                protocol,
                error,
            };
            let delay = self.delay();
            self.at(delay, Happening::Input(node, failed));
            return;
        };
        let line = (node.min(other), node.max(other), number);
        let here = StreamId(self.next_stream);
        let there = StreamId(self.next_stream + 1);
        self.next_stream += 2;
        for (id, node, other) in [(here, node, there), (there, other, here)] {
            let end = End {
                node,
                other,
                line,
                credit: if protocol == Protocol::Hello {
                    1
                } else {
                    limits::READ_AHEAD
                },
                most: if protocol == Protocol::Hello {
                    limits::HELLO_FRAME
                } else {
                    limits::FRAME
                },
                waiting: VecDeque::new(),
                ending: false,
                gone: false,
                busy: 0,
            };
            self.ends.insert(id, end);
            self.protocols.insert(id, protocol);
        }
        let accepted = Input::StreamAccepted {
            peer: peer(node),
            protocol,
            stream: there,
        };
        let opened = Input::StreamOpened {
            peer: to,
            protocol,
            stream: here,
        };
        let (out, back) = (self.delay(), self.delay());
        self.at(out, Happening::OnLine(other, line, accepted));
        self.at(out + back, Happening::OnLine(node, line, opened));
    }

    fn send(&mut self, stream: StreamId, bytes: Vec<u8>) {
        assert!(bytes.len() <= limits::FRAME, "a frame above the limit");
        let (now, rate) = (self.now, self.rate);
        let Some(end) = self.ends.get_mut(&stream) else {
            if let Some(outbox) = &mut self.outbox {
                outbox.push(bytes);
            }
            return;
        };
        self.carried += bytes.len() as u64 + 4;
        let (from, other) = (end.node, end.other);
        let takes = rate.map_or(0, |rate| bytes.len() as u64 * 1_000 / rate);
        end.busy = end.busy.max(now) + takes;
        let queued = end.busy - now;
        let to = self.ends.get(&other).map(|end| end.node);
        if let (Some(tap), Some(to)) = (&mut self.tap, to) {
            tap.push((from, to, self.protocols[&stream], bytes.clone()));
        }
        // Frames of one stream keep their order.
        let delay = self.latency + queued;
        self.at(delay, Happening::Arrives(other, bytes));
    }

    /// Hands waiting frames over as far as there is credit.
    fn read(&mut self, stream: StreamId) {
        while let Some(end) = self.ends.get_mut(&stream) {
            if end.gone {
                return;
            }
            if end.credit > 0
                && let Some(bytes) = end.waiting.pop_front()
            {
                assert!(bytes.len() <= end.most, "a frame that is not read");
                end.credit -= 1;
                let (node, other, written) = (end.node, end.other, bytes.len());
                if let Some(sender) = self.ends.get(&other) {
                    let input = Input::Written {
                        stream: other,
                        bytes: written,
                    };
                    let (at, line) = (sender.node, sender.line);
                    self.at(1, Happening::OnLine(at, line, input));
                }
                self.input(node, Input::Frame { stream, bytes });
                continue;
            }
            if end.waiting.is_empty() && end.ending {
                end.gone = true;
                let node = end.node;
                self.input(
                    node,
                    Input::StreamClosed {
                        stream,
                        error: None,
                    },
                );
            }
            return;
        }
    }

    fn event(&mut self, node: usize, event: Event) {
        if let Event::Joining { cid, step } = &event {
            match step {
                JoinStep::Served if self.nodes[node].mute => {}
                JoinStep::Served => self.make_join(node, *cid),
                JoinStep::Welcomed { .. } => {
                    let club = self.nodes[node].home.clubs.get_mut(cid).unwrap();
                    club.member = true;
                    let join = self.nodes[node].joined.take().unwrap();
                    self.nodes[node]
                        .home
                        .clubs
                        .get_mut(cid)
                        .unwrap()
                        .insert(join);
                    self.at(0, Happening::Input(node, Input::Changed { cid: *cid }));
                }
                _ => {}
            }
        }
        self.nodes[node].events.push(event);
    }

    /// A node asks at a door with a join that was made before, by it or by somebody else.
    pub(crate) fn show_join(&mut self, node: usize, join: &Verified, seed: [u8; 20], at: usize) {
        let cid = join.header().cid.unwrap();
        let seed = InviteSeed::from_bytes(seed);
        self.nodes[node].joined = Some(join.clone());
        let invite = join.header().cap.unwrap();
        self.nodes[node].redeems = Some((*seed.expose(), invite.into()));
        self.ask(
            node,
            Ask::Join {
                cid,
                door: *DoorSecret::invite(&cid, &seed.public()).expose(),
                invite_seed: seed.signing_key().to_bytes(),
                record: Some(join.wire().to_vec()),
                addrs: vec![addr(at)],
            },
        );
    }

    fn make_join(&mut self, node: usize, cid: CollectiveId) {
        let now = self.wall();
        let node_ref = &mut self.nodes[node];
        let club = node_ref.home.clubs.get_mut(&cid).unwrap();
        let heads = club.heads();
        let me = club.me.as_mut().unwrap();
        let join = match (&node_ref.joined, node_ref.redeems) {
            (Some(join), _) => join.clone(),
            (None, Some((seed, invite))) => me.join(cid, now, seed, &club.records[&invite]),
            (None, None) => me.add_device(cid, now, heads),
        };
        node_ref.joined = Some(join.clone());
        let record = join.wire().to_vec();
        let before = node_ref.hands.clone();
        let ask = Ask::SubmitJoin {
            cid,
            before,
            record,
        };
        self.at(1, Happening::Input(node, Input::Ask(ask)));
    }

    fn judge(
        &mut self,
        node: usize,
        ticket: Ticket,
        cid: CollectiveId,
        from: &Peer,
        items: &[Item],
    ) {
        let taken = self.nodes[node].home.take(cid, items);
        if !taken.stored.is_empty() {
            let records = taken
                .stored
                .iter()
                .map(|id| (*id, Some(from.clone())))
                .collect();
            self.input(node, Input::Stored { cid, records });
        }
        if taken.changed {
            self.input(node, Input::Changed { cid });
        }
        let verdicts = taken.verdicts;
        self.input(node, Input::Judged { ticket, verdicts });
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, span: u64) {
        let until = self.now + span;
        while let Some((&(at, order), _)) = self.queue.first_key_value() {
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            match self.queue.remove(&(at, order)).unwrap() {
                Happening::Input(node, input) => self.input(node, input),
                Happening::OnLine(node, line, input) => {
                    if self.lines.get(&(line.0, line.1)) == Some(&line.2) {
                        self.input(node, input);
                    }
                }
                Happening::Arrives(stream, bytes) => {
                    if let Some(end) = self.ends.get_mut(&stream) {
                        end.waiting.push_back(bytes);
                    }
                    self.read(stream);
                }
                Happening::Ends(stream) => {
                    if let Some(end) = self.ends.get_mut(&stream) {
                        end.ending = true;
                    }
                    self.read(stream);
                }
                Happening::Judge(node, ticket, cid, from, items) => {
                    self.judge(node, ticket, cid, &from, &items);
                }
                Happening::Tick(node) => {
                    self.nodes[node].tick = None;
                    self.input(node, Input::Tick);
                }
            }
        }
        self.now = until;
    }

    /// Runs until the test is content, at most that long.
    pub(crate) fn run_until(&mut self, most: u64, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + most;
        while self.now < end {
            if done(self) {
                return true;
            }
            self.run(10);
        }
        done(self)
    }
}
