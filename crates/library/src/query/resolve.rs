//! From names to keys.

use std::collections::BTreeSet;

use folkmoot_record::{CollectiveId, RecordId, SeatKey};

use super::{Expr, Leaf, Name, Problem, QueryError, Test, error::nearest};
use crate::{Link, term_key};

/// What this node knows of names. A person can have a seat in many collectives, and a name can
/// belong to several people: all of them are meant.
pub trait Names {
    /// The seats of that name (also `me`); none if nobody is called so.
    fn seats(&self, name: &str) -> BTreeSet<SeatKey>;
    /// The collectives of that name; none if there is no such.
    fn collectives(&self, name: &str) -> BTreeSet<CollectiveId>;
    /// The records that a short id or a title names, so that links and answers to them are found;
    /// none if there is no such.
    fn records(&self, name: &str) -> BTreeSet<RecordId> {
        let _ = name;
        BTreeSet::new()
    }
    /// The shown name of a collective, for telling a query in words.
    fn place_name(&self, place: &CollectiveId) -> Option<String> {
        let _ = place;
        None
    }
    /// Names of people, for suggestions.
    fn people(&self) -> Vec<String>;
    /// Names of collectives, for suggestions.
    fn places(&self) -> Vec<String>;
}

/// Knows nobody: only whole keys and ids can stand in a query.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn seats(&self, _: &str) -> BTreeSet<SeatKey> {
        BTreeSet::new()
    }
    fn collectives(&self, _: &str) -> BTreeSet<CollectiveId> {
        BTreeSet::new()
    }
    fn people(&self) -> Vec<String> {
        Vec::new()
    }
    fn places(&self) -> Vec<String> {
        Vec::new()
    }
}

pub(super) fn expr(expr: &Expr<Leaf>, names: &dyn Names) -> Result<Expr<Test>, QueryError> {
    let all = |parts: &[Expr<Leaf>]| {
        parts
            .iter()
            .map(|part| self::expr(part, names))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match expr {
        Expr::All => Expr::All,
        Expr::And(parts) => Expr::And(all(parts)?),
        Expr::Or(parts) => Expr::Or(all(parts)?),
        Expr::Not(part) => Expr::Not(Box::new(self::expr(part, names)?)),
        Expr::Is(leaf) => Expr::Is(test(leaf, names)?),
    })
}

pub(super) fn test(leaf: &Leaf, names: &dyn Names) -> Result<Test, QueryError> {
    let unknown = |name: &Name, problem: fn(String) -> Problem, known: Vec<String>| {
        QueryError::new(problem(name.text.clone()), name.span.clone())
            .or(nearest(&name.text, known))
    };
    match leaf {
        Leaf::Test(test) => Ok(test.clone()),
        Leaf::Word(text) => Ok(Test::Text(text.clone())),
        Leaf::Shared(shared) => Ok(Test::Text(shared.text.clone())),
        Leaf::Author(name) | Leaf::For(name) => {
            let seats = match name.text.parse() {
                Ok(seat) => BTreeSet::from([seat]),
                Err(_) => names.seats(&name.text),
            };
            if seats.is_empty() {
                return Err(unknown(name, Problem::UnknownPerson, names.people()));
            }
            Ok(match leaf {
                Leaf::For(_) => Test::Assigned(seats),
                _ => Test::Seats(seats),
            })
        }
        Leaf::In(name) => {
            let places = match name.text.parse() {
                Ok(place) => BTreeSet::from([place]),
                Err(_) => names.collectives(&name.text),
            };
            if places.is_empty() {
                return Err(unknown(name, Problem::UnknownPlace, names.places()));
            }
            Ok(Test::Places(places))
        }
        Leaf::To(name) => {
            let mut targets = names.records(&name.text);
            targets.extend(name.text.parse::<RecordId>());
            if targets.is_empty() {
                let problem = Problem::UnknownRecord(name.text.clone());
                return Err(QueryError::new(problem, name.span.clone()));
            }
            Ok(Test::Answers(targets))
        }
        // Nobody has put the search in its place.
        Leaf::Saved(name) => {
            let problem = Problem::UnknownSearch(name.text.clone());
            Err(QueryError::new(problem, name.span.clone()))
        }
        Leaf::Links(name) => {
            let mut targets: BTreeSet<Link> = Link::parse(&name.text).into_iter().collect();
            if matches!(targets.first(), Some(Link::Title(_))) && !term_key(&name.text).is_empty() {
                // A title may be a shared word too.
                targets.insert(Link::symbol(&name.text));
            }
            targets.extend(names.records(&name.text).into_iter().map(Link::Record));
            Ok(Test::Links(targets))
        }
    }
}
