//! Charters and what changes them.

use super::{bytes32, text, uint};
use folkmoot_record::control::{Actions, Charter, CharterDelta, Role, Rule};
use folkmoot_record::fc::UINT_MAX;
use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;

fn roles() -> impl Strategy<Value = Vec<Role>> {
    let rest = (text(128), 1..=250_u8, any::<u32>(), any::<u8>());
    btree_map(1..=u16::MAX, rest, 1..6).prop_map(|roles| {
        let role = |(id, (name, rank, actions, may_grant)): (u16, (String, u8, u32, u8))| Role {
            id,
            name,
            rank,
            actions: Actions(actions),
            may_grant: may_grant % (rank + 1),
        };
        roles.into_iter().map(role).collect()
    })
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let ranks = (0..=250_u8, 0..=250_u8);
    let share = (1..=1000_u64).prop_flat_map(|den| (1..=den, Just(den)));
    let rest = (ranks, share, uint(), uint(), 1..=UINT_MAX, 0..=1_u64);
    btree_map(0..=4_u8, rest, 0..=5).prop_map(|rules| {
        rules
            .into_iter()
            .map(
                |(
                    class,
                    ((min_rank, wit_rank), (y_num, y_den), tenure_ms, active_ms, min_yes, flags),
                )| Rule {
                    class,
                    min_rank,
                    wit_rank,
                    tenure_ms,
                    active_ms,
                    y_num,
                    y_den,
                    min_yes,
                    flags,
                },
            )
            .collect()
    })
}

fn features() -> impl Strategy<Value = Vec<u64>> {
    btree_set(uint(), 1..8).prop_map(|set| set.into_iter().collect())
}

pub(crate) fn charter() -> impl Strategy<Value = Charter> {
    let quotas = (uint(), uint());
    let rest = (0..=1_u8, option::of(bytes32()), option::of(features()));
    (roles(), rules(), quotas, rest).prop_map(
        |(roles, rules, (content_per_day, control_per_day), (history, agreement, features))| {
            Charter {
                roles,
                rules,
                content_per_day,
                control_per_day,
                history,
                agreement,
                features,
            }
        },
    )
}

pub(crate) fn delta() -> impl Strategy<Value = CharterDelta> {
    let quotas = option::of((uint(), uint()));
    let rest = (
        option::of(0..=1_u8),
        option::of(bytes32()),
        option::of(features()),
    );
    (option::of(roles()), option::of(rules()), quotas, rest)
        .prop_map(
            |(roles, rules, quotas, (history, agreement, features))| CharterDelta {
                roles,
                rules,
                quotas,
                history,
                agreement,
                features,
            },
        )
        .prop_filter("a delta changes something", |delta| {
            *delta != CharterDelta::default()
        })
}
