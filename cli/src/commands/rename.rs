//! `moot rename`

use std::io::Write;

use folkmoot_client::api::{Command, LinkedView, Rename, Renamed};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    ui::{clean, plural, style},
};

/// Most documents named whose links could not be changed.
const NAMED: usize = 5;

/// Give a document another title, and keep the links to it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot rename 7f3a \"Watering\"
  moot rename Rota Watering

Every text that you may edit and that links to it as [[Rota]] gets a new version with [[Watering]];
which texts link to it, moot show tells. Links by id need no change. Where another document has the
old title too, the links stay as they are.")]
pub(crate) struct Args {
    /// Id, its first digits, or an exact title
    id: String,
    /// The new title
    title: String,
    /// Sign with a limited device of yours, within its limits
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let renamed: Renamed = Access::open(cx, Need::ExistingHome)?.ask(Command::Rename(Rename {
        id: args.id,
        title: args.title,
        device: args.device,
    }))?;
    if cx.ui.json {
        return cx.ui.object(&renamed);
    }
    let mut out = cx.ui.out();
    if cx.ui.out_is_terminal() {
        let (id, dim) = (style::ID, style::DIM);
        let (old, place) = (clean(&renamed.old), clean(&renamed.collective));
        write!(
            out,
            "{id}{}{id:#}  {}  {dim}was {old} in {place}",
            renamed.short,
            clean(&renamed.title)
        )?;
        if !renamed.relinked.is_empty() {
            let texts = plural(renamed.relinked.len() as u64, "text", "texts");
            write!(out, "; its links were changed in {texts}")?;
        }
        writeln!(out, "{dim:#}")?;
    } else {
        // For scripts: the whole id of the version.
        writeln!(out, "{}", renamed.version)?;
    }
    out.flush()?;
    if renamed.namesakes > 0 {
        let others = plural(renamed.namesakes, "document has", "documents have");
        cx.ui.warn(&format!(
            "{others} the old title too: the links were left as they are"
        ));
    }
    if renamed.unlinkable {
        cx.ui.warn(
            "the new title cannot stand in a link, where [ ] | and # have a meaning, and so has an address",
        );
    }
    if !renamed.left.is_empty() {
        cx.ui.warn(&format!(
            "links to the old title stay in {}, which you may not change or which stand elsewhere",
            list(&renamed.left)
        ));
    }
    Ok(())
}

/// A few of them by their short ids.
fn list(all: &[LinkedView]) -> String {
    let named: Vec<&str> = all
        .iter()
        .take(NAMED)
        .map(|one| one.short.as_str())
        .collect();
    match all.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
