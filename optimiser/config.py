"""What the YAML config may say. Every setting is documented under its field; unknown ones are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from optimiser.cells import meant
from optimiser.errors import Fault, InputError, few
from optimiser.strictyaml import Lines, scalar
from optimiser.texts import say


def _as_code(value: Any) -> Any:
    """An unquoted 2221 is read as the text '2221'; only whole numbers print back exactly as written."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


PLAIN = r"^[^\x00-\x1f\x7f-\x9f\x{200b}\x{2028}-\x{202e}\x{2060}\x{2066}-\x{2069}\x{feff}]*$"  # as in cells.CONTROL
Code = Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN), BeforeValidator(_as_code)]
Line = Annotated[str, Field(min_length=1, max_length=1000, pattern=PLAIN)]  # of text
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=100_000)]
Keys = tuple[str | int, ...]  # where a setting stands: regions, BE2, list_length
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
    groups: tuple[Annotated[tuple[Code, ...], Field(min_length=1)], ...] = ()
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


Price = Annotated[float, Field(gt=0, le=1e9)]


class RepairPrices(Settings):
    """What it counts to move a limit by one, where wishes have no plan; a limit without a price does not move.

    All in one unit of your own, EUR for example. Without this section every limit that policy can move has a price:
    moving a number by one percent of itself counts 1, doing without a rule 100.
    """

    service_capacity: dict[Code, Price] = {}
    """Per unit of capacity more in a year, by service."""
    max_expansion: dict[Code, Price] = {}
    """Per unit by which `max_expansion` grows in every year, by service."""
    permit_total: Price | None = None
    """Per permit more in a year."""
    budget: Price | None = None
    """Per EUR more in a year."""
    training_places: Price | None = None
    """Per training place more in a year."""
    list_length: Price | None = None
    """Per occupation by which a list may be longer in every review, over all, in a tier or in a sector."""
    list_changes: Price | None = None
    """Per entry or exit more in every review."""
    minimum_stay: Price | None = None
    """For no minimum stay in a region."""
    must_list: Price | None = None
    """Per year in which an occupation of `must_list` need not be listed: it is listed later, or not at all."""
    must_not_list: Price | None = None
    """Per occupation of `must_not_list` that may be listed; what exclusions.csv names never may."""
    groups: Price | None = None
    """Per group that need not be listed together."""
    min_quota: Price | None = None
    """Per permit by which the smallest quota of an occupation falls."""
    max_quota: Price | None = None
    """Per permit by which the largest quota of an occupation grows."""
    risk_shares: Price | None = None
    """Per permit beyond the share of a risk class in a year."""
    max_migrant_share: Price | None = None
    """Per percentage point more for an occupation."""
    min_other_vacancies: Price | None = None
    """Per occupation for which no other vacancies need remain."""
    trainees_per_permit: Price | None = None
    """Per occupation whose permits need no training starts."""
    area_coverage: Price | None = None
    """Per percentage point less for every area of a region."""
    sector_coverage: Price | None = None
    """Per percentage point less for every sector of a region."""
    band: Price | None = None
    """Per percentage point by which the band of a region is wider."""


class ServiceStep(Settings):
    """How much of a service is added at a time: what `optimiser ladder` adds first."""

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\W\d][\w' -]*$")]
    """What one is called: class, officer, inspector."""
    units: Annotated[float, Field(gt=0, le=1e6)]
    """Units of the service a year that one brings."""


class Solver(Settings):
    """Limits of the search; the same limits and input give the same answer."""

    gap: Annotated[float, Field(ge=0, le=1)] = 0.001
    """Stop when the answer is proved to be within this share of the best possible."""
    time_limit: Annotated[float, Field(gt=0, le=1_000_000)] = 300.0
    """Seconds a run may take, from reading to the report; one whose search the clock cut short says so."""
    seed: Annotated[int, Field(ge=0, le=2_000_000_000)] = 1
    """Seed of the solver's own random choices."""


class Applied(Settings):
    """A scenario that changed this case. A run writes them into its copy of the input; nothing is applied by them."""

    name: Line
    """Its file, without `.yaml`."""
    title: Line
    """What the option is called."""
    reason: Line
    """Why somebody would want it."""
    source: Line
    """Who proposed it, or where it comes from."""


class Future(Settings):
    """A way in which the numbers may turn out. What policy decides is the same in all: a future sets no rules."""

    name: Line
    """What it is called."""
    weight: Annotated[float, Field(gt=0, le=1_000_000)] = 1.0
    """How likely it is, against the weights of the others; they are divided by their sum."""
    scenarios: tuple[Code, ...] = ()
    """Scenarios that make it, in order; none is the case as it stands."""
    set: Annotated[dict[Line, Any], Field(max_length=1000)] = {}
    """Dotted path of a setting: its value in this future, as in a scenario. `values` is one."""


class Futures(Settings):
    """Several futures for which one list with its quotas is designed: decided before it is known which one comes."""

    measure: Literal["expected", "cvar", "regret"] = "expected"
    """What is least over the futures: unfilled on average (expected), on average over the worst of them (cvar), or the
    most by which any of them turns out worse than it could have by itself (regret)."""
    alpha: Annotated[float, Field(gt=0, le=0.999)] = 0.9
    """For cvar: the share of the futures, by weight, that is not among the worst; 0.9 means the worst tenth."""
    futures: Annotated[tuple[Future, ...], Field(min_length=1, max_length=1000)]
    """The futures."""


class Config(Settings):
    """A whole case: which tables, which years, which regions by which rules."""

    title: Annotated[str, Field(max_length=300, pattern=PLAIN)] = ""
    """Name of the case, printed on the report."""
    tables: Annotated[str, Field(min_length=1, max_length=1000, pattern=PLAIN)]
    """Folder of the CSV tables, relative to this file."""
    first_year: Annotated[int, Field(ge=1900, le=2199)]
    """First year planned."""
    last_year: Annotated[int, Field(ge=1900, le=2199)]
    """Last year planned."""
    values: Literal["low", "central", "high"] = "central"
    """Which value of the tables' ranges the run uses."""
    regions: Annotated[dict[Code, Region], Field(min_length=1)]
    """The regions that decide, and their rules. Regions of the tables that are not named here do not decide."""
    solver: Solver = Solver()
    """Limits of the search."""
    applied_scenarios: tuple[Applied, ...] = ()
    """Scenarios that changed this case; written by the program into the input of a run."""
    repair_prices: RepairPrices | None = None
    """What counts how much when wishes have no plan and the cheapest repairs are looked for (`optimiser repair`)."""
    steps: dict[Code, ServiceStep] = {}
    """By service, the lots in which its capacity grows (`optimiser ladder`)."""
    scenarios: Futures | None = None
    """Futures for which a list is designed (`optimiser design`); all other commands speak of the case as it stands."""

    @property
    def years(self) -> tuple[int, ...]:
        """The years planned, in order."""
        return tuple(range(self.first_year, self.last_year + 1))


@dataclass(frozen=True)
class Places:
    """Where every setting stands: in the config, or in the scenario or `--set` that replaced it."""

    file: str
    lines: Lines = field(default_factory=dict)
    replaced: tuple[tuple[Keys, str, int], ...] = ()  # path, file, row; the last one wins
    added: dict[Keys, tuple[str, int]] = field(default_factory=dict)  # lists that grew, and their new entries

    def of(self, path: Keys) -> tuple[str, int]:
        """File and row of a setting, or of the nearest one around it."""
        if path in self.added:
            return self.added[path]
        for start, file, row in reversed(self.replaced):
            if path[: len(start)] == start or (path not in self.lines and start[: len(path)] == path):
                return file, row
        return self.file, next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), 0)


def parse(raw: dict[str, Any], places: Places) -> Config:
    """Settings as a checked `Config`.

    Raises
    ------
    InputError
        With one located fault per wrong setting.
    """
    try:
        config = Config.model_validate(frozen(raw))
    except ValidationError as error:
        raise InputError(all_located(Config, places, error)) from None
    if config.last_year < config.first_year:
        raise InputError([Fault(*places.of(("last_year",)), "last_year", str(config.last_year),
                                say("faults.at_least", minimum=config.first_year), say("faults.years_order"))])
    names = [future.name for future in config.scenarios.futures] if config.scenarios else []
    if twice := [n for n, name in enumerate(names) if name in names[:n]]:
        raise InputError(Fault(*places.of(("scenarios", "futures", n, "name")), f"scenarios.futures.{n}.name",
                               repr(names[n]), say("futures.other_name"), say("futures.name_apart")) for n in twice)
    return config


def frozen(value: Any) -> Any:
    """Lists as tuples: frozen settings hold tuples, and strict types would refuse a list."""
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    return value


def all_located(model: type[Settings], places: Places, error: ValidationError) -> Iterator[Fault]:
    """The errors of pydantic as faults; of many of one kind only the first, and how many there are."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for item in error.errors():
        if item["type"] == "too_short" and item["input"]:
            continue  # its entries are there, but faulty, and are told themselves
        kinds.setdefault(item["type"], []).append(dict(item))
    for items in kinds.values():
        yield from few(items, lambda item: located(model, places, item))


def located(model: type[Settings], places: Places, error: dict[str, Any]) -> Fault:
    """An error of pydantic as a fault: where the setting stands, what is there, what should be, what to do."""
    path = tuple(part for part in error["loc"] if part != "[key]")
    (file, row), where, got = places.of(path), ".".join(map(str, path)), error["input"]
    if error["type"] == "extra_forbidden":
        names = _known_names(model, path[:-1])
        name = str(path[-1])
        hint = meant(name, names) or say("faults.remove_setting")
        if model is Config and len(path) == 1 and name in Region.model_fields:
            hint = say("faults.of_region", name=name)
        elif name.isdigit() and got is None:
            hint = say("faults.flow_comma")
        return Fault(file, row, where, say("faults.unknown_key"), say("faults.one_of", names=", ".join(names)), hint)
    if error["type"] == "missing":
        return Fault(file, row, where, say("faults.nothing"), say("faults.a_value"), say("faults.add_setting"))
    return Fault(file, row, where, _shown(got), _expected(error), _advice(got, error))


def _shown(value: Any) -> str:
    """What a setting holds, as a person would call it."""
    if value is None:
        return say("faults.nothing")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, tuple)):
        return say("faults.a_mapping" if isinstance(value, dict) else "faults.a_list", n=len(value))
    return repr(value)[:120]


def _expected(error: dict[str, Any]) -> str:
    """What pydantic asked for, in our words."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("greater_than_equal", "greater_than", "less_than_equal", "less_than"):
        word = {"greater_than_equal": "at_least", "greater_than": "above"}.get(kind, "at_most")
        name = "maximum" if word == "at_most" else "minimum"
        return say(f"faults.{word}", **{name: str(next(iter(context.values()))).removesuffix(".0")})
    if kind == "literal_error":
        return say("faults.one_of", names=str(context["expected"]).replace("'", ""))
    if kind in ("too_short", "too_long") and isinstance(error["input"], str):
        kind = f"string_{kind}"
    key = f"faults.type_{kind}"
    try:
        return say(key)
    except KeyError:
        return str(error["msg"])[:1].lower() + str(error["msg"])[1:]


def _advice(got: Any, error: dict[str, Any]) -> str:
    """What to do about a setting, as far as its shape tells."""
    kind = error["type"]
    if kind == "literal_error":
        return meant(str(got), re.findall("'([^']+)'", error["ctx"]["expected"])) or say("faults.choose_word")
    if kind.startswith(("int_", "float_")):
        if kind.startswith("float_") and isinstance(got, str) and re.fullmatch(r"-?[0-9]+,[0-9]+", got):
            return say("faults.decimal_point", better=got.replace(",", "."))
        if isinstance(got, str) and re.fullmatch(r"-?[1-9][0-9]{0,2}([.,'_ ][0-9]{3})+", got):
            return say("faults.no_thousands")
        if isinstance(got, str) and isinstance(scalar(got), (int, float)):
            return say("faults.remove_quotes")
        return say("faults.write_like", example="30" if kind.startswith("int_") else "0.25")
    if kind.startswith(("greater_", "less_")):
        return say("faults.check_unit")
    return say("faults.see_config")


def _known_names(model: type[Settings], path: Keys) -> list[str]:
    """Names a mapping at `path` may hold: follow the fields; codes of regions and positions in lists are no fields."""
    for part in path:
        if part in model.model_fields:
            model = _settings_in(model.model_fields[str(part)].annotation) or model
    return list(model.model_fields)


def _settings_in(annotation: Any) -> type[Settings] | None:
    """The settings that a type speaks of, also within lists, mappings and alternatives."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    return next((found for part in get_args(annotation) if (found := _settings_in(part))), None)
