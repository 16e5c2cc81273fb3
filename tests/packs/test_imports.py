"""Packs meet stand-ins of the products through the scripts that import them: they are imported, tuned by the site, upgraded,
taken back; and whatever goes wrong in the middle, nothing is half done."""

import itertools
import json
import os
import pathlib
import subprocess
import sys
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from releases import CHANGES, COMES, ROOT, STAYS, Packed  # noqa: E402
from standins.arm import WORKSPACE, Workspace  # noqa: E402
from standins.graph import Graph  # noqa: E402
from standins.kibana import Kibana  # noqa: E402
from standins.serve import HOWS, Fault, serve  # noqa: E402
from standins.splunk import Splunk  # noqa: E402

KEYS = {"KIBANA_API_KEY": "key", "GRAPH_TOKEN": "token", "ARM_TOKEN": "token", "SPLUNK_TOKEN": "token", "PYTHONDONTWRITEBYTECODE": "1"}


def call(method, url, body=b"", **headers):
    """What a site's person does through the product's own interface."""
    request = urllib.request.Request(url, data=body or None, method=method, headers={"Authorization": "Bearer t", **headers})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


class Imports:
    """What holds for every product. A product says how its script is called, how a site tunes it, and how its state is read."""

    @classmethod
    def setUpClass(cls):
        cls.packed = Packed()
        cls.folder = cls.packed.folder
        cls.backups = (f"backup-{number}.json" for number in itertools.count())

    @classmethod
    def tearDownClass(cls):
        cls.packed.cleanup()

    def arguments(self, release):
        return []

    def script(self, url, release, *arguments):
        """The status and the output of the import script."""
        command = [sys.executable, ROOT / "examples" / "import" / f"{self.name}.py", release, *arguments, *self.arguments(release)]
        ran = subprocess.run([*command, "--url", url], cwd=self.folder, capture_output=True, text=True, env={**os.environ, **KEYS})
        return ran.returncode, ran.stdout + ran.stderr

    def imported(self, url, release):
        backup = next(self.backups)
        status, said = self.script(url, release, "--backup", backup)
        self.assertEqual(status, 0, said)
        return backup, said

    def site(self):
        """A site that has the first release and has tuned it."""
        product = self.stand_in()
        with serve(product) as url:
            self.imported(url, "v1")
            self.tune(product, url)
        return product

    def test_a_first_import_is_switched_off(self):
        product = self.stand_in()
        with serve(product) as url:
            self.imported(url, "v1")
        self.assertEqual(self.switches(product), {STAYS: False, CHANGES: False})

    def test_an_upgrade_brings_what_is_new_and_keeps_what_the_site_owns(self):
        product = self.site()
        mine = self.tuned(product)
        with serve(product) as url:
            self.imported(url, "v2")
        self.assertEqual(self.switches(product), {STAYS: False, CHANGES: True, COMES: False})
        self.assertEqual(self.tuned(product), mine)
        self.assertTrue(self.upgraded(product), "the rule that changed is that of the first release")

    def test_the_same_import_twice_changes_nothing(self):
        product = self.site()
        with serve(product) as url:
            self.imported(url, "v2")
            before = product.state()
            self.imported(url, "v2")
        self.assertEqual(product.state(), before)

    def test_an_upgrade_is_taken_back(self):
        product = self.site()
        before, mine = product.state(), self.tuned(product)
        with serve(product) as url:
            backup, _ = self.imported(url, "v2")
            status, said = self.script(url, "v2", "--rollback", backup)
        self.assertEqual(status, 0, said)
        self.assertEqual(self.without_lists(product.state()), self.without_lists(before))
        self.assertEqual(self.tuned(product), mine)

    def test_a_first_import_that_is_taken_back_leaves_what_the_site_wrote(self):
        product = self.stand_in()
        with serve(product) as url:
            backup, _ = self.imported(url, "v1")
            self.tune(product, url)
            mine = self.tuned(product)
            status, said = self.script(url, "v1", "--rollback", backup)
        self.assertEqual(status, 0, said)
        self.assertEqual(self.tuned(product), mine)
        self.assertTrue(self.off(product), "rules still run")

    def faults(self, make, release):
        """Every way in which every write of an import goes wrong, with a product as it was before."""
        for how in HOWS:
            for at in itertools.count(1):
                fault, product = Fault(how, at), make()
                before = product.state()
                with self.subTest(how=how, at=at), serve(product, fault) as url:
                    backup = next(self.backups)
                    status, said = self.script(url, release, "--backup", backup)
                    if not fault.met:
                        self.assertEqual(status, 0, said)
                        self.assertGreater(at, 1, "the import wrote nothing")
                        break
                    yield fault, product, before, (status, said), (url, backup)

    def test_whatever_goes_wrong_in_an_upgrade_leaves_all_as_it_was(self):
        for _, product, before, (status, said), _ in self.faults(self.site, "v2"):
            self.assertEqual(status, 1, said)
            self.assertIn("refused: ", said)
            self.assertIn("\nput back", said)
            self.assertEqual(product.state(), before)

    def test_whatever_goes_wrong_in_a_first_import_leaves_nothing(self):
        for _, product, before, (status, said), _ in self.faults(self.stand_in, "v1"):
            self.assertEqual(status, 1, said)
            self.assertEqual(product.state(), before)

    def test_a_product_that_goes_away_is_put_back_when_it_answers_again(self):
        product, at = self.site(), 0
        before = product.state()
        while True:
            at += 1
            fault, backup = Fault("lost after", at, lasting=True), next(self.backups)
            with serve(product, fault) as url:
                status, said = self.script(url, "v2", "--backup", backup)
            if not fault.met:
                break
            self.assertEqual(status, 1, said)
            self.assertIn("could not be put back:", said)
            self.assertIn(f"run this again with --rollback {backup}", said)
            with serve(product) as url:
                status, said = self.script(url, "v2", "--rollback", backup)
            self.assertEqual(status, 0, said)
            self.assertEqual(self.without_lists(product.state()), self.without_lists(before), f"after write {at}")
        self.assertGreater(at, 1)

    def test_a_rule_that_is_refused_is_named_and_leaves_all_as_it_was(self):
        product = self.site()
        before = product.state()
        self.refuse(product)
        with serve(product) as url:
            status, said = self.script(url, "v2", "--backup", next(self.backups))
        self.assertEqual(status, 1, said)
        self.assertRegex(said, self.names_of_comes)
        self.assertEqual(product.state(), before)

    def test_a_backup_is_never_overwritten(self):
        product = self.site()
        (self.folder / "mine.json").write_text("mine")
        with serve(product) as url:
            status, said = self.script(url, "v2", "--backup", "mine.json")
        self.assertEqual(status, 2, said)
        self.assertIn("name another file", said)
        self.assertEqual((self.folder / "mine.json").read_text(), "mine")

    def test_a_key_that_is_missing_changes_nothing(self):
        product = self.stand_in()
        handle = product.handle
        product.handle = lambda *request: (401, {"message": "unauthenticated"}) if request else handle(*request)
        with serve(product) as url:
            status, said = self.script(url, "v1", "--backup", next(self.backups))
        self.assertEqual(status, 2, said)
        self.assertRegex(said, "HTTP 401.*\nnothing was changed")

    def without_lists(self, state):
        """The state without what an import makes for the site to edit, and leaves there when it is taken back."""
        return state


class Elastic(Imports, unittest.TestCase):
    name = "elastic"
    stand_in = Kibana
    names_of_comes = f"{COMES}: query: parsing_exception"

    def tune(self, kibana, _url):
        kibana.rules[CHANGES]["enabled"] = True
        kibana.lists["test-pack-an9001-changes"].append("agent.exe")

    def tuned(self, kibana):
        return kibana.lists["test-pack-an9001-changes"]

    def switches(self, kibana):
        return {rule_id: rule["enabled"] for rule_id, rule in kibana.rules.items()}

    def upgraded(self, kibana):
        linked = kibana.rules[CHANGES]["exceptions_list"][0]["list_id"]
        return kibana.rules[CHANGES]["version"] == 2 and linked == "test-pack-an9001-changes"

    def off(self, kibana):
        return not kibana.rules

    def refuse(self, kibana):
        kibana.refuses.add(COMES)

    def without_lists(self, state):
        return state[0]

    def test_the_stand_in_does_what_kibana_does(self):
        kibana = self.site()
        with serve(kibana), self.subTest("a request without kbn-xsrf is refused"):
            status, said = kibana.handle("GET", "/api/detection_engine/rules", {"rule_id": STAYS}, {}, b"")
            self.assertEqual(status, 400, said)
        rule = kibana.rules[CHANGES]
        self.assertEqual(kibana.take_rule(rule, overwrite=False)[0]["error"]["status_code"], 409)
        without = {key: value for key, value in rule.items() if key not in ("exceptions_list", "enabled")}
        kibana.take_rule(without, overwrite=True)
        self.assertEqual((kibana.rules[CHANGES]["exceptions_list"], kibana.rules[CHANGES]["enabled"]), ([], True))


class Defender(Imports, unittest.TestCase):
    name = "defender"
    stand_in = Graph
    names_of_comes = f"{COMES} AN9001/comes: Library comes is loaded: .*the query has an error"

    def tune(self, graph, url):
        call("PATCH", f"{url}/security/rules/detectionRules/{CHANGES}", b'{"status": "enabled"}')

    def tuned(self, graph):
        return None  # Defender holds nothing of a site's but the switch.

    def switches(self, graph):
        return {rule_id: rule["status"] == "enabled" for rule_id, rule in graph.rules.items()}

    def upgraded(self, graph):
        return "version 2" in graph.rules[CHANGES]["description"]

    def off(self, graph):
        return not graph.rules

    def refuse(self, graph):
        graph.refuses.add(COMES)

    def test_what_has_not_changed_is_not_written(self):
        graph = self.site()
        with serve(graph) as url:
            self.assertIn("1 rules installed and switched off, 1 upgraded, 1 unchanged", self.imported(url, "v2")[1])
            writes = graph.writes
            self.assertIn("3 unchanged", self.imported(url, "v2")[1])
        self.assertEqual(graph.writes, writes)


class Sentinel(Imports, unittest.TestCase):
    name = "sentinel"
    stand_in = Workspace
    names_of_comes = "alertRules AN9001/comes: Library comes is loaded: .*BadRequest"
    settings, list = "detc_AN9001_Settings", "detc-AN9001-Libraries"

    def arguments(self, release):
        return ["--workspace", WORKSPACE]

    def tune(self, workspace, url):
        rule = f"{url}{WORKSPACE}/providers/Microsoft.SecurityInsights/alertRules/{CHANGES}?api-version=2025-09-01"
        body = call("GET", rule)
        body["properties"]["enabled"] = True
        call("PUT", rule, json.dumps(body).encode())
        function = f"{url}{WORKSPACE}/savedSearches/{self.settings}?api-version=2025-07-01"
        body = call("GET", function)
        body["properties"]["query"] = "print Window = 5m"
        call("PUT", function, json.dumps(body).encode())
        workspace.watchlists[self.list]["rawContent"] = "Entry,Comment\r\n\"new.dll\",\r\n"

    def tuned(self, workspace):
        return (dict(workspace.functions[self.settings]), dict(workspace.watchlists[self.list]))

    def switches(self, workspace):
        return {rule_id: rule["enabled"] for rule_id, rule in workspace.rules.items()}

    def upgraded(self, workspace):
        values = workspace.functions["detc_AN9001_Values"]["query"]
        return "version 2" in workspace.rules[CHANGES]["description"] and 'column_ifexists("Window", 90s)' in values

    def off(self, workspace):
        return not workspace.rules

    def refuse(self, workspace):
        workspace.refuses.add(COMES)

    def test_what_has_not_changed_is_not_written(self):
        workspace = self.site()
        with serve(workspace) as url:
            self.imported(url, "v2")
            writes = workspace.writes
            self.assertIn("0 objects new, 0 upgraded", self.imported(url, "v2")[1])
        self.assertEqual(workspace.writes, writes)

    def test_a_rule_that_somebody_changes_meanwhile_is_not_overwritten(self):
        workspace = self.site()
        before = workspace.state()
        handle_put = workspace.handle_put
        stale = lambda path, kind, name, body: handle_put(path, kind, name, body | ({"etag": "old"} if name == CHANGES else {}))  # noqa: E731
        workspace.handle_put = stale
        with serve(workspace) as url:
            status, said = self.script(url, "v2", "--backup", next(self.backups))
        self.assertEqual(status, 1, said)
        self.assertIn("AN9001/changes: Library changes is loaded", said)
        self.assertIn("HTTP 412", said)
        self.assertEqual(workspace.state(), before)

    def test_the_rules_of_an_analytic_alone(self):
        workspace = self.stand_in()
        with serve(workspace) as url:
            status, said = self.script(url, "v1", "--backup", next(self.backups), "--only", "AN1")
        self.assertEqual((status, workspace.rules), (0, {}), said)
        self.assertIn("detc_AN9001_Values", workspace.functions)


class SplunkEnterprise(Imports, unittest.TestCase):
    name = "splunk"
    stand_in = Splunk
    names_of_comes = "Threat - AN9001 comes - Rule: it is not there"
    ids = {f"Threat - AN9001 {name} - Rule": id for name, id in (("stays", STAYS), ("changes", CHANGES), ("comes", COMES))}

    installed = {"v1": None, "v2": "v1"}
    """For the import of a release, the one that is there."""

    def arguments(self, release):
        there = self.installed[release]
        return ["--installed", next((self.folder / there / "splunk").glob("*.tgz"))] if there else []

    def test_the_same_import_twice_changes_nothing(self):
        splunk = self.site()
        with serve(splunk) as url:
            self.imported(url, "v2")
            before = splunk.state()
            self.installed = {"v2": "v2"}
            self.imported(url, "v2")
        self.assertEqual(splunk.state(), before)

    def tune(self, splunk, url):
        app = f"{url}/servicesNS/nobody/test_pack"
        call("POST", f"{app}/saved/searches/Threat%20-%20AN9001%20changes%20-%20Rule", b"disabled=0")
        call("POST", f"{app}/admin/macros/detc_an9001_window", b"definition=300")
        call("POST", f"{app}/storage/collections/data/detc_an9001_libraries_site", b'{"entry": "new.dll", "listed": "yes"}')

    def tuned(self, splunk):
        local = {file: stanzas for file, stanzas in splunk.local.items() if file != "app"}
        return (json.dumps(local), json.dumps(splunk.kv_store))

    def switches(self, splunk):
        return {self.ids[name]: splunk.value("savedsearches", name, "disabled") == "0" for name in splunk.default["savedsearches"]}

    def upgraded(self, splunk):
        metadata = splunk.value("savedsearches", "Threat - AN9001 changes - Rule", "action.correlationsearch.metadata")
        return json.loads(metadata)["detection_version"] == "2"

    def off(self, splunk):
        return splunk.local["app"]["install"]["state"] == "disabled"

    def refuse(self, splunk):
        splunk.loses.add("Threat - AN9001 comes - Rule")

    def test_an_upgrade_asks_for_the_archive_that_is_installed(self):
        splunk = self.site()
        for given, what in ((None, "give its archive with --installed"), ("v2", "1.0.0 is installed, and .* holds 1.1.0")):
            self.installed = {"v2": given}
            with self.subTest(given=given), serve(splunk) as url:
                status, said = self.script(url, "v2", "--backup", next(self.backups))
                self.assertEqual(status, 2, said)
                self.assertRegex(said, what)


if __name__ == "__main__":
    unittest.main()
