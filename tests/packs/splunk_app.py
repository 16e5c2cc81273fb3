"""A Splunk app as the searches in it run: macros expanded, lookups answered, for the evaluator in tests/conformance/spl."""

import csv
import io
import re
import tarfile

KNOWN = re.compile(r"\| lookup (\S+) entry AS (\S+) OUTPUT listed AS (\S+)")


# How a profile shortens the addresses that Sysmon writes in full; the evaluator knows no groups in `replace`.
SHORTENED = re.compile(r'replace\((\w+), "[^"]*", "\\1::"\)')


def without_shortening(search):
    """The search over events whose addresses are short already."""
    return SHORTENED.sub(r"\1", search)


def conf(text):
    """A conf file: stanza → key → value."""
    stanzas, name, lines = {}, None, iter(text.splitlines())
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            name = line[1:-1]
            stanzas[name] = {}
            continue
        key, value = line.split(" = ", 1)
        while value.endswith("\\"):
            value = value[:-1].rstrip(" ") + "\n" + next(lines)
        stanzas[name][key] = value
    return stanzas


class App:
    """The files of an app; `local` and `collections` are the site's."""

    def __init__(self, archive):
        with tarfile.open(archive) as tar:
            files = {m.name.split("/", 1)[1]: tar.extractfile(m).read().decode() for m in tar if m.isfile()}
        self.files = files
        self.searches = conf(files["default/savedsearches.conf"])
        self.macros = conf(files["default/macros.conf"])
        self.transforms = conf(files["default/transforms.conf"])
        self.local = {}
        self.collections = {name: [] for name in conf(files.get("default/collections.conf", ""))}

    def table(self, name):
        """The entries of a shipped table."""
        rows = csv.DictReader(io.StringIO(self.files[f"lookups/{self.transforms[name]['filename']}"]))
        return [(row["entry"], row["listed"]) for row in rows]

    def runnable(self, stanza):
        """The search with what the evaluator does not know said in what it knows: only equality is looked up."""
        text = without_shortening(self.searches[stanza]["search"])
        text = re.sub(r"``` .*? ```\n?", "", text)
        text = text.replace("| addinfo\n", "| eval info_max_time=4102444800\n")
        text = re.sub(r"\| `\w+_filter`\n?", "", text)
        text = KNOWN.sub(self.looked_up, text)
        text = "\n".join(line for line in text.splitlines() if line.strip())
        while True:
            expanded = re.sub(r"`([^`]+)`", self.expanded, text)
            if expanded == text:
                return text + "\n"
            text = expanded

    def looked_up(self, match):
        """A lookup as `eval`."""
        table, field, output = match.groups()
        rows = self.collections[table] if table in self.collections else self.table(table)
        cased = self.transforms[table]["case_sensitive_match"] == "true"
        name = f"'{field}'" if re.search(r"\W", field) else field
        value = name if cased else f"lower({name})"
        cases = []
        for entry, listed in rows:
            entry = entry if cased else entry.lower()
            cases.append(f'{value}="{entry}", "{listed}"'.replace("\\", "\\\\"))
        # A site's table is empty when it is installed: then nothing has the output.
        return f"| eval {output}=case({', '.join(cases)})" if cases else ""

    def expanded(self, match):
        """A macro's definition with its arguments in place."""
        call = match.group(1)
        name, _, arguments = call.partition("(")
        arguments = [a.strip() for a in arguments.rstrip(")").split(",")] if arguments else []
        stanza = f"{name}({len(arguments)})" if arguments else name
        definition = self.local.get(stanza, self.macros[stanza]["definition"])
        if name.endswith("_recent"):
            definition = "4000000000"  # the test's events are of any time
        names = self.macros[stanza].get("args", "").split(", ")
        for argument, value in zip(names, arguments):
            quoted = f"'${argument}$'"
            plain = value if re.fullmatch(r"[A-Za-z_]\w*", value) else f"'{value}'"
            definition = definition.replace(quoted, plain).replace(f"${argument}$", value)
        return definition
