//! Making invites.

use folkmoot_api::{ApiError, InviteNew, InviteView};
use folkmoot_record::{
    GrantId, Kind, RecordId,
    control::{Actions, Control, Invite, Role},
    limits,
};
use folkmoot_seal::{InviteLink, InviteSeed};
use folkmoot_store::Entry;
use jiff::Timestamp;

use crate::{
    clock::random,
    errors::{failed, not_found, usage},
    membership::collective::Collective,
    powers::{
        contracts::invite_state,
        grant::{is_limited, unread},
    },
};

impl Collective {
    /// Makes an invite and the link that carries its seed and the addresses.
    pub(crate) fn make_invite(
        &mut self,
        ask: &InviteNew,
        addresses: Vec<Vec<u8>>,
        now_ms: u64,
    ) -> Result<(Vec<Entry>, InviteView), ApiError> {
        if self.is_home() {
            return Err(usage("your home is for you alone")
                .hint("found a collective with `moot collective new NAME` and invite to that"));
        }
        self.must_be_in()?;
        if !(1..=10_000).contains(&ask.uses) {
            return Err(usage("an invite can be used 1 to 10,000 times"));
        }
        if ask
            .label
            .as_ref()
            .is_some_and(|label| label.len() > limits::NAME)
        {
            return Err(usage(format!("a label has at most {} bytes", limits::NAME)));
        }
        let role = self.role(if ask.role.is_empty() {
            "writer"
        } else {
            &ask.role
        })?;
        let seed = InviteSeed::from_bytes(random().map_err(|e| failed(e.to_string()))?);
        let open_until = ask.expires_ms.map(|expires| now_ms.saturating_add(expires));
        let at_ms = self.control_ms(now_ms);
        let giving = self.giving(&role, &ask.limits, Actions::INVITE, Some(open_until), at_ms)?;
        let caution = is_limited(&giving.limits).then(|| unread("whoever joins by it"));
        let body = Control::Invite(Invite {
            key: seed.public(),
            limits: giving.limits,
            max_uses: ask.uses,
            label: ask.label.clone(),
            open_from: None,
            open_until,
        });
        let (entries, record) = self.sign_under(now_ms, giving.cap, Kind::INVITE, &body)?;
        let link = InviteLink {
            cid: self.cid(),
            invite: GrantId::from(record.id()),
            seed,
            made_ms: record.header().ms(),
            addresses,
        };
        let mut view = self
            .invite_view(&GrantId::from(record.id()), now_ms)
            .ok_or_else(|| failed("the new invite is not known".to_owned()))?;
        view.key = Some(link.to_text().to_string());
        view.caution = caution;
        Ok((entries, view))
    }

    /// What is known of an invite, without its secret.
    pub(crate) fn invite_view(&self, gid: &GrantId, now_ms: u64) -> Option<InviteView> {
        let invite = self.accord.invite(gid)?;
        Some(InviteView {
            id: RecordId::from(*gid).to_string(),
            key: None,
            collective: self.name(),
            role: self.role_name(invite.limits.role),
            uses_left: invite.uses_left,
            max_uses: invite.max_uses,
            made_by: self.person_view(&invite.issuer),
            made: moment(
                self.accord
                    .record(&RecordId::from(*gid))
                    .map_or(0, |record| record.header().ms()),
            ),
            state: invite_state(invite, now_ms),
            limits: Self::limits_view(&invite.limits),
            end: self.invite_end(gid, invite, now_ms),
            open_until: invite.open_until.and_then(timestamp),
            label: invite.label.clone(),
            addresses: Vec::new(),
            caution: None,
        })
    }

    /// A role by its name.
    pub(crate) fn role(&self, name: &str) -> Result<Role, ApiError> {
        let roles = self.roles();
        roles
            .iter()
            .find(|role| role.name.eq_ignore_ascii_case(name))
            .cloned()
            .ok_or_else(|| {
                let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
                not_found(format!("{} has no role {name}", self.name()))
                    .hint(format!("its roles are: {}", names.join(", ")))
            })
    }

    pub(crate) fn roles(&self) -> Vec<Role> {
        self.accord
            .state()
            .charter
            .as_ref()
            .map(|charter| charter.roles.clone())
            .unwrap_or_default()
    }

    /// The name of a role by its number.
    pub(crate) fn role_name(&self, id: u16) -> String {
        self.roles()
            .into_iter()
            .find(|role| role.id == id)
            .map_or_else(|| id.to_string(), |role| role.name)
    }
}

/// A moment of the protocol as one of the API.
pub(crate) fn timestamp(ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()
}

/// The same where it must be some moment: the year 1970 stands for what cannot be told.
pub(crate) fn moment(ms: u64) -> Timestamp {
    timestamp(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
