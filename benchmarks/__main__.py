"""Measure the set of cases, with the project's own search and with other solvers on the same matrices.

    python -m benchmarks [CASE ...] [--methods ours,highs,scip,cpsat] [--seconds 300] [--repeat 1] [--markdown]
    python -m benchmarks --table [--markdown]
    python -m benchmarks --growth [--seconds 300]

See benchmarks/README.md for what is measured and how.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import beside, growth, measure, table
from benchmarks.cases import CASES
from benchmarks.peers import METHODS, installed

HERE = Path(__file__).resolve().parent


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked for; unknown cases and methods end the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--methods", default=",".join(METHODS), help="separated by commas")
    parser.add_argument("--seconds", type=float, default=300.0, help="for each search, and each relaxation")
    parser.add_argument("--gap", type=float, default=1e-4, help="at which `ours` stops, as HiGHS does by default")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each, of which the medians count")
    parser.add_argument("--out", type=Path, help="file to write; rows of other cases and methods in it are kept")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--table", action="store_true", help="print what the file has side by side")
    parser.add_argument("--growth", action="store_true", help="how seconds and memory grow with the size instead")
    asked = parser.parse_args(arguments)
    asked.methods = asked.methods.split(",")
    for names, known in ((asked.cases, CASES), (asked.methods, METHODS)):
        if unknown := [name for name in names if name not in known]:
            parser.error(f"{', '.join(unknown)}: not one of {', '.join(known)}")
    if asked.seconds <= 0 or asked.repeat < 1:
        parser.error("--seconds must be above 0 and --repeat at least 1")
    return asked


def measured(name: str, asked: argparse.Namespace, out: Path) -> list[table.Row]:
    """The rows of one case, each written to the file as it comes."""
    methods = [method for method in asked.methods if installed(method)]
    found: dict[str, list[table.Row]] = {method: [] for method in methods}
    rows = []
    for _ in range(asked.repeat):
        with tempfile.TemporaryDirectory() as folder:
            prepared = measure.prepare(CASES[name], Path(folder), asked.seconds, mps=methods != ["ours"])
            for method in methods:
                found[method].append(prepared | measure.search(method, Path(folder), asked.seconds, asked.gap))
                if len(found[method]) == asked.repeat:
                    rows.append({"case": name, "method": method, "seconds": asked.seconds, "repeats": asked.repeat}
                                | measure.middle(found[method]))
                    table.write(table.merged(table.read(out), rows[-1:]), out)
                    print(table.line(rows[-1]), flush=True)
    missing = [method for method in asked.methods if not installed(method)]
    return rows + [{"case": name, "method": method, "seconds": asked.seconds, "status": "not installed"}
                   for method in missing]


def main(arguments: Sequence[str] = tuple(sys.argv[1:])) -> None:
    """Measure what was asked for, and print it as one table."""
    asked = options(arguments)
    if asked.growth:
        growth.measure_all(asked.out or HERE / "growth.csv", asked.seconds)
        return
    out = asked.out or HERE / "national.csv"
    if asked.table:
        print(beside.text([row for row in table.read(out) if row["case"] in (asked.cases or CASES)], asked.markdown))
        return
    rows = []
    for name in asked.cases or CASES:
        try:
            rows += measured(name, asked, out)
        except RuntimeError as error:
            print(error, flush=True)
            rows.append({"case": name, "method": NOBODY, "seconds": asked.seconds, "status": "failed",
                         "note": str(error)})
    print(f"\n{table.text(rows, asked.markdown)}\n\n{beside.text(rows, asked.markdown)}")


NOBODY = "-"  # in place of a method, where a case could not even be built

if __name__ == "__main__":
    main()
