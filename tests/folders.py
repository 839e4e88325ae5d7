"""What tests of lost data look at: folders byte by byte, commands side by side, a small disk of one's own."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def content(folder: Path) -> dict[str, bytes] | None:
    """Every byte of a folder, by path; nothing when there is no such folder."""
    if not folder.exists():
        return None
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def beside(folder: Path) -> list[str]:
    """What else stands in the folder that a folder stands in."""
    return sorted(path.name for path in folder.parent.iterdir() if path != folder)


class Place:
    """A folder in which one of several whole contents must stand, whatever happens."""

    def __init__(self, folder: Path, *wholes: dict[str, bytes] | None) -> None:
        self.folder, self.wholes = folder, wholes

    def standing(self) -> int:
        """Which of them stands there; fails when it is none."""
        return self.wholes.index(content(self.folder))


def begin(*arguments: object, limit: int | None = None) -> subprocess.Popen[str]:
    """Start a command; `limit` is the size of the largest file that it may write."""
    def bound() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen([sys.executable, "-m", "optimiser", *map(str, arguments)], preexec_fn=bound, text=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def ended(*commands: subprocess.Popen[str]) -> list[tuple[int, str]]:
    """Exit code of each command, and what it complained of in one line: the last but what only counts the faults."""
    found = []
    for command in commands:
        lines = command.communicate(timeout=120)[1].splitlines() or [""]
        assert "Traceback" not in " ".join(lines)
        found.append((command.returncode, lines[-2] if lines[-1].endswith("nothing was computed.") else lines[-1]))
    return found


class Disk:
    """A disk in memory, mounted where nobody but the process that holds it sees it: it goes with that process."""

    def __init__(self, holder: subprocess.Popen[str], path: Path) -> None:
        self.holder, self.path = holder, path

    def set(self, options: str) -> None:
        """Mount it with other options: `size=64k`, `ro`."""
        assert self.holder.stdin and self.holder.stdout
        self.holder.stdin.write(options + "\n")
        self.holder.stdin.flush()
        assert self.holder.stdout.readline() == "done\n"


@contextmanager
def small_disk(place: Path) -> Iterator[Disk | None]:
    """A small disk at an empty folder; None where this system lets nobody mount one."""
    script = (f"mount -t tmpfs -o size=4m none '{place}' && echo done && "
              f"while read options; do mount -o remount,$options none '{place}' && echo done || echo failed; done")
    try:
        holder = subprocess.Popen(["unshare", "--mount", "--map-root-user", "sh", "-c", script], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        yield None
        return
    assert holder.stdin and holder.stdout
    try:
        mounted = holder.stdout.readline() == "done\n"
        yield Disk(holder, Path(f"/proc/{holder.pid}/root{place}")) if mounted else None
    finally:
        holder.stdin.close()
        holder.stdout.close()
        holder.wait(60)
