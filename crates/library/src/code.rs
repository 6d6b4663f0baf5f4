//! Code in Markdown: what stands in it is shown as it is, and no link.
//!
//! Every part looks at each byte a bounded number of times, whatever the text is.

use std::{collections::BTreeMap, ops::Range};

/// Where code stands in a text, in order: fenced blocks, and between backticks of one line.
pub(crate) fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut fence: Option<(char, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        match (fence, fence_of(line)) {
            (None, None) => {
                ranges.extend(spans(line).into_iter().map(|r| at + r.start..at + r.end));
            }
            (None, Some((sign, count, _))) => {
                fence = Some((sign, count));
                ranges.push(at..end);
            }
            (Some((sign, least)), found) => {
                // A fence that nothing closes goes on to the end.
                if found.is_some_and(|(other, count, bare)| bare && sign == other && count >= least)
                {
                    fence = None;
                }
                if let Some(block) = ranges.last_mut() {
                    block.end = end;
                }
            }
        }
        at = end;
    }
    ranges
}

/// Three or more backticks or tildes that begin a line, also below a list's sign: which, how many,
/// and whether nothing follows.
pub(crate) fn fence_of(line: &str) -> Option<(char, usize, bool)> {
    let signs = [' ', '\t', '>', '-', '*', '+'];
    let bare = line.trim_start_matches(signs);
    let number = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    let bare = match number.strip_prefix(['.', ')']) {
        Some(item) if number.len() < bare.len() => item.trim_start_matches(signs),
        _ => bare,
    };
    let sign = bare.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let count = bare.chars().take_while(|c| *c == sign).count();
    let rest = &bare[count..];
    (count >= 3 && !(sign == '`' && rest.contains('`')))
        .then(|| (sign, count, rest.trim().is_empty()))
}

/// Where code stands in a line: a run of backticks up to the next run as long.
pub(crate) fn spans(line: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'`' {
            let length = bytes[at..].iter().take_while(|b| **b == b'`').count();
            runs.push((at, length));
            at += length;
        } else {
            at += 1;
        }
    }
    // For each run, the next one of its length.
    let mut next: BTreeMap<usize, usize> = BTreeMap::new();
    let mut closing = vec![None; runs.len()];
    for (n, (_, length)) in runs.iter().enumerate().rev() {
        closing[n] = next.insert(*length, n);
    }
    let mut ranges = Vec::new();
    let mut n = 0;
    while n < runs.len() {
        match closing[n] {
            Some(end) => {
                ranges.push(runs[n].0..runs[end].0 + runs[end].1);
                n = end + 1;
            }
            None => n += 1,
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_behind_the_number_of_a_list_is_one() {
        let text = "1. ```sh\n   make\n   ```\nSee [[Bank]], 10) `x`.";
        let shown: Vec<&str> = ranges(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert!(!shown[0].contains("Bank") && shown[1] == "`x`", "{shown:?}");
        assert!(fence_of("1 ```").is_none() && fence_of("2) ~~~").is_some());
    }

    #[test]
    fn code_is_found_in_lines_and_between_fences() {
        let text = "a `b` ``c ` d`` e ` f\n```rust\n`x`\n~~~\n```\ng `h`\n  - ~~~\nopen";
        let found: Vec<&str> = ranges(text).into_iter().map(|r| &text[r]).collect();
        assert_eq!(
            found,
            [
                "`b`",
                "``c ` d``",
                "```rust\n`x`\n~~~\n```\n",
                "`h`",
                "  - ~~~\nopen"
            ]
        );
    }
}
