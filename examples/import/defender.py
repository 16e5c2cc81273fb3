#!/usr/bin/env python3
"""Import a pack into Defender XDR through Microsoft Graph, or take an import back.

    detc verify dist --key pack.pub
    GRAPH_TOKEN=… python3 examples/import/defender.py dist --backup before.json
    GRAPH_TOKEN=… python3 examples/import/defender.py dist --rollback before.json

The token needs CustomDetection.ReadWrite.All. Rules that are new come in switched off; rules that are there keep their
switch, and one that has not changed is left alone. What is there is saved to the backup first; if one rule is refused, or the
connection breaks, all is put back as it was.
"""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from transaction import arguments, differs, each, run  # noqa: E402
from transport import Api, Refused  # noqa: E402

RULES = "/security/rules/detectionRules"
GRAPH = "https://graph.microsoft.com/v1.0"

# What a pack says of a rule. The switch is the site's.
OURS = ["displayName", "description", "queryCondition", "schedule", "detectionAction"]


def ours(rule):
    return {key: rule[key] for key in OURS if key in rule}


def whole(rule):
    """A rule with its switch."""
    return ours(rule) | {"status": rule["status"]}


class Defender:
    def __init__(self, api, folder):
        self.api = api
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        self.bodies = [json.loads((folder / entry["file"]).read_text(encoding="utf-8")) for entry in index["rules"]]

    def rule(self, rule_id):
        return self.api.json("GET", f"{RULES}/{rule_id}", missing_ok=True)

    def read(self):
        return {body["id"]: self.rule(body["id"]) for body in self.bodies}

    def write(self, before):
        new, changed = 0, 0
        for body in self.bodies:
            old = before[body["id"]]
            try:
                if old is None:
                    self.api.json("POST", RULES, body)
                    new += 1
                elif differs(ours(body), old):
                    self.api.json("PATCH", f"{RULES}/{body['id']}", ours(body))
                    changed += 1
            except Refused as error:
                raise Refused(f"{body['id']} {body['displayName']}", error.status, str(error)) from error
        same = len(self.bodies) - new - changed
        return f"{new} rules installed and switched off, {changed} upgraded, {same} unchanged"

    def restore(self, before, site):
        return each((rule_id, lambda rule_id=rule_id, old=old: self.restore_one(rule_id, old)) for rule_id, old in before.items())

    def restore_one(self, rule_id, old):
        now = self.rule(rule_id)
        if old is None and now is not None:
            self.api.json("DELETE", f"{RULES}/{rule_id}", missing_ok=True)
        elif old is not None and now is None:
            self.api.json("POST", RULES, whole(old) | {"id": rule_id})
        elif old is not None and whole(old) != whole(now):
            self.api.json("PATCH", f"{RULES}/{rule_id}", whole(old))


def main():
    parser = arguments(__doc__)
    parser.add_argument("--url", default=GRAPH, help=f"the address of Graph [default: {GRAPH}]")
    args = parser.parse_args()
    api = Api(args.url, {"Authorization": f"Bearer {os.environ.get('GRAPH_TOKEN', '')}"})
    return run(args, Defender(api, args.pack / "defender"))


if __name__ == "__main__":
    sys.exit(main())
