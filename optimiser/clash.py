"""Limits that clash, in the customer's words, with the numbers of both sides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from optimiser.problem import Problem
from optimiser.solver.limits import Clash, Limit, Path
from optimiser.texts import say

SHOWN = 3  # lines of one kind, and names in a line; more of them are put together
AT_LEAST = ("fair_areas", "fair_sectors", "quota_at_least", "worker_independence")  # limits that ask for more, not less
BY_REVIEW = ("list_length", "list_length_by_tier", "list_length_by_sector", "list_changes", "minimum_stay", "groups",
             "must_list", "must_not_list")  # families whose last index is a review
DECIMALS = {"service_capacity": 1, "max_expansion": 1, "training_places": 1, "domestic_first": 4, "fair_areas": 4,
            "fair_sectors": 4, "band_below": 4, "band_above": 4}  # of the other side's number; none for whole things


@dataclass(frozen=True)
class _Number:
    """A limit's number: as it is written, from where the other side's is counted (None: it is told as a difference),
    and the unit of that.
    """

    written: str
    start: float | None = None
    unit: str = ""


def in_words(problem: Problem, limits: Sequence[Limit], clashes: Sequence[Clash]) -> list[str]:
    """Conflicts in plain lines: what clashes first, then, where there is more than one, what clashes besides.

    Parameters
    ----------
    limits : sequence of Limit
        As they were asked about; `model.plain` makes them.
    clashes : sequence of Clash
        As they were found.
    """
    lines: list[str] = []
    for number, clash in enumerate(clashes):
        lines += [say("clash.besides")] if number else []
        lines += _one(problem, limits, clash)
        lines += [] if clash.irreducible else [say("clash.perhaps_fewer")]
    return lines


def _one(problem: Problem, limits: Sequence[Limit], clash: Clash) -> list[str]:
    """The lines of one conflict; a wish that stands in many places or years is one line."""
    families: dict[str, dict[Path, list[Path]]] = {}  # family -> group -> indices
    for part in clash.parts:
        for i in part:
            family, index = limits[i].key
            families.setdefault(family, {}).setdefault(limits[i].group, []).append(index)
    alone = len(clash.beyond) == 1 and sum(map(len, families.values())) == 1
    lines = []
    for family, groups in families.items():
        few = len(groups) <= SHOWN
        told: dict[Path, list[Path]] = {}  # what is said of an occupation, a place or a class -> where it is said
        for group, indices in groups.items():
            numbers = list(dict.fromkeys(filter(None, (_number(problem, family, index) for index in indices))))
            other = _other_side(family, numbers, clash.beyond.get(group) if few else None, alone)
            years = tuple(_spoken(problem, family, index)[-1] for index in indices) if few else ()
            told.setdefault((other, years, numbers[0] if few and numbers else None), []).extend(indices)
        lines += [_line(problem, family, indices) + str(other) for (other, *_), indices in told.items()]
    return lines


def _line(problem: Problem, family: str, indices: list[Path]) -> str:
    """One or many limits of a family in a line."""
    numbers = dict.fromkeys(filter(None, (_number(problem, family, index) for index in indices)))
    spoken = [_spoken(problem, family, index) for index in indices]
    words = {f"i{n}": _some(problem, values) for n, values in enumerate(zip(*spoken, strict=True))}
    return say(f"clash.{family}", **words, limit=_some(problem, dict.fromkeys(number.written for number in numbers)))


def _other_side(family: str, numbers: list[_Number], beyond: tuple[float, bool] | None, alone: bool) -> str:
    """What the other limits of the conflict need, or leave, at best."""
    if beyond is None or not numbers:
        return ""
    unit = numbers[0].unit
    start = numbers[0].start if len({number.start for number in numbers}) == 1 else None
    scale = 10 ** DECIMALS.get(family, 0)
    distance = math.ceil(beyond[0] * scale - 1e-4) / scale  # whoever gives way by so much is sure to reach it
    if distance <= 0:
        return ""
    least = family in AT_LEAST
    if start is None:
        return say("clash.apart", number=_amount(distance, unit))
    word = ("leaves_alone" if alone else "leaves") if least else ("needs_alone" if alone else "needs")
    number = max(0.0, start - distance) if least else start + distance
    return say(f"clash.{word}", number=_amount(number, unit))


def _spoken(problem: Problem, family: str, index: Path) -> Path:
    """An index as it is spoken of: reviews by their years, one after the other."""
    if family in BY_REVIEW:
        review = problem.reviews[str(index[0])][int(str(index[-1])) - 1]
        return (*index[:-1], (review.first_year, review.last_year))
    return index


def _some(problem: Problem, values: Iterable[Any]) -> str:
    """The first few of some codes with their titles, and how many more there are; years from the first to the last."""
    distinct = list(dict.fromkeys(values))
    if all(isinstance(value, tuple) for value in distinct):
        distinct = sorted({year for first, last in distinct for year in range(first, last + 1)})
    if all(isinstance(value, int) and value in problem.years for value in distinct):
        return _years(sorted(distinct))
    shown = ", ".join(_title(problem, str(code)) for code in distinct[:SHOWN])
    return shown if len(distinct) <= SHOWN else say("overview.and_more", names=shown, n=len(distinct) - SHOWN)


def _years(years: list[int]) -> str:
    """Years, those that follow one another as a span: 2026, 2028-2030."""
    starts = [year for year in years if year - 1 not in years]
    ends = [year for year in years if year + 1 not in years]
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))


def _title(problem: Problem, code: str) -> str:
    """A code with its title, whatever it is a code of."""
    for table in ("areas", "regions", "occupations", "services"):
        title = problem.title(table, code)
        if title != code:
            return f"{title} ({code})"
    return code


def _amount(number: float, unit: str = "") -> str:
    return f"{number:,.10g} {unit}".strip()


def _number(problem: Problem, family: str, index: Path) -> _Number | None:
    """The number of a limit, when it has one."""
    find = {"service_capacity": _capacity, "max_expansion": _expansion, "domestic_first": _migrant_share,
            "worker_independence": _vacancies, "no_vacancies": _vacancies, "quota_at_least": _smallest_quota,
            "max_quota": _largest_quota, "training_places": _training_places, "training_required": _starts}.get(family)
    if find:
        return find(problem, *index)
    if family in ("permit_total", "budget"):
        number = (problem.permit_total if family == "permit_total" else problem.budget)[index]  # pyright: ignore
        return _Number(_amount(number), number)
    return _of_rules(problem, family, *map(str, index))


def _of_rules(problem: Problem, family: str, r: str, of: str = "", *_: str) -> _Number | None:
    """The number of a limit that the region's rules give."""
    rules, fairness = problem.rules(r), problem.rules(r).fairness
    if family == "risk_share":  # the other side is told in permits
        return _Number(_amount(rules.risk_shares[of]), unit="permits")  # pyright: ignore
    number: float | None = {
        "list_length": rules.list_length, "list_changes": rules.list_changes, "minimum_stay": rules.minimum_stay,
        "list_length_by_tier": rules.list_length_by_tier.get(of),  # pyright: ignore
        "list_length_by_sector": rules.list_length_by_sector.get(of),
        "fair_areas": fairness.area_coverage, "fair_sectors": fairness.sector_coverage,
        "band_below": fairness.band, "band_above": fairness.band}.get(family)
    return None if number is None else _Number(_amount(number), number)


def _capacity(problem: Problem, g: str, place: str, t: int) -> _Number:
    """What a place can take; extra capacity comes on top, so that only a difference can be told where there is some."""
    number, unit = problem.capacity[g, place, t], problem.services[g].unit
    ready = t >= problem.years[0] + problem.service_parameter("lead_time", g, place)
    grows = ready and problem.service_parameter("max_expansion", g, place) > 0
    return _Number(_amount(number, unit), None if grows else number, unit)


def _expansion(problem: Problem, g: str, place: str, t: int) -> _Number:
    number, unit = problem.service_parameter("max_expansion", g, place), problem.services[g].unit
    return _Number(_amount(number, unit), number, unit)


def _migrant_share(problem: Problem, o: str, p: str, t: int) -> _Number:
    number = problem.parameters["max_migrant_share"][problem.region_of[p], o]
    return _Number(_amount(number), number)


def _vacancies(problem: Problem, o: str, p: str, t: int) -> _Number:
    number = problem.parameters["min_other_vacancies"][problem.region_of[p], o]
    return _Number(_amount(number), number)


def _smallest_quota(problem: Problem, r: str, o: str, t: int) -> _Number:
    """Permits come in whole lots, so the row asks for the next whole lot."""
    number, lot = problem.parameter("min_quota", r, o) or 0.0, problem.parameter("lot", r, o) or 1.0
    return _Number(_amount(number), math.ceil(number / lot - 1e-9) * lot)


def _largest_quota(problem: Problem, r: str, o: str, t: int) -> _Number:
    number, lot = problem.parameters["max_quota"][r, o], problem.parameter("lot", r, o) or 1.0
    return _Number(_amount(number), number // lot * lot)


def _training_places(problem: Problem, r: str, o: str, t: int) -> _Number:
    number = problem.training_places[r, o, t]
    return _Number(_amount(number), number)


def _starts(problem: Problem, r: str, o: str, t: int) -> _Number:
    return _Number(_amount(problem.parameter("trainees_per_permit", r, o) or 0.0))
