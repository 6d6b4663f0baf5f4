//! `moot show`

use std::io::Write;

use folkmoot_client::api::{
    ActKind, Command, CommentView, DocumentView, ItemView, ReactionView, Show, ShowView,
};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::{
        Context,
        proposals::print_proposal,
        symbol,
        task::{again, state},
    },
    error::CliError,
    ui::{age, bytes, clean, clean_text, count, short_key, style},
};

/// Show one record, whole
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot show 7f3a                 by the first digits of its id
  moot show \"Hot compost\"        by its exact title
  moot show 7f3a --text          the text alone

Of a document that was edited the current version is shown; an id of another version shows that
one.")]
pub(crate) struct Args {
    /// Id, its first digits, or an exact title
    id: String,
    /// Print the text and nothing else
    #[arg(long)]
    text: bool,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let view: ShowView =
        Access::open(cx, Need::ExistingHome)?.ask(Command::Show(Show { id: args.id }))?;
    if cx.ui.json {
        return cx.ui.object(&view);
    }
    if let Some(proposal) = view.proposal.as_ref().filter(|_| !args.text) {
        return print_proposal(cx.ui, proposal);
    }
    let mut out = cx.ui.out();
    let text = clean_text(view.text.as_deref().unwrap_or_default());
    if args.text {
        writeln!(out, "{text}")?;
        return Ok(out.flush()?);
    }
    let (bold, dim) = (style::BOLD, style::DIM);
    let item = &view.item;
    let mut fact = |name: &str, value: &str| {
        if value.is_empty() {
            return Ok(());
        }
        writeln!(out, "{dim}{name:<10}{dim:#} {}", clean(value))
    };
    let now = Timestamp::now();
    let moment = |time: Timestamp| format!("{time} ({})", age(time, now));
    fact("id", &item.id)?;
    fact("kind", &item.kind)?;
    let by = format!("{} (seat {})", item.author, short_key(&item.seat));
    match &view.document {
        None => {
            fact("author", &by)?;
            fact("collective", &item.collective)?;
            fact("written", &moment(item.written))?;
        }
        Some(document) => {
            fact("author", &document.author)?;
            fact("collective", &item.collective)?;
            fact("written", &moment(document.begun))?;
            fact("edited", &format!("{}, by {by}", moment(item.written)))?;
            fact("version", &version_line(document, item))?;
            for other in &document.beside {
                let time = age(other.written, now);
                let line = format!(
                    "{} by {}, {time}; moot merge {}",
                    other.short, other.author, item.short
                );
                fact("beside", &line)?;
            }
        }
    }
    fact("words of", &view.words_of.join(", "))?;
    if let Some(fate) = &view.fate {
        let did = match fate.what {
            ActKind::Purge => "purged",
            ActKind::Hide => "hidden",
            ActKind::Retract | ActKind::Unhide => "taken back",
        };
        let mut line = format!("by {}, {}", fate.by, moment(fate.at));
        if let Some(reason) = &fate.reason {
            line.push_str(&format!(": {reason}"));
        }
        fact(did, &line)?;
    }
    if let Some(task) = &view.task {
        fact("state", state(task.state))?;
        fact(
            "due",
            &task.due.as_deref().unwrap_or_default().replace('T', " "),
        )?;
        fact(
            "comes",
            &task.every.as_deref().map(again).unwrap_or_default(),
        )?;
        fact("for", &task.assignees.join(", "))?;
        fact("done", &task.done.map(&moment).unwrap_or_default())?;
    }
    fact("also", &view.aliases.join(" · "))?;
    fact("begun", view.first_written.as_deref().unwrap_or_default())?;
    for line in view.properties.as_deref().unwrap_or_default().lines() {
        fact("property", line)?;
    }
    fact("received", &view.received.to_string())?;
    fact("tags", &item.tags.join(" "))?;
    fact("url", item.url.as_deref().unwrap_or_default())?;
    fact("media", view.media.as_deref().unwrap_or_default())?;
    fact("size", &bytes(view.size))?;
    if view.standing != "admitted" {
        fact(
            "standing",
            &format!("{}; moot why {}", view.standing, item.short),
        )?;
    }
    for (relation, id) in &view.refs {
        // What a version says of its own document stands above, what a shared word says of others below.
        let told = match relation.as_str() {
            "supersedes" | "document" => view.document.is_some(),
            "broader" | "related" | "same-as" => view.symbol.is_some(),
            _ => false,
        };
        if !told {
            fact(relation, id)?;
        }
    }
    if let Some(symbol) = &view.symbol {
        fact("status", symbol::word(symbol.status))?;
        for (name, value) in symbol::facts(symbol) {
            fact(name, &value)?;
        }
    }
    for word in &view.words {
        let line = format!(
            ":{}: {} {}: {}",
            word.written, word.short, word.term, word.definition
        );
        fact("word", &line)?;
    }
    for title in &view.unresolved {
        fact("not found", &format!("[[{title}]]"))?;
    }
    for other in &view.linked_from {
        let line = format!("{}  {} ({})", other.short, other.title, other.collective);
        fact("linked by", &line)?;
    }
    if view.linked_more > 0 {
        let line = format!(
            "and {} more: moot find links:{}",
            count(view.linked_more),
            item.short
        );
        fact("", &line)?;
    }
    for reaction in &view.reactions {
        fact("reaction", &reaction_line(reaction))?;
    }
    writeln!(out, "\n{bold}{}{bold:#}", clean(&item.title))?;
    if !text.is_empty() && text != item.title {
        writeln!(out, "\n{text}")?;
    }
    if !view.comments.is_empty() {
        writeln!(out)?;
    }
    for comment in &view.comments {
        print_comment(&mut out, comment, now)?;
    }
    if view.comments_more {
        writeln!(out, "{dim}and more comments{dim:#}")?;
    }
    out.flush()?;
    if view.partial {
        cx.ui
            .warn("the index is being rebuilt; links to it and comments may be missing");
    }
    Ok(())
}

/// Who reacts so: `👍 3 (Ana, Ben, Cleo)`.
fn reaction_line(reaction: &ReactionView) -> String {
    let mut names = reaction.by.join(", ");
    if reaction.count > reaction.by.len() as u64 {
        names.push_str(", …");
    }
    format!("{} {} ({names})", reaction.text, count(reaction.count))
}

/// One comment, below what it answers.
fn print_comment(
    out: &mut impl Write,
    comment: &CommentView,
    now: Timestamp,
) -> Result<(), CliError> {
    let (id, dim) = (style::ID, style::DIM);
    let indent = "  ".repeat(comment.depth as usize);
    let author = clean(&comment.author);
    let time = age(comment.written, now);
    let edited = if comment.edited { " · edited" } else { "" };
    let short = &comment.short;
    writeln!(
        out,
        "{indent}{id}{short}{id:#}  {dim}{author} · {time}{edited}{dim:#}"
    )?;
    let gone = match comment.gone {
        Some(ActKind::Hide) => "(hidden)",
        Some(ActKind::Purge) => "(purged)",
        Some(_) => "(taken back)",
        None => "",
    };
    if !gone.is_empty() {
        writeln!(
            out,
            "{indent}{}{dim}{gone}{dim:#}",
            " ".repeat(short.len() + 2)
        )?;
    }
    for line in clean_text(&comment.text).lines() {
        writeln!(out, "{indent}{}{line}", " ".repeat(short.len() + 2))?;
    }
    Ok(())
}

/// Which version is shown, and how to see the others.
fn version_line(document: &DocumentView, item: &ItemView) -> String {
    let standing = match (document.current, document.beside.is_empty()) {
        (true, true) => "current",
        (true, false) => "current, not alone",
        (false, _) => "replaced",
    };
    format!(
        "{} ({standing}), one of {}; moot history {}",
        document.short,
        count(document.versions),
        item.short
    )
}
