//! What a new charter changes about the one in force (sections 4.8 and 5.2).

use folkmoot_api::ApiError;
use folkmoot_record::control::{Charter, CharterDelta};

use crate::{errors::usage, powers::charter::class_name};

/// The fields that differ; an error where the change is none, or one that the protocol does not
/// have.
pub(super) fn delta(old: &Charter, new: &Charter) -> Result<CharterDelta, ApiError> {
    for role in &old.roles {
        let Some(kept) = new.roles.iter().find(|other| other.id == role.id) else {
            return Err(usage(format!("the role {} is missing in the new charter", role.name)).hint(
                "a role is never removed, since old records rest on it: keep it, and let it allow less",
            ));
        };
        if kept.rank != role.rank {
            return Err(usage(format!(
                "the role {} has rank {} and would get {}",
                role.name, role.rank, kept.rank
            ))
            .hint("the rank of a role never changes: add a new role with an id of its own"));
        }
    }
    if let Some(rule) = old
        .rules
        .iter()
        .find(|rule| !new.rules.iter().any(|other| other.class == rule.class))
    {
        return Err(usage(format!(
            "the rule for {} is missing in the new charter",
            class_name(rule.class)
        ))
        .hint("a rule can be changed, not taken away: keep it, and let it ask for more"));
    }
    if old.agreement.is_some() && new.agreement.is_none() {
        return Err(usage("the agreement is missing in the new charter")
            .hint("an agreement can be replaced, not taken away"));
    }
    if new.features != old.features {
        return Err(usage("the features of the protocol cannot be changed")
            .hint("this version knows none; leave `features` as it is"));
    }
    let roles: Vec<_> = new
        .roles
        .iter()
        .filter(|role| !old.roles.contains(role))
        .cloned()
        .collect();
    let rules: Vec<_> = new
        .rules
        .iter()
        .filter(|rule| !old.rules.contains(rule))
        .cloned()
        .collect();
    let quotas = (new.content_per_day, new.control_per_day);
    let delta = CharterDelta {
        roles: (!roles.is_empty()).then_some(roles),
        rules: (!rules.is_empty()).then_some(rules),
        quotas: (quotas != (old.content_per_day, old.control_per_day)).then_some(quotas),
        history: (new.history != old.history).then_some(new.history),
        agreement: new.agreement.filter(|_| new.agreement != old.agreement),
        features: None,
    };
    if delta == CharterDelta::default() {
        return Err(usage("the file says what the charter says already")
            .hint("`moot charter show --toml` prints the charter in force: change that text"));
    }
    Ok(delta)
}

#[cfg(test)]
mod tests {
    use super::delta;
    use crate::powers::charter::preset;

    #[test]
    fn only_what_differs_is_proposed_and_what_cannot_change_is_refused() {
        let old = preset("circle").unwrap();
        assert!(delta(&old, &old).unwrap_err().message.contains("already"));
        let mut new = old.clone();
        new.rules[1].min_yes = 2;
        new.history = 0;
        let change = delta(&old, &new).unwrap();
        assert_eq!(change.rules.as_deref(), Some(&new.rules[1..2]));
        assert_eq!((change.history, change.quotas), (Some(0), None));
        assert!(change.roles.is_none());

        let mut new = old.clone();
        new.roles[1].rank = 30;
        assert!(
            delta(&old, &new)
                .unwrap_err()
                .hint
                .unwrap()
                .contains("never changes")
        );
        let mut new = old.clone();
        new.roles.remove(0);
        assert!(
            delta(&old, &new)
                .unwrap_err()
                .message
                .contains("reader is missing")
        );
        let mut new = old.clone();
        new.rules.remove(0);
        assert!(
            delta(&old, &new)
                .unwrap_err()
                .message
                .contains("opinion is missing")
        );
        let mut new = old.clone();
        new.features = Some(vec![1]);
        assert!(delta(&old, &new).is_err());
    }
}
