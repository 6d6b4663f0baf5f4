//! `moot show`

use std::io::Write;

use folkmoot_client::api::{Command, Show, ShowView};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::{Context, proposals::print_proposal},
    error::CliError,
    ui::{age, bytes, clean, clean_text, short_key, style},
};

/// Show one record, whole
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot show 7f3a                 by the first digits of its id
  moot show \"Hot compost\"        by its exact title
  moot show 7f3a --text          the text alone")]
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
        writeln!(out, "{dim}{name:<11}{dim:#}{}", clean(value))
    };
    fact("id", &item.id)?;
    fact("kind", &item.kind)?;
    fact(
        "author",
        &format!("{} (seat {})", item.author, short_key(&item.seat)),
    )?;
    fact("collective", &item.collective)?;
    let now = Timestamp::now();
    fact(
        "written",
        &format!("{} ({})", item.written, age(item.written, now)),
    )?;
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
        fact(relation, id)?;
    }
    writeln!(out, "\n{bold}{}{bold:#}", clean(&item.title))?;
    if !text.is_empty() && text != item.title {
        writeln!(out, "\n{text}")?;
    }
    Ok(out.flush()?)
}
