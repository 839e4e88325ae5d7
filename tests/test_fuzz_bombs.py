"""Files made to take all memory or time: the real command refuses them in a line, within 10 s and 1.5 GiB."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from refusal import CONFIG, HEAD, LINE, ROW
from worlds import write_world

SECONDS = 10
MEMORY = 1536 << 20  # bytes of address space of the whole process
LARGE = 100_000_000
LIMIT = 99_000_000  # bytes of a table that is just small enough to be opened

Pieces = Iterator[bytes]


def limited() -> None:
    """Bounds of the child process; its own time is counted, whatever else the machine does."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def refused(folder: Path, file: str, pieces: Pieces, *arguments: str) -> list[str]:
    """The lines with which the real command refuses a case in which one file is replaced."""
    config = write_world(folder)
    (folder / "scenarios").mkdir()
    with (folder / file).open("wb") as out:
        out.writelines(pieces)
    command = [sys.executable, "-m", "optimiser", "validate", str(config), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, preexec_fn=limited,
                          timeout=10 * SECONDS)
    (folder / file).unlink()
    assert done.returncode == 2, done.stderr[:2000]
    assert done.stdout == ""
    *lines, _ = done.stderr.splitlines()
    assert 0 < len(lines) < 300
    for line in lines:
        assert LINE.fullmatch(line), line[:500]
        assert len(line) < 4000
    return lines


def repeated(piece: bytes, total: int = LIMIT, before: bytes = b"", after: bytes = b"") -> Pieces:
    """A piece again and again, up to a number of bytes."""
    yield before
    block = piece * max(1, 100_000 // len(piece))
    for _ in range((total - len(before) - len(after)) // len(block)):
        yield block
    yield after


def numbered(form: str, total: int, before: str = "", after: str = "") -> Pieces:
    """Pieces that all differ by a number."""
    yield before.encode()
    size = 0
    for number in range(10**9):
        piece = (form % {"n": number}).encode()
        size += len(piece)
        if size > total:
            break
        yield piece
    yield after.encode()


TABLES: dict[str, Callable[[], Pieces]] = {
    "one cell": lambda: repeated(b"x", LARGE, (HEAD + "A1,").encode(), b"\n"),
    "one cell, just small enough": lambda: repeated(b"x", LIMIT, (HEAD + "A1,").encode(), b"\n"),
    "one cell in quotes": lambda: repeated(b"x\n", LIMIT, (HEAD + '"').encode(), b'"\n'),
    "one row": lambda: repeated(b"x,", LIMIT, HEAD.encode(), b"\n"),
    "one row over many lines": lambda: repeated(b'"\n",', LIMIT, HEAD.encode(), b"x\n"),
    "one header": lambda: repeated(b"area,", LIMIT, after=b"\n"),
    "very many columns": lambda: numbered("c%(n)s,", 900_000, after="\n" + ROW),
    "rows of nothing": lambda: repeated(b",,,,,,,\n", LIMIT, HEAD.encode()),
    "empty lines": lambda: repeated(b"\n", LIMIT // 4, HEAD.encode()),
    "shifted rows": lambda: repeated(b"x\n", LIMIT, HEAD.encode()),
    "faults without end": lambda: numbered("A%(n)s,X%(n)s,%(n)s,%(n)s,-%(n)s,,?%(n)s,S%(n)s\n", 15_000_000, HEAD),
    "one row again and again": lambda: repeated(ROW.encode(), 15_000_000, HEAD.encode()),
    "zero bytes": lambda: repeated(b"\x00", LIMIT),
    "four bytes a character": lambda: repeated("\U0001f600".encode(), LIMIT, HEAD.encode()),
    "a huge number": lambda: repeated(b"1", 200_000, (HEAD + "A1,0110,2026,,").encode(), b",,assumed,S\n"),
    "no UTF-8 at the end": lambda: repeated(ROW.encode(), LIMIT, HEAD.encode(), b"\xff"),
    "carriage returns": lambda: repeated(b"x\r", LIMIT, HEAD.encode()),
    "quotes": lambda: repeated(b'"', LIMIT, HEAD.encode()),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_would_take_all_memory(tmp_path: Path, name: str) -> None:
    for line in refused(tmp_path, "shortages.csv", TABLES[name]()):
        assert line.startswith(f"{tmp_path}/shortages.csv")


def test_codes_that_take_long_to_compare(tmp_path: Path) -> None:
    """Thousands of long codes, all a little different, and as many that are none of them."""
    codes = "".join(f"{n:0100d}\n" for n in range(4_900))
    (tmp_path / "case").mkdir()
    (tmp_path / "occupations.csv").write_text(f"occupation\n{codes}", encoding="utf-8")
    rows = (f"A1,9{n:099d},2026,,10,,assumed,S\n".encode() for n in range(4_900))
    lines = refused(tmp_path, "shortages.csv", iter([HEAD.encode(), *rows]))
    assert len(lines) == 21


ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
SETTINGS: dict[str, Callable[[], Pieces]] = {
    "aliases": lambda: iter([ALIASES.encode(), CONFIG.encode()]),
    "aliases of mappings": lambda: iter([re.sub(r"\[(.*), (.*)\]", r"{k: \1, l: \2}", ALIASES).encode()]),
    "merges": lambda: iter([b"a: &a {x: 1}\n" + b"b: {<<: *a}\n" * 1000]),
    **{f"{opening!r} nested {depth} deep": lambda opening=opening, depth=depth: iter(
        [(CONFIG + "title: " + opening * depth).encode()]) for opening in ("[", "{a: ", "- ", "? ", "{[")
       for depth in (500, 100_000)},
    "lines nested 500 deep": lambda: iter([CONFIG.encode(), *(b" " * n + b"a:\n" for n in range(500))]),
    "unknown names": lambda: numbered("k%(n)s: 1\n", 990_000, CONFIG),
    "regions": lambda: numbered("  R%(n)s: {}\n", 990_000, CONFIG),
    "wrong regions": lambda: numbered("  R%(n)s: 1\n", 990_000, CONFIG),
    "one name again and again": lambda: repeated(b"title: x\n", 990_000, CONFIG.encode()),
    "a list": lambda: repeated(b"x,", 990_000, CONFIG.replace("{}", "{must_list: [").encode(), b"]}\n"),
    "a list of lists": lambda: repeated(b"[x],", 990_000, CONFIG.replace("{}", "{groups: [").encode(), b"]}\n"),
    "a huge number": lambda: repeated(b"1", 200_000, (CONFIG + "solver: {seed: ").encode(), b"}\n"),
    "a huge tag": lambda: repeated(b"!", 900_000, (CONFIG + "title: ").encode(), b" x\n"),
    "a huge name": lambda: repeated(b"x", 900_000, CONFIG.encode(), b": 1\n"),
    "a huge text": lambda: repeated(b"x ", 900_000, (CONFIG + "title: ").encode(), b"\n"),
    "zero bytes": lambda: repeated(b"\x00", 900_000),
    "comments": lambda: repeated(b"#\n", 900_000),
    "documents": lambda: repeated(b"--- a\n", 900_000),
    "too many bytes": lambda: repeated(b"x", LARGE, CONFIG.encode()),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_would_take_all_memory(tmp_path: Path, name: str) -> None:
    for line in refused(tmp_path, "config.yaml", SETTINGS[name]()):
        assert line.startswith(f"{tmp_path}/config.yaml")


@pytest.mark.parametrize("name", ["aliases", "unknown names", "'[' nested 100000 deep", "too many bytes"])
def test_a_scenario_that_would_take_all_memory(tmp_path: Path, name: str) -> None:
    for line in refused(tmp_path, "scenarios/s.yaml", SETTINGS[name](), "--scenario", "s"):
        assert line.startswith(f"{tmp_path}/scenarios/s.yaml")


@pytest.mark.parametrize("value", ["[" * 50_000, "{a: " * 20_000, "[&a x, " + "*a, " * 20_000 + "]", "1" * 100_000,
                                   "x" * 100_000, "[" + "x," * 50_000 + "]"])
def test_a_set_that_would_take_all_memory(tmp_path: Path, value: str) -> None:
    [line] = refused(tmp_path, "notes.txt", iter([b""]), "--set", f"regions.R.list_length={value}")
    assert line.startswith("--set")
