"""The three bins in words and tables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from optimiser.explore.desk import Desk
from optimiser.explore.finding import Finding, frame_of, interval
from optimiser.explore.near.binning import NECESSARY, NEVER, POSSIBLE, UNPROVED, Standing
from optimiser.problem import Problem
from optimiser.solution import UNITS
from optimiser.texts import say

ORDER = (NECESSARY, POSSIBLE, NEVER, UNPROVED)
NAMED = 8  # occupations named in a line before the rest is counted
DEAREST = 5  # occupations whose price is told in words


def finding(problem: Problem, share: float, standings: Sequence[Standing], desk: Desk) -> Finding:
    """What is proved, what is not, and what listing or leaving out costs."""
    near = f"{100 * share:.6g} %"
    lines, rows, sums = [], [], []
    for standing in standings:
        aims = desk.model(problem, standing.regions).parts[0]
        lines += _limits(problem, standing, near, aims)
        for r in standing.regions:
            lines += _region(problem, standing, r, near, aims[0][1] if aims else "")
            rows += [(_order(standing, (r, o)), _row(standing, (r, o))) for o in problem.candidates[r]]
            counts = Counter(standing.bin((r, o)) for o in problem.candidates[r])
            sums.append((r, len(problem.candidates[r]), *(counts[name] for name in ORDER)))
    lines.append(say("explore.bins_meaning", near=near))
    columns = "region occupation bin on_best low_listing high_listing low_leaving_out high_leaving_out shown"
    tables = {"bins_counts": frame_of(sums, "region count_candidates count_necessary count_possible count_never "
                                            "count_unproved"),
              "bins": frame_of((row for _, row in sorted(rows, key=lambda row: row[0])), columns)}
    facts: dict[str, Any] = {"within": share, "searches": desk.searches, "plans": sum(s.plans for s in standings),
                             "parts": [{"regions": list(s.regions), "best": s.value, "bound": s.bound,
                                        "inside": s.nearly.inside, "outside": s.nearly.outside} for s in standings]}
    return Finding("bins", say("explore.bins_asked", near=near, title=problem.config.title or say("overview.untitled")),
                   tuple(lines), tables, facts)


def _order(standing: Standing, pair: tuple[str, str]) -> tuple[Any, ...]:
    """Regions, then bins, then what costs most to leave out, then what costs least to list."""
    return (pair[0], ORDER.index(standing.bin(pair)), -standing.price((*pair, False))[0],
            standing.price((*pair, True)), pair[1])


def _row(standing: Standing, pair: tuple[str, str]) -> tuple[Any, ...]:
    listing, leaving = standing.price((*pair, True)), standing.price((*pair, False))
    on_best = any(key[:2] == pair for key in standing.listed)
    return (*pair, say(f"explore.bin_{standing.bin(pair)}"), say("docs.yes" if on_best else "docs.no"),
            *(number if math.isfinite(number) else math.nan for number in (*listing, *leaving)),
            _shown(standing, pair))


def _shown(standing: Standing, pair: tuple[str, str]) -> str:
    """How a bin is known, or what is open."""
    on, off = (*pair, True), (*pair, False)
    found = standing.bin(pair)
    if found in (NECESSARY, NEVER):
        side = on if found == NEVER else off
        if side in standing.ruled or standing.least(side) == math.inf:
            return say(f"explore.bins_shown_impossible_{found}")
        return say(f"explore.bins_shown_{found}")
    if found == POSSIBLE:
        return say("explore.bins_shown_possible")
    open_on, open_off = standing.open(on), standing.open(off)
    return say("explore.bins_shown_both_open" if open_on and open_off else
               "explore.bins_shown_on_open" if open_on else "explore.bins_shown_off_open")


def _limits(problem: Problem, standing: Standing, near: str, aims: tuple[tuple[str, str], ...]) -> list[str]:
    """Between which values the best lies, and what that leaves open."""
    aim = aims[0][1] if aims else ""
    regions = ", ".join(problem.title("regions", r) for r in standing.regions)
    lines = []
    if aim:
        nearly = standing.nearly
        told = {"best": standing.value, "bound": standing.bound, "inside": nearly.inside, "outside": nearly.outside}
        lines.append(say("explore.bins_limits", regions=regions, near=near, aim=say(f"explore.aim_{aim}"),
                         **{name: _amount(aim, number) for name, number in told.items()}))
    if unmeasured := [r for r in standing.regions if r not in {region for region, _ in aims}]:
        lines.append(say("explore.bins_unmeasured", regions=", ".join(unmeasured)))
    return lines


def _price(aim: str, low: float, high: float) -> str:
    if aim == "worst_coverage":
        return say("explore.evaluate_amount", number=interval(100 * low, 100 * high, 2),
                   unit=say("explore.evaluate_points"))
    return say("explore.evaluate_amount", number=interval(low, high, 0 if high >= 100 else 1),
               unit=UNITS.get(aim, ""))


def _amount(aim: str, number: float) -> str:
    """A value of an aim with its unit; a coverage, which counts negative, in per cent."""
    if aim == "worst_coverage":
        return f"{-100 * number:,.2f} %"
    return f"{number:,.0f} {UNITS[aim]}" if abs(number) >= 1000 else f"{number:,.1f} {UNITS[aim]}"


def _region(problem: Problem, standing: Standing, r: str, near: str, aim: str) -> list[str]:
    pairs = [(r, o) for o in problem.candidates[r]]
    by_bin = {name: [pair for pair in pairs if standing.bin(pair) == name] for name in ORDER}
    title = problem.title("regions", r)
    lines = [say("explore.bins_counts", region=title, n=len(pairs), near=near,
                 necessary=len(by_bin[NECESSARY]), possible=len(by_bin[POSSIBLE]), never=len(by_bin[NEVER]),
                 unproved=len(by_bin[UNPROVED]))]
    for name in (NECESSARY, NEVER, UNPROVED):
        if by_bin[name]:
            lines.append(say(f"explore.bins_named_{name}", region=title, names=_names(problem, by_bin[name])))
    dear = sorted((pair for pair in pairs if standing.price((*pair, False))[0] > 0
                   and math.isfinite(standing.price((*pair, False))[1])),
                  key=lambda pair: -standing.price((*pair, False))[0])[:DEAREST]
    if dear:
        prices = "; ".join(say("explore.bins_priced", name=_name(problem, pair),
                               price=_price(aim, *standing.price((*pair, False)))) for pair in dear)
        lines.append(say("explore.bins_dear", region=title, prices=prices))
    return lines


def _names(problem: Problem, pairs: list[tuple[str, str]]) -> str:
    names = ", ".join(_name(problem, pair) for pair in pairs[:NAMED])
    return names if len(pairs) <= NAMED else say("explore.bins_more", names=names, n=len(pairs) - NAMED)


def _name(problem: Problem, pair: tuple[str, str]) -> str:
    return f"{problem.title('occupations', pair[1])} ({pair[1]})"
