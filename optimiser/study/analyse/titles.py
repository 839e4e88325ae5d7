"""What the codes of a study are called: in its lines, on its page and in the terminal alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optimiser.study.analyse.kinds import LISTING
from optimiser.texts import catalogue, say

if TYPE_CHECKING:
    from optimiser.study.spec import Study


@dataclass(frozen=True)
class Titles:
    """Titles of regions and occupations, and factors in words; without any, codes stand for themselves.

    Attributes
    ----------
    regions, occupations : mapping code -> title
    factors : mapping column of the design -> words
    language : str
    """

    regions: Mapping[str, str] = field(default_factory=dict)
    occupations: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"

    @classmethod
    def of(cls, study: Study, language: str = "en") -> Titles:
        """Those of a study's case."""
        problem = study.problem
        regions, occupations = ({str(code): problem.title(table, str(code), language)
                                 for code in problem.tables[table].iloc[:, 0]} for table in ("regions", "occupations"))
        return cls(regions, occupations, {factor.name: factor.words for factor in study.factors}, language)

    def region(self, code: object) -> str:
        """`Flanders`; `Flanders and Wallonia` for regions that were solved together."""
        if str(code) in self.regions or not set(parts := str(code).split("-")) <= set(self.regions):
            return self.regions.get(str(code), str(code))
        names = [self.regions[part] for part in parts]
        return say("study_analyse.together", self.language, first=", ".join(names[:-1]), last=names[-1])

    def occupation(self, code: object) -> str:
        """`Nurse (2221)`, or the code alone where it has no title."""
        title = self.occupations.get(str(code), str(code))
        return title if title == str(code) else f"{title} ({code})"

    def factor(self, name: object) -> str:
        """A factor in words; a group of factors is called as in the study file."""
        return self.factors.get(str(name), str(name))

    def target(self, kind: object, target: object) -> str:
        """What is moved: an occupation, an outcome, or whether there is a plan at all."""
        key = f"study_analyse.word_{target}"
        return self.occupation(target) if kind == LISTING else (
            say(key, self.language) if key in catalogue("en") else str(target))
