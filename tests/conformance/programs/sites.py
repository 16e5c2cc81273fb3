"""Synthetic sites, one a target: profiles in which every field of the vocabulary is there, under a name of its own.

They are written to a folder when they are needed: JSON, which is YAML.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.paths import ROOT

from .vocabulary import ALWAYS, CLASSES, scalar

Binding = Callable[[str, str], dict[str, Any]]


def words(field: str) -> str:
    """`process.entity_id` as `ProcessEntityId`."""
    return "".join(part.capitalize() for part in field.replace("_", ".").split("."))


def in_splunk(field: str, kind: str) -> dict[str, Any]:
    """Names with dots and braces, as JSON is extracted; times as ISO 8601."""
    name = field if field.startswith("tls.") else field.replace(".", "_")
    name = f"{name}{{}}" if kind.startswith("list<") else name
    return {"native": name, "type": {"datetime": "iso8601", "duration": "nanoseconds"}.get(kind, "")}


def in_tables(field: str, kind: str) -> dict[str, Any]:
    """Typed columns."""
    types = {"string": "string", "ip": "string", "int": "long", "port": "int", "float": "real", "bool": "bool"}
    types |= {"datetime": "datetime", "duration": "long"}
    return {"native": words(field), "type": "dynamic" if kind.startswith("list<") else types[kind]}


def in_text(field: str, kind: str) -> dict[str, Any]:
    """Numbers and Booleans as text, as custom logs have them."""
    types = {"datetime": "datetime", "duration": "long"}
    name = "DeviceName" if field == "host.name" else words(field)
    return {"native": name, "type": "dynamic" if kind.startswith("list<") else types.get(kind, "string")}


def in_documents(field: str, kind: str) -> dict[str, Any]:
    """ECS names."""
    types = {"string": "keyword", "ip": "ip", "int": "long", "port": "long", "float": "double", "bool": "boolean"}
    types |= {"datetime": "date", "duration": "long"}
    return {"native": field, "type": types[scalar(kind)]}


def in_sigma(field: str, kind: str) -> dict[str, Any]:
    """Names as Sigma's taxonomy has them; no times."""
    if kind == "datetime":
        return {"absent": "rules do not compare times"}
    types = {"string": "string", "ip": "string", "bool": "boolean"}
    return {"native": words(field), "type": types.get(scalar(kind), "number")}


def source(target: str, kind: str) -> dict[str, Any]:
    """Where the events of a class are."""
    match target:
        case "splunk":
            return {"macro": f"is_{kind}", "definition": f'(index=* sourcetype="{kind}")', "is": {"sourcetype": [kind]}}
        case "sentinel":
            return {"table": words(kind), "time": "TimeGenerated", "id": "EventId"}
        case "defender":
            carried = ["ReportId", "DeviceId", "DeviceName"]
            return {"table": words(kind), "time": "Timestamp", "id": "tostring(ReportId)", "carries": carried}
        case "elastic" | "esql":
            category = {"process_start": "process", "dns_query": "network"}.get(kind, "any")
            return {"index": ["logs-*"], "category": category, "where": {"event.dataset": [kind]}}
    return {"category": kind, "product": "any"}


TARGETS: dict[str, tuple[str, Binding]] = {
    "splunk": ("spl", in_splunk),
    "sentinel": ("kql", in_tables),
    "defender": ("kql", in_text),
    "elastic": ("eql", in_documents),
    "esql": ("esql", in_documents),
    "sigma": ("sigma", in_sigma),
}
"""The dialect of each target, and how a field is read there. `esql` is Elastic if it spoke nothing but ES|QL."""

FURTHER = {"elastic": ("esql",)}
"""The dialects of a target besides: for what the first does not say as well."""

TIMES = {
    "sentinel": ("TimeGenerated", "datetime"),
    "defender": ("Timestamp", "datetime"),
    "elastic": ("@timestamp", "date"),
    "esql": ("@timestamp", "date"),
}
"""The column of the event's time, where rules may compare it."""


def profile(target: str) -> dict[str, Any]:
    """A target's profile."""
    bind = TARGETS[target][1]
    classes = {}
    for kind, fields in CLASSES.items():
        bound = {name: bind(name, declared) for name, declared in fields.items()}
        for name in ALWAYS.get(kind, ()):
            bound[name]["always"] = True
        if target in TIMES:
            bound["@timestamp"] = {"native": TIMES[target][0], "type": TIMES[target][1], "always": True}
        classes[kind] = {"source": source(target, kind), "collect": "made at random", "fields": bound}
    return {"title": "Every field of the vocabulary", "platforms": ["windows"], "classes": classes}


def macros() -> dict[str, str]:
    """The macros of the Splunk site."""
    sources = [one["source"] for one in profile("splunk")["classes"].values()]
    return {source["macro"]: source["definition"] for source in sources}


def write(folder: Path, target: str) -> Path:
    """Writes a target's profile; the file names the target."""
    path = folder / f"{target}.yaml"
    path.write_text(json.dumps(profile(target), indent=1), encoding="utf-8")
    return path


def asked(target: str, folder: Path) -> tuple[str, list[str]]:
    """What `detc` calls a target, and the options that make it what it is here."""
    if target != "esql":
        return target, []
    own = folder / "targets" / "elastic"
    own.mkdir(parents=True, exist_ok=True)
    text = (ROOT / "targets" / "elastic" / "target.yaml").read_text(encoding="utf-8")
    alone = text.replace("dialects: [eql, esql]", "dialects: [esql]")
    if alone == text:
        raise ValueError("targets/elastic/target.yaml does not have the dialects that are expected")
    (own / "target.yaml").write_text(alone, encoding="utf-8")
    return "elastic", ["--targets-dir", str(folder / "targets")]
