"""Tables of a store made by hand, for tests of what is worked out from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from optimiser.study.analyse.sample import Sample, sample_of

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def tables(x: np.ndarray, unfilled: Mapping[str, np.ndarray],
           listed: Mapping[tuple[str, str], np.ndarray] | None = None, *, names: Sequence[str] = (),
           infeasible: Sequence[tuple[int, str]] = (), gap: float = 0.0, quota: float = 10.0) -> Tables:
    """design, status, outcomes, listed of rows 1, 2, ... and of a base row 0 at one half, with unfilled 1 and no list.

    Parameters
    ----------
    x : array, rows x factors
    unfilled : region -> array of rows; NaN where there is no plan
    listed : (region, occupation) -> array of rows; in how many reviews, from the first on, it is listed
    infeasible : pairs of a row and a region that was proved to have no plan
    gap : bound = (1 - gap) x value
    """
    names = list(names) or [f"x{j}" for j in range(x.shape[1])]
    design = pd.DataFrame(np.vstack([np.full(x.shape[1], 0.5), x]), columns=names)
    design.insert(0, "sample", [False, *[True] * len(x)])
    design.insert(0, "row", range(len(design)))
    proved = set(infeasible)
    status, outcomes, rows = [], [], []
    for region, y in unfilled.items():
        for row, value in enumerate([1.0, *y]):
            word = "infeasible" if (row, region) in proved else "time_limit" if np.isnan(value) else "optimal"
            status.append((row, region, word, "", 0.0, 1.0, -1))
            if not np.isnan(value):
                outcomes.append((row, region, "unfilled", value, (1 - gap) * value))
    for (region, occupation), times in (listed or {}).items():
        for row, number in enumerate(times, start=1):
            rows += [(row, region, occupation, review, quota, quota) for review in range(1, int(number) + 1)
                     if not np.isnan(unfilled[region][row - 1])]
    return (design,
            pd.DataFrame(status, columns=["row", "component", "status", "reason", "gap", "seconds", "same_as"]),
            pd.DataFrame(outcomes, columns=["row", "region", "outcome", "value", "bound"]),
            pd.DataFrame(rows, columns=["row", "region", "occupation", "review", "quota", "filled"]))


def sample(x: np.ndarray, unfilled: Mapping[str, np.ndarray],
           listed: Mapping[tuple[str, str], np.ndarray] | None = None, **more: object) -> Sample:
    """The same as a Sample."""
    return sample_of(*tables(x, unfilled, listed, **more))  # pyright: ignore[reportArgumentType]
