//! What time brings for one peer.

use folkmoot_record::CollectiveId;

use crate::{ctx::Ctx, limits};

use super::{PeerState, Purpose};

impl PeerState {
    /// Does everything that is due.
    pub(crate) fn tick(&mut self, ctx: &mut Ctx<'_>) {
        if self.link.is_none() {
            return;
        }
        let now = ctx.now.mono;
        self.silent(ctx);
        if self.hello_due.is_some_and(|due| due <= now) {
            // What made it due came after the hello under way began: it follows that one.
            self.hello_due = self.greeting().map(|_| now + limits::REOPEN_MS);
            if self.hello_due.is_none() {
                self.want_open(Purpose::Hello, ctx);
            }
        }
        let pushes: Vec<CollectiveId> = self
            .shares
            .iter_mut()
            .filter(|(_, share)| share.push_due.is_some_and(|due| due <= now))
            .map(|(cid, share)| {
                share.push_due = None;
                *cid
            })
            .collect();
        for cid in pushes {
            self.want_open(Purpose::Push(cid), ctx);
        }
        let over = |share: &crate::share::Share| share.ends_at.is_some_and(|at| at <= now);
        let ended: Vec<CollectiveId> = self
            .shares
            .iter()
            .filter(|(_, share)| over(share))
            .map(|(cid, _)| *cid)
            .collect();
        for cid in ended {
            self.drop_share(&cid, ctx);
        }
        for share in self.shares.values_mut() {
            if share.snapshot_until.is_some_and(|until| until <= now) {
                share.snapshot = None;
                share.snapshot_until = None;
            }
        }
        self.sync_if_due(ctx);
        if self.idle_deadline().is_some_and(|until| until <= now) {
            self.hang_up("it shares no collective with this node", ctx);
        }
    }

    /// When [`PeerState::tick`] has something to do.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.link.as_ref()?;
        self.shares
            .values()
            .filter_map(crate::share::Share::deadline)
            .chain(self.hello_due)
            .chain(self.silence_deadline())
            .chain(self.idle_deadline())
            .min()
    }

    fn idle_deadline(&self) -> Option<u64> {
        let link = self.link.as_ref()?;
        if self.is_proven() || self.has_door() {
            None
        } else if self.is_greeting() {
            Some(link.unproven_until)
        } else {
            Some(link.unproven_until.min(link.idle_until))
        }
    }
}
