//! A source held against ATT&CK: what it leaves out and what it invents.

use super::{Analytic, Bundle, DetectionStrategy, LogSource};
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::plan::{self, ParameterKind, Strategy};

/// How a strategy stands to a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was held against the bundle's strategy of its id.
    Held,
    /// It says which version of ATT&CK it is of, and the bundle does not have it.
    NotInBundle,
    /// It does not say that it is of ATT&CK, and is held against nothing.
    NotClaimed,
}

/// How a strategy stands to a bundle. One that names no version of ATT&CK claims nothing.
#[must_use]
pub fn standing(strategy: &Strategy, bundle: &Bundle) -> Standing {
    match (&strategy.attack, bundle.strategies.contains_key(&strategy.id)) {
        (_, true) => Standing::Held,
        (Some(_), false) => Standing::NotInBundle,
        (None, false) => Standing::NotClaimed,
    }
}

/// Holds a strategy against the bundle.
#[must_use]
pub fn check(strategy: &Strategy, bundle: &Bundle) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if standing(strategy, bundle) == Standing::NotInBundle {
        found.push(not_in_bundle(strategy, bundle));
    }
    let Some(theirs) = bundle.strategies.get(&strategy.id) else { return found };
    found.extend(version(strategy, bundle));
    for technique in theirs.techniques.iter().filter(|t| !strategy.techniques.contains(t)) {
        let title = format!("`{}` does not name the technique `{technique}`, which it detects by ATT&CK", strategy.id);
        found.push(
            Diagnostic::new(Code::AttackMissing, title, strategy.span).help(format!("write `technique {technique}`")),
        );
    }
    for (id, analytic) in &theirs.analytics {
        match strategy.analytics.iter().find(|a| a.id == *id) {
            Some(ours) => found.extend(held(strategy, ours, analytic)),
            None => found.push(no_analytic(strategy, id, analytic)),
        }
    }
    found.extend(strategy.analytics.iter().filter(|a| !theirs.analytics.contains_key(&a.id)).map(|ours| {
        let title = format!("ATT&CK has no analytic `{}` of `{}`", ours.id, strategy.id);
        Diagnostic::new(Code::AttackInvented, title, ours.span).maybe_help(nearest(&ours.id, strategy, theirs))
    }));
    found.extend(strategy.parameters.iter().filter(|p| p.kind == ParameterKind::Mutable && p.analytic.is_none()).map(
        |p| {
            let title = format!("`{}` is a mutable element of no analytic", p.name);
            Diagnostic::new(Code::AttackInvented, title, p.span)
                .help("a parameter of the strategy's own is a `tunable`")
        },
    ));
    found
}

/// The nearest of the analytics that the source lacks.
fn nearest(id: &str, strategy: &Strategy, theirs: &DetectionStrategy) -> Option<String> {
    let lacking = theirs.analytics.keys().filter(|id| !strategy.analytics.iter().any(|a| a.id == **id));
    suggest::did_you_mean(id, lacking.map(String::as_str))
}

/// ATT&CK's own words, if it has any.
fn quoted(description: &str) -> Option<String> {
    (!description.is_empty()).then(|| format!("ATT&CK says: {description}"))
}

fn not_in_bundle(strategy: &Strategy, bundle: &Bundle) -> Diagnostic {
    let version = bundle.version.as_deref().unwrap_or("of an unknown version");
    let title = format!(
        "`{}` is not among the strategies of ATT&CK {version} that are at hand, and was not checked",
        strategy.id
    );
    Diagnostic::new(Code::NotInAttack, title, strategy.span)
        .maybe_help(suggest::did_you_mean(&strategy.id, bundle.strategies.keys().map(String::as_str)))
        .help("give the bundle that has it with `--attack FILE`, or leave out `attack` for a strategy of your own")
}

/// The version that the source says, against the bundle's.
fn version(strategy: &Strategy, bundle: &Bundle) -> Option<Diagnostic> {
    let theirs = bundle.version.as_deref()?;
    let Some(ours) = &strategy.attack else {
        let title = format!("`{}` does not say which version of ATT&CK it is of", strategy.id);
        return Some(
            Diagnostic::new(Code::AttackMissing, title, strategy.span).help(format!("write `attack \"{theirs}\"`")),
        );
    };
    (ours.value != theirs).then(|| {
        let title = format!("`{}` is of ATT&CK {}, and the bundle is of {theirs}", strategy.id, ours.value);
        Diagnostic::new(Code::AttackVersion, title, ours.span).fix(
            ours.span,
            format!("\"{theirs}\""),
            format!("write `\"{theirs}\"`, if the strategy was brought to it"),
        )
    })
}

fn no_analytic(strategy: &Strategy, id: &str, theirs: &Analytic) -> Diagnostic {
    let title =
        format!("ATT&CK names the analytic `{id}` on {}, and the source does not have it", theirs.platforms.join(", "));
    Diagnostic::new(Code::AttackMissing, title, strategy.span).maybe_help(quoted(&theirs.description))
}

/// Platform, log sources and mutable elements of one analytic.
fn held(strategy: &Strategy, ours: &plan::Analytic, theirs: &Analytic) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if !theirs.platforms.is_empty() && !theirs.platforms.iter().any(|p| word(p) == ours.platform) {
        let title =
            format!("`{}` is on `{}`, and by ATT&CK on {}", ours.id, ours.platform, theirs.platforms.join(", "));
        let words: Vec<String> = theirs.platforms.iter().map(|p| format!("write `on {}`", word(p))).collect();
        found.push(Diagnostic::new(Code::AttackInvented, title, ours.span).help(words.join(" or ")));
    }
    found.extend(sources(ours, theirs));
    found.extend(mutable_elements(strategy, ours, theirs));
    found
}

/// A platform as the language writes it: `Network Devices` is `network_devices`.
fn word(platform: &str) -> String {
    platform.to_lowercase().replace([' ', '-', '/'], "_")
}

fn sources(ours: &plan::Analytic, theirs: &Analytic) -> Vec<Diagnostic> {
    let same =
        |a: &LogSource, b: &plan::LogSource| a.component == b.component && a.name == b.name && a.channel == b.channel;
    let mut found = Vec::new();
    for source in theirs.sources.iter().filter(|t| !ours.sources.iter().any(|o| same(t, o))) {
        let title = format!(
            "ATT&CK names the log source {} of `{}`, and the source does not declare it",
            written(source),
            ours.id
        );
        found.push(Diagnostic::new(Code::AttackMissing, title, ours.span));
    }
    for source in ours.sources.iter().filter(|o| !theirs.sources.iter().any(|t| same(t, o))) {
        let this = LogSource {
            component: source.component.clone(),
            name: source.name.clone(),
            channel: source.channel.clone(),
        };
        let title = format!("ATT&CK names no log source {} of `{}`", written(&this), ours.id);
        let candidates: Vec<String> = theirs.sources.iter().map(written).collect();
        let hint = suggest::nearest(&written(&this), candidates.iter().map(String::as_str));
        let hint = hint.map(|near| format!("did you mean {near}?"));
        found.push(Diagnostic::new(Code::AttackInvented, title, source.span).maybe_help(hint));
    }
    found
}

/// A log source as the language writes it.
fn written(source: &LogSource) -> String {
    format!("`{} \"{}\" \"{}\"`", source.component, source.name, source.channel)
}

fn mutable_elements(strategy: &Strategy, ours: &plan::Analytic, theirs: &Analytic) -> Vec<Diagnostic> {
    let of_analytic = |p: &&plan::Parameter| p.analytic.as_deref() == Some(&*ours.id);
    let declared: Vec<&plan::Parameter> = strategy.parameters.iter().filter(of_analytic).collect();
    let names = || theirs.mutable_elements.iter().map(|e| e.name.as_str());
    let mut found = Vec::new();
    for element in &theirs.mutable_elements {
        match declared.iter().find(|p| p.name == element.name) {
            Some(p) if p.kind == ParameterKind::Mutable => {}
            Some(p) => {
                let title = format!("`{}` is a mutable element of ATT&CK, and declared as a `tunable`", p.name);
                found.push(Diagnostic::new(Code::AttackMissing, title, p.span).help("declare it as `mutable`"));
            }
            None => {
                let title = format!(
                    "ATT&CK names the mutable element `{}` of `{}`, and the source does not declare it",
                    element.name, ours.id
                );
                found.push(
                    Diagnostic::new(Code::AttackMissing, title, ours.span).maybe_help(quoted(&element.description)),
                );
            }
        }
    }
    for p in declared.iter().filter(|p| p.kind == ParameterKind::Mutable && !names().any(|name| name == p.name)) {
        let title = format!("ATT&CK names no mutable element `{}` of `{}`", p.name, ours.id);
        let hint = suggest::did_you_mean(&p.name, names());
        let hint = hint.unwrap_or_else(|| "a parameter of the strategy's own is a `tunable`".to_owned());
        found.push(Diagnostic::new(Code::AttackInvented, title, p.span).help(hint));
    }
    found
}
