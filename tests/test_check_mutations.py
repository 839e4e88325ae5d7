"""The check is tested by mutation: every harmful change of a correct plan or run folder is caught.

`mutations.py` changes plans, `tampering.py` published folders; both know by themselves that a change does harm.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from kingdoms import solved
from mutations import MUTATORS, Mutant
from tampering import TAMPERERS, Folder

from optimiser import run_folder
from optimiser.check import FAMILIES, Facts, Violation, check_run, violations
from optimiser.errors import ResultError
from optimiser.exact import evaluate
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.solution import COLUMNS

RULES = {rule.__name__: (family, rule) for family, rules in FAMILIES.items() for rule in rules}
UNREADABLE = ("keys_exist", "numbers_are_sound")  # of the domains: nothing else can be looked at then


@dataclass(frozen=True)
class Case:
    """A case, a correct plan, and its run folder."""

    problem: Problem
    plan: Plan
    folder: Path
    texts: dict[str, str]


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """Kingdoms with good plans; nothing is wrong with any of them."""
    home, found = tmp_path_factory.mktemp("kingdoms"), []
    for i, (problem, solution) in enumerate(solved(home / "cases")):
        folder = home / f"run{i}"
        folder.mkdir()
        run_folder.fill(problem, solution, folder)
        assert check_run(folder) == []
        texts = {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.is_file()}
        found.append(Case(problem, solution.plan, folder, texts))
    return found


def mutant_of(number: int, cases: list[Case]) -> tuple[str, Problem, Mutant]:
    """The mutant of a number: the mutators take turns, and the cases are tried in a random order."""
    rng, name = random.Random(number), list(MUTATORS)[number % len(MUTATORS)]
    for case in rng.sample(cases * 3, 3 * len(cases)):
        if mutant := MUTATORS[name](rng, case.problem, case.plan):
            return name, case.problem, mutant
    raise AssertionError(f"{name}: nothing to break")


def told(problem: Problem, mutant: Mutant, plan: Plan) -> list[Violation]:
    """What the mutant's rule says of a plan at the mutant's place."""
    if mutant.rule in UNREADABLE:
        found = violations(problem, plan)
    else:
        outcome = mutant.outcome or evaluate(problem, plan)
        found = list(RULES[mutant.rule][1](Facts(problem, plan, outcome, problem.regions)))
    return [v for v in found if set(mutant.names) <= set(re.findall(r"\w+", v.words))]


@pytest.mark.drawn(2_000, 50_000)
def test_every_harmful_change_of_a_plan_is_caught(cases: list[Case], numbers: range, figures: Counter[str]) -> None:
    """The rule that is broken says so, at the place where it is; a step earlier it is silent there."""
    hit: Counter[str] = Counter()
    for number in numbers:
        name, problem, mutant = mutant_of(number, cases)
        family = RULES[mutant.rule][0] if mutant.rule in RULES else "domains"
        broken = told(problem, mutant, mutant.plan)
        assert broken and {v.family for v in broken} == {family}, (number, name, mutant.names)
        if mutant.outcome is None:
            assert set(broken) <= set(violations(problem, mutant.plan)), (number, name)
        if mutant.within is not None:
            assert not told(problem, mutant, mutant.within), (number, name, mutant.names)
        hit[mutant.rule] += 1
    figures["plans, all caught"] += len(numbers)
    assert set(hit) == {*RULES, *UNREADABLE}
    assert min(hit.values()) >= len(numbers) // len(MUTATORS)
    assert {RULES[rule][0] for rule in hit if rule in RULES} == set(FAMILIES)


def noticed(folder: Path) -> bool:
    """Whether the check has a line about a run folder, or can't read it, which it says too."""
    try:
        return bool(check_run(folder))
    except ResultError as error:
        return bool(error.violations)


@pytest.mark.drawn(500, 10_000)
def test_every_harmful_change_of_a_run_folder_is_caught(cases: list[Case], numbers: range,
                                                        monkeypatch: pytest.MonkeyPatch, figures: Counter[str]
                                                        ) -> None:
    """The folder is read anew each time, but for its input, which nobody changed."""
    problems = {case.folder / "input" / "config.yaml": case.problem for case in cases}
    monkeypatch.setattr(run_folder, "load", problems.__getitem__)
    done: Counter[str] = Counter()
    for number in numbers:
        rng, name = random.Random(number), list(TAMPERERS)[number % len(TAMPERERS)]
        for case in rng.sample(cases * 3, 3 * len(cases)):
            folder = Folder(case.texts)
            if what := TAMPERERS[name](rng, case.problem, case.plan, folder):
                break
        else:
            raise AssertionError(f"{name}: nothing to change")
        try:
            for file, text in folder.texts().items():
                (case.folder / file).write_text(text, "utf-8")
            assert noticed(case.folder), (number, name, what)
        finally:
            for file, text in case.texts.items():
                (case.folder / file).write_text(text, "utf-8")
        done[name] += 1
    figures["folders, all caught"] += len(numbers)
    assert set(done) == set(TAMPERERS)
    assert min(done.values()) >= len(numbers) // len(TAMPERERS)


def test_a_folder_rewritten_as_it_was_is_sound(cases: list[Case]) -> None:
    """What makes a tampered folder wrong is the change, not the way it is written."""
    case = cases[0]
    assert Folder(case.texts).texts().keys() == case.texts.keys()
    for file, text in Folder(case.texts).texts().items():
        (case.folder / file).write_text(text, "utf-8")
    assert check_run(case.folder) == []
    assert all(Folder(case.texts).sheets[name] for name in COLUMNS if name != "training")
