"""Whether there are enough rows: frequencies, indices and the value of evidence again, on the first rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from optimiser.study.analyse.evidence import evidence
from optimiser.study.analyse.frequency import frequency
from optimiser.study.analyse.indices import indices, main_index
from optimiser.study.analyse.layouts import Layout, layout
from optimiser.study.analyse.sample import LISTING, TARGET, Sample
from optimiser.study.analyse.titles import Titles
from optimiser.texts import say

COLUMNS = ["quantity", *TARGET, "factor", "rows", "value", "low", "high", "class", "rank", "settled_at"]
CLASS, INDEX, EVIDENCE = "class", "index", "evidence"
STEPS = 10
LAST = 3  # steps, the whole sample among them, over which nothing may change
TOP = 10


def settled_at(rows: Sequence[int], answers: Sequence[object], last: int = LAST) -> float:
    """The number of rows from which on an answer stays as it is at the end; NaN when it changed of late.

    Parameters
    ----------
    rows : sequence of int
        Growing numbers of rows.
    answers : sequence
        The answer with each of them; None where there was none yet.
    last : int
        The last so many answers must be the same, or nothing is said to have settled.
    """
    first = len(answers)
    while first and answers[first - 1] is not None and answers[first - 1] == answers[-1]:
        first -= 1
    return float(rows[first]) if len(answers) - first >= last else float("nan")


def prefixes(rows: int, block: int = 1, steps: int = STEPS) -> list[int]:
    """Growing numbers of rows, up to all of them, in whole blocks."""
    whole = rows // block
    return sorted({int(np.ceil(whole * step / steps)) * block for step in range(1, steps + 1)} - {0})


def convergence(sample: Sample, wanted: pd.DataFrame, groups: Mapping[str, str] | None = None, *, core: float = 0.9,
                outside: float = 0.1, seed: int = 1, steps: int = STEPS,
                levels: int | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Classes of occupations, the strongest factors of each target and the figures worth measuring, row by row.

    A ranking is that of the (at most ten) strongest factors above the noise at the end; it has settled when the same
    factors are the strongest in the same order. Of Morris's design, whose rows are no random sample, only rankings are
    told: the mean effects (mu_star) of the first trajectories, with their intervals, and of more and more of them.

    Parameters
    ----------
    sample : Sample
    wanted : DataFrame, rows x (kind, region, target)
        Targets whose indices are followed.
    groups, core, outside, seed, levels
        As for `indices.indices` and `frequency.frequency`.
    steps : int
        Parts of the sample.
    """
    lay = layout(sample.x, sample.base_x, groups)
    if not lay.growing:
        return pd.DataFrame(columns=COLUMNS), [say(f"study_analyse.no_convergence_{lay.kind}")]
    if sample.x.empty:
        return pd.DataFrame(columns=COLUMNS), []
    sizes = prefixes(len(sample.x), lay.block, steps)
    parts = [sample.of(sample.x.index[:size]) for size in sizes]
    frames, lines = [], []
    answers = [_rankings(sample.titles, parts, wanted, groups, sizes, seed, levels)]
    if lay.random:
        answers = [_classes(sample.titles, parts, lay, sizes, core, outside), *answers,
                   _evidence(parts, lay, sizes, seed)]
    elif answers[0][1]:
        lines.append(say("study_analyse.trajectories", trajectories=len(sample.x) // lay.block, rows=lay.block))
    for table, told in answers:
        frames.append(table)
        lines += told
    kept = [frame.reindex(columns=COLUMNS) for frame in frames if len(frame)]
    if not kept:
        return pd.DataFrame(columns=COLUMNS), lines
    table = pd.concat(kept, ignore_index=True)
    for name in (*TARGET, "factor", "class"):
        table[name] = table[name].astype(object).where(table[name].notna(), "")
    return table, lines


def _classes(titles: Titles, parts: list[Sample], lay: Layout, sizes: list[int], core: float,
             outside: float) -> tuple[pd.DataFrame, list[str]]:
    found = [frequency(part.of(part.x.index[lay.alone(len(part.x))]), core, outside)[0].assign(rows=size)
             for part, size in zip(parts, sizes, strict=True)]
    table = pd.concat(found, ignore_index=True).rename(columns={"occupation": "target", "share_any": "value",
                                                                "low_any": "low", "high_any": "high"})
    table = table.assign(quantity=CLASS, kind=LISTING)
    each, lines = [], []
    for region, part in table.groupby("region", sort=True):
        seen = part.pivot(index="target", columns="rows", values="class").reindex(columns=sizes)
        # what no row of the first part listed was outside then
        told = {target: settled_at(sizes, ["outside" if pd.isna(word) else word for word in row])
                for target, row in zip(seen.index, seen.to_numpy(), strict=True)}
        each.append(part.assign(settled_at=part["target"].map(told)))
        moving = sum(np.isnan(at) for at in told.values())
        latest = max((at for at in told.values() if not np.isnan(at)), default=np.nan)
        named = titles.region(region)
        lines.append(say("study_analyse.classes_settled", region=named, rows=f"{latest:,.0f}") if not moving else
                     say("study_analyse.classes_moving", region=named, number=moving, of=len(told)))
    return pd.concat(each, ignore_index=True) if each else table, lines


def _rankings(titles: Titles, parts: list[Sample], wanted: pd.DataFrame, groups: Mapping[str, str] | None,
              sizes: list[int], seed: int, levels: int | None) -> tuple[pd.DataFrame, list[str]]:
    found = []
    for part, size in zip(parts, sizes, strict=True):
        table, _ = indices(part, wanted.reindex(part.x.index), groups, seed=seed, resamples=20, with_delta=False,
                           levels=levels)
        found.append(main_index(table).assign(rows=size))
    filled = [table for table in found if len(table)]
    if not filled:
        return pd.DataFrame(columns=COLUMNS), []
    table = pd.concat(filled, ignore_index=True).assign(quantity=INDEX)
    each, unsettled, none = [], [], 0
    for key, part in table.groupby(TARGET, sort=True):
        final = part[(part["rows"] == sizes[-1]) & (part["distinct"] == 1)].nsmallest(TOP, "rank")
        names = list(final["factor"])
        none += not names
        at = _ranking_settled(part, names, sizes)
        each.append(part[part["factor"].isin(names)].assign(settled_at=at))
        if names and np.isnan(at):
            unsettled.append(say("study_analyse.target_of", region=titles.region(key[1]),
                                 target=titles.target(key[0], key[2])))
    settled = [float(part["settled_at"].iloc[0]) for part in each if len(part) and part["settled_at"].notna().all()]
    lines = [say("study_analyse.rankings", settled=len(settled), of=len(each), none=none,
                 rows=f"{max(settled):,.0f}" if settled else "0")]
    if unsettled:
        lines.append(say("study_analyse.rankings_moving", targets="; ".join(unsettled[:TOP]), number=len(unsettled)))
    return pd.concat(each, ignore_index=True), lines


def _ranking_settled(part: pd.DataFrame, names: list[str], sizes: list[int]) -> float:
    if not names:
        return float("nan")
    orders: list[object] = []
    for size in sizes:
        first = part[part["rows"] == size].nsmallest(len(names), "rank")
        orders.append(list(first["factor"]) if len(first) else None)
    return settled_at(sizes, orders)


def _evidence(parts: list[Sample], lay: Layout, sizes: list[int], seed: int) -> tuple[pd.DataFrame, list[str]]:
    found = []
    for part, size in zip(parts, sizes, strict=True):
        table, _ = evidence(part.of(part.x.index[lay.alone(len(part.x))]), seed=seed, dummies=300, resamples=20)
        found.append(table.assign(rows=size))
    final = found[-1][found[-1]["flips_distinct"] == 1]
    if final.empty:
        return pd.DataFrame(columns=COLUMNS), []
    names = list(final.nsmallest(TOP, "rank")["factor"])
    table = pd.concat([part for part in found if len(part)], ignore_index=True)
    at = _ranking_settled(table, names, sizes)
    table = table[table["factor"].isin(names)].rename(columns={"flips": "value", "flips_low": "low",
                                                               "flips_high": "high"})
    table = table.assign(quantity=EVIDENCE, kind=LISTING, region="", target="", settled_at=at)
    line = say("study_analyse.evidence_moving", number=len(names)) if np.isnan(at) else say(
        "study_analyse.evidence_settled", number=len(names), rows=f"{at:,.0f}")
    return table, [line]
