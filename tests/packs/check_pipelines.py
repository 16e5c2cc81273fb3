"""Runs what the pipeline templates of `examples/ci` run, in a repository of its own: all steps but installing and publishing."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def template(name):
    return yaml.safe_load((ROOT / "examples" / "ci" / name).read_text(encoding="utf-8"))


def github():
    steps = template("github.yml")["jobs"]["pack"]["steps"]
    return [step["run"] for step in steps if "run" in step and step.get("name") != "Build detc"]


def gitlab():
    pipeline = template("gitlab.yml")
    prepare = [line for line in pipeline["default"]["before_script"] if "cargo" not in line]
    return prepare + pipeline["check"]["script"] + pipeline["pack"]["script"]


def repository(folder):
    """A repository with the project's strategies, as a user's would be."""
    shutil.copytree(ROOT / "strategies", folder / "strategies")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "strategies"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)


def main():
    failed = False
    for name, scripts in (("github.yml", github()), ("gitlab.yml", gitlab())):
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            repository(folder)
            path = f"{ROOT / 'target' / 'debug'}{os.pathsep}{os.environ['PATH']}"
            environment = {**os.environ, "PATH": path, "CARGO_INSTALL_ROOT": str(folder / ".detc")}
            ran = subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(scripts)], cwd=folder, env=environment, capture_output=True, text=True)
            made = [file for file in ("check.sarif", "tests.xml", "dist/pack.json") if (folder / file).is_file()]
            if ran.returncode or len(made) != 3 or len(scripts) < 4:
                failed = True
                print(f"{name}: status {ran.returncode}, made {made}\n{ran.stderr[-2000:]}", file=sys.stderr)
    print("the pipelines did not run" if failed else "the pipelines of examples/ci run")
    return failed


if __name__ == "__main__":
    sys.exit(main())
