"""The app for Splunk: its searches alert on what the rules with their values inside alert on, before and after a site set values of its own."""

import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "conformance")]
from releases import DETC, HEAD, detc  # noqa: E402
from spl import run  # noqa: E402
from splunk_app import App, without_shortening  # noqa: E402


# Every kind of value that stands outside a search, in rules about single events and over time.
STRATEGY = r"""/// Every kind of value
strategy DET9002 {{
    technique T1573.002
    tactic command-and-control
    /// What counts as inside.
    tunable Inside: list<cidr> = ["10.0.0.0/8", "fc00::/7"]
    analytic AN9002 on windows {{
        sources {{ DC0032 "WinEventLog:Sysmon" "EventCode=1" -> process_start, network_connection }}
        tunable Window: duration in 1s..1h = {window}
        tunable Least: int = 2
        tunable Verb: string = "C:\\x"
        tunable Names: list<string> = ["CMD.exe", "powershell.exe"]
        tunable Words: list<string> = ["-enc", "a*b"]
        tunable Odd: list<regex> = [r"^a+$", r"b\d"]
        tunable Images: list<glob> = [r"?:\Program Files\*\agent.exe", r"C:\x\*"]
        tunable Peers: list<ip> = ["192.0.2.1", "2001:db8::1"]
        tunable Services: ports = [443, 8000..8010]
        event run = process_start where process.name in Names and process.command_line contains Words
        event odd = process_start where process.command_line matches Odd and not process.executable like Images
            and process.working_directory == Verb
        event out = network_connection where not destination.ip in Inside and destination.port in Services
        event peer = network_connection where destination.ip in Peers
        detect single {{ id "11111111-1111-4111-8111-111111111111"
            severity low pattern odd entity host.name, process.executable }}
        detect ordered {{ id "22222222-2222-4222-8222-222222222222" version {version}
            severity low pattern run then out within Window by host.name entity host.name, destination.ip }}
        detect alone {{ id "33333333-3333-4333-8333-333333333333" version {version}
            severity low pattern run not preceded by peer within Window by host.name entity host.name }}
        detect many {{ id "44444444-4444-4444-8444-444444444444" version {version}
            severity low pattern out grouped by host.name over Window having count() >= Least entity host.name }}
    }}
}}
"""
RULES = ["single", "ordered", "alone", "many"]


def stanza(rule):
    return f"Threat - AN9002 {rule} - Rule"


def events(seed):
    """Events of Sysmon that are near the values of the strategy."""
    rng = random.Random(seed)
    source = {"source": "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"}
    found = []
    for _ in range(40):
        common = {"_time": 1_767_225_600 + rng.randrange(600) / 2, "Computer": rng.choice(["a", "b"]), "ProcessGuid": "g"}
        if rng.random() < 0.5:
            found.append({**common, **source, "EventCode": "1",
                          "Image": rng.choice(["C:\\x\\cmd.exe", "D:\\y\\PowerShell.EXE", "c:\\program files\\z\\AGENT.exe",
                                               "CC:\\Program Files\\z\\agent.exe", "D:\\z\\notcmd.exe"]),
                          "CommandLine": rng.choice(["x -ENC y", "a*b", "aab", "aaa", "xb7", "", "A"]),
                          "CurrentDirectory": rng.choice(["C:\\x", "c:\\X", "C:\\\\x", "C:\\xy"])})
        else:
            found.append({**common, **source, "EventCode": "3", "Initiated": "true", "Protocol": "tcp", "Image": "C:\\q.exe",
                          "DestinationIp": rng.choice(["10.1.2.3", "192.0.2.1", "fd00::1", "2001:db8::1", "198.51.100.7"]),
                          "DestinationPort": rng.choice(["443", "8005", "8011", "80"]), "SourceIp": "10.0.0.1",
                          "SourcePort": "5000"})
    return found


def tuples(rows):
    """The entities of a result; a field's name has dots in a rule and none in a pack."""
    times = ("first_seen", "last_seen")
    return {tuple(sorted((name.replace(".", "_"), value) for name, value in row.items() if name not in times)) for row in rows}


class Splunk_app(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = folder = pathlib.Path(cls.scratch.name)
        (folder / "s").mkdir()
        (folder / "s" / "pack.yaml").write_text(HEAD)
        for release, window in {"1": "60s", "2": "90s"}.items():
            (folder / "s" / "strategy.det").write_text(STRATEGY.format(window=window, version=release))
            detc(folder, "pack", "s", "--update-lock")
            detc(folder, "pack", "s", "--target", "splunk", "-o", f"v{release}")
            detc(folder, "compile", "s", "--target", "splunk", "-o", f"rules{release}")
        cls.archives = {release: next((folder / f"v{release}" / "splunk").glob("*.tgz")) for release in "12"}

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def inline(self, rule, found):
        """What the rule with its values inside alerts on."""
        text = next((self.folder / "rules1").rglob(f"AN9002.{rule}.spl")).read_text()
        app = App(self.archives["1"])
        macros = {name: keys["definition"] for name, keys in app.macros.items() if name.startswith("sysmon_")}
        return tuples(run(without_shortening(text), found, macros))

    def test_a_deployed_search_alerts_on_the_same_entities(self):
        app = App(self.archives["1"])
        alerts = 0
        for rule in RULES:
            text = app.runnable(stanza(rule))
            for seed in range(12):
                found = events(seed)
                expected = self.inline(rule, found)
                self.assertEqual(tuples(run(text, found, {})), expected, f"{rule}, seed {seed}\n{text}")
                alerts += len(expected)
        self.assertGreater(alerts, 40, "the events must raise alerts for the comparison to say anything")

    def test_a_row_of_the_site_puts_a_value_in_and_takes_one_out(self):
        app = App(self.archives["1"])
        start = {"_time": 1_767_225_600, "Computer": "a", "ProcessGuid": "g", "EventCode": "1", "Image": "C:\\x\\new.exe",
                 "CommandLine": "-enc", "source": "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"}
        shell = {**start, "Computer": "b", "Image": "C:\\x\\cmd.exe"}
        self.assertEqual(len(run(app.runnable(stanza("alone")), [start, shell], {})), 1)
        app.collections["detc_an9002_names_site"] = [("new.exe", "yes"), ("cmd.exe", "no")]
        rows = run(app.runnable(stanza("alone")), [start, shell], {})
        self.assertEqual([row["host_name"] for row in rows], ["a"])

    def test_a_name_over_the_limit_of_enterprise_security_is_refused_and_nothing_is_written(self):
        long = self.folder / "long"
        long.mkdir()
        (long / "pack.yaml").write_text(HEAD)
        text = STRATEGY.format(window="60s", version="1").replace("detect single", "detect " + "n" * 90)
        (long / "strategy.det").write_text(text)
        detc(self.folder, "pack", "long", "--update-lock")
        ran = subprocess.run([DETC, "pack", "long", "--target", "splunk", "-o", "none"], cwd=self.folder,
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, 1)
        self.assertRegex(ran.stderr, r"AN9002/n+.*its search is called .* characters of 99")
        self.assertFalse((self.folder / "none").exists())

    def test_names_do_not_change_from_one_version_to_the_next(self):
        one, two = App(self.archives["1"]), App(self.archives["2"])
        self.assertEqual(set(one.searches), set(two.searches))
        self.assertEqual(set(one.macros), set(two.macros))
        self.assertEqual(set(one.transforms), set(two.transforms))


if __name__ == "__main__":
    unittest.main()
