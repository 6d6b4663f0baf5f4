//! Saved searches: a name in a query stands for the query that was saved under it.

use std::ops::Range;

use super::{
    Expr, Leaf, Name, Problem, Query, QueryError, Sort, error::nearest, limits, parse::by_default,
};
use crate::{Zoned, fold};

/// Saved searches inside each other: more are a puzzle.
const NESTED: usize = 8;
/// Levels of the whole tree: as deep as one query can make it, with a group, its alternatives and a
/// negation at each of its levels.
const LEVELS: usize = 3 * limits::DEPTH;

/// The searches that a person has saved.
pub trait Searches {
    /// The query saved under this name, in any case.
    fn search(&self, name: &str) -> Option<String>;
    /// All names, for suggestions.
    fn searches(&self) -> Vec<String>;
}

impl Query {
    /// Puts the saved searches in the place of their names. The order that one of them asks for
    /// counts where the query itself asks for none.
    ///
    /// # Errors
    /// [`QueryError`] at the name: nothing is saved under it, it leads back to itself, what is saved
    /// cannot be read any more, or the whole grows too large.
    pub fn expand(mut self, searches: &dyn Searches, now: &Zoned) -> Result<Self, QueryError> {
        let mut expansion = Expansion {
            searches,
            now,
            within: Vec::new(),
            leaves: 0,
            asked: self.asked,
        };
        self.expr = expansion.expr(self.expr, None)?;
        self.asked = expansion.asked;
        self.sort = self.asked.unwrap_or_else(|| by_default(&self.expr));
        Ok(self)
    }
}

struct Expansion<'e> {
    searches: &'e dyn Searches,
    now: &'e Zoned,
    /// The folded names that are being expanded, the outermost first.
    within: Vec<String>,
    leaves: usize,
    asked: Option<Sort>,
}

impl Expansion<'_> {
    /// `at`: where the outermost saved search is named, if this is part of one.
    fn expr(
        &mut self,
        expr: Expr<Leaf>,
        at: Option<&Range<usize>>,
    ) -> Result<Expr<Leaf>, QueryError> {
        Ok(match expr {
            Expr::All => Expr::All,
            Expr::And(parts) => Expr::And(self.each(parts, at)?),
            Expr::Or(parts) => Expr::Or(self.each(parts, at)?),
            Expr::Not(part) => Expr::Not(Box::new(self.expr(*part, at)?)),
            Expr::Is(Leaf::Saved(name)) => {
                let at = at.cloned().unwrap_or_else(|| name.span.clone());
                self.saved(&name, &at)?
            }
            Expr::Is(leaf) => {
                self.leaves += 1;
                if self.leaves > limits::LEAVES {
                    let at = at.cloned().unwrap_or_default();
                    return Err(QueryError::new(Problem::TooMany, at));
                }
                Expr::Is(moved(leaf, at))
            }
        })
    }

    fn each(
        &mut self,
        parts: Vec<Expr<Leaf>>,
        at: Option<&Range<usize>>,
    ) -> Result<Vec<Expr<Leaf>>, QueryError> {
        parts.into_iter().map(|part| self.expr(part, at)).collect()
    }

    fn saved(&mut self, name: &Name, at: &Range<usize>) -> Result<Expr<Leaf>, QueryError> {
        let refused = |problem| Err(QueryError::new(problem, at.clone()));
        let folded = fold(&name.text);
        if self.within.contains(&folded) {
            return refused(Problem::Circle(name.text.clone()));
        }
        if self.within.len() >= NESTED {
            return refused(Problem::TooDeep);
        }
        let Some(source) = self.searches.search(&name.text) else {
            let unknown = QueryError::new(Problem::UnknownSearch(name.text.clone()), at.clone());
            return Err(unknown.or(nearest(&name.text, self.searches.searches())));
        };
        let broken = |error: QueryError| {
            let problem = Problem::BrokenSearch {
                name: name.text.clone(),
                why: error.problem.to_string(),
            };
            QueryError::new(problem, at.clone())
        };
        let query = Query::parse(&source, self.now).map_err(broken)?;
        self.asked = self.asked.or(query.asked);
        self.within.push(folded);
        let expr = self.expr(query.expr, Some(at))?;
        self.within.pop();
        if levels(&expr) > LEVELS {
            return refused(Problem::TooDeep);
        }
        Ok(expr)
    }
}

fn levels(expr: &Expr<Leaf>) -> usize {
    match expr {
        Expr::All | Expr::Is(_) => 1,
        Expr::Not(part) => 1 + levels(part),
        Expr::And(parts) | Expr::Or(parts) => 1 + parts.iter().map(levels).max().unwrap_or(0),
    }
}

/// A name inside a saved search is shown where that search is named: its own text is not on the screen.
fn moved(leaf: Leaf, at: Option<&Range<usize>>) -> Leaf {
    let Some(at) = at else {
        return leaf;
    };
    let name = |name: Name| Name {
        text: name.text,
        span: at.clone(),
    };
    match leaf {
        leaf @ (Leaf::Test(_) | Leaf::Word(_) | Leaf::Shared(_)) => leaf,
        Leaf::Author(of) => Leaf::Author(name(of)),
        Leaf::In(of) => Leaf::In(name(of)),
        Leaf::Links(of) => Leaf::Links(name(of)),
        Leaf::To(of) => Leaf::To(name(of)),
        Leaf::For(of) => Leaf::For(name(of)),
        Leaf::Saved(of) => Leaf::Saved(name(of)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Kept(BTreeMap<&'static str, &'static str>);

    impl Searches for Kept {
        fn search(&self, name: &str) -> Option<String> {
            self.0
                .get(fold(name).as_str())
                .map(|text| (*text).to_owned())
        }
        fn searches(&self) -> Vec<String> {
            self.0.keys().map(|name| (*name).to_owned()).collect()
        }
    }

    fn now() -> Zoned {
        "2026-03-01T12:00[UTC]".parse().unwrap()
    }

    fn expanded(source: &str) -> Result<Query, QueryError> {
        let kept = Kept(BTreeMap::from([
            ("fruit", "tag:fruit sort:oldest"),
            ("late", "saved:fruit frost OR medlar"),
            ("me", "saved:you"),
            ("you", "saved:me"),
            ("self", "a -(b saved:Self)"),
            ("old", "tagg:x"),
            ("ann", "author:ann"),
        ]));
        Query::parse(source, &now()).unwrap().expand(&kept, &now())
    }

    #[test]
    fn a_name_stands_for_its_query() {
        for (named, written) in [
            ("saved:fruit", "tag:fruit sort:oldest"),
            ("saved:FRUIT -x", "tag:fruit -x sort:oldest"),
            ("-saved:fruit sort:newest", "-tag:fruit sort:newest"),
            (
                "saved:fruit|nothing tag:a",
                "(tag:fruit OR saved:nothing) tag:a",
            ),
        ] {
            let plain = Query::parse(written, &now()).unwrap();
            match expanded(named) {
                Ok(query) => assert_eq!((query.expr, query.sort), (plain.expr, plain.sort)),
                Err(error) => {
                    assert_eq!(error.problem, Problem::UnknownSearch("nothing".into()));
                }
            }
        }
        let late = expanded("x saved:late").unwrap();
        let Expr::And(parts) = late.expr else {
            panic!("two parts");
        };
        let [_, Expr::Or(either)] = &parts[..] else {
            panic!("one of them either or: {parts:?}");
        };
        assert_eq!(either.len(), 2);
        assert_eq!(late.sort, Sort::Oldest);
    }

    #[test]
    fn a_query_without_saved_searches_stays_as_it_is() {
        for source in [
            "",
            "frost",
            "\"first frost\" -x",
            "tag:fruit",
            "frost sort:oldest",
        ] {
            let plain = Query::parse(source, &now()).unwrap();
            assert_eq!(expanded(source).unwrap(), plain, "{source}");
        }
        let query = expanded("saved:ann medlar").unwrap();
        assert_eq!(query.sort, Sort::Relevance);
    }

    #[test]
    fn what_leads_nowhere_is_refused_where_it_is_named() {
        for (source, problem) in [
            ("x saved:me", Problem::Circle("me".into())),
            ("x saved:self", Problem::Circle("Self".into())),
            ("x saved:frut", Problem::UnknownSearch("frut".into())),
        ] {
            let error = expanded(source).unwrap_err();
            assert_eq!(error.problem, problem);
            assert_eq!(error.span, 8..source.len(), "{source}");
        }
        assert_eq!(
            expanded("saved:frut").unwrap_err().suggestion.as_deref(),
            Some("fruit")
        );
        let old = expanded("saved:old").unwrap_err();
        assert!(old.to_string().contains("tagg"), "{old}");
        // A name inside is shown where the search is named.
        let query = expanded("saved:ann").unwrap();
        let error = query.resolve(&super::super::NoNames).unwrap_err();
        assert_eq!(error.span, 6..9);
    }

    struct Doubling;

    impl Searches for Doubling {
        fn search(&self, name: &str) -> Option<String> {
            let n: u32 = name.parse().ok()?;
            let next = n.checked_sub(1).map(|n| format!("saved:{n}|{n}"));
            Some(match n {
                21.. => format!("{}saved:{}", "-(a ".repeat(14), n - 1) + &")".repeat(14),
                20 | 0 => "word".to_owned(),
                _ => next.unwrap_or_default(),
            })
        }
        fn searches(&self) -> Vec<String> {
            Vec::new()
        }
    }

    #[test]
    fn what_grows_beyond_all_bounds_is_refused() {
        let expand = |source: &str| {
            let query = Query::parse(source, &now()).unwrap();
            query.expand(&Doubling, &now())
        };
        assert!(expand("saved:7").is_ok() && expand("saved:23").is_ok());
        assert_eq!(expand("saved:7|7|7").unwrap_err().problem, Problem::TooMany);
        assert_eq!(expand("saved:8").unwrap_err().problem, Problem::TooDeep);
        assert_eq!(expand("saved:24").unwrap_err().problem, Problem::TooDeep);
    }
}
