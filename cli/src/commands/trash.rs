//! `moot trash` and `moot undo`

use std::io::Write;

use folkmoot_client::api::{ActKind, Command, TrashArgs, TrashView, Trashed, Undo, Undone};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::{Context, acts::day},
    error::CliError,
    ui::{age, clean, confirm, plural, style},
};

/// List what was taken back and not deleted from this node yet
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot trash
  moot trash --empty             delete it from this disk now
  moot restore 7f3a              write anew what you took back

A running node deletes what has been in the trash for 30 days. Where one author took back more than
50 things on one day, these stay until you empty the trash: a stolen key must not wipe out years of
work. The words of others are not shown.")]
pub(crate) struct ListArgs {
    /// Delete everything in it from this disk
    #[arg(long)]
    empty: bool,
    /// Do not ask
    #[arg(long, short, requires = "empty")]
    yes: bool,
}

/// Undo what you did last
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot undo
  moot undo --dry-run            what would be undone

A note is taken back, an edit or a merge gives way to the text before it, what was taken back is
written anew, what was hidden is shown again. Undoing again goes further back. It undoes what you
wrote on this device, one record at a time, and tells the others, as all acts do.")]
pub(crate) struct UndoArgs {
    /// Only say what it would be
    #[arg(long)]
    dry_run: bool,
}

/// # Errors
/// Where nobody says yes, or what the engine says.
pub(crate) fn trash(cx: &Context<'_>, args: &ListArgs) -> Result<(), CliError> {
    if args.empty && !args.yes {
        let help = "What is in the trash cannot be brought back then.";
        match confirm(cx.ui, "Empty the trash of this node?", help) {
            Some(true) => {}
            Some(false) => {
                cx.ui.say("nothing was done");
                return Ok(());
            }
            None => return Err(CliError::usage("emptying was not confirmed").hint("add --yes")),
        }
    }
    let ask = Command::Trash(TrashArgs { empty: args.empty });
    let view: TrashView = Access::open(cx, Need::ExistingHome)?.ask(ask)?;
    if args.empty {
        if cx.ui.json {
            return cx.ui.object(&view);
        }
        let deleted = plural(view.deleted, "text", "texts");
        cx.ui.say(&format!("{deleted} deleted from this disk"));
        return Ok(());
    }
    if cx.ui.json {
        return cx.ui.objects(&view.items);
    }
    if view.items.is_empty() {
        cx.ui.say("the trash is empty");
        return Ok(());
    }
    let now = Timestamp::now();
    let mut out = cx.ui.out();
    for trashed in &view.items {
        print_trashed(&mut out, trashed, now)?;
    }
    Ok(out.flush()?)
}

fn print_trashed(out: &mut impl Write, trashed: &Trashed, now: Timestamp) -> Result<(), CliError> {
    let (id, dim) = (style::ID, style::DIM);
    let of_others = || format!("a {} by {}", trashed.kind, trashed.author);
    let title = trashed.title.clone().unwrap_or_else(of_others);
    writeln!(out, "{id}{}{id:#}  {}", trashed.short, clean(&title))?;
    let fate = &trashed.fate;
    let did = match fate.what {
        ActKind::Purge => "purged",
        ActKind::Retract | ActKind::Hide | ActKind::Unhide => "taken back",
    };
    let indent = " ".repeat(trashed.short.len() + 2);
    let stays = match trashed.waits {
        true => "until you empty the trash".to_owned(),
        false => format!("until {}", day(trashed.until)),
    };
    let place = clean(&trashed.collective);
    let (by, at) = (clean(&fate.by), age(fate.at, now));
    writeln!(
        out,
        "{indent}{dim}{did} by {by} · {place} · {at} · here {stays}{dim:#}"
    )?;
    if let Some(reason) = &fate.reason {
        writeln!(out, "{indent}{dim}reason:{dim:#} {}", clean(reason))?;
    }
    Ok(())
}

/// # Errors
/// What the engine says.
pub(crate) fn undo(cx: &Context<'_>, args: &UndoArgs) -> Result<(), CliError> {
    let ask = Command::Undo(Undo {
        dry_run: args.dry_run,
    });
    let undone: Undone = Access::open(cx, Need::ExistingHome)?.ask(ask)?;
    if cx.ui.json {
        return cx.ui.object(&undone);
    }
    let did = match args.dry_run {
        true => "would undo",
        false => "undone",
    };
    let mut out = cx.ui.out();
    let (id, dim) = (style::ID, style::DIM);
    writeln!(
        out,
        "{id}{}{id:#}  {did}: {}  {dim}{} · {}{dim:#}",
        undone.short,
        clean(&undone.what),
        clean(&undone.collective),
        age(undone.written, Timestamp::now())
    )?;
    let indent = " ".repeat(undone.short.len() + 2);
    if undone.also > 0 {
        let texts = plural(undone.also, "text", "texts");
        writeln!(out, "{indent}{dim}with the links in {texts}{dim:#}")?;
    }
    if let Some(next) = &undone.next
        && cx.ui.out_is_terminal()
    {
        writeln!(
            out,
            "{indent}{dim}moot undo again would undo: {}{dim:#}",
            clean(next)
        )?;
    }
    out.flush()?;
    if undone.stays > 0 {
        let texts = plural(undone.stays, "text was", "texts were");
        cx.ui.warn(&format!(
            "{texts} changed since: their links stay as they are"
        ));
    }
    Ok(())
}
