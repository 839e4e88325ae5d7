"""What is left of a study to be answered, in the order of its rows; and whose answer stands for which.

A component that a row does not touch is not asked again: its content hash (`content.component_digest`) is that of an
earlier row, and the row gets that row's answer. While the earlier one is still being answered, the later one waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from optimiser.errors import InputError
from optimiser.model.components import components as parts
from optimiser.problem import Problem
from optimiser.study.content import component_digest, component_name
from optimiser.study.store import Result, Task
from optimiser.texts import say

Components = tuple[tuple[str, ...], ...]
LONGEST = 500  # characters of a reason


class Agenda:
    """The tasks of some rows.

    Parameters
    ----------
    design : DataFrame
        The rows: `row`, `sample` and the factors.
    components : tuple of tuples of str
        Of the base case; every row is answered by these.
    variant : callable
        The case of a row, from the values of its factors.
    done : iterable of Result
        What has been answered before; their lines are not looked at.
    """

    def __init__(self, design: pd.DataFrame, components: Components, variant: Callable[[Mapping[str, float]], Problem],
                 done: Iterable[Result] = ()):
        self._design, self._components, self._variant = design, components, variant
        self._rows = set(map(int, design["row"]))
        self._done: set[tuple[int, str]] = set()
        self._first: dict[tuple[str, str], Result] = {}  # component and content -> who was asked, without lines
        self._waiting: dict[tuple[str, str], list[Result]] = {}
        self._ready: list[Result] = []
        self.failed = 0
        for result in done:
            if result.row in self._rows:
                self._done.add((result.row, result.component))
                self.failed += result.status == "failed"
            self._remember(result)

    @property
    def total(self) -> int:
        """How many tasks the rows have."""
        return len(self._design) * len(self._components)

    @property
    def before(self) -> int:
        """How many of them had an answer from the start."""
        return len(self._done)

    def tasks(self) -> Iterator[Task]:
        """The tasks that must be asked, in the order of rows and components.

        What needs no asking goes to `ready` as the tasks are drawn: reused answers, rows that contradict themselves.
        """
        factors = [str(name) for name in self._design.columns if name not in ("row", "sample")]
        for row, numbers in zip(map(int, self._design["row"]), self._design[factors].to_numpy(float), strict=True):
            wanted = [c for c in self._components if (row, component_name(c)) not in self._done]
            if not wanted:
                continue
            values = dict(zip(factors, numbers.tolist(), strict=True))
            try:
                problem = self._variant(values)
                contents = {c: component_digest(problem, c) for c in wanted}
                reason = "" if _refines(parts(problem), self._components) else say("study_run.linked")
            except Exception as error:  # a row that has no case is a result like any other
                contents, reason = {}, in_a_line(error)
            for component in wanted:
                if reason:
                    self._ready.append(Result(row, component_name(component), "", "failed", reason))
                elif not self._reused(row, component, contents[component]):
                    yield Task(row, component, contents[component], values)

    def answered(self, result: Result) -> None:
        """Take the answer of a task; it is `ready`, and so is every row that waited for it."""
        self._remember(result)
        self._ready.append(result)
        for waiting in self._waiting.pop((result.component, result.content), ()):
            self._ready.append(_copied(result, waiting.row))

    def ready(self) -> Iterator[Result]:
        """Results to be kept; each is told once."""
        while self._ready:
            result = self._ready.pop(0)
            self.failed += result.status == "failed"
            yield result

    def _remember(self, result: Result) -> None:
        if result.content and result.same_as < 0:
            self._first.setdefault((result.component, result.content), replace(result, outcomes=(), listed=()))

    def _reused(self, row: int, component: tuple[str, ...], content: str) -> bool:
        key = component_name(component), content
        if key in self._first:
            self._ready.append(_copied(self._first[key], row))
        elif key in self._waiting:
            self._waiting[key].append(Result(row, *key, ""))
        else:
            self._waiting[key] = []
            return False
        return True


def failed(task: Task, reason: str, seconds: float = 0.0) -> Result:
    """A task that has no answer."""
    return Result(task.row, component_name(task.component), task.content, "failed", reason, seconds=seconds)


def in_a_line(error: BaseException) -> str:
    """An error as a reason."""
    text = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."


def _copied(result: Result, row: int) -> Result:
    return replace(result, row=int(row), seconds=0.0, same_as=result.row, outcomes=(), listed=())


def _refines(finer: Components, coarser: Components) -> bool:
    """Whether every group of regions lies within one of the others: then those may be answered one by one."""
    return all(any(set(group) <= set(other) for other in coarser) for group in finer)
