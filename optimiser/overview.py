"""What a case holds, and what its reader should know of it before anything is solved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pandas as pd

from optimiser.numbers import chosen
from optimiser.problem import Problem
from optimiser.schema import BASES, PARAMETERS, TABLES
from optimiser.texts import say

NAMED = 3  # examples named in a line; the others are counted


@dataclass(frozen=True)
class Overview:
    """What a case holds.

    Attributes
    ----------
    title : str
    values : str
        low, central or high: which value of every range a run uses.
    years : tuple of int
    counts : dict of what (regions, areas, occupations, services) -> number of them
    regions : DataFrame
        region, title, areas, candidates (occupations that could be listed), in_force (occupations on the list in
        force), list_length (most occupations; NaN without a limit), reviews (in the years planned).
    shortages : DataFrame
        region, year, shortage (persons), net (persons; less the jobseekers who can be activated).
    bases : DataFrame
        basis, person_years and its share of all shortage, rows of all tables of numbers and their share.
    services : DataFrame
        service, title, scope, unit, places, limited (places with a capacity in every year).
    """

    title: str
    values: str
    years: tuple[int, ...]
    counts: dict[str, int]
    regions: pd.DataFrame = field(repr=False)
    shortages: pd.DataFrame = field(repr=False)
    bases: pd.DataFrame = field(repr=False)
    services: pd.DataFrame = field(repr=False)


def overview(problem: Problem) -> Overview:
    """What a case holds, counted."""
    counts = {
        "regions": len(problem.regions), "areas": len(problem.region_of), "services": len(problem.services),
        "occupations": len(problem.tables["occupations"]),
    }
    return Overview(problem.config.title, problem.config.values, problem.years, counts, _regions(problem),
                    _shortages(problem), _bases(problem), _services(problem))


def _regions(problem: Problem) -> pd.DataFrame:
    rows = [(r, problem.title("regions", r), len(problem.areas[r]), len(problem.candidates[r]),
             len(problem.in_force[r]), problem.rules(r).list_length, len(problem.reviews[r])) for r in problem.regions]
    names = ["region", "title", "areas", "candidates", "in_force", "list_length", "reviews"]
    return pd.DataFrame(rows, columns=names).astype({"list_length": "float64"})


def _shortages(problem: Problem) -> pd.DataFrame:
    persons = {(r, t): [0.0, 0.0] for r in problem.regions for t in problem.years}
    for (o, p, t), number in problem.shortage.items():
        sums = persons[problem.region_of[p], t]
        sums[0] += number
        sums[1] += max(0.0, number - problem.activatable.get((o, p, t), 0.0))
    rows = [(*key, *sums) for key, sums in persons.items()]
    return pd.DataFrame(rows, columns=["region", "year", "shortage", "net"])


def in_scope(problem: Problem) -> pd.Series:
    """Which rows of `shortages.csv` belong to a region that decides and a year that is planned."""
    table = problem.tables["shortages"]
    return table["area"].isin(problem.region_of) & table["year"].isin([str(year) for year in problem.years])


def _bases(problem: Problem) -> pd.DataFrame:
    short = problem.tables["shortages"][in_scope(problem)]
    person_years = chosen(short, problem.config.values).groupby(short["basis"]).sum()
    rows = pd.concat([problem.tables[table.name]["basis"] for table in TABLES if table.numeric]).value_counts()
    frame = pd.DataFrame({"basis": BASES, "person_years": person_years.reindex(BASES, fill_value=0.0).to_numpy(),
                          "rows": rows.reindex(BASES, fill_value=0).to_numpy()})
    for name in ("person_years", "rows"):
        frame[f"share_of_{name}"] = frame[name] / max(frame[name].sum(), 1)
    return frame


def _services(problem: Problem) -> pd.DataFrame:
    rows = [(g, problem.title("services", g), service.scope, service.unit, len(problem.places(g)),
             sum(all((g, place, t) in problem.capacity for t in problem.years) for place in problem.places(g)))
            for g, service in problem.services.items()]
    return pd.DataFrame(rows, columns=["service", "title", "scope", "unit", "places", "limited"])


# Notes -------------------------------------------------------------------------------------------------------------


def notes(problem: Problem) -> list[str]:
    """What is assumed or left out, one line each; nothing in it is a fault."""
    return [*scenarios(problem), *_missing_pairs(problem), *_out_of_scope(problem), *_no_range(problem),
            *_met_at_home(problem), *_never_listed(problem), *_no_other_vacancies(problem), *_switched_off(problem)]


def scenarios(problem: Problem) -> Iterator[str]:
    """The scenarios that changed a case, in the order they were applied."""
    for one in problem.config.applied_scenarios:
        yield say("overview.scenario", **one.model_dump())


def _missing_pairs(problem: Problem) -> Iterator[str]:
    table = problem.tables["shortages"]
    here = table[table["area"].isin(problem.region_of)]
    pairs = len(problem.region_of) * len(problem.tables["occupations"])
    if missing := pairs - len(here[["area", "occupation"]].drop_duplicates()):
        yield say("overview.missing_pairs", n=f"{missing:,}", pairs=f"{pairs:,}", share=f"{missing / pairs:.0%}")
    if empty := int(here["central"].isna().sum()):
        yield say("overview.empty_cells", n=f"{empty:,}")


def _out_of_scope(problem: Problem) -> Iterator[str]:
    if outside := int((~in_scope(problem)).sum()):
        yield say("overview.out_of_scope", n=f"{outside:,}")
    if empty := [r for r in problem.regions if not problem.areas[r]]:
        yield say("overview.no_areas", names=names(problem, "regions", empty))


def _no_range(problem: Problem) -> Iterator[str]:
    ranges = pd.concat([problem.tables[table.name][["central", "low"]] for table in TABLES if table.numeric])
    ranges = ranges[ranges["central"].notna()]
    if without := int(ranges["low"].isna().sum()):
        yield say("overview.no_range", n=f"{without:,}", rows=f"{len(ranges):,}")


def _met_at_home(problem: Problem) -> Iterator[str]:
    met = [key for key, number in problem.shortage.items() if number <= problem.activatable.get(key, 0.0)]
    if met:
        yield say("overview.met_at_home", n=f"{len(met):,}", rows=f"{len(problem.shortage):,}")


def _never_listed(problem: Problem) -> Iterator[str]:
    persons: dict[tuple[str, str], float] = {}
    for (o, p, _), number in problem.shortage.items():
        r = problem.region_of[p]
        if problem.locked.get((r, o)) == 0 or o not in problem.candidates[r]:
            persons[r, o] = persons.get((r, o), 0.0) + number
    for r in problem.regions:
        here = sorted((o for region, o in persons if region == r), key=lambda o: -persons[r, o])
        if here:
            total = sum(persons[r, o] for o in here)
            yield say("overview.never_listed", region=problem.title("regions", r), person_years=f"{total:,.0f}",
                      names=names(problem, "occupations", here))


def _no_other_vacancies(problem: Problem) -> Iterator[str]:
    """Occupations for which nobody can come since a worker would find too few other vacancies."""
    needed = problem.parameters["min_other_vacancies"]
    seen_from: dict[str, list[str]] = {q: [] for q in problem.reach}
    for p, others in problem.reach.items():
        for q in others:
            seen_from[q].append(p)
    vacancies: dict[tuple[str, str, int], float] = {}
    for (o, q, t), number in problem.shortage.items():
        for p in seen_from[q]:
            if (problem.region_of[p], o) in needed:
                vacancies[o, p, t] = vacancies.get((o, p, t), 0.0) + number
    best: dict[tuple[str, str], float] = {}
    for (o, p, _), number in vacancies.items():
        key = problem.region_of[p], o
        best[key] = max(best.get(key, 0.0), number)
    for r in problem.regions:
        alone = sorted(o for (region, o), number in best.items() if region == r and number <= needed[r, o]
                       and problem.locked.get((r, o)) != 0)
        if alone:
            yield say("overview.no_other_vacancies", region=problem.title("regions", r),
                      names=names(problem, "occupations", alone))


def _switched_off(problem: Problem) -> Iterator[str]:
    off = [table.name for table in TABLES if not table.required and problem.tables[table.name].empty]
    for name in off:
        yield say(f"overview.off_{name}")
    absent = [p.name for p in PARAMETERS if not problem.parameters[p.name]]
    if absent and "parameters" not in off:
        yield say("overview.no_parameter", names=", ".join(absent))


def names(problem: Problem, table: str, codes: Iterable[str]) -> str:
    """The first few of some codes with their titles, and how many more there are."""
    codes = list(codes)
    shown = [code if (title := problem.title(table, code)) == code else f"{title} ({code})" for code in codes[:NAMED]]
    listing = ", ".join(shown)
    return listing if len(codes) <= NAMED else say("overview.and_more", names=listing, n=len(codes) - NAMED)
