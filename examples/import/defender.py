#!/usr/bin/env python3
"""Import a pack into Defender XDR through Microsoft Graph, or take an import back.

    detc verify dist --key pack.pub
    GRAPH_TOKEN=… python3 examples/import/defender.py dist --backup before.json
    GRAPH_TOKEN=… python3 examples/import/defender.py dist --rollback before.json

The token needs CustomDetection.ReadWrite.All. Rules that are new come in switched off; rules that are there keep their
switch, and one that has not changed is left alone. What is there is saved to the backup first; if one rule is refused, all
is put back as it was.
"""

import argparse
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from transport import Api, Refused  # noqa: E402

RULES = "/security/rules/detectionRules"
GRAPH = "https://graph.microsoft.com/v1.0"

# What a pack says of a rule. The switch is the site's.
OURS = ["displayName", "description", "queryCondition", "schedule", "detectionAction"]


def ours(rule):
    return {key: rule[key] for key in OURS if key in rule}


def differs(wanted, there):
    """Whether `there` lacks or changes anything of `wanted`; what the product adds of its own does not count."""
    if isinstance(wanted, dict):
        return not isinstance(there, dict) or any(differs(value, there.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list):
        return not isinstance(there, list) or len(wanted) != len(there) or any(map(differs, wanted, there))
    return wanted != there


def put_back(api, before, new):
    """Undoes an import; returns what could not be undone."""
    left = []
    for rule_id, rule in before.items():
        try:
            api.json("PATCH", f"{RULES}/{rule_id}", ours(rule) | {"status": rule["status"]})
        except Refused as error:
            left.append(f"{rule_id}: {error}")
    for rule_id in new:
        try:
            api.json("DELETE", f"{RULES}/{rule_id}", missing_ok=True)
        except Refused as error:
            left.append(f"{rule_id}: {error}")
    return left


def install(api, pack, backup):
    folder = pathlib.Path(pack) / "defender"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    bodies = [json.loads((folder / entry["file"]).read_text(encoding="utf-8")) for entry in index["rules"]]
    there = {body["id"]: api.json("GET", f"{RULES}/{body['id']}", missing_ok=True) for body in bodies}
    before = {rule_id: rule for rule_id, rule in there.items() if rule}
    pathlib.Path(backup).write_text(json.dumps(before, indent=2) + "\n", encoding="utf-8")
    new, changed, touched = [], 0, {}
    try:
        for body in bodies:
            old = there[body["id"]]
            if old is None:
                new.append(body["id"])
                api.json("POST", RULES, body)
            elif differs(ours(body), old):
                touched[body["id"]] = old
                changed += 1
                api.json("PATCH", f"{RULES}/{body['id']}", ours(body))
    except Refused as error:
        print(f"refused: {body['id']} {body['displayName']}: {error}\neverything is being put back as it was", file=sys.stderr)
        left = put_back(api, touched, new)
        print("\n".join(["could not be put back:", *left]) if left else "put back", file=sys.stderr)
        return 1
    same = len(bodies) - len(new) - changed
    print(f"{len(new)} rules installed and switched off, {changed} upgraded, {same} unchanged; backup: {backup}")
    return 0


def rollback(api, pack, backup):
    before = json.loads(pathlib.Path(backup).read_text(encoding="utf-8"))
    index = json.loads((pathlib.Path(pack) / "defender" / "index.json").read_text(encoding="utf-8"))
    left = put_back(api, before, [entry["id"] for entry in index["rules"] if entry["id"] not in before])
    print("\n".join(["could not be put back:", *left]) if left else f"{len(before)} rules put back", file=sys.stderr)
    return 1 if left else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", help="the folder of the pack")
    parser.add_argument("--url", default=GRAPH, help=f"the address of Graph [default: {GRAPH}]")
    todo = parser.add_mutually_exclusive_group(required=True)
    todo.add_argument("--backup", metavar="FILE", help="import, and write the rules as they are to this file first")
    todo.add_argument("--rollback", metavar="FILE", help="put back what this backup holds, and remove what was new")
    args = parser.parse_args()
    api = Api(args.url, {"Authorization": f"Bearer {os.environ.get('GRAPH_TOKEN', '')}"})
    try:
        return install(api, args.pack, args.backup) if args.backup else rollback(api, args.pack, args.rollback)
    except (Refused, OSError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
