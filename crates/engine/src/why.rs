//! Why a record or a member stands as it does, in words.

use folkmoot_accord::Standing;
use folkmoot_api::{ApiError, WhyStep, WhyView};
use folkmoot_record::{GrantId, Kind, RecordId, SeatKey, Verified};

use crate::{
    collective::Collective, core::Core, errors::not_found, holdings::read, reasons, receive::mark,
    refusals::Cause,
};

impl Core {
    /// Explains a record or a seat, by id or unique prefix.
    pub(crate) fn why(&self, text: &str) -> Result<WhyView, ApiError> {
        if let Some(id) = self.record_named(text)? {
            return Ok(self.why_record(&id));
        }
        for collective in self.collectives.values() {
            let seats = &collective.accord.state().seats;
            let mut named = seats
                .keys()
                .filter(|seat| seat.to_string().starts_with(text));
            if let (Some(seat), None) = (named.next(), named.next())
                && text.len() >= 4
            {
                return Ok(why_seat(collective, seat));
            }
            if let Some(standing) = text
                .parse()
                .ok()
                .and_then(|id| collective.accord.standing(&id))
            {
                return Ok(WhyView {
                    id: text.to_owned(),
                    verdict: standing_sentence(&standing),
                    steps: Vec::new(),
                });
            }
        }
        for collective in self.collectives.values() {
            if let Some((id, refusal)) = collective.void.named(text) {
                let (code, told) = match refusal.cause {
                    Cause::Void(reason) => (reason.as_str().to_owned(), reasons::void(reason)),
                    Cause::Malformed(reason) => (reason.to_string(), reasons::malformed(reason)),
                };
                return Ok(WhyView {
                    id: id.to_string(),
                    verdict: format!("It is invalid ({code}): {}", told.what),
                    steps: Vec::new(),
                });
            }
        }
        Err(not_found(format!("nothing here has the id {text}"))
            .hint("a record that was refused is not kept; ask with its whole id"))
    }

    fn why_record(&self, id: &RecordId) -> WhyView {
        let found = self
            .collectives
            .values()
            .find_map(|collective| Some((collective, collective.accord.record(id)?.clone())))
            .or_else(|| {
                let record = read(&self.store, id)?;
                let cid = record.header().cid?;
                Some((self.collectives.get(&cid)?, record))
            });
        let Some((collective, record)) = found else {
            return WhyView {
                id: id.to_string(),
                verdict: "It is held, but belongs to no collective of yours.".to_owned(),
                steps: Vec::new(),
            };
        };
        let verdict = match collective.accord.standing(id) {
            Some(standing) => standing_sentence(&standing),
            None => reasons::marked(collective.marked.get(id).copied().unwrap_or(mark::NONE))
                .what
                .to_owned(),
        };
        let mut steps = vec![step(
            None,
            format!(
                "It was signed by a device of {} as their record number {} in {}.",
                collective.member_name(&record.header().seat),
                record.header().seq,
                collective.name()
            ),
        )];
        match record.header().cap {
            Some(cap) => steps.extend(chain(collective, &cap)),
            None => steps.push(by_itself(&record)),
        }
        WhyView {
            id: id.to_string(),
            verdict,
            steps,
        }
    }
}

fn why_seat(collective: &Collective, seat: &SeatKey) -> WhyView {
    let state = collective.accord.state();
    let member = state.seats.get(seat);
    let live = member.is_some_and(|member| member.live);
    let name = collective.member_name(seat);
    let mut steps = Vec::new();
    for id in member
        .map(|member| member.grants.as_slice())
        .unwrap_or_default()
    {
        steps.extend(chain(collective, id));
    }
    for (vid, revocation) in &state.revocations {
        if revocation.active && revocation.target == folkmoot_record::control::Target::Seat(*seat) {
            steps.push(step(
                Some(RecordId::from(*vid)),
                format!("{} removed them.", collective.member_name(&revocation.by)),
            ));
        }
    }
    WhyView {
        id: seat.to_string(),
        verdict: if live {
            format!("{name} is a member of {}.", collective.name())
        } else {
            format!("{name} is not a member of {} any more.", collective.name())
        },
        steps,
    }
}

/// From the founding record down to a grant.
fn chain(collective: &Collective, cap: &GrantId) -> Vec<WhyStep> {
    let state = collective.accord.state();
    let lineage = match (state.grants.get(cap), state.invites.get(cap)) {
        (Some(grant), _) => grant.lineage.clone(),
        (None, Some(invite)) => {
            let mut lineage = state
                .grants
                .get(&invite.cap)
                .map(|grant| grant.lineage.clone())
                .unwrap_or_default();
            lineage.push(invite.cap);
            lineage
        }
        (None, None) => Vec::new(),
    };
    lineage
        .iter()
        .chain([cap])
        .map(|id| link(collective, id))
        .collect()
}

fn link(collective: &Collective, id: &GrantId) -> WhyStep {
    let state = collective.accord.state();
    let record = RecordId::from(*id);
    if let Some(invite) = state.invites.get(id) {
        let text = format!(
            "{} made an invite for the role {}{}.",
            collective.member_name(&invite.issuer),
            collective.role_name(invite.limits.role),
            if invite.live { "" } else { ", closed since" }
        );
        return step(Some(record), text);
    }
    let Some(grant) = state.grants.get(id) else {
        return step(Some(record), "A right that is not known here.".to_owned());
    };
    let who = collective.member_name(&grant.to);
    let role = collective.role_name(grant.limits.role);
    let ended = if grant.live { "" } else { "; it has ended" };
    use folkmoot_accord::state::Origin;
    let (record, text) = match grant.origin {
        Origin::Founder => (
            RecordId::from(collective.cid()),
            format!("The founding record makes {who} {role}{ended}."),
        ),
        Origin::Join(_) => (record, format!("{who} joined by it as {role}{ended}.")),
        Origin::Grant => {
            let by = collective
                .accord
                .record(&record)
                .map_or_else(String::new, |r| collective.member_name(&r.header().seat));
            (record, format!("{by} made {who} {role}{ended}."))
        }
        Origin::Decision(proposal) => (
            proposal,
            format!("The members made {who} {role} by vote{ended}."),
        ),
    };
    step(Some(record), text)
}

fn by_itself(record: &Verified) -> WhyStep {
    let text = match record.header().kind {
        Kind::GENESIS => "It is the founding record: the collective begins with it.",
        Kind::DEVICE | Kind::RESIGN => "The member's recovery key signed it: it needs no grant.",
        _ => "It needs no grant: the standing of its device is enough.",
    };
    step(None, text.to_owned())
}

fn step(id: Option<RecordId>, text: String) -> WhyStep {
    WhyStep {
        id: id.map(|id| id.to_string()),
        text,
    }
}

/// One word for a standing.
pub(crate) fn standing_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Admitted { honoured: true } => "admitted",
        Standing::Admitted { honoured: false } => "shadowed",
        Standing::Void(_) => "void",
        Standing::Orphan { .. } => "orphan",
        Standing::Parked(_) => "parked",
        Standing::Quarantined { .. } => "quarantined",
        Standing::Ignored => "ignored",
    }
}

fn standing_sentence(standing: &Standing) -> String {
    let told = reasons::standing(standing);
    match standing {
        Standing::Void(reason) => format!("It is invalid ({reason}): {}", told.what),
        Standing::Parked(reason) => format!("It is set aside ({reason}): {}", told.what),
        _ => told.what.to_owned(),
    }
}
