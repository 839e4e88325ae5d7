"""A scenario is a named patch of a case: settings that are replaced and table columns that are scaled."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, ValidationError

from optimiser import strictyaml
from optimiser.cells import cell, meant, nearest
from optimiser.config import Code, Keys, Places, Region, Settings, all_located, frozen
from optimiser.errors import Fault, InputError, few
from optimiser.schema import BY_NAME, TABLES, Table
from optimiser.tables import ROW, Tables, beyond
from optimiser.texts import say


class Scale(Settings):
    """Multiply the numbers of some rows of a table."""

    table: str
    """Table with low, central and high."""
    where: dict[str, Code] = {}
    """Column: value pairs that a row must all have; nothing means every row."""
    by: Annotated[float, Field(ge=0, le=1000)]
    """Factor for low, central and high."""


class Scenario(Settings):
    """What one file of `scenarios/` holds."""

    title: Annotated[str, Field(min_length=1)]
    """What the option is called."""
    reason: Annotated[str, Field(min_length=1)]
    """Why somebody would want it."""
    source: Annotated[str, Field(min_length=1)]
    """Who proposed it, or where it comes from."""
    set: Annotated[dict[str, Any], Field(max_length=1000)] = {}
    """Dotted path of a setting: its new value. `list_length.BE2` is short for `regions.BE2.list_length`."""
    scale: Annotated[tuple[Scale, ...], Field(max_length=100)] = ()
    """Table numbers to multiply."""


@dataclass(frozen=True)
class Patch:
    """Scenarios and single settings, in the order they apply."""

    settings: tuple[tuple[Keys, Any, str, int], ...] = ()  # path, value, file, row
    scales: tuple[tuple[Scale, int, Places], ...] = ()  # scale, its position in the file, where that is


def collect(config: Path, raw: dict[str, Any], names: Sequence[str], settings: Sequence[str], faults: list[Fault]
            ) -> Patch:
    """Read the named scenarios and the `path=value` settings; what can't be read is added to `faults`."""
    folder = config.parent / "scenarios"
    known = {file.stem: file for file in sorted(folder.glob("*.yaml"))}
    wanted = [part.strip() for entry in names for part in entry.split(",")]
    chosen: list[tuple[Keys, Any, str, int]] = []
    scales: list[tuple[Scale, int, Places]] = []
    for i, name in enumerate(wanted):
        if name not in known or name in wanted[:i]:
            word = "twice_scenario" if name in known else "no_scenario"
            hint = say("faults.once_scenario") if name in known else nearest(name, set(known))
            faults.append(Fault(str(folder), 0, "--scenario", say(f"faults.{word}", name=repr(name)),
                                say("faults.known_scenario" if known else "faults.none_known", names=", ".join(known)),
                                hint or say("faults.write_scenario")))
            continue
        try:
            one, places = _read(known[name])
        except InputError as error:
            faults += error.faults
            continue
        chosen += [(full_path(path, raw), value, *places.of(("set", path))) for path, value in one.set.items()]
        scales += [(scale, n, places) for n, scale in enumerate(one.scale)]
    for setting in settings:
        path, sign, value = setting.partition("=")
        if not sign or not path:
            faults.append(Fault("--set", 0, "", repr(setting[:80]), say("faults.set_form"), say("faults.set_example")))
            continue
        if any("\ud800" <= letter <= "\udfff" for letter in setting):  # bytes of the command line that are no UTF-8
            faults.append(Fault("--set", 0, "", repr(setting[:80]), say("faults.type_string_unicode"),
                                say("faults.set_example")))
            continue
        try:
            chosen.append((full_path(path, raw), strictyaml.inline(value, f"--set {path}"), "--set", 0))
        except InputError as error:
            faults += error.faults
    return Patch(tuple(chosen), tuple(scales))


def _read(file: Path) -> tuple[Scenario, Places]:
    raw, lines = strictyaml.read(file)
    places = Places(str(file), lines)
    try:
        return Scenario.model_validate(frozen(raw)), places
    except ValidationError as error:
        raise InputError(all_located(Scenario, places, error)) from None


def full_path(path: str, raw: dict[str, Any]) -> Keys:
    """`list_length.BE2` as `regions.BE2.list_length`; any other path as it stands."""
    parts = tuple(path.split("."))
    if len(parts) > 1 and parts[0] in Region.model_fields and parts[0] not in raw:
        return ("regions", parts[1], parts[0], *parts[2:])
    return parts


def apply_settings(raw: dict[str, Any], patch: Patch, faults: list[Fault]) -> dict[str, Any]:
    """Plain settings with the patch's values in their places; a path that leads nowhere is added to `faults`."""
    result = copy.deepcopy(raw)
    lost = [(".".join(map(str, path)), file, row) for path, value, file, row in patch.settings
            if not _put(result, path, copy.deepcopy(value))]
    faults += few(lost, lambda found: Fault(
        found[1], found[2], found[0], say("faults.unknown_path", path=repr(found[0][:80])), say("faults.known_path"),
        say("faults.see_config")))
    return result


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


def apply_scales(tables: Tables, patch: Patch, faults: list[Fault]) -> Tables:
    """Tables with the patch's factors applied to low, central and high.

    A table without numbers, rows that don't exist, or a result out of range is added to `faults`.
    """
    result = dict(tables)
    numeric = [table.name for table in TABLES if table.numeric]
    for scale, n, places in patch.scales:
        def fault(column: str, got: str, expected: str, hint: str, n: int = n, places: Places = places) -> None:
            faults.append(Fault(*places.of(("scale", n, column)), f"scale.{n}.{column}", got, expected, hint))

        if scale.table not in numeric:
            fault("table", repr(scale.table), say("faults.numeric_table", names=", ".join(numeric)),
                  meant(scale.table, numeric) or say("faults.choose_word"))
            continue
        table, frame = BY_NAME[scale.table], result[scale.table].copy()
        rows, missing = _matching(frame, scale.where)
        if not rows.any():
            fault("where", f"{missing}: {scale.where[missing]}" if missing else say("faults.no_rows"),
                  say("faults.scale_matches", table=scale.table), _nearest_row(frame, table, scale.where, missing))
            continue
        for name in ("low", "central", "high"):
            frame.loc[rows, name] = (frame.loc[rows, name] * scale.by).round(9)
            if found := _out_of_range(frame, table, name):
                number, minimum, maximum = found
                fault("by", say("faults.value_out_of_range", value=cell(number)),
                      say("faults.between", minimum=cell(minimum), maximum=cell(maximum)), say("faults.other_factor"))
        result[scale.table] = frame
    return result


def _matching(frame: pd.DataFrame, where: dict[str, str]) -> tuple[pd.Series, str]:
    """Rows that have all the values, and the column that leaves none; no column when some are left."""
    rows = pd.Series(True, index=frame.index)
    for name, value in where.items():
        rows &= frame[name].map(cell) == value if name in frame and name != ROW else False
        if not rows.any():
            return rows, name
    return rows, ""


def _nearest_row(frame: pd.DataFrame, table: Table, where: dict[str, str], missing: str) -> str:
    names = [column.name for column in table.columns]
    near = nearest(where[missing], set(frame[missing].map(cell))) if missing in names else meant(missing, names)
    return near or say("faults.check_where")


def _out_of_range(frame: pd.DataFrame, table: Table, name: str) -> tuple[float, float, float] | None:
    """A number outside the range of its column or parameter, with the ends of that range."""
    column = table.column(name)
    low, high = column.minimum or 0.0, column.maximum or 0.0
    wrong = frame[name][(frame[name] < low) | (frame[name] > high)]
    if len(wrong):
        return wrong.iloc[0], low, high
    for parameter, positions in beyond(frame, table, name):
        return frame[name].iloc[positions[0]], parameter.minimum, parameter.maximum
    return None
