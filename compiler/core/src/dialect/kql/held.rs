//! What a query leaves to functions of the workspace and to watchlists.
//!
//! | object | holds | a new version of the pack |
//! | --- | --- | --- |
//! | `<prefix>_<analytic>_Settings` | a column for each value that a site sets | leaves it alone |
//! | watchlist `<prefix>-<analytic>-<parameter>` | the entries of a long list, one a row | leaves it alone |
//! | `<prefix>_<analytic>_Values` | what the rules read: the two above, and where they say nothing what the pack ships | replaces it |
//!
//! A site writes plain values: globs as the language has them, names, networks. `_Values` makes of them what the rules
//! match with, so that no rule repeats that and the rules stay short. Kusto evaluates only what a rule asks for.
//! <https://learn.microsoft.com/azure/sentinel/watchlists-queries>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ast::{Assign, BinaryOp, Expr, Let, LetValue, Pipeline, Query, Scalar, Source, Step};
use super::print::{self, Layout};
use crate::dialect::held::{Held, Object};
use crate::dialect::page::Page;

/// `settings.held` of a target: what stands outside a query, and under which names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What every name begins with.
    pub prefix: String,
    /// Where a single value stands.
    #[serde(default)]
    pub scalars: Place,
    /// Where a list stands.
    #[serde(default)]
    pub lists: Place,
    /// A list that may never have more entries than this stands in the function all the same.
    #[serde(default)]
    pub short_list: i64,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the query.
    #[default]
    Inline,
    /// In a column of the function that the site edits.
    Function,
    /// In a watchlist. For lists.
    Watchlist,
}

/// A column of an analytic's values.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What the parameter is called where a site edits it.
    pub plain: String,
    /// Its documentation: one line.
    pub doc: String,
    /// The watchlist that holds its entries; none if it is a column of the settings.
    pub watchlist: Option<String>,
    /// The function that the site edits.
    pub settings: String,
    /// What the pack ships, as a site would write it.
    pub shipped: Expr,
    /// What the rule reads of it.
    pub read: Read,
}

/// What a rule reads of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// The value as it stands.
    Plain,
    /// A list of whole numbers.
    Numbers,
    /// Every port of ranges such as `8000-8010`.
    Ports,
    /// The addresses and networks of IPv4.
    NetworksV4,
    /// The addresses and networks of IPv6.
    NetworksV6,
    /// One regular expression that matches where any of the texts stands at that place.
    Texts(At, Case),
    /// One regular expression that matches what any of the globs describes.
    Globs(Case),
    /// The same for those that are names, and neither addresses nor networks.
    Names(Case),
    /// One regular expression that matches where any of these does.
    Regexes(Case),
}

/// Where in a value a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// It is the value.
    Whole,
    /// Anywhere.
    Inside,
    /// At the start.
    Start,
    /// At the end.
    End,
}

/// Whether case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Case {
    /// `A` is not `a`.
    Counts,
    /// `A` is `a`.
    Ignored,
}

/// A function of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its alias.
    pub name: String,
    /// Its query.
    pub text: String,
}

/// A watchlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watchlist {
    /// Its alias.
    pub alias: String,
    /// What it is: one line.
    pub doc: String,
    /// The shipped entries.
    pub entries: Vec<String>,
}

/// The objects of an analytic, or of a strategy for what its analytics share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objects {
    /// The analytic or strategy.
    pub owner: String,
    /// What the site edits; none if all of it stands in watchlists.
    pub settings: Option<Function>,
    /// What the rules read.
    pub values: Function,
    /// The site's long lists.
    pub watchlists: Vec<Watchlist>,
}

/// The name of the function that the rules read.
#[must_use]
pub fn values_name(prefix: &str, owner: &str) -> String {
    format!("{prefix}_{owner}_Values")
}

/// The name of the function that the site edits.
#[must_use]
pub fn settings_name(prefix: &str, owner: &str) -> String {
    format!("{prefix}_{owner}_Settings")
}

impl Read {
    /// What the column is called beside the parameter's name.
    #[must_use]
    pub const fn suffix(&self) -> &'static str {
        match self {
            Self::Plain | Self::Numbers | Self::Ports => "",
            Self::NetworksV4 => "V4",
            Self::NetworksV6 => "V6",
            Self::Texts(At::Whole, Case::Ignored) => "Equal",
            Self::Texts(At::Whole, Case::Counts) => "EqualCased",
            Self::Texts(At::Inside, Case::Ignored) => "Within",
            Self::Texts(At::Inside, Case::Counts) => "WithinCased",
            Self::Texts(At::Start, Case::Ignored) => "Start",
            Self::Texts(At::Start, Case::Counts) => "StartCased",
            Self::Texts(At::End, Case::Ignored) => "End",
            Self::Texts(At::End, Case::Counts) => "EndCased",
            Self::Globs(Case::Ignored) => "Pattern",
            Self::Globs(Case::Counts) => "PatternCased",
            Self::Names(Case::Ignored) => "Names",
            Self::Names(Case::Counts) => "NamesCased",
            Self::Regexes(Case::Counts) => "Regex",
            Self::Regexes(Case::Ignored) => "RegexNocase",
        }
    }

    /// The column's value, from the plain one, which is a list or one entry.
    fn of(&self, plain: &str, is_list: bool) -> Expr {
        let list = if is_list { Expr::name(plain) } else { Expr::Call("pack_array", vec![Expr::name(plain)]) };
        match self {
            Self::Plain => Expr::name(plain),
            Self::Numbers => listed(entries(list), Expr::Call("tolong", vec![entry()])),
            Self::Ports => ports(list),
            Self::NetworksV4 => {
                listed(entries(list).filter(Expr::binary(entry(), BinaryOp::Matches, text(V4))), entry())
            }
            Self::NetworksV6 => {
                listed(entries(list).filter(Expr::binary(entry(), BinaryOp::Contains, text(":"))), entry())
            }
            Self::Texts(place, case) => {
                let (before, after) = match place {
                    At::Whole => ("^(?:", ")$"),
                    At::Inside => ("(?:", ")"),
                    At::Start => ("^(?:", ")"),
                    At::End => ("(?:", ")$"),
                };
                joined(entries(list), quoted(entry()), &format!("{}{before}", case.flags()), after)
            }
            Self::Globs(case) => joined(entries(list), glob(), &format!("{}^(?:", case.flags()), ")$"),
            Self::Names(case) => {
                let names = entries(list)
                    .filter(Expr::not(Expr::binary(entry(), BinaryOp::Matches, text(V4))))
                    .filter(Expr::binary(entry(), BinaryOp::NotContains, text(":")));
                joined(names, glob(), &format!("{}^(?:", case.flags()), ")$")
            }
            Self::Regexes(case) => {
                let before = if *case == Case::Ignored { "(?i)(?:" } else { "(?:" };
                let alternative = Expr::Call("strcat", vec![text("(?:"), entry(), text(")")]);
                joined(entries(list), alternative, before, ")")
            }
        }
    }
}

impl Case {
    const fn flags(self) -> &'static str {
        match self {
            Self::Counts => "(?s)",
            Self::Ignored => "(?is)",
        }
    }
}

const ENTRY: &str = "Entry";

/// What tells an IPv4 address or network from a name.
const V4: &str = r"^[0-9.]+(/[0-9]+)?$";

fn entry() -> Expr {
    Expr::name(ENTRY)
}

fn text(value: &str) -> Expr {
    Expr::Text(value.to_owned())
}

/// A row for each entry that is not empty.
fn entries(list: Expr) -> Pipeline {
    let source = Source::Print(vec![(ENTRY.to_owned(), list)]);
    Pipeline { source, steps: Vec::new() }
        .then(Step::MvExpand { name: ENTRY.to_owned(), value: entry(), ty: Scalar::Text })
        .filter(Expr::Call("isnotempty", vec![entry()]))
}

fn listed(rows: Pipeline, value: Expr) -> Expr {
    let columns = vec![(None, Expr::Call("make_list", vec![value]))];
    Expr::ToScalar(Box::new(rows.then(Step::Summarize { columns, by: Vec::new() })))
}

/// Alternatives of a regular expression; one that never matches where there are none.
fn joined(entries: Pipeline, alternative: Expr, before: &str, after: &str) -> Expr {
    let list = Expr::Call("make_list", vec![alternative]);
    let all =
        Expr::Call("strcat", vec![text(before), Expr::Call("strcat_array", vec![entry(), text("|")]), text(after)]);
    let some = Expr::binary(Expr::Call("array_length", vec![entry()]), BinaryOp::Greater, Expr::Long(0));
    let rows = entries
        .then(Step::Summarize { columns: vec![(Some(ENTRY.to_owned()), list)], by: Vec::new() })
        .then(Step::Project(vec![(ENTRY.to_owned(), Expr::Call("iff", vec![some, all, text(r"$.")]))]));
    Expr::ToScalar(Box::new(rows))
}

/// The text with every character that means something in a regular expression escaped.
/// <https://learn.microsoft.com/kusto/query/regex-quote-function>
fn quoted(value: Expr) -> Expr {
    Expr::Call("regex_quote", vec![value])
}

/// A glob as a regular expression: `[*]` and `[?]` are put aside, the rest is quoted, and then `*` and `?` get their
/// meaning.
fn glob() -> Expr {
    let replace = |value, from: &str, to: &str| Expr::Call("replace_string", vec![value, text(from), text(to)]);
    let aside = replace(replace(entry(), "[*]", "\u{1}"), "[?]", "\u{2}");
    let wild = replace(replace(quoted(aside), r"\*", ".*"), r"\?", ".");
    replace(replace(wild, "\u{1}", r"\*"), "\u{2}", r"\?")
}

/// All ports of the ranges.
fn ports(list: Expr) -> Expr {
    let end = |regex| Expr::Call("tolong", vec![Expr::Call("extract", vec![text(regex), Expr::Long(0), entry()])]);
    let value = Expr::Call("range", vec![end(r"^\d+"), end(r"\d+$"), Expr::Long(1)]);
    listed(entries(list).then(Step::MvExpand { name: ENTRY.to_owned(), value, ty: Scalar::Long }), entry())
}

/// The objects that these queries need, by their owners.
#[must_use]
pub fn objects<'a>(prefix: &str, held: impl IntoIterator<Item = &'a Held>) -> Vec<Objects> {
    let mut owners: BTreeMap<&str, BTreeMap<&str, &Column>> = BTreeMap::new();
    for one in held {
        if let Object::Column { owner, column } = &one.object {
            owners.entry(owner).or_default().insert(&one.name, column);
        }
    }
    owners.into_iter().map(|(owner, columns)| of_owner(prefix, owner, &columns)).collect()
}

fn of_owner(prefix: &str, owner: &str, columns: &BTreeMap<&str, &Column>) -> Objects {
    let plain: BTreeMap<&str, &Column> = columns.values().map(|column| (column.plain.as_str(), *column)).collect();
    let name = settings_name(prefix, owner);
    let settings = settings(owner, &plain).map(|text| Function { name: name.clone(), text });
    let values = Function { name: values_name(prefix, owner), text: values(&name, owner, columns, &plain) };
    let watchlists = plain.values().filter_map(|column| {
        let alias = column.watchlist.clone()?;
        Some(Watchlist { alias, doc: column.doc.clone(), entries: texts(&column.shipped) })
    });
    Objects { owner: owner.to_owned(), settings, values, watchlists: watchlists.collect() }
}

/// The members of a list as a watchlist has them.
fn texts(list: &Expr) -> Vec<String> {
    let Expr::List(members) = list else { return Vec::new() };
    let plain = |member: &Expr| match member {
        Expr::Text(text) => text.clone(),
        other => Page::of(|out| print::expr(out, other)),
    };
    members.iter().map(plain).collect()
}

/// The function that the site edits: one row, a column for each value that stands in no watchlist.
fn settings(owner: &str, plain: &BTreeMap<&str, &Column>) -> Option<String> {
    let own: Vec<(&&str, &&Column)> = plain.iter().filter(|(_, column)| column.watchlist.is_none()).collect();
    if own.is_empty() {
        return None;
    }
    let mut text =
        format!("// What this site sets for {owner}. Edit the values; a new version of the pack leaves them alone.\n");
    let mut columns: Vec<Assign> = Vec::new();
    for (name, column) in own {
        text.push_str(&format!("// {name}: {}\n", super::literal::comment(&column.doc)));
        columns.push(((*name).to_owned(), column.shipped.clone()));
    }
    let body = Pipeline { source: Source::Print(columns), steps: Vec::new() };
    text.push_str(&print::query(&Query::of(body), Layout::Full));
    Some(text)
}

/// The function that the rules read.
fn values(settings: &str, owner: &str, columns: &BTreeMap<&str, &Column>, plain: &BTreeMap<&str, &Column>) -> String {
    let mut lets = Vec::new();
    let mut bind = |name: &str, value: Expr| {
        lets.push(Let { comment: String::new(), name: name.to_owned(), value: LetValue::Scalar(value) });
    };
    for (name, column) in plain {
        let Some(alias) = &column.watchlist else {
            let set = Expr::Call("column_ifexists", vec![text(name), column.shipped.clone()]);
            let rows = Pipeline { source: Source::Call(settings.to_owned(), Vec::new()), steps: Vec::new() };
            bind(name, Expr::ToScalar(Box::new(rows.then(Step::Project(vec![((*name).to_owned(), set)])))));
            continue;
        };
        let of_site = format!("{name}_of_site");
        let rows = Pipeline { source: Source::Call("_GetWatchlist".to_owned(), vec![text(alias)]), steps: Vec::new() };
        let key = Expr::name("SearchKey");
        let rows = rows.filter(Expr::Call("isnotempty", vec![key.clone()]));
        bind(&of_site, listed(rows, Expr::Call("tostring", vec![key])));
        let some =
            Expr::binary(Expr::Call("array_length", vec![Expr::name(&of_site)]), BinaryOp::Greater, Expr::Long(0));
        bind(name, Expr::Call("iff", vec![some, Expr::Name(of_site), column.shipped.clone()]));
    }
    let columns = columns
        .iter()
        .map(|(name, column)| {
            ((*name).to_owned(), column.read.of(&column.plain, matches!(column.shipped, Expr::List(_))))
        })
        .collect();
    let body = Pipeline { source: Source::Print(columns), steps: Vec::new() };
    let comment =
        format!("What the rules of {owner} read: what {settings} and the watchlists set, else what the pack ships.");
    print::query(&Query { lets, comment, ..Query::of(body) }, Layout::Full)
}
