"""Kibana's rule import, as far as a pack meets it, after what its source and documentation say it does:

- a rule that is there is refused (409) unless `overwrite=true`; then it is replaced, but for `enabled` and `version` if the
  file leaves them out, and loses its links to exceptions if the file has none;
- a list that is there is kept with its items and reported as an error, unless `overwrite_exceptions=true`, which makes it new;
- a link to a list that is nowhere is dropped and reported;
- the status is 200 even if every rule was refused, and the rules that were not are there.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-importrules
"""

import copy
import email.parser
import email.policy
import json

RULES = "/api/detection_engine/rules"
LISTS = "/api/exception_lists"


class Kibana:
    def __init__(self):
        self.rules = {}
        self.lists = {}
        self.refuses = set()
        """Ids of rules that are refused whatever they say."""

    def reads(self, method, path):
        return method == "GET" or path.endswith("/_export")

    def state(self):
        """What is there."""
        return copy.deepcopy((self.rules, self.lists))

    def handle(self, method, path, query, headers, body):
        if "kbn-xsrf" not in headers:
            return 400, {"message": "Request must contain a kbn-xsrf header."}
        if path == LISTS:
            return self.handle_list(method, query["list_id"])
        if (method, path) == ("GET", RULES):
            rule = self.rules.get(query["rule_id"])
            return (200, rule) if rule else (404, {"message": "not found"})
        if (method, path) == ("DELETE", RULES):
            rule = self.rules.pop(query["rule_id"], None)
            return (200, rule) if rule else (404, {"message": "not found"})
        if (method, path) == ("POST", f"{RULES}/_export"):
            wanted = [one["rule_id"] for one in json.loads(body)["objects"]]
            return 200, "".join(json.dumps(self.rules[rule_id]) + "\n" for rule_id in wanted)
        if (method, path) == ("POST", f"{RULES}/_import"):
            return self.take(query, headers, body)
        return 404, {"message": f"no such endpoint: {method} {path}"}

    def handle_list(self, method, list_id):
        if list_id not in self.lists:
            return 404, {"message": "not found"}
        if method == "DELETE":
            del self.lists[list_id]
        return 200, {"list_id": list_id}

    def take(self, query, headers, body):
        head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
        form = email.parser.BytesParser(policy=email.policy.default).parsebytes(head + body)
        files = [part for part in form.iter_parts() if part.get_param("name", header="content-disposition") == "file"]
        if len(files) != 1 or not files[0].get_filename().endswith(".ndjson"):
            return 400, {"message": "Invalid file extension"}
        objects = [json.loads(line) for line in files[0].get_content().decode().splitlines() if line]
        lists = [one for one in objects if "list_id" in one]
        overwrite = query.get("overwrite") == "true"
        list_errors = [e for one in lists if (e := self.take_list(one, query.get("overwrite_exceptions") == "true"))]
        errors = [e for one in objects if "rule_id" in one for e in self.take_rule(one, overwrite)]
        return 200, {"success": not errors, "errors": errors, "exceptions_success": not list_errors, "exceptions_errors": list_errors}

    def take_list(self, one, overwrite):
        if one["list_id"] in self.lists and not overwrite:
            message = f"Found that list_id: \"{one['list_id']}\" already exists. Import of list_id: \"{one['list_id']}\" skipped."
            return {"list_id": one["list_id"], "error": {"status_code": 409, "message": message}}
        self.lists[one["list_id"]] = []
        return None

    def take_rule(self, rule, overwrite):
        rule_id = rule["rule_id"]
        error = lambda status, text: {"rule_id": rule_id, "error": {"status_code": status, "message": text}}  # noqa: E731
        if rule_id in self.refuses:
            return [error(400, "query: parsing_exception")]
        old = self.rules.get(rule_id)
        if old and not overwrite:
            return [error(409, f'rule_id: "{rule_id}" already exists')]
        links = [link for link in rule.get("exceptions_list", []) if link["list_id"] in self.lists]
        lost = [link for link in rule.get("exceptions_list", []) if link["list_id"] not in self.lists]
        kept = {key: old[key] for key in ("enabled", "version") if old and key not in rule}
        self.rules[rule_id] = {"enabled": False, "version": 1, **rule, **kept, "exceptions_list": links}
        return [error(400, f"list {link['list_id']} does not exist and was removed") for link in lost]
