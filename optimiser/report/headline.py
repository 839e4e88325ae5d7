"""The top of the report: what the plan does in three sentences, and how far to trust it."""

from __future__ import annotations

import math
from typing import Any

from optimiser.report import content, proof
from optimiser.report.evidence import basis_shares, overall
from optimiser.report.views import Cell, Grid
from optimiser.report.words import Words
from optimiser.schema import BASES
from optimiser.solution import Solution


def sentences(words: Words, solution: Solution) -> list[str]:
    """The plan in three sentences with numbers; before them, what changed the case."""
    problem = words.problem
    frame = content.glance(problem, solution)
    sums = frame.drop(columns=["region", "coverage"]).sum()
    regions = words.names((words.region(r) for r in problem.regions), 4)
    span = words.span(problem.years[0], problem.years[-1])
    titles = [words("scenario_named", title=one.title) for one in problem.config.applied_scenarios]
    changed = [words("sentence_scenarios", titles=words.names(titles, len(titles)))] if titles else []
    come = words("sentence_people", span=span, regions=regions, permits=words.count("permit", sums["permits"]),
                 people=words.count("person", sums["people"]))
    if sums["shortage"] <= 0:
        return [*changed, come, words("sentence_no_shortage")]
    fill = words("sentence_shortage", shortage=words.amount(sums["shortage"]),
                 activated=words.amount(sums["activated"]), trained=words.amount(sums["filled_by_training"]),
                 scheme=words.amount(sums["filled_by_scheme"]), unfilled=words.amount(sums["unfilled"]),
                 share=words.percent(sums["unfilled"] / sums["shortage"]))
    return [*changed, come, fill, _lists(words, solution)]


def _lists(words: Words, solution: Solution) -> str:
    parts = []
    for region in words.problem.regions[:4]:
        sizes = content.sizes(words.problem, solution, region)
        before, first = sizes["listed"].iloc[0], sizes.iloc[1]
        parts.append(words("sentence_list", region=words.region(region), n=words.count("occupation", first["listed"]),
                           before=words.amount(before), entered=words.amount(sizes["entered"].sum()),
                           left=words.amount(sizes["left"].sum())))
    return " ".join(parts)


def scenarios(words: Words) -> list[tuple[str, str]]:
    """(heading, text) of every scenario that changed the case, in the order they were applied."""
    return [(one.title, words("scenario_text", reason=one.reason, source=one.source, name=one.name))
            for one in words.problem.config.applied_scenarios]


def glance_grid(words: Words, solution: Solution) -> Grid:
    """One row per region, and their sum where there are several."""
    frame = content.glance(words.problem, solution)
    names = ["permits", "people", "shortage", *content.PARTS]
    rows: list[tuple[str | Cell, ...]] = [
        (words.region(row["region"]), *(words.amount(row[name]) for name in names), words.percent(row["coverage"]))
        for row in content.records(frame)]
    if len(frame) > 1:
        net = float(frame["net"].sum())
        filled = float(frame["filled_by_scheme"].sum() + frame["filled_by_training"].sum())
        total = (words("total"), *(words.amount(float(frame[name].sum())) for name in names),
                 words.percent(filled / net if net else float("nan")))
        rows.append(tuple(Cell(text, "total") for text in total))
    head = ("region", "permits_head", "people", "shortage", *content.PARTS, "coverage")
    return Grid(words("glance_caption"), tuple(words(key) for key in head), rows)


def trust(words: Words, solution: Solution) -> list[tuple[str, str]]:
    """(heading, text) of everything a reader must know before using the numbers."""
    problem = words.problem
    points = [(words("trust_figures"), _basis_text(words, solution))]
    points += [(words("trust_best", region=words.region(r)),
                gap_text(words, solution, r) + later_aims(words, solution, r)) for r in problem.regions]
    points.append((words("trust_run"), run_text(words, solution)))
    points.append((words("trust_values"), words(f"values_{problem.config.values}")))
    return points


def _basis_text(words: Words, solution: Solution) -> str:
    shares = basis_shares(words.problem, solution)
    texts = []
    for of in ("shortage", "listed", "parameters"):
        found = overall(shares, of)
        if sum(found.values()) > 0:
            listed = words.names((words("basis_share", basis=words(f"basis_{basis}"), share=words.percent(found[basis]))
                                  for basis in BASES if found[basis] > 0), 4)
            texts.append(words(f"basis_of_{of}", shares=listed))
    return " ".join(texts) or words("basis_of_nothing")


def gap_text(words: Words, solution: Solution, region: str) -> str:
    """How far a region's plan can be from the best one, and what counts as a tie, in plain words."""
    row = proof.first_aim(solution, region)
    if row is None:
        return words("gap_no_aim")
    wanted, missed = proof.wanted(words.problem, solution), ""
    if math.isfinite(row["gap"]) and row["gap"] > wanted:
        key = "gap_given" if row["status"] in proof.SETTLED else "gap_missed"
        missed = " " + words(key, wanted=words.percent(wanted), given=words.percent(row["tolerance"]))
    room, unit = proof.room(solution, region), room_unit(words, region)
    if math.isnan(room):
        known = math.isfinite(row["gap"])
        return words("gap_together", gap=words.percent(row["gap"])) + missed if known else words("gap_unproved")
    if not room:
        return words("gap_proved", unit=unit)
    share = words.percent(room / max(float(row["value"]), 1e-9))
    return words("gap_room", room=words.amount(room), unit=unit, share=share) + missed


def room_unit(words: Words, region: str) -> str:
    """What the room for a better plan is counted in."""
    return words("weighted_person_years" if proof.weighted(words.problem, region) else "person_years")


def later_aims(words: Words, solution: Solution, region: str) -> str:
    """Which later aims the search left unsettled; nothing when it settled them all."""
    aims = [words(f"objective_{name}").lower() for name in proof.unsettled(solution, region)]
    row = proof.first_aim(solution, region)
    unproved = row is not None and not math.isfinite(row["gap"])  # then nothing is settled, and that is said already
    return "" if unproved or not aims else " " + words("aims_unsettled", aims=words.names(aims, len(aims)))


def run_text(words: Words, solution: Solution) -> str:
    """How the search ended and what second opinions came to, in plain words."""
    ended, heard = _ended(words, solution.status), solution.status.get("opinions", [])
    if not heard:
        return ended
    methods = list(dict.fromkeys(words(f"opinion_{told['method']}") for told in heard))
    return f"{ended} " + words("opinions_agree" if solution.confirmed else "opinions_undecided",
                               methods=words.names(methods, len(methods)))


def _ended(words: Words, status: dict[str, Any]) -> str:
    if status.get("termination") == "interrupted":
        return words("run_interrupted")
    if status.get("termination") == "failed":
        return words("run_failed")
    if status.get("clock_cut"):
        return words("run_cut")
    return words("run_whole") if "termination" in status else words("run_unknown")
