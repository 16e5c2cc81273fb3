//! What a profile says about a site in this dialect's terms.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::dialect::Request;
use crate::sema::literals::parse_span;

/// The `source` of a class: `schemas/source-kql.json` says what each part is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source<'a> {
    /// The table; or a `query` in its place.
    pub table: Option<&'a str>,
    /// A tabular expression in place of a table.
    pub query: Option<&'a str>,
    /// Conditions that make the table's rows this class.
    #[serde(default, borrow)]
    pub r#where: Vec<&'a str>,
    /// Columns computed before anything reads them: single pairs of name and expression, in order.
    #[serde(default, borrow)]
    pub extend: Vec<BTreeMap<&'a str, &'a str>>,
    /// Rows of other tables that complete an event; each is joined only where a column that it brings is needed.
    #[serde(default, borrow)]
    pub lookups: Vec<Lookup<'a>>,
    /// The datetime column that says when the event happened.
    pub time: &'a str,
    /// An expression that differs between any two events of the table.
    pub id: Option<&'a str>,
    /// Which of the columns that the product wants in a result these rows have.
    #[serde(default, borrow)]
    pub carries: Vec<&'a str>,
}

/// The latest row of another table with the same key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup<'a> {
    /// The other table.
    pub table: &'a str,
    /// The column that both have; of type string.
    pub key: &'a str,
    /// The expression that computes the key in the class's own rows; none where they have it as a column.
    pub is: Option<&'a str>,
    /// The datetime column by which the latest row is found.
    pub latest: &'a str,
    /// The columns that it brings.
    #[serde(borrow)]
    pub brings: Vec<&'a str>,
    /// How much older than the event its row may be, such as `24h`: a run must look back that much further.
    pub older: Option<&'a str>,
}

/// Settings of a target, which a profile may replace one by one.
#[derive(Debug)]
pub struct Settings<'a> {
    /// What a product asks of a rule's result.
    pub result: ResultColumns<'a>,
    /// Tables and their columns. There are many: those of a table are read where a query has a use for them.
    tables: Option<&'a Map<String, Json>>,
    /// What stands outside the query; nothing unless a pack deploys it.
    pub held: Option<super::held::Settings>,
}

/// Columns of a result.
#[derive(Debug, Deserialize, Default)]
pub struct ResultColumns<'a> {
    /// The time column that must be there under this name.
    pub time: Option<&'a str>,
    /// Columns of one of the row's events that must be there.
    #[serde(default, borrow)]
    pub carry: Vec<&'a str>,
}

impl ResultColumns<'_> {
    /// All that must be there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.time.iter().chain(&self.carry).copied()
    }
}

impl<'a> Source<'a> {
    /// Reads the source of a class.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(source: &'a Map<String, Json>) -> Result<Self, String> {
        let read = Self::deserialize(source).map_err(|e| e.to_string())?;
        if read.table.is_some() == read.query.is_some() {
            return Err("a source has either a `table` or a `query`".to_owned());
        }
        match read.lookups.iter().filter_map(|l| l.older).find(|text| parse_span(text).is_none()) {
            Some(text) => Err(format!("`{text}` is no span of time such as `24h`")),
            None => Ok(read),
        }
    }

    /// The computed columns, in order.
    pub fn extends(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.extend.iter().flatten().map(|(name, value)| (*name, *value))
    }

    /// Every piece of the product's own text in it.
    pub fn texts(&self) -> impl Iterator<Item = &'a str> {
        let lone = self.table.into_iter().chain(self.query).chain(self.id).chain([self.time]);
        let of_lookup = |l: &Lookup<'a>| [l.table, l.key, l.latest].into_iter().chain(l.is);
        let lookups = self.lookups.iter().flat_map(move |l| of_lookup(l).chain(l.brings.iter().copied()));
        let computed = self.extends().flat_map(|(name, value)| [name, value]);
        lone.chain(lookups).chain(self.r#where.iter().copied()).chain(computed)
    }
}

impl<'a> Lookup<'a> {
    /// How much older than the event its row may be, in milliseconds.
    #[must_use]
    pub fn older(&self) -> i64 {
        self.older.and_then(parse_span).unwrap_or(0)
    }

    /// The columns that it can bring, in order; the key is one where the lookup computes it.
    pub fn columns(&self) -> impl Iterator<Item = &'a str> {
        self.brings.iter().copied().chain(self.is.map(|_| self.key))
    }
}

impl<'a> Settings<'a> {
    /// The settings in force: the target's, each replaced by the profile's of that name.
    ///
    /// # Errors
    /// Says what is wrong with them.
    pub fn read(request: &Request<'a>) -> Result<Self, String> {
        let Request { target, profile, deployment, .. } = request;
        let setting = |name: &str| profile.settings.get(name).or_else(|| target.settings.get(name));
        let object = |tables: &'a Json| tables.as_object().ok_or("`tables` has tables by name");
        Ok(Self {
            result: setting("result").map_or_else(|| Ok(ResultColumns::default()), read)?,
            tables: setting("tables").map(object).transpose()?,
            held: deployment.and_then(|_| setting("held")).map(read).transpose()?,
        })
    }

    /// The columns of the tables that are `wanted`: names that no `let` may take where the table is read.
    ///
    /// # Errors
    /// Says what is wrong with one of the tables.
    pub fn columns(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<&'a str>, String> {
        let tables = self.tables.into_iter().flatten().filter(|(table, _)| wanted(table));
        let columns: Vec<Vec<&str>> = tables.map(|(_, columns)| read(columns)).collect::<Result<_, _>>()?;
        Ok(columns.concat())
    }
}

/// A setting as its type.
fn read<'a, T: Deserialize<'a>>(setting: &'a Json) -> Result<T, String> {
    T::deserialize(setting).map_err(|e| e.to_string())
}
