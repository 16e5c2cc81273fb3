"""Two packs from two clean clones are the same bytes, whatever the folder, clock, time zone, locale and umask."""

import hashlib
import importlib.util
import os
import pathlib
import subprocess
import tempfile
import unittest

from releases import DETC, ROOT

# PyPI's package carries the library; the module in it is not needed.
LIBRARY = pathlib.Path(importlib.util.find_spec("libfaketime").origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
TUNING = """layer: site
owner: soc
reason: ours
parameters:
  - { parameter: NonPublicNetworks, extend: ["203.0.113.0/24"], expires: 2029-01-01 }
"""
HERE_AND_NOW = {"TZ": "UTC", "LC_ALL": "C.UTF-8"}
ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LD_PRELOAD": str(LIBRARY),
             "FAKETIME": "@2031-02-03 04:05:06", "NO_COLOR": "1", "COLUMNS": "40"}
EPOCH = {"SOURCE_DATE_EPOCH": "1790000000"}  # In 2026.


def pack(folder, umask, environment):
    """The hashes of a pack that is made in a clean clone of the project."""
    subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
    (folder / "site.yaml").write_text(TUNING)
    command = [DETC, "pack", "strategies", "--target", "all", "--tuning", "site.yaml", "-o", "dist"]
    clean = {name: value for name, value in os.environ.items() if name not in ("SOURCE_DATE_EPOCH", "LANG", "LC_ALL", "TZ")}
    ran = subprocess.run(command, cwd=folder, env={**clean, **environment}, umask=umask, capture_output=True, text=True)
    if ran.returncode:
        raise AssertionError(ran.stderr)
    dist = folder / "dist"
    return {str(path.relative_to(dist)): hashlib.sha256(path.read_bytes()).hexdigest() for path in dist.rglob("*") if path.is_file()}


class Bytes(unittest.TestCase):
    def test_two_clean_clones_make_the_same_pack(self):
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            one = pack(scratch / "one", 0o022, {**HERE_AND_NOW, **EPOCH})
            other = pack(scratch / "another folder" / "far down", 0o077, {**ELSEWHERE, **EPOCH})
            self.assertEqual(one, other)
            self.assertGreater(len(one), 50)
            # The other clock is one: without an epoch the tuning has expired by it.
            expired = pack(scratch / "expired", 0o022, ELSEWHERE)
            self.assertNotEqual(one["pack.json"], expired["pack.json"])


if __name__ == "__main__":
    unittest.main()
