//! What a rule is, in a few lines for whoever reads its query. Each dialect prints them as comments.

use super::page::characters;
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
    /// The parameters that it takes values from, each with the one in force (a list by the number of its entries), or by its
    /// name alone.
    pub parameters: Vec<String>,
}

impl Heading {
    /// The heading of a detection's rules.
    #[must_use]
    pub fn of(unit: Unit<'_>) -> Self {
        Self::with(unit, |name, value| value.map(|value| [name.as_str(), " = ", &short(value)].concat()))
    }

    /// The heading of rules whose values stand outside of them.
    #[must_use]
    pub fn without_values(unit: Unit<'_>) -> Self {
        Self::with(unit, |name, _| Some(name))
    }

    fn with(unit: Unit<'_>, say: impl Fn(String, Option<&Value>) -> Option<String>) -> Self {
        let mut parameters = Vec::new();
        for reference in unit.detection.parameters() {
            let Some(parameter) = unit.strategy.parameter(reference) else { continue };
            parameters.extend(match (&reference.field, &*parameter.value) {
                (Some(field), Value::Record(fields)) => say(format!("{}.{field}", parameter.name), fields.get(field)),
                (_, value) => say(parameter.name.clone(), Some(value)),
            });
        }
        let title = unit.detection.title.clone();
        Self { rule: rule(unit), title, parameters: filled("Tunables: ", &parameters) }
    }

    /// Every line.
    #[must_use]
    pub fn lines(self) -> Vec<String> {
        [self.rule, self.title].into_iter().chain(self.parameters).collect()
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
    let mut used = 0;
    for (n, item) in items.iter().enumerate() {
        let width = characters(item);
        let before = match lines.last_mut() {
            Some(line) if used + width + 2 <= WIDTH => {
                line.push(' ');
                used += 1;
                ""
            }
            last => {
                let before = if last.is_some() { "    " } else { word };
                lines.push(String::with_capacity(WIDTH));
                used = 0;
                before
            }
        };
        let comma = if n + 1 < items.len() { "," } else { "" };
        if let Some(line) = lines.last_mut() {
            [before, item, comma].into_iter().for_each(|part| line.push_str(part));
        }
        used += before.len() + width + comma.len();
    }
    lines
}
