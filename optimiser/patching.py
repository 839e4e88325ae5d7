"""What scenarios and single settings change: settings in their places, numbers in the rows they name."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from optimiser import strictyaml
from optimiser.cells import cell, meant, nearest
from optimiser.config import Keys, Places
from optimiser.errors import Fault, few
from optimiser.scenario import Change, Numbers, Patch, Scale, Setting
from optimiser.schema import ANY, BY_NAME, SHARED, TABLES, Column, Table
from optimiser.selectors import Selectors
from optimiser.tables import Tables, beyond
from optimiser.texts import say

MOST = 20  # names that a hint lists
LIMITS = ("low", "central", "high")
NUMERIC = tuple(table.name for table in TABLES if table.numeric)
Tell = Callable[[str, str, str, str], None]  # column, got, expected, hint

# Settings ----------------------------------------------------------------------------------------------------------


def apply_settings(raw: dict[str, Any], patch: Patch, places: Places, faults: list[Fault]
                   ) -> tuple[dict[str, Any], Places]:
    """Plain settings with the patch's values in their places, and where each of them stands now.

    A path that leads nowhere is added to `faults`.
    """
    result = copy.deepcopy(raw)
    lost: list[Setting] = []
    for setting in patch.settings:
        if _no_region(result, setting):
            regions = result["regions"]
            faults.append(Fault(setting.file, setting.row, ".".join(map(str, setting.path)), repr(setting.path[1])[:80],
                                say("faults.region_of_config", names=", ".join(list(regions)[:MOST])),
                                nearest(str(setting.path[1]), set(regions)) or say("faults.add_region")))
        elif setting.rows:
            places = _extend(result, setting, places)
        elif _put(result, setting.path, copy.deepcopy(setting.value)):
            added = {path: at for path, at in places.added.items() if path[:len(setting.path)] != setting.path}
            places = replace(places, added=added,
                             replaced=(*places.replaced, (setting.path, setting.file, setting.row)))
        else:
            lost.append(setting)
    faults += few(lost, lambda found: Fault(
        found.file, found.row, ".".join(map(str, found.path)), say("faults.unknown_path", path=repr(".".join(
            map(str, found.path))[:80])), say("faults.known_path"), say("faults.see_config")))
    if patch.applied and isinstance(before := result.get("applied_scenarios", []), list):
        result["applied_scenarios"] = [*before, *(one.model_dump() for one in patch.applied)]
    return result, places


def _no_region(raw: dict[str, Any], setting: Setting) -> bool:
    """Whether a rule is meant for a region that does not decide: it must not begin to by a slip of the pen."""
    regions, path = raw.get("regions"), setting.path
    return path[0] == "regions" and len(path) > 2 and isinstance(regions, dict) and path[1] not in regions


def _extend(raw: dict[str, Any], setting: Setting, places: Places) -> Places:
    """Let entries join a list; those that stand in it already do so once."""
    _, region, word = setting.path
    rules = raw["regions"][region] if isinstance(raw["regions"], dict) else None
    if not isinstance(rules, dict) or not isinstance(held := rules.get(word) or [], list):
        return places  # the settings themselves are at fault, and that is told
    entries, added = list(held), dict(places.added)
    for entry, row in zip(setting.value, setting.rows, strict=True):
        if entry not in map(str, entries):
            added[*setting.path, len(entries)] = (setting.file, row)
            entries.append(entry)
    rules[word] = entries
    return replace(places, added=added | {setting.path: (setting.file, setting.row)})


def _put(holder: Any, path: Keys, value: Any) -> bool:
    """Put a value in its place, making mappings on the way; whether the path leads to one."""
    if len(path) > strictyaml.MAX_DEPTH:
        return False
    for part in path[:-1]:
        if isinstance(holder, dict):
            if holder.get(part) is None:
                holder[part] = {}
            holder = holder[part]
        elif _entry(holder, part):
            holder = holder[int(part)]
    last = path[-1]
    if isinstance(holder, dict):
        holder[last] = value
    elif _entry(holder, last):
        holder[int(last)] = value
    else:
        return False
    return True


def _entry(holder: Any, part: str | int) -> bool:
    """Whether `part` is the position of an entry of a list, counted from 0."""
    return isinstance(holder, list) and str(part) in map(str, range(len(holder)))


# Numbers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """Which rows of a table a `where` means.

    Attributes
    ----------
    whole : positions of rows that speak of nothing else
    narrowed : positions of rows that speak of more (`*`, a selector): each needs a row of its own for what is meant
    """

    whole: np.ndarray
    narrowed: np.ndarray


def apply_numbers(tables: Tables, patch: Patch, years: tuple[int, ...], faults: list[Fault]) -> Tables:
    """Tables with the patch's numbers in the rows it names.

    A number that is multiplied, replaced or added to is assumed from then on, whatever it was; its source still tells
    where it started from. A table without numbers, rows that don't exist, or a result out of range is added to
    `faults`.
    """
    result = dict(tables)
    selectors = Selectors.of(tables["occupations"])
    for numbers in patch.numbers:
        change = numbers.change

        def tell(column: str, got: str, expected: str, hint: str, at: Numbers = numbers) -> None:
            path = (at.word, at.position, column)
            faults.append(Fault(*at.places.of(path), ".".join(map(str, path)), got, expected, hint))

        if change.table not in NUMERIC:
            tell("table", repr(change.table[:80]), say("faults.numeric_table", names=", ".join(NUMERIC)),
                 meant(change.table, NUMERIC) or say("faults.choose_word"))
            continue
        table, frame = BY_NAME[change.table], result[change.table]
        found = _found(result, table, change.where, selectors, years, tell)
        if found is None:
            continue
        frame, rows = _with_own_rows(frame, table, change.where, found, selectors)
        _calculate(frame, rows, change)
        if wrong := _out_of_range(frame.loc[rows], table):
            number, minimum, maximum = wrong
            tell(_way(change), say("faults.value_out_of_range", value=cell(number)),
                 say("faults.between", minimum=cell(minimum), maximum=cell(maximum)), say("faults.other_factor"))
        result[change.table] = frame.sort_values(list(table.key), kind="stable", ignore_index=True)
    return result


def _way(change: Scale | Change) -> str:
    return "by" if isinstance(change, Scale) else next(
        way for way in ("to", "add", "take") if getattr(change, way) is not None)


def _calculate(frame: pd.DataFrame, rows: np.ndarray, change: Scale | Change) -> None:
    """Write the new numbers into some rows of a table."""
    numbers = frame.loc[rows, list(LIMITS)]
    if isinstance(change, Scale):
        numbers = (numbers * change.by).round(9)
    elif change.add is not None:
        numbers = (numbers + change.add).round(9)
    else:
        value = change.to if change.take is None else numbers[change.take].fillna(numbers["central"])
        numbers = numbers.assign(low=np.nan, central=value, high=np.nan)
    frame.loc[rows, list(LIMITS)] = numbers
    if _way(change) != "take":
        frame.loc[rows, "basis"] = "assumed"


def _out_of_range(frame: pd.DataFrame, table: Table) -> tuple[float, float, float] | None:
    """A number outside the range of its column or parameter, with the ends of that range."""
    for name in LIMITS:
        column = table.column(name)
        low, high = column.minimum or 0.0, column.maximum or 0.0
        wrong = frame[name][(frame[name] < low) | (frame[name] > high)]
        if len(wrong):
            return wrong.iloc[0], low, high
        for parameter, positions in beyond(frame, table, name):
            return frame[name].iloc[positions[0]], parameter.minimum, parameter.maximum
    return None


# Which rows --------------------------------------------------------------------------------------------------------


def _found(tables: Tables, table: Table, where: dict[str, str], selectors: Selectors, years: tuple[int, ...],
           tell: Tell) -> Rows | None:
    """The rows that a `where` means; None when there are none, which is told."""
    frame = tables[table.name]
    relations: list[np.ndarray] = []
    left = np.full(len(frame), True)
    for name, value in where.items():
        if name not in [column.name for column in table.columns]:
            tell("where", f"{name}: {value}", say("faults.scale_matches", table=table.name),
                 meant(name, [column.name for column in table.columns]) or say("faults.check_where"))
            return None
        relation = _relations(tables, table, table.column(name), value, selectors, years)
        left &= relation != "none"
        if not left.any():
            tell("where", f"{name}: {value}", say("faults.scale_matches", table=table.name),
                 _near(value, _known(tables, table.column(name), frame, years)))
            return None
        relations.append(relation)
    if not left.any():
        tell("where", say("faults.no_rows"), say("faults.scale_matches", table=table.name), say("faults.check_where"))
        return None
    for name, relation in zip(where, relations, strict=True):
        partly = np.flatnonzero(left & (relation == "partly"))
        if len(partly):
            tell("where", f"{name}: {where[name]}", say("faults.whole_selector", other=frame[name].iloc[partly[0]]),
                 say("faults.name_occupations"))
            return None
    more = left & np.any([relation == "narrowed" for relation in relations], axis=0) if where else ~left
    return Rows(np.flatnonzero(left & ~more), np.flatnonzero(more))


def _near(value: str, known: frozenset[str]) -> str:
    """The nearest of what is known; all of it where it is little."""
    if near := nearest(value, known):
        return near
    return say("faults.choose_from", names=", ".join(sorted(known))) if len(known) <= MOST else say(
        "faults.check_where")


def _relations(tables: Tables, table: Table, column: Column, value: str, selectors: Selectors,
               years: tuple[int, ...]) -> np.ndarray:
    """How each row's cell stands to a value: same (or part of it), narrowed (it covers the value), partly or none."""
    frame = tables[table.name]
    texts: pd.Series[str] = frame[column.name].map(cell)
    inner = frozenset(selectors.members(value)) if column.refers == "occupations" and value != ANY else frozenset()
    codes = _known(tables, column, frame, years) if column.wild else frozenset()

    def relation(text: str) -> str:
        if text == value:
            return "same"
        if inner:
            outer = frozenset(selectors.members(text))
            if outer and outer <= inner:
                return "same"
            return "narrowed" if inner <= outer else "partly" if inner & outer else "none"
        return "narrowed" if text == ANY and value in codes else "none"

    found = texts.map({text: relation(text) for text in texts.unique()}).to_numpy(dtype=object)
    if column.name == "place" and value != ANY:
        fits = frame["service"].map({service: value in places for service, places in _places(tables).items()})
        fits = fits.to_numpy(dtype=bool)
        found[(found == "narrowed") & ~fits] = "none"
    return found


def _known(tables: Tables, column: Column, frame: pd.DataFrame, years: tuple[int, ...]) -> frozenset[str]:
    """What a `where` may say of a column: what stands in it, and what its `*` stands for."""
    known = set(frame[column.name].map(cell))
    if column.refers and (column.wild or column.refers == "occupations"):
        known |= set(tables[column.refers].iloc[:, 0])
    if column.kind == "year" and column.wild:
        known |= set(map(str, years))
    if column.name == "place":
        known |= {place for places in _places(tables).values() for place in places}
    return frozenset(known)


def _places(tables: Tables) -> dict[str, frozenset[str]]:
    """The places that every service can have."""
    of_scope = {"area": frozenset(tables["areas"]["area"]), "region": frozenset(tables["regions"]["region"]),
                SHARED: frozenset([SHARED])}
    services = tables["services"]
    return {service: of_scope[scope] for service, scope in zip(services["service"], services["scope"], strict=True)}


def _with_own_rows(frame: pd.DataFrame, table: Table, where: dict[str, str], found: Rows, selectors: Selectors
                   ) -> tuple[pd.DataFrame, np.ndarray]:
    """The table with a row of its own for what is meant of rows that speak of more, and where the meant rows stand.

    A row whose number loses for what is meant, because another row speaks of it more specifically, gets none.
    """
    own: dict[tuple[str, ...], dict[str, Any]] = {}
    for position in found.narrowed:
        row = frame.iloc[position].to_dict() | {name: value for name, value in where.items()
                                                if table.column(name).wild or table.column(name).kind == "selector"
                                                if _covers(frame[name].iloc[position], value, selectors)}
        if _winner(frame, table, row, selectors) == position:
            own.setdefault(tuple(cell(row[name]) for name in table.key), row)
    frame = frame.copy()
    if own:
        more = pd.DataFrame(list(own.values()), columns=frame.columns).astype(frame.dtypes)
        frame = pd.concat([frame, more], ignore_index=True)
    return frame, np.concatenate([found.whole, np.arange(len(frame) - len(own), len(frame))])


def _covers(text: str, value: str, selectors: Selectors) -> bool:
    """Whether a cell speaks of a value and perhaps of more."""
    return text in (ANY, value) or bool(inner := set(selectors.members(value))) and inner <= set(
        selectors.members(text))


def _winner(frame: pd.DataFrame, table: Table, row: dict[str, Any], selectors: Selectors) -> int:
    """Position of the row whose number holds for what `row` speaks of; the order is the one of docs/tables.md."""
    fits = np.full(len(frame), True)
    for name in table.key:
        if not table.column(name).wild and table.column(name).kind != "selector":
            fits &= (frame[name] == row[name]).to_numpy()
        else:
            cells = {text: _covers(text, row[name], selectors) for text in frame[name].unique()}
            fits &= frame[name].map(cells).to_numpy(dtype=bool)
    return max(map(int, np.flatnonzero(fits)), key=lambda n: (_rank(frame.iloc[n], selectors), -n))


def _rank(row: pd.Series, selectors: Selectors) -> tuple[Any, ...]:
    parts = dict(_parts(row, selectors))
    return tuple(parts.get(name, 0) for name in ("occupation", "region", "place", "year"))


def _parts(row: pd.Series, selectors: Selectors) -> Iterator[tuple[str, Any]]:
    for name in ("region", "place", "year"):
        if name in row:
            yield name, int(row[name] != ANY)
    if "occupation" in row:
        yield "occupation", selectors.specificity(row["occupation"])
