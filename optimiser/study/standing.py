"""How a study stands: what is done, what failed and why, how fast it goes; and folders of shards put together."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.storage import whole_folder
from optimiser.study.columns import STATUSES
from optimiser.study.journal import is_open, records
from optimiser.study.store import MARK, Store
from optimiser.texts import say

REASONS = 3  # the most common ones are told
LATEST = 100  # answers by which the rate is measured


@dataclass(frozen=True)
class Standing:
    """How a study stands.

    Attributes
    ----------
    components : DataFrame
        component, done, total, reused (of those done), and a column per status with their number.
    reasons : list of (reason, count)
        Why tasks failed: the most common reasons.
    shards : DataFrame
        shard (`3/16`), done, total, running; one line per journal.
    rate : float
        Answers per minute by the latest hundred; NaN with fewer than two.
    """

    components: pd.DataFrame
    reasons: list[tuple[str, int]]
    shards: pd.DataFrame = field(repr=False)
    rate: float

    @property
    def complete(self) -> bool:
        """Whether every row of the study has all its answers."""
        return bool((self.components["done"] == self.components["total"]).all())

    @property
    def shards_complete(self) -> bool:
        """Whether every shard that was begun in this folder is done."""
        return len(self.shards) > 0 and bool((self.shards["done"] == self.shards["total"]).all())

    @property
    def running(self) -> bool:
        """Whether a run is at work on it now."""
        return bool(self.shards["running"].any())


def standing(store: Store) -> Standing:
    """How the study in a folder stands, from its journals; runs that are at work don't mind."""
    total, names = int(store.about["rows"]), store.names
    counts = {name: Counter[str]() for name in names}
    reasons, moments, shards = Counter[str](), [], []
    for path in store.journals():
        here: set[tuple[int, str]] = set()
        for record in records(path):
            if "row" not in record:
                shards.append(_shard(store, record["shard"], path) | {"done": here})
            else:
                here.add((record["row"], record["component"]))
                moments.append(record["at"])
    for record in store.records(lines=False):
        counts[record["component"]][record["status"]] += 1
        counts[record["component"]]["reused"] += record["same_as"] >= 0
        reasons[record["reason"]] += record["status"] == "failed"
    lines = [{"component": name, "done": sum(found[status] for status in STATUSES), "total": total,
              "reused": found["reused"]} | {status: found[status] for status in STATUSES}
             for name, found in counts.items()]
    shards = [shard | {"done": len(shard["done"])} for shard in shards]
    told = pd.DataFrame(shards, columns=["shard", "done", "total", "running"]).astype({"running": bool})
    return Standing(pd.DataFrame(lines), [(reason, count) for reason, count in reasons.most_common(REASONS) if count],
                    told, _rate(moments))


def _shard(store: Store, shard: tuple[int, int], path: Path) -> dict[str, Any]:
    number, of = shard
    rows = len(range(number - 1, int(store.about["rows"]), of))
    return {"shard": f"{number}/{of}", "total": rows * len(store.components), "running": is_open(path)}


def _rate(moments: list[float]) -> float:
    latest = sorted(moments)[-LATEST:]
    passed = latest[-1] - latest[0] if latest else 0.0
    return 60 * (len(latest) - 1) / passed if passed > 0 else float("nan")


def gather(folders: Sequence[Path | str], out: Path | str) -> Store:
    """Put the folders in which the shards of one study were run into one, with its tables.

    Parameters
    ----------
    folders : sequence of Path or str
        Folders of the same study, each with any of its shards.
    out : Path or str
        Must not exist.

    Raises
    ------
    InputError
        When a folder is none of a study, or of another study or case than the first one, or is being run.
    """
    stores = [Store.open(folder) for folder in folders]
    faults = [fault for store in stores for fault in _strange(store, stores[0])]
    if faults:
        raise InputError(faults)
    with whole_folder(out, mark=MARK) as part:
        for name in (MARK, "study.yaml", "design.parquet"):
            shutil.copyfile(stores[0].folder / name, part / name)
        (part / "journal").mkdir()
        for number, path in enumerate((path for store in stores for path in store.journals()), start=1):
            shutil.copyfile(path, part / "journal" / _free(part / "journal", path, number))
        Store.open(part).consolidate()
    return Store.open(out)


def _free(folder: Path, path: Path, number: int) -> str:
    """The name of a journal, or another where the name is taken."""
    return path.name if not (folder / path.name).exists() else f"{path.stem}-{number}.jsonl"


def _strange(store: Store, first: Store) -> list[Fault]:
    def of(one: Store, name: str) -> Any:
        return one.about[name]

    differ = [name for name in ("study", "case") if of(store, name) != of(first, name)]
    faults = [Fault(str(store.folder / MARK), 0, name, str(of(store, name)),
                    say("study_run.same_as_first", value=of(first, name), folder=first.folder),
                    say("study_run.same_as_first_hint")) for name in differ]
    if not faults and (store.folder / "design.parquet").read_bytes() != (first.folder / "design.parquet").read_bytes():
        faults.append(Fault(str(store.folder / "design.parquet"), 0, "", say("study_run.other_rows"),
                            say("study_run.same_rows", folder=first.folder), say("study_run.same_as_first_hint")))
    return faults + [Fault(str(path), 0, "", say("study_run.running"), say("study_run.ended"),
                           say("study_run.wait")) for path in store.journals() if is_open(path)]
