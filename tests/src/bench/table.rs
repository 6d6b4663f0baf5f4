//! The table of results, and the statistics in it.

use std::{fmt, time::Duration};

/// Rows in the order they were measured.
#[derive(Debug)]
pub struct Table<const COLUMNS: usize = 4> {
    head: [String; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
}

impl Default for Table {
    fn default() -> Self {
        Self::new(["measured", "result", "goal", "beside it"].map(str::to_owned))
    }
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// An empty table with this head.
    pub const fn new(head: [String; COLUMNS]) -> Self {
        Self {
            head,
            rows: Vec::new(),
        }
    }

    /// Adds a row of as many cells.
    pub fn add(&mut self, row: [String; COLUMNS]) {
        // A run takes minutes: what is known is shown at once.
        #[expect(clippy::print_stderr, reason = "only benchmarks call this")]
        {
            eprintln!("  {}", row.join("  "));
        }
        self.rows.push(row);
    }
}

impl Table {
    /// Adds a row: what, the result, the goal, and how it compares with a limit of the machine or
    /// what else there is to say.
    pub fn row(
        &mut self,
        what: impl Into<String>,
        result: impl Into<String>,
        goal: impl Into<String>,
        beside: impl Into<String>,
    ) {
        let row = [what.into(), result.into(), goal.into(), beside.into()];
        self.add(row);
    }
}

impl<const COLUMNS: usize> fmt::Display for Table<COLUMNS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths = [0; COLUMNS];
        for row in std::iter::once(&self.head).chain(&self.rows) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        let line = |f: &mut fmt::Formatter<'_>, row: &[String; COLUMNS]| {
            for (cell, width) in row.iter().zip(widths) {
                write!(f, "| {cell:width$} ")?;
            }
            writeln!(f, "|")
        };
        line(f, &self.head)?;
        line(f, &widths.map(|width| "-".repeat(width)))?;
        self.rows.iter().try_for_each(|row| line(f, row))
    }
}

/// Durations measured one by one.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }
}

impl Times {
    /// Adds one.
    pub fn push(&mut self, time: Duration) {
        let at = self.0.partition_point(|other| *other <= time);
        self.0.insert(at, time);
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The time that `percent` of all do not exceed; zero where nothing was measured.
    pub fn percentile(&self, percent: usize) -> Duration {
        let at = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(at).copied().unwrap_or_default()
    }

    /// The time that half of all do not exceed.
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }
}

/// Milliseconds with as many digits as mean something.
pub fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    match ms {
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms => format!("{ms:.0} ms"),
    }
}

/// Things in a time, for each second.
pub fn rate(things: usize, time: Duration) -> f64 {
    things as f64 / time.as_secs_f64()
}

/// A whole number with separators.
pub fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in MB (10^6).
pub fn mb(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Bytes in MiB.
pub fn mib(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}
