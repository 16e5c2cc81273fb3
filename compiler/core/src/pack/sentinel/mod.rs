//! Microsoft Sentinel: analytics rules with the functions and watchlists that they read, for each way to import them.
//!
//! | path | for | a new version |
//! | --- | --- | --- |
//! | `azuredeploy.json` | everything at once: `az deployment group create` | leaves settings and watchlists alone unless told to seed them |
//! | `site.json` | what the site owns, settings and watchlists: deployed once | not deployed again |
//! | `repositories/` | the Repositories feature: one file for each rule and function | is deployed by the connection |
//! | `portal/` | Import in the portal: rules, so many a file | is imported again |
//! | `yaml/` | the community's repository and tools that read its form | |
//!
//! <https://learn.microsoft.com/azure/sentinel/import-export-analytics-rules>

mod limits;
mod rule;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::format::{Format, Made, Rule, Site};
use super::json;
use crate::compile::Artifact;
use crate::diagnostics::Diagnostic;
use crate::dialect::held::Held;
use crate::dialect::kql::{self, Function, Objects, Watchlist};

/// The format.
pub struct SentinelArm;

/// `pack.settings` of a target with this format.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What the product takes of each thing.
    limits: limits::Limits,
    /// How many rules one file may hold for the portal.
    rules_a_file: usize,
    /// The tactics as the product writes them, by their short names.
    tactics: BTreeMap<String, String>,
    /// What fields of an alert are to the product.
    entities: Vec<rule::Entity>,
    /// The connector that fills a table, by the table's name, for the community's form.
    connectors: BTreeMap<String, String>,
}

impl Format for SentinelArm {
    fn id(&self) -> &'static str {
        "sentinel-arm"
    }

    fn make(&self, site: &Site<'_>) -> Result<Made, Vec<Diagnostic>> {
        let settings: Settings = site.settings().map_err(|e| vec![e])?;
        let (mut made, mut errors, mut rules) = (Made::default(), Vec::new(), Vec::new());
        for rule in &site.rules {
            for part in rule.parts() {
                let name = file_name(rule, part.query.part.as_deref());
                let done = rule::facts(site, &settings, rule, &part).and_then(|facts| {
                    let arm = site.json("alert-rule.json.j2", &facts)?;
                    let yaml = site.text("rule.yaml.j2", &facts)?;
                    Ok((arm, yaml))
                });
                match done {
                    Ok((arm, yaml)) => {
                        made.artifacts.push(Artifact { path: format!("yaml/{name}.yaml"), bytes: yaml.into_bytes() });
                        let file = format!("repositories/Detections/{name}.json");
                        made.placed.push(rule.place(&part, part.id.clone(), file));
                        rules.push((name, arm));
                    }
                    Err(error) => errors.push(error),
                }
            }
        }
        let held: Vec<&Held> = site.rules.iter().flat_map(|r| &r.outcome.queries).flat_map(|q| &q.held).collect();
        let objects = kql::objects(&prefix(site), held);
        errors.extend(objects.iter().flat_map(|o| limits::watchlists(site, &settings, &o.watchlists)));
        errors.extend(limits::rules(site, &settings, rules.len()));
        if !errors.is_empty() {
            return Err(errors);
        }
        made.artifacts.extend(files(site, &settings, &rules, &objects).map_err(|e| vec![e])?);
        Ok(made)
    }
}

/// What the names of functions begin with.
fn prefix(site: &Site<'_>) -> String {
    let held = site.target.settings.get("held").and_then(|held| held.get("prefix"));
    held.and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn file_name(rule: &Rule<'_>, part: Option<&str>) -> String {
    let part = part.map(|p| format!("_{p}")).unwrap_or_default();
    format!("{}_{}{part}", rule.outcome.unit.analytic.id, rule.detection().name)
}

/// The files of every way but the community's form.
fn files(
    site: &Site<'_>,
    settings: &Settings,
    rules: &[(String, Json)],
    objects: &[Objects],
) -> Result<Vec<Artifact>, Diagnostic> {
    let mut files = Vec::new();
    let mut write = |path: String, value: &Json| files.push(Artifact { path, bytes: json::file(value) });
    let functions: Vec<&Function> = objects.iter().map(|o| &o.values).collect();
    let own: Vec<&Function> = objects.iter().filter_map(|o| o.settings.as_ref()).collect();
    let lists: Vec<&Watchlist> = objects.iter().flat_map(|o| &o.watchlists).collect();
    for (name, arm) in rules {
        let rule = resource(site, Resource::Rule(arm), &[])?;
        write(format!("repositories/Detections/{name}.json"), &template(site, vec![rule], Parameters::Workspace)?);
    }
    for function in &functions {
        let resource = resource(site, Resource::Function(function, false), &[])?;
        let path = format!("repositories/Parsers/{}.json", function.name);
        write(path, &template(site, vec![resource], Parameters::Workspace)?);
    }
    for (number, some) in (1..).zip(rules.chunks(settings.rules_a_file)) {
        let some = some.iter().map(|(_, arm)| resource(site, Resource::Rule(arm), &[])).collect::<Result<_, _>>()?;
        write(format!("portal/rules-{number}.json"), &template(site, some, Parameters::Workspace)?);
    }
    let site_owned = |seeded| -> Result<Vec<Json>, Diagnostic> {
        let own = own.iter().map(|function| resource(site, Resource::Function(function, seeded), &[]));
        let lists = lists.iter().map(|list| resource(site, Resource::Watchlist(list, seeded), &[]));
        own.chain(lists).collect()
    };
    write("site.json".to_owned(), &template(site, site_owned(false)?, Parameters::Workspace)?);
    let mut all = site_owned(true)?;
    let before: Vec<Name<'_>> =
        own.iter().map(|f| Name::Function(&f.name)).chain(lists.iter().map(|l| Name::Watchlist(&l.alias))).collect();
    for function in &functions {
        all.push(resource(site, Resource::Function(function, false), &before)?);
    }
    let values: Vec<Name<'_>> = functions.iter().map(|f| Name::Function(&f.name)).collect();
    for (_, arm) in rules {
        all.push(resource(site, Resource::SwitchedRule(arm), &values)?);
    }
    write("azuredeploy.json".to_owned(), &template(site, all, Parameters::Everything)?);
    Ok(files)
}

/// A resource of a template.
enum Resource<'a> {
    /// A rule, switched off.
    Rule(&'a Json),
    /// A rule that a parameter of the template switches on.
    SwitchedRule(&'a Json),
    /// A function; whether it is deployed only where the site's objects are seeded.
    Function(&'a Function, bool),
    /// A watchlist; the same.
    Watchlist(&'a Watchlist, bool),
}

/// A resource that another waits for.
enum Name<'a> {
    Function(&'a str),
    Watchlist(&'a str),
}

fn resource(site: &Site<'_>, resource: Resource<'_>, after: &[Name<'_>]) -> Result<Json, Diagnostic> {
    let after: Vec<Json> = after
        .iter()
        .map(|name| match name {
            Name::Function(name) => json!({ "kind": "function", "name": name }),
            Name::Watchlist(alias) => json!({ "kind": "watchlist", "name": alias }),
        })
        .collect();
    let (template, value) = match resource {
        Resource::Rule(arm) => ("resource-rule.json.j2", json!({ "rule": arm, "switched": false, "after": after })),
        Resource::SwitchedRule(arm) => {
            ("resource-rule.json.j2", json!({ "rule": arm, "switched": true, "after": after }))
        }
        Resource::Function(function, seeded) => (
            "resource-function.json.j2",
            json!({ "name": function.name, "text": function.text, "seeded": seeded, "after": after }),
        ),
        Resource::Watchlist(list, seeded) => (
            "resource-watchlist.json.j2",
            json!({ "alias": list.alias, "doc": list.doc, "csv": csv(list), "seeded": seeded, "after": after }),
        ),
    };
    site.json(template, &value)
}

/// Which parameters a template has.
#[derive(Clone, Copy)]
enum Parameters {
    /// The workspace, which the Repositories feature fills in.
    Workspace,
    /// And whether to seed what the site owns, and which rules are on.
    Everything,
}

fn template(site: &Site<'_>, resources: Vec<Json>, parameters: Parameters) -> Result<Json, Diagnostic> {
    let everything = matches!(parameters, Parameters::Everything);
    let context = json!({ "pack": site.context(), "resources": resources, "everything": everything });
    site.json("deployment.json.j2", &context)
}

/// The rows of a watchlist, as RFC 4180 has them.
pub fn csv(list: &Watchlist) -> String {
    let rows = list.entries.iter().map(|entry| format!("\"{}\",\r\n", entry.replace('"', "\"\"")));
    format!("Entry,Comment\r\n{}", rows.collect::<String>())
}
