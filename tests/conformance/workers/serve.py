"""The worker's side of the protocol: see `harness/worker.py`."""

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any


class Refused(Exception):
    """The engine cannot do what is asked, for this reason."""


def serve(operations: dict[str, Callable[..., Any]]) -> None:
    """Answers requests until standard input ends. Each names its operation in `op`; its other members are arguments."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": operations[request.pop("op")](**request)}
        except Refused as reason:
            answer = {"refused": str(reason)}
        except Exception:
            answer = {"failed": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)
