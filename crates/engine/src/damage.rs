//! Damage that was found stays in `status` until it is repaired or a person put it away: the process
//! that found it may have had nobody to tell.

use folkmoot_api::{ApiError, Reply};
use folkmoot_record::{
    RecordId,
    fc::{Decoder, Encoder, FcError},
};
use folkmoot_store::{Entry, Held};

use crate::{core::Core, errors::store_failed, membership::invite::moment};

/// Local fact: damage that was found.
const DAMAGE: &[u8] = b"damage";
/// Notices kept; the oldest goes first.
const MOST: usize = 16;
/// Records named by one notice; where more are lost it stays until it is put away.
const MOST_IDS: usize = 256;
/// Most bytes of a sentence.
const MOST_TEXT: usize = 1_024;

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    at_ms: u64,
    text: String,
    /// Records that are lost; once all are held again it is repaired. Empty: not known.
    ids: Vec<RecordId>,
    /// A person put it away. The damaged bytes stay in the log, so each reading finds them again.
    seen: bool,
}

impl Core {
    /// Reads the notices of earlier runs.
    pub(crate) fn load_damage(&mut self) {
        match self.store.local(DAMAGE) {
            Ok(None) => {}
            Ok(Some(bytes)) => match decode(&bytes) {
                Ok(kept) => self.damage = kept,
                Err(error) => tracing::warn!(%error, "notices of damage are not readable"),
            },
            Err(error) => self.warn(format!("notices of damage cannot be read: {error}")),
        }
    }

    /// Keeps a notice; the same sentence is kept once.
    pub(crate) fn keep_damage(&mut self, text: &str, ids: &[RecordId]) {
        if self.damage.iter().any(|kept| kept.text == text) {
            return;
        }
        let mut text = text.to_owned();
        text.truncate(text.floor_char_boundary(MOST_TEXT));
        let known = ids.len() <= MOST_IDS;
        self.damage.push(Kept {
            at_ms: self.clock.wall(),
            text,
            ids: if known { ids.to_vec() } else { Vec::new() },
            seen: false,
        });
        if self.damage.len() > MOST {
            self.damage.remove(0);
        }
        self.write_damage();
    }

    /// The notices that still hold, as sentences; what was repaired is forgotten.
    pub(crate) fn damage_notices(&mut self) -> Vec<String> {
        let before = self.damage.len();
        let store = &self.store;
        self.damage.retain(|kept| {
            let back = |id| matches!(store.held(id), Ok(held) if held != Held::No);
            kept.seen || kept.ids.is_empty() || !kept.ids.iter().all(back)
        });
        if self.damage.len() != before {
            self.write_damage();
        }
        self.damage
            .iter()
            .filter(|kept| !kept.seen)
            .map(|kept| {
                let day = moment(kept.at_ms).strftime("%Y-%m-%d");
                format!(
                    "{} (found on {day}; `moot status --seen` puts this notice away)",
                    kept.text
                )
            })
            .collect()
    }

    /// A person has seen the notices.
    pub(crate) fn put_damage_away(&mut self) -> Result<Reply, ApiError> {
        let mut seen = self.damage.clone();
        let new = seen.iter_mut().filter(|kept| !kept.seen);
        let count = new.map(|kept| kept.seen = true).count();
        let entry = Entry::Local {
            key: DAMAGE.to_vec(),
            value: Some(encode(&seen)),
        };
        self.store.commit(&[entry]).map_err(store_failed)?;
        self.damage = seen;
        self.warnings.clear();
        Ok(Reply::Done(match count {
            0 => "there was no notice of damage".to_owned(),
            1 => "put away 1 notice of damage".to_owned(),
            n => format!("put away {n} notices of damage"),
        }))
    }

    fn write_damage(&mut self) {
        let value = (!self.damage.is_empty()).then(|| encode(&self.damage));
        let entry = Entry::Local {
            key: DAMAGE.to_vec(),
            value,
        };
        if let Err(error) = self.store.commit(&[entry]) {
            tracing::warn!(%error, "a notice of damage could not be kept");
        }
    }

    /// Whether this sentence is kept, be it one that was put away.
    pub(crate) fn is_known(&self, warning: &str) -> bool {
        self.damage.iter().any(|kept| kept.text == warning)
    }
}

fn encode(all: &[Kept]) -> Vec<u8> {
    let mut out = Encoder::new();
    out.array(all.len());
    for kept in all {
        out.array(4).uint(kept.at_ms).text(&kept.text);
        out.array(kept.ids.len());
        for id in &kept.ids {
            out.bytes(id);
        }
        out.bool(kept.seen);
    }
    out.finish()
}

fn decode(bytes: &[u8]) -> Result<Vec<Kept>, FcError> {
    let mut d = Decoder::new(bytes)?;
    let kept = d.list(0..=MOST as u64, |d| {
        // Three in homes of before: those that were put away were not kept then.
        let fields = d.array_within(3..=4)?;
        Ok(Kept {
            at_ms: d.uint()?,
            text: d.text(MOST_TEXT)?.to_owned(),
            ids: d.list(0..=MOST_IDS as u64, |d| {
                d.bytes_of().map(RecordId::from_bytes)
            })?,
            seen: fields == 4 && d.bool()?,
        })
    })?;
    d.end()?;
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_read_as_they_were_written() {
        let kept = Kept {
            at_ms: 1_700_000_000_000,
            text: "the record log is damaged".to_owned(),
            ids: vec![RecordId::from_bytes([7; 32])],
            seen: true,
        };
        let all = vec![
            kept.clone(),
            Kept {
                ids: Vec::new(),
                ..kept
            },
        ];
        assert_eq!(decode(&encode(&all)).unwrap(), all);
        assert!(decode(&[0xff]).is_err());
    }
}
