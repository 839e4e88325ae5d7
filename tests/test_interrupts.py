"""Ctrl-C at any moment: a whole run or none, exit code 0 or 130, never a traceback."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import inline
import numpy as np
import pytest
from folders import beside
from twovalleys import write_study
from worlds import write_world

import optimiser
from optimiser import solving

INTERRUPTED = (130, -signal.SIGINT)  # a shell says 130 for both
WHILE_LOADING = """
import runpy, signal, sys

def interrupt(event, arguments):
    if event == "import" and arguments[0] == "typer":
        signal.raise_signal(signal.SIGINT)

sys.addaudithook(interrupt)
runpy.run_module("optimiser", run_name="__main__")
"""
SWITCHED_ON = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # whoever runs the tests
WHEN_DONE = """
import atexit, runpy, signal
atexit.register(signal.raise_signal, signal.SIGINT)
runpy.run_module("optimiser", run_name="__main__")
"""


def test_while_the_program_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", SWITCHED_ON + WHILE_LOADING, "--help"], capture_output=True, text=True,
                          check=False)
    assert done.returncode in INTERRUPTED
    assert (done.stdout, done.stderr) == ("", "Interrupted before there was an answer; nothing was written.\n")


def test_when_all_is_done() -> None:
    done = subprocess.run([sys.executable, "-c", WHEN_DONE, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_where_ctrl_c_is_switched_off_it_stays_so() -> None:
    """A shell does so for what runs in its background."""
    done = subprocess.run(["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", WHILE_LOADING, "--help"],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "validate" in done.stdout


@pytest.mark.drawn(5, 200)
def test_at_any_moment_of_a_run(tmp_path: Path, numbers: range) -> None:
    """From the first progress, when a plan is being searched, through its check to the writing of its report."""
    config = write_world(tmp_path / "case")
    for number in numbers:
        run = tmp_path / f"{number}" / "run"
        command = subprocess.Popen([sys.executable, "-m", "optimiser", "solve", str(config), "--out", str(run)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert command.stderr
        first = command.stderr.readline()
        time.sleep(random.Random(number).uniform(0, 2))
        if command.poll() is None:
            os.kill(command.pid, signal.SIGINT)
        said = first + command.communicate(timeout=60)[1]
        assert "Traceback" not in said
        assert command.returncode in (0, *INTERRUPTED), said
        if command.returncode == 0:
            assert optimiser.check_run(run) == []
        assert beside(run) == []


@pytest.mark.parametrize("unproved", [0, 1])
def test_where_one_region_has_no_bound_yet_the_run_has_no_gap(unproved: int, tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of them it is: a gap that nobody knows is not less than one that is known."""
    def ended(*arguments: Any, **more: Any) -> list[Any]:
        answers = inline.solve_many(*arguments, **more)
        first, *later = answers[unproved].stages
        first = replace(first, bound=-np.inf, gap=np.inf, status="interrupted")
        answers[unproved] = replace(answers[unproved], status="interrupted", stages=(first, *later))
        return answers

    monkeypatch.setattr(solving, "solve_many", ended)
    write_study(tmp_path)
    solution = solving.solve(optimiser.load(tmp_path / "case" / "config.yaml"))
    assert solution.status["gap"] is None and solution.status["termination"] == "interrupted"
    assert sorted(bound is None for bound in solution.status["bound"].values()) == [False, True]
