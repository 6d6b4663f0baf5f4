//! Shared words: defining, naming, relating, adopting and retiring them (section 8.5).

use std::collections::BTreeSet;

use folkmoot_api::{
    ApiError, Reply, SymbolChange, SymbolDefine, SymbolLink, SymbolList, SymbolShow, SymbolStatus,
    SymbolView, WordView,
};
use folkmoot_library::{
    ALIASES, Lexicon, MOST_ALIASES, STATUS, Status, Symbol, aliases, first_line, symbol_words,
    term_key,
};
use folkmoot_record::{
    CollectiveId, Kind, RecordId, Ref, Rel,
    content::{Content, Value},
    limits,
};

use crate::{
    clock::random,
    core::Core,
    errors::{failed, not_found, usage},
    exchange::holdings::read,
    keeping::{
        author::Writing,
        edit::{Says, unreadable},
        erasure::Fate,
        notes::{fits, to_body},
    },
    membership::{invite::moment, names::is_digits},
};

/// Words between colons of one text that are looked up: more are a dictionary.
const MOST_WORDS: usize = 64;

impl Core {
    /// Shared words, by term.
    pub(crate) fn symbol_list(&mut self, ask: &SymbolList) -> Result<Reply, ApiError> {
        self.catch_up_alone();
        let place = ask.collective.as_deref().map(|name| self.resolve(name));
        let place = place.transpose()?;
        let lexicon = self.lexicon();
        let mut views: Vec<SymbolView> = lexicon
            .all()
            .iter()
            .filter(|symbol| place.is_none_or(|place| symbol.cid == place))
            .filter(|symbol| match ask.status {
                Some(status) => told(symbol.status) == status,
                None => symbol.status != Status::Retired,
            })
            .map(|symbol| self.symbol_view(&lexicon, symbol))
            .collect();
        views.sort_by_cached_key(|view| (term_key(&view.term), view.id.clone()));
        Ok(Reply::Symbols(views))
    }

    /// One shared word.
    pub(crate) fn symbol_show(&mut self, ask: &SymbolShow) -> Result<Reply, ApiError> {
        let place = ask.collective.as_deref().map(|name| self.resolve(name));
        let symbol = self.symbol_named(&ask.symbol, place.transpose()?)?;
        self.symbol_reply(symbol)
    }

    /// Defines a shared word; one of the person's own is in use at once.
    pub(crate) fn symbol_define(&mut self, ask: &SymbolDefine) -> Result<Reply, ApiError> {
        let cid = self.place_or_home(ask.collective.as_deref())?;
        let term = ask.term.trim();
        named_by(term)?;
        fits("definition", &ask.definition, limits::TEXT)?;
        if ask.definition.trim().is_empty() {
            return Err(usage("a definition has at least one word")
                .hint("moot symbol define TERM \"what it means\""));
        }
        self.catch_up_alone();
        if let Some(there) = self.lexicon().named(term, Some(&cid)).first() {
            let (short, place) = (self.short_id(&there.document), self.name_of(&cid));
            let said = format!("{place} has this word already: {short} {}", there.term);
            let next = match there.status {
                Status::Retired => format!("take it into use again: moot symbol adopt {short}"),
                _ => format!("change what it means: moot edit {short}"),
            };
            return Err(usage(said).hint(next));
        }
        let home = self.home_collective().is_some_and(|home| home.cid() == cid);
        let status = match home {
            true => Status::Adopted,
            false => Status::Proposed,
        };
        let content = Content::new(random().map_err(|e| failed(e.to_string()))?)
            .with(0, Value::Text(ask.definition.trim_end().to_owned()))
            .with(2, Value::Text(term.to_owned()))
            .with(STATUS, Value::Uint(status.number()));
        let mut says = Says {
            content,
            tags: BTreeSet::new(),
            refs: BTreeSet::new(),
        };
        add_aliases(&mut says.content, term, &ask.aliases)?;
        says.refs
            .extend(self.pointers(cid, None, [&ask.broader, &ask.related, &ask.same_as])?);
        few(&says.refs)?;
        let writing = Writing {
            kind: Kind::SYMBOL,
            tags: Vec::new(),
            refs: says.refs.into_iter().collect(),
            body: to_body(&says.content)?,
        };
        let record = self.write_record(cid, writing, ask.device.as_deref())?;
        self.symbol_reply(record.id())
    }

    /// Changes how a shared word stands, its other names, or what it says of other words.
    pub(crate) fn symbol_change(&mut self, ask: &SymbolChange) -> Result<Reply, ApiError> {
        let place = ask.collective.as_deref().map(|name| self.resolve(name));
        let id = self.symbol_named(&ask.symbol, place.transpose()?)?;
        let (cid, document) = self.document_named(&id.to_string())?;
        let shown = document.current().first().map(|record| record.id());
        let shown = shown.ok_or_else(|| unreadable(&ask.symbol))?;
        let before = Says::of(&document, &shown).ok_or_else(|| unreadable(&ask.symbol))?;
        let mut after = before.clone();
        if let Some(status) = ask.status {
            let number = match status {
                SymbolStatus::Proposed => Status::Proposed,
                SymbolStatus::Adopted => Status::Adopted,
                SymbolStatus::Retired => Status::Retired,
            };
            after
                .content
                .map
                .insert(STATUS, Value::Uint(number.number()));
        }
        let pointers = self.pointers(
            cid,
            Some(document.id),
            [&ask.broader, &ask.related, &ask.same_as],
        )?;
        if ask.remove {
            drop_aliases(&mut after.content, &ask.aliases)?;
            after.refs.retain(|r| !pointers.contains(r));
        } else {
            let term = before.content.title().unwrap_or_default().to_owned();
            add_aliases(&mut after.content, &term, &ask.aliases)?;
            after.refs.extend(pointers);
            few(&after.refs)?;
        }
        let version = match after == before {
            true => shown,
            false => {
                let replaces = BTreeSet::from([shown]);
                self.write_version(cid, &document, &replaces, after, ask.device.as_deref())?
            }
        };
        self.symbol_reply(version)
    }

    /// What a record says that is a shared word, as people read it.
    pub(crate) fn symbol_of(&mut self, id: &RecordId) -> Option<SymbolView> {
        let symbol = Symbol::of(&read(&self.store, id)?)?;
        let lexicon = self.lexicon();
        Some(self.symbol_view(&lexicon, &symbol))
    }

    /// The shared words that the `:words:` of a text mean.
    pub(crate) fn meant_words(&mut self, cid: &CollectiveId, text: &str) -> Vec<WordView> {
        let written = symbol_words(text);
        if written.is_empty() {
            return Vec::new();
        }
        let lexicon = self.lexicon();
        let all = written.into_iter().take(MOST_WORDS);
        all.filter_map(|word| {
            let symbol = lexicon.meant(word, cid)?;
            Some(WordView {
                written: word.to_owned(),
                id: symbol.document.to_string(),
                short: self.short_id(&symbol.document),
                term: symbol.term.clone(),
                definition: first_line(&self.definition(&symbol.id)),
                collective: self.name_of(&symbol.cid),
            })
        })
        .collect()
    }

    /// A shared word by term, other name, id or unique prefix of it: its current version.
    fn symbol_named(
        &mut self,
        name: &str,
        place: Option<CollectiveId>,
    ) -> Result<RecordId, ApiError> {
        self.catch_up_alone();
        let lexicon = self.lexicon();
        let named = lexicon.named(name, place.as_ref());
        match named.as_slice() {
            [one] => return Ok(one.id),
            [] => {}
            several => {
                let ids: Vec<String> = several
                    .iter()
                    .map(|symbol| {
                        let short = self.short_id(&symbol.document);
                        format!("{short} {} ({})", symbol.term, self.name_of(&symbol.cid))
                    })
                    .collect();
                return Err(usage(format!("{name} names several shared words"))
                    .hint(format!("say which by id: {}", ids.join(", "))));
            }
        }
        if is_digits(name)
            && let Some(id) = self.record_named(name)?
        {
            if let Some(symbol) = lexicon.get(&id) {
                return Ok(symbol.id);
            }
            if let Some(record) = read(&self.store, &id)
                && record.header().kind == Kind::SYMBOL
                && let Some(cid) = record.header().cid
            {
                return match self.fate_of(&cid, &record)? {
                    Fate::Open => Ok(id),
                    Fate::Hidden(_) | Fate::Erased(_) => Err(not_found(format!(
                        "{name} was a shared word and was taken back"
                    ))
                    .hint("`moot trash` lists what you took back")),
                };
            }
        }
        if self.library.partial() {
            return Err(not_found(format!(
                "no shared word called {name} was found yet: the index is being built"
            ))
            .hint("wait until `moot status` says that it is whole"));
        }
        Err(
            not_found(format!("there is no shared word called {name} here")).hint(
                "`moot symbol` lists them; `moot symbol define TERM \"what it means\"` makes one",
            ),
        )
    }

    /// Pointers to shared words of the same collective: to what is broader, related and the same.
    fn pointers(
        &mut self,
        cid: CollectiveId,
        own: Option<RecordId>,
        [broader, related, same_as]: [&Vec<String>; 3],
    ) -> Result<BTreeSet<Ref>, ApiError> {
        let mut refs = BTreeSet::new();
        let all = [
            (Rel::BROADER, broader),
            (Rel::RELATED, related),
            (Rel::SAME_AS, same_as),
        ];
        for (rel, names) in all {
            for name in names {
                let version = self.symbol_named(name, Some(cid))?;
                let symbol = read(&self.store, &version).and_then(|record| Symbol::of(&record));
                let symbol = symbol.ok_or_else(|| unreadable(name))?;
                if Some(symbol.document) == own {
                    return Err(usage(format!("{name} is this word itself")));
                }
                refs.insert(Ref {
                    rel,
                    id: symbol.document,
                });
            }
        }
        Ok(refs)
    }

    fn symbol_reply(&mut self, id: RecordId) -> Result<Reply, ApiError> {
        let view = self.symbol_of(&id);
        let view = view.ok_or_else(|| unreadable(&id.short()))?;
        Ok(Reply::Symbol(Box::new(view)))
    }

    fn symbol_view(&self, lexicon: &Lexicon, symbol: &Symbol) -> SymbolView {
        let record = read(&self.store, &symbol.id);
        let header = record.as_ref().map(folkmoot_record::Verified::header);
        let collective = self.collectives.get(&symbol.cid);
        let author = header.map(|header| match collective {
            Some(collective) => collective.member_name(&header.seat),
            None => header.seat.short(),
        });
        let linked = |id: &RecordId| SymbolLink {
            id: id.to_string(),
            short: self.short_id(id),
            term: lexicon
                .get(id)
                .map(|other| other.term.clone())
                .unwrap_or_default(),
        };
        let documents = |symbols: Vec<&Symbol>| -> Vec<RecordId> {
            let ids: BTreeSet<RecordId> = symbols.iter().map(|s| s.document).collect();
            ids.into_iter().collect()
        };
        let mut same: BTreeSet<RecordId> = documents(lexicon.same(symbol)).into_iter().collect();
        same.extend(symbol.same_as.iter().copied());
        SymbolView {
            id: symbol.document.to_string(),
            short: self.short_id(&symbol.document),
            version: symbol.id.to_string(),
            term: symbol.term.clone(),
            definition: self.definition(&symbol.id),
            aliases: symbol.aliases.clone(),
            status: told(symbol.status),
            author: author.unwrap_or_default(),
            collective: self.name_of(&symbol.cid),
            collective_id: symbol.cid.to_string(),
            written: moment(header.map_or(0, folkmoot_record::Header::ms)),
            broader: symbol.broader.iter().map(linked).collect(),
            narrower: documents(lexicon.narrower(symbol))
                .iter()
                .map(linked)
                .collect(),
            related: symbol.related.iter().map(linked).collect(),
            same_as: same.iter().map(linked).collect(),
        }
    }

    fn definition(&self, version: &RecordId) -> String {
        read(&self.store, version)
            .and_then(|record| Content::decode(Kind::SYMBOL, record.body()?).ok())
            .and_then(|content| content.text().map(str::to_owned))
            .unwrap_or_default()
    }
}

const fn told(status: Status) -> SymbolStatus {
    match status {
        Status::Proposed => SymbolStatus::Proposed,
        Status::Adopted => SymbolStatus::Adopted,
        Status::Retired => SymbolStatus::Retired,
    }
}

/// Whether a text can name a shared word.
fn named_by(name: &str) -> Result<(), ApiError> {
    fits("name of a shared word", name, limits::TITLE)?;
    if term_key(name).is_empty() {
        return Err(usage(format!(
            "{name:?} has neither letters nor digits, so nobody could search for it"
        )));
    }
    Ok(())
}

fn add_aliases(content: &mut Content, term: &str, names: &[String]) -> Result<(), ApiError> {
    let mut all = aliases(content);
    for name in names.iter().map(|name| name.trim()) {
        named_by(name)?;
        let key = term_key(name);
        if key != term_key(term) && all.iter().all(|other| term_key(other) != key) {
            all.push(name.to_owned());
        }
    }
    if all.len() > MOST_ALIASES {
        return Err(usage(format!(
            "{} other names; at most {MOST_ALIASES} fit",
            all.len()
        )));
    }
    put_aliases(content, all);
    Ok(())
}

fn drop_aliases(content: &mut Content, names: &[String]) -> Result<(), ApiError> {
    let mut all = aliases(content);
    for name in names {
        let before = all.len();
        all.retain(|other| term_key(other) != term_key(name));
        if all.len() == before {
            return Err(not_found(format!("it has no other name {name}")));
        }
    }
    put_aliases(content, all);
    Ok(())
}

fn put_aliases(content: &mut Content, all: Vec<String>) {
    if all.is_empty() {
        content.map.remove(&ALIASES);
    } else {
        let all = all.into_iter().map(Value::Text).collect();
        content.map.insert(ALIASES, Value::Array(all));
    }
}

/// A renamed word keeps its old term as another name, so that `:old:` still links to it.
pub(crate) fn keep_old_term(says: &mut Says, old: &str, new: &str) -> Result<(), ApiError> {
    let own = term_key(new);
    let mut all = aliases(&says.content);
    all.retain(|name| term_key(name) != own);
    put_aliases(&mut says.content, all);
    match term_key(old).is_empty() {
        true => Ok(()),
        false => add_aliases(&mut says.content, new, &[old.to_owned()]),
    }
}

/// Whether the pointers fit beside those that make a record a version.
fn few(refs: &BTreeSet<Ref>) -> Result<(), ApiError> {
    /// Room for the document and for versions that it replaces.
    const KEPT: usize = 8;
    let most = limits::REFS - KEPT;
    if refs.len() > most {
        return Err(usage(format!(
            "it would point at {} words; at most {most} fit",
            refs.len()
        )));
    }
    Ok(())
}
