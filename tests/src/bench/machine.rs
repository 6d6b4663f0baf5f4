//! Which machine this is.

use std::{fs, path::Path};

/// A few lines: when, processor, memory, kernel, file system, and who else uses the machine.
pub fn describe(scratch: &Path) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = field(&cpu, "model name").unwrap_or("unknown");
    let family = [field(&cpu, "cpu family"), field(&cpu, "model")];
    let family = family.map(|part| part.unwrap_or("?")).join("/");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: f64 = field(&memory, "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse().ok())
        .unwrap_or(0.0);
    let gib = kib / f64::from(1 << 20);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.trim();
    let (device, kind) = file_system(scratch);
    let guest = if cpu.contains(" hypervisor") {
        ", a virtual machine"
    } else {
        ""
    };
    format!(
        "{}\n{model} (family/model {family}), {cores} cores{guest}, {gib:.1} GiB of memory, \
         Linux {kernel}, {kind} on {device}\n{}",
        now(),
        load()
    )
}

/// The load of the machine, which tells whether others use it at the same time.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<_> = load.split_whitespace().take(3).collect();
    format!("load average {}", load.join(" "))
}

fn now() -> String {
    let date = std::process::Command::new("date")
        .args(["-u", "+%Y-%m-%d %H:%M UTC"])
        .output();
    date.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim())
    })
}

/// Device and type of the file system that holds a path.
fn file_system(path: &Path) -> (String, String) {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mut best = (0, "?".to_owned(), "?".to_owned());
    for line in mounts.lines() {
        let mut parts = line.split(' ');
        let (Some(device), Some(place), Some(kind)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if path.starts_with(place) && place.len() >= best.0 {
            best = (place.len(), device.to_owned(), kind.to_owned());
        }
    }
    (best.1, best.2)
}
