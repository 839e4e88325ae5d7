"""What can go wrong, and how it is said: one line per fault, one exit code per kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from optimiser.texts import say

if TYPE_CHECKING:
    import numpy as np

MAX_FAULTS = 20  # of one kind in one place; one more line counts the others
_LONGEST = 1000  # characters of what one fault got, expected or advises: a line, not a page


@dataclass(frozen=True, order=True)
class Fault:
    """One fault of the input, located, in one line.

    Parameters
    ----------
    file : str
        File in which the fault is.
    row : int
        Line of the file, the header being line 1; 0 when the whole file is meant.
    column : str
        Column of a table, or the dotted path of a setting; empty when none is meant.
    got : str
        What stands there.
    expected : str
        What should stand there.
    hint : str
        What to do about it.
    """

    file: str
    row: int
    column: str
    got: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.row:
            place += f", row {self.row}"
        if self.column:
            place += f", {self.column[:200]}"
        line = f"{place}: got {_brief(self.got)}; expected {_brief(self.expected)}"
        if self.hint:
            line += f"; {_brief(self.hint)}"
        return printable(" ".join(line.split()))


def _brief(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def few(found: Sequence[Any] | np.ndarray, fault: Callable[[Any], Fault]) -> Iterator[Fault]:
    """The faults of the first things found, and one line that counts the others."""
    yield from map(fault, found[:MAX_FAULTS])
    if len(found) > MAX_FAULTS:
        yield replace(fault(found[MAX_FAULTS]), got=say("faults.more", n=len(found) - MAX_FAULTS),
                      expected=say("faults.none_of_these"), hint=say("faults.see_above"))


def printable(line: str) -> str:
    """A line that a terminal shows as it is: what it would not show, or obey, is written as an escape."""
    return line if line.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


class OptimiserError(Exception):
    """Base of every error that a user is told of; `exit_code` is what the command returns."""

    exit_code = 1


class InputError(OptimiserError):
    """The input has faults; all of them are in `faults`."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault]):
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class InfeasibleError(OptimiserError):
    """No plan satisfies every limit; `clashes` names the limits that clash, in words."""

    exit_code = 3

    def __init__(self, message: str, clashes: Iterable[str] = ()):
        self.clashes = tuple(clashes)
        super().__init__(message)


class SolverError(OptimiserError):
    """The solver failed or found no plan within its limits."""

    exit_code = 4


class ResultError(OptimiserError):
    """A result breaks a rule, or a run folder can't be read; `violations` names the rules.

    `study` holds what the solver gave, as texts by file name, when it was a plan that failed.
    """

    exit_code = 5

    def __init__(self, message: str, violations: Iterable[str] = (), study: Mapping[str, str] | None = None):
        self.violations = tuple(violations)
        self.study = dict(study or {})
        super().__init__(message)
