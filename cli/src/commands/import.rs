//! `moot import`

use std::{
    fs::File,
    io::{BufReader, Write},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, sync_channel},
};

use folkmoot_client::api::{Command, Imported};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    import::{Batch, gather, list, read_ndjson, read_text},
    ui::{clean, count, plural},
};

/// Batches read ahead while one is being stored.
const READ_AHEAD: usize = 2;

/// Pieces read ahead of their batch.
const PIECES: usize = 64;

/// Refusals shown; the rest is counted. `--json` gives them all.
const MAX_SHOWN: usize = 20;

/// Import texts: a folder of Markdown or text files, or NDJSON
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot import ~/notes --dry-run
  moot import ~/notes --in commons
  moot import records.ndjson
  generate | moot import -

Files: .md, .markdown, .txt, .text, in folders too; hidden ones are passed over. Title and tags come
from the front matter, else the file's name is the title. Wiki links stay as they are.
NDJSON (.ndjson, .jsonl, .json and standard input), one record a line:
  {\"title\": \"…\", \"text\": \"…\", \"tags\": [\"…\"], \"url\": \"…\", \"kind\": \"note\", \"written\": \"2024-05-01T10:00:00Z\"}
Every field may be left out, but a record without title, text and url is refused.
Importing again adds only what is new. Exit code 1 where something was refused.")]
pub(crate) struct Args {
    /// A folder, a file, or `-` for NDJSON on standard input
    path: PathBuf,
    /// Collective it goes to: name or id prefix
    #[arg(long = "in", value_name = "COLLECTIVE")]
    collective: Option<String>,
    /// Sign with a limited device of yours; what its limits forbid is refused
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

/// The report.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    done: &'a Imported,
    dry_run: bool,
    /// Files that are no texts.
    other_files: u64,
}

/// # Errors
/// Where nothing can be read or stored. Single items that are refused end in the report, and in
/// exit code 1.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    let source = Source::open(&args.path)?;
    let access = Access::open(cx, Need::Home)?;
    if args.collective.is_some() {
        // Whoever writes to us need not write it all to hear that the collective is not known.
        let _: Imported = access.ask(Command::Import {
            collective: args.collective.clone(),
            items: Vec::new(),
            dry_run: true,
            device: args.device.clone(),
        })?;
    }
    let bar = source.bar(cx);
    let others = source.others();
    let (send, batches) = sync_channel(READ_AHEAD);
    let mut done = Imported::default();
    std::thread::scope(|scope| {
        let (give, pieces) = sync_channel(PIECES);
        let reader =
            scope.spawn(move || source.read(&mut |piece, taken| give.send((piece, taken)).is_ok()));
        scope.spawn(move || gather(&pieces, |batch| send.send(batch).is_ok()));
        let stored = store(&access, args, batches, &bar, &mut done);
        let read = reader
            .join()
            .unwrap_or_else(|_| Err(CliError::failed("reading ended by a fault")));
        stored.and(read)
    })
    .inspect_err(|_| {
        bar.finish_and_clear();
        cx.ui
            .say(&format!("{} before it failed", counts(&done, args.dry_run)));
    })?;
    bar.finish_and_clear();
    report(cx, args, &done, others)
}

/// Sends batch after batch; the reader is one or two ahead.
fn store(
    access: &Access,
    args: &Args,
    batches: Receiver<Batch>,
    bar: &ProgressBar,
    done: &mut Imported,
) -> Result<(), CliError> {
    for batch in batches {
        done.refused.extend(batch.refused);
        if !batch.items.is_empty() {
            let imported: Imported = access.ask(Command::Import {
                collective: args.collective.clone(),
                items: batch.items,
                device: args.device.clone(),
                dry_run: args.dry_run,
            })?;
            done.added += imported.added;
            done.skipped += imported.skipped;
            done.refused.extend(imported.refused);
        }
        bar.inc(batch.progress);
    }
    Ok(())
}

fn report(cx: &Context<'_>, args: &Args, done: &Imported, others: u64) -> Result<(), CliError> {
    if cx.ui.json {
        let dry_run = args.dry_run;
        cx.ui.object(&Report {
            done,
            dry_run,
            other_files: others,
        })?;
    } else {
        let mut out = cx.ui.out();
        writeln!(out, "{}", counts(done, args.dry_run))?;
        out.flush()?;
        for refused in done.refused.iter().take(MAX_SHOWN) {
            cx.ui
                .warn(&format!("{}: {}", refused.source, clean(&refused.why)));
        }
        let more = done.refused.len().saturating_sub(MAX_SHOWN);
        if more > 0 {
            cx.ui
                .warn(&format!("and {more} more; --json gives them all"));
        }
        if others > 0 {
            let others = plural(
                others,
                "file is no text and was",
                "files are no texts and were",
            );
            cx.ui.say(&format!("{others} passed over"));
        }
    }
    if done.refused.is_empty() {
        return Ok(());
    }
    let refused = plural(done.refused.len() as u64, "item was", "items were");
    Err(CliError::failed(format!("{refused} refused"))
        .hint("correct them and import again: what is there already is passed over"))
}

fn counts(done: &Imported, dry_run: bool) -> String {
    let verb = if dry_run { "would be added" } else { "added" };
    format!(
        "{} {verb}, {} there already, {} refused",
        count(done.added),
        count(done.skipped),
        count(done.refused.len() as u64)
    )
}

/// Where the pieces come from.
enum Source {
    Lines(Box<dyn std::io::Read + Send>, Option<u64>),
    Files(crate::import::Listing, PathBuf),
}

impl Source {
    fn open(path: &Path) -> Result<Self, CliError> {
        if path.as_os_str() == "-" {
            return Ok(Self::Lines(Box::new(std::io::stdin()), None));
        }
        let failed = |error| CliError::file(path, &error);
        let found = std::fs::metadata(path).map_err(failed)?;
        let ending = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        if !found.is_dir() && ["ndjson", "jsonl", "json"].contains(&ending) {
            let file = File::open(path).map_err(failed)?;
            return Ok(Self::Lines(Box::new(file), Some(found.len())));
        }
        let listing = list(path).map_err(failed)?;
        Ok(Self::Files(listing, path.to_owned()))
    }

    fn others(&self) -> u64 {
        match self {
            Self::Lines(..) => 0,
            Self::Files(listing, _) => listing.others,
        }
    }

    /// A bar on standard error; it hides where that is no terminal.
    fn bar(&self, cx: &Context<'_>) -> ProgressBar {
        let (length, template) = match self {
            Self::Lines(_, Some(bytes)) => {
                (*bytes, "{bar:30} {bytes} of {total_bytes}, {eta} left")
            }
            Self::Lines(_, None) => return ProgressBar::hidden(),
            Self::Files(listing, _) => (
                listing.files.len() as u64,
                "{bar:30} {pos} of {len} files, {eta} left",
            ),
        };
        if cx.ui.is_quiet() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(length);
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }

    fn read(self, each: &mut dyn FnMut(crate::import::Piece, u64) -> bool) -> Result<(), CliError> {
        match self {
            Self::Lines(input, _) => read_ndjson(BufReader::with_capacity(1 << 16, input), each)
                .map_err(|error| CliError::failed(format!("reading failed: {error}"))),
            Self::Files(listing, root) => {
                for file in &listing.files {
                    if !each(read_text(file, &root), 1) {
                        break;
                    }
                }
                Ok(())
            }
        }
    }
}
