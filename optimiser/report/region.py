"""A region's section of the report: its list, what stays unfilled, services, training and cost, in words."""

from __future__ import annotations

import pandas as pd

from optimiser.report import content, figures
from optimiser.report.content import Record, records
from optimiser.report.costs import KINDS
from optimiser.report.views import Cell, Figure, Grid, Listing, RegionView
from optimiser.report.words import Words
from optimiser.solution import Solution

TOP = 12  # bars in a chart
MOST_PLACES = 40  # rows of a heat map and of the areas table; the worst are shown
MOST_TILES = 60  # areas beyond which a tile map is given up for bars
STEPS = ((0.5, "low"), (0.75, "some"), (0.9, "much"), (content.FULL, "most"))


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
        scarce=_scarce(words, shares),
        listings=_listings(words, solution, region, reasons[reasons["region"] == region]),
        sizes=_sizes(words, content.sizes(problem, solution, region)),
        moves=_moves(words, content.moves(problem, solution, region)),
        exits=_exits(words, content.official_exits(problem, solution, region)),
        bars=_bars(words, occupations, region),
        areas=_areas(words, areas, region),
        by_area=_by_area(words, areas),
        heat=_heat(words, shares, region),
        services=_services(words, shares, region),
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


def _scarce(words: Words, shares: pd.DataFrame) -> str:
    """Which services are full in some year, and where."""
    full = shares[(shares["share"] >= content.FULL) & (shares["used"] > 0)]
    if full.empty:
        return words("nothing_scarce") if len(shares) else ""
    parts = []
    for service, rows in full.groupby("service", sort=True):
        g = str(service)
        places = sorted(words.place(g, str(place)) for place in rows["place"].unique())
        area = g != content.PERMITS and words.problem.services[g].scope == "area"
        parts.append(words("scarce_in", service=words.service(g), places=words.names(places, 5)) if area
                     else words.service(g))
    return words("scarce", services="; ".join(parts))


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
            ("", "") if first else (words.amount(row["entered"]), words.amount(row["left"])))))
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


def _parts(words: Words, frame: pd.DataFrame) -> dict[str, str]:
    """Legend of the parts of a shortage that occur at all."""
    return {part: words(part) for part in content.PARTS if frame[part].sum() > 0 or part == "unfilled"}


def _amounts(words: Words, row: Record) -> tuple[str, ...]:
    return (*(words.amount(row[name]) for name in ("shortage", *content.PARTS)), words.percent(row["coverage"]))


def _bars(words: Words, frame: pd.DataFrame, region: str) -> Figure | None:
    if frame.empty:
        return None
    head = (words("occupation"), words("shortage"), *(words(part) for part in content.PARTS), words("coverage"))
    shown = frame.head(MOST_PLACES)
    rows = [(words.occupation(row["occupation"]), *_amounts(words, row)) for row in records(shown)]
    top = frame.head(TOP)
    named = top.assign(name=[words.occupation(o) for o in top["occupation"]],
                       total=[words("unfilled_short", n=words.amount(n)) for n in top["unfilled"]])
    title = words("bars_title", n=len(top), region=words.region(region))
    described = words("bars_described", first=named["name"].iloc[0], n=words.amount(float(top["unfilled"].iloc[0])),
                      part=words.percent(top["unfilled"].sum() / max(frame["unfilled"].sum(), 1e-9)))
    svg = figures.shortage_bars(named, _parts(words, top), title, described)
    note = _cut_note(words, len(frame), "cut_occupations")
    return Figure(title, svg, Grid(words("bars_caption"), head, rows, note=note), described)


def _cut_note(words: Words, rows: int, key: str) -> str:
    return words(key, shown=MOST_PLACES, n=words.amount(rows)) if rows > MOST_PLACES else ""


def _areas(words: Words, frame: pd.DataFrame, region: str) -> Figure | None:
    if frame.empty or frame["shortage"].sum() <= 0:
        return None
    frame = frame.assign(name=[words.area(p) for p in frame["area"]],
                         text=[words.percent(share) for share in frame["coverage"]])
    grid = _worst_served(words, frame, region)
    title = words("areas_title", region=words.region(region))
    served = frame[frame["coverage"].notna()]
    described = words("areas_described", worst=served["name"].iloc[0], low=served["text"].iloc[0],
                      best=served["name"].iloc[-1], high=served["text"].iloc[-1]) if len(served) else ""
    tiles = frame[["tile_row", "tile_column"]]
    mapped = tiles.notna().all(axis=None) and len(frame) <= MOST_TILES and not tiles.duplicated().any()
    draw = figures.tile_map if mapped else figures.area_bars
    return Figure(title, draw(frame if mapped else frame.head(MOST_PLACES), title, described), grid, described)


def _worst_served(words: Words, frame: pd.DataFrame, region: str) -> Grid:
    head = tuple(words(key) for key in ("area", "net_short", "filled_short", "unfilled", "coverage_short"))
    rows = [(row["name"], words.amount(row["net"]), words.amount(row["filled_by_training"] + row["filled_by_scheme"]),
             words.amount(row["unfilled"]), row["text"]) for row in records(frame.head(MOST_PLACES))]
    return Grid(words("areas_caption", region=words.region(region)), head, rows,
                note=_cut_note(words, len(frame), "cut_areas"))


def _by_area(words: Words, frame: pd.DataFrame) -> Grid | None:
    if frame["shortage"].sum() <= 0:
        return None
    head = (words("area"), words("shortage"), *(words(part) for part in content.PARTS), words("coverage"),
            words("people"))
    rows = [(words.area(row["area"]), *_amounts(words, row), words.amount(row["people"]))
            for row in records(frame.head(MOST_PLACES))]
    return Grid(words("by_area_caption"), head, rows, note=_cut_note(words, len(frame), "cut_areas"))


def heat_class(share: float, room: float) -> str:
    """Look of a heat-map cell."""
    if room <= 0:
        return "closed"
    return next((name for limit, name in STEPS if share < limit), "full")


def _heat(words: Words, frame: pd.DataFrame, region: str) -> Grid | None:
    if frame.empty:
        return None
    years = list(words.problem.years)
    worst = frame.groupby(["service", "place"])["share"].mean().sort_values(ascending=False, kind="stable")
    kept = set(worst.head(MOST_PLACES).index)
    groups: dict[str, list[tuple[str | Cell, ...]]] = {}
    for pair, rows in frame.groupby(["service", "place"], sort=True):
        if pair not in kept:
            continue
        service, place = map(str, pair)
        cells = {row["year"]: Cell(words.percent(row["share"]) if row["capacity"] + row["expansion"] > 0
                                   else words("closed"), heat_class(row["share"], row["capacity"] + row["expansion"]))
                 for row in records(rows)}
        name = words("service_and_unit", service=words.service(service), unit=words.unit(service))
        groups.setdefault(name, []).append((words.place(service, place), *(
            cells.get(t, Cell(words("no_limit"))) for t in years)))
    head = (words("place"), *map(str, years))
    caption = words("heat_caption", region=words.region(region))
    note = _cut_note(words, len(worst), "cut_places")
    return Grid(caption, head, [], note=note, groups=sorted(groups.items()))


def _services(words: Words, frame: pd.DataFrame, region: str) -> Grid | None:
    if frame.empty:
        return None
    sums = frame.groupby(["service", "place"], sort=True)[["capacity", "expansion", "used"]].mean().reset_index()
    sums["share"] = sums["used"] / (sums["capacity"] + sums["expansion"]).where(lambda room: room > 0)
    sums = sums.sort_values("share", ascending=False, kind="stable")
    rows = [(words("service_in", service=words.service(g), place=words.place(g, row["place"])), words.unit(g),
             *(words.amount(row[name]) for name in ("capacity", "expansion", "used")))
            for row in records(sums.head(MOST_PLACES)) for g in (row["service"],)]
    head = (words("service"), words("unit"), words("capacity"), words("expansion"), words("used"))
    note = _cut_note(words, len(sums), "cut_places")
    return Grid(words("services_caption", region=words.region(region)), head, rows, range(2, 1000), note)


def _pipeline(words: Words, frame: pd.DataFrame, region: str) -> Grid | None:
    if frame.empty:
        return None
    years = list(words.problem.years)
    rows: list[tuple[str | Cell, ...]] = [
        (words.occupation(row["occupation"]), *(words.amount(row[t]) for t in (*years, "starts", "filled")))
        for row in records(frame.head(MOST_PLACES))]
    total = (words("total"), *(words.amount(float(frame[t].sum())) for t in (*years, "starts", "filled")))
    rows.append(tuple(Cell(text, "total") for text in total))
    head = (words("occupation"), *map(str, years), words("starts"), words("fills"))
    return Grid(words("pipeline_caption", region=words.region(region)), head, rows,
                note=_cut_note(words, len(frame), "cut_occupations"))


def _costs(words: Words, frame: pd.DataFrame, region: str) -> Grid:
    kinds = [*KINDS, "total"]
    rows: list[tuple[str | Cell, ...]] = [
        (str(row["year"]), *(words.amount(row[kind] / 1000) for kind in kinds)) for row in records(frame)]
    total = (words("total"), *(words.amount(float(frame[kind].sum()) / 1000) for kind in kinds))
    rows.append(tuple(Cell(text, "total") for text in total))
    head = (words("year"), *(words(f"cost_{kind}") for kind in kinds))
    return Grid(words("costs_caption", region=words.region(region)), head, rows)
