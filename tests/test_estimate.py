"""The shortage estimate: a tiny country by hand, and the committed Belgian table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from refusal import LINE

from optimiser import estimate, tables
from optimiser.errors import InputError
from optimiser.problem import load
from optimiser.schema import BY_NAME

BELGIUM = Path(__file__).parents[1] / "data" / "belgium"
NOTHING_OFF = ("count", "year_of_age", "prior_high", "prior_medium", "prior_low")

# Two areas with 300 and 100 people. Hard to fill: (50 + 50 + 40 + 40) of (100 + 100 + 80 + 80) projects = 0.5.
TINY = {
    "areas": ["area,region,population", "A1,R,300", "A2,R,100"],
    "occupations": ["occupation,sector,skill_tier", "0110,construction,medium", "0220,construction,medium",
                    "2221,health,high", "4321,trade,medium", "9999,trade,low"],
    "evidence/region_totals": ["region,quantity,low,central,high,basis,source", "R,open_posts,300,400,500,observed,S",
                               "R,listed_share,0.5,0.5,0.5,observed,S"],
    "evidence/sector_totals": ["region,sector,kind,low,central,high,listed_share,basis,source",
                               "R,construction,survey,60,80,100,0.5,observed,S"],
    "evidence/occupation_counts": ["place,occupation,count,year,basis,source", "R,2221,40,2024,observed,S",
                                   "A1,2221,20,2025,observed,S2"],
    "evidence/shortage_lists": ["region,occupation,title,list,year,listed,confidence,source",
                                *(f"R,{code},Title,List,2026,yes,low,S" for code in ("0110", "0220", "2221", "4321")),
                                "R,9999,Left the list,List,2026,no,low,S"],
    "evidence/hiring_difficulty": ["occupation,projects,difficult_projects,seasonal_projects,coverage,confidence,"
                                   "source",
                                   "0110,100,50,0,1,high,S", "0220,100,50,50,1,high,S", "2221,80,40,0,1,high,S",
                                   "4321,16,8,0,0.2,low,S", "9999,500,500,0,1,low,S"],
    "evidence/uncertainty": ["quantity,share,basis,source", *(f"{name},0,assumed,S" for name in NOTHING_OFF)],
    "evidence/year_levels": ["year,low,central,high,basis,source", "2026,1,1,1,assumed,S", "2027,0.9,1,1.1,assumed,S"],
    "evidence/activation": ["region,skill_tier,low,central,high,basis,source", "R,medium,0.1,0.1,0.1,assumed,S"],
}


def write_tiny(folder: Path, **changes: list[str]) -> Path:
    (folder / "evidence").mkdir(parents=True)
    for name, lines in (TINY | {f"evidence/{name}": lines for name, lines in changes.items()}).items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def cell(frame: pd.DataFrame, area: str, occupation: str, year: str = "2026") -> dict[str, object]:
    rows = frame[(frame["area"] == area) & (frame["occupation"] == occupation) & (frame["year"] == year)]
    assert len(rows) == 1
    return {str(name): value for name, value in rows.iloc[0].items()}


@pytest.fixture(scope="module")
def evidence() -> dict[str, pd.DataFrame]:
    return estimate.read(BELGIUM)


@pytest.fixture(scope="module")
def belgium() -> pd.DataFrame:
    return estimate.build(BELGIUM)


def test_tiny_country_by_hand(tmp_path: Path) -> None:
    """Region 400 x 0.5 x 0.5 = 100; construction 80 x 0.5 x 0.5 = 20, shared 50 : 25; nurses are 20 + 40/4 = 30;
    the other 50 go to 4321, the only occupation left. Areas 3 : 1."""
    table = estimate.build(write_tiny(tmp_path))
    expected = {("A1", "0110"): 10.0, ("A2", "0110"): 3.3, ("A1", "0220"): 5.0, ("A2", "0220"): 1.7,
                ("A1", "2221"): 20.0, ("A2", "2221"): 10.0, ("A1", "4321"): 37.5, ("A2", "4321"): 12.5}
    now = table[table["year"] == "2026"]
    found = now.set_index(["area", "occupation"])["central"].to_dict()
    assert found == pytest.approx(expected)


def test_low_and_high_follow_the_anchors_and_the_year(tmp_path: Path) -> None:
    """Low run of construction: 60 x 0.5 x 0.5 = 15, two thirds to 0110, three quarters to A1 = 7.5; 2027: x 0.9."""
    table = estimate.build(write_tiny(tmp_path))
    assert cell(table, "A1", "0110")["low"] == pytest.approx(7.5)
    assert cell(table, "A1", "0110")["high"] == pytest.approx(12.5)
    assert cell(table, "A1", "0110", "2027")["low"] == pytest.approx(6.8)
    assert cell(table, "A1", "0110", "2027")["central"] == pytest.approx(10)


def test_ranges_widen_with_age_and_with_weak_priors(tmp_path: Path) -> None:
    """A count of 2025 for 2026: 10 % + 1 year x 5 %; an estimate on a weak mapping: 40 % below the low run."""
    folder = write_tiny(tmp_path, uncertainty=["quantity,share,basis,source", "count,0.1,assumed,S",
                                               "year_of_age,0.05,assumed,S", "prior_high,0,assumed,S",
                                               "prior_medium,0,assumed,S", "prior_low,0.4,assumed,S"])
    table = estimate.build(folder)
    assert [cell(table, "A1", "2221")[value] for value in estimate.VALUES] == pytest.approx([17, 20, 23])
    # Low run: 300 x 0.5 x 0.5 - 15 construction - (17 + 40 x 0.8 / 4) nurses = 35; three quarters, less 40 %.
    assert cell(table, "A1", "4321")["low"] == pytest.approx(15.8)


def test_basis_says_how_each_cell_is_known(tmp_path: Path) -> None:
    """The area's own count is observed in the year of the figures only; a split count is derived."""
    table = estimate.build(write_tiny(tmp_path))
    assert (cell(table, "A1", "2221")["basis"], cell(table, "A1", "2221")["source"]) == ("observed", "S2")
    assert cell(table, "A1", "2221", "2027")["basis"] == "derived"
    assert (cell(table, "A2", "2221")["basis"], cell(table, "A2", "2221")["source"]) == ("derived", "S")
    assert (cell(table, "A1", "0110")["basis"], cell(table, "A1", "0110")["source"]) == ("estimated", "estimate")


def test_an_occupation_off_the_lists_has_no_shortage(tmp_path: Path) -> None:
    assert "9999" not in set(estimate.build(write_tiny(tmp_path))["occupation"])


def test_activatable_is_a_share_of_the_shortage(tmp_path: Path) -> None:
    table = estimate.build_all(write_tiny(tmp_path))["activatable"]
    assert cell(table, "A1", "4321")["central"] == pytest.approx(3.8)
    assert "2221" not in set(table["occupation"])  # no rate for its tier


def test_counts_above_their_total_are_a_fault(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path, occupation_counts=["place,occupation,count,year,basis,source",
                                                     "R,0110,21,2026,observed,S"])
    with pytest.raises(InputError) as caught:
        estimate.build(folder)
    assert "sector construction" in str(caught.value.faults[0])


def test_contradictions_are_told_together(tmp_path: Path) -> None:
    """An area's count without one of its region, and a listed occupation without a prior."""
    folder = write_tiny(tmp_path, occupation_counts=["place,occupation,count,year,basis,source",
                                                     "A2,4321,5,2026,observed,S"],
                        shortage_lists=[*TINY["evidence/shortage_lists"], "R,1234,New,List,2026,yes,low,S"])
    with pytest.raises(InputError) as caught:
        estimate.build(folder)
    assert len(caught.value.faults) == 2


UNFIT = {  # table, line number, the line instead -> what is told of it
    ("evidence/occupation_counts", 2, "A9,2221,20,2025,observed,S2"): "row 3, place: got 'A9'; expected a region or",
    ("evidence/shortage_lists", 0, "Q,0110,Title,List,2026,yes,low,S"): "region: got 'Q'; expected a region that areas",
    ("evidence/region_totals", 1, "Q,open_posts,300,400,500,observed,S"): "row 2, region: got 'Q'; expected a region",
    ("evidence/region_totals", 2, ""): "quantity: got no row for R, listed_share; expected one row for each; add it",
    ("evidence/uncertainty", 2, ""): "quantity: got no row for year_of_age; expected one row for each; add it",
    ("evidence/year_levels", (1, 2), ""): "year_levels.csv, year: got no row for year",
    ("evidence/sector_totals", 1, "R,health care,survey,60,80,100,0.5,observed,S"):
        "row 2, sector: got 'health care'; expected listed occupations with hiring projects",
    ("areas", 2, "A2,R,0"): "areas.csv, row 3, population: got 0; expected a number of people above 0",
    ("areas", 1, "A1,R,"): "areas.csv, row 2, population: got nothing; expected a number of people above 0",
}


@pytest.mark.parametrize(("table", "at", "line"), UNFIT)
def test_evidence_that_does_not_fit_together_is_named(tmp_path: Path, table: str, at: int | tuple[int, int],
                                                      line: str) -> None:
    """Nothing is left out in silence: not a place or region nobody knows, not a total with nobody to share it."""
    changed = list(TINY[table])
    for number in (at,) if isinstance(at, int) else reversed(at):
        changed[number:number + 1] = ([changed[0], line] if number == 0 else [line] if line else [])
    folder = write_tiny(tmp_path)
    (folder / f"{table}.csv").write_text("\n".join(changed) + "\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        estimate.build(folder)
    assert UNFIT[table, at, line] in str(caught.value)
    assert all(LINE.fullmatch(str(fault)) for fault in caught.value.faults)


def test_missing_evidence_is_a_fault(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path)
    (folder / "evidence" / "activation.csv").unlink()
    with pytest.raises(InputError) as caught:
        estimate.build(folder)
    assert caught.value.faults[0].file.endswith("activation.csv")


@pytest.mark.parametrize("name", ["shortages", "activatable"])
def test_committed_tables_are_what_the_procedure_makes(name: str, tmp_path: Path) -> None:
    table = BY_NAME[name]
    tables.write(estimate.build_all(BELGIUM)[name], table, tmp_path / table.file)
    assert (BELGIUM / table.file).read_bytes() == (tmp_path / table.file).read_bytes()


def test_belgian_ranges_are_in_order(belgium: pd.DataFrame) -> None:
    assert ((belgium["low"] <= belgium["central"]) & (belgium["central"] <= belgium["high"])).all()
    assert (belgium["low"] >= 0).all()


@pytest.mark.parametrize("region", ["BE2", "BE3"])
def test_belgian_totals_add_up_to_their_anchors(region: str, belgium: pd.DataFrame,
                                                evidence: dict[str, pd.DataFrame]) -> None:
    """Within rounding: one decimal in each cell."""
    now = belgium[(belgium["year"] == "2026") & belgium["area"].str.startswith(region)]
    now = now.merge(evidence["occupations"][["occupation", "sector"]], on="occupation")
    short = estimate.short_occupations(evidence)
    short = short[short["region"] == region]
    total = estimate.region_anchor(short, evidence, region, "central")
    assert now["central"].sum() == pytest.approx(total, abs=0.05 * len(now))
    for sector, anchor in estimate.sector_anchors(short, evidence, region, "central").items():
        rows = now[now["sector"] == sector]
        assert rows["central"].sum() == pytest.approx(anchor, abs=0.05 * len(rows))


def test_belgian_counts_stand_as_published(belgium: pd.DataFrame, evidence: dict[str, pd.DataFrame]) -> None:
    counts = evidence["occupation_counts"]
    own = counts[counts["place"].isin(evidence["areas"]["area"])]
    for row in own.to_dict("records"):
        assert cell(belgium, row["place"], row["occupation"])["central"] == row["count"]
    mixed = set(own["occupation"])
    now = belgium[belgium["year"] == "2026"]
    for row in counts[counts["place"].isin(["BE2", "BE3"])].to_dict("records"):
        if row["occupation"] in mixed and row["place"] == "BE2":
            continue  # the provinces' own counts replace part of it
        rows = now[(now["occupation"] == row["occupation"]) & now["area"].str.startswith(row["place"])]
        assert rows["central"].sum() == pytest.approx(row["count"], abs=0.05 * len(rows))


def test_only_occupations_on_a_regions_own_lists_are_short(belgium: pd.DataFrame,
                                                           evidence: dict[str, pd.DataFrame]) -> None:
    lists = evidence["shortage_lists"]
    listed = lists[lists["listed"] == "yes"]
    for region in ("BE2", "BE3"):
        found = set(belgium[belgium["area"].str.startswith(region)]["occupation"])
        assert found == set(listed[listed["region"] == region]["occupation"])


def test_row_order_of_the_evidence_changes_nothing(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "as_is")
    turned = write_tiny(tmp_path / "turned", **{name.removeprefix("evidence/"): [lines[0], *reversed(lines[1:])]
                                                for name, lines in TINY.items() if name.startswith("evidence/")})
    pd.testing.assert_frame_equal(estimate.build(folder), estimate.build(turned))


def test_list_lengths_are_those_of_the_official_lists(evidence: dict[str, pd.DataFrame]) -> None:
    """21 Flemish decree entries and 56 Walloon ones; every unit group on them is short and has titles in three
    languages."""
    problem = load(BELGIUM.parents[1] / "configs" / "belgium.yaml")
    in_force = problem.tables["list_in_force"]
    flemish, walloon = (in_force[in_force["region"] == region] for region in ("BE2", "BE3"))
    assert flemish["entry"].str.split(" ").str[0].nunique() == 21
    assert walloon["entry"].nunique() == 56
    short = estimate.short_occupations(evidence)
    for region, rows in (("BE2", flemish), ("BE3", walloon)):
        assert problem.rules(region).list_length == rows["occupation"].nunique()
        assert set(rows["occupation"]) <= set(short[short["region"] == region]["occupation"])
    titles = problem.tables["occupations"][["title_en", "title_nl", "title_fr"]]
    assert (titles != "").all().all()
    assert not titles["title_en"].duplicated().any()


def test_tables_that_stand_are_replaced_only_when_asked(tmp_path: Path) -> None:
    country = write_tiny(tmp_path / "country")
    estimate.write(country)
    made = {name: (country / name).read_bytes() for name in ("shortages.csv", "activatable.csv")}
    (country / "shortages.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"shortages\.csv.*--force") as caught:
        estimate.write(country)
    assert len(caught.value.faults) == 2 and (country / "shortages.csv").read_text("utf-8") == "mine"
    estimate.write(country, force=True)
    assert {name: (country / name).read_bytes() for name in made} == made
    assert sorted(path.name for path in country.iterdir()) == [
        "activatable.csv", "areas.csv", "evidence", "occupations.csv", "shortages.csv"]
