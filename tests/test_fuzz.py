"""Fuzzing of the input: mutated tables, settings and scenarios are read with the right meaning, or refused in lines.

What can't be seen in principle isn't asked for: that two equally plausible numbers, codes, settings or columns of free
text have changed places, that a row or setting is gone, that a number which fits is another one, that `group:01` has
become `group:1`, or that 1.234 means 1234 in a table that is itself written to three decimals.
"""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import fuzzcase
import fuzzing
import junk
import plainly
import pytest
import yaml
from refusal import LINE

from optimiser import strictyaml, tables
from optimiser.errors import InputError
from optimiser.problem import Problem, load
from optimiser.schema import BY_NAME
from optimiser.tables import ROW

KEPT, ANY = "only how it is written", "anything"
SECONDS = 10  # after which a case counts as hanging
ENOUGH = 0.995  # of the files whose meaning was changed are refused, or read as they were meant
TABLES = [*fuzzcase.TABLES]
SCENARIO = "scenarios/s.yaml"


@dataclass(frozen=True)
class Case:
    """One mutated file, and what was done to it."""

    file: str
    kind: str
    data: bytes

    @classmethod
    def of(cls, number: int) -> Case:
        """The case of a number: one to three mutations, of one kind, of one file."""
        rng = random.Random(number)
        while True:
            file = rng.choices(["config.yaml", SCENARIO, f"{rng.choice(TABLES)}.csv"], [25, 10, 65])[0]
            table = file.endswith(".csv")
            changing = fuzzing.CHANGING_TABLE if table else fuzzing.CHANGING_SETTINGS
            kind = rng.choices([KEPT, ANY, rng.choice([*changing])], [20, 35, 45])[0]
            mutators = changing.get(kind) or {
                (KEPT, True): fuzzing.KEEPING_TABLE, (KEPT, False): fuzzing.KEEPING_SETTINGS,
                (ANY, True): junk.ANY_TABLE, (ANY, False): junk.ANY_SETTINGS}[kind, table]
            times = 1 if kind in changing else rng.randint(1, 3)
            data = fuzzing.mutated(rng, mutators, fuzzcase.FILES[file].encode(), times)
            if data is not None:
                return cls(file, kind, data)


class Reader:
    """Reads the case with one file changed. Tables that stand as they were are read once: this is what takes time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        self.folder = folder / "case"
        self.config = fuzzcase.write(self.folder)
        self.base = dict.fromkeys(fuzzcase.FILES, load(self.config)) | {SCENARIO: load(self.config, ["s"])}
        self.tables = {name: plainly.table(text.encode()) for name, text in fuzzcase.TABLES.items()}
        self.changed = ""
        read, known = tables.read, {name: tables.read(self.folder / f"{name}.csv", BY_NAME[name]) for name in TABLES}
        monkeypatch.setattr(tables, "read", lambda path, table, shown: known[table.name] if path.name != self.changed
                            else read(path, table, shown))

    def read(self, case: Case) -> Problem:
        """The case with its mutated file; an InputError when it is refused."""
        path, self.changed = self.folder / case.file, case.file
        path.write_bytes(case.data)
        try:
            with within(SECONDS):
                return load(self.config, ["s"] if case.file == SCENARIO else [])
        finally:
            path.write_bytes(fuzzcase.FILES[case.file].encode())

    def as_meant(self, case: Case, problem: Problem) -> bool:
        """Whether the Problem is the one of the file before it was mutated."""
        base = self.base[case.file]
        return problem == base and all(problem.tables[name].drop(columns=ROW).equals(base.tables[name].drop(
            columns=ROW)) for name in ([case.file[:-4]] if case.file.endswith(".csv") else BY_NAME))

    def differences(self, case: Case, problem: Problem) -> list[str]:
        """Where the Problem says something else than a naive reading of the mutated file."""
        found, config = self.tables, plainly.settings(fuzzcase.CONFIG.encode())
        try:
            if case.file == "config.yaml":
                config = plainly.settings(case.data)
            elif case.file == SCENARIO:
                scenario = plainly.settings(case.data)
                found, config = plainly.changed(found, scenario), plainly.patched(config, scenario)
            else:
                found = found | {case.file[:-4]: plainly.table(case.data)}
            return plainly.differences(problem, found, config)
        except (plainly.UnclearError, ValueError, LookupError, yaml.YAMLError) as error:
            return [f"it has no plain meaning: {error!r}"]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    return Reader(tmp_path, monkeypatch)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """A hang ends as a fault of the test."""
    def too_long(*_: object) -> None:
        raise AssertionError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def told_well(error: InputError, case: Case, folder: Path) -> list[str]:
    """What is wrong with how a file was refused: nothing, when every line has the form and the right file is named."""
    lines = [str(fault) for fault in error.faults]
    wrong = [line for line in lines if not (LINE.fullmatch(line) and line.isprintable() and len(line) < 4000)]
    if case.kind == KEPT:
        wrong += lines
    if len(lines) > 400:
        wrong.append(f"{len(lines)} lines")
    if not any(fault.file == str(folder / case.file) for fault in error.faults):
        try:  # only what doesn't fit the others may be told of the others
            if case.file.endswith(".csv"):
                tables.read(folder / case.file, BY_NAME[case.file[:-4]], "")
            else:
                strictyaml.read(folder / case.file)
        except InputError:
            wrong.append("the file at fault is not named")
    return wrong


def outcome(reader: Reader, case: Case) -> tuple[str, list[str]]:
    """How a case ended: refused, read right, or misread; and what is wrong with it."""
    try:
        problem = reader.read(case)
    except InputError as error:
        return "refused", told_well(error, case, reader.folder)
    if reader.as_meant(case, problem):
        return "read", []
    if case.kind == ANY:
        wrong = reader.differences(case, problem)
        return ("misread" if wrong else "read"), wrong
    return "misread", [f"{case.kind}: another meaning"] if case.kind == KEPT else []


def test_the_naive_reading_agrees_on_the_case_itself(reader: Reader) -> None:
    for file, text in fuzzcase.FILES.items():
        assert reader.differences(Case(file, ANY, text.encode()), reader.base[file]) == []


@pytest.mark.parametrize("other", ["central: low", "list_length: 4", "2250", "Q,*,3500"])
def test_the_naive_reading_sees_a_difference(reader: Reader, other: str) -> None:
    """The oracle itself is tested: a Problem of another file is not taken for this one's."""
    for file, text in fuzzcase.FILES.items():
        if other in text and file != SCENARIO:
            case = Case(file, ANY, text.replace(other, other.replace("4", "5").replace("0", "1")).encode())
            if case.data != text.encode():
                assert reader.differences(case, reader.base[file])


@pytest.mark.drawn(5_000, 100_000)
def test_mutated_files_are_read_right_or_refused_in_lines(reader: Reader, numbers: Sequence[int],
                                                         figures: Counter[str]) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for number in numbers:
        case = Case.of(number)
        end, wrong = outcome(reader, case)
        assert not wrong, f"case {number}, {case.file}, {case.kind}: {wrong}"
        counts[case.kind, end] += 1
    figures.update({f"{kind}: {end}": n for (kind, end), n in counts.items()})
    changed = {key: n for key, n in counts.items() if key[0] not in (KEPT, ANY)}
    misread = sum(n for (_, end), n in changed.items() if end == "misread")
    assert misread <= (1 - ENOUGH) * sum(changed.values()), dict(counts)
    assert not counts[KEPT, "refused"]
    assert min(counts[ANY, "read"], counts[ANY, "refused"], counts[KEPT, "read"]) > len(numbers) / 100
