//! Writing content: notes, links, tasks; the shown name; the home's list of memberships.

use folkmoot_api::{ApiError, Note, Reply, Saved};
use folkmoot_library::{Date, Due, Rule};
use folkmoot_record::{
    CollectiveId, Kind, SeatKey, Tag, Verified,
    content::{Content, Value},
    limits,
};
use folkmoot_store::Entry;

use crate::{
    clock::random,
    core::Core,
    errors::{failed, store_unread, usage},
    keeping::{
        author::Writing,
        tasks::{set_assignees, set_due, set_rule},
    },
    membership::{
        collective::Profile,
        profiles::{MOST_NAME, profile_fact, writing},
    },
};

/// Local fact: the name that this person shows.
const NAME: &[u8] = b"name";
/// Kind of the home's list of memberships: of the range free for applications (section 2.6).
pub(crate) const MEMBERSHIP: Kind = Kind(0x8001);
/// Keys of its map.
pub(crate) const CID: u8 = 64;
pub(crate) const SALT: u8 = 65;
pub(crate) const ADDRESSES: u8 = 66;
/// 1 where the collective was left.
pub(crate) const LEFT: u8 = 67;

impl Core {
    /// Writes one content record.
    pub(crate) fn write_note(&mut self, note: &Note) -> Result<Reply, ApiError> {
        let cid = self.place_or_home(note.collective.as_deref())?;
        let note = &self.whole_task(cid, note)?;
        let writing = to_writing(note, random().map_err(|e| failed(e.to_string()))?)?;
        let tags = writing
            .tags
            .iter()
            .map(|tag| tag.as_str().to_owned())
            .collect();
        let record = self.write_record(cid, writing, note.device.as_deref())?;
        let id = record.id();
        Ok(Reply::Saved(Saved {
            id: id.to_string(),
            short: self.short_id(&id),
            collective: self.name_of(&cid),
            tags,
        }))
    }

    /// Signs and stores one content record.
    pub(crate) fn write_record(
        &mut self,
        cid: CollectiveId,
        writing: Writing,
        device: Option<&str>,
    ) -> Result<Verified, ApiError> {
        self.tidy_heads(cid)?;
        let now_ms = self.clock.wall();
        let store = &self.store;
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let pen = collective.pen(device)?;
        let record = collective.sign_content_as(store, now_ms, writing, &pen)?;
        self.publish(cid, vec![Entry::Record(record.clone(), now_ms)])?;
        self.know(cid, &record);
        Ok(record)
    }

    /// A task as it is written: people by their seats, and one that comes again with a date.
    fn whole_task(&self, cid: CollectiveId, note: &Note) -> Result<Note, ApiError> {
        let mut note = note.clone();
        if !note.assignees.is_empty() {
            let seats = self.assignees(&cid, &note.assignees)?;
            note.assignees = seats.iter().map(ToString::to_string).collect();
        }
        if let (Some(rule), None) = (&note.every, &note.due) {
            let today = self.now_in(note.time_zone.as_deref())?.date();
            note.due = Rule::parse(rule).map(|rule| Due::on(rule.first(today)).to_string());
        }
        Ok(note)
    }

    /// The name that this person shows, if one was set.
    ///
    /// # Errors
    /// Where it cannot be read: that is not the same as none.
    pub(crate) fn own_name(&self) -> Result<Option<String>, ApiError> {
        let value = self.store.local(NAME).map_err(store_unread)?;
        value
            .map(|value| {
                String::from_utf8(value).map_err(|_| {
                    failed("the name that you show is kept in bytes that are no text".to_owned())
                        .hint("set it again: `moot id --name NAME`")
                })
            })
            .transpose()
    }

    /// Sets the shown name here and in every collective.
    pub(crate) fn set_name(&mut self, name: &str) -> Result<Reply, ApiError> {
        let name = name.trim();
        if name.is_empty() || name.len() > MOST_NAME || name.chars().any(char::is_control) {
            return Err(usage(format!(
                "a name has 1 to {MOST_NAME} bytes and no control characters"
            )));
        }
        self.keep_name(name)?;
        let cids: Vec<CollectiveId> = self
            .member_of()
            .map(crate::membership::collective::Collective::cid)
            .collect();
        for cid in cids {
            self.announce_name(cid);
        }
        self.id_view().map(Reply::Id)
    }

    /// Keeps the name, and shows it to nobody yet.
    pub(crate) fn keep_name(&mut self, name: &str) -> Result<(), ApiError> {
        self.store
            .commit(&[Entry::Local {
                key: NAME.to_vec(),
                value: Some(name.as_bytes().to_vec()),
            }])
            .map(drop)
            .map_err(crate::errors::store_failed)
    }

    /// Posts the shown name where it is not shown yet. A failure is told, and nothing else: the
    /// name is a courtesy.
    pub(crate) fn announce_name(&mut self, cid: CollectiveId) {
        let name = match self.own_name() {
            Ok(Some(name)) => name,
            Ok(None) => return,
            Err(error) => {
                self.warn(format!("your name could not be posted: {error}"));
                return;
            }
        };
        let shown = self.collectives.get(&cid).is_some_and(|collective| {
            collective
                .profiles
                .get(&collective.secrets.seat)
                .is_some_and(|profile| profile.name == name)
        });
        if !shown && let Err(error) = self.post_name(cid, name) {
            self.warn(format!("your name could not be posted: {error}"));
        }
    }

    fn post_name(&mut self, cid: CollectiveId, name: String) -> Result<(), ApiError> {
        let salt = random().map_err(|e| failed(e.to_string()))?;
        self.tidy_heads(cid)?;
        let now_ms = self.clock.wall();
        let store = &self.store;
        let collective = self
            .collectives
            .get_mut(&cid)
            .ok_or_else(|| failed("the collective is not open".to_owned()))?;
        let record = collective.sign_content(store, now_ms, writing(&name, salt))?;
        let seat = collective.secrets.seat;
        let profile = Profile {
            hlc: record.header().hlc,
            id: record.id(),
            name,
        };
        let fact = profile_fact(&cid, &seat, Some(&profile));
        self.publish(cid, vec![Entry::Record(record, now_ms), fact])?;
        self.collective_mut(&cid)?.learn_profile(seat, profile);
        Ok(())
    }

    /// Writes into the home that this person is a member of a collective, so that the words and
    /// the home can bring everything back (section 6.1).
    pub(crate) fn note_membership(&mut self, cid: CollectiveId, addresses: &[Vec<u8>]) {
        let salt = self
            .collectives
            .get(&cid)
            .and_then(|collective| collective.secrets.founder_salt);
        if let Err(error) = self.post_membership(cid, salt, addresses, false) {
            self.warn(format!(
                "the home's list of collectives could not be kept: {error}"
            ));
        }
    }

    /// Writes into the home that a collective was left: whoever comes back by the words does not ask
    /// for it.
    pub(crate) fn note_left(&mut self, cid: CollectiveId) {
        if let Err(error) = self.post_membership(cid, None, &[], true) {
            self.warn(format!(
                "the home's list of collectives could not be kept: {error}"
            ));
        }
    }

    fn post_membership(
        &mut self,
        member_of: CollectiveId,
        founder_salt: Option<[u8; 16]>,
        addresses: &[Vec<u8>],
        left: bool,
    ) -> Result<(), ApiError> {
        let home = self.place_or_home(None)?;
        let addresses = addresses.iter().cloned().map(Value::Bytes).collect();
        let mut content = Content::new(random().map_err(|e| failed(e.to_string()))?)
            .with(CID, Value::Bytes(member_of.to_bytes().to_vec()))
            .with(
                SALT,
                founder_salt.map_or(Value::Null, |salt| Value::Bytes(salt.to_vec())),
            )
            .with(ADDRESSES, Value::Array(addresses));
        if left {
            content = content.with(LEFT, Value::Uint(1));
        }
        let body = content.encode();
        let now_ms = self.clock.wall();
        let store = &self.store;
        let collective = self
            .collectives
            .get_mut(&home)
            .ok_or_else(|| failed("the home is not open".to_owned()))?;
        let record = collective.sign_content(
            store,
            now_ms,
            Writing {
                kind: MEMBERSHIP,
                tags: Vec::new(),
                refs: Vec::new(),
                body,
            },
        )?;
        self.publish(home, vec![Entry::Record(record, now_ms)])
    }
}

/// Checks what the person gave and makes a body of it.
pub(crate) fn to_writing(note: &Note, salt: [u8; 16]) -> Result<Writing, ApiError> {
    let kind = match note.kind.as_str() {
        "" | "note" => Kind::NOTE,
        "link" => Kind::LINK,
        "task" => Kind::TASK,
        other => {
            return Err(
                usage(format!("records of kind {other} cannot be written here"))
                    .hint("the kinds are: note, link, task"),
            );
        }
    };
    let mut content = Content::new(salt);
    if kind == Kind::TASK {
        content = content.with(16, Value::Uint(0));
    } else if note.due.is_some() || note.every.is_some() || !note.assignees.is_empty() {
        return Err(usage(
            "only a task is due on a day, comes again or is given to people",
        ));
    }
    let fields = [
        (0, "text", &note.text, limits::TEXT),
        (1, "media type", &note.media, 128),
        (2, "title", &note.title, limits::TITLE),
        (3, "URL", &note.url, 4_096),
    ];
    for (key, name, value, most) in fields {
        if let Some(text) = value.as_ref().filter(|text| !text.is_empty()) {
            fits(name, text, most)?;
            content = content.with(key, Value::Text(text.clone()));
        }
    }
    let needed = match kind {
        Kind::LINK => (content.url().is_some(), "a link needs a URL"),
        _ => (
            content.text().is_some() || content.title().is_some(),
            "there is nothing to store",
        ),
    };
    if !needed.0 {
        return Err(usage(needed.1));
    }
    if kind != Kind::LINK && content.text().is_none() {
        content = content.with(0, Value::Text(String::new()));
    }
    if let Some(due) = &note.due {
        set_due(&mut content, due)?;
    }
    if let Some(rule) = &note.every {
        if note.due.is_none() && Rule::parse(rule).is_some() {
            return Err(usage("a task that comes again is due on a day"));
        }
        set_rule(&mut content, rule, Date::MIN)?;
    }
    let seats = note.assignees.iter().map(|seat| seat.parse::<SeatKey>());
    let seats = seats
        .collect::<Result<_, _>>()
        .map_err(|_| usage("a task is given to people by their seats here"))?;
    set_assignees(&mut content, &seats)?;
    let tags = to_tags(&note.tags)?;
    let body = to_body(&content)?;
    Ok(Writing {
        kind,
        tags,
        refs: Vec::new(),
        body,
    })
}

/// Whether a text may stand in a record.
pub(crate) fn fits(name: &str, text: &str, most: usize) -> Result<(), ApiError> {
    if text.len() > most {
        return Err(usage(format!(
            "the {name} has {} bytes; at most {most} fit",
            text.len()
        ))
        .hint("make it shorter, or several that link to each other"));
    }
    if text.contains('\0') {
        return Err(usage(format!("the {name} holds a zero character")));
    }
    Ok(())
}

/// Tags as typed, with or without `#`, each once.
pub(crate) fn to_tags(typed: &[String]) -> Result<Vec<Tag>, ApiError> {
    let mut tags = Vec::with_capacity(typed.len());
    for text in typed {
        let tag = Tag::new(text.trim().trim_start_matches('#')).ok_or_else(|| {
            usage(format!(
                "{text:?} is no tag: a tag has 1 to {} bytes",
                limits::TAG
            ))
        })?;
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    few(&tags)?;
    Ok(tags)
}

/// Whether a record may have so many tags.
pub(crate) fn few(tags: &[Tag]) -> Result<(), ApiError> {
    if tags.len() > limits::TAGS {
        return Err(usage(format!(
            "{} tags; at most {} fit",
            tags.len(),
            limits::TAGS
        )));
    }
    Ok(())
}

/// The bytes of a body that a record may have.
pub(crate) fn to_body(content: &Content) -> Result<Vec<u8>, ApiError> {
    let body = content.encode();
    if body.len() > limits::BODY {
        return Err(usage(format!(
            "the record has {} bytes; at most {} fit",
            body.len(),
            limits::BODY
        )));
    }
    Ok(body)
}
