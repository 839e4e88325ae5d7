"""Side by side: one line for each case, ours and the peers at the same moments, and the ratio of their gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.table import NONE, Row, aligned, amount, relaxed, seconds, share

OURS = "ours"
NAMES = {"highs": "HiGHS", "scip": "SCIP", "cpsat": "CP-SAT"}
MOMENT = 60.0  # seconds at which gaps are compared
END = 1e-4  # gap at which solvers stop by themselves


def at(rows: Iterable[Row], method: str, moment: float) -> tuple[bool, float | None]:
    """Whether a method was measured for so long, and its gap then; None: it had no plan or no bound.

    Taken from the run with the shortest limit that reaches so far. A run that came to its own end keeps its last gap.
    """
    runs = sorted((row for row in rows if row["method"] == method), key=lambda row: row["seconds"])
    for row in runs:
        ended = (row.get("gap") is not None and "time" not in row.get("status", "")
                 and (row.get("search_s") or row["seconds"]) < min(moment, row["seconds"]))
        if ended or row["seconds"] >= moment:
            return True, row.get("gap") if ended else row.get(f"gap_{moment:.0f}s")
    return False, None


def ratio(rows: Sequence[Row]) -> str:
    """Our gap after a minute as a share of the best peer's; why there is none."""
    _, ours = at(rows, OURS, MOMENT)
    peers = [at(rows, method, MOMENT) for method in NAMES]
    gaps = [max(gap, 0.0) for measured, gap in peers if measured and gap is not None]
    if ours is None or not any(measured for measured, _ in peers):
        return NONE
    if not gaps:
        return "no peer has a plan"
    return f"{max(ours, 0.0) / min(gaps):.2f}" if min(gaps) > END else "peer at its end"


def lines(rows: Sequence[Row]) -> list[dict[str, str]]:
    """What the table shows, a line for each case in the order in which they first come."""
    found = []
    for case in dict.fromkeys(row["case"] for row in rows):
        mine = [row for row in rows if row["case"] == case]
        ours = next((row for row in sorted(mine, key=lambda row: row["seconds"]) if row["method"] == OURS), {})
        built = sum(ours[name] for name in ("frame_s", "handover_s")) if ours else None
        line = {
            "case": case, "rows": amount(ours.get("rows")), "build": seconds(built, 2), "LP": relaxed(ours),
            "build/LP": f"{100 * built / ours['lp_s']:.0f} %" if built and ours.get("lp_s") else NONE,
            "MiB": amount(ours.get("memory_mib")), "runs": str(ours.get("repeats", NONE)),
            "10 s": gap(at(mine, OURS, 10.0)), "60 s": gap(at(mine, OURS, MOMENT)), "300 s": gap(at(mine, OURS, 300.0)),
            "to 1 %": seconds(ours.get("to_1pct_s")), "to 0.5 %": seconds(ours.get("to_05pct_s"))}
        for method, name in NAMES.items():
            line[f"{name} 60 s"], line[f"{name} 300 s"] = (gap(at(mine, method, moment)) for moment in (MOMENT, 300.0))
        found.append(line | {"ours/best": ratio(mine)})
    return found


def gap(measured: tuple[bool, float | None]) -> str:
    """A gap; nothing where it was not measured."""
    known, number = measured
    return ("no plan" if number is None else share(number)) if known else ""


def text(rows: Sequence[Row], markdown: bool = False) -> str:
    """The table."""
    shown = lines(rows)
    if not shown:
        return "nothing measured yet"
    return aligned([list(shown[0]), *(list(line.values()) for line in shown)], ("case", "ours/best"), markdown)
