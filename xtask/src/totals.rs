//! Adds up what test runners report.

use std::fmt;

/// How many tests ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Totals {
    /// Reads one line of a runner: a summary is added, everything else passed over.
    pub(crate) fn see(&mut self, line: &str) {
        let line = line.trim_start();
        // libtest: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`
        // nextest: `Summary [  2.100s] 63 tests run: 62 passed (1 slow), 1 failed, 0 skipped`
        let counts = if let Some(rest) = line.strip_prefix("test result: ") {
            rest.split_once(". ").map(|(_, counts)| counts)
        } else if line.starts_with("Summary [") {
            line.split_once(" run: ").map(|(_, counts)| counts)
        } else {
            None
        };
        for part in counts.unwrap_or_default().split([';', ',']) {
            let mut words = part.split_whitespace();
            let number = words.next().and_then(|word| word.parse::<u64>().ok());
            let (Some(number), Some(what)) = (number, words.next()) else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" | "timed" => self.failed += number,
                "skipped" | "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(
            f,
            "{} tests run: {passed} passed, {failed} failed, {skipped} skipped",
            passed + failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;

    #[test]
    fn both_runners_are_understood() {
        let mut totals = Totals::default();
        for line in [
            "     Summary [   2.100s] 63 tests run: 62 passed (1 slow), 1 failed, 2 skipped",
            "   Doc-tests folkmoot_seal",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s",
            "test result: FAILED. 0 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out",
            "test counts ... ok",
        ] {
            totals.see(line);
        }
        assert_eq!(
            totals,
            Totals {
                passed: 65,
                failed: 6,
                skipped: 3
            }
        );
        assert_eq!(
            totals.to_string(),
            "71 tests run: 65 passed, 6 failed, 3 skipped"
        );
    }
}
