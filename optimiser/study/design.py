"""The rows of a study: a table of positions and lever values, the same for the same study, made by SALib and scipy."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from SALib.sample import ff, morris, sobol
from scipy.stats import qmc

from optimiser.study.factors import BASE, Factor
from optimiser.study.spec import Study

LOW, HIGH = 0.05, 0.95  # positions of designs that try the ends of every range: some distributions have no last one
EDGE = 1e-9  # positions keep this far from 0 and 1
ENDS = ("morris", "fractional")  # kinds whose factors take the ends of their bounds


def design(study: Study) -> pd.DataFrame:
    """The rows of a study, in order; the same study gives the same table.

    Returns
    -------
    DataFrame
        row : int from 0; one column of float per factor, in the order of `study.factors`: the position in (0, 1) of
        an uncertainty or a cycle, the value of a lever; sample : bool, False for row 0, which is the base case (every
        position 0.5, which stands for the central number of the tables; every lever as in the config). The other rows
        are those of the design, in the order in which SALib or scipy gives them.
    """
    rows = _rows(study)
    base = np.array([[factor.base for factor in study.factors]])
    names = [factor.name for factor in study.factors]
    frame = pd.DataFrame(np.vstack([base, rows]), columns=names)
    frame.insert(0, "row", np.arange(len(frame)))
    return frame.assign(sample=frame["row"] > 0)


def salib_problem(study: Study) -> dict[str, Any]:
    """The factors of a study as SALib wants them.

    Returns
    -------
    dict
        num_vars, names, bounds (of positions, or the smallest and largest value of a lever) and, when the design moves
        groups, groups: the name in the study file for every factor.
    """
    ends = study.settings.design.kind in ENDS
    bounds = [[factor.low, factor.high] if factor.kind == "lever" or not ends else [LOW, HIGH]
              for factor in study.factors]
    found: dict[str, Any] = {"num_vars": len(study.factors), "names": [factor.name for factor in study.factors],
                             "bounds": bounds}
    if study.settings.design.groups:
        found["groups"] = [factor.group for factor in study.factors]
    return found


def _rows(study: Study) -> np.ndarray:
    """The rows of the design without the base case, shape (rows, factors)."""
    settings, seed, factors = study.settings.design, study.settings.seed, study.factors
    if settings.kind == "given":
        assert study.given is not None
        return study.given.to_numpy()
    if settings.kind == "one_at_a_time":
        return _one_at_a_time(factors)
    if settings.kind == "grid":
        return np.array([*itertools.product(*(
            one.values if one.kind == "lever" else settings.positions or (BASE,) for one in factors))])
    d, count = len(factors), settings.rows or 0
    if settings.kind == "lhs":
        return _scaled(qmc.LatinHypercube(d, rng=np.random.default_rng(seed)).random(count), factors)
    if settings.kind == "sobol":
        return _scaled(qmc.Sobol(d, rng=np.random.default_rng(seed)).random(count), factors)
    unit = salib_problem(study) | {"bounds": [[0.0, 1.0]] * d}
    if settings.kind == "saltelli":
        return _scaled(sobol.sample(unit, settings.samples or 0, calc_second_order=settings.second_order, seed=seed),
                       factors)
    if settings.kind == "morris":
        rows = morris.sample(unit, settings.trajectories or 0, num_levels=settings.levels, seed=seed)
    else:
        rows = ff.sample(unit, seed=seed)[:, :d]  # SALib adds factors that move nothing
    return _scaled(rows, factors, LOW, HIGH)


def _scaled(unit: np.ndarray, factors: Sequence[Factor], low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Numbers in [0, 1] as positions between `low` and `high`, and as values of levers, each with an equal share."""
    rows = np.clip(low + unit * (high - low), EDGE, 1 - EDGE)
    for i, factor in enumerate(factors):
        if factor.kind == "lever":
            values = np.array(sorted(factor.values))
            rows[:, i] = values[np.minimum((unit[:, i] * len(values)).astype(int), len(values) - 1)]
    return rows


def _one_at_a_time(factors: Sequence[Factor]) -> np.ndarray:
    """Every other value of every lever, and a low and a high position of all else, with the rest at the base case."""
    rows = []
    for i, factor in enumerate(factors):
        for number in factor.values if factor.kind == "lever" else (LOW, HIGH):
            if number != factor.base:
                row = [one.base for one in factors]
                row[i] = number
                rows.append(row)
    return np.array(rows)
