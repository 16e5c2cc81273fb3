"""A workspace of Azure: functions, watchlists and Sentinel's rules, put one by one or deployed by a template.

A put creates or replaces, and gives an etag; one that comes with an etag that is not the latest is refused. A rule or function is
run when it is put, so a function that it calls must be there. A deployment puts resources one after the other, each after those
that it depends on; one that fails does not take back what was put before, and what a template no longer has stays.
https://learn.microsoft.com/azure/azure-resource-manager/templates/deployment-modes
https://learn.microsoft.com/rest/api/securityinsights/alert-rules/create-or-update
https://learn.microsoft.com/rest/api/loganalytics/saved-searches/create-or-update
"""

import copy
import json
import re

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/w"
"""The resource id of the workspace."""

KINDS = {
    f"{WORKSPACE}/savedSearches/": "functions",
    f"{WORKSPACE}/providers/Microsoft.SecurityInsights/watchlists/": "watchlists",
    f"{WORKSPACE}/providers/Microsoft.SecurityInsights/alertRules/": "rules",
}
DEPLOYMENTS = f"{GROUP}/providers/Microsoft.Resources/deployments/"
REQUIRED = ["displayName", "enabled", "query", "severity", "suppressionDuration", "suppressionEnabled"]


class Refused(Exception):
    """A resource that was not taken."""


def path_of(resource):
    """The path of a resource in a template: `[concat(parameters('workspace'), '/Microsoft.SecurityInsights/x')]`."""
    parts = re.search(r"'/([^']*)'\)\]$", resource["name"]).group(1).split("/")
    kind = resource["type"].split("/")[-1]
    provider = f"/providers/{parts[0]}" if len(parts) == 2 else ""
    return f"{WORKSPACE}{provider}/{kind}/{parts[-1]}"


class Workspace:
    """Functions by alias, watchlists by alias, rules by id: the properties of each."""

    def __init__(self):
        self.functions, self.watchlists, self.rules = {}, {}, {}
        self.etags = {}
        self.refuses = set()
        """Ids of rules that are refused whatever they say."""
        self.writes = 0

    def state(self):
        """What is there."""
        return copy.deepcopy((self.functions, self.watchlists, self.rules))

    # ---- over HTTP

    def handle(self, method, path, query, headers, body):
        if not headers.get("Authorization", "").startswith("Bearer "):
            return 401, {"error": {"code": "AuthenticationFailed"}}
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", query.get("api-version", "")):
            return 400, {"error": {"code": "MissingApiVersionParameter"}}
        if method == "PUT" and path.startswith(DEPLOYMENTS):
            return self.handle_deployment(json.loads(body)["properties"])
        if method == "GET" and path == f"{WORKSPACE}/providers/Microsoft.SecurityInsights/alertRules":
            return 200, {"value": [{"name": name, "properties": rule} for name, rule in self.rules.items()]}
        found = [(kind, path.removeprefix(start)) for start, kind in KINDS.items() if path.startswith(start)]
        if not found:
            return 404, {"error": {"code": "ResourceNotFound"}}
        (kind, name), = found
        there = getattr(self, kind)
        if method == "PUT":
            return self.handle_put(path, kind, name, json.loads(body))
        if method == "DELETE":
            self.writes += 1
            return (200, None) if there.pop(name, None) is not None else (204, None)
        return (200, self.shown(path, there[name])) if name in there else (404, {"error": {"code": "ResourceNotFound"}})

    def handle_put(self, path, kind, name, body):
        if body.get("etag") and body["etag"] != self.etags.get(path):
            return 412, {"error": {"code": "PreconditionFailed", "message": "the etag is not the latest"}}
        status = 200 if name in getattr(self, kind) else 201
        try:
            self.put(path, kind, name, body)
        except Refused as error:
            return 400, {"error": {"code": "BadRequest", "message": str(error)}}
        return status, self.shown(path, getattr(self, kind)[name])

    def handle_deployment(self, properties):
        given = {name: one["value"] for name, one in properties["parameters"].items()}
        try:
            self.deploy(properties["template"], **given)
        except Refused as error:
            return 200, {"properties": {"provisioningState": "Failed", "error": {"message": str(error)}}}
        return 200, {"properties": {"provisioningState": "Succeeded"}}

    def shown(self, path, properties):
        stamp = {"lastModifiedUtc": f"version {self.etags[path]}"} if path.split("/")[-2] == "alertRules" else {}
        return {"id": path, "etag": self.etags[path], "kind": "Scheduled", "properties": properties | stamp}

    # ---- what happens

    def put(self, path, kind, name, body):
        """Creates or replaces one resource."""
        properties = {key: value for key, value in body["properties"].items() if key != "lastModifiedUtc"}
        if kind != "watchlists":
            self.called(name, properties["query"])
        if kind == "rules":
            missing = [key for key in REQUIRED if key not in properties]
            dotted = [one for one in properties.get("techniques", []) if not re.fullmatch(r"T\d{4}", one)]
            if missing or dotted or body.get("kind") != "Scheduled" or name in self.refuses:
                raise Refused(f"{name}: missing {missing}, expected format is T####: {dotted}")
        self.writes += 1
        self.etags[path] = f'"{self.writes}"'
        getattr(self, kind)[name] = properties

    def called(self, name, query):
        """Every function that a query calls must be there."""
        for function in sorted(set(re.findall(r"\b(\w+_(?:Values|Settings))\(\)", query))):
            if function not in {one["functionAlias"] for one in self.functions.values()}:
                raise Refused(f"{name}: there is no function `{function}`")

    def deploy(self, template, **given):
        """Deploys a template with parameters."""
        values = {name: given.get(name, one.get("defaultValue")) for name, one in template["parameters"].items()}
        missing = [name for name, value in values.items() if value is None]
        unknown = set(given) - set(values)
        if missing or unknown:
            raise Refused(f"parameters: missing {missing}, unknown {sorted(unknown)}")
        waiting = [one for one in template["resources"] if wanted(one, values)]
        names = {path_of(one).split("/")[-1] for one in waiting}
        done = set()
        while waiting:
            ready = [one for one in waiting if not (after(one) & names) - done]
            if not ready:
                raise Refused("resources wait for each other")
            # As late as can be, so that only `dependsOn` keeps the order.
            one = ready[-1]
            path = path_of(one)
            kind, = (kind for start, kind in KINDS.items() if path.startswith(start))
            self.put(path, kind, path.split("/")[-1], switched(one, values))
            done.add(path.split("/")[-1])
            waiting.remove(one)


def wanted(resource, values):
    """Whether the resource's condition holds."""
    condition = resource.get("condition")
    return condition is None or values[re.fullmatch(r"\[parameters\('(\w+)'\)\]", condition).group(1)]


def after(resource):
    """The names of what the resource depends on."""
    return {re.search(r"'([^']*)'\)\]$", one).group(1).split("/")[-1] for one in resource.get("dependsOn", [])}


def switched(resource, values):
    """The resource with its switch evaluated."""
    properties = dict(resource["properties"])
    if isinstance(properties.get("enabled"), str):
        rule = re.fullmatch(r"\[contains\(parameters\('enabledRules'\), '([^']+)'\)\]", properties["enabled"]).group(1)
        properties["enabled"] = rule in values["enabledRules"]
    return resource | {"properties": properties}
