//! Writing control bodies. Lists are written as they stand.

mod charter;
mod grant;
mod revoke;

use super::{Ballot, Control, Decision, Effect, Epoch, Genesis, Proposal};
use crate::fc::Encoder;

impl Control {
    /// The canonical body bytes. Whoever builds the body keeps its lists in the order of
    /// section 3.2; signing refuses a body that breaks its schema.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        self.write(&mut out);
        out.finish()
    }

    fn write(&self, out: &mut Encoder) {
        match self {
            Self::Genesis(body) => genesis(body, out),
            Self::Invite(body) => grant::invite(body, out),
            Self::Join(body) => grant::join(body, out),
            Self::Device(body) => grant::device(body, out),
            Self::Grant(body) => grant::grant(body, out),
            Self::Revoke(body) => revoke::revoke(body, out),
            Self::Readmit(body) => revoke::readmit(body, out),
            Self::Resign(body) => revoke::resign(body, out),
            Self::Proposal(body) => proposal(body, out),
            Self::Ballot(body) => ballot(body, out),
            Self::Decision(body) => decision(body, out),
            Self::Epoch(body) => epoch(body, out),
            Self::Kem(body) => {
                out.map(1).key(0).bytes(body.kem);
            }
            Self::ForkNote(body) => {
                out.map(1).key(0).bytes(body.new_cid);
            }
            // A parked body is not kept as such; its bytes stand in the record.
            Self::Merge | Self::Parked => {
                out.map(0);
            }
        }
    }
}

/// How many of the optional keys are there.
fn count(present: &[bool]) -> usize {
    present.iter().filter(|present| **present).count()
}

fn genesis(body: &Genesis, out: &mut Encoder) {
    out.map(6 + count(&[body.inherits.is_some()]));
    out.key(0).bytes(body.salt).key(1).text(&body.name).key(2);
    charter::charter(&body.charter, out);
    out.key(3).array(body.founders.len());
    for founder in &body.founders {
        out.array(4).bytes(founder.seat).uint(founder.role);
        out.bytes(founder.dev).bytes(founder.kem);
    }
    if let Some(inherits) = &body.inherits {
        out.key(4).array(3).bytes(inherits.old_cid);
        revoke::ids(&inherits.heads, out);
        out.uint(inherits.rank);
    }
    out.key(5).uint(1_u8).key(6).bytes(body.founder_sig);
}

fn proposal(body: &Proposal, out: &mut Encoder) {
    out.map(4 + count(&[body.text.is_some()]));
    out.key(0).uint(body.class).key(1).text(&body.title);
    out.key(2).array(body.effects.len());
    for effect in &body.effects {
        out.array(2);
        match effect {
            Effect::Grant(grant) => grant::grant(grant, out.uint(0_u8)),
            Effect::Revoke(revoke) => revoke::revoke(revoke, out.uint(1_u8)),
            Effect::Charter(delta) => charter::delta(delta, out.uint(2_u8)),
            Effect::Fork(cid) => {
                out.uint(3_u8).bytes(cid);
            }
            Effect::Readmit(readmit) => revoke::readmit(readmit, out.uint(4_u8)),
        }
    }
    out.key(3).uint(body.closes_ms);
    if let Some(text) = &body.text {
        out.key(4).text(text);
    }
}

fn ballot(body: &Ballot, out: &mut Encoder) {
    out.map(1 + count(&[body.reason.is_some()]));
    out.key(0).uint(body.choice as u8);
    if let Some(reason) = &body.reason {
        out.key(1).text(reason);
    }
}

fn decision(body: &Decision, out: &mut Encoder) {
    out.map(2).key(0).bytes(body.proposal).key(1);
    revoke::ids(&body.ballots, out);
}

fn epoch(body: &Epoch, out: &mut Encoder) {
    out.map(4).key(0).uint(body.generation);
    out.key(1).bytes(body.key_id);
    out.key(2).bytes(body.bundle_hash);
    out.key(3).array(body.links.len());
    for link in &body.links {
        out.array(3).bytes(link.key_id).uint(link.class);
        out.bytes(link.wrap);
    }
}
