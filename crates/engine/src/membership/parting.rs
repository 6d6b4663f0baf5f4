//! How somebody ceased to be a member, and how that is told, to others and to themselves.

use folkmoot_accord::{Means, Shadow, Taking};
use folkmoot_record::{RecordId, SeatKey, control::Target};

use crate::membership::{collective::Collective, invite::timestamp};

/// How a member went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parting {
    /// They left by themselves.
    Left { at_ms: u64, record: RecordId },
    /// Somebody, or a vote, took their right away.
    Removed {
        by: SeatKey,
        vote: bool,
        at_ms: u64,
        reason: Option<String>,
        record: RecordId,
    },
    /// Their right was for a time.
    Expired { at_ms: u64 },
    /// They have a right, but no full device.
    NoDevice,
    /// What would have made them a member does not count.
    NeverIn,
}

impl Parting {
    /// `left`, `removed` or `expired`: the state of a membership.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Left { .. } => "left",
            Self::Expired { .. } => "expired",
            Self::Removed { .. } | Self::NoDevice | Self::NeverIn => "removed",
        }
    }
}

impl Collective {
    /// How a seat ceased to be a member; `None` while it is one at `now_ms`, or is not known.
    pub(crate) fn parting(&mut self, seat: &SeatKey, now_ms: u64) -> Option<Parting> {
        if let Some(expired) = self.expired(seat, now_ms) {
            return Some(expired);
        }
        let member = self.accord.state().seats.get(seat)?;
        if member.live {
            return None;
        }
        let grants = member.grants.clone();
        let mut takings: Vec<Taking> = Vec::new();
        for grant in &grants {
            let ended = self.accord.ended_by(grant);
            if ended.is_empty() {
                return Some(Parting::NoDevice);
            }
            takings.extend(ended.into_iter().filter_map(|shadow| match shadow {
                Shadow::TakenAway(taking) => Some(taking),
                Shadow::Ungiven { .. } | Shadow::PassedOver => None,
            }));
        }
        // The first word counts, and their own goes before those of others; a removal of the person
        // tells more than that of one right.
        let first = takings.into_iter().min_by_key(|taking| {
            (
                taking.means != Means::Resignation,
                !matches!(taking.target, Target::Seat(_)),
                taking.ms,
                taking.record,
            )
        });
        Some(match first {
            None => Parting::NeverIn,
            Some(taking) if taking.means == Means::Resignation => Parting::Left {
                at_ms: taking.ms,
                record: taking.record,
            },
            Some(taking) => Parting::Removed {
                by: taking.author,
                vote: matches!(taking.means, Means::Decision { .. }),
                at_ms: taking.ms,
                reason: taking.reason,
                record: taking.record,
            },
        })
    }

    /// Where every right of a live seat is over by its time: since when.
    fn expired(&self, seat: &SeatKey, now_ms: u64) -> Option<Parting> {
        let state = self.accord.state();
        let member = state.seats.get(seat).filter(|member| member.live)?;
        let mut last = 0;
        for grant in &member.grants {
            let Some(grant) = state.grants.get(grant).filter(|grant| grant.live) else {
                continue;
            };
            // A right that is yet to begin is no parting either.
            match grant.limits.exp {
                Some(exp) if exp <= now_ms => last = last.max(exp),
                _ => return None,
            }
        }
        Some(Parting::Expired { at_ms: last })
    }

    /// How this person ceased to be a member here, as far as their own node knows.
    pub(crate) fn own_parting(&self, now_ms: u64) -> Option<Parting> {
        self.parted
            .clone()
            .or_else(|| self.expired(&self.secrets.seat, now_ms))
    }

    /// The same to a person about themselves: no capital, no full stop.
    pub(crate) fn own_parting_words(&self, parting: &Parting) -> String {
        let name = self.name();
        match parting {
            Parting::Left { at_ms, .. } => format!("you left {name} on {}", when(*at_ms)),
            Parting::Removed {
                by,
                vote,
                at_ms,
                reason,
                ..
            } => {
                let how = if *vote {
                    "by a vote of its members".to_owned()
                } else {
                    format!("by {}", self.member_name(by))
                };
                format!(
                    "you were removed from {name} {how} on {}{}",
                    when(*at_ms),
                    because(reason.as_deref())
                )
            }
            Parting::Expired { at_ms } => {
                format!(
                    "your right in {name} was for a time, and ended on {}",
                    when(*at_ms)
                )
            }
            Parting::NoDevice => format!("no device of yours is left in {name}"),
            Parting::NeverIn => {
                format!("what should have made you a member of {name} does not count")
            }
        }
    }

    /// The same of anybody, as a sentence.
    pub(crate) fn parting_sentence(&self, seat: &SeatKey, parting: &Parting) -> String {
        let (who, name) = (self.member_name(seat), self.name());
        match parting {
            Parting::Left { at_ms, .. } => format!("{who} left {name} on {}.", when(*at_ms)),
            Parting::Removed {
                by,
                vote,
                at_ms,
                reason,
                ..
            } => {
                let how = if *vote {
                    "by a vote of its members".to_owned()
                } else {
                    format!("by {}", self.member_name(by))
                };
                format!(
                    "{who} was removed from {name} {how} on {}{}.",
                    when(*at_ms),
                    because(reason.as_deref())
                )
            }
            Parting::Expired { at_ms } => format!(
                "The right of {who} in {name} was for a time, and ended on {}.",
                when(*at_ms)
            ),
            Parting::NoDevice => format!("{who} has no full device left in {name}."),
            Parting::NeverIn => {
                format!("What should have made {who} a member of {name} does not count.")
            }
        }
    }
}

/// What stays to somebody who is no member any more.
pub(crate) const STAYS: &str = "what you hold stays readable here, and what the others kept of you stays with them; \
     what you write from now on stays with you; to come back you need a new invite: `moot join KEY`";

/// A moment for people, to the minute.
pub(crate) fn when(ms: u64) -> String {
    match timestamp(ms) {
        Some(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        None => "a time that no calendar has".to_owned(),
    }
}

/// A reason that was given, to be put behind a sentence.
pub(crate) fn because(reason: Option<&str>) -> String {
    reason
        .filter(|reason| !reason.is_empty())
        .map(|reason| format!(", for this reason: {reason}"))
        .unwrap_or_default()
}
