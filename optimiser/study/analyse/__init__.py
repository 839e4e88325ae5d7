"""What a study comes to: which parts of a list hold, what moves them, when they fail, and what to measure better.

Every function here takes and gives DataFrames; only `analyse(store, study)` opens a store. The input tables are those of
a store: design (row, sample, one column per factor), status, outcomes and listed. Only rows of the sample are counted,
never the base row beside it, and per region only rows with a plan (a row of `outcomes` for the region).

Functions
---------
frequency.frequency(sample, core=0.9, outside=0.1) -> (frequency, lines)
frequency.quotas(sample) -> quotas
indices.indices(sample, targets, design=None, seed=1) -> (indices, lines)
indices.tornado(sample) -> (tornado, lines)
indices.interactions(sample, targets, indices, ...) -> interactions
discovery.conditions(sample, events, seed=1) -> (conditions, lines)
regret.regret(tried, outcomes) -> regret;  regret.robust_lists(regret, worst=0.1) -> (robust_lists, lines)
convergence.convergence(sample, ...) -> (convergence, lines)
evidence.evidence(sample, regret=None, ...) -> (evidence, lines)
analyse(store, study) -> Analysis;  Analysis.write(folder);  Analysis.read(folder)

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
    kind, region, target, factor, method (sobol, morris, fractional, given_data), index (S1, ST; mu_star, mu, sigma;
    effect; pawn, delta, rank_correlation), value, low, high, floor (the level of noise), distinct (1 when above the
    noise, else 0), rank (within target and index, 1 = strongest). Units: morris and effect in units of the outcome,
    the others without. low and high are empty where no interval was drawn.
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
    region, list, row, low, high (regret of the list in that row, weighted person-years; high is `inf` without a plan).
robust_lists
    region, list, rows, no_plan, max_low, max_high, cvar_low, cvar_high, mean_low, mean_high (weighted person-years),
    best_max, best_cvar (1: the best, or not to be told from it; else 0), origin.
convergence
    quantity (class, index), kind, region, target, factor (empty for class), rows, value, low, high, class (of the
    occupation at that many rows; empty for index), rank (of the factor; empty for class), settled_at (rows after which
    the classes of the region, or the ranking of the target, stay; empty: not settled).
evidence
    rank, factor, flips (entries by which lists of two worlds differ, fewer on average when the factor is known),
    flips_low, flips_high, flips_floor, flips_distinct (0/1), flips_most (region and occupation it flips most), regret
    (weighted person-years, empty without tried lists), regret_low, regret_high, regret_floor, regret_distinct.
"""
