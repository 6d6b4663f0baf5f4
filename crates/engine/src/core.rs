//! The state that the engine's thread owns, and how inputs and outputs go through it.

use std::collections::{BTreeMap, VecDeque};

use folkmoot_accord::Rejudge;
use folkmoot_api::{ApiError, Command, ErrorCode, Reply};
use folkmoot_record::{CollectiveId, RecordId};
use folkmoot_store::{Damage, LogCursor, Vault};
use folkmoot_sync::{Ask, Event, Input, Machine, Output};

use crate::{
    Network,
    clock::{Clock, random},
    damage::Kept,
    errors::failed,
    exchange::holdings::View,
    finding::{index::Library, lexicon::Words},
    intake::{checkers::Checkers, receive::Taken},
    keeping::import::Terms,
    membership::{collective::Collective, depart::Departure, join::Join},
    person::{home::Home, keyring::Keyring, secrets::Membership},
    recovery::{recovering::Recovery, retire::Retirement},
    wait::Waiting,
};

/// Answers one command; called on the engine's thread.
pub(crate) type ReplyTo = Box<dyn FnOnce(Result<Reply, ApiError>) + Send>;

/// Most sentences kept for `status`; the newest stay.
const MOST_WARNINGS: usize = 16;
/// Nodes remembered a collective that do not take this device: enough to make a person look.
const MOST_UNSERVED: usize = 64;
/// How often quarantine, quotas and the index are looked after, in milliseconds.
pub(crate) const UPKEEP: u64 = 30_000;

/// Everything, owned by one thread.
pub(crate) struct Core {
    pub(crate) clock: Clock,
    pub(crate) version: &'static str,
    pub(crate) serving: bool,
    pub(crate) since_ms: u64,
    pub(crate) home: Home,
    pub(crate) keyring: Keyring,
    pub(crate) store: Vault,
    pub(crate) library: Library,
    /// The shared words of all collectives.
    pub(crate) words: Words,
    pub(crate) collectives: BTreeMap<CollectiveId, Collective>,
    pub(crate) checkers: Checkers,
    pub(crate) machine: Option<Machine>,
    pub(crate) network: Option<Network>,
    pub(crate) joins: BTreeMap<CollectiveId, Join>,
    pub(crate) recovering: BTreeMap<CollectiveId, Recovery>,
    /// Lost devices that are still to be retired.
    pub(crate) retiring: BTreeMap<CollectiveId, Retirement>,
    /// Whether recovery doors of other members are answered.
    pub(crate) helps: bool,
    pub(crate) waiting: Vec<Waiting>,
    /// Collectives that were left and whose sessions are still open.
    pub(crate) departures: BTreeMap<CollectiveId, Departure>,
    pub(crate) warnings: VecDeque<String>,
    /// Damage that was found and is neither repaired nor put away.
    pub(crate) damage: Vec<Kept>,
    pub(crate) upkeep_at: u64,
    /// What this node does about bodies that were taken back.
    pub(crate) bin: crate::keeping::trash::Bin,
    /// Where reading the log against its checksums goes on.
    pub(crate) scrubbing: Option<LogCursor>,
    /// When the next reading begins, wall clock milliseconds.
    pub(crate) scrub_next_ms: u64,
    /// Damage whose records are in memory and could not be written again yet.
    pub(crate) unmended: Vec<Damage>,
    /// Fingerprints of what was imported, a collective; built when an import begins.
    pub(crate) imported: BTreeMap<CollectiveId, crate::keeping::import::Known>,
}

impl Core {
    /// Answers one command, now or, where it waits for something, later.
    pub(crate) fn command(&mut self, command: Command, reply: ReplyTo) {
        let answer = match command {
            Command::Status {} => Ok(Reply::Status(Box::new(self.status()))),
            Command::Seen {} => self.put_damage_away(),
            Command::Id {} => self.id_view().map(Reply::Id),
            Command::Phrase {} => Ok(Reply::Phrase(self.keyring.words().to_string())),
            Command::Card {} => self.card().map(|card| Reply::Card(Box::new(card))),
            Command::WordPlaces {} => self.word_places(),
            Command::ConfirmWords { words } => self.confirm_words(&words),
            Command::Recoveries {} => Ok(Reply::Recoveries(self.recoveries())),
            Command::FreshHome {} => self.fresh_home(),
            Command::RetireNow { collective } => self.retire_now(collective.as_deref()),
            Command::SetPassphrase(ask) => self.set_passphrase(&ask),
            Command::SetName(ask) => self.set_name(&ask.name),
            Command::Note(note) => self.write_note(&note),
            Command::Show(ask) => self.mending(|core| core.show_record(&ask.id)),
            Command::Edit(ask) => self.edit(&ask),
            Command::History(ask) => self.history(&ask),
            Command::Merge(ask) => self.merge(&ask),
            Command::Act(ask) => self.act(&ask),
            Command::Trash(ask) => self.trash(&ask),
            Command::Restore(ask) => self.restore(&ask),
            Command::SetTask(ask) => self.set_task(&ask),
            Command::Tasks(ask) => self.mending(|core| core.tasks(&ask)),
            Command::Day(ask) => self.mending(|core| core.day(&ask)),
            Command::WriteDay(ask) => self.write_day(&ask),
            Command::Comment(ask) => self.comment(&ask),
            Command::React(ask) => self.react(&ask),
            Command::Rename(ask) => self.rename(&ask),
            Command::Complete(ask) => self.mending(|core| core.complete(&ask)),
            Command::SymbolList(ask) => self.mending(|core| core.symbol_list(&ask)),
            Command::SymbolShow(ask) => self.mending(|core| core.symbol_show(&ask)),
            Command::SymbolDefine(ask) => self.symbol_define(&ask),
            Command::SymbolChange(ask) => self.symbol_change(&ask),
            Command::Undo(ask) => self.undo(&ask),
            Command::Find(ask) => self.mending(|core| core.find(&ask)),
            Command::List(ask) => self.mending(|core| core.list(&ask)),
            Command::Counts(ask) => self.mending(|core| core.counts(&ask)),
            Command::Searches(act) => self.searches_do(&act),
            Command::Related(ask) => self.mending(|core| core.related(&ask)),
            Command::Events(ask) => return self.events(ask, reply),
            Command::Import {
                collective,
                items,
                device,
                vault,
                dry_run,
            } => self.import(
                collective.as_deref(),
                items,
                &Terms::of(device, vault, dry_run),
            ),
            Command::ImportSources(ask) => self.import_sources(&ask),
            Command::CheckLog(ask) => self.check_log(&ask),
            Command::BackupPoint {} => self.backup_point(),
            Command::Pages(ask) => self.mending(|core| core.pages(&ask)),
            Command::BundlePart(ask) => self.bundle_part(&ask),
            Command::CopyMade(ask) => self.copy_made(&ask.place),
            Command::CollectiveNew(ask) => self.found_collective(&ask),
            Command::CollectiveList {} => Ok(Reply::Collectives(self.summaries())),
            Command::CollectiveShow(ask) => self
                .resolve(&ask.collective)
                .and_then(|cid| self.collective_view(&cid))
                .map(|view| Reply::Collective(Box::new(view))),
            Command::CollectiveMembers(ask) => self
                .resolve(&ask.collective)
                .and_then(|cid| self.members(&cid))
                .map(Reply::Members),
            Command::CharterShow(ask) => self.charter_view(ask.collective.as_deref()),
            Command::Propose(ask) => self.propose(&ask),
            Command::Vote(ask) => self.vote(&ask),
            Command::Proposals(ask) => self.proposals(&ask),
            Command::Members(ask) => self.members_of(&ask).map(Reply::Members),
            Command::CollectiveLeave(ask) => self.leave(&ask),
            Command::DeviceList(ask) => self.device_list(&ask),
            Command::DeviceAdd(ask) => self.device_add(&ask),
            Command::DeviceDrop(ask) => self.device_drop(&ask),
            Command::Invite(ask) => self.invite(&ask),
            Command::Invites(ask) => self.invites(&ask),
            Command::Grant(ask) => self.grant(&ask),
            Command::Revoke(ask) => self.revoke(&ask),
            Command::Readmit(ask) => self.readmit(&ask),
            Command::Contracts(ask) => self.contracts(&ask),
            Command::Join(ask) => self.begin_join(&ask),
            Command::JoinStatus {
                collective,
                seen,
                wait_ms,
            } => return self.join_status(&collective, seen, wait_ms, reply),
            Command::Peers {} => Ok(Reply::Peers(self.peer_views())),
            Command::PeerAdd(ask) => self.add_peer(&ask.address),
            Command::Sync(ask) => {
                return self.sync_now(ask.collective.as_deref(), ask.wait_ms, reply);
            }
            Command::Why { id } => self.why(&id).map(Reply::Why),
            Command::LetIn { id, dry_run } => self.let_in(&id, dry_run).map(Reply::Why),
        };
        reply(answer);
    }

    /// Gives the network's machine one input and carries out what it wants, until it is quiet.
    pub(crate) fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let Some(machine) = &mut self.machine else {
                return;
            };
            let now = self.clock.now();
            let view = View {
                store: &self.store,
                collectives: &self.collectives,
                now_ms: now.wall,
                helps: self.helps,
            };
            let outputs = machine.handle(now, input, &view);
            let mut driver = Vec::with_capacity(outputs.len());
            for output in outputs {
                match output {
                    Output::Deliver {
                        ticket,
                        cid,
                        peer,
                        items,
                    } => self.delivered(ticket, cid, peer, items),
                    Output::Event(event) => inputs.extend(self.event(event)),
                    other => driver.push(other),
                }
            }
            if !driver.is_empty()
                && let Some(network) = &mut self.network
            {
                (network.act)(driver);
            }
        }
    }

    /// Takes note of what the machine tells; returns what it should be asked in turn.
    fn event(&mut self, event: Event) -> Vec<Input> {
        match event {
            Event::Proven {
                peer,
                cid,
                addr,
                dev,
                ..
            } => {
                self.heard(cid, dev);
                if let Some(addr) = addr {
                    self.remember_address(&peer, &addr);
                    self.remember_door(&cid, &addr);
                }
                tracing::info!(?peer, %cid, "a member's node proved itself");
                self.met_after_leaving(cid);
                Vec::new()
            }
            Event::Joining { cid, step } => self.join_step(cid, step),
            Event::Synced {
                peer, cid, equal, ..
            } => {
                tracing::info!(?peer, %cid, equal, "reconciled");
                if let Some(collective) = self.collectives.get_mut(&cid) {
                    // Whom one member's node takes as a member was not removed: the others that
                    // did not answer will hear of it.
                    match equal {
                        true => collective.unserved.clear(),
                        false => drop(collective.unserved.remove(&peer)),
                    }
                }
                let machine = self.machine.as_ref();
                let seat = machine.and_then(|machine| machine.seat(&peer, &cid));
                if let Some(seat) = seat {
                    self.note_compared(cid, seat);
                }
                self.synced(cid, equal);
                if !equal {
                    return Vec::new();
                }
                let inputs = self.recovered(cid);
                self.heard_equal(cid, seat);
                inputs
            }
            Event::Unserved { peer, cid } => {
                tracing::info!(?peer, %cid, "a member's node does not take this device");
                let now_ms = self.clock.wall();
                if let Some(collective) = self.collectives.get_mut(&cid)
                    && collective.unserved.len() < MOST_UNSERVED
                {
                    collective.unserved.insert(peer, now_ms);
                }
                Vec::new()
            }
            Event::Misbehaved {
                peer,
                members,
                what,
            } => {
                tracing::warn!(?peer, what, "a peer misbehaved");
                self.misbehaved(&members);
                Vec::new()
            }
        }
    }

    /// Attaches the network: dials whom it knows.
    pub(crate) fn attach(&mut self, network: Network) {
        let seed = match random() {
            Ok(seed) => seed,
            Err(error) => {
                self.warn(format!("the network stays off: {error}"));
                return;
            }
        };
        self.machine = Some(Machine::new(
            network.peer.clone(),
            folkmoot_sync::Config::default(),
            seed,
        ));
        self.remember_listening(&network.listening);
        self.network = Some(network);
        for (peer, addrs) in self.known_addresses() {
            self.feed(Input::Ask(Ask::Reach { peer, addrs }));
        }
        self.resume_recoveries();
        self.resume_retirements();
        self.resume_joins();
    }

    /// Time passed.
    pub(crate) fn tick(&mut self) {
        let mono = self.clock.mono();
        if self
            .machine
            .as_ref()
            .and_then(Machine::deadline)
            .is_some_and(|deadline| deadline <= mono)
        {
            self.feed(Input::Tick);
        }
        self.feed_library();
        self.library.maintain(mono);
        if mono >= self.upkeep_at {
            self.upkeep_at = mono + UPKEEP;
            self.upkeep();
        }
        self.see_off();
        self.due_duties();
        self.answer_waiting();
    }

    /// The next moment at which [`Core::tick`] has something to do, monotonic milliseconds.
    pub(crate) fn deadline(&self) -> u64 {
        let machine = self.machine.as_ref().and_then(Machine::deadline);
        let waiting = self.waiting.iter().map(|waiting| waiting.until).min();
        [
            machine,
            waiting,
            self.library.deadline(),
            self.departure_due(),
            self.next_duty(),
            Some(self.upkeep_at),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(self.upkeep_at)
    }

    /// Judges stored content anew after members, grants or devices changed in a way that bears
    /// on it.
    pub(crate) fn rejudge(&mut self, cid: CollectiveId, rejudge: &Rejudge, taken: &mut Taken) {
        let now_ms = self.clock.wall();
        let Some(collective) = self.collectives.get_mut(&cid) else {
            return;
        };
        let ids = match rejudge {
            Rejudge::Nothing => return,
            Rejudge::Seats(seats) => collective.content_of(&self.store, seats),
            Rejudge::Everything => collective.content_stamps(&self.store).map(|stamps| {
                let ids = stamps.iter().map(|stamp| RecordId::from_bytes(stamp.id));
                ids.collect()
            }),
        };
        let ids: Vec<RecordId> = match ids {
            Ok(ids) => ids,
            Err(error) => {
                tracing::error!(%error, "content could not be judged anew");
                return;
            }
        };
        // What came in the same batch is not stored yet.
        for record in std::mem::take(&mut taken.shown) {
            collective.judge_again(&self.store, &record, now_ms, taken);
            if !collective.marked.contains_key(&record.id()) {
                taken.shown.push(record);
            }
        }
        for id in ids {
            let Some(record) = crate::exchange::holdings::read(&self.store, &id) else {
                continue;
            };
            if let Rejudge::Seats(seats) = rejudge
                && !seats.contains(&record.header().seat)
            {
                continue;
            }
            collective.judge_again(&self.store, &record, now_ms, taken);
        }
    }

    /// Looks after what waits for time: quarantine, quotas, warnings of the store.
    fn upkeep(&mut self) {
        let now_ms = self.clock.wall();
        let cids: Vec<CollectiveId> = self.collectives.keys().copied().collect();
        for cid in cids {
            let mut taken = Taken::default();
            if let Some(collective) = self.collectives.get_mut(&cid) {
                collective.fall_due(&self.store, now_ms, &mut taken);
            }
            if self.settle(cid, taken).is_err() {
                break;
            }
        }
        self.all_duties();
        self.retire_all_due();
        self.end_stalled_joins();
        self.take_turns_recovering();
        self.forget_idle_imports();
        self.hear_all();
        self.empty_what_is_due(now_ms);
        self.meet_damage(now_ms);
        self.judge_what_is_left();
        if let Err(error) = self.store.settle() {
            self.warn(format!(
                "the store's projection failed: {error}; restart to rebuild it"
            ));
        }
    }

    pub(crate) fn warn(&mut self, sentence: String) {
        if self.warnings.contains(&sentence) {
            return;
        }
        if self.warnings.len() >= MOST_WARNINGS {
            self.warnings.pop_front();
        }
        self.warnings.push_back(sentence);
    }

    /// The collectives of which the person is a member.
    pub(crate) fn member_of(&self) -> impl Iterator<Item = &Collective> {
        self.collectives
            .values()
            .filter(|collective| collective.secrets.membership == Membership::Member)
    }

    pub(crate) fn collective_mut(
        &mut self,
        cid: &CollectiveId,
    ) -> Result<&mut Collective, ApiError> {
        self.collectives
            .get_mut(cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))
    }

    pub(crate) fn needs_network(&self) -> Result<(), ApiError> {
        if self.network.is_some() {
            Ok(())
        } else {
            Err(
                ApiError::new(ErrorCode::NotRunning, "this needs a running node")
                    .hint("start it with `moot up`, then try again"),
            )
        }
    }
}
