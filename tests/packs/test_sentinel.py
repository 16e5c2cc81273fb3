"""The pack for Sentinel: deployed, tuned, upgraded, refused and taken back; and what its functions make of plain values."""

import copy
import functools
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]
from releases import DETC, HEAD, detc  # noqa: E402
from standins.arm import DEPLOYMENTS, Workspace  # noqa: E402
from standins.serve import serve  # noqa: E402
from test_splunk import STRATEGY  # noqa: E402

ORDERED = "22222222-2222-4222-8222-222222222222"


class Sentinel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.scratch.name)
        (folder / "s").mkdir()
        (folder / "s" / "pack.yaml").write_text(HEAD)
        cls.templates, cls.folders = {}, {}
        for release, window in {"1": "60s", "2": "90s"}.items():
            (folder / "s" / "strategy.det").write_text(STRATEGY.format(window=window, version=release))
            detc(folder, "pack", "s", "--update-lock")
            detc(folder, "pack", "s", "--target", "sentinel", "-o", f"v{release}")
            cls.folders[release] = folder / f"v{release}" / "sentinel"
            cls.templates[release] = json.loads((cls.folders[release] / "azuredeploy.json").read_text())

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def deploy(self, url, release, **parameters):
        """What `az deployment group create` sends, and what came of it."""
        given = {name: {"value": value} for name, value in {"workspace": "w", **parameters}.items()}
        properties = {"mode": "Incremental", "template": self.templates[release], "parameters": given}
        request = urllib.request.Request(
            f"{url}{DEPLOYMENTS}pack?api-version=2024-03-01", data=json.dumps({"properties": properties}).encode(), method="PUT",
            headers={"Authorization": "Bearer t", "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())["properties"]

    def deployed(self, url, release, **parameters):
        self.assertEqual(self.deploy(url, release, **parameters), {"provisioningState": "Succeeded"})

    def installed(self):
        workspace = Workspace()
        with serve(workspace) as url:
            self.deployed(url, "1", seedSite=True)
        return workspace

    def test_a_first_deployment_is_switched_off_and_has_what_its_rules_read(self):
        workspace = self.installed()
        self.assertEqual({rule["enabled"] for rule in workspace.rules.values()}, {False})
        self.assertEqual(len(workspace.rules), 4)
        self.assertIn("detc_AN9002_Settings", workspace.functions)
        self.assertIn('"CMD.exe"', workspace.watchlists["detc-AN9002-Names"]["rawContent"])

    def test_an_upgrade_keeps_what_the_site_owns_and_so_does_going_back(self):
        workspace = self.installed()
        workspace.rules[ORDERED]["enabled"] = True
        workspace.functions["detc_AN9002_Settings"]["query"] = "print Least = 5"
        workspace.watchlists["detc-AN9002-Names"]["rawContent"] = "Entry,Comment\r\n\"new.exe\",\r\n"
        mine = copy.deepcopy((workspace.functions["detc_AN9002_Settings"], workspace.watchlists))
        on = [name for name, rule in workspace.rules.items() if rule["enabled"]]
        values = lambda: workspace.functions["detc_AN9002_Values"]["query"]  # noqa: E731
        with serve(workspace) as url:
            self.deployed(url, "2", enabledRules=on)
            self.assertEqual((workspace.functions["detc_AN9002_Settings"], workspace.watchlists), mine)
            self.assertEqual([name for name, rule in workspace.rules.items() if rule["enabled"]], [ORDERED])
            # The site's settings lack the window, so that the new default holds.
            self.assertIn('column_ifexists("Window", 90s)', values())
            again = workspace.state()
            self.deployed(url, "2", enabledRules=on)
            self.assertEqual(workspace.state(), again, "the same deployment twice changes nothing")
            self.deployed(url, "1", enabledRules=on)
        self.assertIn('column_ifexists("Window", 1m)', values())
        self.assertEqual((workspace.functions["detc_AN9002_Settings"], workspace.watchlists), mine)

    def test_an_upgrade_without_a_first_deployment_is_refused_before_any_rule(self):
        workspace = Workspace()
        with serve(workspace) as url:
            said = self.deploy(url, "1")
        self.assertEqual(said["provisioningState"], "Failed")
        self.assertIn("there is no function `detc_AN9002_Settings`", said["error"]["message"])
        self.assertEqual(workspace.rules, {})

    def test_repositories_hold_nothing_that_the_site_owns(self):
        for path in self.folders["1"].glob("repositories/**/*.json"):
            text = path.read_text()
            self.assertNotIn("providers/watchlists", text, path)
            self.assertNotIn("_Settings", path.name)

    def refused(self, change):
        """What is said of a strategy that is changed so."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            (folder / "s").mkdir()
            (folder / "s" / "pack.yaml").write_text(HEAD)
            (folder / "s" / "strategy.det").write_text(change(STRATEGY.format(window="60s", version="1")))
            detc(folder, "pack", "s", "--update-lock")
            command = [DETC, "pack", "s", "--target", "sentinel", "-o", "none"]
            ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            self.assertEqual(ran.returncode, 1, ran.stderr)
            self.assertFalse((folder / "none").exists(), "there is no partial pack")
            return ran.stderr

    def test_a_watchlist_over_the_limit_is_refused(self):
        rows = ", ".join(f'"{number:04}{"x" * 4000}"' for number in range(1000))
        said = self.refused(lambda text: text.replace('"192.0.2.1", "2001:db8::1"', '"192.0.2.1"').replace('["-enc", "a*b"]', f"[{rows}]"))
        self.assertRegex(said, r"watchlist `detc-AN9002-Words` on Microsoft Sentinel: \d+ bytes, and the product takes 3800000")

    def test_a_window_over_the_limit_is_refused(self):
        said = self.refused(lambda text: text.replace("duration in 1s..1h = 60s", "duration = 335h"))
        self.assertRegex(said, r"AN9002/\w+.*it needs to look back .* and a run reads 14d at most")

    def test_a_rule_without_an_entity_that_the_product_knows_is_refused(self):
        said = self.refused(lambda text: text.replace("entity host.name, process.executable", "entity process.executable"))
        self.assertRegex(said, r"AN9002/single.*its result has no column that the product knows as an entity")

    def test_names_do_not_change_from_one_version_to_the_next(self):
        one, two = ({r["name"] for r in self.templates[release]["resources"]} for release in "12")
        self.assertEqual(one, two)

    def test_the_functions_make_of_globs_and_texts_what_they_mean(self):
        workspace = self.installed()
        values = workspace.functions["detc_AN9002_Values"]["query"]
        rng = random.Random(0)
        pool = ["a", "B", "*", "?", "[*]", "[?]", "\\", ".", "(", "+", "$", "^", "|", "{", "]", "-", "/", "é"]
        compared = 0
        for _ in range(2000):
            entries = ["".join(rng.choices(pool, k=rng.randint(1, 5))) for _ in range(rng.randint(1, 3))]
            subject = "".join(rng.choices("aAbB*?[]\\.(+$^|{-/éx", k=rng.randint(1, 5)))
            for column, plain, meaning in (("ImagesPattern", "Images", is_like), ("WordsWithin", "Words", holds)):
                regex = column_of(values, column)(plain, entries)
                found = re.search(regex.replace("\\z", "\\Z"), subject) is not None
                self.assertEqual(found, any(meaning(subject, entry) for entry in entries), (column, entries, subject, regex))
                compared += found
        self.assertGreater(compared, 50)

    def test_a_list_without_entries_matches_nothing(self):
        values = self.installed().functions["detc_AN9002_Values"]["query"]
        for column, plain in (("ImagesPattern", "Images"), ("WordsWithin", "Words")):
            self.assertIsNone(re.search(column_of(values, column)(plain, []), "abc"))


def is_like(subject, glob):
    """The language's meaning of a glob, by itself: `*` any run, `?` one character, `[*]` and `[?]` those."""
    pieces = re.findall(r"\[\*\]|\[\?\]|.", glob, re.S)

    @functools.lru_cache(maxsize=None)
    def match(piece, at):
        if piece == len(pieces):
            return at == len(subject)
        one = pieces[piece]
        if one == "*":
            return any(match(piece + 1, then) for then in range(at, len(subject) + 1))
        if at == len(subject):
            return False
        same = one == "?" or one.strip("[]" if len(one) == 3 else "").lower() == subject[at].lower()
        return same and match(piece + 1, at + 1)

    return match(0, 0)


def holds(subject, part):
    return part.lower() in subject.lower()


# ---- a column of `_Values`, evaluated as Kusto's documentation says of each function

COLUMN = re.compile(
    r"(?P<name>\w+) = toscalar\(print Entry = (?P<plain>\w+) \| mv-expand Entry = Entry to typeof\(string\) "
    r"\| where isnotempty\(Entry\) \| summarize Entry = make_list\((?P<each>.*)\) "
    r'\| project Entry = iff\(array_length\(Entry\) > 0, strcat\((?P<before>@?"[^"]*"), '
    r'strcat_array\(Entry, "\|"\), (?P<after>@?"[^"]*")\), (?P<none>@?"[^"]*")\)\),?'
)


def column_of(function, name):
    """What the column is for a list of entries."""
    found = [m for m in map(COLUMN.fullmatch, map(str.strip, function.splitlines())) if m and m["name"] == name]
    if not found:
        raise AssertionError(f"no column {name} in\n{function}")
    column = found[0]

    def of(plain, entries):
        assert column["plain"] == plain
        each = [evaluate(column["each"], entry) for entry in entries if entry]
        if not each:
            return literal(column["none"])
        return literal(column["before"]) + "|".join(each) + literal(column["after"])

    return of


def literal(text):
    return text[2:-1] if text.startswith("@") else json.loads(text)


def evaluate(expression, entry):
    """`Entry`, texts and calls of two functions."""
    tokens = re.findall(r'@"[^"]*"|"(?:\\.|[^"\\])*"|\w+|[(),]', expression)

    def value():
        token = tokens.pop(0)
        if token[0] in '@"':
            return literal(token)
        if token == "Entry":
            return entry
        assert tokens.pop(0) == "(", token
        arguments = [value()]
        while tokens[0] == ",":
            tokens.pop(0)
            arguments.append(value())
        assert tokens.pop(0) == ")", token
        # https://learn.microsoft.com/kusto/query/replace-string-function and …/regex-quote-function
        return {"replace_string": str.replace, "regex_quote": quoted}[token](*arguments)

    result = value()
    assert not tokens, tokens
    return result


def quoted(text):
    """Every character that means something in a regular expression behind a backslash."""
    return re.sub(r"([\\.+*?()|\[\]{}^$#&~-])", r"\\\1", text)


if __name__ == "__main__":
    unittest.main()
