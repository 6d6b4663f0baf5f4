//! The real program on a home with all notes: import, restart, whole processes, rebuilding.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use folkmoot_client::{
    Client,
    api::{Find, List, Note},
};
use folkmoot_tests::{
    bench::{
        process::{on_disk, peak, resident},
        table::{Table, Times, mb, mib, ms, rate, whole},
        texts::Texts,
    },
    home::Home,
};

use crate::{
    asks::{Asked, Class, in_ours},
    engine::{Answers, INSIDE, part},
    inside::Pages,
    spread,
};

const PLACE: &str = "commons";
/// Notes written to see whether they are found at once.
const WRITES: usize = 100;
/// Whole processes for each list.
const TIMES: usize = 30;
/// Whole processes of `moot find`, over all classes.
const FINDS: usize = 210;
/// The longest that a rebuild may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Imports everything; gives the home and the span of time in which its notes were signed.
pub(crate) fn import(table: &mut Table, notes: &Path, many: usize, scratch: &Path) -> Result<Home> {
    let file = scratch.join("notes.ndjson");
    crate::corpus::ndjson(notes, &file)?;
    let home = Home::new("library");
    home.ok(&["collective", "new", PLACE]);
    let begun = Instant::now();
    let report = home.ok(&["import", &file.to_string_lossy(), "--in", PLACE]);
    let time = begun.elapsed();
    ensure!(
        report["added"] == many,
        "not all notes were added: {report}"
    );
    fs::remove_file(&file)?;
    let store = on_disk(&home.folder().join("store"))?;
    let index = on_disk(&home.folder().join("index"))?;
    table.row(
        format!("import of {} notes, NDJSON, in process", whole(many as f64)),
        format!("{} records/s", whole(rate(many, time))),
        "",
        format!(
            "{:.1} s, with title, date of writing and tags",
            time.as_secs_f64()
        ),
    );
    table.row(
        "on disk: log and projection, index",
        format!(
            "{:.0} and {:.0} bytes a record",
            store as f64 / many as f64,
            index as f64 / many as f64
        ),
        "",
        format!("{} and {}", mb(store), mb(index)),
    );
    Ok(home)
}

/// What is measured inside the engine, with the queries moved into the span of the import.
pub(crate) fn inside(
    table: &mut Table,
    home: &Home,
    asked: &[Asked],
    scratch: &Path,
) -> Result<(Answers, Vec<Asked>, Pages)> {
    let moment = |order: &str| -> Result<u64> {
        let query = format!("kind:note sort:{order}");
        let found = home.all(&["find", &query, "--limit", "1"]);
        let written = found
            .iter()
            .find_map(|line| line["written"].as_str())
            .context("nothing is found")?;
        let written: folkmoot_library::Timestamp = written.parse()?;
        Ok(u64::try_from(written.as_millisecond())?)
    };
    let asked = crate::asks::within(asked, moment("oldest")?, moment("newest")?);
    let file = scratch.join("asked-inside.json");
    crate::asks::save(&file, &asked)?;
    let answers: Answers = part("ask", INSIDE, home.folder(), &file)?;
    let pages: Pages = part("pages", INSIDE, home.folder(), &file)?;
    for (what, nanos) in &pages.rows {
        let times: Times = nanos.iter().copied().map(Duration::from_nanos).collect();
        table.row(
            format!("inside the node: {what}"),
            spread(&times),
            "",
            format!("{} times", times.len()),
        );
    }
    table.row(
        "peak memory inside: queries; lists and counts",
        format!("{} and {}", mib(answers.peak), mib(pages.peak)),
        "",
        "the index's files that were read count with it",
    );
    Ok((answers, asked, pages))
}

/// The node, started; and whole processes beside it.
pub(crate) fn processes(
    table: &mut Table,
    home: &mut Home,
    asked: &[Asked],
    pages: &Pages,
    goal: &str,
) -> Result<()> {
    let begun = Instant::now();
    home.up();
    table.row(
        "restart: from `moot up` to its first answer",
        ms(begun.elapsed()),
        "",
        "asked every 20 ms by `moot status`",
    );
    let queries: Vec<String> = finds(asked);
    let mut first = None;
    let mut times = Times::default();
    for query in &queries {
        let begun = Instant::now();
        let said = home.run(&["find", query]);
        ensure!([0, 3].contains(&said.code), "{query}: {}", said.err);
        match first {
            None => first = Some(begun.elapsed()),
            Some(_) => times.push(begun.elapsed()),
        }
    }
    table.row(
        "`moot find`, whole process, all classes",
        spread(&times),
        goal,
        format!(
            "{} times; the first after the start {}",
            times.len(),
            ms(first.unwrap_or_default())
        ),
    );
    let size = crate::inside::PAGE.to_string();
    let mut lists = vec![(
        "`moot list --limit 50`".to_owned(),
        vec!["list", "--limit", &size],
    )];
    for (number, cursor) in &pages.cursors {
        lists.push((
            format!("the same, page {number} by cursor"),
            vec!["list", "--limit", &size, "--after", cursor],
        ));
    }
    lists.push((
        "`moot list --by month`".to_owned(),
        vec!["list", "--by", "month"],
    ));
    lists.push(("`moot tags`".to_owned(), vec!["tags"]));
    for (what, command) in lists {
        let mut times = Times::default();
        for _ in 0..TIMES {
            let begun = Instant::now();
            let said = home.run(&command);
            times.push(begun.elapsed());
            ensure!(said.code == 0, "{command:?}: {}", said.err);
        }
        table.row(
            format!("{what}, whole process"),
            spread(&times),
            "",
            format!("{TIMES} times"),
        );
    }
    Ok(())
}

/// The same number of each class.
fn finds(asked: &[Asked]) -> Vec<String> {
    let mut queries = Vec::new();
    for at in 0.. {
        let before = queries.len();
        for (class, asks) in asked {
            if *class != Class::Tag
                && queries.len() < FINDS
                && let Some(ask) = asks.get(at)
            {
                queries.push(in_ours(ask));
            }
        }
        if queries.len() == before {
            break;
        }
    }
    queries
}

/// A note is asked for right after it is acknowledged.
pub(crate) fn writes(table: &mut Table, home: &Home) -> Result<()> {
    let client = Client::for_home(home.folder())?;
    let mut texts = Texts::new(99);
    let (mut acked, mut asked, mut found) = (Times::default(), Times::default(), 0);
    runtime()?.block_on(async {
        client.id().await?;
        for number in 0..WRITES {
            let word = format!("atonce{number}");
            let note = Note {
                collective: Some(PLACE.to_owned()),
                text: Some(format!("{} {word}", texts.text())),
                ..Note::default()
            };
            let begun = Instant::now();
            let saved = client.note(note).await?;
            acked.push(begun.elapsed());
            let begun = Instant::now();
            let find = Find {
                query: word,
                ..Find::default()
            };
            let hits = client.find(find).await?;
            asked.push(begun.elapsed());
            found += usize::from(hits.items.iter().any(|item| item.id == saved.id));
        }
        anyhow::Ok(())
    })?;
    table.row(
        "found at once: asked right after the acknowledgement",
        format!("{found} of {WRITES}"),
        "all",
        format!(
            "acknowledged after {}, the query {}",
            spread(&acked),
            spread(&asked)
        ),
    );
    Ok(())
}

/// The index thrown away and built again by the node, which answers meanwhile.
pub(crate) fn rebuild(table: &mut Table, home: &mut Home, many: usize) -> Result<()> {
    if let Some(pid) = home.pid() {
        table.row(
            "memory of the node after all this",
            format!("{}, at most {}", mib(resident(pid)?), mib(peak(pid)?)),
            "",
            "files that are mapped and were read count with it",
        );
    }
    home.stop();
    fs::remove_dir_all(home.folder().join("index"))?;
    let begun = Instant::now();
    home.up();
    let client = Client::for_home(home.folder())?;
    let mut answered = Times::default();
    runtime()?.block_on(async {
        loop {
            let asking = Instant::now();
            let list = List {
                limit: 1,
                ..List::default()
            };
            let found = client.list(list).await?;
            answered.push(asking.elapsed());
            if !found.partial {
                ensure!(found.total >= many as u64, "only {} are found", found.total);
                return anyhow::Ok(());
            }
            ensure!(begun.elapsed() < LIMIT, "the index is not built again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })?;
    let time = begun.elapsed();
    table.row(
        "the index built again by the running node",
        format!("{} records/s", whole(rate(many, time))),
        "",
        format!(
            "{:.1} s; a list asked for meanwhile {}, {} times",
            time.as_secs_f64(),
            spread(&answered),
            answered.len()
        ),
    );
    if let Some(pid) = home.pid() {
        table.row("  peak memory meanwhile", mib(peak(pid)?), "", "");
    }
    home.stop();
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}
