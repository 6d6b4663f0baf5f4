//! `moot verify`

use std::{
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use folkmoot_client::api::ErrorCode;
use folkmoot_engine::{
    Checked, CheckedCollective, KeysChecked, Unlock, check_backup, check_bundle, is_backup,
    keys_of_bundle,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    commands::Context,
    error::CliError,
    passphrase,
    ui::{bytes, clean, count, plural, style},
};

/// Most bytes of a file with words: a recovery card with everything on it.
const MOST_WORDS: u64 = 256 << 10;
/// Faults that are shown; `--json` gives a hundred.
const SHOWN: usize = 10;

/// Check a bundle or a backup, without a node and without a home
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot verify everything.moot
  moot verify everything.moot --keys             the keys too: asks for the passphrase
  moot verify everything.moot --words card.txt   the keys by your 24 words

Checked are: that the file is whole, each record's signature and id, that its members' rights add
up, and what is missing. With a secret: that the keys open and fit the records. Exit codes: 0 all of
it is good, 1 damaged, forged or cut short, 2 no bundle, 3 no such file, 4 the secret does not open
the keys.")]
pub(crate) struct Args {
    /// The bundle, or the folder of a backup
    #[arg(value_name = "COPY")]
    file: PathBuf,
    /// Open the keys with the passphrase: MOOT_PASSPHRASE_FILE, or asked for
    #[arg(long)]
    keys: bool,
    /// Open the keys with the 24 words, or the recovery card, in this file
    #[arg(long, value_name = "FILE", conflicts_with = "keys")]
    words: Option<PathBuf>,
}

/// # Errors
/// What is not good about it.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    if is_backup(&args.file) {
        if args.keys || args.words.is_some() {
            return Err(CliError::usage(
                "the keys of a backup are proved by bringing it back into a temporary folder",
            )
            .hint("moot backup drill FOLDER"));
        }
        return backup(cx, &args.file);
    }
    if args.file.is_dir() {
        let place = args.file.display();
        return Err(CliError::new(
            ErrorCode::NotFound,
            format!("{place} is a folder, and no backup"),
        )
        .hint("name a bundle, which is a file, or a folder of `moot backup`"));
    }
    let secret = match (&args.words, args.keys) {
        (Some(file), _) => Some(Opener::Words(read_words(file)?)),
        (None, true) => Some(opener(cx, &args.file)?),
        (None, false) => None,
    };
    let bar = bar(cx, &args.file);
    let checked = check_bundle(
        &args.file,
        secret.as_ref().map(Opener::unlock),
        &mut |read| bar.set_position(read),
    );
    bar.finish_and_clear();
    let checked = checked?;
    if cx.ui.json {
        cx.ui.object(&as_json(&checked))?;
    } else {
        print(cx, &args.file, &checked)?;
    }
    if checked.is_whole() {
        return Ok(());
    }
    let faults = checked.faults.len() as u64 + checked.more_faults;
    let faults = plural(faults, "fault was", "faults were");
    Err(
        CliError::failed(format!("{faults} found in {}", args.file.display()))
            .hint("make another bundle while the home is there: moot export --bundle FILE"),
    )
}

/// Of a backup: whether each piece is what was written. A drill says more.
fn backup(cx: &Context<'_>, folder: &Path) -> Result<(), CliError> {
    let (faults, pieces) = check_backup(folder)?;
    let good = faults.is_empty();
    if cx.ui.json {
        cx.ui
            .object(&json!({ "good": good, "pieces": pieces, "faults": faults }))?;
    } else if good {
        let (ok, place) = (style::GOOD, folder.display().to_string());
        let place = clean(&place);
        let pieces = plural(pieces, "piece", "pieces");
        let mut out = cx.ui.out();
        writeln!(
            out,
            "{ok}✓{ok:#} {place}: whole, {pieces}; moot backup drill proves that it comes back"
        )?;
        out.flush()?;
    } else {
        for fault in faults.iter().take(SHOWN) {
            cx.ui.warn(fault);
        }
    }
    if good {
        return Ok(());
    }
    let faults = plural(faults.len() as u64, "fault was", "faults were");
    Err(
        CliError::failed(format!("{faults} found in {}", folder.display()))
            .hint("make another one into a new folder: moot backup FOLDER"),
    )
}

/// What opens the keys of a copy.
pub(crate) enum Opener {
    Passphrase(Zeroizing<String>),
    Words(Zeroizing<String>),
}

impl Opener {
    pub(crate) fn unlock(&self) -> Unlock<'_> {
        match self {
            Self::Passphrase(text) => Unlock::Passphrase(text),
            Self::Words(text) => Unlock::Words(text),
        }
    }
}

/// The passphrase of a bundle that has one, else the words.
pub(crate) fn opener(cx: &Context<'_>, file: &Path) -> Result<Opener, CliError> {
    match keys_of_bundle(file)? {
        Some(true) => match passphrase::from_file()? {
            Some(text) => Ok(Opener::Passphrase(text)),
            None => passphrase::ask(cx.ui).map(Opener::Passphrase),
        },
        Some(false) => ask_words(cx),
        None => Err(CliError::failed("it holds no keys, or they are damaged")
            .hint("moot verify FILE tells what is wrong")),
    }
}

/// The words, typed.
pub(crate) fn ask_words(cx: &Context<'_>) -> Result<Opener, CliError> {
    let instead = "its keys are sealed under the words alone: --words FILE";
    let line = crate::ui::secret_line(cx.ui, "The 24 words", instead)?;
    Ok(Opener::Words(Zeroizing::new(line)))
}

/// The words, or a card, in a file.
pub(crate) fn read_words(path: &Path) -> Result<Zeroizing<String>, CliError> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)
        .and_then(|file| file.take(MOST_WORDS).read_to_string(&mut text))
        .map_err(|error| CliError::file(path, &error))?;
    Ok(text)
}

fn bar(cx: &Context<'_>, file: &Path) -> ProgressBar {
    let Ok(found) = std::fs::metadata(file) else {
        return ProgressBar::hidden();
    };
    if cx.ui.is_quiet() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(found.len());
    match ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

pub(crate) fn as_json(checked: &Checked) -> Value {
    let collective = |one: &CheckedCollective| {
        json!({
            "id": one.id, "name": one.name, "home": one.home, "control": one.control,
            "content": one.content, "members": one.members, "sealed_keys": one.sealed,
            "erased": one.erased, "without_body": one.bodiless, "void": one.void,
            "missing_control": one.missing, "missing_in_logs": one.gaps, "fewer": one.fewer,
        })
    };
    let keys = match checked.keys {
        KeysChecked::Missing => json!({ "state": "missing" }),
        KeysChecked::Sealed { by_passphrase } => {
            json!({ "state": "sealed", "by_passphrase": by_passphrase })
        }
        KeysChecked::Opened {
            collectives,
            epochs,
        } => json!({ "state": "opened", "collectives": collectives, "epochs": epochs }),
    };
    json!({
        "good": checked.is_whole(),
        "frames": checked.frames,
        "bytes": checked.bytes,
        "records": checked.records,
        "collectives": checked.collectives.iter().map(collective).collect::<Vec<_>>(),
        "keys": keys,
        "faults": checked.faults,
        "more_faults": checked.more_faults,
    })
}

fn print(cx: &Context<'_>, file: &Path, checked: &Checked) -> Result<(), CliError> {
    let mut out = cx.ui.out();
    let (good, bad, dim) = (style::GOOD, style::BAD, style::DIM);
    let records = plural(checked.records, "record", "records");
    let place = file.display().to_string();
    let place = clean(&place);
    let size = bytes(checked.bytes);
    if checked.is_whole() {
        writeln!(
            out,
            "{good}✓{good:#} {place}: whole, {records}, {size}; every signature holds"
        )?;
    } else {
        writeln!(out, "{bad}✗{bad:#} {place}: {records} are good, {size}")?;
    }
    for one in &checked.collectives {
        let mut told = vec![
            plural(one.content, "text or act", "texts and acts"),
            plural(one.control, "control record", "control records"),
            plural(one.members, "member", "members"),
        ];
        let few = [
            (one.erased, "erased on purpose"),
            (one.bodiless, "without its text"),
            (one.gaps, "not held when it was made"),
            (one.missing, "missing that others rest on"),
            (one.void, "refused by the rules"),
        ];
        let few = few.iter().filter(|(n, _)| *n > 0);
        told.extend(few.map(|(n, what)| format!("{} {what}", count(*n))));
        writeln!(out, "  {}: {}", clean(&one.name), told.join(", "))?;
    }
    match checked.keys {
        KeysChecked::Missing => writeln!(out, "  {dim}no keys{dim:#}")?,
        KeysChecked::Sealed { by_passphrase } => {
            let by = match by_passphrase {
                true => "a passphrase, and under the 24 words",
                false => "the 24 words",
            };
            writeln!(out, "  {dim}keys sealed under {by}; not opened{dim:#}")?;
        }
        KeysChecked::Opened { collectives, .. } => {
            let of = plural(collectives, "collective", "collectives");
            writeln!(out, "  keys open, and fit: {of}")?;
        }
    }
    out.flush()?;
    for fault in checked.faults.iter().take(SHOWN) {
        cx.ui.warn(fault);
    }
    let more = checked.faults.len().saturating_sub(SHOWN) as u64 + checked.more_faults;
    if more > 0 {
        cx.ui.warn(&format!("and {more} more"));
    }
    Ok(())
}
