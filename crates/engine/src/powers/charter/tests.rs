use folkmoot_record::control::{Actions, Charter, Role, Rule};
use proptest::prelude::*;

use super::{preset, read, write};
use crate::membership::found::default_charter;

fn role() -> impl Strategy<Value = Role> {
    (
        1..=u16::MAX,
        "[^\\x00-\\x1f\\x7f-\\u{9f}]{1,20}",
        1..=250_u8,
        any::<u32>(),
        any::<u8>(),
    )
        .prop_map(|(id, name, rank, actions, may_grant)| Role {
            id,
            name,
            rank,
            actions: Actions(actions),
            may_grant: may_grant % (rank + 1),
        })
}

fn time() -> impl Strategy<Value = u64> {
    const MOST: u64 = (1 << 53) - 1;
    let whole = (
        0..400_u64,
        prop::sample::select(vec![1, 1_000, 60_000, 3_600_000, 86_400_000]),
    );
    prop_oneof![
        Just(0),
        whole.prop_map(|(n, unit): (u64, u64)| n * unit),
        0..=MOST
    ]
}

fn rule(class: u8) -> impl Strategy<Value = Rule> {
    (
        (0..=250_u8, 0..=250_u8, time(), time()),
        (1..=1_000_u64, 1..=1_000_u64, 1..100_000_u64, 0..=1_u64),
    )
        .prop_map(
            move |((min_rank, wit_rank, tenure_ms, active_ms), (a, b, min_yes, flags))| Rule {
                class,
                min_rank,
                wit_rank,
                tenure_ms,
                active_ms,
                y_num: a.min(b),
                y_den: a.max(b),
                min_yes,
                flags,
            },
        )
}

fn charter() -> impl Strategy<Value = Charter> {
    let rules = (0..5_u8)
        .map(|class| prop::option::of(rule(class)).boxed())
        .collect::<Vec<_>>();
    let tail = (
        0..=1_u8,
        prop::option::of(any::<[u8; 32]>()),
        prop::option::of(prop::collection::btree_set(0..1_000_u64, 1..5)),
    );
    (
        prop::collection::vec(role(), 1..8),
        rules,
        (0..1_000_000_u64, 0..1_000_000_u64),
        tail,
    )
        .prop_map(
            |(mut roles, rules, quotas, (history, agreement, features))| {
                roles.retain(|role| !role.name.trim().is_empty());
                roles.push(Role {
                    id: 7,
                    name: "always one".to_owned(),
                    rank: 1,
                    actions: Actions(0),
                    may_grant: 0,
                });
                roles.sort_by_key(|role| role.id);
                roles.dedup_by_key(|role| role.id);
                roles.sort_by_key(|role| role.name.to_ascii_lowercase());
                roles.dedup_by_key(|role| role.name.to_ascii_lowercase());
                roles.sort_by_key(|role| role.id);
                Charter {
                    roles,
                    rules: rules.into_iter().flatten().collect(),
                    content_per_day: quotas.0,
                    control_per_day: quotas.1,
                    history,
                    agreement,
                    features: features.map(|set| set.into_iter().collect()),
                }
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(charter in charter()) {
        let text = write(&charter);
        let again = read(&text).map_err(|error| TestCaseError::fail(format!("{error:?}\n{text}")))?;
        prop_assert_eq!(again, charter);
    }

    #[test]
    fn no_text_breaks_the_reader(text in ".{0,200}") {
        let _verdict = read(&text);
    }
}

#[test]
fn the_circle_is_the_default_and_all_presets_are_sound() {
    assert_eq!(preset("circle").unwrap(), default_charter());
    for name in ["circle", "group", "commons"] {
        let charter = preset(name).unwrap();
        assert_eq!(read(&write(&charter)).unwrap(), charter, "{name}");
        assert_eq!(charter.rules.len(), 5, "{name}");
        assert!(charter.roles.iter().any(|role| role.name == "writer"));
    }
    assert!(preset("club").is_err());
}

/// The preset with one line replaced, and what the error must say.
#[test]
fn errors_name_line_key_and_what_would_be_right() {
    let text = include_str!("../../../charters/circle.toml");
    let cases = [
        (
            "may = [\"read\"]",
            "may = [\"raed\"]",
            "role: `raed` is no action",
            "the actions are: read",
        ),
        (
            "rank = 10",
            "rank = 251",
            "role.rank: this number",
            "1 to 250",
        ),
        (
            "rank = 10",
            "rnak = 10",
            "role: `rank` is missing",
            "rank = 20",
        ),
        (
            "id = 2",
            "id = 1",
            "role: the id 1 is given twice",
            "of its own",
        ),
        (
            "may_grant = 20",
            "may_grant = 22",
            "role.may_grant: a role cannot",
            "0 to 21",
        ),
        (
            "share = \"1/4\"",
            "share = \"5/4\"",
            "rules.opinion.share: `5/4`",
            "1/2",
        ),
        (
            "share = \"1/4\"",
            "share = 0.25",
            "rules.opinion.share: this is no text",
            "fraction",
        ),
        (
            "member_for = \"7d\"",
            "member_for = \"7 moons\"",
            "rules.charter.member_for",
            "30d",
        ),
        (
            "history = \"open\"",
            "history = \"ajar\"",
            "history: this is neither",
            "closed",
        ),
        (
            "least_yes = 3",
            "least_yes = 0",
            "rules.succession.least_yes",
            "from 1",
        ),
        (
            "[rules.charter]",
            "[rules.chart]",
            "rules.chart: there is no such key",
            "membership",
        ),
        (
            "history = \"open\"",
            "history = \"open\"\ncolour = 1",
            "colour: there is no such key",
            "quotas",
        ),
        (
            "id = 2",
            "id = = 2",
            "this is no TOML",
            "charter show --toml",
        ),
    ];
    for (right, wrong, says, hint) in cases {
        assert!(text.contains(right), "{right}");
        let broken = text.replacen(right, wrong, 1);
        let error = read(&broken).unwrap_err();
        let path = says.split(':').next().unwrap();
        assert!(error.message.starts_with("line "), "{}", error.message);
        assert!(
            error.message.contains(path)
                && error.message.contains(says.rsplit(": ").next().unwrap()),
            "{}",
            error.message
        );
        assert!(error.hint.as_deref().unwrap().contains(hint), "{error:?}");
        let line: usize = error.message["line ".len()..]
            .split([',', ':'])
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let at = text[..text.find(right).unwrap()].matches('\n').count() + 1;
        // A missing key is told at the head of its table, an added line one later.
        assert!(line.abs_diff(at) <= 4, "{wrong}: line {line}, not {at}");
    }
}
