"""The table of the set: tidy rows in a file, and the same as text or Markdown."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
KEY = ("case", "method", "seconds")
COLUMNS = (*KEY, "repeats", "version", "components", "rows", "columns", "integers", "nonzeros", "load_s", "frame_s",
           "handover_s", "build_mib", "lp_s", "lp_bound", "incumbent", "bound", "gap", "largest_gap", "gap_10s",
           "gap_60s", "gap_300s", "to_1pct_s", "to_05pct_s", "search_s", "memory_mib", "violation", "status", "note")
WHOLE = ("repeats", "components", "rows", "columns", "integers", "nonzeros")
SHOWN = {  # heading -> how a row shows it
    "case": lambda row: row["case"],
    "method": lambda row: row["method"],
    "build s": lambda row: seconds(_sum(row.get("frame_s"), row.get("handover_s"))),
    "LP s": lambda row: relaxed(row),
    "incumbent": lambda row: amount(row.get("incumbent")),
    "bound": lambda row: amount(row.get("bound")),
    "gap": lambda row: share(row.get("gap")),
    "largest": lambda row: share(row.get("largest_gap")),
    "10 s": lambda row: share(row.get("gap_10s")),
    "60 s": lambda row: share(row.get("gap_60s")),
    "300 s": lambda row: share(row.get("gap_300s")),
    "to 1 %": lambda row: seconds(row.get("to_1pct_s")),
    "to 0.5 %": lambda row: seconds(row.get("to_05pct_s")),
    "MiB": lambda row: amount(row.get("memory_mib")),
    "ended": lambda row: "; ".join(filter(None, (row.get("status"), row.get("note")))),
}
LEFT = ("case", "method", "ended")
NONE = "-"


def relaxed(row: Row) -> str:
    """The seconds of the relaxations; at least so many where they were not done in time."""
    there = row.get("lp_s")
    return ("" if there is None or row.get("lp_bound") is not None else ">") + seconds(there)


def read(file: Path) -> list[Row]:
    """The rows of a file; none when there is no such file."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return [{name: _cell(name, text) for name, text in row.items()} for row in csv.DictReader(lines)]


def _cell(name: str, text: str) -> Any:
    if name in ("case", "method", "version", "status", "note"):
        return text
    if text == "":
        return None
    return int(text) if name in WHOLE else float(text)


def merged(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """Old rows, replaced by new ones of the same case, method and time limit; ordered as they first came."""
    rows = {tuple(row[name] for name in KEY): row for row in old}
    return list((rows | {tuple(row[name] for name in KEY): row for row in new}).values())


def write(rows: Iterable[Row], file: Path) -> None:
    """Rows as a tidy file, numbers with as many digits as say something."""
    part = file.with_name(f"{file.name}.part")
    with part.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _text(name, row.get(name)) for name in COLUMNS})
    part.replace(file)


def _text(name: str, value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if name in WHOLE:
        return str(round(value))
    return f"{value:.10g}" if name in ("seconds", "incumbent", "bound", "lp_bound") else f"{value:.4g}"


def text(rows: Sequence[Row], markdown: bool = False) -> str:
    """Rows as an aligned table."""
    return aligned([list(SHOWN), *([str(show(row)) for show in SHOWN.values()] for row in rows)], LEFT, markdown)


def aligned(lines: Sequence[Sequence[str]], left: Sequence[str], markdown: bool) -> str:
    """Headings and lines of cells in columns as wide as they need, those called `left` on the left."""
    headings = lines[0]
    wide = [max(len(cells[i]) for cells in lines) for i in range(len(headings))]
    cells = [[cell.ljust(width) if heading in left else cell.rjust(width)
              for heading, cell, width in zip(headings, line, wide, strict=True)] for line in lines]
    if not markdown:
        return "\n".join("  ".join(line).rstrip() for line in cells)
    rule = [":" + "-" * (width - 1) if heading in left else "-" * (width - 1) + ":"
            for heading, width in zip(headings, wide, strict=True)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [cells[0], rule, *cells[1:]])


def line(row: Row) -> str:
    """One row in a line, for those who wait."""
    shown = {heading: str(show(row)) for heading, show in SHOWN.items()}
    words = (f"{heading} {shown[heading]}" for heading in ("incumbent", "bound", "gap", "to 1 %", "MiB"))
    return f"{shown['case']} {shown['method']}: {', '.join(words)}; {shown['ended']}"


def _sum(*numbers: float | None) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def seconds(number: float | None, digits: int = 1) -> str:
    """Seconds, or that there are none."""
    return NONE if number is None else f"{number:.{digits}f}"


def amount(number: float | None) -> str:
    """A number of any size."""
    return NONE if number is None else f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.1f}"


def share(number: float | None) -> str:
    """A share in percent."""
    return NONE if number is None else f"{100 * number:.2f} %"
