"""Where an occupation stands before anything is solved: unknown, no candidate, excluded by law, locked, or open."""

from __future__ import annotations

from optimiser.cells import meant, nearest
from optimiser.errors import Fault, InputError
from optimiser.problem import Problem
from optimiser.schema import ANY
from optimiser.texts import say


def refuse_unknown(problem: Problem, region: str | None = None, occupation: str | None = None) -> None:
    """Nothing is said of a region that does not decide or an occupation that the tables don't know.

    Raises
    ------
    InputError
        With one fault each, naming the nearest that is known.
    """
    faults = []
    if region is not None and region not in problem.regions:
        faults.append(Fault("--region", 0, "", repr(region[:80]),
                            say("faults.one_of", names=", ".join(problem.regions)),
                            meant(region, problem.regions) or say("faults.choose_word")))
    known = set(problem.tables["occupations"]["occupation"])
    if occupation is not None and occupation not in known:
        hint = nearest(occupation, known) or _by_title(problem, occupation)
        faults.append(Fault("--occupation", 0, "", repr(occupation[:80]), say("explore.explain_known_occupation"),
                            hint or say("explore.explain_see_occupations")))
    if faults:
        raise InputError(faults)


def _by_title(problem: Problem, occupation: str) -> str:
    """A code whose title was perhaps given in its place."""
    codes = problem.tables["occupations"]["occupation"]
    titles = {problem.title("occupations", code).lower(): code for code in codes}
    known = titles.get(occupation.lower())
    return say("faults.did_you_mean", name=known) if known else meant(occupation.lower(), titles)


def standing(problem: Problem, region: str, occupation: str) -> tuple[str, str]:
    """How an occupation stands, as a word, and why, as a sentence; open with an empty sentence when lists decide.

    Returns
    -------
    tuple of str
        excluded, must_not, must, no_candidate or open; and the reason.
    """
    names = {"occupation": named(problem, occupation), "region": problem.title("regions", region)}
    lock = problem.locked.get((region, occupation))
    law = problem.tables["exclusions"]
    law = law[law["region"].isin([region, ANY]) & (law["occupation"] == occupation)]
    if len(law) and lock != 1:
        row = law.iloc[0]
        return "excluded", say("explore.explain_excluded", **names, reason=row["reason"], source=row["source"],
                               publication=_publication(problem, str(row["source"])))
    if lock is not None:
        word = "must" if lock else "must_not"
        return word, say(f"explore.explain_{word}", **names, region_code=region)
    if occupation not in problem.candidates[region]:
        return "no_candidate", say("explore.explain_no_candidate", **names, first=problem.years[0],
                                   last=problem.years[-1], values=problem.config.values)
    return "open", ""


def named(problem: Problem, occupation: str) -> str:
    """Title and code of an occupation."""
    return say("explore.explain_named", title=problem.title("occupations", occupation), code=occupation)


def _publication(problem: Problem, source: str) -> str:
    sources = problem.tables["sources"].set_index("source")
    row = sources.loc[source]
    return ", ".join(filter(None, (str(row["publisher"]), str(row["title"]), str(row["date"]))))
