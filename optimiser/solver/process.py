"""The parent: one child process per programme, heard, timed, ended when it overruns; nothing found is lost."""

from __future__ import annotations

import contextlib
import math
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from optimiser.solver.gate import refuse_out_of_range
from optimiser.solver.limits import Clash, Limit
from optimiser.solver.program import (
    NOTHING,
    WRONG,
    Answer,
    Known,
    Program,
    Progress,
    StageResult,
    believed,
    ended,
    missed,
    relative_gap,
)
from optimiser.solver.worker import receive, send

GRACE = 2.0  # seconds between TERM and KILL
IMPATIENCE = 0.5  # the same after Ctrl-C
PATIENCE = 5.0  # seconds that other programmes get once one has turned out to have no point
OVERRUN = 1.03  # share of its time limit after which a search is ended from outside
METHODS = ("search", "direct", "without_presolve", "scip")
OnProgress = Callable[[int, Progress], None]


def solve(program: Program, *, gap: float, time_limit: float, seed: int, start: np.ndarray | None = None,
          on_progress: Callable[[Progress], None] | None = None) -> Answer:
    """Solve one programme in a child process; see `solve_many`, also for what is raised."""
    heard: OnProgress | None = (lambda _, progress: on_progress(progress)) if on_progress else None
    return solve_many([program], gap=gap, time_limit=time_limit, seed=seed, starts=[start], on_progress=heard)[0]


def solve_many(programs: list[Program], *, gap: float, time_limit: float, seed: int,
               starts: list[np.ndarray | None] | None = None, on_progress: OnProgress | None = None,
               method: str = "search", known: Sequence[Known] = (), together: bool = True) -> list[Answer]:
    """Solve programmes side by side, at most one per processor.

    Parameters
    ----------
    gap : float
        Relative gap at which every stage may stop.
    time_limit : float
        Seconds for all of them together; of more programmes than processors, each that begins gets an equal part of
        what is left.
    starts : list, optional
        A feasible point for each programme, or None.
    on_progress : callable, optional
        Called in this thread with the number of a programme and its `Progress`.
    method : str
        `search`; `direct`, HiGHS' branch and bound alone; `without_presolve`, the search with HiGHS' presolve off
        and without prices; or `scip`, another solver's own search.
    known : sequence of Known, optional
        What similar programmes tell of each programme.
    together : bool
        Whether one programme without a point makes the others' answers useless: then they are ended soon.

    Returns
    -------
    list of Answer
        In the order of the programmes. Ctrl-C ends the search: the answers then hold the best points so far.

    Raises
    ------
    ValueError
        When there is no such method.
    OutOfRange
        When a programme holds a number that can't be brought into the range in which the solver is to be trusted.
    """
    if method not in METHODS:
        raise ValueError(f"method {method}: expected one of {', '.join(METHODS)}")
    for program in programs:
        refuse_out_of_range(program)
    ends = time.monotonic() + time_limit
    messages: queue.SimpleQueue[tuple[int, tuple[Any, ...] | None]] = queue.SimpleQueue()
    waiting = [_Child(i, program, gap, time_limit, seed, starts[i] if starts else None, method,
                      known[i] if known else NOTHING)
               for i, program in enumerate(programs)]
    children = list(waiting)
    running: dict[int, _Child] = {}
    try:
        while waiting or running:
            while waiting and len(running) < processors():
                waves = math.ceil((len(waiting) + len(running)) / processors())
                part = max(0.01, ends - time.monotonic()) / waves
                child = waiting.pop(0)
                child.time_limit = min(child.time_limit, part)
                child.begin(messages)
                running[child.number] = child
            if _hear(messages, children, running, on_progress) and together:
                for child in (*running.values(), *waiting):
                    child.time_limit = min(child.time_limit, child.seconds() + PATIENCE)
    except KeyboardInterrupt:
        for child in children:
            child.interrupted = True
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.end()
        while not messages.empty():  # all of them, since every child's ear has come to its end
            number, message = messages.get()
            children[number].take(message)
    return [child.answer() for child in children]


def batches(items: Sequence[Any]) -> list[Sequence[Any]]:
    """The items in parts that can be searched side by side."""
    size = processors()
    return [items[at:at + size] for at in range(0, len(items), size)]


def processors() -> int:
    """How many programmes are searched side by side at most."""
    return len(os.sched_getaffinity(0))


def explain(program: Program, limits: Sequence[Limit], seconds: float) -> list[Clash]:
    """Which of the limits clash, found in a child process within some seconds; see `conflict.clashes`.

    Empty when the process failed or did not end in time. The programme is one that `solve_many` has taken.
    """
    process = _worker()
    assert process.stdin and process.stdout
    ending = threading.Timer(seconds * OVERRUN + GRACE, process.kill)
    ending.start()
    try:
        with process.stdin, process.stdout:
            send(process.stdin, ("conflict", program, limits, seconds))
            message = receive(process.stdout)
    except (OSError, ValueError, EOFError):
        message = None
    finally:
        ending.cancel()
        process.kill()
        process.wait()
    return message[1] if message and message[0] == "done" else []


def _worker() -> subprocess.Popen[bytes]:
    """A child process that waits for its work."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([root, os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else [root])
    return subprocess.Popen(
        [sys.executable, "-m", "optimiser.solver.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": path}, start_new_session=True)


def _hear(messages: queue.SimpleQueue[tuple[int, tuple[Any, ...] | None]], children: list[_Child],
          running: dict[int, _Child], on_progress: OnProgress | None) -> bool:
    """Wait for the next message, at most a moment; end children that are done or overrun.

    True when a programme turned out to have no point: then the others' answers are of little use.
    """
    hopeless = False
    try:
        number, message = messages.get(timeout=0.1)
        child = children[number]
        if child.take(message):
            if on_progress and number in running:
                on_progress(number, child.progress())
        elif number in running:
            child.end()
            del running[number]
            hopeless = child.infeasible()
    except queue.Empty:
        pass
    for number, child in list(running.items()):
        if child.overrun():
            child.reason = f"ended after {child.seconds():.0f} s: it did not keep its time limit"
            child.clock_cut = True
            child.end()
            del running[number]
    return hopeless


@dataclass
class _Child:
    """One child process and what it has told so far."""

    number: int
    program: Program
    gap: float
    time_limit: float
    seed: int
    start: np.ndarray | None
    method: str
    known: Known
    process: subprocess.Popen[bytes] | None = None
    ear: threading.Thread | None = None
    began: float = 0.0
    ended: float | None = None
    over: bool = False
    stage: int = 0
    x: np.ndarray | None = None
    bound: float | None = None
    done: Answer | None = None
    reason: str = ""
    interrupted: bool = False
    clock_cut: bool = False
    finished: tuple[StageResult, ...] = ()

    def begin(self, messages: queue.SimpleQueue[tuple[int, tuple[Any, ...] | None]]) -> None:
        """Start the process and a thread that passes its messages on."""
        self.process = _worker()
        self.began = time.monotonic()
        self.ear = threading.Thread(target=self._pass_on, args=(self.process, messages), daemon=True)
        self.ear.start()

    def _pass_on(self, process: subprocess.Popen[bytes],
                 messages: queue.SimpleQueue[tuple[int, tuple[Any, ...] | None]]) -> None:
        assert process.stdin and process.stdout
        try:
            send(process.stdin, ("search", self.program, self.gap, self.began + self.time_limit, self.seed, self.start,
                                 self.method, self.known))
            while message := receive(process.stdout):
                messages.put((self.number, message))
        except (OSError, ValueError, EOFError):
            pass  # the child is gone; what it told is kept
        finally:
            messages.put((self.number, None))

    def take(self, message: tuple[Any, ...] | None) -> bool:
        """Remember a message; False when it was the last."""
        if message is None:
            if self.done is None and not self.interrupted:
                self.reason = self.reason or "the solver's process ended without an answer"
            return False
        if message[0] == "progress":
            self._note(*message[1:])
            return True
        if message[0] == "done":
            self.done, self.reason = message[1], ""
        else:
            self.reason = str(message[1])
        return False

    def _note(self, stage: int, bound: float | None, x: np.ndarray | None, finished: tuple[StageResult, ...]) -> None:
        if stage != self.stage:
            self.stage, self.bound = stage, None
        self.finished = finished
        if x is not None:
            # What HiGHS tells of on the way is whole only nearly, and at times not the point that has the value.
            x = np.where(self.program.integer, np.round(x), x)
            better = self._value(x) <= self._value(self.x) + 1e-9 and missed(self.program, x) <= WRONG
            if better or len(finished) > stage:  # what a stage has ended with is clean
                self.x = x
        true = [each for each in (self.bound, bound) if each is not None and np.isfinite(each)
                and believed(each, self._value(self.x)) > -np.inf]  # a point proves the others wrong
        self.bound = max(true, default=None)

    def _value(self, x: np.ndarray | None) -> float:
        return self.program.stages[self.stage].value(x) if x is not None else float("inf")

    def _stages(self, status: str) -> tuple[StageResult, ...]:
        """How the stages ended: those that came to their end, and the one in which the search was ended."""
        if self.x is None:
            return ()
        if len(self.finished) > self.stage:
            return self.finished
        value = self._value(self.x)
        bound = believed(-np.inf if self.bound is None else self.bound, value)
        return (*self.finished, ended(self.program.stages[self.stage].name, value, bound, self.gap, status,
                                      self.seconds() - sum(stage.seconds for stage in self.finished)))

    def seconds(self) -> float:
        """Seconds since the process began."""
        return (self.ended or time.monotonic()) - self.began if self.began else 0.0

    def overrun(self) -> bool:
        """Whether the process is past its time limit; it tells of every better point, so ending it loses none."""
        return self.seconds() > self.time_limit * OVERRUN + 0.5

    def progress(self) -> Progress:
        """Where the search stands."""
        value = self._value(self.x) if self.x is not None else None
        bound, gap = self.bound, None
        if value is not None and bound is not None:
            true = believed(bound, value)
            bound, gap = (true, relative_gap(value, true)) if true > -np.inf else (None, None)
        stages = self.program.stages
        return Progress(stages[self.stage].name, self.stage + 1, len(stages), value, bound, gap, self.seconds())

    def infeasible(self) -> bool:
        """Whether the search has ended without any point being possible."""
        return self.done is not None and self.done.status == "infeasible"

    def terminate(self) -> None:
        """Ask the process to end: TERM."""
        if self.process and self.ended is None:
            self.ended = time.monotonic()
            self.process.terminate()

    def end(self) -> None:
        """End the process: TERM, and KILL when that was not heeded in time."""
        self.terminate()
        if self.process is None or self.ended is None or self.over:
            return
        self.over = True
        if self.process.poll() is None:
            left = self.ended + (IMPATIENCE if self.interrupted else GRACE) - time.monotonic()
            try:
                self.process.wait(max(0.0, left))
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.ear:
            self.ear.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def answer(self) -> Answer:
        """What the search came to."""
        if self.done is not None:
            return replace(self.done, seconds=self.seconds())
        status = "interrupted" if self.interrupted else ("time_limit" if self.clock_cut else "failed")
        stages = self._stages(status)
        if status == "time_limit" and stages:
            status = stages[0].status
        return Answer(status, self.x, stages, self.seconds(), self.reason, True)
