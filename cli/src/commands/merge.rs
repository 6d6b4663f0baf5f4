//! `moot merge`

use std::io::Write;

use folkmoot_client::api::{Command, MergeArgs, Merged};
use folkmoot_library::undecided;

use crate::{
    access::{Access, Need},
    commands::{Context, note::standard_input},
    error::CliError,
    ui::{self, clean, clean_text, plural, style},
};

/// Bring versions together that stand side by side
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot merge 7f3a                line by line; your editor opens for what has to be decided
  moot merge 7f3a - < both.md    with the text that you decided on
  moot merge 7f3a --take 9c3a    one of them as a whole

Where nobody can be asked, the text is printed with marks around what has to be decided, and nothing
is written.")]
pub(crate) struct Args {
    /// Id, its first digits, or an exact title
    id: String,
    /// The text decided on; `-` reads standard input
    #[arg(conflicts_with = "take")]
    text: Option<String>,
    /// Take this version as a whole
    #[arg(long, value_name = "VERSION")]
    take: Option<String>,
    /// The title decided on
    #[arg(long)]
    title: Option<String>,
    /// Only these versions [default: all current ones]
    #[arg(long, value_name = "VERSION")]
    of: Vec<String>,
    /// Sign with a limited device of yours, within its limits
    #[arg(long = "as", value_name = "DEVICE")]
    device: Option<String>,
}

/// # Errors
/// What has to be decided first, or what the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let text = match args.text {
        Some(text) if text == "-" => Some(standard_input()?.trim_end().to_owned()),
        other => other,
    };
    let mut ask = MergeArgs {
        id: args.id,
        versions: args.of,
        text,
        title: args.title,
        take: args.take,
        device: args.device,
    };
    // The home is not held open while the person decides.
    let tried: Merged = Access::open(cx, Need::ExistingHome)?.ask(Command::Merge(ask.clone()))?;
    let Some(marked) = &tried.undecided else {
        return print_merged(cx, &tried);
    };
    if cx.ui.json || !ui::may_edit(cx.ui) {
        return Err(undecided_here(cx, &tried, marked)?);
    }
    let draft = ui::edit(&format!("{marked}\n"))?;
    if let Some(line) = undecided(&draft.text) {
        let error = CliError::usage(format!("line {line} still has a mark; nothing was written"))
            .hint(format!("decide, then: moot merge {} - < FILE", tried.short));
        return Err(draft.kept(error));
    }
    ask.text = Some(draft.text.trim_end().to_owned());
    // Those that the person has seen, and no others that came meanwhile.
    ask.versions = tried.versions.iter().map(|v| v.id.clone()).collect();
    let merged = Access::open(cx, Need::ExistingHome)
        .and_then(|access| access.ask::<Merged>(Command::Merge(ask)));
    match merged {
        Ok(merged) => {
            draft.done();
            print_merged(cx, &merged)
        }
        Err(error) => Err(draft.kept(error)),
    }
}

fn print_merged(cx: &Context<'_>, merged: &Merged) -> Result<(), CliError> {
    if cx.ui.json {
        return cx.ui.object(merged);
    }
    let Some(version) = &merged.version else {
        cx.ui.say("there is one current version; nothing to merge");
        return Ok(());
    };
    let mut out = cx.ui.out();
    if cx.ui.out_is_terminal() {
        let (id, dim) = (style::ID, style::DIM);
        let of: Vec<&str> = merged.versions.iter().map(|v| v.short.as_str()).collect();
        writeln!(
            out,
            "{id}{}{id:#}  {dim}merged {}{dim:#}",
            merged.short,
            of.join(" and ")
        )?;
    } else {
        writeln!(out, "{version}")?;
    }
    out.flush()?;
    for note in &merged.notes {
        cx.ui.say(&clean(note));
    }
    Ok(())
}

/// Prints what has to be decided, for whoever decides elsewhere.
fn undecided_here(cx: &Context<'_>, tried: &Merged, marked: &str) -> Result<CliError, CliError> {
    if cx.ui.json {
        cx.ui.object(tried)?;
    } else {
        let mut out = cx.ui.out();
        writeln!(out, "{}", clean_text(marked))?;
        out.flush()?;
    }
    let of: Vec<String> = tried
        .versions
        .iter()
        .map(|version| format!("--of {}", version.short))
        .collect();
    let places = plural(u64::from(tried.conflicts), "place", "places");
    Ok(CliError::failed(format!(
        "the versions differ in {places} that somebody has to decide; nothing was written"
    ))
    .hint(format!(
        "take out the marks and give the text: moot merge {} {} - < FILE",
        tried.short,
        of.join(" ")
    )))
}
