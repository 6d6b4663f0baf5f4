//! The command line beside a warm node, and what nodes cost that do nothing.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use folkmoot_tests::home::Home;

use crate::Bench;
use folkmoot_tests::bench::{
    process::{cpu, resident},
    table::{Times, mib, ms},
    texts::Texts,
};

/// Processes started for each median.
const TIMES: usize = 50;
/// Time in which a node comes to rest after work.
const REST: Duration = Duration::from_secs(20);

/// Whole processes from start to end.
pub(crate) fn command_line(bench: &mut Bench, home: &Home) -> Result<()> {
    let mut texts = Texts::new(5);
    let mut words = |count: usize| {
        let query: Vec<_> = (0..count).map(|_| texts.word().to_owned()).collect();
        query.join(" ")
    };
    let queries: Vec<String> = (0..TIMES)
        .map(|number| match number % 5 {
            0 => words(1),
            1 => words(2),
            2 => format!("tag:topic{} {}", number % 30, words(1)),
            3 => format!("{} sort:newest", words(1)),
            _ => format!("\"{}\" OR {}", words(2), words(1)),
        })
        .collect();
    let finds: Vec<Vec<&str>> = queries.iter().map(|query| vec!["find", query]).collect();
    let mut rows = vec![
        ("`moot find`, node warm", "median 15 ms", finds),
        (
            "`moot --version`",
            "median 5 ms",
            vec![vec!["--version"]; TIMES],
        ),
        ("`moot status`", "", vec![vec!["status"]; TIMES]),
    ];
    for (what, goal, commands) in &mut rows {
        // Once before the clock runs: warm means warm.
        for command in commands.iter().take(5) {
            drop(home.run(command));
        }
        let mut times = Times::default();
        for command in commands.iter() {
            let begun = Instant::now();
            let said = home.run(command);
            times.push(begun.elapsed());
            // A query that finds nothing is no failure of the measurement.
            ensure!([0, 3].contains(&said.code), "{command:?}: {}", said.err);
        }
        bench.table.row(
            *what,
            format!(
                "median {}, p99 {}",
                ms(times.median()),
                ms(times.percentile(99))
            ),
            *goal,
            format!("whole process, {TIMES} times"),
        );
    }
    Ok(())
}

/// Two connected nodes that nobody uses.
pub(crate) fn idle(bench: &mut Bench, a: &Home, b: &Home, seconds: u64) -> Result<()> {
    let pids = [a.pid().unwrap_or(0), b.pid().unwrap_or(0)];
    thread::sleep(REST);
    let before = [cpu(pids[0])?, cpu(pids[1])?];
    let time = Duration::from_secs(seconds);
    thread::sleep(time);
    let percent = |at: usize| -> Result<f64> {
        let used = cpu(pids[at])? - before[at];
        Ok(100.0 * used.as_secs_f64() / time.as_secs_f64())
    };
    bench.table.row(
        "idle, one peer: processor",
        format!("{:.2} % and {:.2} % of a core", percent(0)?, percent(1)?),
        "0.1 %",
        format!("A (imported) and B (received) over {seconds} s; the kernel counts in 10 ms"),
    );
    bench.table.row(
        "idle, one peer: memory",
        format!(
            "{} and {}",
            mib(resident(pids[0])?),
            mib(resident(pids[1])?)
        ),
        "100 MiB",
        "resident, A and B",
    );
    Ok(())
}
