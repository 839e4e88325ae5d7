"""Commands that explore a case: each asks one question and writes what it found as a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from optimiser.cli.cases import refuse_unsound


def _explore(question: str, config: Path, ask: Callable, *, scenario: list[str] | None = None,
             settings: list[str] | None = None, base: Path | None = None, out: Path | None = None,
             gap: float | None = None, seconds: float | None = None, force: bool = False) -> None:
    """The path of every exploring command: read the case, open a desk, ask, write a folder, show it.

    `ask(problem, desk)` gives the Finding.
    """
    from optimiser import run_folder
    from optimiser.explore.desk import Desk
    from optimiser.explore.finding import MARK
    from optimiser.problem import load
    from optimiser.save import write_finding
    from optimiser.storage import next_free, whole_folder
    from optimiser.terminal import searching, show_finding

    problem = load(config, scenario or (), settings or ())
    if base:
        refuse_unsound(base)
    known = run_folder.read(base) if base else None
    target = out or next_free(Path("runs"), "-".join([config.stem, *(scenario or ()), question]))
    limits = problem.config.solver
    with whole_folder(target, force, MARK) as folder:
        with searching() as on_progress:
            desk = Desk(limits.gap if gap is None else gap, limits.time_limit if seconds is None else seconds,
                        limits.seed, on_progress)
            if known:
                desk.begin(problem, *known)
            finding = ask(problem, desk)
        write_finding(problem, finding, folder)
    show_finding(problem, finding, target)
