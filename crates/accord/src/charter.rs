//! The charter of a set (section 4.8).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use folkmoot_record::{
    RecordId,
    control::{Charter, CharterDelta, Control, Effect, Role, RoleId},
};

use crate::{
    book::Book,
    eval::{CharterAt, View},
    graph::Ix,
};

/// One field: what two amendments can disagree about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Role(RoleId),
    Rule(u8),
    Quotas,
    History,
    Agreement,
    Features,
}

/// CHARTER(T); `None` where the set has no genesis.
pub(crate) fn of(book: &Book, view: &View) -> Option<CharterAt> {
    let (genesis, charter) = book.genesis.as_ref()?;
    if !view.set().contains(*genesis) {
        return None;
    }
    let amended = amended(book, view);
    if amended.is_empty() {
        return Some(CharterAt {
            charter: charter.clone(),
            hash: charter.hash(),
        });
    }
    let mut charter = (**charter).clone();
    for (field, winner) in amended {
        for delta in deltas(book, winner) {
            apply(&mut charter, field, delta);
        }
    }
    let hash = charter.hash();
    Some(CharterAt {
        charter: Arc::new(charter),
        hash,
    })
}

/// The proposals from which the charter has a field: those that no later one overrides in all they
/// change.
pub(crate) fn amendments(book: &Book, view: &View) -> BTreeSet<RecordId> {
    let winners = amended(book, view).into_values();
    winners.map(|p| id_of(book, p)).collect()
}

/// Which decided proposal each changed field is from.
fn amended(book: &Book, view: &View) -> BTreeMap<Field, Ix> {
    let mut changes: BTreeMap<Field, Vec<Ix>> = BTreeMap::new();
    let decided = book.amendments.iter().copied();
    for p in decided.filter(|p| view.decided(book, *p)) {
        for field in fields_of(book, p) {
            changes.entry(field).or_default().push(p);
        }
    }
    changes
        .into_iter()
        .filter_map(|(field, proposals)| Some((field, winner(book, view, &proposals)?)))
        .collect()
}

/// The role of that number in a charter.
pub(crate) fn role(charter: &Charter, id: RoleId) -> Option<&Role> {
    charter
        .roles
        .binary_search_by_key(&id, |role| role.id)
        .ok()
        .map(|at| &charter.roles[at])
}

/// Of the proposals that change a field: those that no other one had seen decided, of them the one
/// with most yes, then the smallest id.
fn winner(book: &Book, view: &View, proposals: &[Ix]) -> Option<Ix> {
    let newest = proposals.iter().copied().filter(|older| {
        !proposals.iter().any(|newer| {
            newer != older
                && book
                    .decisions_of(*older)
                    .iter()
                    .any(|d| book.graph.follows(*newer, *d))
        })
    });
    newest.min_by_key(|p| (std::cmp::Reverse(most_yes(book, view, *p)), id_of(book, *p)))
}

fn id_of(book: &Book, p: Ix) -> RecordId {
    book.graph.node(p).id
}

/// The longest ballot list over the decisions of a proposal in the set.
fn most_yes(book: &Book, view: &View, p: Ix) -> usize {
    book.decisions_of(p)
        .iter()
        .filter(|d| view.set().contains(**d))
        .map(|d| ballots(book, *d))
        .max()
        .unwrap_or(0)
}

/// How many ballots a decision lists.
pub(crate) fn ballots(book: &Book, decision: Ix) -> usize {
    match book.graph.node(decision).record.control() {
        Some(Control::Decision(body)) => body.ballots.len(),
        _ => 0,
    }
}

fn deltas(book: &Book, p: Ix) -> impl Iterator<Item = &CharterDelta> {
    book.proposal(p)
        .into_iter()
        .flat_map(|body| &body.effects)
        .filter_map(|effect| match effect {
            Effect::Charter(delta) => Some(delta),
            _ => None,
        })
}

fn fields_of(book: &Book, p: Ix) -> BTreeSet<Field> {
    deltas(book, p)
        .flat_map(|delta| {
            let roles = delta.roles.iter().flatten().map(|r| Field::Role(r.id));
            let rules = delta.rules.iter().flatten().map(|r| Field::Rule(r.class));
            roles
                .chain(rules)
                .chain(delta.quotas.map(|_| Field::Quotas))
                .chain(delta.history.map(|_| Field::History))
                .chain(delta.agreement.map(|_| Field::Agreement))
                .chain(delta.features.as_ref().map(|_| Field::Features))
        })
        .collect()
}

/// Applies one field of one delta; of several effects of a proposal the last one counts, so they
/// are applied in order.
fn apply(charter: &mut Charter, field: Field, delta: &CharterDelta) {
    match field {
        Field::Role(id) => {
            for role in delta.roles.iter().flatten().filter(|r| r.id == id) {
                match charter.roles.binary_search_by_key(&id, |r| r.id) {
                    Ok(at) => charter.roles[at] = role.clone(),
                    Err(at) => charter.roles.insert(at, role.clone()),
                }
            }
        }
        Field::Rule(class) => {
            for rule in delta.rules.iter().flatten().filter(|r| r.class == class) {
                match charter.rules.binary_search_by_key(&class, |r| r.class) {
                    Ok(at) => charter.rules[at] = rule.clone(),
                    Err(at) => charter.rules.insert(at, rule.clone()),
                }
            }
        }
        Field::Quotas => {
            if let Some((content, control)) = delta.quotas {
                charter.content_per_day = content;
                charter.control_per_day = control;
            }
        }
        Field::History => charter.history = delta.history.unwrap_or(charter.history),
        Field::Agreement => charter.agreement = delta.agreement.or(charter.agreement),
        Field::Features => {
            if let Some(features) = &delta.features {
                charter.features = Some(features.clone());
            }
        }
    }
}
