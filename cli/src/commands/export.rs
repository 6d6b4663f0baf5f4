//! `moot export`

use std::path::PathBuf;

use clap::ValueEnum;
use folkmoot_client::api::PagesAsk;

use crate::{
    commands::{Context, find::time_zone},
    error::CliError,
    export::{
        bundle,
        folder::{self, Job},
    },
};

/// Take things out: documents as Markdown, or everything in one file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot export --all --to notes                   a folder of Markdown, one file a document
  moot export 'tag:garden since:1w' --to garden  what a query finds
  moot export --all --as ndjson --to all.ndjson  one JSON object a line
  moot export --bundle everything.moot           one file with everything
  moot verify everything.moot                    check it, anywhere
  moot restore everything.moot                   bring it back on a machine without a home

Markdown: each file has a head with id, kind, title, tags, author and times; the text below it is
byte for byte as it was written. Names of files stay when you export again, and only what changed
is written. A file that is not of an export, or was changed since, is left alone unless you say
--force.

The bundle holds every record of your home and your collectives, signed as it was, and the sealed
keys. Texts lie in it in the open: keep it like your home folder. What is secret is sealed under
your 24 words, and under a passphrase if you give one: when asked, or by MOOT_PASSPHRASE_FILE.")]
pub(crate) struct Args {
    /// A query that says what
    query: Vec<String>,
    /// Everything that can be a file
    #[arg(long, conflicts_with = "query")]
    all: bool,
    /// Folder of Markdown files, or file of NDJSON (`-`: standard output)
    #[arg(long, value_name = "PATH", required_unless_present = "bundle")]
    to: Option<PathBuf>,
    /// What to write
    #[arg(long = "as", value_enum, default_value_t = Form::Markdown, value_name = "FORM")]
    form: Form,
    /// Only this collective: name or id prefix
    #[arg(long = "in", value_name = "COLLECTIVE")]
    collective: Option<String>,
    /// Only say what would be written
    #[arg(long, conflicts_with = "bundle")]
    dry_run: bool,
    /// Write one file with everything
    #[arg(long, value_name = "FILE", conflicts_with_all = ["query", "all", "to", "form", "collective"])]
    bundle: Option<PathBuf>,
    /// Seal its keys under the 24 words alone, and ask for no passphrase
    #[arg(long, requires = "bundle")]
    words_only: bool,
    /// Overwrite files that are there
    #[arg(long)]
    force: bool,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// One file a document, with a head.
    Markdown,
    /// One JSON object a line.
    Ndjson,
}

/// # Errors
/// What the engine or the disk says, or files that were left alone.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    if let Some(file) = &args.bundle {
        return bundle(cx, file, args.words_only, args.force);
    }
    let query = args.query.join(" ");
    if query.trim().is_empty() && !args.all {
        return Err(CliError::usage("it is not said what to export")
            .hint("give a query, or --all: moot export --all --to FOLDER"));
    }
    let to = args.to.unwrap_or_default();
    let job = Job {
        ask: PagesAsk {
            query,
            collective: args.collective,
            time_zone: time_zone(),
            ..PagesAsk::default()
        },
        to,
        dry_run: args.dry_run,
        force: args.force,
    };
    match args.form {
        Form::Markdown => folder::markdown(cx, &job),
        Form::Ndjson => folder::ndjson(cx, &job),
    }
}
