"""Read the CSV tables by their schema: every cell is text until it has been checked, every fault has its place."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from optimiser import cells
from optimiser.cells import cell, meant, nearest
from optimiser.errors import Fault, InputError, few
from optimiser.plaintext import Lines, read_text
from optimiser.schema import ANY, PARAMETERS, SERVICE_PARAMETERS, TABLES, Column, Parameter, Table
from optimiser.texts import say

MAX_BYTES = 100_000_000
MAX_ROWS = 1_000_000
MAX_ROW = 1_000_000  # characters; the header is a row too
MAX_CELL = 20_000
ROW = "_row"  # line of the file a row came from; kept beside the columns of the schema
Tables = dict[str, pd.DataFrame]
Texts = dict[str, tuple[str, ...]]  # by column, as they stand in the file
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
        if table.file in present:
            try:
                tables[table.name] = read(folder / table.file, table, name)
            except InputError as error:
                faults += error.faults
        elif table.required:
            faults.append(Fault(name, 0, "", say("faults.no_file"), say("faults.required_table"),
                                say("faults.add_table")))
        if table.name not in tables:
            tables[table.name] = _empty(table)
    faults += _references(tables, shown, {f.file for f in faults})
    if faults:
        raise InputError(faults)
    return tables


def read(path: Path, table: Table, shown: str = "") -> pd.DataFrame:
    """One table, checked; see `read_all`."""
    shown = shown or str(path)
    header, records, rows = _records(path, table, shown)
    texts: Texts = dict(zip(header, zip(*records, strict=True) if records else ((),) * len(header), strict=True))
    texts |= {column.name: ("",) * len(rows) for column in table.columns if column.name not in texts}
    faults: list[Fault] = []
    columns = {column.name: _parse(texts[column.name], column, table, shown, rows, faults) for column in table.columns}
    frame = pd.DataFrame(columns | {ROW: pd.Series(rows, dtype="int64")})
    if not faults:
        faults = [*_thousands(frame, texts, table, shown), *_order_of_range(frame, texts, table, shown),
                  *_duplicates(frame, table, shown), *_parameter_ranges(frame, texts, table, shown)]
    if faults:
        raise InputError(faults)
    return frame.sort_values(list(table.key), kind="stable", ignore_index=True)


def write(frame: pd.DataFrame, table: Table, path: Path | BinaryIO) -> None:
    """Write a table so that `read` gives it back unchanged: schema columns that hold something, canonical numbers."""
    columns = [c for c in table.columns if c.required or (c.name in frame and (frame[c.name].astype(str) != "").any()
               and not frame[c.name].isna().all())]
    out = pd.DataFrame({c.name: [cells.written(value) for value in frame[c.name]] for c in columns})
    out.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


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
    lines = Lines(read_text(path, MAX_BYTES), MAX_ROW)
    records: list[list[str]] = []
    rows: list[int] = []
    shifted: list[tuple[int, int]] = []
    same: dict[str, str] = {}  # most cells of a large table repeat: each text is kept once
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(lines, strict=True)
    begin = 1

    def unreadable(got: str, expected: str, hint: str) -> InputError:
        return InputError([Fault(shown, begin, "", got, expected, hint)])

    try:
        header = next(reader, [])
        _check_header(header, table, shown)
        begin = reader.line_num + 1
        lines.new_row()
        for record in reader:
            if len(record) == len(header):
                records.append([same.setdefault(text, text) for text in record])
                rows.append(begin)
            elif record:  # an empty line is no row
                shifted.append((begin, len(record)))
            if begin > MAX_ROWS:
                raise unreadable(say("faults.many_rows"), say("faults.at_most_rows", n=MAX_ROWS), say("faults.split"))
            begin = reader.line_num + 1
            lines.new_row()
    except OverflowError:
        raise unreadable(say("faults.long_row"), say("faults.at_most_in_row", n=MAX_ROW),
                         say("faults.fix_quotes")) from None
    except csv.Error as error:
        if "field limit" in str(error):
            raise unreadable(say("faults.long_cell"), say("faults.at_most_characters", n=MAX_CELL),
                             say("faults.fix_quotes")) from None
        raise unreadable(str(error), say("faults.valid_csv"), say("faults.fix_quotes")) from None
    if shifted:
        raise InputError(few(shifted, lambda row: Fault(shown, row[0], "", _cells(row[1]), _cells(len(header)),
                                                        say("faults.shifted_row"))))
    return header, records, rows


def _cells(n: int) -> str:
    return say("faults.one_cell" if n == 1 else "faults.cells", n=n)


def _check_header(header: list[str], table: Table, shown: str) -> None:
    names = [column.name for column in table.columns]
    if not set(header) & set(names):
        got, hint = cells.got(",".join(header)), say("faults.header_first")
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


def _parse(texts: tuple[str, ...], column: Column, table: Table, shown: str, rows: list[int], faults: list[Fault]
           ) -> pd.Series:
    """One column of text as values; cells that can't be are added to `faults`."""
    own = column.kind == "code" and not column.refers and table.key == (column.name,)
    meaning = {text: cells.value(text, column, own) for text in set(texts)}
    if None in meaning.values():
        bad = [i for i, text in enumerate(texts) if meaning[text] is None]
        faults += few(bad, lambda i: Fault(shown, rows[i], column.name, cells.got(texts[i]),
                                           cells.expects(column, own), cells.advice(texts[i], column)))
        return pd.Series([None] * len(texts), dtype="object")
    return pd.Series([meaning[text] for text in texts], dtype=_dtype(column))


def _thousands(frame: pd.DataFrame, texts: Texts, table: Table, shown: str) -> Iterator[Fault]:
    """No number like 1.234, which may be 1234, unless the table shows that it is written to three decimals.

    It shows so by a number that can be nothing else: 0.125, 2816.375, 1.2345, or one that is out of its range, or above
    the number it must not exceed, once it is taken for thousands.
    """
    doubtful: list[tuple[str, int]] = []
    for column in table.columns:
        if column.kind == "number":
            suspects = {text for text in set(texts[column.name]) if cells.three_decimals(text)}
            if not all(map(cells.doubtful, suspects)):
                return
            found = np.flatnonzero([text in suspects for text in texts[column.name]]) if suspects else np.array((), int)
            if _only_decimal(frame, texts, table, column, found).any():
                return
            doubtful += [(column.name, int(i)) for i in found]

    def fault(place: tuple[str, int]) -> Fault:
        text = texts[place[0]][place[1]]
        return Fault(shown, int(frame[ROW].iloc[place[1]]), place[0], cells.got(text), say("faults.one_reading"),
                     say("faults.which_number", whole=text.replace(".", ""), decimal=f"{text}0"))

    yield from few(doubtful, fault)


def _only_decimal(frame: pd.DataFrame, texts: Texts, table: Table, column: Column, rows: np.ndarray) -> np.ndarray:
    """In which rows 1000 times the number would be out of range, or above the one that it must not exceed."""
    number = 1000 * frame[column.name].to_numpy()[rows]
    most = np.full(len(rows), column.maximum or np.inf)
    if parameters := _parameters(table):
        most = frame["parameter"].map({p.name: p.maximum for p in parameters}).to_numpy()[rows]
    certain = number > most
    if table.numeric and (above := {"low": "central", "central": "high"}.get(column.name)):
        sure = np.array([not cells.doubtful(texts[above][i]) for i in rows], bool)
        certain |= sure & (number > frame[above].to_numpy()[rows])
    return certain


def _order_of_range(frame: pd.DataFrame, texts: Texts, table: Table, shown: str) -> Iterator[Fault]:
    """low <= central <= high; both ends given or none; no range without a central value."""
    if not table.numeric:
        return
    low, central, high = (frame[name].to_numpy() for name in ("low", "central", "high"))
    no_low = np.isnan(low)
    wrong = (low > central) | (central > high) | (no_low != np.isnan(high)) | (np.isnan(central) & ~no_low)

    def fault(i: int) -> Fault:
        got = ", ".join(f"{name} {cells.got(texts[name][i])}" for name in ("low", "central", "high"))
        return Fault(shown, int(frame[ROW].iloc[i]), "low/central/high", got, say("faults.range_order"),
                     say("faults.fix_range"))

    yield from few(np.flatnonzero(wrong), fault)


def _duplicates(frame: pd.DataFrame, table: Table, shown: str) -> Iterator[Fault]:
    key = list(table.key)
    again = np.flatnonzero(frame.duplicated(key, keep="first"))
    if not len(again):
        return
    first = frame.groupby(key, sort=False, dropna=False)[ROW].transform("first")
    yield from few(again, lambda i: Fault(
        shown, int(frame[ROW].iloc[i]), "/".join(key),
        ", ".join(f"{name}={cell(frame[name].iloc[i])}" for name in key), say("faults.key_unique"),
        say("faults.also_in_row", row=int(first.iloc[i]))))


def _parameter_ranges(frame: pd.DataFrame, texts: Texts, table: Table, shown: str) -> Iterator[Fault]:
    """Numbers of the two parameter tables lie in the range of the parameter they set."""
    for name in ("low", "central", "high"):
        for parameter, outside in beyond(frame, table, name):
            kind = say("faults.a_whole" if parameter.whole else "faults.a_number")
            limits = say("faults.between", minimum=cell(parameter.minimum), maximum=cell(parameter.maximum))
            expected = f"{kind} {limits} ({parameter.unit})"
            yield from few(outside, lambda i, name=name, expected=expected: Fault(
                shown, int(frame[ROW].iloc[i]), name, cells.got(texts[name][i]), expected, say("faults.check_unit")))


def beyond(frame: pd.DataFrame, table: Table, name: str) -> Iterator[tuple[Parameter, np.ndarray]]:
    """Parameters and the positions of rows whose number `name` lies outside the parameter's range."""
    parameters = _parameters(table)
    which, numbers = (frame["parameter"].to_numpy(), frame[name].to_numpy()) if parameters else ((), np.array(()))
    for parameter in parameters:
        number = np.where(which == parameter.name, numbers, np.nan)
        bad = (number < parameter.minimum) | (number > parameter.maximum)
        if parameter.whole:
            bad |= number % 1 > 0
        if bad.any():
            yield parameter, np.flatnonzero(bad)


def _parameters(table: Table) -> tuple[Parameter, ...]:
    return {"parameters": PARAMETERS, "service_parameters": SERVICE_PARAMETERS}.get(table.name, ())


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
            if allowed.issuperset(frame[column.name]):
                continue
            bad = np.flatnonzero(~frame[column.name].isin(allowed))
            bad = bad[np.argsort(frame[ROW].to_numpy()[bad])]
            yield from few(bad, lambda i, frame=frame, table=table, column=column, codes=codes: Fault(
                f"{shown}/{table.file}", int(frame[ROW].iloc[i]), column.name, repr(frame[column.name].iloc[i][:80]),
                say("faults.known_code", table=column.refers),
                nearest(frame[column.name].iloc[i], codes) or say("faults.add_code", table=column.refers)))
