//! Taking the expected answer out of a [`Reply`].

use crate::ImportSourcesView;
use crate::{Acted, Renamed, Restored, TrashView, Undone};
use crate::{
    ApiError, CardView, CharterView, CollectiveSummary, CollectiveView, ErrorCode, Found, IdView,
    Imported, InviteView, JoinProgress, Left, MemberView, OwnDevice, PeerView, ProposalView,
    RecoveryView, Reply, Saved, ShowView, StatusView, SyncView, WhyView,
};
use crate::{
    BackupPoint, BundlePart, ContractView, Edited, EventsPage, HistoryView, LogChecked, Merged,
    PagesView, ReadmissionView, RevocationView,
};
use crate::{Candidate, SymbolView};
use crate::{CountsView, DayView, Reacted, SavedSearch, TasksView};

/// The node and the caller disagree on what answers a command: two versions of the program.
fn unexpected() -> ApiError {
    ApiError::new(
        ErrorCode::Failed,
        "the node gave an answer of another kind than asked for",
    )
    .hint("restart the node, so that it runs the same version as this command")
}

macro_rules! answers {
    ($($variant:ident => $view:ty, $take:expr;)*) => {$(
        impl TryFrom<Reply> for $view {
            type Error = ApiError;

            fn try_from(reply: Reply) -> Result<Self, ApiError> {
                match reply {
                    Reply::$variant(view) => Ok(($take)(view)),
                    _ => Err(unexpected()),
                }
            }
        }
    )*};
}

answers! {
    Status => StatusView, |view: Box<_>| *view;
    Id => IdView, |view| view;
    Card => CardView, |view: Box<_>| *view;
    Places => Vec<u8>, |places| places;
    Recoveries => Vec<RecoveryView>, |views| views;
    Saved => Saved, |view| view;
    Show => ShowView, |view: Box<_>| *view;
    Edited => Edited, |view| view;
    History => HistoryView, |view: Box<_>| *view;
    Merged => Merged, |view: Box<_>| *view;
    Tasks => TasksView, |view| view;
    Day => DayView, |view: Box<_>| *view;
    Reacted => Reacted, |view| view;
    Renamed => Renamed, |view: Box<_>| *view;
    Symbol => SymbolView, |view: Box<_>| *view;
    Symbols => Vec<SymbolView>, |views| views;
    Candidates => Vec<Candidate>, |found| found;
    Acted => Acted, |view| view;
    Trash => TrashView, |view| view;
    Restored => Restored, |view| view;
    Undone => Undone, |view| view;
    Found => Found, |view| view;
    Counts => CountsView, |view| view;
    Searches => Vec<SavedSearch>, |view| view;
    Events => EventsPage, |view: Box<_>| *view;
    Imported => Imported, |view| view;
    ImportSources => ImportSourcesView, |view| view;
    BundlePart => BundlePart, |part| part;
    LogChecked => LogChecked, |view| view;
    BackupPoint => BackupPoint, |point| point;
    Pages => PagesView, |view| view;
    Collective => CollectiveView, |view: Box<_>| *view;
    Collectives => Vec<CollectiveSummary>, |view| view;
    Members => Vec<MemberView>, |view| view;
    Charter => CharterView, |view: Box<_>| *view;
    Proposal => ProposalView, |view: Box<_>| *view;
    Proposals => Vec<ProposalView>, |view| view;
    Invite => InviteView, |view: Box<_>| *view;
    Devices => Vec<OwnDevice>, |view| view;
    Device => OwnDevice, |view: Box<_>| *view;
    Left => Left, |view| view;
    Invites => Vec<InviteView>, |view| view;
    Contract => ContractView, |view: Box<_>| *view;
    Contracts => Vec<ContractView>, |view| view;
    Revocation => RevocationView, |view: Box<_>| *view;
    Readmission => ReadmissionView, |view: Box<_>| *view;
    Join => JoinProgress, |view| view;
    Peers => Vec<PeerView>, |view| view;
    Sync => SyncView, |view| view;
    Why => WhyView, |view| view;
}

/// The answers that are one text: the phrase, and the sentence of `Done`.
impl TryFrom<Reply> for String {
    type Error = ApiError;

    fn try_from(reply: Reply) -> Result<Self, ApiError> {
        match reply {
            Reply::Phrase(text) | Reply::Done(text) => Ok(text),
            _ => Err(unexpected()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_another_kind_is_an_error_not_a_guess() {
        let reply = Reply::Done("left".into());
        assert!(Saved::try_from(reply.clone()).is_err());
        assert_eq!(String::try_from(reply).unwrap(), "left");
    }
}
