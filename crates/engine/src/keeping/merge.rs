//! Bringing versions together that stand side by side (section 8.1).

use std::collections::{BTreeMap, BTreeSet};

use folkmoot_api::{ApiError, MergeArgs, Merged, Reply};
use folkmoot_library::{Rule, Side, merge_sets, merge_texts, merge_values};
use folkmoot_record::{
    CollectiveId, Kind, RecordId, Ref, Tag,
    content::{Content, Value},
};

use crate::{
    core::Core,
    errors::usage,
    keeping::{
        documents::Document,
        edit::{Says, named_version, unreadable},
        notes::few,
        tasks::{ASSIGNEES, DONE, DUE, RULE, STATE, state_in_words},
    },
};

/// Key of the text in a body (section 3.4).
const TEXT: u8 = 0;
/// Keys of a body that people know by name.
const NAMED: [(u8, &str); 7] = [
    (1, "media type"),
    (2, "title"),
    (3, "URL"),
    (STATE, "state"),
    (DUE, "day on which it is due"),
    (ASSIGNEES, "people who are to do it"),
    (RULE, "time at which it comes again"),
];

/// Versions brought together as far as that goes by itself.
struct Together {
    says: Says,
    /// Those that are in it: where something is to be decided, no more than that takes.
    of: Vec<RecordId>,
    conflicts: usize,
    notes: Vec<String>,
}

impl Core {
    /// Writes a version that replaces all current ones, if nothing is left to be decided.
    pub(crate) fn merge(&mut self, ask: &MergeArgs) -> Result<Reply, ApiError> {
        let (cid, document) = self.document_named(&ask.id)?;
        self.one_meant(&ask.id, &document.id)?;
        let heads = heads(&document, ask)?;
        let views = |core: &Self, ids: &[RecordId]| {
            let records = ids.iter().filter_map(|id| document.records.get(id));
            records
                .map(|record| core.version_view(&document, record))
                .collect()
        };
        let mut merged = Merged {
            id: document.id.to_string(),
            short: self.short_id(&document.id),
            version: None,
            undecided: None,
            conflicts: 0,
            notes: Vec::new(),
            versions: views(self, &heads),
        };
        if heads.len() < 2 {
            return Ok(Reply::Merged(Box::new(merged)));
        }
        let mut together = match &ask.take {
            Some(text) => {
                let taken = named_version(&document, text)?;
                Together {
                    says: Says::of(&document, &taken).ok_or_else(|| unreadable(text))?,
                    of: heads.clone(),
                    conflicts: 0,
                    notes: Vec::new(),
                }
            }
            None => self.bring_together(cid, &document, &heads, ask.text.is_some())?,
        };
        if let Some(title) = &ask.title {
            together.says.set_title(title)?;
        }
        if let Some(text) = &ask.text {
            together.says.set_text(text)?;
            together.conflicts = 0;
        }
        merged.notes = together.notes;
        if together.conflicts > 0 {
            merged.versions = views(self, &together.of);
            merged.conflicts = u32::try_from(together.conflicts).unwrap_or(u32::MAX);
            merged.undecided = together.says.content.text().map(str::to_owned);
            return Ok(Reply::Merged(Box::new(merged)));
        }
        let kind = document.first().map_or(Kind::NOTE, |first| first.kind);
        if Content::decode(kind, &together.says.content.encode()).is_err() {
            return Err(usage(
                "the versions do not fit together: one takes away what the other needs",
            )
            .hint("take one of them as a whole: `moot merge ID --take VERSION`"));
        }
        few(&together.says.tags.iter().cloned().collect::<Vec<Tag>>()).map_err(|error| {
            error.hint("take one of them as a whole: `moot merge ID --take VERSION`")
        })?;
        let replaces: BTreeSet<RecordId> = heads.into_iter().collect();
        let device = ask.device.as_deref();
        let version = self.write_version(cid, &document, &replaces, together.says, device)?;
        merged.version = Some(version.to_string());
        Ok(Reply::Merged(Box::new(merged)))
    }

    /// One after the other, each by what it has in common with those before it. The first one of which
    /// a person has to decide is the last, unless that is `decided`: marks never stand within marks.
    fn bring_together(
        &self,
        cid: CollectiveId,
        document: &Document,
        heads: &[RecordId],
        decided: bool,
    ) -> Result<Together, ApiError> {
        let label = |id: &RecordId| {
            let seat = document.records.get(id).map(|record| record.header().seat);
            let name = seat
                .zip(self.collectives.get(&cid))
                .map(|(seat, collective)| collective.member_name(&seat));
            let name = name.unwrap_or_default().replace(char::is_control, " ");
            format!("{name}, {}", self.short_id(id))
        };
        let says = |id: &RecordId| Says::of(document, id);
        let (first, others) = heads.split_first().ok_or_else(|| unreadable("it"))?;
        let mut together = Together {
            says: says(first).ok_or_else(|| unreadable("it"))?,
            of: vec![*first],
            conflicts: 0,
            notes: Vec::new(),
        };
        let mut merged = BTreeSet::from([*first]);
        for other in others {
            let theirs = says(other).ok_or_else(|| unreadable("it"))?;
            let base = document.versions.common(&merged, other);
            let base = base.and_then(|id| says(&id));
            let labels: Vec<String> = together.of.iter().map(label).collect();
            let label_of_all = labels.join(" + ");
            together.add(base.as_ref(), &theirs, &label_of_all, &label(other));
            together.of.push(*other);
            merged.insert(*other);
            if together.conflicts > 0 && !decided {
                break;
            }
        }
        Ok(together)
    }
}

impl Together {
    fn add(&mut self, base: Option<&Says>, theirs: &Says, label: &str, other: &str) {
        let none: BTreeMap<u8, Value> = BTreeMap::new();
        let in_base = base.map_or(&none, |says| &says.content.map);
        let text = |map: &BTreeMap<u8, Value>| match map.get(&TEXT) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let (before, own, far) = (
            text(in_base),
            text(&self.says.content.map),
            text(&theirs.content.map),
        );
        let merge = merge_texts(
            &before,
            Side { text: &own, label },
            Side {
                text: &far,
                label: other,
            },
        );
        self.conflicts += merge.conflicts;
        let keys: BTreeSet<u8> = self
            .says
            .content
            .map
            .keys()
            .chain(theirs.content.map.keys())
            .copied()
            .collect();
        let mut own_state = false;
        for key in keys {
            let (own, far) = (
                self.says.content.map.get(&key),
                theirs.content.map.get(&key),
            );
            if key == TEXT && matches!(own.or(far), Some(Value::Text(_))) {
                continue;
            }
            if key == DONE && own_state {
                continue;
            }
            match merge_values(&in_base.get(&key), &own, &far).copied() {
                Some(Some(value)) => {
                    let value = value.clone();
                    self.says.content.map.insert(key, value);
                }
                Some(None) => drop(self.says.content.map.remove(&key)),
                // It goes with the state; and where both did it, then at different moments.
                None if key == DONE => {}
                None => {
                    own_state |= key == STATE;
                    self.notes.push(kept(key, own, far));
                }
            }
        }
        if self.says.content.map.contains_key(&TEXT) || theirs.content.map.contains_key(&TEXT) {
            self.says.content.map.insert(TEXT, Value::Text(merge.text));
        }
        let (no_tags, no_refs) = (BTreeSet::<Tag>::new(), BTreeSet::<Ref>::new());
        let tags = base.map_or(&no_tags, |says| &says.tags);
        let refs = base.map_or(&no_refs, |says| &says.refs);
        self.says.tags = merge_sets(tags, &self.says.tags, &theirs.tags);
        self.says.refs = merge_sets(refs, &self.says.refs, &theirs.refs);
    }
}

/// What is said where both changed a value: the one that was shown is kept.
fn kept(key: u8, own: Option<&Value>, far: Option<&Value>) -> String {
    let word = |value: Option<&Value>| match value {
        Some(Value::Text(text)) if key == RULE => {
            Rule::parse(text).map_or_else(|| text.clone(), |rule| rule.in_words())
        }
        Some(Value::Text(text)) if key == DUE => text.replace('T', " "),
        Some(Value::Text(text)) => format!("\"{text}\""),
        Some(Value::Uint(number)) if key == STATE => state_in_words(*number).to_owned(),
        Some(Value::Uint(number)) => number.to_string(),
        Some(Value::Array(several)) if key == ASSIGNEES => match several.len() {
            1 => "one person".to_owned(),
            many => format!("{many} people"),
        },
        Some(_) => "another one".to_owned(),
        None if key == STATE => state_in_words(0).to_owned(),
        None => "none".to_owned(),
    };
    let name = NAMED
        .iter()
        .find(|(known, _)| *known == key)
        .map_or_else(|| format!("field {key}"), |(_, name)| (*name).to_owned());
    format!(
        "both changed the {name}: kept {}, the other said {}",
        word(own),
        word(far)
    )
}

/// The versions to be brought together: those asked for, else all current ones that can be shown.
fn heads(document: &Document, ask: &MergeArgs) -> Result<Vec<RecordId>, ApiError> {
    if ask.versions.is_empty() {
        let current = document.current();
        return Ok(current.iter().map(|record| record.id()).collect());
    }
    let named = ask.versions.iter();
    let mut heads: Vec<RecordId> = Vec::new();
    for id in named.map(|text| named_version(document, text)) {
        let id = id?;
        if !heads.contains(&id) {
            heads.push(id);
        }
    }
    Ok(heads)
}
