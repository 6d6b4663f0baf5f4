//! What a node gives for a bundle, in parts: bounded memory here, and the node answers others in
//! between.
//!
//! The order is that of the record log, up to where it ended when the first part was asked for.

use std::ops::ControlFlow;

use folkmoot_api::{ApiError, BundleAsk, BundlePart, Reply, Secret};
use folkmoot_store::{Held, LogCursor, Logged, StoreError, Vault};

use crate::{
    copies::{
        CopyError,
        item::{Counted, Item},
    },
    core::Core,
    errors::{store_unread, usage},
};

/// A part ends when it is as long: a moment of the engine's thread, a few megabytes of an answer.
const PART: usize = 1 << 20;
/// Local facts that belong to the person rather than to this device and its network: the shown name,
/// what was undone, the trash, documents, reactions, comments, saved searches, what was imported from where, the heads of imported pages,
/// profiles and purges, what was found void, excused, or waits to be judged.
const FACTS: [&[u8]; 13] = [
    b"name",
    b"u/",
    b"e/",
    b"k/",
    b"g/",
    b"c/",
    b"saved/",
    b"from/",
    b"page/",
    b"p/",
    b"void/",
    b"excused/",
    b"n/",
];

/// Where the next part begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Records { at: LogCursor, end: LogCursor },
    Sealed { collective: usize, skip: usize },
    Facts { table: usize, skip: usize },
    Keys,
    Over,
}

impl Place {
    fn text(self) -> Option<String> {
        Some(match self {
            Self::Records { at, end } => format!(
                "r-{}-{}-{}-{}",
                at.segment, at.offset, end.segment, end.offset
            ),
            Self::Sealed { collective, skip } => format!("s-{collective}-{skip}"),
            Self::Facts { table, skip } => format!("f-{table}-{skip}"),
            Self::Keys => "k".to_owned(),
            Self::Over => return None,
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (stage, rest) = text.split_at_checked(1)?;
        let numbers: Vec<u32> = rest
            .split('-')
            .skip(1)
            .map(|number| number.parse().ok())
            .collect::<Option<_>>()?;
        let size = |number: u32| usize::try_from(number).ok();
        Some(match (stage, numbers.as_slice()) {
            ("r", &[segment, offset, last, end]) => Self::Records {
                at: LogCursor { segment, offset },
                end: LogCursor {
                    segment: last,
                    offset: end,
                },
            },
            ("s", &[collective, skip]) => Self::Sealed {
                collective: size(collective)?,
                skip: size(skip)?,
            },
            ("f", &[table, skip]) => Self::Facts {
                table: size(table)?,
                skip: size(skip)?,
            },
            ("k", []) => Self::Keys,
            _ => return None,
        })
    }
}

/// Items gathered for one answer: length, type and payload, one after the other.
#[derive(Default)]
pub(crate) struct Part(pub(crate) Vec<u8>);

impl Part {
    pub(crate) fn push(&mut self, item: &Item<'_>) {
        let payload = item.encode();
        // Payloads are bounded far below 4 GiB.
        let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&len.to_be_bytes());
        self.0.push(item.kind());
        self.0.extend_from_slice(&payload);
    }

    fn is_full(&self) -> bool {
        self.0.len() >= PART
    }
}

impl Core {
    /// One part of a bundle.
    pub(crate) fn bundle_part(&mut self, ask: &BundleAsk) -> Result<Reply, ApiError> {
        let mut part = Part::default();
        let place = match ask.next.as_deref() {
            None => {
                part.push(&contents(&self.store));
                Place::Records {
                    at: LogCursor::default(),
                    end: self.store.cursor(),
                }
            }
            Some(text) => Place::read(text).ok_or_else(|| {
                usage("this is no place in a bundle").hint("take the `next` of the part before")
            })?,
        };
        let passphrase = ask.passphrase.as_ref().map(Secret::expose);
        let next = match place {
            Place::Keys => {
                part.push(&Item::Keys(&self.sealed_keys(passphrase)?));
                Place::Over
            }
            _ => fill(&self.store, place, &mut part).map_err(store_unread)?,
        };
        let frames = data_encoding::BASE64.encode(&part.0);
        Ok(Reply::BundlePart(BundlePart {
            frames,
            next: next.text(),
            total: self.held_records(),
        }))
    }

    fn held_records(&self) -> u64 {
        let counts = self.store.collectives().into_iter();
        counts
            .map(|cid| self.store.counts(&cid))
            .map(|counts| counts.control + counts.content)
            .sum()
    }
}

fn contents(store: &Vault) -> Item<'static> {
    let counted = |cid| {
        let counts = store.counts(&cid);
        Counted {
            cid,
            control: counts.control,
            content: counts.content,
        }
    };
    Item::Contents(store.collectives().into_iter().map(counted).collect())
}

/// Fills a part from `place` on; gives where the next one begins.
pub(crate) fn fill(store: &Vault, place: Place, part: &mut Part) -> Result<Place, StoreError> {
    Ok(match place {
        Place::Records { at, end } => {
            let stopped = records(store, at, end, part)?;
            if stopped < end {
                Place::Records { at: stopped, end }
            } else {
                Place::Sealed {
                    collective: 0,
                    skip: 0,
                }
            }
        }
        Place::Sealed { collective, skip } => sealed(store, collective, skip, part)?,
        Place::Facts { table, skip } => facts(store, table, skip, part)?,
        Place::Keys | Place::Over => Place::Over,
    })
}

/// Records of the log, each once, as they are held now.
fn records(
    store: &Vault,
    at: LogCursor,
    end: LogCursor,
    part: &mut Part,
) -> Result<LogCursor, StoreError> {
    let mut failed = None;
    let mut reached = at;
    let stopped = store.records_since(at, &mut |logged, behind| {
        // A body that came later goes with its record, and what came since the beginning does not.
        if behind > end {
            reached = end;
            return ControlFlow::Break(());
        }
        reached = behind;
        if let Logged::Record(record, received_ms) = logged {
            match held(store, &record, received_ms) {
                Ok(item) => part.push(&item.item()),
                Err(error) => {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
            }
        }
        if part.is_full() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    match failed {
        Some(error) => Err(error),
        None if part.is_full() => Ok(reached),
        None => Ok(stopped.max(reached).max(end)),
    }
}

/// A record with what is held beside it.
pub(crate) struct HeldRecord {
    wire: Vec<u8>,
    received_ms: u64,
    mark: u8,
    erased: bool,
}

impl HeldRecord {
    pub(crate) fn item(&self) -> Item<'_> {
        Item::Record {
            erased: self.erased,
            mark: self.mark,
            received_ms: self.received_ms,
            wire: &self.wire,
        }
    }
}

pub(crate) fn held(
    store: &Vault,
    record: &folkmoot_record::Verified,
    received_ms: u64,
) -> Result<HeldRecord, StoreError> {
    let id = record.id();
    let mut wire = record.wire().to_vec();
    let mut erased = false;
    if record.body().is_none() {
        erased = store.held(&id)? == Held::Erased;
        // Its body may lie elsewhere in the log. Where that is damaged the header is what is left.
        match store.get(&id) {
            Ok(Some(stored)) if !erased => wire = stored.wire,
            Ok(_) | Err(StoreError::Damaged(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(HeldRecord {
        wire,
        received_ms,
        mark: store.mark(&id)?,
        erased,
    })
}

fn sealed(
    store: &Vault,
    collective: usize,
    skip: usize,
    part: &mut Part,
) -> Result<Place, StoreError> {
    let Some(cid) = store.collectives().get(collective).copied() else {
        return Ok(Place::Facts { table: 0, skip: 0 });
    };
    for (index, bundle) in store.bundles(&cid)?.iter().enumerate().skip(skip) {
        if part.is_full() {
            return Ok(Place::Sealed {
                collective,
                skip: index,
            });
        }
        part.push(&Item::Sealed {
            cid,
            key_id: bundle.key_id,
            bytes: &bundle.bytes,
        });
    }
    Ok(Place::Sealed {
        collective: collective + 1,
        skip: 0,
    })
}

fn facts(store: &Vault, table: usize, skip: usize, part: &mut Part) -> Result<Place, StoreError> {
    let Some(prefix) = FACTS.get(table) else {
        return Ok(Place::Keys);
    };
    let found = store.scan_local(prefix)?;
    for (index, (key, value)) in found.iter().enumerate().skip(skip) {
        if part.is_full() {
            return Ok(Place::Facts { table, skip: index });
        }
        part.push(&Item::Fact { key, value });
    }
    Ok(Place::Facts {
        table: table + 1,
        skip: 0,
    })
}

/// Whether a bundle may bring this fact into a home.
pub(crate) fn is_carried(key: &[u8]) -> bool {
    FACTS.iter().any(|prefix| key.starts_with(prefix))
}

/// Types and payloads of what one part holds.
///
/// # Errors
/// Where it is cut short.
pub(crate) fn split(mut part: &[u8]) -> Result<Vec<(u8, &[u8])>, CopyError> {
    let cut_short = || CopyError::Damaged("the node's answer is cut short".to_owned());
    let mut items = Vec::new();
    while let Some((head, rest)) = part.split_first_chunk::<5>() {
        let len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let (payload, rest) = rest.split_at_checked(len).ok_or_else(cut_short)?;
        items.push((head[4], payload));
        part = rest;
    }
    if part.is_empty() {
        Ok(items)
    } else {
        Err(cut_short())
    }
}
