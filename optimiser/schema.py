"""What the CSV tables hold: every table, column, type, unit, range and key.

This module is the only description of the tables. The reader (`tables.py`) follows it and
`docs/tables.md` is printed from it, so that neither can drift from the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["code", "selector", "text", "number", "whole", "year", "date", "choice", "flag"]

BASES = ("observed", "derived", "estimated", "assumed")
CONFIDENCES = ("high", "medium", "low")
ANY = "*"
SHARED = "shared"
SELECTOR_WORDS = ("sector", "tier", "risk", "regulated", "group")


@dataclass(frozen=True)
class Column:
    """One column of a table.

    `required` columns must stand in the header; `filled` ones must also have a value in every
    row. `refers` names the table whose key holds the allowed codes; `wild` also allows `*`.
    """

    name: str
    kind: Kind
    doc: str
    example: str
    unit: str = ""
    required: bool = True
    filled: bool = True
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    refers: str = ""
    wild: bool = False


@dataclass(frozen=True)
class Table:
    """One CSV file: its rows are unique in `key` and its columns are `columns`."""

    name: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = False

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name}.csv"

    def column(self, name: str) -> Column:
        """The column called `name`."""
        return next(column for column in self.columns if column.name == name)

    @property
    def numeric(self) -> bool:
        """Whether the table holds numbers with low, central and high."""
        return any(column.name == "central" for column in self.columns)


@dataclass(frozen=True)
class Parameter:
    """One number that a row of `parameters.csv` or `service_parameters.csv` may set."""

    name: str
    unit: str
    doc: str
    minimum: float
    maximum: float
    whole: bool = False


def _titles(of: str, *examples: str) -> tuple[Column, ...]:
    names = {"en": "English", "nl": "Dutch", "fr": "French", "de": "German"}
    return tuple(
        Column(f"title_{code}", "text", f"{name} title of the {of}.", example, required=False, filled=False)
        for (code, name), example in zip(names.items(), examples, strict=True)
    )


def _numbers(unit: str, example: str, minimum: float = 0, maximum: float = 1e6, empty: str = "") -> tuple[Column, ...]:
    """The five columns every number carries: its range, how it is known and from where; `example` is low to high."""
    doc = "Value the base case uses." + (f" {empty}" if empty else "")
    low, central, high = example.split()
    return (
        Column("low", "number", "Lowest plausible value; empty with `high` when no range is known.", low, unit,
               filled=False, minimum=minimum, maximum=maximum),
        Column("central", "number", doc, central, unit, filled=not empty, minimum=minimum, maximum=maximum),
        Column("high", "number", "Highest plausible value; low <= central <= high.", high, unit,
               filled=False, minimum=minimum, maximum=maximum),
        Column("basis", "choice", "How the number is known: observed (published count), derived (arithmetic on "
               "observed figures), estimated (by a documented procedure), assumed (a judgement).", "observed",
               choices=BASES),
        _source(),
    )


def _source() -> Column:
    return Column("source", "code", "Where it comes from: a row of `sources.csv`.", "S01", refers="sources")


def _region(wild: bool = False) -> Column:
    return Column("region", "code", "Who decides the list." + (" `*`: every region." if wild else ""), "BE2",
                  refers="regions", wild=wild)


def _occupation(selector: bool = False) -> Column:
    if selector:
        return Column("occupation", "selector", "A code, or a selector: `*`, `sector:X`, `tier:X`, `risk:X`, "
                      "`regulated:yes`, `group:741` (codes that begin with 741). The most specific row wins: "
                      "code, then the longest group, then another selector, then `*`.", "tier:high",
                      refers="occupations")
    return Column("occupation", "code", "Code of the occupation; text, so a leading zero counts.", "2221",
                  refers="occupations")


def _year(wild: bool = False) -> Column:
    return Column("year", "year", "Calendar year." + (" `*`: every year." if wild else ""), "2026", wild=wild)


def _place() -> Column:
    return Column("place", "code", "Where the capacity is: an area, a region or `shared`, as the service's scope "
                  "says. `*`: every place of the service.", "BE21", wild=True)


PARAMETERS = (
    Parameter("weight", "1", "How much an unfilled person-year of the occupation counts in the objective "
              "(nothing given: 1).", 0.001, 1000),
    Parameter("uptake", "persons/permit", "Arrivals per permit authorised (nothing given: 1).", 0.001, 1),
    Parameter("additional", "share", "Share of arrivals who would not have come by the ordinary, slower route "
              "(nothing given: 1).", 0.001, 1),
    Parameter("lot", "permits/year", "Quotas are whole numbers of lots of this size (nothing given: 1).", 1, 10000,
              True),
    Parameter("min_quota", "permits/year", "Smallest quota of a listed occupation in each year (nothing given: 0).",
              0, 100000),
    Parameter("max_quota", "permits/year", "Largest quota of an occupation in a year.", 0, 100000),
    Parameter("permit_cost", "EUR/permit", "Public cost of one permit beside service use.", 0, 1e6),
    Parameter("max_migrant_share", "share", "Most that people present under the scheme may be of the largest net "
              "shortage seen so far in the area.", 0, 1),
    Parameter("trainees_per_permit", "persons/permit", "Training starts required per permit of the same year.", 0, 100),
    Parameter("training_success", "share", "Share of training starts that end up working in the occupation.", 0, 1),
    Parameter("training_lag", "years", "Years from training start to work (0: the same year).", 0, 20, True),
    Parameter("training_cost", "EUR/person", "Public cost of one training start.", 0, 1e6),
    Parameter("min_other_vacancies", "vacancies", "Other vacancies of the occupation that must remain within "
              "commuting reach of a scheme worker.", 0, 1e6),
)

SERVICE_PARAMETERS = (
    Parameter("unit_cost", "EUR/unit", "Public cost of one unit used.", 0, 1e6),
    Parameter("expansion_cost", "EUR/unit/year", "Public cost of one unit of extra capacity, for every year it stands.",
              0, 1e6),
    Parameter("max_expansion", "units/year", "Most extra capacity that can stand at a place.", 0, 1e6),
    Parameter("lead_time", "years", "Years from the start of the plan before extra capacity can stand "
              "(nothing given: 0).", 0, 50, True),
)


def _parameter(parameters: tuple[Parameter, ...]) -> Column:
    names = tuple(parameter.name for parameter in parameters)
    return Column("parameter", "choice", "Which number the row sets; see the list below the table.", names[0],
                  choices=names)


TABLES = (
    Table("sources", "Where the numbers come from. Every row of the other tables points to one of these.",
          ("source",), (
              Column("source", "code", "Short name of the source.", "S01"),
              Column("publisher", "text", "Who published it.", "Statbel"),
              Column("title", "text", "What it is called.", "Job vacancy survey, Q4 2023"),
              Column("date", "date", "When it was published or seen: YYYY, YYYY-MM or YYYY-MM-DD.", "2024-03"),
              Column("confidence", "choice", "How far the figures may be trusted.", "high", choices=CONFIDENCES),
              Column("note", "text", "What to know before using it.", "survey stock, not yearly flow",
                     required=False, filled=False),
          ), required=True),
    Table("regions", "Who decides a list.", ("region",), (
        Column("region", "code", "Code of the region.", "BE2"),
        *_titles("region", "Flanders", "Vlaanderen", "Flandre", "Flandern")), required=True),
    Table("areas", "Where people live and services are: provinces, labour basins.", ("area",), (
        Column("area", "code", "Code of the area.", "BE21"),
        _region(),
        *_titles("area", "Antwerp", "Antwerpen", "Anvers", "Antwerpen"),
        Column("population", "number", "Inhabitants; used to print, never in the model.", "1926522", "persons",
               required=False, filled=False, minimum=0, maximum=1e10),
        Column("tile_row", "whole", "Row of the area in the tile map of the report.", "1", required=False,
               filled=False, minimum=1, maximum=100),
        Column("tile_column", "whole", "Column of the area in the tile map of the report.", "4", required=False,
               filled=False, minimum=1, maximum=100),
    ), required=True),
    Table("occupations", "What can be listed.", ("occupation",), (
        Column("occupation", "code", "Code of the occupation: ISCO-08 or national; text, so a leading zero counts.",
               "2221"),
        Column("isco08", "text", "ISCO-08 unit group, four digits, when the code is a national one.", "2221",
               required=False, filled=False),
        *_titles("occupation", "Nurse", "Verpleegkundige", "Infirmier", "Krankenpfleger"),
        Column("sector", "text", "Sector, a short word.", "health", required=False, filled=False),
        Column("skill_tier", "choice", "Skill the work asks for.", "high", required=False, filled=False,
               choices=("high", "medium", "low")),
        Column("regulated", "flag", "Whether a recognised diploma or licence is needed by law.", "yes",
               required=False, filled=False),
        Column("risk_class", "choice", "Risk of exploitation in the occupation.", "low", required=False,
               filled=False, choices=("low", "medium", "high")),
        Column("source", "code", "Where the classification comes from: a row of `sources.csv`.", "S01",
               required=False, filled=False, refers="sources"),
    ), required=True),
    Table("shortages", "Persons short if the scheme did not exist (a verified gap, not raw vacancies). A pair of "
          "area and occupation that is missing, or whose central value is empty, has no shortage. What is short is at "
          "least 0.001 persons.",
          ("area", "occupation", "year"), (
              Column("area", "code", "Where.", "BE21", refers="areas"), _occupation(), _year(),
              *_numbers("persons", "80 100 130", empty="Empty: nothing is known and no shortage is assumed.")),
          required=True),
    Table("activatable", "Jobseekers who can be activated for the occupation; subtracted from the shortage before "
          "anything else.", ("area", "occupation", "year"), (
              Column("area", "code", "Where.", "BE21", refers="areas"), _occupation(), _year(),
              *_numbers("persons", "5 10 20"))),
    Table("list_in_force", "The list the first review is measured against. One row per official entry; several "
          "entries may map to one occupation.", ("region", "occupation", "entry"), (
              _region(), _occupation(),
              Column("entry", "text", "The official title of the entry.", "Verpleegkundige"), _source())),
    Table("exclusions", "Pairs the law keeps off the list (pay, skill or legal filters).", ("region", "occupation"), (
        _region(wild=True), _occupation(),
        Column("reason", "text", "Why it may not be listed.", "pay below the threshold"), _source())),
    Table("parameters", "Numbers of occupations, by region.", ("parameter", "region", "occupation"), (
        _parameter(PARAMETERS), _region(wild=True), _occupation(selector=True), *_numbers("see parameter", "1 1.5 2"))),
    Table("retention", "Share of a cohort still in the occupation and area, by years since arrival (0: share of the "
          "first year worked). Without the table everybody stays.", ("region", "occupation", "cohort_year"), (
              _region(wild=True), _occupation(selector=True),
              Column("cohort_year", "whole", "Years since arrival.", "0", "years", minimum=0, maximum=100),
              *_numbers("share", "0.4 0.5 0.6", 0, 1))),
    Table("services", "Anything that receives people and can run out.", ("service",), (
        Column("service", "code", "Short name.", "language_course"),
        *_titles("service", "Language course", "Taalcursus", "Cours de langue", "Sprachkurs"),
        Column("scope", "choice", "Where its places are: one per area, one per region, or one shared by all regions.",
               "area", choices=("area", "region", SHARED)),
        Column("unit", "text", "What is counted, in one word or two.", "hours"), _source())),
    Table("service_use", "What one permit, or one person a number of years after arrival, takes of a service. Nothing "
          "given: nothing used.", ("service", "region", "occupation", "per", "cohort_year"), (
              Column("service", "code", "The service.", "language_course", refers="services"),
              _region(wild=True), _occupation(selector=True),
              Column("per", "choice", "Counted per permit authorised (not for services of an area) or per person "
                     "who arrived.", "person", choices=("permit", "person")),
              Column("cohort_year", "whole", "Years since arrival; 0 with `permit`.", "0", "years", minimum=0,
                     maximum=100),
              *_numbers("units", "120 200 280"))),
    Table("capacities", "What a service can take in a year, net of its other users. A place without a row has no "
          "limit.", ("service", "place", "year"), (
              Column("service", "code", "The service.", "language_course", refers="services"), _place(),
              _year(wild=True), *_numbers("units/year", "40000 60000 80000"))),
    Table("service_parameters", "Costs and expansion of services.", ("parameter", "service", "place"), (
        _parameter(SERVICE_PARAMETERS),
        Column("service", "code", "The service.", "language_course", refers="services"), _place(),
        *_numbers("see parameter", "8 10 13"))),
    Table("permit_totals", "Most permits a region may authorise in a year, over all occupations.", ("region", "year"), (
        _region(wild=True), _year(wild=True), *_numbers("permits/year", "3500 5000 6000"))),
    Table("budgets", "Most a region may spend in a year, over permits, services, expansion and training.",
          ("region", "year"), (
              _region(wild=True), _year(wild=True), *_numbers("EUR/year", "9000000 14000000 20000000", 0, 1e10))),
    Table("training_places", "Most people who can start training for an occupation in a year. No row: none can.",
          ("region", "occupation", "year"), (
              _region(wild=True), _occupation(selector=True), _year(wild=True),
              *_numbers("persons/year", "25 50 100"))),
    Table("commuting", "Which other areas are within commuting reach of an area, in that direction. An area always "
          "reaches itself.", ("area", "reaches"), (
              Column("area", "code", "Where the worker lives.", "BE21", refers="areas"),
              Column("reaches", "code", "Where the worker could also take a job.", "BE23", refers="areas"), _source())),
)

BY_NAME = {table.name: table for table in TABLES}

LIST = Table(
    "list", "A list to evaluate: `optimiser evaluate CONFIG --list FILE.csv`. The file may have any name and stand "
    "anywhere. Several official entries may map to one occupation. A row without review and year speaks of every "
    "review.", ("region", "occupation", "entry", "review", "year"), (
        _region(), _occupation(),
        Column("entry", "text", "The official title of the entry.", "Verpleegkundige", required=False, filled=False),
        Column("review", "whole", "Review in which it is listed, counted from 1.", "1", required=False, filled=False,
               minimum=1, maximum=300),
        Column("year", "year", "Year in which it is listed; that means the review whose list holds in the year.",
               "2026", required=False, filled=False),
        Column("quota", "whole", "Permits authorised, used with `--quotas`; of the row's year, or of each year in "
               "which the row lists the occupation. Empty: the best quota.", "50", "permits/year", required=False,
               filled=False, minimum=0, maximum=100000),
        Column("source", "text", "Where the entry comes from.", "S01", required=False, filled=False)))
