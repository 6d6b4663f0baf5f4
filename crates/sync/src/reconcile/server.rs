//! The other side of a session: it answers what the opener asks.

use crate::{
    Scope,
    fault::Fault,
    frame::{Frame, Run},
    give::Giver,
    limits,
    reconcile::{LIBRARY, Outcome, negentropy},
    snapshot::{Snapshot, View},
};
use folkmoot_record::fc::UINT_MAX;

/// Which scopes were compared and found equal since the last difference.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Covered {
    control: bool,
    bundles: bool,
    /// Content is equal from this time on.
    content_from: Option<u64>,
}

impl Covered {
    fn note(&mut self, run: &Run, equal: bool) {
        match run.scope {
            Scope::Control => self.control = equal,
            Scope::Bundles => self.bundles = equal,
            Scope::Content => {
                let from = if run.to == UINT_MAX {
                    Some(UINT_MAX)
                } else {
                    self.content_from
                };
                self.content_from = from
                    .filter(|from| equal && *from == run.to)
                    .map(|_| run.from);
            }
        }
    }

    fn all(&self) -> bool {
        self.control && self.bundles && self.content_from == Some(0)
    }
}

/// The state of the answering side.
#[derive(Debug)]
pub(crate) struct Server {
    run: Option<Run>,
    rounds: u32,
    touched: bool,
    peer_done: bool,
    pending: usize,
    pub(crate) giver: Giver,
    covered: Covered,
    received: u64,
    /// The peer is served nothing: its device is not known here.
    guest: bool,
    ran: bool,
}

impl Server {
    pub(crate) fn new(guest: bool) -> Self {
        Self {
            run: None,
            rounds: 0,
            touched: false,
            peer_done: false,
            pending: 0,
            giver: Giver::default(),
            covered: Covered::default(),
            received: 0,
            guest,
            ran: false,
        }
    }

    /// The scope of the run that is open.
    pub(crate) fn scope(&self) -> Option<Scope> {
        self.run.map(|run| run.scope)
    }

    /// A run is opened; the caller brings its scope up to date first.
    pub(crate) fn open(&mut self, run: Run) -> Result<(), Fault> {
        if self.run.is_some() {
            return Err(Fault::OutOfTurn("an opening of a session"));
        }
        self.run = Some(run);
        self.rounds = 0;
        self.touched = false;
        self.peer_done = false;
        Ok(())
    }

    pub(crate) fn reconcile(
        &mut self,
        message: &[u8],
        snapshot: &Snapshot,
    ) -> Result<Frame, Fault> {
        let Some(run) = self.run.filter(|_| !self.peer_done) else {
            return Err(Fault::OutOfTurn("a reconciliation message"));
        };
        self.rounds += 1;
        if self.rounds > limits::ROUNDS {
            return Err(Fault::Greedy("rounds of one reconciliation"));
        }
        let view = if self.guest {
            View::EMPTY
        } else {
            snapshot.view(&run)
        };
        negentropy(&view)?
            .reconcile(message)
            .map(Frame::Reconcile)
            .map_err(|_| Fault::Malformed(LIBRARY))
    }

    pub(crate) fn want(&mut self, ids: &[[u8; 32]], snapshot: &mut Snapshot) -> Result<(), Fault> {
        let Some(run) = self.run.filter(|_| !self.peer_done) else {
            return Err(Fault::OutOfTurn("wanted items"));
        };
        self.touched = true;
        if !self.guest {
            self.giver.extend(snapshot.find(run.scope, ids));
        }
        Ok(())
    }

    pub(crate) fn delivering(&mut self) -> Result<(), Fault> {
        if self.run.is_none() || self.peer_done {
            return Err(Fault::OutOfTurn("items"));
        }
        self.touched = true;
        self.pending += 1;
        Ok(())
    }

    pub(crate) fn judged(&mut self, stored: u64) {
        self.pending = self.pending.saturating_sub(1);
        self.received += stored;
    }

    pub(crate) fn done(&mut self) -> Result<(), Fault> {
        if self.run.is_none() || self.peer_done {
            return Err(Fault::OutOfTurn("an end of a session"));
        }
        self.peer_done = true;
        Ok(())
    }

    /// Ends the run once everything is given and judged: the frame that says so.
    pub(crate) fn settle(&mut self) -> Option<Frame> {
        if !self.peer_done || self.pending > 0 || !self.giver.is_empty() {
            return None;
        }
        let run = self.run.take()?;
        // The opener went on only if it found a difference; a guest compares with nothing.
        let equal = self.rounds == 1 && !self.touched && !self.guest;
        self.covered.note(&run, equal);
        self.ran = true;
        Some(Frame::Done)
    }

    /// Whether at least one run was ended and none is open.
    pub(crate) const fn is_between_runs(&self) -> bool {
        self.run.is_none() && self.ran
    }

    /// How the session went, when the opener closed the stream.
    pub(crate) fn outcome(&self) -> Outcome {
        Outcome {
            equal: self.run.is_none() && self.covered.all(),
            received: self.received,
            sent: self.giver.given(),
        }
    }

    /// Whether the peer is to say something next; between runs it may also close.
    pub(crate) fn waits(&self) -> bool {
        self.pending == 0 && self.giver.is_empty()
    }
}
