//! One hello on one stream: both sides learn which collectives they share, and prove themselves
//! in each (section 7.4).

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;
use folkmoot_record::{CollectiveId, DeviceKey, RecordId, SeatKey};
use folkmoot_seal::{DoorSecret, Proof, Role, SessionKey, Transcript, presence::Tag};

use crate::{
    DoorStatus, Holdings, Peer, Standing,
    dice::Dice,
    fault::Fault,
    hello_frame::{HelloFrame, Refusal},
    tags::{self, Key, Match, Offer, Table},
};

/// The door at which this node asks in this hello.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) cid: CollectiveId,
    pub(crate) door: DoorSecret,
    pub(crate) key: AskKey,
}

/// What opens the door.
#[derive(Debug, Clone)]
pub(crate) enum AskKey {
    /// The key of an invite.
    Invite(SigningKey),
    /// The root of a seat, at its recovery door.
    Root(SigningKey),
}

/// Who asks at a door, as proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The holder of this invite's link.
    Invite(RecordId),
    /// The person of this seat.
    Seat(SeatKey),
}

/// A collective that was proven on both sides, or a door that opened.
#[derive(Debug, Clone)]
pub(crate) struct Proven {
    pub(crate) cid: CollectiveId,
    pub(crate) seat: SeatKey,
    pub(crate) dev: DeviceKey,
    pub(crate) standing: Standing,
    /// Place of the collective's tag in the own list: what the peer's streams name.
    pub(crate) mine: u8,
    /// Place in the peer's list: what own streams name.
    pub(crate) theirs: u8,
    pub(crate) session: SessionKey,
    /// Whether the epoch that matched is current here.
    pub(crate) current: bool,
    /// This side heard the last proof: it knows that both are done, and opens the streams.
    pub(crate) last: bool,
}

/// What follows from one frame.
#[derive(Debug, Default)]
pub(crate) struct HelloStep {
    pub(crate) send: Vec<HelloFrame>,
    pub(crate) proven: Vec<Proven>,
    /// A joiner proved that it holds the link of a live invite, or a person the root of a live
    /// seat: serve it.
    pub(crate) host: Option<(CollectiveId, Asker)>,
    /// As `host`, but the invite is dead: only a join that is held already is welcomed again, and
    /// this proof goes before its welcome.
    pub(crate) dead: Option<(CollectiveId, RecordId, HelloFrame, Refusal)>,
    /// The member behind the door asked at proved itself.
    pub(crate) opened: Option<Proven>,
    /// A device proved itself that is not to be served.
    pub(crate) refused: Vec<CollectiveId>,
    /// Nothing more is expected: close, unless a door goes on.
    pub(crate) done: bool,
}

#[derive(Debug)]
enum Phase {
    /// Waits for the other side's nonce.
    Nonce,
    /// Waits for the other side's tags.
    Tags(Transcript, Table),
    Proofs(Transcript, Vec<Dialogue>),
}

/// What was said about one match.
#[derive(Debug)]
struct Dialogue {
    with: Match,
    session: SessionKey,
    sent: bool,
    over: bool,
}

/// One hello.
#[derive(Debug)]
pub(crate) struct Hello {
    role: Role,
    own: Peer,
    other: Peer,
    nonce: [u8; 32],
    offers: Vec<Offer>,
    asked: Option<Asked>,
    avoid: BTreeSet<u8>,
    phase: Phase,
    done: bool,
}

impl Hello {
    /// Starts one; the opener's first frame is in the step.
    pub(crate) fn new(
        role: Role,
        own: Peer,
        other: Peer,
        asked: Option<Asked>,
        avoid: BTreeSet<u8>,
        held: &dyn Holdings,
        dice: &mut Dice,
    ) -> (Self, HelloStep) {
        let nonce = dice.bytes();
        let ask = asked.as_ref().map(|asked| (asked.cid, asked.door.clone()));
        // Whoever asks for recovery opens the hello: only the answering side offers these doors.
        let draw = (role == Role::Responder).then(|| dice.below(u64::MAX));
        let hello = Self {
            role,
            own,
            other,
            nonce,
            offers: tags::offers(held, ask, draw),
            asked,
            avoid,
            phase: Phase::Nonce,
            done: false,
        };
        let mut step = HelloStep::default();
        if role == Role::Initiator {
            step.send.push(HelloFrame::Initiate(nonce));
        }
        (hello, step)
    }

    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    /// Whether everything was said.
    pub(crate) const fn is_done(&self) -> bool {
        self.done
    }

    /// The collective whose door is asked at.
    pub(crate) fn asked(&self) -> Option<CollectiveId> {
        self.asked.as_ref().map(|asked| asked.cid)
    }

    /// Collectives offered by an epoch.
    pub(crate) fn offered(&self) -> BTreeSet<CollectiveId> {
        self.offers
            .iter()
            .filter(|offer| matches!(offer.key, Key::Epoch { .. }))
            .map(|offer| offer.cid)
            .collect()
    }

    /// Collectives whose key the other side has, and whose proof it left without an answer: it does
    /// not take this device as a member's.
    pub(crate) fn unanswered(&self) -> Vec<CollectiveId> {
        let Phase::Proofs(_, dialogues) = &self.phase else {
            return Vec::new();
        };
        dialogues
            .iter()
            .filter(|dialogue| {
                let epoch = matches!(dialogue.with.offer.key, Key::Epoch { .. });
                epoch && dialogue.sent && !dialogue.over
            })
            .map(|dialogue| dialogue.with.offer.cid)
            .collect()
    }

    /// Takes a frame of the hello proper.
    pub(crate) fn frame(
        &mut self,
        frame: HelloFrame,
        held: &dyn Holdings,
        dice: &mut Dice,
    ) -> Result<HelloStep, Fault> {
        let mut step = HelloStep::default();
        let phase = std::mem::replace(&mut self.phase, Phase::Nonce);
        self.phase = match (phase, frame) {
            (Phase::Nonce, HelloFrame::Respond(other)) if self.role == Role::Initiator => {
                let transcript = self.transcript(&self.nonce, &other)?;
                let table = self.lay_out(&transcript, dice);
                step.send.push(HelloFrame::Tags(table.tags.clone()));
                Phase::Tags(transcript, table)
            }
            (Phase::Nonce, HelloFrame::Initiate(other)) if self.role == Role::Responder => {
                let transcript = self.transcript(&other, &self.nonce)?;
                let table = self.lay_out(&transcript, dice);
                step.send.push(HelloFrame::Respond(self.nonce));
                Phase::Tags(transcript, table)
            }
            (Phase::Tags(transcript, table), HelloFrame::Tags(tags)) => {
                if self.role == Role::Responder {
                    step.send.push(HelloFrame::Tags(table.tags.clone()));
                }
                let dialogues = self.dialogues(&transcript, &table, &tags);
                Phase::Proofs(transcript, dialogues)
            }
            (Phase::Proofs(transcript, dialogues), HelloFrame::Proof { index, sealed }) => {
                let mut dialogues = dialogues;
                let dialogue = find(&mut dialogues, index)?;
                self.proof(dialogue, &transcript, &sealed, held, &mut step)?;
                Phase::Proofs(transcript, dialogues)
            }
            (Phase::Proofs(transcript, dialogues), HelloFrame::YouFirst { index }) => {
                let mut dialogues = dialogues;
                let dialogue = find(&mut dialogues, index)?;
                if self.role != Role::Initiator || dialogue.sent {
                    return Err(Fault::OutOfTurn("a request to prove first"));
                }
                if matches!(
                    dialogue.with.offer.key,
                    Key::Answer { .. } | Key::Recover { .. }
                ) {
                    // Both sides answer at this door and nobody asks.
                    dialogue.over = true;
                } else {
                    self.speak(dialogue, &transcript, held, &mut step);
                }
                Phase::Proofs(transcript, dialogues)
            }
            (_, frame) => return Err(Fault::OutOfTurn(frame.name())),
        };
        if let Phase::Proofs(transcript, dialogues) = &mut self.phase {
            // The responder speaks first about every match.
            if self.role == Role::Responder && step.send.iter().any(is_tags) {
                let transcript = transcript.clone();
                let mut dialogues = std::mem::take(dialogues);
                for dialogue in &mut dialogues {
                    self.begin(dialogue, &transcript, held, &mut step);
                }
                self.phase = Phase::Proofs(transcript, dialogues);
            }
        }
        step.done = match &self.phase {
            Phase::Proofs(_, dialogues) => dialogues.iter().all(|dialogue| dialogue.over),
            Phase::Nonce | Phase::Tags(..) => false,
        };
        self.done = step.done;
        Ok(step)
    }

    fn transcript(&self, nonce_i: &[u8; 32], nonce_r: &[u8; 32]) -> Result<Transcript, Fault> {
        let (i, r) = match self.role {
            Role::Initiator => (&self.own, &self.other),
            Role::Responder => (&self.other, &self.own),
        };
        // libp2p's peer ids have at most 64 bytes, so this does not fail in practice.
        Transcript::new(nonce_i, nonce_r, &i.0, &r.0).ok_or(Fault::TooLarge("a peer id"))
    }

    fn lay_out(&self, transcript: &Transcript, dice: &mut Dice) -> Table {
        tags::lay_out(&self.offers, self.role, transcript, &self.avoid, dice)
    }

    fn dialogues(&self, transcript: &Transcript, table: &Table, theirs: &[Tag]) -> Vec<Dialogue> {
        tags::matches(&self.offers, table, theirs, self.role.other(), transcript)
            .into_iter()
            .map(|with| Dialogue {
                session: with.offer.presence.session(transcript),
                with,
                sent: false,
                over: false,
            })
            .collect()
    }

    /// The responder's first word about a match.
    fn begin(
        &self,
        dialogue: &mut Dialogue,
        transcript: &Transcript,
        held: &dyn Holdings,
        step: &mut HelloStep,
    ) {
        let first = match &dialogue.with.offer.key {
            Key::Epoch { current, .. } => *current,
            Key::Ask => true,
            Key::Answer { .. } | Key::Recover { .. } => false,
        };
        if first {
            self.speak(dialogue, transcript, held, step);
        } else {
            let index = dialogue.with.theirs;
            step.send.push(HelloFrame::YouFirst { index });
        }
    }

    /// Sends the own proof; ends the dialogue where there is none to send.
    fn speak(
        &self,
        dialogue: &mut Dialogue,
        transcript: &Transcript,
        held: &dyn Holdings,
        step: &mut HelloStep,
    ) {
        let cid = dialogue.with.offer.cid;
        let proof = match &dialogue.with.offer.key {
            Key::Ask => self.asked.as_ref().map(|asked| match &asked.key {
                AskKey::Invite(key) => Proof::door(key, self.role, &cid, transcript),
                AskKey::Root(key) => Proof::root(key, self.role, &cid, transcript),
            }),
            Key::Epoch { .. } | Key::Answer { .. } | Key::Recover { .. } => {
                held.prove(&cid, self.role, transcript)
            }
        };
        match proof {
            Some(proof) => {
                dialogue.sent = true;
                step.send.push(HelloFrame::Proof {
                    index: dialogue.with.theirs,
                    sealed: dialogue.session.seal_proof(self.role, &proof.encode()),
                });
            }
            None => dialogue.over = true,
        }
    }

    /// The other side's proof.
    fn proof(
        &self,
        dialogue: &mut Dialogue,
        transcript: &Transcript,
        sealed: &[u8],
        held: &dyn Holdings,
        step: &mut HelloStep,
    ) -> Result<(), Fault> {
        let cid = dialogue.with.offer.cid;
        let role = self.role.other();
        let proof = dialogue
            .session
            .open_proof(role, sealed)
            .and_then(|bytes| Proof::decode(&bytes).ok())
            .filter(|proof| proof.verify(role, &cid, transcript))
            .ok_or(Fault::Proof)?;
        dialogue.over = true;
        match (dialogue.with.offer.key.clone(), proof) {
            (Key::Epoch { current, .. }, Proof::Device { seat, dev, .. }) => {
                let standing = held.standing(&cid, &seat, &dev);
                if standing == Standing::Refused {
                    step.refused.push(cid);
                    return Ok(());
                }
                let last = dialogue.sent;
                if !last {
                    self.speak(dialogue, transcript, held, step);
                }
                if dialogue.sent {
                    let mut proven = proven(dialogue, seat, dev, standing, last);
                    proven.current = current;
                    step.proven.push(proven);
                }
            }
            (Key::Ask, Proof::Device { seat, dev, .. }) if dialogue.sent => {
                let standing = Standing::Unknown;
                step.opened = Some(proven(dialogue, seat, dev, standing, true));
            }
            (
                Key::Answer {
                    invite,
                    key,
                    status,
                },
                Proof::Door { invite: shown, .. },
            ) if shown == key => {
                let mut proof = HelloStep::default();
                self.speak(dialogue, transcript, held, &mut proof);
                match (refusal(status), proof.send.pop()) {
                    (None, Some(frame)) => {
                        step.send.push(frame);
                        step.host = Some((cid, Asker::Invite(invite)));
                    }
                    (Some(reason), Some(frame)) => {
                        step.send.push(HelloFrame::Refused(reason));
                        step.dead = Some((cid, invite, frame, reason));
                    }
                    // No device here to prove.
                    (_, None) => step.send.push(HelloFrame::Refused(Refusal::Later)),
                }
            }
            (Key::Recover { seat }, Proof::Root { seat: shown, .. }) if shown == seat => {
                let mut proof = HelloStep::default();
                self.speak(dialogue, transcript, held, &mut proof);
                match proof.send.pop() {
                    Some(frame) => {
                        step.send.push(frame);
                        step.host = Some((cid, Asker::Seat(seat)));
                    }
                    None => step.send.push(HelloFrame::Refused(Refusal::Later)),
                }
            }
            // Two who hold the same link, or are the same person, and both ask: neither can help
            // the other.
            (Key::Ask, Proof::Door { .. } | Proof::Root { .. }) => {}
            // A proof of another sort than this tag allows.
            _ => return Err(Fault::Proof),
        }
        dialogue.over = true;
        Ok(())
    }
}

fn is_tags(frame: &HelloFrame) -> bool {
    matches!(frame, HelloFrame::Tags(_))
}

fn find(dialogues: &mut [Dialogue], index: u8) -> Result<&mut Dialogue, Fault> {
    dialogues
        .iter_mut()
        .find(|dialogue| dialogue.with.mine == index && !dialogue.over)
        .ok_or(Fault::OutOfTurn("a proof for a tag that did not match"))
}

fn proven(
    dialogue: &Dialogue,
    seat: SeatKey,
    dev: DeviceKey,
    standing: Standing,
    last: bool,
) -> Proven {
    Proven {
        cid: dialogue.with.offer.cid,
        seat,
        dev,
        standing,
        mine: dialogue.with.mine,
        theirs: dialogue.with.theirs,
        session: dialogue.session.clone(),
        current: true,
        last,
    }
}

const fn refusal(status: DoorStatus) -> Option<Refusal> {
    match status {
        DoorStatus::Live => None,
        DoorStatus::Closed => Some(Refusal::Closed),
        DoorStatus::UsedUp => Some(Refusal::UsedUp),
        DoorStatus::Expired => Some(Refusal::Expired),
        DoorStatus::NotYet => Some(Refusal::NotYet),
    }
}
