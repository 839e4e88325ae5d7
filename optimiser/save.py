"""A whole run folder: results, resolved input, report and workbook, written together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optimiser import report, run_folder
from optimiser.errors import ResultError
from optimiser.explore import finding as findings
from optimiser.explore.finding import Finding
from optimiser.problem import Problem
from optimiser.solution import Solution
from optimiser.storage import next_free, whole_folder
from optimiser.texts import say


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


def write_finding(problem: Problem, finding: Finding, folder: Path) -> None:
    """Write what an exploration found into an existing folder: tables, words, a page and a workbook."""
    findings.write(finding, folder)
    report.write_finding(problem, finding, folder)


def save_finding(problem: Problem, finding: Finding, folder: Path | str, force: bool = False) -> Path:
    """Write what an exploration found as a folder, whole or not at all.

    Raises
    ------
    InputError
        When the folder exists already and `force` is not given, or can't be written.
    """
    with whole_folder(folder, force, findings.MARK) as target:
        write_finding(problem, finding, target)
    return Path(folder)


@contextmanager
def kept_for_study(problem: Problem, target: Path) -> Iterator[None]:
    """When a plan fails, what the solver gave is kept beside `target`, with the input it answers."""
    try:
        yield
    except ResultError as error:
        if not error.study:
            raise
        folder = next_free(target.parent, f"{target.name}-failed")
        with whole_folder(folder) as part:
            problem.save(part / run_folder.INPUT)
            for name, text in error.study.items():
                (part / name).write_text(text, encoding="utf-8")
        raise ResultError(say("solve.kept", message=error, folder=folder), error.violations, error.study) from None
