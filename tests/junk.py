"""Mutators that change anything: bytes, cells and settings that no honest file has, or that one might."""

from __future__ import annotations

import random

from fuzzing import NUMBERS, Mutator, cells, lines_of, places, text

NASTY = (
    "", " ", "0", "-1", "1e9", "1e99", "1e400", "0x10", "007", "nan", "inf", "NULL", "TRUE", "no", "*", "shared", "~",
    "-", "sector:none", "group:", "tier:high", "=1+1", "2026.0", "20266", "1.234", "0.0001", "9" * 30, "9" * 400, "1_0",
    "\u200b", "\u202eabc", "\ufeff", "é" * 40, "e\u0301", "日本", "\U0001f600", "\x1b[31m", "\x00", "\t", "a\nb", '"',
    "'", ",", "a: b", "#", "[", "{a: 1}", "&a", "!!str", "|", ">", "%", "@", "`", "\ud7ff", "x" * 200, "ǆ" * 120, "Q1 ",
    "０１", "١٢", "x" * 30_000)
TRICKS = (
    "&a ", "*a ", "!!int ", "!x ", "[" * 30, "{a: " * 30, "'", '"', "? ", "- ", "<<: ", "---\n", "%YAML 1.1\n", "|\n",
    ">\n", "\t", "0x", "0o", "1_", "+", "1:", "yes ", "~ ", ".inf ", "2026-01-01 ", "\ufeff", "\x85", "\u2028")


def nasty_cell(rng: random.Random, data: bytes) -> bytes | None:
    """One cell, perhaps of the header, says something nasty, or what another cell says."""
    rows = cells(data)
    row = rng.choice(rows)
    j = rng.randrange(len(row))
    row[j] = rng.choice(NASTY) if rng.random() < 0.6 else rng.choice(rng.choice(rows))
    return text(rows)


def likely_cell(rng: random.Random, data: bytes) -> bytes | None:
    """One cell says what may well stand there: what another row says, or a number that is near."""
    rows = cells(data)
    if rng.random() < 0.5:
        i, j = rng.choice(places(rows))
        rows[i][j] = rows[rng.randrange(1, len(rows))][j]
    else:
        i, j = rng.choice(places(rows, NUMBERS, r"[0-9.]+"))
        rows[i][j] = str(round(float(rows[i][j]) * rng.uniform(0.95, 1.05), rng.randrange(5)))
    return text(rows)


def altered_cell(rng: random.Random, data: bytes) -> bytes | None:
    """One cell with a character more, less, or in the other case."""
    rows = cells(data)
    i, j = rng.choice(places(rows))
    cell, at = rows[i][j], rng.randrange(len(rows[i][j]))
    rows[i][j] = rng.choice([cell[:at] + cell[at + 1:], cell[:at] + cell[at] + cell[at:], cell.swapcase(),
                             cell[:at] + rng.choice("0123456789abQR.,*- ") + cell[at:]])
    return text(rows)


def less_of_it(rng: random.Random, data: bytes) -> bytes | None:
    """A row or a column is gone."""
    rows = cells(data)
    if rng.random() < 0.5:
        del rows[rng.randrange(len(rows))]
        return text(rows)
    j = rng.randrange(len(rows[0]))
    return text([row[:j] + row[j + 1:] for row in rows])


def nasty_value(rng: random.Random, data: bytes) -> bytes | None:
    """One value of a setting is something nasty."""
    return lines_of(r"(?<=[:,\[-] )[^ ,\]}{\[#][^,\]}#\n]*", lambda rng, at: rng.choice(NASTY))(rng, data)


def likely_value(rng: random.Random, data: bytes) -> bytes | None:
    """One setting says what may well stand there: another number, word or code."""
    change = lines_of(r"\b\d+\b", lambda rng, at: str(max(0, int(at[0]) + rng.choice([-1, 1, 2]))))
    words = lines_of(r"\b(low|central|high|unfilled|cost|works|uptake|weight|course|desk|rooms|0230|2221|7126|Q|R)\b",
                     lambda rng, at: rng.choice(["low", "high", "cost", "list_changes", "works", "lot", "desk", "0230",
                                                 "9112", "R", "sector:works"]))
    return rng.choice([change, words])(rng, data)


def moved_line(rng: random.Random, data: bytes) -> bytes | None:
    """A line gone, or somewhere else, or twice."""
    lines = data.splitlines(keepends=True)
    line = lines.pop(rng.randrange(len(lines)))
    for _ in range(rng.randrange(3)):
        lines.insert(rng.randrange(len(lines) + 1), line)
    return b"".join(lines)


def yaml_trick(rng: random.Random, data: bytes) -> bytes | None:
    """Anchors, tags, merges, nests, directives, documents, odd spellings of numbers and words."""
    return lines_of(r"(?<=[:,\[-] )|^", lambda rng, at: rng.choice(TRICKS))(rng, data)


def flip(rng: random.Random, data: bytes) -> bytes | None:
    """Some bits are the other way round."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 8])):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(rng: random.Random, data: bytes) -> bytes | None:
    """The file ends early, or a piece is gone."""
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:a] if rng.random() < 0.5 else data[:a] + data[b:]


def spliced(rng: random.Random, data: bytes) -> bytes | None:
    """A piece of it stands somewhere else too, or junk does."""
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    junk = rng.choice([data[a:b], rng.randbytes(rng.randrange(1, 20)), rng.choice(NASTY).encode(), b'"', b",", b"\n"])
    at = rng.randrange(len(data) + 1)
    return data[:at] + junk + data[at:]


ANY_TABLE: tuple[Mutator, ...] = (
    nasty_cell, likely_cell, likely_cell, likely_cell, altered_cell, less_of_it, flip, cut, spliced)
ANY_SETTINGS: tuple[Mutator, ...] = (
    nasty_value, likely_value, likely_value, likely_value, yaml_trick, moved_line, flip, cut, spliced)
