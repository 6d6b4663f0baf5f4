//! Proposals, ballots, decisions.

use super::charter::{self, CLASS};
use super::{grant, record_id, revoke, text};
use crate::CollectiveId;
use crate::control::{Ballot, Choice, Decision, Effect, Proposal};
use crate::fc::{Decoder, FcError};
use crate::limits;

/// Most effects of a proposal.
const EFFECTS: u64 = 32;
/// Most ballots that a decision lists.
const BALLOTS: u64 = 15_000;

pub(super) fn proposal(d: &mut Decoder<'_>) -> Result<Proposal, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let class = d.narrow(0..=CLASS)?;
    keys.need(d, 1)?;
    let title = text(d, limits::TITLE)?;
    keys.need(d, 2)?;
    let effects = d.list(0..=EFFECTS, effect)?;
    keys.need(d, 3)?;
    let closes_ms = d.uint()?;
    let text = keys.optional(d, 4, |d| text(d, limits::TEXT))?;
    keys.end()?;
    Ok(Proposal {
        class,
        title,
        effects,
        closes_ms,
        text,
    })
}

fn effect(d: &mut Decoder<'_>) -> Result<Effect, FcError> {
    d.array_of(2)?;
    Ok(match d.uint()? {
        0 => Effect::Grant(grant::grant(d)?),
        1 => Effect::Revoke(revoke::revoke(d, true)?),
        2 => Effect::Charter(charter::delta(d)?),
        3 => Effect::Fork(d.bytes_of().map(CollectiveId::from_bytes)?),
        4 => Effect::Readmit(revoke::readmit(d)?),
        _ => return Err(FcError::Range),
    })
}

pub(super) fn ballot(d: &mut Decoder<'_>) -> Result<Ballot, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let choice = match d.uint()? {
        0 => Choice::No,
        1 => Choice::Yes,
        2 => Choice::Abstain,
        _ => return Err(FcError::Range),
    };
    let reason = keys.optional(d, 1, |d| text(d, limits::TEXT))?;
    keys.end()?;
    Ok(Ballot { choice, reason })
}

pub(super) fn decision(d: &mut Decoder<'_>) -> Result<Decision, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let proposal = record_id(d)?;
    keys.need(d, 1)?;
    let ballots = d.ascending(1..=BALLOTS, record_id)?;
    keys.end()?;
    Ok(Decision { proposal, ballots })
}
