//! Which document of a folder a link means.
//!
//! A link names a file by its path, by the end of its path, or by its name alone; or by another
//! name that the file gives itself. Where several fit: the file beside the one that links, else the
//! one that lies least deep, else the first by its path.

use std::collections::BTreeMap;

use super::prose::Target;
use crate::{fold, is_linkable};

/// Endings of files that are read as documents.
pub const ENDINGS: [&str; 4] = ["md", "markdown", "txt", "text"];

/// A file that is read as a document, and what it calls itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Its path from the folder, with `/`, without ending.
    pub path: String,
    /// The title of its document.
    pub title: String,
    /// Other names from its head.
    pub aliases: Vec<String>,
}

/// The names of a folder.
#[derive(Debug, Default)]
pub struct Names {
    all: Vec<Named>,
    by_path: BTreeMap<String, usize>,
    /// By the last part of the path.
    by_stem: BTreeMap<String, Vec<usize>>,
    /// By title and other names.
    by_name: BTreeMap<String, Vec<usize>>,
    /// Other files, by their last part: their paths, folded and as they are.
    files: BTreeMap<String, Vec<(String, String)>>,
}

impl Names {
    /// Of these documents, and these other files by their paths with ending.
    pub fn new(all: Vec<Named>, files: &[String]) -> Self {
        let mut names = Self::default();
        for (at, named) in all.iter().enumerate() {
            let path = fold(&named.path);
            names
                .by_stem
                .entry(last(&path).to_owned())
                .or_default()
                .push(at);
            names.by_path.entry(path).or_insert(at);
            for name in std::iter::once(&named.title).chain(&named.aliases) {
                let known = names.by_name.entry(fold(name)).or_default();
                if known.last() != Some(&at) {
                    known.push(at);
                }
            }
        }
        for file in files {
            let path = fold(file);
            let known = names.files.entry(last(&path).to_owned()).or_default();
            known.push((path, file.clone()));
        }
        names.all = all;
        names
    }

    /// The names beside its title by which a document has to be found: its file's name, and its path
    /// where the name alone means several.
    pub fn also(&self, path: &str) -> Vec<String> {
        let Some(at) = self.by_path.get(&fold(path)) else {
            return Vec::new();
        };
        let named = &self.all[*at];
        let mut also = vec![last(&named.path).to_owned()];
        if !self.is_alone(*at) {
            also.push(whole(&named.path));
        }
        also
    }

    /// What a link means that stands in the document at `from`.
    pub fn resolve(&self, from: &str, target: &str) -> Target {
        let Some(path) = normal(from, target) else {
            return Target::Unknown;
        };
        let bare = without_ending(&path);
        let Some(at) = self.find(from, bare, target) else {
            return self.file(from, &path);
        };
        let name = self.name(at);
        // What already means this document and no other stays as it is written.
        let written = fold(target.trim());
        let means = written == fold(&name)
            || self.by_name.get(&written).is_some_and(|all| all == &[at])
                && self.only(&written, at);
        match means || !is_linkable(&name) {
            true => Target::Stands,
            false => Target::Called(name),
        }
    }

    /// The document of that title or other name, where the folder's files are known by those alone.
    pub fn by_title(&self, target: &str) -> Target {
        match self.by_name.contains_key(&fold(target.trim())) {
            true => Target::Stands,
            false => Target::Unknown,
        }
    }

    /// The title of the document that a path means.
    pub(super) fn title_of(&self, from: &str, target: &str) -> Option<String> {
        let path = normal(from, target)?;
        let at = self.find(from, without_ending(&path), target)?;
        let title = &self.all[at].title;
        is_linkable(title).then(|| title.clone())
    }

    fn find(&self, from: &str, bare: &str, target: &str) -> Option<usize> {
        let path = fold(bare);
        if let Some(at) = self.by_path.get(&path) {
            // A name alone means the file beside the one that links first.
            if path.contains('/') || target.contains(['/', '\\']) {
                return Some(*at);
            }
        }
        // From here, and nowhere else.
        if target.trim().starts_with("./") || target.trim().starts_with("../") {
            return None;
        }
        let ends = |at: &&usize| {
            let whole = fold(&self.all[**at].path);
            whole == path
                || whole
                    .strip_suffix(&path)
                    .is_some_and(|rest| rest.ends_with('/'))
        };
        let by_stem = self
            .by_stem
            .get(last(&path))
            .into_iter()
            .flatten()
            .filter(ends);
        let by_name = self.by_name.get(&fold(target.trim()));
        self.nearest(from, by_stem)
            .or_else(|| self.nearest(from, by_name.into_iter().flatten()))
    }

    fn nearest<'a>(&self, from: &str, all: impl Iterator<Item = &'a usize>) -> Option<usize> {
        all.copied().min_by_key(|at| {
            let path = &self.all[*at].path;
            (
                folder(path) != folder(from),
                path.matches('/').count(),
                path,
            )
        })
    }

    fn file(&self, from: &str, path: &str) -> Target {
        let wanted = fold(path);
        let files = self.files.get(last(&wanted)).into_iter().flatten();
        let ends = files.filter(|(path, _)| {
            *path == wanted
                || path
                    .strip_suffix(&wanted)
                    .is_some_and(|rest| rest.ends_with('/'))
        });
        let best = ends.min_by_key(|(_, path)| {
            (
                folder(path) != folder(from),
                path.matches('/').count(),
                path,
            )
        });
        best.map_or(Target::Unknown, |(_, path)| Target::File(path.clone()))
    }

    /// The name by which links are written: the file's own, or the path where several have it.
    fn name(&self, at: usize) -> String {
        let path = &self.all[at].path;
        match self.is_alone(at) {
            true => last(path).to_owned(),
            false => whole(path),
        }
    }

    fn is_alone(&self, at: usize) -> bool {
        self.only(&fold(last(&self.all[at].path)), at)
    }

    /// Whether a folded name is nobody's but this one's.
    fn only(&self, folded: &str, at: usize) -> bool {
        let of = |known: Option<&Vec<usize>>| known.into_iter().flatten().all(|other| *other == at);
        of(self.by_stem.get(folded)) && of(self.by_name.get(folded))
    }
}

/// A path that is told from a name alone: a file that lies in no folder has a slash before it.
fn whole(path: &str) -> String {
    match path.contains('/') {
        true => path.to_owned(),
        false => format!("/{path}"),
    }
}

/// The last part of a path.
pub fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path without the ending of a document.
pub fn without_ending(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((bare, ending)) if ENDINGS.iter().any(|e| ending.eq_ignore_ascii_case(e)) => bare,
        _ => path,
    }
}

/// The path that is meant, from the folder that is read; `None` where it leads out of that.
fn normal(from: &str, target: &str) -> Option<String> {
    let target = target.trim().replace('\\', "/");
    let relative = target.starts_with("./") || target.starts_with("../");
    let mut parts: Vec<&str> = match relative {
        true => folder(from).split('/').filter(|p| !p.is_empty()).collect(),
        false => Vec::new(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names() -> Names {
        let named = |path: &str, title: &str, aliases: &[&str]| Named {
            path: path.to_owned(),
            title: title.to_owned(),
            aliases: aliases.iter().map(|a| (*a).to_owned()).collect(),
        };
        Names::new(
            vec![
                named("Garden/Compost", "Compost", &["Muck"]),
                named("Garden/index", "index", &[]),
                named("Kitchen/deep/index", "index", &[]),
                named("Kitchen/index", "index", &[]),
                named("Rota", "Who waters", &[]),
            ],
            &["files/plan.png".to_owned(), "Garden/bed.png".to_owned()],
        )
    }

    #[test]
    fn links_by_path_name_and_other_names() {
        let names = names();
        let called = |name: &str| Target::Called(name.to_owned());
        for (from, target, wanted) in [
            ("Rota", "Compost", Target::Stands),
            ("Rota", "compost", Target::Stands),
            ("Rota", "Garden/Compost.md", called("Compost")),
            ("Rota", "/Garden/Compost", called("Compost")),
            ("Rota", "Muck", Target::Stands),
            ("Rota", "Who waters", Target::Stands),
            ("Garden/Compost", "../Rota", called("Rota")),
            ("Garden/Compost", "Rota.md", called("Rota")),
            ("Garden/Compost", "index", called("Garden/index")),
            ("Kitchen/deep/x", "index", called("Kitchen/deep/index")),
            ("Rota", "index", called("Garden/index")),
            ("Rota", "deep/index", called("Kitchen/deep/index")),
            ("Rota", "Kitchen/index", Target::Stands),
            // As every folder with a page of its own about it has them.
            ("Kitchen/index", "../index.md", Target::Unknown),
            ("Garden/x", "../../out", Target::Unknown),
            ("Rota", "nothing", Target::Unknown),
            (
                "Rota",
                "plan.png",
                Target::File("files/plan.png".to_owned()),
            ),
            (
                "Garden/x",
                "bed.png",
                Target::File("Garden/bed.png".to_owned()),
            ),
        ] {
            assert_eq!(names.resolve(from, target), wanted, "{target} from {from}");
        }
    }

    #[test]
    fn other_names_are_those_that_links_need() {
        let names = names();
        assert_eq!(names.also("Rota"), ["Rota"]);
        assert_eq!(names.also("Kitchen/index"), ["index", "Kitchen/index"]);
        assert_eq!(names.also("nowhere"), [""; 0]);
    }

    #[test]
    fn pages_about_their_folders_are_told_apart() {
        let named = |path: &str| Named {
            path: path.to_owned(),
            title: last(path).to_owned(),
            aliases: Vec::new(),
        };
        let paths = ["README", "a/README", "a/deep/README"];
        let names = Names::new(paths.map(named).to_vec(), &[]);
        let called = |name: &str| Target::Called(name.to_owned());
        for (from, target, wanted) in [
            ("a/README", "../README.md", called("/README")),
            ("a/README", "/README.md", called("/README")),
            ("a/README", "README", called("a/README")),
            ("a/README", "./README.md", called("a/README")),
            ("a/deep/README", "../../README.md", called("/README")),
            ("a/deep/README", "../README.md", called("a/README")),
            ("README", "a/deep/README.md", called("a/deep/README")),
            ("README", "/README", Target::Stands),
        ] {
            assert_eq!(names.resolve(from, target), wanted, "{target} from {from}");
        }
        assert_eq!(names.also("README"), ["README", "/README"]);
    }

    proptest! {
        /// A link that was written anew means the same document, and stays as it is the next time.
        #[test]
        fn a_new_name_means_the_same(
            paths in prop::collection::btree_set("[ab]{1,2}(/[ab]{1,2}){0,2}", 1..8),
            target in "(\\.\\./|\\./)?[ab]{1,2}(/[ab]{1,2}){0,2}",
        ) {
            let all: Vec<Named> = paths.iter().map(|path| Named {
                path: path.clone(),
                title: last(path).to_owned(),
                aliases: Vec::new(),
            }).collect();
            let bare = Names::new(all.clone(), &[]);
            let from = paths.first().cloned().unwrap_or_default();
            if let Target::Called(name) = bare.resolve(&from, &target) {
                // As they stand in the library: each with the names that links need.
                let full = all.into_iter().map(|mut named| {
                    named.aliases = bare.also(&named.path);
                    named
                }).collect();
                let full = Names::new(full, &[]);
                prop_assert_eq!(full.resolve("somewhere/else", &name), Target::Stands, "{} for {}", name, target);
            }
        }
    }
}
