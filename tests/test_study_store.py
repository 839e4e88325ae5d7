"""The store of a study: nothing that was kept is lost, nothing foreign is taken in, and every table says what it is."""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from folders import content
from twovalleys import SHORT, begun, write_study
from worlds import rows, write_table

from optimiser.errors import InputError, OptimiserError
from optimiser.schema import BY_NAME
from optimiser.study import spec
from optimiser.study.columns import COLUMNS, RESULTS, STATUSES
from optimiser.study.design import design
from optimiser.study.journal import records, written
from optimiser.study.spec import Study
from optimiser.study.store import Result, Store

PLAN = Result(1, "Q", "a", "within_gap", "", 0.01, 2.5, -1, (("Q", "unfilled", 8.0, 7.5), ("Q", "cost", 0.1, math.nan)),
              (("Q", "2221", 1, 8.0, 4.0), ("Q", "0110", 1, 10.0, 5.5)))
NO_PLAN = Result(0, "R", "b", "infeasible", "no list keeps every rule", math.nan, 0.5)
COPY = Result(3, "Q", "a", "within_gap", "", 0.01, 0.0, 1)
LATE = Result(2, "R", "c", "time_limit", "out of time", math.nan, 10.0)
FAILED = Result(2, "Q", "", "failed", "the process that solved it died twice", math.nan, 0.0)
EVERY = (PLAN, NO_PLAN, COPY, LATE, FAILED)
HOLD = """
import sys
from optimiser.study.store import Store
with Store.open(sys.argv[1]).adding((1, 2)):
    print(flush=True)
    input()
"""


@pytest.fixture
def kept(tmp_path: Path) -> Store:
    _, store = begun(tmp_path)
    with store.adding():
        for result in EVERY:
            store.append(result)
    return store


def journal(store: Store) -> Path:
    [path] = store.journals()
    return path


def faults(study: Study, store: Store) -> str:
    """The one line with which going on is refused; nothing of the folder is touched."""
    before = content(store.folder)
    with pytest.raises(InputError) as refused:
        Store.at(store.folder, study, design(study))
    assert content(store.folder) == before
    [fault] = refused.value.faults
    return str(fault)


def test_what_is_kept_is_read_back(kept: Store) -> None:
    again = Store.open(kept.folder)
    assert again.done() == {(1, "Q"), (0, "R"), (3, "Q"), (2, "R"), (2, "Q")}
    copied = replace(PLAN, row=3, seconds=0.0, same_as=1)
    assert repr(list(again.results())) == repr([NO_PLAN, PLAN, FAILED, LATE, copied])
    assert {path.name for path in again.folder.iterdir()} == {"study.json", "study.yaml", "design.parquet", "journal"}
    assert again.names == ("Q", "R") and again.about["rows"] == 9 and again.about["design"] == "lhs"
    assert (again.folder / "study.yaml").read_bytes() == again.study_file.read_bytes()


def test_tables_hold_every_row_in_order_in_the_documented_columns(kept: Store) -> None:
    kept.consolidate()
    assert kept.status[["row", "component", "status", "same_as"]].to_numpy().tolist() == [
        [0, "R", "infeasible", -1], [1, "Q", "within_gap", -1], [2, "Q", "failed", -1], [2, "R", "time_limit", -1],
        [3, "Q", "within_gap", 1]]
    assert set(kept.status["status"]) <= set(STATUSES)
    assert kept.listed.to_numpy().tolist() == [[row, "Q", *line] for row in (1, 3) for line in (
        ["0110", 1, 10.0, 5.5], ["2221", 1, 8.0, 4.0])]
    assert kept.outcomes["value"].tolist() == [0.1, 8.0] * 2
    assert kept.outcomes["bound"].isna().tolist() == [True, False] * 2
    for name in (*RESULTS, "design"):
        file = pq.read_schema(kept.folder / f"{name}.parquet")
        assert {column: str(file.field(column).type).replace("double", "float64") for column in COLUMNS[name]} == {
            column: each.type for column, each in COLUMNS[name].items()}
        assert file.metadata == {b"format": b"1", b"study": kept.about["study"].encode(),
                                 b"case": kept.about["case"].encode()}
        first = pq.ParquetFile(kept.folder / f"{name}.parquet").metadata.row_group(0).column(0)
        assert first.compression == "ZSTD"


def test_duckdb_and_pandas_read_the_tables(kept: Store) -> None:
    kept.consolidate()
    path = kept.folder / "listed.parquet"
    assert duckdb.sql(f"select row, sum(quota) from '{path}' group by row order by row").fetchall() == [
        (1, 18.0), (3, 18.0)]
    pd.testing.assert_frame_equal(pd.read_parquet(path), kept.listed)


def test_the_same_answers_give_the_same_bytes_in_whatever_order_they_came(kept: Store, tmp_path: Path) -> None:
    other = Store.create(tmp_path / "other", spec.load(kept.study_file), kept.design)
    with other.adding():
        for result in EVERY[::-1]:
            other.append(result)
    for store in (kept, other):
        store.consolidate()
    for name in RESULTS:
        assert (kept.folder / f"{name}.parquet").read_bytes() == (other.folder / f"{name}.parquet").read_bytes()


def test_a_study_without_answers_has_empty_tables(tmp_path: Path) -> None:
    _, store = begun(tmp_path)
    assert (len(store.status), len(store.outcomes), len(store.listed), len(store.design)) == (0, 0, 0, 9)


def test_a_torn_last_line_is_dropped_wherever_it_was_cut(kept: Store) -> None:
    whole = journal(kept).read_bytes()
    last = len(whole.rstrip(b"\n").rpartition(b"\n")[2]) + 1
    for cut in range(1, last + 1):
        journal(kept).write_bytes(whole[:-cut])
        assert len(kept.done()) == len(EVERY) - 1
    with kept.adding():
        assert journal(kept).read_bytes() == whole[:-last]
        kept.append(FAILED)
    assert journal(kept).read_bytes() == whole


def test_a_journal_that_was_cut_in_its_first_line_begins_again(tmp_path: Path) -> None:
    _, store = begun(tmp_path)
    with store.adding():
        pass
    whole = journal(store).read_bytes()
    for cut in (0, 1, len(whole) // 2):
        journal(store).write_bytes(whole[:cut])
        assert store.done() == set()
        with store.adding():
            assert journal(store).read_bytes() == whole


@pytest.mark.parametrize("spoil", [lambda line: line[:-3] + b"0!\n", lambda line: line.replace(b"within", b"withou"),
                                   lambda line: b"\n", lambda line: line[:-1]])
def test_a_line_that_was_changed_is_a_fault(kept: Store, spoil) -> None:
    lines = journal(kept).read_bytes().splitlines(keepends=True)
    journal(kept).write_bytes(b"".join([lines[0], spoil(lines[1]), *lines[2:]]))
    before = journal(kept).read_bytes()
    with pytest.raises(InputError, match=r"row 2: got a line that is not as it was written"), kept.adding():
        pass
    assert journal(kept).read_bytes() == before


def test_a_full_disk_keeps_what_was_kept(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = journal(kept).read_bytes()
    late = Result(7, "Q", "d", "optimal")
    with kept.adding():
        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", full)
            with pytest.raises(OptimiserError, match="No space left on device"):
                kept.append(replace(late, reason="first try"))
        kept.append(late)
    assert journal(kept).read_bytes().startswith(before)
    assert [r["reason"] for r in records(journal(kept)) if r.get("row") == 7] == [""]


def test_two_runs_of_one_shard_are_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    _, store = begun(tmp_path)
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(store.folder)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    assert other.stdout and other.stdout.readline() == "\n"
    with pytest.raises(InputError, match="shard-1-of-2.jsonl: got another run is at work here"), store.adding((1, 2)):
        pass
    with store.adding((2, 2)):
        pass
    other.send_signal(signal.SIGKILL)
    other.communicate(timeout=30)
    with store.adding((1, 2)):
        store.append(PLAN)


def test_only_folders_of_studies_of_this_format_are_opened(kept: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got no folder of a study"):
        Store.open(tmp_path / "nothing")
    for text in ("", "[]", "{}", '{"format"'):
        (kept.folder / "study.json").write_text(text)
        with pytest.raises(InputError, match="got no folder of a study"):
            Store.open(kept.folder)
    (kept.folder / "study.json").write_text(json.dumps(kept.about | {"format": 2}))
    with pytest.raises(InputError, match="study.json, format: got 2; expected 1; this folder was made by another"):
        Store.open(kept.folder)


def test_a_table_or_journal_of_another_study_is_refused(kept: Store, tmp_path: Path) -> None:
    kept.consolidate()
    _, other = begun(tmp_path / "other", seed=2)
    with other.adding():
        pass
    (other.folder / "status.parquet").write_bytes((kept.folder / "status.parquet").read_bytes())
    with pytest.raises(InputError, match="got a table of another study"):
        _ = other.status
    journal(other).write_bytes(journal(kept).read_bytes())
    with pytest.raises(InputError, match="got answers to another study"), other.adding():
        pass


def test_going_on_after_a_change_is_refused_in_one_line(kept: Store) -> None:
    folder, file = kept.folder.parent, kept.study_file
    unchanged = file.read_text("utf-8")
    file.write_text("# a remark changes nothing\n" + unchanged, "utf-8")
    study = spec.load(file)
    assert Store.at(kept.folder, study, design(study)).done() == kept.done()
    write_study(folder, gap=0.02)
    assert faults(spec.load(file), kept) == (
        f"{file}: got changed since the folder was begun: the study file; expected the study and case that "
        f"{kept.folder} was begun with; undo the change to go on, or run into a new folder with --out; nothing was "
        "overwritten")
    write_study(folder)
    short = rows("area occupation year low central high", ("Q1", "0110", 2026, 5, 10, 21),
                 ("Q1", "2221", 2026, 4, 8, 12), ("R1", "0110", 2026, 3, 6, 9), ("R1", "2221", 2026, 2, 7, 14))
    write_table(folder / "case", BY_NAME["shortages"], short)
    assert "begun: shortages;" in faults(spec.load(file), kept)
    write_study(folder)
    config = folder / "case" / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("list_length: 1", "list_length: 2", 1), "utf-8")
    assert "begun: config;" in faults(spec.load(file), kept)


def test_other_rows_are_refused(kept: Store) -> None:
    study = spec.load(kept.study_file)
    other = design(study).assign(length=1.0)
    with pytest.raises(InputError, match="got other rows than the folder was begun with"):
        kept.refuse_change(study, other)


def test_what_stands_there_already_is_never_replaced(tmp_path: Path) -> None:
    study = spec.load(write_study(tmp_path, uncertainties=[SHORT]))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(InputError, match="out: got"):
        Store.at(tmp_path / "out", study, design(study))
    assert content(tmp_path / "out") == {"mine": b"mine"}


def test_a_line_is_its_record_and_checksum() -> None:
    text = '{"a":[1,null,"é"]}'.encode()
    assert written({"a": [1, None, "é"]}) == text + b"\t" + hashlib.sha256(text).hexdigest()[:16].encode() + b"\n"
