"""Every file of a pack against the schema of what its product imports: check_schemas.py DIST"""

import json
import pathlib
import sys
import tomllib

import jsonschema

SCHEMAS = pathlib.Path(__file__).resolve().parent / "schemas"


def validator(name):
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


def values(path):
    """The values of a file, each with a name for messages."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ndjson":
        return [(f"{path}:{number}", json.loads(line)) for number, line in enumerate(text.splitlines(), 1)]
    return [(str(path), json.loads(text))]


def main(dist):
    files = {
        "elastic-line.json": sorted((dist / "elastic").glob("*.ndjson")),
        "defender-rule.json": sorted((dist / "defender" / "rules").glob("*.json")),
        "navigator-layer.json": [dist / "attack-layer.json"],
    }
    problems, count = [], 0
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
