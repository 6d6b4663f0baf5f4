//! What the fuzzers run. It panics where a promise is broken, and holds for any input at all.

use folkmoot_library::{Expr, NoNames, Query, QueryError, Zoned, limits};

/// A query is read the same way each time, within its bounds, and a mistake can be shown.
pub(crate) fn query(input: &[u8]) {
    let source = String::from_utf8_lossy(input);
    let now: Zoned = "2026-11-23T10:30:00[UTC]".parse().expect("a moment");
    match Query::parse(&source, &now) {
        Ok(query) => {
            assert!(source.len() <= limits::BYTES);
            assert_eq!(Query::parse(&source, &now), Ok(query.clone()));
            let (mut leaves, mut depth) = (0, 0);
            measure(&query.expr, 0, &mut leaves, &mut depth);
            assert!(leaves <= limits::LEAVES && depth <= 2 * (limits::DEPTH + 1));
            match query.in_words(&NoNames, now.time_zone()) {
                Ok(lines) => assert!(lines.iter().all(|line| !line.text.is_empty())),
                Err(error) => shown(&error, &source),
            }
            if let Err(error) = query.resolve(&NoNames) {
                shown(&error, &source);
            }
            for written in &query.written {
                assert!(source.get(written.span.clone()).is_some(), "{written:?}");
            }
        }
        Err(error) => shown(&error, &source),
    }
}

fn measure<L>(expr: &Expr<L>, at: usize, leaves: &mut usize, depth: &mut usize) {
    *depth = (*depth).max(at);
    match expr {
        Expr::All => {}
        Expr::Is(_) => *leaves += 1,
        Expr::Not(part) => measure(part, at + 1, leaves, depth),
        Expr::And(parts) | Expr::Or(parts) => {
            for part in parts {
                measure(part, at + 1, leaves, depth);
            }
        }
    }
}

/// The place lies within the query, and what was perhaps meant can be put there.
fn shown(error: &QueryError, source: &str) {
    assert!(error.span.start <= error.span.end, "{error:?}");
    assert!(source.get(error.span.clone()).is_some(), "{error:?}");
    assert!(error.render(source).lines().count() >= 3);
}
