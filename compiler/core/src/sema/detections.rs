//! Detections: their clauses, each in its place, and the columns of an alert.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::rows::Draft;
use super::table::{ScopeId, Table, duplicate};
use super::{Env, operators, patterns, split_doc};
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::plan::{Acceptance, Accepted, AlertSeverity, Column, Detection, EntityColumn, Pattern, Release, RuleStatus};
use crate::source::Span;
use crate::syntax::ast::{self, ClauseKind, Ident};

/// The namespace of the rule UUIDs made from `strategy/analytic/detection`. It never changes: rules keep their identity.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f0c_52ab_6b1e_4c57_9d3a_1e7f_60c4_2b95);

/// Where a detection stands.
pub(super) struct Place<'a> {
    pub strategy: &'a str,
    pub analytic: &'a str,
    pub scope: ScopeId,
    /// Whether another detection of the analytic stands above it.
    pub has_above: bool,
}

/// The clauses that stand at most once.
#[derive(Default)]
struct Clauses<'a> {
    id: Option<(&'a Ident, Span)>,
    version: Option<(&'a Ident, Span)>,
    status: Option<(&'a Ident, Span)>,
    severity: Option<(&'a Ident, Span)>,
    pattern: Option<(&'a ast::Pattern, Span)>,
    entity: Option<(&'a [Ident], Span)>,
    suppress: Option<(&'a ast::Expr, Span)>,
    accepts: Vec<&'a ast::Accept>,
    false_positives: Vec<String>,
}

/// The plan's form of a detection.
pub(super) fn lower(table: &Table<'_>, place: &Place<'_>, doc: &str, detect: &ast::Detect) -> Option<Detection> {
    let clauses = sort(table, &detect.clauses);
    let mut draft = Draft { table, scope: place.scope, events: Vec::new(), named: Vec::new() };
    if let (Some(span), false) = (detect.otherwise, place.has_above) {
        let title = "`otherwise` needs a detection above it in the analytic";
        table.report(Diagnostic::new(Code::MissingPart, title, span));
    }
    let id = rule_id(table, place, detect, clauses.id.map(|(id, _)| id));
    let release = release(table, &clauses);
    let severity = require(table, detect, "severity", clauses.severity).and_then(|(word, _)| severity(table, word));
    let pattern = require(table, detect, "pattern", clauses.pattern);
    let entity = require(table, detect, "entity", clauses.entity);
    let suppress = clauses.suppress.map(|(e, _)| operators::milliseconds(table, &Env::constants(place.scope), e));
    let accepts = accepts(table, &clauses.accepts);
    let pattern = pattern.and_then(|(pattern, _)| patterns::lower(&mut draft, pattern))?;
    let entity = entity.and_then(|(names, _)| entity_columns(&draft, &pattern, names))?;
    let (title, description) = split_doc(doc);
    Some(Detection {
        name: detect.name.value.clone(),
        id: id?,
        title: if title.is_empty() { in_words(&detect.name.value) } else { title },
        description,
        release: release?,
        severity: severity?,
        otherwise: detect.otherwise.is_some(),
        false_positives: clauses.false_positives,
        accepts: accepts?,
        events: draft.events,
        pattern,
        entity,
        suppress: match suppress {
            Some(suppress) => Some(suppress?),
            None => None,
        },
        span: detect.name.span,
    })
}

/// `abnormal_session` as `Abnormal session`.
fn in_words(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Puts every clause in its place; a second one of those that stand once is reported.
fn sort<'a>(table: &Table<'_>, clauses: &'a [ast::Clause]) -> Clauses<'a> {
    let mut sorted = Clauses::default();
    for clause in clauses {
        let span = clause.span;
        match &clause.kind {
            ClauseKind::Id(id) => once(table, "id", &mut sorted.id, id, span),
            ClauseKind::Version(number) => once(table, "version", &mut sorted.version, number, span),
            ClauseKind::Status(word) => once(table, "status", &mut sorted.status, word, span),
            ClauseKind::Severity(word) => once(table, "severity", &mut sorted.severity, word, span),
            ClauseKind::Pattern(pattern) => once(table, "pattern", &mut sorted.pattern, pattern, span),
            ClauseKind::Entity(names) => once(table, "entity", &mut sorted.entity, names.as_slice(), span),
            ClauseKind::Suppress(expr) => once(table, "suppress", &mut sorted.suppress, expr, span),
            ClauseKind::Accept(accept) => sorted.accepts.push(accept),
            ClauseKind::FalsePositive(text) => sorted.false_positives.push(text.value.clone()),
        }
    }
    sorted
}

fn once<T>(table: &Table<'_>, name: &str, slot: &mut Option<(T, Span)>, value: T, span: Span) {
    match slot {
        Some((_, first)) => table.report(duplicate(name, span, Some(*first))),
        None => *slot = Some((value, span)),
    }
}

fn require<T>(table: &Table<'_>, detect: &ast::Detect, name: &str, clause: Option<T>) -> Option<T> {
    if clause.is_none() {
        let title = format!("the detection `{}` has no `{name}`", detect.name.value);
        table.report(Diagnostic::new(Code::MissingPart, title, detect.name.span));
    }
    clause
}

/// The UUID as written, or one made from the names.
fn rule_id(table: &Table<'_>, place: &Place<'_>, detect: &ast::Detect, written: Option<&Ident>) -> Option<String> {
    let Some(written) = written else {
        let path = format!("{}/{}/{}", place.strategy, place.analytic, detect.name.value);
        return Some(Uuid::new_v5(&NAMESPACE, path.as_bytes()).to_string());
    };
    match Uuid::try_parse(&written.value) {
        Ok(id) if written.value.len() == 36 => Some(id.to_string()),
        _ => {
            let title = format!("`{}` is no UUID", written.value);
            let help = "such as `5f1b6a1e-0c9e-4b62-8d1c-2f7f3a4b5c6d`; without `id` one is made from the names";
            table.fail(Diagnostic::new(Code::BadLiteral, title, written.span).help(help))
        }
    }
}

/// The version and status as written, else those of a new rule.
fn release(table: &Table<'_>, clauses: &Clauses<'_>) -> Option<Release> {
    let new = Release::default();
    let version = match clauses.version {
        None => Some(new.version),
        Some((number, _)) => version(table, number),
    };
    let status = match clauses.status {
        None => Some(new.status),
        Some((word, _)) => {
            let status = RuleStatus::ALL.into_iter().find(|s| s.as_str() == word.value);
            status.or_else(|| no_such_word(table, "status", word, &RuleStatus::ALL.map(RuleStatus::as_str)))
        }
    };
    Some(Release { version: version?, status: status?, own_id: clauses.id.is_some() })
}

/// A version counts from 1.
fn version(table: &Table<'_>, number: &Ident) -> Option<u32> {
    number.value.parse().ok().filter(|version| *version > 0).or_else(|| {
        let title = format!("`{}` is no version of a rule", number.value);
        table.fail(Diagnostic::new(Code::BadLiteral, title, number.span).help("versions are 1, 2, 3 and so on"))
    })
}

fn severity(table: &Table<'_>, word: &Ident) -> Option<AlertSeverity> {
    let severity = AlertSeverity::ALL.into_iter().find(|s| s.as_str() == word.value);
    severity.or_else(|| no_such_word(table, "severity", word, &AlertSeverity::ALL.map(AlertSeverity::as_str)))
}

/// Reports a word that is none of a clause's.
fn no_such_word<T>(table: &Table<'_>, clause: &str, word: &Ident, words: &[&str]) -> Option<T> {
    let hint = suggest::did_you_mean(&word.value, words.iter().copied());
    let hint = hint.unwrap_or_else(|| format!("one of `{}`", words.join("`, `")));
    let title = format!("there is no {clause} `{}`", word.value);
    table.fail(Diagnostic::new(Code::UnknownName, title, word.span).help(hint))
}

/// One acceptance for each target; whether the targets exist is not known here.
fn accepts(table: &Table<'_>, accepts: &[&ast::Accept]) -> Option<Vec<Acceptance>> {
    let mut all = Vec::new();
    let mut sound = true;
    for accept in accepts {
        let what = match &*accept.what.value {
            "approximate" => Accepted::Approximate,
            "unsupported" => Accepted::Unsupported,
            other => {
                let title = format!("`{other}` cannot be accepted");
                let help = "one of `approximate`, `unsupported`";
                table.report(Diagnostic::new(Code::UnknownName, title, accept.what.span).help(help));
                sound = false;
                continue;
            }
        };
        if accept.reason.value.trim().is_empty() {
            let title = "an acceptance needs its reason";
            table.report(Diagnostic::new(Code::MissingPart, title, accept.reason.span));
            sound = false;
        }
        let reason = &accept.reason.value;
        all.extend(accept.targets.iter().map(|target| Acceptance {
            what,
            target: target.clone(),
            reason: reason.clone(),
        }));
    }
    sound.then_some(all)
}

/// The columns of an alert. A name loses its event's prefix where no other column bears the same name.
fn entity_columns(draft: &Draft<'_, '_>, pattern: &Pattern, names: &[Ident]) -> Option<Vec<EntityColumn>> {
    let columns: Vec<Option<Column>> = names.iter().map(|name| draft.column(pattern, name)).collect();
    let columns: Vec<Column> = columns.into_iter().collect::<Option<_>>()?;
    for (i, (column, name)) in columns.iter().zip(names).enumerate() {
        if let Some(first) = columns.iter().take(i).position(|c| c == column) {
            let twice =
                Diagnostic::new(Code::Duplicate, format!("`{}` is already in the entity", name.value), name.span);
            return draft.table.fail(match names.get(first) {
                Some(first) => twice.also(first.span, "first here"),
                None => twice,
            });
        }
    }
    let bare: Vec<&str> = columns.iter().zip(names).map(|(column, name)| without_prefix(draft, column, name)).collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    bare.iter().for_each(|name| *count.entry(name).or_default() += 1);
    let named = std::iter::zip(columns, std::iter::zip(names, &bare)).map(|(column, (written, bare))| {
        let unique = count.get(bare) == Some(&1);
        let name = if unique { (*bare).to_owned() } else { written.value.clone() };
        EntityColumn { column, name, span: written.span }
    });
    Some(named.collect())
}

fn without_prefix<'n>(draft: &Draft<'_, '_>, column: &Column, name: &'n Ident) -> &'n str {
    let event = draft.event_name(column.event).unwrap_or_default();
    name.value.strip_prefix(event).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&name.value)
}
