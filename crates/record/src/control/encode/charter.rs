//! Charters.

use super::count;
use crate::control::{Charter, CharterDelta, Role, Rule};
use crate::fc::Encoder;
use crate::{CharterHash, hash};

impl Charter {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new();
        charter(self, &mut out);
        out.finish()
    }

    /// Hash of the charter (section 1.1).
    pub fn hash(&self) -> CharterHash {
        CharterHash::from_bytes(hash::derive("folkmoot/1 charter", &[&self.encode()]))
    }
}

pub(super) fn charter(charter: &Charter, out: &mut Encoder) {
    out.map(4 + count(&[charter.agreement.is_some(), charter.features.is_some()]));
    roles(&charter.roles, out.key(0));
    rules(&charter.rules, out.key(1));
    quotas((charter.content_per_day, charter.control_per_day), out);
    out.key(3).uint(charter.history);
    tail(charter.agreement.as_ref(), charter.features.as_ref(), out);
}

pub(super) fn delta(delta: &CharterDelta, out: &mut Encoder) {
    out.map(count(&[
        delta.roles.is_some(),
        delta.rules.is_some(),
        delta.quotas.is_some(),
        delta.history.is_some(),
        delta.agreement.is_some(),
        delta.features.is_some(),
    ]));
    if let Some(list) = &delta.roles {
        roles(list, out.key(0));
    }
    if let Some(list) = &delta.rules {
        rules(list, out.key(1));
    }
    if let Some(pair) = delta.quotas {
        quotas(pair, out);
    }
    if let Some(history) = delta.history {
        out.key(3).uint(history);
    }
    tail(delta.agreement.as_ref(), delta.features.as_ref(), out);
}

fn roles(roles: &[Role], out: &mut Encoder) {
    out.array(roles.len());
    for role in roles {
        out.array(5).uint(role.id).text(&role.name);
        out.uint(role.rank).uint(role.actions.0);
        out.uint(role.may_grant);
    }
}

fn rules(rules: &[Rule], out: &mut Encoder) {
    out.array(rules.len());
    for rule in rules {
        out.array(9).uint(rule.class);
        out.uint(rule.min_rank).uint(rule.wit_rank);
        out.uint(rule.tenure_ms).uint(rule.active_ms);
        out.uint(rule.y_num).uint(rule.y_den);
        out.uint(rule.min_yes).uint(rule.flags);
    }
}

fn quotas((content, control): (u64, u64), out: &mut Encoder) {
    out.key(2).array(2).uint(content).uint(control);
}

fn tail(agreement: Option<&[u8; 32]>, features: Option<&Vec<u64>>, out: &mut Encoder) {
    if let Some(agreement) = agreement {
        out.key(4).bytes(agreement);
    }
    if let Some(features) = features {
        out.key(5).array(features.len());
        for feature in features {
            out.uint(*feature);
        }
    }
}
