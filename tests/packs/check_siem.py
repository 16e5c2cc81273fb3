"""What a pack holds for Splunk and Sentinel against what others say of it: check_siem.py DIST

AppInspect, Splunk's own checker of apps, finds no failure and no warning but that of collections.conf, which asks for no
action. Every rule of Sentinel has the form of its schema, and the same query in every form.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema
import yaml

SCHEMAS = pathlib.Path(__file__).resolve().parent / "schemas"
# AppInspect warns of every app with a KV store: "App contains collections.conf. No action required."
EXPECTED = {"check_collections_conf"}


def validator(name):
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


def appinspect(archive):
    """What AppInspect finds beside what is expected."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        command = [pathlib.Path(sys.executable).parent / "splunk-appinspect", "inspect", archive, "--mode", "precert", "--ci",
                   "--skip-trusted-libraries-update", "--data-format", "json", "--output-file", report, "--max-messages", "all"]
        ran = subprocess.run(command, capture_output=True, text=True)
        if not report.exists():
            return [f"AppInspect made no report (status {ran.returncode}): {ran.stdout[-500:]}{ran.stderr[-500:]}"]
        groups = [group for one in json.loads(report.read_text())["reports"] for group in one["groups"]]
    checks = [check for group in groups for check in group["checks"]]
    passed = sum(check["result"] == "success" for check in checks)
    wrong = [c for c in checks if c["result"] not in ("success", "not_applicable") and c["name"] not in EXPECTED]
    problems = [f"AppInspect: {c['result']}: {c['name']}: {[m['message'][:300] for m in c['messages']]}" for c in wrong]
    return problems + ([f"AppInspect made only {passed} checks"] if passed < 80 else [])


def resources(path):
    return json.loads(path.read_text(encoding="utf-8"))["resources"]


def sentinel(folder):
    """What is wrong with the files for Sentinel."""
    arm, community = validator("sentinel-rule-arm.json"), validator("sentinel-rule-yaml.json")
    problems, queries = [], {}
    for path in sorted(folder.rglob("*.json")):
        found = resources(path)
        types = {one["type"] for one in found}
        if "repositories" in path.parts and len(types) != 1:
            problems.append(f"{path}: Repositories take one type a file, and this has {sorted(types)}")
        rules = [one for one in found if one["type"].endswith("/alertRules")]
        if "portal" in path.parts and len(rules) > 50:
            problems.append(f"{path}: {len(rules)} rules, and the portal takes 50")
        for rule in rules:
            problems += [f"{path}: {e.json_path}: {e.message[:200]}" for e in arm.iter_errors(rule["properties"])]
            queries.setdefault(rule["properties"]["displayName"], set()).add(rule["properties"]["query"])
    for path in sorted(folder.rglob("*.yaml")):
        rule = yaml.safe_load(path.read_text(encoding="utf-8"))
        problems += [f"{path}: {e.json_path}: {e.message[:200]}" for e in community.iter_errors(rule)]
        queries.setdefault(rule["name"], set()).add(rule["query"].rstrip("\n"))
    problems += [f"{name}: its forms have different queries" for name, texts in queries.items() if len(texts) != 1]
    return problems + ([] if queries else [f"{folder} holds no rule"])


def main(dist):
    archives = sorted((dist / "splunk").glob("*.tgz"))
    problems = [p for archive in archives for p in appinspect(archive)] + sentinel(dist / "sentinel")
    problems += [] if archives else ["no app for Splunk"]
    print("\n".join(problems) if problems else "Splunk and Sentinel: the app and the rules have the form their products ask for")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
