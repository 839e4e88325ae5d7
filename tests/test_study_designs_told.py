"""What an analysis says of designs that are no random sample: what it can, and what design to take for the rest."""

from __future__ import annotations

import numpy as np
import pytest
from SALib.sample import morris as sample_morris
from study_rows import tables

from optimiser.study.analyse import Analysis, analysis_of
from optimiser.study.analyse.convergence import INDEX

SLOPES = np.array([8.0, 4.0, 2.0, 0.0])
NAMED = "Take a design of the kind lhs"


def morris(trajectories: int, noise: float = 0.0) -> Analysis:
    told = {"num_vars": 4, "names": list("abcd"), "bounds": [[0.05, 0.95]] * 4}
    x = sample_morris.sample(told, trajectories, num_levels=4, seed=3)
    y = 10 + x @ SLOPES + noise * np.random.default_rng(1).normal(size=len(x))
    return analysis_of(*tables(x, {"A": y}, {("A", "1"): (x[:, 0] > 0.5) * 1}, names=list("abcd")), levels=4)


def test_mean_effects_are_followed_over_trajectories() -> None:
    """Of a linear function mu_star is the slope (times the range) from the first four trajectories on."""
    found = morris(20)
    table = found.tables["convergence"]
    assert set(table["quantity"]) == {INDEX}
    of = table[table["target"] == "unfilled"]
    assert sorted(of["rows"].unique()) == [20, 30, 40, 50, 60, 70, 80, 90, 100]  # trajectories of five rows; 4 at least
    for name, slope in zip("abc", SLOPES, strict=False):
        assert of.loc[of["factor"] == name, "value"].to_numpy() == pytest.approx(0.9 * slope)
    assert "d" not in set(of["factor"])
    assert set(of["settled_at"]) == {20.0}
    assert any("up to all 20 (5 rows each)" in line for line in found.sections["convergence"])


def test_intervals_of_mean_effects_become_narrower() -> None:
    of = morris(60, noise=0.5).tables["convergence"]
    of = of[(of["target"] == "unfilled") & (of["factor"] == "a")].sort_values("rows")
    wide = (of["high"] - of["low"]).to_numpy()
    assert (wide > 0).all() and wide[-1] < 0.6 * wide[0]


@pytest.mark.parametrize("kind", ["one_at_a_time", "morris", "grid"])
def test_what_a_design_cannot_tell_is_said_in_a_sentence(kind: str) -> None:
    if kind == "morris":
        found = morris(6)
    else:
        x = np.full((8, 4), 0.5)
        x[np.arange(8), np.arange(8) // 2] = np.tile([0.05, 0.95], 4)
        if kind == "grid":
            x = np.array(np.meshgrid([0.1, 0.5, 0.9], [0.2, 0.8], [0.3, 0.6])).reshape(3, -1).T
        found = analysis_of(*tables(x, {"A": x.sum(axis=1)}))
    assert found.facts["layout"] == kind
    silent = {"one_at_a_time": ("conditions", "evidence", "convergence"), "morris": ("conditions", "evidence"),
              "grid": ("evidence", "convergence")}[kind]
    for name in silent:
        [line] = found.sections[name]
        assert NAMED in line and line in found.lines
        assert found.tables[name].empty
