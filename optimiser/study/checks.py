"""What is wrong with a study file in itself, before its case is looked at: one small function per question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optimiser.cells import cell, meant
from optimiser.config import Keys, Places
from optimiser.errors import Fault
from optimiser.study.settings import NEEDS, TAKES, Design, StudySettings, Uncertainty
from optimiser.texts import say

NAME = re.compile("[A-Za-z][A-Za-z0-9_-]*")
RESERVED = ("cycle", "row", "sample")  # columns of a design that are no factors of the file


def check(settings: StudySettings, places: Places) -> Iterator[Fault]:
    """Questions that need no case: names, distributions, the cycle, the design, files that must be there."""
    yield from _names(settings, places)
    for i, one in enumerate(settings.uncertainties):
        yield from uncertainty(places, ("uncertainties", i), one)
    yield from cycle(settings, places)
    yield from _design(settings, places)
    folder = Path(places.file).parent
    for n, file in enumerate(settings.regret.lists if settings.regret else ()):
        if not (folder / file).is_file():
            yield _fault(places, ("regret", "lists", n), repr(file), say("study_design.a_file"),
                         say("faults.check_path"))


def uncertainty(places: Places, at: Keys, one: Uncertainty) -> Iterator[Fault]:
    """Does an uncertainty say what it moves, and how, in one way that is possible?"""
    given = [name for name in ("table", "path") if getattr(one, name) is not None]
    if len(given) != 1:
        yield _fault(places, at, " + ".join(given) or say("faults.nothing"), say("study_design.table_or_path"),
                     say("study_design.choose_one"))
    for name in ("where", "by", "along"):
        if one.path is not None and one.table is None and getattr(one, name):
            yield _fault(places, (*at, name), say("study_design.with_path"), say("study_design.only_with_table"),
                         say("faults.remove_setting"))
    where = (*at, "distribution")
    if len(one.distribution.ways) != 1:
        yield _fault(places, where, " + ".join(one.distribution.ways) or say("faults.nothing"),
                     say("study_design.one_law"), say("study_design.law_example"))
        return
    [(kind, numbers)] = one.distribution.ways.items()
    if kind == "ranges":
        if one.path is not None:
            yield _fault(places, where, numbers, say("study_design.law_in_numbers"), say("study_design.law_example"))
        return
    got = f"{kind}: [{', '.join(map(cell, numbers))}]"
    if list(numbers) != sorted(numbers) or numbers[0] == numbers[-1]:
        yield _fault(places, where, got, say(f"study_design.order_{len(numbers)}"), say("study_design.put_in_order"))
    elif kind == "lognormal" and numbers[0] <= 0:
        yield _fault(places, where, got, say("study_design.positive"), say("study_design.other_law"))
    elif one.table is not None and numbers[0] < 0:
        yield _fault(places, where, got, say("study_design.no_negative"), say("study_design.times_central"))


def _fault(places: Places, path: Keys, got: str, expected: str, hint: str) -> Fault:
    return Fault(*places.of(path), ".".join(map(str, path)), got, expected, hint)


def _names(settings: StudySettings, places: Places) -> Iterator[Fault]:
    """Every factor has a name of its own, and there is at least one."""
    named = [((kind, i, "name"), one.name) for kind in ("levers", "uncertainties")
             for i, one in enumerate(getattr(settings, kind))]
    if not named:
        yield _fault(places, ("uncertainties",), say("faults.nothing"), say("study_design.something_moves"),
                     say("study_design.name_factors"))
    seen: set[str] = set()
    for path, name in named:
        if not NAME.fullmatch(name):
            yield _fault(places, path, repr(name[:80]), say("study_design.name_shape"), say("study_design.rename"))
        if name in seen or name in RESERVED:
            yield _fault(places, path, repr(name), say("study_design.own_name", names=", ".join(RESERVED)),
                         say("study_design.rename"))
        seen.add(name)


def cycle(settings: StudySettings, places: Places) -> Iterator[Fault]:
    """Does the cycle move uncertainties that there are, and leave something to each of them?"""
    if not (found := settings.cycle):
        return
    names = [one.name for one in settings.uncertainties]
    for word in ("factors", "against"):
        for n, name in enumerate(getattr(found, word)):
            if name not in names:
                yield _fault(places, ("cycle", word, n), repr(name[:80]),
                             say("study_design.an_uncertainty", names=", ".join(names)),
                             meant(name, names) or say("faults.choose_word"))
            elif word == "against" and name in found.factors:
                yield _fault(places, ("cycle", word, n), repr(name), say("study_design.one_direction"),
                             say("study_design.choose_one"))
    squares = found.loading**2 + found.sector_loading**2
    if squares >= 1:
        yield _fault(places, ("cycle",), say("study_design.squares", squares=f"{squares:.4g}"),
                     say("study_design.squares_below"), say("study_design.smaller_loadings"))
    if squares == 0:
        yield _fault(places, ("cycle", "loading"), "0", say("study_design.something_moves"),
                     say("study_design.larger_loading"))
    if bool(found.by) != bool(found.sector_loading):
        yield _fault(places, ("cycle", "sector_loading" if found.by else "by"), say("faults.nothing"),
                     say("study_design.by_and_loading"), say("study_design.give_both"))


def _design(settings: StudySettings, places: Places) -> Iterator[Fault]:
    """A design says what its kind needs, and nothing else; counts have the form that its mathematics wants."""
    design = settings.design
    for name in sorted(design.model_fields_set - {"kind", *TAKES[design.kind]}):
        yield _fault(places, ("design", name), _shown(getattr(design, name)), say(
            "study_design.taken", kind=design.kind, names=", ".join(TAKES[design.kind]) or say("faults.nothing")),
            say("faults.remove_setting"))
    need = NEEDS.get(design.kind, "")
    if need and getattr(design, need) is None:
        yield _fault(places, ("design",), say("faults.nothing"),
                     say("study_design.needed", kind=design.kind, name=need), say("faults.add_setting"))
    for name in _powers(design):
        count = getattr(design, name)
        if count and count & (count - 1):
            yield _fault(places, ("design", name), str(count), say("study_design.power_of_two", kind=design.kind),
                         say("study_design.next_power", power=1 << count.bit_length()))
    if design.kind == "morris" and design.levels % 2:
        yield _fault(places, ("design", "levels"), str(design.levels), say("study_design.even"),
                     say("study_design.next_even", even=design.levels + 1))
    for i, lever in enumerate(settings.levers):
        if len(set(lever.values)) < 2 and design.kind != "given":
            yield _fault(places, ("levers", i, "values"), str(len(set(lever.values))), say("study_design.two_values"),
                         say("study_design.more_values"))
        elif len(set(lever.values)) < len(lever.values):
            yield _fault(places, ("levers", i, "values"), ", ".join(map(cell, lever.values)),
                         say("study_design.value_once"), say("study_design.remove_value"))


def _powers(design: Design) -> tuple[str, ...]:
    """Which counts must be powers of two: only then does a Sobol sequence fill the space evenly."""
    return {"sobol": ("rows",), "saltelli": ("samples",)}.get(design.kind, ())


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
