//! What the kernel says of a process, and of folders.

use std::{fs, os::unix::fs::MetadataExt, path::Path, time::Duration};

use anyhow::{Context, Result};

/// Clock ticks of `/proc/PID/stat` in a second: fixed in Linux's interface.
const TICKS: f64 = 100.0;

/// Most memory that a process ever held, bytes.
///
/// # Errors
/// There is no such process.
pub fn peak(pid: u32) -> Result<u64> {
    memory(pid, "VmHWM:")
}

/// Memory that a process holds, bytes.
///
/// # Errors
/// There is no such process.
pub fn resident(pid: u32) -> Result<u64> {
    memory(pid, "VmRSS:")
}

fn memory(pid: u32, field: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .with_context(|| format!("no {field} of process {pid}"))?;
    Ok(kib << 10)
}

/// Processor time of a process so far, user and system.
///
/// # Errors
/// There is no such process.
pub fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the process stands in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(") ").context("no name in stat")?;
    let mut fields = rest.split(' ').skip(11);
    let mut ticks = 0.0;
    for _ in 0..2 {
        let field = fields.next().context("too few fields in stat")?;
        ticks += field.parse::<f64>()?;
    }
    Ok(Duration::from_secs_f64(ticks / TICKS))
}

/// Bytes that a folder takes up on the disk; holes do not count.
///
/// # Errors
/// It cannot be read.
pub fn on_disk(folder: &Path) -> Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        // A running node may take a file away between the two calls.
        let Ok(meta) = entry.metadata() else { continue };
        total += if meta.is_dir() {
            on_disk(&entry.path())?
        } else {
            meta.blocks() * 512
        };
    }
    Ok(total)
}
