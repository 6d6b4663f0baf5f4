//! What a header must look like for its kind, as far as it alone shows (section 3.1).

use super::{Header, Ref, Rel};
use crate::{DeviceKey, Kind, Lane};

/// A merge under no grant joins at least that many heads (section 3.1).
const FREE_MERGE: usize = 8;

impl Header {
    pub(super) fn has_shape_of_kind(&self) -> bool {
        // Null cid in genesis only; no prev at the start of a log only.
        if self.cid.is_none() != (self.kind == Kind::GENESIS)
            || self.prev.is_none() != (self.seq == 0)
        {
            return false;
        }
        match self.kind.lane() {
            Lane::Content => self.cap.is_some() && !self.auth.is_empty(),
            Lane::Ballot => self.is_ballot(),
            Lane::Control => self.refs.is_empty() && self.tags.is_empty() && self.is_control(),
        }
    }

    fn is_ballot(&self) -> bool {
        let [proposal] = self.auth[..] else {
            return false;
        };
        let about = Ref {
            rel: Rel::ABOUT,
            id: proposal,
        };
        self.seq == 0 && self.cap.is_none() && self.refs == [about] && self.tags.is_empty()
    }

    fn is_control(&self) -> bool {
        match self.kind {
            Kind::GENESIS => self.seq == 0 && self.cap.is_none() && self.auth.is_empty(),
            Kind::JOIN => self.seq == 0 && self.is_join(),
            Kind::MERGE => {
                !self.auth.is_empty() && (self.cap.is_some() || self.auth.len() >= FREE_MERGE)
            }
            // Only the first record of a log must say what it knows.
            _ => (self.seq > 0 || !self.auth.is_empty()) && self.has_cap_of_kind(),
        }
    }

    /// auth is the invite, or the collective in an inherit join (which the body tells apart).
    fn is_join(&self) -> bool {
        let ([known], Some(invite), Some(cid)) = (&self.auth[..], self.cap, self.cid) else {
            return false;
        };
        known.as_bytes() == invite.as_bytes() || known.as_bytes() == cid.as_bytes()
    }

    fn has_cap_of_kind(&self) -> bool {
        match self.kind {
            Kind::INVITE
            | Kind::GRANT
            | Kind::REVOKE
            | Kind::READMIT
            | Kind::PROPOSAL
            | Kind::EPOCH => self.cap.is_some(),
            Kind::RESIGN => self.cap.is_none() && self.dev == DeviceKey::from(self.seat),
            Kind::DEVICE | Kind::DECISION | Kind::FORKNOTE | Kind::KEM => self.cap.is_none(),
            // Kinds that this build does not know: no rule of their own.
            _ => true,
        }
    }
}
