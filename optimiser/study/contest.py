"""A contest of lists: what each of some lists comes to in the worlds of a study, when it is kept whatever happens.

Who contends: the list of the base case, lists that somebody drew up (files of the study), and the most typical lists
that the study found. How much each of them leaves unfilled beyond the best list of a world is its regret there.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.explore.beside.given import read_list
from optimiser.storage import write_whole
from optimiser.study.agenda import failed, in_a_line
from optimiser.study.answer import Tried
from optimiser.study.columns import Sheet
from optimiser.study.content import component_name
from optimiser.study.crew import Cluster, Crew, Lost, OneMachine, answered
from optimiser.study.journal import Journal, records
from optimiser.study.run import Progress
from optimiser.study.store import Result, Store, Task
from optimiser.study.work import desk
from optimiser.texts import say

if TYPE_CHECKING:
    from optimiser.study.spec import Study

Key = tuple[str, str, int]
Contenders = dict[str, dict[str, Tried]]  # component -> name -> lists
BASE = "base"


def contest(store: Store, study: Study, *, jobs: int = 2, dask: str | None = None,
            on_progress: Callable[[Progress], None] | None = None) -> None:
    """Hold a contest, or go on with it, and write `regret.parquet` and `lists.parquet` into the study's folder.

    Parameters
    ----------
    store, study
        A study of which every row is answered.
    jobs, dask, on_progress
        See `run.run`.

    Raises
    ------
    InputError
        When rows are still to be answered, a region's first aim is not `unfilled`, a list file has faults, or another
        contest is being held in the folder.
    KeyboardInterrupt
        After Ctrl-C, when what was answered so far is in the tables.
    """
    for component in store.components:
        aims = {study.problem.rules(r).objectives[0].name for r in component}
        if aims != {"unfilled"}:
            raise InputError([Fault(str(study.settings.config), 0, f"regions.{component[0]}.objectives",
                                    say("study.other_aim", aims=", ".join(sorted(aims))), say("study.unfilled_first"),
                                    say("study.unfilled_hint"))])
    if missing := store.about["rows"] * len(store.components) - len(store.done()):
        raise InputError([Fault(str(store.folder), 0, "", say("study.rows_missing", n=missing),
                                say("study.rows_all"), say("study.rows_hint", file=store.study_file))])
    lists = contenders(store, study)
    rows = worlds(store, study)
    name = _digest(lists)
    path = store.folder / "contest" / f"{name}.jsonl"
    crew: Crew = (Cluster(study, dask, partial(bout, lists)) if dask
                  else OneMachine(study, jobs, partial(bout, lists)))
    with Journal(path, {"study": store.about["study"], "lists": name}) as journal:
        done = {(record["row"], record["component"]) for record in records(path) if "row" in record}
        tasks = [task for task in _tasks(store, rows) if (task.row, component_name(task.component)) not in done]
        began, unanswered = time.monotonic(), 0
        try:
            for count, (task, result) in enumerate(answered(crew, iter(tasks)), start=1):
                kept = failed(task, result.reason) if isinstance(result, Lost) else result
                unanswered += kept.status == "failed"
                journal.add(_record(kept))
                if on_progress:
                    rate = count / max(time.monotonic() - began, 1e-9)
                    on_progress(Progress(len(done) + count, len(done) + len(tasks), unanswered, rate,
                                         (len(tasks) - count) / rate))
        finally:
            crew.close()
            _write(store, lists, list(records(path)))


def bout(lists: Contenders, study: Study, task: Task) -> Result:
    """All contenders of a component in the world of a row; what goes wrong is the result's reason."""
    component = component_name(task.component)
    try:
        variants, answering = desk(study)
        kept = answering.keep(variants.problem(task.values), task.component, lists[component])
    except Exception as error:
        return failed(task, in_a_line(error))
    return Result(task.row, component, "", "optimal",
                  outcomes=tuple((component, each.name, each.value, each.bound) for each in kept))


def worlds(store: Store, study: Study) -> pd.DataFrame:
    """The rows whose worlds the lists are tried in: the first ones of the sample, as many as the study says."""
    design = store.design
    sample = design[design["sample"]]
    most = study.settings.regret.rows if study.settings.regret else None
    return sample if most is None else sample.iloc[:most]


def _tasks(store: Store, rows: pd.DataFrame) -> Iterator[Task]:
    factors = [str(name) for name in rows.columns if name not in ("row", "sample")]
    for row, numbers in zip(map(int, rows["row"]), rows[factors].to_numpy(float), strict=True):
        values = dict(zip(factors, numbers.tolist(), strict=True))
        for component in store.components:
            yield Task(row, component, "", values)


# Who contends ------------------------------------------------------------------------------------------------------


def contenders(store: Store, study: Study) -> Contenders:
    """The lists of each component: `base`, `row N` of the most typical ones found, and those of the study's files."""
    settings = study.settings.regret
    files = [read_list(study.problem, study.path.parent / name) for name in (settings.lists if settings else ())]
    most = settings.most if settings else 10
    listed, status = store.listed, store.status
    same = dict(zip(zip(status["row"], status["component"], strict=True), status["same_as"], strict=True))
    found: Contenders = {}
    for component in store.components:
        name = component_name(component)
        here = listed[listed["region"].isin(component)]
        lists = _lists_of(here, {row for (row, of), source in same.items() if of == name and source < 0})
        mine: dict[str, Tried] = {BASE: Tried(lists[0])} if 0 in lists else {}
        rest = {row: one for row, one in lists.items() if one not in {tried.listed for tried in mine.values()}}
        mine |= {f"row {row}": Tried(rest[row]) for row in typical(rest, most)}
        mine |= {given.name: Tried(frozenset(key for key in given.listed if key[0] in component), official=True)
                 for given in files if set(given.regions) >= set(component)}
        found[name] = mine
    return found


def _lists_of(listed: pd.DataFrame, rows: set[int]) -> dict[int, frozenset[Key]]:
    """The lists of some rows, in order."""
    found: dict[int, set[Key]] = {}
    for row, region, occupation, review in listed[["row", "region", "occupation", "review"]].to_numpy().tolist():
        if row in rows:
            found.setdefault(row, set()).add((region, occupation, review))
    return {row: frozenset(found[row]) for row in sorted(found)}


def typical(lists: Mapping[int, frozenset[Key]], most: int) -> list[int]:
    """The rows whose lists stand best for all: each next one brings all lists nearest to one that is chosen.

    The greedy start of k-medoids (BUILD; Kaufman & Rousseeuw 1990), the distance being the number of entries by which
    two lists differ. Of equals the first row is taken.

    Parameters
    ----------
    lists : mapping row -> entries
    most : int
        How many at most; fewer when there are fewer different lists.
    """
    rows = sorted(lists)
    entries = sorted(frozenset().union(*lists.values())) if lists else []
    held = np.array([[key in lists[row] for key in entries] for row in rows], dtype=float)
    if not len(held):
        return []
    sizes = held.sum(axis=1)
    apart = sizes[:, None] + sizes[None, :] - 2 * held @ held.T
    chosen: list[int] = []
    nearest = np.full(len(rows), np.inf)
    while len(chosen) < most:
        totals = np.minimum(nearest[None, :], apart).sum(axis=1)
        best = int(totals.argmin())
        if chosen and totals[best] >= nearest.sum():
            break
        chosen.append(best)
        nearest = np.minimum(nearest, apart[best])
    return [rows[i] for i in chosen]


def _record(result: Result) -> dict[str, Any]:
    """A result as it is kept: value and bound of each list, both missing where it has no plan."""
    tried = [[name, *(number if math.isfinite(number) else None for number in (value, bound)), value == math.inf]
             for _, name, value, bound in result.outcomes]
    return {"row": result.row, "component": result.component, "reason": result.reason, "tried": tried}


def _digest(lists: Contenders) -> str:
    told = {component: {name: [sorted(tried.listed), tried.official] for name, tried in mine.items()}
            for component, mine in lists.items()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _write(store: Store, lists: Contenders, found: list[dict[str, Any]]) -> None:
    """Both tables, whole, sorted."""
    sheets = {name: Sheet(name, store.metadata) for name in ("regret", "lists")}
    for record in sorted((r for r in found if "row" in r), key=lambda r: (r["row"], r["component"])):
        for name, value, bound, no_plan in record["tried"]:
            missing = math.inf if no_plan else math.nan
            sheets["regret"].add([(record["row"], record["component"], name, missing if value is None else value,
                                   missing if bound is None else bound)])
    for component, mine in lists.items():
        for name, tried in mine.items():
            sheets["lists"].add((component, name, *key) for key in sorted(tried.listed))
    write_whole({store.folder / f"{name}.parquet": sheet.done() for name, sheet in sheets.items()})
