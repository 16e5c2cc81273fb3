//! The site's data as a search sees it: where the events of a class are, and how a field of theirs is read.
//!
//! A class's `source` in a Splunk profile (`schemas/source-spl.json`):
//!
//! | key | meaning |
//! | --- | --- |
//! | `macro` | the macro that stands for the class in every base search, so that a site rebinds it once |
//! | `definition` | the macro's definition as shipped, in parentheses |
//! | `is` | what tells the class's events from those of the profile's other classes: fields and the values they may have |
//! | `time` | the field that holds the event's time in seconds; `_time` if left out |
//! | `part_of` | for a derived field, the field whose text contains its text, so that the base search can look there |
//! | `joins` | other events that complete these: fields of theirs under names of their own, found by a common key |
//!
//! Joined events come in through the same base search, and only where a detection needs a field of theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::ast::{Binary, Compare, Expr, Function, Name};
use super::held::{Keeper, Scale};
use super::names::Names;
use crate::capability::{Findings, Support};
use crate::dialect::{Deployment, Request};
use crate::plan::{Class, Event, Field, ParamRef, Type, Window};
use crate::sema::literals::parse_span;
use crate::source::Span;
use crate::target::{Access, FieldBinding};

/// The name of the event's own time in the language.
pub const TIMESTAMP: &str = "@timestamp";

/// Where a class's events are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source<'a> {
    /// The macro's name.
    #[serde(rename = "macro")]
    pub macro_name: &'a str,
    /// The macro's definition as shipped; a rule pack writes it into `macros.conf`.
    pub definition: &'a str,
    /// Fields and their possible values, compared as text without case.
    #[serde(default, borrow)]
    pub is: Values<'a>,
    /// The field of the event's time, in seconds since 1970.
    #[serde(default = "default_time")]
    pub time: &'a str,
    /// Derived field (ECS name) → native field that contains its text.
    #[serde(default, borrow)]
    pub part_of: BTreeMap<&'a str, &'a str>,
    /// Events that complete these.
    #[serde(default, borrow)]
    pub joins: Vec<Join<'a>>,
}

/// Fields and the values that they may have.
pub type Values<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// Events that complete those of a class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join<'a> {
    /// The macro that stands for them.
    #[serde(rename = "macro")]
    pub macro_name: &'a str,
    /// The macro's definition as shipped.
    pub definition: &'a str,
    /// What tells them from all others: fields and their possible values.
    #[serde(borrow)]
    pub is: Values<'a>,
    /// The key on the class's events, an `eval` expression.
    pub ours: &'a str,
    /// The key on these, an `eval` expression.
    pub theirs: &'a str,
    /// The names that their fields get: name → field.
    #[serde(borrow)]
    pub fields: BTreeMap<&'a str, &'a str>,
    /// How much older than the event they may be, such as `24h`; not at all if left out.
    #[serde(default)]
    pub older: Option<&'a str>,
}

/// A join that the detection needs.
#[derive(Debug, Clone)]
pub struct UsedJoin<'a> {
    /// The class it completes.
    pub class: &'a str,
    /// The join, with no more than the fields needed.
    pub join: Join<'a>,
}

const DEFAULT_TIME: &str = "_time";

const fn default_time() -> &'static str {
    DEFAULT_TIME
}

/// How a field is read in the search.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The field.
    pub field: Field,
    /// Its name in the search: of the site's data, or of the `eval` that derives it.
    pub name: Name,
    /// How its text is understood.
    pub form: Form,
    /// Whether no event lacks it.
    pub always: bool,
    /// Words of the language → text of the data; empty for none.
    pub values: BTreeMap<String, String>,
    /// The one text that every event has.
    pub constant: Option<String>,
    /// A native field in whose text this field's text stands whole: itself, if it is native.
    pub searched: Option<Name>,
}

/// How a field's text is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A number in the language's own unit.
    Number,
    /// A duration in units of so many nanoseconds.
    Duration(i64),
    /// A moment in seconds since 1970.
    EpochSeconds,
    /// A moment in milliseconds since 1970.
    EpochMillis,
    /// A moment as ISO 8601 text with a zone.
    Iso8601,
}

/// The classes of one detection at one site. Asking for what the site lacks leaves a refusal in `findings`.
#[derive(Debug)]
pub struct Site<'a> {
    request: &'a Request<'a>,
    /// Refusals and losses.
    pub findings: &'a mut Findings,
    /// The names in use.
    pub names: Names<'a>,
    /// What stands outside the search; none if nothing does.
    pub keeper: Option<Keeper<'a>>,
    sources: BTreeMap<&'a str, Source<'a>>,
    /// Derived fields by ECS name: the name in the search, and the expression of each class that derives it.
    derived: BTreeMap<Arc<str>, (Name, BTreeMap<String, Expr>)>,
    /// Joined fields asked for so far: class and name.
    joined: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Site<'a> {
    /// The site of a request.
    pub fn new(request: &'a Request<'a>, findings: &'a mut Findings) -> Self {
        let keeper = Keeper::new(request).unwrap_or_else(|reason| {
            let reason = format!("the settings of what stands outside a search cannot be read: {reason}");
            findings.note(Support::no(&reason), request.unit.detection.span);
            None
        });
        let mut site = Self {
            request,
            findings,
            keeper,
            names: Names::default(),
            sources: BTreeMap::new(),
            derived: BTreeMap::new(),
            joined: BTreeSet::new(),
        };
        for event in &request.unit.detection.events {
            site.add_class(event);
        }
        site.check_told_apart();
        site
    }

    /// Refuses the detection; the same reason at the same place once.
    pub fn refuse(&mut self, reason: &str, span: Span) {
        if !self.findings.refusals.iter().any(|known| known.reason == reason && known.span == span) {
            self.findings.note(Support::no(reason), span);
        }
    }

    fn add_class(&mut self, event: &'a Event) {
        let name = event.class.name.as_str();
        if self.sources.contains_key(name) {
            return;
        }
        let profile = self.request.profile;
        let Some(binding) = profile.classes.get(name) else {
            return self.refuse(&format!("the profile `{}` has no `{name}` events", profile.id), event.span);
        };
        match read_source(&binding.source) {
            Ok(source) => {
                let mut macros =
                    source.joins.iter().map(|join| join.macro_name).chain(std::iter::once(source.macro_name));
                if let Some(name) = macros.find(|name| !is_word(name)) {
                    return self.refuse(&format!("`{name}` is no name for a macro"), event.span);
                }
                self.reserve(&source, binding.fields.values());
                self.sources.insert(name, source);
            }
            Err(error) => {
                let reason = format!("the source of `{name}` in the profile `{}` cannot be read: {error}", profile.id);
                self.refuse(&reason, event.span);
            }
        }
    }

    fn reserve(&mut self, source: &Source<'a>, fields: impl Iterator<Item = &'a Arc<FieldBinding>>) {
        self.names.reserve(source.time);
        source.is.keys().chain(source.part_of.values()).for_each(|f| self.names.reserve(f));
        for join in &source.joins {
            let fields = join.is.keys().chain(join.fields.keys()).chain(join.fields.values());
            fields.for_each(|f| self.names.reserve(f));
            [join.ours, join.theirs].into_iter().for_each(|key| self.names.reserve_words(key));
        }
        for field in fields {
            match &field.access {
                Access::Native(name) => self.names.reserve(name),
                Access::Derived(expression) => self.names.reserve_words(expression),
                Access::Constant(_) | Access::Join(_) | Access::Missing(_) | Access::Absent(_) => {}
            }
        }
    }

    /// With several classes in one base search, each must say what its events are.
    fn check_told_apart(&mut self) {
        let several = self.sources.len() > 1;
        let silent = |source: &Source<'_>| source.is.is_empty() && (several || !source.joins.is_empty());
        let silent = self.sources.iter().find(|(_, source)| silent(source)).map(|(class, _)| *class);
        if let Some(class) = silent {
            let reason = format!("the profile does not say what tells `{class}` events from others");
            self.refuse(&reason, self.request.unit.detection.span);
        }
    }

    /// Where a class's events are; none if that has been refused.
    #[must_use]
    pub fn source(&self, class: &Class) -> Option<&Source<'a>> {
        self.sources.get(class.name.as_str())
    }

    /// What tells a row of the class from the other rows of the detection; none where there are no others.
    #[must_use]
    pub fn is(&self, class: &str) -> Option<Expr> {
        let source = self.sources.get(class).filter(|_| self.sources.len() > 1 || !self.joined.is_empty())?;
        Some(told_by(&source.is))
    }

    /// The joins that fields asked for so far need, by class.
    pub fn joins(&self) -> impl Iterator<Item = (&'a str, &Join<'a>)> {
        let all = self.sources.iter().flat_map(|(class, source)| source.joins.iter().map(|join| (*class, join)));
        all.filter(|(class, join)| join.fields.keys().any(|name| self.joined.contains(&(*class, *name))))
    }

    /// The same, to be written: each with the fields that are needed.
    #[must_use]
    pub fn used_joins(&self) -> Vec<UsedJoin<'a>> {
        let used = |(class, join): (&'a str, &Join<'a>)| {
            let mut join = join.clone();
            join.fields.retain(|name, _| self.joined.contains(&(class, *name)));
            UsedJoin { class, join }
        };
        self.joins().map(used).collect()
    }

    /// A single value: itself, or what a parameter's macro gives.
    pub fn scalar(&mut self, param: Option<&ParamRef>, value: Expr, scale: Scale) -> Expr {
        let held = self.keeper.as_mut().and_then(|keeper| keeper.scalar(param?, &value, scale));
        held.unwrap_or(value)
    }

    /// A window in milliseconds.
    pub fn window(&mut self, window: &Window) -> Expr {
        self.scalar(window.param.as_ref(), Expr::Int(window.value), Scale::Milliseconds)
    }

    /// The macros of the events that the search reads, with their definitions as shipped.
    #[must_use]
    pub fn source_macros(&self) -> Vec<(&'a str, &'a str)> {
        let classes = self.sources.values().map(|source| (source.macro_name, source.definition));
        classes.chain(self.joins().map(|(_, join)| (join.macro_name, join.definition))).collect()
    }

    /// Whether a window may stand outside the search.
    #[must_use]
    pub const fn windows_are_held(&self) -> bool {
        self.keeper.is_some()
    }

    /// How the rule is deployed; none for a search on its own.
    #[must_use]
    pub const fn deployment(&self) -> Option<Deployment<'a>> {
        self.request.deployment
    }

    /// The event's time in whole milliseconds.
    #[must_use]
    pub fn time(&self, class: &str) -> Expr {
        millis(Expr::Field(self.time_field(class)))
    }

    /// The field of the event's time, in seconds.
    fn time_field(&self, class: &str) -> Name {
        Name::new(self.sources.get(class).map_or(DEFAULT_TIME, |source| source.time))
    }

    /// How a field of a class is read; none if it cannot be, which is then refused.
    pub fn read(&mut self, class: &Class, field: &Field, span: Span) -> Option<Reading> {
        if &*field.name == TIMESTAMP {
            return Some(self.timestamp(class, field));
        }
        let profile = self.request.profile;
        let Some(binding) = profile.classes.get(&class.name).and_then(|c| c.field(&field.name)) else {
            let reason = format!("the profile `{}` has no `{}` on `{}`", profile.id, field.name, class.name);
            self.refuse(&reason, span);
            return None;
        };
        let form = self.form(field, binding, span)?;
        let (name, constant) = self.locate(class, field, &binding.access, span)?;
        let searched = self.searched(class, field, &binding.access, &name);
        let always = binding.always || constant.is_some();
        Some(Reading { field: field.clone(), name, form, always, values: binding.values.clone(), constant, searched })
    }

    /// The event's own time.
    fn timestamp(&self, class: &Class, field: &Field) -> Reading {
        Reading {
            field: field.clone(),
            name: self.time_field(&class.name),
            form: Form::EpochSeconds,
            always: true,
            values: BTreeMap::new(),
            constant: None,
            searched: None,
        }
    }

    /// The name of a field in the search, and its text if that is always the same.
    fn locate(&mut self, class: &Class, field: &Field, access: &Access, span: Span) -> Option<(Name, Option<String>)> {
        let reason = match access {
            Access::Native(name) if name.bytes().any(|b| matches!(b, b'\'' | b'"' | b'`' | b'|' | b'\n')) => {
                format!("a search cannot name the field `{name}`")
            }
            Access::Native(name) => return Some((Name::new(&**name), None)),
            Access::Derived(text) => return Some((self.derive(class, field, || Expr::Native(text.into())), None)),
            Access::Constant(text) => {
                return Some((self.derive(class, field, || Expr::text(text)), Some(text.into())));
            }
            Access::Join(what) => format!("`{}` would need a join: {what}", field.name),
            Access::Missing(why) | Access::Absent(why) => format!("the site's data has no `{}`: {why}", field.name),
        };
        self.refuse(&reason, span);
        None
    }

    /// The field that the base search looks at for this one.
    fn searched(&mut self, class: &Class, field: &Field, access: &Access, name: &Name) -> Option<Name> {
        let joined = self.note_joined(&class.name, name);
        match access {
            Access::Native(_) => (!joined).then(|| name.clone()),
            Access::Derived(text) => {
                self.note_mentioned(&class.name, text);
                self.source(class)?.part_of.get(&*field.name).map(|native| Name::new(*native))
            }
            Access::Constant(_) | Access::Join(_) | Access::Missing(_) | Access::Absent(_) => None,
        }
    }

    /// Notes the fields of joins that an expression reads.
    fn note_mentioned(&mut self, class: &str, expression: &str) {
        let Some((class, source)) = self.sources.get_key_value(class).filter(|(_, source)| !source.joins.is_empty())
        else {
            return;
        };
        let is_read =
            |name: &str| expression.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
        let names = source.joins.iter().flat_map(|join| join.fields.keys()).filter(|name| is_read(name));
        self.joined.extend(names.map(|name| (*class, *name)));
    }

    /// Notes that a field is needed, if a join brings it; whether one does.
    fn note_joined(&mut self, class: &str, name: &Name) -> bool {
        let Some((class, source)) = self.sources.get_key_value(class) else { return false };
        let joined = source.joins.iter().find_map(|join| join.fields.get_key_value(&*name.0));
        self.joined.extend(joined.map(|(name, _)| (*class, *name)));
        joined.is_some()
    }

    fn form(&mut self, field: &Field, binding: &FieldBinding, span: Span) -> Option<Form> {
        let form = match (field.ty.scalar(), &*binding.native_type) {
            (Type::Int | Type::Float | Type::Port, _) => Form::Number,
            (Type::Bool, _) => Form::Bool,
            (Type::Duration, "" | "nanoseconds") => Form::Duration(1),
            (Type::Duration, "microseconds") => Form::Duration(1_000),
            (Type::Duration, "milliseconds") => Form::Duration(1_000_000),
            (Type::Duration, "seconds") => Form::Duration(1_000_000_000),
            (Type::Datetime, "epoch") => Form::EpochSeconds,
            (Type::Datetime, "epoch_ms") => Form::EpochMillis,
            (Type::Datetime, "iso8601") => Form::Iso8601,
            (Type::Duration | Type::Datetime, other) => {
                self.refuse(&format!("the profile does not say how `{}` is written: `{other}`", field.name), span);
                return None;
            }
            _ => Form::Text,
        };
        Some(form)
    }

    /// The same field with its one value, null where it has several: what a comparison of fields takes.
    pub fn single(&mut self, class: &Class, reading: Reading) -> Reading {
        if !reading.field.ty.is_list() {
            return reading;
        }
        let value = || {
            let values = || reading.values_present();
            let is_one = Expr::call(Function::Mvcount, [values()]).compare(Compare::Eq, Expr::Int(1));
            Expr::call(Function::Case, [is_one, Expr::call(Function::Mvindex, [values(), Expr::Int(0)])])
        };
        let field =
            Field { name: format!("{} single", reading.field.name).into(), ty: reading.field.ty.scalar().clone() };
        Reading { name: self.derive(class, &field, value), field, always: false, ..reading }
    }

    /// The field that holds a derived value. Classes that derive one ECS field share it.
    fn derive(&mut self, class: &Class, field: &Field, value: impl FnOnce() -> Expr) -> Name {
        let names = &mut self.names;
        let entry =
            self.derived.entry(field.name.clone()).or_insert_with(|| (names.fresh(&field.name), BTreeMap::new()));
        if !entry.1.contains_key(&class.name) {
            entry.1.insert(class.name.clone(), value());
        }
        entry.0.clone()
    }

    /// The derived fields asked for so far: each with its value, for the rows of the classes that derive it.
    #[must_use]
    pub fn derivations(&self) -> Vec<(Name, Expr)> {
        let of = |classes: &BTreeMap<String, Expr>| {
            let cases = classes.iter().flat_map(|(class, value)| [self.is(class), Some(value.clone())]);
            match classes.values().next() {
                Some(only) if self.sources.len() < 2 => only.clone(),
                _ => Expr::call(Function::Case, cases.flatten()),
            }
        };
        self.derived.values().map(|(name, classes)| (name.clone(), of(classes))).collect()
    }
}

/// The source of a class.
///
/// # Errors
/// Says what is wrong with it.
pub fn read_source(source: &serde_json::Map<String, serde_json::Value>) -> Result<Source<'_>, String> {
    let source = Source::deserialize(source).map_err(|error| error.to_string())?;
    let older = source.joins.iter().filter_map(|join| join.older);
    match older.into_iter().find(|text| parse_span(text).is_none()) {
        Some(text) => Err(format!("`{text}` is no span of time such as `24h`")),
        None => Ok(source),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A condition on fields and their possible values.
#[must_use]
pub fn told_by(is: &Values<'_>) -> Expr {
    Expr::and(is.iter().map(|(field, values)| match values.as_slice() {
        [one] => Expr::Field(Name::new(*field)).compare(Compare::Eq, literal(one)),
        several => Expr::In(Name::new(*field), several.iter().map(|value| (*value).to_owned()).collect()),
    }))
}

/// A value of the profile: a number where it is one, as Splunk compares extracted numbers as numbers.
fn literal(text: &str) -> Expr {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => Expr::Int(number),
        _ => Expr::text(text),
    }
}

/// Seconds as whole milliseconds: differences of fractions of a second are not exact at a window's edge.
#[must_use]
pub fn millis(seconds: Expr) -> Expr {
    Expr::call(Function::Round, [seconds.binary(Binary::Mul, Expr::Int(1000))])
}

impl Reading {
    /// The field itself.
    #[must_use]
    pub fn raw(&self) -> Expr {
        Expr::field(&self.name)
    }

    /// The value as a number in the language's unit (milliseconds for a moment, nanoseconds for a duration); null if it
    /// is none.
    #[must_use]
    pub fn number(&self) -> Expr {
        let number = || Expr::call(Function::Tonumber, [self.raw()]);
        match self.form {
            Form::Text | Form::Bool | Form::Number | Form::Duration(1) | Form::EpochMillis => number(),
            Form::Duration(unit) => Expr::call(Function::Round, [number().binary(Binary::Mul, Expr::Int(unit))]),
            Form::EpochSeconds if &*self.field.name == TIMESTAMP => millis(self.raw()),
            Form::EpochSeconds => millis(number()),
            Form::Iso8601 => {
                let parse = |format| Expr::call(Function::Strptime, [self.raw(), Expr::text(format)]);
                let either = [parse("%Y-%m-%dT%H:%M:%S.%Q%Z"), parse("%Y-%m-%dT%H:%M:%S%Z")];
                millis(Expr::call(Function::Coalesce, either))
            }
        }
    }

    /// One value as keys, groups and alerts hold it: text or a number; null if it is missing.
    #[must_use]
    pub fn value(&self) -> Expr {
        if let Some(constant) = &self.constant {
            return Expr::text(constant);
        }
        let words: Vec<(&str, &str)> = match self.form {
            _ if !self.values.is_empty() => self.values.iter().map(|(word, text)| (&**word, &**text)).collect(),
            Form::Bool => vec![("true", "true"), ("false", "false")],
            Form::Text => return self.raw(),
            _ => return self.number(),
        };
        let lower = || Expr::call(Function::Lower, [self.raw()]);
        let cases = words
            .into_iter()
            .flat_map(|(word, text)| [lower().compare(Compare::Eq, Expr::text(text.to_lowercase())), Expr::text(word)]);
        Expr::call(Function::Case, cases)
    }

    /// Whether every event has a value that the language understands.
    #[must_use]
    pub fn never_missing(&self) -> bool {
        self.always && self.values.is_empty() && !self.field.ty.is_list() && self.form != Form::Bool
    }

    /// The values of a field with several, without empty ones.
    fn values_present(&self) -> Expr {
        Expr::call(Function::Mvfilter, [self.raw().compare(Compare::Ne, Expr::text(""))])
    }

    /// The value for a key, group or alert, with `""` for a missing one, so that no null is ever grouped or compared.
    /// For a field with several values: each once, or `""`.
    #[must_use]
    pub fn column(&self) -> Expr {
        let value = if self.field.ty.is_list() {
            let values = match self.value() {
                Expr::Field(_) => self.values_present(),
                each => Expr::call(Function::Mvmap, [self.raw(), each]),
            };
            Expr::call(Function::Mvdedup, [values])
        } else {
            self.value()
        };
        if self.never_missing() {
            return value;
        }
        Expr::call(Function::Coalesce, [value, Expr::text("")])
    }
}
