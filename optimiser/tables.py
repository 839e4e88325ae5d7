"""Read the CSV tables by their schema: every cell is text until it has been checked, every fault has its place."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.schema import ANY, PARAMETERS, SERVICE_PARAMETERS, TABLES, Column, Table
from optimiser.strictyaml import read_text
from optimiser.texts import say

MAX_BYTES = 1_000_000_000
MAX_CELL = 20_000
MAX_FAULTS_PER_COLUMN = 20
ROW = "_row"  # line of the file a row came from; kept beside the columns of the schema
Tables = dict[str, pd.DataFrame]
_NUMBER = r"-?(?:[0-9]+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?"
_WHOLE = r"-?[0-9]{1,15}"


def read_all(folder: Path, shown: str = "") -> Tables:
    """Every table of a folder, checked cell by cell and put into one canonical order.

    Parameters
    ----------
    folder : Path
        Folder with one CSV file per table; files of tables that are not required may be absent.
    shown : str
        How the folder is written in fault messages; the folder itself by default.

    Returns
    -------
    dict of DataFrame
        By table name; columns as in the schema (absent optional ones are filled with empty text), numbers as float64
        (an empty cell is NaN), plus `_row`, the line of the file. Rows are sorted by key.

    Raises
    ------
    InputError
        With every fault of every table.
    """
    shown = shown or str(folder)
    faults: list[Fault] = []
    if not folder.is_dir():
        raise InputError([Fault(shown, 0, "", say("faults.no_folder"), say("faults.folder_of_tables"),
                                say("faults.check_path"))])
    faults += _unknown_files(folder, shown)
    tables: Tables = {}
    for table in TABLES:
        file, name = folder / table.file, f"{shown}/{table.file}"
        if not file.exists():
            tables[table.name] = _empty(table)
            if table.required:
                faults.append(Fault(name, 0, "", say("faults.no_file"), say("faults.required_table")))
            continue
        try:
            tables[table.name] = read(file, table, name)
        except InputError as error:
            faults += error.faults
            tables[table.name] = _empty(table)
    faults += _references(tables, shown, {f.file for f in faults})
    if faults:
        raise InputError(faults)
    return tables


def read(path: Path, table: Table, shown: str = "") -> pd.DataFrame:
    """One table, checked; see `read_all`."""
    shown = shown or str(path)
    header, records, rows = _records(path, table, shown)
    text = pd.DataFrame(records, columns=header, dtype=object)
    for column in table.columns:
        if column.name not in text:
            text[column.name] = ""
    frame = pd.DataFrame(index=text.index)
    faults: list[Fault] = []
    for column in table.columns:
        frame[column.name] = _parse(text[column.name], column, shown, rows, faults)
    frame[ROW] = rows
    if not faults:
        faults = [*_order_of_range(frame, text, table, shown), *_duplicates(frame, table, shown),
                  *_parameter_ranges(frame, text, table, shown)]
    if faults:
        raise InputError(_capped(faults))
    return frame.sort_values(list(table.key), kind="stable", ignore_index=True)


def write(frame: pd.DataFrame, table: Table, path: Path) -> None:
    """Write a table so that `read` gives it back unchanged: schema columns that hold something, canonical numbers."""
    columns = [c for c in table.columns if c.required or (c.name in frame and (frame[c.name].astype(str) != "").any()
               and not frame[c.name].isna().all())]
    out = pd.DataFrame({c.name: [cell(value) for value in frame[c.name]] for c in columns})
    out.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def cell(value: object) -> str:
    """A value as the shortest text that reads back the same; empty for a missing number."""
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if np.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return str(value)


def _empty(table: Table) -> pd.DataFrame:
    frame = pd.DataFrame({column.name: pd.Series(dtype=_dtype(column)) for column in table.columns})
    frame[ROW] = pd.Series(dtype="int64")
    return frame


def _dtype(column: Column) -> str:
    return "float64" if column.kind in ("number", "whole") else "object"


def _unknown_files(folder: Path, shown: str) -> Iterator[Fault]:
    names = [table.file for table in TABLES]
    for file in sorted(folder.glob("*.csv")):
        if file.name not in names:
            near = difflib.get_close_matches(file.name, names, 1, 0.5)
            hint = say("faults.did_you_mean", name=near[0]) if near else say("faults.move_away")
            yield Fault(f"{shown}/{file.name}", 0, "", say("faults.unknown_table"),
                        say("faults.one_of", names=", ".join(names)), hint)


def _records(path: Path, table: Table, shown: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows of text and the line each row stands on; faults of shape end here."""
    text = read_text(path, MAX_BYTES)
    faults: list[Fault] = []
    records: list[list[str]] = []
    rows: list[int] = []
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        _check_header(header, table, shown)
        for record in reader:
            if not record:
                continue
            if len(record) != len(header):
                faults.append(Fault(shown, reader.line_num, "", say("faults.cells", n=len(record)),
                                    say("faults.cells", n=len(header)), say("faults.shifted_row")))
                continue
            records.append(record)
            rows.append(reader.line_num)
    except csv.Error as error:
        faults.append(Fault(shown, reader.line_num, "", str(error), say("faults.valid_csv"), say("faults.fix_quotes")))
    if faults:
        raise InputError(_capped(faults))
    return header, records, rows


def _check_header(header: list[str], table: Table, shown: str) -> None:
    names = [column.name for column in table.columns]
    faults = []
    if len(header) == 1 and header[0] not in names:
        for mark, word in ((";", "faults.semicolons"), ("\t", "faults.tabs"), ("|", "faults.bars")):
            if mark in header[0]:
                raise InputError([Fault(shown, 1, "", say(word), say("faults.commas"), say("faults.save_with_commas"))])
    for name in header:
        if name not in names:
            near = difflib.get_close_matches(name.strip().lower(), names, 1)
            hint = say("faults.did_you_mean", name=near[0]) if near else say("faults.remove_column")
            faults.append(Fault(shown, 1, repr(name)[:60], say("faults.unknown_column"),
                                say("faults.one_of", names=", ".join(names)), hint))
        elif header.count(name) > 1:
            faults.append(Fault(shown, 1, name, say("faults.column_twice"), say("faults.column_once")))
    faults += [Fault(shown, 1, column.name, say("faults.no_column"), say("faults.required_column"),
                     say("faults.add_column", example=column.example))
               for column in table.columns if column.required and column.name not in header]
    if faults:
        raise InputError(faults)


def _parse(text: pd.Series, column: Column, shown: str, rows: list[int], faults: list[Fault]) -> pd.Series:
    """One column of text as values; cells that can't be are added to `faults`."""
    empty = text == ""
    bad = text.str.strip() != text
    bad |= text.str.contains(r"[\r\n\t]", regex=True)
    if column.filled:
        bad |= empty
    values = text
    if column.kind in ("number", "whole"):
        shaped = text.str.fullmatch(_NUMBER if column.kind == "number" else _WHOLE).astype(bool)
        values = pd.to_numeric(text.where(shaped & ~empty, None), errors="coerce").astype("float64")
        out = (values < (column.minimum if column.minimum is not None else -np.inf)) | (
            values > (column.maximum if column.maximum is not None else np.inf)) | ~(np.isfinite(values) | values.isna())
        bad |= (~shaped & ~empty) | out
    elif column.kind == "year":
        years = text.str.fullmatch(r"(?:19|20|21)[0-9]{2}").astype(bool)
        bad |= ~(years | (text == ANY)) if column.wild else ~years
    elif column.kind in ("choice", "flag"):
        choices = column.choices or ("yes", "no")
        bad |= ~(text.isin(choices) | (empty & (not column.filled)))
    for i in np.flatnonzero(bad.to_numpy(dtype=bool)):
        cell_text = str(text.iloc[i])
        faults.append(Fault(shown, rows[i], column.name, _got(cell_text), _expects(column), _advice(cell_text, column)))
    return values


def _got(text: str) -> str:
    return repr(text[:80]) if text else say("faults.empty_cell")


def _expects(column: Column) -> str:
    if column.kind in ("choice", "flag"):
        return say("faults.one_of", names=", ".join(column.choices or ("yes", "no")))
    if column.kind in ("number", "whole"):
        limits = say("faults.between", minimum=cell(column.minimum), maximum=cell(column.maximum))
        return " ".join([say(f"faults.a_{column.kind}"), limits, f"({column.unit})" if column.unit else ""])
    if column.kind == "year":
        return say("faults.a_year_or_any" if column.wild else "faults.a_year")
    return say("faults.a_text")


def _advice(text: str, column: Column) -> str:
    """What to do about a cell, when its shape tells."""
    if text != text.strip():
        return say("faults.strip_spaces")
    if column.kind in ("number", "whole"):
        if re.fullmatch(r"-?[0-9]+,[0-9]+", text):
            return say("faults.decimal_point", better=text.replace(",", "."))
        if re.fullmatch(r"-?[0-9]{1,3}([., '\u00a0][0-9]{3})+([.,][0-9]+)?", text):
            return say("faults.no_thousands")
        if text.lower() in ("na", "nan", "n/a", "-", "?", "null", "none"):
            return say("faults.leave_empty") if not column.filled else say("faults.needs_number")
    return ""


def _order_of_range(frame: pd.DataFrame, text: pd.DataFrame, table: Table, shown: str) -> Iterator[Fault]:
    """low <= central <= high; both ends given or none; no range without a central value."""
    if not table.numeric:
        return
    low, central, high = frame["low"], frame["central"], frame["high"]
    wrong = (low > central) | (central > high) | (low.isna() != high.isna()) | (central.isna() & low.notna())
    for i in np.flatnonzero(wrong.to_numpy(dtype=bool)):
        got = ", ".join(f"{name} {_got(str(text[name].iloc[i]))}" for name in ("low", "central", "high"))
        yield Fault(shown, int(frame[ROW].iloc[i]), "low/central/high", got, say("faults.range_order"))


def _duplicates(frame: pd.DataFrame, table: Table, shown: str) -> Iterator[Fault]:
    key = list(table.key)
    again = frame.duplicated(key, keep="first")
    if not again.any():
        return
    first = frame.drop_duplicates(key).set_index(key)[ROW]
    for _, row in frame[again].iterrows():
        value = tuple(row[key]) if len(key) > 1 else row[key[0]]
        got = ", ".join(f"{name}={cell(row[name])}" for name in key)
        yield Fault(shown, int(row[ROW]), "/".join(key), got, say("faults.key_unique"),
                    say("faults.also_in_row", row=int(first.loc[value])))


def _parameter_ranges(frame: pd.DataFrame, text: pd.DataFrame, table: Table, shown: str) -> Iterator[Fault]:
    """Numbers of the two parameter tables lie in the range of the parameter they set."""
    if table.name not in ("parameters", "service_parameters"):
        return
    for parameter in PARAMETERS if table.name == "parameters" else SERVICE_PARAMETERS:
        rows = frame[frame["parameter"] == parameter.name]
        for name in ("low", "central", "high"):
            value = rows[name]
            bad = (value < parameter.minimum) | (value > parameter.maximum)
            if parameter.whole:
                bad |= value.notna() & (value % 1 != 0)
            for i in rows.index[bad]:
                kind = say("faults.a_whole" if parameter.whole else "faults.a_number")
                limits = say("faults.between", minimum=cell(parameter.minimum), maximum=cell(parameter.maximum))
                yield Fault(shown, int(frame[ROW][i]), name, _got(str(text[name][i])),
                            f"{kind} {limits} ({parameter.unit})")


def _references(tables: Tables, shown: str, broken: set[str]) -> Iterator[Fault]:
    """Codes that stand in no row of the table they refer to, with the nearest one that does."""
    known = {table.name: set(tables[table.name][table.key[0]]) for table in TABLES if len(table.key) == 1}
    for table in TABLES:
        frame = tables[table.name]
        for column in table.columns:
            unreadable = f"{shown}/{column.refers}.csv" in broken
            if not column.refers or unreadable or column.kind == "selector" or frame.empty:
                continue
            codes = known[column.refers]
            allowed = codes | ({ANY} if column.wild else set()) | (set() if column.filled else {""})
            bad = ~frame[column.name].isin(allowed)
            faults = [Fault(f"{shown}/{table.file}", int(row), column.name, repr(str(code)[:80]),
                            say("faults.known_code", table=column.refers), nearest(str(code), codes))
                      for code, row in zip(frame[column.name][bad], frame[ROW][bad], strict=True)]
            yield from _capped(faults)


def nearest(code: str, codes: set[str]) -> str:
    """A hint naming the known code that was probably meant; empty when none is near."""
    for zeros in ("0", "00", "000"):
        if zeros + code in codes:
            return say("faults.lost_zero", name=zeros + code)
    near = difflib.get_close_matches(code, sorted(codes)[:5000], 1)
    return say("faults.did_you_mean", name=near[0]) if near else ""


def _capped(faults: list[Fault]) -> list[Fault]:
    """At most MAX_FAULTS_PER_COLUMN faults of a kind per column, and one line that counts the others."""
    kept: list[Fault] = []
    counts: dict[tuple[str, str], int] = {}
    for fault in faults:
        place = (fault.file, fault.column)
        counts[place] = counts.get(place, 0) + 1
        if counts[place] <= MAX_FAULTS_PER_COLUMN:
            kept.append(fault)
    for (file, column), count in counts.items():
        if count > MAX_FAULTS_PER_COLUMN:
            more = say("faults.more", n=count - MAX_FAULTS_PER_COLUMN)
            kept.append(Fault(file, 10**9, column, more, say("faults.none_of_these")))
    return kept
