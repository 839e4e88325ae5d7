"""Measure how fast rows of a study are answered, against building the model anew and solving it cold.

    python benchmarks/studies.py [ROWS] [COLD_ROWS]

All ways answer rows of the same design of the Belgian case at the same gap, one after the other, in one go: cold on one
process (Pyomo model built anew, HiGHS alone), then the study on one process, and on two.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from optimiser import strictyaml
from optimiser.model.frame import frame
from optimiser.model.reference import by_pyomo
from optimiser.solver.highs import run as highs
from optimiser.study import spec
from optimiser.study.design import design
from optimiser.study.factors import Variants
from optimiser.study.run import run
from optimiser.study.spec import Study
from optimiser.study.store import Store

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "configs" / "studies" / "belgium-uncertain-shortages.yaml"
LONGEST = 300.0  # seconds of one cold search


def study_of(rows: int, folder: Path) -> Study:
    """The shipped study with fewer rows and no contest."""
    raw, _ = strictyaml.read(FILE)
    raw |= {"config": str(ROOT / "configs" / "belgium.yaml"), "design": raw["design"] | {"rows": rows}}
    raw.pop("regret", None)
    path = folder / "study.yaml"
    path.write_text(strictyaml.dump(raw), encoding="utf-8")
    return spec.load(path)


def cold(study: Study, rows: int) -> tuple[float, float]:
    """Seconds a row, and the largest gap, with everything built and solved from nothing."""
    variants, table = Variants(study), design(study)
    began, gaps = time.monotonic(), [0.0]
    for values in table.drop(columns=["row", "sample"]).iloc[1:rows + 1].to_dict("records"):
        problem = variants.problem({str(name): value for name, value in values.items()})
        for component in study.components:
            program = by_pyomo(frame(problem, component)).program
            program = replace(program, stages=program.stages[:1])
            found = highs(program, program.stages[0], LONGEST, seed=1, gap=study.settings.gap)
            gaps.append((found.value - found.bound) / found.value)
    return (time.monotonic() - began) / rows, max(gaps)


def warm(study: Study, folder: Path, jobs: int) -> tuple[float, float]:
    """Seconds a row from command to tables, and the largest gap."""
    store = Store.create(folder, study, design(study))
    began = time.monotonic()
    run(store, study, jobs=jobs)
    return (time.monotonic() - began) / len(store.design), float(store.status["gap"].max())


def main() -> None:
    """Print seconds a row of every way, and what they are to each other."""
    given = list(map(int, sys.argv[1:]))
    rows, cold_rows = given[0] if given else 40, given[1] if len(given) > 1 else 6
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study = study_of(rows, folder)
        first, gap = cold(study, cold_rows)
        print(f"cold, 1 process:   {first:6.2f} s a row ({cold_rows} rows), largest gap {gap:.2%}", flush=True)
        ways = {}
        for jobs in (1, 2):
            ways[jobs], gap = warm(study, folder / str(jobs), jobs)
            print(f"study, {jobs} process{'es' if jobs > 1 else '  '}: {ways[jobs]:6.2f} s a row ({rows + 1} rows, "
                  f"base case included), largest gap {gap:.2%}; {first / ways[jobs]:.1f} x cold", flush=True)
        print(f"two processes against one: {ways[1] / ways[2]:.2f} x")


if __name__ == "__main__":
    main()
