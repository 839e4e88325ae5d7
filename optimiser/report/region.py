"""A region's section of the report: its list, what changes on it, training and cost, in words."""

from __future__ import annotations

import pandas as pd

from optimiser.report import content, headline, proof, services, unfilled
from optimiser.report.content import Record, records
from optimiser.report.costs import KINDS
from optimiser.report.views import Cell, Grid, Listing, RegionView
from optimiser.report.words import Words
from optimiser.solution import Solution

TRAINED = 15  # occupations of the training table on the page
NAMED = 2  # full places that are named in a reason


def region_view(words: Words, solution: Solution, region: str, number: int, reasons: pd.DataFrame,
                costs: pd.DataFrame) -> RegionView:
    """Everything the template prints for one region.

    Parameters
    ----------
    number : int
        Position among the regions, from 1.
    reasons, costs : DataFrame
        What `reasons.reasons` and `costs.costs` give for all regions.
    """
    problem = words.problem
    shares = content.fullness(problem, solution, region)
    occupations = content.by_occupation(problem, solution, region)
    areas = content.by_area(problem, solution, region)
    return RegionView(
        name=words.region(region), anchor=f"region-{number}",
        summary=_summary(words, solution, region),
        scarce=services.scarce(words, shares),
        listings=_listings(words, solution, region, reasons[reasons["region"] == region]),
        sizes=_sizes(words, content.sizes(problem, solution, region)),
        moves=_moves(words, content.moves(problem, solution, region)),
        exits=_exits(words, content.official_exits(problem, solution, region)),
        bars=unfilled.occupation_figure(words, occupations, region),
        areas=unfilled.area_figure(words, areas, region),
        by_area=unfilled.area_grid(words, areas),
        heat=services.heat_map(words, shares, region),
        services=services.service_grid(words, shares, region),
        pipeline=_pipeline(words, content.pipeline(problem, solution, region), region),
        costs=_costs(words, costs[costs["region"] == region], region))


def _summary(words: Words, solution: Solution, region: str) -> str:
    frame = content.glance(words.problem, solution)
    row = frame[frame["region"] == region].iloc[0]
    if row["shortage"] <= 0:
        return words("no_shortage", region=words.region(region))
    return words("region_summary", permits=words.amount(row["permits"]), people=words.amount(row["people"]),
                 filled=words.amount(row["filled_by_scheme"]), trained=words.amount(row["filled_by_training"]),
                 net=words.amount(row["net"]), unfilled=words.amount(row["unfilled"]),
                 coverage=words.percent(row["coverage"])) + _largest(words, solution, region)


def _largest(words: Words, solution: Solution, region: str) -> str:
    """The occupations with most permits; nothing where no permit is given."""
    quotas = solution.quotas[solution.quotas["region"] == region].groupby("occupation")["quota"].sum()
    most = quotas[quotas > 0].sort_values(ascending=False, kind="stable").head(3)
    named = [words("named_number", name=words.occupation(str(o)), n=words.amount(n)) for o, n in most.items()]
    return " " + words("most_permits", names=words.names(named)) if named else ""


def _listings(words: Words, solution: Solution, region: str, reasons: pd.DataFrame) -> list[tuple[str, list[Listing]]]:
    """The rows of the list: first what a proof says must stay, then under a heading what is a tie."""
    rows = _rows(words, solution, region, reasons)
    sure, tied = ([row for row in rows if row.tie == tie] for tie in (False, True))
    room = words.amount(proof.room(solution, region))
    heading = words("tie_heading", room=room, unit=headline.room_unit(words, region))
    return [(name, part) for name, part in (("", sure), (heading, tied)) if part]


def _rows(words: Words, solution: Solution, region: str, reasons: pd.DataFrame) -> list[Listing]:
    problem, rows = words.problem, []
    bases, tied = content.shortage_bases(problem, region), proof.ties(problem, solution, region)
    why = {row["occupation"]: row for row in records(reasons)}
    numbers = [review.number for review in problem.reviews[region]]
    for row in records(content.listed(problem, solution, region)):
        o, held = row["occupation"], row["reviews"]
        quotas = tuple(Cell(words.amount(row[t]), "") if row[t] == row[t] else Cell(words("not_listed"), "off")
                       for t in problem.years)
        spoken = words("in_reviews", names=words.names(map(str, held), 100), n=len(numbers))
        known = [words("shortage_known", bases=words.bases(bases[o]))] if o in bases else []
        rows.append(Listing(words.occupation(o), " \u00b7 ".join(words.attributes(o) + known),
                            tuple(n in held for n in numbers), spoken, quotas, words.amount(row["filled"]),
                            reason(words, why[o]), o in tied))
    return rows


def reason(words: Words, row: Record) -> str:
    """Why an occupation is listed, in one line; `row` is a record of `reasons.reasons`."""
    service = row["service"]
    if not row["people"]:
        text = words("why_nobody")
    elif not service:
        text = words("why_unlimited", filled=words.amount(row["filled"]))
    else:
        full = [words.place(service, place) for place in row["full"]]
        area = service != content.PERMITS and words.problem.services[service].scope == "area"
        key = "why_room" if not full else "why_full_in" if area else "why_full"
        places = words.names(full) if len(full) <= NAMED else words("so_many_places", n=words.amount(len(full)))
        text = words(key, rate=words.figure(row["rate"]), per=words.amount(row["per"]), unit=words.unit(service),
                     service=words.service(service), share=words.percent(row["share"]), places=places)
    locked = words.problem.locked.get((row["region"], row["occupation"])) == 1
    return words("why_locked", why=text) if locked else text


def _sizes(words: Words, frame: pd.DataFrame) -> Grid:
    rows: list[tuple[str | Cell, ...]] = []
    for row in records(frame):
        first = row["review"] == 0
        name = words("in_force") if first else words.span(row["first_year"], row["last_year"])
        rows.append((name, words.amount(row["listed"]), *(
            (words("nothing"),) * 2 if first else (words.amount(row["entered"]), words.amount(row["left"])))))
    head = (words("review"), words("listed"), words("entered"), words("left"))
    return Grid(words("sizes_caption"), head, rows)


def _moves(words: Words, frame: pd.DataFrame) -> list[tuple[str, str, str]]:
    """(year, names that enter, names that leave) of every review with changes."""
    rows = []
    for year, group in frame.groupby("first_year", sort=True):
        names = {move: sorted(words.occupation(o) for o in group["occupation"][group["move"] == move])
                 for move in ("entered", "left")}
        texts = [words.names(names[move], 1000) or words("nobody") for move in ("entered", "left")]
        rows.append((str(year), *texts))
    return rows


def _exits(words: Words, frame: pd.DataFrame) -> Grid | None:
    if frame.empty:
        return None
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in records(frame):
        gone = words.names((words.occupation(o) for o in row["left"]), 6)
        stays = words.names((words.occupation(o) for o in row["stays"]), 6) or words("nobody")
        groups.setdefault(words("from_year", year=row["first_year"]), []).append((row["entry"], gone, stays))
    head = (words("entry"), words("leaves"), words("stays"))
    return Grid(words("exits_caption"), head, [], numbers=range(0), groups=list(groups.items()))


def _pipeline(words: Words, frame: pd.DataFrame, region: str) -> Grid | None:
    if frame.empty:
        return None
    years = list(words.problem.years)
    numbers = [*years, "starts", "filled"]
    shown = TRAINED if len(frame) > TRAINED + 1 else len(frame)  # one row left would only be renamed
    rows: list[tuple[str | Cell, ...]] = [
        (words.occupation(row["occupation"]), *(words.amount(row[t]) for t in numbers))
        for row in records(frame.head(shown))]
    if rest := len(frame) - shown:
        rows.append((words("others", n=words.amount(rest)),
                     *(words.amount(float(frame[t].iloc[shown:].sum())) for t in numbers)))
    total = (words("total"), *(words.amount(float(frame[t].sum())) for t in numbers))
    rows.append(tuple(Cell(text, "total") for text in total))
    head = (words("occupation"), *map(str, years), words("starts"), words("fills"))
    return Grid(words("pipeline_caption", region=words.region(region)), head, rows,
                note=words.cut(len(frame), shown, "cut_occupations"))


def _costs(words: Words, frame: pd.DataFrame, region: str) -> Grid:
    kinds = [*KINDS, "total"]
    rows: list[tuple[str | Cell, ...]] = [
        (str(row["year"]), *(words.amount(row[kind] / 1000) for kind in kinds)) for row in records(frame)]
    total = (words("total"), *(words.amount(float(frame[kind].sum()) / 1000) for kind in kinds))
    rows.append(tuple(Cell(text, "total") for text in total))
    head = (words("year"), *(words(f"cost_{kind}") for kind in kinds))
    return Grid(words("costs_caption", region=words.region(region)), head, rows)
