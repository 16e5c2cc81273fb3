"""Graph's custom detection rules, as far as a pack meets them: the client chooses the id; POST refuses one that is there, and a
name or an alert's title that another rule has; PATCH changes the members it is given; DELETE removes.

https://learn.microsoft.com/graph/api/resources/security-detectionrule
"""

import copy
import json

RULES = "/security/rules/detectionRules"
REQUIRED = ["id", "displayName", "status", "queryCondition", "schedule", "detectionAction"]


def title(rule):
    return rule["detectionAction"]["alertTemplate"]["title"]


class Graph:
    def __init__(self):
        self.rules = {}
        self.refuses = set()
        """Ids of rules whose query is refused whatever it says."""
        self.writes = 0

    def state(self):
        """What is there."""
        return copy.deepcopy(self.rules)

    def handle(self, method, path, _query, headers, body):
        if not headers.get("Authorization", "").startswith("Bearer "):
            return 401, {"error": {"code": "InvalidAuthenticationToken"}}
        rule_id = path.removeprefix(RULES).strip("/")
        if not path.startswith(RULES) or (method != "POST" and rule_id not in self.rules):
            return 404, {"error": {"code": "NotFound"}}
        if method == "GET":
            return 200, self.rules[rule_id]
        self.writes += 1
        if method == "DELETE":
            del self.rules[rule_id]
            return 204, None
        change = json.loads(body)
        rule = change if method == "POST" else self.rules[rule_id] | change
        return self.put(rule, method == "POST")

    def put(self, rule, new):
        bad = lambda text: (400, {"error": {"code": "BadRequest", "message": text}})  # noqa: E731
        missing = [key for key in REQUIRED if key not in rule]
        if missing:
            return bad(f"missing: {', '.join(missing)}")
        if new and rule["id"] in self.rules:
            return 409, {"error": {"code": "Conflict"}}
        others = [other for other in self.rules.values() if other["id"] != rule["id"]]
        if any(other["displayName"] == rule["displayName"] or title(other) == title(rule) for other in others):
            return bad("the name or title is taken")
        if rule["id"] in self.refuses:
            return bad("the query has an error")
        self.rules[rule["id"]] = {**rule, "lastModifiedBy": "client"}
        return (201 if new else 200), self.rules[rule["id"]]
