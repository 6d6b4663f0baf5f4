//! One typed method for each command.

use folkmoot_api::{
    Act, Acted, Rename, Renamed, Restore, Restored, TrashArgs, TrashView, Undo, Undone,
};
use folkmoot_api::{
    BackupPoint, BundleAsk, BundlePart, CopyMade, LogAsk, LogChecked, PagesAsk, PagesView,
};
use folkmoot_api::{Candidate, Complete};
use folkmoot_api::{
    CharterShow, CharterView, CollectiveNew, CollectiveRef, CollectiveSummary, CollectiveView,
    Command, DeviceAdd, DeviceDrop, DeviceList, Find, Found, IdView, ImportItem, ImportSources,
    ImportSourcesView, Imported, InviteNew, InviteView, JoinArgs, JoinProgress, Leave, Left, List,
    MemberView, MembersArgs, Note, OwnDevice, PeerAdd, PeerView, ProposalView, Proposals, Propose,
    Saved, SetName, Show, ShowView, StatusView, SyncArgs, SyncView, Vote, WhyView,
};
use folkmoot_api::{
    ContractView, ContractsArgs, GrantNew, InvitesArgs, ReadmissionView, ReadmitArgs,
    RevocationView, RevokeArgs,
};
use folkmoot_api::{Counts, CountsView, Related, SavedSearch, SearchAct};
use folkmoot_api::{Edit, Edited, Events, EventsPage, History, HistoryView, MergeArgs, Merged};
use folkmoot_api::{SymbolChange, SymbolDefine, SymbolList, SymbolShow, SymbolView};

use folkmoot_api::{CommentNew, Day, DayView, DayWrite, React, Reacted, TaskSet, Tasks, TasksView};

use folkmoot_api::PassphraseSet;

use crate::{Client, ClientError};

macro_rules! ask {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $answer:ty = $command:expr;)*) => {
        impl Client {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// [`ClientError`].
            pub async fn $name(&self, $($arg: $type),*) -> Result<$answer, ClientError> {
                self.ask($command).await
            }
        )*}
    };
}

ask! {
    /// How the node is.
    status() -> StatusView = Command::Status {};
    /// Who this person is.
    id() -> IdView = Command::Id {};
    /// The 24 words of the recovery phrase.
    phrase() -> String = Command::Phrase {};
    /// Sets, changes or removes the passphrase of the keys.
    set_passphrase(args: PassphraseSet) -> String = Command::SetPassphrase(args);
    /// Sets the name shown to others.
    set_name(args: SetName) -> IdView = Command::SetName(args);
    /// Writes a note, link or another content record, durably.
    note(note: Note) -> Saved = Command::Note(note);
    /// One record by id, id prefix or title.
    show(args: Show) -> ShowView = Command::Show(args);
    /// Writes a new version of a document, durably.
    edit(args: Edit) -> Edited = Command::Edit(args);
    /// The versions of a document.
    history(args: History) -> HistoryView = Command::History(args);
    /// Brings versions that stand side by side together.
    merge(args: MergeArgs) -> Merged = Command::Merge(args);
    /// Changes how far a task is, or when it is due.
    set_task(args: TaskSet) -> Edited = Command::SetTask(args);
    /// Tasks, the most urgent first.
    tasks(args: Tasks) -> TasksView = Command::Tasks(args);
    /// This person's page of a day, and what it brings.
    day(args: Day) -> DayView = Command::Day(args);
    /// Writes into the page of a day, durably.
    write_day(args: DayWrite) -> Edited = Command::WriteDay(args);
    /// Writes a comment, durably.
    comment(args: CommentNew) -> Saved = Command::Comment(args);
    /// Reacts to a record, or takes that back, durably.
    react(args: React) -> Reacted = Command::React(args);
    /// Gives a document another title, and keeps the links to it.
    rename(args: Rename) -> Renamed = Command::Rename(args);
    /// What may be meant by what is typed.
    complete(args: Complete) -> Vec<Candidate> = Command::Complete(args);
    /// Shared words, by term.
    symbols(args: SymbolList) -> Vec<SymbolView> = Command::SymbolList(args);
    /// One shared word.
    symbol(args: SymbolShow) -> SymbolView = Command::SymbolShow(args);
    /// Defines a shared word, durably.
    symbol_define(args: SymbolDefine) -> SymbolView = Command::SymbolDefine(args);
    /// Changes a shared word, durably.
    symbol_change(args: SymbolChange) -> SymbolView = Command::SymbolChange(args);
    /// Takes back, hides or purges, durably.
    act(args: Act) -> Acted = Command::Act(args);
    /// The trash of this node, shown or emptied.
    trash(args: TrashArgs) -> TrashView = Command::Trash(args);
    /// Brings back what was hidden or taken back.
    restore(args: Restore) -> Restored = Command::Restore(args);
    /// Undoes the last act.
    undo(args: Undo) -> Undone = Command::Undo(args);
    /// Searches.
    find(args: Find) -> Found = Command::Find(args);
    /// Lists, newest first.
    list(args: List) -> Found = Command::List(args);
    /// How many records there are by tag, kind, month, author or collective.
    counts(args: Counts) -> CountsView = Command::Counts(args);
    /// Saves, drops or lists searches; the answer is the list.
    searches(act: SearchAct) -> Vec<SavedSearch> = Command::Searches(act);
    /// What is like a record.
    related(args: Related) -> Found = Command::Related(args);
    /// What happened, or will within the wait; [`Client::listen`] goes on by itself.
    events(args: Events) -> EventsPage = Command::Events(args);
    /// Writes many records at once (at most 1,000), skipping what is already there.
    import(collective: Option<String>, items: Vec<ImportItem>, device: Option<String>, vault: Option<String>, dry_run: bool)
        -> Imported = Command::Import { collective, items, device, vault, dry_run };
    /// What was imported from somewhere.
    import_sources(args: ImportSources) -> ImportSourcesView = Command::ImportSources(args);
    /// Reads a stretch of the record log against its checksums, before a copy is made.
    check_log(args: LogAsk) -> LogChecked = Command::CheckLog(args);
    /// What a backup needs of the node.
    backup_point() -> BackupPoint = Command::BackupPoint {};
    /// Documents as Markdown files.
    pages(args: PagesAsk) -> PagesView = Command::Pages(args);
    /// One part of a bundle of everything.
    bundle_part(args: BundleAsk) -> BundlePart = Command::BundlePart(args);
    /// Notes that a copy was made; the answer is a sentence for people.
    copy_made(args: CopyMade) -> String = Command::CopyMade(args);
    /// Founds a collective.
    collective_new(args: CollectiveNew) -> CollectiveView = Command::CollectiveNew(args);
    /// All collectives.
    collective_list() -> Vec<CollectiveSummary> = Command::CollectiveList {};
    /// One collective.
    collective_show(args: CollectiveRef) -> CollectiveView = Command::CollectiveShow(args);
    /// Members of a collective.
    collective_members(args: CollectiveRef) -> Vec<MemberView> = Command::CollectiveMembers(args);
    /// The person has seen the notices of damage; the answer is a sentence for people.
    seen() -> String = Command::Seen {};
    /// Puts something to the vote.
    propose(args: Propose) -> ProposalView = Command::Propose(args);
    /// Votes.
    vote(args: Vote) -> ProposalView = Command::Vote(args);
    /// Proposals, open ones first, by their end.
    proposals(args: Proposals) -> Vec<ProposalView> = Command::Proposals(args);
    /// The charter in force.
    charter_show(args: CharterShow) -> CharterView = Command::CharterShow(args);
    /// Members with all that is known of them.
    members(args: MembersArgs) -> Vec<MemberView> = Command::Members(args);
    /// Leaves a collective, or says what that would do.
    collective_leave(args: Leave) -> Left = Command::CollectiveLeave(args);
    /// The own devices.
    device_list(args: DeviceList) -> Vec<OwnDevice> = Command::DeviceList(args);
    /// Makes a limited device.
    device_add(args: DeviceAdd) -> OwnDevice = Command::DeviceAdd(args);
    /// Takes a device back.
    device_drop(args: DeviceDrop) -> OwnDevice = Command::DeviceDrop(args);
    /// Makes an invite.
    invite(args: InviteNew) -> InviteView = Command::Invite(args);
    /// Invites that are known.
    invites(args: InvitesArgs) -> Vec<InviteView> = Command::Invites(args);
    /// Gives a member a right.
    grant(args: GrantNew) -> ContractView = Command::Grant(args);
    /// Takes a right, a device or a membership away, or closes an invite.
    revoke(args: RevokeArgs) -> RevocationView = Command::Revoke(args);
    /// Honours again what a revocation cut away.
    readmit(args: ReadmitArgs) -> ReadmissionView = Command::Readmit(args);
    /// Rights held and given.
    contracts(args: ContractsArgs) -> Vec<ContractView> = Command::Contracts(args);
    /// Starts joining.
    join(args: JoinArgs) -> JoinProgress = Command::Join(args);
    /// How a join proceeds; waits up to `wait_ms` for more than `seen` stages.
    join_status(collective: String, seen: u32, wait_ms: u32) -> JoinProgress =
        Command::JoinStatus { collective, seen, wait_ms };
    /// Peers and paths.
    peers() -> Vec<PeerView> = Command::Peers {};
    /// Adds a peer's address to dial; the answer is a sentence for people.
    peer_add(args: PeerAdd) -> String = Command::PeerAdd(args);
    /// Reconciles now.
    sync(args: SyncArgs) -> SyncView = Command::Sync(args);
    /// Explains a verdict about a record or a seat.
    why(id: String) -> WhyView = Command::Why { id };
}
