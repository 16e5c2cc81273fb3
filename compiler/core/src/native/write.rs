//! From an event of the language to what a site's product holds of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::columns::shown;
use super::fixed::plain;
use super::form::{Composed, Form, Identity, ListKind, Part, RowOf, Step};
use super::{Columns, NativeEvent, part_of};
use crate::dialect::{Dialect, site};
use crate::eval::Value;
use crate::eval::fields::{Fields, class_of, fields};
use crate::eval::time;
use crate::plan::facts::fields_read;
use crate::plan::{Class, Field, Unit};
use crate::sema::literals::parse_duration;
use crate::target::{Access, ClassBinding, FieldBinding, Profile};

/// Writes events for a detection at a site.
pub struct Writer<'a> {
    dialect: &'a dyn Dialect,
    profile: &'a Profile,
    unit: Unit<'a>,
    read: BTreeMap<String, BTreeSet<String>>,
}

/// What a site holds of an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// The event, and those of other places that complete it; none for a class that the site does not have and the
    /// detection does not need.
    pub events: Vec<NativeEvent>,
    /// What the site calls an identity, and what the event calls it.
    pub names: BTreeMap<String, String>,
}

impl<'a> Writer<'a> {
    /// A writer for the detection's events at this site.
    #[must_use]
    pub fn new(dialect: &'a dyn Dialect, profile: &'a Profile, unit: Unit<'a>) -> Self {
        Self { dialect, profile, unit, read: fields_read(unit.detection) }
    }

    /// Writes the event on a line, the `number`th of its stream.
    ///
    /// # Errors
    /// Says why the site cannot hold such an event.
    pub fn write(&self, number: u64, line: &[u8]) -> Result<Written, String> {
        let name = class_of(line).map_err(|error| error.to_string())?;
        let none = BTreeSet::new();
        let read = self.read.get(&name);
        let (Some(class), Some(binding)) = (self.unit.strategy.classes.get(&name), self.profile.classes.get(&name))
        else {
            return match read {
                Some(_) => Err(format!("the profile has no `{name}` events")),
                None => Ok(Written::default()),
            };
        };
        let fields = fields(line, class).map_err(|error| error.to_string())?;
        let event = Event { dialect: self.dialect, class, binding, fields, number };
        match event.written(read.unwrap_or(&none)) {
            Err(_) if read.is_none() => Ok(Written::default()),
            written => written.map_err(|reason| format!("event {number}, `{name}`: {reason}")),
        }
    }
}

/// A field that must be held.
struct Wanted<'e> {
    name: &'e str,
    field: &'e Field,
    binding: &'e FieldBinding,
    values: &'e [Value],
    forms: Vec<(String, Form)>,
}

impl<'e> Wanted<'e> {
    /// The columns that the site composes it from, if it is an identity.
    fn identity(&self) -> Option<&'e Identity> {
        self.binding.write.as_ref()?.identity.as_ref()
    }
}

/// The event that is written.
struct Event<'e> {
    dialect: &'e dyn Dialect,
    class: &'e Class,
    binding: &'e ClassBinding,
    fields: Fields,
    number: u64,
}

impl Event<'_> {
    fn written(&self, read: &BTreeSet<String>) -> Result<Written, String> {
        let (mut columns, mut names) = (Columns::default(), BTreeMap::new());
        let wanted = self.wanted(read)?;
        self.fill(&wanted, false, &mut columns)?;
        for (column, composed) in self.steps().flat_map(|step| &step.set) {
            if let Some(content) = self.composed(composed) {
                columns.set(column, content)?;
            }
        }
        self.fill(&wanted, true, &mut columns)?;
        for wanted in &wanted {
            self.identify(wanted, &mut columns, &mut names)?;
        }
        self.fill_fixed(&mut columns)?;
        missing_stay_missing(&wanted, &columns)?;
        self.add_others(read, &wanted, &mut columns);
        for (a, b) in self.steps().flat_map(|step| &step.swap) {
            columns.swap(a, b);
        }
        let events = self.dialect.lay_out(&self.binding.source, columns, self.fields.time, self.number)?;
        let events = self.in_rows(events)?;
        let place = self.binding.write.place.as_ref();
        let placed = |event: NativeEvent| match place {
            Some(place) if event.place.is_empty() => NativeEvent { place: place.clone(), ..event },
            _ => event,
        };
        let events: Vec<NativeEvent> = events.into_iter().map(placed).collect();
        match events.iter().any(|event| event.place.is_empty()) {
            true => Err("the profile does not say which table it is written into".to_owned()),
            false => Ok(Written { events, names }),
        }
    }

    /// The fields that must be held, with the columns that hold them.
    fn wanted<'s>(&'s self, read: &'s BTreeSet<String>) -> Result<Vec<Wanted<'s>>, String> {
        let mut wanted = Vec::new();
        let write = |name: &String| self.binding.field(name)?.write.as_deref();
        let inputs = |name: &String| write(name).into_iter().flat_map(|write| &write.computed_from);
        let read: BTreeSet<&String> = read.iter().chain(read.iter().flat_map(inputs)).collect();
        // The event's own time is always there, and the dialect lays it out.
        for name in read.into_iter().filter(|name| *name != "@timestamp") {
            let (Some(binding), Some((field, _))) = (self.binding.field(name), self.class.fields.get(name)) else {
                continue;
            };
            let values = self.values(name);
            if values.is_empty() && binding.always {
                return Err(format!("`{name}` is missing, and every event of the site has it"));
            }
            if let Access::Constant(text) = &binding.access
                && !values.iter().any(|value| site::same_text(&text_of(value), text, false))
            {
                return Err(format!("`{name}` is not `{text}`, as that of every event of the site"));
            }
            let forms = self.forms(name, binding)?;
            if !values.is_empty() {
                self.is_composed(name)?;
            }
            wanted.push(Wanted { name, field, binding, values, forms });
        }
        Ok(wanted)
    }

    fn values(&self, name: &str) -> &[Value] {
        self.fields.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// The columns that hold a field, and how; none for a field that no column holds.
    fn forms(&self, name: &str, binding: &FieldBinding) -> Result<Vec<(String, Form)>, String> {
        let written = |(column, form): (&String, &Form)| match form {
            Form::Part { part } => (part_of(column, part), Form::as_text()),
            Form::Each { each, part: Some(part) } => {
                (part_of(column, part), Form::Each { each: each.clone(), part: None })
            }
            form => (column.clone(), form.clone()),
        };
        let pieces = |(_, composed): &(&String, &Composed)| composed.pieces_with(name).next().is_some();
        let composed: BTreeSet<&String> =
            self.steps().flat_map(|step| &step.set).filter(pieces).map(|(column, _)| column).collect();
        let elsewhere = |forms: Vec<(String, Form)>| {
            forms.into_iter().filter(|(column, _)| !composed.contains(column)).collect::<Vec<_>>()
        };
        if let Some(write) = &binding.write {
            return Ok(write.columns.iter().map(written).collect());
        }
        match &binding.access {
            Access::Native(column) => Ok(elsewhere(vec![(column.into(), Form::whole())])),
            Access::Derived(expression) => match self.dialect.inverse(&self.binding.source, expression) {
                Some(form) => Ok(elsewhere(vec![form])),
                None if !composed.is_empty() => Ok(Vec::new()),
                None => Err(format!("the profile does not say how `{name}` is written")),
            },
            Access::Constant(_) | Access::Join(_) | Access::Missing(_) | Access::Absent(_) => Ok(Vec::new()),
        }
    }

    /// Fills the columns of fields; those that hold the end of another's text after that one.
    fn fill(&self, wanted: &[Wanted<'_>], ends: bool, columns: &mut Columns) -> Result<(), String> {
        for one in wanted {
            for (column, form) in &one.forms {
                let (Some(value), Form::LastOf { .. }) = (one.values.first(), form) else {
                    if !ends && !one.values.is_empty() {
                        columns.set(column, self.content(one, form)?).map_err(|e| format!("`{}`: {e}", one.name))?;
                    }
                    continue;
                };
                if ends {
                    fill_end(column, form, &text_of(value), columns).map_err(|e| format!("`{}`: {e}", one.name))?;
                }
            }
        }
        Ok(())
    }

    /// The content of a column for a field's values.
    fn content(&self, wanted: &Wanted<'_>, form: &Form) -> Result<Json, String> {
        let cell = |value: &Value| -> Result<Json, String> {
            let word = self.word(wanted, value)?;
            Ok(self.dialect.cell(word.as_ref().unwrap_or(value), &wanted.binding.native_type))
        };
        let words = |value: &Value| -> Result<String, String> {
            Ok(text_of(self.word(wanted, value)?.as_ref().unwrap_or(value)))
        };
        let first = wanted.values.first().ok_or("it has no value")?;
        Ok(match form {
            Form::Text(text) if text == "{}" && wanted.field.ty.is_list() => {
                Json::Array(wanted.values.iter().map(cell).collect::<Result<_, _>>()?)
            }
            Form::Text(text) if text == "{}" => cell(first)?,
            Form::Text(text) => Json::from(text.replace("{}", &words(first)?)),
            Form::LastOf { .. } | Form::Part { .. } => Json::from(words(first)?),
            Form::Each { each, .. } if each == "{}" && wanted.values.len() > 1 => {
                return Err(format!("`{}` has several values, and the site's data has one", wanted.name));
            }
            Form::Each { each, .. } => {
                let texts = wanted.values.iter().map(|value| Ok(each.replace("{}", &words(value)?)));
                Json::from(texts.collect::<Result<String, String>>()?)
            }
            Form::FirstOf { first_of: ListKind::List } => json!([words(first)?]),
            Form::FirstOf { first_of: ListKind::JsonText } => Json::from(json!([words(first)?]).to_string()),
            Form::Unit { unit } => units(first, parse_duration(unit)?)?,
            Form::Words { words } => {
                let word = words.get(&text_of(first));
                Json::from(word.ok_or_else(|| format!("the profile has no word for {}", text_of(first)))?.clone())
            }
        })
    }

    /// The data's word for a value, where the profile has a table of words.
    fn word(&self, wanted: &Wanted<'_>, value: &Value) -> Result<Option<Value>, String> {
        if wanted.binding.values.is_empty() {
            return Ok(None);
        }
        let text = text_of(value);
        match site::word(wanted.binding, wanted.field, &text, false) {
            Ok(word) => Ok(Some(Value::Text(word.into()))),
            Err(_) => Err(format!("the profile has no word for `{}` being `{text}`", wanted.name)),
        }
    }

    /// The steps for this event.
    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.binding.write.steps.iter().filter(|step| self.applies(step))
    }

    /// Whether a step is for this event.
    fn applies(&self, step: &Step) -> bool {
        let has = |(name, text): (&String, &String)| {
            self.values(name).iter().any(|value| site::same_text(&text_of(value), text, false))
        };
        step.when.iter().all(has)
    }

    /// What a step fills a column with; none if it is nothing.
    fn composed(&self, composed: &Composed) -> Option<Json> {
        match composed {
            Composed::Text(text) => Some(self.dialect.literal(&self.filled(text)?)),
            Composed::Pieces(pieces) => {
                let text: String = pieces.iter().filter_map(|piece| self.filled(piece)).collect();
                (!text.is_empty()).then(|| Json::from(text))
            }
        }
    }

    /// A present field must stand in one of the pieces that hold it, if there are any.
    fn is_composed(&self, name: &str) -> Result<(), String> {
        let mut pieces = self.steps().flat_map(|step| step.set.values()).flat_map(|c| c.pieces_with(name)).peekable();
        if pieces.peek().is_none() || pieces.any(|piece| self.filled(piece).is_some()) {
            return Ok(());
        }
        Err(format!("`{name}` is there, and a field that the site keeps beside it is missing"))
    }

    /// An event as the rows that the product keeps it in.
    fn in_rows(&self, events: Vec<NativeEvent>) -> Result<Vec<NativeEvent>, String> {
        let rows = &self.binding.write.rows;
        let (Some((own, others)), false) = (events.split_first(), rows.is_empty()) else { return Ok(events) };
        let mut shared = own.row.clone();
        let texts: Vec<(&RowOf, Json)> = rows.iter().filter_map(|row| Some((row, shared.remove(&row.of)?))).collect();
        let mut kept = Vec::new();
        for (row, text) in texts {
            let (before, after) = row.text.split_once("{}").unwrap_or((&row.text, ""));
            let (Some(before), Some(after)) = (self.filled(before), self.filled(after)) else {
                return Err(format!("a field that the site keeps in `{}` is missing", row.text));
            };
            let mut columns = shared.clone();
            columns.insert(row.column.clone(), Json::from(format!("{before}{}{after}", plain(&text))));
            kept.push(NativeEvent { place: own.place.clone(), row: columns });
        }
        kept.extend(others.iter().cloned());
        Ok(kept)
    }

    /// A text with the values of the fields that it names; none if one of them is missing.
    fn filled(&self, text: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, (name, after))) = rest.split_once('{').and_then(|(b, a)| Some((b, a.split_once('}')?)))
        {
            filled.push_str(before);
            match name {
                "#" => filled.push_str(&self.number.to_string()),
                _ => filled.push_str(&text_of(self.values(name).first()?)),
            }
            rest = after;
        }
        Some(filled + rest)
    }

    /// Fills the columns of an identity that the site composes, and notes what it calls it.
    fn identify(
        &self,
        wanted: &Wanted<'_>,
        columns: &mut Columns,
        names: &mut BTreeMap<String, String>,
    ) -> Result<(), String> {
        let (Some(identity), Some(value)) = (wanted.identity(), wanted.values.first()) else { return Ok(()) };
        let value = text_of(value);
        let digest = digest(&value);
        let name = compose(identity, digest, columns)?;
        match names.insert(name.clone(), value.clone()) {
            Some(other) if other != value => Err(format!("`{name}` would be both `{other}` and `{value}`")),
            _ => Ok(()),
        }
    }

    /// Fills the columns that tell the class's events from others.
    fn fill_fixed(&self, columns: &mut Columns) -> Result<(), String> {
        let told = !self.binding.write.steps.is_empty();
        for fixed in self.dialect.fixed(&self.binding.source, told)? {
            let held = columns.get(&fixed.column).map(plain);
            match (held, fixed.holds.content()) {
                (None, Some(content)) => columns.set(&fixed.column, content)?,
                (held, _) if fixed.holds.admits(held.as_deref().unwrap_or_default()) => {}
                (held, _) => {
                    let held = held.map_or("nothing".to_owned(), |text| format!("`{text}`"));
                    let (column, class) = (shown(&fixed.column), &self.class.name);
                    return Err(format!("`{column}` holds {held}, so the site takes it for no `{class}`"));
                }
            }
        }
        Ok(())
    }

    /// Adds the fields that need not be held, in columns that nothing else fills: not in rows of other places, which are
    /// events of their own there.
    fn add_others(&self, read: &BTreeSet<String>, wanted: &[Wanted<'_>], columns: &mut Columns) {
        let identities = wanted.iter().filter_map(Wanted::identity);
        let held = wanted.iter().flat_map(|w| w.forms.iter().map(|(column, _)| column.as_str()));
        let reserved: BTreeSet<&str> = held.chain(identities.flat_map(Identity::made_columns)).collect();
        let brought = self.dialect.brought(&self.binding.source);
        let others = self.fields.values.iter().filter(|(name, _)| !read.contains(*name));
        for (name, values) in others {
            let (Some(binding), Some((field, _))) = (self.binding.field(name), self.class.fields.get(name)) else {
                continue;
            };
            let other = Wanted { name, field, binding, values, forms: Vec::new() };
            for (column, form) in self.forms(name, binding).unwrap_or_default() {
                let taken = reserved.contains(column.as_str()) || brought.contains(&column);
                let free = !taken && columns.get(&column).is_none();
                if let (true, Ok(content)) = (free, self.content(&other, &form)) {
                    columns.set(&column, content).unwrap_or_default();
                }
            }
        }
    }
}

/// Fills a column that ends with a value, unless it is filled already and does.
fn fill_end(column: &str, form: &Form, value: &str, columns: &mut Columns) -> Result<(), String> {
    let Form::LastOf { last_of } = form else { return Ok(()) };
    let held = columns.get(column).and_then(Json::as_str).map(str::to_owned);
    match held {
        None => columns.set(column, Json::from(value)),
        Some(held) if held.rsplit(|c| last_of.contains(c)).next() == Some(value) => Ok(()),
        Some(held) => Err(format!("it is the end of `{column}`, which is `{held}`, and cannot be `{value}`")),
    }
}

/// A missing field must not be read out of a column that another field filled.
fn missing_stay_missing(wanted: &[Wanted<'_>], columns: &Columns) -> Result<(), String> {
    for missing in wanted.iter().filter(|w| w.values.is_empty()) {
        if let Some((column, _)) = missing.forms.iter().find(|(column, _)| columns.get(column).is_some()) {
            return Err(format!("`{}` is missing, and the site reads it from `{}`", missing.name, shown(column)));
        }
    }
    Ok(())
}

/// The name of an identity, with its columns filled.
fn compose(identity: &Identity, digest: u64, columns: &mut Columns) -> Result<String, String> {
    let mut name = String::new();
    for part in &identity.parts {
        match part {
            Part::Text(text) => name.push_str(text),
            Part::Column(column) => name.push_str(&columns.get(column).map(plain).unwrap_or_default()),
            Part::Number(column) => {
                if columns.get(column).is_none() {
                    columns.set(column, Json::from(digest % 60_000 + 1))?;
                }
                name.push_str(&columns.get(column).map(plain).unwrap_or_default());
            }
            Part::Time(column) => {
                // Seconds of the year 2025: before the events, which test cases place after it.
                let seconds = i64::try_from(digest % 31_000_000).unwrap_or_default();
                let moment = time::format(1_735_689_600_000 + seconds * 1000);
                let moment = moment.replace(".000Z", ".0000000Z");
                columns.set(column, Json::from(moment.clone()))?;
                name.push_str(&moment);
            }
        }
    }
    Ok(name)
}

/// A number that hardly any other text shares (FNV-1a).
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A duration, in units of so many nanoseconds.
fn units(value: &Value, nanoseconds: i64) -> Result<Json, String> {
    let Value::Int(length) = value else { return Err("it is no duration".to_owned()) };
    #[expect(clippy::cast_precision_loss, reason = "durations of events are far below 2^53 ns")]
    Ok(Json::from(*length as f64 / nanoseconds as f64))
}

/// A value as text, as alerts show it.
fn text_of(value: &Value) -> String {
    plain(&value.to_json())
}
