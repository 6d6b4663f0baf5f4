//! Commands on collectives: founding, listing, members, invites, leaving.

use std::collections::BTreeMap;

use folkmoot_api::{
    ApiError, CollectiveNew, CollectiveSummary, CollectiveView, DeviceView, InviteNew, MemberView,
    Reply, RoleView,
};
use folkmoot_library::{Expr, ResolvedQuery, Test};
use folkmoot_record::{
    CollectiveId, GrantId, Kind, RecordId, SeatKey,
    control::{Actions, Control, Cut, Resign},
    hash,
};
use folkmoot_search::Page;
use folkmoot_store::Entry;

use crate::{
    author::Signer,
    charter,
    collective::Collective,
    core::Core,
    errors::{failed, key_failed, store_failed, usage},
    found::{found, home_charter},
    invite::moment,
    names::HOME,
    secrets::Membership,
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
            role: self.role_of(collective, &collective.secrets.seat).0,
            peers: match collective.secrets.membership {
                Membership::Member => self.connected_members(&cid),
                Membership::Joining | Membership::Left => 0,
            },
            state: match collective.secrets.membership {
                Membership::Joining => "joining",
                Membership::Member => "member",
                Membership::Left => "left",
            }
            .to_owned(),
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
            .records()
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

    pub(crate) fn members(&mut self, cid: &CollectiveId) -> Result<Vec<MemberView>, ApiError> {
        if !self.serving {
            self.catch_up_fully();
        }
        let collective = self
            .collectives
            .get(cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let connected: BTreeMap<_, _> = self
            .machine
            .as_ref()
            .map(folkmoot_sync::Machine::peers)
            .unwrap_or_default()
            .into_iter()
            .flat_map(|peer| peer.shared)
            .filter(|shared| shared.cid == *cid)
            .map(|shared| (shared.dev, ()))
            .collect();
        let state = collective.accord.state();
        let mut members: Vec<MemberView> = state
            .seats
            .iter()
            .map(|(seat, member)| {
                let (role, grant) = self.role_of(collective, seat);
                let admitted_by = grant.and_then(|grant| issuer(collective, &grant));
                let since = member
                    .grants
                    .first()
                    .and_then(|grant| collective.accord.record(&RecordId::from(*grant)))
                    .or_else(|| collective.accord.record(&RecordId::from(*cid)))
                    .map_or(0, |record| record.header().ms());
                MemberView {
                    name: collective.member_name(seat),
                    seat: seat.to_string(),
                    me: *seat == collective.secrets.seat,
                    role,
                    rank: member.rank,
                    live: member.live,
                    admitted_by: admitted_by.map(|seat| seat.to_string()),
                    since: moment(since),
                    devices: member
                        .devices
                        .iter()
                        .filter(|(_, device)| device.is_certified())
                        .map(|(key, device)| DeviceView {
                            key: key.to_string(),
                            standing: if device.is_full() { "full" } else { "limited" }.to_owned(),
                            connected: connected.contains_key(key),
                        })
                        .collect(),
                    records: self.written_by(cid, seat),
                }
            })
            .collect();
        members.sort_by(|a, b| (b.rank, &a.since, &a.seat).cmp(&(a.rank, &b.since, &b.seat)));
        Ok(members)
    }

    fn written_by(&self, cid: &CollectiveId, seat: &SeatKey) -> u64 {
        let query = ResolvedQuery {
            expr: Expr::And(vec![
                Expr::Is(Test::Places([*cid].into())),
                Expr::Is(Test::Seats([*seat].into())),
            ]),
            ..ResolvedQuery::all(self.clock.wall())
        };
        self.library
            .search(&query, Page::first(1))
            .map_or(0, |hits| hits.total)
    }

    /// The name of the role of a seat's strongest live grant, and that grant.
    fn role_of(&self, collective: &Collective, seat: &SeatKey) -> (String, Option<GrantId>) {
        let state = collective.accord.state();
        let strongest = state.seats.get(seat).and_then(|member| {
            member
                .grants
                .iter()
                .filter_map(|id| Some((id, state.grants.get(id)?)))
                .filter(|(_, grant)| grant.live)
                .max_by_key(|(_, grant)| grant.limits.rank)
        });
        match strongest {
            Some((id, grant)) => (collective.role_name(grant.limits.role), Some(*id)),
            None => (String::new(), None),
        }
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

    /// Leaves a collective: resigns, keeps the records.
    pub(crate) fn leave(&mut self, name: &str) -> Result<Reply, ApiError> {
        let cid = self.resolve(name)?;
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        if collective.is_home() {
            return Err(usage("the personal home cannot be left"));
        }
        if collective.secrets.membership != Membership::Member {
            return Err(usage(format!(
                "you are not a member of {}",
                collective.name()
            )));
        }
        let name = collective.name();
        let root = self.keyring.root(&collective.secrets);
        let body = Control::Resign(Resign {
            cut: own_cut(collective, &self.store)?,
            withdraw: false,
        });
        self.control(cid, |collective, now_ms| {
            collective.sign_control(now_ms, None, Signer::Root(&root), Kind::RESIGN, &body)
        })?;
        let collective = self.collective_mut(&cid)?;
        collective.secrets.membership = Membership::Left;
        let secrets = &self.collectives[&cid].secrets;
        self.keyring.save(secrets).map_err(key_failed)?;
        self.depart(cid);
        Ok(Reply::Done(format!(
            "you left {name}; its records stay here, and what you wrote stays with the members"
        )))
    }
}

/// Everything this seat has written so far stays honoured (section 4.5).
pub(crate) fn own_cut(
    collective: &Collective,
    store: &folkmoot_store::Vault,
) -> Result<Vec<Cut>, ApiError> {
    let seat = collective.secrets.seat;
    let mut cut = Vec::new();
    let state = collective.accord.state();
    for dev in state
        .seats
        .get(&seat)
        .map(|member| member.devices.keys())
        .into_iter()
        .flatten()
    {
        let place = collective.accord.next_place(&seat, dev);
        if let (Some(seq), Some(id)) = (place.seq.checked_sub(1), place.prev) {
            cut.push(Cut {
                dev: *dev,
                lane: 0,
                seq,
                id,
            });
        }
        if let Some(tip) = store.tip(&collective.cid(), dev).map_err(store_failed)? {
            cut.push(Cut {
                dev: *dev,
                lane: 1,
                seq: tip.seq,
                id: tip.id,
            });
        }
    }
    cut.sort();
    cut.dedup();
    Ok(cut)
}

/// Who made the invite or grant that a member's right came from.
fn issuer(collective: &Collective, grant: &GrantId) -> Option<SeatKey> {
    let record = collective.accord.record(&RecordId::from(*grant))?;
    match record.header().kind {
        Kind::JOIN => {
            let invite = record.header().cap?;
            Some(collective.accord.invite(&invite)?.issuer)
        }
        _ => Some(record.header().seat),
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
