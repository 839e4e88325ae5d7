"""Chapters on the factors: what moves the outcomes, which figures are worth measuring, and whether the rows do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from optimiser.report.charts_study import FLOOR, NOISE, SURE, Span, panels, spans
from optimiser.report.content import records
from optimiser.report.study_names import Names, by_region, one_by_one
from optimiser.report.views import MOST_ROWS, Block, Cell, Chapter, Figure, Grid
from optimiser.study.analyse import Analysis
from optimiser.study.analyse.convergence import CLASS, EVIDENCE, INDEX
from optimiser.study.analyse.indices import main_index
from optimiser.study.analyse.sample import LISTING, OUTCOME
from optimiser.study.analyse.tornado import FIFTHS, HALVES

TOP = 10  # factors of a picture
NAMED = 3  # factors named per target
WIDE = 5  # factors of a heat map of pairs
PANELS = 5  # of a picture
FOLLOWED = 3  # factors whose index is followed
IN_UNITS = ("mu_star", "effect")  # indices in units of the outcome
SHADES = ("low", "some", "much", "most")
MAIN_OUTCOME = "unfilled"


# What moves the outcome --------------------------------------------------------------------------------------------


def moves(names: Names, found: Analysis) -> Chapter:
    """Swings, indices and interactions of unfilled shortage; what else moves, in tables."""
    lines, more = names.lines(found, "tornado", "indices")
    main = main_index(found.tables["indices"])
    swings, pairs = found.tables["tornado"], found.tables["interactions"]
    regions = sorted({str(region) for table in (main, swings) for region in table["region"]})
    blocks = []
    for region in regions:
        mine = [table[(table["region"] == region) & (table["kind"] == OUTCOME) & (table["target"] == MAIN_OUTCOME)]
                for table in (swings, main)]
        figures = [draw(names, region, part)
                   for draw, part in zip((_tornado, _indices), mine, strict=True) if len(part)]
        pair = pairs[(pairs["region"] == region) & (pairs["kind"] != LISTING)]
        heats = [_heat(names, kind, target, part) for (kind, target), part in _targets(pair)]
        folded = [grid for grid in (_strongest(names, region, main), _flips(names, region, main)) if grid]
        if figures or heats or folded:
            blocks.append(Block(names.words.region(region), figures, heats, folded=folded))
    return Chapter("moves", names("moves"), names("moves_about") if blocks else names("moves_none"), lines, more,
                   blocks=blocks)


def _targets(table: pd.DataFrame) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    return [((str(key[0]), str(key[1])), part)  # pyright: ignore[reportIndexIssue]
            for key, part in table.groupby(["kind", "target"], sort=True)] if len(table) else []


def _tornado(names: Names, region: str, part: pd.DataFrame) -> Figure:
    title = names("chart_tornado", region=names.words.region(region))
    kept = records(part.sort_values("rank").head(TOP))
    rows = [Span(names.factor(str(row["factor"])), names.with_interval(row["swing"], row["low"], row["high"]), 0.0,
                 row["swing"], SURE if row["low"] > 0 or row["high"] < 0 else NOISE, row["low"], row["high"])
            for row in kept]
    head = tuple(names(f"head_{key}") for key in ("factor", "ends", "at_low", "at_high", "base_value", "swing",
                                                  "interval"))
    told = [(names.factor(str(row["factor"])), _ends(names, row["factor"], row["low_position"], row["high_position"]),
             *(names.words.amount(row[key]) for key in ("at_low", "at_high", "base", "swing")),
             names.between(row["low"], row["high"])) for row in kept]
    method = str(kept[0]["method"])
    legend = ((SURE, names("legend_apart" if method == FIFTHS else "legend_sure")), (NOISE, names("legend_unsure")))
    return Figure(title, spans(rows, title, names("chart_tornado_description")),
                  Grid(title, head, told, range(2, 7), names.cut(len(part), TOP)), names(f"method_{method}"),
                  legend)


def _ends(names: Names, factor: object, low: float, high: float) -> str:
    """Between which numbers a factor went: of a lever its own, of an uncertainty quantiles."""
    if names.is_lever(str(factor)):
        return names.between(low, high, None)
    return f"{names.words.percent(low)}\u2013{names.words.percent(high)}"


def _indices(names: Names, region: str, part: pd.DataFrame) -> Figure:
    kept = records(part.sort_values("rank").head(TOP))
    index = str(kept[0]["index"])
    title = names("chart_indices", region=names.words.region(region), index=_index(names, index))
    digits = None if index in IN_UNITS else 2
    rows = [Span(names.factor(str(row["factor"])), names.with_interval(row["value"], row["low"], row["high"], digits),
                 0.0, row["value"], SURE if row["distinct"] else NOISE, row["low"], row["high"], mark=row["floor"])
            for row in kept]
    head = tuple(names(f"head_{key}") for key in ("factor", "value", "interval", "floor", "distinct"))
    told = [(names.factor(str(row["factor"])), names.number(row["value"], digits),
             names.between(row["low"], row["high"], digits) or names.words("nothing"),
             names.number(row["floor"], digits), names.yes(row["distinct"])) for row in kept]
    floor = any(math.isfinite(row["floor"]) for row in kept)
    legend = [(SURE, names("legend_distinct")), (NOISE, names("legend_noise")), (FLOOR, names("legend_floor"))] if (
        floor) else [(SURE, names("legend_apart")), (NOISE, names("legend_unsure"))]
    drawn = spans(rows, title, names("chart_indices_description"), mark=FLOOR)
    return Figure(title, drawn, Grid(title, head, told, range(1, 4), names.cut(len(part), TOP)),
                  names.known(f"about_{index}", ""), legend)


def _index(names: Names, index: str) -> str:
    return names.known(f"index_{index}", index)


def _heat(names: Names, kind: str, target: str, part: pd.DataFrame) -> Grid:
    """What two factors do together: four quarters of the rows, or a matrix of Sobol's second-order indices."""
    what = names.target(kind, target)
    rows = records(part)
    if rows[0]["method"] != HALVES:
        return _matrix(names, what, part)
    first, second = (names.factor(str(rows[0][name])) for name in ("factor_a", "factor_b"))
    values = [float(row["value"]) for row in rows]
    cells = {(str(row["half_a"]), str(row["half_b"])): Cell(names("heat_cell", value=names.bare(
        kind, target, row["value"]), rows=names.words.amount(row["rows"])), css)
        for row, css in zip(rows, _shades(values), strict=True)}
    halves = ("lower", "upper")
    body = [(names("half", factor=first, half=names(a)), *(cells.get((a, b), Cell("")) for b in halves))
            for a in halves]
    head = ("", *(names("half", factor=second, half=names(b)) for b in halves))
    return Grid(names("heat_caption", what=what), head, body, ())


def _matrix(names: Names, what: str, part: pd.DataFrame) -> Grid:
    both = [part[[side, "value", "low"]].rename(columns={side: "factor"}) for side in ("factor_a", "factor_b")]
    sizes = pd.concat(both).assign(sure=lambda pair: pair["low"].clip(lower=0.0), size=lambda pair: pair["value"].abs())
    total = sizes.groupby("factor")[["sure", "size"]].sum().reset_index()
    total = total.sort_values(["sure", "size", "factor"], ascending=[False, False, True])
    kept = [str(name) for name in total["factor"].head(WIDE)]
    known = {frozenset((str(row["factor_a"]), str(row["factor_b"]))): row for row in records(part)}
    shades = _shades([row["value"] if row["low"] > 0 else math.nan for row in known.values()])
    css = dict(zip(known, shades, strict=True))
    body = []
    for n, name in enumerate(kept, start=1):
        cells = [Cell(f"{known[pair]['value']:.2f}", css[pair]) if (pair := frozenset((name, other))) in known
                 else Cell("") for other in kept]
        body.append((names("numbered", n=n, factor=names.factor(name)), *cells))
    return Grid(names("matrix_caption", what=what), ("", *map(str, range(1, len(kept) + 1))), body,
                note=names("matrix_note", shown=len(kept), of=len(total)))


def _shades(values: Sequence[float]) -> list[str]:
    """The darker the larger, in four steps between the least and the most."""
    known = [value for value in values if math.isfinite(value)]
    least, most = min(known, default=0.0), max(known, default=0.0)
    step = max(most - least, 1e-12) / len(SHADES)
    return [SHADES[min(int((value - least) / step), len(SHADES) - 1)] if math.isfinite(value) else ""
            for value in values]


def _strongest(names: Names, region: str, main: pd.DataFrame) -> Grid | None:
    """Per outcome the factors that move it most, above the noise."""
    mine = main[(main["region"] == region) & (main["kind"] != LISTING)]
    rows = []
    for (kind, target), part in _targets(mine):
        named = records(part[part["distinct"] == 1].sort_values("rank").head(NAMED))
        rows.append((names.target(kind, target), _index(names, str(part["index"].iloc[0])), "; ".join(
            names("factor_value", factor=names.factor(str(row["factor"])), value=f"{row['value']:,.3g}")
            for row in named) or names("none_above_noise")))
    head = tuple(names(f"head_{key}") for key in ("outcome", "index", "strongest"))
    return Grid(names("strongest_caption", region=names.words.region(region)), head, rows, ()) if rows else None


def _flips(names: Names, region: str, main: pd.DataFrame) -> Grid | None:
    """Per factor the borderline occupations that it flips by more than noise would."""
    mine = main[(main["region"] == region) & (main["kind"] == LISTING) & (main["distinct"] == 1)]
    flipped = {str(factor): [names.occupation(str(row["target"])) for row in records(part.sort_values(
        ["value", "target"], ascending=[False, True]))] for factor, part in mine.groupby("factor", sort=True)}
    order = sorted(flipped, key=lambda factor: (-len(flipped[factor]), factor))
    rows = [(names.factor(factor), names.words.amount(len(flipped[factor])), names.words.names(flipped[factor]))
            for factor in order[:MOST_ROWS]]
    head = tuple(names(f"head_{key}") for key in ("factor", "flipped", "most_flipped"))
    return Grid(names("flips_caption", region=names.words.region(region)), head, rows, (1,),
                names.cut(len(order), MOST_ROWS)) if rows else None


# What to measure better --------------------------------------------------------------------------------------------


def measure(names: Names, found: Analysis) -> Chapter:
    """The ten figures most worth measuring, by flips of the list and by regret."""
    lines, more = names.lines(found, "evidence")
    table = measurable(names, found.tables["evidence"])
    figures = [_worth(names, name, table) for name in ("flips", "regret") if table[name].notna().any()]
    about = names("measure_about" if figures else "needs_random" if one_by_one(found) else "measure_none")
    return Chapter("measure", names("measure"), about, lines, more, blocks=[Block(figures=figures)])


def measurable(names: Names, table: pd.DataFrame) -> pd.DataFrame:
    """Without the levers: policy sets them, so there is nothing to measure."""
    return table[~table["factor"].map(lambda factor: names.is_lever(str(factor))).astype(bool)]


def _worth(names: Names, name: str, table: pd.DataFrame) -> Figure:
    title = names("chart_flips" if name == "flips" else "chart_regret_spared")
    kept = records(table.sort_values([name, "factor"], ascending=[False, True], kind="stable").head(TOP))
    rows = [Span(names.factor(str(row["factor"])), names.with_interval(row[name], row[f"{name}_low"],
                 row[f"{name}_high"], 2), 0.0, row[name], SURE if row[f"{name}_distinct"] else NOISE,
                 row[f"{name}_low"], row[f"{name}_high"], mark=row[f"{name}_floor"]) for row in kept]
    head = tuple(names(f"head_{key}") for key in ("factor", "value", "interval", "floor", "distinct", "flips_most"))
    told = [(names.factor(str(row["factor"])), names.number(row[name], 2),
             names.between(row[f"{name}_low"], row[f"{name}_high"], 2) or names.words("nothing"),
             names.number(row[f"{name}_floor"], 2), names.yes(row[f"{name}_distinct"]),
             _flipped(names, str(row["flips_most"]))) for row in kept]
    legend = ((SURE, names("legend_distinct")), (NOISE, names("legend_noise")), (FLOOR, names("legend_floor")))
    return Figure(title, spans(rows, title, names("chart_worth_description"), mark=FLOOR),
                  Grid(title, head, told, range(1, 4), names.cut(len(table), TOP)), legend=legend)


def _flipped(names: Names, most: str) -> str:
    """`Nurse (2221), Flanders` for `BE2 2221`."""
    region, _, code = most.partition(" ")
    return names("in_region", what=names.occupation(code), region=names.words.region(region)) if code else ""


# Is it enough ------------------------------------------------------------------------------------------------------


def enough(names: Names, found: Analysis) -> Chapter:
    """Shares, indices and the value of evidence over growing numbers of rows."""
    lines, more = names.lines(found, "convergence")
    table = found.tables["convergence"]
    figures = [figure for region, part in by_region(table[table["quantity"] == CLASS])
               if (figure := _classes(names, found, region, part))]
    indices = table[(table["quantity"] == INDEX) & (table["target"] == MAIN_OUTCOME)]
    others = [_followed(names, names("chart_index_rows", region=names.words.region(region)), part)
              for region, part in by_region(indices)]
    worth = measurable(names, table[table["quantity"] == EVIDENCE])
    if len(worth):
        others.append(_followed(names, names("chart_evidence_rows"), worth))
    about = names("enough_about" if figures or others else "needs_random" if one_by_one(found) else "enough_none")
    return Chapter("enough", names("enough"), about, lines, more,
                   blocks=[Block(figures=figures), Block(figures=others)])


def _classes(names: Names, found: Analysis, region: str, part: pd.DataFrame) -> Figure:
    """The occupations that were the last to settle, or haven't."""
    last = part[part["rows"] == part["rows"].max()].copy()
    last["at"] = last["settled_at"].fillna(math.inf)
    last["near"] = (last["value"] - 0.5).abs()
    order = last.sort_values(["at", "near", "target"], ascending=[False, True, True], kind="stable")
    shown = [str(code) for code in order["target"].head(PANELS)]
    frame = pd.concat([part[part["target"] == code].assign(panel=n, name=names.coded(code))
                       for n, code in enumerate(shown)])
    title = names("chart_class_rows", region=names.words.region(region))
    borders = [float(found.facts[name]) for name in ("core", "outside") if name in found.facts]
    drawn = panels(frame, names("axis_number"), title,
                   names("chart_rows_description"), percent=True, borders=borders)
    head = tuple(names(f"head_{key}") for key in ("occupation", "share_rows", "class", "settled"))
    rows = [(names.occupation(str(row["target"])), names.share(row["value"], row["low"], row["high"]),
             names(f"class_{row['class']}"), _settled(names, row["settled_at"]))
            for row in records(order.head(MOST_ROWS))]
    return Figure(title, drawn, Grid(title, head, rows, (1,), names.cut(len(order), MOST_ROWS)),
                  names("class_rows_note", shown=len(shown), of=len(order)))


def _followed(names: Names, title: str, part: pd.DataFrame) -> Figure:
    """The strongest factors of one target."""
    last = part[part["rows"] == part["rows"].max()].sort_values("rank", kind="stable")
    shown = [str(name) for name in last["factor"].head(FOLLOWED)]
    frame = pd.concat([part[part["factor"] == name].assign(panel=n, name=names.factor(name))
                       for n, name in enumerate(shown)])
    drawn = panels(frame, names("axis_number"), title,
                   names("chart_rows_description"))
    head = tuple(names(f"head_{key}") for key in ("factor", "value", "interval", "settled"))
    rows = [(names.factor(str(row["factor"])), names.number(row["value"], 2),
             names.between(row["low"], row["high"], 2) or names.words("nothing"), _settled(names, row["settled_at"]))
            for row in records(last)]
    return Figure(title, drawn, Grid(title, head, rows, range(1, 3)))


def _settled(names: Names, at: float) -> str:
    return names("not_settled") if math.isnan(at) else names("settled_from", rows=names.words.amount(at))
