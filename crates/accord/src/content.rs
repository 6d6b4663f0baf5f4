//! Judging content (sections 2.4, 4.5 and 4.7).
//!
//! Many records share grant, device and heads, so what depends on those alone is remembered; the
//! rest is a few comparisons. Nothing here is ever read by the control plane.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use folkmoot_record::{DeviceKey, GrantId, Header, Hlc, RecordId, SeatKey, control::Cut};

use crate::{
    book::Book,
    documents::Rights,
    eval::{Hurdles, View},
    grants::Gx,
    graph::Ix,
    revocations::Vx,
    standing::VoidReason,
    validity::content_bits,
    views::Views,
    warrant::{Wanted, Warrant},
};

/// The content headers that the node holds, as far as cuts ask for them (section 4.5).
pub trait ContentLog {
    /// Where a held, valid content record lies in its log; `None` if it is not held.
    fn place(&self, id: &RecordId) -> Option<ContentPlace>;
}

/// Where a content record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentPlace {
    /// Whose log.
    pub seat: SeatKey,
    /// Of which device.
    pub dev: DeviceKey,
    /// From 0.
    pub seq: u32,
    /// The record it names as the one before it.
    pub prev: Option<RecordId>,
}

/// A log that holds nothing: right as long as no cut of content was made.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoContent;

impl ContentLog for NoContent {
    fn place(&self, _: &RecordId) -> Option<ContentPlace> {
        None
    }
}

/// Whether a content record does not follow the one that it names as `prev`, which is held: it is
/// stored and passed on, not shown (section 2.4).
pub fn misfiled(header: &Header, prev: &Header) -> bool {
    prev.cid != header.cid
        || prev.seat != header.seat
        || prev.dev != header.dev
        || prev.kind.lane() != header.kind.lane()
        || prev.seq.checked_add(1) != Some(header.seq)
        || prev.hlc >= header.hlc
}

/// How many verdicts are remembered: they are few kilobytes, and made again in microseconds.
const REMEMBERED: usize = 4_096;

type Key = (SeatKey, DeviceKey, GrantId, Vec<RecordId>);

/// What was found out about content, as far as records share it.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// For ever: it depends on Past alone.
    warrants: BTreeMap<Key, Arc<Cited>>,
    /// Until the admitted set changes.
    hurdles: BTreeMap<(Gx, SeatKey, DeviceKey), Arc<Demands>>,
    walks: BTreeMap<(DeviceKey, RecordId), Walk>,
}

/// What a content record's auth says of its grant and device.
#[derive(Debug)]
pub(crate) struct Cited {
    newest: Option<Hlc>,
    warrant: Option<Warrant>,
}

/// The cuts that a content record must lie below, in the admitted set.
#[derive(Debug)]
struct Demands {
    hurdles: Hurdles,
    /// The cuts of each revocation and of the readmissions that soften it.
    cuts: BTreeMap<Vx, Vec<Cut>>,
}

/// How far the walk down a cut device's log has come.
#[derive(Debug, Default)]
struct Walk {
    met: BTreeSet<RecordId>,
    /// Where the walk stands: an id not held when it was last looked up; `None` at its end.
    next: Option<RecordId>,
    lowest: u32,
    seat: Option<SeatKey>,
}

impl Memo {
    /// Forgets what the admitted set said.
    pub(crate) fn set_changed(&mut self) {
        self.hurdles.clear();
    }

    /// Static validity of a content record whose auth is held, valid and given.
    pub(crate) fn valid(
        &mut self,
        book: &Book,
        views: &mut Views,
        header: &Header,
        auth: &[Ix],
    ) -> Result<(), VoidReason> {
        let Some(cited) = self.cited(book, views, header, auth) else {
            return Err(VoidReason::CapNotLive);
        };
        if cited.newest.is_some_and(|newest| header.hlc <= newest) {
            return Err(VoidReason::Hlc);
        }
        let warrant = cited.warrant.as_ref().ok_or(VoidReason::CapNotLive)?;
        warrant.test(&wanted(header))
    }

    /// What the cap of a content record allowed in Eval of its Past.
    pub(crate) fn rights(
        &mut self,
        book: &Book,
        views: &mut Views,
        header: &Header,
        auth: &[Ix],
    ) -> Option<Rights> {
        let cited = self.cited(book, views, header, auth)?;
        let warrant = cited.warrant.as_ref()?;
        Some(Rights {
            actions: warrant.effective(&wanted(header)),
            limits: warrant.limits.clone(),
        })
    }

    /// What a record's auth says of its grant and device.
    fn cited(
        &mut self,
        book: &Book,
        views: &mut Views,
        header: &Header,
        auth: &[Ix],
    ) -> Option<Arc<Cited>> {
        let cap = header.cap?;
        let key = (header.seat, header.dev, cap, header.auth.clone());
        if let Some(known) = self.warrants.get(&key) {
            return Some(known.clone());
        }
        let past = book.graph.past_of(auth.iter().copied());
        let view = views.at(&past);
        let causes = auth
            .iter()
            .map(|ix| book.graph.node(*ix).record.header().hlc);
        let cited = Arc::new(Cited {
            newest: causes.max(),
            warrant: book
                .grants
                .number(&cap)
                .map(|g| Warrant::of(book, view, g, &header.seat, &header.dev)),
        });
        if self.warrants.len() >= REMEMBERED {
            self.warrants.clear();
        }
        self.warrants.insert(key, cited.clone());
        Some(cited)
    }

    /// H(o) of a valid content record in the admitted set.
    pub(crate) fn honoured(
        &mut self,
        book: &Book,
        running: &mut View,
        header: &Header,
        id: RecordId,
        log: &dyn ContentLog,
    ) -> bool {
        let Some(demands) = self.demands(book, running, header) else {
            return false;
        };
        let mut kept = |v: &Vx| self.keeps(book, &demands, *v, header, id, log);
        demands.hurdles.issued
            && demands.hurdles.hitters.iter().all(&mut kept)
            && demands
                .hurdles
                .additions
                .iter()
                .any(|undoers| undoers.iter().all(&mut kept))
    }

    /// The revocations for which an admitted record is not honoured, and whether its cap was given
    /// at all.
    pub(crate) fn takers(
        &mut self,
        book: &Book,
        running: &mut View,
        header: &Header,
        id: RecordId,
        log: &dyn ContentLog,
    ) -> (bool, Vec<Vx>) {
        let Some(demands) = self.demands(book, running, header) else {
            return (false, Vec::new());
        };
        let mut taken = |v: &Vx| !self.keeps(book, &demands, *v, header, id, log);
        let hurdles = &demands.hurdles;
        let mut takers: Vec<Vx> = hurdles.hitters.iter().copied().filter(&mut taken).collect();
        let undone: Vec<Vec<Vx>> = hurdles
            .additions
            .iter()
            .map(|undoers| undoers.iter().copied().filter(&mut taken).collect())
            .collect();
        if !undone.iter().any(Vec::is_empty) {
            takers.extend(undone.into_iter().flatten());
        }
        (hurdles.issued, takers)
    }

    /// What a record under that grant and device has to pass; `None` without a known cap.
    fn demands(
        &mut self,
        book: &Book,
        running: &mut View,
        header: &Header,
    ) -> Option<Arc<Demands>> {
        let cap = header.cap.and_then(|cap| book.grants.number(&cap))?;
        let key = (cap, header.seat, header.dev);
        if let Some(known) = self.hurdles.get(&key) {
            return Some(known.clone());
        }
        let demands = Arc::new(demands(book, running, cap, header));
        if self.hurdles.len() >= REMEMBERED {
            self.hurdles.clear();
        }
        self.hurdles.insert(key, demands.clone());
        Some(demands)
    }

    /// `kept(v, o)`, readmissions included.
    fn keeps(
        &mut self,
        book: &Book,
        demands: &Demands,
        v: Vx,
        header: &Header,
        id: RecordId,
        log: &dyn ContentLog,
    ) -> bool {
        demands
            .cuts
            .get(&v)
            .into_iter()
            .flatten()
            .any(|entry| entry.dev == header.dev && self.below(book, entry, header, id, log))
    }

    /// At or below a lane-1 cut entry; provisionally, until headers arrive, by place.
    fn below(
        &mut self,
        book: &Book,
        entry: &Cut,
        header: &Header,
        id: RecordId,
        log: &dyn ContentLog,
    ) -> bool {
        if entry.id == id {
            return true;
        }
        if book.graph.number(&entry.id).is_some() {
            return false; // It names a control record: nothing of lane 1 lies below that.
        }
        let walk = self
            .walks
            .entry((entry.dev, entry.id))
            .or_insert_with(|| Walk {
                next: Some(entry.id),
                ..Walk::default()
            });
        walk.go_on(entry.dev, log);
        if walk.met.contains(&id) || (walk.next == Some(id) && walk.seat == Some(header.seat)) {
            return true;
        }
        match (walk.next, walk.met.is_empty()) {
            (Some(_), true) => header.seq <= entry.seq,
            (Some(_), false) => header.seq < walk.lowest,
            (None, _) => false,
        }
    }
}

impl Walk {
    fn go_on(&mut self, dev: DeviceKey, log: &dyn ContentLog) {
        while let Some(place) = self.next.and_then(|id| log.place(&id)) {
            let seat = *self.seat.get_or_insert(place.seat);
            if place.dev != dev || place.seat != seat {
                self.next = None;
                return;
            }
            self.met.extend(self.next);
            self.lowest = place.seq;
            self.next = place.prev;
        }
    }
}

fn wanted(header: &Header) -> Wanted<'_> {
    Wanted {
        bits: content_bits(header.kind),
        t: header.ms(),
        content: Some((header.kind, &header.tags)),
    }
}

fn demands(book: &Book, running: &mut View, cap: Gx, header: &Header) -> Demands {
    let hurdles = running.hurdles(book, cap, &header.seat, &header.dev);
    let mut cuts = BTreeMap::new();
    for v in hurdles
        .hitters
        .iter()
        .chain(hurdles.additions.iter().flatten())
    {
        let revocation = book.revocations.get(*v);
        let readmitted = running.counting_readmissions(book, *v);
        let entries = revocation
            .cut
            .iter()
            .chain(
                readmitted
                    .into_iter()
                    .flat_map(|m| &revocation.readmissions[m].cut),
            )
            .filter(|entry| entry.lane == 1)
            .copied()
            .collect();
        cuts.insert(*v, entries);
    }
    Demands { hurdles, cuts }
}
