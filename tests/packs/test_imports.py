"""Packs meet stand-ins of the products: they are imported, tuned by the site, upgraded, refused, and taken back."""

import copy
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
from standins.graph import Graph  # noqa: E402
from standins.kibana import Kibana  # noqa: E402
from standins.serve import serve  # noqa: E402

DETC = ROOT / "target" / "debug" / "detc"
HEAD = "name: test_pack\ntitle: Test pack\ndescription: Rules of a test.\nauthor: Testers\nlicense: Apache-2.0\n"
RULE = """
        /// Library {name} is loaded
        detect {name} {{
            id "{id}"
            version {version}
            severity low
            pattern load
            entity host.name
            suppress {quiet}
        }}
"""
STAYS = "11111111-1111-4111-8111-111111111111"
CHANGES = "22222222-2222-4222-8222-222222222222"
COMES = "33333333-3333-4333-8333-333333333333"


def strategy(*rules):
    rules = "".join(RULE.format(name=name, id=id, version=version, quiet=quiet) for name, id, version, quiet in rules)
    return f"""/// Loads of a library
strategy DET9001 {{
    technique T1573.002
    tactic command-and-control
    date 2026-01-01

    /// Loads on Windows
    analytic AN9001 on windows {{
        sources {{ DC0016 "WinEventLog:Sysmon" "EventCode=7" -> library_load }}

        event load = library_load where dll.name == "rsaenh.dll"
{rules}    }}
}}
"""


def detc(folder, *arguments):
    subprocess.run([DETC, *arguments], cwd=folder, check=True, capture_output=True)


class Imports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        (cls.folder / "s").mkdir()
        (cls.folder / "s" / "pack.yaml").write_text(HEAD)
        releases = {
            "v1": [("stays", STAYS, 1, "24h"), ("changes", CHANGES, 1, "24h")],
            "v2": [("stays", STAYS, 1, "24h"), ("changes", CHANGES, 2, "12h"), ("comes", COMES, 1, "24h")],
        }
        for release, rules in releases.items():
            (cls.folder / "s" / "strategy.det").write_text(strategy(*rules))
            detc(cls.folder, "pack", "s", "--update-lock")
            detc(cls.folder, "pack", "s", "--target", "elastic,defender", "-o", release)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def script(self, name, url, *arguments):
        command = [sys.executable, ROOT / "examples" / "import" / f"{name}.py", *arguments, "--url", url]
        keys = {"KIBANA_API_KEY": "key", "GRAPH_TOKEN": "token", "PYTHONDONTWRITEBYTECODE": "1"}
        ran = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, env={**os.environ, **keys})
        return ran.returncode, ran.stdout + ran.stderr

    def imported(self, name, url, *arguments):
        status, said = self.script(name, url, *arguments)
        self.assertEqual(status, 0, said)
        return said


class Elastic(Imports):
    def site(self, kibana, url):
        """A site that has version 1, has switched a rule on and excepted something."""
        self.imported("elastic", url, "v1", "--backup", "none")
        kibana.rules[CHANGES]["enabled"] = True
        kibana.lists["test-pack-an9001-changes"].append("agent.exe")
        return copy.deepcopy((kibana.rules, kibana.lists))

    def test_a_first_import_is_switched_off_and_has_its_lists(self):
        kibana = Kibana()
        with serve(kibana) as url:
            self.imported("elastic", url, "v1", "--backup", "none")
        self.assertEqual({rule["enabled"] for rule in kibana.rules.values()}, {False})
        self.assertEqual(sorted(kibana.lists), ["test-pack-an9001-changes", "test-pack-an9001-stays"])
        self.assertTrue(all(rule["exceptions_list"] for rule in kibana.rules.values()))

    def test_an_upgrade_keeps_what_the_site_owns(self):
        kibana = Kibana()
        with serve(kibana) as url:
            self.site(kibana, url)
            said = self.imported("elastic", url, "v2", "--backup", "before")
            self.assertIn("1 rules installed and switched off, 2 upgraded", said)
            again = copy.deepcopy((kibana.rules, kibana.lists))
            self.imported("elastic", url, "v2", "--backup", "again")
        self.assertEqual((kibana.rules, kibana.lists), again, "the same import twice changes nothing")
        changed = kibana.rules[CHANGES]
        self.assertEqual((changed["version"], changed["enabled"]), (2, True))
        self.assertEqual(changed["exceptions_list"][0]["list_id"], "test-pack-an9001-changes")
        self.assertEqual(kibana.lists["test-pack-an9001-changes"], ["agent.exe"])
        self.assertEqual((kibana.rules[STAYS]["enabled"], kibana.rules[COMES]["enabled"]), (False, False))

    def test_an_upgrade_is_taken_back(self):
        kibana = Kibana()
        with serve(kibana) as url:
            rules, lists = self.site(kibana, url)
            self.imported("elastic", url, "v2", "--backup", "before")
            self.imported("elastic", url, "v2", "--rollback", "before")
        self.assertEqual(kibana.rules, rules)
        self.assertEqual(kibana.lists["test-pack-an9001-changes"], lists["test-pack-an9001-changes"])

    def test_a_rule_that_is_refused_leaves_all_as_it_was(self):
        for refused in (CHANGES, COMES):
            kibana = Kibana()
            with self.subTest(refused), serve(kibana) as url:
                rules, _ = self.site(kibana, url)
                kibana.refuses.add(refused)
                # What is there already is put back even if it would be refused today.
                status, said = self.script("elastic", url, "v2", "--backup", "before")
                self.assertEqual(status, 1, said)
                self.assertIn(f"{refused}: query: parsing_exception", said)
                self.assertEqual({k: v for k, v in kibana.rules.items() if k != refused}, {k: v for k, v in rules.items() if k != refused})
                self.assertEqual(kibana.rules.get(refused), rules.get(refused))

    def test_the_stand_in_refuses_what_kibana_refuses(self):
        kibana = Kibana()
        with serve(kibana) as url:
            self.site(kibana, url)
            status, said = kibana.handle("GET", "/api/detection_engine/rules", {"rule_id": STAYS}, {}, b"")
            self.assertEqual(status, 400, said)
        rule = kibana.rules[CHANGES]
        self.assertEqual(kibana.take_rule(rule, overwrite=False)[0]["error"]["status_code"], 409)
        without = {key: value for key, value in rule.items() if key not in ("exceptions_list", "enabled")}
        kibana.take_rule(without, overwrite=True)
        self.assertEqual((kibana.rules[CHANGES]["exceptions_list"], kibana.rules[CHANGES]["enabled"]), ([], True))


class Defender(Imports):
    def site(self, graph, url):
        self.imported("defender", url, "v1", "--backup", "none")
        graph.rules[CHANGES]["status"] = "enabled"
        return copy.deepcopy(graph.rules)

    def test_an_upgrade_keeps_the_switch_and_leaves_what_is_the_same(self):
        graph = Graph()
        with serve(graph) as url:
            rules = self.site(graph, url)
            self.assertEqual({rules[STAYS]["status"], rules[CHANGES]["status"]}, {"disabled", "enabled"})
            said = self.imported("defender", url, "v2", "--backup", "before")
            self.assertIn("1 rules installed and switched off, 1 upgraded, 1 unchanged", said)
            writes = graph.writes
            self.assertIn("3 unchanged", self.imported("defender", url, "v2", "--backup", "again"))
        self.assertEqual(graph.writes, writes, "the same import twice changes nothing")
        self.assertEqual((graph.rules[CHANGES]["status"], graph.rules[COMES]["status"]), ("enabled", "disabled"))
        self.assertIn("version 2", graph.rules[CHANGES]["description"])

    def test_an_upgrade_is_taken_back(self):
        graph = Graph()
        with serve(graph) as url:
            rules = self.site(graph, url)
            self.imported("defender", url, "v2", "--backup", "before")
            self.imported("defender", url, "v2", "--rollback", "before")
        self.assertEqual(graph.rules, rules)

    def test_a_rule_that_is_refused_leaves_all_as_it_was(self):
        graph = Graph()
        with serve(graph) as url:
            rules = self.site(graph, url)
            graph.refuses.add(COMES)
            status, said = self.script("defender", url, "v2", "--backup", "before")
        self.assertEqual(status, 1, said)
        self.assertIn(f"refused: {COMES}", said)
        self.assertEqual(graph.rules, rules)


if __name__ == "__main__":
    unittest.main()
