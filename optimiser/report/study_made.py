"""The first and the last chapter of a study's report: what it found in short, and how it was made."""

from __future__ import annotations

import pandas as pd

from optimiser.report.content import records
from optimiser.report.study_drivers import measurable
from optimiser.report.study_names import Names, by_region, one_by_one
from optimiser.report.views import MOST_ROWS, Block, Chapter, Grid
from optimiser.study.analyse import Analysis
from optimiser.study.analyse.frequency import BORDERLINE, CORE, wilson
from optimiser.study.columns import STATUSES

REASONS = 20  # that are told
STOPPED = ("work_limit", "time_limit")  # searches that ended before their gap was proved


# In short ----------------------------------------------------------------------------------------------------------


def short(names: Names, found: Analysis) -> Chapter:
    """A few sentences: what holds, what is worth measuring, which list to take, and how sure all that is."""
    lines = [names("short_rows", rows=f"{found.facts['rows']:,}", factors=found.facts["factors"])]
    if found.facts["unanswered"]:
        lines.append(names("short_unanswered", rows=f"{found.facts['unanswered']:,}"))
    if one_by_one(found):
        lines.append(names("short_not_random"))
    rows = found.facts["rows"]
    if wilson(rows, rows)[0] < found.facts["core"]:
        lines.append(names("short_few", rows=f"{rows:,}"))
    for region, part in by_region(found.tables["frequency"]):
        number = part["class"].value_counts()
        lines.append(names("short_holds", region=names.words.region(region), core=number.get(CORE, 0),
                           borderline=number.get(BORDERLINE, 0), share=names.words.percent(found.facts["core"]),
                           rest=names.words.percent(found.facts["outside"])))
        if gone := int(part["no_plan"].max()):
            lines.append(names("short_no_plan", region=names.words.region(region), rows=f"{gone:,}",
                               of=f"{found.facts['rows']:,}"))
    lines += [names("short_list", region=names.words.region(region), list=part["list"].iloc[0],
                    cvar=names.between(part["cvar_low"].iloc[0], part["cvar_high"].iloc[0]))
              for region, part in by_region(found.tables["robust_lists"]) if part["cvar_high"].iloc[0] < float("inf")]
    worth = measurable(names, found.tables["evidence"])
    if len(worth) and worth["flips_distinct"].iloc[0] == 1:
        lines.append(names("short_measure", factor=names.factor(str(worth["factor"].iloc[0])),
                           flips=names.number(float(worth["flips"].iloc[0]), 2)))
    steps = found.tables["convergence"]
    if len(steps):
        lines.append(names("short_settled" if steps["settled_at"].notna().all() else "short_moving"))
    if not names.status.empty and (names.status["status"] == "failed").any():
        lines.append(names("short_failed"))
    return Chapter("short", names("short"), names("honest"), lines)


# How it was made ---------------------------------------------------------------------------------------------------


def made(names: Names, found: Analysis) -> Chapter:
    """Design, factors, seed, how the searches ended, and what all that does not prove."""
    study, status = names.study, names.status
    settings = study.settings
    kinds = [factor.kind for factor in study.factors]
    counted = names("factors_told", levers=kinds.count("lever"), uncertainties=kinds.count("uncertainty"),
                    cycles=kinds.count("cycle"))
    facts = [(names("fact_reason"), study.reason), (names("fact_source"), study.source),
             (names("fact_design"), names(f"design_{settings.design.kind}")),
             (names("fact_rows"), names("rows_told", rows=f"{found.facts['rows']:,}")),
             (names("fact_factors"), counted), (names("fact_seed"), str(settings.seed)),
             (names("fact_gap"), names("gap_told", gap=names.words.percent(settings.gap),
                                       seconds=f"{settings.time_limit:g}")),
             (names("fact_reached"), reached(names, status)),
             (names("fact_study"), names("digest_told", digest=study.digest[:12], case=study.case_digest[:12]))]
    lines, more = names.lines(found, "rows")
    grids = [grid for grid in (statuses(names, status), reasons(names, status)) if grid]
    return Chapter("made", names("made"), names("honest"), lines, more, facts,
                   [Block(grids=grids, folded=[factors(names)])])


def reached(names: Names, status: pd.DataFrame) -> str:
    """The gaps that were proved, and how many searches ended before theirs was."""
    gaps = status["gap"].dropna()
    if gaps.empty:
        return names("nothing_proved")
    cut = int(status["status"].isin(STOPPED).sum())
    return names("reached_told", median=names.words.percent(float(gaps.median())),
                 most=names.words.percent(float(gaps.max())), cut=f"{cut:,}")


def statuses(names: Names, status: pd.DataFrame) -> Grid | None:
    """Per component how its rows ended."""
    if status.empty:
        return None
    rows = []
    for component, part in status.groupby("component", sort=True):
        number = part["status"].value_counts()
        rows.append((names.component(str(component)), f"{len(part):,}",
                     *(f"{int(number.get(word, 0)):,}" for word in STATUSES), f"{int((part['same_as'] >= 0).sum()):,}"))
    head = tuple(names(f"head_{key}") for key in ("component", "answered", *STATUSES, "reused"))
    return Grid(names("statuses_caption"), head, rows)


def reasons(names: Names, status: pd.DataFrame) -> Grid | None:
    """Why rows have no answer, the most common reasons first."""
    told = status[status["reason"].fillna("") != ""]
    if told.empty:
        return None
    number = told.groupby(["status", "reason"], sort=True).size().reset_index(name="n")
    number = number.sort_values(["n", "status", "reason"], ascending=[False, True, True], kind="stable")
    rows = [(names(f"head_{row['status']}"), str(row["reason"]), f"{row['n']:,}")
            for row in records(number.head(REASONS))]
    head = tuple(names(f"head_{key}") for key in ("ended", "reason", "answers"))
    return Grid(names("reasons_caption"), head, rows, (2,), names.cut(len(number), REASONS))


def factors(names: Names) -> Grid:
    """What moves in the rows, and how far."""
    rows = [(factor.words, names(f"kind_{factor.kind}"), _range(names, factor.name), factor.name)
            for factor in names.study.factors[:MOST_ROWS]]
    head = tuple(names(f"head_{key}") for key in ("factor", "kind", "range", "column"))
    return Grid(names("factors_caption"), head, rows, (), names.cut(len(names.study.factors), MOST_ROWS))


def _range(names: Names, name: str) -> str:
    """The values of a lever, or that an uncertainty takes all of its distribution."""
    factor = names.factors[name]
    if factor.kind != "lever":
        return names("whole_range")
    return names.words.names([f"{value:g}" for value in factor.values], MOST_ROWS)
