"""What one cell of a table may say, as its column demands, and what to do about one that says something else."""

from __future__ import annotations

import difflib
import math
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable

import numpy as np

from optimiser.plaintext import mojibake
from optimiser.schema import ANY, SELECTOR_WORDS, SHARED, Column
from optimiser.texts import say

MAX_CODE = 100  # characters; as for the codes of a config
NOTHING = math.nan  # what an empty cell of a column of numbers means
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff]")  # hide, or turn text round
_FORMULA = re.compile(r"[=+@-].")  # a spreadsheet that opens the file would compute it
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?")
_DOUBTFUL = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")  # 1.234: is it 1234? The others of its table tell
_THREE_DECIMALS = re.compile(r"-?[0-9]+\.[0-9]{3,}")
_LONGEST_NUMBER = 40
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}|-?[1-9][0-9]{0,2}\.[0-9]{2}0")  # 1.250: it may well be
_SHAPES = {kind: re.compile(shape) for kind, shape in {
    "year": r"(?:19|20|21)[0-9]{2}", "whole": r"-?(?:0|[1-9][0-9]{0,14})",
    "date": r"(?:19|20|21)[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"}.items()}
_RESERVED = re.compile(rf"\*|{SHARED}|(?:{'|'.join(SELECTOR_WORDS)}):.*")  # would be read as something else than a code
_MARKED = re.compile(r"-?[0-9]{1,3}([., '\u00a0\u202f][0-9]{3})+([.,][0-9]+)?")
_WINDOW = 100  # codes before and after, among which a misspelt one is looked for
_MOST_CODES = 5000
_COMPARED = 40  # characters: comparing longer texts takes long and helps nobody


def value(text: str, column: Column, own: bool = False) -> str | float | None:
    """What a cell means: a number, NaN for an empty number, or the text itself; None when it can't stand there.

    `own` says that the column defines its codes, which then must not look like something else.
    """
    numeric = column.kind in ("number", "whole")
    if not text:
        return None if column.filled else NOTHING if numeric else text
    if CONTROL.search(text) or text.strip() != text or mojibake(text):
        return None
    if numeric:
        return _number(text, column)
    if column.kind in _SHAPES:
        fits = bool(_SHAPES[column.kind].fullmatch(text)) or (column.wild and text == ANY)
    elif column.kind in ("choice", "flag"):
        fits = text in _choices(column)
    else:
        fits = column.kind == "text" or len(text) <= MAX_CODE
        fits = fits and not (own and _RESERVED.fullmatch(text)) and not _FORMULA.match(text)
    return text if fits else None


def _number(text: str, column: Column) -> float | None:
    if column.kind == "whole":
        fits = _SHAPES["whole"].fullmatch(text)
    else:
        fits = len(text) <= _LONGEST_NUMBER and NUMBER.fullmatch(text) and not _THOUSANDS.fullmatch(text)
    if not fits:
        return None
    number = float(text) + 0.0  # -0 is 0
    low = -math.inf if column.minimum is None else column.minimum
    high = math.inf if column.maximum is None else column.maximum
    return number if low <= number <= high else None


def doubtful(text: str) -> bool:
    """Whether a number with a decimal point, like 1.234, may be a whole one with a mark between thousands."""
    return bool(_DOUBTFUL.fullmatch(text))


def three_decimals(text: str) -> bool:
    """Whether a number is written with three decimals or more."""
    return bool(_THREE_DECIMALS.fullmatch(text))


def cell(value: object) -> str:
    """A value as the shortest text that means the same; empty for a missing number."""
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if np.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return str(value)


def written(value: object) -> str:
    """A value as `tables.write` puts it into a file: 1.234 with a fourth decimal, so that nobody reads 1234."""
    text = cell(value)
    return f"{text}0" if isinstance(value, (float, np.floating)) and doubtful(text) else text


def got(text: str) -> str:
    """What stands in a cell, as a fault shows it."""
    return repr(text[:80]) if text else say("faults.empty_cell")


def expects(column: Column, own: bool = False) -> str:
    """What a column wants in its cells."""
    if column.kind in ("choice", "flag"):
        return say("faults.one_of", names=", ".join(_choices(column)))
    if column.kind in ("number", "whole"):
        limits = say("faults.between", minimum=cell(column.minimum), maximum=cell(column.maximum))
        return " ".join([say(f"faults.a_{column.kind}"), limits, f"({column.unit})" if column.unit else ""])
    if column.kind in ("year", "date"):
        return say(f"faults.a_{column.kind}_or_any" if column.wild else f"faults.a_{column.kind}")
    return say("faults.a_code" if own else "faults.a_text")


def advice(text: str, column: Column) -> str:
    """What to do about a cell, as far as its shape tells."""
    if not text:
        return say("faults.fill_cell", example=column.example or "...")
    if text != text.strip() or CONTROL.search(text):
        return say("faults.strip_spaces")
    if mojibake(text):
        return say("faults.wrong_encoding")
    if column.kind in ("choice", "flag"):
        return meant(text.lower(), _choices(column)) or say("faults.choose_word")
    if column.kind not in ("number", "whole"):
        if column.kind in ("code", "selector") and len(text) > MAX_CODE:
            return say("faults.shorten_code", n=MAX_CODE)
        if column.kind not in _SHAPES and _FORMULA.match(text):
            return say("faults.no_formula")
        return say("faults.write_like", example=column.example or "2026")
    if _MARKED.fullmatch(text):
        return say("faults.no_thousands")
    if re.fullmatch(r"-?[0-9]+,[0-9]+", text):
        return say("faults.decimal_point", better=text.replace(",", "."))
    if text.lower() in ("na", "nan", "n/a", "-", "?", "null", "none"):
        return say("faults.needs_number" if column.filled else "faults.leave_empty")
    if NUMBER.fullmatch(text):
        return say("faults.check_sign" if text.startswith("-") else "faults.check_unit")
    return say("faults.write_like", example=column.example or "12.5")


def _choices(column: Column) -> tuple[str, ...]:
    return column.choices or ("yes", "no")


def nearest(code: str, codes: Collection[str]) -> str:
    """A hint naming the known code that was probably meant; empty when none is near, or too many are known."""
    for zeros in ("0", "00", "000"):
        if zeros + code in codes:
            return say("faults.lost_zero", name=zeros + code)
    if len(codes) > _MOST_CODES:
        return ""
    names = sorted(codes)
    place = bisect_left(names, code)
    return meant(code, names[max(0, place - _WINDOW):place + _WINDOW])


def meant(name: str, names: Iterable[str]) -> str:
    """A hint naming the nearest of some names; empty when none is near."""
    near = difflib.get_close_matches(name[:_COMPARED], [known for known in names if len(known) <= MAX_CODE], 1)
    return say("faults.did_you_mean", name=near[0]) if near else ""
