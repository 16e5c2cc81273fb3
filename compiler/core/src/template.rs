//! Templates: the envelopes that products want around a rule, in `targets/<id>/templates/*.j2`.
//!
//! A template gets a typed context and holds no query operator. One that writes JSON puts every value through `json`; what
//! it renders is read back and written again ([`render_json`]), so that the bytes depend on no blank of the template.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;
use serde_json::Value as Json;

use crate::target::Target;

/// How many steps a template may take.
const FUEL: u64 = 2_000_000;

/// Renders a template of the target with a context.
///
/// # Errors
/// Says what is wrong, with the template's name and line.
pub fn render(target: &Target, name: &str, context: &impl Serialize) -> Result<String, String> {
    let failed = |e: Error| format!("{e:#}");
    let text = target.templates.get(name).ok_or_else(|| format!("there is no template `{name}`"))?;
    let mut environment = environment().map_err(failed)?;
    environment.add_template(name, text).map_err(failed)?;
    environment.get_template(name).and_then(|template| template.render(Serde(context))).map_err(failed)
}

/// Renders a template that writes JSON.
///
/// # Errors
/// As [`render`]; if it is no JSON.
pub fn render_json(target: &Target, name: &str, context: &impl Serialize) -> Result<Json, String> {
    let text = render(target, name, context)?;
    serde_json::from_str(&text).map_err(|e| format!("`{name}` does not render to JSON: {e}"))
}

/// What every template can use.
fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // By default the name decides: `.json.j2` would escape what `json` has escaped already.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // Blocks on lines of their own leave no line behind.
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.add_filter("json", json);
    environment.add_filter("line", one_line);
    Ok(environment)
}

/// A value as JSON on one line.
fn json(value: &Value) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::new(ErrorKind::InvalidOperation, e.to_string()))
}

/// Text on one line and without what could end a comment in any dialect.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('`', "'").replace("*/", "* /")
}
