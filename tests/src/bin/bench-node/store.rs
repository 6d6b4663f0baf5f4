//! Signing and storing many notes by `moot import`.

use std::{path::Path, time::Instant};

use anyhow::{Result, ensure};
use folkmoot_tests::home::{Home, text};

use crate::Bench;
use folkmoot_tests::bench::{
    process::{cpu, on_disk, peak},
    table::{mb, mib, rate, whole},
};

/// The collective that everything happens in.
pub(crate) const PLACE: &str = "commons";

/// Imports into a new home whose node runs.
pub(crate) fn through_node(bench: &mut Bench, file: &Path) -> Result<()> {
    let mut home = Home::new("node");
    home.up();
    home.ok(&["collective", "new", PLACE]);
    import(bench, &home, file, "through a running node")?;
    if let Some(pid) = home.pid() {
        // Less than the time it took, where others use the cores.
        let used = cpu(pid)?;
        bench.table.row(
            "  processor time and peak memory of the node",
            format!("{:.1} s, {}", used.as_secs_f64(), mib(peak(pid)?)),
            "",
            format!(
                "{:.0} µs a record, all threads",
                used.as_secs_f64() * 1e6 / bench.notes as f64
            ),
        );
    }
    home.stop();
    Ok(())
}

/// Imports into a home without a node; gives an invite key that carries no address.
pub(crate) fn in_process(bench: &mut Bench, home: &mut Home, file: &Path) -> Result<String> {
    home.ok(&["collective", "new", PLACE]);
    // No node ever ran here, so the key names no address: who joins comes through the forwarder.
    let key = text(&home.ok(&["invite", PLACE, "--uses", "1"])["key"]);
    import(bench, home, file, "in process")?;
    disk(bench, home)?;
    Ok(key)
}

fn import(bench: &mut Bench, home: &Home, file: &Path, how: &str) -> Result<()> {
    let file = file.to_string_lossy();
    let begun = Instant::now();
    let report = home.ok(&["import", &file, "--in", PLACE]);
    let time = begun.elapsed();
    ensure!(
        report["added"] == bench.notes,
        "not all notes were added: {report}"
    );
    let rate = rate(bench.notes, time);
    bench.table.row(
        format!("import of {} notes, {how}", whole(bench.notes as f64)),
        format!("{} records/s", whole(rate)),
        "15,000 records/s",
        format!(
            "{:.1} s; {:.0} % of one core's signatures",
            time.as_secs_f64(),
            100.0 * rate / bench.raw.signatures
        ),
    );
    Ok(())
}

/// What the records take up on the disk.
fn disk(bench: &mut Bench, home: &Home) -> Result<()> {
    let status = home.ok(&["status"]);
    let records: u64 = status["collectives"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|collective| collective["bytes"].as_u64())
        .sum();
    let store = on_disk(&home.folder().join("store"))?;
    let log = on_disk(&home.folder().join("store/log"))?;
    let index = on_disk(&home.folder().join("index"))?;
    let notes = bench.notes as f64;
    bench.table.row(
        "disk: log and projection",
        format!("{:.2} times the records", store as f64 / records as f64),
        "2 times",
        format!(
            "records {} ({:.0} bytes each), log {}, projection {}",
            mb(records),
            records as f64 / notes,
            mb(log),
            mb(store - log)
        ),
    );
    bench.table.row(
        "disk: index",
        format!("{:.2} times the records", index as f64 / records as f64),
        "",
        mb(index),
    );
    Ok(())
}
