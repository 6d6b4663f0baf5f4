//! Commands on collectives: founding, listing, invites.

use std::collections::BTreeSet;

use folkmoot_api::{
    ApiError, CollectiveNew, CollectiveSummary, CollectiveView, InviteNew, Reply, RoleView,
};
use folkmoot_record::{
    CollectiveId, DeviceKey, RecordId, SeatKey,
    control::{Actions, Cut},
    hash, limits,
};
use folkmoot_store::Entry;

use crate::{
    core::Core,
    errors::{failed, key_failed, store_failed, usage},
    membership::{
        collective::Collective,
        found::{found, home_charter},
        invite::moment,
        names::HOME,
    },
    person::secrets::Membership,
    powers::{charter, cut::Filled},
};

impl Core {
    /// Founds a collective with this person as its steward.
    pub(crate) fn found_collective(&mut self, ask: &CollectiveNew) -> Result<Reply, ApiError> {
        let name = ask.name.trim();
        let charter = match &ask.charter {
            Some(text) => charter::read(text)?,
            None => charter::preset(ask.like.as_deref().unwrap_or("circle"))?,
        };
        let wanted = folkmoot_library::fold(name);
        if wanted == HOME
            || self
                .collectives
                .values()
                .any(|c| folkmoot_library::fold(&c.name()) == wanted)
        {
            return Err(
                usage(format!("there is already a collective called {name} here"))
                    .hint("choose another name; names need not be unique elsewhere"),
            );
        }
        let now_ms = self.clock.wall();
        let (collective, entries) = found(&self.keyring, name, charter, false, now_ms)?;
        let cid = self.begin(collective, entries)?;
        self.note_membership(cid, &[]);
        self.announce_name(cid);
        self.collective_view(&cid)
            .map(|view| Reply::Collective(Box::new(view)))
    }

    /// Founds the personal home of a new person.
    pub(crate) fn found_home(&mut self) -> Result<CollectiveId, ApiError> {
        let now_ms = self.clock.wall();
        let (collective, entries) = found(&self.keyring, HOME, home_charter(), true, now_ms)?;
        self.begin(collective, entries)
    }

    /// Keys first, then records: a record without its keys would be lost for writing.
    fn begin(
        &mut self,
        collective: Collective,
        entries: Vec<Entry>,
    ) -> Result<CollectiveId, ApiError> {
        let cid = collective.cid();
        self.keyring.save(&collective.secrets).map_err(key_failed)?;
        self.collectives.insert(cid, collective);
        if let Err(error) = self.publish(cid, entries) {
            self.collectives.remove(&cid);
            if let Err(error) = self.keyring.forget(&cid) {
                self.warn(format!("unused keys could not be removed: {error}"));
            }
            return Err(error);
        }
        Ok(cid)
    }

    pub(crate) fn summaries(&self) -> Vec<CollectiveSummary> {
        let mut summaries: Vec<CollectiveSummary> = self
            .collectives
            .values()
            .map(|collective| self.summary(collective))
            .collect();
        summaries.sort_by(|a, b| (!a.home, &a.name, &a.id).cmp(&(!b.home, &b.name, &b.id)));
        summaries
    }

    fn summary(&self, collective: &Collective) -> CollectiveSummary {
        let cid = collective.cid();
        let counts = self.store.counts(&cid);
        let name = collective.name();
        let twins = self
            .collectives
            .values()
            .filter(|other| other.name() == name)
            .count();
        let state = collective.accord.state();
        let parting = collective.own_parting(self.clock.wall());
        CollectiveSummary {
            id: cid.to_string(),
            name: if twins > 1 {
                format!("{name} ({})", cid.short())
            } else {
                name
            },
            home: collective.is_home(),
            members: state.seats.values().filter(|seat| seat.live).count() as u64,
            records: counts.content,
            control: counts.control,
            bytes: counts.bytes,
            role: state
                .seats
                .get(&collective.secrets.seat)
                .map_or_else(String::new, |member| {
                    collective.strongest(member, self.clock.wall()).0
                }),
            peers: match collective.secrets.membership {
                Membership::Member => self.connected_members(&cid),
                Membership::Joining | Membership::Left => 0,
            },
            state: match (collective.secrets.membership, &parting) {
                (Membership::Joining, _) if self.is_recovering(&cid) => "recovering",
                (Membership::Joining, _) => "joining",
                (Membership::Member, Some(parting)) => parting.word(),
                (Membership::Member, None) => "member",
                (Membership::Left, _) => "left",
            }
            .to_owned(),
            note: match (collective.secrets.membership, &parting) {
                (Membership::Member, Some(parting)) => Some(collective.own_parting_words(parting)),
                (Membership::Member, None) if !collective.unserved.is_empty() => {
                    Some(collective.unserved_words())
                }
                _ => None,
            },
        }
    }

    pub(crate) fn collective_view(&self, cid: &CollectiveId) -> Result<CollectiveView, ApiError> {
        let collective = self
            .collectives
            .get(cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let state = collective.accord.state();
        let founded = collective
            .accord
            .record(&RecordId::from(*cid))
            .map_or(0, |genesis| genesis.header().ms());
        Ok(CollectiveView {
            summary: self.summary(collective),
            founded: moment(founded),
            seat: collective.secrets.seat.to_string(),
            roles: collective
                .roles()
                .into_iter()
                .map(|role| RoleView {
                    name: role.name,
                    rank: role.rank,
                    actions: action_words(role.actions),
                })
                .collect(),
            invites: state
                .invites
                .iter()
                .filter(|(_, invite)| invite.live)
                .filter_map(|(gid, _)| collective.invite_view(gid, self.clock.wall()))
                .collect(),
            epoch: collective.offers.first().map_or(0, |offer| offer.gen_no),
            fingerprint: self.fingerprint(collective)?,
        })
    }

    /// Equal sets of records give equal text: a hash over all ids held, in order.
    fn fingerprint(&self, collective: &Collective) -> Result<String, ApiError> {
        let mut ids: Vec<[u8; 32]> = collective
            .accord
            .reconciled()
            .map(|r| r.id().to_bytes())
            .collect();
        let stamps = collective
            .content_stamps(&self.store)
            .map_err(store_failed)?;
        ids.extend(stamps.iter().map(|stamp| stamp.id));
        ids.sort_unstable();
        let digest = hash::plain(&ids.concat());
        Ok(data_encoding::HEXLOWER.encode(&digest[..16]))
    }

    /// Makes an invite with the addresses of this node in its key.
    pub(crate) fn invite(&mut self, ask: &InviteNew) -> Result<Reply, ApiError> {
        let cid = self.resolve(&ask.collective)?;
        let addresses = self.own_addresses()?;
        let raw = addresses.iter().map(|addr| addr.0.clone()).collect();
        let mut view = self.control(cid, |collective, now_ms| {
            collective.make_invite(ask, raw, now_ms)
        })?;
        view.addresses = addresses
            .iter()
            .map(|addr| self.print_address(addr))
            .collect();
        let of_network = if self.network.is_none() {
            Some(
                "no node is running: start it with `moot up`, so that somebody can come in"
                    .to_owned(),
            )
        } else if view.addresses.iter().all(|addr| is_loopback(addr)) {
            Some(
                "the key only carries addresses of this machine: it works for other homes here"
                    .to_owned(),
            )
        } else {
            None
        };
        view.caution = view.caution.or(of_network);
        Ok(Reply::Invite(Box::new(view)))
    }
}

/// Bytes that a device op or a resignation holds besides its cut, at most.
const OTHER_BYTES: usize = 8 << 10;

/// Everything that devices of this seat have written so far stays honoured (section 4.5): every end
/// is named, since a log that somebody forked has several.
pub(crate) fn own_cut(
    collective: &Collective,
    store: &folkmoot_store::Vault,
    which: impl Fn(&DeviceKey) -> bool,
) -> Result<Filled, ApiError> {
    let seat = collective.secrets.seat;
    let devices: BTreeSet<(SeatKey, DeviceKey)> = collective
        .accord
        .state()
        .seats
        .get(&seat)
        .into_iter()
        .flat_map(|member| member.devices.keys())
        .filter(|dev| which(dev))
        .map(|dev| (seat, *dev))
        .collect();
    let lines = collective.lines(store, &BTreeSet::from([seat]))?;
    let room = limits::BODY - OTHER_BYTES;
    Ok(collective.fill_cut(&devices, &lines, |_| true, &[], room))
}

impl Core {
    /// The same, and the person is told of what it cannot keep.
    pub(crate) fn own_cut_told(
        &mut self,
        cid: CollectiveId,
        which: impl Fn(&DeviceKey) -> bool,
    ) -> Result<Vec<Cut>, ApiError> {
        let store = &self.store;
        let Some(collective) = self.collectives.get(&cid) else {
            return Ok(Vec::new());
        };
        let filled = own_cut(collective, store, which)?;
        let name = collective.name();
        if let Some(told) = filled.above_gaps() {
            self.warn(format!("{name}, of your own: {told}"));
        }
        if filled.left_out > 0 {
            self.warn(format!(
                "{name}: {} ends of your own logs found no room in one record, and what only they keep is cut away",
                filled.left_out
            ));
        }
        Ok(filled.cut)
    }
}

fn is_loopback(address: &str) -> bool {
    address.starts_with("/ip4/127.") || address.starts_with("/ip6/::1/")
}

/// What the bits of a role allow, in words.
pub(crate) fn action_words(actions: Actions) -> Vec<String> {
    const WORDS: [(Actions, &str); 13] = [
        (Actions::READ, "read"),
        (Actions::WRITE, "write"),
        (Actions::EDIT_ANY, "edit what others wrote"),
        (Actions::HIDE, "hide"),
        (Actions::INVITE, "invite"),
        (Actions::GRANT, "grant"),
        (Actions::REVOKE, "revoke"),
        (Actions::PROPOSE, "propose"),
        (Actions::VOTE, "vote"),
        (Actions::REKEY, "renew keys"),
        (Actions::PURGE, "purge"),
        (Actions::VIEW, "view what is shared"),
        (Actions::PUBLISH, "publish"),
    ];
    WORDS
        .iter()
        .filter(|(action, _)| actions.contains(*action))
        .map(|(_, word)| (*word).to_owned())
        .collect()
}
