"""The price of acting apart: regions that share services alone, together, and a fair split of what they gain."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from optimiser.cells import meant
from optimiser.config import Objective
from optimiser.errors import Fault, InputError
from optimiser.exact import evaluate
from optimiser.explore.desk import Asked, Desk, Question, Regions
from optimiser.explore.finding import Finding, frame_of, interval
from optimiser.model.components import components
from optimiser.model.readback import merged
from optimiser.plan import Plan
from optimiser.problem import Problem
from optimiser.schema import SHARED
from optimiser.texts import say
from optimiser.variant import with_numbers, with_rules

MOST_EXACT = 6  # regions for which every coalition is asked about
ORDERS = 24  # in which more regions than that join, drawn at random
SIGNIFICANT = 1e-9
Coalition = frozenset[str]
AIM = "unfilled"


@dataclass(frozen=True)
class Sharing:
    """What regions that share services reach alone, together, and what a fair split would give them.

    Attributes
    ----------
    shares : dict region -> share of every shared capacity that is its own when it acts apart
    values : dict coalition -> (low, high)
        Person-years that stay unfilled when these regions pool what is theirs.
    alone, together, gain : dict region -> (low, high)
        What it leaves unfilled by itself, in the plan found for all, and its fair (Shapley) part of what all gain.
    sampled : int
        Orders that were drawn; 0 when every coalition was asked about.
    error : dict region -> standard error of a sampled gain
    """

    services: tuple[str, ...]
    shares: dict[str, float]
    values: dict[Coalition, tuple[float, float]]
    alone: dict[str, tuple[float, float]]
    together: dict[str, float]
    gain: dict[str, tuple[float, float]]
    sampled: int
    error: dict[str, float]


def apart(problem: Problem, shares: Mapping[str, float] | None = None, *, desk: Desk | None = None) -> Finding:
    """What regions that share services lose by acting apart, and a fair split of the gain of acting together.

    Parameters
    ----------
    shares : dict region -> share, optional
        Of every shared capacity, its own where a region acts apart; by the net shortages of all years when not given.
    desk : Desk, optional

    Raises
    ------
    InputError
        When the shares name other regions than those that share, or do not add up to one.
    """
    limits = problem.config.solver
    desk = desk or Desk(limits.gap, limits.time_limit, limits.seed)
    groups = [(regions, found) for regions in components(problem) if (found := sharing(problem, regions))]
    if shares is not None:
        refuse_shares(shares, [set(_users(problem, found)) for _, found in groups])
    lines, rows, pooled, facts = [], [], [], {}
    for regions, services in groups:
        one = split(problem, regions, services, shares, desk)
        lines += _lines(problem, one)
        rows += [(r, one.shares[r], *one.alone[r], one.together[r], *one.gain[r]) for r in one.shares]
        pooled += [("-".join(sorted(members)), *ends) for members, ends in one.values.items()]
        facts["-".join(one.shares)] = {
            "services": list(services), "sampled": one.sampled, "error": one.error,
            "regions": {r: {"alone": one.alone[r], "together": one.together[r], "gain": one.gain[r]}
                        for r in one.shares}}
    if not groups:
        return Finding("apart", say("explore.apart_asked"), (say("explore.apart_nothing"),), {})
    tables = {"apart": frame_of(rows, "region share low_alone high_alone unfilled_together low_gain high_gain"),
              "apart_coalitions": frame_of(pooled, "regions low_pooled high_pooled")}
    rule = "explore.apart_given" if shares is not None else "explore.apart_by_shortage"
    return Finding("apart", say("explore.apart_asked"), (*lines, say(rule), say("explore.apart_honest")), tables, facts)


def sharing(problem: Problem, regions: Regions) -> tuple[str, ...]:
    """Shared services with a capacity that more than one of the regions use."""
    return tuple(g for g in sorted({g for g, place, _ in problem.capacity if place == SHARED})
                 if sum((g, r) in problem.users for r in regions) > 1)


def _users(problem: Problem, services: Iterable[str]) -> Regions:
    return tuple(r for r in problem.regions if any((g, r) in problem.users for g in services))


def shares_of(text: str) -> dict[str, float]:
    """Shares as they are given on the command line: `BE2=0.6,BE3=0.4`.

    Raises
    ------
    InputError
        When a part is no region and a number, or a region is named twice.
    """
    found: dict[str, float] = {}
    faults = []
    for part in text.split(","):
        region, _, number = (piece.strip() for piece in part.partition("="))
        if not region or region in found or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", number):
            faults.append(Fault("--shares", 0, "", repr(part), say("explore.apart_written"), say("explore.apart_once")))
        else:
            found[region] = float(number)
    if faults:
        raise InputError(faults)
    return found


def refuse_shares(shares: Mapping[str, float], groups: Sequence[set[str]]) -> None:
    """Shares of exactly the regions that share something, one in all for each group."""
    known = sorted(set().union(*groups))
    faults = [Fault("--shares", 0, r, repr(r), say("faults.one_of", names=", ".join(known) or "-"),
                    meant(r, known) or say("faults.choose_word")) for r in shares if r not in known]
    faults += [Fault("--shares", 0, r, say("faults.nothing"), say("explore.apart_share"), say("explore.apart_add"))
               for r in known if r not in shares]
    faults += [Fault("--shares", 0, r, str(share), say("explore.apart_share"), say("explore.apart_sum"))
               for r, share in shares.items() if not 0 <= share <= 1]
    if not faults:
        sums = [(group, sum(shares[r] for r in group)) for group in groups]
        faults += [Fault("--shares", 0, ", ".join(sorted(group)), f"{total:g}", say("explore.apart_one"),
                         say("explore.apart_sum")) for group, total in sums if abs(total - 1) > 1e-6]
    if faults:
        raise InputError(faults)


def split(problem: Problem, regions: Regions, services: tuple[str, ...], shares: Mapping[str, float] | None,
          desk: Desk) -> Sharing:
    """All coalitions of regions that share services, and the fair split."""
    players = tuple(r for r in regions if any((g, r) in problem.users for g in services))
    if shares is None:
        short = {r: _shortage(problem, r) for r in players}
        whole = sum(short.values())
        shares = {r: short[r] / whole if whole else 1 / len(players) for r in players}
    else:
        shares = {r: shares[r] for r in players}
    asker = _Coalitions(problem, services, shares, desk)
    if len(players) <= MOST_EXACT:
        orders: list[tuple[str, ...]] = []
        asked = [frozenset(some) for n in range(1, len(players) + 1) for some in combinations(players, n)]
        weights = {r: dict(_weights(players, r)) for r in players}
    else:
        orders = list(_orders(players, desk.seed))
        asked = list(dict.fromkeys(frozenset(order[:n]) for order in orders for n in range(1, len(order) + 1)))
        asked += [frozenset([r]) for r in players if frozenset([r]) not in asked]
        weights = {r: _sampled(orders, r) for r in players}
    values = asker.values(sorted(asked, key=lambda members: (len(members), sorted(members))))
    alone = {r: values[frozenset([r])] for r in players}
    gain = {r: _gain(weights[r], values, r) for r in players}
    outcome = evaluate(problem, asker.plan(frozenset(players)))
    together = {r: float(outcome.objective[r, AIM]) for r in players}
    error = {r: _error(orders, values, r) for r in players} if orders else {}
    return Sharing(services, dict(shares), values, alone, together, gain, len(orders), error)


class _Coalitions:
    """Asks what coalitions leave unfilled when they pool what is theirs of the shared services."""

    def __init__(self, problem: Problem, services: tuple[str, ...], shares: Mapping[str, float], desk: Desk):
        self.problem, self.services, self.shares, self.desk = problem, services, shares, desk
        for r in shares:  # the same aim first for all of them, whatever theirs are
            self.problem = with_rules(self.problem, r, objectives=(Objective(name=AIM),))
        self.found: dict[Coalition, Asked] = {}

    def values(self, coalitions: Sequence[Coalition]) -> dict[Coalition, tuple[float, float]]:
        """Interval of what each leaves unfilled; the smaller ones first, whose plans start the larger."""
        for size in sorted({len(members) for members in coalitions}):
            now = [members for members in coalitions if len(members) == size]
            for members, asked in zip(now, self.desk.ask([self._question(members) for members in now]), strict=True):
                self.found[members] = asked
        return {members: (self.found[members].bound, self.found[members].value) for members in coalitions}

    def plan(self, members: Coalition) -> Plan:
        """The plan found; empty where there is none."""
        return self.found[members].plan or Plan()

    def _question(self, members: Coalition) -> Question:
        problem = pooled(self.problem, self.services, sum(self.shares[r] for r in members), members)
        parts = [self.plan(frozenset([r])) for r in members if frozenset([r]) in self.found]
        return Question(problem, tuple(r for r in problem.regions if r in members), aim=AIM,
                        like=(merged(parts),) if parts else ())


def pooled(problem: Problem, services: tuple[str, ...], share: float, members: Iterable[str]) -> Problem:
    """The case in which some regions have a share of every shared service to themselves, and pay for it alone."""
    keys = [key for key in problem.capacity if key[0] in services]
    problem = with_numbers(problem, "capacity", {key: problem.capacity[key] * share for key in keys})
    columns = {name: dict(column) for name, column in problem.service_parameters.items()}
    there = set(members)
    for g in services:
        payers = problem.payers(g, SHARED)
        own = sum(r in there for r in payers)
        if (g, SHARED) in columns["max_expansion"]:
            columns["max_expansion"][g, SHARED] *= share
        if (g, SHARED) in columns["expansion_cost"] and own:
            columns["expansion_cost"][g, SHARED] *= len(payers) / own  # each pays its part of what it extends itself
    return replace(problem, service_parameters=columns)


def _shortage(problem: Problem, region: str) -> float:
    """Net shortage of a region over all years (person-years)."""
    return sum(max(0.0, number - problem.activatable.get(key, 0.0)) for key, number in problem.shortage.items()
               if problem.region_of[key[1]] == region)


def _weights(players: Sequence[str], r: str) -> Iterator[tuple[Coalition, float]]:
    """What a coalition's value counts in the Shapley value of a region."""
    n = len(players)
    for size in range(1, n + 1):
        for some in combinations(players, size):
            with_it = size if r in some else size + 1  # how many it joins, itself among them
            weight = math.factorial(with_it - 1) * math.factorial(n - with_it) / math.factorial(n)
            yield frozenset(some), weight if r in some else -weight


def _orders(players: Sequence[str], seed: int) -> Iterator[tuple[str, ...]]:
    """Orders in which regions join, each followed by its reverse: the two make up for one another."""
    rng = random.Random(f"apart {seed}")
    for _ in range(ORDERS // 2):
        order = rng.sample(list(players), len(players))
        yield tuple(order)
        yield tuple(reversed(order))


def _sampled(orders: Sequence[tuple[str, ...]], r: str) -> dict[Coalition, float]:
    """The same weights, from orders that were drawn."""
    weights: dict[Coalition, float] = {}
    for order in orders:
        n = order.index(r)
        weights[frozenset(order[:n + 1])] = weights.get(frozenset(order[:n + 1]), 0.0) + 1 / len(orders)
        if n:
            weights[frozenset(order[:n])] = weights.get(frozenset(order[:n]), 0.0) - 1 / len(orders)
    return weights


def _gain(weights: Mapping[Coalition, float], values: Mapping[Coalition, tuple[float, float]], r: str
          ) -> tuple[float, float]:
    """A region's part of what is gained, over what it has alone: an interval that holds for all values in theirs.

    What is filled more is what stays unfilled less, so every weight counts against what is left unfilled.
    """
    counts = {members: -weight for members, weight in weights.items()}
    counts[frozenset([r])] = counts.get(frozenset([r]), 0.0) + 1.0
    low = high = 0.0
    for members, count in counts.items():
        if abs(count) > SIGNIFICANT:
            least, most = values[members]
            low, high = low + count * (least if count > 0 else most), high + count * (most if count > 0 else least)
    return low, high


def _error(orders: Sequence[tuple[str, ...]], values: Mapping[Coalition, tuple[float, float]], r: str) -> float:
    """Standard error of a sampled gain, from the pairs of orders that were drawn."""
    gains = []
    for order in orders:
        n = order.index(r)
        before = values[frozenset(order[:n])][1] if n else 0.0
        gains.append(before - values[frozenset(order[:n + 1])][1])
    pairs = [(a + b) / 2 for a, b in zip(gains[::2], gains[1::2], strict=True)]
    mean = sum(pairs) / len(pairs)
    return math.sqrt(sum((pair - mean) ** 2 for pair in pairs) / max(1, len(pairs) - 1) / len(pairs))


def _lines(problem: Problem, one: Sharing) -> list[str]:
    """What acting apart costs all of them, and what each would gain."""
    names = ", ".join(problem.title("regions", r) for r in one.shares)
    services = ", ".join(problem.title("services", g) for g in one.services)
    without = [r for r, ends in one.alone.items() if math.isinf(ends[1])]
    if without:
        return [say("explore.apart_impossible", regions=", ".join(problem.title("regions", r) for r in without),
                    services=services)]
    all_of_them = one.values[frozenset(one.shares)]
    low = sum(ends[0] for ends in one.alone.values()) - all_of_them[1]
    high = sum(ends[1] for ends in one.alone.values()) - all_of_them[0]
    lines = [say("explore.apart_gain" if low > 0 else "explore.apart_tie", regions=names, services=services,
                 gain=interval(max(0.0, low), max(0.0, high), 1))]
    for r in one.shares:
        left = one.alone[r][1] - one.together[r]
        lines.append(say("explore.apart_region", region=problem.title("regions", r), share=f"{one.shares[r]:.1%}",
                         alone=interval(*one.alone[r], 1), gain=interval(*one.gain[r], 1),
                         plan=say("explore.apart_more" if left >= 0 else "explore.apart_less",
                                  number=f"{abs(left):,.1f}")))
    if one.sampled:
        worst = max(one.error.values())
        lines.append(say("explore.apart_sampled", n=one.sampled, error=f"{worst:,.1f}"))
    return lines
