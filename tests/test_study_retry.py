"""Asking again what failed: the new answers replace the old ones, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_study_run import ONLY_R, call, tables
from twovalleys import LHS, Here, begun, deadly, marks, quick, troubled, write_study

from optimiser.errors import InputError
from optimiser.study import spec
from optimiser.study.columns import RESULTS
from optimiser.study.crew import OneMachine
from optimiser.study.design import design
from optimiser.study.run import Progress, run
from optimiser.study.standing import gather, standing
from optimiser.study.store import Result, Store


def test_what_failed_is_asked_again_and_equals_a_study_that_never_failed(tmp_path: Path) -> None:
    study, whole = begun(tmp_path, design=LHS)
    run(whole, study, crew=Here(study, quick))
    faulty = Store.create(tmp_path / "faulty", study, design(study))
    run(faulty, study, crew=Here(study, troubled))
    assert standing(faulty).components["failed"].sum() == 2
    run(faulty, study, crew=Here(study, quick))
    assert standing(faulty).components["failed"].sum() == 2  # not by itself
    told: list[Progress] = []
    run(faulty, study, crew=Here(study, quick), retry=["failed"], on_progress=told.append)
    assert (told[0].total - told[0].done, told[0].failed, told[-1].failed) == (2, 0, 0)
    found = standing(faulty)
    assert found.complete and found.reasons == [] and found.components["failed"].sum() == 0
    assert faulty.status["status"].isin(["time_limit", "infeasible"]).sum() == 4
    run(faulty, study, crew=Here(study, quick), retry=["time_limit"])
    assert faulty.status["status"].value_counts()["infeasible"] == 2
    changed = faulty.status["status"] != whole.status["status"]
    assert set(faulty.status.loc[changed, "status"]) == {"infeasible"}
    proved = set(faulty.status.loc[changed, "row"])
    for name in RESULTS:
        mine, theirs = (getattr(store, name) for store in (faulty, whole))
        assert mine[~mine["row"].isin(proved)].to_csv(index=False) == theirs[~theirs["row"].isin(proved)].to_csv(
            index=False)


def test_a_task_whose_worker_died_twice_is_asked_again(tmp_path: Path) -> None:
    study, store = begun(tmp_path)
    run(store, study, crew=OneMachine(study, 1, deadly))
    assert marks(tmp_path).count("2-Q") == 2 and (store.status["status"] == "failed").sum() == 1
    whole = Store.create(tmp_path / "whole", study, design(study))
    run(whole, study, crew=Here(study, quick))
    run(store, study, crew=Here(study, quick), retry=["failed"])
    assert tables(store) == tables(whole)


def test_rows_that_shared_a_failure_share_the_new_answer(tmp_path: Path) -> None:
    """Q is the same in every row: it fails once, stands for all, and is asked once more."""
    study, store = begun(tmp_path, uncertainties=ONLY_R, design={"kind": "lhs", "rows": 3})
    asked: list[str] = []

    def broken(given: object, task: object) -> Result:
        found = quick(given, task)  # pyright: ignore[reportArgumentType]
        asked.append(found.component)
        return found if found.component == "R" else Result(found.row, "Q", found.content, "failed", "it broke")

    run(store, study, crew=Here(study, broken))
    assert (store.status["status"] == "failed").sum() == 4 and asked.count("Q") == 1
    run(store, study, crew=Here(study, quick), retry=["failed"])
    whole = Store.create(tmp_path / "whole", study, design(study))
    run(whole, study, crew=Here(study, quick))
    assert tables(store) == tables(whole)


def test_shards_are_asked_again_and_put_together(tmp_path: Path) -> None:
    study, whole = begun(tmp_path)
    run(whole, study, crew=Here(study, quick))
    own = [Store.create(tmp_path / f"own{k}", study, design(study)) for k in (1, 2)]
    for k, store in enumerate(own, start=1):
        run(store, study, shard=(k, 2), crew=Here(study, troubled))
    every = ["failed", "time_limit"]
    gathered = gather([store.folder for store in own], tmp_path / "gathered")
    run(gathered, study, crew=Here(study, quick), retry=every)  # in a journal of its own, beside the shards'
    for k, store in enumerate(own, start=1):
        run(store, study, shard=(k, 2), crew=Here(study, quick), retry=every)
    again = gather([store.folder for store in own], tmp_path / "again")
    assert len(gathered.journals()) == 3 and len(again.journals()) == 2
    assert tables(again) == tables(gathered)
    assert (gathered.status["status"] != "optimal").sum() == (gathered.status["status"] == "infeasible").sum() == 2


def test_of_two_answers_the_later_one_stands(tmp_path: Path) -> None:
    _, store = begun(tmp_path)
    for shard, at, status in (((2, 3), 20.0, "optimal"), ((1, 3), 10.0, "failed"), ((3, 3), 15.0, "time_limit")):
        with store.adding(shard):
            store.append(Result(1, "Q", "a", status), at)
    assert [record["status"] for record in store.records()] == ["optimal"]
    assert [result.status for result in store.asked()] == ["optimal"]


@pytest.mark.parametrize("asked", ["optimal", "failed,infeasible", "fail"])
def test_what_is_proved_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str], asked: str) -> None:
    path = write_study(tmp_path)
    code, _, err = call(monkeypatch, capsys, "run", path, "--out", tmp_path / "out", "--retry", asked)
    assert code == 2 and "expected failed, time_limit, work_limit" in err
    assert not (tmp_path / "out").exists()


def test_no_status_but_those_in_python(tmp_path: Path) -> None:
    study, store = begun(tmp_path)
    with pytest.raises(InputError, match="'infeasible'"):
        run(store, study, retry=["infeasible"])


def test_the_terminal_says_how_to_ask_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    study, store = begun(tmp_path)
    run(store, study, crew=Here(study, troubled))
    code, out, _ = call(monkeypatch, capsys, "status", store.folder)
    assert code == 0
    assert "2 answers failed; to ask them again: optimiser study run " in out
    assert f"--out {store.folder} --retry failed" in out


def test_tables_are_made_again_only_when_a_journal_has_grown(tmp_path: Path) -> None:
    study, store = begun(tmp_path)
    run(store, study, crew=Here(study, troubled))
    before = (store.folder / "status.parquet").stat().st_mtime_ns
    store.refresh()
    assert (store.folder / "status.parquet").stat().st_mtime_ns == before
    with store.adding():
        store.append(Result(3, "Q", "z", "infeasible", "no plan"), 9e9)
    store.refresh()
    status = store.status
    assert status[(status["row"] == 3) & (status["component"] == "Q")]["status"].item() == "infeasible"
    (store.folder / "listed.parquet").unlink()
    store.refresh()
    assert (store.folder / "listed.parquet").exists()


def test_regions_are_named_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    _, store = begun(tmp_path)
    titles = {region: f"Land of {region}" for region in "QR"}
    monkeypatch.setitem(store.about, "titles", titles)
    assert store.title("Q-R") == "Land of Q (Q), Land of R (R)"
    monkeypatch.setitem(store.about, "titles", {})  # of a folder made before titles were kept
    assert store.title("Q-R") == "Q-R"
    title = spec.load(tmp_path / "study.yaml").problem.title("regions", "Q")
    _, out, _ = call(monkeypatch, capsys, "status", store.folder)
    assert f"{title} (Q)" in out if title != "Q" else "Q" in out
