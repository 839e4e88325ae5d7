"""A tiny study: two valleys that share nothing; and workers that fail in every way a worker can."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from worlds import rows, write_world

from optimiser import strictyaml
from optimiser.study import spec
from optimiser.study.agenda import in_a_line
from optimiser.study.content import component_name
from optimiser.study.crew import Lost, Work
from optimiser.study.design import design
from optimiser.study.spec import Study
from optimiser.study.store import Result, Store, Task

LHS = {"kind": "lhs", "rows": 8}
SHORT = {"name": "short", "table": "shortages", "by": ["region", "occupation"], "distribution": "pert"}


def write_study(folder: Path, name: str = "study", **settings: Any) -> Path:
    """A study on disk, with its case; returns the path of the study file.

    In valley Q builders (5, 10, 20) and nurses (4, 8, 12) are short, in R builders (3, 6, 9) and nurses (2, 7, 14);
    each region may list one of them. In R the number of entries is a lever.
    """
    write_world(folder / "case", {"regions": {"Q": {"list_length": 1}, "R": {"list_length": 1}}},
                regions=rows("region", ("Q",), ("R",)), areas=rows("area region", ("Q1", "Q"), ("R1", "R")),
                shortages=rows("area occupation year low central high", ("Q1", "0110", 2026, 5, 10, 20),
                               ("Q1", "2221", 2026, 4, 8, 12), ("R1", "0110", 2026, 3, 6, 9),
                               ("R1", "2221", 2026, 2, 7, 14)))
    said = {"title": "Two valleys", "reason": "a test", "source": "nobody", "config": "case/config.yaml", "seed": 1,
            "gap": 0.0, "time_limit": 10, "levers": [{"name": "length", "path": "regions.R.list_length",
                                                      "values": [1, 2]}],
            "uncertainties": [SHORT], "design": LHS} | settings
    path = folder / f"{name}.yaml"
    path.write_text(strictyaml.dump(said), encoding="utf-8")
    return path


def begun(folder: Path, **settings: Any) -> tuple[Study, Store]:
    """The study, read, and its store in `folder/out`."""
    study = spec.load(write_study(folder, **settings))
    return study, Store.create(folder / "out", study, design(study))


# Who answers --------------------------------------------------------------------------------------------------------


class Here:
    """A crew of one: this process."""

    def __init__(self, study: Study, work: Work):
        self.study, self.work = study, work

    def answers(self, tasks: Iterator[Task], alone: bool = False) -> Iterator[tuple[Task, Result | Lost]]:
        for task in tasks:
            try:
                yield task, self.work(self.study, task)
            except RuntimeError as error:
                yield task, Lost(in_a_line(error))

    def close(self) -> None:
        pass


def quick(study: Study, task: Task) -> Result:
    """An answer at once, by the row alone: a list of one occupation with the row's number as quota."""
    region = component_name(task.component)
    return Result(task.row, region, task.content, "optimal", "", 0.0, 0.25, -1,
                  ((region, "unfilled", float(task.row), float(task.row)), (region, "cost", 1.5, float("nan"))),
                  ((region, "0110", 1, float(task.row), 0.5),))


def troubled(study: Study, task: Task) -> Result:
    """Row 1 has no plan, row 2 runs out of time without one, row 3 is a fault of the program."""
    region = component_name(task.component)
    if task.row == 3:
        raise RuntimeError("row three\nis odd")
    if task.row in (1, 2):
        status, reason = {1: ("infeasible", "no plan"), 2: ("time_limit", "no time")}[task.row]
        return Result(task.row, region, task.content, status, reason, seconds=0.5)
    return quick(study, task)


def deadly(study: Study, task: Task) -> Result:
    """Who takes up row 2 in Q dies, and who takes up row 6 in R the first time; each of these tries leaves a mark."""
    key = f"{task.row}-{component_name(task.component)}"
    if key in ("2-Q", "6-R"):
        tried = key in marks(study.path.parent)
        _mark(study, task)
        if key == "2-Q" or not tried:
            os.kill(os.getpid(), signal.SIGKILL)
    return quick(study, task)


def doomed(study: Study, task: Task) -> Result:
    """Whoever begins dies."""
    os.kill(os.getpid(), signal.SIGKILL)
    return quick(study, task)


def slow(study: Study, task: Task) -> Result:
    """A quarter of a second for every answer; each try leaves a mark."""
    _mark(study, task)
    time.sleep(0.25)
    return quick(study, task)


def _mark(study: Study, task: Task) -> None:
    folder = study.path.parent / "marks"
    folder.mkdir(exist_ok=True)
    (folder / f"{task.row}-{component_name(task.component)}-{os.getpid()}-{time.monotonic_ns()}").touch()


def marks(folder: Path) -> list[str]:
    """Row and component of every try that left a mark, in order."""
    return sorted("-".join(path.name.split("-")[:2]) for path in folder.glob("marks/*"))
