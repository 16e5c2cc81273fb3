//! What a profile includes of its target's log sources: all classes of one, `zeek`, or a single class, `zeek/tls_session`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::{ClassBinding, LogSource};
use crate::diagnostics::suggest;

/// An entry of `include`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Include {
    /// The log source.
    source: String,
    /// The one class of it; all of them if none.
    class: Option<String>,
}

impl From<String> for Include {
    fn from(text: String) -> Self {
        match text.split_once('/') {
            Some((source, class)) => Self { source: source.to_owned(), class: Some(class.to_owned()) },
            None => Self { source: text, class: None },
        }
    }
}

/// A class that a profile gets from a log source.
#[derive(Debug)]
pub struct Included<'a> {
    /// The class.
    pub name: &'a str,
    /// Where its events live.
    pub binding: &'a Arc<ClassBinding>,
}

/// The classes that the entries bring. What the profile binds itself (`own`) takes the place of what it includes.
///
/// # Errors
/// Says of the first entry that cannot be included why.
pub fn included<'a>(
    entries: &[Include],
    sources: &'a BTreeMap<String, LogSource>,
    own: impl Fn(&str) -> bool,
) -> Result<Vec<Included<'a>>, String> {
    let (mut all, mut taken) = (Vec::new(), BTreeSet::new());
    for entry in entries {
        for class in entry.classes(sources)?.into_iter().filter(|class| !own(class.name)) {
            if !taken.insert(class.name) {
                return Err(format!(
                    "`{}` comes from another entry too: include it as `source/{}` from one of them",
                    class.name, class.name
                ));
            }
            all.push(class);
        }
    }
    Ok(all)
}

impl Include {
    /// The classes of this entry.
    ///
    /// # Errors
    /// If there is no such source, or it has no such class.
    pub fn classes<'a>(&self, sources: &'a BTreeMap<String, LogSource>) -> Result<Vec<Included<'a>>, String> {
        let Some(source) = sources.get(&self.source) else {
            return Err(unknown(&format!("the target has no source `{}`", self.source), &self.source, sources.keys()));
        };
        let classes = source.classes.iter().map(|(name, binding)| Included { name, binding });
        let Some(class) = &self.class else { return Ok(classes.collect()) };
        let found: Vec<Included<'a>> = classes.filter(|c| c.name == class).collect();
        if found.is_empty() {
            let title = format!("source `{}` has no class `{class}`", self.source);
            return Err(unknown(&title, class, source.classes.keys()));
        }
        Ok(found)
    }
}

fn unknown<'a>(title: &str, name: &str, known: impl Iterator<Item = &'a String> + Clone) -> String {
    match suggest::did_you_mean(name, known.clone().map(String::as_str)) {
        Some(hint) => format!("{title}; {hint}"),
        None => format!("{title}; it has {}", known.cloned().collect::<Vec<_>>().join(", ")),
    }
}
