"""The store of a study: a folder that holds what was asked, what has been answered, and both as Parquet.

    study.json       what the study is, with the format of the folder and the hashes by which a change is known
    study.yaml       a copy of the study file
    design.parquet   a line per row: the values of its factors
    journal/*.jsonl  a line per finished task (row and component), one file per shard; only ever added to
    status.parquet, outcomes.parquet, listed.parquet
                     the journals put together, sorted by row; written whole by `consolidate`
    tables.json      the journals that they were made of, with the length of each and how it ends

Every table's columns stand in `columns.COLUMNS`.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq

from optimiser.errors import Fault, InputError, OptimiserError
from optimiser.run_folder import versions
from optimiser.storage import being_written, settle, whole_folder, write_whole
from optimiser.study.columns import COLUMNS, RESULTS, Sheet, design_file
from optimiser.study.content import case_digests, component_name
from optimiser.study.journal import CHECK, Journal, records
from optimiser.texts import say

if TYPE_CHECKING:
    from optimiser.study.spec import Study

__all__ = ["COLUMNS", "FORMAT", "MARK", "Result", "Store", "Task", "shard_rows"]

FORMAT = 1  # of the folder; another number is another format, and this program reads only its own
MARK = "study.json"  # the file by which such a folder is known
MADE_OF = "tables.json"
TRIES, MOMENT = 100, 0.1  # to make a folder that others make too, and seconds between two of them
Shard = tuple[int, int]  # number from 1, of how many
Key = tuple[int, str]  # row, component


@dataclass(frozen=True)
class Task:
    """One component of one row, to be answered: the values of the row's factors, and the hash of what it is about."""

    row: int
    component: tuple[str, ...]
    content: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Result:
    """What a task came to; the columns of `status`, with the lines of `outcomes` and `listed` that belong to it.

    `content` is the hash of what the component's model saw; where `same_as` names a row, that row has the lines.
    """

    row: int
    component: str
    content: str
    status: str
    reason: str = ""
    gap: float = math.nan
    seconds: float = 0.0
    same_as: int = -1
    outcomes: tuple[tuple[str, str, float, float], ...] = ()
    listed: tuple[tuple[str, str, int, float, float], ...] = ()


class Store:
    """A study's folder; open one with `Store.create`, `Store.open` or `Store.at`.

    Attributes
    ----------
    folder : Path
    about : dict
        What stands in study.json.
    """

    def __init__(self, folder: Path, about: dict[str, Any]):
        self.folder, self.about = folder, about
        self._journal: Journal | None = None

    @classmethod
    def create(cls, folder: Path | str, study: Study, design: pd.DataFrame) -> Store:
        """Make the folder of a study, whole or not at all.

        Raises
        ------
        InputError
            When something stands there already, or it can't be written.
        """
        folder = Path(folder)
        settings = study.settings
        about = {
            "format": FORMAT, "title": study.title, "reason": study.reason, "source": study.source,
            "study": study.digest, "case": study.case_digest, "tables": case_digests(study.problem),
            "file": _relative(study.path, folder), "design": settings.design.kind, "seed": settings.seed,
            "gap": settings.gap, "time_limit": settings.time_limit, "rows": len(design),
            "components": [list(component) for component in study.components],
            "titles": {region: study.problem.title("regions", region) for region in study.problem.regions},
            "factors": [{name: getattr(factor, name) for name in ("name", "kind", "words", "low", "high", "group")}
                        for factor in study.factors],
            "versions": versions(),
        }
        with whole_folder(folder, mark=MARK) as part:
            (part / MARK).write_text(json.dumps(about, indent=2, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
            (part / "study.yaml").write_bytes(Path(study.path).read_bytes())
            (part / "design.parquet").write_bytes(design_file(design, _metadata(about)))
        return cls(folder, about)

    @classmethod
    def open(cls, folder: Path | str) -> Store:
        """The store in a folder.

        Raises
        ------
        InputError
            When there is none, or one of another format.
        """
        folder = Path(folder)
        if not folder.exists():
            settle(folder)
        path = folder / MARK
        try:
            about = json.loads(path.read_text("utf-8"))
            found = about["format"]
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError([Fault(str(folder), 0, "", say("study_run.no_store"), say("study_run.a_store"),
                                    say("study_run.no_store_hint"))]) from None
        if found != FORMAT:
            raise InputError([Fault(str(path), 0, "format", repr(found), str(FORMAT), say("study_run.format_hint"))])
        return cls(folder, about)

    @classmethod
    def at(cls, folder: Path | str, study: Study, design: pd.DataFrame) -> Store:
        """The store in a folder, made where there is none; of several runs that begin at once, one makes it.

        Raises
        ------
        InputError
            When the folder holds something else, another study or another format, or can't be written.
        """
        folder = Path(folder)
        for left in reversed(range(TRIES)):
            if (folder / MARK).exists():
                break
            try:
                return cls.create(folder, study, design)
            except InputError:
                if not left or not (being_written(folder) or (folder / MARK).exists()):
                    raise
                time.sleep(MOMENT)
        store = cls.open(folder)
        store.refuse_change(study, design)
        return store

    def refuse_change(self, study: Study, design: pd.DataFrame | None = None) -> None:
        """Refuse to go on with another study than the one this folder was begun with.

        Raises
        ------
        InputError
            One line that says what has changed; nothing of the folder is touched.
        """
        if self.about["study"] != study.digest:
            was, now = self.about["tables"], case_digests(study.problem)
            changed = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
            if (self.folder / "study.yaml").read_bytes() != Path(study.path).read_bytes() or not changed:
                changed.insert(0, say("study_run.study_file"))
            got = say("study_run.changed", names=", ".join(changed))
        elif design is not None and design_file(design, self.metadata) != self._path("design").read_bytes():
            got = say("study_run.design_changed")
        else:
            return
        raise InputError([Fault(str(study.path), 0, "", got, say("study_run.unchanged", folder=self.folder),
                                say("study_run.changed_hint"))])

    # Answers as they come ---------------------------------------------------------------------------------------

    @contextmanager
    def adding(self, shard: Shard = (1, 1)) -> Iterator[None]:
        """Keep a shard's journal open for `append`; nobody else can while this lasts.

        Raises
        ------
        InputError
            When another run works on the same shard.
        """
        number, of = shard
        path = self.folder / "journal" / f"shard-{number}-of-{of}.jsonl"
        with Journal(path, {"study": self.about["study"], "case": self.about["case"], "shard": [number, of]}) as opened:
            self._journal = opened
            try:
                yield
            finally:
                self._journal = None

    def append(self, result: Result, at: float = 0.0) -> None:
        """Keep a result; it is on disk when this returns. `at` is the time, in seconds of Unix."""
        assert self._journal is not None, "within `adding` only"
        self._journal.add(asdict(result) | {"gap": None if math.isnan(result.gap) else result.gap, "at": at,
                                            "outcomes": [[*line[:3], _finite(line[3])] for line in result.outcomes]})

    def journals(self) -> list[Path]:
        """The journals, in order of their names."""
        return sorted((self.folder / "journal").glob("*.jsonl"))

    def records(self, lines: bool = True) -> Iterator[dict[str, Any]]:
        """What the journals hold, as it was written; of a task that stands there several times, the latest answer.

        Parameters
        ----------
        lines : bool
            Without, `outcomes` and `listed` are left empty, which spares memory.
        """
        known: dict[Key, dict[str, Any]] = {}
        for path in self.journals():
            for record in records(path):
                key = record.get("row", -1), record.get("component", "")
                if key[1] and not (key in known and known[key]["at"] > record["at"]):
                    known[key] = record if lines else record | {"outcomes": (), "listed": ()}
        yield from known.values()

    def results(self) -> Iterator[Result]:
        """Every result in the order of rows and components.

        Of rows that a component's model sees alike, whichever shards they were answered in, the first one's answer
        stands for all: so shards put together equal the whole.
        """
        held = {(record["row"], record["component"]): record for record in self.records()}
        first: dict[tuple[str, str], Key] = {}
        for key in sorted(held, key=lambda key: (held[key]["status"] == "failed", key)):
            if held[key]["same_as"] < 0 and held[key]["content"]:
                first.setdefault((key[1], held[key]["content"]), key)
        for key in sorted(held):
            source = first.get((key[1], held[key]["content"]), key)
            result = _result(held[source])
            yield result if source == key else replace(result, row=key[0], same_as=source[0], seconds=0.0)

    def asked(self) -> Iterator[Result]:
        """Every result as it was kept, without its lines: enough to know what is left to be answered."""
        return map(_result, self.records(lines=False))

    def done(self) -> set[Key]:
        """Row and component of everything that has an answer."""
        return {(record["row"], record["component"]) for record in self.records(lines=False)}

    # Tables -----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Consolidate, unless the tables were made of the journals as they stand."""
        path = self.folder / MADE_OF
        made = path.is_file() and all(self._path(name).is_file() for name in RESULTS)
        if not made or path.read_bytes() != self._stamp():
            self.consolidate()

    def _stamp(self) -> bytes:
        """By which a change of the journals is known: how long each is, and the checksum it ends in."""
        told = {}
        for path in self.journals():
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(size - CHECK - 1, 0))
                told[path.name] = [size, file.read().decode(errors="replace").strip()]
        return json.dumps(told, indent=1).encode()

    def consolidate(self) -> None:
        """Write what the journals hold as Parquet: each table the old one or the new one, never half of it.

        Raises
        ------
        OptimiserError
            When the disk is full or fails.
        """
        stamp = self._stamp()  # before they are read: what is added meanwhile makes it an old one
        sheets = {name: Sheet(name, self.metadata) for name in RESULTS}
        for result in self.results():
            row = result.row
            sheets["status"].add([(row, result.component, result.status, result.reason, result.gap, result.seconds,
                                   result.same_as)])
            sheets["outcomes"].add((row, *line) for line in sorted(result.outcomes))
            sheets["listed"].add((row, *line) for line in sorted(result.listed))
        try:
            write_whole({self._path(name): sheet.done() for name, sheet in sheets.items()}
                        | {self.folder / MADE_OF: stamp})
        except OSError as error:
            raise OptimiserError(say("study_run.disk", file=error.filename, reason=error.strerror)) from None

    @property
    def design(self) -> pd.DataFrame:
        """The rows; see `columns.COLUMNS`."""
        return self._read("design")

    @property
    def status(self) -> pd.DataFrame:
        """How every task ended; see `columns.COLUMNS`."""
        return self._read("status")

    @property
    def outcomes(self) -> pd.DataFrame:
        """What every row comes to; see `columns.COLUMNS`."""
        return self._read("outcomes")

    @property
    def listed(self) -> pd.DataFrame:
        """What every row lists; see `columns.COLUMNS`."""
        return self._read("listed")

    @property
    def regret(self) -> pd.DataFrame | None:
        """What the lists of a contest come to (`contest.contest`); None where none was held."""
        return self._read("regret") if self._path("regret").exists() else None

    @property
    def study_file(self) -> Path:
        """Where the study file stands, if neither it nor the folder has moved."""
        return Path(os.path.normpath(self.folder / self.about["file"]))

    @cached_property
    def metadata(self) -> dict[str, str]:
        """What every Parquet file of the folder says of itself."""
        return _metadata(self.about)

    @property
    def components(self) -> tuple[tuple[str, ...], ...]:
        """Regions that are solved together."""
        return tuple(tuple(component) for component in self.about["components"])

    def title(self, component: str) -> str:
        """A component's regions with their titles: `Flanders (BE2)`."""
        titles = self.about.get("titles", {})
        return ", ".join(f"{titles[code]} ({code})" if titles.get(code, code) != code else code
                         for code in component.split("-")) if titles else component

    @property
    def names(self) -> tuple[str, ...]:
        """What the components are called."""
        return tuple(map(component_name, self.components))

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def _read(self, name: str) -> pd.DataFrame:
        path = self._path(name)
        if name in RESULTS and not path.exists():
            self.consolidate()
        table = pq.read_table(path)
        found = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        if found != self.metadata:
            raise InputError([Fault(str(path), 0, "", say("study_run.other_table"), say("study_run.own_table"),
                                    say("study_run.other_table_hint"))])
        return table.to_pandas()


def shard_rows(design: pd.DataFrame, shard: Shard) -> pd.DataFrame:
    """Every n-th row of a design, from the k-th on, for shard k of n."""
    number, of = shard
    return design.iloc[number - 1::of]


def _metadata(about: Mapping[str, Any]) -> dict[str, str]:
    return {"format": str(FORMAT), "study": about["study"], "case": about["case"]}


def _relative(path: Path | str, folder: Path) -> str:
    """Where the study file stands, seen from the folder: both may move together."""
    return os.path.relpath(Path(path).resolve(), folder.resolve())


def _result(record: Mapping[str, Any]) -> Result:
    gap = math.nan if record["gap"] is None else float(record["gap"])
    outcomes = tuple((r, name, float(value), math.nan if bound is None else float(bound))
                     for r, name, value, bound in record["outcomes"])
    listed = tuple((r, o, int(e), float(quota), float(filled)) for r, o, e, quota, filled in record["listed"])
    return Result(record["row"], record["component"], record["content"], record["status"], record["reason"], gap,
                  float(record["seconds"]), record["same_as"], outcomes, listed)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
