"""The same case gives the same bytes on another machine, as far as one can be played.

Other hashes, another hour, language and width of the screen, more processors and threads.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import optimiser

RESULTS = ("lists", "quotas", "arrivals", "training", "unfilled", "services", "objectives")
HERE = {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8", "COLUMNS": "100"}
ELSEWHERE = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C", "COLUMNS": "40", "OMP_NUM_THREADS": "3"}


def solved(config: Path, out: Path, environment: dict[str, str], processors: int) -> Path:
    """A run by the command, in its own folder and with its own settings of the machine."""
    subprocess.run([sys.executable, "-m", "optimiser", "solve", config.name, "--out", str(out)], check=True,
                   cwd=config.parent, env=os.environ | environment, capture_output=True,
                   preexec_fn=lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:processors]))
    return out


def timeless(folder: Path) -> dict[str, Any]:
    """What a run holds, without the seconds that a clock told."""
    told: dict[str, Any] = {name: (folder / f"{name}.csv").read_bytes() for name in RESULTS}
    told |= {path.name: path.read_bytes() for path in (folder / "input").iterdir()}
    told["status"] = re.sub(r'"seconds": [0-9.]+', "", (folder / "status.json").read_text("utf-8"))
    told["report"] = re.sub(r"[0-9.]+ s\b", "", (folder / "report.html").read_text("utf-8"))
    return told


def test_another_machine_and_another_folder_change_nothing(tmp_path: Path) -> None:
    """Two regions, solved side by side or one by one; the files lie elsewhere, younger, under a name of their own."""
    optimiser.generate_case(tmp_path / "land", 12, 2, 4, 3, 5)
    known = timeless(solved(tmp_path / "land" / "config.yaml", tmp_path / "run", HERE, 1))
    assert '"clock_cut": false' in known["status"]
    place = tmp_path / "a place with spaces"
    place.mkdir()
    for path in sorted((tmp_path / "land").iterdir(), reverse=True):
        shutil.copyfile(path, place / path.name)
        os.utime(place / path.name, (1e9, 1e9))
    config = (place / "config.yaml").rename(place / "my wishes.yml")
    assert timeless(solved(config, tmp_path / "other run", ELSEWHERE, 2)) == known
