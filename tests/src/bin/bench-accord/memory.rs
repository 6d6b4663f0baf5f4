//! How much memory the control plane takes, the records in it included: asked of a process of its
//! own, that holds nothing else and has freed nothing before.

use std::{
    fs,
    io::{BufReader, Read, Write},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result, bail};
use folkmoot_accord::Accord;
use folkmoot_record::{CollectiveId, Signed, Verified};

use crate::seen;

/// The argument that makes this program the process that is measured.
pub(crate) const CHILD: &str = "memory-of";

/// Starts that process; KiB that the evaluation of these records added to it.
pub(crate) fn measure(cid: CollectiveId, records: &[Verified]) -> Result<u64> {
    let mut file = tempfile::NamedTempFile::new().context("no temporary file")?;
    file.write_all(cid.as_ref())?;
    for record in records {
        let wire = record.wire();
        file.write_all(&u32::try_from(wire.len())?.to_le_bytes())?;
        file.write_all(wire)?;
    }
    file.flush()?;
    let output = Command::new(std::env::current_exe()?)
        .arg(CHILD)
        .arg(file.path())
        .output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .context("the other process said no number")
}

/// What that process does: records are read, checked and handed over one by one.
pub(crate) fn child(path: &Path) -> Result<u64> {
    let mut file = BufReader::new(fs::File::open(path)?);
    let mut cid = [0; 32];
    file.read_exact(&mut cid)?;
    let mut accord = Accord::new(CollectiveId::from_bytes(cid));
    let before = resident()?;
    let mut wire = Vec::new();
    let records = std::iter::from_fn(|| {
        let mut length = [0; 4];
        file.read_exact(&mut length).ok()?;
        wire.resize(u32::from_le_bytes(length) as usize, 0);
        file.read_exact(&mut wire).ok()?;
        Signed::parse(&wire).ok()?.verify().ok()
    });
    accord.insert_all(records.map(|record| (record, seen(folkmoot_accord::Way::Stored))));
    let after = resident()?;
    if accord.state().seats.is_empty() {
        bail!("nothing was evaluated");
    }
    Ok(after.saturating_sub(before))
}

/// Memory of this process, in KiB.
fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|text| text.parse().ok())
        .context("the kernel does not say how much memory is used")
}
