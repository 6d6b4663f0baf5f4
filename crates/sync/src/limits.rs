//! Every bound of the peer protocol, with its reason. Times are milliseconds.

/// Most bytes of one frame (section 7.3).
pub const FRAME: usize = 1 << 20;
/// Most bytes of a frame before a door is open (section 7.4): strangers may send them, and the largest,
/// 256 tags, has 4,357.
pub const HELLO_FRAME: usize = 8 << 10;
/// Most bytes that one zstd frame may hold (section 7.6): one frame cannot fill the memory.
pub const UNSQUEEZED: usize = 4 << 20;
/// Frames below this many bytes are sent as they are: compressing them gains nothing.
pub const SQUEEZE_FROM: usize = 512;
/// Item frames are closed at this many bytes before compression: headers repeat, so a larger
/// frame packs better, and four of them are quickly judged.
pub const ITEM_FRAME: usize = 256 << 10;
/// Most bytes of one item: it fits behind those that a frame holds already. What is taken can so be
/// given on; records are far smaller, bundles may be as large.
pub const ITEM: usize = FRAME - ITEM_FRAME - 64;
/// Most items in one frame: an honest frame of [`UNSQUEEZED`] bytes holds fewer.
pub const ITEMS: u64 = 16_384;
/// Most ids in one frame of salted ids: what one frame of [`FRAME`] bytes can hold.
pub const WANT_IDS: u64 = 30_000;
/// Most ids in a frame of record ids (section 7.6).
pub const RECORD_IDS: u64 = 256;
/// Most tags of a hello (section 7.4).
pub const TAGS: usize = 256;
/// Fewest tags of a hello, so that their number tells little (section 7.4).
pub const LEAST_TAGS: usize = 8;
/// Most bytes of a sealed proof: the largest proof has 138 bytes and the seal adds 16.
pub const PROOF: usize = 256;
/// Most heads and bundles in a welcome: a control set has few heads, a joiner needs one bundle.
pub const WELCOME: u64 = 1_024;

/// Epochs offered in a hello for each collective: a member nine rotations behind gets in.
pub const EPOCHS_OFFERED: usize = 9;
/// Invites that are dead but still answered with the reason, for each collective.
pub const DEAD_DOORS: usize = 16;

/// Most bytes of a negentropy message (section 7.6): relay-friendly pieces.
pub const RECONCILE: u64 = 60_000;
/// Most messages of one side in one run (section 7.6); larger differences take another run.
pub const ROUNDS: u32 = 24;
/// Most passes over all scopes in one session: each moves about 40,000 items either way.
pub const PASSES: u32 = 64;
/// Hellos that a peer may open on this node in a minute: each costs a few hashes for every tag.
pub const HELLOS_A_MINUTE: u32 = 20;
/// Runs that a peer may open on this node in a minute: a bulk transfer needs about one a second.
pub const RUNS_A_MINUTE: u32 = 240;
/// The first content window of a first session reaches this far back: what is new comes first.
pub const RECENT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// Frames that the driver may read from a new stream before the first [`crate::Output::Read`]; of a
/// hello one before [`crate::Output::Widen`].
/// Four item frames keep the checking workers busy while one is on its way.
pub const READ_AHEAD: u32 = 4;
/// Bytes handed to the driver and not yet written, for each stream: above it no more items are
/// read from the store, so a slow peer costs little memory.
pub const SEND_WINDOW: usize = 2 << 20;
/// Ids that wait to be sent on one stream; a peer that wants more is read no further until they
/// are sent.
pub const GIVE_QUEUE: usize = 65_536;
/// Ids of new records that wait to be pushed to one peer; the rest is left to reconciliation.
pub const PUSH_QUEUE: usize = 4_096;
/// Records above this many bytes are announced instead of pushed (section 7.7).
pub const PUSH_BODY: usize = 16 << 10;
/// Ids asked for of one peer at one time: one answer fits the unverified budget many times over.
pub const WANTED: usize = 1_024;
/// Unverified bytes of one peer (section 4.11): above it the peer ignores its credit.
pub const UNVERIFIED: usize = 64 << 20;

/// Peers known at once; the least useful unconnected ones are forgotten first.
pub const PEERS: usize = 1_024;
/// Devices with penalties known at once: more than a collective that is under attack has.
pub const DEVICES: usize = 1_024;
/// Addresses kept for dialling.
pub const CONTACTS: usize = 512;
/// Addresses of one contact.
pub const ADDRS: usize = 16;
/// Dials under way at once: a handshake costs CPU.
pub const DIALS: usize = 8;
/// Streams of one peer at once: a hello, and a session and two pushes for each of ten collectives.
pub const STREAMS: usize = 32;
/// Joins and recoveries at once: a recovery card names at most so many collectives.
pub const JOINS: usize = 64;
/// Records that a person may hand over at a recovery door, the device record included: what their
/// disk held and the host does not.
pub const HANDED: usize = 1_024;
/// A record dated further ahead is quarantined (section 2.5), and lets nobody in.
pub const AHEAD_MS: u64 = 10 * 60_000;
/// How often one node is asked at a recovery door on one connection: a hello has places for some
/// seats only, drawn anew each time.
pub const KNOCKS: u32 = 4;
/// Hellos whose places are remembered of one collective with one peer, beside the last one.
pub const HELLOS_KEPT: usize = 4;
/// Pause before the next door is asked at over the same connection; with it one node opens at
/// most 15 of the [`HELLOS_A_MINUTE`].
pub const ASK_AGAIN_MS: u64 = 4_000;

/// A dial that the driver says nothing about counts as failed after this.
pub const DIAL_MS: u64 = 30_000;
/// First and last pause between dials.
pub const BACKOFF_MS: (u64, u64) = (1_000, 600_000);
/// Whoever was dialled waits this long for a hello before it opens its own.
pub const HELLO_PATIENCE_MS: u64 = 3_000;
/// A whole hello takes this long at most; the door has its own times.
pub const HELLO_MS: u64 = 15_000;
/// A connection without a shared collective ends after this, except while a door is open: time
/// for a few hellos, and no room for strangers who only hold it.
pub const UNPROVEN_MS: u64 = 60_000;
/// An unproven connection stays this long after a hello, so that the last frames arrive.
pub const LINGER_MS: u64 = 2_000;
/// A device that is served no more keeps its push stream so long, so that it hears why: closing a stream
/// may overtake what was written last.
pub const LAST_WORD_MS: u64 = 2_000;
/// Pause between two hellos on one connection.
pub const REHELLO_MS: u64 = 10_000;
/// Each step of a door takes this long at most; the joiner's engine signs in between. What is served
/// counts by what leaves for the line: the slowest one that is waited for takes a frame in this time.
pub const DOOR_MS: u64 = 60_000;
/// The joiner has so much longer for each record that it was served: a small computer checks and
/// evaluates some hundred of them in a second.
pub const DOOR_RECORD_MS: u64 = 10;
/// Silence that ends a reconciliation; the other side may be judging a few frames meanwhile.
pub const SYNC_SILENCE_MS: u64 = 120_000;
/// An opened push stream names its collective within this.
pub const PUSH_OPEN_MS: u64 = 15_000;
/// An open that the driver does not answer counts as failed after this.
pub const OPEN_MS: u64 = 20_000;
/// Pause after a stream could not be opened; doubles up to [`BACKOFF_MS`].1.
pub const REOPEN_MS: u64 = 1_000;
/// The side that answered the hello leaves the first session to the other for this long. The other
/// may not see the need: to it a node that died and came back at once was never away.
pub const SYNC_PATIENCE_MS: u64 = 3_000;
/// First pause after a session that left the sets unequal; doubles up to the beat.
pub const MISMATCH_MS: u64 = 10_000;
/// Pushing fell behind: a session is due after this.
pub const OVERFLOW_MS: u64 = 2_000;
/// A snapshot of the items is kept this long after a session, for the next one.
pub const SNAPSHOT_MS: u64 = 60_000;
/// The same wanted id is asked of one peer again after this.
pub const WANT_AGAIN_MS: u64 = 60_000;

/// Penalty points at which a peer is disconnected and shunned for a time.
pub const BAN_SCORE: u32 = 100;
/// One point is forgiven after this.
pub const FORGIVE_MS: u64 = 6_000;
/// First and last time of being shunned.
pub const BAN_MS: (u64, u64) = (600_000, 24 * 60 * 60 * 1_000);
