"""A case read a second time, naively and without the reader: what its files say to whoever takes them at their word.

Tables are read by Python's own csv module and `Decimal`, settings by PyYAML's own parser as texts; the numbers that win
are found by trying every row. Only the names and kinds of columns come from the project.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml
from yaml.scanner import ScannerError

from optimiser.problem import Problem
from optimiser.schema import BY_NAME, TABLES

Row = dict[str, str]
Rows = list[Row]
NUMERIC = ("number", "whole")
DEFAULTS = {"retention": "1", "service_use": "0"}  # where no row speaks of a place that others speak of


class UnclearError(Exception):
    """The text has no one plain meaning: nobody should read it."""


class Quoted(str):
    """A text in quotes: never a number."""


def table(data: bytes) -> Rows:
    """Rows of a CSV file, by the names of its columns."""
    records = [record for record in csv.reader(io.StringIO(data.decode("utf-8"), newline="")) if record]
    if not records or len(set(records[0])) < len(records[0]) or {len(r) for r in records} != {len(records[0])}:
        raise UnclearError
    return [dict(zip(records[0], record, strict=True)) for record in records[1:]]


def number(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise UnclearError(text) from None
    if isinstance(text, Quoted) or not found.is_finite():
        raise UnclearError(text)
    return found


def settings(data: bytes) -> Any:
    """A YAML file with every scalar as the text that stands there.

    A tab between words is white space; PyYAML's own parser doesn't know that.
    """
    text = data.decode("utf-8")
    try:
        return _plain(yaml.compose(text, Loader=yaml.SafeLoader))
    except ScannerError:
        return _plain(yaml.compose(text.replace("\t", " "), Loader=yaml.SafeLoader))


def _plain(node: yaml.Node | None) -> Any:
    if isinstance(node, yaml.MappingNode):
        pairs = [(str(_plain(key)), _plain(value)) for key, value in node.value]
        if len(dict(pairs)) < len(pairs):
            raise UnclearError("a key twice")
        return dict(pairs)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if not isinstance(node, yaml.ScalarNode):
        raise UnclearError("nothing")
    return Quoted(node.value) if node.style else node.value


def patched(config: dict[str, Any], scenario: dict[str, Any], name: str = "s") -> dict[str, Any]:
    """Settings with a scenario's in their places, its locks behind those that stand there, and its name."""
    for path, value in scenario.get("set", {}).items():
        parts = path.split(".")
        if parts[0] not in config and len(parts) > 1 and parts[1] in config["regions"]:
            parts = ["regions", parts[1], parts[0], *parts[2:]]
        holder: Any = config
        for part in parts[:-1]:
            holder = holder[int(part)] if isinstance(holder, list) else holder.setdefault(part, {})
        holder[parts[-1]] = value
    for region, locks in scenario.get("lock", {}).items():
        for word, entries in locks.items():
            if entries:
                held = list(config["regions"][region].get(word, []))
                config["regions"][region][word] = held + [one for one in dict.fromkeys(entries) if one not in held]
    if "title" not in scenario:
        return config  # single settings, which have no name
    told = {"name": Quoted(name)} | {key: scenario[key] for key in ("title", "reason", "source")}
    return config | {"applied_scenarios": [told]}


def changed(tables: dict[str, Rows], scenario: dict[str, Any]) -> dict[str, Rows]:
    """Tables with a scenario's numbers in the rows that it means."""
    tables = dict(tables)
    for change in [*scenario.get("scale", []), *scenario.get("change", [])]:
        found = []
        for row in tables[change["table"]]:
            whole, own = _own(row, change, tables)
            found += [row] if not whole else []
            found += [_calculated(own, change)] if own else []
        tables[change["table"]] = found
    return tables


def _own(row: Row, change: dict[str, Any], tables: dict[str, Rows]) -> tuple[bool, Row | None]:
    """Whether the whole row is meant, and what of it is: nothing, the row, or a part that gets a row of its own."""
    own = dict(row)
    for name, value in change.get("where", {}).items():
        if row[name] == value or (name == "occupation" and _within(row[name], value, tables)):
            continue
        column = next(c for c in BY_NAME[change["table"]].columns if c.name == name)
        if not (column.wild or column.kind == "selector") or not _speaks(row[name], value, name, tables):
            if name == "occupation" and value != "*" and _both(row[name], value, tables):
                raise UnclearError("only some of the occupations")
            return False, None
        own[name] = str(value)
    if own == row:
        return True, own
    key = BY_NAME[change["table"]].key
    rivals = [r for r in tables[change["table"]] if all(_speaks(r[k], own[k], k, tables) for k in key)]
    best = max(rivals, key=lambda r: [_precise(r[k], tables["occupations"]) for k in (
        "occupation", "region", "place", "year") if k in r])
    return False, own if best is row else None


def _members(cell: str, tables: dict[str, Rows]) -> set[str]:
    return set(_meant(cell, "occupation", tables["occupations"], {
        "occupation": lambda _: [o["occupation"] for o in tables["occupations"]]}, {}))


def _within(cell: str, value: str, tables: dict[str, Rows]) -> bool:
    return value != "*" and bool(_members(cell, tables)) and _members(cell, tables) <= _members(value, tables)


def _both(cell: str, value: str, tables: dict[str, Rows]) -> bool:
    return bool(_members(cell, tables) & _members(value, tables))


def _speaks(cell: str, value: str, name: str, tables: dict[str, Rows]) -> bool:
    """Whether a cell speaks of all that a value means."""
    if value != "*" and name == "occupation":
        return cell == value or (bool(_members(value, tables)) and _within(value, cell, tables)) or cell == "*"
    return cell in (value, "*") if value != "*" else cell == "*"


def _calculated(row: Row, change: dict[str, Any]) -> Row:
    """A row with its new numbers."""
    if way := change.get("take"):
        return row | {"low": "", "central": row[way] or row["central"], "high": ""}
    if "to" in change:
        return row | {"low": "", "central": str(number(change["to"])), "high": "", "basis": "assumed"}
    by, add = (number(change.get(name, plain)) for name, plain in (("by", "1"), ("add", "0")))
    numbers = {k: str(round(number(row[k]) * by + add, 9)) for k in ("low", "central", "high") if row[k]}
    return row | numbers | {"basis": "assumed"}


def differences(problem: Problem, tables: dict[str, Rows], config: Any) -> list[str]:
    """Where a Problem says something else than its files."""
    found = [] if same(problem.config.model_dump(exclude_unset=True), config) else ["the settings"]
    found += [name for name, rows in tables.items() if not _same_table(problem, name, rows)]
    for name, numbers in winners(tables, config).items():
        held, nothing = _held(problem, name), Decimal(DEFAULTS.get(name, "-1"))
        if not numbers.keys() <= held.keys() or any(not near(n, numbers.get(key, nothing)) for key, n in held.items()):
            found.append(f"the numbers of {name}")
    return found


def near(one: float, other: Decimal) -> bool:
    """Equal; a scaled number up to the last digits of a float."""
    return one == float(other) or abs(Decimal(one) - other) <= Decimal("1e-9") * max(1, abs(other))


def same(value: Any, plain: Any) -> bool:
    """Whether a setting that was read is what stands in the file."""
    if isinstance(value, dict):
        return isinstance(plain, dict) and value.keys() == plain.keys() and all(same(value[k], plain[k]) for k in value)
    if isinstance(value, (list, tuple)):
        return isinstance(plain, list) and len(value) == len(plain) and all(map(same, value, plain))
    if not isinstance(plain, str):
        return False
    if value is None:
        return not isinstance(plain, Quoted) and plain in ("", "~", "null")
    return value == plain if isinstance(value, str) else Decimal(repr(value)) == number(plain)


def _same_table(problem: Problem, name: str, rows: Rows) -> bool:
    """Whether every cell of a table is what stands in its file; rows are compared in the order of their keys."""
    frame, columns = problem.tables[name], BY_NAME[name].columns
    if len(frame) != len(rows) or any(not row.keys() <= {c.name for c in columns} for row in rows):
        return False
    kinds = {c.name: c.kind in NUMERIC for c in columns}
    key = BY_NAME[name].key
    rows = sorted(rows, key=lambda row: [number(row[k]) if kinds[k] else row[k] for k in key])
    for column in columns:
        for value, row in zip(frame[column.name], rows, strict=True):
            text = row.get(column.name, "")
            if kinds[column.name]:
                if (value == value) != bool(text) or (text and not near(value, number(text))):
                    return False
            elif value != text:
                return False
    return True


# Which numbers win -------------------------------------------------------------------------------------------------


def winners(tables: dict[str, Rows], config: Any) -> dict[str, dict[tuple[str, ...], Decimal]]:
    """Of every table of numbers, the number of each place, occupation and year of the plan, by trying every row."""
    occupations = tables["occupations"]
    areas = {row["area"]: row["region"] for row in tables["areas"] if row["region"] in config["regions"]}
    years = [str(year) for year in range(int(config["first_year"]), int(config["last_year"]) + 1)]
    scopes = {row["service"]: row["scope"] for row in tables["services"]}
    places = {"area": list(areas), "region": list(config["regions"]), "shared": ["shared"]}
    everything = {
        "area": lambda row: list(areas), "region": lambda row: list(config["regions"]), "year": lambda row: years,
        "occupation": lambda row: [o["occupation"] for o in occupations],
        "place": lambda row: places[scopes[row["service"]]]}
    found: dict[str, dict[tuple[str, ...], Decimal]] = {}
    for schema in TABLES:
        if not schema.numeric or schema.name not in tables:
            continue
        best: dict[tuple[str, ...], tuple[tuple[int, ...], Decimal]] = {}
        for row in tables[schema.name]:
            text = row.get(config.get("values", "central"), "") or row["central"]
            if not text:
                continue
            keys, rank = [()], []
            for name in sorted(schema.key, key=["occupation", "region", "place", "year"].count, reverse=True):
                cell = row[name]
                chosen = _meant(cell, name, occupations, everything, row)
                rank.append((name, _precise(cell, occupations)))
                keys = [(*key, (name, one)) for key in keys for one in chosen]
            order = {"occupation": 0, "region": 1, "place": 1, "year": 2}
            ranks = tuple(r for _, r in sorted((order.get(name, 3), r) for name, r in rank))
            for key in keys:
                plain = tuple(value for _, value in sorted(key))
                if plain not in best or best[plain][0] < ranks:
                    best[plain] = (ranks, number(text))
        positive = schema.name in ("shortages", "activatable", "training_places")
        found[schema.name] = {key: n for key, (_, n) in best.items() if n > 0 or not positive}
    return found


def _meant(cell: str, name: str, occupations: Rows, everything: dict[str, Any], row: Row) -> list[str]:
    """What a cell of a key stands for."""
    if name not in everything:
        return [cell] if name != "cohort_year" else [str(int(cell))] * (int(cell) < len(everything["year"](row)))
    if cell == "*":
        return everything[name](row)
    if name != "occupation":
        return [cell] if cell in everything[name](row) else []
    if any(o["occupation"] == cell for o in occupations):
        return [cell]
    word, _, value = cell.partition(":")
    if word == "group":
        return [o["occupation"] for o in occupations if o["occupation"].startswith(value)]
    column = {"sector": "sector", "tier": "skill_tier", "risk": "risk_class", "regulated": "regulated"}[word]
    return [o["occupation"] for o in occupations if o.get(column, "") == value]


def _precise(cell: str, occupations: Rows) -> int:
    """How specific a cell is: everything, an attribute, a group by its length, one."""
    if cell == "*":
        return 0
    if any(o["occupation"] == cell for o in occupations) or ":" not in cell:
        return 1000
    return 1 + len(cell.removeprefix("group:")) if cell.startswith("group:") else 1


def _held(problem: Problem, table: str) -> dict[tuple[str, ...], float]:
    """The numbers that a Problem holds of a table; the parts of a key in the order of their columns' names."""
    p = problem
    if table in ("shortages", "activatable"):
        held = p.shortage if table == "shortages" else p.activatable
        return {(area, o, str(year)): n for (o, area, year), n in held.items()}
    if table == "parameters":
        return {(o, name, r): n for name, numbers in p.parameters.items() for (r, o), n in numbers.items()}
    if table == "retention":
        return {(str(age), o, r): n for (r, o), shares in p.retention.items() for age, n in enumerate(shares)}
    if table == "service_use":
        held = {("0", o, "permit", r, g): n for (g, r, o), n in p.use_permit.items()}
        return held | {(str(age), o, "person", r, g): n for (g, r, o), units in p.use_person.items()
                       for age, n in enumerate(units)}
    if table == "capacities":
        return {(place, g, str(year)): n for (g, place, year), n in p.capacity.items()}
    if table == "service_parameters":
        return {(name, place, g): n for name, numbers in p.service_parameters.items()
                for (g, place), n in numbers.items()}
    if table == "training_places":
        return {(o, r, str(year)): n for (r, o, year), n in p.training_places.items()}
    return {(r, str(year)): n for (r, year), n in (p.permit_total if table == "permit_totals" else p.budget).items()}
