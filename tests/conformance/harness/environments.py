"""Environments: what each engine needs, in pinned versions, each in a folder of its own below `target/conformance`.

An environment is a folder of `locks/` with `requirements.txt` (Python, versions with hashes), `package-lock.json` (Node) or
`Cargo.lock` (a worker in Rust, beside it). It is installed anew when a file there changes. One that cannot be installed
is an error: no engine is passed over.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .paths import INSTALLED, LOCKS


class InstallError(Exception):
    """An environment could not be installed; the message ends with what the installer said."""


def names() -> list[str]:
    """The environments there are."""
    return sorted(folder.name for folder in LOCKS.iterdir() if folder.is_dir())


def folder(name: str) -> Path:
    """The folder that an environment is installed in. Its name has the digest of the lock files."""
    return INSTALLED / f"{name}-{_digest(LOCKS / name)}"


def ensure(name: str) -> Path:
    """Installs an environment unless it is there already, and gives its folder."""
    target = folder(name)
    done = target / ".installed"
    if done.exists():
        return target
    for stale in INSTALLED.glob(f"{name}-????????????"):
        shutil.rmtree(stale)
    target.mkdir(parents=True)
    print(f"installing {name}", file=sys.stderr, flush=True)
    lock = LOCKS / name
    if (lock / "requirements.txt").exists():
        _install_python(lock, target)
    elif (lock / "package-lock.json").exists():
        _install_node(lock, target)
    elif (lock / "Cargo.lock").exists():
        _install_crate(lock, target)
    else:
        raise InstallError(f"{lock} holds no lock file")
    done.touch()
    return target


def python(name: str) -> Path:
    """The interpreter of a Python environment."""
    return ensure(name) / "bin" / "python"


def _digest(lock: Path) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(lock.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _install_python(lock: Path, target: Path) -> None:
    _run([sys.executable, "-m", "venv", str(target)])
    pip = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    own = lock / "pip-arguments"
    arguments = own.read_text(encoding="utf-8").split() if own.exists() else []
    _run([*pip, *arguments, "--require-hashes", "--no-deps", "-r", str(lock / "requirements.txt")])


def _install_node(lock: Path, target: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(lock / name, target / name)
    _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=target)


def _install_crate(lock: Path, target: Path) -> None:
    build = INSTALLED / "build"
    environment = {**os.environ, "CARGO_TARGET_DIR": str(build)}
    command = ["cargo", "install", "--path", str(lock), "--locked", "--quiet", "--root", str(target)]
    _run(command, environment=environment)
    shutil.rmtree(build, ignore_errors=True)


def _run(command: Sequence[str], cwd: Path | None = None, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()[-4000:]
        raise InstallError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{said}")
