//! Effects, amendments and refusals in words.

use folkmoot_accord::NoVote;
use folkmoot_record::control::{CharterDelta, Effect, Role, Target};

use crate::{
    membership::{collective::Collective, collectives::action_words, invite::moment},
    powers::charter::{class_name, duration, one_of, rule_sentence},
};

/// A number of people.
pub(super) fn people(count: u64) -> String {
    match count {
        0 => "nobody".to_owned(),
        1 => "1 person".to_owned(),
        n => format!("{n} people"),
    }
}

/// Why somebody has no vote: goes on after "you have no vote on this: ".
pub(super) fn no_vote(why: NoVote) -> String {
    match why {
        NoVote::NotMember => "you were not a member when it was proposed".to_owned(),
        NoVote::Target => "it is about you, and the charter leaves you out".to_owned(),
        NoVote::Right => "your role does not vote".to_owned(),
        NoVote::Rank { least } => {
            format!("the charter asks for rank {least} or above")
        }
        NoVote::Inactive { active_ms } => format!(
            "no act of yours was seen within {} before it",
            duration(active_ms)
        ),
        NoVote::Unwitnessed { rank } => {
            format!("nobody of rank {rank} or above had seen you come in when it was proposed")
        }
        NoVote::Tenure {
            since_ms,
            tenure_ms,
        } => format!(
            "the charter asks for {} of membership, and yours counts from {}",
            duration(tenure_ms),
            moment(since_ms)
        ),
    }
}

/// What a proposal to change the charter is called.
pub(super) fn amendment_title(delta: &CharterDelta) -> String {
    let mut parts = Vec::new();
    for role in delta.roles.iter().flatten() {
        parts.push(format!("role {}", role.name));
    }
    for rule in delta.rules.iter().flatten() {
        parts.push(format!("rule for {}", class_name(rule.class)));
    }
    for (changed, name) in [
        (delta.quotas.is_some(), "quotas"),
        (delta.history.is_some(), "history"),
        (delta.agreement.is_some(), "agreement"),
    ] {
        if changed {
            parts.push(name.to_owned());
        }
    }
    let title = format!("Change the charter: {}", one_of(&parts, "and"));
    if title.len() <= folkmoot_record::limits::TITLE {
        title
    } else {
        "Change the charter".to_owned()
    }
}

/// What an effect does, a sentence or more.
pub(super) fn effect(collective: &Collective, effect: &Effect) -> Vec<String> {
    let name = |seat: &folkmoot_record::SeatKey| collective.member_name(seat);
    let state = collective.accord.state();
    match effect {
        Effect::Grant(grant) => vec![format!(
            "{} becomes {}.",
            name(&grant.to),
            collective.role_name(grant.limits.role)
        )],
        Effect::Revoke(revoke) => match revoke.target {
            Target::Seat(seat) => vec![
                format!(
                    "{} is removed; what was held of them when this was proposed stays.",
                    name(&seat)
                ),
                format!(
                    "What they write after that is cut away; `moot propose restore {}` brings it back.",
                    seat.short()
                ),
            ],
            Target::Grant(gid) => match (state.grants.get(&gid), state.invites.get(&gid)) {
                (Some(grant), _) => vec![
                    format!(
                        "{} is {} no more.",
                        name(&grant.to),
                        collective.role_name(grant.limits.role)
                    ),
                    format!(
                        "What they write by that right after this was proposed is cut away, honest work too, and invites made under it close; `moot propose restore {}` brings such work back.",
                        grant.to.short()
                    ),
                ],
                (None, Some(invite)) => {
                    vec![format!("An invite by {} is closed.", name(&invite.issuer))]
                }
                (None, None) => vec![format!("The right {} ends.", gid.short())],
            },
            Target::Device(dev) => vec![format!("The device {} is removed.", dev.short())],
        },
        Effect::Readmit(readmit) => {
            let of = state.revocations.get(&readmit.vid);
            let whose = of.and_then(|revocation| match revocation.target {
                Target::Seat(seat) => Some(name(&seat)),
                Target::Grant(gid) => state.grants.get(&gid).map(|grant| name(&grant.to)),
                Target::Device(_) => None,
            });
            vec![format!(
                "What {} wrote until this was proposed counts again.",
                whose.unwrap_or_else(|| "somebody who was removed".to_owned())
            )]
        }
        Effect::Charter(delta) => amendment(collective, delta),
        Effect::Fork(cid) => vec![format!("It points at the fork {}.", cid.short())],
    }
}

fn amendment(collective: &Collective, delta: &CharterDelta) -> Vec<String> {
    let Some(charter) = &collective.accord.state().charter else {
        return Vec::new();
    };
    let mut told = Vec::new();
    let mut tell = |what: String, new: String, old: Option<String>| match old {
        Some(old) if old != new => told.push(format!("{what}: {new} (until now: {old}).")),
        _ => told.push(format!("{what}: {new}.")),
    };
    for role in delta.roles.iter().flatten() {
        let old = charter.roles.iter().find(|other| other.id == role.id);
        tell(
            format!("Role {}", role.name),
            role_words(role),
            old.map(role_words),
        );
    }
    for rule in delta.rules.iter().flatten() {
        let old = charter.rules.iter().find(|other| other.class == rule.class);
        tell(
            format!("Rule for {}", class_name(rule.class)),
            rule_sentence(charter, rule),
            old.map(|rule| rule_sentence(charter, rule)),
        );
    }
    if let Some((content, control)) = delta.quotas {
        tell(
            "Quotas".to_owned(),
            format!("{content} records of content and {control} of control a device and day"),
            Some(format!(
                "{} records of content and {} of control a device and day",
                charter.content_per_day, charter.control_per_day
            )),
        );
    }
    let history = |open| if open == 1 { "open" } else { "closed" }.to_owned();
    if let Some(open) = delta.history {
        tell(
            "History".to_owned(),
            history(open),
            Some(history(charter.history)),
        );
    }
    let digits = |hash: &[u8; 32]| data_encoding::HEXLOWER.encode(&hash[..8]);
    if let Some(agreement) = &delta.agreement {
        let old = charter.agreement.as_ref().map(digits);
        tell("Agreement".to_owned(), digits(agreement), old);
    }
    if let Some(features) = &delta.features {
        tell("Features".to_owned(), format!("{features:?}"), None);
    }
    told
}

fn role_words(role: &Role) -> String {
    let may = action_words(role.actions);
    let may = if may.is_empty() {
        "nothing".to_owned()
    } else {
        one_of(&may, "and")
    };
    format!(
        "called {}, rank {}, may {may}; gives up to rank {}",
        role.name, role.rank, role.may_grant
    )
}
