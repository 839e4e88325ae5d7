"""What is asked and answered about a clash: the limits that may be dropped, and those that clash."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

Path = tuple[Hashable, ...]


@dataclass(frozen=True)
class Limit:
    """A row that may be dropped; rows without a Limit always hold.

    Attributes
    ----------
    row : int
    key : tuple of name and index
        What the asker knows the row by.
    path : tuple
        Where the limit belongs, from the kind of limit down to the single row: limits whose paths begin alike are
        looked at together first, and apart only where that tells more.
    measured : int
        How much of the path limits share whose number is measured together.
    step : float
        How far the row moves when the number a reader knows the limit by moves by one; 0 when it has no such number.
    """

    row: int
    key: tuple[str, Path]
    path: Path
    measured: int = 1
    step: float = 1.0

    @property
    def group(self) -> Path:
        """What limits share that are measured together."""
        return self.path[: self.measured]


@dataclass(frozen=True)
class Clash:
    """Limits that no point satisfies together, though some point does without any one part of them.

    Attributes
    ----------
    parts : tuple of tuples of int
        Numbers of the limits, as they were asked about; a part holds one or many of a kind.
    beyond : dict group -> (number, whether it is proved to be the least)
        How far all limits of a group must give way, in the reader's unit, for the others to be met. When it is not
        proved, they must give way at least so far.
    irreducible : bool
        Whether the time was enough to see that no part can be left out.
    """

    parts: tuple[tuple[int, ...], ...]
    beyond: dict[Path, tuple[float, bool]]
    irreducible: bool = True
