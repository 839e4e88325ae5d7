"""No command asks the network for anything: Python tells of every attempt, the kernel counts those of all else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from worlds import write_world

BELGIUM = Path(__file__).parents[1] / "data" / "belgium"
WATCH = """
import os, sys

def watch(event, arguments):
    address = arguments[1] if event in ("socket.connect", "socket.sendto", "socket.bind") else event
    if event.startswith("socket.get") or event.startswith("socket.") and isinstance(address, tuple):
        with open(os.environ["ASKED"], "a") as file:
            print(event, arguments[-1], " ".join(sys.argv), file=file)
        raise PermissionError(f"{event} {arguments[-1]}: the network is closed")

sys.addaudithook(watch)
"""
COUNTERS = "grep '^Ip:' /proc/net/snmp"  # of a network of its own, in which nothing can be reached
COMMANDS = (["new", "land"], ["generate", "--occupations", "5", "--out", "made"], ["validate", "case/config.yaml"],
            ["solve", "case/config.yaml", "--out", "run"], ["check", "run"], ["report", "run"],
            ["estimate", "belgium", "--force"])


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with cases; every Python started from here on refuses the network, and notes who asks for it."""
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH, "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "watch"), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    monkeypatch.chdir(tmp_path)
    write_world(tmp_path / "case")
    shutil.copytree(BELGIUM, tmp_path / "belgium")
    return tmp_path


def alone() -> bool:
    """Whether this system gives a process a network of its own."""
    return bool(shutil.which("unshare")) and subprocess.run(["unshare", "-rn", "true"], stderr=subprocess.DEVNULL,
                                                            check=False).returncode == 0


def run(*command: str) -> tuple[int, str, int]:
    """Exit code and complaints of a command, and how many of its packets found no way out."""
    if not alone():
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stderr, 0
    script = f'"$@" >&2; code=$?; {COUNTERS}; exit $code'
    ended = subprocess.run(["unshare", "-rn", "sh", "-c", script, "sh", *command], capture_output=True, text=True,
                           check=False)
    names, numbers = (line.split()[1:] for line in ended.stdout.splitlines())
    return ended.returncode, ended.stderr, int(dict(zip(names, numbers, strict=True))["OutNoRoutes"])


@pytest.mark.parametrize("attempt", [
    "socket.create_connection(('192.0.2.1', 80), 1)", "socket.getaddrinfo('a.invalid', 80)",
    "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))"])
def test_an_attempt_would_be_seen(watched: Path, attempt: str) -> None:
    code, said, _ = run(sys.executable, "-c", f"import socket; {attempt}")
    assert code == 1 and "the network is closed" in said
    assert (watched / "asked").read_text("utf-8").startswith("socket.")
    if alone() and "192" in attempt:
        unwatched = run(sys.executable, "-S", "-c", f"import socket\ntry: {attempt}\nexcept OSError: pass")
        assert unwatched[0] == 0 and unwatched[2] >= 1


def test_no_command_asks_the_network(watched: Path) -> None:
    for command in COMMANDS:
        code, said, lost = run(sys.executable, "-m", "optimiser", *command)
        assert (code, lost) == (0, 0), said
    assert not (watched / "asked").exists()
    page = (watched / "run" / "report.html").read_text("utf-8")
    assert set(re.findall(r"https?://[^\s\"'<>]+", page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
