//! An invite's or a recovery door, after the hello and on its stream (section 7.4): any member
//! welcomes.

use folkmoot_record::{
    CollectiveId, DeviceKey, Kind, Lane, RecordId, SeatKey, Signed, control::Control,
};

use crate::{
    Delivered, Held, Holdings, Scope,
    fault::Fault,
    give::{Gift, Giver},
    hello::{Asker, Proven},
    hello_frame::{HelloFrame, Refusal},
    limits,
};

/// Either side of an open door.
#[derive(Debug)]
pub(crate) enum Door {
    /// This node welcomes.
    Host(Host),
    /// This node joins.
    Joiner(Joiner),
}

impl Door {
    /// What waits to be sent.
    pub(crate) fn queued(&self) -> usize {
        match self {
            Self::Host(host) => host.giver.len(),
            Self::Joiner(_) => 0,
        }
    }

    pub(crate) fn cid(&self) -> CollectiveId {
        match self {
            Self::Host(host) => host.cid,
            Self::Joiner(joiner) => joiner.proven.cid,
        }
    }
}

/// The welcoming side. A join proves no device, whoever shows it: nothing but the welcome comes
/// of it, and the joiner proves its device in an ordinary hello afterwards.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) cid: CollectiveId,
    asker: Asker,
    giver: Giver,
    served: bool,
    /// The record that lets the asker in.
    join: Option<RecordId>,
    /// Its claimed time, in ms.
    join_ms: u64,
    /// The invite is dead; the proof is sent only before a welcome that was lost.
    dead: Option<(HelloFrame, Refusal)>,
}

/// How a join ended for the host.
#[derive(Debug)]
pub(crate) enum Hosted {
    Welcomed(HelloFrame),
    Refused(Refusal),
}

impl Host {
    pub(crate) fn new(cid: CollectiveId, asker: Asker, held: &dyn Holdings) -> Self {
        let mut giver = Giver::default();
        let served = match asker {
            Asker::Invite(invite) => held.served_to_joiner(&cid, &invite),
            // Causes come before effects in the order of a scope.
            Asker::Seat(_) => held
                .items(&cid, Scope::Control)
                .into_iter()
                .map(|stamp| RecordId::from_bytes(stamp.id))
                .collect(),
        };
        giver.extend(served.into_iter().map(Gift::Record));
        Self {
            cid,
            asker,
            giver,
            served: false,
            join: None,
            join_ms: 0,
            dead: None,
        }
    }

    /// At the door of a dead invite nothing is served. A joiner whose welcome was lost shows its
    /// join and is welcomed again.
    pub(crate) fn dead(
        cid: CollectiveId,
        invite: RecordId,
        proof: HelloFrame,
        reason: Refusal,
    ) -> Self {
        Self {
            cid,
            asker: Asker::Invite(invite),
            giver: Giver::default(),
            served: true,
            join: None,
            join_ms: 0,
            dead: Some((proof, reason)),
        }
    }

    /// How long the joiner may stay silent, in milliseconds: it judges what it was served before
    /// it makes its join.
    pub(crate) fn patience(&self) -> u64 {
        limits::DOOR_MS + self.giver.given().saturating_mul(limits::DOOR_RECORD_MS)
    }

    /// The proof that is still owed, and the reason to give where the join shown is not held.
    pub(crate) fn owed(&mut self) -> Option<(HelloFrame, Refusal)> {
        self.dead.take()
    }

    /// The next frame to serve, while the line is free.
    pub(crate) fn next(&mut self, held: &dyn Holdings) -> Option<HelloFrame> {
        match self.giver.next_items(&self.cid, held) {
            Some(items) => Some(HelloFrame::Served(items)),
            None if self.served => None,
            None => {
                self.served = true;
                Some(HelloFrame::YourTurn)
            }
        }
    }

    /// The joiner's record, to be judged by the engine; at a recovery door with what it rests on
    /// and was not served, before it.
    pub(crate) fn join(&mut self, items: Vec<Held>) -> Result<Result<Vec<Held>, Refusal>, Fault> {
        let most = match self.asker {
            Asker::Invite(_) => 1,
            Asker::Seat(_) => limits::HANDED,
        };
        if !self.served || self.join.is_some() || items.len() > most {
            return Err(Fault::OutOfTurn("a join"));
        }
        let Some(item) = items.last() else {
            return Err(Fault::OutOfTurn("a join"));
        };
        let Ok(record) = Signed::parse(&item.wire) else {
            return Ok(Err(Refusal::BadJoin));
        };
        let header = record.header();
        let join_ms = header.ms();
        let join = match self.asker {
            Asker::Invite(invite) => {
                let fits =
                    header.kind == Kind::JOIN && header.cap.map(RecordId::from) == Some(invite);
                fits.then(|| record.id())
            }
            Asker::Seat(seat) => added_by_root(record, seat),
        };
        let no_content = |item: &Held| {
            Signed::parse(&item.wire)
                .is_ok_and(|record| record.header().kind.lane() != Lane::Content)
        };
        if join.is_none() || !items.iter().all(no_content) {
            return Ok(Err(Refusal::BadJoin));
        }
        (self.join, self.join_ms) = (join, join_ms);
        Ok(Ok(items))
    }

    /// Whether the join shown is held here and stands.
    pub(crate) fn holds_join(&self, held: &dyn Holdings) -> bool {
        self.join
            .is_some_and(|id| held.welcome(&self.cid, &id).is_some())
    }

    /// The engine judged the join.
    pub(crate) fn judged(&self, verdict: Delivered, now_ms: u64, held: &dyn Holdings) -> Hosted {
        let Some(id) = self.join else {
            return Hosted::Refused(Refusal::Later);
        };
        // Held until its time comes, it lets nobody in now: the other machine's clock is ahead.
        let ahead = now_ms.saturating_add(limits::AHEAD_MS);
        let early = self.join_ms > ahead;
        match verdict {
            Delivered::Refused => Hosted::Refused(Refusal::BadJoin),
            Delivered::Delayed | Delivered::Orphan => Hosted::Refused(Refusal::Later),
            Delivered::Stored | Delivered::Known => match held.welcome(&self.cid, &id) {
                Some(welcome) => Hosted::Welcomed(HelloFrame::Welcome {
                    heads: welcome.heads,
                    bundles: welcome.bundles,
                }),
                None if early => Hosted::Refused(Refusal::BadJoin),
                None => Hosted::Refused(Refusal::UsedUp),
            },
        }
    }
}

/// The record, if it adds one device by the root of this seat, as a recovery door takes it.
fn added_by_root(record: Signed, seat: SeatKey) -> Option<RecordId> {
    let header = record.header();
    if header.kind != Kind::DEVICE || header.seat != seat || header.dev != DeviceKey::from(seat) {
        return None;
    }
    let record = record.verify().ok()?;
    let Control::Device(body) = record.control()? else {
        return None;
    };
    match body.adds.as_slice() {
        [add] if add.kem.is_some() && add.limits.is_none() => Some(record.id()),
        _ => None,
    }
}

/// The joining side.
#[derive(Debug)]
pub(crate) struct Joiner {
    pub(crate) proven: Proven,
    pending: usize,
    all: bool,
    refused: bool,
    told: bool,
    submitted: bool,
    welcome: Option<Vec<RecordId>>,
}

/// What a joiner learns when the engine is done with something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// Nothing yet.
    Waiting,
    /// The invite and its past are here: the person's node makes the join now.
    Served,
    /// What came does not belong to this invitation.
    Foreign,
    /// The bundles are with the engine.
    Welcomed(Vec<RecordId>),
}

impl Joiner {
    pub(crate) const fn new(proven: Proven) -> Self {
        Self {
            proven,
            pending: 0,
            all: false,
            refused: false,
            told: false,
            submitted: false,
            welcome: None,
        }
    }

    /// The welcome to a join made before was lost: nothing is served again.
    pub(crate) const fn resumed(proven: Proven) -> Self {
        Self {
            proven,
            pending: 0,
            all: true,
            refused: false,
            told: true,
            submitted: true,
            welcome: None,
        }
    }

    /// Whether the record was shown.
    pub(crate) const fn has_submitted(&self) -> bool {
        self.submitted
    }

    /// A batch goes to the engine.
    pub(crate) fn served(&mut self) -> Result<(), Fault> {
        if self.all {
            return Err(Fault::OutOfTurn("records at the door"));
        }
        self.pending += 1;
        Ok(())
    }

    pub(crate) fn your_turn(&mut self) -> Result<Joined, Fault> {
        if self.all {
            return Err(Fault::OutOfTurn("the end of what is served"));
        }
        self.all = true;
        Ok(self.step())
    }

    /// The person's records, the one that lets them in last; `None` while it is not its turn, or
    /// twice.
    pub(crate) fn submit(&mut self, records: Vec<Vec<u8>>) -> Option<HelloFrame> {
        if !self.told || self.submitted {
            return None;
        }
        self.submitted = true;
        let whole = |wire| Held { wire, absent: None };
        Some(HelloFrame::Served(records.into_iter().map(whole).collect()))
    }

    /// The welcome came; its bundles, if any, go to the engine first.
    pub(crate) fn welcome(
        &mut self,
        heads: Vec<RecordId>,
        any_bundle: bool,
    ) -> Result<Joined, Fault> {
        if !self.submitted || self.welcome.is_some() {
            return Err(Fault::OutOfTurn("a welcome"));
        }
        self.welcome = Some(heads);
        self.pending += usize::from(any_bundle);
        Ok(self.step())
    }

    /// The engine judged a batch.
    pub(crate) fn judged(&mut self, verdicts: &[Delivered]) -> Joined {
        self.pending = self.pending.saturating_sub(1);
        self.refused |= self.welcome.is_none() && verdicts.contains(&Delivered::Refused);
        self.step()
    }

    fn step(&mut self) -> Joined {
        if self.refused {
            return Joined::Foreign;
        }
        if self.pending > 0 {
            return Joined::Waiting;
        }
        if let Some(heads) = &self.welcome {
            return Joined::Welcomed(heads.clone());
        }
        if self.all && !self.told {
            self.told = true;
            return Joined::Served;
        }
        Joined::Waiting
    }
}
