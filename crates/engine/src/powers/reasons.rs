//! From verdicts to words: the one place that says for every reason what happened, why, and what to
//! do. What is shown to people anywhere comes from here.

use folkmoot_accord::{ParkReason, Standing, VoidReason};
use folkmoot_record::Reason;

use crate::intake::receive::mark;

/// A verdict in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    /// What happened: a sentence about a record of anybody.
    pub(crate) what: &'static str,
    /// The same to whoever is about to write such a record: no capital, no full stop.
    pub(crate) own: &'static str,
    /// Why the rule is so: a sentence.
    pub(crate) why: &'static str,
    /// What to do next: no capital, no full stop.
    pub(crate) next: &'static str,
    /// The section of `docs/protocol` that has the rule.
    pub(crate) section: &'static str,
}

const fn told(
    what: &'static str,
    own: &'static str,
    why: &'static str,
    next: &'static str,
    section: &'static str,
) -> Told {
    Told {
        what,
        own,
        why,
        next,
        section,
    }
}

/// A record that is invalid for ever.
pub(crate) const fn void(reason: VoidReason) -> Told {
    let (own, why, next, section) = match reason {
        VoidReason::PastVoid => (
            "it would rest on a record that is invalid",
            "Nothing can rest on what never counted.",
            "ask `moot why` about the record it rests on; its author can write both again",
            "4.9",
        ),
        VoidReason::Prev => (
            "it would not follow the record before it in this device's log",
            "A device numbers its records, and each names the one before it, so that nothing can be slipped in later.",
            "its author writes it again; where this happens often, their home was copied or restored: one home, one device",
            "4.9",
        ),
        VoidReason::Hlc => (
            "it would be dated before what it cites",
            "Nobody can know of a record before it was written.",
            "its author sets the clock of that machine right and writes it again",
            "4.9",
        ),
        VoidReason::CapNotLive => (
            "you have no right here that is in force",
            "A right counts if it was given, and not taken away, in what the author knew when writing.",
            "ask a steward for a new right, or for a new invite; `moot why` about a member tells how theirs ended",
            "4.9",
        ),
        VoidReason::CapWrongSeat => (
            "the right belongs to somebody else",
            "A right is given to one seat, and an invite serves for joining alone.",
            "its author uses a right of their own; `moot contracts` lists them",
            "4.9",
        ),
        VoidReason::CapWindow => (
            "your right is not in force at this time",
            "A right may begin and end at a set time; the claimed time of the record must lie between.",
            "ask a steward for a new right; `moot contracts` shows until when yours goes",
            "4.9",
        ),
        VoidReason::Device => (
            "this device is not one of yours in this collective, or is not a full one",
            "Only a device that the member vouched for, and has not taken back, signs for them.",
            "write from a device that `moot device list` shows as full, or add this one again",
            "4.6",
        ),
        VoidReason::DeviceLimit => (
            "this device may not do that",
            "A limited device does only what its person allowed it: kinds, tags, acts and time.",
            "stay within its limits (`moot device list`), use a full device, or add a device with wider limits",
            "4.6",
        ),
        VoidReason::Action => (
            "your role does not allow this",
            "Each role of the charter allows some acts, and no others.",
            "ask somebody whose role allows it, or for another role; `moot charter show` tells the roles",
            "4.9",
        ),
        VoidReason::KindOrTag => (
            "your right does not reach to this kind or these tags",
            "A right may be limited to kinds of records and to tags; under such a limit every tag must fit, and there must be one.",
            "use a tag that the right allows, or ask for a wider right; `moot contracts` shows the limits",
            "4.4",
        ),
        VoidReason::Covers => (
            "you would give more than you have",
            "What is handed on is never more than what one has: acts, kinds, tags, time, and steps to hand on.",
            "give less, or ask somebody who has more to give it",
            "4.4",
        ),
        VoidReason::Rank => (
            "you may not give this role",
            "The charter says up to which rank each role may give.",
            "ask a member whose role may give it, or put it to the vote; `moot charter show` tells the ranks",
            "4.8",
        ),
        VoidReason::May => (
            "you do not stand above what this is aimed at",
            "Only a greater rank, or the one who gave the right, can take it away: equals cannot remove one another.",
            "ask a member of greater rank, or propose it to the members: `moot propose`",
            "4.3",
        ),
        VoidReason::TargetUnknown => (
            "it is aimed at something that is not known here",
            "Nobody can end what they never heard of.",
            "compare with the others first (`moot sync`), then do it again",
            "4.9",
        ),
        VoidReason::InviteWindow => (
            "the invite is not open at this time",
            "An invite may be open from a set time, and until one.",
            "ask for a new invite, and check the clock of this machine",
            "4.9",
        ),
        VoidReason::Seat => (
            "you are not a member",
            "Only who has a right in force acts as a member.",
            "ask a member for an invite, then `moot join KEY`",
            "4.7",
        ),
        VoidReason::BodySig => (
            "the invite's signature does not fit",
            "Only who holds the invite key can redeem it.",
            "copy the key whole and join again, or ask for a new one",
            "4.9",
        ),
        VoidReason::Electorate => (
            "you have no vote in this, or the time for it is over",
            "Who may vote is fixed by what the proposal's author knew when putting it.",
            "`moot proposals` shows who votes and until when; put it anew with `moot propose`",
            "5.3",
        ),
        VoidReason::Certificate => (
            "the votes do not carry the proposal yet",
            "A decision lists valid yes votes, as many of the whole electorate as the charter asks.",
            "collect more votes; `moot proposals` shows how many are missing",
            "5.5",
        ),
        VoidReason::Class => (
            "the charter does not allow such a proposal",
            "Each class of proposals has a rule in the charter, and effects that fit it.",
            "`moot charter show` tells the rules; put it as another class",
            "5.2",
        ),
        VoidReason::Root => (
            "only your recovery key may do this, not a device",
            "A device that is stolen must not be able to make itself many, nor to drop the others.",
            "give the new device less, or for a shorter time; for a full one use your 24 words",
            "4.6",
        ),
        VoidReason::Gen => (
            "it would not follow the newest keys known here",
            "Each renewal of the keys counts one on from the newest that its author knew.",
            "its author compares with the others (`moot sync`) and renews the keys again",
            "4.9",
        ),
    };
    told(reason.sentence(), own, why, next, section)
}

/// A record that is stored and not evaluated.
pub(crate) const fn parked(reason: ParkReason) -> Told {
    let (own, why, next, section) = match reason {
        ParkReason::Kind => (
            "this version does not know that kind of record",
            "What a version does not know it passes on, and judges nothing by it.",
            "install a newer version; the record is kept until then",
            "2.6",
        ),
        ParkReason::Feature => (
            "this version lacks a feature that the charter asks for",
            "A charter may need what an older version cannot do.",
            "install a newer version; the record is kept until then",
            "2.6",
        ),
        ParkReason::Fork => (
            "this version cannot make or follow forks",
            "Forks come with a later version.",
            "install a newer version when there is one; the record is kept until then",
            "5.7",
        ),
        ParkReason::Past => (
            "it would rest on a record that is set aside",
            "What rests on a record that waits, waits with it.",
            "ask `moot why` about the record it rests on",
            "2.4",
        ),
        ParkReason::FenceF1 => (
            "it would ignore history that has long been settled",
            "Whoever simulates an old vote must not undo what all have lived by for 45 days.",
            "talk to the members about it; if it is right, let it in on this node: `moot why ID --let-in`",
            "4.11",
        ),
        ParkReason::FenceF2 => (
            "it would undo history that has long been settled",
            "A backdated removal must not undo what all have lived by for 45 days.",
            "talk to the members about it; if it is right, let it in on this node: `moot why ID --let-in`",
            "4.11",
        ),
        ParkReason::Sibling => (
            "this device has written too many records for one place",
            "A device that says many things in one place is faulty or lies; what it costs others is bounded.",
            "its member drops that device (`moot device drop`) and adds a new one",
            "4.11",
        ),
        ParkReason::JoinFlood => (
            "too many have joined by that invite",
            "A leaked invite must not fill the others' disks.",
            "close the invite and make a new one; who is welcome joins by that",
            "4.11",
        ),
        ParkReason::Cpu => (
            "what its author wrote would take this node too long to judge at once",
            "Records that rest on odd combinations of others take long to judge. Of one member this \
             node judges for 50 ms a minute; the rest waits.",
            "nothing: it is judged when its turn comes; `moot status` names who costs so much",
            "4.11",
        ),
    };
    told(reason.sentence(), own, why, next, section)
}

/// Something that is no record of this protocol, or wrongly signed.
pub(crate) const fn malformed(reason: Reason) -> Told {
    match reason {
        Reason::SigNoncanonical
        | Reason::SigMismatch
        | Reason::KeyNoncanonical
        | Reason::KeySmallOrder => told(
            "Its signature is false.",
            "its signature would be false",
            "Only the key named in a record can sign it.",
            "nothing: it was made up or damaged on its way; the peer that sent it is named in `moot status`",
            "2.5",
        ),
        Reason::Version | Reason::KindUnknown => told(
            "It is of a form that this version does not know.",
            "this version does not know that form",
            "A version takes nothing that it cannot check.",
            "install a newer version",
            "2.6",
        ),
        Reason::BodyMissing | Reason::BodyMismatch | Reason::BodySig => told(
            "Its body is not the one that was signed.",
            "its body would not be the signed one",
            "A record is signed with the hash of its body.",
            "nothing: it comes again from another peer if it is sound there",
            "2.5",
        ),
        Reason::TooLarge => told(
            "It is larger than a record may be.",
            "it is larger than a record may be",
            "Sizes are bounded, so that nobody can fill the others' disks with one record.",
            "its author splits it",
            "2.2",
        ),
        Reason::FcMalformed
        | Reason::FcNotCanonical
        | Reason::FcType
        | Reason::HeaderArity
        | Reason::HeaderRange
        | Reason::HeaderOrder
        | Reason::HeaderShape
        | Reason::BodyFc
        | Reason::BodySchema => told(
            "It is no record of this protocol.",
            "it would be no record of this protocol",
            "There is one way only to write a record down.",
            "nothing: it was made up or damaged on its way; if its author is honest, their version has a fault",
            "2.5",
        ),
    }
}

/// Content that is stored, by its mark.
pub(crate) const fn marked(kept: u8) -> Told {
    match kept {
        mark::SHADOWED => told(
            "It is valid, but what it relies on was taken away: it is not shown.",
            "what it relies on was taken away",
            "Who removes a member or a right keeps what they hold of it, by a cut; the rest does not count.",
            "if it is honest late work, whoever took the right away can let it back in: `moot readmit`",
            "4.5",
        ),
        mark::QUARANTINED => told(
            "It is dated in the future: it is shown when it falls due.",
            "it is dated in the future",
            "A wrong or lying clock must not put a record before all others.",
            "wait, and check the clocks: its author's, and yours",
            "4.11",
        ),
        mark::PARKED => told(
            "It cites something that a newer version is needed for, or that waits for a person.",
            "it cites a record that is set aside",
            "What rests on a record that waits, waits with it.",
            "ask `moot why` about the record it rests on, or install a newer version",
            "2.4",
        ),
        mark::MISFILED => told(
            "It contradicts the record before it in its log: it is not shown.",
            "it contradicts the record before it",
            "A device's log is a chain; a second record in one place is not shown.",
            "its author writes it again; where this happens often, their home was copied or restored",
            "2.4",
        ),
        mark::UNRENDERABLE => told(
            "Its content does not fit its kind: it is kept and passed on, not shown.",
            "its content does not fit its kind",
            "A version shows only what it can read.",
            "install a newer version, or tell its author that it cannot be read",
            "2.4",
        ),
        mark::OVER_QUOTA => told(
            "Its device wrote more in a day than the charter allows: it is shown later.",
            "you wrote more today than the charter allows",
            "Each device has a day's quota, so that nobody floods the others.",
            "wait: it is let in as the days allow",
            "4.11",
        ),
        mark::WITHDRAWN => told(
            "Its author left and took back everything they wrote: it is not shown or passed on.",
            "you took it back when you left",
            "What people wrote is theirs: they may take it back when they go.",
            "ask its author for a copy",
            "8.2",
        ),
        _ => told(
            "It stands, and it is shown.",
            "it stands",
            "Its author had the right to write it.",
            "nothing needs to be done",
            "4.7",
        ),
    }
}

/// Where a control record stands.
pub(crate) const fn standing(standing: &Standing) -> Told {
    match standing {
        Standing::Admitted { honoured: true } => told(
            "It stands, and it counts.",
            "it counts",
            "Its author had the right to write it, and nobody has taken it away.",
            "nothing needs to be done",
            "4.7",
        ),
        Standing::Admitted { honoured: false } => told(
            "It is valid, but it does not count.",
            "it does not count",
            "What it relies on was taken away, or not given.",
            "if it is honest late work, whoever took the right away can let it back in: `moot readmit`",
            "4.5",
        ),
        Standing::Void(reason) => void(*reason),
        Standing::Orphan { .. } => told(
            "It waits for records that it rests on.",
            "it waits for records that it rests on",
            "A verdict needs everything that the author knew.",
            "wait, or look for a peer that has them: `moot sync`",
            "2.4",
        ),
        Standing::Parked(reason) => parked(*reason),
        Standing::Quarantined { .. } => told(
            "It is dated in the future: it counts when it falls due.",
            "it is dated in the future",
            "A wrong or lying clock must not put a record before all others.",
            "wait, and check the clocks: its author's, and yours",
            "4.11",
        ),
        Standing::Ignored => told(
            "It does not belong to this collective.",
            "it does not belong to this collective",
            "Each collective has its own records.",
            "nothing needs to be done",
            "2.4",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Every verdict there is, by a name.
    fn all() -> Vec<(String, Told)> {
        let mut all: Vec<(String, Told)> = Vec::new();
        all.extend(
            VoidReason::ALL
                .iter()
                .map(|r| (format!("void {r}"), void(*r))),
        );
        all.extend(
            ParkReason::ALL
                .iter()
                .map(|r| (format!("parked {r}"), parked(*r))),
        );
        all.extend((0..=mark::LAST).map(|kept| (format!("mark {kept}"), marked(kept))));
        for (name, at) in [
            ("honoured", Standing::Admitted { honoured: true }),
            ("shadowed", Standing::Admitted { honoured: false }),
            (
                "orphan",
                Standing::Orphan {
                    missing: BTreeSet::new(),
                },
            ),
            ("quarantined", Standing::Quarantined { until_ms: 0 }),
            ("ignored", Standing::Ignored),
        ] {
            all.push((name.to_owned(), standing(&at)));
        }
        for reason in [
            Reason::TooLarge,
            Reason::FcType,
            Reason::Version,
            Reason::SigMismatch,
            Reason::BodyMismatch,
        ] {
            all.push((format!("malformed {reason}"), malformed(reason)));
        }
        all
    }

    #[test]
    fn every_verdict_says_what_happened_why_and_what_to_do() {
        let all = all();
        assert!(all.len() > 40);
        for (name, told) in &all {
            for sentence in [told.what, told.why] {
                assert!(
                    sentence.len() > 15
                        && sentence.ends_with('.')
                        && sentence.starts_with(|c: char| c.is_uppercase()),
                    "{name}: {sentence}"
                );
            }
            for piece in [told.own, told.next] {
                assert!(
                    piece.len() > 5
                        && !piece.ends_with('.')
                        && !piece.starts_with(|c: char| c.is_uppercase()),
                    "{name}: {piece}"
                );
            }
            let (chapter, part) = told.section.split_once('.').unwrap();
            assert!(
                chapter.parse::<u8>().is_ok() && part.parse::<u8>().is_ok(),
                "{name}"
            );
        }
    }

    #[test]
    fn no_two_reasons_are_told_alike() {
        let mut seen: BTreeMap<&str, String> = BTreeMap::new();
        for reason in VoidReason::ALL {
            let told = void(*reason);
            for words in [told.what, told.own, told.why] {
                let before = seen.insert(words, reason.to_string());
                assert!(before.is_none(), "{words}: {reason} and {before:?}");
            }
        }
        for reason in ParkReason::ALL {
            let before = seen.insert(parked(*reason).what, reason.to_string());
            assert!(before.is_none(), "{reason} and {before:?}");
        }
    }

    #[test]
    fn every_section_named_is_in_the_normative_text() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol");
        let text: String = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        for (name, told) in all() {
            let heading = format!("### {} ", told.section);
            assert!(
                text.contains(&heading),
                "{name}: no section {}",
                told.section
            );
        }
    }
}
