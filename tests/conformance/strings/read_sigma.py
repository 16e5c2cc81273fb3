"""Reads the values of Sigma rules with PyYAML and pySigma: JSON list of rules in, JSON list of lists of [kind, value] out.

`wild` is a text with its wildcards, as pySigma understands it: a list of texts, `*` and `?` as `[1]` and `[2]`.
"""
import json
import sys

import yaml
from sigma.collection import SigmaCollection
from sigma.rule import SigmaDetection, SigmaDetectionItem
from sigma.types import SigmaBool, SigmaCIDRExpression, SigmaCompareExpression, SigmaNumber, SigmaRegularExpression, SigmaString, SpecialChars


def items(detection):
    """The tests of a detection."""
    for item in detection.detection_items:
        yield from items(item) if isinstance(item, SigmaDetection) else [item]


def value(one):
    """A value with its kind."""
    if isinstance(one, SigmaString):
        return ["wild", [part if isinstance(part, str) else [1 if part is SpecialChars.WILDCARD_MULTI else 2] for part in one.s]]
    if isinstance(one, SigmaNumber):
        return ["number", one.number]
    if isinstance(one, SigmaCompareExpression):
        return value(one.number)
    if isinstance(one, SigmaBool):
        return ["bool", bool(one.boolean)]
    if isinstance(one, SigmaRegularExpression):
        return ["text", str(one.regexp)]
    if isinstance(one, SigmaCIDRExpression):
        return ["text", one.cidr]
    return [type(one).__name__, str(one)]


def read(text):
    """The values of a rule, or why it cannot be read."""
    try:
        documents = [document for document in yaml.safe_load_all(text) if document]
        rules = SigmaCollection.from_dicts(documents, collect_errors=False)
    except Exception as error:
        return {"error": str(error)}
    found = []
    for rule in rules.rules:
        for detection in getattr(getattr(rule, "detection", None), "detections", {}).values():
            for item in items(detection):
                assert isinstance(item, SigmaDetectionItem)
                found += [value(one) for one in item.value]
    return found


print(json.dumps([read(text) for text in json.load(sys.stdin)]))
