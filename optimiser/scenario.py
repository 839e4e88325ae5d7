"""A scenario is a named patch of a case: settings replaced, occupations locked, numbers of tables scaled or changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from optimiser import strictyaml
from optimiser.cells import cell, meant, nearest
from optimiser.config import Applied, Code, Config, Keys, Line, Places, Region, Settings, all_located, frozen
from optimiser.errors import Fault, InputError
from optimiser.texts import say

Entries = Annotated[tuple[Code, ...], Field(max_length=1000)]
Number = Annotated[float, Field(ge=-1e12, le=1e12)]


class Lock(Settings):
    """Occupations that a region must list or must not list, beside those that are locked already."""

    must_list: Entries = ()
    """Occupations (codes or selectors) that are listed in every review."""
    must_not_list: Entries = ()
    """Occupations (codes or selectors) that are never listed."""


class Scale(Settings):
    """Multiply the numbers of some rows of a table."""

    table: str
    """Table with low, central and high."""
    where: dict[str, Code] = {}
    """Column: value pairs that a row must all have; nothing means every row."""
    by: Annotated[float, Field(ge=0, le=1000)]
    """Factor for low, central and high."""


class Change(Settings):
    """Change the numbers of some rows of a table, in exactly one of three ways."""

    table: str
    """Table with low, central and high."""
    where: dict[str, Code] = {}
    """Column: value pairs that a row must all have; nothing means every row."""
    to: Number | None = None
    """What the number becomes; it has no range then."""
    add: Number | None = None
    """What is added to low, central and high; below 0 to take away."""
    take: Literal["low", "high"] | None = None
    """Which end of its own range the number becomes; it has no range then."""


class Scenario(Settings):
    """What one file of `scenarios/` holds."""

    title: Line
    """What the option is called."""
    reason: Line
    """Why somebody would want it."""
    source: Line
    """Who proposed it, or where it comes from."""
    set: Annotated[dict[str, Any], Field(max_length=1000)] = {}
    """Dotted path of a setting: its new value. `list_length.BE2` is short for `regions.BE2.list_length`."""
    lock: Annotated[dict[Code, Lock], Field(max_length=1000)] = {}
    """Region: occupations that are locked in it, after everything that `set` says."""
    scale: Annotated[tuple[Scale, ...], Field(max_length=100)] = ()
    """Table numbers to multiply."""
    change: Annotated[tuple[Change, ...], Field(max_length=100)] = ()
    """Table numbers to change, after those that are multiplied."""


@dataclass(frozen=True)
class Setting:
    """A new value of a setting; with `rows`, entries that join the list which stands there."""

    path: Keys
    value: Any
    file: str
    row: int
    rows: tuple[int, ...] = ()  # of the entries


@dataclass(frozen=True)
class Numbers:
    """Numbers of a table to scale or change, and where that stands: `scale.2` of a file."""

    change: Scale | Change
    word: str
    position: int
    places: Places


@dataclass(frozen=True)
class Patch:
    """Scenarios and single settings, in the order they apply."""

    applied: tuple[Applied, ...] = ()
    settings: tuple[Setting, ...] = ()
    numbers: tuple[Numbers, ...] = ()


@dataclass(frozen=True)
class Described:
    """A scenario for a reader: what it is called, why it exists, who proposed it, what it changes."""

    name: str
    title: str
    reason: str
    source: str
    changes: tuple[str, ...]


def collect(config: Path, raw: dict[str, Any], names: Sequence[str], settings: Sequence[str | Setting],
            faults: list[Fault]) -> Patch:
    """Read the named scenarios and the `path=value` settings; what can't be read is added to `faults`.

    A `Setting` is one that stands in a file; its path has one part, written like those of `path=value`.

    Locks come after every `set` of every scenario, so that no scenario undoes the lock of another; single settings
    come last.
    """
    folder, known = config.parent / "scenarios", files(config)
    wanted = [part.strip() for entry in names for part in entry.split(",")]
    applied: list[Applied] = []
    replaced: list[Setting] = []
    locks: list[Setting] = []
    numbers: list[Numbers] = []
    for i, name in enumerate(wanted):
        if name not in known or name in wanted[:i]:
            word = "twice_scenario" if name in known else "no_scenario"
            hint = say("faults.once_scenario") if name in known else nearest(name, set(known))
            faults.append(Fault(str(folder), 0, "--scenario", say(f"faults.{word}", name=repr(name[:80])),
                                say("faults.known_scenario" if known else "faults.none_known", names=", ".join(known)),
                                hint or say("faults.write_scenario")))
            continue
        try:
            one, places = _read(known[name])
        except InputError as error:
            faults += error.faults
            continue
        applied.append(Applied(name=name, title=one.title, reason=one.reason, source=one.source))
        replaced += [setting for path, value in one.set.items()
                     if (setting := _setting(path, raw, value, *places.of(("set", path)), faults))]
        locks += _locks(one, places)
        numbers += [Numbers(change, word, n, places) for word in ("scale", "change")
                    for n, change in enumerate(getattr(one, word))]
    return Patch(tuple(applied), (*replaced, *locks, *_single(settings, raw, faults)), tuple(numbers))


def files(config: Path) -> dict[str, Path]:
    """The scenarios beside a config, by name."""
    return {file.stem: file for file in sorted((config.parent / "scenarios").glob("*.yaml"))}


def _read(file: Path) -> tuple[Scenario, Places]:
    raw, lines = strictyaml.read(file)
    places = Places(str(file), lines)
    try:
        found = Scenario.model_validate(frozen(raw))
    except ValidationError as error:
        raise InputError(all_located(Scenario, places, error)) from None
    ways = {n: [way for way in ("to", "add", "take") if getattr(change, way) is not None]
            for n, change in enumerate(found.change)}
    if unclear := {n: given for n, given in ways.items() if len(given) != 1}:
        raise InputError(Fault(*places.of(("change", n)), f"change.{n}", " + ".join(given) or say("faults.nothing"),
                               say("faults.one_way"), say("faults.choose_way")) for n, given in unclear.items())
    return found, places


def _locks(one: Scenario, places: Places) -> list[Setting]:
    found = []
    for region, lock in one.lock.items():
        for word in ("must_list", "must_not_list"):
            path = ("lock", region, word)
            if entries := getattr(lock, word):
                rows = tuple(places.of((*path, i))[1] for i in range(len(entries)))
                found.append(Setting(("regions", region, word), entries, *places.of(path), rows))
    return found


def _single(settings: Sequence[str | Setting], raw: dict[str, Any], faults: list[Fault]) -> list[Setting]:
    """The `path=value` settings of the command line, or those of a file."""
    found = []
    for setting in settings:
        if isinstance(setting, Setting):
            if one := _setting(str(setting.path[0]), raw, setting.value, setting.file, setting.row, faults):
                found.append(one)
            continue
        path, sign, value = setting.partition("=")
        form = "" if sign and path else "faults.set_form"
        if any("\ud800" <= letter <= "\udfff" for letter in setting):  # bytes of the command line that are no UTF-8
            form = "faults.type_string_unicode"
        if form:
            faults.append(Fault("--set", 0, "", repr(setting[:80]), say(form), say("faults.set_example")))
            continue
        try:
            read = strictyaml.inline(value, f"--set {path}")
        except InputError as error:
            faults += error.faults
            continue
        if one := _setting(path, raw, read, "--set", 0, faults):
            found.append(one)
    return found


def _setting(path: str, raw: dict[str, Any], value: Any, file: str, row: int, faults: list[Fault]) -> Setting | None:
    """A setting and its value; a path that no case can have is added to `faults`, with the nearest that it can."""
    parts = full_path(path, raw)
    if parts[0] in raw or parts[0] in Config.model_fields or parts[0] in Region.model_fields:
        return Setting(parts, value, file, row)
    names = [*Config.model_fields, *Region.model_fields]
    near = meant(path, [".".join([name, *map(str, parts[1:])]) for name in names])
    faults.append(Fault(file, row, path, say("faults.unknown_key"), say("faults.known_key", case=", ".join(
        Config.model_fields), region=", ".join(Region.model_fields)), near or say("faults.see_config")))
    return None


def full_path(path: str, raw: dict[str, Any]) -> Keys:
    """`list_length.BE2` as `regions.BE2.list_length`; any other path as it stands."""
    parts = tuple(path.split("."))
    if len(parts) > 1 and parts[0] in Region.model_fields and parts[0] not in raw:
        return ("regions", parts[1], parts[0], *parts[2:])
    return parts


# For a reader ------------------------------------------------------------------------------------------------------


def listing(config: Path | str) -> list[Described]:
    """Every scenario beside a config, in words.

    Raises
    ------
    InputError
        When the config or a scenario can't be read; whether they fit the tables is for `problem.load` to say.
    """
    raw, _ = strictyaml.read(Path(config))
    found, faults = [], []
    for name, file in files(Path(config)).items():
        try:
            one, _ = _read(file)
            found.append(Described(name, one.title, one.reason, one.source, tuple(_changes(one, raw))))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return found


def blocks(found: Sequence[Described]) -> Iterator[tuple[str, list[str]]]:
    """A heading and lines for every scenario."""
    for one in found:
        yield (say("scenario.heading", title=one.title, name=one.name),
               [say("scenario.reason", text=one.reason), say("scenario.source", text=one.source),
                *(say("scenario.changes", text=line) for line in one.changes)])


def _changes(one: Scenario, raw: dict[str, Any]) -> list[str]:
    """What a scenario changes, one line each."""
    lines = []
    for path, value in one.set.items():
        before = _held(raw, full_path(path, raw))
        lines.append(say("scenario.set_new" if before is None else "scenario.set", path=path, before=_shown(before),
                         after=_shown(value)))
    for region, lock in one.lock.items():
        lines += [say(f"scenario.{word}", region=region, names=", ".join(entries))
                  for word in ("must_list", "must_not_list") if (entries := getattr(lock, word))]
    for change in (*one.scale, *one.change):
        where = ", ".join(f"{name} {value}" for name, value in change.where.items())
        lines.append(_new_number(change) + (say("scenario.where", where=where) if where else ""))
    return lines


def _new_number(change: Scale | Change) -> str:
    if isinstance(change, Scale):
        return say("scenario.by", table=change.table, number=cell(change.by))
    if change.take:
        return say(f"scenario.take_{change.take}", table=change.table)
    if change.to is not None:
        return say("scenario.to", table=change.table, number=cell(change.to))
    return say("scenario.add", table=change.table, number=f"{change.add or 0:+,.10g}")


def _held(holder: Any, path: Keys) -> Any:
    """What stands in a config, or nothing."""
    for part in path:
        if isinstance(holder, dict):
            holder = holder.get(part)
        elif isinstance(holder, list) and str(part) in map(str, range(len(holder))):
            holder = holder[int(part)]
        else:
            return None
    return holder


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_shown(part)}" for name, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return say("scenario.off") if value is None else str(value).lower() if isinstance(value, bool) else cell(value)
