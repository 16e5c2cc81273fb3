"""Splunk Enterprise as far as an app's life goes: an installation replaces `default/` and `lookups/` and keeps `local/` and the
KV store; what is edited through REST or Splunk Web goes to `local/`, and what is local goes before what is shipped.

https://docs.splunk.com/Documentation/Splunk/9.4.0/RESTREF/RESTapps
https://docs.splunk.com/Documentation/Splunk/9.4.0/RESTREF/RESTsearch
https://dev.splunk.com/enterprise/docs/developapps/manageknowledge/filesystem
"""

import copy
import json
import pathlib
import tarfile
import urllib.parse

from splunk_app import conf

APPS = "/services/apps/local"
MACROS = "admin/macros"
SEARCHES = "saved/searches"
TABLES = "storage/collections/data"


class Splunk:
    """An instance with at most one app."""

    def __init__(self):
        self.app = None
        self.default, self.local, self.kv_store = {}, {}, {}
        self.loses = set()
        """Stanzas of saved searches that are not there after an installation."""

    def state(self):
        """What is there."""
        return copy.deepcopy((self.app, self.default, self.local, self.kv_store))

    def install(self, archive):
        """Installs or upgrades from an archive; nothing is changed if it is not whole."""
        with tarfile.open(archive) as tar:
            members = [member for member in tar if member.isfile()]
            files = {m.name.split("/", 1)[1]: tar.extractfile(m).read().decode() for m in members}
            self.app = members[0].name.split("/", 1)[0]
        default = {}
        for path, text in files.items():
            if path.startswith("default/"):
                default[path.removeprefix("default/").removesuffix(".conf")] = conf(text)
        for stanza in self.loses:
            default["savedsearches"].pop(stanza, None)
        self.default = default
        for name in default.get("collections", {}):
            self.kv_store.setdefault(name, [])

    def value(self, file, stanza, key):
        """A value in force."""
        return self.local.get(file, {}).get(stanza, {}).get(key, self.default[file][stanza].get(key))

    def handle(self, method, path, query, headers, body):
        if not headers.get("Authorization", "").startswith("Bearer "):
            return 401, {"messages": [{"type": "WARN", "text": "call not properly authenticated"}]}
        if path == f"{APPS}/{self.app}" or path == APPS:
            return self.handle_app(method, path, dict(urllib.parse.parse_qsl(body.decode())))
        below = f"/servicesNS/nobody/{self.app}/"
        if not path.startswith(below):
            return 404, {"messages": [{"type": "ERROR", "text": "Not Found"}]}
        for kind, file in ((SEARCHES, "savedsearches"), (MACROS, "macros")):
            if path.startswith(below + kind):
                name = path.removeprefix(below + kind).strip("/")
                return self.handle_stanza(method, file, name, dict(urllib.parse.parse_qsl(body.decode())))
        if method == "POST" and path.startswith(below + TABLES):
            self.kv_store[path.removeprefix(below + TABLES).strip("/")].append(json.loads(body))
            return 201, {"_key": "1"}
        return 404, {"messages": [{"type": "ERROR", "text": "Not Found"}]}

    def handle_app(self, method, path, form):
        if method == "POST" and path == APPS:
            archive = pathlib.Path(form["name"])
            if self.app and form.get("update") != "1":
                return 409, {"messages": [{"type": "ERROR", "text": "an app of this name is there"}]}
            if not archive.is_absolute() or not archive.is_file() or form.get("filename") != "1":
                return 400, {"messages": [{"type": "ERROR", "text": f"cannot read {archive}"}]}
            self.install(archive)
        elif method == "POST":
            self.local.setdefault("app", {}).setdefault("install", {})["state"] = "disabled" if form["disabled"] == "1" else "enabled"
        elif method == "DELETE":
            self.__init__()
            return 200, {"entry": []}
        return 200, {"entry": [{"name": self.app, "content": {"version": self.default["app"]["launcher"]["version"]}}]}

    def handle_stanza(self, method, file, name, form):
        """Lists stanzas, or writes one's values to `local/`."""
        stanzas = self.default[file]
        if method == "POST":
            if name not in stanzas:
                return 404, {"messages": [{"type": "ERROR", "text": f"Could not find object id={name}"}]}
            self.local.setdefault(file, {}).setdefault(name, {}).update(form)
        shown = [name] if name else stanzas
        content = lambda one: {key: self.value(file, one, key) for key in stanzas[one]}  # noqa: E731
        return 200, {"entry": [{"name": one, "acl": {"app": self.app}, "content": content(one)} for one in shown]}
