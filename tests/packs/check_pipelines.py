"""Runs every script of the pipeline templates in `examples/ci`, job by job, each in a fresh checkout as the services do.

A scratch repository holds the project's strategies, its key is made here, and what is published goes to a folder (`gh`) or to
the loopback address (`curl`). Two commands are stood in for: `cargo install` copies the command that is built, and `gh release
create` copies what it is given. What is published must verify with the public key, by detc and by another implementation of
minisign; a wrong tag or password must publish nothing. With --conformance the job `conformance` runs too, over the quick start, with
the engines of this checkout.
"""

import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse

import minisign
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
from standins.serve import serve  # noqa: E402

SCHEMAS = {"github.yml": ["vendor.github-workflows"], "gitlab.yml": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]}
PASSWORD = "a password with 'quotes' and $signs"

CARGO = """#!/usr/bin/env bash
set -euo pipefail
[ "$1" = install ] || exec "$REAL_CARGO" "$@"
[ "$*" = "install --locked --git $DETC_SOURCE --tag v$DETC_VERSION detc" ]
bin=${CARGO_INSTALL_ROOT:-$HOME/.cargo}/bin
mkdir -p "$bin" && cp "$DETC" "$bin/detc"
"""
GH = """#!/usr/bin/env bash
set -euo pipefail
[ -n "$GH_TOKEN" ] && [ "$1 $2" = "release create" ] && [ "${*: -2:1}" = --notes-file ] && [ -s "${*: -1}" ]
mkdir -p "$RELEASES/$3" && cp "${@:4:$#-5}" "$RELEASES/$3/"
"""


class Packages:
    """GitLab's registry of generic packages and its releases, as far as the template meets them."""

    def __init__(self):
        self.files, self.releases = {}, {}

    def handle(self, method, path, _query, headers, body):
        if headers.get("JOB-TOKEN") != "job":
            return 401, {"message": "401 Unauthorized"}
        if method == "PUT" and path.startswith("/api/v4/projects/7/packages/generic/pack/"):
            self.files[path] = body
            return 201, {"message": "201 Created"}
        if (method, path) == ("POST", "/api/v4/projects/7/releases"):
            form = dict(urllib.parse.parse_qsl(body.decode()))
            self.releases[form["tag_name"]] = form
            return 201, {}
        return 404, {"message": "404 Not found"}


class Desk:
    """A scratch folder: a repository, a home, a key, and the commands that are stood in for."""

    def __init__(self, folder):
        self.folder, self.home, self.bin, self.repository = folder, folder / "home", folder / "bin", folder / "repository"
        self.key, self.releases = folder / "secret" / "pack.key", folder / "releases"
        for made in (self.home, self.bin, self.key.parent, self.repository):
            made.mkdir()
        for name, text in (("cargo", CARGO), ("gh", GH)):
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)
        pair = minisign.KeyPair.generate()
        self.public = pair.public_key
        pair.secret_key.encrypt(PASSWORD)
        self.key.write_bytes(bytes(pair.secret_key))
        (self.repository / "pack.pub").write_bytes(bytes(pair.public_key))
        shutil.copytree(ROOT / "strategies", self.repository / "strategies")
        for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "strategies"]):
            self.git(*arguments)

    def git(self, *arguments, cwd=None):
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=cwd or self.repository, check=True)

    def environment(self, job):
        """What the service gives a job, and what the commands that are stood in for need."""
        real = {name: os.environ.get(name, str(pathlib.Path.home() / below)) for name, below in (("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup"))}
        temporary = self.folder / f"temporary-{job}"
        temporary.mkdir(exist_ok=True)
        return {
            "PATH": f"{self.home / '.cargo' / 'bin'}{os.pathsep}{self.bin}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.home),
            "REAL_CARGO": shutil.which("cargo") or "cargo", "DETC": str(ROOT / "target" / "debug" / "detc"), **real,
            "RELEASES": str(self.releases), "RUNNER_TEMP": str(temporary),
        }

    def checkout(self, job):
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{job}-", dir=self.folder))
        self.git("clone", "-q", str(self.repository), str(folder), cwd=self.folder)
        if job == "conformance":
            # The quick start is small, and has test cases.
            shutil.rmtree(folder / "strategies")
            shutil.copytree(ROOT / "examples" / "quickstart", folder / "strategies")
        return folder


def template(name):
    return yaml.safe_load((ROOT / "examples" / "ci" / name).read_text(encoding="utf-8"))


class GitHub:
    """A workflow: each step is a shell of its own, with expressions filled in."""

    file = "github.yml"

    def __init__(self, desk, tag, password):
        self.desk, self.workflow = desk, template(self.file)
        self.given = {
            "secrets.PACK_KEY": desk.key.read_text(), "secrets.PACK_KEY_PASSWORD": password, "github.token": "token", "runner.os": "Linux",
        }
        self.tag = tag
        (desk.home / "detc").is_symlink() or (desk.home / "detc").symlink_to(ROOT)

    def jobs(self):
        return list(self.workflow["jobs"])

    def filled(self, text):
        return re.sub(r"\$\{\{\s*([^}]+?)\s*\}\}", lambda m: self.given[m[1]], str(text))

    def run(self, job):
        steps = [step for step in self.workflow["jobs"][job]["steps"] if "run" in step]
        of_workflow = {name: str(value) for name, value in self.workflow["env"].items()}
        made = None
        folder = self.desk.checkout(job)
        for step in steps:
            own = {name: self.filled(value) for name, value in step.get("env", {}).items()}
            environment = {**self.desk.environment(job), **of_workflow, **own, "GITHUB_REF_NAME": self.tag}
            ran = subprocess.run(["bash", "-e", "-c", step["run"]], cwd=folder, env=environment, capture_output=True, text=True)
            if ran.returncode:
                made = f"{job}: step {step.get('name')!r}: status {ran.returncode}\n{ran.stdout[-1000:]}{ran.stderr[-2000:]}"
                break
        return folder, made

    def published(self):
        archive = self.desk.releases / self.tag / "pack.tar.gz"
        return archive.read_bytes() if archive.exists() else None


class GitLab:
    """A pipeline: a job is one shell, with the lines of `before_script` first."""

    file = "gitlab.yml"

    def __init__(self, desk, tag, password):
        self.desk, self.pipeline, self.tag, self.password = desk, template(self.file), tag, password
        self.packages = Packages()

    def jobs(self):
        return [name for name, job in self.pipeline.items() if isinstance(job, dict) and "script" in job]

    def run(self, job):
        own = self.pipeline[job]
        lines = [*own.get("before_script", self.pipeline["default"]["before_script"]), *own["script"]]
        folder = self.desk.checkout(job)
        if job == "conformance":
            (folder / ".engines").symlink_to(ROOT)
        with serve(self.packages) as url:
            environment = {
                **self.desk.environment(job), "CI_PROJECT_DIR": str(folder), "PACK_KEY": str(self.desk.key), "PACK_KEY_PASSWORD": self.password,
                "CI_COMMIT_TAG": self.tag, "CI_API_V4_URL": f"{url}/api/v4", "CI_PROJECT_ID": "7", "CI_JOB_TOKEN": "job",
            }
            for name, value in self.pipeline["variables"].items():
                environment[name] = value.replace("$CI_PROJECT_DIR", str(folder))
            ran = subprocess.run(["bash", "-eo", "pipefail", "-c", "\n".join(lines)], cwd=folder, env=environment, capture_output=True, text=True)
        wrong = f"{job}: status {ran.returncode}\n{ran.stdout[-1000:]}{ran.stderr[-2000:]}" if ran.returncode else None
        return folder, wrong

    def published(self):
        path = f"/api/v4/projects/7/packages/generic/pack/{self.tag.removeprefix('v')}/pack.tar.gz"
        file, release = self.packages.files.get(path), self.packages.releases.get(self.tag)
        return file if release and "# Changelog" in release["description"] and release["assets[links][][url]"].endswith(path) else None


def problems_of(desk, service, jobs):
    """What is wrong with a pipeline that must succeed."""
    version = json.loads((ROOT / "strategies" / "pack.lock.json").read_text(encoding="utf-8"))["version"]
    pipeline = service(desk, f"v{version}", PASSWORD)
    expected = {"check.sarif", "tests.xml"}
    made = set()
    for job in pipeline.jobs():
        if job not in jobs:
            continue
        folder, wrong = pipeline.run(job)
        if wrong:
            return [f"{pipeline.file}: {wrong}"]
        made |= {name for name in expected if (folder / name).is_file()}
    problems = [f"{pipeline.file}: {name} was not made" for name in sorted(expected - made)]
    archive = pipeline.published()
    if archive is None:
        return [*problems, f"{pipeline.file}: nothing was published"]
    return problems + [f"{pipeline.file}: {problem}" for problem in unverified(desk, archive)]


def unverified(desk, archive):
    """What is wrong with a pack that was published, by detc and by another implementation of minisign."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=desk.folder))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    command = [ROOT / "target" / "debug" / "detc", "verify", "dist", "--key", desk.repository / "pack.pub"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    problems = [f"it does not verify: {ran.stderr}"] if ran.returncode else []
    try:
        signature = minisign.Signature.from_bytes((folder / "dist" / "SHA256SUMS.minisig").read_bytes())
        desk.public.verify((folder / "dist" / "SHA256SUMS").read_bytes(), signature)
    except minisign.VerifyError as error:
        problems.append(f"another minisign says: {error}")
    return problems


def refused(desk, service, tag, password, says):
    """What is wrong with a release that must not come about."""
    pipeline = service(desk, tag, password)
    wrong = [wrong for job in pipeline.jobs() if job in ("pack", "publish") for _, wrong in [pipeline.run(job)] if wrong]
    problems = [] if any(says in text for text in wrong) else [f"{pipeline.file}: {tag} was not refused with {says!r}: {wrong}"]
    return problems + ([f"{pipeline.file}: {tag} was published"] if pipeline.published() else [])


def unpinned(name):
    """Actions that are not pinned to a commit."""
    uses = re.findall(r"uses: (\S+)(.*)", (ROOT / "examples" / "ci" / name).read_text(encoding="utf-8"))
    return [f"{name}: {action} is not pinned" for action, note in uses if not re.search(r"@[0-9a-f]{40}$", action) or "# v" not in note]


def main(conformance):
    jobs = ["check", "pack", "publish"] + (["conformance"] if conformance else [])
    problems = []
    for name, schema in SCHEMAS.items():
        checker = pathlib.Path(sys.executable).parent / "check-jsonschema"
        ran = subprocess.run([checker, "--builtin-schema", *schema, ROOT / "examples" / "ci" / name], capture_output=True, text=True)
        problems += ([f"{name}: {ran.stdout}{ran.stderr}"] if ran.returncode else []) + unpinned(name)
    for service in (GitHub, GitLab):
        with tempfile.TemporaryDirectory() as scratch:
            desk = Desk(pathlib.Path(scratch))
            problems += problems_of(desk, service, jobs)
            problems += refused(desk, service, "v9.9.9", PASSWORD, "status 1")
            problems += refused(desk, service, "v1.0.1", "wrong", "DETC_KEY_PASSWORD does not open")
    print("\n".join(problems) if problems else f"the pipelines of examples/ci run: {', '.join(jobs)}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main("--conformance" in sys.argv[1:]))
