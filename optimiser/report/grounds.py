"""What the plan stands on: basis of the figures, most influential estimates, objectives, versions and sources."""

from __future__ import annotations

import math

import pandas as pd

from optimiser.report import figures, proof
from optimiser.report.content import Record, records
from optimiser.report.evidence import basis_shares, sources_used
from optimiser.report.influence import influential
from optimiser.report.views import Cell, Figure, Grid
from optimiser.report.words import Words
from optimiser.schema import BASES
from optimiser.solution import Solution

MOST_REGIONS = 6  # in the picture of bases; the table holds them all


def basis_figure(words: Words, solution: Solution) -> Figure:
    """Shares of each basis, of the shortages and of all other numbers."""
    frame = named_shares(words, solution)
    rows = [(row["name"], *(words.percent(row[basis]) for basis in BASES), words.amount(row["amount"]))
            for row in records(frame)]
    labels = {basis: words(f"basis_{basis}") for basis in BASES}
    grid = Grid(words("basis_caption"), (words("figures_of"), *labels.values(), words("amount")), rows)
    shown = frame[(frame["amount"] > 0) & (frame["region"].isin(["", *words.problem.regions[:MOST_REGIONS]]))]
    title = words("basis_title")
    described = words("basis_described")
    svg = figures.basis_bars(shown, list(labels), title, described) if len(shown) else ""
    return Figure(title, svg, grid, described, [(figures.BASIS_COLOURS[basis], labels[basis]) for basis in labels])


def named_shares(words: Words, solution: Solution) -> pd.DataFrame:
    """What `evidence.basis_shares` gives, with the `name` of every row."""
    frame = basis_shares(words.problem, solution)
    return frame.assign(name=[words(f"basis_row_{of}", region=words.region(r)) if r else words(f"basis_row_{of}")
                              for of, r in zip(frame["of"], frame["region"], strict=True)])


def influence_grid(words: Words, solution: Solution) -> Grid | None:
    """The ten numbers whose range moves the plan most."""
    frame = influential(words.problem, solution)
    if frame.empty:
        return None
    rows = []
    for row in records(frame):
        numbers = words("range", value=words.figure(row["value"]), low=words.figure(row["low"]),
                        high=words.figure(row["high"]))
        rows.append((named(words, row), numbers, words(f"basis_{row['basis']}"), _sources(words, row["source"]),
                     words.amount(row["driven"]), words.amount(row["moves"])))
    head = ("number", "value_and_range", "basis", "source", "driven", "moves")
    return Grid(words("influence_caption"), tuple(words(key) for key in head), rows, range(4, 6))


def named(words: Words, row: Record) -> str:
    """What a number of `influence.influential` is, in words."""
    kind, years = row["kind"], row["years"]
    service = kind in ("capacity", "use")
    when = "_first_year" if years == "0" else "_permit" if kind == "use" and not years else ""
    return words(f"influence_{kind}{when}", region=words.region(row["region"]), years=years,
                 subject=words.service(row["subject"]) if service else words.occupation(row["subject"]),
                 detail=words.occupation(row["detail"]), unit=words.unit(row["subject"]) if service else "")


def _sources(words: Words, codes: str) -> str:
    return words.names(codes.split(","), 3)


def objectives_grid(words: Words, solution: Solution) -> Grid:
    """Value, bound, gap and tolerance of every region's objectives."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in records(solution.objectives):
        name = words("ranked", rank=row["rank"], objective=words(f"objective_{row['objective']}"))
        value, bound = (_value(words, row["objective"], row[key]) for key in ("value", "bound"))
        weights = row["objective"] == "unfilled" and not proof.weighted(words.problem, row["region"])
        unit = words("unit_unweighted" if weights else f"unit_{row['objective']}")
        groups.setdefault(words.region(row["region"]), []).append((
            name, unit, value, bound, words.percent(row["gap"]), words.percent(row["tolerance"]),
            status(words, str(row["status"]))))
    head = ("aim", "unit", "value", "bound", "gap", "tolerance", "ended")
    return Grid(words("objectives_caption"), tuple(words(key) for key in head), [], range(2, 6),
                groups=list(groups.items()))


def _value(words: Words, objective: str, number: float) -> str:
    if not math.isfinite(number):
        return words("nothing")
    if objective == "worst_coverage":
        return words("percent", n=f"{100 * number:.2f}")
    return words.euro(number) if objective == "cost" else words.amount(number)


def status(words: Words, code: str) -> str:
    """How the search of an aim ended, in words."""
    known = ("optimal", "within_gap", "work_limit", "time_limit", "interrupted", "infeasible", "failed")
    return words(f"status_{code}") if code in known else words("status_unsolved")


def versions(words: Words, solution: Solution) -> str:
    """Versions of what made the answer, in one line."""
    known = solution.status.get("versions", {})
    return ", ".join(f"{name} {known[name]}" for name in sorted(known)) or words("nothing")


def sources_grid(words: Words) -> Grid:
    """Every source that some number points to."""
    rows = []
    for row in records(sources_used(words.problem)):
        title = " \u2014 ".join(text for text in (row["title"], row["note"]) if text)
        rows.append((row["source"], row["publisher"], title, Cell(row["date"], "date"),
                     words(f"confidence_{row['confidence']}"), words.amount(row["rows"])))
    head = ("code", "publisher", "source_title", "date", "confidence", "rows")
    return Grid(words("sources_caption"), tuple(words(key) for key in head), rows, range(5, 6))
