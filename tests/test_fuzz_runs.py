"""Fuzzing of what is given beside a case: run folders with changed bytes, values of `--set`, tables of evidence."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction as F
from pathlib import Path

import fuzzcase
import fuzzing
import junk
import plainly
import pytest
from hamlet import BUILDERS, NURSES, hamlet, listing, parameter
from refusal import LINE
from test_estimate import write_tiny
from test_fuzz import SECONDS, within
from worlds import rows

from optimiser import estimate, run_folder, tables
from optimiser.check import check_run
from optimiser.errors import InputError, ResultError
from optimiser.plan import Plan
from optimiser.problem import load
from optimiser.schema import BY_NAME
from optimiser.solution import COLUMNS, derive

PLAN = Plan(
    listing((BUILDERS, 1), (BUILDERS, 2), (NURSES, 2)), {("R", BUILDERS, 2026): 5, ("R", BUILDERS, 2027): 4},
    {(BUILDERS, "A1", 2026): F("4.5"), (BUILDERS, "A1", 2027): F("1.234")}, {("R", NURSES, 2026): F("1.5")},
    {("course", "A1", 2027): F("10.5")})

PROOF = ["bound", "gap", "status"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A sound run folder: two years, training, a course that can grow."""
    problem = hamlet(
        tmp_path / "case", last_year=2027,
        shortages=rows("area occupation year central", ("A1", BUILDERS, 2026, 10), ("A1", BUILDERS, 2027, 10),
                       ("A2", NURSES, 2026, 4)),
        parameters=parameter("additional", 0.333333) + parameter("training_success", 0.5, NURSES),
        training_places=rows("region occupation year central", ("R", NURSES, "*", 2)),
        services=rows("service scope unit", ("course", "area", "hours")),
        service_use=rows("service region occupation per cohort_year central", ("course", "R", "*", "person", 0, 60)),
        capacities=rows("service place year central", ("course", "A1", "*", 300)),
        service_parameters=rows("parameter service place central", ("max_expansion", "course", "A1", 50)))
    folder = tmp_path / "run"
    folder.mkdir()
    run_folder.fill(problem, derive(problem, PLAN), folder)
    assert check_run(folder) == []
    return folder


def changed(rng: random.Random, files: dict[str, bytes]) -> tuple[str, bytes]:
    """One file of a run folder and other bytes for it."""
    while True:
        file = rng.choice([*files])
        mutators = junk.ANY_TABLE if file.endswith(".csv") else (
            junk.flip, junk.cut, junk.spliced, junk.moved_line, junk.nasty_value)
        if data := fuzzing.mutated(rng, mutators, files[file], rng.randint(1, 3)):
            return file, data


def rehashed(folder: Path, status: bytes) -> bytes:
    """The status of a run that was given another input: so that what reads the input is tried too."""
    return json.dumps(json.loads(status) | {"input_hashes": run_folder.hashes(folder / "input")}).encode()


@pytest.mark.drawn(300, 5_000)
def test_a_mutated_run_folder_is_refused_or_checked(run: Path, numbers: Sequence[int]) -> None:
    """A list of lines, a ResultError or an InputError; sound only if what is published still says the same.

    Bounds, gaps and ends of searches are the solver's word: no other number tells that they were changed.
    """
    paths = sorted(path for path in run.rglob("*") if path.is_file())
    files = {str(path.relative_to(run)): path.read_bytes() for path in paths}
    _, before = run_folder.read(run)
    ends: Counter[str] = Counter()
    for number in numbers:
        file, data = changed(random.Random(number), files)
        (run / file).write_bytes(data)
        if file.startswith("input"):
            (run / "status.json").write_bytes(rehashed(run, files["status.json"]))
        try:
            with within(SECONDS):
                found = check_run(run)
            ends["broken" if found else "sound"] += 1
            assert all(isinstance(line, str) and "\n" not in line for line in found)
            if not found and file.endswith(".csv") and not file.startswith("input"):
                _, after = run_folder.read(run)
                for name in COLUMNS:
                    one, other = getattr(before, name), getattr(after, name)
                    assert one.drop(columns=PROOF, errors="ignore").equals(
                        other.drop(columns=PROOF, errors="ignore")), f"case {number}, {file}"
        except ResultError as error:
            ends["unreadable"] += 1
            assert all("\n" not in line for line in (str(error), *error.violations)), f"case {number}"
        except InputError as error:
            ends["refused"] += 1
            assert file.startswith("input")
            assert all(LINE.fullmatch(str(fault)) for fault in error.faults), f"case {number}: {error}"
        for name in {file, "status.json"}:
            (run / name).write_bytes(files[name])
    assert ends["unreadable"] > ends["broken"] > 0
    assert ends["refused"]


@pytest.mark.parametrize("file", ["lists.csv", "status.json", "input/config.yaml"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "zero bytes", "one long line"])
def test_a_file_of_a_run_that_would_never_end(run: Path, file: str, kind: str) -> None:
    path = run / file
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes((b"\x00" if kind == "zero bytes" else b"x") * 5_000_000)
    with within(SECONDS), pytest.raises((ResultError, InputError)) as error:
        check_run(run)
    assert max(map(len, str(error.value).splitlines())) < 4000


PATHS = ("title", "first_year", "last_year", "values", "solver.gap", "solver.seed", "regions.Q.list_length", "band.Q",
         "list_length.R", "regions.R.must_list", "regions.R.groups", "regions.Q.objectives.0.tolerance", "regions.R",
         "regions.Q.risk_shares", "regions.R.list_length_by_sector.works", "fairness.Q.band", "tables", "regions")
VALUES = ("3", "0.25", "2027", "low", "null", "true", "0110", '"0110"', '["2221"]', "[2221, 7126]", "[[7126, 7411]]",
          "{high: 0.5}", "{}", "[]", "", "a: b", "1,5", "1.250", "1e-3", "{high: 0,5}", "'x'", ".", "0", "-1")


@pytest.mark.drawn(500, 20_000)
def test_mutated_settings_of_the_command_are_read_right_or_refused(tmp_path: Path, numbers: Sequence[int]) -> None:
    """What is read is what the same value would mean in the config."""
    config = fuzzcase.write(tmp_path / "case")
    ends: Counter[str] = Counter()
    for number in numbers:
        rng = random.Random(number)
        path, value = rng.choice(PATHS), rng.choice(VALUES)
        if rng.random() < 0.5:
            value = (fuzzing.mutated(rng, (junk.nasty_value, junk.flip, junk.cut, junk.spliced),
                                     value.encode() or b"x", 1) or b"").decode("utf-8", "surrogateescape")
        if rng.random() < 0.1:
            path = path[:-1] + rng.choice(junk.NASTY)[:300]
        try:
            with within(SECONDS):
                problem = load(config, settings=[f"{path}={value}"])
        except InputError as error:
            ends["refused"] += 1
            for fault in error.faults:
                assert LINE.fullmatch(str(fault)), f"case {number}: {fault}"
                str(fault).encode()
            continue
        ends["read"] += 1
        given = value.strip()  # a word is itself; lists, mappings and quoted texts are YAML
        if given.startswith(("[", "{", '"', "'")):
            given = plainly.settings(b"value: " + given.encode())["value"]
        plain = plainly.patched(plainly.settings(fuzzcase.CONFIG.encode()), {"set": {path: given}})
        assert plainly.same(problem.config.model_dump(exclude_unset=True), plain), f"case {number}: {path}={value}"
    assert min(ends["read"], ends["refused"]) > len(numbers) / 20


EVIDENCE = (*junk.ANY_TABLE, *(mutator for kind in fuzzing.CHANGING_TABLE.values() for mutator in kind))


@pytest.mark.drawn(300, 5_000)
def test_mutated_evidence_makes_whole_tables_or_is_refused(tmp_path: Path, numbers: Sequence[int]) -> None:
    """What `estimate` writes can be read again, and has a number in every cell: nothing is lost on the way."""
    land = write_tiny(tmp_path / "land")
    files = {path: path.read_bytes() for path in sorted(land.rglob("*.csv"))}
    ends: Counter[str] = Counter()
    for number in numbers:
        rng = random.Random(number)
        path = rng.choice([*files])
        data = fuzzing.mutated(rng, EVIDENCE, files[path], rng.randint(1, 3))
        if data is None:
            continue
        path.write_bytes(data)
        try:
            with within(SECONDS):
                estimate.write(land, force=True)
            ends["read"] += 1
            for name in ("shortages", "activatable"):
                frame = tables.read(land / f"{name}.csv", BY_NAME[name])
                assert frame[estimate.VALUES].notna().all(axis=None), f"case {number}, {path.name}"
        except InputError as error:
            ends["refused"] += 1
            assert all(LINE.fullmatch(str(fault)) for fault in error.faults), f"case {number}: {error}"
            assert str(land) in str(error)
        path.write_bytes(files[path])
        for name in ("shortages", "activatable"):
            (land / f"{name}.csv").unlink(missing_ok=True)
    assert min(ends["read"], ends["refused"]) > 0
