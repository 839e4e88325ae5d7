"""YAML read so that nothing changes its meaning: `NO` and `0110` stay text, keys stand once, no aliases."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from optimiser.errors import Fault, InputError, few
from optimiser.plaintext import mojibake, read_text
from optimiser.texts import say

MAX_DEPTH = 20
MAX_BYTES = 1_000_000
MAX_VALUES = 50_000
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?\Z|-?(0|[1-9][0-9]*)[eE][-+]?[0-9]+\Z")
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{2}0\Z")  # 1.800: is it 1800?
_GLUED = re.compile(r"[|>][-+0-9]*#")  # `title: ># a comment`: a text over many lines, or is it?
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}

Lines = dict[tuple[str | int, ...], int]


def read(path: Path) -> tuple[dict[str, Any], Lines]:
    """A YAML file as plain values, and the line each of its settings stands on.

    Raises
    ------
    InputError
        When the file can't be read, is no mapping, repeats a key, uses aliases or is nested too deep.
    """
    file = str(path)
    text = read_text(path, MAX_BYTES)
    try:
        _refuse_tricks(file, text)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise InputError([_unreadable(file, text, error)]) from None
    if not isinstance(node, yaml.MappingNode):
        fault = Fault(file, 1, "", say("faults.no_mapping"), say("faults.mapping"), say("faults.see_config"))
        raise InputError([fault])
    faults: list[Fault] = []
    lines: Lines = {}
    value = _value(file, node, (), lines, faults)
    _refuse(faults)
    return value, lines


def inline(text: str, file: str) -> Any:
    """A value given on the command line, as it would be read in the config: `30`, `[2221, "0110"]`, `{high: 8}`.

    Raises
    ------
    InputError
        When a list, mapping or quoted text is no valid YAML.
    """
    text = text.strip()
    if not text.startswith(("[", "{", '"', "'")):
        return scalar(text)
    faults: list[Fault] = []
    try:
        _refuse_tricks(file, text)
        value = _value(file, yaml.compose(text, Loader=yaml.CSafeLoader), (), {}, faults)
    except yaml.YAMLError as error:
        raise InputError([replace(_unreadable(file, text, error), row=0)]) from None
    _refuse(faults)
    return value


def _refuse(faults: list[Fault]) -> None:
    """Tell the faults; of many of one kind only the first, and how many there are."""
    kinds: dict[str, list[Fault]] = {}
    for fault in faults:
        kinds.setdefault(fault.expected, []).append(fault)
    if kinds:
        raise InputError(told for kind in kinds.values() for told in few(kind, lambda fault: fault))


def _unreadable(file: str, text: str, error: yaml.YAMLError) -> Fault:
    """What the YAML reader stumbled over, and where."""
    mark, position = getattr(error, "problem_mark", None), getattr(error, "position", None)
    row = mark.line + 1 if mark else text[:position].count("\n") + 1
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or say("faults.unreadable_yaml")
    return Fault(file, row, "", str(problem), say("faults.valid_yaml"), say("faults.fix_yaml"))


def _refuse_tricks(file: str, text: str) -> None:
    """Refuse aliases, tags, deep nesting and endless lists before anything is built from them."""
    depth = values = 0

    def refused(name: str, expected: str, hint: str, **values: str) -> InputError:
        return InputError([Fault(file, row, "", say(f"faults.{name}", **values), expected, say(f"faults.{hint}"))])

    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        row = event.start_mark.line + 1
        values += isinstance(event, yaml.NodeEvent)
        if values > MAX_VALUES:
            raise refused("many_values", say("faults.at_most_values", n=MAX_VALUES), "split")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise refused("alias", say("faults.no_alias"), "write_out")
        if getattr(event, "style", None) in ("|", ">") and _GLUED.match(text, event.start_mark.index):
            raise refused("glued_comment", say("faults.space_before_comment"), "add_space")
        if getattr(event, "tag", None):
            raise refused("tag", say("faults.no_tag"), "remove_tag", tag=event.tag)
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > MAX_DEPTH:
                raise refused("deep", say("faults.at_most_deep", n=MAX_DEPTH), "see_config")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1


def _value(file: str, node: yaml.Node, path: tuple[str | int, ...], lines: Lines, faults: list[Fault]) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(file, node, path, lines, faults)
    if isinstance(node, yaml.SequenceNode):
        return [_value(file, item, (*path, i), lines, faults) for i, item in enumerate(node.value)]
    if mojibake(node.value):
        faults.append(Fault(file, lines[path], ".".join(map(str, path)), repr(node.value[:80]), say("faults.utf8"),
                            say("faults.wrong_encoding")))
    quoted = isinstance(node, yaml.ScalarNode) and node.style
    return node.value if quoted else scalar(node.value)  # quoted text stays text


def _mapping(
    file: str, node: yaml.MappingNode, path: tuple[str | int, ...], lines: Lines, faults: list[Fault]
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        row = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            faults.append(Fault(file, row, "", say("faults.complex_key"), say("faults.plain_key"),
                                say("faults.see_config")))
            continue
        key = key_node.value
        if key in result:
            where = ".".join(map(str, (*path, key)))
            faults.append(Fault(file, row, where, say("faults.duplicate_key"), say("faults.key_once"),
                                say("faults.remove_one", row=lines[(*path, key)])))
            continue
        result[key] = _value(file, value_node, (*path, key), lines, faults)
        lines[(*path, key)] = row
    return result


def scalar(text: str) -> Any:
    """What an unquoted word means: a number, true, false, nothing, or otherwise the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text) and len(text) <= 18:
        return int(text)
    if _DECIMAL.match(text) and len(text) <= 40 and not _THOUSANDS.match(text):
        return float(text)
    return text


def dump(value: dict[str, Any]) -> str:
    """Plain values as YAML that `read` gives back unchanged."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that `scalar` would not give back as it is, and writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(scalar(text), str) and re.fullmatch(r"[A-Za-z_][\w /.-]*", text) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
