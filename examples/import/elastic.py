#!/usr/bin/env python3
"""Import a pack into Kibana, or take an import back.

    detc verify dist --key pack.pub
    KIBANA_API_KEY=… python3 examples/import/elastic.py dist --url https://kibana.example.com --backup before.ndjson
    KIBANA_API_KEY=… python3 examples/import/elastic.py dist --url https://kibana.example.com --rollback before.ndjson

Rules that are new come in switched off, with an empty list of exceptions. Rules that are there keep their switch and their
exceptions. What is there is exported to the backup first; if one rule is refused, all is put back as it was.
"""

import argparse
import json
import os
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from transport import Api, Refused  # noqa: E402

RULES = "/api/detection_engine/rules"


def lines(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines() if line]


def by_rule(api, rule_id):
    return api.json("GET", f"{RULES}?rule_id={urllib.parse.quote(rule_id)}", missing_ok=True)


def export(api, rule_ids):
    """The rules as they are, as lines; nothing if there are none."""
    if not rule_ids:
        return ""
    body = json.dumps({"objects": [{"rule_id": rule_id} for rule_id in rule_ids]}).encode()
    status, text = api.send("POST", f"{RULES}/_export?exclude_export_details=true", body, {"Content-Type": "application/json"})
    if status >= 300:
        raise Refused("export", status, text)
    return text


def send(api, objects, overwrite):
    """Imports objects; returns what was refused, as lines to read. The status is 200 even if every rule was."""
    if not objects:
        return []
    text = "".join(json.dumps(one) + "\n" for one in objects)
    query = "?overwrite=true" if overwrite else ""
    answer = api.upload(f"{RULES}/_import{query}", "pack.ndjson", text)
    refused = [f"{e.get('rule_id')}: {e['error']['message']}" for e in answer.get("errors", [])]
    # A list that is there keeps its entries: that is what an upgrade must do, and Kibana calls it an error.
    kept = lambda error: error["error"].get("status_code") == 409  # noqa: E731
    lists = [e for e in answer.get("exceptions_errors", []) if not kept(e)]
    return refused + [f"{e.get('list_id')}: {e['error']['message']}" for e in lists]


def rules_of(text):
    """The rules of an export. Its exception lists stay out: to import them would replace what a site wrote since."""
    return [one for one in map(json.loads, text.splitlines()) if "rule_id" in one]


def put_back(api, before, new):
    """Undoes an import: the old rules as they were, the new ones gone."""
    refused = send(api, rules_of(before), overwrite=True)
    for rule_id in new:
        if by_rule(api, rule_id):
            api.json("DELETE", f"{RULES}?rule_id={urllib.parse.quote(rule_id)}")
    return refused


def install(api, pack, backup):
    folder = pathlib.Path(pack) / "elastic"
    upgrade, fresh = lines(folder / "upgrade.ndjson"), lines(folder / "install.ndjson")
    there = {rule["rule_id"] for rule in upgrade if by_rule(api, rule["rule_id"])}
    new = [rule["rule_id"] for rule in upgrade if rule["rule_id"] not in there]
    before = export(api, sorted(there))
    pathlib.Path(backup).write_text(before, encoding="utf-8")
    linked = {ref["list_id"] for rule in fresh if rule.get("rule_id") in new for ref in rule["exceptions_list"]}
    wanted = [one for one in fresh if one.get("rule_id") in new or one.get("list_id") in linked]
    refused = send(api, wanted, overwrite=False)
    refused += send(api, [rule for rule in upgrade if rule["rule_id"] in there], overwrite=True) if not refused else []
    if refused:
        print("\n".join(["refused:", *refused, "everything is being put back as it was"]), file=sys.stderr)
        left = put_back(api, before, new)
        print("\n".join(["could not be put back:", *left]) if left else "put back", file=sys.stderr)
        return 1
    print(f"{len(new)} rules installed and switched off, {len(there)} upgraded; backup: {backup}")
    return 0


def rollback(api, pack, backup):
    before = pathlib.Path(backup).read_text(encoding="utf-8")
    old = {rule["rule_id"] for rule in rules_of(before)}
    ours = [rule["rule_id"] for rule in lines(pathlib.Path(pack) / "elastic" / "upgrade.ndjson")]
    refused = put_back(api, before, [rule_id for rule_id in ours if rule_id not in old])
    print("\n".join(["could not be put back:", *refused]) if refused else f"{len(old)} rules put back", file=sys.stderr)
    return 1 if refused else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", help="the folder of the pack")
    parser.add_argument("--url", required=True, help="the address of Kibana, with /s/NAME for a space")
    todo = parser.add_mutually_exclusive_group(required=True)
    todo.add_argument("--backup", metavar="FILE", help="import, and write the rules as they are to this file first")
    todo.add_argument("--rollback", metavar="FILE", help="put back what this backup holds, and remove what was new")
    args = parser.parse_args()
    api = Api(args.url, {"kbn-xsrf": "true", "Authorization": f"ApiKey {os.environ.get('KIBANA_API_KEY', '')}"})
    try:
        return install(api, args.pack, args.backup) if args.backup else rollback(api, args.pack, args.rollback)
    except (Refused, OSError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
