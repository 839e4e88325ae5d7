"""The work of one process: the answer to one task of a study, whatever becomes of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from optimiser.study.agenda import failed, in_a_line
from optimiser.study.content import component_name
from optimiser.study.store import Result, Task

if TYPE_CHECKING:
    from optimiser.study.answer import Answering
    from optimiser.study.factors import Variants
    from optimiser.study.spec import Study

_desks: dict[str, tuple[Variants, Answering]] = {}  # by digest of the study: its variants, and who answers them


def answer(study: Study, task: Task) -> Result:
    """Answer one task in this process; what was learned from earlier ones of the same study is at hand.

    Whatever goes wrong is the task's result: status `failed`, with the reason.
    """
    began = time.monotonic()
    try:
        variants, answering = desk(study)
        found = answering.answer(variants.problem(task.values), task.component)
    except Exception as error:
        return failed(task, in_a_line(error), time.monotonic() - began)
    return Result(task.row, component_name(task.component), task.content, found.status, found.reason, found.gap,
                  found.seconds, -1, tuple(found.outcomes), tuple(found.listed))


def desk(study: Study) -> tuple[Variants, Answering]:
    """Variants of a study and who answers them, kept by this process from one task to the next."""
    from optimiser.study.factors import Variants

    if study.digest not in _desks:
        _desks.clear()  # a worker of a cluster may have served another study
        _desks[study.digest] = Variants(study), answering_of(study)
    return _desks[study.digest]


def answering_of(study: Study) -> Answering:
    """Who answers the variants of a study, knowing what is known of its base case."""
    from optimiser.study.answer import Answering

    limits = study.settings
    return Answering(study.problem, limits.gap, limits.time_limit, limits.seed, study.learned)


def taught(study: Study, jobs: int) -> Study:
    """The study with what its base case tells, worked out once on `jobs` processes so that no worker has to."""
    return replace(study, learned=answering_of(study).learn(study.components, jobs))
