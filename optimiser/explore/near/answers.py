"""The answers of a long exploration, kept in a file as they come, so that an interrupted one goes on where it was.

One JSON object a line: first what the exploration is about, then the answers. Every line ends in a checksum over
itself and all lines before it. A last line that was cut off in the middle is dropped; anything else is a fault.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optimiser.errors import Fault, InputError, OptimiserError
from optimiser.explore.near.binning import Told
from optimiser.plaintext import read_text
from optimiser.texts import say

MAX_BYTES = 500_000_000


class Answers:
    """A file of answers; `known` are those that stood in it when it was opened.

    Parameters
    ----------
    path : Path or None
        Where they are kept; None keeps nothing.
    about : dict of text
        What the exploration is about. A file about anything else is refused; the names say how the two differ.

    Raises
    ------
    InputError
        When the file is about something else, or can't be read.
    """

    def __init__(self, path: Path | str | None, about: Mapping[str, str]):
        self.path = None if path is None else Path(path)
        self.known: list[Told] = []
        self._sum, self._held = "", 0
        if self.path is None:
            return
        if self.path.exists():
            self._read(dict(about))
        if not self._held:
            self._append({"about": dict(about)})

    def add(self, told: Told) -> None:
        """Keep an answer; it is on disk when this returns."""
        if self.path is not None:
            self._append(_written(told))

    def forget(self) -> None:
        """Remove the file: what it was for is done."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _append(self, record: dict[str, Any]) -> None:
        assert self.path is not None
        text = json.dumps(record, sort_keys=True, allow_nan=False)
        self._sum = _chained(self._sum, text)
        line = f"{text}\t{self._sum}\n".encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.truncate(self._held)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OptimiserError(say("explore.answers_disk", file=self.path, reason=error.strerror)) from None
        self._held += len(line)

    def _read(self, about: dict[str, str]) -> None:
        assert self.path is not None
        whole, _, cut = read_text(self.path, MAX_BYTES).rpartition("\n")
        for row, line in enumerate(whole.split("\n") if whole else [], start=1):
            text, _, found = line.partition("\t")
            self._sum = _chained(self._sum, text)
            record: Any = None
            try:
                record = json.loads(text)
                told = _read_back(record) if row > 1 else None
            except (ValueError, KeyError, TypeError, RecursionError):
                found, told = "", None
            if found != self._sum:
                raise InputError([Fault(str(self.path), row, "", say("explore.answers_spoiled"),
                                        say("explore.answers_as_written"), say("explore.answers_fresh"))])
            if row == 1:
                self._refuse_other(record["about"], about)
            elif told:
                self.known.append(told)
            self._held += len(line.encode()) + 1

    def _refuse_other(self, was: dict[str, str], now: dict[str, str]) -> None:
        differ = [name for name in now if was.get(name) != now[name]]
        if differ:
            raise InputError([Fault(str(self.path), 1, name, say(f"explore.answers_{name}", was=was.get(name, "")),
                                    say(f"explore.answers_{name}_now", now=now[name]), say("explore.answers_fresh"))
                              for name in differ])


def _chained(before: str, text: str) -> str:
    return hashlib.sha256(f"{before}{text}".encode()).hexdigest()[:16]


def _written(told: Told) -> dict[str, Any]:
    return {"regions": list(told.regions), "forced": None if told.about is None else list(told.about),
            "value": _finite(told.value), "bound": _finite(told.bound), "impossible": told.bound == math.inf,
            "listed": None if told.listed is None else sorted(map(list, told.listed)), "effort": told.effort}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _read_back(record: dict[str, Any]) -> Told:
    forced, listed = record["forced"], record["listed"]
    bound = math.inf if record["impossible"] else -math.inf if record["bound"] is None else float(record["bound"])
    return Told(tuple(map(str, record["regions"])),
                None if forced is None else (str(forced[0]), str(forced[1]), bool(forced[2])),
                math.inf if record["value"] is None else float(record["value"]), bound,
                None if listed is None else frozenset((str(r), str(o), int(e)) for r, o, e in listed),
                int(record["effort"]))
