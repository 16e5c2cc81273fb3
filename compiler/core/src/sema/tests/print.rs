//! Plans as short text, for snapshots; the value of a parameter shows with `$0` or `$0.field` behind it.

use crate::plan::print::Printer;
pub use crate::plan::print::{entity, value};
use crate::plan::{Detection, ParamRef, Pattern, Pred, Strategy};

const PRINTER: Printer<'_> = Printer { value_of: &with_parameter };

fn with_parameter(value: String, param: &ParamRef) -> String {
    match param {
        ParamRef { index, field: None } => format!("{value}${index}"),
        ParamRef { index, field: Some(field) } => format!("{value}${index}.{field}"),
    }
}

/// A predicate.
pub fn pred(p: &Pred) -> String {
    PRINTER.pred(p)
}

/// A pattern; events show as `name#id`.
pub fn pattern(d: &Detection, p: &Pattern) -> String {
    PRINTER.pattern(d, p)
}

/// A whole strategy.
pub fn strategy(s: &Strategy) -> String {
    let mut out = format!("strategy {} | {} | {}\n", s.id, s.title, s.description);
    out += &format!("  attack {:?} techniques {:?} tactics {:?}\n", s.attack_version(), s.techniques, s.tactics);
    for (i, p) in s.parameters.iter().enumerate() {
        let of = p.analytic.as_deref().unwrap_or("strategy");
        out += &format!("  ${i} {:?} {} of {of}: {} = {}\n", p.kind, p.name, p.ty, value(&p.value));
    }
    for a in &s.analytics {
        out += &format!("  analytic {} | {} | on {}\n", a.id, a.title, a.platform);
        for source in &a.sources {
            out += &format!(
                "    source {} {:?} {:?} -> {:?}\n",
                source.component, source.name, source.channel, source.classes
            );
        }
        for d in &a.detections {
            out += &detection(d);
        }
    }
    out + &format!("  classes {}\n", s.classes.keys().cloned().collect::<Vec<_>>().join(" "))
}

fn detection(d: &Detection) -> String {
    let mut out = format!("    detect {} | {} | {} | {:?}\n", d.name, d.title, d.id, d.severity);
    for (i, e) in d.events.iter().enumerate() {
        out += &format!("      event {}#{i} = {} where {}\n", e.name, e.class.name, pred(&e.predicate));
    }
    out += &format!("      pattern {}\n", pattern(d, &d.pattern));
    out += &format!("      entity {}\n", entity(d));
    out += &format!(
        "      suppress {:?} otherwise {} accepts {:?}\n",
        d.suppress.as_ref().map(|s| s.value),
        d.otherwise,
        d.accepts.iter().map(|a| (a.what, &a.target.value, &a.reason)).collect::<Vec<_>>()
    );
    out
}
