"""Study files: every fault is a located line, all at once, before anything runs; the digest says what a study means."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from studycase import BUILDERS, NURSES, study, write

from optimiser.errors import InputError
from optimiser.study.settings import TAKES, Cycle, Design, Distribution, Lever, Regret, StudySettings, Uncertainty
from optimiser.study.spec import load

ROOT = Path(__file__).parent.parent
SHORT = {"name": "short", "table": "shortages", "distribution": "pert"}
LENGTH = {"name": "length", "path": "list_length.R", "values": [1, 2]}
TABLES = ("shortages, activatable, parameters, retention, service_use, capacities, service_parameters, permit_totals, "
          "budgets, training_places")
NO_FILE = "got 'no.csv'; expected a file that is there; check the path"
FACTORS = "shortage[Q 0110], shortage[Q 2221], shortage[R 0110], shortage[R 2221]"
POSITION = "expected a position between 0 and 1: the share of cases that lie below; correct it"
HEADER = FACTORS.replace(", ", ",") + "\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(world: dict[str, Any] | None = None, **parts: Any) -> list[str]:
    """The lines that a study is refused with."""
    with pytest.raises(InputError) as refused:
        study(Path(), world, **parts)
    lines = [str(fault) for fault in refused.value.faults]
    assert all(line.startswith(("study.yaml, row ", "rows.csv", "case/")) for line in lines)
    return lines


def uncertain(**changes: Any) -> dict[str, Any]:
    return {"uncertainties": [{name: part for name, part in (SHORT | changes).items() if part is not None}]}


def lever(**changes: Any) -> dict[str, Any]:
    return {"levers": [LENGTH | changes]}


@pytest.mark.parametrize(("parts", "line"), [
    ({"tytle": "x"}, "tytle: got a setting that does not exist; expected one of: title, reason, source, config, "
     "scenarios, set, seed, gap, time_limit, levers, uncertainties, cycle, design, regret; did you mean title?"),
    ({"title": None}, "title: got nothing; expected a value; add this setting"),
    ({"gap": "much"}, "gap: got 'much'; expected a number, with a decimal point; write it like 0.25"),
    ({"scenarios": ["dry"]}, "scenarios: got the scenario 'dry', which does not exist; expected no scenario, since "
     "this folder has none; write its file NAME.yaml into this folder"),
    ({"set": {"list_length.R": -3}}, "regions.R.list_length: got -3; expected at least 0; check the number and its "
     "unit"),
    ({"set": {"values": "low"}}, "config: got values: low; expected values: central, the case in the middle of the "
     "ranges; add set: {values: central}, or leave out the scenario that takes low or high"),
    ({"uncertainties": None}, "uncertainties: got nothing; expected something that moves; add a lever or an "
     "uncertainty"),
    ({"regret": {"lists": ["no.csv"]}}, f"regret.lists.0: {NO_FILE}"),
    (uncertain(table="shortage"), f"uncertainties.0.table: got 'shortage'; expected a table with numbers: {TABLES}; "
     "did you mean shortages?"),
    (uncertain(along="activatible"), f"uncertainties.0.along.0: got 'activatible'; expected a table with numbers: "
     f"{TABLES}; did you mean activatable?"),
    (uncertain(table=None), "uncertainties.0: got nothing; expected either a table or a path; keep one of the two"),
    (uncertain(name="a b"), "uncertainties.0.name: got 'a b'; expected a name of letters, digits, _ and -, beginning "
     "with a letter; give it another name"),
    (uncertain(where={"sektor": "health"}), "uncertainties.0.where.sektor: got 'sektor'; expected one of: area, "
     "occupation, year, region, sector, skill_tier, risk_class; did you mean sector?"),
    (uncertain(where={"sector": "helth"}), "uncertainties.0.where.sector: got 'helth'; expected a code of sector that "
     "shortages.csv speaks of in this case; did you mean health?"),
    (uncertain(where={"occupation": ["2221", "110"]}), "uncertainties.0.where.occupation.1: got '110'; expected a code "
     "of occupation that shortages.csv speaks of in this case; it seems to have lost a leading zero: did you mean "
     "0110? (keep codes as text in the spreadsheet)"),
    (uncertain(by=["region", "sectors"]), "uncertainties.0.by.1: got 'sectors'; expected one of: area, occupation, "
     "year, region, sector, skill_tier, risk_class; did you mean sector?"),
    (uncertain(distribution="normal"), "uncertainties.0.distribution.ranges: got 'normal'; expected one of: "
     "triangular, pert or lognormal; did you mean lognormal?"),
    (uncertain(distribution={"uniform": [2, 1]}), "uncertainties.0.distribution: got uniform: [2, 1]; expected two "
     "numbers, the first below the second; put them in order"),
    (uncertain(distribution={"triangular": [1, 3, 2]}), "uncertainties.0.distribution: got triangular: [1, 3, 2]; "
     "expected lowest <= most likely <= highest, and not all the same; put them in order"),
    (uncertain(distribution={"lognormal": [0, 2]}), "uncertainties.0.distribution: got lognormal: [0, 2]; expected "
     "numbers above 0, because a logarithm is taken; choose triangular or pert, which may begin at 0"),
    (uncertain(distribution={"uniform": [-1, 2]}), "uncertainties.0.distribution: got uniform: [-1, 2]; expected "
     "factors of at least 0; the numbers multiply the central value of every row"),
    (uncertain(distribution={"uniform": [1, 2], "pert": [1, 2, 3]}), "uncertainties.0.distribution: got uniform + "
     "pert; expected one distribution: triangular, pert or lognormal, or numbers for uniform, triangular, pert or "
     "lognormal; write pert for the ranges of a table, or numbers: {uniform: [0.8, 1.2]}"),
    (uncertain(table=None, path="list_length.R"), "uncertainties.0.distribution: got pert; expected numbers, because a "
     "setting has no range of its own; write pert for the ranges of a table, or numbers: {uniform: [0.8, 1.2]}"),
    (lever(values=[3]), "levers.0.values: got 1; expected at least 2 different values; add values to try, or put the "
     "value under set"),
    (lever(values=[1, 1, 2]), "levers.0.values: got 1, 1, 2; expected every value once; remove the one that stands "
     "there twice"),
    (lever(values=[1, 2.5]), "regions.R.list_length: got 2.5; expected a whole number; write it like 30"),
    (lever(path="list_length.S"), "regions.S.list_length: got 'S'; expected a region of the config: R, Q; name one of "
     "these, or add the region to the config first"),
    (lever(path="list_lenth.R"), "levers.0.path: got 'list_lenth.R'; expected a rule of a region, as for --set; did "
     "you mean list_length.R?"),
    (lever(path="solver.gap"), "levers.0.path: got 'solver.gap'; expected a rule of a region, as for --set; write it "
     "like review_years.R"),
    (lever(path="list_changes.R"), "levers.0.path: got nothing; expected a number in the base case; give it one: set: "
     "{list_changes.R: ...}"),
    (lever(name="cycle"), "levers.0.name: got 'cycle'; expected a name that nothing else has, and none of cycle, row, "
     "sample; give it another name"),
    ({"levers": [LENGTH, LENGTH | {"name": "again", "path": "regions.R.list_length"}]}, "levers.1.path: got what "
     "length moves already, and again too; expected every number and setting moved by one uncertainty or lever; "
     "narrow one of them, or leave it out"),
    ({"uncertainties": [SHORT, SHORT | {"name": "again", "where": {"area": "A1"}}]}, "uncertainties.1.where: got what "
     "short moves already, and again too; expected every number and setting moved by one uncertainty or lever; "
     "narrow one of them, or leave it out"),
    ({"cycle": {"loading": 0.5, "factors": ["shortages"]}}, "cycle.factors.0: got 'shortages'; expected one of the "
     "uncertainties: shortage; did you mean shortage?"),
    ({"cycle": {"loading": 0.8, "by": "sector", "sector_loading": 0.7, "factors": "shortage"}}, "cycle: got loadings "
     "whose squares sum to 1.13; expected a sum of squares below 1, so that something of its own is left to every "
     "number; lower loading or sector_loading"),
    ({"cycle": {"loading": 0, "factors": "shortage"}}, "cycle.loading: got 0; expected something that moves; raise "
     "loading, or leave out the cycle"),
    ({"cycle": {"loading": 0.5, "by": "sector", "factors": "shortage"}}, "cycle.sector_loading: got nothing; expected "
     "by and sector_loading together; give both, or neither"),
    ({**uncertain(table="budgets"), "cycle": {"loading": 0.5, "by": "sector", "sector_loading": 0.3, "factors":
      "short"}}, "cycle.by: got sector; expected something that moves; leave out by: what the cycle moves belongs to "
     "none"),
    ({"cycle": {"loading": 0.5, "factors": "shortage", "against": "shortage"}}, "cycle.against.0: got 'shortage'; "
     "expected every uncertainty moved one way; keep one of the two"),
    ({"design": {"kind": "latin"}}, "design.kind: got 'latin'; expected one of: one_at_a_time, grid, fractional, lhs, "
     "sobol, morris, saltelli or given; write one of these words, in small letters"),
    ({"design": {"kind": "lhs"}}, "design: got nothing; expected rows, for lhs; add this setting"),
    ({"design": {"kind": "lhs", "rows": 8, "samples": 3}}, "design.samples: got 3; expected only what lhs takes: rows; "
     "correct its spelling or remove it"),
    ({"design": {"kind": "sobol", "rows": 500}}, "design.rows: got 500; expected a power of two, for sobol; the next "
     "one is 512"),
    ({"design": {"kind": "saltelli", "samples": 100}}, "design.samples: got 100; expected a power of two, for "
     "saltelli; the next one is 128"),
    ({"design": {"kind": "morris", "trajectories": 3, "levels": 5}}, "design.levels: got 5; expected an even number of "
     "levels; the next one is 6"),
    ({"design": {"kind": "grid"}}, "design: got a grid without levers and positions; expected something that moves; "
     "add levers, or positions: [0.1, 0.5, 0.9] for the uncertainties"),
    ({"design": {"kind": "saltelli", "samples": 4, "groups": True}}, "design.groups: got one group of factors; "
     "expected at least two groups; correct its spelling or remove it"),
    ({"design": {"kind": "given", "file": "no.csv"}}, f"design.file: {NO_FILE}"),
])
def test_one_fault_is_one_line(parts: dict[str, Any], line: str) -> None:
    [found] = told(**parts)
    place, _, rest = found.partition(", row ")
    row, _, rest = rest.partition(", ")
    assert (place, rest) == ("study.yaml", line)
    assert int(row) > 0


def test_all_faults_at_once() -> None:
    """Those of the study, of its case, and of what the one asks of the other."""
    lines = told(**uncertain(distribution={"uniform": [2, 1]}), **lever(path="list_lenth.R"),
                 set={"minimum_stay.R": 0}, design={"kind": "sobol", "rows": 9}, regret={"lists": ["no.csv"]})
    assert [line.split(", ")[2].split(":")[0] for line in lines] == [
        "uncertainties.0.distribution", "design.rows", "regions.R.minimum_stay", "regret.lists.0"]
    lines = told(**uncertain(table="shortage"), **lever(values=[1]), cycle={"loading": 1, "factors": "short"},
                 design={"kind": "lhs"})
    assert [line.split(", ")[2].split(":")[0] for line in lines] == [
        "uncertainties.0.table", "design", "levers.0.values", "cycle"]
    lines = told(gap=2, config="case/no.yaml")
    assert [line.split(": ")[0] for line in lines] == ["case/no.yaml", "study.yaml, row 15, gap"]


@pytest.mark.parametrize(("cells", "distribution", "line"), [
    ({"central": 5}, "pert", "got numbers of shortages.csv without a range (1); expected something that moves; give "
     "low and high in the table, or numbers here: {uniform: [0.8, 1.2]}"),
    ({"low": 0, "central": 5, "high": 9}, "lognormal", "got low 0 in row 2 of shortages.csv (such rows: 1); expected "
     "numbers above 0, because a logarithm is taken; choose triangular or pert, which may begin at 0"),
])
def test_ranges_that_a_distribution_can_not_have(cells: dict[str, float], distribution: str, line: str) -> None:
    world = {"shortages": [{"area": "A1", "occupation": BUILDERS, "year": 2026} | cells]}
    assert told(world, **uncertain(distribution=distribution)) == [
        f"study.yaml, row 8, uncertainties.0.distribution: {line}"]


def test_a_design_that_has_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of this study takes 4,000 + 4 x 16 + 8 x 120 bytes: 50 of 5,024 fit into 255,000."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=255_000))
    assert study(Path(), design={"kind": "lhs", "rows": 50}).settings.design.rows == 50
    assert told(design={"kind": "lhs", "rows": 51}) == [
        "study.yaml, row 14, design.rows: got 51 rows of about 5,024 bytes; expected at most 50 rows: 0.0 GB of the "
        "disk are free; choose fewer rows or values, or make room"]
    assert "got 80 rows" in told(design={"kind": "saltelli", "samples": 8, "second_order": True})[0]


def test_too_many_factors_for_a_design() -> None:
    codes = [f"9{n:03d}" for n in range(520)]
    world = {"occupations": [{"occupation": code, "sector": "x", "skill_tier": "low"} for code in codes],
             **dict.fromkeys(("activatable", "training_places"), []), "retention": [],
             "parameters": [], "shortages": [{"area": "A1", "occupation": code, "year": 2026, "low": 1, "central": 2,
                                              "high": 3} for code in codes]}
    assert told(world, design={"kind": "fractional"}) == [
        "study.yaml, row 13, design.kind: got 520 factors; expected at most 512, for fractional; leave out columns of "
        "by, or choose lhs"]


@pytest.mark.parametrize(("text", "lines"), [
    ("shortage[R 2221],shrtage[Q 0110],shortage[Q 2221],shortage[R 0110]\n0.5,0.5,0.5,0.5\n", [
        f"rows.csv, row 1, 'shrtage[Q 0110]': got a column that does not exist; expected one of: {FACTORS}; did you "
        "mean shortage[Q 0110]?", "rows.csv, row 1, shortage[Q 0110]: got no such column; expected a column for every "
        "factor; add the column; 0.5 (or the config's value of a lever) is the base case"]),
    (HEADER + "0.5,0.5,x,1\n0.5,,0.2,1e99\n", [
        f"rows.csv, row 2, shortage[R 0110]: got 'x'; {POSITION}",
        f"rows.csv, row 2, shortage[R 2221]: got '1'; {POSITION}",
        f"rows.csv, row 3, shortage[Q 2221]: got an empty cell; {POSITION}",
        f"rows.csv, row 3, shortage[R 2221]: got '1e99'; {POSITION}"]),
    (HEADER + "0.5\n", ["rows.csv, row 2: got 1 cell; expected 4 cells; the row is shifted: a comma too many or too "
                        "few; put text that holds a comma in double quotes"]),
    (HEADER, ["rows.csv: got nothing; expected at least one row below the header; add rows"]),
])
def test_a_given_design_with_faults(text: str, lines: list[str]) -> None:
    Path("rows.csv").write_text(text, encoding="utf-8")
    assert told(design={"kind": "given", "file": "rows.csv"}) == lines


def test_a_lever_of_a_given_design_takes_its_values() -> None:
    Path("rows.csv").write_text("length\n1\n7\n", encoding="utf-8")
    assert told(uncertainties=None, **lever(), design={"kind": "given", "file": "rows.csv"}) == [
        "rows.csv, row 3, length: got '7'; expected one of the lever's values: 1, 2; correct it"]


def test_the_page_shows_every_setting_and_an_example_that_is_read() -> None:
    page = (ROOT / "docs" / "study-files.md").read_text("utf-8")
    for model in (StudySettings, Lever, Uncertainty, Distribution, Cycle, Design, Regret):
        assert [name for name in model.model_fields if name not in re.findall(r"\w+", page)] == []
    assert all(f"`{kind}`" in page for kind in TAKES)
    [example] = re.findall(r"```yaml\n(.*?)```", page, re.S)
    path = Path("example.yaml")
    path.write_text(example.replace("../belgium.yaml", str(ROOT / "configs" / "belgium.yaml")), encoding="utf-8")
    assert {factor.group for factor in load(path).factors} == {"flemish_list", "shortage", "housing", "even", "cycle"}


# What a study means ------------------------------------------------------------------------------------------------


def test_what_a_study_holds() -> None:
    made = study(Path(), **lever(), cycle={"loading": 0.5, "by": ["region", "sector"], "sector_loading": 0.3,
                                           "factors": "shortage"})
    assert (made.title, made.reason, made.source) == ("Vale", "A test", "Made up")
    assert made.components == (("Q",), ("R",))
    assert [(factor.name, factor.kind, factor.group) for factor in made.factors] == [
        ("length", "lever", "length"),
        *((f"shortage[{region} {o}]", "uncertainty", "shortage") for region in "QR" for o in (BUILDERS, NURSES)),
        ("cycle", "cycle", "cycle"),
        *((f"cycle:{region} {sector}", "cycle", "cycle") for region in "QR" for sector in ("construction", "health"))]
    assert made.factors[0].values == (1.0, 2.0)
    assert (made.factors[0].low, made.factors[0].high, made.factors[0].base) == (1.0, 2.0, 2.0)
    assert [factor.words for factor in made.factors[:2]] == ["length (list_length.R)", "shortage: The Ridge, Builder"]


def test_what_only_a_listed_occupation_uses_is_no_factor_where_it_can_not_be_listed() -> None:
    world = {"exclusions": [{"region": "R", "occupation": NURSES, "reason": "law"}]}
    taken = {"name": "taken", "table": "parameters", "where": {"parameter": "uptake"}, "by": ["region", "occupation"],
             "distribution": "pert"}
    made = study(Path(), world, uncertainties=[taken, SHORT | {"by": ["region", "occupation"]}])
    assert [factor.name for factor in made.factors] == [
        "taken[Q 0110]", "taken[Q 2221]", "taken[R 0110]", "short[Q 0110]", "short[Q 2221]", "short[R 0110]",
        "short[R 2221]"]  # what stays unfilled counts all the same


def test_scenarios_and_settings_apply_first() -> None:
    path = write(Path(), scenarios=["tight"], set={"list_length.R": 1})
    Path("case/scenarios").mkdir()
    Path("case/scenarios/tight.yaml").write_text(
        "title: t\nreason: r\nsource: s\nset: {list_length.R: 5, minimum_stay.R: 2}\n"
        "scale: [{table: shortages, by: 2}]\n", encoding="utf-8")
    problem = load(path).problem
    assert (problem.rules("R").list_length, problem.rules("R").minimum_stay) == (1, 2)
    assert problem.shortage[BUILDERS, "A1", 2026] == 20


def test_the_digest_changes_with_all_that_decides_a_row(tmp_path: Path) -> None:
    base = study(tmp_path / "one")
    assert study(tmp_path / "two").digest == base.digest
    same: list[dict[str, Any]] = [{"title": "Another"}, {"reason": "other"}, {"regret": {"most": 3}}]
    for n, parts in enumerate(same):
        assert study(tmp_path / f"same{n}", **parts).digest == base.digest
    changes: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {"seed": 2}), ({}, {"gap": 0.02}), ({}, {"time_limit": 30}), ({}, {"design": {"kind": "lhs", "rows": 9}}),
        ({}, lever()), ({}, {"cycle": {"loading": 0.5, "factors": "shortage"}}), ({}, {"set": {"list_length.R": 1}}),
        ({"budgets": []}, {}), ({"shortages": [{"area": "A1", "occupation": BUILDERS, "year": 2026, "low": 5, "central":
                                                10, "high": 21}]}, {})]
    others = [study(tmp_path / f"other{n}", world, **parts) for n, (world, parts) in enumerate(changes)]
    assert len({base.digest, *(other.digest for other in others)}) == len(others) + 1
    assert [other.case_digest == base.case_digest for other in others] == [True] * 6 + [False] * 3
