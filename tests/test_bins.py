"""Three bins: as by trying every list; what is not proved is said to be; answers survive an interruption."""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import inline
import numpy as np
import pytest
from oracle import Solver, _constant, _sum, lists_allowed, quotas_allowed
from oracle_rest import Rest
from refusal import LINE
from test_oracle import drawn
from worlds import rows, world, write_world

from optimiser.cli import main
from optimiser.errors import InfeasibleError, InputError
from optimiser.explore import desk as desks
from optimiser.explore.desk import Desk, Question
from optimiser.explore.finding import Finding, read
from optimiser.explore.near import bins as exploring
from optimiser.explore.near.answers import Answers
from optimiser.explore.near.binning import NECESSARY, NEVER, POSSIBLE, UNPROVED, Standing, Told
from optimiser.explore.near.bins import bins
from optimiser.explore.near.nearly import Nearly
from optimiser.explore.near.prices import floors
from optimiser.explore.programme import scale
from optimiser.problem import Problem
from optimiser.solver.highs import run
from optimiser.texts import say

ROOM = 0.1  # what publishing three decimals may cost, in the units of the aim
SHARES = (0.05, 0.4)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(desks, "solve_many", inline.solve_many)
    yield


@cache
def case(number: int) -> tuple[Problem, dict[frozenset[tuple[str, str, int]], float]]:
    """A random tiny world, and the best value of every sequence of lists."""
    with TemporaryDirectory() as folder:
        problem = drawn(Path(folder), number)
    return problem, values(problem)


def values(problem: Problem) -> dict[frozenset[tuple[str, str, int]], float]:
    """The best value of every sequence of lists that has a plan, by trying all quotas."""
    rest = Rest(problem)
    solver = Solver(rest)
    aims = [(r, problem.rules(r).objectives[0].name) for r in problem.regions]
    solver.aim(_sum(rest, aims), [])
    known: dict[tuple[int, ...], float | None] = {}
    found: dict[frozenset[tuple[str, str, int]], float] = {}
    for lists in itertools.product(*(list(lists_allowed(problem, r)) for r in problem.regions)):
        held = [[problem.in_force[r], *(frozenset(o for o in problem.candidates[r] if own[r, o, review.number])
                                        for review in problem.reviews[r])]
                for r, own in zip(problem.regions, lists, strict=True)]
        changes = {r: sum(len(a ^ b) for a, b in itertools.pairwise(one))
                   for r, one in zip(problem.regions, held, strict=True)}
        listed = frozenset(key for own in lists for key, on in own.items() if on)
        for parts in itertools.product(*(quotas_allowed(problem, r, own)
                                         for r, own in zip(problem.regions, lists, strict=True))):
            quotas = {key: number for part in parts for key, number in part.items()}
            if (at := tuple(quotas.values())) not in known:
                known[at] = solver.best(quotas, [])
            if (least := known[at]) is not None:
                found[listed] = min(found.get(listed, math.inf), least + _constant(rest, aims, (changes, quotas)))
    return found


def sides(problem: Problem, of_lists: dict[frozenset[tuple[str, str, int]], float]
          ) -> dict[tuple[str, str, bool], float]:
    """The best value with every occupation on some list of its region, and on none."""
    return {(r, o, on): min((value for listed, value in of_lists.items()
                             if any(key[:2] == (r, o) for key in listed) == on), default=math.inf)
            for r in problem.regions for o in problem.candidates[r] for on in (True, False)}


def true_bin(best: float, on: float, off: float, share: float) -> str | None:
    """The bin; None where the last decimals decide it."""
    edge = best + share * abs(best)
    if min(abs(on - edge), abs(off - edge)) <= ROOM:
        return None
    return NEVER if on > edge else NECESSARY if off > edge else POSSIBLE


def shown(finding: Finding) -> dict[tuple[str, str], dict[Any, Any]]:
    return {(row["region"], row["occupation"]): row for row in finding.tables["bins"].to_dict("records")}


def named(word: str) -> str:
    return next(name for name in (NECESSARY, POSSIBLE, NEVER, UNPROVED) if say(f"explore.bin_{name}") == word)


def test_bins_and_prices_are_those_of_trying_every_list() -> None:
    seen: Counter[str] = Counter()
    for number in range(20):
        problem, of_lists = case(number)
        best = min(of_lists.values(), default=math.inf)
        if math.isinf(best):
            with pytest.raises(InfeasibleError):
                bins(problem, 0.1, desk=Desk(0.0, 30.0))
            continue
        truth = sides(problem, of_lists)
        for share in SHARES:
            for (r, o), row in shown(bins(problem, share, desk=Desk(0.0, 30.0))).items():
                on, off = truth[r, o, True], truth[r, o, False]
                told, true = named(row["bin"]), true_bin(best, on, off, share)
                seen[told] += 1
                if true:  # with gaps of zero everything is proved but what hangs on the last decimals
                    assert told == true, (number, share, r, o)
                for side, value in (("listing", on), ("leaving_out", off)):
                    low, high = row[f"low_{side}"], row[f"high_{side}"]
                    if math.isinf(value):
                        assert np.isnan(high), (number, side)
                    else:
                        assert low - 1e-6 <= value - best, (number, side)
                        assert np.isnan(high) or value - best <= high + 1e-6, (number, side)
    assert min(seen[NECESSARY], seen[POSSIBLE], seen[NEVER]) > 5, seen


def test_wide_gaps_leave_bins_unproved_and_never_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds and plans are spoilt by known amounts: what is proved still holds, the rest is said to be open."""
    whole = desks.Desk.ask
    spoilt = {"bound": 0.0}

    def ask(self: Desk, questions: list[Question], **_: Any) -> list[Any]:
        answers = whole(self, questions)
        for answer in answers:
            if math.isfinite(answer.bound):
                object.__setattr__(answer, "bound", answer.bound - spoilt["bound"] * abs(answer.bound))
        return answers

    monkeypatch.setattr(desks.Desk, "ask", ask)
    monkeypatch.setattr(exploring, "floors", lambda *_: {})
    seen: Counter[str] = Counter()
    for number in range(12):
        problem, of_lists = case(number)
        if not of_lists:
            continue
        best, truth = min(of_lists.values()), sides(problem, of_lists)
        for spoilt["bound"] in (0.05, 0.3):
            for (r, o), row in shown(bins(problem, 0.1, desk=Desk(0.0, 30.0))).items():
                told = named(row["bin"])
                seen[told] += 1
                true = true_bin(best, truth[r, o, True], truth[r, o, False], 0.1)
                assert told in (true, UNPROVED) or true is None, (number, r, o)
    assert seen[UNPROVED] > 8 and seen[POSSIBLE] + seen[NECESSARY] + seen[NEVER] > 8, seen


def test_screening_bounds_are_bounds() -> None:
    """With the prices of a relaxation, and with none: never above the best of any side; some rule a side out."""
    above = ruled = 0
    for number in range(16):
        problem, of_lists = case(number)
        if len(problem.regions) > 1 or not of_lists:
            continue
        best, truth = min(of_lists.values()), sides(problem, of_lists)
        handed = Desk(0.0, 30.0).model(problem, problem.regions)
        rng, program = np.random.default_rng(number), handed.program
        relaxed = run(replace(program, integer=np.zeros_like(program.integer)), program.stages[0], 10.0, solver="ipm")
        for prices in (None, relaxed.duals, rng.normal(size=len(handed.rows))):
            for side, floor in floors(handed, prices, scale(handed)).items():
                assert floor <= truth[side] + 1e-6 * max(1.0, abs(best)), (number, side)
                ruled += math.isinf(floor)
                above += floor > best + ROOM
    assert ruled > 2 and above > ruled


def test_the_edge_is_counted_against_what_is_proved() -> None:
    nearly = Nearly(0.1, 100.0, 105.0)
    assert (nearly.inside, nearly.outside) == (pytest.approx(110.0), pytest.approx(115.5))
    assert nearly.surely_in(110.0) and not nearly.surely_in(110.1)
    assert nearly.surely_out(115.6) and not nearly.surely_out(115.5)
    coverage = Nearly(0.1, -0.5, -0.4)  # made most of: within a tenth of 50 % is 45 %
    assert (coverage.inside, coverage.outside) == (pytest.approx(-0.45), pytest.approx(-0.36))


def test_a_bound_on_both_sides_of_an_occupation_bounds_the_best(tmp_path: Path) -> None:
    standing = Standing(world(tmp_path), ("R",), 0.1)
    listed = frozenset({("R", "0110", 1)})
    standing.take(Told(("R",), None, 12.0, 5.0, listed))
    standing.take(Told(("R",), ("R", "0110", True), 12.0, 9.0, listed))
    assert standing.bound == 5.0
    standing.take(Told(("R",), ("R", "0110", False), 14.0, 11.0, frozenset()))
    assert standing.bound == 9.0
    assert standing.price(("R", "0110", False)) == (0.0, 5.0) and standing.price(("R", "0110", True)) == (0.0, 3.0)
    assert standing.bin(("R", "0110")) == UNPROVED


def village(folder: Path, **rules: Any) -> Problem:
    """Ten builders and four nurses short; six permits, so that nurses alone leave ten and builders alone eight."""
    return world(folder, {"regions": {"R": {"list_length": 1} | rules}},
                 permit_totals=rows("region year central", ("*", "*", 6)))


def test_a_village_by_hand(tmp_path: Path) -> None:
    """Builders: 14 - 6 = 8 left; nurses: 14 - 4 = 10 left; nobody: 14. So leaving builders out costs 2, nurses 0."""
    found = bins(village(tmp_path), 0.2, desk=Desk(0.0, 30.0))
    builders, nurses = shown(found)["R", "0110"], shown(found)["R", "2221"]
    assert (named(builders["bin"]), named(nurses["bin"])) == (NECESSARY, NEVER)
    assert (builders["low_leaving_out"], builders["high_leaving_out"]) == (pytest.approx(2), pytest.approx(2))
    assert (nurses["low_listing"], nurses["high_listing"]) == (pytest.approx(2), pytest.approx(2))
    wider = shown(bins(village(tmp_path / "wider"), 0.3, desk=Desk(0.0, 30.0)))
    assert [named(row["bin"]) for row in wider.values()] == [POSSIBLE, POSSIBLE]


def test_a_group_is_asked_about_once(tmp_path: Path) -> None:
    problem = world(tmp_path, {"regions": {"R": {"groups": [["0110", "2221"]]}}})
    standing = Standing(problem, ("R",), 0.1)
    assert standing.sides == [("R", "0110", True), ("R", "0110", False)]
    found = shown(bins(problem, 0.1, desk=Desk(0.0, 30.0)))
    assert {named(row["bin"]) for row in found.values()} == {NECESSARY}


def test_interrupted_it_goes_on_without_asking_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended after every number of batches, and taken up again, it asks the rest and comes to the same bins."""
    problem = next(p for p in (case(n)[0] for n in range(99) if len(case(n)[1]) > 2) if len(p.regions) == 1
                   and not p.locked and not p.groups["R"])
    monkeypatch.setattr(exploring, "floors", lambda *_: {})
    monkeypatch.setattr(exploring, "processors", lambda: 1)  # one question a batch
    plain = shown(bins(problem, 0.05, desk=Desk(0.0, 30.0)))
    whole, batches = desks.Desk.ask, [0]
    ended = 0
    for allowed in itertools.count(1):
        file = tmp_path / f"answers-{allowed}.jsonl"
        asked: list[str] = []

        def ask(self: Desk, questions: list[Question], allowed: int = allowed, asked: list[str] = asked, **how: Any
                ) -> list[Any]:
            if questions and batches[0] >= allowed:
                raise KeyboardInterrupt
            batches[0] += bool(questions)
            asked += [f"{question.wishes} {question.costs}" for question in questions]
            return whole(self, questions, **how)

        monkeypatch.setattr(desks.Desk, "ask", ask)
        batches[0] = 0
        try:
            bins(problem, 0.05, desk=Desk(0.0, 30.0), answers=file)
            break
        except KeyboardInterrupt:
            ended += 1
        kept = Answers(file, _about(file)).known
        assert len(kept) == len(asked)
        batches[0] = -99
        again = shown(bins(problem, 0.05, desk=Desk(0.0, 30.0), answers=file))
        assert [row["bin"] for row in again.values()] == [row["bin"] for row in plain.values()]
        singles = [question for question in asked if question.endswith("{}")]
        assert len(singles) == len(set(singles))
        monkeypatch.setattr(desks.Desk, "ask", whole)
    assert ended >= 2


def _about(file: Path) -> dict[str, str]:
    return json.loads(file.read_text("utf-8").split("\t")[0])["about"]


def kept(folder: Path) -> tuple[Path, dict[str, str], list[Told]]:
    about = {"case": "a", "within": "0.01"}
    told = [Told(("R",), None, 8.0, 7.5, frozenset({("R", "0110", 1)})),
            Told(("R",), ("R", "0110", False), math.inf, math.inf, None, 1)]
    answers = Answers(folder / "answers.jsonl", about)
    for one in told:
        answers.add(one)
    return folder / "answers.jsonl", about, told


def test_answers_are_read_back_as_they_were_given(tmp_path: Path) -> None:
    file, about, told = kept(tmp_path)
    assert Answers(file, about).known == told
    with file.open("ab") as cut:
        cut.write(b'{"regions": ["R"], "val')  # written when the power went
    answers = Answers(file, about)
    assert answers.known == told
    answers.add(told[0])
    assert Answers(file, about).known == [*told, told[0]]


@pytest.mark.parametrize(("name", "value", "word"), [("within", "0.02", "0.01"), ("case", "b", "other numbers")])
def test_answers_about_something_else_are_refused_with_the_reason(tmp_path: Path, name: str, value: str, word: str
                                                                 ) -> None:
    file, about, _ = kept(tmp_path)
    before = file.read_bytes()
    with pytest.raises(InputError) as caught:
        Answers(file, about | {name: value})
    assert [fault.column for fault in caught.value.faults] == [name] and word in str(caught.value)
    assert file.read_bytes() == before


def test_changed_answers_are_refused_with_their_line(tmp_path: Path) -> None:
    file, about, _ = kept(tmp_path)
    text = file.read_text("utf-8")
    for old, new, row in (("7.5", "6.5", 2), ('"impossible": true', '"impossible": null', 3), ("{", "[", 1)):
        file.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(InputError) as caught:
            Answers(file, about)
        assert [fault.row for fault in caught.value.faults] == [row]


@pytest.mark.parametrize("share", [-0.1, 1.0, math.nan, math.inf])
def test_what_is_no_share_is_refused(tmp_path: Path, share: float) -> None:
    with pytest.raises(InputError):
        bins(world(tmp_path), share)


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """The exit code of the real command."""
    monkeypatch.setattr(sys, "argv", ["optimiser", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_the_command_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    config = write_world(tmp_path / "case", {"regions": {"R": {"list_length": 1}}},
                         permit_totals=rows("region year central", ("*", "*", 6)))
    asked = ("bins", config, "--out", tmp_path / "out", "--within")
    whole, batches = desks.Desk.ask, [0]

    def ask(self: Desk, questions: list[Question], **how: Any) -> list[Any]:
        batches[0] += 1
        if batches[0] == 2:
            raise KeyboardInterrupt
        return whole(self, questions, **how)

    monkeypatch.setattr(desks.Desk, "ask", ask)
    assert command(monkeypatch, *asked, "20%") == 130
    kept = tmp_path / "out.answers.jsonl"
    assert str(kept) in capsys.readouterr().err and kept.exists() and not (tmp_path / "out").exists()
    assert command(monkeypatch, *asked, "30%") == 2
    lines = capsys.readouterr().err.splitlines()
    place = LINE.fullmatch(lines[0])
    assert place and place["place"] == f"{kept}, row 1, within" and "0.2" in place["got"] and "0.3" in place["expected"]
    assert command(monkeypatch, *asked, "20%", "--set", "regions.R.list_length=2") == 2
    assert "case with other numbers or rules" in capsys.readouterr().err
    assert command(monkeypatch, *asked, "20%") == 0
    assert not kept.exists()
    assert shown(read(tmp_path / "out"))["R", "0110"]["bin"] == "necessary"
    assert (tmp_path / "out" / "report.html").read_text("utf-8").count("<svg") == 2


@pytest.mark.parametrize("within", ["abc", "100%", "-1%", "nan", "1%%", ""])
def test_the_command_refuses_what_is_no_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                              capsys: pytest.CaptureFixture[str], within: str) -> None:
    for name in ("bins", "alternatives"):
        assert command(monkeypatch, name, write_world(tmp_path / "case"), "--within", within) == 2
        place = LINE.fullmatch(capsys.readouterr().err.splitlines()[0])
        assert place and place["place"] == "--within"
