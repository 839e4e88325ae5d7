"""How a search went: best value and bound over time, the gap at a moment, the time to a gap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Trajectory:
    """Best value and bound of a minimisation over time, each the best told so far.

    Attributes
    ----------
    points : list of (seconds, value or None, bound or None)
    finished : bool
        Whether the search ended by itself, so that its last state holds for ever.
    """

    points: list[tuple[float, float | None, float | None]] = field(default_factory=list)
    finished: bool = False

    def note(self, seconds: float, value: float | None, bound: float | None) -> None:
        """Remember what was told; what is no better than before changes nothing."""
        _, best, proved = self.points[-1] if self.points else (0.0, None, None)
        value = best if value is None or (best is not None and best < value) else value
        bound = proved if bound is None or (proved is not None and proved > bound) else bound
        if (value, bound) != (best, proved):
            self.points.append((seconds, value, bound))

    def end(self, seconds: float, value: float | None, bound: float | None, finished: bool) -> None:
        """The last state, as it is, better or worse than what was told."""
        self.points.append((seconds, value, bound))
        self.finished = finished

    def at(self, seconds: float) -> tuple[float | None, float | None]:
        """Value and bound at a moment."""
        number = bisect_right(self.points, seconds, key=lambda point: point[0])
        return self.points[number - 1][1:] if number else (None, None)

    @property
    def last(self) -> tuple[float | None, float | None]:
        """Value and bound at the end."""
        return self.points[-1][1:] if self.points else (None, None)

    def gap_at(self, seconds: float, limit: float) -> float | None:
        """The gap at a moment of a search that was given `limit` seconds; None beyond what it was given.

        What a search tells when its time is over counts as told at its limit.
        """
        if seconds > limit and not self.finished:
            return None
        return gap(*(self.last if seconds >= limit else self.at(seconds)))

    def seconds_to(self, target: float) -> float | None:
        """Seconds until the gap was at most `target`; None when it never was."""
        for seconds, value, bound in self.points:
            reached = gap(value, bound)
            if reached is not None and reached <= target:
                return seconds
        return None


def gap(value: float | None, bound: float | None) -> float | None:
    """Distance of a value to its bound as a share of the value; negative where a bound is beyond the value."""
    if value is None or bound is None:
        return None
    return 0.0 if value == bound else (value - bound) / max(abs(value), 1e-8)


def together(parts: Sequence[Trajectory]) -> Trajectory:
    """Parts of a country, searched side by side, as one search: values and bounds are sums.

    There is no value (or bound) before every part has one.
    """
    whole = Trajectory(finished=all(part.finished for part in parts))
    for seconds in sorted({point[0] for part in parts for point in part.points}):
        values, bounds = zip(*(part.at(seconds) for part in parts), strict=True)
        state = _sum(values), _sum(bounds)
        if state != (whole.last if whole.points else (None, None)):
            whole.points.append((seconds, *state))
    return whole


def _sum(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
