"""Commands of studies: run thousands of variants of a case, see how far they are, analyse them, report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimiser.cli.app import Force, Out, app
from optimiser.errors import Fault, InputError, OptimiserError
from optimiser.texts import say

if TYPE_CHECKING:
    from optimiser.study.analyse.analysis import Analysis
    from optimiser.study.spec import Study
    from optimiser.study.store import Store

study = typer.Typer(help=say("study_run.help"), no_args_is_help=True, rich_markup_mode=None)
app.add_typer(study, name="study")

StudyFolder = Annotated[Path, typer.Argument(metavar="DIR", help=say("study_run.dir"), show_default=False)]
StudyFile = Annotated[Path | None, typer.Option("--study", metavar="STUDY.yaml", help=say("study_run.study_option"))]

Jobs = Annotated[int | None, typer.Option("--jobs", min=1, max=1000, metavar="N", help=say("study_run.jobs"))]
Dask = Annotated[str | None, typer.Option("--dask", metavar="ADDRESS", help=say("study_run.dask_option"))]


class Stopped(OptimiserError):
    """Ended by Ctrl-C, with everything that was answered kept."""

    exit_code = 130


@study.command(help=say("study_run.run"))
def run(
    study_file: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help=say("study_run.file"), show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help=say("study_run.out"))] = None,
    jobs: Jobs = None,
    dask: Dask = None,
    shard: Annotated[str, typer.Option("--shard", metavar="K/N", help=say("study_run.shard_option"))] = "1/1",
    retry: Annotated[str, typer.Option("--retry", metavar="STATUS,...", help=say("study_run.retry_option"))] = "",
) -> None:
    from optimiser.solver.process import processors
    from optimiser.study import spec
    from optimiser.study.contest import contest as compare
    from optimiser.study.design import design
    from optimiser.study.run import refuse_retry
    from optimiser.study.run import run as answer
    from optimiser.study.store import Store
    from optimiser.terminal.studying import answering

    part, again = _shard(shard), [word.strip() for word in retry.split(",") if word.strip()]
    refuse_retry(again)
    asked = spec.load(study_file)
    folder = out or Path("runs") / study_file.stem
    store = Store.at(folder, asked, design(asked))
    try:
        with answering() as on_progress:
            answer(store, asked, jobs=jobs or processors(), dask=dask, shard=part, retry=again, on_progress=on_progress)
        if asked.settings.regret and part == (1, 1):
            with answering() as on_progress:
                compare(store, asked, jobs=jobs or processors(), dask=dask, on_progress=on_progress)
    except KeyboardInterrupt:
        done, total = len(store.done()), store.about["rows"] * len(store.components)
        raise Stopped(say("study_run.stopped", done=done, total=total, folder=folder)) from None
    _show(store)


@study.command(help=say("study_run.status"))
def status(folder: StudyFolder) -> None:
    from optimiser.study.store import Store

    _show(Store.open(folder))


@study.command(help=say("study.contest"))
def contest(folder: StudyFolder, study_file: StudyFile = None, jobs: Jobs = None, dask: Dask = None) -> None:
    from optimiser.solver.process import processors
    from optimiser.study.contest import contest as compare
    from optimiser.terminal.studying import answering

    store, asked = _opened(folder, study_file)
    try:
        with answering() as on_progress:
            compare(store, asked, jobs=jobs or processors(), dask=dask, on_progress=on_progress)
    except KeyboardInterrupt:
        raise Stopped(say("study.contest_stopped", folder=folder)) from None
    _show(store)


@study.command(help=say("study_run.gather"))
def gather(
    out: Annotated[Path, typer.Argument(metavar="OUT", help=say("study_run.gather_out"), show_default=False)],
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help=say("study_run.gather_dirs"),
                                                  show_default=False)],
) -> None:
    from optimiser.study.standing import gather as gathered

    _show(gathered(folders, out))


@study.command(help=say("study_run.analyse"))
def analyse(folder: StudyFolder, study_file: StudyFile = None) -> None:
    store, asked = _opened(folder, study_file)
    for line in _analysed(store, asked).lines:
        typer.echo(line)
    typer.echo(say("study_run.analysed", folder=folder / "analysis"))


@study.command(help=say("study_run.report"))
def report(folder: StudyFolder, study_file: StudyFile = None, out: Out = None, force: Force = False) -> None:
    from optimiser.report.studied import write_study
    from optimiser.storage import whole_folder

    store, asked = _opened(folder, study_file)
    target = out or folder / "report"
    with whole_folder(target, force or out is None, "report.html") as part:
        write_study(_analysed(store, asked), part, asked, store.status)
    typer.echo(say("study_run.reported", file=target / "report.html"))


def _analysed(store: Store, asked: Study) -> Analysis:
    """What the answers so far come to, also written into the folder of the study."""
    from optimiser.explore.finding import MARK
    from optimiser.storage import whole_folder
    from optimiser.study.analyse import analyse as analysed

    found = analysed(store, asked)
    with whole_folder(store.folder / "analysis", True, MARK) as part:
        found.write(part)
    return found


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    number, of = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= of:
        raise InputError([Fault("--shard", 0, "", repr(text), say("study_run.a_shard"), say("study_run.shard_hint"))])
    return number, of


def _opened(folder: Path, study_file: Path | None) -> tuple[Store, Study]:
    """The store with its tables up to date, and the study it was made for."""
    from optimiser.study import spec
    from optimiser.study.store import Store

    store = Store.open(folder)
    path = study_file or store.study_file
    if not path.is_file():
        raise InputError([Fault(str(path), 0, "", say("study_run.file_gone"), say("study_run.file_there"),
                                say("study_run.file_hint"))])
    asked = spec.load(path)
    store.refuse_change(asked)
    store.refresh()
    return store, asked


def _show(store: Store) -> None:
    """How the study stands, and what to type next."""
    from optimiser.study.standing import standing
    from optimiser.terminal.studying import show_standing

    found, folder = standing(store), store.folder
    if found.complete:
        advice = say("study_run.next_analyse", folder=folder)
    elif found.running:
        advice = say("study_run.next_wait", folder=folder)
    elif found.shards_complete:
        advice = say("study_run.next_gather")
    else:
        advice = say("study_run.next_run", file=store.study_file, folder=folder)
    failed = 0 if found.running else int(found.components["failed"].sum())
    again = say("study_run.next_retry", failed=failed, file=store.study_file, folder=folder) if failed else ""
    show_standing(store.about["title"], found, advice, again, store.title)
