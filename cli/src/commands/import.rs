//! `moot import`

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::mpsc::{Receiver, sync_channel},
    time::Duration,
};

use folkmoot_client::api::{
    Command, ImportSource, ImportSources, ImportSourcesView, Imported, ShowView,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    import::{Batch, Format, Notes, Origin, Report, Stamp, Told, counts, gather, refuse},
};

/// Batches read ahead while one is being stored.
const READ_AHEAD: usize = 2;

/// Pieces read ahead of their batch.
const PIECES: usize = 64;

/// How often a watched folder is looked at. It is looked at, not listened to: that works on every
/// disk, also one of the network, and costs a listing.
const LOOK: Duration = Duration::from_secs(2);

/// What is gone of which it is looked whether its document still stands.
const MOST_LOOKED_AT: usize = 200;

/// Import texts: Markdown folders, Obsidian vaults, Logseq graphs, bookmarks, NDJSON
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot import ~/notes --dry-run
  moot import ~/vault --in commons
  moot import ~/vault --watch
  moot import bookmarks.html
  moot import records.ndjson
  generate | moot import -

What a folder or a file is, is seen from its names; --from says it. Texts: .md, .markdown, .txt, .text,
in folders too; hidden names are passed over. Title, tags, other names and address come from the front
matter, the rest of it is kept; without a title the file's name is one. Links between the files are
links here.
NDJSON (.ndjson, .jsonl, .json and standard input), one record a line:
  {\"title\": \"…\", \"text\": \"…\", \"tags\": [\"…\"], \"url\": \"…\", \"kind\": \"note\", \"written\": \"2024-05-01T10:00:00Z\",
   \"id\": \"…\", \"aliases\": [\"…\"]}
Every field may be left out, but a record without title, text and url is refused.
Importing again adds what is new, and gives documents whose files changed a new version; what is gone
there stays here. Exit code 1 where something was refused.")]
pub(crate) struct Args {
    /// A folder, a file, or `-` for NDJSON on standard input
    path: PathBuf,
    /// Collective it goes to: name or id prefix
    #[arg(long = "in", value_name = "COLLECTIVE")]
    collective: Option<String>,
    /// What it is, where that cannot be seen
    #[arg(long, value_name = "FORMAT")]
    from: Option<Format>,
    /// Name under which it is remembered, so that it may move; of a folder its path if absent
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Sign with a limited device of yours; what its limits forbid is refused
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
    /// Go on: import what changes in the folder, until Ctrl-C
    #[arg(long, conflicts_with = "dry_run")]
    watch: bool,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

/// # Errors
/// Where nothing can be read or stored. Single items that are refused end in the report, and in
/// exit code 1.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    let mut origin = Origin::open(&args.path, args.from)?;
    if args.watch && origin.names().is_none() {
        return Err(CliError::usage("only a folder can be watched"));
    }
    let mut report = once(cx, args, &mut origin, None)?;
    if !args.watch {
        report.print(cx)?;
        return report.verdict();
    }
    let mut told = Told::default();
    report.only_news(&mut told, &origin.names().cloned().unwrap_or_default());
    report.print(cx)?;
    watch(cx, args, &mut origin, told)
}

/// Reads and stores it all; of a folder, where `since` is given, what changed since then.
fn once(
    cx: &Context<'_>,
    args: &Args,
    origin: &mut Origin,
    since: Option<&BTreeMap<String, Stamp>>,
) -> Result<Report, CliError> {
    let vault = args.source.clone().or_else(|| origin.vault(&args.path));
    let access = Access::open(cx, Need::Home)?;
    if args.collective.is_some() {
        // Whoever writes to us need not write it all to hear that the collective is not known.
        let _: Imported = access.ask(Command::Import {
            collective: args.collective.clone(),
            items: Vec::new(),
            dry_run: true,
            device: args.device.clone(),
            vault: None,
        })?;
    }
    let bar = match since {
        None => bar(cx, origin),
        Some(_) => ProgressBar::hidden(),
    };
    let mut report = Report {
        dry_run: args.dry_run,
        ..Report::default()
    };
    report.pass_over(origin.others());
    let (send, batches) = sync_channel(READ_AHEAD);
    let done = &mut report.done;
    let notes = std::thread::scope(|scope| {
        let (give, pieces) = sync_channel(PIECES);
        let reader = scope.spawn(|| {
            origin.read(since, &mut move |piece, taken| {
                give.send((piece, taken)).is_ok()
            })
        });
        scope.spawn(move || gather(&pieces, |batch| send.send(batch).is_ok()));
        let stored = store(&access, args, vault.as_deref(), batches, &bar, done);
        let read: Result<Notes, CliError> = reader
            .join()
            .unwrap_or_else(|_| Err(CliError::failed("reading ended by a fault")));
        stored.and(read)
    })
    .inspect_err(|_| {
        bar.finish_and_clear();
        cx.ui
            .say(&format!("{} before it failed", counts(done, args.dry_run)));
    })?;
    bar.finish_and_clear();
    report.notes = notes;
    if let (Some(vault), Some(names)) = (vault, origin.names()) {
        report.gone = gone(&access, args, &vault, names)?;
    }
    Ok(report)
}

/// Imports what changes until the person ends it. The home is opened for each change alone, so that
/// other commands have it in between.
fn watch(
    cx: &Context<'_>,
    args: &Args,
    origin: &mut Origin,
    mut told: Told,
) -> Result<(), CliError> {
    cx.ui
        .say(&format!("watching {}; Ctrl-C ends it", args.path.display()));
    let mut stored = origin.names().cloned().unwrap_or_default();
    let mut before = stored.clone();
    let mut unreadable = false;
    // What failed last: the home may be held by another command for a while.
    let mut failed = String::new();
    loop {
        std::thread::sleep(LOOK);
        if let Err(error) = origin.look_again(&args.path) {
            // A disk that is gone may come back.
            if !std::mem::replace(&mut unreadable, true) {
                cx.ui.warn(&error.api.message);
            }
            continue;
        }
        unreadable = false;
        let now = origin.names().cloned().unwrap_or_default();
        // What is still being written is left until it rests.
        let rests = now == before;
        before.clone_from(&now);
        if !rests || now == stored {
            continue;
        }
        match once(cx, args, origin, Some(&stored)) {
            Ok(mut report) => {
                failed.clear();
                report.only_news(&mut told, &now);
                if !report.is_quiet() {
                    report.print(cx)?;
                }
                stored = now;
            }
            // It is tried again.
            Err(error) if error.api.message == failed => {}
            Err(error) => {
                cx.ui.warn(&error.api.message);
                failed = error.api.message;
            }
        }
    }
}

/// What was imported from here before and is here no longer, where its document still stands.
fn gone(
    access: &Access,
    args: &Args,
    vault: &str,
    names: &BTreeMap<String, Stamp>,
) -> Result<Vec<ImportSource>, CliError> {
    let mut gone: Vec<ImportSource> = Vec::new();
    let mut after = None;
    loop {
        let page: ImportSourcesView = access.ask(Command::ImportSources(ImportSources {
            collective: args.collective.clone(),
            vault: vault.to_owned(),
            after,
        }))?;
        let missing = page
            .items
            .into_iter()
            .filter(|source| !names.contains_key(&source.path));
        gone.extend(missing);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    gone.sort_by(|a, b| a.path.cmp(&b.path));
    let mut looked_at = 0;
    gone.retain(|source| {
        looked_at += 1;
        if looked_at > MOST_LOOKED_AT {
            return true;
        }
        let show = folkmoot_client::api::Show {
            id: source.document.clone(),
        };
        let shown: Result<ShowView, CliError> = access.ask(Command::Show(show));
        shown.is_ok_and(|view| view.text.is_some() || view.item.url.is_some())
    });
    Ok(gone)
}

/// Sends batch after batch; the reader is one or two ahead.
fn store(
    access: &Access,
    args: &Args,
    vault: Option<&str>,
    batches: Receiver<Batch>,
    bar: &ProgressBar,
    done: &mut Imported,
) -> Result<(), CliError> {
    for batch in batches {
        refuse(done, batch.refused);
        if !batch.items.is_empty() {
            let imported: Imported = access.ask(Command::Import {
                collective: args.collective.clone(),
                items: batch.items,
                device: args.device.clone(),
                vault: vault.map(str::to_owned),
                dry_run: args.dry_run,
            })?;
            done.added += imported.added;
            done.changed += imported.changed;
            done.beside += imported.beside;
            for (name, many) in imported.elsewhere {
                *done.elsewhere.entry(name).or_default() += many;
            }
            done.skipped += imported.skipped;
            refuse(done, imported.refused);
        }
        bar.inc(batch.progress);
    }
    Ok(())
}

/// A bar on standard error; it hides where that is no terminal.
fn bar(cx: &Context<'_>, origin: &Origin) -> ProgressBar {
    let Some((length, template)) = origin.extent().filter(|_| !cx.ui.is_quiet()) else {
        return ProgressBar::hidden();
    };
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
