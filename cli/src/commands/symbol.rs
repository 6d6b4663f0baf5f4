//! `moot symbol`

use std::io::Write;

use clap::{Subcommand, ValueEnum};
use folkmoot_client::api::{
    Command, SymbolChange, SymbolDefine, SymbolLink, SymbolList, SymbolShow, SymbolStatus,
    SymbolView,
};
use jiff::Timestamp;

use crate::{
    access::{Access, Need},
    commands::{Context, task::Signer},
    error::CliError,
    ui::{age, clean, clean_text, style, table},
};

/// The shared words of your collectives: define, name, relate
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot symbol                                list them
  moot symbol define compost \"Rotted plants that feed the soil.\" --alias humus --in garden
  moot symbol define bokashi \"Compost that ferments.\" --broader compost --in garden
  moot symbol adopt compost                  searches are widened by it from now on
  moot symbol show compost

:compost: in a text links to the word. Where it is adopted, moot find compost also finds texts of
that collective that say humus or bokashi, and says so. A collective decides in words which terms it
uses, for instance by moot propose; adopt and retire write down what was decided. Words of your home
are yours alone: they hold at once, and in all your searches.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List shared words
    List {
        /// Only those of this collective: name or id prefix
        #[arg(long = "in", value_name = "COLLECTIVE")]
        collective: Option<String>,
        /// Only those that stand so [default: all but the retired ones]
        #[arg(long, value_enum)]
        status: Option<StatusArg>,
    },
    /// Show one, with what is broader, narrower and related
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Define a new one
    Define {
        /// The word or words
        term: String,
        /// What it means
        definition: String,
        /// Another name, up to 32
        #[arg(long = "alias", value_name = "NAME")]
        aliases: Vec<String>,
        #[command(flatten)]
        relations: Relations,
        /// Collective whose word it is: name or id prefix [default: your home]
        #[arg(long = "in", value_name = "COLLECTIVE")]
        collective: Option<String>,
        #[command(flatten)]
        signer: Signer,
    },
    /// Take one into use
    Adopt {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        signer: Signer,
    },
    /// Take one out of use; it stays, and links to it too
    Retire {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        signer: Signer,
    },
    /// Give it other names
    Alias {
        /// Term, other name, id or its first digits
        symbol: String,
        /// The other names
        #[arg(required = true)]
        names: Vec<String>,
        /// Take these names away instead
        #[arg(long)]
        remove: bool,
        /// Its collective, where several know the word
        #[arg(long = "in", value_name = "COLLECTIVE")]
        collective: Option<String>,
        #[command(flatten)]
        signer: Signer,
    },
    /// Say what is broader, related or the same
    Relate {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        relations: Relations,
        /// Take these relations away instead
        #[arg(long)]
        remove: bool,
        #[command(flatten)]
        signer: Signer,
    },
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Term, other name, id or its first digits
    symbol: String,
    /// Its collective, where several know the word
    #[arg(long = "in", value_name = "COLLECTIVE")]
    collective: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Relations {
    /// A word of the same collective that means more
    #[arg(long, value_name = "TERM")]
    broader: Vec<String>,
    /// A word that has to do with it
    #[arg(long, value_name = "TERM")]
    related: Vec<String>,
    /// A word that means the same
    #[arg(long = "same-as", value_name = "TERM")]
    same_as: Vec<String>,
}

/// How a word stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum StatusArg {
    /// In use
    Adopted,
    /// Suggested
    Proposed,
    /// No longer in use
    Retired,
}

/// # Errors
/// What the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    let verb = args.verb.unwrap_or(Verb::List {
        collective: None,
        status: None,
    });
    match verb {
        Verb::List { collective, status } => {
            let status = status.map(|status| match status {
                StatusArg::Adopted => SymbolStatus::Adopted,
                StatusArg::Proposed => SymbolStatus::Proposed,
                StatusArg::Retired => SymbolStatus::Retired,
            });
            list(cx, SymbolList { collective, status })
        }
        Verb::Show { which } => {
            let view: SymbolView =
                Access::open(cx, Need::ExistingHome)?.ask(Command::SymbolShow(SymbolShow {
                    symbol: which.symbol,
                    collective: which.collective,
                }))?;
            show(cx, &view)
        }
        Verb::Define {
            term,
            definition,
            aliases,
            relations,
            collective,
            signer,
        } => {
            let view: SymbolView =
                Access::open(cx, Need::Home)?.ask(Command::SymbolDefine(SymbolDefine {
                    term,
                    definition,
                    collective,
                    aliases,
                    broader: relations.broader,
                    related: relations.related,
                    same_as: relations.same_as,
                    device: signer.device,
                }))?;
            done(cx, &view)?;
            if view.status == SymbolStatus::Proposed {
                cx.ui.say(&format!(
                    "it is proposed; when it was agreed: moot symbol adopt {}",
                    view.short
                ));
            }
            Ok(())
        }
        Verb::Adopt { which, signer } => stand(cx, which, SymbolStatus::Adopted, signer),
        Verb::Retire { which, signer } => stand(cx, which, SymbolStatus::Retired, signer),
        Verb::Alias {
            symbol,
            names,
            remove,
            collective,
            signer,
        } => change(
            cx,
            SymbolChange {
                symbol,
                collective,
                aliases: names,
                remove,
                device: signer.device,
                ..SymbolChange::default()
            },
        ),
        Verb::Relate {
            which,
            relations,
            remove,
            signer,
        } => {
            let Relations {
                broader,
                related,
                same_as,
            } = relations;
            if broader.is_empty() && related.is_empty() && same_as.is_empty() {
                return Err(CliError::usage("no relation was given")
                    .hint("moot symbol relate TERM --broader OTHER; also --related, --same-as"));
            }
            change(
                cx,
                SymbolChange {
                    symbol: which.symbol,
                    collective: which.collective,
                    broader,
                    related,
                    same_as,
                    remove,
                    device: signer.device,
                    ..SymbolChange::default()
                },
            )
        }
    }
}

fn stand(
    cx: &Context<'_>,
    which: Which,
    status: SymbolStatus,
    signer: Signer,
) -> Result<(), CliError> {
    change(
        cx,
        SymbolChange {
            symbol: which.symbol,
            collective: which.collective,
            status: Some(status),
            device: signer.device,
            ..SymbolChange::default()
        },
    )
}

fn change(cx: &Context<'_>, change: SymbolChange) -> Result<(), CliError> {
    let view: SymbolView =
        Access::open(cx, Need::ExistingHome)?.ask(Command::SymbolChange(change))?;
    done(cx, &view)
}

fn done(cx: &Context<'_>, view: &SymbolView) -> Result<(), CliError> {
    if cx.ui.json {
        return cx.ui.object(view);
    }
    let mut out = cx.ui.out();
    if cx.ui.out_is_terminal() {
        let (id, dim) = (style::ID, style::DIM);
        writeln!(
            out,
            "{id}{}{id:#}  {}  {dim}{} in {}{dim:#}",
            view.short,
            clean(&view.term),
            word(view.status),
            clean(&view.collective),
        )?;
    } else {
        // For scripts: the whole id of the document.
        writeln!(out, "{}", view.id)?;
    }
    Ok(out.flush()?)
}

fn list(cx: &Context<'_>, ask: SymbolList) -> Result<(), CliError> {
    let views: Vec<SymbolView> =
        Access::open(cx, Need::ExistingHome)?.ask(Command::SymbolList(ask))?;
    if cx.ui.json {
        return cx.ui.objects(&views);
    }
    if views.is_empty() {
        cx.ui
            .say("no shared words yet; make one: moot symbol define TERM \"what it means\"");
        return Ok(());
    }
    let rows = views.iter().map(|view| {
        let names = match view.aliases.is_empty() {
            true => view.term.clone(),
            false => format!("{} ({})", view.term, view.aliases.join(", ")),
        };
        vec![
            view.short.clone(),
            names,
            view.collective.clone(),
            word(view.status).to_owned(),
            view.definition
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        ]
    });
    let mut out = cx.ui.out();
    let head = ["id", "word", "collective", "status", "means"];
    table(cx.ui, &mut out, &head, &[], rows)?;
    Ok(out.flush()?)
}

fn show(cx: &Context<'_>, view: &SymbolView) -> Result<(), CliError> {
    if cx.ui.json {
        return cx.ui.object(view);
    }
    let (bold, dim) = (style::BOLD, style::DIM);
    let mut out = cx.ui.out();
    writeln!(
        out,
        "{bold}{}{bold:#}  {dim}{} in {} · {} · {}{dim:#}",
        clean(&view.term),
        word(view.status),
        clean(&view.collective),
        clean(&view.author),
        age(view.written, Timestamp::now()),
    )?;
    writeln!(out, "{}", clean_text(&view.definition))?;
    for (name, value) in facts(view) {
        writeln!(out, "{dim}{name:<10}{dim:#} {}", clean(&value))?;
    }
    Ok(out.flush()?)
}

/// What is said of a shared word, line by line; empty ones are left out.
pub(crate) fn facts(view: &SymbolView) -> Vec<(&'static str, String)> {
    let all = [
        ("also", view.aliases.join(", ")),
        ("broader", linked(&view.broader)),
        ("narrower", linked(&view.narrower)),
        ("related", linked(&view.related)),
        ("same as", linked(&view.same_as)),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn linked(links: &[SymbolLink]) -> String {
    let links: Vec<String> = links
        .iter()
        .map(|link| match link.term.as_str() {
            "" => format!("{} (not here)", link.short),
            term => format!("{term} ({})", link.short),
        })
        .collect();
    links.join(", ")
}

/// How a shared word stands, in a word.
pub(crate) const fn word(status: SymbolStatus) -> &'static str {
    match status {
        SymbolStatus::Adopted => "adopted",
        SymbolStatus::Proposed => "proposed",
        SymbolStatus::Retired => "retired",
    }
}
