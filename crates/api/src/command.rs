//! Everything that can be asked of a node, and the answers.

use serde::{Deserialize, Serialize};

use crate::PassphraseSet;
use crate::{Act, Acted, Rename, Renamed, Restore, Restored, TrashArgs, TrashView, Undo, Undone};
use crate::{
    BackupPoint, BundleAsk, BundlePart, CopyMade, LogAsk, LogChecked, PagesAsk, PagesView,
};
use crate::{Candidate, Complete};
use crate::{
    CardView, CharterShow, CharterView, CollectiveNew, CollectiveRef, CollectiveSummary,
    CollectiveView, DeviceAdd, DeviceDrop, DeviceList, Find, Found, IdView, ImportItem, Imported,
    InviteNew, InviteView, JoinArgs, JoinProgress, Leave, Left, List, MemberView, MembersArgs,
    Note, OwnDevice, PeerAdd, PeerView, ProposalView, Proposals, Propose, RecoveryView, Saved,
    SetName, Show, ShowView, StatusView, SyncArgs, SyncView, Vote, WhyView, WordAt,
};
use crate::{CommentNew, Day, DayView, DayWrite, React, Reacted, TaskSet, Tasks, TasksView};
use crate::{
    ContractView, ContractsArgs, GrantNew, InvitesArgs, ReadmissionView, ReadmitArgs,
    RevocationView, RevokeArgs,
};
use crate::{Counts, CountsView, Related, SavedSearch, SearchAct};
use crate::{Edit, Edited, Events, EventsPage, History, HistoryView, MergeArgs, Merged};
use crate::{ImportSources, ImportSourcesView};
use crate::{SymbolChange, SymbolDefine, SymbolList, SymbolShow, SymbolView};

/// A request. On the socket the variant's name is the path and its fields are the body.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// How the node is: answered by [`Reply::Status`].
    Status {},
    /// The person has seen the notices of damage: [`Reply::Done`].
    Seen {},
    /// Who this person is: [`Reply::Id`].
    Id {},
    /// The 24 words: [`Reply::Phrase`].
    Phrase {},
    /// The recovery card: [`Reply::Card`].
    Card {},
    /// Places of words to be asked for: [`Reply::Places`].
    WordPlaces {},
    /// Shows that the words were written down: [`Reply::Done`].
    ConfirmWords {
        /// At least three of them.
        words: Vec<WordAt>,
    },
    /// How coming back by the words proceeds: [`Reply::Recoveries`].
    Recoveries {},
    /// Makes a fresh home where the old one does not come back: [`Reply::Done`].
    FreshHome {},
    /// Retires lost devices at once that wait for more members' nodes: [`Reply::Recoveries`].
    RetireNow {
        /// Name or id prefix; none: everywhere.
        collective: Option<String>,
    },
    /// Sets, changes or removes the passphrase of the keys: [`Reply::Done`].
    SetPassphrase(PassphraseSet),
    /// Sets the name shown to others: [`Reply::Id`].
    SetName(SetName),
    /// Writes a note, link or another content record: [`Reply::Saved`].
    Note(Note),
    /// One record by id, id prefix or title: [`Reply::Show`].
    Show(Show),
    /// Writes a new version of a document: [`Reply::Edited`].
    Edit(Edit),
    /// The versions of a document: [`Reply::History`].
    History(History),
    /// Brings versions that stand side by side together: [`Reply::Merged`].
    Merge(MergeArgs),
    /// Changes how far a task is, or when it is due: [`Reply::Edited`].
    SetTask(TaskSet),
    /// Tasks, the most urgent first: [`Reply::Tasks`].
    Tasks(Tasks),
    /// This person's page of a day, and what it brings: [`Reply::Day`].
    Day(Day),
    /// Writes into the page of a day: [`Reply::Edited`].
    WriteDay(DayWrite),
    /// Writes a comment on a record: [`Reply::Saved`].
    Comment(CommentNew),
    /// Reacts to a record, or takes that back: [`Reply::Reacted`].
    React(React),
    /// Gives a document another title: [`Reply::Renamed`].
    Rename(Rename),
    /// Shared words, by term: [`Reply::Symbols`].
    SymbolList(SymbolList),
    /// One shared word: [`Reply::Symbol`].
    SymbolShow(SymbolShow),
    /// Defines a shared word: [`Reply::Symbol`].
    SymbolDefine(SymbolDefine),
    /// Changes a shared word: [`Reply::Symbol`].
    SymbolChange(SymbolChange),
    /// Takes back, hides or purges: [`Reply::Acted`].
    Act(Act),
    /// The trash of this node: [`Reply::Trash`].
    Trash(TrashArgs),
    /// Brings something back: [`Reply::Restored`].
    Restore(Restore),
    /// Undoes the last act: [`Reply::Undone`].
    Undo(Undo),
    /// Searches: [`Reply::Found`].
    Find(Find),
    /// Lists, newest first: [`Reply::Found`].
    List(List),
    /// How many records there are by tag, month and so on: [`Reply::Counts`].
    Counts(Counts),
    /// Saves, drops or lists searches: [`Reply::Searches`].
    Searches(SearchAct),
    /// What is like a record: [`Reply::Found`].
    Related(Related),
    /// What happened, or will: [`Reply::Events`].
    Events(Events),
    /// Writes many records at once, skipping what is already there: [`Reply::Imported`].
    Import {
        /// Where to: a collective's name or id prefix; home if absent.
        collective: Option<String>,
        /// At most 1,000 a call.
        items: Vec<ImportItem>,
        /// Name or key prefix of a limited device that signs; this device if absent.
        #[serde(default)]
        device: Option<String>,
        /// Names where the items come from; with the `path` of an item it names the document.
        #[serde(default)]
        vault: Option<String>,
        /// Only say what would happen.
        dry_run: bool,
    },
    /// What was imported from somewhere: [`Reply::ImportSources`].
    ImportSources(ImportSources),
    /// Reads a stretch of the record log against its checksums: [`Reply::LogChecked`].
    CheckLog(LogAsk),
    /// What a backup needs of the node: [`Reply::BackupPoint`].
    BackupPoint {},
    /// Documents as Markdown files: [`Reply::Pages`].
    Pages(PagesAsk),
    /// One part of a bundle of everything: [`Reply::BundlePart`].
    BundlePart(BundleAsk),
    /// Notes that a copy was made: [`Reply::Done`].
    CopyMade(CopyMade),
    /// Founds a collective: [`Reply::Collective`].
    CollectiveNew(CollectiveNew),
    /// All collectives: [`Reply::Collectives`].
    CollectiveList {},
    /// One collective: [`Reply::Collective`].
    CollectiveShow(CollectiveRef),
    /// Members of a collective: [`Reply::Members`].
    CollectiveMembers(CollectiveRef),
    /// The charter in force: [`Reply::Charter`].
    CharterShow(CharterShow),
    /// Puts something to the vote: [`Reply::Proposal`].
    Propose(Propose),
    /// Votes: [`Reply::Proposal`].
    Vote(Vote),
    /// Proposals, open ones first, by their end: [`Reply::Proposals`].
    Proposals(Proposals),
    /// Members with all that is known of them: [`Reply::Members`].
    Members(MembersArgs),
    /// Leaves a collective: [`Reply::Left`].
    CollectiveLeave(Leave),
    /// The person's own devices: [`Reply::Devices`].
    DeviceList(DeviceList),
    /// Makes a limited device whose key lies in this home: [`Reply::Device`].
    DeviceAdd(DeviceAdd),
    /// Takes a device back: [`Reply::Device`].
    DeviceDrop(DeviceDrop),
    /// Makes an invite: [`Reply::Invite`].
    Invite(InviteNew),
    /// Invites that are known: [`Reply::Invites`].
    Invites(InvitesArgs),
    /// Gives a member a right: [`Reply::Contract`].
    Grant(GrantNew),
    /// Takes a right, a device or a membership away, or closes an invite: [`Reply::Revocation`].
    Revoke(RevokeArgs),
    /// Honours again what a revocation cut away: [`Reply::Readmission`].
    Readmit(ReadmitArgs),
    /// Rights held and given: [`Reply::Contracts`].
    Contracts(ContractsArgs),
    /// What may be meant by what is typed: [`Reply::Candidates`].
    Complete(Complete),
    /// Starts joining; go on with `JoinStatus`: [`Reply::Join`].
    Join(JoinArgs),
    /// How a join proceeds; waits up to `wait_ms` for a change: [`Reply::Join`].
    JoinStatus {
        /// As returned by `Join`.
        collective: String,
        /// How many of the stages the caller has seen.
        seen: u32,
        /// At most 10,000.
        wait_ms: u32,
    },
    /// Peers and paths: [`Reply::Peers`].
    Peers {},
    /// Adds a peer's address to dial: [`Reply::Done`].
    PeerAdd(PeerAdd),
    /// Reconciles now and tells the outcome for each peer: [`Reply::Sync`].
    Sync(SyncArgs),
    /// Explains a verdict: [`Reply::Why`].
    Why {
        /// Id or unique prefix of a record, seat, device, right, invite or proposal; or the name of
        /// a member or a collective.
        id: String,
    },
    /// Lets in, on this node, what is held back because it would undo settled history:
    /// [`Reply::Why`].
    LetIn {
        /// Id or unique prefix of the record.
        id: String,
        /// Only explain what it would undo.
        dry_run: bool,
    },
}

/// The answer to a [`Command`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// See [`StatusView`].
    Status(Box<StatusView>),
    /// See [`IdView`].
    Id(IdView),
    /// The 24 words of the recovery phrase.
    Phrase(String),
    /// See [`CardView`].
    Card(Box<CardView>),
    /// Places in the phrase, from 1 to 24.
    Places(Vec<u8>),
    /// See [`RecoveryView`].
    Recoveries(Vec<RecoveryView>),
    /// See [`Saved`].
    Saved(Saved),
    /// See [`ShowView`].
    Show(Box<ShowView>),
    /// See [`Edited`].
    Edited(Edited),
    /// See [`HistoryView`].
    History(Box<HistoryView>),
    /// See [`Merged`].
    Merged(Box<Merged>),
    /// See [`TasksView`].
    Tasks(TasksView),
    /// See [`DayView`].
    Day(Box<DayView>),
    /// See [`Reacted`].
    Reacted(Reacted),
    /// See [`Renamed`].
    Renamed(Box<Renamed>),
    /// See [`SymbolView`].
    Symbol(Box<SymbolView>),
    /// See [`SymbolView`].
    Symbols(Vec<SymbolView>),
    /// See [`Acted`].
    Acted(Acted),
    /// See [`TrashView`].
    Trash(TrashView),
    /// See [`Restored`].
    Restored(Restored),
    /// See [`Undone`].
    Undone(Undone),
    /// See [`Found`].
    Found(Found),
    /// See [`CountsView`].
    Counts(CountsView),
    /// See [`SavedSearch`].
    Searches(Vec<SavedSearch>),
    /// See [`EventsPage`].
    Events(Box<EventsPage>),
    /// See [`Imported`].
    Imported(Imported),
    /// See [`ImportSourcesView`].
    ImportSources(ImportSourcesView),
    /// See [`LogChecked`].
    LogChecked(LogChecked),
    /// See [`BackupPoint`].
    BackupPoint(BackupPoint),
    /// See [`PagesView`].
    Pages(PagesView),
    /// See [`BundlePart`].
    BundlePart(BundlePart),
    /// See [`CollectiveView`].
    Collective(Box<CollectiveView>),
    /// See [`CollectiveSummary`].
    Collectives(Vec<CollectiveSummary>),
    /// See [`MemberView`].
    Members(Vec<MemberView>),
    /// See [`CharterView`].
    Charter(Box<CharterView>),
    /// See [`ProposalView`].
    Proposal(Box<ProposalView>),
    /// See [`ProposalView`].
    Proposals(Vec<ProposalView>),
    /// See [`OwnDevice`].
    Devices(Vec<OwnDevice>),
    /// See [`OwnDevice`].
    Device(Box<OwnDevice>),
    /// See [`Left`].
    Left(Left),
    /// See [`InviteView`].
    Invite(Box<InviteView>),
    /// See [`InviteView`].
    Invites(Vec<InviteView>),
    /// See [`ContractView`].
    Contract(Box<ContractView>),
    /// See [`ContractView`].
    Contracts(Vec<ContractView>),
    /// See [`RevocationView`].
    Revocation(Box<RevocationView>),
    /// See [`ReadmissionView`].
    Readmission(Box<ReadmissionView>),
    /// See [`JoinProgress`].
    Join(JoinProgress),
    /// See [`PeerView`].
    Peers(Vec<PeerView>),
    /// See [`SyncView`].
    Sync(SyncView),
    /// See [`WhyView`].
    Why(WhyView),
    /// See [`Candidate`].
    Candidates(Vec<Candidate>),
    /// It is done; a sentence for people.
    Done(String),
}
