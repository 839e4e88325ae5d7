"""Measure what the project promises: time, gap and memory of whole commands, each in a process of its own.

    python benchmarks/run.py [NAME ...]

Prints a table and writes `benchmarks/latest.json`. Times differ between machines and moments: compare two states of
the code side by side, on one machine, in one go.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OPTIMISER = [sys.executable, "-m", "optimiser"]
INTERVAL = 0.02  # seconds between two looks at the memory


def memory(pid: int) -> int:
    """Resident memory of a process and all below it (bytes); 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(memory(int(child)) for child in children)


def timed(command: list[str], folder: Path) -> dict[str, Any]:
    """Wall time (s), peak memory of all processes together (MiB) and exit code of a command."""
    began, peak = time.monotonic(), 0
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=os.environ | {"PYTHONPATH": str(ROOT)})
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(INTERVAL)
    seconds = round(time.monotonic() - began, 2)
    return {"seconds": seconds, "memory_mib": round(peak / 2**20), "exit": process.returncode}


def solved(config: Path, folder: Path, *options: str) -> dict[str, Any]:
    """A whole `optimiser solve`, the gaps it reached, and whether `optimiser check` passes."""
    out = folder / "run"
    result = timed([*OPTIMISER, "solve", str(config), "--out", str(out), *options], folder)
    if result["exit"] == 0:
        status = json.loads((out / "status.json").read_text("utf-8"))
        result |= {"gap": None if status["gap"] is None else round(status["gap"], 5), "clock_cut": status["clock_cut"],
                   "check": timed([*OPTIMISER, "check", str(out)], folder)["exit"]}
    return result


def belgium(folder: Path) -> dict[str, Any]:
    """From command to report; promised: 60 s, gap 1 %, 1,536 MiB."""
    return solved(ROOT / "configs" / "belgium.yaml", folder)


def generated(folder: Path) -> dict[str, Any]:
    """436 occupations, 2 regions, 10 areas each, 5 years, limit 60 s; promised: a valid answer within 66 s."""
    sizes = ["--occupations", "436", "--regions", "2", "--areas", "10", "--years", "5", "--seed", "1"]
    subprocess.run([*OPTIMISER, "generate", *sizes, "--out", str(folder / "case")], check=True,
                   stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT)})
    return solved(folder / "case" / "config.yaml", folder, "--time-limit", "60")


def show_help(folder: Path) -> dict[str, Any]:
    """`optimiser --help`, the best of three; promised: 1 s."""
    return min((timed([*OPTIMISER, "--help"], folder) for _ in range(3)), key=lambda result: result["seconds"])


def import_package(folder: Path) -> dict[str, Any]:
    """`import optimiser`, the best of three; promised: 1 s."""
    runs = (timed([sys.executable, "-c", "import optimiser"], folder) for _ in range(3))
    return min(runs, key=lambda result: result["seconds"])


def at_hand(folder: Path, name: str, *options: str) -> Path:
    """A run of the Belgian case to begin from; not timed."""
    subprocess.run([*OPTIMISER, "solve", str(ROOT / "configs" / "belgium.yaml"), "--out", str(folder / name), *options],
                   check=True, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT)})
    return folder / name


def evaluate(folder: Path) -> dict[str, Any]:
    """The lists in force of both regions against a run at hand; promised: 15 s, gap 1 %."""
    config, lists = ROOT / "configs" / "belgium.yaml", ROOT / "data" / "belgium" / "list_in_force.csv"
    base, out = at_hand(folder, "base"), folder / "evaluated"
    result = timed([*OPTIMISER, "evaluate", str(config), "--list", str(lists), "--base", str(base), "--out", str(out)],
                   folder)
    with (out / "evaluate_price.csv").open(encoding="utf-8") as file:
        prices = list(csv.DictReader(file))
    gaps = [1 - float(row[bound]) / float(row[value]) for row in prices
            for value, bound in (("value", "bound"), ("best", "best_bound"))]
    return result | {"gap": round(max(gaps), 5)}


def compare(folder: Path) -> dict[str, Any]:
    """Two runs side by side; promised: 15 s."""
    runs = at_hand(folder, "base"), at_hand(folder, "longer", "--scenario", "longer-lists")
    return timed([*OPTIMISER, "compare", *map(str, runs), "--out", str(folder / "compared")], folder)


def explain(folder: Path) -> dict[str, Any]:
    """An occupation forced onto the Flemish list, from a run at hand, without the single numbers; promised: 15 s."""
    config, base = ROOT / "configs" / "belgium.yaml", at_hand(folder, "base")
    return timed([*OPTIMISER, "explain", str(config), "--region", "BE2", "--occupation", "2512", "--seconds", "0",
                  "--base", str(base), "--out", str(folder / "explained")], folder)


def ladder(folder: Path) -> dict[str, Any]:
    """One step of a service, from a run at hand; promised: 15 s."""
    config, base = ROOT / "configs" / "belgium.yaml", at_hand(folder, "base")
    return timed([*OPTIMISER, "ladder", str(config), "--region", "BE3", "--service", "language_course", "--step", "5%",
                  "--base", str(base), "--out", str(folder / "climbed")], folder)


def capacity(_: Path) -> dict[str, Any]:
    """One changed capacity, once the case is known: from the changed numbers to a checked plan; promised: 3 s, gap 1 %.

    Language courses change by -20, -10, +10 and +20 % in the area of each region that has most; the slowest counts.
    """
    from optimiser import load
    from optimiser.model.components import components
    from optimiser.study.answer import Answering
    from optimiser.variant import with_numbers

    problem = load(ROOT / "configs" / "belgium.yaml")
    answering = Answering(problem, gap=0.01, time_limit=60.0)
    answering.learn(components(problem), 2)
    seconds, gaps = [], []
    for regions in components(problem):
        own = {key: units for key, units in problem.capacity.items()
               if key[0] == "language_course" and problem.region_of.get(key[1]) in regions}
        place = max(own, key=lambda key: own[key])[1]
        for share in (0.8, 0.9, 1.1, 1.2):
            units = {key: number * share for key, number in own.items() if key[1] == place}
            began = time.monotonic()
            answer = answering.answer(with_numbers(problem, "capacity", units), regions)
            seconds.append(time.monotonic() - began)
            gaps.append(answer.gap)
    return {"seconds": round(max(seconds), 2), "mean": round(sum(seconds) / len(seconds), 2),
            "gap": round(max(gaps), 5)}


BENCHMARKS: dict[str, Callable[[Path], dict[str, Any]]] = {
    function.__name__: function for function in (import_package, show_help, belgium, generated, evaluate, compare,
                                                 explain, ladder, capacity)}


def main() -> None:
    """Run the named benchmarks, or all."""
    results = {}
    for name in sys.argv[1:] or BENCHMARKS:
        with tempfile.TemporaryDirectory() as folder:
            results[name] = BENCHMARKS[name](Path(folder))
        print(name, results[name], flush=True)
    Path(__file__).with_name("latest.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
