"""A list and quotas for several futures: designed for them, not only tested in them."""

from __future__ import annotations

from collections.abc import Sequence

from optimiser.cells import meant
from optimiser.errors import Fault, InputError
from optimiser.explore.ahead.designed import designed
from optimiser.explore.ahead.measures import MEASURES
from optimiser.explore.ahead.words import lines, tables
from optimiser.explore.desk import Desk
from optimiser.explore.finding import Finding
from optimiser.futures import Future
from optimiser.futures import together as checked
from optimiser.problem import Problem
from optimiser.texts import say

ALPHA = 0.9  # where nobody says otherwise, as in the config


def design_list(problem: Problem, futures: Sequence[Future], *, measure: str | None = None, alpha: float | None = None,
                desk: Desk | None = None) -> Finding:
    """The list and quotas that are best over several futures, decided before it is known which one comes.

    Lists of all reviews and quotas of all years are decided once; arrivals, training starts and extra capacity follow
    in every future. Only the first aim counts, which must be `unfilled`, and among equals the fewest permits.

    Parameters
    ----------
    problem : Problem
        The case; its config says `measure` and `alpha` where they are not given.
    futures : sequence of Future
        What may come, as `load_futures` reads them or as made in memory.
    measure : str, optional
        expected (mean over the futures), cvar (mean over the worst share of 1 - alpha) or regret (the most by which
        a future turns out worse than it could have by itself). Of regions that are solved apart, each has its own.
    alpha : float, optional
        For cvar only.
    desk : Desk, optional
        Its gap, seed and progress count; its seconds are for the whole question.

    Returns
    -------
    Finding
        `tables`: design (measures, as intervals), design_futures, design_list, design_quotas.

    Raises
    ------
    InputError
        When the futures differ in more than numbers, the first aim of a region is another, or the measure or its alpha
        is none.
    InfeasibleError
        When a future has no plan, or no list and quotas keep the rules in all of them.
    SolverError
        When none are found in time.
    """
    said = problem.config.scenarios
    measure = measure or (said.measure if said else "expected")
    _refuse_unknown(measure, alpha)
    alpha = (said.alpha if said else ALPHA) if alpha is None else alpha
    futures = checked(futures)
    _refuse_other_aims(futures[0].problem)
    desk = desk or Desk(problem.config.solver.gap, problem.config.solver.time_limit, problem.config.solver.seed)
    found = designed(futures, measure, alpha, desk)
    title = say(f"futures.asked_{measure}", n=len(futures), share=f"{1 - alpha:.0%}")
    facts = {"measure": measure, "alpha": alpha, "futures": [future.name for future in futures]}
    return Finding("design", title, tuple(lines(problem, found)), tables(problem, found), facts)


def _refuse_unknown(measure: str, alpha: float | None) -> None:
    faults = []
    if measure not in MEASURES:
        faults.append(Fault("design", 0, "measure", repr(measure), say("faults.one_of", names=", ".join(MEASURES)),
                            meant(measure, MEASURES) or say("faults.choose_word")))
    if alpha is not None and not 0 < alpha < 1:
        faults.append(Fault("design", 0, "alpha", repr(alpha), say("futures.an_alpha"), say("futures.write_alpha")))
    elif alpha is not None and measure in MEASURES and measure != "cvar":
        faults.append(Fault("design", 0, "alpha", f"{alpha:g}, {measure}", say("futures.no_alpha"),
                            say("futures.leave_alpha")))
    if faults:
        raise InputError(faults)


def _refuse_other_aims(problem: Problem) -> None:
    faults = [Fault("", 0, f"regions.{r}.objectives", say("futures.first_aim", aim=aims[0].name if aims else "-",
                                                            region=r), say("futures.unfilled_first"),
                    say("futures.make_first"))
              for r in problem.regions if not (aims := problem.rules(r).objectives) or aims[0].name != "unfilled"]
    if faults:
        raise InputError(faults)
