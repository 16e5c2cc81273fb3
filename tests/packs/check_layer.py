"""The Navigator layer through MITRE's own reader of layers: check_layer.py DIST

mitreattack-python reads a layer, drops or complains about what it does not know, and writes it again: nothing may be lost, and
nothing said. Spoilt layers show that it would be noticed.
"""

import contextlib
import copy
import io
import json
import pathlib
import sys

from mitreattack.navlayers import Layer

SPOILT = {
    "a score that is no whole number": lambda layer: layer["techniques"][0].update(score="1.5"),
    "a technique without an id": lambda layer: layer["techniques"][0].pop("techniqueID"),
    "a layer of another format": lambda layer: layer["versions"].update(layer="3.0"),
    "a member that layers do not have": lambda layer: layer["techniques"][0].update(colour="#ff0000"),
    "a domain that ATT&CK does not have": lambda layer: layer.update(domain="enterprise"),
}


def lost(wanted, there, at="layer"):
    """What `there` lacks or changes of `wanted`."""
    if isinstance(wanted, dict):
        return [one for key, value in wanted.items() if value != [] for one in lost(value, (there or {}).get(key), f"{at}.{key}")]
    if isinstance(wanted, list):
        if not isinstance(there, list) or len(wanted) != len(there):
            return [f"{at}: {wanted!r} became {there!r}"]
        return [one for number, (a, b) in enumerate(zip(wanted, there)) for one in lost(a, b, f"{at}[{number}]")]
    return [] if wanted == there else [f"{at}: {wanted!r} became {there!r}"]


def problems(layer):
    """What the reader says of a layer, and what it loses."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            reader = Layer()
            reader.from_dict(layer)
            there = reader.to_dict()
        except Exception as error:  # Whatever it raises, the layer is not one that it reads.
            return [f"{type(error).__name__}: {error}"]
    return [line for line in said.getvalue().splitlines() if line.strip()] + lost(layer, there)


def main(dist):
    layer = json.loads((dist / "attack-layer.json").read_text(encoding="utf-8"))
    wrong = problems(copy.deepcopy(layer)) + ([] if layer["techniques"] else ["the layer has no technique"])
    for what, spoil in SPOILT.items():
        spoilt = copy.deepcopy(layer)
        spoil(spoilt)
        wrong += [] if problems(spoilt) else [f"the reader takes {what}"]
    print("\n".join(wrong) if wrong else "MITRE's reader takes the layer as it is")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
