"""What "within a share of the best" means while the best is known only to lie between a bound and a plan."""

from __future__ import annotations

import math
from dataclasses import dataclass

from optimiser.errors import Fault, InputError
from optimiser.texts import say

ROUNDING = 0.02  # of the room between the bound and the edge, that publishing three decimals may cost
DIGITS = 1e-9  # what the last digits of a number may be off, relative


@dataclass(frozen=True)
class Nearly:
    """The edge of "within a share of the best", as far as it is known.

    Values are those of the leading aim, least being best; a coverage counts negative.

    Attributes
    ----------
    share : float
        0.01 for within 1 %.
    bound, best : float
        Between them lies the best that is possible.
    """

    share: float
    bound: float
    best: float

    def edge(self, optimum: float) -> float:
        """What a plan may come to if the best is `optimum`; it grows with it, whatever the sign."""
        return optimum + self.share * abs(optimum)

    @property
    def inside(self) -> float:
        """A plan up to this is within the share, whatever the best is."""
        return self.edge(self.bound)

    @property
    def outside(self) -> float:
        """A plan beyond this is not within the share, whatever the best is."""
        return self.edge(self.best)

    @property
    def room(self) -> float:
        """What a plan may lose against the bound and still be inside."""
        return self.inside - self.bound

    @property
    def aimed(self) -> float:
        """A little less than `inside`: what to ask of a search whose plan is then published in few decimals."""
        return self.inside - ROUNDING * self.room

    def surely_in(self, value: float) -> bool:
        """Whether a plan of this value is within the share."""
        return value <= self.inside + DIGITS * abs(self.inside)

    def surely_out(self, bound: float) -> bool:
        """Whether plans that are no better than this are all beyond the share."""
        return bound > self.outside + DIGITS * abs(self.outside)


def refuse_share(share: float) -> None:
    """Refuse what is no share of the best.

    Raises
    ------
    InputError
        Unless it lies from 0 to below 1.
    """
    if not (math.isfinite(share) and 0 <= share < 1):
        raise InputError([Fault("--within", 0, "", f"{share:g}", say("explore.within_share"),
                                say("explore.within_hint"))])


def share_of(text: str) -> float:
    """A share as a person writes it: `1%`, `1 %` or `0.01`.

    Raises
    ------
    InputError
        When it is none.
    """
    number = text.strip().removesuffix("%")
    try:
        share = float(number) / (100 if number != text.strip() else 1)
    except ValueError:
        share = math.nan
    if not (math.isfinite(share) and 0 <= share < 1):
        raise InputError([Fault("--within", 0, "", text or say("faults.nothing"), say("explore.within_share"),
                                say("explore.within_hint"))])
    return share
