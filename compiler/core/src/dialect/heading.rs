//! What a rule is, in a few lines for whoever reads its query. Each dialect prints them as comments.

use crate::plan::{Unit, Value};
use crate::sema::literals::{print_datetime, print_duration};

/// The widest line of a comment.
const WIDTH: usize = 106;

/// The lines of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// What it is: strategy, analytic, detection, technique and severity.
    pub rule: String,
    /// What it finds.
    pub title: String,
    /// The parameters that it takes values from, with those in force; a list by the number of its entries.
    pub values: Vec<String>,
    /// The parameters alone, for a rule whose values stand outside of it.
    pub names: Vec<String>,
}

impl Heading {
    /// The heading of a detection's rules.
    #[must_use]
    pub fn of(unit: Unit<'_>) -> Self {
        let (strategy, detection) = (unit.strategy, unit.detection);
        let (mut values, mut names) = (Vec::new(), Vec::new());
        for reference in detection.parameters() {
            let Some(parameter) = strategy.parameter(reference) else { continue };
            let (name, value) = match (&reference.field, &*parameter.value) {
                (Some(field), Value::Record(fields)) => (format!("{}.{field}", parameter.name), fields.get(field)),
                (_, value) => (parameter.name.clone(), Some(value)),
            };
            values.extend(value.map(|value| format!("{name} = {}", short(value))));
            names.push(name);
        }
        Self {
            rule: rule(unit),
            title: detection.title.clone(),
            values: filled("Tunables: ", &values),
            names: filled("Tunables: ", &names),
        }
    }

    /// Every line, with the values in force.
    #[must_use]
    pub fn lines(self) -> Vec<String> {
        [self.rule, self.title].into_iter().chain(self.values).collect()
    }
}

/// What a rule is: strategy, analytic, detection, technique and severity.
#[must_use]
pub fn rule(unit: Unit<'_>) -> String {
    let (strategy, analytic, detection) = (unit.strategy, unit.analytic, unit.detection);
    let (techniques, severity) = (strategy.techniques.join(", "), detection.severity.as_str());
    let (analytic, platform) = (&analytic.id, &analytic.platform);
    format!("{} {analytic} {} ({techniques}, {platform}, {severity})", strategy.id, detection.name)
}

/// A value in few words.
fn short(value: &Value) -> String {
    let entries = |count: usize| if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
    match value {
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) => format!("{x:?}"),
        Value::String(text) => format!("{text:?}"),
        Value::Duration(nanoseconds) => print_duration(*nanoseconds),
        Value::Datetime(milliseconds) => print_datetime(*milliseconds),
        Value::Ip(ip) => ip.to_string(),
        Value::Cidr(network) => network.to_string(),
        Value::Host(host) => host.to_string(),
        Value::Port(port) => port.to_string(),
        Value::Glob(glob) => glob.to_string(),
        Value::Regex(regex) => regex.source.to_string(),
        Value::List(list) => entries(list.len()),
        Value::Ports(ranges) => entries(ranges.len()),
        Value::Record(fields) => entries(fields.len()),
    }
}

/// The items in as many lines as they need; no line where there are none.
fn filled(word: &str, items: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let comma = if n + 1 < items.len() { "," } else { "" };
        match lines.last_mut() {
            Some(line) if line.chars().count() + item.chars().count() + 2 <= WIDTH => {
                line.push_str(&format!(" {item}{comma}"));
            }
            Some(_) => lines.push(format!("    {item}{comma}")),
            None => lines.push(format!("{word}{item}{comma}")),
        }
    }
    lines
}
