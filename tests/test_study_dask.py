"""A study on a Dask cluster: a real scheduler and two worker processes on this machine, one of them killed mid-run."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import pytest
from dask import config
from test_study_run import timeless
from twovalleys import Here, begun, deadly, marks, slow, write_study

from optimiser.cli import main
from optimiser.errors import InputError
from optimiser.study.crew import Cluster
from optimiser.study.run import Progress, run
from optimiser.study.store import Store
from optimiser.study.work import answer

CLUSTER: Any = distributed.LocalCluster  # their annotations promise less than they take
CLIENT: Any = distributed.Client
pytestmark = pytest.mark.filterwarnings("ignore")  # of Dask's own


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with config.set({"distributed.scheduler.allowed-failures": 0}), \
            CLUSTER(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1",
                    silence_logs=50) as local:
        yield local


def pids(cluster: Any) -> list[int]:
    with CLIENT(cluster.scheduler_address, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def test_the_cluster_gives_the_same_answers(cluster: Any, tmp_path: Path) -> None:
    study, store = begun(tmp_path, design={"kind": "lhs", "rows": 4})
    run(store, study, dask=cluster.scheduler_address)
    here = Store.create(tmp_path / "here", study, store.design)
    run(here, study, crew=Here(study, answer))
    assert timeless(store) == timeless(here)


def test_a_worker_that_is_killed_loses_nothing(cluster: Any, tmp_path: Path) -> None:
    """What it was working on is done by another; all else is done once."""
    study, store = begun(tmp_path)
    victim = pids(cluster)[0]

    def tell(progress: Progress) -> None:
        if progress.done == 4:
            os.kill(victim, signal.SIGKILL)

    run(store, study, crew=Cluster(study, cluster.scheduler_address, slow), on_progress=tell)
    assert store.status["status"].tolist() == ["optimal"] * 18
    tries = marks(tmp_path)
    assert len(set(tries)) == 18 and len(tries) <= 20
    assert victim not in pids(cluster)


def test_a_task_that_kills_its_workers_has_failed(cluster: Any, tmp_path: Path) -> None:
    study, store = begun(tmp_path)
    run(store, study, crew=Cluster(study, cluster.scheduler_address, deadly))
    assert marks(tmp_path) == ["2-Q", "2-Q", "6-R", "6-R"]
    assert store.status["status"].value_counts().to_dict() == {"optimal": 17, "failed": 1}
    assert store.status["reason"].max() == "the process that solved it died twice (exit codes: unknown)"


def test_a_run_that_ends_leaves_the_cluster_to_the_next(cluster: Any, tmp_path: Path) -> None:
    """Stopped half-way, the next run asks only for what is left."""
    study, store = begun(tmp_path)

    def stop(progress: Progress) -> None:
        if progress.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(store, study, crew=Cluster(study, cluster.scheduler_address, slow), on_progress=stop)
    assert len(store.status) == 5
    run(store, study, crew=Cluster(study, cluster.scheduler_address, slow))
    assert len(store.status) == 18 and len(set(marks(tmp_path))) == 18


def test_workers_with_several_threads_are_refused(tmp_path: Path) -> None:
    study, store = begun(tmp_path)
    with CLUSTER(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None,
                                  silence_logs=50) as local, \
            pytest.raises(InputError, match="got a worker with several threads"):
        run(store, study, dask=local.scheduler_address)
    assert threading.active_count() < 50


def test_an_address_where_nobody_listens_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("optimiser.study.crew.CONNECT", 0.5)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        monkeypatch.setattr(sys, "argv", ["optimiser", "study", "run", str(write_study(tmp_path)), "--out",
                                          str(tmp_path / "out"), "--dask", address])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        assert f"{address}: got " in (told := capsys.readouterr().err) and "expected a Dask scheduler" in told
