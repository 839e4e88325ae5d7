"""How full the services of a region are: the heat map, the numbers behind it, and what runs out."""

from __future__ import annotations

import pandas as pd

from optimiser.report import content
from optimiser.report.content import records
from optimiser.report.views import MOST_ROWS, Cell, Grid
from optimiser.report.words import Words

STEPS = ((0.5, "low"), (0.75, "some"), (0.9, "much"), (content.FULL, "most"))


def scarce(words: Words, shares: pd.DataFrame) -> str:
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


def _heat_cell(words: Words, share: float, room: float) -> Cell:
    """A cell of the heat map: its share, or in a word that it is full or has nothing to give."""
    if room <= 0:
        return Cell(words("closed"), "closed")
    look = next((name for limit, name in STEPS if share < limit), "full")
    return Cell(words("full") if look == "full" else words.percent(share), look)


def heat_map(words: Words, frame: pd.DataFrame, region: str) -> Grid | None:
    """Share of capacity used by place and year; `frame` is what `content.fullness` gives."""
    if frame.empty:
        return None
    years = list(words.problem.years)
    worst = frame.groupby(["service", "place"])["share"].mean().sort_values(ascending=False, kind="stable")
    kept = set(worst.head(MOST_ROWS).index)
    groups: dict[str, list[tuple[str | Cell, ...]]] = {}
    for pair, rows in frame.groupby(["service", "place"], sort=True):
        if pair not in kept:
            continue
        service, place = map(str, pair)
        cells = {row["year"]: _heat_cell(words, row["share"], row["capacity"] + row["expansion"])
                 for row in records(rows)}
        name = words("service_and_unit", service=words.service(service), unit=words.unit(service))
        groups.setdefault(name, []).append((words.place(service, place), *(
            cells.get(t, Cell(words("no_limit"))) for t in years)))
    head = (words("place"), *map(str, years))
    caption = words("heat_caption", region=words.region(region))
    note = words.cut(len(worst), MOST_ROWS, "cut_places")
    return Grid(caption, head, [], note=note, groups=sorted(groups.items()))


def service_grid(words: Words, frame: pd.DataFrame, region: str) -> Grid | None:
    """Capacity and use in units, yearly averages; `frame` is what `content.fullness` gives."""
    if frame.empty:
        return None
    sums = frame.groupby(["service", "place"], sort=True)[["capacity", "expansion", "used"]].mean().reset_index()
    sums["share"] = sums["used"] / (sums["capacity"] + sums["expansion"]).where(lambda room: room > 0)
    sums = sums.sort_values("share", ascending=False, kind="stable")
    rows = [(words("service_in", service=words.service(g), place=words.place(g, row["place"])), words.unit(g),
             *(words.amount(row[name]) for name in ("capacity", "expansion", "used")))
            for row in records(sums.head(MOST_ROWS)) for g in (row["service"],)]
    head = (words("service"), words("unit"), words("capacity"), words("expansion"), words("used"))
    note = words.cut(len(sums), MOST_ROWS, "cut_places")
    return Grid(words("services_caption", region=words.region(region)), head, rows, range(2, 1000), note)
