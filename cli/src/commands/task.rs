//! `moot task`

use std::io::Write;

use clap::Subcommand;
use folkmoot_client::api::{
    Command, Edited, Note, TaskItem, TaskSet, TaskState, TaskView, Tasks, TasksView,
};
use folkmoot_library::{Due, End, Rule};
use jiff::Zoned;

use crate::{
    access::{Access, Need},
    commands::{Context, find::time_zone, note, tags::page_end},
    error::CliError,
    ui::{clean, count, plural, style},
};

/// Write down what is to be done, see what is due, and say what is done
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot task                      what is to be done, the most urgent first
  moot task add \"Mend the gate\" --due friday -t tools
  moot task add \"Water the beds\" --every mon,thu
  moot task done 9a2e
  moot task list tag:tools --all
  moot task list due:..friday

A task is a document: moot edit changes its text, moot history shows what was done when, and in a
collective everybody sees it. The last one to say so decides how far it is.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write a task
    Add(Add),
    /// List tasks, the most urgent first
    List {
        /// A query that narrows the list
        query: Vec<String>,
        /// Only this collective: name or id prefix
        #[arg(long = "in", value_name = "COLLECTIVE")]
        collective: Option<String>,
        /// Done and dropped ones too
        #[arg(long)]
        all: bool,
        /// Most tasks shown, up to 1000
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Say that tasks are done; one that comes again becomes due again
    Done(Which),
    /// Say that tasks are under way
    Start(Which),
    /// Give tasks up
    Drop(Which),
    /// Say that tasks are to be done again
    Reopen(Which),
    /// Say when a task is due
    Due {
        /// Id, its first digits, or an exact title
        id: String,
        /// As for `moot task add`; `none` takes it away
        date: String,
        #[command(flatten)]
        signer: Signer,
    },
    /// Say how often a task comes again
    Every {
        /// Id, its first digits, or an exact title
        id: String,
        /// As for `moot task add --every`; `none` takes it away
        rule: String,
        /// With this day it ends
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        #[command(flatten)]
        signer: Signer,
    },
    /// Say who is to do a task
    For {
        /// Id, its first digits, or an exact title
        id: String,
        /// Members: names, `me`, or first digits of seats; `nobody`
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        #[command(flatten)]
        signer: Signer,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// What is to be done
    text: String,
    /// When it is due: 2026-12-01, "2026-12-01 18:30", today, tomorrow, friday, 3d, 2w, 1m
    #[arg(long, value_name = "DATE")]
    due: Option<String>,
    /// How often it comes: day, "2 weeks", month, mon,thu, workday, 15th, "last friday"
    #[arg(long, value_name = "RULE")]
    every: Option<String>,
    /// With this day it comes no more
    #[arg(long, value_name = "DATE", requires = "every")]
    until: Option<String>,
    /// Who is to do it: a member's name, `me`, or first digits of a seat; may be repeated
    #[arg(long = "for", value_name = "NAME")]
    assignees: Vec<String>,
    /// Tag, up to 16
    #[arg(short, long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Collective it goes to: name or id prefix
    #[arg(long = "in", value_name = "COLLECTIVE")]
    collective: Option<String>,
    #[command(flatten)]
    signer: Signer,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Signer {
    /// Sign with a limited device of yours, within its limits
    #[arg(long = "as", value_name = "DEVICE")]
    pub(crate) device: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Ids, their first digits, or exact titles
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    signer: Signer,
}

/// # Errors
/// A date or rule that is none, or what the engine says.
pub(crate) fn run(cx: &Context<'_>, args: Args) -> Result<(), CliError> {
    match args.verb {
        None => list(cx, Tasks::default()),
        Some(Verb::List {
            query,
            collective,
            all,
            limit,
        }) => list(
            cx,
            Tasks {
                query: query.join(" "),
                collective,
                all,
                limit,
                time_zone: None,
            },
        ),
        Some(Verb::Add(add)) => self::add(cx, add),
        Some(Verb::Done(which)) => states(cx, which, TaskState::Done),
        Some(Verb::Start(which)) => states(cx, which, TaskState::Doing),
        Some(Verb::Drop(which)) => states(cx, which, TaskState::Dropped),
        Some(Verb::Reopen(which)) => states(cx, which, TaskState::Todo),
        Some(Verb::Due { id, date, signer }) => {
            let due = match date.as_str() {
                "none" => String::new(),
                text => self::date(text)?.to_string(),
            };
            let ask = TaskSet {
                due: Some(due),
                ..about(id, signer)
            };
            set(cx, ask, |task| match &task.due {
                Some(due) => format!("due {}", due.replace('T', " ")),
                None => "due on no day".to_owned(),
            })
        }
        Some(Verb::Every {
            id,
            rule,
            until,
            signer,
        }) => {
            let every = match rule.as_str() {
                "none" => String::new(),
                text => self::every(text, until.as_deref())?.to_string(),
            };
            let ask = TaskSet {
                every: Some(every),
                ..about(id, signer)
            };
            set(cx, ask, |task| match &task.every {
                Some(rule) => {
                    let due = task.due.as_deref().unwrap_or_default();
                    format!("{}, due {}", again(rule), due.replace('T', " "))
                }
                None => "comes once".to_owned(),
            })
        }
        Some(Verb::For { id, names, signer }) => {
            let nobody = names == ["nobody"];
            let ask = TaskSet {
                assignees: Some(if nobody { Vec::new() } else { names }),
                ..about(id, signer)
            };
            set(cx, ask, |task| match task.assignees.as_slice() {
                [] => "for nobody".to_owned(),
                names => format!("for {}", clean(&names.join(", "))),
            })
        }
    }
}

fn about(id: String, signer: Signer) -> TaskSet {
    TaskSet {
        id,
        device: signer.device,
        time_zone: time_zone(),
        ..TaskSet::default()
    }
}

fn add(cx: &Context<'_>, args: Add) -> Result<(), CliError> {
    let every = args
        .every
        .map(|text| every(&text, args.until.as_deref()))
        .transpose()?;
    let due = args.due.map(|text| date(&text)).transpose()?;
    let note = Note {
        kind: "task".into(),
        collective: args.collective,
        text: Some(args.text),
        tags: args.tags,
        due: due.map(|due| due.to_string()),
        every: every.map(|rule| rule.to_string()),
        assignees: args.assignees,
        time_zone: time_zone(),
        device: args.signer.device,
        ..Note::default()
    };
    note::save(cx, note)
}

fn date(text: &str) -> Result<Due, CliError> {
    folkmoot_library::due(text, Zoned::now().date()).ok_or_else(|| {
        CliError::usage(format!("{text:?} is no date that a task can be due on"))
            .hint("such as 2026-12-01, \"2026-12-01 18:30\", today, tomorrow, friday, 3d, 2w or 1m")
    })
}

fn every(text: &str, until: Option<&str>) -> Result<Rule, CliError> {
    let mut rule = folkmoot_library::every(text).ok_or_else(|| {
        CliError::usage(format!("{text:?} does not say how often a task comes"))
            .hint("such as day, \"2 weeks\", month, mon,thu, workday, 15th or \"last friday\"")
    })?;
    if let Some(until) = until {
        let day = date(until)?.date();
        rule.end = day.map_or(rule.end, End::Until);
    }
    Ok(rule)
}

/// How often a task comes, for people.
pub(crate) fn again(rule: &str) -> String {
    Rule::parse(rule).map_or_else(|| clean(rule).into_owned(), |rule| rule.in_words())
}

fn states(cx: &Context<'_>, which: Which, state: TaskState) -> Result<(), CliError> {
    let signer = which.signer.device;
    for id in which.ids {
        let signer = Signer {
            device: signer.clone(),
        };
        let ask = TaskSet {
            state: Some(state),
            ..about(id, signer)
        };
        set(cx, ask, |task| match (state, task.state, &task.due) {
            (TaskState::Done, TaskState::Todo, Some(due)) => {
                format!("done; due again {}", due.replace('T', " "))
            }
            _ => self::state(state).to_owned(),
        })?;
    }
    Ok(())
}

/// How far a task is, for people.
pub(crate) const fn state(state: TaskState) -> &'static str {
    match state {
        TaskState::Todo => "to be done",
        TaskState::Doing => "under way",
        TaskState::Done => "done",
        TaskState::Dropped => "given up",
    }
}

fn set(cx: &Context<'_>, ask: TaskSet, told: impl Fn(&TaskView) -> String) -> Result<(), CliError> {
    let edited: Edited = Access::open(cx, Need::ExistingHome)?.ask(Command::SetTask(ask))?;
    if cx.ui.json {
        return cx.ui.object(&edited);
    }
    let said = edited.task.as_ref().map(told).unwrap_or_default();
    if !edited.changed {
        cx.ui
            .say(&format!("{} is so already: {said}", edited.short));
        return Ok(());
    }
    let mut out = cx.ui.out();
    if cx.ui.out_is_terminal() {
        let (id, dim) = (style::ID, style::DIM);
        let place = clean(&edited.collective);
        let short = &edited.short;
        writeln!(out, "{id}{short}{id:#}  {said}  {dim}in {place}{dim:#}")?;
    } else {
        // For scripts: the whole id of the version.
        writeln!(out, "{}", edited.version)?;
    }
    out.flush()?;
    for other in &edited.beside {
        cx.ui.warn(&format!(
            "{}'s version {} stands beside it; bring them together: moot merge {}",
            other.author, other.short, edited.short
        ));
    }
    Ok(())
}

fn list(cx: &Context<'_>, mut ask: Tasks) -> Result<(), CliError> {
    ask.time_zone = time_zone();
    let query = ask.query.clone();
    let view: TasksView = Access::open(cx, Need::ExistingHome)?
        .ask(Command::Tasks(ask))
        .map_err(|error| error.of_query(&query))?;
    if cx.ui.json {
        cx.ui.objects(&view.items)?;
        return page_end(cx, view.total, view.partial, (&[], false));
    }
    if view.partial {
        cx.ui.warn("the index is being rebuilt; there may be more");
    }
    if view.items.is_empty() {
        cx.ui.say("nothing to do");
        return Ok(());
    }
    let mut out = cx.ui.out();
    print_tasks(&mut out, &view.items)?;
    out.flush()?;
    let shown = view.items.len() as u64;
    if shown < view.total {
        let all = plural(view.total, "task", "tasks");
        cx.ui.say(&format!(
            "{} of {all}; --limit shows more, a query narrows them",
            count(shown)
        ));
    }
    Ok(())
}

/// Prints tasks as they stand now.
///
/// # Errors
/// Where they cannot be written.
pub(crate) fn print_tasks(out: &mut impl Write, items: &[TaskItem]) -> Result<(), CliError> {
    let now = Zoned::now().datetime();
    let (id, bold, dim, bad) = (style::ID, style::BOLD, style::DIM, style::BAD);
    for one in items {
        let (item, task) = (&one.item, &one.task);
        let state = match task.state {
            TaskState::Todo => String::new(),
            other => format!("[{}] ", self::state(other)),
        };
        let title = clean(&item.title);
        let short = &item.short;
        writeln!(
            out,
            "{id}{short}{id:#}  {dim}{state}{dim:#}{bold}{title}{bold:#}"
        )?;
        write!(out, "{}", " ".repeat(short.len() + 2))?;
        if let Some(due) = &task.due {
            let open = matches!(task.state, TaskState::Todo | TaskState::Doing);
            let over = Due::parse(due).is_some_and(|due| due < Due::at(now));
            let due = clean(due).replace('T', " ");
            match open && over {
                true => write!(out, "{bad}overdue since {due}{bad:#} · ")?,
                false => write!(out, "due {due} · ")?,
            }
        }
        if let Some(rule) = &task.every {
            write!(out, "{} · ", again(rule))?;
        }
        if !task.assignees.is_empty() {
            write!(out, "for {} · ", clean(&task.assignees.join(", ")))?;
        }
        let tags = item.tags.iter().map(|tag| format!(" #{}", clean(tag)));
        let tags: String = tags.collect();
        write!(out, "{dim}{}{tags}{dim:#}", clean(&item.collective))?;
        if item.beside > 0 {
            let warn = style::WARN;
            let versions = count(u64::from(item.beside) + 1);
            write!(out, " {warn}{versions} versions side by side{warn:#}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
