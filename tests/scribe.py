"""A process that writes run folders and is killed while it does, a fresh fork each time: `Scribe` tells it what to do.

Killed at random times most writers would die in the long waits of a disk. So a writer can also be told to die just
before its n-th file operation (the interpreter announces each): all the states that a disk can be left in.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from optimiser import read_run, storage, write_report
from optimiser.errors import OptimiserError
from optimiser.report import page, workbook
from optimiser.save import save_run

OPERATIONS = {"open", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir", "os.truncate"}
DONE, FAILED, REFUSED, KILLED = 0, 1, 2, -signal.SIGKILL


class Scribe:
    """The process, seen from a test."""

    def __init__(self, *runs: Path) -> None:
        self.process = subprocess.Popen([sys.executable, __file__, *map(str, runs)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def write(self, runs: int | list[int], folder: Path, **how: Any) -> list[int]:
        """Let writers, one for each run named, save them into a folder; exit codes, `KILLED` for who was killed.

        With `at`, they die before that file operation; with `after`, so many seconds after they began. `force` is what
        it is for the command; `report` writes the report only; `swap=False` is a system that can't exchange two names;
        `limit` is the size of the largest file that the disk takes.
        """
        assert self.process.stdin and self.process.stdout
        order = {"runs": [runs] if isinstance(runs, int) else runs, "folder": str(folder), **how}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)


def serve(runs: list[tuple[Any, Any, str, bytes]]) -> None:
    for line in sys.stdin:
        order = json.loads(line)
        writers = [start(order, *runs[number]) for number in order["runs"]]
        if "after" in order:
            time.sleep(order["after"])
            for writer in writers:
                os.kill(writer, signal.SIGKILL)
        print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1]) for writer in writers]), flush=True)


def start(order: dict[str, Any], problem: Any, solution: Any, html: str, book: bytes) -> int:
    """Begin to write in a fork; its process number."""
    if child := os.fork():
        return child
    code = FAILED
    try:
        page.page = lambda *_: html  # drawing takes a second and touches no file
        workbook.workbook = lambda *_: book
        write(order, problem, solution)
        code = DONE
    except OptimiserError as error:
        code = error.exit_code
    finally:
        os._exit(code)


def write(order: dict[str, Any], problem: Any, solution: Any) -> None:
    if not order.get("swap", True):
        storage._exchange = lambda one, other: False
    if "limit" in order:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
    if "at" in order:
        die_at(order["at"])
    if order.get("report"):
        write_report(problem, solution, order["folder"])
    else:
        save_run(problem, solution, order["folder"], order.get("force", True))


def die_at(number: int) -> None:
    left = iter(range(number))

    def count(event: str, _: tuple[Any, ...]) -> None:
        if event in OPERATIONS and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


if __name__ == "__main__":
    serve([(*read_run(run), (Path(run) / "report.html").read_text("utf-8"), (Path(run) / "lists.xlsx").read_bytes())
           for run in sys.argv[1:]])
