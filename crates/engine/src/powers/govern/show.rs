//! The charter in force, for people.

use folkmoot_api::{ApiError, CharterRole, CharterRule, CharterView, Reply};
use folkmoot_record::{
    RecordId,
    control::{Charter, Role},
};

use super::PROVISIONAL_MS;
use crate::{
    core::Core,
    errors::failed,
    membership::{collective::Collective, collectives::action_words},
    powers::{
        charter::{class_name, rule_sentence, write},
        contracts::in_force,
    },
};

impl Core {
    /// The charter of a collective.
    pub(crate) fn charter_view(&self, name: Option<&str>) -> Result<Reply, ApiError> {
        let cid = self.governed(name)?;
        let collective = self
            .collectives
            .get(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let state = collective.accord.state();
        let (Some(charter), Some(hash)) = (&state.charter, state.charter_hash) else {
            return Err(failed("the founding record has not arrived yet".to_owned()));
        };
        let amendments = collective.amendments();
        let now_ms = self.clock.wall();
        Ok(Reply::Charter(Box::new(CharterView {
            collective: collective.name(),
            collective_id: cid.to_string(),
            hash: hash.to_string(),
            roles: roles(collective, charter, now_ms),
            rules: charter
                .rules
                .iter()
                .map(|rule| CharterRule {
                    class: rule.class,
                    name: class_name(rule.class).to_owned(),
                    sentence: rule_sentence(charter, rule),
                })
                .collect(),
            content_per_day: charter.content_per_day,
            control_per_day: charter.control_per_day,
            open_history: charter.history == 1,
            provisional: amendments
                .iter()
                .any(|(decided_ms, _)| decided_ms.saturating_add(PROVISIONAL_MS) > now_ms),
            amended_by: amendments
                .into_iter()
                .map(|(_, id)| id.to_string())
                .collect(),
            toml: write(charter),
        })))
    }
}

impl Collective {
    /// The proposals from which the charter has a field, with the time of their first decision.
    fn amendments(&self) -> Vec<(u64, RecordId)> {
        let mut found: Vec<(u64, RecordId)> = self
            .accord
            .amendments()
            .into_iter()
            .filter_map(|id| Some((self.decided_ms(&id)?, id)))
            .collect();
        found.sort_unstable();
        found
    }

    /// When a proposal was decided first, as claimed, in ms.
    pub(crate) fn decided_ms(&self, proposal: &RecordId) -> Option<u64> {
        let proposal = self.accord.state().proposals.get(proposal)?;
        proposal
            .decisions
            .iter()
            .filter_map(|(decision, _)| self.accord.record(decision))
            .map(|record| record.header().ms())
            .min()
    }
}

fn roles(collective: &Collective, charter: &Charter, now_ms: u64) -> Vec<CharterRole> {
    let state = collective.accord.state();
    let strongest = |role: &Role| {
        let live = state.seats.values().filter(|member| member.live);
        live.filter(|member| {
            let grants = member.grants.iter().filter_map(|id| state.grants.get(id));
            grants
                .filter(|grant| in_force(grant, now_ms))
                .max_by_key(|grant| grant.limits.rank)
                .is_some_and(|grant| grant.limits.role == role.id)
        })
        .count()
    };
    let mut roles: Vec<&Role> = charter.roles.iter().collect();
    roles.sort_by_key(|role| (role.rank, role.id));
    roles
        .iter()
        .map(|role| CharterRole {
            name: role.name.clone(),
            id: role.id,
            rank: role.rank,
            actions: action_words(role.actions),
            may_give: roles
                .iter()
                .filter(|given| given.rank <= role.may_grant)
                .map(|given| given.name.clone())
                .collect(),
            members: strongest(role) as u64,
        })
        .collect()
}
