"""Chapters on the lists: which occupations hold, their quotas, when that fails, and how robust chosen lists are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from optimiser.report.charts_study import BASE, LINES, NOISE, OPEN, SURE, Span, curves, spans
from optimiser.report.content import records
from optimiser.report.study_names import Names, by_region, one_by_one
from optimiser.report.views import MOST_ROWS, Block, Chapter, Figure, Grid
from optimiser.study.analyse import Analysis
from optimiser.study.analyse.frequency import BORDERLINE, CORE, OUTSIDE

COLOURS = {CORE: SURE, BORDERLINE: OPEN, OUTSIDE: NOISE}
CONDITIONS = 4  # lines shown at once; the table says the same of all
POINTS = 121  # of a curve
STEPS = range(0, POINTS, 30)  # of them that the table behind it holds
ON_BASE, OFF_BASE = "\u25cf", "\u25cb"


# What holds --------------------------------------------------------------------------------------------------------


def holds(names: Names, found: Analysis) -> Chapter:
    """How often each occupation is listed: the core, then the borderline, then what stays outside."""
    lines, more = names.lines(found, "frequency")
    blocks = []
    for region, part in by_region(found.tables["frequency"]):
        groups = {word: part[part["class"] == word] for word in COLOURS}
        figures = [_shares(names, region, word, groups[word]) for word in (CORE, BORDERLINE) if len(groups[word])]
        folded = [_share_grid(names, region, OUTSIDE, groups[OUTSIDE])] if len(groups[OUTSIDE]) else []
        blocks.append(Block(names.words.region(region), figures, folded=folded))
    return Chapter("holds", names("holds"), names("holds_about") if blocks else names("holds_none"), lines, more,
                   blocks=blocks)


def _shares(names: Names, region: str, word: str, part: pd.DataFrame) -> Figure:
    title = names(f"chart_{word}", region=names.words.region(region))
    rows = [Span(f"{_mark(row['base'])}{names.coded(str(row['occupation']))}", names.share(
        row["share_any"], row["low_any"], row["high_any"]), 0.0, row["share_any"], COLOURS[word], row["low_any"],
        row["high_any"]) for row in records(part.head(MOST_ROWS))]
    return Figure(title, spans(rows, title, names("chart_shares_description", n=len(part)), most=1.0),
                  _share_grid(names, region, word, part), names.cut(len(part), MOST_ROWS))


def _mark(base: float) -> str:
    return "" if math.isnan(base) else f"{ON_BASE if base else OFF_BASE} "


def _share_grid(names: Names, region: str, word: str, part: pd.DataFrame) -> Grid:
    head = tuple(names(f"head_{key}") for key in ("occupation", "any", "first", "all", "rows", "on_base"))
    rows = [(names.occupation(str(row["occupation"])), *(names.share(row[f"share_{when}"], row[f"low_{when}"],
             row[f"high_{when}"]) for when in ("any", "first", "all")), names.words.amount(row["rows"]),
             names.yes(row["base"])) for row in records(part.head(MOST_ROWS))]
    return Grid(names(f"chart_{word}", region=names.words.region(region)), head, rows, range(1, 5),
                names.cut(len(part), MOST_ROWS))


# Quotas ------------------------------------------------------------------------------------------------------------


def quotas(names: Names, found: Analysis) -> Chapter | None:
    """The quota of each occupation of the core and the border over the rows that list it."""
    classes = found.tables["frequency"][["region", "occupation", "class"]]
    table = found.tables["quotas"]
    table = table[table["review"].isna()].merge(classes, on=["region", "occupation"], how="inner")
    table = table[table["class"] != OUTSIDE].sort_values(["region", "median", "occupation"],
                                                         ascending=[True, False, True], kind="stable")
    figures = [_fans(names, region, part) for region, part in by_region(table)]
    if not figures:
        return None
    return Chapter("quotas", names("quotas"), names("quotas_about"), [], blocks=[Block(figures=figures)])


def _fans(names: Names, region: str, part: pd.DataFrame) -> Figure:
    title = names("chart_quotas", region=names.words.region(region))
    kept = records(part.head(MOST_ROWS))
    rows = [Span(names.coded(str(row["occupation"])), names.with_interval(row["median"], row["low"], row["high"]),
                 row["low"], row["high"], COLOURS[str(row["class"])], middle=row["median"], mark=row["base"])
            for row in kept]
    head = tuple(names(f"head_{key}") for key in ("occupation", "class", "q05", "q50", "q95", "base_quota", "rows"))
    told = [(names.occupation(str(row["occupation"])), names(f"class_{row['class']}"), *(
        names.words.amount(row[key]) for key in ("low", "median", "high", "base", "rows"))) for row in kept]
    note = names.cut(len(part), MOST_ROWS)
    legend = [(COLOURS[word], names(f"class_{word}")) for word in COLOURS if (part["class"] == word).any()]
    if part["base"].notna().any():
        legend.append((BASE, names("legend_base")))
    return Figure(title, spans(rows, title, names("chart_quotas_description")), Grid(title, head, told, range(2, 7),
                                                                                     note), note, legend)


# When it fails -----------------------------------------------------------------------------------------------------


def failing(names: Names, found: Analysis) -> Chapter:
    """Conditions under which occupations drop out or come in, plans fail, or most stays unfilled."""
    lines, more = names.lines(found, "conditions", most=CONDITIONS)
    table = found.tables["conditions"]
    groups: dict[str, list[tuple[str, ...]]] = {}
    cases = 0
    for key, part in table.groupby(["kind", "region", "target", "event"], sort=False) if len(table) else ():
        kind, region, target, event = map(str, key)
        cases += 1
        if cases > MOST_ROWS:
            continue
        first = records(part)[0]
        groups.setdefault(names.words.region(region), []).append((
            names(f"event_{event}", target=names.target(kind, target)),
            names("and").join(limit(names, row) for row in records(part.sort_values("number"))),
            names.words.percent(first["coverage"]), names.words.percent(first["density"]),
            names.words.percent(first["base_rate"]), names.words.percent(first["test_density"]),
            names.words.amount(first["test_rows"])))
    if not groups:
        why = names("needs_random" if one_by_one(found) else "failing_none")
        return Chapter("failing", names("failing"), why, lines, more)
    head = tuple(names(f"head_{key}") for key in ("event", "when", "coverage", "density", "base_rate", "test_density",
                                                  "test_rows"))
    grid = Grid(names("failing_caption"), head, [], range(2, 7), names.cut(cases, MOST_ROWS), list(groups.items()))
    return Chapter("failing", names("failing"), names("failing_about"), lines, more, blocks=[Block(grids=[grid])])


def limit(names: Names, row: dict[str, Any]) -> str:
    """A restriction in words: of a lever by its numbers, of an uncertainty by quantiles of its distribution."""
    low, high, factor = float(row["low"]), float(row["high"]), str(row["factor"])
    side = "above" if math.isnan(high) else "below" if math.isnan(low) else "between"
    lever = names.is_lever(factor)
    ends = [f"{end:g}" if lever else names.words.percent(end) for end in (low, high)]
    return names(f"{'lever' if lever else 'position'}_{side}", factor=names.factor(factor), low=ends[0], high=ends[1])


# Regret ------------------------------------------------------------------------------------------------------------


def regrets(names: Names, found: Analysis) -> Chapter | None:
    """Per region, in which share of the rows each tried list leaves more unfilled than so much; and the best lists."""
    table = found.tables["regret"]
    if table.empty:
        return None
    lines, more = names.lines(found, "regret")
    blocks = []
    for region, part in by_region(table):
        lists = found.tables["robust_lists"]
        mine = lists[lists["region"] == region]
        order = [str(name) for name in mine["list"]] or sorted(map(str, part["list"].unique()))
        blocks.append(Block(names.words.region(region), [_curves(names, region, part, order)],
                            grids=[_robust(names, region, mine)] if len(mine) else []))
    return Chapter("regret", names("regret"), names("regret_about"), lines, more, blocks=blocks)


def exceedance(regret: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Share of the rows whose regret is above each number, in %."""
    return 100.0 * (1.0 - np.searchsorted(np.sort(regret), at, side="right") / len(regret))


def _curves(names: Names, region: str, part: pd.DataFrame, order: list[str]) -> Figure:
    title = names("chart_regret", region=names.words.region(region))
    ends = part[part["list"].isin(order[:len(LINES)])]["high"].to_numpy(float)
    at = np.linspace(0.0, max(float(ends[np.isfinite(ends)].max(initial=0.0)), 1e-9), POINTS)
    frames, told = [], []
    for n, name in enumerate(order[:len(LINES)]):
        low, high = (part.loc[part["list"] == name, end].to_numpy(float) for end in ("low", "high"))
        under, over = exceedance(low, at), exceedance(high, at)
        frames.append(pd.DataFrame({"line": n, "x": at, "low": under, "high": over}))
        told.append((name, *(names.words("percent", n=names.between(under[k], over[k])) for k in STEPS)))
    drawn = curves(pd.concat(frames, ignore_index=True), names("axis_regret"), names("axis_rows"), title,
                   names("chart_regret_description"))
    head = (names("head_list"), *(names("head_above", n=names.words.amount(at[k])) for k in STEPS))
    note = names("lists_cut", shown=len(LINES), of=len(order)) if len(order) > len(LINES) else ""
    return Figure(title, drawn, Grid(title, head, told), note, list(zip(LINES, order, strict=False)))


def _robust(names: Names, region: str, part: pd.DataFrame) -> Grid:
    head = tuple(names(f"head_{key}") for key in ("list", "max", "cvar", "mean", "no_plan", "rows", "best"))
    rows = [(str(row["list"]),
             *(names.between(row[f"{aim}_low"], row[f"{aim}_high"]) for aim in ("max", "cvar", "mean")),
             names.words.amount(row["no_plan"]), names.words.amount(row["rows"]),
             names.words.names([names(f"best_{aim}") for aim in ("max", "cvar") if row[f"best_{aim}"]]))
            for row in records(part.head(MOST_ROWS))]
    return Grid(names("robust_caption", region=names.words.region(region)), head, rows, range(1, 6),
                names.cut(len(part), MOST_ROWS))
