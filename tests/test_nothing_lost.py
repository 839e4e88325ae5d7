"""Nothing is lost: killed, out of room, or two at once, the final name holds a whole folder, the old one or the new."""

from __future__ import annotations

import errno
import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from folders import Disk, Place, begin, beside, content, ended, small_disk
from scribe import DONE, FAILED, KILLED, REFUSED, Scribe
from worlds import rows, write_world

import optimiser
from optimiser import storage
from optimiser.errors import InputError

BELGIUM = Path(__file__).parents[1] / "data" / "belgium"
BY_COMMAND = 20  # of so many kills at random times, one hits the real command; the others a fork that has all loaded
FULL = "{folder} can't be written: {reason}; what stood there before is unchanged"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two sound runs of different cases."""
    folder, made = tmp_path_factory.mktemp("runs"), []
    for number, short in enumerate((10, 20)):
        problem = optimiser.load(write_world(folder / f"case{number}", shortages=rows(
            "area occupation year central", ("A1", "0110", 2026, short), ("A1", "2221", 2026, 4))))
        made.append(optimiser.save_run(problem, optimiser.solve(problem), folder / f"run{number}"))
        assert optimiser.check_run(made[-1]) == []
    return made


@pytest.fixture(scope="module")
def seconds(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long the command takes that solves one of the cases."""
    began = time.monotonic()
    assert ended(begin("solve", config(runs[0]), "--out", tmp_path_factory.mktemp("probe") / "run"))[0][0] == DONE
    return time.monotonic() - began


@pytest.fixture(scope="module")
def scribe(runs: list[Path]) -> Iterator[Scribe]:
    scribe = Scribe(*runs)
    yield scribe
    scribe.close()


@pytest.fixture
def place(runs: list[Path], tmp_path: Path) -> Path:
    """A copy of the first run, which another is to replace."""
    return Path(shutil.copytree(runs[0], tmp_path / "run"))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("this system lets nobody mount a disk; the tests with a limit on the size of files stand in")
        yield disk


def config(run: Path) -> Path:
    return run / "input" / "config.yaml"


def test_a_writer_killed_before_any_file_operation_leaves_the_old_run_or_the_new_one(
        runs: list[Path], scribe: Scribe, place: Path) -> None:
    here, seen, at = Place(place, *map(content, runs)), set(), 0
    while scribe.write(1 - here.standing(), place, at=at) == [KILLED]:
        seen.add(here.standing())
        assert beside(place) in ([], [".run.part"])
        at += 1
    assert at > 40 and seen == {0, 1}
    assert beside(place) == []  # the one that was not killed has cleared up after the others


def test_a_first_run_that_is_killed_leaves_a_whole_one_or_none(runs: list[Path], scribe: Scribe,
                                                               tmp_path: Path) -> None:
    here, at = Place(tmp_path / "run", None, content(runs[0])), 0
    while scribe.write(0, here.folder, at=at) == [KILLED]:
        if here.standing():
            shutil.rmtree(here.folder)
        at += 1
    assert at > 40 and here.standing() == 1
    assert beside(here.folder) == []


def test_where_names_cant_be_swapped_the_old_run_comes_back(runs: list[Path], scribe: Scribe, place: Path) -> None:
    """The one gap there is: both folders whole, neither under the name. The next command puts the old one back."""
    here, gaps, at = Place(place, *map(content, runs)), 0, 0
    while scribe.write(1 - here.standing(), place, at=at, swap=False) == [KILLED]:
        if not place.exists():
            gaps += 1
            assert beside(place) == [".run.old", ".run.part"]
            assert optimiser.check_run(place) == []
            assert beside(place) == []
        assert set(beside(place)) <= {".run.old", ".run.part"}
        at += 1
    assert at > 40 and gaps == 1
    assert beside(place) == []


def test_a_report_that_is_killed_leaves_whole_files(runs: list[Path], scribe: Scribe, place: Path) -> None:
    names, at = ("report.html", "lists.xlsx"), 0
    old, new = ([(run / name).read_bytes() for name in names] for run in runs)
    while scribe.write(1, place, at=at, report=True) == [KILLED]:
        found = [(place / name).read_bytes() for name in names]
        assert found in ([old[0], old[1]], [new[0], old[1]], [new[0], new[1]])
        assert optimiser.check_run(place) == []
        shutil.copy(runs[0] / names[0], place)
        shutil.copy(runs[0] / names[1], place)
        at += 1
    assert at >= 5
    assert [(place / name).read_bytes() for name in names] == new
    assert {path.name for path in place.iterdir()} == {path.name for path in runs[0].iterdir()}


@pytest.mark.drawn(200, 2_000)
def test_a_run_killed_at_any_time_leaves_the_old_run_or_the_new_one(
        runs: list[Path], scribe: Scribe, seconds: float, place: Path, numbers: range) -> None:
    here = Place(place, *map(content, runs))
    began = time.monotonic()
    assert scribe.write(0, place) == [DONE]
    quick = time.monotonic() - began
    for number in numbers:
        rng = random.Random(number)
        if number % BY_COMMAND:
            scribe.write(1 - here.standing(), place, after=rng.uniform(0, 1.2 * quick))
            here.standing()
        else:
            command = begin("solve", config(runs[1]), "--out", place, "--force")
            time.sleep(rng.uniform(0, seconds))
            command.kill()
            command.communicate()
            assert optimiser.check_run(place) == []
            shutil.rmtree(place)  # what it wrote may tell of another number of seconds
            shutil.copytree(runs[0], place)
        assert beside(place) in ([], [".run.part"])
    assert scribe.write(1, place) == [DONE]
    assert here.standing() == 1 and beside(place) == []


def test_a_disk_that_is_full_at_any_moment_loses_nothing(runs: list[Path], scribe: Scribe, disk: Disk) -> None:
    """From room for the first file up to room for all but the last, page by page; once beside an old run."""
    for old in (False, True):
        disk.set("size=4m")
        here = Place(disk.path / "run", None, *map(content, runs))
        if old:
            assert scribe.write(0, here.folder) == [DONE]
        used, room = (120 if old else 0), 0
        while True:
            disk.set(f"size={used + room + 4}k")
            if scribe.write(1, here.folder) == [DONE]:
                break
            assert here.standing() == (1 if old else 0)
            assert beside(here.folder) == []
            room += 4
        assert room >= 60 and here.standing() == 2
        shutil.rmtree(here.folder)


@pytest.mark.parametrize(("size", "old"), [(8, False), (60, False), (150, True)])
def test_a_full_disk_ends_the_command_with_one_line(runs: list[Path], disk: Disk, size: int, old: bool) -> None:
    """Full with the copy of the input, with the tables or the report; with the old run beside the new one."""
    here = Place(disk.path / "run", None, content(runs[0]))
    if old:
        shutil.copytree(runs[0], here.folder)
    disk.set(f"size={size}k")
    said = ended(begin("solve", config(runs[1]), "--out", here.folder, *(["--force"] if old else [])))
    assert said == [(FAILED, FULL.format(folder=here.folder, reason="No space left on device"))]
    assert here.standing() == old and beside(here.folder) == []
    if old:
        assert ended(begin("report", here.folder))[0][0] == FAILED
        assert here.standing() == 1


def test_a_file_that_grows_too_large_loses_nothing(runs: list[Path], scribe: Scribe, place: Path) -> None:
    """A quota on the size of files, which every system knows, stops a run at its input, its tables and its report."""
    here = Place(place, *map(content, runs))
    sizes = sorted({len(data) for data in here.wholes[1].values()}) if here.wholes[1] else []
    for size in sizes:
        assert scribe.write(1, place, limit=size - 1) == [FAILED]
        assert here.standing() == 0 and beside(place) == []
    assert len(sizes) > 10 and scribe.write(1, place, limit=sizes[-1]) == [DONE]
    assert here.standing() == 1
    said = ended(begin("solve", config(runs[0]), "--out", place, "--force", limit=sizes[-1] // 2))
    assert said == [(FAILED, FULL.format(folder=place, reason="File too large"))]
    assert here.standing() == 1 and beside(place) == []


def test_a_target_that_cant_be_written_is_named_before_the_search(runs: list[Path], disk: Disk) -> None:
    old = Path(shutil.copytree(runs[0], disk.path / "run"))
    disk.set("ro")
    for folder, command in ((old, ["solve", config(runs[1]), "--force", "--out"]), (disk.path / "a" / "new", ["new"])):
        [(code, line)] = ended(begin(*command, folder))
        assert code == REFUSED
        assert line == (f"{folder}: got a place where no folder can be made (Read-only file system); expected a folder "
                        "that can be written; check the path")
    assert content(old) == content(runs[0]) and beside(old) == []
    [(code, line)] = ended(begin("report", old))
    assert code == FAILED and line.endswith("report.html can't be read or written: Read-only file system")


def test_a_target_where_nobody_can_write_is_named(runs: list[Path]) -> None:
    for command in (["solve", config(runs[0]), "--out"], ["new"]):
        [(code, line)] = ended(begin(*command, "/proc/run"))
        assert code == REFUSED and line.startswith("/proc/run: got a place where no folder can be made (")


def test_of_two_runs_into_a_new_folder_exactly_one_wins(runs: list[Path], scribe: Scribe, tmp_path: Path) -> None:
    here = Place(tmp_path / "run", *map(content, runs))
    for _ in range(5):
        assert sorted(scribe.write([0, 1, 0, 1], here.folder, force=False)) == [DONE, REFUSED, REFUSED, REFUSED]
        here.standing()
        assert beside(here.folder) == []
        shutil.rmtree(here.folder)
    said = sorted(ended(*(begin("solve", config(run), "--out", here.folder) for run in runs)))
    assert [code for code, _ in said] == [DONE, REFUSED]
    assert "got a folder that" in said[1][1]  # that already exists, or that another run is writing now
    assert optimiser.check_run(here.folder) == [] and beside(here.folder) == []


def test_of_two_runs_that_replace_a_folder_one_stands_there(runs: list[Path], scribe: Scribe, place: Path) -> None:
    here = Place(place, *map(content, runs))
    for number in range(8):
        codes = scribe.write([0, 1, 0, 1], place, swap=bool(number % 2))
        assert DONE in codes and set(codes) <= {DONE, REFUSED}
        here.standing()
        assert beside(place) == []
    said = ended(*(begin("solve", config(run), "--out", place, "--force") for run in runs))
    assert {code for code, _ in said} <= {DONE, REFUSED} and DONE in {code for code, _ in said}
    assert optimiser.check_run(place) == [] and beside(place) == []


@pytest.mark.parametrize("command", [["new", "{}"], ["generate", "--occupations", "9", "--out", "{}"]])
def test_of_two_cases_begun_in_one_folder_exactly_one_is_made(tmp_path: Path, command: list[str]) -> None:
    folder = tmp_path / "land"
    said = sorted(ended(*(begin(*(part.format(folder) for part in command)) for _ in range(2))))
    assert [code for code, _ in said] == [DONE, REFUSED]
    assert "got a folder that" in said[1][1]
    assert beside(folder) == []
    optimiser.load(folder / "config.yaml")


def test_two_reports_of_a_run_at_once_are_both_whole(runs: list[Path], place: Path) -> None:
    (place / "lists.xlsx").write_bytes(b"")
    assert ended(*(begin("report", place) for _ in range(2))) == [(DONE, "")] * 2
    assert content(place) == content(runs[0])


def test_two_estimates_at_once_leave_whole_tables(tmp_path: Path) -> None:
    shutil.copytree(BELGIUM, tmp_path / "land")
    names = ("shortages.csv", "activatable.csv")
    for name in names:
        (tmp_path / "land" / name).unlink()
    said = ended(*(begin("estimate", tmp_path / "land") for _ in range(2)))
    assert {code for code, _ in said} <= {DONE, REFUSED} and DONE in {code for code, _ in said}
    assert all((tmp_path / "land" / name).read_bytes() == (BELGIUM / name).read_bytes() for name in names)
    assert {path.name for path in (tmp_path / "land").iterdir()} == {path.name for path in BELGIUM.iterdir()}


def test_a_folder_that_is_being_written_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    with storage.whole_folder(tmp_path / "run") as part:
        (part / "status.json").touch()
        for force in (False, True):
            with (pytest.raises(InputError, match="another run is writing now"),
                  storage.whole_folder(tmp_path / "run", force)):
                pytest.fail("two write at once")
        assert not (tmp_path / "run").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "status.json"]


def test_where_a_disk_knows_no_locks_only_what_stands_already_may_be_in_use(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(storage.fcntl, "flock", flock)
    for _ in range(2):
        with storage.whole_folder(tmp_path / "run", force=True) as part:
            (part / "status.json").touch()
    storage.write_whole({tmp_path / "run" / "status.json": b"x"})
    part.mkdir()  # as a run leaves it that was killed
    with pytest.raises(InputError, match=r"remove \S*\.run\.part if none is running"), storage.whole_folder(
            tmp_path / "run", force=True):
        pytest.fail("it may be another's")
    assert content(tmp_path / "run") == {"status.json": b"x"}
