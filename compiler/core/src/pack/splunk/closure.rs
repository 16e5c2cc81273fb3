//! Checks an app against itself: every conf file reads back, and all that a search names is there.

use std::collections::{BTreeMap, BTreeSet};

use super::conf::{self, Stanzas};
use crate::compile::Artifact;

/// Checks the files of an app, whose paths are below its folder.
///
/// # Errors
/// The first thing that is wrong, with its file.
pub fn check(files: &[Artifact]) -> Result<(), String> {
    let mut confs: BTreeMap<&str, Stanzas> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.ends_with(".conf") || file.path.ends_with(".meta")) {
        let text = std::str::from_utf8(&file.bytes).map_err(|e| format!("{}: {e}", file.path))?;
        // The stanza of all objects of an app is the empty one in its metadata.
        let text = if file.path.ends_with(".meta") { text.replacen("[]", "[all]", 1) } else { text.to_owned() };
        confs.insert(&file.path, conf::read(&text).map_err(|e| format!("{}: {e}", file.path))?);
    }
    let none = Stanzas::new();
    let of = |path: &str| confs.get(path).unwrap_or(&none);
    let (macros, transforms) = (of("default/macros.conf"), of("default/transforms.conf"));
    let definitions = macros.iter().filter_map(|(name, keys)| Some((name, keys.get("definition")?)));
    let searches = of("default/savedsearches.conf").iter().filter_map(|(name, keys)| Some((name, keys.get("search")?)));
    for (name, text) in searches.chain(definitions) {
        let missing = |what: &str, found: &str| format!("`{name}` names the {what} `{found}`, which is not there");
        for called in macros_in(text).map_err(|e| format!("`{name}`: {e}"))? {
            macros.get(&called).ok_or_else(|| missing("macro", &called))?;
        }
        for table in lookups_in(text) {
            transforms.get(&table).ok_or_else(|| missing("lookup", &table))?;
        }
    }
    for (name, keys) in transforms {
        let file = keys.get("filename").map(|file| format!("lookups/{file}"));
        let there = match (&file, keys.get("collection")) {
            (Some(file), None) => files.iter().any(|f| f.path == *file),
            (None, Some(collection)) => of("default/collections.conf").contains_key(collection),
            _ => false,
        };
        if !there {
            return Err(format!("the lookup `{name}` has no table"));
        }
    }
    Ok(())
}

/// The macros that a search calls, as their stanzas are named.
///
/// # Errors
/// If a backtick is not closed.
fn macros_in(search: &str) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    let mut code = String::new();
    let is_open = |text: &str, mark: &str| text.matches(mark).count() % 2 == 1;
    // What stands between comments, and then between calls, has an even place.
    search.split("```").step_by(2).for_each(|part| code.push_str(part));
    if is_open(search, "```") || is_open(&code, "`") {
        return Err("a backtick is not closed".to_owned());
    }
    for call in code.split('`').skip(1).step_by(2) {
        let arguments = call.split_once('(').and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)));
        found.insert(match arguments {
            Some((name, arguments)) => format!("{name}({})", arguments.split(',').count()),
            None => call.to_owned(),
        });
    }
    Ok(found)
}

/// The tables that a search looks up.
fn lookups_in(search: &str) -> BTreeSet<String> {
    let commands = search.lines().filter_map(|line| line.trim_start().strip_prefix("| lookup "));
    commands.filter_map(|rest| rest.split_whitespace().next()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(files: &[(&str, &str)]) -> Result<(), String> {
        let files: Vec<Artifact> = files
            .iter()
            .map(|(path, text)| Artifact { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() })
            .collect();
        check(&files)
    }

    const MACROS: (&str, &str) = ("default/macros.conf", "[here]\ndefinition = index=a\n[of(1)]\ndefinition = x\n");

    #[test]
    fn an_app_whose_names_are_all_there_passes() {
        let search = "[s]\nsearch = `here` \\\n``` `comment` ``` \\\n| lookup t entry AS f OUTPUT listed AS l \\\n| where `of(f)`\n";
        let transforms = ("default/transforms.conf", "[t]\nfilename = t.csv\n");
        let files = [MACROS, transforms, ("lookups/t.csv", "entry\n"), ("default/savedsearches.conf", search)];
        assert_eq!(app(&files), Ok(()));
    }

    #[test]
    fn what_is_named_must_be_there() {
        let wrong = [
            ("[s]\nsearch = `gone`\n", "the macro `gone`"),
            ("[s]\nsearch = `of(a, b)`\n", "the macro `of(2)`"),
            ("[s]\nsearch = `here\n", "a backtick is not closed"),
            ("[s]\nsearch = `here` \\\n| lookup gone entry AS f\n", "the lookup `gone`"),
        ];
        for (search, what) in wrong {
            let error = app(&[MACROS, ("default/savedsearches.conf", search)]).unwrap_err();
            assert!(error.contains(what), "{error}");
        }
        let error = app(&[("default/transforms.conf", "[t]\nfilename = gone.csv\n")]).unwrap_err();
        assert!(error.contains("`t` has no table"), "{error}");
    }
}
