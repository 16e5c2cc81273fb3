#!/usr/bin/env python3
"""Import a pack into Microsoft Sentinel through Azure Resource Manager, or take an import back.

    detc verify dist --key pack.pub
    export ARM_TOKEN=$(az account get-access-token --query accessToken -o tsv)
    W=/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.OperationalInsights/workspaces/<name>
    python3 examples/import/sentinel.py dist --workspace $W --backup before.json
    python3 examples/import/sentinel.py dist --workspace $W --rollback before.json

The settings and watchlists that the site owns are written only where there are none yet. Rules that are new come in switched
off; rules that are there keep their switch, and what has not changed is left alone. What is there is saved to the backup
first; if one object is refused, or the connection breaks, all is put back as it was. Taking an import back later leaves settings
and watchlists alone. `--only AN1496` imports the rules of some analytics: Sentinel refuses a rule whose table is not there.
"""

import json
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from transaction import arguments, differs, each, run  # noqa: E402
from transport import Api, Refused  # noqa: E402

ARM = "https://management.azure.com"


class Object:
    """A function, a watchlist or a rule: where it is, and what the pack says of it."""

    def __init__(self, resource, own):
        # `[concat(parameters('workspace'), '/Microsoft.SecurityInsights/<name>')]`
        parts = re.search(r"'/([^']*)'\)\]$", resource["name"]).group(1).split("/")
        kind = resource["type"].split("/")[-1]
        provider = f"/providers/{parts[0]}" if len(parts) == 2 else ""
        self.path = f"{provider}/{kind}/{parts[-1]}"
        self.version = resource["apiVersion"]
        self.body = {key: resource[key] for key in ("kind", "properties") if key in resource}
        self.name = f"{kind} {self.body['properties'].get('displayName', parts[-1])}"
        self.own = own
        """Whether the site owns it once it is there."""
        self.switched = kind == "alertRules"


def resources(path):
    return json.loads(path.read_text(encoding="utf-8"))["resources"]


def objects(folder, only):
    """The pack's objects, each after what it reads: settings and watchlists, functions, rules."""
    found = [Object(one, True) for one in resources(folder / "site.json")]
    found += [Object(one, False) for path in sorted(folder.glob("repositories/Parsers/*.json")) for one in resources(path)]
    rules = [path for path in sorted(folder.glob("repositories/Detections/*.json")) if not only or path.name.split("_")[0] in only]
    return found + [Object(one, False) for path in rules for one in resources(path)]


def written(body):
    """What was written of an object: without what the product says of it."""
    kept = {key: value for key, value in body["properties"].items() if key != "lastModifiedUtc"}
    return {"properties": kept} | ({"kind": body["kind"]} if "kind" in body else {})


class Sentinel:
    def __init__(self, api, workspace, found):
        self.api, self.workspace, self.objects = api, workspace, found

    def send(self, method, one, body=None):
        path = f"{self.workspace}{one.path}?api-version={one.version}"
        try:
            return self.api.json(method, path, body, missing_ok=method != "PUT")
        except Refused as error:
            raise Refused(one.name, error.status, str(error)) from error

    def read(self):
        return {one.path: self.send("GET", one) for one in self.objects}

    def write(self, before):
        new, changed, same = [], 0, 0
        for one in self.objects:
            old = before[one.path]
            if old is None:
                self.send("PUT", one, one.body)
                new.append(one.name)
                continue
            body = one.body
            if one.switched:
                body = body | {"properties": body["properties"] | {"enabled": old["properties"]["enabled"]}}
            if one.own or not differs(body, old):
                same += 1
                continue
            # The product refuses an etag that is not the latest: somebody changed the object since it was read.
            self.send("PUT", one, body | {"etag": old.get("etag")})
            changed += 1
        return "\n".join([*(f"new: {name}" for name in new), f"{len(new)} objects new, {changed} upgraded, {same} left alone"])

    def restore(self, before, site):
        # In the other order: a function that a rule reads goes after the rule.
        saved = [one for one in reversed(self.objects) if one.path in before]
        return each((one.name, lambda one=one: self.restore_one(one, before[one.path], site)) for one in saved)

    def restore_one(self, one, old, site):
        if one.own and not site:
            return
        now = self.send("GET", one)
        if old is None and now is not None:
            self.send("DELETE", one)
        elif old is not None and (now is None or written(old) != written(now)):
            self.send("PUT", one, written(old))


def main():
    parser = arguments(__doc__)
    parser.add_argument("--workspace", required=True, help="the workspace's resource id: /subscriptions/…/workspaces/NAME")
    parser.add_argument("--only", nargs="+", default=[], metavar="ANALYTIC", help="import the rules of these analytics only")
    parser.add_argument("--url", default=ARM, help=f"the address of Azure Resource Manager [default: {ARM}]")
    args = parser.parse_args()
    api = Api(args.url, {"Authorization": f"Bearer {os.environ.get('ARM_TOKEN', '')}"})
    return run(args, Sentinel(api, args.workspace.rstrip("/"), objects(args.pack / "sentinel", args.only)))


if __name__ == "__main__":
    sys.exit(main())
