//! The engines side by side.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use anyhow::Result;
use folkmoot_tests::bench::table::{Table, Times, mib, ms};

use crate::{
    asks::{Asked, Class},
    engine::{Answers, BARE, Built, OURS, SQLITE, Timed, part},
    step, tools,
};

/// Processes started for the first query.
const STARTS: usize = 5;

/// One engine's column.
struct Column {
    name: String,
    built: Option<Built>,
    open: Option<(Times, Times)>,
    peak: Option<u64>,
    classes: BTreeMap<Class, Timed>,
}

impl Column {
    fn new(name: String) -> Self {
        Self {
            name,
            built: None,
            open: None,
            peak: None,
            classes: BTreeMap::new(),
        }
    }
}

/// Builds, asks and compares; gives the table and what was left out.
pub(crate) fn measure(
    notes: &Path,
    asked_file: &Path,
    many: usize,
    scratch: &Path,
    asked: &[Asked],
    inside: Answers,
) -> Result<String> {
    let mut left_out = Vec::new();
    let mut node = Column::new("inside the node".to_owned());
    node.peak = Some(inside.peak);
    node.classes = inside.classes;
    let mut columns = vec![node];
    let tantivy = tantivy::version_string()
        .split(',')
        .next()
        .unwrap_or("tantivy");
    columns.push(indexed(
        OURS,
        "moot's index alone",
        notes,
        asked_file,
        scratch,
    )?);
    columns.push(indexed(
        BARE,
        &format!("bare {tantivy}"),
        notes,
        asked_file,
        scratch,
    )?);
    #[cfg(feature = "sqlite")]
    {
        let name = format!("SQLite {} FTS5", rusqlite::version());
        columns.push(indexed(SQLITE, &name, notes, asked_file, scratch)?);
    }
    if cfg!(not(feature = "sqlite")) {
        left_out.push(format!("{SQLITE}: this was built without the feature of that name; `cargo xtask bench library` builds it"));
    }
    step("ripgrep");
    match tools::ripgrep(notes, many, scratch, asked)? {
        Some(tool) => columns.push(column(tool)),
        None => left_out.push("ripgrep: it is not installed".to_owned()),
    }
    if many > tools::ALONE {
        left_out.push(format!("notmuch: only up to {} notes", tools::ALONE));
    } else {
        step("notmuch");
        match tools::notmuch(notes, scratch, asked)? {
            Some(tool) => columns.push(column(tool)),
            None => left_out.push("notmuch: it is not installed".to_owned()),
        }
    }
    let mut told = show(many, &columns);
    told.push('\n');
    told.push_str(&equal(&columns));
    for one in left_out {
        told.push_str(&format!("Left out: {one}.\n"));
    }
    Ok(told)
}

fn column(tool: tools::Tool) -> Column {
    Column {
        built: tool.built,
        classes: tool.classes,
        ..Column::new(tool.name)
    }
}

fn indexed(engine: &str, name: &str, notes: &Path, asked: &Path, scratch: &Path) -> Result<Column> {
    step(name);
    let folder = scratch.join(engine);
    let mut column = Column::new(name.to_owned());
    column.built = Some(part("build", engine, &folder, notes)?);
    let (mut open, mut first) = (Times::default(), Times::default());
    let one = scratch.join("first.json");
    let all = crate::asks::load(asked)?;
    let alone: Vec<Asked> = all
        .iter()
        .filter(|(class, _)| *class == Class::TwoWords)
        .map(|(class, asks)| (*class, asks.iter().take(1).cloned().collect()))
        .collect();
    crate::asks::save(&one, &alone)?;
    for _ in 0..STARTS {
        let answers: Answers = part("ask", engine, &folder, &one)?;
        open.push(Duration::from_secs_f64(answers.open_ms / 1e3));
        first.push(Duration::from_secs_f64(answers.first_ms / 1e3));
    }
    column.open = Some((open, first));
    let answers: Answers = part("ask", engine, &folder, asked)?;
    column.peak = Some(answers.peak);
    column.classes = answers.classes;
    fs::remove_dir_all(&folder)?;
    Ok(column)
}

fn show(many: usize, columns: &[Column]) -> String {
    /// Measured, goal, and at most six engines.
    const CELLS: usize = 8;
    let fill = |mut row: Vec<String>| -> [String; CELLS] {
        row.resize(CELLS, String::new());
        std::array::from_fn(|at| std::mem::take(&mut row[at]))
    };
    let line = |what: &str, goal: &str, each: &dyn Fn(&Column) -> Option<String>| {
        let mut row = vec![what.to_owned()];
        row.extend(
            columns
                .iter()
                .map(|column| each(column).unwrap_or_default()),
        );
        row.resize(CELLS - 1, String::new());
        row.push(goal.to_owned());
        fill(row)
    };
    let mut head = vec!["measured".to_owned()];
    head.extend(columns.iter().map(|column| column.name.clone()));
    head.resize(CELLS - 1, "-".to_owned());
    head.push("goal".to_owned());
    let mut table: Table<CELLS> = Table::new(fill(head));

    let bare = columns
        .iter()
        .find(|column| column.name.contains("tantivy"))
        .and_then(|column| column.built.as_ref())
        .map(|built| built.seconds);
    let time = line("index time", "1.5 times bare", &|column| {
        let built = column.built.as_ref()?;
        if built.seconds.is_nan() {
            return Some("ended after 180 s".to_owned());
        }
        let ratio = bare.map(|bare| format!(" ({:.2} times bare)", built.seconds / bare));
        Some(format!(
            "{:.2} s{}",
            built.seconds,
            ratio.unwrap_or_default()
        ))
    });
    table.add(time);
    table.add(line("index, bytes a note", "", &|column| {
        let built = column.built.as_ref()?;
        Some(format!("{:.0}", built.bytes as f64 / many as f64))
    }));
    table.add(line("peak memory: building, asking", "", &|column| {
        let asking = mib(column.peak?);
        Some(match &column.built {
            Some(built) => format!("{}, {asking}", mib(built.peak)),
            None => asking,
        })
    }));
    table.add(line("opening, then the first query", "", &|column| {
        let (open, first) = column.open.as_ref()?;
        Some(format!("{}, {}", ms(open.median()), ms(first.median())))
    }));
    let goal = match many {
        0..=100_000 => "inside: median 1 ms",
        _ => "inside: median 5 ms",
    };
    for class in Class::ALL {
        if class == Class::Tag {
            continue;
        }
        table.add(line(class.name(), goal, &|column| {
            let nanos = &column.classes.get(&class)?.nanos;
            let times: Times = nanos.iter().copied().map(Duration::from_nanos).collect();
            let few = match times.len() {
                200.. => String::new(),
                few => format!(" (of {few})"),
            };
            let (median, most) = (ms(times.median()), ms(times.percentile(99)));
            Some(format!("{median}, {most}{few}"))
        }));
    }
    format!("Queries: median and p99; of programs the whole process.\n\n{table}")
}

/// Whether the engines found the same numbers.
fn equal(columns: &[Column]) -> String {
    let mut told = String::new();
    let Some((node, others)) = columns.split_first() else {
        return told;
    };
    for class in [
        Class::Word,
        Class::TwoWords,
        Class::Phrase,
        Class::Prefix,
        Class::BroadOr,
        Class::TagAndTime,
        Class::Tag,
    ] {
        let Some(ours) = node.classes.get(&class) else {
            continue;
        };
        // Times of the node's own notes are other ones.
        let against = match class {
            Class::TagAndTime => others.first().and_then(|own| own.classes.get(&class)),
            _ => Some(ours),
        };
        let Some(against) = against else { continue };
        let sum: u64 = against.totals.iter().sum();
        told.push_str(&format!(
            "Hits, {}: {sum} of all queries together",
            class.name()
        ));
        for other in others {
            let Some(theirs) = other.classes.get(&class) else {
                continue;
            };
            if other.name.starts_with("notmuch") {
                continue;
            }
            let pairs = against.totals.iter().zip(&theirs.totals);
            let all = against.totals.len().min(theirs.totals.len());
            let same = pairs.clone().filter(|(a, b)| a == b).count();
            told.push_str(&format!("; {}: {same} of {all} equal", other.name));
            if same < all {
                let (a, b) = pairs.fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
                told.push_str(&format!(" (together {b} for our {a})"));
            }
        }
        told.push_str(".\n");
    }
    told
}
