#!/usr/bin/env python3
"""Import a pack into Kibana, or take an import back.

    detc verify dist --key pack.pub
    KIBANA_API_KEY=… python3 examples/import/elastic.py dist --url https://kibana.example.com --backup before.json
    KIBANA_API_KEY=… python3 examples/import/elastic.py dist --url https://kibana.example.com --rollback before.json

Rules that are new come in switched off, with an empty list of exceptions. Rules that are there keep their switch and their
exceptions. What is there is exported to the backup first; if one rule is refused, or the connection breaks, all is put back as
it was. Taking an import back later leaves lists of exceptions alone: they may hold entries of yours.
"""

import json
import os
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from transaction import arguments, each, run  # noqa: E402
from transport import Api, Refused  # noqa: E402

RULES = "/api/detection_engine/rules"
LISTS = "/api/exception_lists"

# What Kibana writes of its own when a rule is written.
KIBANAS = ["id", "created_at", "created_by", "updated_at", "updated_by", "revision", "immutable", "rule_source", "execution_summary"]


def lines(text):
    return [json.loads(line) for line in text.splitlines() if line]


def query(**values):
    return "?" + urllib.parse.urlencode(values)


class Elastic:
    def __init__(self, api, folder):
        self.api = api
        of = lambda name: lines((folder / name).read_text(encoding="utf-8"))  # noqa: E731
        self.fresh, self.upgrade = of("install.ndjson"), of("upgrade.ndjson")

    def rule(self, rule_id):
        return self.api.json("GET", RULES + query(rule_id=rule_id), missing_ok=True)

    def list(self, list_id):
        return self.api.json("GET", LISTS + query(list_id=list_id, namespace_type="single"), missing_ok=True)

    def read(self):
        there = [rule["rule_id"] for rule in self.upgrade if self.rule(rule["rule_id"])]
        exported = {rule["rule_id"]: rule for rule in self.export(there)}
        lists = [one["list_id"] for one in self.fresh if "list_id" in one]
        return {
            "rules": {rule["rule_id"]: exported.get(rule["rule_id"]) for rule in self.upgrade},
            "lists": {list_id: self.list(list_id) for list_id in lists},
        }

    def export(self, rule_ids):
        """The rules as they are. Their exception lists stay out: to import them would replace what a site wrote since."""
        if not rule_ids:
            return []
        body = json.dumps({"objects": [{"rule_id": rule_id} for rule_id in rule_ids]}).encode()
        path = f"{RULES}/_export{query(exclude_export_details='true')}"
        status, text = self.api.send("POST", path, body, {"Content-Type": "application/json"})
        if status >= 300:
            raise Refused("export", status, text)
        return [one for one in lines(text) if "rule_id" in one]

    def write(self, before):
        new = [rule_id for rule_id, old in before["rules"].items() if old is None]
        linked = {ref["list_id"] for rule in self.fresh if rule.get("rule_id") in new for ref in rule["exceptions_list"]}
        self.send([one for one in self.fresh if one.get("rule_id") in new or one.get("list_id") in linked], overwrite=False)
        self.send([rule for rule in self.upgrade if rule["rule_id"] not in new], overwrite=True)
        return f"{len(new)} rules installed and switched off, {len(self.upgrade) - len(new)} upgraded"

    def send(self, objects, overwrite):
        """Imports objects, or raises what was refused, rule by rule. The status is 200 even if every rule was."""
        if not objects:
            return
        text = "".join(json.dumps(one) + "\n" for one in objects)
        answer = self.api.upload(f"{RULES}/_import{query(overwrite='true') if overwrite else ''}", "pack.ndjson", text)
        refused = [f"{e.get('rule_id')}: {e['error']['message']}" for e in answer.get("errors", [])]
        # A list that is there keeps its entries: that is what an upgrade must do, and Kibana calls it an error.
        lost = [e for e in answer.get("exceptions_errors", []) if e["error"].get("status_code") != 409]
        refused += [f"{e.get('list_id')}: {e['error']['message']}" for e in lost]
        if refused:
            raise Refused("import", 200, "\n".join(refused))

    def restore(self, before, site):
        now = self.read()
        gone = [rule_id for rule_id, old in before["rules"].items() if old is None and now["rules"].get(rule_id)]
        left = each((rule_id, lambda one=rule_id: self.api.json("DELETE", RULES + query(rule_id=one), missing_ok=True)) for rule_id in gone)
        kept = [rule for rule in before["rules"].values() if rule and written(rule) != written(now["rules"].get(rule["rule_id"]))]
        left += each([("rules", lambda: self.send(kept, overwrite=True))])
        if site:
            made = [one for one, old in before["lists"].items() if old is None and now["lists"].get(one)]
            delete = lambda one: self.api.json("DELETE", LISTS + query(list_id=one, namespace_type="single"), missing_ok=True)  # noqa: E731
            left += each((f"list {one}", lambda one=one: delete(one)) for one in made)
        return left


def written(rule):
    """What an import wrote of a rule."""
    return {key: value for key, value in (rule or {}).items() if key not in KIBANAS}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--url", required=True, help="the address of Kibana, with /s/NAME for a space")
    args = parser.parse_args()
    api = Api(args.url, {"kbn-xsrf": "true", "Authorization": f"ApiKey {os.environ.get('KIBANA_API_KEY', '')}"})
    return run(args, Elastic(api, args.pack / "elastic"))


if __name__ == "__main__":
    sys.exit(main())
