"""The pages that are printed from the code: `python -m optimiser.docs` writes them, a test compares them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from optimiser.cells import MAX_CODE, cell
from optimiser.config import (
    Applied,
    Config,
    Fairness,
    Future,
    Futures,
    Objective,
    Region,
    RepairPrices,
    ServiceStep,
    Settings,
    Solver,
)
from optimiser.model import objectives
from optimiser.model.build import FAMILIES, Family
from optimiser.scenario import Change, Lock, Scale, Scenario
from optimiser.schema import LIST, PARAMETERS, SERVICE_PARAMETERS, TABLES, Column, Parameter, Table
from optimiser.study.columns import COLUMNS
from optimiser.tables import MAX_BYTES, MAX_CELL, MAX_ROW, MAX_ROWS
from optimiser.texts import catalogue, say

Rule = Callable[..., Any]


def write(folder: Path) -> None:
    """Write `tables.md`, `config.md` and `model.md` into a folder."""
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8", newline="\n")


# The tables --------------------------------------------------------------------------------------------------------


def tables_page() -> str:
    """Every table and column, with meaning, type, unit, range and an example; the conventions of the files."""
    contents = _grid(say("docs.contents_head"), (
        (f"[`{t.file}`](#{t.name}csv)", t.doc.split(". ")[0].rstrip(".") + ".", _yes(t.required)) for t in TABLES))
    conventions = say("docs.tables_conventions", cell=_short(MAX_CELL), file=_short(MAX_BYTES),
                      rows=_short(MAX_ROWS), row=_short(MAX_ROW), code=MAX_CODE)
    return _page(say("docs.tables_intro"), contents, conventions, *map(_table, (*TABLES, LIST)))


def _table(table: Table) -> str:
    parameters = {"parameters": PARAMETERS, "service_parameters": SERVICE_PARAMETERS}.get(table.name, ())
    columns = _grid(say("docs.columns_head"), (
        (f"`{c.name}`", c.doc, _type(c), c.unit, _range(c.minimum, c.maximum), _presence(c), f"`{c.example}`")
        for c in table.columns))
    names = [f"`{name}`" for name in table.key]
    key = say("docs.key" if len(names) == 1 else "docs.keys", columns=", ".join(names))
    presence = say("docs.table_apart" if table is LIST else
                   "docs.table_required" if table.required else "docs.table_optional")
    return _page(f"## {table.file}", f"{table.doc} {presence} {key}", columns,
                 *([_parameters(parameters)] if parameters else []), f"```csv\n{example(table)}```")


def example(table: Table) -> str:
    """A header and one row that the reader accepts."""
    return "".join(",".join(_quoted(getattr(c, part)) for c in table.columns) + "\n" for part in ("name", "example"))


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


def _parameters(parameters: tuple[Parameter, ...]) -> str:
    return _grid(say("docs.parameters_head"), (
        (f"`{p.name}`", p.doc, p.unit, _range(p.minimum, p.maximum), say("docs.whole") if p.whole else "")
        for p in parameters))


def _type(column: Column) -> str:
    if column.kind == "choice":
        return ", ".join(f"`{choice}`" for choice in column.choices) if len(column.choices) < 6 else say("docs.choice")
    return say(f"docs.kind_{column.kind}")


def _range(minimum: float | None, maximum: float | None) -> str:
    return "" if minimum is None else say("docs.range", minimum=_short(minimum), maximum=_short(maximum))


def _short(number: float | None) -> str:
    """A large round number in words: 1,000,000 is easier on the eye than 1000000."""
    return cell(number) if number is None or number < 10_000 else f"{number:,.0f}"


def _presence(column: Column) -> str:
    return say("docs.filled" if column.filled else ("docs.may_be_empty" if column.required else "docs.may_be_absent"))


def _yes(value: bool) -> str:
    return say("docs.yes" if value else "docs.no")


# The settings ------------------------------------------------------------------------------------------------------

SECTIONS: tuple[tuple[type[Settings], str], ...] = (
    (Config, ""), (Region, "regions.REGION."), (Fairness, "regions.REGION.fairness."),
    (Objective, "regions.REGION.objectives.N."), (Solver, "solver."),
    (RepairPrices, "repair_prices."), (ServiceStep, "steps.SERVICE."),
    (Futures, "scenarios."), (Future, "scenarios.futures.N."), (Applied, "applied_scenarios.N."))
SCENARIO_SECTIONS: tuple[tuple[type[Settings], str], ...] = (
    (Scenario, ""), (Lock, "lock.REGION."), (Scale, "scale.N."), (Change, "change.N."))


def config_page() -> str:
    """Every setting with meaning, type, range and what holds when it is left out; scenarios and `--set`."""
    return _page(say("docs.config_intro"), f"```yaml\n{say('docs.config_example')}```",
                 *(_settings(*section) for section in SECTIONS), say("docs.config_set"), say("docs.scenarios_intro"),
                 f"```yaml\n{say('docs.scenario_example')}```", *(_settings(*section) for section in SCENARIO_SECTIONS),
                 say("docs.scenarios_more"))


def _settings(model: type[Settings], prefix: str) -> str:
    schema = model.model_json_schema()
    needed = schema.get("required", [])
    rows = ((f"`{prefix}{name}`", field["description"].replace("\n", " "), _setting_type(field),
             say("docs.needed") if name in needed else _default(field)) for name, field in schema["properties"].items())
    return _page(f"## {say(f'docs.section_{model.__name__.lower()}')}", inspect.getdoc(model) or "",
                 _grid(say("docs.settings_head"), rows))


def _setting_type(field: dict[str, Any]) -> str:
    """What a setting may be, in words, from its JSON schema."""
    if choices := [part for part in field.get("anyOf", []) if part.get("type") != "null"]:
        return f" {say('docs.or')} ".join(map(_setting_type, choices))
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    if "$ref" in field:
        return say("docs.type_settings")
    kind = field.get("type", "any")
    if kind == "array":
        return say("docs.type_list", item=_setting_type(field["items"]))
    if kind == "object":
        names = _setting_type({"type": "string"} | field.get("propertyNames", {}))
        values = next(iter(field.get("patternProperties", {}).values()), field.get("additionalProperties"))
        inner = _setting_type(values) if isinstance(values, dict) else say("docs.type_any")
        return say("docs.type_mapping", names=names, values=inner)
    low, high = field.get("minimum", field.get("exclusiveMinimum")), field.get("maximum")
    word = "above" if "exclusiveMinimum" in field else "range"
    limits = say(f"docs.{word}", minimum=_short(low), maximum=_short(high)) if low is not None else ""
    return " ".join(part for part in (say(f"docs.type_{kind}"), limits) if part)


def _default(field: dict[str, Any]) -> str:
    value = field.get("default")
    if "$ref" in field:
        return say("docs.left_to_its_own")
    if value in (None, "", [], {}):
        return say("docs.no_limit" if value is None else "docs.none")
    if isinstance(value, list):
        return ", ".join(f"`{item['name']}`" for item in value)
    return f"`{cell(value) if isinstance(value, float) else value}`"


# The model ---------------------------------------------------------------------------------------------------------


def model_page() -> str:
    """Notation, the twelve constraint families and the objectives, from the docstrings that stand beside the code."""
    families = [_page(*_heading(f), *(_rule(rule) for rule in f.rules)) for f in FAMILIES]
    aims = [_rule(rule, name) for name, rule in objectives.OBJECTIVES.items()]
    aims += [_rule(rule) for rule in (objectives.worst_area, objectives.even_split, objectives.split,
                                      objectives.tie_break)]
    return _page(say("docs.model_intro"), _notation([*families, *aims]), say("docs.families_intro"), *families,
                 say("docs.objectives_intro"), *aims, say("docs.model_rounding"), say("docs.model_choices"))


def _heading(family: Family) -> tuple[str, str]:
    file = f"{family.rules[0].__module__.replace('.', '/')}.py"
    return (f"### {family.number}. {family.name.replace('_', ' ').capitalize()}",
            say("docs.switched_by", settings=family.switched_by, file=file))


def _rule(rule: Rule, name: str = "") -> str:
    first, _, rest = (inspect.getdoc(rule) or "").partition("\n")
    return _page(f"#### `{name or rule.__name__}`", _mathematics(first), _mathematics(rest.strip()))


def _mathematics(text: str) -> str:
    """Formulas in the marks that GitHub leaves alone: between dollar signs alone, it would eat some backslashes."""
    text = re.sub(r"\$\$(.+?)\$\$", lambda found: f"```math\n{found[1].strip()}\n```", text, flags=re.S)
    return re.sub(r"(?<![$`])\$([^$`]+)\$(?!`)", r"$`\1`$", text)


def words(text: str) -> list[str]:
    r"""The names that formulas use, `\text{...}`, each once, in order of appearance."""
    found = (name.replace("\\_", "_") for name in re.findall(r"\\text\{([^}]+)\}", text))
    return list(dict.fromkeys(found))


def _notation(parts: Iterable[str]) -> str:
    used = [name for name in words("\n".join(parts)) if f"docs.word_{name}" in catalogue("en")]
    known = {name: say(f"docs.word_{name}").split(" | ") for name in used}
    roles = ("decided", "follows", "table", "worked_out")
    grids = []
    for role in roles:
        rows = [(f"`{name}`", *cells[1:]) for name, cells in sorted(known.items()) if cells[0] == role]
        grids += [say(f"docs.role_{role}"), _grid(say("docs.notation_head"), rows)]
    return _page(say("docs.notation_sets"), *grids)


# The store of a study ----------------------------------------------------------------------------------------------


def store_page() -> str:
    """Every table of a study's folder, column by column."""
    parts = [say("docs.store_intro")]
    for name, columns in COLUMNS.items():
        rows = [(f"`{column}`", each.type, each.unit or say("docs.store_no_unit"), each.meaning)
                for column, each in columns.items()]
        if name == "design":
            rows.append((say("docs.store_factors"), "float64", say("docs.store_no_unit"), say("docs.store_factor")))
        parts += [f"## {name}.parquet", _grid(say("docs.store_head"), rows)]
    return _page(*parts)


# Markdown ----------------------------------------------------------------------------------------------------------


def _page(*parts: str) -> str:
    """Parts with an empty line between them."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def _grid(head: str, rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table; `head` names its columns, separated by bars."""
    lines = [[name.strip() for name in head.split("|")]]
    lines += [["---"] * len(lines[0]), *([text.replace("|", "\\|") for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


PAGES: dict[str, Callable[[], str]] = {"tables.md": tables_page, "config.md": config_page, "model.md": model_page,
                                        "study-tables.md": store_page}

if __name__ == "__main__":
    write(Path(__file__).parent.parent / "docs")
