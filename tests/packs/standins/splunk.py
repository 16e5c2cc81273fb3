"""Splunk as far as an app's life goes: an installation replaces `default/` and `lookups/` and keeps `local/` and the KV store.

https://dev.splunk.com/enterprise/docs/developapps/manageknowledge/filesystem
"""

import tarfile

from splunk_app import conf


class Splunk:
    """An instance with one app."""

    def __init__(self):
        self.default, self.local, self.kv_store = {}, {}, {}

    def install(self, archive):
        """Installs or upgrades from an archive; nothing is changed if it is not whole."""
        with tarfile.open(archive) as tar:
            files = {m.name.split("/", 1)[1]: tar.extractfile(m).read().decode() for m in tar if m.isfile()}
        default = {}
        for path, text in files.items():
            if path.startswith("default/"):
                default[path.removeprefix("default/").removesuffix(".conf")] = conf(text)
        self.default = default
        for name in default.get("collections", {}):
            self.kv_store.setdefault(name, [])

    def value(self, file, stanza, key):
        """A value in force: what is local goes before what is shipped."""
        return self.local.get(file, {}).get(stanza, {}).get(key, self.default[file][stanza].get(key))
