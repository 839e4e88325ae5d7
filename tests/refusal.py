"""How the command refuses bad input: its lines, each in the one form, and exit code 2."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from worlds import write_world

from optimiser.cli import main

LINE = re.compile(r"(?P<place>.+?): got (?P<got>.+); expected (?P<expected>.+); (?P<todo>.+)")
HEAD = "area,occupation,year,low,central,high,basis,source\n"
ROW = "A1,0110,2026,,10,,assumed,S\n"
CONFIG = "tables: .\nfirst_year: 2026\nlast_year: 2026\nregions:\n  R: {}\n"

Refuse = Callable[..., list[str]]


@pytest.fixture
def refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Write a world, change some of its files, and give the lines the command complains with.

    Files are named with the dot written as `__`: `shortages__csv=...`; `scenario` is the text of scenarios/s.yaml.
    """
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, world: dict[str, Any] | None = None,
            scenario: str = "", **files: str | bytes) -> list[str]:
        write_world(Path("case"), **(world or {}))
        Path("case", "scenarios").mkdir(exist_ok=True)
        Path("case", "scenarios", "s.yaml").write_text(scenario, encoding="utf-8")
        for name, content in files.items():
            path = Path("case", name.replace("__", "."))
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        monkeypatch.setattr(sys, "argv", ["optimiser", "solve", "case/config.yaml", "--out", "run", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        lines = err.splitlines()
        assert stop.value.code == 2, err
        assert out == ""
        assert not Path("run").exists()
        *found, count = lines
        assert count == ("1 fault; nothing was computed." if len(found) == 1 else
                         f"{len(found)} faults; nothing was computed.")
        for line in found:
            assert line.isprintable()
            assert LINE.fullmatch(line), line
        return found

    return run


def shortage(cells: str) -> str:
    return HEAD + cells + "\n"
