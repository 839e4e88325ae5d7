"""The commands from end to end: exit codes, files, columns, the same bytes again, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from worlds import rows, write_world

import optimiser
from optimiser.cli import main
from optimiser.solver import Progress
from optimiser.storage import next_free, whole_folder

FILES = {  # what a run folder holds, with the columns its readers count on
    "lists.csv": "region,occupation,review,first_year,last_year,entered,left",
    "quotas.csv": "region,occupation,year,quota",
    "arrivals.csv": "area,occupation,year,arrivals",
    "training.csv": "region,occupation,year,trainees",
    "unfilled.csv": "area,occupation,year,shortage,activated,filled_by_scheme,filled_by_training,unfilled",
    "services.csv": "service,place,year,capacity,expansion,used",
    "objectives.csv": "region,rank,objective,unit,value,bound,gap,tolerance,status",
}
OTHERS = {"status.json", "report.html", "lists.xlsx", "input"}


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["optimiser", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(stop.value.code or 0), out, err


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example country, solved once."""
    folder = tmp_path_factory.mktemp("cli")
    optimiser.new_case(folder / "land")
    problem = optimiser.load(folder / "land" / "config.yaml")
    return optimiser.save_run(problem, optimiser.solve(problem), folder / "run")


def solved(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: object, **world: Any) -> tuple[int, str, str]:
    config = write_world(folder / "case", **world)
    return call(capsys, "solve", config, "--out", folder / "run", *arguments)


def test_help_tells_of_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "--help")
    assert code == 0
    for command in ("validate", "solve", "check", "report", "new", "generate", "estimate"):
        assert f"  {command} " in out
        code, text, _ = call(capsys, command, "--help")
        assert code == 0 and "Usage:" in text and len(text.splitlines()) > 6


def test_the_package_and_its_help_load_nothing_heavy() -> None:
    heavy = "{'pandas', 'pyomo', 'highspy', 'scipy', 'altair', 'numpy'}"
    script = f"import sys, optimiser, optimiser.cli; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_run_folder_holds_what_it_promises(run: Path) -> None:
    assert {path.name for path in run.iterdir()} == {*FILES, *OTHERS}
    for name, columns in FILES.items():
        assert (run / name).read_text("utf-8").splitlines()[0] == columns
    status = json.loads((run / "status.json").read_text("utf-8"))
    assert {"termination", "objective", "bound", "gap", "seconds", "versions", "seed", "input_hashes"} <= set(status)
    assert set(status["input_hashes"]) == {path.name for path in (run / "input").iterdir()}
    unfilled = pd.read_csv(run / "unfilled.csv")
    parts = unfilled[["activated", "filled_by_scheme", "filled_by_training", "unfilled"]].sum(axis=1)
    assert ((parts - unfilled["shortage"]).abs() < 1e-5).all()


def test_check_and_report_of_a_run(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    assert call(capsys, "check", copy)[0] == 0
    before = {name: (copy / name).read_bytes() for name in ("report.html", "lists.xlsx")}
    for name in before:
        (copy / name).unlink()
    assert call(capsys, "report", copy)[0] == 0
    assert {name: (copy / name).read_bytes() for name in before} == before


def test_the_log_says_what_each_step_of_the_search_gained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = solved(tmp_path, capsys, "--steps", "--method", "direct")
    assert code == 0
    assert "What each step of the search gained" in out and "Branch" in out
    status = json.loads((tmp_path / "run" / "status.json").read_text("utf-8"))
    assert status["method"] == "direct"
    for search in status["searches"]:
        first, *others = search["steps"]
        assert (first["objective"], first["step"]) == ("unfilled", "recall")
        assert others[0]["step"] == "branch" and others[0]["value"] == others[0]["bound"] == pytest.approx(
            sum(status["objective"][region] for region in search["regions"]))
        assert all(step["seconds"] >= 0 for step in search["steps"])
    config = tmp_path / "case" / "config.yaml"
    code, _, error = call(capsys, "solve", config, "--method", "guess", "--out", tmp_path / "no")
    assert code == 2 and "guess" in error and not (tmp_path / "no").exists()


def test_solving_a_runs_own_input_again_gives_the_same_bytes(run: Path, tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "solve", run / "input" / "config.yaml", "--out", tmp_path / "again")[0] == 0
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (run / name).read_bytes(), name
    for path in (run / "input").iterdir():
        assert (tmp_path / "again" / "input" / path.name).read_bytes() == path.read_bytes(), path.name
    assert timeless(tmp_path / "again") == timeless(run)


def timeless(folder: Path) -> list[Any]:
    """The status and the page of a run without what a clock told."""
    status = re.sub(r'"seconds": [0-9.]+', "", (folder / "status.json").read_text("utf-8"))
    return [status, re.sub(r"[0-9.]+ s\b", "", (folder / "report.html").read_text("utf-8"))]


@pytest.mark.parametrize(("name", "content", "words"), [
    ("quotas.csv", None, "quotas.csv: No such file or directory"),
    ("quotas.csv", "", "quotas.csv: its first line must be the columns region, occupation, year, quota"),
    ("quotas.csv", "region,occupation,year,quota\nN,2221,2026\n", "quotas.csv: row 2 has 3 cells, 4 are expected"),
    ("quotas.csv", "region,occupation,year,quota\nN,2221,2026,9" + "9" * 30,
     f"quotas.csv: row 2, quota: '{'9' * 31}' is no number as the run writes them"),
    ("quotas.csv", "region,occupation,year,quota\nN,2221,2026,1_0\n",
     "quotas.csv: row 2, quota: '1_0' is no number as the run writes them"),
    ("arrivals.csv", "area,occupation,year,arrivals\nN1,2221,2026,nan\n",
     "arrivals.csv: row 2, arrivals: 'nan' is no number as the run writes them"),
    ("lists.csv", "\udcff", "lists.csv: the byte 0xff, which is no UTF-8 text"),
    ("status.json", "{", "status.json: it is no JSON object with input_hashes, which the run wrote"),
    ("status.json", "[" * 100_000, "status.json: it is no JSON object with input_hashes, which the run wrote"),
    ("status.json", "{}", "status.json: it is no JSON object with input_hashes, which the run wrote"),
    ("status.json", '{"input_hashes": {}, "seed": "x"}', "status.json: seed: 'x' is nothing that the run wrote"),
])
def test_a_damaged_run_is_named(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str,
                                content: str | None, words: str) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    if content is None:
        (copy / name).unlink()
    else:
        (copy / name).write_bytes(content.encode(errors="surrogateescape"))
    for command in ("check", "report"):
        code, out, err = call(capsys, command, copy)
        assert (code, out) == (5, "")
        assert err.splitlines() == [f"{copy} can't be read as a run folder:", f"  - {words}"]


def test_a_run_that_breaks_a_rule_is_reported_by_nobody(run: Path, tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    path = copy / "quotas.csv"
    path.write_text(path.read_text("utf-8").replace("N,2221,2026,", "N,2221,2026,1", 1), encoding="utf-8")
    page = (copy / "report.html").read_bytes()
    for command in ("check", "report"):
        code, out, err = call(capsys, command, copy)
        assert (code, out) == (5, "") and "rules or numbers don't hold:" in err.splitlines()[0]
        assert any("2221" in line and "2026" in line for line in err.splitlines()[1:])
    assert (copy / "report.html").read_bytes() == page


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_run_that_lacks_a_file_is_named(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                          name: str) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    (copy / name).unlink()
    code, _, err = call(capsys, "check", copy)
    assert code == 5 and name in err


def test_input_faults_end_with_2_and_write_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = solved(tmp_path, capsys, "--set", "solver.gap=-1")
    assert code == 2 and "solver.gap" in err
    assert not (tmp_path / "run").exists()


def test_no_plan_ends_with_3_and_names_the_clash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = {"regions": {"R": {"fairness": {"area_coverage": 0.9}}}}
    code, _, err = solved(tmp_path, capsys, config=config, permit_totals=rows("region year central", ("R", "*", 5)))
    assert code == 3
    assert "at most 5 permits" in err and "0.9" in err
    assert not (tmp_path / "run").exists()


def test_a_solver_that_fails_ends_with_4(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    from optimiser.solver import process

    monkeypatch.setattr(process.sys, "executable", "/bin/false")
    code, _, err = solved(tmp_path, capsys)
    assert code == 4 and err.strip()
    assert not (tmp_path / "run").exists()


def test_a_run_is_replaced_only_by_force(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = Path(shutil.copytree(run, tmp_path / "run"))
    code, _, err = solved(tmp_path, capsys)
    assert code == 2 and "add --force" in err
    assert (old / "quotas.csv").read_bytes() == (run / "quotas.csv").read_bytes()
    assert solved(tmp_path, capsys, "--force")[0] == 0
    assert (old / "quotas.csv").read_bytes() != (run / "quotas.csv").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case", "run"]


def test_force_replaces_nothing_that_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the case itself, not a file, not the folder one stands in: whoever types that has mistyped."""
    config = write_world(tmp_path / "case")
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    for out in ("case", "case/config.yaml", ".", ""):
        code, _, err = call(capsys, "solve", config, "--out", out, "--force")
        assert code == 2 and "--force replaces only folders that this command wrote" in err
    assert call(capsys, "new", ".", "--force")[0] == 2
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_a_place_where_nothing_can_be_written_is_named_before_the_search(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_world(tmp_path / "case")
    code, out, err = call(capsys, "solve", config, "--out", config / "run")
    assert code == 2 and out == "" and "a folder that can be written" in err and "step" not in err


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing(
        run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    before = {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for arguments in (["report", copy], ["new", tmp_path / "land"],
                      ["solve", write_world(tmp_path / "case"), "--out", copy, "--force"]):
        code, _, err = call(capsys, *arguments)
        assert code == 1 and "No space left on device" in err.splitlines()[-1]
    assert {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case", "copy"]


def test_a_name_that_another_run_is_writing_to_is_not_taken(tmp_path: Path) -> None:
    with whole_folder(next_free(tmp_path, "a")) as one, whole_folder(next_free(tmp_path, "a")) as two:
        (one / "x").touch()
        (two / "x").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "a-2"]
    assert next_free(tmp_path, "a").name == "a-3"


def test_validate_tells_what_a_case_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "validate", write_world(tmp_path / "case"))
    assert code == 0
    assert "14" in out and "assumed" in out.lower()  # ten builders and four nurses are short


def test_an_interrupted_search_keeps_the_best_plan(run: Path, tmp_path: Path) -> None:
    found = set()

    def stop(region: str, progress: Progress) -> None:
        if progress.incumbent is not None:
            found.add(region)
        if found == {"N", "S"}:
            raise KeyboardInterrupt

    problem = optimiser.load(run / "input" / "config.yaml")
    solution = optimiser.solve(problem, gap=0, on_progress=stop)
    assert solution.status["termination"] == "interrupted"
    assert optimiser.check_run(optimiser.save_run(problem, solution, tmp_path / "run")) == []


def test_a_search_that_is_interrupted_before_it_found_a_plan_has_no_answer(run: Path) -> None:
    def stop(_: str, progress: Progress) -> None:
        raise KeyboardInterrupt

    problem = optimiser.load(run / "input" / "config.yaml")
    with pytest.raises(KeyboardInterrupt):
        optimiser.solve(problem, on_progress=stop)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_ended_leaves_a_whole_run_or_nothing(tmp_path: Path, ending: signal.Signals) -> None:
    optimiser.generate_case(tmp_path / "land", 60, 1, 6, 4, 3)
    process = subprocess.Popen(
        [sys.executable, "-m", "optimiser", "solve", str(tmp_path / "land" / "config.yaml"), "--out",
         str(tmp_path / "run"), "--gap", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True)
    assert process.stderr
    process.stderr.readline()  # the search has begun
    os.killpg(process.pid, ending)
    out, err = process.communicate(timeout=60)
    if process.returncode == 0:  # a plan had been found
        assert "You ended the search" in " ".join(out.split())
        assert json.loads((tmp_path / "run" / "status.json").read_text("utf-8"))["termination"] == "interrupted"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["land", "run"]
    else:
        assert process.returncode == 130
        assert err.splitlines()[-1] == "Interrupted before there was an answer; nothing was written."
        assert [path.name for path in tmp_path.iterdir()] == ["land"]


def test_every_command_is_a_line_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    optimiser.new_case("land")
    optimiser.generate_case("made", 5, 1, 2, 1, 7)
    problem = optimiser.load("made/config.yaml", settings=["solver.gap=0.05"])
    assert optimiser.describe(problem).counts["areas"] == 2
    assert optimiser.find_contradictions(problem) == []
    assert any("parameters.csv" in note for note in optimiser.notes(problem))
    solution = optimiser.solve(problem)
    assert optimiser.violations(problem, solution.plan) == []
    assert optimiser.save_run(problem, solution, "run") == Path("run")
    assert optimiser.check_run("run") == []
    again, published = optimiser.read_run("run")
    pd.testing.assert_frame_equal(published.quotas, solution.quotas, check_dtype=False)
    page = Path("run", "report.html").read_bytes()
    optimiser.write_report(again, published, "run")
    assert Path("run", "report.html").read_bytes() == page
    with pytest.raises(optimiser.InputError):
        optimiser.estimate_shortages("land")


def test_every_public_name_is_there() -> None:
    for name in optimiser.__all__:
        assert getattr(optimiser, name)
    with pytest.raises(AttributeError):
        _ = optimiser.nothing  # pyright: ignore
    modules = {path.stem for path in Path(str(optimiser.__file__)).parent.iterdir()}
    assert not modules & set(optimiser.__all__)  # or importing a module would hide the function of its name
