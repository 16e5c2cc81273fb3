"""Workers: programs that run an engine inside its environment and answer requests.

A request and its answer are one line of JSON each, on standard input and output. An answer is `{"ok": …}`, `{"refused":
reason}` where the engine cannot do what is asked (it says so itself), or `{"failed": reason}` where the worker broke.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from .paths import WORKERS


class Refused(Exception):
    """The engine says that it cannot do this: the rule is not judged by it."""


class WorkerError(Exception):
    """The worker broke: an error of the harness or of the engine, never of the rule."""


class Worker:
    """A running worker. Use it in a `with` statement."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        self._process = subprocess.Popen(
            [str(word) for word in command], cwd=WORKERS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the worker."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(timeout=30)

    def ask(self, **request: Any) -> Any:
        """Sends a request and waits for its answer."""
        if self._process.stdin is None or self._process.stdout is None:
            raise WorkerError("the worker has no pipes")
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerError("the worker ended early; see standard error") from error
        line = self._process.stdout.readline()
        if not line:
            raise WorkerError("the worker ended without an answer; see standard error")
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        if "failed" in answer:
            raise WorkerError(answer["failed"])
        return answer["ok"]
