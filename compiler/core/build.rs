//! Embeds `targets/` and `schemas/` in the library.
//!
//! Each target becomes one JSON text of its own, so that a run parses only the targets it is asked for. Whether the data
//! have the right form is not asked here but in the tests.

#![expect(clippy::disallowed_methods, reason = "the library is pure, its build is not")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let targets = here.join("../../targets");
    let schemas = here.join("schemas");
    println!("cargo::rerun-if-changed=build.rs");
    for folder in [&targets, &schemas] {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    let mut table =
        String::from("/// The data of each target as JSON text, by its id.\npub const TARGETS: &[(&str, &str)] = &[\n");
    for folder in entries(&targets)?.iter().filter(|path| path.join("target.yaml").is_file()) {
        let id = name(folder);
        fs::write(out.join(format!("target-{id}.json")), target(folder)?.to_string())?;
        writeln!(table, "    ({id:?}, include_str!(concat!(env!(\"OUT_DIR\"), \"/target-{id}.json\"))),")?;
    }
    table.push_str("];\n\n/// Every JSON Schema by its name.\npub const SCHEMAS: &[(&str, &str)] = &[\n");
    for file in entries(&schemas)?.iter().filter(|path| path.extension().is_some_and(|e| e == "json")) {
        let id = stem(file);
        fs::write(out.join(format!("schema-{id}.json")), fs::read(file)?)?;
        writeln!(table, "    ({id:?}, include_str!(concat!(env!(\"OUT_DIR\"), \"/schema-{id}.json\"))),")?;
    }
    table.push_str("];\n");
    fs::write(out.join("embedded.rs"), table)?;
    Ok(())
}

/// `target.yaml`, `sources/*.yaml`, `profiles/*.yaml` and `templates/*` of one target as one value.
fn target(folder: &Path) -> Result<Value, Box<dyn Error>> {
    let (sources, profiles) = (yaml_files(&folder.join("sources"))?, yaml_files(&folder.join("profiles"))?);
    let mut templates = Map::new();
    for file in entries(&folder.join("templates"))? {
        templates.insert(name(&file), Value::String(fs::read_to_string(&file)?));
    }
    let target = yaml(&folder.join("target.yaml"))?;
    Ok(json!({ "target": target, "sources": sources, "profiles": profiles, "templates": templates }))
}

/// The YAML files of a folder by name.
fn yaml_files(folder: &Path) -> Result<Map<String, Value>, Box<dyn Error>> {
    let files = entries(folder)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "yaml"));
    files.map(|file| Ok((stem(&file), yaml(&file)?))).collect()
}

/// A YAML file as a JSON value, merge keys replaced by what they stand for.
fn yaml(file: &Path) -> Result<Value, Box<dyn Error>> {
    let read = |text: &str| -> Result<Value, Box<dyn Error>> {
        let mut value: serde_yaml::Value = serde_yaml::from_str(text)?;
        value.apply_merge()?;
        Ok(serde_json::to_value(value)?)
    };
    read(&fs::read_to_string(file)?).map_err(|e| format!("{}: {e}", file.display()).into())
}

/// What a folder holds, in order of name; nothing if there is no such folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}
