"""The event classes and fields that random programs use, with their types.

They are a part of the standard library's (`compiler/core/std/classes.det`), enough for every type and every kind of key. A
field that stands in `JOINING` stands in every class here that declares it, so that a bare name is as ambiguous as there.
"""
from __future__ import annotations

CLASSES: dict[str, dict[str, str]] = {
    "process_start": {
        "host.name": "string",
        "process.entity_id": "string",
        "process.pid": "int",
        "process.executable": "string",
        "process.name": "string",
        "process.command_line": "string",
        "process.args": "list<string>",
        "process.code_signature.trusted": "bool",
        "user.name": "string",
    },
    "network_connection": {
        "host.name": "string",
        "host.ip": "list<ip>",
        "process.entity_id": "string",
        "process.pid": "int",
        "source.ip": "ip",
        "source.port": "port",
        "source.bytes": "int",
        "destination.ip": "ip",
        "destination.port": "port",
        "destination.bytes": "int",
        "destination.domain": "string",
        "network.direction": "string",
        "event.duration": "duration",
        "user.name": "string",
    },
    "dns_query": {
        "host.name": "string",
        "process.entity_id": "string",
        "process.pid": "int",
        "source.ip": "ip",
        "destination.ip": "ip",
        "destination.port": "port",
        "dns.question.name": "string",
        "dns.resolved_ip": "list<ip>",
        "user.name": "string",
    },
    "tls_session": {
        "host.name": "string",
        "host.ip": "list<ip>",
        "process.entity_id": "string",
        "process.pid": "int",
        "source.ip": "ip",
        "source.port": "port",
        "source.bytes": "int",
        "destination.ip": "ip",
        "destination.port": "port",
        "destination.bytes": "int",
        "destination.domain": "string",
        "tls.established": "bool",
        "tls.server.issuer": "string",
        "tls.server.subject": "string",
        "tls.server.not_before": "datetime",
        "tls.server.not_after": "datetime",
        "event.duration_seconds": "float",
    },
}

NAMES = ("alpha", "beta", "gamma", "delta", "eps", "zeta", "eta", "theta", "iota", "kappa", "lambda", "omega")

NARROW: dict[str, tuple[str, ...]] = {
    # Fields that join: few values, so that rows meet.
    "string": ("a", "a", "a", "A", "b"),
    "simple": ("a", "a", "b"),
    "ip": ("10.0.0.1", "10.0.0.1", "10.0.0.2", "2001:db8::1"),
}


def scalar(type_name: str) -> str:
    """The type of one value."""
    return type_name[5:-1] if type_name.startswith("list<") else type_name


def field_type(kind: str, field: str) -> str:
    """The declared type of a class's field."""
    return "datetime" if field == "@timestamp" else CLASSES[kind][field]


JOINING = (
    "host.name",
    "process.entity_id",
    "process.pid",
    "source.ip",
    "destination.ip",
    "source.port",
    "destination.port",
    "user.name",
    "host.ip",
    "dns.resolved_ip",
    "process.args",
    "destination.domain",
    "process.code_signature.trusted",
    "tls.established",
)
"""Fields that are used as keys and in entities."""

ALWAYS = {"process_start": ("process.entity_id",), "network_connection": ("process.entity_id", "destination.port")}
"""Fields that no event of the class lacks; the sites' profiles say so."""
