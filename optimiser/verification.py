"""What second opinions of an answer come to, and what is kept of an answer that nobody may use."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from optimiser.errors import ResultError
from optimiser.model.handover import Handed
from optimiser.model.objectives import SCALES
from optimiser.solver import Answer, Opinion
from optimiser.texts import say


def refuse_contradiction(handed: list[Handed], answers: list[Answer], found: list[list[Opinion]]) -> None:
    """No answer is given that a second opinion contradicts."""
    broken = [say("solve.contradicts", **_named(h, answer, opinion))
              for h, answer, heard in zip(handed, answers, found, strict=False) for opinion in heard
              if opinion.verdict == "contradicts"]
    if broken:
        raise ResultError(say("solve.contradicted"), broken, for_study(handed, answers, broken))


def _named(handed: Handed, answer: Answer, opinion: Opinion) -> dict[str, Any]:
    """Both sides of a second opinion, in published units."""
    scale = SCALES.get(handed.program.stages[0].name, 1.0)
    own = answer.stages[0] if answer.stages else None

    def words(number: float | None) -> str:
        return say("solve.nothing") if number is None else f"{number * scale:,.6g}"

    return {"regions": ", ".join(handed.frame.regions), "method": say(f"solve.{opinion.method}"),
            "value": words(own and own.value), "bound": words(own and own.bound),
            "other_value": words(opinion.value), "other_bound": words(opinion.bound)}


def published(handed: list[Handed], found: list[list[Opinion]]) -> list[dict[str, Any]]:
    """Second opinions as the status of a run tells them: in the units of `objectives.csv`."""
    told = []
    for h, heard in zip(handed, found, strict=False):
        scale = SCALES.get(h.program.stages[0].name, 1.0)
        for opinion in heard:
            value, bound = (None if number is None or not math.isfinite(number) else number * scale
                            for number in (opinion.value, opinion.bound))
            told.append({"regions": list(h.frame.regions), "method": opinion.method, "verdict": opinion.verdict,
                         "value": value, "bound": bound, "seconds": round(opinion.seconds, 3)})
    return told


def for_study(handed: list[Handed], answers: list[Answer], broken: list[str]) -> dict[str, str]:
    """What the solver gave, as it gave it: every column with its bounds, and what is wrong."""
    lines = ["regions,column,value,lower,upper"]
    for h, answer in zip(handed, answers, strict=True):
        values = np.full(len(h.columns), np.nan) if answer.x is None else answer.x
        lines += [f'{" ".join(h.frame.regions)},"{name}",{value!r},{low!r},{high!r}' for name, value, low, high in zip(
            h.program.col_names, values.tolist(), h.program.col_lower.tolist(), h.program.col_upper.tolist(),
            strict=True)]
    return {"broken.txt": "\n".join([*broken, ""]), "solver.csv": "\n".join([*lines, ""])}
