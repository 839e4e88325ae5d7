"""The child process: reads one programme, searches it and tells its parent of every better point, or explains it."""

from __future__ import annotations

import os
import pickle
import signal
import struct
import sys
import threading
import time
from typing import IO, Any

from optimiser.solver import scip
from optimiser.solver.conflict import clashes
from optimiser.solver.search import Search

LEAST = 0.1  # seconds that a search gets even when starting its process took all it had


def send(stream: IO[bytes], message: tuple[Any, ...]) -> None:
    """Write a message with its length in front."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(struct.pack("<Q", len(data)) + data)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[Any, ...] | None:
    """Read a message; None when the other side is gone."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    data = stream.read(length := struct.unpack("<Q", head)[0])
    return pickle.loads(data) if len(data) == length else None


def main() -> None:
    """Search as the parent asks; what else goes to standard output would spoil the messages, so it is kept apart."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    work = receive(sys.stdin.buffer)
    if work is None:
        return
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    task, *rest = work
    try:
        {"search": _search, "conflict": _conflict}[task](out, *rest)
    except BaseException as error:  # whatever it is, the parent must hear of it
        send(out, ("failed", f"{type(error).__name__}: {error}"))
    finally:
        os._exit(0)  # the thread that reads would make a usual end a fatal error of the interpreter


def _leave_with_parent() -> None:
    """End at once when the parent is gone."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)


def _search(out: IO[bytes], program: Any, gap: float, ends: float, seed: int, start: Any, method: str,
            known: Any) -> None:
    time_limit = max(LEAST, ends - time.monotonic())  # this clock is the same in all processes
    if method == "scip":
        return send(out, ("done", scip.search(program, gap, time_limit, seed)))
    told: dict[int, float | None] = {}

    def tell(number: int, bound: float | None, x: Any) -> None:
        """Pass on better points, and bounds that are not those told last, with the stages that have ended by now."""
        if x is not None or bound != told.get(number):
            told[number] = bound
            send(out, ("progress", number, bound, x, tuple(search.stages)))

    options: dict[str, Any] = {"presolve": "off", "priced": False} if method == "without_presolve" else {}
    search = Search(program, gap, time_limit, seed, tell, known, direct=method == "direct", **options)
    return send(out, ("done", search.answer(start)))


def _conflict(out: IO[bytes], program: Any, limits: Any, seconds: float) -> None:
    send(out, ("done", clashes(program, limits, seconds)))


if __name__ == "__main__":
    main()
