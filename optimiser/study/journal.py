"""Journals: what a run has answered, a line each, on disk before the next one is begun.

A line is a JSON object, a tab, a checksum of the object and a line end. A run that is killed in the middle of a line
leaves a torn one at the end; it is dropped when the journal is next opened. Any other line that is not whole is a
fault: a journal is only ever added to. The lock of a journal ends with the process that holds it, however that ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from optimiser.errors import Fault, InputError, OptimiserError
from optimiser.storage import sync
from optimiser.texts import say

CHECK = 16  # hexadecimal digits of a checksum: 64 bits
TRIES, MOMENT = 4, 0.05  # to get the lock, and seconds between two of them


class Journal:
    """A journal open for adding; nobody else can open it so until it is closed or this process ends.

    Parameters
    ----------
    path : Path
        The file; made when there is none.
    about : dict
        What its first line says: the digest of the study, and which shard.

    Raises
    ------
    InputError
        When another run is adding to it, when it is of another study, or when a line before the last is spoiled.
    """

    def __init__(self, path: Path, about: dict[str, Any]):
        self.path = path
        fresh = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)
        try:
            _lock(self._file, path)
            self._held = sum(len(line) for line in _whole_lines(path))
            self._file.truncate(self._held)
            if self._held:
                _refuse_other(path, next(records(path)), about)
            else:
                self.add(about)
            if fresh:
                sync(path.parent)
        except BaseException:
            self._file.close()
            raise

    def add(self, record: dict[str, Any]) -> None:
        """Add a record; it is on disk when this returns.

        Raises
        ------
        OptimiserError
            When the disk is full or fails; the journal then holds what it held.
        """
        line = written(record)
        try:
            self._file.seek(self._held)
            self._file.truncate(self._held)  # what a failed write may have left
            left = memoryview(line)
            while left:
                left = left[self._file.write(left):]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OptimiserError(say("study_run.disk", file=self.path, reason=error.strerror)) from None
        self._held += len(line)

    def close(self) -> None:
        """Let others add to it."""
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def written(record: dict[str, Any]) -> bytes:
    """A record as its line."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"{text}\t{_checksum(text.encode())}\n".encode()


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a journal in order, the one about itself first; a torn last line is left out.

    Raises
    ------
    InputError
        When a line before the last is spoiled.
    """
    return (json.loads(line[:-CHECK - 2]) for line in _whole_lines(path))


def is_open(path: Path) -> bool:
    """Whether a run is adding to the journal now."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass
    return False


def _whole_lines(path: Path) -> Iterator[bytes]:
    """Lines as they stand in the file, line ends included; the last one only when it is whole."""
    with path.open("rb") as file:
        torn = 0
        for row, line in enumerate(file, start=1):
            if torn:
                raise InputError([Fault(str(path), torn, "", say("study_run.spoiled"), say("study_run.as_written"),
                                        say("study_run.spoiled_hint"))])
            if _is_whole(line):
                yield line
            else:
                torn = row


def _is_whole(line: bytes) -> bool:
    text, tab, check = line[:-CHECK - 2], line[-CHECK - 2:-CHECK - 1], line[-CHECK - 1:]
    return tab == b"\t" and check == f"{_checksum(text)}\n".encode()


def _checksum(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:CHECK]


def _lock(file: IO[bytes], path: Path) -> None:
    """Hold the file alone; a file system that knows no locks is trusted to have one run a shard."""
    for left in reversed(range(TRIES)):
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(MOMENT)  # perhaps somebody only asked whether it is being added to
        except OSError:
            return None
    raise InputError([Fault(str(path), 0, "", say("study_run.running"), say("study_run.one_run"),
                            say("study_run.running_hint"))])


def _refuse_other(path: Path, found: dict[str, Any], about: dict[str, Any]) -> None:
    if found != about:
        raise InputError([Fault(str(path), 1, "", say("study_run.other_journal"), say("study_run.own_journal"),
                                say("study_run.other_journal_hint"))])
