"""What stays unfilled, and where: the figures and tables of a region by occupation and by area."""

from __future__ import annotations

import pandas as pd

from optimiser.report import content, figures
from optimiser.report.content import Record, records
from optimiser.report.views import MOST_ROWS, Figure, Grid
from optimiser.report.words import Words
from optimiser.schema import ANY

TOP = 12  # bars in a chart, and areas in the table beside it
MOST_TILES = 60  # areas beyond which a tile map is given up for bars
MOST_COLUMNS = 12  # columns of tiles that are still readable on a phone


def occupation_figure(words: Words, frame: pd.DataFrame, region: str) -> Figure | None:
    """Bars of the largest unfilled shortages; `frame` is what `content.by_occupation` gives."""
    if frame.empty:
        return None
    frame = frame.assign(name=[words.occupation(o) for o in frame["occupation"]], state=_states(words, frame, region),
                         known=[words.bases(bases) for bases in frame["bases"]])
    head = ("occupation", "state", "basis", "shortage", *content.PARTS, "coverage")
    why = _exclusions(words, region)
    rows = [(row["name"], why.get(str(row["occupation"]), str(row["state"])), row["known"], *_amounts(words, row))
            for row in records(frame.head(MOST_ROWS))]
    grid = Grid(words("bars_caption"), tuple(words(key) for key in head), rows, range(3, 1000),
                words.cut(len(frame), MOST_ROWS, "cut_occupations"))
    top = frame.head(TOP)
    title = words("bars_title", n=len(top), region=words.region(region))
    described = words("bars_described", first=top["name"].iloc[0], n=words.amount(float(top["unfilled"].iloc[0])),
                      part=words.percent(float(top["unfilled"].sum()) / max(float(frame["unfilled"].sum()), 1e-9)))
    remarks = [words("bar_remark", n=words.amount(row["unfilled"]), known=row["known"]) for row in records(top)]
    letters = figures.MOST_LETTERS[0]
    names = [words("named_state", name=figures.short(row["name"], letters - len(row["state"]) - 3), state=row["state"])
             for row in records(top)]
    parts = [part for part in content.PARTS if top[part].sum() > 0 or part == "unfilled"]
    svg = figures.shortage_bars(top.assign(name=names, remark=remarks), parts, title, described)
    return Figure(title, svg, grid, described, [(figures.PART_COLOURS[part], words(part)) for part in parts])


def _states(words: Words, frame: pd.DataFrame, region: str) -> list[str]:
    """Whether each occupation is listed, left out, or may not be listed at all."""
    problem = words.problem
    barred = [o not in problem.candidates[region] or problem.locked.get((region, o)) == 0 for o in frame["occupation"]]
    return [words("state_listed" if listed else "state_barred" if never else "state_left_out")
            for listed, never in zip(frame["listed"], barred, strict=True)]


def _exclusions(words: Words, region: str) -> dict[str, str]:
    """Why occupations may not be listed, as far as the tables say."""
    table = words.problem.tables["exclusions"]
    table = table[table["region"].isin([region, ANY]) & (table["reason"] != "")]
    return {o: words("state_reason", state=words("state_barred"), reason=reason)
            for o, reason in zip(table["occupation"], table["reason"], strict=True)}


def _amounts(words: Words, row: Record) -> tuple[str, ...]:
    return (*(words.amount(row[name]) for name in ("shortage", *content.PARTS)), words.percent(row["coverage"]))


def area_figure(words: Words, frame: pd.DataFrame, region: str) -> Figure | None:
    """Tile map of the areas, bars where there is none; `frame` is what `content.by_area` gives."""
    if frame.empty or frame["shortage"].sum() <= 0:
        return None
    frame = frame.assign(name=[words.area(p) for p in frame["area"]],
                         text=[words.percent(share, 1) for share in frame["coverage"]],
                         number=[words.amount(number) for number in frame["unfilled"]])
    frame = frame.assign(share=[words("tile_share", share=words.percent(share)) if share == share else ""
                                for share in frame["coverage"]],
                         remark=[words("area_remark", n=row["number"], share=row["text"]) for row in records(frame)])
    grid = _worst_served(words, frame, region)
    title = words("areas_title", region=words.region(region))
    largest = frame.sort_values(["unfilled", "area"], ascending=[False, True])
    served, most, n = frame[frame["coverage"].notna()], largest["name"].iloc[0], largest["number"].iloc[0]
    described = words("areas_most", most=most, n=n)
    if len(served):
        (worst, low), (best, high) = (served[["name", "text"]].iloc[row] for row in (0, -1))
        key = "areas_alike" if low == high else "areas_served"
        described += " " + words(key, worst=worst, low=low, best=best, high=high)
    if _mappable(frame):
        return Figure(title, figures.tile_map(frame, title, described), grid, described)
    title = words("area_bars_title", region=words.region(region), n=min(TOP, len(frame)))
    return Figure(title, figures.area_bars(largest.head(TOP), title, described), grid, described)


def _mappable(frame: pd.DataFrame) -> bool:
    """Whether every area has a tile of its own and the map stays readable."""
    tiles = frame[["tile_row", "tile_column"]]
    if len(frame) > MOST_TILES or bool(tiles.isna().to_numpy().any()) or bool(tiles.duplicated().any()):
        return False
    return float(tiles["tile_column"].max() - tiles["tile_column"].min()) < MOST_COLUMNS


def _worst_served(words: Words, frame: pd.DataFrame, region: str) -> Grid:
    head = tuple(words(key) for key in ("area", "net_short", "filled_short", "unfilled", "coverage_short"))
    rows = [(row["name"], words.amount(row["net"]), words.amount(row["filled_by_training"] + row["filled_by_scheme"]),
             words.amount(row["unfilled"]), row["text"]) for row in records(frame.head(TOP))]
    return Grid(words("areas_caption", region=words.region(region)), head, rows,
                note=words.cut(len(frame), TOP, "cut_areas"))


def area_grid(words: Words, frame: pd.DataFrame) -> Grid | None:
    """All parts of every area's shortage; `frame` is what `content.by_area` gives."""
    if frame["shortage"].sum() <= 0:
        return None
    head = (words("area"), words("shortage"), *(words(part) for part in content.PARTS), words("coverage"),
            words("people"))
    rows = [(words.area(row["area"]), *_amounts(words, row), words.amount(row["people"]))
            for row in records(frame.head(MOST_ROWS))]
    return Grid(words("by_area_caption"), head, rows, note=words.cut(len(frame), MOST_ROWS, "cut_areas"))
