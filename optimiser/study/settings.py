"""What a study file may say. Every setting is documented under its field; unknown ones are refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from optimiser.config import Code, Line, Settings
from optimiser.scenario import Number

Kind = Literal["one_at_a_time", "grid", "fractional", "lhs", "sobol", "morris", "saltelli", "given"]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Some = Annotated[int, Field(ge=1, le=100_000_000)]
ONE_OR_MORE = BeforeValidator(lambda value: value if isinstance(value, (tuple, dict)) else (value,))
Codes = Annotated[tuple[Code, ...], Field(max_length=1000), ONE_OR_MORE]

TAKES: dict[str, tuple[str, ...]] = {
    "one_at_a_time": (), "grid": ("positions",), "fractional": (), "lhs": ("rows",), "sobol": ("rows",),
    "morris": ("trajectories", "levels", "groups"), "saltelli": ("samples", "second_order", "groups"),
    "given": ("file",)}
"""What each kind of design may say beside its kind."""
NEEDS = {"lhs": "rows", "sobol": "rows", "morris": "trajectories", "saltelli": "samples", "given": "file"}
"""What each kind of design must say."""


class Lever(Settings):
    """A setting that policy decides, and the values to try."""

    name: Name
    """What the column of the design is called."""
    path: Line
    """The setting, as for `--set`: a number among the rules of a region."""
    values: Annotated[tuple[Number, ...], Field(min_length=1, max_length=10_000)]
    """The values to try."""


class Distribution(Settings):
    """How an uncertain number is spread, in exactly one of these ways; `pert` alone is short for `{ranges: pert}`."""

    ranges: Literal["triangular", "pert", "lognormal"] | None = None
    """Between low, central and high of every row of the table."""
    uniform: tuple[Number, Number] | None = None
    """Lowest and highest. These numbers, and those below, multiply central of every row; of a path they are values."""
    triangular: tuple[Number, Number, Number] | None = None
    """Lowest, most likely, highest."""
    pert: tuple[Number, Number, Number] | None = None
    """Lowest, most likely, highest; smoother than triangular."""
    lognormal: tuple[Number, Number] | None = None
    """5 % and 95 % quantile; above 0."""

    @property
    def ways(self) -> dict[str, Any]:
        """The ways that are given; one, when all is well."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}


class Uncertainty(Settings):
    """Numbers that nobody controls: rows of a table, or one setting."""

    name: Name
    """What the column of the design is called; with `by`, the codes follow in brackets."""
    table: Code | None = None
    """Table with low, central and high."""
    where: dict[str, Codes] = {}
    """Column: value, or list of values, that a number must have; nothing means every number of the table. Beside the
    table's own columns: region, area, sector, skill_tier, risk_class as they follow from area, place or occupation."""
    by: Codes = ()
    """Columns, as in `where`: one uncertainty for every combination. Without: one for all numbers."""
    along: Codes = ()
    """Other tables whose numbers, chosen by the same `where`, take the same positions in their own ranges."""
    path: Line | None = None
    """Instead of a table: a number among the rules of a region, as for `--set`."""
    distribution: Annotated[Distribution, BeforeValidator(
        lambda value: {"ranges": value} if isinstance(value, str) else value)]
    """How the numbers are spread."""


class Cycle(Settings):
    """A business cycle that moves uncertainties together (a Gaussian copula)."""

    loading: Annotated[float, Field(ge=0, le=1)]
    """Correlation of every number's position with the cycle."""
    by: Annotated[tuple[Literal["region", "sector"], ...], Field(max_length=2), ONE_OR_MORE] = ()
    """One more cycle for every sector, region, or both together."""
    sector_loading: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Correlation of every number's position with the cycle of its own sector or region, as `by` says."""
    factors: Annotated[Codes, Field(min_length=1)]
    """Names of the uncertainties it moves: upwards when the cycle is high."""
    against: Codes = ()
    """Names of the uncertainties it moves the other way."""


class Design(Settings):
    """Which rows are run."""

    kind: Kind
    """one_at_a_time (each alone), grid (every combination of the levers), fractional (two levels, the fewest rows),
    lhs (Latin hypercube), sobol (Sobol sequence), morris (elementary effects), saltelli (for Sobol indices), given
    (rows of a file)."""
    rows: Some | None = None
    """Rows of `lhs` and `sobol`; a power of two for `sobol`."""
    trajectories: Some | None = None
    """Trajectories of `morris`: each has a row more than there are factors."""
    levels: Annotated[int, Field(ge=2, le=100)] = 4
    """Levels of every factor in `morris`; an even number."""
    samples: Some | None = None
    """Base samples of `saltelli`, a power of two: each has two rows more than there are factors."""
    second_order: bool = False
    """Whether `saltelli` has rows for interactions of pairs too: nearly twice as many."""
    groups: bool = False
    """Whether all factors of one name are moved as one, in `morris` and `saltelli`."""
    positions: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    """Positions that every uncertainty takes in a `grid`; nothing: they stay at the base case."""
    file: Line | None = None
    """CSV of `given`, one column per factor, relative to the study file."""


class Regret(Settings):
    """Which lists are held against each other over all rows."""

    lists: tuple[Line, ...] = ()
    """CSV files of lists, relative to the study file."""
    most: Annotated[int, Field(ge=1, le=1000)] = 10
    """How many of the lists found are compared beside them."""
    rows: Annotated[int, Field(ge=1)] | None = None
    """In how many rows of the sample, the first ones; in all by default."""


class StudySettings(Settings):
    """A whole study: which case, what moves, which rows."""

    title: Line
    """What the study is called."""
    reason: Line
    """What it is to find out."""
    source: Line
    """Where the ranges and the choice of what moves come from."""
    config: Line
    """The case, relative to this file."""
    scenarios: Codes = ()
    """Scenarios that apply to every row."""
    set: Annotated[dict[str, Any], Field(max_length=1000)] = {}
    """Dotted path of a setting: its value in every row."""
    seed: Annotated[int, Field(ge=0, le=2_000_000_000)] = 1
    """Seed of the design and of every search."""
    gap: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Stop a row when its answer is proved to be within this share of the best possible."""
    time_limit: Annotated[float, Field(gt=0, le=1_000_000)] = 60.0
    """Seconds of search in every row, for each set of regions that is solved together."""
    levers: Annotated[tuple[Lever, ...], Field(max_length=1000)] = ()
    """What policy decides."""
    uncertainties: Annotated[tuple[Uncertainty, ...], Field(max_length=1000)] = ()
    """What nobody controls."""
    cycle: Cycle | None = None
    """What moves uncertainties together."""
    design: Design
    """Which rows are run."""
    regret: Regret | None = None
    """Which lists are compared over all rows."""
