"""Contests of lists: who contends, what each comes to, kept when interrupted."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twovalleys import Here, begun, quick

from optimiser.errors import InputError
from optimiser.study import contest as contests
from optimiser.study.contest import contenders, contest, typical
from optimiser.study.factors import Variants
from optimiser.study.run import run
from optimiser.study.store import Store
from optimiser.study.work import answer


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(contests, "OneMachine", lambda study, jobs, work: Here(study, work))
    yield


def entries(*codes: str) -> frozenset[tuple[str, str, int]]:
    return frozenset(("R", code, 1) for code in codes)


def apart(lists: dict[int, frozenset[Any]], chosen: tuple[int, ...]) -> int:
    return sum(min(len(one ^ lists[row]) for row in chosen) for one in lists.values())


def test_typical_lists_by_hand() -> None:
    """Three alike and one apart: one of the three first, then the one apart; then nothing is gained any more."""
    lists = {1: entries("a", "b"), 2: entries("a", "b"), 3: entries("a", "b"), 7: entries("x", "y", "z")}
    assert typical(lists, 5) == [1, 7] and typical(lists, 1) == [1] and typical({}, 3) == []


@pytest.mark.parametrize("seed", range(5))
def test_the_first_is_the_most_typical_and_each_next_one_helps_most(seed: int) -> None:
    rng = random.Random(seed)
    lists = {row: entries(*(c for c in "abcdefgh" if rng.random() < 0.5)) for row in range(9)}
    chosen = typical(lists, 4)
    for count in range(1, len(chosen) + 1):
        before = tuple(chosen[:count - 1])
        assert apart(lists, tuple(chosen[:count])) == min(apart(lists, (*before, row)) for row in lists)


def finished(folder: Path, **settings: Any) -> tuple[Any, Store]:
    """The two valleys, answered; a file lists the builders in Q and both in R, which is one too many."""
    listed = folder / "ours.csv"
    listed.write_text("region,occupation,entry\nQ,0110,Builder\nR,0110,Builder\nR,2221,Nurse\n")
    study, store = begun(folder, levers=[], regret={"lists": ["ours.csv"], "most": 2}, **settings)
    run(store, study, crew=Here(study, answer))
    return study, store


def test_every_list_leaves_what_it_does_not_hold(tmp_path: Path) -> None:
    """Nothing limits who comes: a list fills all of its own occupations, and leaves the shortage of the others."""
    study, store = finished(tmp_path)
    contest(store, study)
    found, design = store.regret, store.design.set_index("row")
    assert found is not None and set(found["row"]) == set(range(1, 9))
    assert {"base", "ours"} <= set(found["list"])
    lists = {(component, name): {key[1] for key in tried.listed}
             for component, mine in contenders(store, study).items() for name, tried in mine.items()}
    variants = Variants(study)
    for row, region, name, value, bound in found[["row", "region", "list", "value", "bound"]].to_numpy().tolist():
        case = variants.problem(design.drop(columns="sample").loc[row].to_dict())
        left = sum(number for (o, p, _), number in case.shortage.items()
                   if case.region_of[p] == region and o not in lists[region, name])
        assert value == pytest.approx(left, abs=2e-3) and bound <= value, (row, region, name)


def test_a_list_found_must_keep_the_rules_and_an_official_one_need_not(tmp_path: Path) -> None:
    """In R one entry is allowed: both would be too many, were the file not the law."""
    study, store = finished(tmp_path)
    contest(store, study)
    found = store.regret
    assert found is not None
    ours = found[(found["region"] == "R") & (found["list"] == "ours")]
    assert len(ours) == 8 and (ours["value"].abs() < 2e-3).all()


def test_interrupted_it_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, store = finished(tmp_path)
    told = itertools.count(1)

    def stop(progress: object) -> None:
        if next(told) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        contest(store, study, on_progress=stop)
    part = store.regret
    assert part is not None and part.groupby(["row", "region"]).ngroups == 5
    asked: list[int] = []
    whole = Here.answers

    def counted(self: Any, tasks: Any, alone: bool = False) -> Any:
        kept = list(tasks)
        asked.append(len(kept))
        return whole(self, iter(kept), alone)

    monkeypatch.setattr(Here, "answers", counted)
    contest(store, study)
    found = store.regret
    assert asked == [16 - 5, 0] and found is not None and found.groupby(["row", "region"]).ngroups == 16
    first = {name: (store.folder / f"{name}.parquet").read_bytes() for name in ("regret", "lists")}
    contest(store, study)
    assert first == {name: (store.folder / f"{name}.parquet").read_bytes() for name in ("regret", "lists")}


def test_only_so_many_rows_and_lists(tmp_path: Path) -> None:
    study, store = begun(tmp_path, levers=[], regret={"most": 1, "rows": 3})
    run(store, study, crew=Here(study, answer))
    contest(store, study)
    found = store.regret
    assert found is not None and set(found["row"]) == {1, 2, 3}
    assert all(len(names) <= 2 for _, names in found.groupby("region")["list"].unique().items())


def test_an_unfinished_study_is_refused(tmp_path: Path) -> None:
    study, store = begun(tmp_path, regret={"most": 1})
    run(store, study, shard=(1, 2), crew=Here(study, quick))
    with pytest.raises(InputError, match="answers of the study are still missing"):
        contest(store, study)


def test_another_first_aim_is_refused(tmp_path: Path) -> None:
    """Regret is counted in unfilled person-years: of another first aim it would say nothing."""
    study, store = begun(tmp_path, regret={"most": 1})
    rules = study.problem.config.regions["R"]
    first = rules.model_copy(update={"objectives": tuple(reversed(rules.objectives))})
    config = study.problem.config.model_copy(update={"regions": study.problem.config.regions | {"R": first}})
    with pytest.raises(InputError, match=r"regions.R.objectives: got .* as first aim; expected unfilled"):
        contest(store, replace(study, problem=replace(study.problem, config=config)))


def test_faults_of_a_list_file_are_told(tmp_path: Path) -> None:
    study, store = finished(tmp_path)
    (tmp_path / "ours.csv").write_text("region,occupation,entry\nQ,0111,Builder\n")
    with pytest.raises(InputError, match="0111.*0110"):
        contest(store, study)
