//! What a profile says about a site in this dialect's terms.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::sema::literals::parse_span;
use crate::target::{Profile, Target};

/// The `source` of a class: `schemas/source-kql.json` says what each part is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The table; or a `query` in its place.
    pub table: Option<String>,
    /// A tabular expression in place of a table.
    pub query: Option<String>,
    /// Conditions that make the table's rows this class.
    #[serde(default)]
    pub r#where: Vec<String>,
    /// Columns computed before anything reads them: single pairs of name and expression, in order.
    #[serde(default)]
    pub extend: Vec<Map<String, Json>>,
    /// Rows of other tables that complete an event; each is joined only where a column that it brings is needed.
    #[serde(default)]
    pub lookups: Vec<Lookup>,
    /// The datetime column that says when the event happened.
    pub time: String,
    /// An expression that differs between any two events of the table.
    pub id: Option<String>,
    /// Which of the columns that the product wants in a result these rows have.
    #[serde(default)]
    pub carries: Vec<String>,
}

/// The latest row of another table with the same key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The other table.
    pub table: String,
    /// The column that both have; of type string.
    pub key: String,
    /// The expression that computes the key in the class's own rows; none where they have it as a column.
    pub is: Option<String>,
    /// The datetime column by which the latest row is found.
    pub latest: String,
    /// The columns that it brings.
    pub brings: Vec<String>,
    /// How much older than the event its row may be, such as `24h`: a run must look back that much further.
    pub older: Option<String>,
}

/// Settings of a target, which a profile may replace one by one.
#[derive(Debug, Clone, Deserialize, Default)]
pub struct Settings {
    /// What a product asks of a rule's result.
    #[serde(default)]
    pub result: ResultColumns,
    /// Tables and their columns: names that no `let` may take where the table is read.
    #[serde(default)]
    pub tables: std::collections::BTreeMap<String, Vec<String>>,
    /// What a pack leaves outside its queries; nothing if it is left out.
    pub held: Option<super::held::Settings>,
}

/// Columns of a result.
#[derive(Debug, Clone, Deserialize, Default)]
pub struct ResultColumns {
    /// The time column that must be there under this name.
    pub time: Option<String>,
    /// Columns of one of the row's events that must be there.
    #[serde(default)]
    pub carry: Vec<String>,
}

impl Source {
    /// Reads the source of a class.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(source: &Map<String, Json>) -> Result<Self, String> {
        let read: Self = serde_json::from_value(Json::Object(source.clone())).map_err(|e| e.to_string())?;
        if read.table.is_some() == read.query.is_some() {
            return Err("a source has either a `table` or a `query`".to_owned());
        }
        match read.lookups.iter().filter_map(|l| l.older.as_deref()).find(|text| parse_span(text).is_none()) {
            Some(text) => Err(format!("`{text}` is no span of time such as `24h`")),
            None => Ok(read),
        }
    }

    /// The computed columns, in order.
    pub fn extends(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extend.iter().flatten().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }

    /// Every piece of the product's own text in it.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let lone = [&self.table, &self.query, &self.id].into_iter().flatten().map(String::as_str);
        let computed = self.extends().flat_map(|(name, value)| [name, value]);
        let lookups = self
            .lookups
            .iter()
            .flat_map(|l| [&l.table, &l.key, &l.latest].into_iter().chain(&l.is).chain(&l.brings).map(String::as_str));
        lone.chain([self.time.as_str()]).chain(lookups).chain(self.r#where.iter().map(String::as_str)).chain(computed)
    }
}

impl Lookup {
    /// How much older than the event its row may be, in milliseconds.
    #[must_use]
    pub fn older(&self) -> i64 {
        self.older.as_deref().and_then(parse_span).unwrap_or(0)
    }

    /// The columns that one of these texts reads, in order. The key is among them where the lookup computes it.
    #[must_use]
    pub fn read_by(&self, texts: &[&str]) -> Vec<&str> {
        let own = self.is.as_ref().map(|_| &self.key);
        let reads = |column: &&String| texts.iter().any(|text| mentions(text, column));
        self.brings.iter().chain(own).filter(reads).map(String::as_str).collect()
    }
}

/// Whether the text has the name as a whole word.
fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

impl Settings {
    /// The settings in force: the target's, each replaced by the profile's of that name.
    ///
    /// # Errors
    /// Says what is wrong with them.
    pub fn read(target: &Target, profile: &Profile) -> Result<Self, String> {
        let mut all = target.settings.clone();
        all.extend(profile.settings.iter().map(|(name, value)| (name.clone(), value.clone())));
        serde_json::from_value(Json::Object(all)).map_err(|e| e.to_string())
    }
}
