"""The printed pages: committed as they are made, complete, and their examples are accepted by the program."""

from __future__ import annotations

import re
from pathlib import Path

import pyomo.environ as pyo
import pytest

from optimiser import docs, strictyaml
from optimiser.config import (
    Applied,
    Config,
    Fairness,
    Future,
    Futures,
    Objective,
    Places,
    Region,
    RepairPrices,
    ServiceStep,
    Settings,
    Solver,
    parse,
)
from optimiser.model.build import FAMILIES, build
from optimiser.model.frame import frame
from optimiser.model.in_pyomo import InPyomo
from optimiser.model.objectives import OBJECTIVES
from optimiser.problem import load
from optimiser.scenario import Change, Lock, Scale, Scenario
from optimiser.schema import LIST, PARAMETERS, SERVICE_PARAMETERS, TABLES, Table
from optimiser.tables import read

ROOT = Path(__file__).parent.parent


def section(page: str, heading: str) -> str:
    """What stands between a heading and the next one of its level."""
    level = heading.split(" ")[0]
    return page.split(f"{heading}\n", 1)[1].split(f"\n{level} ", 1)[0]


def code(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.S)


@pytest.mark.parametrize("name", docs.PAGES)
def test_committed_page_is_what_the_code_makes(name: str, tmp_path: Path) -> None:
    docs.write(tmp_path)
    made = (tmp_path / name).read_text("utf-8")
    assert (ROOT / "docs" / name).read_text("utf-8") == made, "run: python -m optimiser.docs"


@pytest.mark.parametrize("name", docs.PAGES)
def test_grids_have_one_width(name: str) -> None:
    """Every row of a Markdown table has as many cells as its head; nothing is left unfilled in the words."""
    page = docs.PAGES[name]()
    for grid in re.findall(r"(?:^\|.*\n)+", page, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in grid.splitlines()}) == 1, grid
    assert not re.search(r"\{[a-z_]+\}", re.sub(r"```.*?```|`[^`]*`", "", page, flags=re.S))


@pytest.mark.parametrize("table", (*TABLES, LIST), ids=lambda table: table.name)
def test_every_column_stands_on_the_page(table: Table) -> None:
    page = section(docs.tables_page(), f"## {table.file}")
    for column in table.columns:
        line = next(line for line in page.splitlines() if line.startswith(f"| `{column.name}` |"))
        assert column.doc in line
        assert f"`{column.example}`" in line
        assert column.unit in line
    for parameter in {"parameters": PARAMETERS, "service_parameters": SERVICE_PARAMETERS}.get(table.name, ()):
        assert f"| `{parameter.name}` | {parameter.doc} | {parameter.unit} |" in page


@pytest.mark.parametrize("table", (*TABLES, LIST), ids=lambda table: table.name)
def test_example_row_is_accepted(table: Table, tmp_path: Path) -> None:
    [text] = code(section(docs.tables_page(), f"## {table.file}"), "csv")
    (tmp_path / table.file).write_text(text, encoding="utf-8")
    assert len(read(tmp_path / table.file, table)) == 1


def test_example_rows_make_a_case(tmp_path: Path) -> None:
    """All examples together, and a second area for the commuters, load without a fault."""
    for table in TABLES:
        (tmp_path / table.file).write_text(docs.example(table), encoding="utf-8")
    with (tmp_path / "areas.csv").open("a", encoding="utf-8") as areas:
        areas.write("BE23,BE2,East Flanders,,,,,,\n")
    config = tmp_path / "config.yaml"
    config.write_text("tables: .\nfirst_year: 2026\nlast_year: 2026\nregions: {BE2: {}}\n", encoding="utf-8")
    problem = load(config)
    assert problem.shortage == {("2221", "BE21", 2026): 100}
    assert problem.parameter("weight", "BE2", "2221") == 1.5  # the example's selector is tier:high
    assert problem.reach["BE21"] == ("BE21", "BE23")


@pytest.mark.parametrize("model", [Config, Region, Fairness, Objective, Solver, RepairPrices, ServiceStep, Futures,
                                   Future, Applied, Scenario, Lock, Scale, Change])
def test_every_setting_stands_on_the_page(model: type[Settings]) -> None:
    page = docs.config_page()
    for name, field in model.model_fields.items():
        assert field.description
        meaning = " ".join(field.description.split())
        assert re.search(rf"^\| `[\w.]*\b{name}` \| {re.escape(meaning)} \| [^|]+ \| [^|]+ \|$", page, re.M), name


def test_example_config_and_scenario_are_accepted(tmp_path: Path) -> None:
    config, patch = code(docs.config_page(), "yaml")
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    parsed = parse(strictyaml.read(tmp_path / "config.yaml")[0], Places("config.yaml"))
    assert parsed.regions["BE2"].objectives[0] == Objective(name="unfilled", tolerance=0.002)
    belgium = ROOT / "configs" / "belgium.yaml"  # the example fits the Belgian case, and changes all that it speaks of
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "example.yaml").write_text(patch, encoding="utf-8")
    text = belgium.read_text("utf-8").replace("../data/belgium", str(ROOT / "data" / "belgium"))
    (tmp_path / "belgium.yaml").write_text(text, encoding="utf-8")
    base, case = load(belgium), load(tmp_path / "belgium.yaml", ["example"])
    assert case.rules("BE2").list_length == 30
    assert (case.locked["BE2", "2221"], case.locked["BE2", "5120"]) == (1, 0)
    more = {key: number - base.capacity[key] for key, number in case.capacity.items() if key[0] == "housing"}
    assert {key: number for key, number in more.items() if number} == {("housing", "BE21", 2027): 140}
    assert case.parameter("uptake", "BE3", "8332") == 0.7
    assert case.parameter("uptake", "BE3", "8331") == 0.85
    assert case.shortage["7112", "BE21", 2026] < base.shortage["7112", "BE21", 2026]



def test_every_rule_and_objective_stands_on_the_page() -> None:
    """Also those that a later family adds: the names come from a built model, not from the list of families."""
    page = docs.model_page()
    headings = re.findall(r"^#### `(\w+)`$", page, re.M)
    built = build(InPyomo(frame(load(ROOT / "configs" / "belgium.yaml"), ("BE3",)))).model
    stated = {constraint.local_name for constraint in built.component_objects(pyo.Constraint)}
    assert stated <= set(headings)
    rules = {rule.__name__ for family in FAMILIES for rule in family.rules} | {"even_split"}
    assert rules | {*OBJECTIVES, "split", "tie_break"} | stated == set(headings)
    assert [family.number for family in FAMILIES] == list(range(1, 13))
    for family in FAMILIES:
        part = section(page, f"### {family.number}. {family.name.replace('_', ' ').capitalize()}")
        assert family.switched_by in part
        for rule in family.rules:
            text = section(part, f"#### `{rule.__name__}`")
            assert "```math" in text
            assert "For all" in text
            assert "Unit: " in text


def test_every_name_of_a_formula_is_explained() -> None:
    page = docs.model_page()
    notation = section(page, "## Notation")
    names = docs.words(page)
    assert len(names) > 45
    for name in names:
        assert f"| `{name}` |" in notation


def test_formulas_survive_markdown() -> None:
    """Between plain dollar signs GitHub eats backslashes; the page uses fences and `$` with backticks only."""
    page = docs.model_page()
    assert not re.search(r"\$(?!`)", re.sub(r"`\$|\$`", "", page))
    assert page.count("```math") == len(re.findall(r"^```math$", page, re.M)) > 30
    for formula in code(page, "math"):
        assert formula.count("{") == formula.count("}")


def test_the_architecture_page_speaks_of_what_is_there() -> None:
    """Its number is in the Belgian tables; every room, file and test that it names exists."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    row = "BE32,7212,2027,15.2,28.1,45.1,estimated,estimate"
    assert row in (ROOT / "data" / "belgium" / "shortages.csv").read_text("utf-8").splitlines()
    assert "area BE32, occupation 7212, 2027, low 15.2, central 28.1, high 45.1, estimated, source `estimate`" in page
    for name in re.findall(r"`((?:optimiser|tests)/[\w/.]+)`", page):
        assert (ROOT / name).exists(), name
    rooms = {path.name.removesuffix(".py") for path in (ROOT / "optimiser").iterdir()
             if path.suffix == ".py" or (path / "__init__.py").exists()} - {"__init__", "__main__"}
    table = section(page, "## Rooms")
    picture = section(page, "# The house on one page")
    for room in rooms - {"cli", "docs", "errors", "plan", "solving"}:
        assert re.search(rf"`{room}/?`", table), room
    for room in rooms - {"plan"}:
        assert re.search(rf"\b{room}\b", picture), room
