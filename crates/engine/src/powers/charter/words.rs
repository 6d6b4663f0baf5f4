//! Rules and times in words.

use folkmoot_record::control::{Actions, Charter, Rule};

use super::CLASSES;

/// The name of a class of proposals.
pub(crate) fn class_name(class: u8) -> &'static str {
    CLASSES
        .get(usize::from(class))
        .copied()
        .unwrap_or("unknown")
}

/// A length of time in its largest whole unit.
pub(crate) fn duration(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1_000, "s"),
    ];
    UNITS
        .iter()
        .find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit))
        .map_or_else(
            || format!("{ms} ms"),
            |(unit, name)| format!("{} {name}", ms / unit),
        )
}

/// Words with commas, and `and` or `or` before the last one.
pub(crate) fn one_of(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// What share has to say yes.
pub(crate) fn share_of(rule: &Rule) -> String {
    let share = match (rule.y_num, rule.y_den) {
        (1, 2) => "half".to_owned(),
        (1, 3) => "a third".to_owned(),
        (2, 3) => "two thirds".to_owned(),
        (1, 4) => "a quarter".to_owned(),
        (num, den) if num == den => "all".to_owned(),
        (num, den) => format!("{num}/{den}"),
    };
    if rule.min_yes > 1 {
        format!("{share} of them, and at least {}", rule.min_yes)
    } else {
        format!("{share} of them")
    }
}

/// One sentence: who votes on proposals of a class, and how many must say yes.
pub(crate) fn rule_sentence(charter: &Charter, rule: &Rule) -> String {
    let roles: Vec<String> = charter
        .roles
        .iter()
        .filter(|role| role.rank >= rule.min_rank && role.actions.contains(Actions::VOTE))
        .map(|role| role.name.clone())
        .collect();
    let mut who = if roles.is_empty() {
        "nobody votes".to_owned()
    } else {
        format!("whoever is {} votes", one_of(&roles, "or"))
    };
    let mut conditions = Vec::new();
    if rule.tenure_ms > 0 {
        conditions.push(format!("a member for {}", duration(rule.tenure_ms)));
    }
    if rule.active_ms > 0 {
        conditions.push(format!("active within {}", duration(rule.active_ms)));
    }
    if rule.wit_rank > 0 {
        conditions.push(format!("witnessed by rank {} or above", rule.wit_rank));
    }
    if !conditions.is_empty() {
        who.push_str(&format!(", if {}", one_of(&conditions, "and")));
    }
    if rule.flags & 1 == 1 {
        who.push_str(", but not the one it is about");
    }
    format!("{who}; it needs the yes of {}", share_of(rule))
}
