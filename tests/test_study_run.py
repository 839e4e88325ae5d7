"""Running a study: every task once, whatever becomes of it; answers reused; shards put together equal the whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from folders import beside, content
from twovalleys import LHS, Here, begun, deadly, doomed, marks, quick, troubled, write_study

from optimiser.cli import main
from optimiser.errors import InputError, OptimiserError
from optimiser.study import spec
from optimiser.study.agenda import Agenda
from optimiser.study.columns import RESULTS
from optimiser.study.crew import OneMachine
from optimiser.study.design import design
from optimiser.study.factors import Variants
from optimiser.study.run import Progress, run
from optimiser.study.standing import gather, standing
from optimiser.study.store import Store
from optimiser.study.work import answer

ONLY_R = [{"name": "short", "table": "shortages", "where": {"region": "R"}, "by": ["occupation"],
           "distribution": "pert"}]


BEGIN = """
import sys
from optimiser.study import spec
from optimiser.study.design import design
from optimiser.study.store import Store
from optimiser.study.work import answer
study = spec.load(sys.argv[1])
Store.at(sys.argv[2], study, design(study)).done()
"""


def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
         ) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["optimiser", "study", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def tables(store: Store) -> list[bytes]:
    return [(store.folder / f"{name}.parquet").read_bytes() for name in RESULTS]


def timeless(store: Store) -> list[object]:
    """The tables without what a clock told."""
    return [store.status.drop(columns="seconds").to_csv(), *tables(store)[1:]]


# The agenda, without workers ---------------------------------------------------------------------------------------


def asked(agenda: Agenda) -> list[tuple[int, str]]:
    return [(task.row, task.component[0]) for task in agenda.tasks()]


def kept(agenda: Agenda) -> list[tuple[int, str, str, int]]:
    return [(result.row, result.component, result.status, result.same_as) for result in agenda.ready()]


def test_what_a_row_does_not_touch_is_asked_once(tmp_path: Path) -> None:
    study, store = begun(tmp_path, uncertainties=ONLY_R, design={"kind": "lhs", "rows": 3})
    agenda = Agenda(store.design, store.components, Variants(study).problem)
    tasks = list(agenda.tasks())
    assert [(task.row, task.component) for task in tasks] == [(0, ("Q",)), *((row, ("R",)) for row in range(4))]
    assert kept(agenda) == []  # the answer of row 0 is not there yet
    agenda.answered(quick(study, tasks[0]))
    assert kept(agenda) == [(0, "Q", "optimal", -1), *((row, "Q", "optimal", 0) for row in (1, 2, 3))]
    assert kept(agenda) == []


def test_an_answer_of_an_earlier_run_is_reused_too(tmp_path: Path) -> None:
    study, store = begun(tmp_path, uncertainties=ONLY_R, design={"kind": "lhs", "rows": 2})
    first = Agenda(store.design, store.components, Variants(study).problem)
    before = [quick(study, task) for task in first.tasks() if task.row == 0]
    again = Agenda(store.design, store.components, Variants(study).problem, before)
    assert (again.before, again.total) == (2, 6)
    assert asked(again) == [(1, "R"), (2, "R")]
    assert kept(again) == [(1, "Q", "optimal", 0), (2, "Q", "optimal", 0)]


def test_a_row_that_contradicts_itself_is_a_failed_result(tmp_path: Path) -> None:
    """With two entries that must be listed, a list of one has no case."""
    path = write_study(tmp_path, set={"regions.R.list_length": 2, "regions.R.must_list": ["0110", "2221"]},
                       uncertainties=[], design={"kind": "one_at_a_time"})
    study = spec.load(path)
    agenda = Agenda(design(study), study.components, Variants(study).problem)
    assert asked(agenda) == [(0, "Q"), (0, "R")]
    failed = list(agenda.ready())
    assert {(result.row, result.component, result.status) for result in failed} == {
        (1, "Q", "failed"), (1, "R", "failed")}
    assert all("list_length: got 1; expected at least 2" in result.reason for result in failed)


# With workers ------------------------------------------------------------------------------------------------------


def test_a_study_of_the_real_thing(tmp_path: Path) -> None:
    """One entry of two is listed in Q: the larger shortage stays out of `unfilled`, so the other one is left."""
    study, store = begun(tmp_path, uncertainties=ONLY_R, design={"kind": "lhs", "rows": 3})
    told: list[Progress] = []
    run(store, study, on_progress=told.append)
    assert store.status["status"].tolist() == ["optimal"] * 8
    assert store.status["same_as"][store.status["component"] == "Q"].tolist() == [-1, 0, 0, 0]
    outcomes = store.outcomes.set_index(["row", "region", "outcome"])["value"]
    assert [outcomes[row, "Q", "unfilled"] for row in range(4)] == [8.0] * 4
    first = outcomes[0].to_dict()
    assert (first["R", "unfilled"], first["Q", "permits"], first["Q", "listed"]) == (6.0, 10.0, 1.0)
    listed = store.listed[store.listed["region"] == "Q"]
    assert listed[["row", "occupation", "quota", "filled"]].to_numpy().tolist() == [
        [row, "0110", 10.0, 10.0] for row in range(4)]
    assert [progress.done for progress in told] == list(range(9)) and {progress.total for progress in told} == {8}
    assert told[0].seconds_left is None and told[-1].seconds_left == 0.0 and told[-1].rate > 0
    before = content(store.folder)
    run(store, study)
    assert content(store.folder) == before


def test_rows_without_an_answer_are_results_with_their_reason(tmp_path: Path) -> None:
    study, store = begun(tmp_path)
    told: list[Progress] = []
    run(store, study, crew=Here(study, troubled), on_progress=told.append)
    status = store.status[store.status["component"] == "Q"]
    assert status[["status", "reason"]].to_numpy().tolist()[:5] == [
        ["optimal", ""], ["infeasible", "no plan"], ["time_limit", "no time"],
        ["failed", "RuntimeError: row three is odd"], ["optimal", ""]]
    assert set(store.listed["row"]) == {0, 4, 5, 6, 7, 8}
    found = standing(store)
    assert found.complete and not found.running and told[-1].failed == 2
    assert found.reasons == [("RuntimeError: row three is odd", 2)]
    assert found.components[["component", "done", "total", "optimal", "failed", "infeasible", "time_limit"]
                            ].to_numpy().tolist() == [[name, 9, 9, 6, 1, 1, 1] for name in "QR"]


def test_a_task_whose_worker_dies_is_tried_twice_and_the_others_go_on(tmp_path: Path) -> None:
    study, store = begun(tmp_path)
    run(store, study, crew=OneMachine(study, 1, deadly))
    assert marks(tmp_path) == ["2-Q", "2-Q", "6-R", "6-R"]
    assert store.status["status"].value_counts().to_dict() == {"optimal": 17, "failed": 1}
    [failed] = store.status[store.status["status"] == "failed"].to_dict("records")
    assert (failed["row"], failed["component"]) == (2, "Q")
    assert failed["reason"] == "the process that solved it died twice (exit codes: SIGKILL(-9))"


def test_where_every_worker_dies_no_row_is_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, store = begun(tmp_path)
    monkeypatch.setattr("optimiser.study.crew.MOST_DEATHS", 2)
    with pytest.raises(OptimiserError, match=r"die as soon as they begin .*SIGKILL"):
        run(store, study, crew=OneMachine(study, 1, doomed))
    assert len(store.status) == 0


def test_shards_put_together_equal_the_whole(tmp_path: Path) -> None:
    """In one folder, or in a folder each; with other rows reused inside a shard than in the whole."""
    study, whole = begun(tmp_path, uncertainties=ONLY_R, design=LHS)
    run(whole, study, crew=Here(study, quick))
    shared = Store.create(tmp_path / "shared", study, design(study))
    own = [Store.create(tmp_path / f"own{k}", study, design(study)) for k in (1, 2, 3)]
    for k, store in enumerate(own, start=1):
        for folder in (shared, store):
            run(folder, study, shard=(k, 3), crew=Here(study, quick))
        assert standing(store).shards_complete and not standing(store).complete
    assert len(shared.journals()) == 3 and standing(shared).complete
    together = gather([store.folder for store in own[::-1]], tmp_path / "together")
    assert tables(together) == tables(shared) == tables(whole)


def test_shards_of_the_real_thing_equal_the_whole(tmp_path: Path) -> None:
    study, whole = begun(tmp_path, design={"kind": "lhs", "rows": 5})
    run(whole, study, crew=Here(study, answer))
    parts = Store.create(tmp_path / "parts", study, design(study))
    for k in (2, 1):
        run(parts, study, shard=(k, 2), crew=Here(study, answer))
    assert timeless(parts) == timeless(whole)


def test_only_shards_of_one_study_that_have_ended_are_put_together(tmp_path: Path) -> None:
    _, one = begun(tmp_path / "one")
    _, other = begun(tmp_path / "other", seed=2)
    with pytest.raises(InputError, match="study.json, study: got"):
        gather([one.folder, other.folder], tmp_path / "together")
    with one.adding(), pytest.raises(InputError, match="another run is at work here; expected runs that have"):
        gather([one.folder], tmp_path / "together")
    assert not (tmp_path / "together").exists()


def test_shards_that_begin_at_once_make_one_folder(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    commands = [subprocess.Popen([sys.executable, "-c", BEGIN, str(path), str(tmp_path / "out")],
                                 stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for command in commands:
        assert command.communicate(timeout=120)[1] == ""
    assert beside(tmp_path / "out") == ["case", "study.yaml"]


# The commands ------------------------------------------------------------------------------------------------------


def test_ctrl_c_keeps_what_was_answered_and_the_same_command_goes_on(tmp_path: Path) -> None:
    path, out = write_study(tmp_path, design={"kind": "lhs", "rows": 500}), tmp_path / "out"
    command = subprocess.Popen([sys.executable, "-m", "optimiser", "study", "run", str(path), "--out", str(out)],
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert command.stderr
    first = command.stderr.readline()
    assert first == "0 of 1002 answered, 0 failed\n"
    journal = out / "journal" / "shard-1-of-1.jsonl"
    while journal.read_bytes().count(b"\n") < 5:
        assert command.poll() is None
    os.killpg(command.pid, signal.SIGINT)
    said = command.communicate(timeout=60)[1]
    store = Store.open(out)
    done = len(store.done())
    assert command.returncode == 130 and 4 <= done < 1002
    assert said.splitlines()[-1] == (f"Stopped with {done} of 1002 answered; all of them are kept in {out}. "
                                     "The same command goes on from there.")
    assert len(store.status) == done


def test_status_says_what_to_type_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    study, store = begun(tmp_path)
    code, out, _ = call(monkeypatch, capsys, "status", store.folder)
    assert code == 0 and out.splitlines()[-2:] == [
        "Not complete: 18 answers are left.", f"Next: optimiser study run {study.path} --out {store.folder}"]
    faulty = Here(study, troubled)
    run(store, study, crew=faulty, shard=(1, 2))
    code, out, _ = call(monkeypatch, capsys, "status", store.folder)
    assert "Next: the other shards; where each has a folder of its own, then optimiser study gather" in out
    assert "1/2" in out
    run(store, study, crew=faulty)
    code, out, _ = call(monkeypatch, capsys, "status", store.folder)
    lines = [line.split() for line in out.splitlines()]
    assert ["Q", "9", "9", "0", "6", "1", "1", "1"] in lines
    assert "2 times: RuntimeError: row three is odd" in out
    assert out.splitlines()[-2:] == ["Complete.", f"Next: optimiser study analyse {store.folder}"]


def test_analysis_and_report_are_written_beside_the_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                            capsys: pytest.CaptureFixture[str]) -> None:
    study, store = begun(tmp_path)
    run(store, study, crew=Here(study, quick))
    for _ in range(2):  # again and again
        code, out, _ = call(monkeypatch, capsys, "analyse", store.folder)
        assert code == 0 and out.startswith("8 rows") and out.endswith(f"Tables: {store.folder / 'analysis'}\n")
        code, out, _ = call(monkeypatch, capsys, "report", store.folder)
        assert code == 0 and out == f"Written: {store.folder / 'report' / 'report.html'}\n"
    assert {path.name for path in (store.folder / "report").iterdir()} == {"report.html", "tables.xlsx"}
    assert (store.folder / "analysis" / "frequency.csv").is_file()


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3"])
def test_a_shard_is_k_of_n(tmp_path: Path, shard: str, monkeypatch: pytest.MonkeyPatch,
                           capsys: pytest.CaptureFixture[str]) -> None:
    code, _, told = call(monkeypatch, capsys, "run", write_study(tmp_path), "--out", tmp_path / "out", "--shard", shard)
    assert code == 2 and f"--shard: got '{shard}'; expected K/N with K from 1 to N" in told
    assert not (tmp_path / "out").exists()


def test_a_study_file_that_has_gone_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    study, store = begun(tmp_path)
    study.path.rename(tmp_path / "elsewhere.yaml")
    code, _, told = call(monkeypatch, capsys, "analyse", store.folder)
    assert code == 2 and "got no such file; expected the study file that the folder was made for" in told
