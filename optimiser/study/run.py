"""Run a study: every row's every component is answered once, and kept the moment it is.

Whatever ends a run, the next one goes on where it was: nothing that was kept is asked again, but on request (`retry`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optimiser.errors import Fault, InputError
from optimiser.study.agenda import Agenda, failed
from optimiser.study.crew import Cluster, Crew, Lost, OneMachine, answered
from optimiser.study.store import Shard, Store, shard_rows
from optimiser.study.work import taught
from optimiser.texts import say

if TYPE_CHECKING:
    from optimiser.study.spec import Study


RETRIED = ("failed", "time_limit", "work_limit")  # statuses that another try may change


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    done, total : int
        Tasks (a component of a row each) of the shard that have an answer, and all of them.
    failed : int
        Of those done, the ones that failed.
    rate : float
        Answers per second since this run began; 0 before the first.
    seconds_left : float or None
        At that rate; None before the first answer.
    """

    done: int
    total: int
    failed: int
    rate: float
    seconds_left: float | None


def run(store: Store, study: Study, *, jobs: int = 2, dask: str | None = None, shard: Shard = (1, 1),
        retry: Collection[str] = (), on_progress: Callable[[Progress], None] | None = None,
        crew: Crew | None = None) -> None:
    """Answer what is left of a study, and put the answers into its tables.

    A task that fails, has no plan or runs out of time is a result. One whose worker dies is tried once more, alone in a
    fresh process, when all others are done; if that dies too, the task has failed.

    Parameters
    ----------
    store, study
        Where the answers go, and what they answer.
    jobs : int
        Processes on this machine.
    dask : str, optional
        Address of a Dask scheduler, whose workers answer instead.
    shard : (k, n)
        Only every n-th row, from the k-th on.
    retry : collection of str
        Statuses (of `RETRIED`): what ended so in an earlier run is asked again, and the new answer replaces it.
    on_progress : callable, optional
        Called with a `Progress` at the start and after every answer.
    crew : Crew, optional
        Who answers, instead of processes on this machine or a cluster.

    Raises
    ------
    InputError
        When study or case have changed since the store was made, another run works on the same shard, or `retry` has
        a status that would end the same way.
    KeyboardInterrupt
        After Ctrl-C, when what was answered so far is in the tables.
    """
    from optimiser.study.factors import Variants

    refuse_retry(retry)
    store.refuse_change(study)
    with store.adding(shard):
        done = [result for result in store.asked() if result.status not in retry]
        agenda = Agenda(shard_rows(store.design, shard), store.components, Variants(study).problem, done)
        counter = _Counter(agenda, on_progress)
        counter.tell()
        try:
            crew = crew or _crew(study, jobs, dask, agenda.before < agenda.total)
            counter.begin()
            _answer_all(store, agenda, crew, counter)
        finally:
            if crew is not None:
                crew.close()
            store.consolidate()


def _crew(study: Study, jobs: int, dask: str | None, work_left: bool) -> Crew:
    """Who answers: the workers of a cluster, each of which learns the base case by itself, or processes here."""
    if dask:
        return Cluster(study, dask)
    return OneMachine(taught(study, jobs) if work_left else study, jobs)


def refuse_retry(statuses: Collection[str]) -> None:
    """Refuse to ask again what is proved, or a status that doesn't exist.

    Raises
    ------
    InputError
    """
    if strange := [status for status in statuses if status not in RETRIED]:
        raise InputError([Fault("--retry", 0, "", ", ".join(map(repr, strange)), ", ".join(RETRIED),
                                say("study_run.retry_hint"))])


def _answer_all(store: Store, agenda: Agenda, crew: Crew, counter: _Counter) -> None:
    def settle() -> None:
        for result in agenda.ready():
            store.append(result, time.time())
            counter.count()

    for task, result in answered(crew, agenda.tasks()):
        agenda.answered(failed(task, result.reason) if isinstance(result, Lost) else result)
        settle()
    settle()


class _Counter:
    """Counts answers and tells of it."""

    def __init__(self, agenda: Agenda, on_progress: Callable[[Progress], None] | None):
        self._agenda, self._tell = agenda, on_progress
        self._began, self._new = time.monotonic(), 0

    def begin(self) -> None:
        """From now on answers are counted against the clock."""
        self._began = time.monotonic()

    def count(self) -> None:
        self._new += 1
        self.tell()

    def tell(self) -> None:
        if self._tell:
            done, total = self._agenda.before + self._new, self._agenda.total
            rate = self._new / max(time.monotonic() - self._began, 1e-9)
            self._tell(Progress(done, total, self._agenda.failed, rate, (total - done) / rate if rate else None))
