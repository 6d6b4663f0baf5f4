//! The opener of a session: it finds the differences, wants what it lacks, gives what it has.

use std::collections::VecDeque;

use crate::{
    Scope,
    fault::Fault,
    frame::{Frame, Run},
    give::Giver,
    limits,
    reconcile::{LIBRARY, negentropy},
    snapshot::Snapshot,
};

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) equal: bool,
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

/// The state of the opener.
#[derive(Debug)]
pub(crate) struct Client {
    index: u8,
    plan: VecDeque<Run>,
    run: Option<Run>,
    rounds: u32,
    /// No more messages of this run are expected.
    compared: bool,
    differs: bool,
    done_sent: bool,
    done_heard: bool,
    /// Deliveries on their way to the engine and back.
    pending: usize,
    pub(crate) giver: Giver,
    pass: Pass,
    last: Option<Pass>,
    passes: u32,
    received: u64,
}

/// What one pass over all scopes found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pass {
    differs: bool,
    /// Items found here that the other side lacked.
    gave: u64,
    stored: u64,
}

impl Client {
    /// A session; `recent` splits the content at that time in the first pass.
    pub(crate) fn new(index: u8, recent: Option<u64>) -> Self {
        let mut plan = VecDeque::from([Run::whole(Scope::Control), Run::whole(Scope::Bundles)]);
        let content = Run::whole(Scope::Content);
        match recent {
            Some(at) if at > 0 => plan.extend([
                Run {
                    from: at,
                    ..content
                },
                Run { to: at, ..content },
            ]),
            _ => plan.push_back(content),
        }
        Self {
            index,
            plan,
            run: None,
            rounds: 0,
            compared: false,
            differs: false,
            done_sent: false,
            done_heard: false,
            pending: 0,
            giver: Giver::default(),
            pass: Pass::default(),
            last: None,
            passes: 0,
            received: 0,
        }
    }

    /// The scope to bring up to date before [`Client::begin`], if a run is due.
    pub(crate) fn due(&self) -> Option<Scope> {
        match self.run {
            None => self.plan.front().map(|run| run.scope),
            Some(_) => None,
        }
    }

    /// Opens the next run of the plan.
    pub(crate) fn begin(&mut self, snapshot: &Snapshot) -> Result<Vec<Frame>, Fault> {
        let Some(run) = self.plan.pop_front() else {
            return Ok(Vec::new());
        };
        self.run = Some(run);
        self.rounds = 1;
        self.compared = false;
        self.differs = false;
        self.done_sent = false;
        self.done_heard = false;
        let view = snapshot.view(&run);
        let message = negentropy(&view)?
            .initiate()
            .map_err(|_| Fault::Malformed(LIBRARY))?;
        let index = self.index;
        Ok(vec![Frame::Open { index, run }, Frame::Reconcile(message)])
    }

    /// The other side's answer to a message.
    pub(crate) fn reconcile(
        &mut self,
        message: &[u8],
        snapshot: &mut Snapshot,
    ) -> Result<Vec<Frame>, Fault> {
        let Some(run) = self.run.filter(|_| !self.compared) else {
            return Err(Fault::OutOfTurn("a reconciliation message"));
        };
        let (mut have, mut need) = (Vec::new(), Vec::new());
        let next = {
            let view = snapshot.view(&run);
            let mut negentropy = negentropy(&view)?;
            negentropy.set_initiator();
            negentropy
                .reconcile_with_ids(message, &mut have, &mut need)
                .map_err(|_| Fault::Malformed(LIBRARY))?
        };
        let mut frames = Vec::new();
        match next {
            Some(next) if self.rounds < limits::ROUNDS => {
                self.rounds += 1;
                self.differs = true;
                frames.push(Frame::Reconcile(next));
            }
            Some(_) => {
                // More than one run can tell: another pass finds the rest.
                self.differs = true;
                self.compared = true;
            }
            None => self.compared = true,
        }
        if !need.is_empty() {
            self.differs = true;
            let mut need: Vec<[u8; 32]> = need.into_iter().map(negentropy::Id::to_bytes).collect();
            // The library hands them out in a random order.
            need.sort_unstable();
            frames.extend(
                need.chunks(limits::WANT_IDS as usize)
                    .map(|ids| Frame::Want(ids.to_vec())),
            );
        }
        if !have.is_empty() {
            self.differs = true;
            let have: Vec<[u8; 32]> = have.into_iter().map(negentropy::Id::to_bytes).collect();
            self.pass.gave += have.len() as u64;
            self.giver.extend(snapshot.find(run.scope, &have));
        }
        Ok(frames)
    }

    /// Items came; they go to the engine.
    pub(crate) fn delivering(&mut self) -> Result<(), Fault> {
        if self.run.is_none() || self.done_heard {
            return Err(Fault::OutOfTurn("items"));
        }
        self.pending += 1;
        Ok(())
    }

    /// The engine judged one delivery: how many items were new.
    pub(crate) fn judged(&mut self, stored: u64) {
        self.pending = self.pending.saturating_sub(1);
        self.pass.stored += stored;
        self.received += stored;
    }

    pub(crate) fn done(&mut self) -> Result<(), Fault> {
        if !self.done_sent || self.done_heard {
            return Err(Fault::OutOfTurn("an end of a session"));
        }
        self.done_heard = true;
        Ok(())
    }

    /// Once everything is given: the frame that says so.
    pub(crate) fn finish_giving(&mut self) -> Option<Frame> {
        let ready = self.run.is_some() && self.compared && self.giver.is_empty();
        if !ready || self.done_sent {
            return None;
        }
        self.done_sent = true;
        Some(Frame::Done)
    }

    /// Ends a run that is over; then a next one is [`Client::due`], or the session has an
    /// outcome.
    pub(crate) fn settle(&mut self) -> Option<Outcome> {
        if self.run.is_none() || !self.done_sent || !self.done_heard || self.pending > 0 {
            return None;
        }
        self.run = None;
        self.pass.differs |= self.differs;
        if !self.plan.is_empty() {
            return None;
        }
        self.passes += 1;
        let pass = std::mem::take(&mut self.pass);
        // Another pass shows whether the sets are equal now; it is of use only if this one moved
        // something.
        let moved = pass.stored > 0 || self.last.is_none_or(|last| last.gave != pass.gave);
        if pass.differs && moved && self.passes < limits::PASSES {
            self.last = Some(pass);
            self.plan = Scope::ALL.map(Run::whole).into();
            return None;
        }
        Some(Outcome {
            equal: !pass.differs,
            received: self.received,
            sent: self.giver.given(),
        })
    }

    /// Whether the peer owes an answer; silence then ends the session.
    pub(crate) const fn waits(&self) -> bool {
        self.run.is_some() && self.pending == 0
    }
}
