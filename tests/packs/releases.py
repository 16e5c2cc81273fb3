"""Two releases of a small pack, for the tests that import them: a rule that stays, one that changes, one that comes; a list and
a number that a site can set."""

import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DETC = ROOT / "target" / "debug" / "detc"
HEAD = "name: test_pack\ntitle: Test pack\ndescription: Rules of a test.\nauthor: Testers\nlicense: Apache-2.0\n"
STAYS = "11111111-1111-4111-8111-111111111111"
CHANGES = "22222222-2222-4222-8222-222222222222"
COMES = "33333333-3333-4333-8333-333333333333"

STRATEGY = """/// Loads of a library
strategy DET9001 {{
    technique T1573.002
    tactic command-and-control
    date 2026-01-01

    /// Loads on Windows
    analytic AN9001 on windows {{
        sources {{ DC0016 "WinEventLog:Sysmon" "EventCode=7" -> library_load }}

        /// The libraries.
        tunable Libraries: list<string> = ["rsaenh.dll"]
        /// How long one may wait for the other.
        tunable Window: duration in 1s..1h = {window}

        event load = library_load where dll.name in Libraries
        event again = load
{rules}    }}
}}
"""
RULE = """
        /// Library {name} is loaded
        detect {name} {{
            id "{id}"
            version {version}
            severity low
            pattern {pattern}
            entity host.name
            suppress {quiet}
        }}
"""
TWICE = "load then again within Window by host.name"
RELEASES = {
    "v1": ("60s", [("stays", STAYS, 1, "load", "24h"), ("changes", CHANGES, 1, TWICE, "24h")]),
    "v2": ("90s", [("stays", STAYS, 1, "load", "24h"), ("changes", CHANGES, 2, TWICE, "12h"), ("comes", COMES, 1, "load", "24h")]),
}


def strategy(release):
    window, rules = RELEASES[release]
    names = ("name", "id", "version", "pattern", "quiet")
    return STRATEGY.format(window=window, rules="".join(RULE.format(**dict(zip(names, rule))) for rule in rules))


def detc(folder, *arguments):
    """Runs the compiler, which must be content."""
    ran = subprocess.run([DETC, *arguments], cwd=folder, capture_output=True, text=True)
    if ran.returncode:
        raise AssertionError(f"detc {' '.join(map(str, arguments))}: status {ran.returncode}\n{ran.stderr}")


class Packed:
    """A scratch folder with both releases, for every product with an import, as `v1` and `v2`."""

    def __init__(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.scratch.name)
        (self.folder / "s").mkdir()
        (self.folder / "s" / "pack.yaml").write_text(HEAD)
        for release in RELEASES:
            (self.folder / "s" / "strategy.det").write_text(strategy(release))
            detc(self.folder, "pack", "s", "--update-lock")
            detc(self.folder, "pack", "s", "--target", "splunk,sentinel,defender,elastic", "-o", release)

    def cleanup(self):
        self.scratch.cleanup()
