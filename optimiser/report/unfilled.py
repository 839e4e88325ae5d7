"""What stays unfilled, and where: the figures and tables of a region by occupation and by area."""

from __future__ import annotations

import pandas as pd

from optimiser.report import content, figures
from optimiser.report.content import Record, records
from optimiser.report.views import MOST_ROWS, Figure, Grid
from optimiser.report.words import Words

TOP = 12  # bars in a chart
MOST_TILES = 60  # areas beyond which a tile map is given up for bars
MOST_COLUMNS = 12  # columns of tiles that are still readable on a phone


def occupation_figure(words: Words, frame: pd.DataFrame, region: str) -> Figure | None:
    """Bars of the largest unfilled shortages; `frame` is what `content.by_occupation` gives."""
    if frame.empty:
        return None
    frame = frame.assign(name=[words.occupation(o) for o in frame["occupation"]], state=_states(words, frame, region))
    head = ("occupation", "state", "shortage", *content.PARTS, "coverage")
    rows = [(row["name"], row["state"], *_amounts(words, row)) for row in records(frame.head(MOST_ROWS))]
    grid = Grid(words("bars_caption"), tuple(words(key) for key in head), rows, range(2, 1000),
                words.cut(len(frame), MOST_ROWS, "cut_occupations"))
    top = frame.head(TOP)
    title = words("bars_title", n=len(top), region=words.region(region))
    described = words("bars_described", first=top["name"].iloc[0], n=words.amount(float(top["unfilled"].iloc[0])),
                      part=words.percent(float(top["unfilled"].sum()) / max(float(frame["unfilled"].sum()), 1e-9)))
    named = [words("named_state", name=row["name"], state=row["state"]) for row in records(top)]
    totals = [words("unfilled_short", n=words.amount(number)) for number in top["unfilled"]]
    svg = figures.shortage_bars(top.assign(name=named, total=totals), _legend(words, top), title, described)
    return Figure(title, svg, grid, described)


def _states(words: Words, frame: pd.DataFrame, region: str) -> list[str]:
    """Whether each occupation is listed, left out, or may not be listed at all."""
    barred = [words.problem.locked.get((region, o)) == 0 for o in frame["occupation"]]
    return [words("state_listed" if listed else "state_barred" if never else "state_left_out")
            for listed, never in zip(frame["listed"], barred, strict=True)]


def _legend(words: Words, frame: pd.DataFrame) -> dict[str, str]:
    """The parts of a shortage that occur at all, and what they are called."""
    return {part: words(part) for part in content.PARTS if frame[part].sum() > 0 or part == "unfilled"}


def _amounts(words: Words, row: Record) -> tuple[str, ...]:
    return (*(words.amount(row[name]) for name in ("shortage", *content.PARTS)), words.percent(row["coverage"]))


def area_figure(words: Words, frame: pd.DataFrame, region: str) -> Figure | None:
    """Tile map of the areas, bars where there is none; `frame` is what `content.by_area` gives."""
    if frame.empty or frame["shortage"].sum() <= 0:
        return None
    frame = frame.assign(name=[words.area(p) for p in frame["area"]],
                         text=[words.percent(share) for share in frame["coverage"]])
    grid = _worst_served(words, frame, region)
    title = words("areas_title", region=words.region(region))
    served = frame[frame["coverage"].notna()]
    described = words("areas_described", worst=served["name"].iloc[0], low=served["text"].iloc[0],
                      best=served["name"].iloc[-1], high=served["text"].iloc[-1]) if len(served) else ""
    draw, shown = (figures.tile_map, frame) if _mappable(frame) else (figures.area_bars, frame.head(MOST_ROWS))
    return Figure(title, draw(shown, title, described), grid, described)


def _mappable(frame: pd.DataFrame) -> bool:
    """Whether every area has a tile of its own and the map stays readable."""
    tiles = frame[["tile_row", "tile_column"]]
    if len(frame) > MOST_TILES or bool(tiles.isna().to_numpy().any()) or bool(tiles.duplicated().any()):
        return False
    return float(tiles["tile_column"].max() - tiles["tile_column"].min()) < MOST_COLUMNS


def _worst_served(words: Words, frame: pd.DataFrame, region: str) -> Grid:
    head = tuple(words(key) for key in ("area", "net_short", "filled_short", "unfilled", "coverage_short"))
    rows = [(row["name"], words.amount(row["net"]), words.amount(row["filled_by_training"] + row["filled_by_scheme"]),
             words.amount(row["unfilled"]), row["text"]) for row in records(frame.head(MOST_ROWS))]
    return Grid(words("areas_caption", region=words.region(region)), head, rows,
                note=words.cut(len(frame), MOST_ROWS, "cut_areas"))


def area_grid(words: Words, frame: pd.DataFrame) -> Grid | None:
    """All parts of every area's shortage; `frame` is what `content.by_area` gives."""
    if frame["shortage"].sum() <= 0:
        return None
    head = (words("area"), words("shortage"), *(words(part) for part in content.PARTS), words("coverage"),
            words("people"))
    rows = [(words.area(row["area"]), *_amounts(words, row), words.amount(row["people"]))
            for row in records(frame.head(MOST_ROWS))]
    return Grid(words("by_area_caption"), head, rows, note=words.cut(len(frame), MOST_ROWS, "cut_areas"))
