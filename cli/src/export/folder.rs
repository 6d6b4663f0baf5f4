//! `moot export --to`: a folder of Markdown files, or NDJSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use folkmoot_client::api::{Command, PageFile, PageName, PagesAsk, PagesView};
use folkmoot_library::page::{self, Page};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::names::assign;
use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    lines::Line,
    ui::{clean, count, plural},
};

/// What was written where, in the folder: hidden, so that imports pass it over.
const INDEX: &str = ".moot-export";
/// Files asked for at once, as many as the node gives.
const FILES: usize = 100;
/// Most documents of one export: their names lie in memory, some 200 bytes each.
const MOST: u64 = 2_000_000;
/// Files left alone that are named; the rest is counted.
const SHOWN: usize = 20;

/// What to export.
pub(crate) struct Job {
    /// Which documents.
    pub ask: PagesAsk,
    /// Where to.
    pub to: PathBuf,
    /// Only say what would be done.
    pub dry_run: bool,
    /// Overwrite what is not of an export.
    pub force: bool,
}

/// A line of the index.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Wrote {
    id: String,
    file: String,
    /// Of the bytes that were written.
    hash: String,
}

/// A file that could not be written.
#[derive(Debug, Serialize)]
struct NotWritten {
    file: String,
    why: String,
}

#[derive(Default, Serialize)]
struct Report {
    written: u64,
    unchanged: u64,
    left_alone: Vec<String>,
    /// Where something is in the way, or the system refuses: each with the reason.
    not_written: Vec<NotWritten>,
    /// Documents with versions side by side, of which one was written.
    unmerged: Vec<String>,
    /// Files of documents that are not found any more.
    gone: u64,
    /// Comments and other records that do not stand by themselves.
    left_out: u64,
    dry_run: bool,
}

/// Writes one file a document.
///
/// # Errors
/// What the engine or the disk says; exit code 1 where files were left alone.
pub(crate) fn markdown(cx: &Context<'_>, job: &Job) -> Result<(), CliError> {
    if job.to.is_file() {
        return Err(CliError::usage(format!("{} is a file", job.to.display()))
            .hint("name a folder; --as ndjson writes one file"));
    }
    let access = Access::open(cx, Need::ExistingHome)?;
    let (names, left_out) = names(&access, job)?;
    let mut index = read_index(&job.to.join(INDEX))?;
    let kept = index.iter().map(|(id, one)| (id.clone(), one.file.clone()));
    let places = assign(&names, &kept.collect());
    let found: BTreeSet<&str> = names.iter().map(|name| name.id.as_str()).collect();
    let gone = index.keys().filter(|id| !found.contains(id.as_str()));
    let mut report = Report {
        left_out,
        dry_run: job.dry_run,
        gone: gone.count() as u64,
        ..Report::default()
    };
    if !job.dry_run {
        fs::create_dir_all(&job.to).map_err(|error| CliError::file(&job.to, &error))?;
    }
    let worked = each_file(cx, &access, &names, &mut |name, file| {
        let Some(place) = places.get(&name.id) else {
            return Ok(());
        };
        if name.beside > 0 {
            report.unmerged.push(name.title.clone());
        }
        write_page(job, &name.id, place, &file, &mut index, &mut report)
    });
    // What was written is known, also where it broke off.
    if !job.dry_run && !index.is_empty() {
        write_index(&job.to.join(INDEX), &index)?;
    }
    report.left_out += worked?;
    tell(cx, job, &report)
}

/// One page to its place, unless something else stands there.
fn write_page(
    job: &Job,
    id: &str,
    place: &str,
    file: &PageFile,
    index: &mut BTreeMap<String, Wrote>,
    report: &mut Report,
) -> Result<(), CliError> {
    if !is_below(place) {
        report.left_alone.push(place.to_owned());
        return Ok(());
    }
    let path = job.to.join(place);
    let bytes = file.file.as_bytes();
    let wrote = Wrote {
        id: id.to_owned(),
        file: place.to_owned(),
        hash: blake3::hash(bytes).to_hex().to_string(),
    };
    match fs::read(&path) {
        Ok(there) if there == bytes => {
            report.unchanged += 1;
            index.insert(id.to_owned(), wrote);
            return Ok(());
        }
        Ok(there) => {
            let hash = blake3::hash(&there).to_hex();
            let ours = index.get(id).is_some_and(|one| one.hash == hash.as_str());
            if !ours && !job.force && !says_the_same(&there, &file.file) {
                report.left_alone.push(place.to_owned());
                return Ok(());
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return in_the_way(&path, place, &error, report),
    }
    if job.dry_run {
        report.written += 1;
        return Ok(());
    }
    if let Err(error) = put(&path, bytes) {
        return in_the_way(&path, place, &error, report);
    }
    report.written += 1;
    index.insert(id.to_owned(), wrote);
    Ok(())
}

/// Whether a file differs in its head alone: somebody changed it and imported it since, and nothing
/// is lost where the new head takes its place.
fn says_the_same(there: &[u8], new: &str) -> bool {
    let read = |text: &str| {
        page::read(text).map(|page| Page {
            version: None,
            author: None,
            collective: None,
            created: None,
            updated: None,
            ..page
        })
    };
    let there = std::str::from_utf8(there).ok().and_then(read);
    there.is_some() && there == read(new)
}

/// What stands in the way of one file is told at the end. What stands in the way of all ends it.
fn in_the_way(
    path: &Path,
    place: &str,
    error: &io::Error,
    report: &mut Report,
) -> Result<(), CliError> {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    if matches!(
        error.kind(),
        StorageFull | QuotaExceeded | ReadOnlyFilesystem
    ) {
        return Err(CliError::file(path, error));
    }
    report.not_written.push(NotWritten {
        file: place.to_owned(),
        why: CliError::file(path, error).api.message,
    });
    Ok(())
}

/// Writes a file beside its place and then puts it there.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".moot-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

fn tell(cx: &Context<'_>, job: &Job, report: &Report) -> Result<(), CliError> {
    if cx.ui.json {
        cx.ui.object(report)?;
    } else {
        let verb = match job.dry_run {
            true => "would be written",
            false => "written",
        };
        let mut out = cx.ui.out();
        writeln!(
            out,
            "{} {verb}, {} unchanged, {} left alone",
            plural(report.written, "file", "files"),
            count(report.unchanged),
            count(report.left_alone.len() as u64),
        )?;
        out.flush()?;
        for place in report.left_alone.iter().take(SHOWN) {
            cx.ui.warn(&format!(
                "{place} is not of an export, or was changed since"
            ));
        }
        for one in report.not_written.iter().take(SHOWN) {
            cx.ui.warn(&clean(&one.why));
        }
        more(cx, report.not_written.len());
        tell_unmerged(cx, &report.unmerged);
        if report.gone > 0 {
            let files = plural(report.gone, "file is", "files are");
            cx.ui.say(&format!(
                "{files} of earlier exports and not of this one; nothing was deleted"
            ));
        }
        if report.left_out > 0 {
            let records = plural(report.left_out, "record stands", "records stand");
            cx.ui.say(&format!(
                "{records} beside others (comments and the like): a bundle has them too"
            ));
        }
    }
    if !report.not_written.is_empty() {
        let many = report.not_written.len() as u64;
        let files = plural(many, "file was", "files were");
        return Err(CliError::failed(format!("{files} not written"))
            .hint("move away what is in the way, and export again"));
    }
    if report.left_alone.is_empty() {
        return Ok(());
    }
    let files = plural(report.left_alone.len() as u64, "file was", "files were");
    Err(CliError::failed(format!("{files} left alone"))
        .hint("move them away, or import them first; --force overwrites them"))
}

fn more(cx: &Context<'_>, all: usize) {
    if all > SHOWN {
        let rest = count((all - SHOWN) as u64);
        cx.ui
            .warn(&format!("and {rest} more; --json names them all"));
    }
}

fn tell_unmerged(cx: &Context<'_>, titles: &[String]) {
    if titles.is_empty() {
        return;
    }
    let many = plural(titles.len() as u64, "document has", "documents have");
    cx.ui.warn(&format!(
        "{many} versions side by side, and one of them was written: moot find is:unmerged"
    ));
    for title in titles.iter().take(SHOWN) {
        cx.ui.warn(&clean(title));
    }
    more(cx, titles.len());
}

/// Writes one JSON object a line, as `moot import` reads them.
///
/// # Errors
/// What the engine or the disk says.
pub(crate) fn ndjson(cx: &Context<'_>, job: &Job) -> Result<(), CliError> {
    let to_stdout = job.to.as_os_str() == "-";
    if !to_stdout && job.to.exists() && !job.force {
        return Err(
            CliError::failed(format!("{} is there already", job.to.display()))
                .hint("name another file, or add --force to put the new one in its place"),
        );
    }
    let access = Access::open(cx, Need::ExistingHome)?;
    let (names, mut left_out) = names(&access, job)?;
    if job.dry_run {
        cx.ui.say(&format!(
            "{} would be written",
            plural(names.len() as u64, "line", "lines")
        ));
        return Ok(());
    }
    if to_stdout {
        let mut out = cx.ui.out();
        left_out += each_file(cx, &access, &names, &mut |_, file| line(&mut out, &file))?;
        out.flush()?;
    } else {
        let folder = match job.to.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let failed = |error: &io::Error| CliError::file(&job.to, error);
        let new = tempfile::Builder::new()
            .prefix(".moot-")
            .tempfile_in(folder)
            .map_err(|error| failed(&error))?;
        let mut out = BufWriter::new(new);
        left_out += each_file(cx, &access, &names, &mut |_, file| line(&mut out, &file))?;
        let new = out.into_inner().map_err(|error| failed(error.error()))?;
        new.as_file().sync_all().map_err(|error| failed(&error))?;
        new.persist(&job.to).map_err(|error| failed(&error.error))?;
    }
    let unmerged = names.iter().filter(|name| name.beside > 0);
    let unmerged: Vec<String> = unmerged.map(|name| name.title.clone()).collect();
    tell_unmerged(cx, &unmerged);
    if !to_stdout && !cx.ui.json {
        let lines = plural(names.len() as u64, "line", "lines");
        cx.ui.say(&format!("{}: {lines}", job.to.display()));
    }
    if left_out > 0 {
        let records = plural(left_out, "record stands", "records stand");
        cx.ui.say(&format!(
            "{records} beside others (comments and the like): a bundle has them too"
        ));
    }
    Ok(())
}

fn line(out: &mut impl Write, file: &PageFile) -> Result<(), CliError> {
    let Some(page) = page::read(&file.file) else {
        return Err(CliError::failed(format!(
            "the page of {} cannot be read",
            file.record
        )));
    };
    let line = serde_json::to_string(&Line::of(page)).map_err(io::Error::from)?;
    writeln!(out, "{line}")?;
    Ok(())
}

/// All documents that are asked for, and how many records are none. Asked again where something was
/// written meanwhile: a page goes on behind the last one, and what is new may stand before it.
fn names(access: &Access, job: &Job) -> Result<(Vec<PageName>, u64), CliError> {
    let mut found: BTreeMap<String, PageName> = BTreeMap::new();
    let mut left_out = 0;
    for _ in 0..3 {
        let mut next = None;
        let mut totals = BTreeSet::new();
        left_out = 0;
        loop {
            let ask = PagesAsk {
                next,
                ..job.ask.clone()
            };
            let view: PagesView = access
                .ask(Command::Pages(ask))
                .map_err(|error| error.of_query(&job.ask.query))?;
            if view.partial {
                return Err(
                    CliError::failed("the index is being rebuilt: some would be missing")
                        .hint("wait until `moot status` shows no lag, and try again"),
                );
            }
            if view.total > MOST {
                return Err(
                    CliError::usage(format!("more than {} documents", count(MOST)))
                        .hint("export them in parts, by a query"),
                );
            }
            left_out += view.left_out;
            totals.insert(view.total);
            found.extend(
                view.names
                    .into_iter()
                    .map(|name| (name.record.clone(), name)),
            );
            match view.next {
                Some(place) => next = Some(place),
                None => break,
            }
        }
        if totals.len() <= 1 {
            break;
        }
    }
    let mut names: Vec<PageName> = found.into_values().collect();
    // As their files say, and so the same wherever they are exported; the earliest first.
    names.sort_by_cached_key(|name| (name.created.parse::<Timestamp>().ok(), name.id.clone()));
    Ok((names, left_out))
}

/// Asks for the files of documents, in their order; gives how many were gone.
fn each_file(
    cx: &Context<'_>,
    access: &Access,
    names: &[PageName],
    each: &mut dyn FnMut(&PageName, PageFile) -> Result<(), CliError>,
) -> Result<u64, CliError> {
    let bar = match cx.ui.is_quiet() {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(names.len() as u64),
    };
    let bar = match ProgressStyle::with_template("{bar:30} {pos} of {len} files, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    let mut gone = 0;
    for some in names.chunks(FILES) {
        let ids = some.iter().map(|name| name.record.clone()).collect();
        let view: PagesView = access.ask(Command::Pages(PagesAsk {
            ids,
            ..PagesAsk::default()
        }))?;
        gone += view.left_out;
        for file in view.files {
            if let Some(name) = some.iter().find(|name| name.record == file.record) {
                each(name, file)?;
            }
        }
        bar.inc(some.len() as u64);
    }
    bar.finish_and_clear();
    Ok(gone)
}

fn read_index(path: &Path) -> Result<BTreeMap<String, Wrote>, CliError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(CliError::file(path, &error)),
    };
    let mut index = BTreeMap::new();
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|error| CliError::file(path, &error))?;
        // A line that cannot be read costs at most a question about one file.
        if let Ok(one) = serde_json::from_str::<Wrote>(&line)
            && is_below(&one.file)
        {
            index.insert(one.id.clone(), one);
        }
    }
    Ok(index)
}

/// Whether a place lies below the folder: nobody's index leads out of it.
fn is_below(place: &str) -> bool {
    let mut parts = Path::new(place).components();
    parts.all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn write_index(path: &Path, index: &BTreeMap<String, Wrote>) -> Result<(), CliError> {
    let mut bytes = Vec::new();
    for one in index.values() {
        serde_json::to_writer(&mut bytes, one).map_err(io::Error::from)?;
        bytes.push(b'\n');
    }
    put(path, &bytes).map_err(|error| CliError::file(path, &error))
}
