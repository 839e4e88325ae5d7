"""A whole run folder: results, resolved input, report and workbook, written together or not at all."""

from __future__ import annotations

from pathlib import Path

from optimiser import report, run_folder
from optimiser.problem import Problem
from optimiser.solution import Solution
from optimiser.storage import whole_folder


def write_run(problem: Problem, solution: Solution, folder: Path) -> None:
    """Write everything a run folder holds into an existing folder."""
    run_folder.fill(problem, solution, folder)
    report.write(problem, solution, folder)


def save_run(problem: Problem, solution: Solution, folder: Path | str, force: bool = False) -> Path:
    """Write a run folder, whole or not at all.

    Parameters
    ----------
    folder : Path or str
        Must not exist, unless `force` is given.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        When the folder exists already or can't be written.
    """
    with whole_folder(folder, force) as target:
        write_run(problem, solution, target)
    return Path(folder)
