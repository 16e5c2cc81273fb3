"""What a pack for Microsoft Sentinel holds: `azuredeploy.json`, as `az deployment group create` gets it."""

import csv
import io
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from harness.paths import ROOT


@dataclass(frozen=True)
class Rule:
    """An analytics rule."""

    detection: str
    """Such as `AN1496/candidate`."""
    query: str
    every: timedelta
    period: timedelta
    """How far back a run reads."""


@dataclass
class Pack:
    """The rules, and what they read."""

    rules: dict[str, Rule] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    """The query of each function, by its alias."""
    watchlists: dict[str, list[str]] = field(default_factory=dict)
    """The search keys of each watchlist, by its alias."""
    profiles: dict[str, str] = field(default_factory=dict)
    """The profile that each detection is packed for."""
    delays: dict[str, timedelta] = field(default_factory=dict)
    """How late its events may come."""


def make(detc: Path, target: str) -> Pack:
    """Has `detc` pack the project's strategies, each analytic for the profile that its platform has by default."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(detc), "pack", "strategies", "--target", target, "-o", folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"`{' '.join(command)}` failed:\n{done.stderr}")
        pack = read(json.loads(Path(folder, target, "azuredeploy.json").read_text(encoding="utf-8")))
        listed = json.loads(Path(folder, "pack.json").read_text(encoding="utf-8"))
    for rule in listed["rules"]:
        packed = rule["targets"].get(target)
        if packed and packed["status"] == "packed":
            pack.profiles[rule["name"]] = packed["profile"]
            pack.delays[rule["name"]] = length(packed["schedule"]["delay"])
    return pack


def read(template: dict[str, Any]) -> Pack:
    """The pack in an ARM template."""
    pack = Pack()
    for resource in template["resources"]:
        held = resource["properties"]
        match resource["type"].rpartition("/")[2]:
            case "savedSearches":
                pack.functions[held["functionAlias"]] = held["query"]
            case "watchlists":
                rows = csv.DictReader(io.StringIO(held["rawContent"]))
                pack.watchlists[held["displayName"]] = [row[held["itemsSearchKey"]] for row in rows]
            case "alertRules":
                detection = held["displayName"].partition(":")[0]
                every, period = span(held["queryFrequency"]), span(held["queryPeriod"])
                pack.rules[detection] = Rule(detection, held["query"], every, period)
    return pack


def span(text: str) -> timedelta:
    """A duration of ISO 8601 in minutes."""
    found = re.fullmatch(r"PT(\d+)M", text)
    if found is None:
        raise ValueError(f"`{text}` is no duration in minutes")
    return timedelta(minutes=int(found[1]))


def length(text: str) -> timedelta:
    """A duration as detc writes it, such as `1h30m`."""
    units = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
    return timedelta(**{units[unit]: int(number) for number, unit in re.findall(r"(\d+)([dhms])", text)})
