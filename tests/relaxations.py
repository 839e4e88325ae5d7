"""One limit of a village, tight and looser: what the looser case allows holds all that the tight one does.

A relaxation draws the limit into a village and gives the tight and the loose case. Where a rule is not a plain limit,
its function says on what condition taking it back really allows more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from villages import Village, number
from worlds import rows

Draw = st.DrawFn
Relaxation = Callable[[Draw, Village], tuple[Village, Village]]
RELAXATIONS: dict[str, Relaxation] = {}
GONE = None


def relaxation(make: Relaxation) -> Relaxation:
    """Enter a function as the relaxation of its name."""
    RELAXATIONS[make.__name__] = make
    return make


def setting(name: str, tight: st.SearchStrategy[Any], looser: Callable[[Any], Any], inside: str = "") -> None:
    """A setting of a region, drawn tight, then looser or gone; `inside` names the setting that holds it."""
    def make(draw: Draw, village: Village) -> tuple[Village, Village]:
        first, second = village.copy(), village.copy()
        region, value = draw(st.sampled_from(village.regions)), draw(tight)
        after = draw(st.sampled_from([looser(value), GONE]))
        for case, held in ((first, value), (second, after)):
            rules = case.rules(region).setdefault(inside, {}) if inside else case.rules(region)
            rules.pop(name, None)
            if held is not GONE:
                rules[name] = held
        return first, second
    RELAXATIONS[name] = make


def more(value: Any) -> Any:
    """One more, of a number or of every number of a mapping."""
    return {key: each + 1 for key, each in value.items()} if isinstance(value, dict) else value + 1


setting("list_length", st.integers(0, 2), more)
setting("list_length_by_tier", st.dictionaries(st.sampled_from(["high", "medium", "low"]), st.integers(0, 1),
                                               min_size=1), more)
setting("list_length_by_sector", st.dictionaries(st.sampled_from(["works", "health"]), st.integers(0, 1),
                                                 min_size=1), more)
setting("list_changes", st.integers(0, 3), more)
setting("minimum_stay", st.integers(2, 3), lambda stay: stay - 1)
setting("must_not_list", st.lists(st.sampled_from(["0110", "2221", "7411"]), min_size=1, max_size=2, unique=True),
        lambda names: names[:-1])
setting("risk_shares", st.fixed_dictionaries({"high": number(0, 0.6, parts=10)}),
        lambda shares: {risk: round(share + 0.2, 1) for risk, share in shares.items()})
setting("area_coverage", number(0.01, 0.3, parts=100), lambda share: share / 2, "fairness")
setting("sector_coverage", number(0.01, 0.3, parts=100), lambda share: share / 2, "fairness")
setting("band", number(0, 0.4, parts=20), lambda band: band + 0.1, "fairness")


@relaxation
def must_list(draw: Draw, village: Village) -> tuple[Village, Village]:
    """No longer forced onto the list: an occupation that is short, so that it may stand there all the same.

    One that nothing else names would stop being a candidate, and no longer dilute the share of a risk class.
    """
    region = draw(st.sampled_from(village.regions))
    assume(village.short(region))
    tight = village.copy()
    tight.rules(region)["must_list"] = [draw(st.sampled_from(village.short(region)))]
    return tight, village


@relaxation
def groups(draw: Draw, village: Village) -> tuple[Village, Village]:
    """No longer listed together: occupations that are short, for the same reason."""
    region = draw(st.sampled_from(village.regions))
    assume(len(village.short(region)) > 1)
    tight = village.copy()
    tight.rules(region)["groups"] = [draw(st.permutations(village.short(region)))[:2]]
    return tight, village


@relaxation
def exclusions(draw: Draw, village: Village) -> tuple[Village, Village]:
    """No longer excluded. Not with sectors to be served: a sector without candidates need not be."""
    region = draw(st.sampled_from(village.regions))
    loose = village.copy()
    for r in loose.regions:
        loose.rules(r).get("fairness", {}).pop("sector_coverage", None)
    tight = loose.copy()
    excluded = draw(st.sampled_from(["0110", "2221", "7411"]))
    tight.tables["exclusions"] = rows("region occupation reason", (region, excluded, "pay"))
    return tight, loose


def loosened(draw: Draw, village: Village, table: str, i: int, looser: Callable[[float], float], removable: bool
             ) -> Village:
    """The village with one number of a table looser, or its row taken out where that means no limit."""
    loose = village.copy()
    if removable and draw(st.booleans()):
        del loose.tables[table][i]
    else:
        loose.tables[table][i]["central"] = looser(loose.tables[table][i]["central"])
    return loose


def cells(table: str, name: str, tight: st.SearchStrategy[Any] | None, looser: Callable[[float], float],
          removable: bool = False) -> Relaxation:
    """One number of a table, of the parameter `name` if there is one, made tight, then looser."""
    def make(draw: Draw, village: Village) -> tuple[Village, Village]:
        first = village.copy()
        mine = [i for i, row in enumerate(first.tables[table]) if not name or row["parameter"] == name]
        assume(mine)
        i = draw(st.sampled_from(mine))
        if tight is not None:
            first.tables[table][i]["central"] = draw(tight)
        return first, loosened(draw, first, table, i, looser, removable)
    return make


def parameter(name: str, tight: st.SearchStrategy[Any], looser: Callable[[float], float]) -> None:
    """A limit of all occupations of a region in parameters.csv, tight, then looser or gone."""
    def make(draw: Draw, village: Village) -> tuple[Village, Village]:
        first, region = village.copy(), draw(st.sampled_from(village.regions))
        others = [row for row in first.tables["parameters"] if (row["parameter"], row["region"]) != (name, region)]
        first.tables["parameters"] = others + rows("parameter region occupation central",
                                                   (name, region, "*", draw(tight)))
        return first, loosened(draw, first, "parameters", len(others), looser, True)
    RELAXATIONS[name] = make


parameter("max_quota", st.integers(4, 8), lambda n: n + 3)
parameter("min_quota", st.integers(2, 4), lambda n: n - 1)
parameter("max_migrant_share", number(0, 0.9, parts=10), lambda share: min(1.0, share + 0.2))
parameter("trainees_per_permit", number(0.1, 1, parts=10), lambda ratio: ratio / 2)
parameter("uptake", number(0.25, 0.75, parts=4), lambda share: share + 0.25)
parameter("additional", number(0.25, 0.75, parts=4), lambda share: share + 0.25)
parameter("permit_cost", number(20, 99), lambda price: price / 2)
parameter("lot", st.sampled_from([2, 4, 6]), lambda size: size / 2)
RELAXATIONS |= {
    "permit_total": cells("permit_totals", "", st.integers(0, 12), lambda n: n + 3, True),
    "budget": cells("budgets", "", number(0, 800), lambda n: n * 1.5, True),
    "capacity": cells("capacities", "", number(0, 20), lambda n: n + 5, True),
    "training_places": cells("training_places", "", number(0, 5), lambda n: n + 2),
    "max_expansion": cells("service_parameters", "max_expansion", number(0, 5), lambda n: n + 4),
    "lead_time": cells("service_parameters", "lead_time", st.integers(1, 2), lambda _: 0),
    "expansion_cost": cells("service_parameters", "expansion_cost", number(5, 40), lambda n: n / 2, True),
    "service_use": cells("service_use", "", None, lambda n: n / 2),
}


@relaxation
def min_other_vacancies(draw: Draw, village: Village) -> tuple[Village, Village]:
    """Fewer vacancies need remain, where all areas in reach of one another reach the same ones.

    Where A reaches B but not the other way round, fewer may bind more: an area whose reach falls short of what must
    remain takes nobody, and sets no limit to others; with fewer to remain it does (`test_metamorphic.py`).
    """
    whole = village.copy()
    areas = [p for r in whole.regions for p in whole.areas(r)]
    market = sorted(draw(st.sets(st.sampled_from(areas))))
    whole.tables["commuting"] = rows("area reaches", *((a, b) for a in market for b in market if a != b))
    others = [row for row in whole.tables["parameters"] if row["parameter"] != "min_other_vacancies"]
    whole.tables["parameters"] = others  # one rule for the whole labour market
    tight, loose = whole.copy(), whole.copy()
    needed = draw(st.integers(2, 15))
    after = draw(st.integers(0, needed - 1) | st.none())
    for case, held in ((tight, needed), (loose, after)):
        if held is not None:
            case.tables["parameters"] += rows("parameter region occupation central", *(
                ("min_other_vacancies", r, "*", held) for r in case.regions))
    return tight, loose
