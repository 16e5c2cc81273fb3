"""An import that happens whole or not at all, for products that know no such thing.

A product gives three functions, and `before` is what `read` gave:

- `read()`: the pack's objects as they are there now, None for one that is not there;
- `write(before)`: brings the pack in and says what it did, or raises `Refused`;
- `restore(before, site)`: makes the objects what they were, wherever they differ; with `site`, removes what a first import made
  for the site to edit, too. It says what it could not do, one line an object.

`restore` looks at what is there and not at what was sent: after a broken connection nobody knows what arrived.
"""

import argparse
import json
import pathlib
import sys

from transport import Refused


def arguments(doc):
    """The arguments that every script has."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=pathlib.Path, help="the folder of the pack")
    todo = parser.add_mutually_exclusive_group(required=True)
    todo.add_argument("--backup", metavar="FILE", type=pathlib.Path, help="import, and write what is there to this file first")
    todo.add_argument("--rollback", metavar="FILE", type=pathlib.Path, help="put back what this backup holds, and remove what was new")
    return parser


def run(args, product):
    """Imports or takes back. The exit status: 0 done, 1 refused, 2 nothing was tried."""
    try:
        return install(product, args.backup) if args.backup else rollback(product, args.rollback)
    except (Refused, OSError, ValueError) as error:
        print(f"{error}\nnothing was changed", file=sys.stderr)
        return 2


def install(product, backup):
    if backup.exists():
        raise ValueError(f"{backup} is there already, and may be what you need to go back: name another file")
    before = product.read()
    backup.write_text(json.dumps(before, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    try:
        done = product.write(before)
    except Refused as error:
        print(f"refused: {error}\neverything is being put back as it was", file=sys.stderr)
        left = put_back(product, before, site=True)
        again = f"{backup} has it as it was: once the product answers, run this again with --rollback {backup}"
        print("\n".join(["could not be put back:", *left, again]) if left else "put back", file=sys.stderr)
        return 1
    print(f"{done}; backup: {backup}")
    return 0


def rollback(product, backup):
    left = put_back(product, json.loads(backup.read_text(encoding="utf-8")), site=False)
    print("\n".join(["could not be put back:", *left]) if left else f"put back as {backup} has it", file=sys.stderr)
    return 1 if left else 0


def put_back(product, before, site):
    try:
        return product.restore(before, site)
    except Refused as error:
        return [str(error)]


def each(actions):
    """Runs actions by name to the last, whatever happens; what could not be done, one line each."""
    left = []
    for name, action in actions:
        try:
            action()
        except Refused as error:
            left.append(f"{name}: {error}")
    return left


def differs(wanted, there):
    """Whether `there` lacks or changes anything of `wanted`; what the product adds of its own does not count."""
    if isinstance(wanted, dict):
        return not isinstance(there, dict) or any(differs(value, there.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list):
        return not isinstance(there, list) or len(wanted) != len(there) or any(map(differs, wanted, there))
    return wanted != there
