"""Compare runs: what enters and leaves, quotas, who gains and loses, services, cost; the first run is the reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser.errors import Fault, InputError
from optimiser.explore.beside import rundiffs
from optimiser.explore.beside.runs import Shared, differing, leading_range, linked, read_run, shared
from optimiser.explore.beside.sides import stacked
from optimiser.explore.finding import Finding, frame_of, interval
from optimiser.solution import UNITS
from optimiser.texts import say

AIMS = "run regions aim unit value_reference value_run low high verdict"
MOST_NAMED = 3


def compare_runs(folders: Sequence[Path | str]) -> Finding:
    """What differs between runs, the first one being the reference. Nothing is solved.

    The best values that two cases allow are compared as intervals, from the value and the bound of each: where these
    overlap they tie. Everything below the aims is said of the plans that the folders hold.

    Parameters
    ----------
    folders : sequence of Path or str
        At least two run folders.

    Raises
    ------
    InputError
        When fewer than two runs are given, or one twice.
    ResultError
        When a folder can't be read, was changed after the run, or holds a plan that breaks a rule.
    """
    paths = [Path(folder) for folder in folders]
    _refuse_few(paths)
    alike = len({path.resolve().name for path in paths}) < len(paths)
    runs = [read_run(path, str(path) if alike else path.resolve().name) for path in paths]
    reference, lines, tables = runs[0], [], {}
    for run in runs[1:]:
        both = shared(reference, run)
        if not both.regions or not both.years:
            lines.append(say("explore.compare_nothing", run=run.name, reference=reference.name))
            continue
        aims = _aims(both)
        found = {"compare_aims": aims} | rundiffs.tables(both)
        lines += [*_verdicts(both, aims), *_cases(both), *_changes(both, found), *_winners(both, found)]
        tables = {name: stacked(tables.get(name), frame) for name, frame in found.items()}
    lines.append(say("explore.compare_honest"))
    title = say("explore.compare_asked", reference=reference.name, runs=", ".join(run.name for run in runs[1:]))
    facts = {"reference": reference.name, "runs": [run.name for run in runs[1:]]}
    return Finding("compare", title, tuple(lines), tables, facts)


def _refuse_few(paths: list[Path]) -> None:
    faults = [Fault("RUN_DIR", 0, "", say("explore.compare_one", n=len(paths)), say("explore.compare_two"),
                    say("explore.compare_give"))] if len(paths) < 2 else []
    places = [path.resolve() for path in paths]
    faults += [Fault(str(path), 0, "", say("explore.compare_twice"), say("explore.compare_once"),
                     say("explore.compare_drop")) for i, path in enumerate(paths) if places[i] in places[:i]]
    if faults:
        raise InputError(faults)


# The aims -----------------------------------------------------------------------------------------------------------


def _aims(both: Shared) -> pd.DataFrame:
    """Every aim of the regions that are compared; the leading one as an interval, by regions that share something."""
    rows: list[tuple[Any, ...]] = []
    for regions in linked(both):
        first = {run.problem.rules(r).objectives[0].name for run in both for r in regions
                 if run.problem.rules(r).objectives}
        if len(first) == 1 and both.comparable(regions):
            rows.append(_leading(both, regions, first.pop()))
    known = {(row[1], row[2]) for row in rows}
    for r in both.regions:
        values = [run.values(r) for run in both]
        for name in [name for name in values[0] if name in values[1]]:
            if (r, name) not in known:
                verdict = say("explore.compare_plans" if both.comparable((r,)) else "explore.compare_not")
                rows.append((both.run.name, r, name, UNITS[name], values[0][name], values[1][name], np.nan, np.nan,
                             verdict))
    table = frame_of(rows, AIMS)
    table["aim"] = [say(f"explore.aim_{name}") for name in table["aim"]]
    return table


def _leading(both: Shared, regions: tuple[str, ...], name: str) -> tuple[Any, ...]:
    """The leading aim of some regions: how far the best values of the two cases are apart, at least and at most."""
    (low_a, high_a), (low_b, high_b) = (leading_range(run, regions, name) for run in both)
    low, high = low_b - high_a, high_b - low_a
    sign = -1.0 if name == "worst_coverage" else 1.0
    ends = sorted((sign * low, sign * high))
    verdict = "tie" if low <= 0 <= high else "worse" if low > 0 else "better"
    finite = [end if np.isfinite(end) else np.nan for end in ends]
    values = [sum(run.values(r)[name] for r in regions) for run in both]
    return (both.run.name, ", ".join(regions), name, UNITS[name], *values, *finite, say(f"explore.compare_{verdict}"))


def _verdicts(both: Shared, aims: pd.DataFrame) -> list[str]:
    """What the leading aims come to, and which regions can't be compared."""
    lines = []
    for row in aims[aims["low"].notna() | aims["high"].notna()].to_dict("records"):
        low, high = (np.inf * sign if pd.isna(end) else end for end, sign in ((row["low"], -1), (row["high"], 1)))
        tie = row["verdict"] == say("explore.compare_tie")
        if not tie:  # how much better or worse, without a sign
            low, high = sorted((abs(low), abs(high)))
        share = row["unit"] == UNITS["worst_coverage"]
        digits, unit = (2, say("explore.evaluate_points")) if share else (0, row["unit"])
        told = interval(low * (100 if share else 1), high * (100 if share else 1), digits)
        lines.append(say("explore.compare_tied" if tie else "explore.compare_apart", regions=row["regions"],
                         run=both.run.name, reference=both.reference.name, aim=row["aim"], interval=told, unit=unit,
                         verdict=row["verdict"]))
    for r in both.regions:
        if not both.comparable((r,)):
            lines.append(say("explore.compare_other_sums", region=r, run=both.run.name, reference=both.reference.name))
        elif not any(r in row.split(", ") for row in aims.loc[aims["low"].notna() | aims["high"].notna(), "regions"]):
            lines.append(say("explore.compare_no_bound", region=r, run=both.run.name, reference=both.reference.name))
    return lines


# In words -----------------------------------------------------------------------------------------------------------


def _cases(both: Shared) -> list[str]:
    """In what the two cases differ, and what only one of them speaks of."""
    settings, tables = differing(both)
    lines = [say("explore.compare_only", what=say(f"explore.compare_{kind}"), names=_few(names), run=run)
             for kind, run, names in both.unshared]
    if settings or tables:
        what = [*([say("explore.compare_settings", names=_few(settings))] if settings else []),
                *([say("explore.compare_tables", names=_few(tables))] if tables else [])]
        lines.append(say("explore.compare_cases", run=both.run.name, reference=both.reference.name,
                         what="; ".join(what)))
    elif not lines:
        lines.append(say("explore.compare_same_case", run=both.run.name, reference=both.reference.name))
    return lines


def _few(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(map(str, names[:most]))
    return shown if len(names) <= most else say("overview.and_more", names=shown, n=len(names) - most)


def _changes(both: Shared, tables: dict[str, pd.DataFrame]) -> list[str]:
    """How many occupations enter and leave, and how many permits there are, by region."""
    lines = []
    for r in both.regions:
        here = tables["compare_lists"].query("region == @r")
        changes = list(here["change"])
        counts = {word: changes.count(say(f"explore.change_{word}"))
                  for word in ("enters", "leaves", "longer", "shorter")}
        quotas = tables["compare_quotas"].query("region == @r")
        permits = f"{quotas['quota_more'].sum():+,.0f}"
        lines.append(say("explore.compare_lists", region=both.title("regions", r), run=both.run.name, permits=permits,
                         enters=counts["enters"], leaves=counts["leaves"],
                         longer=counts["longer"], shorter=counts["shorter"]))
    return lines


def _winners(both: Shared, tables: dict[str, pd.DataFrame]) -> list[str]:
    """Who gains and who loses most, by area, sector and occupation; the services and the cost that differ most."""
    lines = []
    for kind, column, table in (("areas", "area", "compare_areas"), ("sectors", "sector", "compare_sectors"),
                                ("occupations", "occupation", "compare_occupations")):
        frame = tables[table]
        if kind == "sectors":
            frame = frame.groupby("sector", as_index=False)["filled_more"].sum()
        more = sorted(((float(n), str(code)) for code, n in frame[[column, "filled_more"]].itertuples(index=False)),
                      key=lambda found: (-abs(found[0]), found[1]))
        for word, sign in (("gain", 1), ("lose", -1)):
            if part := [(number, code) for number, code in more if number * sign > 0]:
                named = ", ".join(f"{both.title(kind, code)} {number:+,.0f}" for number, code in part[:MOST_NAMED])
                lines.append(say(f"explore.compare_{word}", what=say(f"explore.compare_{kind}"), names=named,
                                 n=len(part)))
    cost = tables["compare_cost"]["cost_more"].sum()
    lines.append(say("explore.compare_cost", run=both.run.name, reference=both.reference.name, cost=f"{cost:+,.0f}"))
    return lines
