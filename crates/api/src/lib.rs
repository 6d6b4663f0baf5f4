//! The types of the local API: commands in, replies and events out.
//!
//! One set of types serves the engine in process and, as JSON, the node's socket:
//! `POST /v1/<command>` with the fields of the command as its body. Ids are 64 hexadecimal
//! digits; times are RFC 3339; sizes are bytes.

mod acts;
mod answers;
mod collectives;
mod command;
mod complete;
mod contracts;
mod copies;
mod counts;
mod daily;
mod devices;
mod documents;
mod error;
mod events;
mod explain;
mod governing;
mod import;
mod library;
mod node;
mod recovery;
mod searches;
mod secrecy;
mod symbols;
mod tasks;
mod unwrap;

pub use acts::{
    Act, ActKind, Acted, FateView, Restore, Restored, TrashArgs, TrashView, Trashed, Undo, Undone,
};
pub use answers::{CommentNew, CommentView, React, Reacted, ReactionView};
pub use collectives::{
    CollectiveNew, CollectiveRef, CollectiveSummary, CollectiveView, DeviceView, InviteNew,
    InviteView, JoinArgs, JoinProgress, JoinStage, Leave, Left, MemberView, MembersArgs,
    PartedView, RoleView,
};
pub use command::{Command, Reply};
pub use complete::{Candidate, Complete, Completes};
pub use contracts::{
    ContractOrigin, ContractState, ContractView, ContractsArgs, GrantNew, InvitesArgs, KeysChange,
    LimitArgs, LimitsView, PersonView, ReadmissionView, ReadmitArgs, RevocationView, RevokeArgs,
    TouchedRecord,
};
pub use copies::{
    BackupPoint, BundleAsk, BundlePart, CopyMade, CopyView, LogAsk, LogChecked, PageFile, PageName,
    PagesAsk, PagesView, Secret,
};
pub use counts::{CountBy, CountView, Counts, CountsView, Related};
pub use daily::{Day, DayView, DayWrite, PageView};
pub use devices::{DeviceAdd, DeviceDrop, DeviceList, OwnDevice};
pub use documents::{
    DocumentView, Edit, Edited, History, HistoryView, LinkedView, MergeArgs, Merged, Rename,
    Renamed, VersionView,
};
pub use error::{ApiError, ErrorCode};
pub use events::{EventView, Events, EventsPage, What};
pub use explain::{Explained, ExplainedHit, ExplainedLine, ExplainedWord};
pub use governing::{
    CharterRole, CharterRule, CharterShow, CharterView, ProposalState, ProposalView, Proposals,
    Propose, Proposed, Vote, VoteChoice, VoterView,
};
pub use import::{ImportItem, ImportSource, ImportSources, ImportSourcesView, Imported, Refused};
pub use library::{Find, Found, ItemView, List, Note, Saved, Show, ShowView, Sort};
pub use node::{
    Difference, Eye, IdView, Listening, OpenVote, PeerAdd, PeerCollective, PeerView, SetName,
    StatusView, SyncArgs, SyncView, WhyStep, WhyView,
};
pub use recovery::{CardCollective, CardView, RecoveryView, Retiring, WordAt};
pub use searches::{SavedSearch, SearchAct};
pub use secrecy::{LOCKED, PassphraseSet, Unlock};
pub use symbols::{
    SymbolChange, SymbolDefine, SymbolLink, SymbolList, SymbolShow, SymbolStatus, SymbolView,
    WidenedWord, WordView,
};
pub use tasks::{TaskItem, TaskSet, TaskState, TaskView, Tasks, TasksView};
