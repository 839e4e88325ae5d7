"""What the YAML config may say. Every setting is documented under its field; unknown ones are refused."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from optimiser.errors import Fault, InputError
from optimiser.strictyaml import Lines
from optimiser.texts import say


def _as_code(value: Any) -> Any:
    """An unquoted 2221 is read as the text '2221'; only whole numbers print back exactly as written."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Code = Annotated[str, BeforeValidator(_as_code), Field(min_length=1, max_length=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=100_000)]
ObjectiveName = Literal["unfilled", "worst_coverage", "list_changes", "cost"]


class Settings(BaseModel):
    """Base of all settings: frozen, strict about types, refuses what it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True,
                              allow_inf_nan=False)


class Objective(Settings):
    """One aim, and how much of it later aims may give back."""

    name: ObjectiveName
    """unfilled (weighted person-years, least), worst_coverage (share filled in the worst-served area, most),
    list_changes (entries + exits, least) or cost (EUR over all years, least)."""
    tolerance: Share = 0.0
    """Share of the value reached that later objectives may give back, for example 0.002."""


class Fairness(Settings):
    """How evenly the scheme must serve areas and sectors; leave a line out to switch it off."""

    area_coverage: Share | None = None
    """Least share of every area's net shortage, over all years, that must be filled."""
    sector_coverage: Share | None = None
    """Least share of every sector's net shortage, over all years, that must be filled."""
    band: Share | None = None
    """Most that an area's coverage may differ from the region's."""


class Region(Settings):
    """The rules by which one region decides its list."""

    review_years: Annotated[int, Field(ge=1, le=100)] = 1
    """Years a list holds before it is reviewed."""
    list_length: Count | None = None
    """Most occupations on the list in any review."""
    list_length_by_tier: dict[Literal["high", "medium", "low"], Count] = {}
    """Most occupations on the list per skill tier."""
    list_length_by_sector: dict[Code, Count] = {}
    """Most occupations on the list per sector."""
    list_changes: Count | None = None
    """Most entries plus exits in one review, the first one measured against the list in force."""
    minimum_stay: Annotated[int, Field(ge=1, le=100)] = 1
    """Reviews an occupation stays listed once it has entered."""
    must_list: tuple[Code, ...] = ()
    """Occupations (codes or selectors) that are listed in every review."""
    must_not_list: tuple[Code, ...] = ()
    """Occupations (codes or selectors) that are never listed."""
    groups: tuple[tuple[Code, ...], ...] = ()
    """Sets of occupations (codes or selectors) that are listed together or not at all."""
    risk_shares: dict[Literal["low", "medium", "high"], Share] = {}
    """Most of a year's quotas that occupations of an exploitation-risk class may take."""
    fairness: Fairness = Fairness()
    """How evenly areas and sectors are served."""
    objectives: tuple[Objective, ...] = (
        Objective(name="unfilled"),
        Objective(name="worst_coverage"),
        Objective(name="list_changes"),
        Objective(name="cost"),
    )
    """Aims in order of importance; a tie-break among equals always comes last."""


class Solver(Settings):
    """Limits of the search; the same limits and input give the same answer."""

    gap: Annotated[float, Field(ge=0, le=1)] = 0.001
    """Stop when the answer is proved to be within this share of the best possible."""
    time_limit: Annotated[float, Field(gt=0, le=1_000_000)] = 300.0
    """Seconds the search may take in all; a run cut by it says so."""
    seed: Annotated[int, Field(ge=0, le=2_000_000_000)] = 1
    """Seed of the solver's own random choices."""


class Config(Settings):
    """A whole case: which tables, which years, which regions by which rules."""

    title: Annotated[str, Field(max_length=300)] = ""
    """Name of the case, printed on the report."""
    tables: Annotated[str, Field(max_length=1000)]
    """Folder of the CSV tables, relative to this file."""
    first_year: Annotated[int, Field(ge=1900, le=2200)]
    """First year planned."""
    last_year: Annotated[int, Field(ge=1900, le=2200)]
    """Last year planned."""
    values: Literal["low", "central", "high"] = "central"
    """Which value of the tables' ranges the run uses."""
    regions: Annotated[dict[Code, Region], Field(min_length=1)]
    """The regions that decide, and their rules. Regions of the tables that are not named here do not decide."""
    solver: Solver = Solver()
    """Limits of the search."""

    @property
    def years(self) -> tuple[int, ...]:
        """The years planned, in order."""
        return tuple(range(self.first_year, self.last_year + 1))


def parse(raw: dict[str, Any], file: Path | str, lines: Lines | None = None) -> Config:
    """Settings as a checked `Config`.

    Raises
    ------
    InputError
        With one located fault per wrong setting.
    """
    lines = lines or {}
    try:
        config = Config.model_validate(frozen(raw))
    except ValidationError as error:
        raise InputError(located(str(file), lines, dict(item)) for item in error.errors()) from None
    if config.last_year < config.first_year:
        row = lines.get(("last_year",), 0)
        raise InputError([Fault(str(file), row, "last_year", str(config.last_year),
                                say("faults.at_least", minimum=config.first_year), say("faults.years_order"))])
    return config


def frozen(value: Any) -> Any:
    """Lists as tuples: frozen settings hold tuples, and strict types would refuse a list."""
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    return value


def located(file: str, lines: Lines, error: dict[str, Any]) -> Fault:
    path = tuple(part for part in error["loc"] if part != "[key]")
    known = next((path[:n] for n in range(len(path), -1, -1) if path[:n] in lines), ())
    where = ".".join(map(str, path))
    kind, got = error["type"], error["input"]
    if kind == "extra_forbidden":
        names = _known_names(path[:-1])
        near = difflib.get_close_matches(str(path[-1]), names, 1)
        hint = say("faults.did_you_mean", name=near[0]) if near else ""
        return Fault(file, lines.get(known, 0), where, say("faults.unknown_key"),
                     say("faults.one_of", names=", ".join(names)), hint)
    if kind == "missing":
        return Fault(file, lines.get(known, 0), where, say("faults.nothing"), say("faults.a_value"),
                     say("faults.add_setting"))
    got_text = say("faults.nothing") if got is None else f"{got!r}"[:120]
    return Fault(file, lines.get(known, 0), where, got_text, _expected(error))


def _expected(error: dict[str, Any]) -> str:
    """What pydantic asked for, in our words."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("greater_than_equal", "greater_than"):
        bound = context.get("ge", context.get("gt"))
        return say("faults.at_least" if kind == "greater_than_equal" else "faults.above", minimum=bound)
    if kind in ("less_than_equal", "less_than"):
        return say("faults.at_most", maximum=context.get("le", context.get("lt")))
    if kind == "literal_error":
        return say("faults.one_of", names=str(context["expected"]).replace("'", ""))
    key = f"faults.type_{kind}"
    try:
        return say(key)
    except KeyError:
        return str(error["msg"])[:1].lower() + str(error["msg"])[1:]


def _known_names(path: tuple[str | int, ...]) -> list[str]:
    """Names a mapping at `path` may hold."""
    model: type[Settings] = Config
    if path[:1] == ("regions",):
        model = Region
        if len(path) > 2:
            model = {"fairness": Fairness, "objectives": Objective}.get(str(path[2]), Region)
    elif path[:1] == ("solver",):
        model = Solver
    return list(model.model_fields)
