"""Every file of a pack against the schema of what its product imports: check_schemas.py DIST"""

import json
import pathlib
import sys
import tomllib
import zipfile

import jsonschema
import yaml

MATURITY = {"stable": "production", "test": "beta", "experimental": "experimental", "deprecated": "deprecated"}
SCHEMAS = pathlib.Path(__file__).resolve().parent / "schemas"


def validator(name):
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


def values(path):
    """The values of a file, each with a name for messages."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ndjson":
        return [(f"{path}:{number}", json.loads(line)) for number, line in enumerate(text.splitlines(), 1)]
    return [(str(path), json.loads(text))]


def statuses(dist):
    """Where a product calls a rule's status otherwise than the manifest does: it is said once, in the source."""
    manifest = json.loads((dist / "pack.json").read_text(encoding="utf-8"))
    of = {object["id"]: rule["status"] for rule in manifest["rules"] for on in rule["targets"].values() for object in on["objects"]}
    said = []
    for path in sorted((dist / "elastic" / "rules").glob("*.toml")):
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        said.append((path.name, MATURITY[of[file["rule"]["rule_id"]]], file["metadata"]["maturity"]))
    with zipfile.ZipFile(next((dist / "sigma").glob("*.zip"))) as archive:
        texts = [(name, archive.read(name)) for name in archive.namelist() if name.endswith(".yml")]
    for name, text in texts:
        rules = [rule for rule in yaml.safe_load_all(text) if rule.get("id") in of]
        said += [(name, of[rule["id"]], rule["status"]) for rule in rules]
    return [f"{name}: {word} in place of {right}" for name, right, word in said if word != right] or ([] if said else ["no rule has a status"])


def main(dist):
    files = {
        "elastic-line.json": sorted((dist / "elastic").glob("*.ndjson")),
        "defender-rule.json": sorted((dist / "defender" / "rules").glob("*.json")),
        "navigator-layer.json": [dist / "attack-layer.json"],
    }
    problems, count = statuses(dist), 0
    for schema, paths in files.items():
        checker = validator(schema)
        if not paths:
            problems.append(f"no file for {schema}")
        for name, value in (pair for path in paths for pair in values(path)):
            count += 1
            problems += [f"{name}: {error.json_path}: {error.message[:200]}" for error in checker.iter_errors(value)]
    rules = {rule["rule_id"]: rule for _, rule in values(dist / "elastic" / "upgrade.ndjson")}
    for path in sorted((dist / "elastic" / "rules").glob("*.toml")):
        count += 1
        rule = tomllib.loads(path.read_text(encoding="utf-8"))["rule"]
        if rule["query"].strip() != rules[rule["rule_id"]]["query"]:
            problems.append(f"{path}: its query is not that of upgrade.ndjson")
    print("\n".join(problems) if problems else f"{count} files and lines have the form their products ask for")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
