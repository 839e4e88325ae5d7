"""Mutators of tables, settings and bytes: what spreadsheets, editors, scripts and bad luck make of a good file.

Each takes a seeded generator and the bytes of a file and gives other bytes, or None where it does not apply. `KEEPING`
ones change how a file is written, never what it says; `CHANGING` ones, by class, change what it says although an honest
file stands behind it. Those that change anything are in `junk.py`.
"""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable

Cells = list[list[str]]
Mutator = Callable[[random.Random, bytes], bytes | None]
NUMBERS = ("low", "central", "high", "population")
TIED = ("title_en", "title_fr", "publisher", "title", "note")  # free texts, which may have changed places


def cells(data: bytes) -> Cells:
    return [row for row in csv.reader(io.StringIO(data.decode("utf-8"), newline="")) if row]


def text(rows: Cells, end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue().encode("utf-8")


def places(rows: Cells, names: tuple[str, ...] = (), pattern: str = r"[\s\S]+") -> list[tuple[int, int]]:
    """Row and column of the cells of some columns (all without names) whose text has a form; never the header."""
    return [(i, j) for i, row in enumerate(rows) if i for j, cell in enumerate(row)
            if j < len(rows[0]) and (not names or rows[0][j] in names) and re.fullmatch(pattern, cell)]


def respelled(names: tuple[str, ...], pattern: str, write: Callable[[random.Random, str], str]) -> Mutator:
    """A mutator that writes one cell, a column or all cells of a form in another way."""
    def mutate(rng: random.Random, data: bytes) -> bytes | None:
        rows = cells(data)
        found = places(rows, names, pattern)
        if not found:
            return None
        i, j = rng.choice(found)
        wide = rng.randrange(3)
        for row, column in found:
            if wide == 2 or (column == j and (wide or row == i)):
                rows[row][column] = write(rng, rows[row][column])
        return text(rows)
    return mutate


def lines_of(pattern: str, change: Callable[[random.Random, re.Match[str]], str]) -> Mutator:
    """A mutator of one of the places of a YAML file where a pattern fits."""
    def mutate(rng: random.Random, data: bytes) -> bytes | None:
        string = data.decode("utf-8")
        found = list(re.finditer(pattern, string, re.MULTILINE))
        if not found:
            return None
        match = rng.choice(found)
        return (string[:match.start()] + change(rng, match) + string[match.end():]).encode("utf-8")
    return mutate


# Tables: only how they are written ---------------------------------------------------------------------------------


def shuffle_rows(rng: random.Random, data: bytes) -> bytes | None:
    """Rows in another order."""
    head, *rows = cells(data)
    return text([head, *rng.sample(rows, len(rows))])


def shuffle_columns(rng: random.Random, data: bytes) -> bytes | None:
    """Columns in another order, each with its name."""
    rows = cells(data)
    order = rng.sample(range(len(rows[0])), len(rows[0]))
    return text([[row[j] for j in order] for row in rows])


def other_line_ends(rng: random.Random, data: bytes) -> bytes | None:
    """Line ends of another system, blank lines, no last line end."""
    end = rng.choice([b"\r\n", b"\r", b"\n\n", b"\r\n\r\n"])
    return data.replace(b"\n", end) if rng.random() < 0.7 else data.rstrip(b"\r\n")


def quote_all(rng: random.Random, data: bytes) -> bytes | None:
    """Every cell in quotes."""
    return text(cells(data), quoting=csv.QUOTE_ALL)


def without_empty_columns(rng: random.Random, data: bytes) -> bytes | None:
    """A column that may be absent, and holds nothing, left out or put in."""
    rows = cells(data)
    if "title_en" not in rows[0] or "title_de" in rows[0]:
        return None
    return text([[*row, "" if i else "title_de"] for i, row in enumerate(rows)])


def same_number(rng: random.Random, number: str) -> str:
    """A number spelled in another way that means the same."""
    ways = [number + (".0" if "." not in number else "0"), f"{number}e0", f"{number}E+00"]
    return rng.choice([way for way in ways if not re.fullmatch(r"[1-9]\d{0,2}\.\d\d0", way)])


KEEPING_TABLE: tuple[Mutator, ...] = (
    shuffle_rows, shuffle_columns, other_line_ends, quote_all, without_empty_columns,
    respelled(NUMBERS, r"[0-9]+(\.[0-9]+)?", same_number))


# Tables: what they say -------------------------------------------------------------------------------------------


def semicolons(rng: random.Random, data: bytes) -> bytes | None:
    """The whole table as a spreadsheet with decimal commas writes it."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([[re.sub(r"^(\d+)\.(\d+)$", r"\1,\2", cell) for cell in row]
                                              for row in cells(data)])
    return out.getvalue().encode("utf-8")


def bare_comma(rng: random.Random, data: bytes) -> bytes | None:
    """A decimal comma without quotes around it, in one cell or all."""
    string = data.decode("utf-8")
    found = list(re.finditer(r"(?<=,)(\d+)\.(\d+)(?=,)", string))
    if not found:
        return None
    one = rng.choice(found)
    return (re.sub(r"(?<=,)(\d+)\.(\d+)(?=,)", r"\1,\2", string) if rng.random() < 0.5 else
            f"{string[:one.start()]}{one[1]},{one[2]}{string[one.end():]}").encode("utf-8")


def marked(mark: str) -> Mutator:
    """Marks between thousands, as a format of a spreadsheet or a printed table has them."""
    return respelled(NUMBERS, r"[0-9]{4,}(\.[0-9]+)?", lambda rng, number: re.sub(
        r"(?<=\d)(?=(\d{3})+$)", mark, number.split(".")[0]) + ("," if mark == "." else ".").join(
            ["", *number.split(".")[1:]]))


def shift_cells(rng: random.Random, data: bytes) -> bytes | None:
    """From some cell of a row on, or of every row, all one place to the right or left; the number of cells stays."""
    rows = cells(data)
    width = len(rows[0])
    j = rng.randrange(width - 1)
    if all(name in TIED for name in rows[0][j:]):
        return None
    right, chosen = rng.random() < 0.5, rng.randrange(1, len(rows))
    shifted = [[*row[:j], "", *row[j:-1]] if right else [*row[:j], *row[j + 1:], ""] for row in rows]
    mixed = [shifted[i] if i and i in (chosen, i * (rng.random() < 0.3)) else row for i, row in enumerate(rows)]
    return None if mixed == rows else text(mixed)


def shift_header(rng: random.Random, data: bytes) -> bytes | None:
    """The names of the columns, from one on, one place further than their cells; the last one stands first."""
    rows = cells(data)
    j = rng.randrange(len(rows[0]) - 1)
    if all(name in (*TIED, "tile_row", "tile_column", "area", "reaches") for name in rows[0][j:]):
        return None
    return text([[*rows[0][:j], rows[0][-1], *rows[0][j:-1]], *rows[1:]])


def lose_a_cell(rng: random.Random, data: bytes) -> bytes | None:
    """A cell too few or too many in a row."""
    rows = cells(data)
    row = rows[rng.randrange(1, len(rows))]
    j = rng.randrange(len(row))
    row[j:j + 1] = [] if rng.random() < 0.5 else ["", row[j]]
    return text(rows)


def swap_numbers(rng: random.Random, data: bytes) -> bytes | None:
    """Two of low, central and high have changed places, in one row or in the header."""
    rows = cells(data)
    if "low" not in rows[0]:
        return None
    one, other = rng.sample([rows[0].index(name) for name in ("low", "central", "high")], 2)
    unlike = [i for i, row in enumerate(rows) if i == 0 or row[one] != row[other]]
    row = rows[rng.choice(unlike)]
    row[one], row[other] = row[other], row[one]
    return None if len(unlike) == 1 else text(rows)


def repeat_row(rng: random.Random, data: bytes) -> bytes | None:
    """A row a second time, perhaps with another number or source."""
    rows = cells(data)
    again = list(rng.choice(rows[1:]))
    if rng.random() < 0.5 and "central" in rows[0]:
        again[rows[0].index("central")] = str(rng.randrange(1, 9))
        again[rows[0].index("low")] = again[rows[0].index("high")] = ""
    rows.insert(rng.randrange(1, len(rows) + 1), again)
    return text(rows)


def repeat_column(rng: random.Random, data: bytes) -> bytes | None:
    """A column a second time, perhaps with other cells."""
    rows = cells(data)
    j = rng.randrange(len(rows[0]))
    return text([[*row, row[j] if not i or rng.random() < 0.5 else ""] for i, row in enumerate(rows)])


def as_spreadsheet(rng: random.Random, data: bytes) -> bytes | None:
    """Every cell that looks like a number becomes one: codes lose their leading zeros."""
    rows = cells(data)
    found = places(rows, pattern=r"0[0-9]+")
    for i, j in found:
        rows[i][j] = rows[i][j].lstrip("0") or "0"
    return text(rows) if found else None


def encoded(name: str) -> Mutator:
    """The same text in another encoding."""
    def mutate(rng: random.Random, data: bytes) -> bytes | None:
        try:
            return data.decode("utf-8").encode(name)
        except UnicodeError:
            return None
    return mutate


def encoded_twice(rng: random.Random, data: bytes) -> bytes | None:
    """UTF-8 opened as Windows-1252 and saved as UTF-8."""
    try:
        return data.decode("cp1252").encode("utf-8")
    except UnicodeError:
        return None


ENCODINGS: tuple[Mutator, ...] = (encoded_twice, *map(encoded, (
    "latin-1", "cp1252", "iso8859-15", "mac-roman", "cp437", "cp850", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be",
    "utf-32")))
CHANGING_TABLE: dict[str, tuple[Mutator, ...]] = {
    "decimal comma": (semicolons, bare_comma,
                      respelled(NUMBERS, r"[0-9]+\.[0-9]+", lambda rng, number: number.replace(".", ","))),
    "thousands": tuple(map(marked, (".", ",", " ", "'", "\u00a0", "\u202f", "_"))),
    "lost zeros": (as_spreadsheet, respelled((), r"0[0-9]+", lambda rng, code: code.lstrip("0"))),
    "shifted columns": (shift_cells, shift_header, lose_a_cell),
    "swapped numbers": (swap_numbers,),
    "repeated keys": (repeat_row, repeat_column),
    "other encodings": ENCODINGS,
}

# Settings -----------------------------------------------------------------------------------------------------------


def shuffle_keys(rng: random.Random, data: bytes) -> bytes | None:
    """Settings of the top in another order."""
    blocks = re.split(r"^(?=[a-z_]+:)", data.decode("utf-8") + "\n", flags=re.MULTILINE)
    return "".join([blocks[0], *rng.sample(blocks[1:], len(blocks) - 1)]).encode("utf-8")


def deeper(rng: random.Random, data: bytes) -> bytes | None:
    """Everything that is indented stands further in."""
    return re.sub(r"^ +", lambda match: match[0] + "  ", data.decode("utf-8"), flags=re.MULTILINE).encode("utf-8")


def repeat_line(rng: random.Random, data: bytes) -> bytes | None:
    """A setting a second time, perhaps with another value."""
    lines = data.decode("utf-8").splitlines()
    found = [i for i, line in enumerate(lines) if re.match(r" *[a-z_]+: *[^ #{\[]", line)]
    if not found:
        return None
    i = rng.choice(found)
    again = re.sub(r"\d", lambda match: str(rng.randrange(1, 9)), lines[i]) if rng.random() < 0.5 else lines[i]
    return "\n".join([*lines[:i + 1], again, *lines[i + 1:], ""]).encode("utf-8")


KEEPING_SETTINGS: tuple[Mutator, ...] = (
    shuffle_keys, deeper, lines_of(r"$", lambda rng, at: "   # " + rng.choice(["a word", "déjà vu", "- x: [", "'"])),
    lines_of(r"^", lambda rng, at: rng.choice(["\n", "# note: {\n", "\n\n"])),
    lambda rng, data: data.replace(b"\n", rng.choice([b"\r\n", b"\r"])),
    lambda rng, data: rng.choice([data.rstrip(b"\n"), data + b"\n\n"]),
    lambda rng, data: data.replace(b"# ", b"---\n# ", data[:1] == b"#"),
    lines_of(r"(?<=: )(central|high|works|unfilled|course|uptake)\b(?!:)", lambda rng, at: f'"{at[0]}"'),
    lines_of(r"(?<=: )0\.5\b", lambda rng, at: rng.choice(["0.50", "5e-1", "0.5e0"])))
CHANGING_SETTINGS: dict[str, tuple[Mutator, ...]] = {
    "decimal comma": (lines_of(r"\b(\d+)\.(\d+)\b", lambda rng, at: f"{at[1]},{at[2]}"),),
    "thousands": tuple(lines_of(r"(?<=: )1(?=\d{3})", lambda rng, at, mark=mark: at[0] + mark) for mark in ".,' _"),
    "lost zeros": (lines_of(r"\b0(?=\d{3})", lambda rng, at: ""),),
    "shifted columns": (lines_of(r"^ +(?=[a-z_]+:|- )", lambda rng, at: at[0] + "  " if rng.random() < 0.5 else
                                 at[0][2:]),),
    "swapped numbers": (lambda rng, data: data.replace(b"first_year", b"x").replace(b"last_year", b"first_year")
                        .replace(b"x:", b"last_year:"),),
    "repeated keys": (repeat_line,),
    "other encodings": ENCODINGS,
}

def mutated(rng: random.Random, mutators: tuple[Mutator, ...], data: bytes, times: int) -> bytes | None:
    """A file after some mutations; None when none of them applies."""
    changed = data
    for _ in range(times):
        try:
            changed = rng.choice(mutators)(rng, changed) or changed
        except (UnicodeDecodeError, csv.Error, LookupError, ValueError):
            continue  # what the mutations before made is no table any more
    return None if changed == data else changed
