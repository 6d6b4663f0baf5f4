//! Ids as people type them: by their first digits.

use std::ops::ControlFlow;

use folkmoot_record::RecordId;

use crate::{
    Direction, StoreError, Vault,
    layout::{self, Place, Prefix},
};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

impl Vault {
    /// The records held whose id begins with these hexadecimal digits, at most `limit` of them.
    ///
    /// # Errors
    /// [`StoreError::Projection`], or the disk's.
    pub fn matching(&self, digits: &str, limit: usize) -> Result<Vec<RecordId>, StoreError> {
        let Some((from, to)) = bounds(digits) else {
            return Ok(Vec::new());
        };
        let mut places: Vec<Place> = Vec::new();
        self.state
            .index
            .scan(&from, &to, Direction::Forward, &mut |key, value| {
                if let Some((_, place)) = layout::read_place(key, value) {
                    places.push(place);
                }
                if places.len() < limit {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })?;
        let mut ids = Vec::with_capacity(places.len());
        for place in places {
            // Damage is met, told and healed when the record itself is read.
            if let Ok((record, _)) = self.state.load_entry(place.spot) {
                ids.push(record.id());
            }
        }
        ids.retain(|id| id.to_string().starts_with(digits));
        Ok(ids)
    }

    /// How many first digits an id shares with its nearest neighbours here: one more of them
    /// names it alone.
    ///
    /// # Errors
    /// [`StoreError::Projection`].
    pub fn shared_digits(&self, id: &RecordId) -> Result<usize, StoreError> {
        let own = layout::prefix(id);
        let at = layout::record(id);
        let (first, last) = layout::range(layout::RECORDS, &[]);
        let mut nearest = 0;
        for (from, to, direction) in [
            (first, at.clone(), Direction::Backward),
            (at, last, Direction::Forward),
        ] {
            self.state.index.scan(
                &from,
                &to,
                direction,
                &mut |key, value| match layout::read_place(key, value) {
                    Some((other, _)) if other != own => {
                        nearest = nearest.max(shared(&own, &other));
                        ControlFlow::Break(())
                    }
                    _ => ControlFlow::Continue(()),
                },
            )?;
        }
        Ok(nearest)
    }
}

/// The keys whose ids begin so; an odd last digit bounds half a byte.
fn bounds(digits: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let values: Vec<u8> = digits
        .bytes()
        .map(|digit| DIGITS.iter().position(|known| *known == digit))
        .map(|value| value.and_then(|value| u8::try_from(value).ok()))
        .collect::<Option<_>>()?;
    let prefix_digits = 2 * size_of::<Prefix>();
    let values = &values[..values.len().min(prefix_digits)];
    let whole: Vec<u8> = values
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    let (mut from, mut to) = layout::range(layout::RECORDS, &whole);
    if let [half] = values.chunks_exact(2).remainder() {
        to.clone_from(&from);
        from.push(half << 4);
        if *half < 15 {
            to.push((half + 1) << 4);
        } else {
            (_, to) = layout::range(layout::RECORDS, &whole);
        }
    }
    Some((from, to))
}

fn shared(a: &Prefix, b: &Prefix) -> usize {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    match (a.get(same), b.get(same)) {
        (Some(a), Some(b)) if a >> 4 == b >> 4 => 2 * same + 1,
        _ => 2 * same,
    }
}
