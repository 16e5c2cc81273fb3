"""A workspace as far as a deployment goes: resources are put one after the other, each after those that it depends on.

A put creates or replaces. A rule is run when it is created, so a function that it calls must be there; one that fails does
not take back what was put before. Resources that a template no longer has stay.
https://learn.microsoft.com/azure/azure-resource-manager/templates/deployment-modes
https://learn.microsoft.com/rest/api/securityinsights/alert-rules/create-or-update
"""

import re


class Refused(Exception):
    """A resource that was not taken."""


def name_of(expression):
    """The last part of a resource's name: `[concat(parameters('workspace'), '/…/x')]`."""
    return re.search(r"'([^']*)'\)\]$", expression).group(1).split("/")[-1]


class Workspace:
    """Functions by alias, watchlists by alias, rules by id."""

    def __init__(self):
        self.functions, self.watchlists, self.rules = {}, {}, {}

    def deploy(self, template, **given):
        """Deploys a template with parameters."""
        values = {name: given.get(name, one.get("defaultValue")) for name, one in template["parameters"].items()}
        missing = [name for name, value in values.items() if value is None]
        unknown = set(given) - set(values)
        if missing or unknown:
            raise Refused(f"parameters: missing {missing}, unknown {sorted(unknown)}")
        waiting = [one for one in template["resources"] if self.wanted(one, values)]
        all_names = {name_of(one["name"]) for one in waiting}
        done = set()
        while waiting:
            ready = [one for one in waiting if not (self.after(one) & all_names) - done]
            if not ready:
                raise Refused("resources wait for each other")
            # As late as can be, so that only `dependsOn` keeps the order.
            one = ready[-1]
            self.put(one, values)
            done.add(name_of(one["name"]))
            waiting.remove(one)

    def wanted(self, resource, values):
        """Whether the resource's condition holds."""
        condition = resource.get("condition")
        if condition is None:
            return True
        return values[re.fullmatch(r"\[parameters\('(\w+)'\)\]", condition).group(1)]

    def after(self, resource):
        """The names of what the resource depends on."""
        return {name_of(one) for one in resource.get("dependsOn", [])}

    def put(self, resource, values):
        """Creates or replaces one resource."""
        name, properties = name_of(resource["name"]), dict(resource["properties"])
        if resource["type"].endswith("/savedSearches"):
            self.called(name, properties["query"])
            self.functions[properties["functionAlias"]] = properties["query"]
        elif resource["type"].endswith("/watchlists"):
            self.watchlists[name] = properties["rawContent"]
        else:
            self.called(name, properties["query"])
            if isinstance(properties["enabled"], str):
                rule = re.fullmatch(r"\[contains\(parameters\('enabledRules'\), '([^']+)'\)\]", properties["enabled"]).group(1)
                properties["enabled"] = rule in values["enabledRules"]
            self.rules[name] = properties

    def called(self, name, query):
        """Every function that a query calls must be there."""
        for function in set(re.findall(r"\b(\w+_(?:Values|Settings))\(\)", query)):
            if function not in self.functions:
                raise Refused(f"{name}: BadRequest: there is no function `{function}`")
