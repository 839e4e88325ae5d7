"""Read the CSV tables by their schema: every cell is text until it has been checked, every fault has its place."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.schema import (
    ANY,
    PARAMETERS,
    SELECTOR_WORDS,
    SERVICE_PARAMETERS,
    SHARED,
    TABLES,
    Column,
    Parameter,
    Table,
)
from optimiser.strictyaml import read_text
from optimiser.texts import say

MAX_BYTES = 256_000_000
MAX_CELL = 20_000
MAX_FAULTS = 20  # of one kind in one column; one more line counts the others
ROW = "_row"  # line of the file a row came from; kept beside the columns of the schema
Tables = dict[str, pd.DataFrame]
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?")
_LONGEST_NUMBER = 40
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}|-?[1-9][0-9]{0,2}\.[0-9]{2}0")  # 1.250: is it 1250?
_SHAPES = {"year": r"(?:19|20|21)[0-9]{2}", "whole": r"-?(?:0|[1-9][0-9]{0,14})",
           "date": r"(?:19|20|21)[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"}
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"
_RESERVED = rf"\*|{SHARED}|(?:{'|'.join(SELECTOR_WORDS)}):.*"  # codes that would be read as something else
_OTHER_FORMATS = (".xlsx", ".xls", ".xlsm", ".ods", ".tsv", ".tab", ".txt", ".gz", ".zip")


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
    try:
        present = {file.name for file in folder.iterdir()}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or say("faults.no_folder")
        fault = Fault(shown, 0, "", reason, say("faults.folder_of_tables"), say("faults.check_path"))
        raise InputError([fault]) from None
    faults = [*_unknown_files(present, shown)]
    tables: Tables = {}
    for table in TABLES:
        name = f"{shown}/{table.file}"
        tables[table.name] = _empty(table)
        if table.file in present:
            try:
                tables[table.name] = read(folder / table.file, table, name)
            except InputError as error:
                faults += error.faults
        elif table.required:
            faults.append(Fault(name, 0, "", say("faults.no_file"), say("faults.required_table"),
                                say("faults.add_table")))
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
        own = column.kind == "code" and not column.refers and table.key == (column.name,)
        frame[column.name] = _parse(text[column.name], column, own, shown, rows, faults)
    frame[ROW] = rows
    if not faults:
        faults = [*_order_of_range(frame, text, table, shown), *_duplicates(frame, table, shown),
                  *_parameter_ranges(frame, text, table, shown)]
    if faults:
        raise InputError(faults)
    return frame.sort_values(list(table.key), kind="stable", ignore_index=True)


def write(frame: pd.DataFrame, table: Table, path: Path | BinaryIO) -> None:
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


def _unknown_files(present: set[str], shown: str) -> Iterator[Fault]:
    """Files that look like tables and would not be read: a limit must not be switched off by a misspelt name."""
    names = {table.file for table in TABLES}
    for file in sorted(present - names):
        stem = file.split(".")[0].lower()
        if file.lower().endswith(".csv"):
            yield Fault(f"{shown}/{file}", 0, "", say("faults.unknown_table"),
                        say("faults.one_of", names=", ".join(table.file for table in TABLES)),
                        meant(file.lower(), names) or say("faults.move_away"))
        elif file.lower().endswith(_OTHER_FORMATS) and f"{stem}.csv" in names - present:
            yield Fault(f"{shown}/{file}", 0, "", say("faults.other_format"), f"{stem}.csv", say("faults.save_as_csv"))


def _records(path: Path, table: Table, shown: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows of text and the line each row begins on; faults of shape end here."""
    text = read_text(path, MAX_BYTES)
    records: list[list[str]] = []
    rows: list[int] = []
    shifted: list[tuple[int, int]] = []
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begin = 1
    try:
        header = next(reader, [])
        _check_header(header, table, shown)
        begin = reader.line_num + 1
        for record in reader:
            if len(record) == len(header):
                records.append(record)
                rows.append(begin)
            elif record:  # an empty line is no row
                shifted.append((begin, len(record)))
            begin = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            fault = Fault(shown, begin, "", say("faults.long_cell"), say("faults.at_most_characters", n=MAX_CELL))
        else:
            fault = Fault(shown, begin, "", str(error), say("faults.valid_csv"))
        raise InputError([replace(fault, hint=say("faults.fix_quotes"))]) from None
    if shifted:
        raise InputError(few(shifted, lambda row: Fault(shown, row[0], "", _cells(row[1]), _cells(len(header)),
                                                        say("faults.shifted_row"))))
    return header, records, rows


def _cells(n: int) -> str:
    return say("faults.one_cell" if n == 1 else "faults.cells", n=n)


def _check_header(header: list[str], table: Table, shown: str) -> None:
    names = [column.name for column in table.columns]
    if not set(header) & set(names):
        got, hint = _got(",".join(header)), say("faults.header_first")
        for mark, word in ((";", "faults.semicolons"), ("\t", "faults.tabs"), ("|", "faults.bars")):
            if len(header) == 1 and mark in header[0]:
                got, hint = say(word), say("faults.save_with_commas")
        raise InputError([Fault(shown, 1, "", got, say("faults.header", names=",".join(names)), hint)])
    unknown = [name for name in header if name not in names]
    faults = list(few(unknown, lambda name: Fault(
        shown, 1, repr(name)[:60], say("faults.unknown_column"), say("faults.one_of", names=", ".join(names)),
        meant(name.strip().lower(), names) or say("faults.remove_column"))))
    faults += [Fault(shown, 1, name, say("faults.column_twice"), say("faults.column_once"), say("faults.remove_column"))
               for name in names if header.count(name) > 1]
    faults += [Fault(shown, 1, column.name, say("faults.no_column"), say("faults.required_column"),
                     say("faults.add_column", example=column.example))
               for column in table.columns if column.required and column.name not in header]
    if faults:
        raise InputError(faults)


def _parse(cells: pd.Series, column: Column, own: bool, shown: str, rows: list[int], faults: list[Fault]) -> pd.Series:
    """One column of text as values; cells that can't be are added to `faults`. `own`: the column defines its codes."""
    which, distinct = pd.factorize(cells)  # most cells of a large table repeat: each text is looked at once
    text = pd.Series(distinct, dtype=object)
    values, bad = _values(text, column, own)

    def fault(i: int) -> Fault:
        wrong = str(cells.iloc[i])
        return Fault(shown, rows[i], column.name, _got(wrong), _expects(column, own), _advice(wrong, column))

    faults += few(np.flatnonzero(bad.to_numpy(dtype=bool)[which]), fault)
    return pd.Series(values.to_numpy()[which], index=cells.index, dtype=values.dtype)


def _values(text: pd.Series, column: Column, own: bool) -> tuple[pd.Series, pd.Series]:
    """Values of some texts, and which of them can't stand in the column."""
    empty = text == ""
    bad = (text.str.strip() != text) | text.str.contains(_CONTROL, regex=True) | (empty & column.filled)
    values = text
    if column.kind in ("number", "whole"):
        shaped = _shaped(text, column)
        values = pd.to_numeric(text.where(shaped, None), errors="coerce").astype("float64")
        minimum = -np.inf if column.minimum is None else column.minimum
        maximum = np.inf if column.maximum is None else column.maximum
        bad |= (~shaped & ~empty) | (shaped & ~values.between(minimum, maximum))
    elif column.kind in _SHAPES:
        bad |= ~(text.str.fullmatch(_SHAPES[column.kind]).astype(bool) | (column.wild & (text == ANY)) | empty)
    elif column.kind in ("choice", "flag"):
        bad |= ~(text.isin(_choices(column)) | empty)
    elif own:
        bad |= text.str.fullmatch(_RESERVED).astype(bool)
    return values, bad


def _shaped(text: pd.Series, column: Column) -> pd.Series:
    if column.kind == "whole":
        return text.str.fullmatch(_SHAPES["whole"]).astype(bool)
    shaped = text.str.fullmatch(_NUMBER).astype(bool) & (text.str.len() <= _LONGEST_NUMBER)
    return shaped & ~text.str.fullmatch(_THOUSANDS).astype(bool)


def _choices(column: Column) -> tuple[str, ...]:
    return column.choices or ("yes", "no")


def _got(text: str) -> str:
    return repr(text[:80]) if text else say("faults.empty_cell")


def _expects(column: Column, own: bool = False) -> str:
    if column.kind in ("choice", "flag"):
        return say("faults.one_of", names=", ".join(_choices(column)))
    if column.kind in ("number", "whole"):
        limits = say("faults.between", minimum=cell(column.minimum), maximum=cell(column.maximum))
        return " ".join([say(f"faults.a_{column.kind}"), limits, f"({column.unit})" if column.unit else ""])
    if column.kind in ("year", "date"):
        return say(f"faults.a_{column.kind}_or_any" if column.wild else f"faults.a_{column.kind}")
    return say("faults.a_code" if own else "faults.a_text")


def _advice(text: str, column: Column) -> str:
    """What to do about a cell, as far as its shape tells."""
    if not text:
        return say("faults.fill_cell", example=column.example or "...")
    if text != text.strip() or re.search(_CONTROL, text):
        return say("faults.strip_spaces")
    if column.kind in ("choice", "flag"):
        return meant(text.lower(), _choices(column)) or say("faults.choose_word")
    if column.kind not in ("number", "whole"):
        return say("faults.write_like", example=column.example or "2026")
    if re.fullmatch(r"-?[0-9]{1,3}([., '\u00a0\u202f][0-9]{3})+([.,][0-9]+)?", text):
        return say("faults.no_thousands")
    if re.fullmatch(r"-?[0-9]+,[0-9]+", text):
        return say("faults.decimal_point", better=text.replace(",", "."))
    if text.lower() in ("na", "nan", "n/a", "-", "?", "null", "none"):
        return say("faults.needs_number" if column.filled else "faults.leave_empty")
    if _NUMBER.fullmatch(text):
        return say("faults.check_sign" if text.startswith("-") else "faults.check_unit")
    return say("faults.write_like", example=column.example or "12.5")


def _order_of_range(frame: pd.DataFrame, text: pd.DataFrame, table: Table, shown: str) -> Iterator[Fault]:
    """low <= central <= high; both ends given or none; no range without a central value."""
    if not table.numeric:
        return
    low, central, high = frame["low"], frame["central"], frame["high"]
    wrong = (low > central) | (central > high) | (low.isna() != high.isna()) | (central.isna() & low.notna())

    def fault(i: int) -> Fault:
        got = ", ".join(f"{name} {_got(str(text[name].iloc[i]))}" for name in ("low", "central", "high"))
        return Fault(shown, int(frame[ROW].iloc[i]), "low/central/high", got, say("faults.range_order"),
                     say("faults.fix_range"))

    yield from few(np.flatnonzero(wrong.to_numpy(dtype=bool)), fault)


def _duplicates(frame: pd.DataFrame, table: Table, shown: str) -> Iterator[Fault]:
    key = list(table.key)
    again = np.flatnonzero(frame.duplicated(key, keep="first"))
    if not len(again):
        return
    first = frame.groupby(key, sort=False)[ROW].transform("first")
    yield from few(again, lambda i: Fault(
        shown, int(frame[ROW].iloc[i]), "/".join(key),
        ", ".join(f"{name}={cell(frame[name].iloc[i])}" for name in key), say("faults.key_unique"),
        say("faults.also_in_row", row=int(first.iloc[i]))))


def _parameter_ranges(frame: pd.DataFrame, text: pd.DataFrame, table: Table, shown: str) -> Iterator[Fault]:
    """Numbers of the two parameter tables lie in the range of the parameter they set."""
    for name in ("low", "central", "high"):
        for parameter, outside in beyond(frame, table, name):
            kind = say("faults.a_whole" if parameter.whole else "faults.a_number")
            limits = say("faults.between", minimum=cell(parameter.minimum), maximum=cell(parameter.maximum))
            expected = f"{kind} {limits} ({parameter.unit})"
            yield from few(outside, lambda i, name=name, expected=expected: Fault(
                shown, int(frame[ROW].iloc[i]), name, _got(str(text[name].iloc[i])), expected,
                say("faults.check_unit")))


def beyond(frame: pd.DataFrame, table: Table, name: str) -> Iterator[tuple[Parameter, np.ndarray]]:
    """Parameters and the positions of rows whose number `name` lies outside the parameter's range."""
    for parameter in {"parameters": PARAMETERS, "service_parameters": SERVICE_PARAMETERS}.get(table.name, ()):
        number = frame[name].where(frame["parameter"] == parameter.name)
        bad = number.notna() & ~number.between(parameter.minimum, parameter.maximum)
        if parameter.whole:
            bad |= number.notna() & (number % 1 != 0)
        if bad.any():
            yield parameter, np.flatnonzero(bad)


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
            bad = np.flatnonzero(~frame[column.name].isin(allowed))
            bad = bad[np.argsort(frame[ROW].to_numpy()[bad])]
            yield from few(bad, lambda i, frame=frame, table=table, column=column, codes=codes: Fault(
                f"{shown}/{table.file}", int(frame[ROW].iloc[i]), column.name, repr(frame[column.name].iloc[i][:80]),
                say("faults.known_code", table=column.refers),
                nearest(frame[column.name].iloc[i], codes) or say("faults.add_code", table=column.refers)))


def nearest(code: str, codes: set[str]) -> str:
    """A hint naming the known code that was probably meant; empty when none is near."""
    for zeros in ("0", "00", "000"):
        if zeros + code in codes:
            return say("faults.lost_zero", name=zeros + code)
    return meant(code, sorted(codes)[:5000])


def meant(name: str, names: Iterable[str]) -> str:
    """A hint naming the nearest of some names; empty when none is near."""
    near = difflib.get_close_matches(name[:200], list(names), 1)
    return say("faults.did_you_mean", name=near[0]) if near else ""


def few(found: Sequence[Any] | np.ndarray, fault: Callable[[Any], Fault]) -> Iterator[Fault]:
    """The faults of the first things found, and one line that counts the others."""
    yield from map(fault, found[:MAX_FAULTS])
    if len(found) > MAX_FAULTS:
        yield replace(fault(found[MAX_FAULTS]), got=say("faults.more", n=len(found) - MAX_FAULTS),
                      expected=say("faults.none_of_these"), hint=say("faults.see_above"))
