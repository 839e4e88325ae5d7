"""A scenario is a named patch of a case: settings that are replaced and table columns that are scaled."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from optimiser import strictyaml
from optimiser.config import Region, Settings, frozen, located
from optimiser.errors import Fault, InputError
from optimiser.schema import BY_NAME, TABLES
from optimiser.strictyaml import Lines
from optimiser.tables import ROW, Tables, nearest
from optimiser.texts import say


class Scale(Settings):
    """Multiply the numbers of some rows of a table."""

    table: str
    """Table with low, central and high."""
    where: dict[str, str | int] = {}
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
    set: dict[str, Any] = {}
    """Dotted path of a setting: its new value. `list_length.BE2` is short for `regions.BE2.list_length`."""
    scale: tuple[Scale, ...] = ()
    """Table numbers to multiply."""


@dataclass(frozen=True)
class Patch:
    """Scenarios and single settings, in the order they apply."""

    settings: tuple[tuple[str, Any, str, int], ...] = ()  # path, value, file, row
    scales: tuple[tuple[Scale, str, int], ...] = field(default=())  # scale, file, row


def collect(config: Path, names: Sequence[str], settings: Sequence[str]) -> Patch:
    """Read the named scenarios and the `path=value` settings.

    Raises
    ------
    InputError
        For a scenario that does not exist or is malformed, and for a setting without `=`.
    """
    folder = config.parent / "scenarios"
    known = {file.stem: file for file in sorted(folder.glob("*.yaml"))}
    faults: list[Fault] = []
    chosen: list[tuple[str, Any, str, int]] = []
    scales: list[tuple[Scale, str, int]] = []
    for name in [part.strip() for entry in names for part in entry.split(",")]:
        if name not in known:
            faults.append(Fault(str(folder), 0, "--scenario", say("faults.no_scenario", name=repr(name)),
                                say("faults.known_scenario", names=", ".join(known)), nearest(name, set(known))))
            continue
        try:
            one, lines = _read(known[name])
        except InputError as error:
            faults += error.faults
            continue
        file = str(known[name])
        chosen += [(path, value, file, lines.get(("set", path), 0)) for path, value in one.set.items()]
        scales += [(scale, file, lines.get(("scale", i), 0)) for i, scale in enumerate(one.scale)]
    for setting in settings:
        path, sign, value = setting.partition("=")
        if not sign or not path:
            faults.append(Fault("--set", 0, "", repr(setting[:80]), say("faults.set_form")))
            continue
        chosen.append((path, _inline(value), "--set", 0))
    if faults:
        raise InputError(faults)
    return Patch(tuple(chosen), tuple(scales))


def _inline(value: str) -> Any:
    """A value as it would be read in the config: `30`, `true`, `[2221, 0110]`."""
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        return [strictyaml.scalar(part.strip()) for part in value[1:-1].split(",") if part.strip()]
    return strictyaml.scalar(value)


def _read(file: Path) -> tuple[Scenario, Lines]:
    raw, lines = strictyaml.read(file)
    try:
        return Scenario.model_validate(frozen(raw)), lines
    except ValidationError as error:
        raise InputError(located(str(file), lines, dict(item)) for item in error.errors()) from None


def apply_settings(raw: dict[str, Any], patch: Patch) -> dict[str, Any]:
    """Plain settings with the patch's values in their places.

    Raises
    ------
    InputError
        For a path that leads through something that is no setting.
    """
    result = copy.deepcopy(raw)
    faults = []
    for path, value, file, row in patch.settings:
        parts = full_path(path, raw)
        holder: Any = result
        for part in parts[:-1]:
            if isinstance(holder, list) and part.isdigit() and int(part) < len(holder):
                holder = holder[int(part)]
            elif isinstance(holder, dict):
                holder = holder.setdefault(part, {})
            else:
                holder = None
        if isinstance(holder, dict):
            holder[parts[-1]] = value
        elif isinstance(holder, list) and parts[-1].isdigit() and int(parts[-1]) < len(holder):
            holder[int(parts[-1])] = value
        else:
            names = ", ".join(raw) if isinstance(raw, dict) else ""
            faults.append(Fault(file, row, path, say("faults.unknown_path", path=repr(path)),
                                say("faults.known_path", names=names)))
    if faults:
        raise InputError(faults)
    return result


def full_path(path: str, raw: dict[str, Any]) -> tuple[str, ...]:
    """`list_length.BE2` as `regions.BE2.list_length`; any other path as it stands."""
    parts = tuple(path.split("."))
    regions = raw.get("regions")
    if len(parts) > 1 and parts[0] in Region.model_fields and isinstance(regions, dict) and parts[1] in regions:
        return ("regions", parts[1], parts[0], *parts[2:])
    return parts


def lines(base: Lines, patch: Patch) -> Lines:
    """Lines of the config without those of replaced settings, which stand elsewhere."""
    replaced = {full_path(path, {})[-1] for path, *_ in patch.settings}
    return {path: row for path, row in base.items() if not path or path[-1] not in replaced}


def apply_scales(tables: Tables, patch: Patch) -> Tables:
    """Tables with the patch's factors applied to low, central and high.

    Raises
    ------
    InputError
        For a table without numbers, an unknown column, rows that don't exist, or a result out of range.
    """
    result = dict(tables)
    faults: list[Fault] = []
    for scale, file, row in patch.scales:
        table = BY_NAME.get(scale.table)
        if table is None or not table.numeric:
            names = ", ".join(t.name for t in TABLES if t.numeric)
            faults.append(Fault(file, row, "table", repr(scale.table), say("faults.numeric_table", names=names)))
            continue
        frame = result[table.name].copy()
        unknown = [name for name in scale.where if name not in frame or name == ROW]
        mask = frame[ROW].notna()
        for name, value in scale.where.items():
            if name not in unknown:
                mask &= frame[name].astype(str) == str(value)
        if unknown or not mask.any():
            where = ", ".join(f"{name}={value}" for name, value in scale.where.items())
            faults.append(Fault(file, row, "where", say("faults.scale_none", where=where),
                                say("faults.scale_matches", table=table.name)))
            continue
        for name in ("low", "central", "high"):
            frame.loc[mask, name] = (frame.loc[mask, name] * scale.by).round(9)
        limit = table.column("central").maximum
        largest = frame.loc[mask, "high"].fillna(frame.loc[mask, "central"]).max()
        if limit is not None and largest > limit:
            faults.append(Fault(file, row, "by", say("faults.value_out_of_range", value=largest),
                                say("faults.at_most", maximum=limit)))
        result[table.name] = frame
    if faults:
        raise InputError(faults)
    return result
