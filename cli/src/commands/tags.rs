//! `moot tags`

use std::io::Write;

use folkmoot_client::api::{Command, CountBy, CountView, Counts, CountsView, WidenedWord};
use serde_json::json;

use crate::{
    access::{Access, Need},
    commands::{Context, find::time_zone},
    error::CliError,
    ui::{also_looked_for, clean, count, plural, style},
};

/// Show all tags with how often each is used
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  moot tags
  moot tags --in commons
  moot tags kind:task since:1w

A tag that nests, as soil/worms does in soil, stands below it and is counted with it.")]
pub(crate) struct Args {
    /// A query that narrows what is counted
    query: Vec<String>,
    /// Only this collective: name or id prefix
    #[arg(long = "in", value_name = "COLLECTIVE")]
    collective: Option<String>,
    /// At most so many, those used most (10,000 at most)
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Look for what is written alone: no other names and narrower terms of shared words
    #[arg(long)]
    exact: bool,
}

/// # Errors
/// What the engine says; of a query that cannot be read, the place.
pub(crate) fn run(cx: &Context<'_>, args: &Args) -> Result<(), CliError> {
    let ask = Counts {
        query: args.query.join(" "),
        collective: args.collective.clone(),
        by: CountBy::Tag,
        limit: args.limit,
        time_zone: time_zone(),
        exact: args.exact,
    };
    let mut counts = counted(cx, ask)?;
    // A tag stands behind the one above it: a blank comes before all other signs.
    counts.values.sort_by_key(|tag| tag.value.replace('/', " "));
    if cx.ui.json {
        let tags = counts
            .values
            .iter()
            .map(|tag| json!({ "tag": tag.value, "count": tag.count }));
        cx.ui.objects(&tags.collect::<Vec<_>>())?;
        return page_end(
            cx,
            counts.total,
            counts.partial,
            (&counts.widened, counts.widened_cut),
        );
    }
    let mut out = cx.ui.out();
    let widest = counts.values.iter().map(|tag| count(tag.count).len()).max();
    for tag in &counts.values {
        writeln!(out, "{}", line(tag, widest.unwrap_or_default()))?;
    }
    out.flush()?;
    if counts.values.is_empty() {
        cx.ui.say("no tags");
    }
    more(cx, &counts, ["tag", "tags"], "--limit shows more");
    Ok(())
}

/// Says how many more values there are than were shown.
pub(crate) fn more(cx: &Context<'_>, counts: &CountsView, noun: [&str; 2], next: &str) {
    let shown = counts.values.len() as u64;
    if shown < counts.total {
        cx.ui.say(&format!(
            "{} of {}; {next}",
            count(shown),
            plural(counts.total, noun[0], noun[1])
        ));
    }
}

/// The last line of a list in JSON, of which no page follows.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn page_end(
    cx: &Context<'_>,
    total: u64,
    partial: bool,
    (widened, cut): (&[WidenedWord], bool),
) -> Result<(), CliError> {
    let mut page = json!({ "total": total, "partial": partial });
    if !widened.is_empty() {
        page["widened"] = json!(widened);
        page["widened_cut"] = json!(cut);
    }
    cx.ui.object(&json!({ "page": page }))
}

fn line(tag: &CountView, widest: usize) -> String {
    let depth = tag.value.matches('/').count();
    let last = tag.value.rsplit('/').next().unwrap_or_default();
    let (dim, sign) = (style::DIM, if depth == 0 { "#" } else { "/" });
    format!(
        "{:>widest$}  {}{dim}{sign}{dim:#}{}",
        count(tag.count),
        "  ".repeat(depth),
        clean(last)
    )
}

/// Counts, and says where there may be more.
///
/// # Errors
/// What the engine says; of a query that cannot be read, the place.
pub(crate) fn counted(cx: &Context<'_>, ask: Counts) -> Result<CountsView, CliError> {
    let query = ask.query.clone();
    let counts: CountsView = Access::open(cx, Need::ExistingHome)?
        .ask(Command::Counts(ask))
        .map_err(|error| error.of_query(&query))?;
    if let Some(line) = also_looked_for(&counts.widened, counts.widened_cut) {
        cx.ui.say(&line);
    }
    if counts.partial {
        cx.ui.warn("the index is being rebuilt; there may be more");
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_tags_stand_below_those_above() {
        let tag = |value: &str, count| CountView {
            value: value.to_owned(),
            key: None,
            count,
        };
        let plain = |tag: &CountView| anstream::adapter::strip_str(&line(tag, 3)).to_string();
        assert_eq!(plain(&tag("soil", 12)), " 12  #soil");
        assert_eq!(plain(&tag("soil/worms", 2)), "  2    /worms");
    }
}
