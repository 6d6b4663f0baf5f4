//! Copies of a home: bundles and backups.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A secret on its way to the node; silent in `Debug`, and wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps it.
    #[must_use]
    pub const fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Takes it out.
    #[must_use]
    pub fn into_text(self) -> Zeroizing<String> {
        self.0
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Zeroizing::new(String::deserialize(from)?)))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Asks for one part of a bundle.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BundleAsk {
    /// The `next` of the part before; the first part if absent.
    pub next: Option<String>,
    /// Seals the keys in the last part, beside the 24 words.
    pub passphrase: Option<Secret>,
}

/// One part of a bundle.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BundlePart {
    /// Base64 of payloads of frames, each after its length (four bytes, the greatest first) and its
    /// type (one byte).
    pub frames: String,
    /// Asks for the part behind; absent after the last one.
    pub next: Option<String>,
    /// Records held here now: about as many come.
    pub total: u64,
}

/// Asks for documents as Markdown files: first which there are, then for the files of some.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PagesAsk {
    /// In the query language of the guide; everything if empty.
    pub query: String,
    /// Only this collective: name or id prefix.
    pub collective: Option<String>,
    /// IANA time zone for dates in words; UTC if absent.
    pub time_zone: Option<String>,
    /// The `next` of the answer before.
    pub next: Option<String>,
    /// Gives the files of these documents, at most 100; all else is passed over then.
    pub ids: Vec<String>,
}

/// A document that can be a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageName {
    /// Its id here.
    pub record: String,
    /// The id that its file names: that of before, where it was imported.
    pub id: String,
    /// Title, or the first line of the text, or the URL; of a daily page its day.
    pub title: String,
    /// Name of the collective in which it was written first.
    pub collective: String,
    /// When it was written first, RFC 3339; as its file says.
    #[serde(default)]
    pub created: String,
    /// Versions that stand beside the one of the file.
    #[serde(default)]
    pub beside: u32,
}

/// The file of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageFile {
    /// Its id here.
    pub record: String,
    /// All of the file.
    pub file: String,
}

/// Documents as files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PagesView {
    /// Those that are found, oldest first; 1,000 at a time.
    pub names: Vec<PageName>,
    /// The files asked for.
    pub files: Vec<PageFile>,
    /// Found, and of a kind that does not stand by itself, or gone meanwhile.
    pub left_out: u64,
    /// How many there are in all.
    pub total: u64,
    /// Asks for the answer behind.
    pub next: Option<String>,
    /// True while the index is being rebuilt: some may be missing.
    pub partial: bool,
}

/// Asks the node to read a stretch of its record log against the checksums, before a copy is made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LogAsk {
    /// The `next` of the answer before; the beginning if absent.
    pub next: Option<String>,
}

/// What a stretch of the record log is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogChecked {
    /// Damage that nobody had met before, in sentences; the node remembers it.
    pub damage: Vec<String>,
    /// Asks for the stretch behind; absent at the end.
    pub next: Option<String>,
    /// Bytes that were read.
    pub bytes: u64,
    /// Bytes of all segments, about.
    pub total: u64,
}

/// What a backup needs of the node: where the log ends, and the keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BackupPoint {
    /// The home folder, whose log is copied.
    pub folder: String,
    /// Id of the home collective.
    pub home: String,
    /// The device's key there.
    pub device: String,
    /// When, by the node's clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// Where the log ends: segment,
    pub segment: u32,
    /// and offset in it.
    pub offset: u32,
    /// Base64 of the keys, sealed under the 24 words.
    pub keys: String,
    /// Damage of the log that the person has not put away yet, in sentences: an older state of a backup
    /// may hold what it took.
    #[serde(default)]
    pub damage: Vec<String>,
}

/// Notes that a copy was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CopyMade {
    /// Where it lies.
    pub place: String,
}

/// The last copy that was made of this home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyView {
    /// When.
    pub made: Timestamp,
    /// Where it was put.
    pub place: String,
}
