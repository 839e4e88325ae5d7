"""The evidence that shortages are estimated from: its tables, and whether they fit together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from optimiser import tables
from optimiser.errors import Fault, InputError, few
from optimiser.schema import BASES, BY_NAME, CONFIDENCES, Column, Table
from optimiser.texts import say

VALUES = ["low", "central", "high"]
TOTALS = ("open_posts", "listed_share")
QUANTITIES = ("count", "year_of_age", "prior_high", "prior_medium", "prior_low")
Evidence = dict[str, pd.DataFrame]


def _text(name: str, filled: bool = True, choices: tuple[str, ...] = ()) -> Column:
    return Column(name, "choice" if choices else "text", "", "", filled=filled, required=filled, choices=choices)


def _number(name: str, maximum: float = 1e7) -> Column:
    return Column(name, "number", "", "", minimum=0, maximum=maximum)


_BASIS, _SOURCE, _NOTE = _text("basis", choices=BASES), _text("source"), _text("note", filled=False)
_RANGE = tuple(_number(name) for name in VALUES)

EVIDENCE = (
    Table("region_totals", "Open posts of a region, and the share of them in occupations it calls short.",
          ("region", "quantity"), (_text("region"), _text("quantity", choices=TOTALS), *_RANGE,
                                   _BASIS, _SOURCE, _NOTE)),
    Table("sector_totals", "Open posts of a sector, and the share of them in listed occupations.",
          ("region", "sector"),
          (_text("region"), _text("sector"), _text("kind", choices=("survey", "employment_service")), *_RANGE,
           _number("listed_share", 1), _BASIS, _SOURCE, _NOTE)),
    Table("occupation_counts", "Published counts of open posts (a stock on a day) of a region or an area.",
          ("place", "occupation"),
          (_text("place"), _text("occupation"), _number("count"), Column("year", "year", "", ""), _BASIS, _SOURCE,
           _NOTE)),
    Table("shortage_lists", "Titles on a region's own shortage and permit lists, and whether they were on the last one "
          "seen.", ("region", "occupation", "title"),
          (_text("region"), _text("occupation"), _text("title"), _text("list"), Column("year", "year", "", ""),
           _text("listed", choices=("yes", "no")), _text("confidence", choices=CONFIDENCES), _SOURCE)),
    Table("hiring_difficulty", "The prior: hiring projects, the difficult ones and the seasonal ones.", ("occupation",),
          (_text("occupation"), _number("projects"), _number("difficult_projects"), _number("seasonal_projects"),
           Column("coverage", "number", "Share of employers the survey covers.", "", minimum=0.01, maximum=1),
           _text("confidence", choices=CONFIDENCES), _NOTE, _SOURCE)),
    Table("uncertainty", "How far a figure may be off, as a share of it.", ("quantity",),
          (_text("quantity", choices=QUANTITIES),
           _number("share", 1), _BASIS, _SOURCE, _NOTE)),
    Table("year_levels", "Level of every planned year, against the figures of today.", ("year",),
          (Column("year", "year", "", ""), *_RANGE, _BASIS, _SOURCE)),
    Table("activation", "Share of a shortage that jobseekers who can be activated would meet.",
          ("region", "skill_tier"), (_text("region"), _text("skill_tier"), *_RANGE, _BASIS, _SOURCE, _NOTE)),
)
def read(folder: Path) -> Evidence:
    """The evidence tables, with `areas` and `occupations` beside them, all faults at once.

    Raises
    ------
    InputError
        When a table is missing or faulty, or when the tables don't fit together.
    """
    found: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    wanted = [(table, folder / "evidence" / table.file) for table in EVIDENCE]
    wanted += [(BY_NAME[name], folder / BY_NAME[name].file) for name in ("areas", "occupations")]
    for table, path in wanted:
        if not path.exists():
            faults.append(Fault(str(path), 0, "", say("estimate.no_file"), say("estimate.a_file"),
                                say("estimate.add_file")))
            continue
        try:
            found[table.name] = tables.read(path, table, str(path))
        except InputError as error:
            faults += error.faults
    if not faults:
        faults += _contradictions(found, str(folder))
    if faults:
        raise InputError(faults)
    return found


def listed(evidence: Evidence) -> pd.DataFrame:
    """Region and occupation of every title that stands on a region's own lists, each once."""
    lists = evidence["shortage_lists"]
    return lists.loc[lists["listed"] == "yes", ["region", "occupation"]].drop_duplicates()


def _contradictions(evidence: Evidence, folder: str) -> Iterator[Fault]:
    """Every code is known, every figure that is needed is there; first what is wrong in rows, then what is missing."""
    rows = [*_unknown(evidence, folder), *_counts(evidence, folder)]
    yield from rows or [*_missing(evidence, folder), *_nobody(evidence, folder)]


def _unknown(evidence: Evidence, folder: str) -> Iterator[Fault]:
    """Codes of regions, places and occupations stand in their tables; every listed occupation has a prior."""
    regions, occupations = set(evidence["areas"]["region"]), set(evidence["occupations"]["occupation"])
    places, lists = regions | set(evidence["areas"]["area"]), evidence["shortage_lists"]
    priors = set(evidence["hiring_difficulty"]["occupation"]) | (set(lists["occupation"]) - occupations)
    questions = [(name, "region", regions, "a_region") for name in
                 ("region_totals", "sector_totals", "shortage_lists", "activation")]
    questions += [(name, "occupation", occupations, "an_occupation") for name in
                  ("occupation_counts", "shortage_lists", "hiring_difficulty")]
    questions += [("occupation_counts", "place", places, "a_place"),
                  ("shortage_lists", "occupation", priors, "a_prior")]
    for name, column, known, key in questions:
        wrong = evidence[name][~evidence[name][column].isin(known)].to_dict("records")
        yield from few(wrong, lambda row, name=name, column=column, key=key: Fault(
            _file(folder, name), int(row[tables.ROW]), column, repr(row[column]), say(f"estimate.{key}"),
            say("estimate.add_or_correct")))


def _counts(evidence: Evidence, folder: str) -> Iterator[Fault]:
    """A count of an area needs one of its region; areas have people, by whom a region's figure is shared out."""
    region_of = evidence["areas"].set_index("area")["region"].to_dict()
    counts = evidence["occupation_counts"]
    known = set(zip(counts["place"], counts["occupation"], strict=True))
    alone = [row for row in counts.to_dict("records")
             if row["place"] in region_of and (region_of[row["place"]], row["occupation"]) not in known]
    yield from few(alone, lambda row: Fault(
        _file(folder, "occupation_counts"), int(row[tables.ROW]), "place", repr(row["place"]),
        say("estimate.regional_count", region=region_of[row["place"]], occupation=row["occupation"]),
        say("estimate.add_count")))
    empty = evidence["areas"][~(evidence["areas"]["population"] > 0)].to_dict("records")
    yield from few(empty, lambda row: Fault(
        f"{folder}/areas.csv", int(row[tables.ROW]), "population", tables.cell(row["population"]) or "nothing",
        say("estimate.people"), say("estimate.give_people")))


def _missing(evidence: Evidence, folder: str) -> Iterator[Fault]:
    """Totals of every region with a list, every share of uncertainty, and at least one year."""
    def lack(name: str, column: str, names: Iterable[str]) -> Iterator[Fault]:
        yield from (Fault(_file(folder, name), 0, column, say("estimate.no_row", name=each), say("estimate.a_row"),
                          say("estimate.add_row")) for each in names)

    totals = set(zip(evidence["region_totals"]["region"], evidence["region_totals"]["quantity"], strict=True))
    yield from lack("region_totals", "quantity", (
        f"{region}, {quantity}" for region in sorted(set(listed(evidence)["region"])) for quantity in TOTALS
        if (region, quantity) not in totals))
    given = set(evidence["uncertainty"]["quantity"])
    yield from lack("uncertainty", "quantity", (name for name in QUANTITIES if name not in given))
    if evidence["year_levels"].empty:
        yield from lack("year_levels", "year", ["year"])


def _nobody(evidence: Evidence, folder: str) -> Iterator[Fault]:
    """A total belongs to listed occupations in which somebody is being hired."""
    short = listed(evidence).merge(evidence["hiring_difficulty"], on="occupation").merge(
        evidence["occupations"], on="occupation")
    projects: dict[tuple[str, str], float] = defaultdict(float)
    for row in short.to_dict("records"):
        for sector in ("", str(row["sector"])):
            projects[str(row["region"]), sector] += float(row["projects"])
    regions = evidence["region_totals"][evidence["region_totals"]["region"].isin(short["region"])]
    for name, frame in (("sector_totals", evidence["sector_totals"]), ("region_totals", regions)):
        for row in frame.to_dict("records"):
            sector = str(row.get("sector", ""))
            if not projects[str(row["region"]), sector]:
                yield Fault(_file(folder, name), int(row[tables.ROW]), "sector" if sector else "region",
                            repr(sector or row["region"]), say("estimate.hiring"), say("estimate.correct_lists"))


def _file(folder: str, name: str) -> str:
    return f"{folder}/evidence/{name}.csv"
