//! Contracts for people: who may do what, where, until when, by whom, and how it ends.

use folkmoot_accord::state::{GrantState, InviteState, Origin};
use folkmoot_api::{
    ApiError, ContractOrigin, ContractState, ContractView, ContractsArgs, InvitesArgs, LimitsView,
    PersonView, Reply,
};
use folkmoot_record::{
    CollectiveId, GrantId, RecordId, SeatKey,
    control::{Actions, Limits, Target},
};
use jiff::tz::TimeZone;

use crate::{
    core::Core,
    errors::usage,
    exchange::holdings::door_status,
    membership::{collective::Collective, collectives::action_words, invite::moment},
    person::secrets::Membership,
    powers::limits::words,
};

/// Digits of an id that are shown: as tables show them, and enough to be typed again.
const SHOWN: usize = 8;

impl Core {
    /// Rights held and given.
    pub(crate) fn contracts(&self, ask: &ContractsArgs) -> Result<Reply, ApiError> {
        let both = ask.given == ask.held;
        let now_ms = self.clock.wall();
        let mut found = Vec::new();
        for collective in self.asked(ask.collective.as_deref())? {
            let (me, state) = (collective.secrets.seat, collective.accord.state());
            let mut here = Vec::new();
            for (gid, grant) in &state.grants {
                let (held, given) = (grant.to == me, collective.giver(gid, grant) == Some(me));
                if (held && (both || ask.held)) || (given && (both || ask.given)) {
                    here.push(collective.contract_view(gid, grant, now_ms));
                }
            }
            for (gid, invite) in &state.invites {
                if invite.issuer == me && (both || ask.given) {
                    here.push(collective.invite_contract(gid, invite, now_ms));
                }
            }
            here.retain(|view| {
                ask.ended || matches!(view.state, ContractState::InForce | ContractState::NotYet)
            });
            // What one holds first, then by time.
            here.sort_by(|a, b| {
                let mine = |view: &ContractView| !view.holder.as_ref().is_some_and(|who| who.me);
                (mine(a), a.made, &a.id).cmp(&(mine(b), b.made, &b.id))
            });
            found.extend(here);
        }
        for view in &mut found {
            view.short = self.shown_id(&view.id);
        }
        Ok(Reply::Contracts(found))
    }

    /// Invites that are known, the newest first.
    pub(crate) fn invites(&self, ask: &InvitesArgs) -> Result<Reply, ApiError> {
        let mut found = Vec::new();
        for collective in self.asked(ask.collective.as_deref())? {
            let invites = collective.accord.state().invites.keys();
            let mut here: Vec<_> = invites
                .filter_map(|gid| collective.invite_view(gid, self.clock.wall()))
                .collect();
            here.retain(|view| {
                ask.all || matches!(view.state, ContractState::InForce | ContractState::NotYet)
            });
            here.sort_by(|a, b| (b.made, &a.id).cmp(&(a.made, &b.id)));
            found.extend(here);
        }
        Ok(Reply::Invites(found))
    }

    /// One collective that is no home, or all of which this person is a member.
    fn asked(&self, place: Option<&str>) -> Result<Vec<&Collective>, ApiError> {
        let Some(name) = place else {
            return Ok(self
                .member_of()
                .filter(|collective| !collective.is_home())
                .collect());
        };
        let cid = self.resolve(name)?;
        let found: Vec<&Collective> = self.collectives.get(&cid).into_iter().collect();
        if found.iter().any(|collective| collective.is_home()) {
            return Err(usage(
                "your home is for you alone: there are no contracts in it",
            ));
        }
        Ok(found)
    }

    /// One contract as it stands now.
    pub(crate) fn contract(&self, cid: &CollectiveId, gid: &GrantId) -> Option<ContractView> {
        let collective = self.collectives.get(cid)?;
        let state = collective.accord.state();
        let now_ms = self.clock.wall();
        let mut view = match (state.grants.get(gid), state.invites.get(gid)) {
            (Some(grant), _) => collective.contract_view(gid, grant, now_ms),
            (None, Some(invite)) => collective.invite_contract(gid, invite, now_ms),
            (None, None) => return None,
        };
        view.short = self.shown_id(&view.id);
        Some(view)
    }

    /// As many digits of an id as name it here, and at least those that tables show.
    pub(crate) fn shown_id(&self, id: &str) -> String {
        let shared = id
            .parse::<RecordId>()
            .ok()
            .and_then(|id| self.store.shared_digits(&id).ok())
            .unwrap_or(0);
        id[..(shared + 1).max(SHOWN).min(id.len())].to_owned()
    }
}

impl Collective {
    /// Who gave a grant; nobody where the founding record or a vote did.
    pub(crate) fn giver(&self, gid: &GrantId, grant: &GrantState) -> Option<SeatKey> {
        match grant.origin {
            Origin::Founder | Origin::Decision(_) => None,
            Origin::Grant => {
                let record = self.accord.record(&RecordId::from(*gid))?;
                Some(record.header().seat)
            }
            Origin::Join(invite) => Some(self.accord.invite(&invite)?.issuer),
        }
    }

    pub(crate) fn contract_view(
        &self,
        gid: &GrantId,
        grant: &GrantState,
        now_ms: u64,
    ) -> ContractView {
        let made_by = match grant.origin {
            Origin::Founder => RecordId::from(self.cid()),
            Origin::Decision(proposal) => proposal,
            Origin::Grant | Origin::Join(_) => RecordId::from(*gid),
        };
        let state = if grant.live {
            in_time(&grant.limits, now_ms)
        } else {
            ContractState::Ended
        };
        let giver = self.giver(gid, grant).map(|seat| self.person_view(&seat));
        let mut view = self.bare_view(gid, &grant.limits, made_by);
        view.origin = match grant.origin {
            Origin::Founder => ContractOrigin::Founding,
            Origin::Grant => ContractOrigin::Grant,
            Origin::Join(_) => ContractOrigin::Join,
            Origin::Decision(_) => ContractOrigin::Vote,
        };
        view.holder = Some(self.person_view(&grant.to));
        view.giver = giver;
        view.under = grant.lineage.last().map(ToString::to_string);
        view.state = state;
        let mine = grant.to == self.secrets.seat;
        view.end = (grant.live && self.secrets.membership == Membership::Member)
            .then(|| {
                if mine {
                    Some(format!("moot collective leave {}", typed(&self.name())))
                } else {
                    self.may_end(gid, now_ms).then(|| {
                        format!("moot revoke {} --in {}", gid.short(), typed(&self.name()))
                    })
                }
            })
            .flatten();
        view.sentence = sentence(&view);
        view
    }

    pub(crate) fn invite_contract(
        &self,
        gid: &GrantId,
        invite: &InviteState,
        now_ms: u64,
    ) -> ContractView {
        let mut view = self.bare_view(gid, &invite.limits, RecordId::from(*gid));
        view.origin = ContractOrigin::Invite;
        view.giver = Some(self.person_view(&invite.issuer));
        view.under = Some(invite.cap.to_string());
        view.state = invite_state(invite, now_ms);
        view.uses_left = Some(invite.uses_left);
        view.end = self.invite_end(gid, invite, now_ms);
        view.sentence = sentence(&view);
        view
    }

    /// The command that closes an invite, where this person may and it is not closed.
    pub(crate) fn invite_end(
        &self,
        gid: &GrantId,
        invite: &InviteState,
        now_ms: u64,
    ) -> Option<String> {
        (invite.live && self.secrets.membership == Membership::Member && self.may_end(gid, now_ms))
            .then(|| {
                format!(
                    "moot invite close {} --in {}",
                    gid.short(),
                    typed(&self.name())
                )
            })
    }

    fn may_end(&self, gid: &GrantId, now_ms: u64) -> bool {
        let secrets = &self.secrets;
        self.accord
            .grant_to_revoke(&secrets.seat, &secrets.dev(), now_ms, Target::Grant(*gid))
            .is_ok()
    }

    fn bare_view(&self, gid: &GrantId, limits: &Limits, made_by: RecordId) -> ContractView {
        let made = self
            .accord
            .record(&made_by)
            .map_or(0, |record| record.header().ms());
        ContractView {
            id: gid.to_string(),
            short: gid.short(),
            collective: self.name(),
            collective_id: self.cid().to_string(),
            origin: ContractOrigin::Grant,
            holder: None,
            giver: None,
            under: None,
            role: self.role_name(limits.role),
            rank: limits.rank,
            actions: action_words(self.allowed(limits)),
            limits: Self::limits_view(limits),
            made: moment(made),
            state: ContractState::Ended,
            uses_left: None,
            end: None,
            sentence: String::new(),
            caution: None,
        }
    }

    /// What a right allows: what its role does, as far as its mask goes. A right that is limited to
    /// tags or kinds gives no keys to read with (section 6.3).
    fn allowed(&self, limits: &Limits) -> Actions {
        let role = self
            .roles()
            .into_iter()
            .find(|role| role.id == limits.role)
            .map(|role| role.actions)
            .unwrap_or_default();
        let actions = role.and(limits.mask);
        if limits.tags.is_some() || limits.kinds.is_some() {
            Actions(actions.0 & !Actions::READ.0)
        } else {
            actions
        }
    }
}

/// Whether an invite lets somebody in now.
pub(crate) fn invite_state(invite: &InviteState, now_ms: u64) -> ContractState {
    use folkmoot_sync::DoorStatus;
    match door_status(invite, now_ms) {
        DoorStatus::Live => ContractState::InForce,
        DoorStatus::NotYet => ContractState::NotYet,
        DoorStatus::Expired => ContractState::Expired,
        DoorStatus::UsedUp => ContractState::UsedUp,
        DoorStatus::Closed => ContractState::Ended,
    }
}

/// Whether a right was given, not taken away, and holds at this time.
pub(crate) fn in_force(grant: &GrantState, now_ms: u64) -> bool {
    grant.live && in_time(&grant.limits, now_ms) == ContractState::InForce
}

pub(crate) fn in_time(limits: &Limits, now_ms: u64) -> ContractState {
    if limits.exp.is_some_and(|exp| exp <= now_ms) {
        ContractState::Expired
    } else if limits.nbf.is_some_and(|nbf| now_ms < nbf) {
        ContractState::NotYet
    } else {
        ContractState::InForce
    }
}

/// A name as it is typed in a shell.
pub(crate) fn typed(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

/// Where and when a right holds, in words; empty where nothing limits it.
pub(crate) fn limit_words(limits: &LimitsView) -> String {
    let mut parts = Vec::new();
    if !limits.tags.is_empty() {
        parts.push(format!(
            "only what is tagged {}",
            words(limits.tags.iter().map(|tag| format!("#{tag}")))
        ));
    }
    if !limits.kinds.is_empty() {
        parts.push(format!("only of the kind {}", limits.kinds.join(", ")));
    }
    if let Some(from) = limits.from {
        parts.push(format!("from {}", day(from)));
    }
    if let Some(until) = limits.until {
        parts.push(format!("until {}", day(until)));
    }
    parts.join(", ")
}

/// A day, with the time of day unless it is midnight, in the person's zone.
fn day(time: jiff::Timestamp) -> String {
    let zoned = time.to_zoned(TimeZone::system());
    let text = zoned.strftime("%Y-%m-%d %H:%M").to_string();
    text.strip_suffix(" 00:00")
        .map_or(text.clone(), str::to_owned)
}

/// A name with the first digits of the seat: names are free, seats are not.
fn named(who: &PersonView) -> String {
    let digits = who.seat.get(..SHOWN).unwrap_or(&who.seat);
    if who.name == digits {
        who.name.clone()
    } else {
        format!("{} ({digits})", who.name)
    }
}

fn sentence(view: &ContractView) -> String {
    let who = match &view.holder {
        Some(who) if who.me => "You".to_owned(),
        Some(who) => named(who),
        None => "Whoever uses this invite".to_owned(),
    };
    let past = matches!(view.state, ContractState::Ended | ContractState::Expired);
    let verb = if past { "might" } else { "may" };
    let actions = if view.actions.is_empty() {
        "do nothing".to_owned()
    } else {
        words(view.actions.iter().cloned())
    };
    let mut text = format!("{who} {verb} {actions} in {}", view.collective);
    let limits = limit_words(&view.limits);
    if !limits.is_empty() {
        text.push_str(", ");
        text.push_str(&limits);
    }
    text.push_str(&match (&view.origin, &view.giver) {
        (ContractOrigin::Founding, _) => "; the founding record says so".to_owned(),
        (ContractOrigin::Vote, _) => "; the members decided so".to_owned(),
        (_, Some(giver)) if giver.me => "; you gave it".to_owned(),
        (_, Some(giver)) => format!("; {} gave it", giver.name),
        (_, None) => String::new(),
    });
    text.push_str(match view.state {
        ContractState::InForce => ".",
        ContractState::NotYet => ". It is not in force yet.",
        ContractState::Expired => ". Its time is over.",
        ContractState::UsedUp => ". All its uses are taken.",
        ContractState::Ended => ". It has ended.",
    });
    text
}

#[cfg(test)]
mod tests {
    use super::typed;

    #[test]
    fn names_are_typed_as_a_shell_reads_them() {
        assert_eq!(typed("commons"), "commons");
        assert_eq!(typed("our garden"), "'our garden'");
        assert_eq!(typed("it's"), "'it'\\''s'");
        assert_eq!(typed("größe"), "größe");
    }
}
