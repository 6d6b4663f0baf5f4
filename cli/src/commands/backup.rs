//! `moot backup`

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use data_encoding::BASE64;
use folkmoot_client::api::{
    BackupPoint, BundleAsk, BundlePart, Command, CopyMade, ErrorCode, StatusView,
};
use folkmoot_engine::{Drill, back_up, is_backup};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    access::{Access, Need},
    commands::Context,
    error::CliError,
    export::damage::check_log,
    ui::{age, bytes, clean, plural, style},
};

/// Copy everything into a folder; the next time only what is new
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Examples:
  moot backup /media/stick/moot
  moot backup /media/stick/moot --keep 30
  moot backup drill              prove that the last one brings everything back
  moot restore /media/stick/moot --words card.txt

It runs beside your node. A run that breaks off leaves the backup as it was. Texts lie in it in the
open: keep it like your home folder. The keys are sealed under your 24 words, and nothing else opens
them.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The folder: empty, new, or a backup of this home
    #[arg(value_name = "FOLDER", required = true)]
    folder: Option<PathBuf>,
    /// Earlier states that stay; pieces that none of them needs are removed
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    keep: u64,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Bring the backup back into a temporary folder, and compare it with your home
    #[command(after_help = "\
Examples:
  moot backup drill
  moot backup drill /media/stick/moot

Every signature is checked, and every record and key is held against those of your home. Nothing of
your home changes, and the temporary folder (TMPDIR names where) is removed.")]
    Drill {
        /// The backup; the last one if left out
        folder: Option<PathBuf>,
    },
}

/// # Errors
/// What the engine or the disk says, or what did not come back.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let access = Access::open(cx, Need::ExistingHome)?;
    match args.verb {
        Some(Verb::Drill { folder }) => drill(cx, &access, folder),
        None => backup(cx, &access, &args.folder.unwrap_or_default(), args.keep),
    }
}

fn backup(cx: &Context<'_>, access: &Access, folder: &Path, keep: u64) -> Result<(), CliError> {
    let begun = Instant::now();
    let damage = check_log(cx, access)?;
    let point: BackupPoint = access.ask(Command::BackupPoint {})?;
    let bar = match cx.ui.is_quiet() {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(0),
    };
    let bar = match ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    let done = back_up(folder, &point, keep, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let done = done?;
    let place = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let place = place.display().to_string();
    // The backup stands; that it was not noted is no reason to fail.
    if let Err(error) = access.ask::<String>(Command::CopyMade(CopyMade { place })) {
        cx.ui
            .warn(&format!("it was not noted: {}", error.api.message));
    }
    if cx.ui.json {
        return cx.ui.object(&json!({
            "folder": folder.display().to_string(),
            "written": done.written,
            "kept": done.kept,
            "mended": done.mended,
            "broken": done.broken,
            "states": done.states,
            "warnings": done.warnings,
            "damage": damage,
            "milliseconds": u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        }));
    }
    for warning in &done.warnings {
        cx.ui.warn(warning);
    }
    if done.mended > 0 {
        cx.ui.warn(&format!(
            "{} damaged or missing in the folder and written anew: look at that disk",
            plural(done.mended, "piece was", "pieces were")
        ));
    }
    if done.broken > 0 {
        cx.ui.warn(&format!(
            "{} cannot be brought back any more: a piece is gone, and so it is from the log",
            plural(done.broken, "earlier state", "earlier states")
        ));
    }
    if !point.damage.is_empty() {
        cx.ui.warn(
            "no older state is removed while moot status tells of damage; moot status --seen puts the notice away",
        );
    }
    cx.ui.say(&format!(
        "{}: {} written, {} there already; {} kept",
        clean(&folder.display().to_string()),
        bytes(done.written),
        bytes(done.kept),
        plural(done.states, "state is", "states are"),
    ));
    Ok(())
}

fn drill(cx: &Context<'_>, access: &Access, folder: Option<PathBuf>) -> Result<(), CliError> {
    let begun = Instant::now();
    let folder = match folder {
        Some(folder) => folder,
        None => last(access)?,
    };
    if !is_backup(&folder) {
        let message = format!("{} is no backup", folder.display());
        return Err(CliError::new(ErrorCode::NotFound, message)
            .hint("moot backup FOLDER makes one; moot backup drill FOLDER names another"));
    }
    // Else damage that nobody has met would be passed over on both sides.
    check_log(cx, access)?;
    let words = Zeroizing::new(access.ask::<String>(Command::Phrase {})?);
    let temporary = tempfile::tempdir()
        .map_err(|error| CliError::failed(format!("no temporary folder could be made: {error}")))?;
    let home = temporary.path().join("home");
    let mut drill = Drill::begin(&folder, &home, &words, &mut |text| cx.ui.say(&clean(text)))?;
    cx.ui.say("comparing with your home");
    let mut next = None;
    loop {
        let ask = BundleAsk {
            next,
            passphrase: None,
        };
        let part: BundlePart = access.ask(Command::BundlePart(ask))?;
        let frames = BASE64
            .decode(part.frames.as_bytes())
            .map_err(|_| CliError::failed("the node's answer cannot be read"))?;
        drill.compare(&frames)?;
        match part.next {
            Some(place) => next = Some(place),
            None => break,
        }
    }
    let report = drill.end()?;
    let took = begun.elapsed();
    temporary
        .close()
        .map_err(|error| CliError::failed(format!("the temporary folder stays: {error}")))?;
    let good = report.faults.is_empty() && report.checked.is_whole();
    let made = Timestamp::from_millisecond(i64::try_from(report.made_ms).unwrap_or(i64::MAX))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    if cx.ui.json {
        cx.ui.object(&json!({
            "good": good,
            "folder": folder.display().to_string(),
            "made": made,
            "records": report.checked.records,
            "same": report.same,
            "since": report.since,
            "collectives": report.collectives,
            "epochs": report.epochs,
            "damaged": report.damaged,
            "faults": report.faults.iter().chain(&report.checked.faults).collect::<Vec<_>>(),
            "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }))?;
    } else {
        let mut out = cx.ui.out();
        let (ok, bad) = (style::GOOD, style::BAD);
        let same = plural(report.same, "record", "records");
        let of = plural(report.collectives, "collective", "collectives");
        let made = age(made, Timestamp::now());
        if good {
            writeln!(
                out,
                "{ok}✓{ok:#} {same} and the keys of {of} came back, byte for byte, in {:.1} s; made: {made}",
                took.as_secs_f64()
            )?;
        } else {
            writeln!(
                out,
                "{bad}✗{bad:#} {same} came back, and not all that should have"
            )?;
        }
        if report.since > 0 {
            writeln!(
                out,
                "  {} since then",
                plural(report.since, "change", "changes")
            )?;
        }
        out.flush()?;
        if !report.damaged.is_empty() {
            let places = plural(report.damaged.len() as u64, "place", "places");
            cx.ui.warn(&format!(
                "the log was damaged at {places} when it was copied; nothing is told missing that your home still has"
            ));
        }
        for fault in report.faults.iter().chain(&report.checked.faults).take(10) {
            cx.ui.warn(fault);
        }
    }
    if good {
        return Ok(());
    }
    Err(
        CliError::failed("the backup does not bring everything back")
            .hint("make another one into a new folder: moot backup FOLDER"),
    )
}

/// The folder of the last backup.
fn last(access: &Access) -> Result<PathBuf, CliError> {
    let view: StatusView = access.ask(Command::Status {})?;
    let place = view.copy.map(|copy| PathBuf::from(copy.place));
    place.filter(|place| is_backup(place)).ok_or_else(|| {
        CliError::usage("the last copy of this home was no backup, or there is none")
            .hint("make one: moot backup FOLDER; or name it: moot backup drill FOLDER")
    })
}
