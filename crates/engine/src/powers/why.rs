//! Why something stands as it does, in words: the verdict, and the chain that led to it.

mod fates;
mod people;
mod proposals;
mod records;
mod rights;
mod words;

use folkmoot_api::{ApiError, WhyStep, WhyView};
use folkmoot_library::fold;
use folkmoot_record::{CollectiveId, DeviceKey, GrantId, RecordId, SeatKey};

use crate::{
    core::Core,
    errors::{failed, not_found, usage},
    membership::{collective::Collective, names::is_digits},
};

pub(crate) use records::standing_word;

/// What a text names.
enum Named {
    Held(RecordId),
    Refused(RecordId),
    /// Something rests on it, and it is not here.
    Awaited(RecordId),
    Right(GrantId),
    Member(SeatKey),
    Device(SeatKey, DeviceKey),
}

impl Core {
    /// Explains what an id, a unique prefix of one, or a name stands for.
    pub(crate) fn why(&mut self, text: &str) -> Result<WhyView, ApiError> {
        let text = text.trim();
        if let Some(id) = self.record_named(text)? {
            return self.why_record(&id);
        }
        let found = if is_digits(text) {
            self.by_digits(text)
        } else {
            self.by_name(text)
        };
        match found.as_slice() {
            [] => Err(not_found(format!("nothing here is called {text}, or has that id")).hint(
                "ids are shown by `moot list`, `moot members` and `moot device list`; a refused record is remembered for a while only",
            )),
            [(cid, named)] => self.why_named(cid, named),
            several => {
                let names: Vec<String> = several
                    .iter()
                    .map(|(cid, named)| format!("{} ({})", digits_of(named), self.place_name(cid)))
                    .collect();
                Err(usage(format!("{text} names several things"))
                    .hint(format!("say which by id: {}", names.join(", "))))
            }
        }
    }

    fn why_named(&mut self, cid: &CollectiveId, named: &Named) -> Result<WhyView, ApiError> {
        let now_ms = self.clock.wall();
        let connected = self.connected_devices(cid);
        let collective = self
            .collectives
            .get_mut(cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        Ok(match named {
            Named::Held(id) => return self.why_record(id),
            Named::Refused(id) => collective.why_refused(id),
            Named::Awaited(id) => collective.why_awaited(id),
            Named::Right(gid) => collective.why_right(gid, now_ms),
            Named::Member(seat) => collective.why_member(seat, now_ms),
            Named::Device(seat, dev) => {
                collective.why_device(seat, dev, connected.contains(dev), now_ms)
            }
        })
    }

    /// What has an id that begins so. Kinds of things are tried in turn: the first that fits counts.
    fn by_digits(&self, digits: &str) -> Vec<(CollectiveId, Named)> {
        let begins = |id: &dyn std::fmt::Display| id.to_string().starts_with(digits);
        let mut found = Vec::new();
        for collective in self.collectives.values() {
            let cid = collective.cid();
            let state = collective.accord.state();
            let mut push = |named| found.push((cid, named));
            for record in collective.accord.records().filter(|r| begins(&r.id())) {
                push(Named::Held(record.id()));
            }
            for id in collective
                .orphans
                .iter()
                .map(|(id, _)| id)
                .filter(|id| begins(id))
            {
                push(Named::Held(*id));
            }
            if let Some((id, _)) = collective.void.named(digits) {
                push(Named::Refused(id));
            } else if let Ok(id) = digits.parse()
                && matches!(
                    collective.accord.standing(&id),
                    Some(folkmoot_accord::Standing::Void(_))
                )
            {
                push(Named::Refused(id));
            }
            for id in collective.awaited().into_iter().filter(|id| begins(id)) {
                push(Named::Awaited(id));
            }
            for gid in state.grants.keys().filter(|gid| begins(gid)) {
                push(Named::Right(*gid));
            }
            for (seat, member) in &state.seats {
                if begins(seat) {
                    push(Named::Member(*seat));
                }
                for dev in member.devices.keys().filter(|dev| begins(dev)) {
                    push(Named::Device(*seat, *dev));
                }
            }
        }
        found
    }

    /// Members by the name they show, this person as `me`, a collective as oneself in it.
    fn by_name(&self, text: &str) -> Vec<(CollectiveId, Named)> {
        let wanted = fold(text.trim_start_matches('@'));
        let mut found = Vec::new();
        for collective in self.collectives.values() {
            let cid = collective.cid();
            let own = collective.secrets.seat;
            // Of several that had the name the one that has it now, else the last one.
            let agents = &collective.secrets.agents;
            let named = agents.iter().filter(|agent| fold(&agent.name) == wanted);
            if let Some(agent) = named.max_by_key(|agent| agent.is_open()) {
                found.push((cid, Named::Device(own, agent.dev)));
            }
            if fold(&collective.name()) == wanted && !collective.is_home() {
                found.push((cid, Named::Member(own)));
                continue;
            }
            if collective.is_home() {
                continue;
            }
            if wanted == "me" {
                found.push((cid, Named::Member(own)));
            }
            for (seat, profile) in &collective.profiles {
                if fold(&profile.name) == wanted {
                    found.push((cid, Named::Member(*seat)));
                }
            }
        }
        found
    }

    fn place_name(&self, cid: &CollectiveId) -> String {
        self.collectives
            .get(cid)
            .map_or_else(|| cid.short(), Collective::name)
    }
}

fn digits_of(named: &Named) -> String {
    match named {
        Named::Held(id) | Named::Refused(id) | Named::Awaited(id) => id.short(),
        Named::Right(gid) => gid.short(),
        Named::Member(seat) => seat.short(),
        Named::Device(_, dev) => dev.short(),
    }
}

/// An explanation in the making.
pub(crate) struct Story(WhyView);

impl Story {
    pub(crate) fn about(what: &str, id: &impl std::fmt::Display, collective: &Collective) -> Self {
        Self(WhyView {
            id: id.to_string(),
            what: what.to_owned(),
            collective: Some(collective.name()),
            standing: String::new(),
            reason: None,
            verdict: String::new(),
            steps: Vec::new(),
            next: None,
        })
    }

    pub(crate) fn verdict(&mut self, standing: &str, sentence: impl Into<String>) {
        standing.clone_into(&mut self.0.standing);
        self.0.verdict = sentence.into();
    }

    pub(crate) fn reason(&mut self, code: impl std::fmt::Display) {
        self.0.reason = Some(code.to_string());
    }

    pub(crate) fn what(&mut self, what: &str) {
        what.clone_into(&mut self.0.what);
    }

    /// One link: the record that decides, the section with the rule, a sentence.
    pub(crate) fn step(&mut self, id: Option<RecordId>, section: &str, text: impl Into<String>) {
        self.0.steps.push(WhyStep {
            id: id.map(|id| id.to_string()),
            text: text.into(),
            section: (!section.is_empty()).then(|| section.to_owned()),
        });
    }

    pub(crate) fn next(&mut self, text: impl Into<String>) {
        self.0.next = Some(text.into());
    }

    pub(crate) fn done(self) -> WhyView {
        self.0
    }
}
