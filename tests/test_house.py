"""The house: imports point down only, Pyomo and HiGHS stay in their rooms, files keep their size, texts their place."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from optimiser.texts import catalogue

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "optimiser"
FILES = sorted(PACKAGE.rglob("*.py"))

# From the ground up: a room may import rooms of lower floors and its own, never of higher ones.
FLOORS = [
    {"errors", "texts"},
    {"schema", "plaintext"},
    {"cells", "strictyaml"},
    {"config", "tables"},
    {"selectors", "scenario", "patching"},
    {"consistency"},
    {"numbers"},
    {"problem"},
    {"plan"},
    {"exact", "solver", "storage"},
    {"model", "solution", "clash", "origin", "overview"},
    {"run_folder", "contradictions", "verification", "evidence", "variant", "futures"},
    {"check"},
    {"solving"},
    {"explore"},
    {"study"},
    {"newcase", "generate", "estimate", "docs", "report"},
    {"save"},
    {"__init__", "terminal"},
    {"cli"},
    {"__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Modules a file imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names if node.module == "optimiser")
    return names


def test_every_room_has_its_floor() -> None:
    assert {room(path) for path in FILES} == set(FLOOR)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_only(path: Path) -> None:
    here = FLOOR[room(path)]
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith("optimiser.")}
    above = {name for name in rooms & set(FLOOR) if FLOOR[name] > here}
    typed_only = set(re.findall(r"^    from optimiser\.(\w+) import", path.read_text("utf-8"), re.M)) & above
    if "if TYPE_CHECKING:" in path.read_text("utf-8"):
        above -= typed_only
    assert not above


def test_questions_do_not_know_each_other() -> None:
    """What two kinds of questions share stands beside the desk, not in one of their rooms."""
    explore = PACKAGE / "explore"
    groups = {path.parent.name for path in explore.glob("*/__init__.py")}
    across = {(str(path.relative_to(explore)), name) for path in explore.rglob("*.py") for name in imports(path)
              if name.startswith("optimiser.explore.") and (group := name.split(".")[2]) in groups
              and group != path.parent.name}
    assert groups and not across


@pytest.mark.parametrize(("package", "rooms"), [("pyomo", {"model"}), ("highspy", {"solver"}), ("pydantic", {"config",
                         "scenario", "docs", "study"}), ("rich", {"terminal"}), ("typer", {"cli"}),
                         ("altair", {"report"}), ("xlsxwriter", {"report"}), ("yaml", {"strictyaml", "texts"})])
def test_libraries_stay_in_their_rooms(package: str, rooms: set[str]) -> None:
    users = {room(path) for path in FILES if any(name.split(".")[0] == package for name in imports(path))}
    assert users <= rooms


def test_files_have_one_role_and_a_readable_size() -> None:
    long = {str(path.relative_to(ROOT)): n for path in FILES
            if (n := len(path.read_text("utf-8").splitlines())) > 400}
    assert not long


def test_every_text_asked_for_exists_and_every_text_is_asked_for() -> None:
    source = "\n".join(path.read_text("utf-8") for path in FILES)
    texts = set(catalogue("en"))
    themes = {key.split(".")[0] for key in texts}
    said = set(re.findall(r"say\(\s*f?\"([a-z_]+\.[a-z0-9_.]*)", source))
    quoted = set(re.findall(r"\"([a-z_]+\.[a-z0-9_.]+)\"", source))
    begun = {start for start in re.findall(r"f\"([a-z_]+\.[a-z_]*)\{", source) if start.split(".")[0] in themes}
    assert {key.split(".")[0] for key in said} <= themes
    assert said - begun <= texts
    assert all(any(key.startswith(start) for key in texts) for start in begun)
    assert {key for key in texts - quoted if not key.startswith(tuple(begun))} == set()


def test_texts_are_well_formed() -> None:
    for key, text in catalogue("en").items():
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        assert all(name.isidentifier() for name in names), key


def test_the_project_stands_alone() -> None:
    """Nothing reads a folder outside the project, and no file names an index address."""
    hosts = re.compile("|".join(["py" + r"pi\.org", "python" + r"hosted\.org"]))
    for path in [*FILES, *ROOT.glob("*.lock"), *ROOT.glob("*.toml"), *ROOT.glob("*.md")]:
        text = path.read_text("utf-8")
        assert "../shared" not in text
        assert not hosts.search(text)
