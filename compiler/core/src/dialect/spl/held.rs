//! What a search leaves to objects beside it: a macro for each value, and for the lists that a site edits a table of its
//! own in the KV store.
//!
//! | value | in the search | a site edits |
//! | --- | --- | --- |
//! | number, duration, moment, text, Boolean | `` `name` `` | the macro, in `local/macros.conf` |
//! | list of texts or addresses to be equal to | a lookup in a shipped table | rows of a KV store collection |
//! | any other list | `` `name(field)` ``, the whole test as it would stand in the search | rows of the collection; the macro |
//!
//! A row of the site's table decides before the shipped list: `listed` is `no` to take matching values out of the list,
//! anything else to put them in. The table is empty when the pack is installed, so the search then means what it would
//! with its values in it. Splunk's lookups know `*` but no `?`, and what they do with a field of several values is not
//! documented: such a test is the macro alone.
//! <https://help.splunk.com/en/splunk-enterprise/manage-knowledge-objects/knowledge-management-manual/9.1/use-the-configuration-files-to-configure-lookups/add-field-matching-rules-to-your-lookup-configuration>

use serde::Deserialize;

use super::ast::{Compare, Expr, Function, Name};
use super::print;
use crate::dialect::Request;
use crate::dialect::held::{Held, Matching, Object, owner, type_of};
use crate::plan::{ParamRef, Parameter, Type, Unit};

/// `settings.held` of a target: what stands outside a search, and under which names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What every name begins with.
    prefix: String,
    /// Where a single value stands.
    #[serde(default)]
    scalars: Place,
    /// Where a list stands.
    #[serde(default)]
    lists: Place,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the search.
    #[default]
    Inline,
    /// In a macro.
    Macro,
    /// In a macro or a shipped table, with a table of the site's own in the KV store. For lists.
    KvStore,
}

/// A lookup that the tests need, written before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The table.
    pub table: String,
    /// The field looked up.
    pub field: Name,
    /// The field that gets `listed`.
    pub output: Name,
}

/// The objects of one search.
#[derive(Debug)]
pub struct Keeper<'a> {
    unit: Unit<'a>,
    settings: Settings,
    /// The objects so far, by name.
    pub objects: Vec<Held>,
    /// The lookups so far.
    pub lookups: Vec<Lookup>,
}

/// How many of the query's units one of the macro's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The macro holds what the query reads.
    One,
    /// The macro holds seconds, the query reads milliseconds.
    Milliseconds,
    /// The macro holds seconds, the query reads nanoseconds.
    Nanoseconds,
}

impl Scale {
    const fn factor(self) -> i64 {
        match self {
            Self::One => 1,
            Self::Milliseconds => 1000,
            Self::Nanoseconds => 1_000_000_000,
        }
    }
}

impl<'a> Keeper<'a> {
    /// The keeper for a search; none if all its values stand in it.
    ///
    /// # Errors
    /// Says what is wrong with `settings.held`.
    pub fn new(request: &Request<'a>) -> Result<Option<Self>, String> {
        let Some(settings) = request.target.settings.get("held").filter(|_| request.deployment.is_some()) else {
            return Ok(None);
        };
        let settings = Settings::deserialize(settings).map_err(|e| e.to_string())?;
        let usable = !settings.prefix.is_empty() && settings.prefix.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if !usable {
            return Err(format!("`{}` cannot begin the name of a macro", settings.prefix));
        }
        Ok(Some(Self { unit: request.unit, settings, objects: Vec::new(), lookups: Vec::new() }))
    }

    /// Where the value of a parameter stands.
    #[must_use]
    pub fn place(&self, param: &ParamRef) -> Place {
        if self.is_list(param) { self.settings.lists } else { self.settings.scalars }
    }

    /// Whether the parameter holds several values.
    #[must_use]
    pub fn is_list(&self, param: &ParamRef) -> bool {
        matches!(type_of(self.unit, param), Some(Type::List(_) | Type::Ports))
    }

    /// The type of a parameter.
    #[must_use]
    pub fn type_of(&self, param: &ParamRef) -> Option<&'a Type> {
        type_of(self.unit, param)
    }

    /// `<prefix>_<analytic>_<parameter>[_<field>]`
    fn name(&self, param: &ParamRef) -> Option<(String, &'a Parameter)> {
        let parameter = self.unit.strategy.parameter(param)?;
        let field = param.field.as_ref().map(|f| format!("_{f}")).unwrap_or_default();
        let name = format!("{}_{}_{}{field}", self.settings.prefix, owner(self.unit, parameter), parameter.name);
        Some((name.to_ascii_lowercase(), parameter))
    }

    /// The name of an object of the rule's own: `<prefix>_<analytic>_<detection>_<what>`.
    fn own(&self, what: &str) -> String {
        let (analytic, detection) = (&self.unit.analytic.id, &self.unit.detection.name);
        format!("{}_{analytic}_{detection}_{what}", self.settings.prefix).to_ascii_lowercase()
    }

    fn keep(&mut self, held: Held) {
        if !self.objects.contains(&held) {
            self.objects.push(held);
        }
    }

    /// A single value by the name of its macro: a number of seconds where the query reads a span or moment.
    pub fn scalar(&mut self, param: &ParamRef, value: &Expr, scale: Scale) -> Option<Expr> {
        if self.place(param) == Place::Inline || self.is_list(param) {
            return None;
        }
        let (name, _) = self.name(param)?;
        let definition = match (value, scale) {
            (Expr::Int(n), Scale::Milliseconds | Scale::Nanoseconds) => in_seconds(*n, scale.factor()),
            (other, _) => print::expr(other),
        };
        let form = match (value, scale) {
            (_, Scale::Milliseconds | Scale::Nanoseconds) => "seconds",
            (Expr::Text(_), _) => "the text in double quotes; a backslash or double quote in it behind a backslash",
            _ => "a number",
        };
        let object = Object::Macro { arguments: Vec::new(), definition };
        self.keep(Held { name: name.clone(), param: Some(param.clone()), form: form.to_owned(), object });
        let read = Expr::Macro(name, Vec::new());
        Some(match scale {
            Scale::One => read,
            Scale::Milliseconds | Scale::Nanoseconds => {
                let whole = read.binary(super::ast::Binary::Mul, Expr::Int(scale.factor()));
                Expr::call(Function::Round, [whole])
            }
        })
    }

    /// A whole test as a macro of the field that it is about. `use_of` tells it from other tests of the same list.
    pub fn predicate(&mut self, param: &ParamRef, use_of: &str, field: &Name, definition: &Expr) -> Option<Expr> {
        // What else Splunk's reading of a macro's arguments would take apart is not documented.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | '-' | ':');
        let (name, _) = self.name(param).filter(|_| field.0.chars().all(plain))?;
        let name = format!("{name}{use_of}");
        let object = Object::Macro { arguments: vec![ARGUMENT.to_owned()], definition: print::definition(definition) };
        let form = "the whole test, of $value$: better made anew with a tuning file than written by hand".to_owned();
        self.keep(Held { name: name.clone(), param: Some(param.clone()), form, object });
        Some(Expr::Macro(name, vec![field.clone()]))
    }

    /// The lookup of a field in a table that the pack ships: the field that then holds `listed`.
    pub fn shipped(
        &mut self,
        param: &ParamRef,
        use_of: &str,
        field: &Name,
        cased: bool,
        entries: Vec<String>,
        fresh: impl FnMut(&str) -> Name,
    ) -> Option<Name> {
        let (name, _) = self.name(param)?;
        let name = format!("{name}{use_of}");
        let form = "one value a row".to_owned();
        let object = Object::Rows { cased, entries };
        self.keep(Held { name: name.clone(), param: Some(param.clone()), form, object });
        Some(self.look_up(name, field, fresh))
    }

    /// The lookup of a field in the site's own table.
    pub fn own_rows(
        &mut self,
        param: &ParamRef,
        use_of: &str,
        field: &Name,
        (cased, matching): (bool, Matching),
        fresh: impl FnMut(&str) -> Name,
    ) -> Option<Name> {
        let (name, _) = self.name(param)?;
        let name = format!("{name}{use_of}_site");
        let what = match matching {
            Matching::Exact => "the value",
            Matching::Wildcard => "the value, * for any run of characters",
            Matching::Network => "a network such as 10.0.0.0/8",
        };
        // KV store lookups ignore case only if the table is in lower case.
        let lower = if cased || matching == Matching::Network { "" } else { ", in lower case" };
        let form = format!("entry: {what}{lower}; listed: no to take it out of the list, else yes");
        let object = Object::SiteRows { cased, matching };
        self.keep(Held { name: name.clone(), param: Some(param.clone()), form, object });
        Some(self.look_up(name, field, fresh))
    }

    fn look_up(&mut self, table: String, field: &Name, mut fresh: impl FnMut(&str) -> Name) -> Name {
        let known = self.lookups.iter().find(|l| l.table == table && l.field == *field);
        if let Some(known) = known {
            return known.output.clone();
        }
        let short = table.strip_prefix(&self.settings.prefix).unwrap_or(&table).trim_start_matches('_');
        let output = fresh(&format!("{short}_listed"));
        self.lookups.push(Lookup { table, field: field.clone(), output: output.clone() });
        output
    }

    /// The macro of a source: where a site's events are.
    pub fn source(&mut self, name: String, definition: String) {
        let object = Object::Macro { arguments: Vec::new(), definition };
        let form = "a search that finds these events, in parentheses".to_owned();
        self.keep(Held { name, param: None, form, object });
    }

    /// The macro that ends every search, in which a site drops results.
    pub fn filter(&mut self) -> String {
        let name = self.own("filter");
        let object = Object::Macro { arguments: Vec::new(), definition: "search *".to_owned() };
        let form = "a search that keeps what shall alert, over the result's fields".to_owned();
        self.keep(Held { name: name.clone(), param: None, form, object });
        name
    }

    /// The macro with the seconds for which a row is judged after its time: a period and what may come late.
    pub fn recent(&mut self, milliseconds: i64) -> Expr {
        let name = self.own("recent");
        let object = Object::Macro { arguments: Vec::new(), definition: in_seconds(milliseconds, 1000) };
        let form = "seconds: at least the time from one run to the next and what events come late".to_owned();
        self.keep(Held { name: name.clone(), param: None, form, object });
        Expr::Macro(name, Vec::new())
    }
}

/// The argument of a macro that is a test.
const ARGUMENT: &str = "value";

/// The field that such a macro is about, in its definition.
#[must_use]
pub fn argument() -> Name {
    Name::new(format!("${ARGUMENT}$"))
}

/// A number of seconds, in decimal notation.
fn in_seconds(value: i64, a_second: i64) -> String {
    let (whole, rest) = (value / a_second, value % a_second);
    if rest == 0 {
        return whole.to_string();
    }
    let digits = a_second.to_string().len() - 1;
    let sign = if value < 0 { "-" } else { "" };
    let fraction = format!("{:0digits$}", rest.abs());
    format!("{sign}{}.{}", whole.abs(), fraction.trim_end_matches('0'))
}

/// Whether a value is in a list: the site's row decides, then the shipped list.
#[must_use]
pub fn is_listed(own: Option<&Name>, shipped: Expr) -> Expr {
    let Some(own) = own else { return shipped };
    let no = Expr::call(Function::Lower, [Expr::field(own)]).compare(Compare::Eq, Expr::text("no"));
    let there = Expr::call(Function::Isnotnull, [Expr::field(own)]);
    let one = || Expr::Int(1);
    let cases = [no, Expr::Int(0), there, one(), shipped, one(), Expr::always(), Expr::Int(0)];
    Expr::call(Function::Case, cases).compare(Compare::Eq, one())
}
