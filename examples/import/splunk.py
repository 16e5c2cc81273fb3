#!/usr/bin/env python3
"""Install a pack on Splunk Enterprise, or take an installation back. Run it on the search head: Splunk reads the archive itself.

    detc verify dist --key pack.pub
    export SPLUNK_TOKEN=…          # Settings > Tokens
    python3 examples/import/splunk.py dist --backup before.json
    python3 examples/import/splunk.py dist --backup before.json --installed old/splunk/detc_strategies-1.0.0.tgz
    python3 examples/import/splunk.py dist --rollback before.json

An upgrade needs the archive of what is installed, to be able to go back. After the installation every rule is looked for; if one
is missing or of another version, or Splunk refuses the app, or the connection breaks, the old app is installed again, or the
new one removed if there was none. What the site changed (`local/`, KV store) is touched by nothing of this. Taking a first
installation back later disables the app and removes nothing.
"""

import json
import os
import pathlib
import re
import ssl
import sys
import tarfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from transaction import arguments, run  # noqa: E402
from transport import Api, Refused  # noqa: E402

APPS = "/services/apps/local"


def version_of(archive):
    """The version that an app's archive says it has."""
    with tarfile.open(archive) as tar:
        conf = next(member for member in tar if member.name.endswith("/default/app.conf"))
        return re.search(r"^version = (.*)$", tar.extractfile(conf).read().decode(), re.M).group(1)


class Splunk:
    def __init__(self, api, pack, installed):
        self.api = api
        manifest = json.loads((pack / "pack.json").read_text(encoding="utf-8"))
        self.app = manifest["name"]
        self.archive = next((pack / "splunk").glob("*.tgz")).resolve()
        self.installed = installed and installed.resolve()
        on = [(rule, rule["targets"].get("splunk", {})) for rule in manifest["rules"]]
        self.rules = {one["id"]: str(rule["version"]) for rule, there in on for one in there.get("objects", [])}

    def call(self, method, path, missing_ok=False, **form):
        body = urllib.parse.urlencode(form).encode() if form else None
        status, text = self.api.send(method, f"{path}{'&' if '?' in path else '?'}output_mode=json", body)
        return self.api.read(f"{method} {path}", status, text, missing_ok)

    def version(self):
        """The version that is installed, or None."""
        answer = self.call("GET", f"{APPS}/{self.app}", missing_ok=True)
        return answer and answer["entry"][0]["content"]["version"]

    def searches(self):
        """The version of each rule that Splunk has of the app."""
        answer = self.call("GET", f"/servicesNS/nobody/{self.app}/saved/searches?count=0")
        own = [entry for entry in answer["entry"] if entry["acl"]["app"] == self.app]
        metadata = {entry["name"]: entry["content"].get("action.correlationsearch.metadata", "{}") for entry in own}
        return {name: json.loads(text).get("detection_version") for name, text in metadata.items()}

    def read(self):
        version = self.version()
        if version is None:
            return {"version": None}
        if self.installed is None:
            raise ValueError(f"{self.app} {version} is installed: give its archive with --installed, to be able to go back")
        if version_of(self.installed) != version:
            raise ValueError(f"{self.app} {version} is installed, and {self.installed} holds {version_of(self.installed)}")
        return {"version": version, "archive": str(self.installed), "searches": self.searches()}

    def install(self, archive):
        self.call("POST", APPS, name=str(archive), filename="1", update="1")

    def write(self, before):
        self.install(self.archive)
        there = self.searches()
        wrong = [f"{name}: " + (f"version {there[name]} in place of {version}" if name in there else "it is not there")
                 for name, version in self.rules.items() if there.get(name) != version]
        if wrong:
            raise Refused("after the installation", 200, "\n".join(wrong))
        done = f"upgraded from {before['version']}" if before["version"] else "installed, its rules switched off"
        return f"{self.app} {self.version()} {done}, {len(self.rules)} rules"

    def restore(self, before, site):
        now = self.version()
        if before["version"] is None and now is not None:
            if site:
                self.call("DELETE", f"{APPS}/{self.app}", missing_ok=True)
            else:
                self.call("POST", f"{APPS}/{self.app}", disabled="1")
        elif before["version"] is not None and (now != before["version"] or self.searches() != before["searches"]):
            self.install(before["archive"])
        return []


def main():
    parser = arguments(__doc__)
    parser.add_argument("--installed", metavar="ARCHIVE", type=pathlib.Path, help="the archive of the version that is installed")
    parser.add_argument("--url", default="https://localhost:8089", help="where splunkd listens [default: https://localhost:8089]")
    parser.add_argument("--insecure", action="store_true", help="trust any certificate: Splunk's own is signed by no one known")
    args = parser.parse_args()
    tls = ssl._create_unverified_context() if args.insecure else None  # noqa: S323
    api = Api(args.url, {"Authorization": f"Bearer {os.environ.get('SPLUNK_TOKEN', '')}"}, tls)
    return run(args, Splunk(api, args.pack, args.installed))


if __name__ == "__main__":
    sys.exit(main())
