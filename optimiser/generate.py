"""A synthetic country of any size: invented numbers that have the shape of real ones, always the same for a seed.

Shortages have a long tail, populations fall with rank, most pairs of area and occupation have no shortage, and services
can take about a quarter of the people who would be needed. A plan exists by construction: to keep the list in force,
with the smallest quotas, breaks no limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optimiser import strictyaml
from optimiser.errors import Fault, InputError
from optimiser.schema import BY_NAME
from optimiser.storage import whole_folder
from optimiser.tables import Tables, write
from optimiser.texts import say

FIRST_YEAR = 2026
SOURCE = "invented"
MOST_ROWS = 5_000_000  # of shortages.csv; more would not fit into the memory of a usual machine
SECTORS = ("business", "construction", "digital", "health", "hospitality", "industry", "retail", "transport")
TRAINED = ("sector:construction", "sector:health", "sector:transport")  # sectors with training places
REGULATED = {"health": 0.5, "transport": 0.3, "construction": 0.2}  # share of the occupations; elsewhere 0.05
ADDITIONAL = {"high": 0.4, "medium": 0.65, "low": 0.7}  # share of arrivals who would not have come otherwise
ACTIVATABLE = {"high": 0.03, "medium": 0.08, "low": 0.2}  # share of a shortage that jobseekers could meet
ATTRIBUTES = {"tier": "skill_tier", "risk": "risk_class", "regulated": "regulated", "sector": "sector"}
STAY = 0.85  # share of a cohort that stays from one year to the next
UPTAKE, LOT, MIN_QUOTA = 0.85, 5, 10
PERMIT_COST, TRAINING_COST, MONEY = 300, 6000, 2000  # EUR per permit, per training start, per permit for everything
STARTS = 0.1  # training starts that go with a permit in the trained sectors
SERVED = 0.25  # share of the people needed whom the services can take
MOST_EMPTY = 0.95  # share of the pairs of area and occupation that may be without a shortage
LONGEST = 20_000  # occupations that a list may be asked to have
ENOUGH = 24  # occupations short in an area from which on a band of fairness leaves every area something to have
LARGEST = 100_000, 750_000  # persons short in an area; units a service or region can take: tables hold a million

REVIEWS: dict[str, Callable[[int, int], int]] = {  # years a list holds, by the region's number and the years in all
    "yearly": lambda region, years: 1,
    "once": lambda region, years: years,
    "mixed": lambda region, years: 1 + region % 2,
}
Use = tuple[str, int, float]  # selector, years since arrival, units; of one year, a later entry is more specific


@dataclass(frozen=True)
class Service:
    """Where a service has its places, what it counts, the EUR a unit costs, and what a permit or person takes."""

    scope: str
    unit: str
    cost: int
    per: str
    uses: tuple[Use, ...]


SERVICES = {
    "permit_desk": Service("region", "officer days", 450, "permit", (("*", 0, 1),)),
    "language_course": Service("area", "learner hours", 8, "person",
                               (("*", 0, 90), ("tier:high", 0, 60), ("*", 1, 20))),
    "orientation": Service("region", "places", 600, "person", (("*", 0, 0.4),)),
    "housing": Service("area", "dwellings", 0, "person", (("*", 0, 0.6),)),
    "recognition": Service("region", "files", 300, "person", (("regulated:yes", 0, 1),)),
    "inspection": Service("region", "inspections", 400, "person", (("*", 0, 0.1), ("risk:high", 0, 0.5))),
}


def generate(folder: Path | str, occupations: int, regions: int, areas: int, years: int, seed: int,
             force: bool = False, *, reviews: str = "mixed", list_length: int | None = None, empty: float | None = None
             ) -> None:
    """Write a country to a new folder.

    Parameters
    ----------
    folder : Path or str
        Must not exist, unless `force` is given.
    occupations, regions, years : int
    areas : int
        Per region.
    seed : int
        The same seed, sizes and choices give the same bytes.
    reviews : str
        `yearly`; `once`, one list for all years; or `mixed`, yearly and every second year by turns.
    list_length : int, optional
        Most occupations on a list; a sixth of the occupations by default.
    empty : float, optional
        Share of the pairs of area and occupation without a shortage; by default the more the more areas there are.

    Raises
    ------
    InputError
        When the folder exists or can't be written, when the country would be too large, or when a choice is out of
        range.
    """
    _refuse(reviews, list_length, empty)
    share = _share_present(areas) if empty is None else 1 - empty
    rows = round(share * occupations * regions * areas * years)
    if rows > MOST_ROWS:
        raise InputError([Fault(str(folder), 0, "", say("generate.rows", n=f"{rows:,}"),
                                say("generate.most_rows", n=f"{MOST_ROWS:,}"), say("generate.smaller"))])
    rng = np.random.default_rng([seed, occupations, regions, areas, years])
    length = max(3, occupations // 6) if list_length is None else list_length
    tables = _tables(rng, occupations, regions, areas, years, length, empty)
    # With many small areas, or few occupations short in each, a band could rule out every plan.
    band = areas <= 5 and occupations * (0.6 if empty is None else 1 - empty) >= ENOUGH
    config = _config(tables["regions"]["region"], years, seed, length, REVIEWS[reviews], band)
    chosen = ("" if reviews == "mixed" else f" --reviews {reviews}") + (
        "" if list_length is None else f" --list-length {list_length}") + ("" if empty is None else f" --empty {empty}")
    header = say("generate.header", seed=seed, occupations=occupations, regions=regions, areas=areas, years=years,
                 chosen=chosen)
    with whole_folder(folder, force, mark="config.yaml") as target:
        (target / "config.yaml").write_text(header + strictyaml.dump(config), encoding="utf-8", newline="\n")
        for name, frame in tables.items():
            if len(frame):
                write(frame, BY_NAME[name], target / BY_NAME[name].file)


def _refuse(reviews: str, list_length: int | None, empty: float | None) -> None:
    """Choices that exist and are in range."""
    faults = []
    if reviews not in REVIEWS:
        faults.append(Fault("--reviews", 0, "", repr(reviews), say("faults.one_of", names=", ".join(REVIEWS)),
                            say("faults.choose_word")))
    if list_length is not None and not 1 <= list_length <= LONGEST:
        faults.append(Fault("--list-length", 0, "", str(list_length), say("generate.a_length", most=f"{LONGEST:,}"),
                            say("generate.length_hint")))
    if empty is not None and not 0 <= empty <= MOST_EMPTY:
        faults.append(Fault("--empty", 0, "", f"{empty:g}", say("generate.a_share", most=MOST_EMPTY),
                            say("generate.share_hint")))
    if faults:
        raise InputError(faults)


def _config(regions: Iterable[str], years: int, seed: int, length: int, review_years: Callable[[int, int], int],
            band: bool) -> dict[str, Any]:
    rules: dict[str, Any] = {"list_length": length, "list_changes": max(2, length // 4), "risk_shares": {"high": 0.4}}
    if band:
        rules["fairness"] = {"band": 0.3}
    return {
        "title": say("generate.title", seed=seed), "tables": ".",
        "first_year": FIRST_YEAR, "last_year": FIRST_YEAR + years - 1,
        "regions": {r: {"review_years": review_years(i, years), **rules} for i, r in enumerate(regions)},
        "solver": {"gap": 0.01, "time_limit": 60},
    }


def _share_present(areas: int) -> float:
    """Share of the pairs of area and occupation with a shortage: fewer where areas are many and small."""
    return float(np.clip(1.3 / np.sqrt(areas), 0.2, 0.6))


def _tables(rng: np.random.Generator, occupations: int, regions: int, areas: int, years: int, length: int,
            empty: float | None) -> Tables:
    jobs = _occupations(rng, occupations)
    places = _areas(rng, regions, areas)
    short = _shortages(rng, jobs, places, years, empty)
    excluded = _exclusions(rng, jobs, places["region"].unique())
    in_force = _list_in_force(rng, short, excluded, length)
    uses = {name: [use for use in service.uses if selected(jobs, use[0]).any()] for name, service in SERVICES.items()}
    uses = {name: used for name, used in uses.items() if used}  # no regulated occupations: no recognition either
    return {
        "sources": _rows("source publisher title date confidence", [
            (SOURCE, say("generate.publisher"), say("generate.source"), FIRST_YEAR, "low")]),
        "regions": _rows("region title_en", [(r, say("generate.region", code=r)) for r in places["region"].unique()]),
        "areas": places,
        "occupations": jobs,
        "shortages": _numbers(short, short["persons"], short["spread"], "estimated", 1),
        "activatable": _activatable(rng, short),
        "list_in_force": in_force,
        "exclusions": excluded,
        "parameters": _parameters(jobs),
        "retention": _spread("region occupation cohort_year", [
            ("*", "*", age, STAY**age, 0.05 if age else 0) for age in range(years)]),
        "services": _rows("service title_en scope unit", [
            (name, say(f"generate.{name}"), SERVICES[name].scope, SERVICES[name].unit) for name in uses]),
        "service_use": _spread("service region occupation per cohort_year", [
            (name, "*", selector, SERVICES[name].per, age, units, 0.3)
            for name, used in uses.items() for selector, age, units in used]),
        **_limits(rng, short, places, in_force, uses, years),
        "training_places": _spread("region occupation year", [
            ("*", sector, "*", 20, 0.5) for sector in TRAINED if selected(jobs, sector).any()]),
        "commuting": _commuting(places),
    }


# Who and where -----------------------------------------------------------------------------------------------------


def _occupations(rng: np.random.Generator, number: int) -> pd.DataFrame:
    """Codes in the manner of ISCO-08: the first digit tells the skill, the first two the sector."""
    digits = 4 if number <= 5000 else 6
    codes = np.sort(rng.choice(np.arange(10 ** (digits - 2), 10**digits), number, replace=False))
    text = [f"{code:0{digits}d}" for code in codes]
    sector = rng.choice(SECTORS, 100)[codes // 10 ** (digits - 2)]
    major = codes // 10 ** (digits - 1)
    tier = np.select([major == 9, np.isin(major, (1, 2))], ["low", "high"], "medium")
    regulated = rng.random(number) < pd.Series(sector).map(REGULATED).fillna(0.05)
    draw = rng.random(number) * np.where(tier == "high", 3, 1)  # risk of exploitation is rare where degrees are needed
    return pd.DataFrame({
        "occupation": text,
        "title_en": [say("generate.occupation", sector=s.capitalize(), n=n + 1) for n, s in enumerate(sector)],
        "sector": sector,
        "skill_tier": tier,
        "regulated": np.where(regulated, "yes", "no"),
        "risk_class": np.select([draw < 0.2, draw < 0.6], ["high", "medium"], "low"),
        "source": SOURCE,
    })


def _areas(rng: np.random.Generator, regions: int, areas: int) -> pd.DataFrame:
    """Areas whose population falls with their rank; on the map in blocks, one region below the other."""
    codes = [f"R{i:0{len(str(regions))}d}" for i in range(1, regions + 1)]
    rank = np.tile(np.arange(areas), regions)
    region = np.repeat(codes, areas)
    area = [f"{r}-{n + 1:0{len(str(areas))}d}" for r, n in zip(region, rank, strict=True)]
    size = np.repeat(rng.lognormal(0, 0.3, regions), areas)
    frame = pd.DataFrame({"area": area, "region": region, "title_en": [say("generate.area", code=a) for a in area],
                          "population": np.round(1.5e6 * size / (rank + 1) ** 0.8)})
    wide = math.ceil(math.sqrt(areas))
    high = math.ceil(areas / wide)
    if high * regions <= 100:  # the map has no more rows
        frame["tile_row"] = 1 + np.repeat(np.arange(regions), areas) * high + rank // wide
        frame["tile_column"] = 1 + rank % wide
    return frame


def _commuting(places: pd.DataFrame) -> pd.DataFrame:
    """Areas next to one another in a region reach one another."""
    after = places.groupby("region")["area"].shift(-1)
    here, there = places["area"][after.notna()], after[after.notna()]
    return pd.DataFrame({"area": pd.concat([here, there]), "reaches": pd.concat([there, here]), "source": SOURCE})


# Shortages and lists -----------------------------------------------------------------------------------------------


def _shortages(rng: np.random.Generator, jobs: pd.DataFrame, places: pd.DataFrame, years: int, empty: float | None
               ) -> pd.DataFrame:
    """Persons short, beside the attributes of area and occupation: long-tailed, by population, with a trend."""
    relative = (places["population"] / places["population"].mean()).to_numpy()
    region, codes = pd.factorize(places["region"])
    areas = len(places) // len(codes)
    level = rng.lognormal(2.0, 1.2, len(jobs))
    draw = rng.random((len(jobs), len(places)))
    some = (rng.random((len(jobs), len(codes))) > 0.1)[:, region]  # a tenth of the occupations has none in a region
    if empty is None:
        present = (draw < np.clip(_share_present(areas) * relative**0.3, 0.05, 0.9)) & some
    else:  # as many pairs as asked for: the likelier an area is to have a shortage, the sooner; that tenth last
        order = np.lexsort(((draw / relative**0.3).ravel(), ~some.ravel()))
        present = np.zeros(draw.shape, dtype=bool)
        present.ravel()[order[:round((1 - empty) * draw.size)]] = True
    present[level.argmax(), ::areas] = True  # every region has something to decide
    job, place = np.nonzero(present)
    pairs = pd.concat([places[["area", "region"]].iloc[place].reset_index(drop=True),
                       jobs.drop(columns=["title_en", "source"]).iloc[job].reset_index(drop=True)], axis=1)
    pairs["persons"] = level[job] * relative[place] * rng.lognormal(0, 0.4, len(job))
    pairs["trend"] = rng.normal(1.01, 0.04, len(jobs))[job]
    pairs["spread"] = rng.uniform(0.15, 0.5, len(jobs))[job]
    short = pairs.loc[pairs.index.repeat(years)].sort_values(["area", "occupation"], kind="stable", ignore_index=True)
    ahead = np.tile(np.arange(years), len(pairs))
    short["year"] = FIRST_YEAR + ahead
    short["persons"] = (short["persons"] * short["trend"] ** ahead).clip(0.5, LARGEST[0]).round(1)
    return short


def _activatable(rng: np.random.Generator, short: pd.DataFrame) -> pd.DataFrame:
    """Jobseekers who can be activated, for about every second shortage."""
    persons = short["persons"] * short["skill_tier"].map(ACTIVATABLE)
    some = (rng.random(len(short)) < 0.5) & (persons >= 0.1)
    return _numbers(short[some], persons[some], 0.5, decimals=1)


def _exclusions(rng: np.random.Generator, jobs: pd.DataFrame, regions: np.ndarray) -> pd.DataFrame:
    """Three occupations of a hundred, low-skilled ones first, in one region or in all."""
    first = np.lexsort((rng.random(len(jobs)), jobs["skill_tier"] != "low"))[: len(jobs) * 3 // 100]
    return pd.DataFrame({"region": rng.choice([*regions, "*"], len(first)),
                         "occupation": jobs["occupation"].iloc[first], "reason": say("generate.reason"),
                         "source": SOURCE})


def _list_in_force(rng: np.random.Generator, short: pd.DataFrame, excluded: pd.DataFrame, length: int) -> pd.DataFrame:
    """Large shortages and a few by chance; at most a quarter of high risk, so that the list may stay as it is."""
    totals = short.groupby(["region", "occupation", "risk_class"], as_index=False)["persons"].sum()
    score = totals["persons"] * rng.lognormal(0, 1, len(totals))
    for region, occupation in zip(excluded["region"], excluded["occupation"], strict=True):
        score[(totals["occupation"] == occupation) & ((totals["region"] == region) | (region == "*"))] = np.nan
    high = totals["risk_class"] == "high"
    rank = score.groupby([totals["region"], high]).rank(ascending=False, method="first")
    others = (~high & (rank <= length - length // 4)).groupby(totals["region"]).transform("sum")
    most = np.minimum(length // 4, others * 2 // 3)  # where there are few others: no more than the risk share allows
    chosen = totals[rank <= np.where(high, most, length - length // 4)]
    return pd.DataFrame({"region": chosen["region"], "occupation": chosen["occupation"],
                         "entry": [say("generate.entry", code=code) for code in chosen["occupation"]],
                         "source": SOURCE})


# What limits the scheme --------------------------------------------------------------------------------------------


def _parameters(jobs: pd.DataFrame) -> pd.DataFrame:
    """Numbers of occupations; rows whose selector means nobody are left out."""
    rows = [
        ("uptake", "*", "*", UPTAKE, 0.1),
        *(("additional", "*", f"tier:{tier}", share, 0.25) for tier, share in ADDITIONAL.items()),
        ("lot", "*", "*", LOT, 0),
        ("min_quota", "*", "*", MIN_QUOTA, 0),
        ("max_migrant_share", "*", "*", 0.6, 0.2),
        ("permit_cost", "*", "*", PERMIT_COST, 0.3),
        ("training_success", "*", "*", 0.6, 0.2),
        ("training_lag", "*", "*", 1, 0),
        ("training_cost", "*", "*", TRAINING_COST, 0.3),
        *(("trainees_per_permit", "*", sector, STARTS, 0) for sector in TRAINED),
        ("min_other_vacancies", "*", "risk:high", 2, 0),
    ]
    return _spread("parameter region occupation", [row for row in rows if selected(jobs, row[2]).any()])


def _limits(rng: np.random.Generator, short: pd.DataFrame, places: pd.DataFrame, in_force: pd.DataFrame,
            uses: dict[str, list[Use]], years: int) -> Tables:
    """Capacities of about a quarter of what is needed, but never below what the list in force takes; permits, money."""
    regions = places["region"].unique()
    lowest = in_force.groupby("region").size().reindex(regions, fill_value=0) * MIN_QUOTA * 1.5
    # Arrivals in each year that would fill a shortage in the end: all of it once, and those who leave every year.
    arrivals = short["persons"] / short["skill_tier"].map(ADDITIONAL) * (1 + (1 - STAY) * (years - 1)) / years**2
    permits = arrivals.groupby(short["region"]).sum().reindex(regions) / UPTAKE
    total = (permits * SERVED * 1.2).clip(lower=lowest).clip(upper=LARGEST[1]).round()
    capacities, parameters = [], []
    for name, used in uses.items():
        service = SERVICES[name]
        units = _units(short, used)
        if service.per == "permit":
            units /= UPTAKE
        needed = (arrivals * units).groupby(short[service.scope]).sum().reindex(places[service.scope].unique())
        capacity = needed.fillna(0.0) * SERVED * rng.lognormal(0, 0.2, len(needed))
        if service.per == "permit":
            capacity = capacity.clip(lower=lowest * used[0][2])
        capacity = capacity.clip(1, LARGEST[1]).round()
        capacities += [(name, place, "*", number, 0.3) for place, number in capacity.items()]
        if service.cost:
            parameters += [("unit_cost", name, "*", service.cost, 0.3),
                           ("expansion_cost", name, "*", round(service.cost * 1.2), 0.3),
                           ("max_expansion", name, "*", round(capacity.median() * 0.1), 0.3),
                           ("lead_time", name, "*", 1, 0)]
    return {
        "capacities": _spread("service place year", capacities),
        "service_parameters": _spread("parameter service place", parameters),
        "permit_totals": _spread("region year", [(r, "*", number, 0.3) for r, number in total.items()]),
        "budgets": _spread("region year", [(r, "*", number * MONEY, 0.3) for r, number in total.items()]),
    }


def _units(frame: pd.DataFrame, used: list[Use]) -> pd.Series:
    """What a person takes of a service, all years together."""
    first = pd.Series(0.0, index=frame.index)
    for selector, age, number in used:
        if age == 0:
            first = first.mask(selected(frame, selector), number)
    return first + sum(number * STAY**age for _, age, number in used if age > 0)


def selected(frame: pd.DataFrame, selector: str) -> pd.Series:
    """Which rows, with the attributes of an occupation, a selector means."""
    word, _, value = selector.partition(":")
    return frame[ATTRIBUTES[word]] == value if value else pd.Series(True, index=frame.index)


# Tables from rows --------------------------------------------------------------------------------------------------


def _rows(columns: str, rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows as a table; every row gets the one source there is."""
    frame = pd.DataFrame(list(rows), columns=columns.split())
    return frame if "source" in frame else frame.assign(source=SOURCE)


def _spread(columns: str, rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows of a key, a central number and the share it may be off."""
    frame = pd.DataFrame(list(rows), columns=[*columns.split(), "number", "spread"])
    return _numbers(frame, frame["number"], frame["spread"])


def _numbers(keys: pd.DataFrame, central: pd.Series, spread: pd.Series | float, basis: str = "assumed",
             decimals: int = 3) -> pd.DataFrame:
    """Keys with low, central and high, basis and source."""
    numbers = {"low": central * (1 - spread), "central": central, "high": central * (1 + spread)}
    return keys.assign(**{name: number.astype(float).round(decimals) for name, number in numbers.items()},
                       basis=basis, source=SOURCE)
