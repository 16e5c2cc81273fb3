"""Where things are."""

from pathlib import Path

CONFORMANCE = Path(__file__).resolve().parent.parent
"""`tests/conformance`."""

ROOT = CONFORMANCE.parent.parent
"""The project's root folder."""

LOCKS = CONFORMANCE / "locks"
"""What each environment holds: one folder an environment."""

WORKERS = CONFORMANCE / "workers"
"""The programs that run inside environments."""

DATA = CONFORMANCE / "data"
"""Facts about products that no package carries, each with its source."""

INSTALLED = ROOT / "target" / "conformance"
"""Where environments are installed, and kept from run to run."""
