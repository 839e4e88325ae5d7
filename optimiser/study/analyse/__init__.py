"""What a study comes to: which parts of a list hold, what moves them, when they fail, and what to measure better.

Every function here takes and gives DataFrames; only `analyse(store, study)` opens a store. Only rows of the sample are
counted, never the base row beside it, and per region only rows with a plan (a value in `outcomes` for the region).

Files
-----
sample       the rows as matrices: what was put in, what came out, what was listed
titles       what codes are called in lines
layouts      which complete design the rows are, told from the numbers
frequency    how often each occupation is listed; the robust core; quotas
indices      which factor moves which outcome and flips which listing; `given` has the formulas for given data
tornado      what each factor does alone, and two of them together
discovery    conditions under which an occupation drops out or a case turns bad
regret       regret of chosen lists; the most robust of them
evidence     which figures are most worth measuring better
convergence  whether there are enough rows
analysis     the Analysis: lines, tables, how they stand on disk

Tables of an `Analysis`
-----------------------
A table that has nothing to tell has its columns and no row. `low`, `high` are the ends of an interval: 95 % from
sampling, unless said otherwise. `kind` says what a target is: `outcome` (target = name of the outcome), `listing`
(target = code of an occupation; 1 where it is listed in any review, else 0) or `status` (target = infeasible; 0 or 1).
Missing numbers are empty.

frequency
    region, occupation; rows (with a plan), no_plan (rows without); listed_any, listed_first, listed_all (rows in which
    it is listed in any, the first, all reviews); share_any, low_any, high_any and the same for _first and _all (shares,
    Wilson 95 %); base (1 when the base row lists it, 0 when not, empty without a base row); class: core, borderline or
    outside. Sorted by region, share_any downwards, occupation. Occupations that no row lists are not in it.
quotas
    region, occupation, review (empty: total over all reviews); rows (that list it); low, median, high (5 %, 50 %, 95 %
    quantiles of the quota where listed, in permits); base (quota of the base row).
indices
    kind, region, target, factor, method (sobol, morris, fractional, given_data), index (sobol: ST, S1; morris: mu_star,
    mu, sigma; fractional: effect; given_data: S1, pawn, delta, rank_correlation; the first named ranks factors), value,
    low, high, floor (the level of noise), distinct (1 when above the noise, else 0), rank (within target and index, 1 =
    strongest). Units: those of Morris and effect are in units of the outcome, the others without. low and high are
    empty where no interval was drawn.
tornado
    kind, region, target, factor, method (one_at_a_time: two rows; fifths: means of the rows with the lowest and the
    highest fifth of positions), low_position, high_position, base (value of the base row), at_low, at_low_bound,
    at_high, at_high_bound, swing (at_high - at_low), low, high (interval of the swing that respects bounds), rank
    (within target, by the size of the swing).
interactions
    kind, region, target, method (S2 | halves), factor_a, factor_b, half_a, half_b (lower | upper; empty for S2), value
    (S2, or the mean of the target in the quarter), low, high, rows.
conditions
    kind, region, target, event (drops_out, comes_in, infeasible, worst_tenth), number (1, 2, 3: of the restriction),
    factor, low, high (limits of the factor; empty = none on that side), p (quasi-p of the restriction), coverage
    (share of the events that the conditions hold), density (share of events among the rows that meet them),
    base_rate, box_rows, events, rows, test_density, test_rows (on rows not used to find them), p_box (of the density
    against the base rate on those, adjusted for the number of events asked about).
regret
    region (or regions solved together, joined by `-`), list, row, low, high (regret of the list in that row, weighted
    person-years; both `inf` where it has no plan, high `inf` where none was found in time).
robust_lists
    region, list, rows, no_plan, max_low, max_high, cvar_low, cvar_high, mean_low, mean_high (weighted person-years;
    CVaR is the mean of the worst tenth of the rows), best_max, best_cvar (1: the best, or not to be told from it; else
    0).
convergence
    quantity (class, index, evidence: flips a factor makes; then region and target are empty), kind, region, target,
    factor (empty for class), rows, value, low, high, class (of the occupation at that many rows; only for class), rank
    (of the factor; empty for class), settled_at (rows after which the class of the occupation, or the ranking of the
    target's factors, stays; empty: not settled). Of a ranking only the (at most ten) factors above the noise are told.
evidence
    rank, factor, flips (entries by which lists of two worlds differ, fewer on average when the factor is known),
    flips_low, flips_high, flips_floor, flips_distinct (0/1), flips_most (region and occupation it flips most), regret
    (weighted person-years, empty without tried lists), regret_low, regret_high, regret_floor, regret_distinct.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from optimiser.study.analyse.analysis import Analysis
from optimiser.study.analyse.convergence import COLUMNS as CONVERGENCE
from optimiser.study.analyse.convergence import convergence
from optimiser.study.analyse.discovery import COLUMNS as CONDITIONS
from optimiser.study.analyse.discovery import conditions
from optimiser.study.analyse.evidence import COLUMNS as EVIDENCE
from optimiser.study.analyse.evidence import evidence
from optimiser.study.analyse.frequency import BORDERLINE, frequency, quotas
from optimiser.study.analyse.indices import indices
from optimiser.study.analyse.layouts import FREE, GRID, layout
from optimiser.study.analyse.regret import COLUMNS as ROBUST
from optimiser.study.analyse.regret import REGRET, regret, robust_lists
from optimiser.study.analyse.sample import LISTING, OUTCOME, each, sample_of, targets
from optimiser.study.analyse.titles import Titles
from optimiser.study.analyse.tornado import interactions, tornado
from optimiser.texts import say

if TYPE_CHECKING:
    from optimiser.study.spec import Study
    from optimiser.study.store import Store

__all__ = ["Analysis", "analyse", "analysis_of"]

TABLES = ("frequency", "quotas", "indices", "tornado", "interactions", "conditions", "regret", "robust_lists",
          "convergence", "evidence")
ORDER = ("rows", "frequency", "evidence", "conditions", "regret", "indices", "tornado", "convergence")
LINES = 12  # of a section, among the lines of an analysis
FLIPS = 40  # listings whose indices are looked at, those nearest to being on the list in half of the rows
FOLLOWED = 12  # of these, how many are followed row by row


def analyse(store: Store, study: Study, *, core: float = 0.9, outside: float = 0.1) -> Analysis:
    """What a study came to, so far as its rows are answered.

    Parameters
    ----------
    store, study
        A store that has been consolidated, and the study it holds.
    core, outside : float
        See `frequency.frequency`.
    """
    levers = [factor.name for factor in study.factors if factor.kind == "lever"]
    groups = {factor.name: factor.group for factor in study.factors} if study.settings.design.groups else None
    return analysis_of(store.design, store.status, store.outcomes, store.listed, getattr(store, "regret", None),
                       title=study.title, levers=levers, groups=groups, levels=study.settings.design.levels,
                       seed=study.settings.seed, core=core, outside=outside, titles=Titles.of(study))


def analysis_of(design: pd.DataFrame, status: pd.DataFrame, outcomes: pd.DataFrame, listed: pd.DataFrame,
                tried: pd.DataFrame | None = None, *, title: str = "", levers: Iterable[str] = (),
                groups: Mapping[str, str] | None = None, levels: int | None = None, seed: int = 1, core: float = 0.9,
                outside: float = 0.1, titles: Titles | None = None) -> Analysis:
    """What the tables of a study come to.

    Parameters
    ----------
    design, status, outcomes, listed : DataFrame
        As in a store.
    tried : DataFrame, optional
        row, region, list, value, bound: what fixed lists come to in the rows; see `regret.regret`.
    title : str
    levers : iterable of str
        Names of the factors that policy sets.
    groups : mapping, optional
        Group of each factor, where the design moves groups of factors.
    levels : int, optional
        Of Morris's grid.
    seed : int
        Of shuffled factors, bootstraps and the halves of a test.
    core, outside : float
        See `frequency.frequency`.
    titles : Titles, optional
        What codes are called in the lines; without, they stand for themselves.
    """
    sample = sample_of(design, status, outcomes, listed, levers, titles)
    lay = layout(sample.x, sample.base_x, groups)
    open_ = unanswered(sample.x.index, status)
    if lay.kind in (FREE, GRID):  # other designs keep their gaps, or they would not be known any more
        sample = sample.of(sample.x.index.difference(open_))
    single = sample.of(sample.x.index[lay.alone(len(sample.x))])

    tables: dict[str, pd.DataFrame] = {}
    sections: dict[str, list[str]] = {"rows": [say("study_analyse.rows", rows=f"{len(sample.x):,}",
                                                   factors=len(sample.factors))]}
    if len(open_):
        sections["rows"].append(say("study_analyse.unanswered", rows=f"{len(open_):,}"))
    if not lay.random:
        sections["rows"].append(say(f"study_analyse.not_random_{lay.kind}"))
    elif len(single.x) < len(sample.x):
        sections["rows"].append(say("study_analyse.alone", rows=f"{len(single.x):,}"))

    tables["frequency"], sections["frequency"] = frequency(single, core, outside)
    tables["quotas"] = quotas(single)
    border = tables["frequency"][tables["frequency"]["class"] == BORDERLINE]
    border = border.iloc[(border["share_any"] - 0.5).abs().argsort(kind="stable")]
    flips = [(str(region), str(code)) for region, code in border[["region", "occupation"]].to_numpy()]
    wanted = targets(sample, flips[:FLIPS])
    tables["indices"], sections["indices"] = indices(sample, wanted, groups, seed=seed, levels=levels)
    if len(flips) > FLIPS:
        sections["indices"].append(say("study_analyse.flips_cut", shown=FLIPS, of=len(flips)))
    tables["tornado"], sections["tornado"] = tornado(sample, wanted)
    main = [key for key, _ in each(wanted) if key[0] != OUTCOME or key[2] == "unfilled"]
    followed = [key for key in main if key[0] != LISTING or key[1:] in flips[:FOLLOWED]]
    tables["interactions"] = interactions(sample, wanted[main], tables["indices"], groups, seed=seed)

    found = regret(tried, outcomes) if tried is not None and len(tried) else pd.DataFrame(columns=REGRET)
    found = found[found["row"].isin(single.x.index)].reset_index(drop=True)
    tables["conditions"] = pd.DataFrame(columns=CONDITIONS)
    tables["convergence"], tables["evidence"] = pd.DataFrame(columns=CONVERGENCE), pd.DataFrame(columns=EVIDENCE)
    if lay.scattered:
        tables["conditions"], sections["conditions"] = conditions(single, wanted[main].reindex(single.x.index),
                                                                  seed=seed)
    else:
        sections["conditions"] = [say(f"study_analyse.no_conditions_{lay.kind}")]
    if lay.growing:
        tables["convergence"], sections["convergence"] = convergence(sample, wanted[followed], groups, core=core,
                                                                     outside=outside, seed=seed, levels=levels)
    else:
        sections["convergence"] = [say(f"study_analyse.no_convergence_{lay.kind}")]
    if lay.random:
        tables["evidence"], sections["evidence"] = evidence(single, found, seed=seed)
    else:
        sections["evidence"] = [say("study_analyse.no_evidence")]
    tables["regret"] = found
    tables["robust_lists"], sections["regret"] = robust_lists(found, titles=sample.titles) if len(found) else (
        pd.DataFrame(columns=ROBUST), [])
    facts = {"rows": len(sample.x), "unanswered": len(open_), "factors": len(sample.factors), "layout": lay.kind,
             "seed": seed, "core": core, "outside": outside}
    lines = [line for name in ORDER for line in _shown(name, sections.get(name, []))]
    return Analysis(title, tuple(lines), {name: tables[name] for name in TABLES}, sections, facts)


def _shown(table: str, lines: list[str]) -> list[str]:
    """The first lines of a section; the rest stands in its table."""
    rest = len(lines) - LINES
    return [*lines[:LINES], say("study_analyse.more", number=rest, table=table)] if rest > 0 else lines


def unanswered(rows: pd.Index, status: pd.DataFrame) -> pd.Index:
    """Rows of which not every component has been answered yet."""
    parts = status["component"].nunique()
    done = status.groupby("row")["component"].nunique().reindex(rows).fillna(0)
    return rows[(done < max(parts, 1)).to_numpy()]
