"""Every command of the pages in docs/import, in the order of the page, as somebody who follows it for the first time would run it.

The product is the stand-in of the other tests; `az` is one that asks it, and `pip install` does nothing, since what it names is
installed in a pinned version. Between the first import and the upgrade `dist` becomes that of the second release, as on a real
site. Whatever else a page says to do is done in a product's user interface, and was not tried.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import minisign  # noqa: E402
from releases import CHANGES, COMES, DETC, ROOT, STAYS, Packed, detc  # noqa: E402
from standins.arm import GROUP, WORKSPACE, Workspace  # noqa: E402
from standins.graph import Graph  # noqa: E402
from standins.kibana import Kibana  # noqa: E402
from standins.serve import serve  # noqa: E402
from standins.splunk import Splunk  # noqa: E402

AZ = """#!{python}
import json, sys, urllib.request
from pathlib import Path
words = sys.argv[1:]
option = lambda name: words[words.index(name) + 1]
def send(method, path, body=None):
    data = body and json.dumps(body).encode()
    request = urllib.request.Request({url!r} + path, data=data, method=method, headers={{"Authorization": "Bearer t"}})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())
if words[:2] == ["account", "get-access-token"]:
    assert option("--query") == "accessToken" and option("-o") == "tsv"
    print("token")
elif words[0] == "rest":
    assert option("--query") == "value[?properties.enabled].name"
    print(json.dumps([one["name"] for one in send("GET", option("--url"))["value"] if one["properties"]["enabled"]]))
elif words[:3] == ["deployment", "group", "create"]:
    given = dict(word.split("=", 1) for word in words[words.index("-p") + 1:])
    read = lambda text: json.loads(Path(text[1:]).read_text()) if text[0] == "@" else True if text == "true" else text
    parameters = {{name: {{"value": read(text)}} for name, text in given.items()}}
    properties = {{"mode": "Incremental", "template": json.loads(Path(option("-f")).read_text()), "parameters": parameters}}
    made = send("PUT", {group!r} + "/providers/Microsoft.Resources/deployments/azuredeploy?api-version=2024-03-01", {{"properties": properties}})
    sys.exit(made["properties"]["provisioningState"] != "Succeeded")
else:
    sys.exit("az: " + " ".join(words))
"""


def blocks(page):
    """The commands of a page, block by block."""
    text = (ROOT / "docs" / "import" / page).read_text(encoding="utf-8")
    return [re.sub(r"^ +", "", block, flags=re.M) for block in re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.M | re.S)]


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.packed = Packed()
        cls.folder = folder = cls.packed.folder
        pair = minisign.KeyPair.generate()
        (folder / "pack.pub").write_bytes(bytes(pair.public_key))
        (folder / "pack.key").write_bytes(bytes(pair.secret_key))
        for release in ("v1", "v2"):
            sums = (folder / release / "SHA256SUMS").read_bytes()
            (folder / release / "SHA256SUMS.minisig").write_bytes(bytes(pair.secret_key.sign(sums)))

    @classmethod
    def tearDownClass(cls):
        cls.packed.cleanup()

    def follow(self, page, url="", release=None, **said):
        """Runs a page; `said` are the placeholders of its reader. At the block that upgrades, `dist` becomes the second release."""
        with tempfile.TemporaryDirectory() as scratch:
            site = pathlib.Path(scratch)
            (site / "examples").symlink_to(ROOT / "examples")
            (site / "pack.pub").write_bytes((self.folder / "pack.pub").read_bytes())
            (site / "dist").symlink_to(release or self.folder / "v1")
            (site / "old").symlink_to(self.folder / "v1")
            (site / "bin").mkdir()
            for name, text in (("az", AZ.format(python=sys.executable, url=url, group=GROUP)), ("pip", "#!/bin/sh\n")):
                (site / "bin" / name).write_text(text)
                (site / "bin" / name).chmod(0o755)
            path = os.pathsep.join(map(str, [site / "bin", DETC.parent, pathlib.Path(sys.executable).parent, os.environ["PATH"]]))
            ran_blocks, exported = [], ""
            for block in blocks(page):
                if "before-2" in block and "--backup" in block:
                    (site / "dist").unlink()
                    (site / "dist").symlink_to(self.folder / "v2")
                for placeholder, value in said.items():
                    block = block.replace(placeholder, value)
                self.assertNotRegex(block, r"<[a-z]+>|…", f"{page}: a placeholder that the test does not know")
                exported += "".join(line + "\n" for line in block.splitlines() if line.startswith("export "))
                ran = subprocess.run(["bash", "-euo", "pipefail", "-c", exported + block], cwd=site, capture_output=True, text=True,
                                     env={**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"})
                self.assertEqual(ran.returncode, 0, f"{page}:\n{block}\n{ran.stdout}{ran.stderr}")
                ran_blocks.append((block, ran.stdout))
        return ran_blocks

    def test_elastic(self):
        kibana = Kibana()
        with serve(kibana) as url:
            self.follow("elastic.md", url, **{"https://kibana.example.com": url, "<key>": "key"})
        self.assertEqual(sorted(kibana.rules), [STAYS, CHANGES], "the page ends with the upgrade taken back")
        self.assertEqual(kibana.rules[CHANGES]["version"], 1)

    def test_defender(self):
        graph = Graph()
        with serve(graph) as url:
            self.follow("defender.md", url, **{"defender.py dist": f"defender.py dist --url {url}"})
        self.assertEqual(sorted(graph.rules), [STAYS, CHANGES])

    def test_sentinel(self):
        workspace = Workspace()
        with serve(workspace) as url:
            where = {"<id>": WORKSPACE.split("/")[2], "<group>": "g", "<name>": "w", "sentinel.py dist": f"sentinel.py dist --url {url}"}
            self.follow("sentinel.md", url, **where)
        self.assertEqual(sorted(workspace.rules), [STAYS, CHANGES, COMES], "the page ends with the template of the second release")

    def test_splunk(self):
        splunk = Splunk()
        with serve(splunk) as url:
            self.follow("splunk.md", url, **{"<token>": "token", "splunk.py dist": f"splunk.py dist --url {url}"})
        self.assertEqual(splunk.default["app"]["launcher"]["version"], "1.0.0", "the page ends with the upgrade taken back")

    def test_sigma(self):
        # The page names a rule of the project's own pack.
        detc(ROOT, "pack", "strategies", "--target", "sigma", "-o", self.folder / "own", "--sign-with", self.folder / "pack.key")
        *_, (_, searches) = self.follow("sigma.md", release=self.folder / "own")
        self.assertIn("program IN", searches)


if __name__ == "__main__":
    unittest.main()
