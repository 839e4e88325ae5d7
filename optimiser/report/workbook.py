"""The workbook: the same numbers, unformatted, for whoever computes on. Texts are never read as formulas."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from typing import Any

import pandas as pd
import xlsxwriter

from optimiser.report import content, grounds, headline, proof
from optimiser.report.costs import costs
from optimiser.report.evidence import evidenced, sources_used
from optimiser.report.influence import influential
from optimiser.report.reasons import reasons
from optimiser.report.region import reason
from optimiser.report.words import Words
from optimiser.schema import BASES
from optimiser.solution import Solution

CREATED = datetime.datetime(2000, 1, 1)  # fixed, so that the same answer gives the same bytes
LONGEST = 32_000  # letters a cell can hold
MOST_ROWS = 1_000_000  # rows a sheet can hold
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
           "nan_inf_to_errors": False}
WHOLE, TENTH, SHARE, FREE = "#,##0", "#,##0.0", "0.0%", "General"
SHARES = {"share", "coverage", "gap", "tolerance", *BASES}
FREELY = {"low", "central", "high", "value", "bound"}  # numbers of any size, shares among them
PLAIN = {"year", "first_year", "last_year", "review", "rank", "rows"}


def workbook(words: Words, solution: Solution) -> bytes:
    """`lists.xlsx` as bytes; every sheet is a plain table with one header row."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    book.set_properties({"title": words.problem.config.title or words("untitled"), "created": CREATED})
    looks_of = looks(book)
    for name, frame in _sheets(words, solution).items():
        write_sheet(book.add_worksheet(words(f"sheet_{name}")), words, frame, looks_of)
    book.close()
    return buffer.getvalue()


def looks(book: xlsxwriter.Workbook) -> dict[str, Any]:
    """The formats of a workbook, by name."""
    found = {"head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
             "text": book.add_format({"num_format": "@", "valign": "top"}),
             "wrap": book.add_format({"num_format": "@", "valign": "top", "text_wrap": True}),
             "plain": book.add_format({"num_format": "0", "valign": "top"})}
    numbers = (WHOLE, TENTH, SHARE, FREE)
    return found | {code: book.add_format({"num_format": code, "valign": "top"}) for code in numbers}


def _sheets(words: Words, solution: Solution) -> dict[str, pd.DataFrame]:
    problem = words.problem
    why = reasons(problem, solution)
    sheets = {
        "lists": _lists(words, solution, why),
        "changes": _per_region(words, content.moves, solution).replace({"move": {
            move: words(move) for move in ("entered", "left")}}),
        "official": _official(words, solution),
        "unfilled": _titled(words, evidenced(problem, solution).drop(columns=["number"])),
        "occupations": _occupations(words, solution),
        "areas": _per_region(words, content.by_area, solution).drop(columns=["tile_row", "tile_column"]),
        "arrivals": _titled(words, solution.arrivals),
        "services": _services(words, solution),
        "training": _titled(words, solution.training),
        "costs": _titled(words, costs(problem, solution).rename(columns=lambda name: f"cost_{name}" if name not in (
            "region", "year") else name)),
        "basis": _titled(words, grounds.named_shares(words, solution).drop(columns=["of"])),
        "influence": _influence(words, solution),
        "objectives": _objectives(words, solution),
        "sources": sources_used(problem),
    }
    return {"summary": _summary(words, solution, list(sheets))} | sheets


def _summary(words: Words, solution: Solution, sheets: list[str]) -> pd.DataFrame:
    """The plan in short, how far to trust it, and what each sheet holds."""
    lines = [(words("short"), sentence) for sentence in headline.sentences(words, solution)]
    lines += headline.scenarios(words) + headline.trust(words, solution)
    lines += [(words("sheet", name=words(f"sheet_{name}")), words(f"about_{name}")) for name in sheets]
    return pd.DataFrame(lines, columns=["about", "text"])


def _lists(words: Words, solution: Solution, why: pd.DataFrame) -> pd.DataFrame:
    """One row per region and listed occupation: attributes, quotas by year, and why."""
    problem, frames = words.problem, []
    lines = {(row["region"], row["occupation"]): row for row in content.records(why)}
    for region in problem.regions:
        frame = content.listed(problem, solution, region)
        frame.insert(0, "region", region)
        for place, name in enumerate(("sector", "skill_tier", "regulated", "risk_class"), start=2):
            frame.insert(place, name, [problem.attribute(name, o) for o in frame["occupation"]])
        frame["reviews"] = [", ".join(map(str, held)) for held in frame["reviews"]]
        frame["why"] = [reason(words, lines[region, o]) for o in frame["occupation"]]
        tied, bases = proof.ties(problem, solution, region), content.shortage_bases(problem, region)
        frame["tie"] = [o in tied for o in frame["occupation"]]
        frame["bases"] = [words.bases(bases.get(o, ())) for o in frame["occupation"]]
        frames.append(frame)
    return _titled(words, pd.concat(frames, ignore_index=True))


def _per_region(words: Words, section: Any, solution: Solution) -> pd.DataFrame:
    """A section of every region, one below the other."""
    frames = []
    for region in words.problem.regions:
        frame = section(words.problem, solution, region)
        frame.insert(0, "region", region)
        frames.append(frame)
    return _titled(words, pd.concat(frames, ignore_index=True))


def _occupations(words: Words, solution: Solution) -> pd.DataFrame:
    frame = _per_region(words, content.by_occupation, solution)
    frame["bases"] = [words.bases(bases) for bases in frame["bases"]]
    return frame


def _influence(words: Words, solution: Solution) -> pd.DataFrame:
    """The most influential estimates, each named in words."""
    frame = influential(words.problem, solution, 50)
    frame.insert(0, "number", [grounds.named(words, row) for row in content.records(frame)])
    return frame.drop(columns=["kind", "region", "subject", "detail", "years"])


def _objectives(words: Words, solution: Solution) -> pd.DataFrame:
    frame = _titled(words, solution.objectives)
    frame["objective"] = [words(f"objective_{name}") for name in frame["objective"]]
    frame["status"] = [grounds.status(words, ended) for ended in frame["status"]]
    return frame


def _official(words: Words, solution: Solution) -> pd.DataFrame:
    frame = _per_region(words, content.official_exits, solution)
    for name in ("left", "stays"):
        frame[name] = [", ".join(f"{o} {words.occupation(o)}" for o in codes) for codes in frame[name]]
    return frame


def _services(words: Words, solution: Solution) -> pd.DataFrame:
    frame = content.fullness(words.problem, solution)
    pairs = list(zip(frame["service"], frame["place"], strict=True))
    frame.insert(1, "service_title", [words.service(g) for g, _ in pairs])
    frame.insert(3, "place_title", [words.place(g, place) for g, place in pairs])
    frame.insert(4, "unit", [words.unit(g) for g, _ in pairs])
    return frame


def _titled(words: Words, frame: pd.DataFrame) -> pd.DataFrame:
    """The table with a title beside every code."""
    for name, title in (("region", words.region), ("area", words.area), ("occupation", words.occupation)):
        if name in frame:
            frame = frame.copy()
            after = list(frame.columns).index(name) + 1
            frame.insert(after, f"{name}_title", [title(str(code)) for code in frame[name]])
    return frame


def write_sheet(sheet: Any, words: Words, frame: pd.DataFrame, looks: dict[str, Any],
                heading: Callable[[str], str] | None = None,
                look_of: Callable[[object, bool], str] | None = None) -> None:
    """A table with a frozen header, one look per column, and widths that fit.

    `heading` says how a column is headed; by default it is a column of the run's own workbook. `look_of` says which of
    `looks` a column has, by its name and whether it holds texts.
    """
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    for place, name in enumerate(frame.columns):
        own = heading or (lambda column: words(f"column_{column}"))
        head = str(name) if isinstance(name, int) else own(str(name))
        column = frame[name].head(MOST_ROWS)
        # what kind of numbers an empty column would hold can't be seen, and depends on how it came about
        text = column.empty or not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)
        look = looks[(look_of or _look)(name, text)]
        sheet.write_string(0, place, head, looks["head"])
        values = [_plain(words, value) for value in column]
        sheet.set_column(place, place, _width(head, values), look)
        for row, value in enumerate(values, start=1):
            if isinstance(value, str):
                sheet.write_string(row, place, value[:LONGEST], look)
            elif value is not None:
                sheet.write_number(row, place, value, look)
    if len(frame):
        sheet.autofilter(0, 0, min(len(frame), MOST_ROWS), len(frame.columns) - 1)


def _look(name: object, text: bool) -> str:
    if text:
        return "wrap" if name in ("text", "why", "left", "stays", "note", "number") else "text"
    if name in PLAIN:
        return "plain"
    if isinstance(name, int) or name in ("quota", "permits") or str(name).startswith("cost_"):
        return WHOLE
    return SHARE if name in SHARES else FREE if name in FREELY else TENTH


def _plain(words: Words, value: Any) -> str | float | None:
    """A value as a cell holds it: a text, a number, or nothing."""
    if isinstance(value, bool):
        return words("yes" if value else "no")
    if isinstance(value, str):
        return value
    return None if pd.isna(value) or value in (float("inf"), float("-inf")) else float(value)


def _width(head: str, values: list[Any]) -> int:
    longest = max((len(value) if isinstance(value, str) else 9 for value in values[:2000]), default=0)
    return min(max(longest, len(head) // 2, 8) + 2, 70)
