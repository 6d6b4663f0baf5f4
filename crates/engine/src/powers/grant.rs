//! Giving a member a right.

use folkmoot_accord::state::DeviceState;
use folkmoot_api::{ApiError, ContractView, GrantNew, Reply};
use folkmoot_record::{
    GrantId, Kind, SeatKey,
    control::{Actions, Control, Grant, Limits},
};
use folkmoot_store::Entry;

use crate::{core::Core, errors::failed, membership::collective::Collective};

impl Core {
    /// Gives a member a right under the best fitting own one.
    pub(crate) fn grant(&mut self, ask: &GrantNew) -> Result<Reply, ApiError> {
        let (cid, seat) = self.person(&ask.who, ask.collective.as_deref())?;
        let gid = self.control(cid, |collective, now_ms| {
            collective.make_grant(seat, ask, now_ms)
        })?;
        let mut view: ContractView = self
            .contract(&cid, &gid)
            .ok_or_else(|| failed("the new contract is not known".to_owned()))?;
        view.caution = self
            .collectives
            .get(&cid)
            .and_then(|collective| collective.grant_caution(&gid, &seat));
        Ok(Reply::Contract(Box::new(view)))
    }
}

impl Collective {
    fn make_grant(
        &mut self,
        seat: SeatKey,
        ask: &GrantNew,
        now_ms: u64,
    ) -> Result<(Vec<Entry>, GrantId), ApiError> {
        self.must_be_shared()?;
        let role = self.role(&ask.role)?;
        let at_ms = self.control_ms(now_ms);
        let giving = self.giving(&role, &ask.limits, Actions::GRANT, None, at_ms)?;
        let body = Control::Grant(Grant {
            to: seat,
            limits: giving.limits,
        });
        let read_before = self.reads(&seat, now_ms);
        let (mut entries, record) = self.sign_under(now_ms, giving.cap, Kind::GRANT, &body)?;
        if !read_before {
            // Who comes to read by a grant is welcomed by nobody: the keys are sealed here.
            entries.extend(self.seal_to(&seat, now_ms));
        }
        Ok((entries, GrantId::from(record.id())))
    }

    fn grant_caution(&self, gid: &GrantId, seat: &SeatKey) -> Option<String> {
        let state = self.accord.state();
        let name = self.member_name(seat);
        let member = state.seats.get(seat)?;
        if !member.devices.values().any(DeviceState::is_certified) {
            return Some(format!(
                "{name} has no device in {} any more: they use this only after joining again by an invite",
                self.name()
            ));
        }
        let limits = &state.grants.get(gid)?.limits;
        let reads = member
            .grants
            .iter()
            .filter_map(|gid| state.grants.get(gid))
            .any(|grant| grant.live && !is_limited(&grant.limits));
        (is_limited(limits) && !reads).then(|| unread(&name))
    }
}

/// Whether a right holds for some content only.
pub(crate) fn is_limited(limits: &Limits) -> bool {
    limits.tags.is_some() || limits.kinds.is_some()
}

/// What is said where a right that gives no keys is somebody's only one (section 6.3).
pub(crate) fn unread(who: &str) -> String {
    format!(
        "a right that is limited to tags or kinds gives no keys to read with: {who} also needs one without, such as reader"
    )
}
