//! Charters and what a proposal may change in them.

use super::{RANK, text};
use crate::control::{Actions, Charter, CharterDelta, Role, Rule};
use crate::fc::{Decoder, FcError, UINT_MAX};
use crate::limits;

/// Most roles of a charter.
const ROLES: u64 = 64;
/// One rule a class.
const RULES: u64 = 5;
/// Greatest class of a proposal.
pub(super) const CLASS: u8 = 4;
/// Most features in use.
const FEATURES: u64 = 1_024;
/// Greatest denominator of a share.
const SHARE: u64 = 1_000;
/// Bits of rule flags that mean something; others are refused (section 2.6).
const RULE_FLAGS: u64 = 1;

pub(super) fn charter(d: &mut Decoder<'_>) -> Result<Charter, FcError> {
    let mut keys = d.map()?;
    keys.need(d, 0)?;
    let roles = roles(d)?;
    keys.need(d, 1)?;
    let rules = rules(d)?;
    keys.need(d, 2)?;
    let (content_per_day, control_per_day) = quotas(d)?;
    keys.need(d, 3)?;
    let history = d.narrow(0..=1)?;
    let agreement = keys.optional(d, 4, Decoder::bytes_of)?;
    let features = keys.optional(d, 5, features)?;
    keys.end()?;
    Ok(Charter {
        roles,
        rules,
        content_per_day,
        control_per_day,
        history,
        agreement,
        features,
    })
}

pub(super) fn delta(d: &mut Decoder<'_>) -> Result<CharterDelta, FcError> {
    let mut keys = d.map()?;
    let delta = CharterDelta {
        roles: keys.optional(d, 0, roles)?,
        rules: keys.optional(d, 1, rules)?,
        quotas: keys.optional(d, 2, quotas)?,
        history: keys.optional(d, 3, |d| d.narrow(0..=1))?,
        agreement: keys.optional(d, 4, Decoder::bytes_of)?,
        features: keys.optional(d, 5, features)?,
    };
    keys.end()?;
    if delta == CharterDelta::default() {
        return Err(FcError::Range);
    }
    Ok(delta)
}

fn roles(d: &mut Decoder<'_>) -> Result<Vec<Role>, FcError> {
    let roles = d.list(1..=ROLES, |d| {
        d.array_of(5)?;
        let id = d.narrow(1..=u16::MAX)?;
        let name = text(d, limits::NAME)?;
        let rank = d.narrow(1..=RANK)?;
        Ok(Role {
            id,
            name,
            rank,
            actions: Actions(d.narrow(0..=u32::MAX)?),
            may_grant: d.narrow(0..=rank)?,
        })
    })?;
    if roles.is_sorted_by(|a, b| a.id < b.id) {
        Ok(roles)
    } else {
        Err(FcError::Range)
    }
}

fn rules(d: &mut Decoder<'_>) -> Result<Vec<Rule>, FcError> {
    let rules = d.list(0..=RULES, |d| {
        d.array_of(9)?;
        let class = d.narrow(0..=CLASS)?;
        let min_rank = d.narrow(0..=RANK)?;
        let wit_rank = d.narrow(0..=RANK)?;
        let tenure_ms = d.uint()?;
        let active_ms = d.uint()?;
        let y_num = d.uint_within(1..=SHARE)?;
        let y_den = d.uint_within(y_num..=SHARE)?;
        Ok(Rule {
            class,
            min_rank,
            wit_rank,
            tenure_ms,
            active_ms,
            y_num,
            y_den,
            min_yes: d.uint_within(1..=UINT_MAX)?,
            flags: d.uint_within(0..=RULE_FLAGS)?,
        })
    })?;
    if rules.is_sorted_by(|a, b| a.class < b.class) {
        Ok(rules)
    } else {
        Err(FcError::Range)
    }
}

fn quotas(d: &mut Decoder<'_>) -> Result<(u64, u64), FcError> {
    d.array_of(2)?;
    Ok((d.uint()?, d.uint()?))
}

fn features(d: &mut Decoder<'_>) -> Result<Vec<u64>, FcError> {
    d.ascending(1..=FEATURES, Decoder::uint)
}
