"""Folders and files that appear whole or not at all."""

from __future__ import annotations

import errno
import glob
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optimiser.errors import Fault, InputError, OptimiserError
from optimiser.texts import say

PART = ".part"  # how the name of a folder ends that is not whole yet
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)  # what a disk says when it can't go on


@contextmanager
def whole_folder(target: Path | str, force: bool = False, mark: str = "status.json") -> Iterator[Path]:
    """A temporary sibling to write into; it takes the name `target` only when everything in it is on disk.

    Parameters
    ----------
    target : Path or str
        The folder to write.
    force : bool
        Replace what stands there, if it is a folder of the same kind.
    mark : str
        File by which a folder of this kind is known: only such a folder, or an empty one, is ever replaced.

    Raises
    ------
    InputError
        When `target` exists and `force` is not given, when it is something else than this kind of folder, or can't be
        written.
    OptimiserError
        When the disk is full or fails.
    """
    target = Path(target)
    try:
        _refuse_loss(target, force, mark)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=PART, dir=target.parent))
    except OSError as error:
        raise InputError([Fault(str(target), 0, "", say("faults.no_place", reason=error.strerror or error),
                                say("faults.writable_folder"),
                                say("faults.check_path"))]) from None
    try:
        temporary.chmod(0o755)
        yield temporary
        _sync(temporary)
        _refuse_loss(target, force, mark)  # it may have appeared meanwhile
        _take_name(temporary, target)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in FULL:
            raise OptimiserError(say("run.disk", folder=target, reason=error.strerror)) from None
        raise


def _refuse_loss(target: Path, force: bool, mark: str) -> None:
    """Nothing that stands already is replaced, unless it was asked for and can have been meant."""
    if not os.path.lexists(target):
        return
    ours = target.is_dir() and not target.is_symlink() and ((target / mark).is_file() or not any(target.iterdir()))
    if not (ours and force):
        raise InputError([Fault(str(target), 0, "", say("faults.exists" if target.is_dir() else "faults.exists_file"),
                                say("faults.new_folder"), say("faults.force" if ours else "faults.other_name"))])


def next_free(parent: Path, name: str) -> Path:
    """`parent/name`, or with the first free number behind it; a name that is being written to is not free."""
    for number in itertools.count(1):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        if not os.path.lexists(folder) and not any(parent.glob(f".{glob.escape(folder.name)}.*{PART}")):
            return folder
    raise AssertionError("unreachable: numbers don't end")


def write_whole(files: dict[Path, bytes]) -> None:
    """Write files so that each holds the old bytes or the new ones, never half of them.

    Raises
    ------
    OSError
        When a file can't be written; those written before it then stand.
    """
    for path, content in files.items():
        part = path.with_name(f".{path.name}{PART}")
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, str(path)) from None


def _sync(folder: Path) -> None:
    """Everything below a folder is on disk before its name is."""
    for path in [*sorted(folder.rglob("*")), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _take_name(temporary: Path, target: Path) -> None:
    """Rename; an old folder steps aside first and is removed only when the new one stands."""
    old = temporary.with_suffix(".old")
    aside = target.exists()
    if aside:
        target.rename(old)
    try:
        temporary.rename(target)
    except OSError:
        if aside:
            old.rename(target)
        raise
    _sync_name(target.parent)
    if aside:
        shutil.rmtree(old, ignore_errors=True)


def _sync_name(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
