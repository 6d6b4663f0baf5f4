//! Limits of rights: from what people type to section 4.4, and why something goes beyond a right.

use folkmoot_accord::{Denied, Need, VoidReason, state::GrantState};
use folkmoot_api::{ApiError, LimitArgs, LimitsView};
use folkmoot_record::{
    GrantId, Kind, Tag,
    control::{Actions, KindRange, Limits, Role},
};
use jiff::Timestamp;

use crate::{
    errors::{denied, refused, usage},
    membership::{collective::Collective, invite::timestamp},
    powers::reach::{kind_words, kinds_of, listed, tag_words, tags_of},
};

/// The greatest depth that can be written (section 3.2).
const DEEPEST: u8 = 31;
/// How far a right may be handed on where nothing is said: far, and one less than the greatest, so
/// that even a founder's grant covers it.
const USUAL_DEPTH: u8 = 30;

/// Limits as they are written, and the own grant under which they may be given.
#[derive(Debug)]
pub(crate) struct Giving {
    pub(crate) cap: GrantId,
    pub(crate) limits: Limits,
}

impl Collective {
    /// Works out what to write, and under which own grant; a refusal says what goes too far.
    /// `open_until` is given for an invite only.
    pub(crate) fn giving(
        &self,
        role: &Role,
        ask: &LimitArgs,
        action: Actions,
        open_until: Option<Option<u64>>,
        now_ms: u64,
    ) -> Result<Giving, ApiError> {
        let mut limits = limits_of(role, ask, now_ms)?;
        let need = Need {
            action,
            kind: Kind::GRANT,
            tags: &[],
            at_ms: now_ms,
        };
        let (seat, dev) = (self.secrets.seat, self.secrets.dev());
        // The least depth finds the grant; how deep it goes follows from that.
        limits.depth_left = ask.depth.unwrap_or(0);
        let bounded = |limits: &Limits, mask: Actions| Limits {
            mask: limits.mask.and(mask),
            ..limits.clone()
        };
        // A giver whose own mask is narrow hands on what they have of the role.
        let masks = self.masks_of(&seat);
        let mut failure: Option<Denied> = None;
        for mask in masks {
            let tried = bounded(&limits, mask);
            match self
                .accord
                .grant_to_give(&seat, &dev, &need, &tried, open_until)
            {
                Ok(cap) => {
                    let mut limits = tried;
                    if ask.depth.is_none() {
                        let held = self.accord.state().grants.get(&cap);
                        let left = held.map_or(0, |grant| grant.limits.depth_left);
                        limits.depth_left = left.saturating_sub(1).min(USUAL_DEPTH);
                    }
                    return Ok(Giving { cap, limits });
                }
                Err(refusal) => {
                    if failure.is_none_or(|worse| worse.reason <= refusal.reason) {
                        failure = Some(refusal);
                    }
                }
            }
        }
        Err(match failure {
            Some(refusal) => self.too_much(refusal, role, &limits, open_until),
            None => denied(
                &self.name(),
                Denied {
                    reason: VoidReason::CapNotLive,
                    grant: None,
                    expired_ms: None,
                },
            ),
        })
    }

    /// The masks of the live grants of a seat, each once, the widest first.
    fn masks_of(&self, seat: &folkmoot_record::SeatKey) -> Vec<Actions> {
        let state = self.accord.state();
        let mut masks: Vec<Actions> = state
            .seats
            .get(seat)
            .into_iter()
            .flat_map(|member| &member.grants)
            .filter_map(|gid| state.grants.get(gid))
            .filter(|grant| grant.live)
            .map(|grant| grant.limits.mask)
            .collect();
        masks.sort_by_key(|mask| std::cmp::Reverse(mask.0.count_ones()));
        masks.dedup();
        masks
    }

    fn too_much(
        &self,
        refusal: Denied,
        role: &Role,
        limits: &Limits,
        open_until: Option<Option<u64>>,
    ) -> ApiError {
        let name = self.name();
        let state = self.accord.state();
        let nearest = refusal.grant.and_then(|gid| state.grants.get(&gid));
        match (refusal.reason, nearest) {
            (VoidReason::Covers, Some(own)) => match beyond(own, limits, open_until) {
                Some((why, next)) => refused(
                    refusal.reason,
                    format!("this gives more than you have in {name}: {why}"),
                )
                .hint(next),
                None => denied(&name, refusal),
            },
            (VoidReason::Rank, Some(own)) => {
                let most = self
                    .roles()
                    .into_iter()
                    .find(|role| role.id == own.limits.role)
                    .map_or(0, |role| role.may_grant);
                let fit: Vec<String> = self
                    .roles()
                    .into_iter()
                    .filter(|role| role.rank <= most && role.rank <= own.limits.rank)
                    .map(|role| role.name)
                    .collect();
                let error = refused(
                    refusal.reason,
                    format!(
                        "as {} of {name} you may not make somebody {}",
                        self.role_name(own.limits.role),
                        role.name
                    ),
                );
                if fit.is_empty() {
                    error
                } else {
                    error.hint(format!("you may give: {}", fit.join(", ")))
                }
            }
            _ => denied(&name, refusal),
        }
    }

    /// Limits for people.
    pub(crate) fn limits_view(limits: &Limits) -> LimitsView {
        LimitsView {
            tags: limits
                .tags
                .iter()
                .flatten()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            kinds: limits.kinds.iter().flatten().flat_map(kind_words).collect(),
            from: limits.nbf.and_then(timestamp),
            until: limits.exp.and_then(timestamp),
            depth: limits.depth_left,
        }
    }
}

fn limits_of(role: &Role, ask: &LimitArgs, now_ms: u64) -> Result<Limits, ApiError> {
    let nbf = ask.from.map(ms).transpose()?;
    let exp = ask.until.map(ms).transpose()?;
    if exp.is_some_and(|exp| exp <= now_ms) {
        return Err(
            usage("it would have ended before it began: the end lies in the past")
                .hint("give a later day with --until"),
        );
    }
    if let (Some(nbf), Some(exp)) = (nbf, exp)
        && exp <= nbf
    {
        return Err(
            usage("it would end before it begins").hint("--until has to be later than --from")
        );
    }
    if ask.depth.is_some_and(|depth| depth > DEEPEST) {
        return Err(usage(format!(
            "a right can be handed on at most {DEEPEST} times"
        )));
    }
    Ok(Limits {
        role: role.id,
        rank: role.rank,
        mask: Actions::ALL,
        kinds: kinds_of(&ask.kinds)?,
        tags: tags_of(&ask.tags)?,
        nbf,
        exp,
        depth_left: 0,
    })
}

fn ms(time: Timestamp) -> Result<u64, ApiError> {
    u64::try_from(time.as_millisecond()).map_err(|_| {
        usage(format!(
            "{time} lies before 1970: no right reaches so far back"
        ))
    })
}

/// The first of the limits asked for that goes beyond a grant: why, and what to type instead.
fn beyond(
    own: &GrantState,
    wanted: &Limits,
    open_until: Option<Option<u64>>,
) -> Option<(String, String)> {
    let limits = &own.limits;
    if wanted.rank > limits.rank {
        return Some((
            "the role ranks above yours".to_owned(),
            "choose a lesser role with --role".to_owned(),
        ));
    }
    if wanted.depth_left >= limits.depth_left {
        return Some(if limits.depth_left == 0 {
            (
                "your right may not be handed on".to_owned(),
                "ask somebody whose right goes further".to_owned(),
            )
        } else {
            (
                format!(
                    "your right may be handed on {} more times, what you give at most {}",
                    limits.depth_left,
                    limits.depth_left - 1
                ),
                format!("say --depth {} or less", limits.depth_left - 1),
            )
        });
    }
    if let Some(allowed) = &limits.tags {
        let inside = |tags: &[Tag]| {
            tags.iter()
                .all(|tag| allowed.iter().any(|outer| tag.extends(outer)))
        };
        if !wanted.tags.as_deref().is_some_and(inside) {
            let options: Vec<String> = allowed
                .iter()
                .map(|tag| format!("--tag {}", tag.as_str()))
                .collect();
            return Some((
                format!(
                    "your right covers only what is tagged {}",
                    words(tag_words(allowed))
                ),
                format!("limit it as yours is: {}", options.join(" ")),
            ));
        }
    }
    if let Some(allowed) = &limits.kinds {
        let inside = |kinds: &[KindRange]| {
            kinds.iter().all(|kind| {
                allowed
                    .iter()
                    .any(|outer| outer.lo <= kind.lo && kind.hi <= outer.hi)
            })
        };
        if !wanted.kinds.as_deref().is_some_and(inside) {
            let names: Vec<String> = allowed.iter().flat_map(kind_words).collect();
            let options: Vec<String> = names.iter().map(|name| format!("--kind {name}")).collect();
            return Some((
                format!("your right covers only these kinds: {}", names.join(", ")),
                format!("limit it as yours is: {}", options.join(" ")),
            ));
        }
    }
    if let Some(nbf) = limits.nbf
        && wanted.nbf.unwrap_or(0) < nbf
    {
        let day = timestamp(nbf)
            .map(|day| day.to_string())
            .unwrap_or_default();
        return Some((
            format!("your right begins only at {day}"),
            format!("say --from {day} or later"),
        ));
    }
    if let Some(exp) = limits.exp {
        let day = timestamp(exp)
            .map(|day| day.to_string())
            .unwrap_or_default();
        if wanted.exp.is_none_or(|wanted| wanted > exp) {
            return Some((
                format!("your own right ends at {day}"),
                format!("say --until {day} or earlier"),
            ));
        }
        if open_until.is_some_and(|until| until.is_none_or(|until| until > exp)) {
            return Some((
                format!("the invite would stay open after your own right ends at {day}"),
                "close it earlier with --expires".to_owned(),
            ));
        }
    }
    None
}

/// A list in words: `a, b and c`; empty where there is none.
pub(crate) fn words(all: impl IntoIterator<Item = String>) -> String {
    let all: Vec<String> = all.into_iter().collect();
    if all.is_empty() {
        String::new()
    } else {
        listed(all, "and")
    }
}
