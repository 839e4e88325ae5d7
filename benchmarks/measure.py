"""Runs processes and hears them: seconds, memory and trajectories of cases and methods, as rows of the table."""

from __future__ import annotations

import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cases import ROOT, Case
from benchmarks.peers import cpsat_line
from benchmarks.prepare import BUILT
from benchmarks.run import memory
from benchmarks.trajectory import Trajectory, gap, together

Row = dict[str, Any]
OVERRUN = 20.0  # seconds after its time limit at which a process is killed
READING = 600.0  # seconds that a process may take to build or read its programme
LOOK = 0.05  # seconds between two looks at the memory
MOMENTS = (10, 60, 300)  # seconds at which gaps are told
TARGETS = {"to_1pct_s": 0.01, "to_05pct_s": 0.005}
MISSED = 1e-6  # from which on a point is said to miss a limit
DIFFERS = 1e-6  # from which on a value told is said to differ from that of the point


@dataclass
class Told:
    """What a process has told: a trajectory per component, or one for all."""

    limit: float
    parts: dict[int, Trajectory] = field(default_factory=dict)
    version: str = ""
    constant: float = 0.0
    statuses: list[str] = field(default_factory=list)
    violation: float | None = None
    ended: float | None = None
    notes: list[str] = field(default_factory=list)

    def hear(self, line: str) -> bool:
        """Take a line; True when it says that the search begins."""
        if not line.startswith("@"):
            if (known := cpsat_line(line)) is not None:
                seconds, value, bound = known
                self._part(0).note(seconds, None if value is None else value + self.constant,
                                   None if bound is None else bound + self.constant)
            return False
        message = json.loads(line[1:])
        if "begin" in message:
            self.version, self.constant = message["begin"], message.get("constant", 0.0)
            return True
        if "violation" in message:
            self.violation = message["violation"]
        elif "end" in message:
            self._end(message)
        else:
            self._part(message.get("part", 0)).note(message["t"], message["value"], message["bound"])
        return False

    def _part(self, number: int) -> Trajectory:
        return self.parts.setdefault(int(number), Trajectory())

    def _end(self, message: dict[str, Any]) -> None:
        part = self._part(message.get("part", 0))
        told, value = part.last[0], message["value"]
        if told is not None and value is not None and abs(told - value) > DIFFERS * max(1.0, abs(value)):
            self.notes.append(f"told {told:.6g}, its point has {value:.6g}")
        bound = part.last[1] if message["bound"] is None else message["bound"]
        part.end(message["t"], value, bound, message["finished"])
        self.statuses.append(message["end"])
        self.ended = message["t"]

    def row(self) -> Row:
        """Numbers of the whole country."""
        parts = list(self.parts.values())
        whole = together(parts)
        value, bound = whole.last
        gaps = [gap(*part.last) for part in parts]
        if (self.violation or 0) > MISSED:
            self.notes.append(f"misses a limit by {self.violation:.1e}")
        return {
            "version": self.version, "incumbent": value, "bound": bound, "gap": gap(value, bound),
            "largest_gap": None if None in gaps or not gaps else max(g for g in gaps if g is not None),
            **{f"gap_{moment}s": whole.gap_at(moment, self.limit) for moment in MOMENTS},
            **{name: whole.seconds_to(target) for name, target in TARGETS.items()},
            "search_s": self.ended, "violation": self.violation,
            "status": "/".join(sorted(set(self.statuses))), "note": "; ".join(dict.fromkeys(self.notes)),
        }


def process(module: str, *arguments: str, limit: float, hear: Callable[[str], bool] = lambda _: False
            ) -> tuple[float, str]:
    """Run a module until it ends or overruns; peak memory of it and its children (MiB), and what went wrong or "".

    Its clock begins when `hear` is true of a line; before that it has a while to read what it needs.
    """
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    peak, wrong, ends = 0, "", time.monotonic() + READING
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.PIPE,
                                 stderr=errors, text=True, start_new_session=True,
                                 env=os.environ | {"PYTHONPATH": str(ROOT)})
        ear = threading.Thread(target=_listen, args=(child, lines), daemon=True)
        ear.start()
        looked = 0.0
        try:
            while (line := _next(lines)) is not None:
                if time.monotonic() - looked >= LOOK:
                    looked, peak = time.monotonic(), max(peak, memory(child.pid))
                if line and hear(line):
                    ends = time.monotonic() + limit + OVERRUN
                if time.monotonic() > ends:
                    wrong = "killed: it did not keep its time"
                    break
            if not wrong:
                child.wait(max(1.0, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            wrong = "killed: it did not end"
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
            ear.join()
        if child.returncode and not wrong:
            errors.seek(0)
            wrong = (errors.read().strip().splitlines() or [f"ended with {child.returncode}"])[-1][:200]
    return peak / 2**20, wrong


def _listen(child: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    assert child.stdout
    with child.stdout as told:
        for line in told:
            lines.put(line)
    lines.put(None)


def _next(lines: queue.SimpleQueue[str | None]) -> str | None:
    """The next line; empty when there is none in a moment, None when there will be no more."""
    try:
        return lines.get(timeout=LOOK)
    except queue.Empty:
        return ""


def prepare(case: Case, folder: Path, seconds: float, mps: bool = True) -> Row:
    """Build a case into a folder; its sizes and seconds.

    Raises
    ------
    RuntimeError
        When the process failed.
    """
    (folder / "case.pickle").write_bytes(pickle.dumps(case))
    options = [] if mps else ["--no-mps"]
    _, wrong = process("benchmarks.prepare", str(folder / "case.pickle"), str(folder), str(seconds), *options,
                       limit=seconds + READING, hear=lambda line: line.startswith(BUILT))
    if wrong:
        raise RuntimeError(f"{case.name}: {wrong}")
    return json.loads((folder / "prepared.json").read_text("utf-8"))


def search(method: str, folder: Path, seconds: float, aim: float) -> Row:
    """One search of a prepared case, as a row."""
    told = Told(seconds)
    peak, wrong = process("benchmarks.peers", method, str(folder), str(seconds), str(aim), limit=seconds,
                          hear=told.hear)
    if wrong:
        told.statuses.append("killed" if wrong.startswith("killed") else "failed")
        told.notes.append(wrong)
    apart = {} if method == "ours" else {"largest_gap": None}  # of components, which peers don't know
    return told.row() | apart | {"memory_mib": peak}


def middle(rows: Sequence[Row]) -> Row:
    """The medians of what several runs came to; a number that some lack counts as worse than all others."""
    return {name: _middle([row.get(name) for row in rows]) for name in rows[0]}


def _middle(values: list[Any]) -> Any:
    if any(isinstance(value, str) for value in values):
        return "/".join(dict.fromkeys(str(value) for value in values if value))
    found = median(float("inf") if value is None else value for value in values)
    return None if found == float("inf") else found
