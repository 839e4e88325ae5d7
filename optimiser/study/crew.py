"""Who answers the tasks: processes on this machine (joblib's loky), or the workers of a Dask cluster.

Both hand out few tasks at a time and give back each as it ends. A task whose worker died comes back as `Lost`. Workers
solve with one thread; each keeps what it learned from one task to the next.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from joblib.externals.loky import ProcessPoolExecutor

from optimiser.errors import Fault, InputError, OptimiserError
from optimiser.study.agenda import in_a_line
from optimiser.study.store import Result, Task
from optimiser.study.work import answer
from optimiser.texts import say

if TYPE_CHECKING:
    from distributed import Client

    from optimiser.study.spec import Study

Work = Callable[[Any, Task], Result]
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR", "VECLIB_MAXIMUM")}
LOOK = 0.5  # seconds between two looks of a worker whether its parent still lives
PATIENCE = 60.0  # seconds to wait for the workers of a cluster
MOST_DEATHS = 5  # in a row, without an answer between them
CONNECT = 10.0  # seconds to wait for its scheduler


@dataclass(frozen=True)
class Lost:
    """A task whose worker died, and what is known of it."""

    reason: str


class Crew(Protocol):
    """Whoever answers tasks."""

    def answers(self, tasks: Iterator[Task], alone: bool = False) -> Iterator[tuple[Task, Result | Lost]]:
        """The tasks with what became of them, in the order in which they end; `alone`: one at a time, each fresh."""
        ...

    def close(self) -> None:
        """End whatever is still being answered."""
        ...


def answered(crew: Crew, tasks: Iterator[Task]) -> Iterator[tuple[Task, Result | Lost]]:
    """The tasks with what became of them; one whose worker died is tried once more, alone, when the others are done."""
    lost: list[Task] = []
    for task, result in crew.answers(tasks):
        if isinstance(result, Lost):
            lost.append(task)
        else:
            yield task, result
    yield from crew.answers(iter(sorted(lost, key=lambda task: (task.row, task.component))), alone=True)


class OneMachine:
    """Worker processes on this machine.

    Parameters
    ----------
    study : Study
        Given to every worker once.
    jobs : int
        How many processes.
    work : callable
        `work(study, task)` gives the task's Result.
    """

    def __init__(self, study: Study, jobs: int, work: Work = answer):
        self._study, self._jobs, self._work = study, jobs, work
        self._executor: ProcessPoolExecutor | None = None
        self._busy, self._deaths = False, 0

    def answers(self, tasks: Iterator[Task], alone: bool = False) -> Iterator[tuple[Task, Result | Lost]]:
        most = 1 if alone else self._jobs + 1  # one waits, so that no worker does
        flying: dict[Future[Result], Task] = {}
        while True:
            while len(flying) < most and (task := next(tasks, None)) is not None:
                flying[self._submitted(task, alone)] = task
            self._busy = bool(flying)
            if not flying:
                return
            done = wait(flying, return_when=FIRST_COMPLETED).done
            broken = any(isinstance(future.exception(), BrokenProcessPool) for future in done)
            if not broken:
                self._deaths = 0
            else:
                done = wait(flying).done  # where one worker died, loky ends the others
            if broken and not alone:
                self._count_deaths(done)
            for future in done:
                error = future.exception()
                yield flying.pop(future), Lost(_how(error)) if error else future.result()
            if broken or alone:
                self.close()

    def _count_deaths(self, done: set[Future[Result]]) -> None:
        """Give up when workers die again and again and nothing is answered: that is no matter of single tasks."""
        self._deaths = self._deaths + 1 if all(future.exception() for future in done) else 0
        if self._deaths >= MOST_DEATHS:
            raise OptimiserError(say("study_run.all_die", reason=_how(next(iter(done)).exception())))

    def _submitted(self, task: Task, alone: bool) -> Future[Result]:
        """The task, in the hands of the workers there are; of new ones when these have died."""
        for _ in range(2):
            if self._executor is None:
                warnings.filterwarnings("ignore", message="A worker stopped while some jobs")  # it begins anew
                self._executor = ProcessPoolExecutor(1 if alone else self._jobs, env=ONE_THREAD, initializer=_begin,
                                                     initargs=(pickle.dumps(self._study), os.getpid()))
            with suppress(BrokenProcessPool):
                return self._executor.submit(_answer_here, self._work, task)
            self.close()
        raise OptimiserError(say("study_run.no_worker_starts"))

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=self._busy)
            self._executor = None


_given: list[Any] = []  # the study of this worker process


def _begin(study: bytes, parent: int) -> None:
    """The first thing a worker does: Ctrl-C is the parent's to heed, and without a parent nobody wants an answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    multiprocessing.set_start_method("fork", force=True)  # or Pyomo's lock would outlive a worker that is ended
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the solver greets on standard output
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    _given[:] = [pickle.loads(study)]


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os._exit(1)


def _answer_here(work: Work, task: Task) -> Result:
    return work(_given[0], task)


def _how(error: BaseException | None) -> str:
    """What is known of the end of a worker: the exit codes stand at the end of what joblib says."""
    if error is not None and type(error).__name__ not in ("TerminatedWorkerError", "KilledWorker"):
        return in_a_line(error)
    codes = str(error).partition("{")[2].partition("}")[0]
    return say("study_run.worker_died", codes=codes or say("study_run.no_code"))


class Cluster:
    """The workers of a Dask cluster, each with one thread.

    Raises
    ------
    InputError
        When nobody answers at the address, no worker comes, or a worker has several threads.
    """

    def __init__(self, study: Study, address: str, work: Work = answer):
        self._work, self._client = work, _connected(address)
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
            if any(threads > 1 for threads in self._threads().values()):
                raise InputError([Fault(address, 0, "", say("study_run.threads"), say("study_run.one_thread"),
                                        say("study_run.threads_hint"))])
        except TimeoutError:
            self.close()
            raise InputError([Fault(address, 0, "", say("study_run.no_workers"), say("study_run.a_worker"),
                                    say("study_run.no_workers_hint"))]) from None
        except BaseException:
            self.close()
            raise
        # A task that anybody can do again, should every worker that holds the study die.
        self._study = self._client.submit(pickle.loads, pickle.dumps(study), key=f"study-{study.digest}", pure=True)

    def answers(self, tasks: Iterator[Task], alone: bool = False) -> Iterator[tuple[Task, Result | Lost]]:
        from distributed import as_completed

        flying: dict[Any, Task] = {}
        futures: Any = as_completed(loop=self._client.loop)
        while True:
            most = 1 if alone else len(self._threads()) + 1
            while len(flying) < most and (task := next(tasks, None)) is not None:
                future = self._client.submit(self._work, self._study, task, pure=False)
                flying[future.key] = task
                futures.add(future)
            if not flying:
                return
            future = next(futures)
            task = flying.pop(future.key)
            if future.status == "finished":
                yield task, future.result()
            elif future.status == "error":
                yield task, Lost(_how(future.exception()))
            else:
                raise OptimiserError(say("study_run.cluster_gone"))

    def _threads(self) -> dict[str, int]:
        """Threads of every worker there is now."""
        return cast(dict[str, int], self._client.nthreads())

    def close(self) -> None:
        self._client.close()


def _connected(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise InputError([Fault("--dask", 0, "", say("study_run.no_dask"), say("study_run.dask"),
                                say("study_run.no_dask_hint"))]) from None
    try:
        return Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError([Fault(address, 0, "", in_a_line(error), say("study_run.scheduler"),
                                say("study_run.scheduler_hint"))]) from None
