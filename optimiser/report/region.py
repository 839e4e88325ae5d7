"""A region's section of the report: its list, what changes on it, training and cost, in words."""

from __future__ import annotations

import pandas as pd

from optimiser.report import content, services, unfilled
from optimiser.report.content import Record, records
from optimiser.report.costs import KINDS
from optimiser.report.views import MOST_ROWS, Cell, Grid, Listing, RegionView
from optimiser.report.words import Words
from optimiser.solution import Solution


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
                 coverage=words.percent(row["coverage"]))


def _listings(words: Words, solution: Solution, region: str, reasons: pd.DataFrame) -> list[Listing]:
    problem, rows = words.problem, []
    why = {row["occupation"]: row for row in records(reasons)}
    numbers = [review.number for review in problem.reviews[region]]
    for row in records(content.listed(problem, solution, region)):
        o, held = row["occupation"], row["reviews"]
        quotas = tuple(Cell(words.amount(row[t]), "") if row[t] == row[t] else Cell(words("not_listed"), "off")
                       for t in problem.years)
        spoken = words("in_reviews", names=words.names(map(str, held), 100), n=len(numbers))
        rows.append(Listing(words.occupation(o), " \u00b7 ".join(words.attributes(o)),
                            tuple(n in held for n in numbers), spoken, quotas, words.amount(row["filled"]),
                            reason(words, why[o])))
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
        text = words(key, rate=words.figure(row["rate"]), per=words.amount(row["per"]), unit=words.unit(service),
                     service=words.service(service), share=words.percent(row["share"]), places=words.names(full))
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
    rows: list[tuple[str | Cell, ...]] = []
    for row in records(frame):
        gone = words.names((words.occupation(o) for o in row["left"]), 6)
        stays = words.names((words.occupation(o) for o in row["stays"]), 6) or words("nobody")
        rows.append((row["entry"], str(row["first_year"]), gone, stays))
    head = (words("entry"), words("from_year"), words("leaves"), words("stays"))
    return Grid(words("exits_caption"), head, rows, numbers=range(0))


def _pipeline(words: Words, frame: pd.DataFrame, region: str) -> Grid | None:
    if frame.empty:
        return None
    years = list(words.problem.years)
    rows: list[tuple[str | Cell, ...]] = [
        (words.occupation(row["occupation"]), *(words.amount(row[t]) for t in (*years, "starts", "filled")))
        for row in records(frame.head(MOST_ROWS))]
    total = (words("total"), *(words.amount(float(frame[t].sum())) for t in (*years, "starts", "filled")))
    rows.append(tuple(Cell(text, "total") for text in total))
    head = (words("occupation"), *map(str, years), words("starts"), words("fills"))
    return Grid(words("pipeline_caption", region=words.region(region)), head, rows,
                note=words.cut(len(frame), MOST_ROWS, "cut_occupations"))


def _costs(words: Words, frame: pd.DataFrame, region: str) -> Grid:
    kinds = [*KINDS, "total"]
    rows: list[tuple[str | Cell, ...]] = [
        (str(row["year"]), *(words.amount(row[kind] / 1000) for kind in kinds)) for row in records(frame)]
    total = (words("total"), *(words.amount(float(frame[kind].sum()) / 1000) for kind in kinds))
    rows.append(tuple(Cell(text, "total") for text in total))
    head = (words("year"), *(words(f"cost_{kind}") for kind in kinds))
    return Grid(words("costs_caption", region=words.region(region)), head, rows)
