"""A study that is killed at any moment goes on where it was: nothing that was kept is lost, nothing is asked twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from folders import beside
from test_study_run import timeless
from twovalleys import Here, write_study

from optimiser.study import spec
from optimiser.study.design import design
from optimiser.study.journal import records
from optimiser.study.run import run
from optimiser.study.store import Store
from optimiser.study.work import answer

KILLS, LONG_KILLS = 5, 50
JOURNAL = "journal/shard-1-of-1.jsonl"


def begin(study: Path, out: Path) -> subprocess.Popen[str]:
    """The real command, in a process group of its own."""
    return subprocess.Popen([sys.executable, "-m", "optimiser", "study", "run", str(study), "--out", str(out), "--jobs",
                             "1"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)


def lines(out: Path) -> list[bytes]:
    """The whole lines of the journal."""
    path = out / JOURNAL
    held = path.read_bytes() if path.exists() else b""
    return [line for line in held.splitlines(keepends=True) if line.endswith(b"\n")]


def wait_for(moment: random.Random, command: subprocess.Popen[str], out: Path) -> None:
    """A random moment: some time after the start, or soon after some more answers."""
    if moment.random() < 0.4:
        time.sleep(moment.uniform(0, 3))
        return
    more = len(lines(out)) + moment.randrange(1, 12)
    while len(lines(out)) < more and command.poll() is None:
        time.sleep(0.001)
    time.sleep(moment.uniform(0, 0.05))


def gone(group: int) -> bool:
    """Whether no process of a group is left, after a while."""
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_killed_at_random_moments_it_ends_as_if_it_had_not_been(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """`kill -9` of the whole group, as when a machine is restarted, or of the command alone: its workers then end."""
    kills = LONG_KILLS if pytestconfig.getoption("--long") else KILLS
    path, out = write_study(tmp_path, design={"kind": "lhs", "rows": 10 * kills}), tmp_path / "out"
    study = spec.load(path)
    interrupted = 0
    for number in range(kills):
        before = lines(out)
        command = begin(path, out)
        wait_for(random.Random(number), command, out)
        interrupted += command.poll() is None
        (os.killpg if number % 2 else os.kill)(command.pid, signal.SIGKILL)
        command.communicate(timeout=60)
        assert gone(command.pid)
        assert lines(out)[:len(before)] == before
    assert interrupted == kills
    last = begin(path, out)
    assert last.communicate(timeout=300)[1].endswith(f"{len(design(study)) * 2} of {len(design(study)) * 2} answered, "
                                                     "0 failed\n")
    assert last.returncode == 0 and beside(out) == ["case", "study.yaml"]
    asked = [(record["row"], record["component"]) for record in records(out / JOURNAL) if "row" in record]
    assert len(asked) == len(set(asked)) == len(design(study)) * 2
    undisturbed = Store.create(tmp_path / "undisturbed", study, design(study))
    run(undisturbed, study, crew=Here(study, answer))
    assert timeless(Store.open(out)) == timeless(undisturbed)
