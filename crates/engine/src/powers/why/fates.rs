//! Records that stand and that an act keeps from being read: hidden, taken back, purged.

use folkmoot_record::{Kind, RecordId, Verified, content::Content};
use folkmoot_store::Vault;

use super::Story;
use crate::{
    exchange::holdings::read,
    keeping::erasure::{Fate, targets},
    membership::{collective::Collective, parting::when},
};

/// Bytes of a reason that are told; `moot show` tells all of it.
const MOST_REASON: usize = 200;

impl Collective {
    /// Tells of a record that stands who keeps it from being read. False where nobody does, or that
    /// cannot be looked up.
    pub(super) fn tell_fate(
        &mut self,
        story: &mut Story,
        store: &Vault,
        record: &Verified,
    ) -> bool {
        let (id, header) = (record.id(), record.header());
        match self.fate(store, &id, header) {
            Ok(Fate::Hidden(act)) => self.tell_act(story, store, record, &act),
            Ok(Fate::Erased(act)) => self.tell_act(story, store, record, &act),
            Ok(Fate::Open) | Err(_) => return false,
        }
        true
    }

    fn tell_act(&self, story: &mut Story, store: &Vault, of: &Verified, id: &RecordId) {
        let short = of.id().short();
        let Some(act) = read(store, id) else {
            story.verdict(
                "taken-back",
                "It stands, but an act keeps it from being shown.",
            );
            return;
        };
        let header = act.header();
        let (word, did) = match header.kind {
            Kind::HIDE => ("hidden", "hid it"),
            Kind::PURGE => ("purged", "purged it"),
            _ => ("taken-back", "took it back"),
        };
        let own = self.secrets.seat;
        let who = match header.seat == own {
            true => "you".to_owned(),
            false => self.member_name(&header.seat),
        };
        let on = when(header.ms());
        let verdict = match header.kind {
            Kind::HIDE => format!("It stands, and it is hidden: {who} {did} on {on}."),
            _ => format!("It stands, and it is not shown any more: {who} {did} on {on}."),
        };
        story.verdict(word, verdict);
        let whole = targets(header).all(|target| target != of.id());
        let aimed = match whole {
            true => " The act is aimed at the document of which it is a version.",
            false => "",
        };
        let reason = act
            .body()
            .and_then(|body| Content::decode(header.kind, body).ok())
            .and_then(|content| content.text().map(str::to_owned));
        let given = match reason {
            Some(reason) if !reason.is_empty() => {
                let end = reason.floor_char_boundary(MOST_REASON);
                format!(
                    "The reason given: {}.{aimed}",
                    reason[..end].trim_end_matches('.')
                )
            }
            _ => format!("No reason was given.{aimed}"),
        };
        story.step(Some(*id), "8.2", given);
        let (rule, next) = match header.kind {
            Kind::HIDE => (
                "Who has the right to hide may do so, and anybody with that right shows it again.",
                format!("whoever has the right to hide shows it again: `moot unhide {short}`"),
            ),
            Kind::PURGE => (
                "Who has the right to purge may do so, and that is final.",
                "ask who purged it; it cannot be brought back".to_owned(),
            ),
            _ if header.seat == own => (
                "What people wrote is theirs: they may take it back.",
                format!(
                    "`moot restore {short}` writes it anew, while its text is in the trash: `moot trash`"
                ),
            ),
            _ => (
                "What people wrote is theirs: they may take it back.",
                format!("ask {who} for it: only its author may write it anew"),
            ),
        };
        story.step(None, "8.2", rule);
        story.next(next);
    }
}
