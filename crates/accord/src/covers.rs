//! What a grant may pass on (section 4.4), and what limits allow.

use folkmoot_record::{
    Kind, Tag,
    control::{DeviceLimits, KindRange, Limits},
};

use crate::grants::DEEPEST;

/// What an absent `exp` or `open_until` stands for: no time reaches it.
pub(crate) const NEVER: u64 = 1 << 53;

/// `covers(p, c)`, with the limits and depth of p; `open_until` is given for an invite only.
pub(crate) fn covers(
    limits: &Limits,
    depth: u8,
    c: &Limits,
    open_until: Option<Option<u64>>,
) -> bool {
    let expires = limits.exp.unwrap_or(NEVER);
    limits.mask.contains(c.mask)
        && c.rank <= limits.rank
        && c.depth_left < limits.depth_left
        && depth < DEEPEST
        && within(
            limits.kinds.as_deref(),
            c.kinds.as_deref(),
            |outer, inner| outer.lo <= inner.lo && inner.hi <= outer.hi,
        )
        && within(limits.tags.as_deref(), c.tags.as_deref(), |outer, inner| {
            inner.extends(outer)
        })
        && c.nbf.unwrap_or(0) >= limits.nbf.unwrap_or(0)
        && c.exp.unwrap_or(NEVER) <= expires
        && open_until.is_none_or(|until| until.unwrap_or(NEVER) <= expires)
}

/// Whether each of `inner` lies in one of `outer`; absent means all.
fn within<T>(outer: Option<&[T]>, inner: Option<&[T]>, fits: impl Fn(&T, &T) -> bool) -> bool {
    match (outer, inner) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(outer), Some(inner)) => inner.iter().all(|i| outer.iter().any(|o| fits(o, i))),
    }
}

/// Whether limits on kinds and tags allow content of that kind with those tags: under a tags limit
/// at least one tag, and every one of them extends an allowed one.
pub(crate) fn allows(
    kinds: Option<&[KindRange]>,
    tags: Option<&[Tag]>,
    kind: Kind,
    with: &[Tag],
) -> bool {
    kinds.is_none_or(|kinds| kinds.iter().any(|r| r.lo <= kind && kind <= r.hi))
        && tags.is_none_or(|allowed| {
            !with.is_empty()
                && with
                    .iter()
                    .all(|tag| allowed.iter().any(|prefix| tag.extends(prefix)))
        })
}

/// nbf <= t < exp.
pub(crate) fn in_window(nbf: Option<u64>, exp: Option<u64>, t: u64) -> bool {
    nbf.unwrap_or(0) <= t && t < exp.unwrap_or(NEVER)
}

/// Whether a limited device may act at that time, apart from action bits; `content`: kind and tags
/// of a content record.
pub(crate) fn device_allows(
    limits: &DeviceLimits,
    t: u64,
    content: Option<(Kind, &[Tag])>,
) -> bool {
    in_window(limits.nbf, Some(limits.exp), t)
        && content.is_none_or(|(kind, tags)| {
            allows(limits.kinds.as_deref(), limits.tags.as_deref(), kind, tags)
        })
}
